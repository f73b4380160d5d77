"""Whether the draws of a path round back to what was published, told from the path alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.decumulation import Path
from forecasting.observations import month_index

NOT_BELIEVED = {"revision": "yoy", "restated_base": "level", "break": "level"}
SLACK = 1e-7
"""Relative to the figure; a rate computed from levels of a billion keeps no more digits."""


def unstated(frame: pd.DataFrame, path: Path) -> list[str]:
    """Published figures that some draw does not round back to, but for those that a flag says are not believed."""
    rows = frame[frame["indicator"] == path.indicator]
    doubted = {(flag.month, NOT_BELIEVED[flag.name]) for flag in path.flags if flag.name in NOT_BELIEVED}
    comparable = not any(kind == "level" for _, kind in doubted)
    out = []
    for period, measure, text in zip(rows["period"], rows["measure"], rows["value"], strict=True):
        month = month_index(period)
        scope, kind = measure.split("_")
        if (month, kind) in doubted or (scope == "ytd" and not comparable) or (kind == "level" and not comparable):
            continue
        t, value = month - path.start, float(text)
        if measure == "month_yoy" and path.is_pair(month):
            continue  # the path speaks of January and February together there
        places = len(text.partition(".")[2])
        if kind == "yoy":
            draws = 100 * (_cumulative_rate(path, t) if scope == "ytd" else path.growth[:, t])
        else:
            draws = path.level[:, t - t % 12 : t + 1].sum(axis=1) if scope == "ytd" else path.level[:, t]
        limit = 0.5 * 10.0**-places + SLACK * max(1.0, abs(value))
        miss = np.abs(draws - value).max()
        if not miss <= limit:
            out.append(f"{path.indicator} {period} {measure} {text}: a draw misses it by {miss:g}")
    return out


def _cumulative_rate(path: Path, t: int) -> np.ndarray:
    year = slice(t - t % 12, t + 1)
    now, growth = path.level[:, year], path.growth[:, year]
    return now.sum(axis=1) / (now / (1 + growth)).sum(axis=1) - 1

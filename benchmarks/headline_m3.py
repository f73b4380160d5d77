"""M3's monthly industry told as a bureau tells it: the cumulative rate forecast against no change, months ahead.

Years from January, January and February together, levels known; every ninth period from the fourth year on is an
origin. Errors in units of no change's mean error on the series, by half of the series: what `headline_mean` believes of
growth's return, and how `by_horizon` passes on to level models, were chosen on the former half. Shown beside the two:
the former without any return.
"""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pandas as pd
from headline_no_change import standard, year_to_date
from pseudo_publication import FIRST_YEAR, industry

from forecasting.models import MODELS, _trust
from forecasting.parallel import in_parallel

STEPS = (1, 3, 6, 12, 18, 24)
FIRST, EVERY = 44, 9
RETURNS = {"headline_mean": _trust.RETURNS, "without return": 1e-12}


def merged(level: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Month indices of eleven periods a year, and levels, of (Y, 12) months."""
    months = FIRST_YEAR * 12 + np.arange(level.size).reshape(level.shape)
    both = np.concatenate([level[:, :2].sum(axis=1, keepdims=True), level[:, 2:]], axis=1)
    return months[:, 1:].ravel(), both.ravel()


def errors(level: np.ndarray) -> list[tuple[int, str, float]]:
    """(months ahead, forecast, absolute error in points) at every origin."""
    ends, value = merged(level)
    actual = dict(zip(ends.tolist(), value.tolist(), strict=True))
    rows = []
    for cut in range(FIRST, len(value) - 1, EVERY):
        known, origin = dict(zip(ends[:cut].tolist(), value[:cut].tolist(), strict=True)), int(ends[cut - 1])
        future = [m for m in range(origin + 1, origin + max(STEPS) + 1) if m % 12]
        ds = pd.DatetimeIndex([pd.Timestamp(year=m // 12, month=m % 12 + 1, day=1) for m in known])
        now, paths = year_to_date(known, origin), {}
        for name, odds in RETURNS.items():
            with patch.object(_trust, "RETURNS", odds):
                ahead = MODELS["headline_mean"].forecast(value[:cut], len(future), 11, ds)
            paths[name] = known | dict(zip(future, ahead.tolist(), strict=True))
        ahead = standard(value[:cut], ends[:cut], len(future), 11)
        paths["by_horizon"] = known | dict(zip(future, ahead.tolist(), strict=True))
        for h in STEPS:
            target = origin + h
            if target in actual and target in future:
                rate = year_to_date(actual, target)
                rows.append((h, "no change", abs(now - rate)))
                rows += [(h, name, abs(year_to_date(path, target) - rate)) for name, path in paths.items()]
    return rows


def main() -> None:
    """Print both halves."""
    series = sorted(industry().items())
    found = in_parallel(errors, [(level,) for _, level in series], 2, names=[name for name, _ in series])
    rows = [(i % 2, i, *row) for i, each in enumerate(found) for row in each]
    frame = pd.DataFrame(rows, columns=["half", "series", "h", "forecast", "error"])
    mean = frame.pivot_table("error", ["half", "series", "h"], "forecast")
    ratio = mean.div(mean.pop("no change").clip(lower=0.05), axis=0).reset_index()
    table = ratio.melt(["half", "series", "h"], var_name="forecast").pivot_table("value", ["half", "forecast"], "h")
    print(table.rename(index={0: "chosen on", 1: "unseen"}, level=0).round(3).to_string())


if __name__ == "__main__":
    main()

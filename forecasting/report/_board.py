"""The headline board: a row an indicator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from forecasting.report._details import QUANTILES
from forecasting.report._numbers import Lists, columns, digits, shares, texts

__all__ = ["board"]

BARS, TAIL = 48, 0.003  # bars of the odds at most about; probability cut off at each end


def board(tables: Mapping[str, pd.DataFrame]) -> Lists:
    """A row an indicator: its next release, and what it can be filtered and sorted by."""
    items = tables["indicators"]
    names = items["indicator"].tolist()
    ahead = tables["headlines"].drop_duplicates("indicator").set_index("indicator").reindex(names)
    odds = dict(iter(tables["headline_odds"].groupby("indicator", sort=False)))
    known = (
        "title_en",
        "title_zh",
        "region",
        "sector",
        "role",
        "unit",
        "publisher",
        "champion",
        "last_period",
        "next_period",
        "next_due",
    )
    return {
        "id": names,
        **columns(items, known, ("days_late", "decimals")),
        "period": texts(ahead["period"]),
        "last": digits(ahead["no_change"]),
        **{name: digits(ahead[name]) for name in QUANTILES},
        "p_above": shares(ahead["prob_above_no_change"]),
        "odds": [
            _odds(odds.get(name), period, last)
            for name, period, last in zip(names, ahead["period"], ahead["no_change"], strict=True)
        ],
    }


def _odds(rows: pd.DataFrame | None, period: Any, no_change: float) -> list[Any] | None:
    """Middle of the first bar, width of a bar and probabilities of the next release's values.

    Values that lie in a far tail with all their probability are left out.
    """
    if rows is None:
        return None
    rows = rows[rows["period"] == period].sort_values("value")
    upto = rows["probability"].cumsum()
    rows = rows[(upto > TAIL) & (upto - rows["probability"] < 1 - TAIL)]
    if not len(rows):
        return None
    values = rows["value"].to_numpy()
    step = float(np.diff(values).min()) if len(values) > 1 else 0.1
    middle = no_change if np.isfinite(no_change) else values[0]
    wide = 2 * int((values[-1] - values[0]) / step / BARS / 2) + 1  # odd, so that the last rate is the middle of a bar
    bar = np.round(np.round((values - middle) / step) / wide).astype(int)
    full = np.bincount(bar - bar[0], weights=rows["probability"])
    return [round(middle + float(bar[0]) * wide * step, 4), round(wide * step, 4), shares(full)]

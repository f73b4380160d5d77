"""Month arithmetic for series with 12 periods a year, or 11 without Januaries."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from forecasting.errors import ModelError


@lru_cache(maxsize=256)
def following_months(last: pd.Timestamp, horizon: int, season_length: int) -> pd.DatetimeIndex:
    """First days of the periods after a month; Januaries are left out where a year has 11 periods.

    >>> following_months(pd.Timestamp("2024-11-01"), 3, 11).strftime("%Y-%m").tolist()
    ['2024-12', '2025-02', '2025-03']

    Raises:
        ModelError: A season length other than 11 or 12.
    """
    if season_length not in (11, 12):
        raise ModelError(
            f"season length {season_length}: monthly series have 12 periods a year, or 11 without Januaries"
        )
    months = pd.date_range(last, periods=horizon + horizon // 11 + 3, freq="MS")[1:]
    if season_length == 11:
        months = months[np.asarray(months.month) != 1]
    return months[:horizon]

"""The Chinese calendar in monthly figures: where the Spring Festival falls, and how many days are worked."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._protocol import Floats

if TYPE_CHECKING:
    from holidays import HolidayBase

WINDOWS = ((-20, -1), (0, 6), (7, 20))
"""First and last day, counted from the Spring Festival, of the time before, of the holidays and of the time after."""
FIRST_YEAR, LAST_YEAR = 1991, 2098
"""Years whose festivals, and those of their neighbours, are known."""


def calendar_effects(ds: pd.DatetimeIndex, season_length: int, name: str = "calendar_effects") -> Floats:
    """Regressors of the Chinese calendar.

    The shares of the days before, in and after the Spring Festival that fall into a month, after Lin and Liu (2003),
    *Modeling lunar calendar holiday effects in Taiwan* (the regressors of X-13's genhol), and the days worked
    (weekends that are worked in exchange included) as the logarithm of their ratio to 21 a month. Where January and
    February are one period, February stands for both.

    Args:
        ds: First days of the months, shape (n,).
        season_length: 12, or 11.
        name: Of the model that asks, for the message.

    Returns:
        Shape (n, 4).

    Raises:
        ModelError: A year before 1991 or after 2098.
    """
    rows = []
    for stamp in ds:
        year, month = int(stamp.year), int(stamp.month)
        if not FIRST_YEAR <= year <= LAST_YEAR:
            what = f"the calendar is known from {FIRST_YEAR} to {LAST_YEAR}; {stamp:%Y-%m} was asked for"
            raise ModelError(f"{name}: {what}")
        pair = season_length == 11 and month == 2
        shares = festival_shares(year, month) + (festival_shares(year, 1) if pair else 0.0)
        days = (_worked(year, month) + _worked(year, 1)) / 2 if pair else _worked(year, month)
        rows.append([*shares, np.log(days / 21)])
    return np.array(rows).reshape(len(ds), len(WINDOWS) + 1)


def moving(effects: Floats, ds: pd.DatetimeIndex) -> np.ndarray:
    """Which effects move from year to year within a month of a history, shape (4,); the others are the season's."""
    month = np.asarray(ds.month)
    own = np.array([effects[month == m].mean(axis=0) if (month == m).any() else np.zeros(4) for m in range(1, 13)])
    return np.asarray((effects - own[month - 1]).std(axis=0) > 1e-3)


@cache
def festival_shares(year: int, month: int) -> Floats:
    """Shares of the `WINDOWS` about the Spring Festival that fall into a month, shape (3,)."""
    festival = _festival(year)
    counts = np.zeros(len(WINDOWS))
    for i, (first, last) in enumerate(WINDOWS):
        days = [festival + dt.timedelta(days=day) for day in range(first, last + 1)]
        counts[i] = sum((day.year, day.month) == (year, month) for day in days) / len(days)
    return counts


@cache
def _year(year: int) -> HolidayBase:
    from holidays import country_holidays

    return country_holidays("CN", years=year, language="en_US")


@cache
def _festival(year: int) -> dt.date:
    """First day of the lunar year."""
    named = [day for day, name in _year(year).items() if name.startswith("Chinese New Year (Spring Festival)")]
    return min(named)


@cache
def _worked(year: int, month: int) -> int:
    """Days worked in a month."""
    calendar = _year(year)
    first = dt.date(year, month, 1)
    days = pd.date_range(first, periods=first.replace(day=28).day + 3, freq="D")
    return sum(calendar.is_working_day(day.date()) for day in days if day.month == month)

"""A panel of monthly series: checked, ordered, and on the scale on which it is modelled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from numbers import Number
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.errors import InputError, Problem, whole_number
from forecasting.models import FEWEST
from forecasting.observations import check_frame, column_problems

Floats = NDArray[np.float64]
Scale = Literal["log", "censored", "identity"]

Known = Mapping[str, Mapping[pd.Timestamp, Floats | None]]
"""Series -> first day of a month -> what was known of the history up to it when it was the newest month, oldest first,
in the unit of today's figures; None where that was today's history. From one too short for any model none forecasts.
What was known at months that are left out nobody knows."""

SOURCE = "panel"
COLUMNS = ("unique_id", "ds", "y")

_OFFSET = re.compile(r"(\d[T ]\d{2}(?::?\d{2}(?::?\d{2}(?:[.,]\d+)?)?)?)\s*(?:Z|[+-]\d{2}(?::?\d{2})?)\s*$", re.ASCII)
"""The offset at the end of an ISO time."""

BEYOND = 1.0
"""Distance on the logarithm above the largest figure of a history from which on forecasts grow linearly: what a tail
multiplies there nobody has seen, and a thousandfold in one draw of many would be the mean of all."""

FURTHEST = pd.Timestamp("2199-12-01")
"""Last month that is forecast; times of pandas end in 2262, and models look some months further than they are asked."""

MOST = 1e100
"""Size of a figure beyond which its square may have no number."""


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a panel.

    Attributes:
        unique_id: Its name.
        y: Observations, shape (n,), in their own unit.
        ds: First days of the n months, consecutive; without Januaries if a year has 11 periods.
        season_length: Periods a year, 12 or 11.
        scale: "log" if every observation is positive; "censored" if none is negative, which is modelled as it
            stands and forecast with whatever falls below zero at zero; else "identity".
        known: Number of observations -> what was known of them, oldest first, when the last of them was the newest,
            where that differs from y; where less was known then, the latest ones alone.
    """

    unique_id: str
    y: Floats
    ds: pd.DatetimeIndex
    season_length: int
    scale: Scale
    known: Mapping[int, Floats] = field(default_factory=dict)

    @property
    def z(self) -> Floats:
        """Observations on the modelling scale."""
        return self.scaled(self.y)

    def scaled(self, y: Floats) -> Floats:
        """From the unit of the series to the modelling scale; a copy."""
        return np.log(y) if self.scale == "log" else y.copy()

    def until(self, end: int) -> Floats:
        """The first `end` observations as they were known then, which may be without the oldest ones."""
        return self.known.get(end, self.y[:end])

    def last_year(self, end: int) -> Floats:
        """The last year of what `until` says, on the modelling scale; shape (season_length,), NaN where shorter."""
        year = self.scaled(self.until(end)[-self.season_length :])
        return np.concatenate([np.full(self.season_length - len(year), np.nan), year])

    def back(self, z: Floats) -> Floats:
        """From the modelling scale to the unit of the series; from a logarithm linear above `BEYOND` its history."""
        if self.scale == "log":
            top = float(np.log(self.y.max())) + BEYOND
            return np.asarray(np.exp(np.minimum(z, top)) * (1 + np.maximum(z - top, 0.0)))
        return np.maximum(z, 0.0) if self.scale == "censored" else z


def read_panel(panel: pd.DataFrame, known: Known | None = None) -> list[Series]:
    """Check a panel and split it into series, sorted by name.

    A year has 11 periods where a series that spans a turn of the year has no January; otherwise 12. A series
    is modelled on the logarithm if its whole history is positive, and never forecast below zero if no value of it
    is negative: a property of the quantity, settled once
    for all origins.

    Args:
        panel: Columns ``unique_id``, ``ds`` (any day of the month, or the month as a period; a text in ISO 8601) and
            ``y``.
        known: Real-time histories, see `Known`.

    Raises:
        InputError: No frame, missing columns or ones given twice, no rows, a row without a name, a date or a finite
            number of at most `MOST`, a month given twice or missing in between, a series with fewer than 8
            observations, or a real-time history that does not fit, named.
    """
    check_frame(SOURCE, panel, COLUMNS)
    head = column_problems([name for name in panel.columns if name in COLUMNS], COLUMNS)
    if head:
        raise InputError(SOURCE, head)
    if panel.empty:
        raise InputError(SOURCE, [Problem("", "no rows: at least one series is needed")])
    ds, y = _dates(panel["ds"]), panel["y"]
    if y.dtype.kind in "mM":  # days and spans of time, which pandas would count in nanoseconds
        y = y.astype(object)
    rows = pd.DataFrame(
        {
            "unique_id": panel["unique_id"].astype(str).to_numpy(),
            "ds": ds.to_numpy(dtype="datetime64[M]").astype("datetime64[ns]"),
            "y": pd.to_numeric(y, errors="coerce").to_numpy(dtype=np.float64),
        }
    )
    problems: list[Problem] = []
    unnamed, undated = panel["unique_id"].isna().to_numpy(), rows["ds"].isna().to_numpy()
    for i in np.flatnonzero(unnamed | undated | ~(np.abs(rows["y"].to_numpy()) <= MOST)):
        number = f"y {_shown(y.iloc[i])} is not a finite number"
        if np.isfinite(rows["y"].iloc[i]):
            number = f"y {y.iloc[i]} is beyond {MOST:g}; give it in a larger unit"
        date = f"ds {_shown(panel['ds'].iloc[i])} is not a day like 2024-03-01 or a month like 2024-03"
        what = "unique_id is missing" if unnamed[i] else date if undated[i] else number
        problems.append(Problem(f"row {i + 1}", what if unnamed[i] else f"{rows['unique_id'].iloc[i]}: {what}"))
    if problems:
        raise InputError(SOURCE, problems)
    rows = rows.sort_values(["unique_id", "ds"], kind="stable")
    series = [
        _series(str(name), group["y"].to_numpy(), pd.DatetimeIndex(group["ds"].to_numpy()), problems)
        for name, group in rows.groupby("unique_id", sort=True)
    ]
    if problems:
        raise InputError(SOURCE, problems)
    return [replace(one, known=_known(one, (known or {}).get(one.unique_id, {}))) for one in series]


def _shown(raw: Any) -> str:
    return repr(raw) if isinstance(raw, str) else str(raw)


def _dates(ds: pd.Series) -> pd.Series:
    """Days as their own clocks have them; NaT for what is none, as a bare number is, which could be anything."""
    if isinstance(ds.dtype, pd.PeriodDtype):
        return pd.Series(ds.dt.to_timestamp())
    if pd.api.types.is_numeric_dtype(ds):
        return pd.Series(pd.NaT, index=ds.index)
    # in texts and objects a zone with summer time has two offsets, and pandas takes one a column
    days = ds if ds.dtype.kind == "M" else pd.to_datetime(ds.map(_own_clock), errors="coerce", format="ISO8601")
    return days.dt.tz_localize(None) if isinstance(days.dtype, pd.DatetimeTZDtype) else days


def _own_clock(day: Any) -> Any:
    """A day or its ISO text without the zone, a period's first day, None for a number; anything else as it is.

    >>> _own_clock("2016-07-01T00:00:00+02:00")
    '2016-07-01T00:00:00'
    """
    if isinstance(day, Number):
        return None
    if isinstance(day, pd.Period):
        return day.to_timestamp()
    if isinstance(day, str):
        return _OFFSET.sub(r"\1", day)
    return day.replace(tzinfo=None) if isinstance(day, datetime) and day.tzinfo else day


def horizons(series: list[Series], horizon: int | Mapping[str, int]) -> list[int]:
    """Periods ahead for each series.

    Raises:
        InputError: A series without a horizon, or one that is no whole number of at least 1, or ends after `FURTHEST`.
    """
    out = []
    each = {str(name): value for name, value in horizon.items()} if isinstance(horizon, Mapping) else None
    for one in series:
        value = horizon if each is None else each.get(one.unique_id)
        out.append(periods_ahead(SOURCE, f"{one.unique_id}: horizon", value, one.ds[-1]))
    return out


def periods_ahead(source: str, name: str, value: object, last: pd.Timestamp) -> int:
    """A horizon counted from the last month of a history.

    Raises:
        InputError: It is no whole number of at least 1, or ends after `FURTHEST`.
    """
    horizon = whole_number(source, name, value, 1)
    most = (FURTHEST.year - last.year) * 12 + FURTHEST.month - last.month
    if horizon + horizon // 11 > most:  # a year may have 11 periods
        what = f"{name} {horizon} ends after {FURTHEST:%Y-%m}; at most {most * 11 // 12} from {last:%Y-%m} on"
        raise InputError(source, [Problem("", what)])
    return horizon


def _series(name: str, y: Floats, ds: pd.DatetimeIndex, problems: list[Problem]) -> Series:
    months = ds.year.to_numpy() * 12 + ds.month.to_numpy() - 1
    if len(y) < FEWEST:
        problems.append(Problem("", f"{name}: {len(y)} observations; at least {FEWEST} are needed, leave it out"))
    if (np.diff(months) == 0).any():
        twice = ds[1:][np.diff(months) == 0][0]
        problems.append(Problem("", f"{name}: {twice:%Y-%m} is given twice"))
    spans_january = months[-1] // 12 > months[0] // 12
    season_length = 11 if spans_january and not (months % 12 == 0).any() else 12
    steps = np.diff(months) - ((season_length == 11) & (months[1:] % 12 == 1)).astype(int)
    if (steps > 1).any():
        gap = ds[1:][steps > 1][0]
        problems.append(
            Problem("", f"{name}: the month before {gap:%Y-%m} is missing; fill it or start the series there")
        )
    scale: Scale = "log" if (y > 0).all() else "censored" if (y >= 0).all() else "identity"
    return Series(name, y, ds, season_length, scale)


def _known(one: Series, known: Mapping[pd.Timestamp, Floats | None]) -> dict[int, Floats]:
    out = {}
    for month, y in known.items():
        if y is None:
            continue
        end = int(one.ds.searchsorted(month, side="right"))
        if end == 0 or one.ds[end - 1] != month or len(y) > end or not np.isfinite(y).all():
            what = f"what was known in {month:%Y-%m} is not a history up to a month of the series in finite numbers"
            raise InputError(SOURCE, [Problem("", f"{one.unique_id}: {what}")])
        if (one.scale != "identity" and (y < 0).any()) or (one.scale == "log" and (y == 0).any()):
            what = f"what was known in {month:%Y-%m} leaves the range of today's figures; leave that history out"
            raise InputError(SOURCE, [Problem("", f"{one.unique_id}: {what}")])
        out[end] = y
    return out

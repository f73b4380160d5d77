"""Forecasts of monthly levels that are made for the cumulative rate, the headline that people wait for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._months import following_months
from forecasting.models._new_year import WithoutNewYear, moved_by_new_year, new_year_effect
from forecasting.models._protocol import FEWEST, Floats, State, check_request, checked, model_errors
from forecasting.models._trust import REACH, believed, between, cumulative_rates, rates_between, year_starts

if TYPE_CHECKING:
    from forecasting.decumulation import FittedLevels


STRUCTURE_YEARS = 3
"""Years of levels that the state space needs."""

STRUCTURE_WEIGHT = 2.0
"""Weight of the state space where smoothed growth has one."""

LEFT, BENT = 0.25, 1.5
"""Share of growth's distance from its mean that is left after a year where it returns, and the power of time in its
decay: with 1.5 the next months keep the pace that they have. Chosen on one half of M3's monthly industry."""

GROWN = 3 / 2
"""Growth of a history at which the state space of past cut-offs is fitted anew; until then it is carried on."""

BLOCK = 24
"""Cut-offs before a fit at which expectations are found together."""


class NoChange:
    """The latest cumulative rate holds: every month grows by it on the year before; Franses and Mees (2013).

    What a forecast of the headline has to beat. Needs a year and a month; months of the latest year without one a
    year before are left out of the rate.
    """

    name = "no_change"
    levels: Literal[True] = True

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        _check(self.name, y, horizon, season_length, ds, season_length + 1)
        this_year = min(int((ds.year == ds[-1].year).sum()), len(y) - season_length)
        now, before = y[-this_year:].sum(), y[-this_year - season_length : len(y) - season_length].sum()
        line = np.concatenate([y, np.empty(horizon)])
        for t in range(len(y), len(line)):
            line[t] = line[t - season_length] * now / before
        return checked(self.name, line[len(y) :], horizon)


@dataclass(frozen=True, slots=True)
class _Structure:
    """The state space as it was fitted."""

    name: str
    season_length: int
    fitted: FittedLevels

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        check_request(self.name, y, horizon, self.season_length, ds)
        with model_errors(self.name):
            ahead = _ahead(self.fitted, y.tobytes(), _months(ds, horizon, self.season_length).tobytes())
        return checked(self.name, ahead[:horizon], horizon)


class StateSpace:
    """The state space that recovers months, as a forecaster of their levels; needs three years.

    Trend, moving profile, heavy-tailed irregular and the Chinese calendar, see `forecasting.decumulation`. Cumulative
    rates begin a year after the levels that are recovered from them, and with one year of rates nothing tells what
    returns every year from what has changed for good.
    """

    name = "state_space"
    levels: Literal[True] = True

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> _Structure:
        """See `StateModel.fit`."""
        _check(self.name, y, 1, season_length, ds, STRUCTURE_YEARS * season_length)
        with model_errors(self.name):
            return _Structure(self.name, season_length, _fitted(y.tobytes(), _index(ds).tobytes()))

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        return self.fit(y, season_length, ds).forecast(y, horizon, ds)


@dataclass(frozen=True, slots=True)
class _Mean:
    """What it was fitted to.

    Attributes:
        name: Of the model.
        season_length: Periods a year.
        fitted: Levels.
        structure: The state space, if they were enough for it.
    """

    name: str
    season_length: int
    fitted: int
    structure: _Structure | None

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        check_request(self.name, y, horizon, self.season_length, ds)
        n, m = len(y), self.season_length
        month = _months(ds, horizon, m)
        try:
            stay = NoChange().forecast(y, horizon, m, ds)
            if n < m + FEWEST:
                return stay
            structure = None if self.structure is None else self.structure.forecast(y, horizon, ds)
            moved = _onward(y, np.array(n), _paces(y.tobytes(), n, m), np.arange(horizon), m)
            if structure is not None:
                moved = _together(moved, structure)
            past = self._past(y, month)
        except ModelError as error:  # the mean of the others is another forecast
            raise ModelError(f"{self.name}: {error}") from error
        month = month[: n + horizon]
        (back,) = _returning(y, np.array([n]), moved[None], m)
        share, returned = believed(*past, int(month[n - 1]), month[n:], alone=structure is None)
        moved = moved ** (1 - returned) * back**returned
        return checked(self.name, between(y, stay, moved, share, month, m), horizon)

    def _past(self, y: Floats, month: np.ndarray) -> tuple[Floats, Floats, np.ndarray, np.ndarray]:
        """What `believed` is told of past cut-offs: changes expected and those that came, and the month indices."""
        n, m = len(y), self.season_length
        ahead, own = len(month) - n, None if self.structure is None else self.structure.fitted
        expected = [
            _before_fit(y[: last - 1].tobytes(), month[: last - 1 + REACH].tobytes(), first, rung, m)
            for first, last, rung in _blocks(self.fitted, m)
        ]
        expected += [
            _since_fit(y[:cut].tobytes(), month[: cut + ahead].tobytes(), own, m)
            for cut in range(max(self.fitted, m + FEWEST), n)
        ]
        cuts = np.arange(m + FEWEST, n)
        actual = np.concatenate([cumulative_rates(y, month[:n], m), np.full(REACH, np.nan)])
        reach = cuts[:, None] + np.arange(REACH)
        came = actual[reach] - actual[cuts - 1][:, None]
        return np.concatenate([np.empty((0, REACH, 2)), *expected]), came, month[cuts - 1], month[reach]


class HeadlineMean:
    """The cumulative rate moves from where it is by a share of what smoothed growth and the state space expect.

    No change knows that the headline is sluggish, smoothed growth the pace, the state space also profile and calendar;
    the geometric mean of the latter two, the state space with twice the weight, is the change expected: near the best
    on series that are forecast nowhere else (M3's monthly industry, told as rates tell them). That change is one where
    the pace goes on, another where growth returns to its mean; exports do so within a year or two, and retail sales,
    which grew less year by year, did not. What came of an indicator's own expectations tells which to believe and how
    much, for each month of origin and step ahead (`_trust`): forecasts at past cut-offs from nothing but the levels
    before them. What Chinese New Year moves between January and February, each by itself, is taken out of three years
    of levels and more, and put back. Needs a year and a month.
    """

    name = "headline_mean"
    levels: Literal[True] = True

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> State:
        """See `StateModel.fit`."""
        _check(self.name, y, 1, season_length, ds, season_length + 1)
        if len(y) < STRUCTURE_YEARS * season_length:
            return _Mean(self.name, season_length, len(y), None)
        moved = moved_by_new_year(y, ds) if season_length == 12 else np.zeros(0)
        if moved.any():
            y = y / new_year_effect(ds, moved)
        try:
            structure = StateSpace().fit(y, season_length, ds)
        except ModelError as error:
            raise ModelError(f"{self.name}: {error}") from error
        mean = _Mean(self.name, season_length, len(y), structure)
        return WithoutNewYear(mean, moved) if moved.any() else mean

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        return self.fit(y, season_length, ds).forecast(y, horizon, ds)


def _onward(y: Floats, cut: np.ndarray, pace: Floats, ahead: np.ndarray, season_length: int) -> Floats:
    """Levels of the periods `ahead`, from 0, after cut-offs if growth on the year before, in logs, stays what it is."""
    return np.asarray(y[cut - season_length + ahead % season_length] * np.exp(pace * (1 + ahead // season_length)))


def _together(pace: Floats, structure: Floats) -> Floats:
    """Geometric mean of smoothed growth and state space."""
    return np.asarray(np.exp((np.log(pace) + STRUCTURE_WEIGHT * np.log(structure)) / (1 + STRUCTURE_WEIGHT)))


def _returning(y: Floats, cuts: np.ndarray, path: Floats, season_length: int) -> Floats:
    """(C, H) levels after cut-offs if growth on the year before returns from a path's (C, H) to its mean until then."""
    m, growth = season_length, np.log(y[season_length:]) - np.log(y[:-season_length])
    mean = np.cumsum(growth)[cuts - m - 1] / (cuts - m)
    back = np.empty_like(path)
    for j in range(path.shape[1]):
        base, onto = (path[:, j - m], back[:, j - m]) if j >= m else (y[cuts - m + j],) * 2
        kept = LEFT ** (((j + 1) / m) ** BENT)
        back[:, j] = onto * np.exp(kept * np.log(path[:, j] / base) + (1 - kept) * mean)
    return back


def _blocks(fitted: int, season_length: int) -> Iterator[tuple[int, int, int]]:
    """Cut-offs [first, last) before a fit, and the levels that the state space was fitted to then, 0 for none.

    First to three years, and anew where the history had grown.
    """
    first, rung, after = season_length + FEWEST, 0, STRUCTURE_YEARS * season_length
    while first < fitted:
        last = min(first + BLOCK, after, fitted)
        yield first, last, rung
        if last == after:
            rung, after = after, int(after * GROWN)
        first = last


def _check(name: str, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex, needed: int) -> None:
    """Refuse, beside what no model can forecast, a history that is too short, or has no growth rates.

    Raises:
        ModelError: The reason.
    """
    check_request(name, y, horizon, season_length, ds)
    if len(y) < needed:
        raise ModelError(f"{name}: {len(y)} observations; at least {needed} are needed")
    if y.min() <= 0:
        where = int(np.flatnonzero(y <= 0)[0]) + 1
        raise ModelError(f"{name}: observation {where} is not positive; a cumulative rate needs positive levels")


# the mean asks for what the state space by itself has just been asked for, again for what it expected at past cut-offs
# when the history has grown, and for most of it when it is fitted anew
@lru_cache(maxsize=16)
def _fitted(y: bytes, ends: bytes) -> FittedLevels:
    from forecasting.decumulation import fit_levels

    return fit_levels(np.frombuffer(y).copy(), np.frombuffer(ends, dtype=np.int64))


@lru_cache(maxsize=64)
def _ahead(fitted: FittedLevels, y: bytes, ends: bytes) -> Floats:
    """Levels after a history y, of as many periods as there are more ends."""
    level, month = np.frombuffer(y), np.frombuffer(ends, dtype=np.int64)
    return _frozen(fitted.ahead(level, month[: len(level)], month[len(level) :]))


@lru_cache(maxsize=64)
def _paces(y: bytes, first: int, season_length: int) -> Floats:
    """Smoothed growth at the cut-offs from `first` to the end of a history."""
    from forecasting.models._growth_level import growth_levels

    level, m = np.frombuffer(y), season_length
    growth = np.log(level[m:]) - np.log(level[:-m])
    return _frozen(growth_levels(growth, np.arange(first, len(level) + 1) - m, m))


@lru_cache(maxsize=32)
def _before_fit(y: bytes, ends: bytes, first: int, rung: int, season_length: int) -> Floats:
    """(C, `REACH`, 2) changes expected at the cut-offs from `first` to the end of a history, see `_changes`."""
    level, month = np.frombuffer(y), np.frombuffer(ends, dtype=np.int64)
    cuts, structure = np.arange(first, len(level) + 1), None
    if rung:
        with model_errors(StateSpace.name):
            fitted = _fitted(level[:rung].tobytes(), month[:rung].tobytes())
            structure = fitted.ahead_then(level, month, cuts, REACH)
    return _changes(level, month, cuts, structure, season_length)


@lru_cache(maxsize=64)
def _since_fit(y: bytes, ends: bytes, own: FittedLevels | None, season_length: int) -> Floats:
    """(1, `REACH`, 2) changes expected at the end of a history."""
    level, month = np.frombuffer(y), np.frombuffer(ends, dtype=np.int64)
    structure = None
    if own is not None:
        with model_errors(StateSpace.name):
            structure = _ahead(own, y, ends)[None, :REACH]
    return _changes(level, month, np.array([len(level)]), structure, season_length)


def _changes(y: Floats, month: np.ndarray, cuts: np.ndarray, structure: Floats | None, season_length: int) -> Floats:
    """(C, `REACH`, 2) changes of the cumulative rate, in points, expected at C cut-offs; the last ends a history.

    The former as the pace goes on, the latter as growth returns to its mean.

    Args:
        y: The history.
        month: Month index of its periods and of `REACH` more.
        cuts: (C,) consecutive.
        structure: (C, `REACH`) levels that the state space expected.
        season_length: Periods a year.
    """
    m, cut, ahead = season_length, cuts[:, None], np.arange(REACH)
    path = _onward(y, cut, _paces(y.tobytes(), int(cuts[0]), m)[:, None], ahead, m)
    if structure is not None:
        path = _together(path, structure)
    known, at = np.concatenate([[0.0], np.cumsum(y)]), cut + np.arange(-1, REACH)

    def change(path: Floats) -> Floats:
        expected = np.concatenate([np.zeros((len(cuts), 1)), np.cumsum(path, axis=1)], axis=1)

        def total(end: np.ndarray) -> Floats:
            """(C, R + 1) of what was known and is expected up to a period."""
            beyond = np.take_along_axis(expected, np.maximum(end - cut, 0), axis=1)
            return np.asarray(known[np.minimum(end, cut)] + beyond)

        rate = rates_between(total, year_starts(month)[at], at, m)
        return rate[:, 1:] - rate[:, :1]

    return _frozen(np.stack([change(path), change(_returning(y, cuts, path, m))], axis=2))


def _frozen(array: Floats) -> Floats:
    """It is shared by all who ask for it."""
    array.setflags(write=False)
    return array


def _months(ds: pd.DatetimeIndex, horizon: int, season_length: int) -> np.ndarray:
    """Month indices of a history's periods and of those after it that are forecast, or expected, whichever are more."""
    ahead = following_months(ds[-1], max(horizon, REACH), season_length)
    return np.concatenate([_index(ds), _index(ahead)])


def _index(ds: pd.DatetimeIndex) -> np.ndarray:
    return ds.to_numpy().astype("datetime64[M]").astype(np.int64) + 1970 * 12

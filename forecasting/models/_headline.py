"""Forecasts of monthly levels that are made for the cumulative rate, the headline that people wait for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._months import following_months
from forecasting.models._protocol import FEWEST, Floats, State, check_request, checked, model_errors
from forecasting.models._trust import REACH, between, cumulative_rates, shares

if TYPE_CHECKING:
    from forecasting.decumulation import FittedLevels


STRUCTURE_YEARS = 3
"""Years of levels that the state space needs."""

STRUCTURE_WEIGHT = 2.0
"""Weight of the state space where smoothed growth has one."""

GROWN = 3 / 2
"""Growth of a history at which the state space of past cut-offs is fitted anew; until then it is carried on."""


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
            future = _index(following_months(ds[-1], horizon, self.season_length))
            ahead = np.frombuffer(_ahead(self.fitted, y.tobytes(), _index(ds).tobytes(), future.tobytes()))
        return checked(self.name, ahead, horizon)


class StateSpace:
    """The state space that recovers months, as a forecaster of their levels; needs three years.

    Trend, moving profile, heavy-tailed irregular and the Chinese calendar, see `forecasting.decumulation`. Cumulative
    rates begin a year after the levels that are recovered from them, and with one year of rates nothing tells what
    returns every year from what has changed for good.
    """

    name = "state_space"
    levels: Literal[True] = True

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> State:
        """See `StateModel.fit`."""
        _check(self.name, y, 1, season_length, ds, STRUCTURE_YEARS * season_length)
        with model_errors(self.name):
            return _Structure(self.name, season_length, _fitted(y.tobytes(), _index(ds).tobytes()))

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        return self.fit(y, season_length, ds).forecast(y, horizon, ds)


@dataclass(frozen=True, slots=True)
class _Mean:
    """The state space as it was fitted, if the history was long enough, and what has been expected of the past.

    Attributes:
        name: Of the model.
        season_length: Periods a year.
        structure: The state space.
        pace: Cut-off -> smoothed growth there; grows with the history.
        expected: Cut-off -> (`REACH`,) change of the cumulative rate that was expected there, in points, by period
            ahead; the same.
    """

    name: str
    season_length: int
    structure: State | None
    pace: dict[int, float] = field(default_factory=dict)
    expected: dict[int, Floats] = field(default_factory=dict)

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        check_request(self.name, y, horizon, self.season_length, ds)
        try:
            stay = NoChange().forecast(y, horizon, self.season_length, ds)
            if len(y) < self.season_length + FEWEST:
                return stay
            structure = None if self.structure is None else self.structure.forecast(y, horizon, ds)
            moved = _onward(y, len(y), self._pace(y), horizon, self.season_length)
            if structure is not None:
                moved = _together(moved, structure)
            past = self._past(y, ds)
        except ModelError as error:  # the mean of the others is another forecast
            raise ModelError(f"{self.name}: {error}") from error
        month = np.concatenate([_index(ds), _index(following_months(ds[-1], horizon, self.season_length))])
        share = shares(*past, int(month[len(y) - 1]), month[len(y) :], alone=structure is None)
        return checked(self.name, between(y, stay, moved, share, month, self.season_length), horizon)

    def _pace(self, y: Floats) -> float:
        """Smoothed growth at the end of a history, and at the cut-offs before it as far as it is not known yet."""
        from forecasting.models._growth_level import growth_levels

        m = self.season_length
        new = np.array([cut for cut in range(m + FEWEST, len(y) + 1) if cut not in self.pace], dtype=np.int64)
        if len(new):
            growth = np.log(y[m:]) - np.log(y[:-m])
            self.pace.update(zip(new.tolist(), growth_levels(growth, new - m, m).tolist(), strict=True))
        return self.pace[len(y)]

    def _past(self, y: Floats, ds: pd.DatetimeIndex) -> tuple[Floats, Floats, np.ndarray, np.ndarray]:
        """What `shares` is told of past cut-offs: changes expected and those that came, and the month indices."""
        m, n = self.season_length, len(y)
        cuts = np.arange(m + FEWEST, n)
        month = np.concatenate([_index(ds), _index(following_months(ds[-1], REACH, m))])
        new = np.array([cut for cut in cuts.tolist() if cut not in self.expected], dtype=np.int64)
        structure = dict(zip(new.tolist(), _structure_then(y, new, month, m), strict=True))
        for cut in new.tolist():
            path = _onward(y, cut, self.pace[cut], REACH, m)
            together = _together(path, structure[cut]) if np.isfinite(structure[cut]).all() else path
            rate = cumulative_rates(np.concatenate([y[:cut], together]), month[: cut + REACH], m)
            self.expected[cut] = rate[cut:] - rate[cut - 1]
        actual = np.concatenate([cumulative_rates(y, month[:n], m), np.full(REACH, np.nan)])
        ahead = cuts[:, None] + np.arange(REACH)
        expected = np.array([self.expected[cut] for cut in cuts.tolist()]).reshape(-1, REACH)
        return expected, actual[ahead] - actual[cuts - 1][:, None], month[cuts - 1], month[ahead]


class HeadlineMean:
    """The cumulative rate moves from where it is by a share of what smoothed growth and the state space expect.

    No change knows that the headline is sluggish, smoothed growth the pace, the state space also profile and calendar;
    the geometric mean of the latter two, the state space with twice the weight, is the change expected: near the best
    on series that are forecast nowhere else (M3's monthly industry, told as rates tell them). What came of an
    indicator's own expectations tells the share to believe, for each month of origin and step ahead (`_trust`):
    forecasts at past cut-offs from nothing but the levels before them. Needs a year and a month.
    """

    name = "headline_mean"
    levels: Literal[True] = True

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> State:
        """See `StateModel.fit`."""
        _check(self.name, y, 1, season_length, ds, season_length + 1)
        if len(y) < STRUCTURE_YEARS * season_length:
            return _Mean(self.name, season_length, None)
        try:
            structure = StateSpace().fit(y, season_length, ds)
        except ModelError as error:
            raise ModelError(f"{self.name}: {error}") from error
        return _Mean(self.name, season_length, structure)

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        return self.fit(y, season_length, ds).forecast(y, horizon, ds)


def _onward(y: Floats, cut: int, pace: float, horizon: int, season_length: int) -> Floats:
    """(H,) levels after a cut-off if growth on the year before, in logs, stays what it is."""
    line = np.concatenate([y[cut - season_length : cut], np.empty(horizon)])
    grown = float(np.exp(pace))
    for t in range(season_length, len(line)):
        line[t] = line[t - season_length] * grown
    return line[season_length:]


def _together(pace: Floats, structure: Floats) -> Floats:
    """Geometric mean of smoothed growth and state space."""
    weights = np.array([1.0, STRUCTURE_WEIGHT])
    return np.asarray(np.exp(weights / weights.sum() @ np.log([pace, structure])))


def _structure_then(y: Floats, cuts: np.ndarray, month: np.ndarray, season_length: int) -> Floats:
    """(C, `REACH`) what the state space expected at C cut-offs, fitted not long before; NaN before three years."""
    out = np.full((len(cuts), REACH), np.nan)
    fitted, last = STRUCTURE_YEARS * season_length, int(cuts.max(initial=0))
    while fitted <= last:
        until = int(fitted * GROWN)
        mine = (cuts >= fitted) & (cuts < until)
        if mine.any():
            with model_errors(StateSpace.name):
                state = _fitted(y[:fitted].tobytes(), month[:fitted].tobytes())
                out[mine] = state.ahead_then(y, month, cuts[mine], REACH)
        fitted = until
    return out


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


# the mean asks for what the state space by itself has just been asked for, and again for the fits of past cut-offs
@lru_cache(maxsize=16)
def _fitted(y: bytes, ends: bytes) -> FittedLevels:
    from forecasting.decumulation import fit_levels

    return fit_levels(np.frombuffer(y).copy(), np.frombuffer(ends, dtype=np.int64))


@lru_cache(maxsize=64)
def _ahead(fitted: FittedLevels, y: bytes, ends: bytes, future: bytes) -> bytes:
    known, coming = (np.frombuffer(each, dtype=np.int64) for each in (ends, future))
    return fitted.ahead(np.frombuffer(y), known, coming).tobytes()


def _index(ds: pd.DatetimeIndex) -> np.ndarray:
    return ds.to_numpy().astype("datetime64[M]").astype(np.int64) + 1970 * 12

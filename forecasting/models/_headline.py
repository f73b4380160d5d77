"""Forecasts of monthly levels that are made for the cumulative rate, the headline that people wait for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._growth_ses import GrowthSes
from forecasting.models._months import following_months
from forecasting.models._protocol import FEWEST, Floats, State, check_request, checked, model_errors

if TYPE_CHECKING:
    from forecasting.decumulation import FittedLevels


STRUCTURE_YEARS = 3
"""Years of levels that the state space needs."""

STRUCTURE_WEIGHT = 2.0
"""Weight of the state space in the mean, where each of the others has one."""


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
    """The state space as it was fitted, if the history was long enough, and those that need no state."""

    name: str
    season_length: int
    structure: State | None

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        check_request(self.name, y, horizon, self.season_length, ds)
        weights = [1.0]
        try:
            paths = [NoChange().forecast(y, horizon, self.season_length, ds)]
            if len(y) >= self.season_length + FEWEST:
                weights.append(1.0)
                paths.append(np.exp(GrowthSes().forecast(np.log(y), horizon, self.season_length, ds)))
            if self.structure is not None:
                weights.append(STRUCTURE_WEIGHT)
                paths.append(self.structure.forecast(y, horizon, ds))
        except ModelError as error:  # the mean of the others is another forecast
            raise ModelError(f"{self.name}: {error}") from error
        return checked(self.name, np.exp(np.average(np.log(paths), axis=0, weights=weights)), horizon)


class HeadlineMean:
    """Geometric mean of no change, smoothed growth and state space, as many of them as the history is long enough for.

    The three err in different ways: no change knows that the headline is sluggish, smoothed growth the pace, the state
    space also profile and calendar, and it has half of the weight: so it is best, or near it, on series that are
    forecast nowhere else (M3's monthly industry, told as rates tell them). No indicator has history enough for weights
    of its own; Bates and Granger (1969). Needs a year and a month.
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


# the mean asks for what the state space by itself has just been asked for: half of the time of a backtest
@lru_cache(maxsize=8)
def _fitted(y: bytes, ends: bytes) -> FittedLevels:
    from forecasting.decumulation import fit_levels

    return fit_levels(np.frombuffer(y).copy(), np.frombuffer(ends, dtype=np.int64))


@lru_cache(maxsize=128)
def _ahead(fitted: FittedLevels, y: bytes, ends: bytes, future: bytes) -> bytes:
    known, coming = (np.frombuffer(each, dtype=np.int64) for each in (ends, future))
    return fitted.ahead(np.frombuffer(y), known, coming).tobytes()


def _index(ds: pd.DatetimeIndex) -> np.ndarray:
    return ds.to_numpy().astype("datetime64[M]").astype(np.int64) + 1970 * 12

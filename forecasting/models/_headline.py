"""Forecasts of monthly levels that are made for the cumulative rate, the headline that people wait for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._growth_ses import GrowthSes
from forecasting.models._months import following_months
from forecasting.models._protocol import Floats, State, check_request, checked, model_errors


class NoChange:
    """The latest cumulative rate holds: every month grows by it on the year before; Franses and Mees (2013).

    What a forecast of the headline has to beat. Needs two years, of the second as much as there is.
    """

    name = "no_change"
    levels: Literal[True] = True

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        this_year = int((ds.year == ds[-1].year).sum())
        if len(y) < season_length + this_year:
            raise ModelError(f"{self.name}: {len(y)} observations; {season_length + this_year} are needed")
        now, before = y[-this_year:].sum(), y[-this_year - season_length : len(y) - season_length].sum()
        line = np.concatenate([y, np.empty(horizon)])
        for t in range(len(y), len(line)):
            line[t] = line[t - season_length] * now / before
        return checked(self.name, line[len(y) :], horizon)


@dataclass(frozen=True, slots=True)
class _Structure:
    """Standard deviations of the state space, as they were fitted."""

    name: str
    season_length: int
    log_sd: Floats

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        check_request(self.name, y, horizon, self.season_length, ds)
        with model_errors(self.name):
            from forecasting.decumulation import levels_ahead

            ahead = levels_ahead(
                y, _index(ds), _index(following_months(ds[-1], horizon, self.season_length)), self.log_sd
            )
        return checked(self.name, ahead, horizon)


class StateSpace:
    """The state space that recovers months, as a forecaster of their levels; needs two years.

    Trend, moving profile, heavy-tailed irregular and the Chinese calendar, see `forecasting.decumulation`.
    """

    name = "state_space"
    levels: Literal[True] = True

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> State:
        """See `StateModel.fit`."""
        check_request(self.name, y, 1, season_length, ds)
        if len(y) < 2 * season_length or season_length not in (11, 12):
            raise ModelError(f"{self.name}: {len(y)} observations; two years of {season_length} periods are needed")
        with model_errors(self.name):
            from forecasting.decumulation import estimate_levels

            return _Structure(self.name, season_length, estimate_levels(y, _index(ds)))

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        return self.fit(y, season_length, ds).forecast(y, horizon, ds)


@dataclass(frozen=True, slots=True)
class _Mean:
    """The state space as it was fitted, and the two that need no state."""

    name: str
    season_length: int
    structure: State

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        paths = [
            self.structure.forecast(y, horizon, ds),
            np.exp(GrowthSes().forecast(np.log(y), horizon, self.season_length, ds)),
            NoChange().forecast(y, horizon, self.season_length, ds),
        ]
        return checked(self.name, np.exp(np.mean(np.log(paths), axis=0)), horizon)


class HeadlineMean:
    """Geometric mean of state space, smoothed growth and no change, each a third.

    The three err in different ways: the first knows profile and calendar, the second the pace, the third that the
    headline is sluggish. Equal weights, since there is never history enough for better ones; Bates and Granger (1969).
    """

    name = "headline_mean"
    levels: Literal[True] = True

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> State:
        """See `StateModel.fit`."""
        return _Mean(self.name, season_length, StateSpace().fit(y, season_length, ds))

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        return self.fit(y, season_length, ds).forecast(y, horizon, ds)


def _index(ds: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(ds.year * 12 + ds.month - 1, dtype=np.int64)

"""Forecasts that need no estimation: what a model must beat, and what is left when every model fails."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._protocol import Floats, check_request, checked


class SeasonalNaive:
    """The last observed year, repeated: ``f[h] = y[n - m + ((h - 1) mod m)]``; needs one year."""

    name = "seasonal_naive"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        if len(y) < season_length:
            raise ModelError(f"{self.name}: {len(y)} observations; a whole year of {season_length} periods is needed")
        return checked(self.name, y[len(y) - season_length + np.arange(horizon) % season_length], horizon)


class RandomWalkDrift:
    """The line through the first and the last observation: ``f[h] = y[n] + h (y[n] - y[1]) / (n - 1)``."""

    name = "random_walk_drift"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        return checked(self.name, y[-1] + np.arange(1, horizon + 1) * (y[-1] - y[0]) / (len(y) - 1), horizon)


class LastResort:
    """The last observation, repeated: for a series that no model could forecast, under a name that says so."""

    name = "last_resort"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        return checked(self.name, np.full(horizon, y[-1]), horizon)

"""Seasonal naive: the same period of last year."""

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

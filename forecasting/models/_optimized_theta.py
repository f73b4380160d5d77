"""The optimised theta method (statsforecast)."""

from __future__ import annotations

import pandas as pd

from forecasting.models._protocol import Floats, check_request, checked, is_constant, model_errors


class OptimizedTheta:
    """Fiorucci et al. (2016), *Models for optimising the theta method*, Int. J. Forecasting 32(4).

    Seasonally adjusted by additive decomposition where a test finds seasonality and two years are there.
    """

    name = "optimized_theta"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        if is_constant(y):
            return checked(self.name, [float(y[-1])] * horizon, horizon)  # slope and noise are zero
        with model_errors(self.name):
            from statsforecast.models import OptimizedTheta as Theta

            season = season_length if len(y) >= 2 * season_length else 1
            forecast = Theta(season_length=season, decomposition_type="additive").forecast(y=y, h=horizon)["mean"]
        return checked(self.name, forecast, horizon)

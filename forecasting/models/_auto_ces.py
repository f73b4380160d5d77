"""Complex exponential smoothing with its seasonal form chosen by AICc (statsforecast)."""

from __future__ import annotations

import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._protocol import Floats, check_request, checked, is_constant, model_errors


class AutoCes:
    """Svetunkov, Kourentzes and Ord (2022), *Complex exponential smoothing*, Naval Research Logistics 69(8).

    statsforecast forecasts a constant series by its naive model instead; that is refused here, since the
    forecast would not be CES's.
    """

    name = "auto_ces"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        if is_constant(y):
            raise ModelError(f"{self.name}: the series is constant; there is nothing to estimate")
        with model_errors(self.name):
            from statsforecast.models import AutoCES

            forecast = AutoCES(season_length=season_length).forecast(y=y, h=horizon)["mean"]
        return checked(self.name, forecast, horizon)

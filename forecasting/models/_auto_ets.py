"""Exponential smoothing with its form chosen by AICc (statsforecast)."""

from __future__ import annotations

import pandas as pd

from forecasting.models._protocol import (
    Floats,
    check_request,
    checked,
    is_constant,
    model_errors,
    standardised,
)


class AutoEts:
    """Hyndman and Khandakar (2008), *Automatic time series forecasting*, J. Stat. Software 27(3).

    The series is centred, so only additive forms are compared: on the logarithm these are the multiplicative
    ones, and statsforecast's own multiplicative variance term is wrong for ETS(M,A,A).
    """

    name = "auto_ets"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        z, mean, sd = standardised(y)
        if is_constant(y):
            return checked(self.name, [mean] * horizon, horizon)  # ETS(A,N,N) of a constant is exact
        with model_errors(self.name):
            from statsforecast.models import AutoETS

            short = len(y) <= season_length + 2  # seasonal states would outnumber the observations
            forecast = AutoETS(season_length=1 if short else season_length).forecast(y=z, h=horizon)["mean"]
        return checked(self.name, mean + sd * forecast, horizon)

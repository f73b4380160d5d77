"""Structural time series (statsmodels UnobservedComponents)."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from forecasting.models._protocol import Floats, check_request, checked, model_errors, standardised

CLEARLY = 4.0
"""By how much a trend must lower the AICc (Burnham and Anderson 2002, section 2.6)."""


class UnobservedComponents:
    """Local level or, where the AICc clearly asks for it, local linear trend, with seasonal dummies.

    Harvey (1989), *Forecasting, Structural Time Series Models and the Kalman Filter*, sections 2.3 and 4.1.
    A wandering slope extrapolates badly where it is not needed, hence the margin of `CLEARLY`.
    With less than two years and a third there is no seasonal part; with less than three years the level only.
    The optimiser's last point is used even where it reports that it has not converged: variances near zero
    make the likelihood flat, and a bad fit shows in the backtest.
    """

    name = "unobserved_components"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        with model_errors(self.name), warnings.catch_warnings():
            from statsmodels.tools.sm_exceptions import ConvergenceWarning
            from statsmodels.tsa.statespace.structural import UnobservedComponents as Structural

            warnings.simplefilter("ignore", ConvergenceWarning)
            z, mean, sd = standardised(y)
            seasonal = season_length if season_length > 1 and len(y) >= 2 * season_length + season_length // 3 else None
            best = _fit(Structural(z, level="llevel", seasonal=seasonal))
            if len(y) >= 3 * season_length:
                trend = _fit(Structural(z, level="lltrend", seasonal=seasonal))
                best = trend if trend.aicc < best.aicc - CLEARLY else best
            forecast = best.forecast(horizon)
        return checked(self.name, mean + sd * forecast, horizon)


def _fit(model: Any) -> Any:
    return model.fit(maxiter=50, cov_type="none", disp=False)

"""Additive exponential smoothing by maximum likelihood (statsmodels)."""

from __future__ import annotations

import warnings

import pandas as pd

from forecasting.models._protocol import Floats, check_request, checked, model_errors, standardised


class StatsmodelsEts:
    """ETS(A,Ad,A) of Hyndman et al. (2008), *Forecasting with Exponential Smoothing*, chapter 2.

    With less than two years and a third there is no seasonal part, with fewer than 12 observations no trend
    either. The optimiser's last point is used even where it reports that it has not converged: the likelihood
    of such series is flat, and a bad fit shows in the backtest.
    """

    name = "statsmodels_ets"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        with model_errors(self.name), warnings.catch_warnings():
            from statsmodels.tools.sm_exceptions import ConvergenceWarning
            from statsmodels.tsa.exponential_smoothing.ets import ETSModel

            warnings.simplefilter("ignore", ConvergenceWarning)
            z, mean, sd = standardised(y)
            seasonal = season_length > 1 and len(y) >= 2 * season_length + season_length // 3
            trend = len(y) >= 12
            model = ETSModel(
                z,
                error="add",
                trend="add" if trend else None,
                damped_trend=trend,
                seasonal="add" if seasonal else None,
                seasonal_periods=season_length if seasonal else None,
                initialization_method="estimated" if len(y) >= 12 else "heuristic" if len(y) >= 10 else "known",
                initial_level=None if len(y) >= 10 else float(z[0]),
            )
            forecast = model.fit(maxiter=200, disp=False).forecast(horizon)
        return checked(self.name, mean + sd * forecast, horizon)

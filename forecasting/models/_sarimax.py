"""Seasonal ARIMA with the Chinese calendar (statsmodels)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._calendar import calendar_effects, moving
from forecasting.models._months import following_months
from forecasting.models._protocol import Floats, State, check_request, checked, is_constant, model_errors, standardised


class SarimaxCalendar:
    """The airline model, ARIMA(0,1,1)(0,1,1), with the Spring Festival and days worked; needs three years.

    Box and Jenkins (1976), *Time Series Analysis*, section 9.2; the regressors are those of `calendar_effects`.
    """

    name = "sarimax_calendar"

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> State:
        """See `StateModel.fit`."""
        check_request(self.name, y, 1, season_length, ds)
        if len(y) < 3 * season_length:
            raise ModelError(f"{self.name}: {len(y)} observations; three years, {3 * season_length}, are needed")
        if is_constant(y):
            raise ModelError(f"{self.name}: the series is constant; there is nothing to estimate")
        z, mean, sd = standardised(y)
        with model_errors(self.name), warnings.catch_warnings():
            from statsmodels.tools.sm_exceptions import ConvergenceWarning
            from statsmodels.tsa.statespace.sarimax import SARIMAX

            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.filterwarnings("ignore", "Non-invertible starting|Too few observations", UserWarning)
            effects = calendar_effects(ds, season_length, self.name)
            kept = moving(effects, ds)
            model = SARIMAX(
                z,
                exog=effects[:, kept] if kept.any() else None,
                order=(0, 1, 1),
                seasonal_order=(0, 1, 1, season_length),
                concentrate_scale=True,
            )
            return _Fitted(self.name, season_length, kept, _estimated(model), mean, sd)

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        return self.fit(y, season_length, ds).forecast(y, horizon, ds)


@dataclass(frozen=True, slots=True)
class _Fitted:
    name: str
    season_length: int
    kept: np.ndarray
    result: Any
    mean: float
    sd: float

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        """See `State.forecast`."""
        check_request(self.name, y, horizon, self.season_length, ds)
        with model_errors(self.name):
            future = following_months(ds[-1], horizon, self.season_length)
            past, ahead = (self._regressors(each) for each in (ds, future))
            path = self.result.apply((y - self.mean) / self.sd, **past).forecast(horizon, **ahead)
        return checked(self.name, self.mean + self.sd * np.asarray(path), horizon)

    def _regressors(self, ds: pd.DatetimeIndex) -> dict[str, Floats]:
        return {"exog": calendar_effects(ds, self.season_length, self.name)[:, self.kept]} if self.kept.any() else {}


def _estimated(model: Any) -> Any:
    return model.fit(maxiter=50, cov_type="none", disp=False)

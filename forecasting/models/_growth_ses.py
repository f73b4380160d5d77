"""Exponential smoothing of the growth on the year before."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.models._protocol import FEWEST, Floats, check_request, checked, is_constant, model_errors, standardised


class GrowthSes:
    """Simple exponential smoothing of growth: d[t] = y[t] - y[t-m], f[h] = y[n+h-m] + d; needs a year and eight.

    Statistics that are published as growth carry their information there: the levels rebuilt from rounded rates
    have a seasonal profile that is mostly unknown, and modelling it adds its errors to the forecast. Growth at
    any horizon is the smoothed one, ETS(A,N,N).
    """

    name = "growth_ses"

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        if len(y) < season_length + FEWEST:
            raise ModelError(f"{self.name}: {len(y)} observations; {season_length + FEWEST} are needed")
        growth = y[season_length:] - y[:-season_length]
        z, mean, sd = standardised(growth)
        with model_errors(self.name):
            smoothed = 0.0 if is_constant(growth) else _smoothed(z)
        line = np.concatenate([y, np.empty(horizon)])
        for t in range(len(y), len(line)):
            line[t] = line[t - season_length] + mean + sd * smoothed
        return checked(self.name, line[len(y) :], horizon)


def _smoothed(z: Floats) -> float:
    from statsforecast.models import AutoETS

    return float(AutoETS(season_length=1, model="ANN").forecast(y=z, h=1)["mean"][0])

"""Seasonal ARIMA: a form given or chosen by AICc (statsforecast)."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from forecasting.errors import ModelError
from forecasting.models._protocol import Floats, is_constant, standardised
from forecasting.models._state import Carried, FittedState

FORMS = (((2, 1, 1), (1, 0, 1)), ((1, 1, 1), (1, 0, 1)), ((0, 1, 1), (0, 1, 1)))
"""Orders in the sequence in which they are tried."""


class Arima(Carried):
    """ARIMA(2,1,1)(1,0,1), or ARIMA(2,1,1) below two years and a third.

    Box and Jenkins (1976), *Time Series Analysis*, chapter 9. The seasonal part is stationary: its season fades
    where the data do not hold on to it, which the usual seasonal difference cannot. A form that fits most series
    passably costs a tenth of a search and is the better company for exponential smoothing, whose forms differ more.
    Where its likelihood cannot be evaluated (a seasonal root on the unit circle), ARIMA(1,1,1)(1,0,1) is tried and
    then the airline model, ARIMA(0,1,1)(0,1,1).
    """

    name = "arima"

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        _refuse_constant(self.name, y)
        from statsforecast.models import ARIMA

        z, mean, sd = standardised(y)
        seasonal = len(y) >= 2 * season_length + season_length // 3
        for order, season in FORMS:
            model = ARIMA(order=order, season_length=season_length, seasonal_order=season if seasonal else (0, 0, 0))
            with suppress(ValueError, np.linalg.LinAlgError):
                model.fit(z)
                break
        else:
            raise ModelError(f"{self.name}: the likelihood cannot be evaluated for any of its forms")
        return FittedState(self.name, season_length, lambda history, h: model.forward(history, h)["mean"], mean, sd)


class AutoArima(Carried):
    """Hyndman and Khandakar (2008), *Automatic time series forecasting*, J. Stat. Software 27(3), section 3.

    The stepwise search compares conditional sums of squares; the form found is estimated by maximum likelihood.
    """

    name = "auto_arima"

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        _refuse_constant(self.name, y)
        from statsforecast.models import AutoARIMA

        z, mean, sd = standardised(y)
        model = AutoARIMA(season_length=season_length, approximation=True).fit(z)
        return FittedState(self.name, season_length, lambda history, h: model.forward(history, h)["mean"], mean, sd)


def _refuse_constant(name: str, y: Floats) -> None:
    if is_constant(y):
        raise ModelError(f"{name}: the series is constant; there is nothing to estimate")

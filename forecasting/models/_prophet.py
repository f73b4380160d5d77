"""Prophet: piecewise linear trend and Fourier seasonality, alone or with the Chinese calendar."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd

from forecasting.models._calendar import calendar_effects, moving
from forecasting.models._months import following_months
from forecasting.models._protocol import (
    Floats,
    check_request,
    checked,
    is_constant,
    model_errors,
    standardised,
)

_LOGGERS = ("cmdstanpy", "prophet", "prophet.models", "prophet.plot")


class Prophet:
    """Taylor and Letham (2018), *Forecasting at scale*, The American Statistician 72(1); MAP estimate.

    Five Fourier pairs a year (none with less than two years of data), fifteen possible changepoints with a
    prior scale of 0.2: the defaults are made for daily data. L-BFGS from a fixed start, so the result is the
    same every time; Newton, Prophet's choice below 100 observations, takes several times as long.
    """

    name = "prophet"
    calendar = False

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        z, mean, sd = standardised(y)
        if is_constant(y):
            return checked(self.name, [mean] * horizon, horizon)  # what its maximum a posteriori tends to
        future = following_months(ds[-1], horizon, season_length)
        past, ahead = pd.DataFrame({"ds": ds, "y": z}), pd.DataFrame({"ds": future})
        columns: list[str] = []
        if self.calendar:
            effects, coming = (calendar_effects(each, season_length, self.name) for each in (ds, future))
            kept = moving(effects, ds)
            columns = [f"calendar{i}" for i in np.flatnonzero(kept)]
            past[columns], ahead[columns] = effects[:, kept], coming[:, kept]
        with model_errors(self.name), warnings.catch_warnings(), _silent():
            import prophet

            model = prophet.Prophet(
                n_changepoints=min(15, len(y) // 3),
                changepoint_prior_scale=0.2,
                yearly_seasonality=5 if len(y) >= 2 * season_length else False,
                weekly_seasonality=False,
                daily_seasonality=False,
                uncertainty_samples=0,
            )
            for column in columns:
                model.add_regressor(column)
            try:
                model.fit(past, seed=1, algorithm="LBFGS")
                forecast = model.predict(ahead)["yhat"].to_numpy()
            finally:
                if model.stan_backend is not None:
                    model.stan_backend.cleanup()  # else the optimiser's files stay until the process ends
        return checked(self.name, mean + sd * forecast, horizon)


class ProphetCalendar(Prophet):
    """The same with the Spring Festival and days worked as regressors, see `calendar_effects`."""

    name = "prophet_calendar"
    calendar = True


@contextmanager
def _silent() -> Iterator[None]:
    """Mute the loggers of Prophet and cmdstanpy, which write to stderr at import and at every fit."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.disabled for logger in loggers]
    try:
        for logger in loggers:
            logger.disabled = True
        yield
    finally:
        for logger, disabled in zip(loggers, before, strict=True):
            logger.disabled = disabled

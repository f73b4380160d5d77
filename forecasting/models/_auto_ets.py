"""Exponential smoothing with its form chosen by AICc (statsforecast)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from forecasting.models._protocol import Floats, is_constant, standardised
from forecasting.models._state import Carried, FittedState, Forward

RECENT = 4
"""Years that `AutoEtsRecent` sees."""


class AutoEts(Carried):
    """Hyndman and Khandakar (2008), *Automatic time series forecasting*, J. Stat. Software 27(3).

    The series is centred, so only additive forms are compared; on the logarithm these are multiplicative.
    """

    name = "auto_ets"

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        z, mean, sd = standardised(y)
        return FittedState(self.name, season_length, smoother(z, season_length), mean, sd)


class AutoEtsLevels(Carried):
    """The same on the figures themselves, additive and multiplicative forms mixed.

    Errors and seasons that grow with the level need not come with a trend that does, and the other way round: that is
    what a logarithm cannot say. A trend is damped where there is one (Gardner and McKenzie 1985, *Forecasting trends in
    time series*, Management Science 31(10)), which halves the forms. The series is divided by its mean size.
    """

    name = "auto_ets_levels"
    levels: Literal[True] = True

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        unit = float(np.abs(y).mean()) or 1.0
        return FittedState(self.name, season_length, smoother(y / unit, season_length, damped=True), 0.0, unit)


class AutoEtsRecent(AutoEtsLevels):
    """The same on the last four years: what a young regime or a drifting season looks like."""

    name = "auto_ets_recent"

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        skipped = max(0, len(y) - RECENT * season_length)
        recent = super()._fitted(y[skipped:], season_length)
        return FittedState(
            self.name, season_length, lambda z, h: recent.forward(z[skipped:], h), recent.mean, recent.sd
        )


def smoother(z: Floats, season_length: int, form: str = "ZZZ", damped: bool | None = None) -> Forward:
    """Fit ETS and forecast any history that goes on from z; a constant goes on as it is, ETS(A,N,N) being exact."""
    if is_constant(z):
        return lambda history, h: np.full(h, history[-1])
    from statsforecast.models import AutoETS

    short = len(z) <= season_length + 2  # seasonal states would outnumber the observations
    model = AutoETS(season_length=1 if short else season_length, model=form, damped=damped).fit(z)
    return lambda history, h: model.forward(history, h)["mean"]

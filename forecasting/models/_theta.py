"""The theta method and its dynamic form (statsforecast)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from forecasting.models._protocol import Floats, is_constant
from forecasting.models._state import Carried, FittedState, Forward

SIZE = 1000.0
"""Mean size at which levels are fitted; about 1, where the optimiser's steps are coarse, M3's errors are 1 % larger."""


class OptimizedTheta(Carried):
    """Fiorucci et al. (2016), *Models for optimising the theta method*, Int. J. Forecasting 32(4).

    Seasonally adjusted by additive decomposition where a test finds seasonality and two years are there.
    """

    name = "optimized_theta"
    settled: Literal[True] = True

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        return FittedState(self.name, season_length, _theta(y, season_length, "OTM", "additive"))


class OptimizedThetaLevels(Carried):
    """The same on the figures themselves, its trend straight and its season multiplicative."""

    name = "optimized_theta_levels"
    levels: Literal[True] = True
    settled: Literal[True] = True

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        return _of_size(self.name, y, season_length, "OTM")


class DynamicTheta(Carried):
    """The dynamic form of the same paper, section 4, whose trend is learned anew at every observation; on levels."""

    name = "dynamic_theta"
    levels: Literal[True] = True
    settled: Literal[True] = True

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        return _of_size(self.name, y, season_length, "DOTM")


def _of_size(name: str, y: Floats, season_length: int, form: str) -> FittedState:
    """A form on levels that are brought to one mean size, so that forecasts do not depend on the unit."""
    unit = float(np.abs(y).mean()) / SIZE or 1.0
    return FittedState(name, season_length, _theta(y / unit, season_length, form, "multiplicative"), 0.0, unit)


def _theta(y: Floats, season_length: int, form: str, decomposition: str) -> Forward:
    """Fit and forecast any history that goes on from y.

    `AutoTheta.forward` of statsforecast 2.1 forgets the kind of decomposition, hence the functions behind it. A
    multiplicative season of figures that are not all positive is additive instead, which is theirs too.
    """
    if is_constant(y):
        return lambda history, h: np.full(h, history[-1])  # slope and noise are zero
    from statsforecast import theta

    # a season needs two years, and is there or not for good
    season = season_length if len(y) >= 2 * season_length else 1
    kind = {"m": season, "model": form, "decomposition_type": decomposition}
    fit: Any = theta.auto_theta
    ahead: Any = theta.forecast_theta
    fitted = fit(y=y, **kind)["par"]
    kept = {name: fitted[name] for name in ("initial_smoothed", "alpha", "theta")}
    return lambda history, h: ahead(fit(y=history, **kind, **kept), h)["mean"]

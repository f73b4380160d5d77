"""Complex exponential smoothing with its seasonal form chosen by AICc (statsforecast)."""

from __future__ import annotations

from typing import Literal

from forecasting.errors import ModelError
from forecasting.models._protocol import Floats, is_constant
from forecasting.models._state import Carried, FittedState


class AutoCes(Carried):
    """Svetunkov, Kourentzes and Ord (2022), *Complex exponential smoothing*, Naval Research Logistics 69(8).

    statsforecast forecasts a constant series by its naive model instead; that is refused here, since the
    forecast would not be CES's.
    """

    name = "auto_ces"
    settled: Literal[True] = True

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        if is_constant(y):
            raise ModelError(f"{self.name}: the series is constant; there is nothing to estimate")
        from statsforecast.models import AutoCES

        model = AutoCES(season_length=season_length).fit(y)
        return FittedState(self.name, season_length, lambda z, h: model.forward(z, h)["mean"])

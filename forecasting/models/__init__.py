"""Forecast models of one monthly series behind one protocol.

`MODELS` maps a name to a model; looking one up is cheap, the libraries behind it are imported when it first
forecasts. A model that cannot do what is asked raises `forecasting.errors.ModelError` with the reason:
nothing is ever forecast by something else under its name. `PANEL_MODELS` are those that learn from all series of a
panel together. `PRESETS` names those that take part by default.
"""

from __future__ import annotations

from forecasting.models._calendar import calendar_effects
from forecasting.models._months import following_months
from forecasting.models._protocol import (
    FEWEST,
    History,
    LevelsModel,
    Model,
    PanelModel,
    PanelState,
    SettledModel,
    State,
    StateModel,
)
from forecasting.models._registry import (
    BASELINES,
    CALENDAR,
    HEADLINE,
    HEADLINE_STANDARD,
    LAST_RESORT,
    MODELS,
    PANEL_MODELS,
    PRESETS,
    SHORT_HISTORY,
)

__all__ = [
    "BASELINES",
    "CALENDAR",
    "FEWEST",
    "HEADLINE",
    "HEADLINE_STANDARD",
    "LAST_RESORT",
    "MODELS",
    "PANEL_MODELS",
    "PRESETS",
    "SHORT_HISTORY",
    "History",
    "LevelsModel",
    "Model",
    "PanelModel",
    "PanelState",
    "SettledModel",
    "State",
    "StateModel",
    "calendar_effects",
    "following_months",
]

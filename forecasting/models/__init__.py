"""Forecast models of one monthly series behind one protocol.

`MODELS` maps a name to a model; looking one up is cheap, the libraries behind it are imported when it first
forecasts. A model that cannot do what is asked raises `forecasting.errors.ModelError` with the reason:
nothing is ever forecast by something else under its name.
"""

from __future__ import annotations

from forecasting.models._months import following_months
from forecasting.models._protocol import FEWEST, Model
from forecasting.models._registry import MODELS, default_models

__all__ = ["FEWEST", "MODELS", "Model", "default_models", "following_months"]

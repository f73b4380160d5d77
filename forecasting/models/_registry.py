"""The models by name, in the order in which tables list them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from forecasting.models._auto_ces import AutoCes
from forecasting.models._auto_ets import AutoEts
from forecasting.models._growth_ses import GrowthSes
from forecasting.models._optimized_theta import OptimizedTheta
from forecasting.models._prophet import Prophet
from forecasting.models._protocol import Model
from forecasting.models._seasonal_naive import SeasonalNaive
from forecasting.models._statsmodels_ets import StatsmodelsEts
from forecasting.models._unobserved_components import UnobservedComponents

_ALL: tuple[Model, ...] = (
    SeasonalNaive(),
    StatsmodelsEts(),
    UnobservedComponents(),
    Prophet(),
    AutoEts(),
    AutoCes(),
    OptimizedTheta(),
    GrowthSes(),
)

MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _ALL})
"""Every model by name."""


def default_models() -> tuple[str, ...]:
    """Names of the models that take part in any panel unless told otherwise.

    `GrowthSes` is for statistics published as growth and takes part where they are forecast.

    >>> default_models()[0]
    'seasonal_naive'
    """
    return tuple(name for name in MODELS if name != GrowthSes.name)

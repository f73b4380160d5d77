"""The models by name, in the order in which tables list them, and which of them take part by default."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from forecasting.models._aggregated_ets import AggregatedEts
from forecasting.models._arima import Arima, AutoArima
from forecasting.models._auto_ces import AutoCes
from forecasting.models._auto_ets import AutoEts, AutoEtsLevels, AutoEtsRecent
from forecasting.models._growth_ses import GrowthSes
from forecasting.models._headline import HeadlineMean, NoChange, StateSpace
from forecasting.models._last_year import LastYear
from forecasting.models._naive import LastResort, RandomWalkDrift, SeasonalNaive
from forecasting.models._pooled_boosting import PooledBoosting
from forecasting.models._prophet import Prophet, ProphetCalendar
from forecasting.models._protocol import Model, PanelModel
from forecasting.models._sarimax import SarimaxCalendar
from forecasting.models._statsmodels_ets import StatsmodelsEts
from forecasting.models._theta import DynamicTheta, OptimizedTheta, OptimizedThetaLevels
from forecasting.models._unobserved_components import UnobservedComponents

_ALL: tuple[Model, ...] = (
    SeasonalNaive(),
    RandomWalkDrift(),
    AutoEts(),
    AutoEtsLevels(),
    AutoEtsRecent(),
    AggregatedEts(),
    LastYear(),
    AutoCes(),
    OptimizedTheta(),
    OptimizedThetaLevels(),
    DynamicTheta(),
    Arima(),
    AutoArima(),
    StatsmodelsEts(),
    UnobservedComponents(),
    SarimaxCalendar(),
    Prophet(),
    ProphetCalendar(),
    GrowthSes(),
    NoChange(),
    StateSpace(),
    HeadlineMean(),
    LastResort(),
)

MODELS: Mapping[str, Model] = MappingProxyType({model.name: model for model in _ALL})
"""Every model by name."""

PANEL_MODELS: Mapping[str, PanelModel] = MappingProxyType({PooledBoosting.name: PooledBoosting()})
"""Every model that learns across a panel, by name."""

BASELINES = (SeasonalNaive.name, RandomWalkDrift.name, NoChange.name)
"""Models that are there to be beaten: they can forecast a series, but no combination holds them beside others."""

HEADLINE = (GrowthSes.name, NoChange.name, StateSpace.name, HeadlineMean.name)
"""Models made for statistics whose headline is a cumulative rate; for such statistics only, but for `growth_ses`."""

HEADLINE_STANDARD = HeadlineMean.name
"""The one of them that forecasts the next releases."""

SHORT_HISTORY = LastYear.name
"""The model that knows most of a season of which there are less than two years and four months."""

CALENDAR = (SarimaxCalendar.name, ProphetCalendar.name)
"""Models that know the Chinese calendar; for Chinese statistics only."""

LAST_RESORT = LastResort.name
"""Model of a series that no other could forecast; it takes no part elsewhere."""

_FAST = (
    SeasonalNaive.name,
    RandomWalkDrift.name,
    AggregatedEts.name,
    AutoCes.name,
    DynamicTheta.name,
    LastYear.name,
)
_DEFAULT = (*_FAST, AutoEtsLevels.name, Arima.name)
PRESETS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "fast": _FAST,
        "default": _DEFAULT,
        "best": (
            *_DEFAULT,
            AutoEtsRecent.name,
            OptimizedThetaLevels.name,
            AutoArima.name,
            GrowthSes.name,
            PooledBoosting.name,
        ),
    }
)
"""Models by how much time they may take: `default` about 0.2 s a series of ten years with its backtest, `best` 0.8.

`best` holds `pooled_boosting`, which takes part in panels of 50 series and more."""

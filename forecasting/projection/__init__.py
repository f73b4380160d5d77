"""Capacity, supply and demand absorption over ten years, from forecasts and stated assumptions.

Value added is not capacity and capacity is not output: the three are kept apart, and a row says what its
capacity rests on. Everything that is a judgement stands in the assumption file.
"""

from forecasting.projection._absorption import Ratio, absorption, needed_intensity
from forecasting.projection._assumptions import Anchor, Assumptions, Parameter, Scenario, load_assumptions
from forecasting.projection._coupling import HORIZON, GrowthPaths, handover_weight
from forecasting.projection._flows import BASES, ND2O3_PER_ND, Flow, flow, ndpr_balance
from forecasting.projection._growth import (
    FAMILIES,
    damped_trend,
    damped_trend_continuous,
    gompertz,
    log_rate,
    logistic,
)
from forecasting.projection._identities import Contribution, SectorWeights, contribution, sector_weights
from forecasting.projection._simulate import Projection, simulate
from forecasting.projection._tables import ABSORPTION_COLUMNS, CLAIM_COLUMNS, TRAJECTORY_COLUMNS

__all__ = [
    "ABSORPTION_COLUMNS",
    "BASES",
    "CLAIM_COLUMNS",
    "FAMILIES",
    "HORIZON",
    "ND2O3_PER_ND",
    "TRAJECTORY_COLUMNS",
    "Anchor",
    "Assumptions",
    "Contribution",
    "Flow",
    "GrowthPaths",
    "Parameter",
    "Projection",
    "Ratio",
    "Scenario",
    "SectorWeights",
    "absorption",
    "contribution",
    "damped_trend",
    "damped_trend_continuous",
    "flow",
    "gompertz",
    "handover_weight",
    "load_assumptions",
    "log_rate",
    "logistic",
    "ndpr_balance",
    "needed_intensity",
    "sector_weights",
    "simulate",
]

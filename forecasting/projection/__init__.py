"""Capacity, supply and demand absorption over ten years, from forecasts and stated assumptions.

Value added is not capacity and capacity is not output: the three are kept apart, and a row says what its
capacity rests on. Everything that is a judgement stands in the assumption file, and so does every name: the
engine knows no mineral and no use. docs/projection.md has the method.
"""

from forecasting.projection._absorption import Ratio, absorption, needed_intensity
from forecasting.projection._assumptions import (
    Assumptions,
    Parameter,
    Scenario,
    load_assumptions,
    own_titles,
    with_values,
)
from forecasting.projection._capacity import price_leak
from forecasting.projection._claims import CLAIM_COLUMNS, claim_list
from forecasting.projection._controls import any_event
from forecasting.projection._coupling import HORIZON, GrowthPaths, handover_weight
from forecasting.projection._flows import ND2O3_PER_ND, Flow, flow
from forecasting.projection._growth import (
    FAMILIES,
    bass,
    damped_trend,
    damped_trend_continuous,
    gompertz,
    log_rate,
    logistic,
)
from forecasting.projection._hindcasts import HINDCAST_COLUMNS
from forecasting.projection._identities import Contribution, SectorWeights, contribution, sector_weights
from forecasting.projection._milestones import MILESTONE_COLUMNS
from forecasting.projection._sensitivity import SENSITIVITY_COLUMNS, sobol_indices
from forecasting.projection._simulate import Projection, check_against, simulate
from forecasting.projection._structure import Anchor, Route, Structure
from forecasting.projection._tables import ABSORPTION_COLUMNS, BALANCE_COLUMNS, TRAJECTORY_COLUMNS, wide_table

__all__ = [
    "ABSORPTION_COLUMNS",
    "BALANCE_COLUMNS",
    "CLAIM_COLUMNS",
    "FAMILIES",
    "HINDCAST_COLUMNS",
    "HORIZON",
    "MILESTONE_COLUMNS",
    "ND2O3_PER_ND",
    "SENSITIVITY_COLUMNS",
    "TRAJECTORY_COLUMNS",
    "Anchor",
    "Assumptions",
    "Contribution",
    "Flow",
    "GrowthPaths",
    "Parameter",
    "Projection",
    "Ratio",
    "Route",
    "Scenario",
    "SectorWeights",
    "Structure",
    "absorption",
    "any_event",
    "bass",
    "check_against",
    "claim_list",
    "contribution",
    "damped_trend",
    "damped_trend_continuous",
    "flow",
    "gompertz",
    "handover_weight",
    "load_assumptions",
    "log_rate",
    "logistic",
    "needed_intensity",
    "own_titles",
    "price_leak",
    "sector_weights",
    "simulate",
    "sobol_indices",
    "wide_table",
    "with_values",
]

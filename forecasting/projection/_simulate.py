"""The simulation: all scenarios of an assumption file on the same random numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pandas as pd

from forecasting.errors import AssumptionError
from forecasting.observations import month_index, month_label
from forecasting.projection._assumptions import Assumptions
from forecasting.projection._coupling import GrowthPaths
from forecasting.projection._draws import Uniforms, Values
from forecasting.projection._scenario import run_scenario
from forecasting.projection._schema import draw_blocks
from forecasting.projection._tables import absorption_table, claim_table, in_order, trajectory_table

__all__ = ["Projection", "simulate"]


@dataclass(frozen=True, eq=False)
class Projection:
    """The tables of a simulation.

    Attributes:
        trajectories: Columns `TRAJECTORY_COLUMNS`, one row per date, frequency, scenario, region,
            variable, basis.
        absorption: Columns `ABSORPTION_COLUMNS`.
        claim_check: Columns `CLAIM_COLUMNS`.
        degraded: One sentence for each thing that had to be replaced by a wider prior; empty if none.
    """

    trajectories: pd.DataFrame
    absorption: pd.DataFrame
    claim_check: pd.DataFrame
    degraded: tuple[str, ...]


def simulate(
    assumptions: Assumptions,
    paths: GrowthPaths,
    calibration: pd.DataFrame,
    claims: pd.DataFrame,
    *,
    start: str,
    draws: int,
    seed: int,
) -> Projection:
    """Simulate capacity, supply, demand and absorption over 120 months, for every scenario.

    Parameters come from one scrambled Sobol sequence with a dimension per parameter and one for the row
    of the growth paths; the same numbers serve all scenarios. The result depends on the arguments alone:
    the order of the scenarios or of the indicators changes nothing.

    Args:
        assumptions: From `load_assumptions`.
        paths: Joint growth paths; an indicator without a path gets its wider prior and is named in
            ``degraded``.
        calibration: Published base figures, columns series, year, value, unit.
        claims: Published claims, columns id, value_low, value_high, unit.
        start: Last observed month, ``YYYY-MM``; month 0.
        draws: Number of draws N; a power of two suits the Sobol sequence best.
        seed: Seed of everything random.

    Raises:
        AssumptionError: A start that is not a month or does not come right before the paths, fewer than two
            draws, a base figure that the calibration table lacks or gives in another unit or basis, a
            missing claim.
    """
    _check(paths, start, draws)
    pairs = {key: (anchor.basis, anchor.indicator) for key, anchor in assumptions.anchors.items()}
    uniforms = Uniforms(draw_blocks(assumptions.indicators, pairs), draws, seed)
    trajectories, absorptions, checks = [], [], []
    for key in sorted(assumptions.scenarios):
        scenario = assumptions.scenarios[key]
        values = Values(scenario.parameters, uniforms, calibration, assumptions.file)
        outcome = run_scenario(assumptions, scenario, paths, values, uniforms)
        trajectories.append(trajectory_table(assumptions, key, outcome, start))
        absorptions.append(absorption_table(assumptions, key, outcome, start))
        checks.append(claim_table(key, outcome, claims))
    missing = sorted(item for item in assumptions.indicators.values() if item not in paths.growth)
    return Projection(
        trajectories=in_order(trajectories, ["freq", "scenario", "region", "variable", "basis", "date"]),
        absorption=in_order(absorptions, ["scenario", "basis", "measure", "ratio_kind", "anchor", "year"]),
        claim_check=in_order(checks, ["claim_id", "metric"]),
        degraded=tuple(f"{item}: no forecast paths; projected from its wider prior rate" for item in missing),
    )


def _check(paths: GrowthPaths, start: str, draws: int) -> None:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", start):
        raise AssumptionError(f"start {start!r}; expected the last observed month as YYYY-MM")
    expected = month_label(month_index(start) + 1)
    if paths.months[0] != expected:
        raise AssumptionError(f"growth paths begin in {paths.months[0]}; expected {expected}, right after {start}")
    if draws < 2:
        raise AssumptionError(f"draws {draws}; expected at least 2")

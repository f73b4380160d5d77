"""The simulation: all scenarios of an assumption file on the same random numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.errors import AssumptionError
from forecasting.observations import month_index, month_label
from forecasting.projection._assumptions import Assumptions
from forecasting.projection._claims import claim_list, claim_table
from forecasting.projection._coupling import GrowthPaths
from forecasting.projection._draws import Values, uniforms_of
from forecasting.projection._hindcasts import hindcast_table
from forecasting.projection._metrics import metric
from forecasting.projection._milestones import milestone_table
from forecasting.projection._scenario import Outcome, run_scenario
from forecasting.projection._sensitivity import sensitivity_table
from forecasting.projection._tables import absorption_table, balance_table, trajectory_table

__all__ = ["Projection", "check_against", "simulate"]


@dataclass(frozen=True, eq=False)
class Projection:
    """The tables of a simulation; columns as in ``*_COLUMNS``.

    Attributes:
        trajectories: A row per date, frequency, scenario, region, variable, basis.
        balance: Items of the accounts by year.
        absorption: Added demand over added production.
        milestones: Probability by date.
        sensitivity: Sobol indices and tornado.
        claim_check: Claims against the draws.
        hindcast: The methods tried on the past.
        degraded: One sentence for each thing that had to be replaced or widened; empty if none.
    """

    trajectories: pd.DataFrame
    balance: pd.DataFrame
    absorption: pd.DataFrame
    milestones: pd.DataFrame
    sensitivity: pd.DataFrame
    claim_check: pd.DataFrame
    hindcast: pd.DataFrame
    degraded: tuple[str, ...]

    def tables(self) -> dict[str, pd.DataFrame]:
        """Table name to table."""
        return {name: value for name, value in vars(self).items() if isinstance(value, pd.DataFrame)}


def simulate(
    assumptions: Assumptions,
    paths: GrowthPaths,
    calibration: pd.DataFrame,
    claims: pd.DataFrame,
    *,
    start: str,
    draws: int,
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> Projection:
    """Simulate capacity, supply, demand, controls and the balance over 120 months, for every scenario.

    A draw is a point of the unit cube with a dimension per parameter and piece of chance and one for the row of the
    growth paths; the same points serve all scenarios, so their differences are paired. The result depends on the
    arguments alone: the order of the scenarios or of the indicators changes nothing.

    Args:
        assumptions: From `load_assumptions`.
        paths: Joint growth paths; an indicator without a path gets its wider prior and is named in ``degraded``,
            one with an old path gets part of that spread.
        calibration: Published figures, columns series, year, value, unit.
        claims: Published claims, columns id, value_low, value_high, decimals, unit, topic.
        start: Last observed month, ``YYYY-MM``; month 0.
        draws: Number of draws N; a power of two suits the Sobol sequence best.
        seed: Seed of everything random.
        progress: Called with (steps done, steps in all); a step is a scenario, the sensitivity or the hindcasts.

    Raises:
        AssumptionError: A start that is not a month or does not come right before the paths, fewer than two
            draws, a base figure that the calibration table lacks or gives in another unit or basis, a claim that
            is not accounted for, an unknown metric, a hindcast that cannot be tried, names or numbers that make a
            table which cannot be published.
    """
    _check(paths, start, draws)
    check_against(assumptions, calibration, claims)
    uniforms = uniforms_of(assumptions, draws, seed)
    steps, done = len(assumptions.scenarios) + 2, 0

    def advance() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, steps)

    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in ORDER}
    for key in sorted(assumptions.scenarios):
        scenario = assumptions.scenarios[key]
        values = Values(scenario.parameters, uniforms, calibration, assumptions.file)
        for name, table in _tables(assumptions, key, run_scenario(assumptions, scenario, paths, values), claims, start):
            tables[name].append(table)
        advance()
    whole = {name: pd.concat(tables[name], ignore_index=True).sort_values(by, kind="stable", ignore_index=True)
             for name, by in ORDER.items()}  # fmt: skip
    sensitivity = sensitivity_table(assumptions, paths, calibration, draws=draws, seed=seed)
    advance()
    hindcast = hindcast_table(assumptions, calibration, seed=seed)
    advance()
    result = Projection(**whole, sensitivity=sensitivity, hindcast=hindcast, degraded=_degraded(assumptions, paths))
    for name, table in result.tables().items():
        _refuse(name, table, assumptions.file)
    return result


def check_against(assumptions: Assumptions, calibration: pd.DataFrame, claims: pd.DataFrame) -> None:
    """Find what an assumption file gets wrong about figures, claims and metrics before anything long is computed.

    Every scenario is run with a pair of draws and without forecast paths, every question is asked of it, and every
    hindcast is tried.

    Raises:
        AssumptionError: As `simulate`.
    """
    claim_list(assumptions, claims)
    hindcast_table(assumptions, calibration, seed=0)
    uniforms = uniforms_of(assumptions, draws=2, seed=0)
    paths = GrowthPaths(("2000-01",), {})
    for key, scenario in assumptions.scenarios.items():
        values = Values(scenario.parameters, uniforms, calibration, assumptions.file)
        outcome = run_scenario(assumptions, scenario, paths, values)
        for name in assumptions.questions.sensitivity:
            metric(outcome, name)
        milestone_table(key, outcome, assumptions.questions.milestones, "1999-12")
        claim_table(key, outcome, assumptions, claims)


ORDER = {
    "trajectories": ["freq", "scenario", "region", "variable", "basis", "date"],
    "balance": ["scenario", "basis", "item", "year"],
    "absorption": ["scenario", "basis", "measure", "ratio_kind", "anchor", "year"],
    "milestones": ["milestone_id", "scenario", "threshold", "date"],
    "claim_check": ["claim_id", "metric"],
}
"""Tables with rows of every scenario, and how they are sorted."""

KEYS = ORDER | {
    "sensitivity": ["output", "horizon", "scenario", "parameter"],
    "hindcast": ["case", "origin", "target", "variable"],
}
"""What names a row of each table."""

GAPS = ("absorption", "sensitivity", "claim_check")
"""Tables with numbers that may be missing, by what their dictionary says."""


def _tables(
    assumptions: Assumptions, key: str, outcome: Outcome, claims: pd.DataFrame, start: str
) -> list[tuple[str, pd.DataFrame]]:
    return [
        ("trajectories", trajectory_table(key, outcome, start)),
        ("balance", balance_table(key, outcome, start)),
        ("absorption", absorption_table(key, outcome, start)),
        ("milestones", milestone_table(key, outcome, assumptions.questions.milestones, start)),
        ("claim_check", claim_table(key, outcome, assumptions, claims)),
    ]


def _refuse(name: str, table: pd.DataFrame, file: str) -> None:
    """Refuse a table of which no release could be made, so that it is the projection that fails and nothing else."""
    twice = table[table.duplicated(KEYS[name])]
    if len(twice):
        row = ", ".join(map(str, twice[KEYS[name]].iloc[0]))
        raise AssumptionError(f"{file}: table {name} has two rows {row}; expected names that differ")
    numbers = table.select_dtypes("number")
    values = numbers.to_numpy(dtype=np.float64)
    wrong = np.isinf(values) if name in GAPS else ~np.isfinite(values)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        key = ", ".join(map(str, table[KEYS[name]].iloc[row]))
        what = f"{numbers.columns[column]} of {key} is {values[row, column]}"
        raise AssumptionError(f"{file}: table {name}: {what}; expected assumptions that keep it finite")


def _degraded(assumptions: Assumptions, paths: GrowthPaths) -> tuple[str, ...]:
    identifiers = sorted(assumptions.structure.indicators.values())
    limit = min(item.parameters["handover.stale_after"].args["value"] for item in assumptions.scenarios.values())
    lines = [f"{item}: no forecast paths; projected from its wider prior rate" for item in identifiers
             if item not in paths.growth]  # fmt: skip
    lines += [f"{item}: last figure {paths.age[item]} months old; its band is widened by part of its prior's"
              for item in identifiers if item in paths.growth and paths.age.get(item, 0) > limit]  # fmt: skip
    return tuple(lines)


def _check(paths: GrowthPaths, start: str, draws: int) -> None:
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", start):
        raise AssumptionError(f"start {start!r}; expected the last observed month as YYYY-MM")
    expected = month_label(month_index(start) + 1)
    if paths.months[0] != expected:
        raise AssumptionError(f"growth paths begin in {paths.months[0]}; expected {expected}, right after {start}")
    if draws < 2:
        raise AssumptionError(f"draws {draws}; expected at least 2")

"""Synthetic growth paths around the published rates, and ways to vary the packaged assumptions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecasting.observations import month_index, month_label
from forecasting.projection import Assumptions, GrowthPaths, Parameter, load_assumptions, log_rate
from forecasting.projection._draws import Uniforms, Values, sobol_points
from forecasting.projection._scenario import Outcome, run_scenario
from forecasting.projection._schema import draw_blocks
from forecasting.reference import load_calibration, load_claims

START = "2025-11"
RATES = {
    "baotou_rare_earth_va": 24.6,
    "baotou_industrial_va": 11.3,
    "baotou_mining_va": 19.4,
    "baotou_manufacturing_va": 10.0,
    "baotou_utilities_va": 9.1,
    "baotou_nonferrous_mining_va": 72.7,
    "baotou_fluorochemical_va": 29.5,
    "baotou_hydrogen_storage_va": 63.6,
}

MakePaths = Callable[..., GrowthPaths]


def growth_paths(
    *, n: int = 200, months: int = 24, spread: float = 0.04, without: tuple[str, ...] = (), seed: int = 5,
    age: dict[str, int] | None = None,
) -> GrowthPaths:  # fmt: skip
    rng = np.random.default_rng(seed)
    first = month_index(START) + 1
    common = rng.standard_normal((n, 1))
    growth = {}
    for name, rate in RATES.items():
        own = rng.standard_normal((n, months))
        if name not in without:
            growth[name] = log_rate(rate) + spread * (common + own)
    return GrowthPaths(tuple(month_label(first + i) for i in range(months)), growth, age or {})


def changed(assumptions: Assumptions, change: Callable[[str, Parameter], Parameter]) -> Assumptions:
    scenarios = {
        key: dataclasses.replace(item, parameters={name: change(name, old) for name, old in item.parameters.items()})
        for key, item in assumptions.scenarios.items()
    }
    return dataclasses.replace(assumptions, scenarios=scenarios)


def at(value: float, old: Parameter) -> Parameter:
    return dataclasses.replace(old, dist="point", args={"value": value})


def fixed(assumptions: Assumptions, **values: float) -> Assumptions:
    """Parameters at points; a double underscore stands for the dot."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    return changed(assumptions, lambda name, old: at(named[name], old) if name in named else old)


def only(table: pd.DataFrame, **where: object) -> pd.DataFrame:
    for column, value in where.items():
        table = table[table[column] == value]
    return table


Simulated = Callable[..., Outcome]


@pytest.fixture(scope="session")
def outcome(paths: GrowthPaths, calibration: pd.DataFrame) -> Simulated:
    """Runs one scenario of some assumptions and gives its draws."""

    def run(
        assumptions: Assumptions,
        key: str = "baseline_mixture",
        *,
        draws: int = 128,
        seed: int = 1,
        given: GrowthPaths | None = None,
    ) -> Outcome:
        blocks = draw_blocks(assumptions.structure)
        uniforms = Uniforms(blocks, sobol_points(len(blocks) + 1, draws, seed), seed)
        scenario = assumptions.scenarios[key]
        values = Values(scenario.parameters, uniforms, calibration, "test")
        return run_scenario(assumptions, scenario, given or paths, values)

    return run


@pytest.fixture(scope="session")
def make_paths() -> MakePaths:
    return growth_paths


@pytest.fixture(scope="session")
def paths() -> GrowthPaths:
    return growth_paths()


@pytest.fixture(scope="session")
def assumptions() -> Assumptions:
    return load_assumptions()


@pytest.fixture(scope="session")
def calibration() -> pd.DataFrame:
    return load_calibration()


@pytest.fixture(scope="session")
def claims() -> pd.DataFrame:
    return load_claims()

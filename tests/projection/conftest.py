"""Synthetic growth paths around the published rates, and the base figures that the assumptions refer to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecasting.observations import month_index, month_label
from forecasting.projection import Assumptions, GrowthPaths, load_assumptions, log_rate

START = "2025-11"
RATES = {
    "baotou_rare_earth_va": 24.6,
    "baotou_industrial_va": 11.3,
    "baotou_hydrogen_storage_va": 63.6,
    "baotou_fluorochemical_va": 29.5,
    "baotou_nonferrous_mining_va": 72.7,
}
FIGURES = [
    ("cn_quota_mining", "2023", 255000.0, "t REO"),
    ("cn_quota_mining", "2024", 270000.0, "t REO"),
    ("magnet_demand_nev", "2024", 43018.0, "t finished magnet (forecast by ACREI)"),
    ("magnet_demand_inverter_ac", "2024", 30154.0, "t finished magnet (forecast by ACREI)"),
    ("magnet_demand_wind", "2024", 4848.0, "t finished magnet (forecast by ACREI)"),
    ("cn_exports_magnets", "2024", 58152.0, "t"),
    ("magnet_ree_metal_content", "2023", 30.0, "%"),
]

MakePaths = Callable[..., GrowthPaths]


def growth_paths(
    *, n: int = 200, months: int = 24, spread: float = 0.04, without: tuple[str, ...] = (), seed: int = 5
) -> GrowthPaths:
    rng = np.random.default_rng(seed)
    first = month_index(START) + 1
    common = rng.standard_normal((n, 1))
    growth = {}
    for name, rate in RATES.items():
        own = rng.standard_normal((n, months))
        if name not in without:
            growth[name] = log_rate(rate) + spread * (common + own)
    return GrowthPaths(tuple(month_label(first + i) for i in range(months)), growth)


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
    return pd.DataFrame(FIGURES, columns=["series", "year", "value", "unit"]).assign(source="test")


@pytest.fixture(scope="session")
def claims() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": ["C19"],
            "value_low": [15.0],
            "value_high": [25.0],
            "unit": ["% of incremental China RE production"],
        }
    )

import numpy as np
import pandas as pd
import pytest

from forecasting import decumulate
from tests.decumulation.publication import FIRST_YEAR, levels, publish


def industries(count: int, years: int, sd: float, spread: float) -> dict[str, np.ndarray]:
    """Name -> (years + 1, 12) levels, whose growth and first months vary by so much."""
    rng = np.random.default_rng(5)
    return {
        str(k): levels(0.06 + sd * rng.standard_normal((years, 12)), 100 * np.exp(spread * rng.standard_normal(12)))
        for k in range(count)
    }


def recovered(frames: list[pd.DataFrame], truth: dict[str, np.ndarray], first: int, *columns: str) -> list[np.ndarray]:
    """Columns (count, Y, 10) of the months from March on, from a year on, and then the true growth."""
    months = decumulate(pd.concat(frames), draws=200).monthly.groupby("indicator")
    grids = [[rows[column].to_numpy().reshape(-1, 12)[first:, 2:] for _, rows in months] for column in columns]
    growth = [100 * (truth[name][first + 1 :] / truth[name][first:-1] - 1)[:, 2:] for name, _ in months]
    return [np.array(grid) for grid in (*grids, growth)]


@pytest.mark.parametrize("measures", [("ytd_yoy", "ytd_level"), ("ytd_yoy", "month_yoy", "ytd_level")])
def test_bands_hold_the_truth_as_often_as_they_say_where_levels_and_rates_bind_the_same_months(measures):
    made = industries(6, 5, 0.02, 0.1)
    frames = [publish(made[name], indicator=name, measures=measures, merged=True, decimals=2) for name in made]
    low, high, truth = recovered(frames, made, 1, "yoy_q05", "yoy_q95")
    assert 0.85 <= np.mean((low <= truth) & (truth <= high)) <= 0.95


@pytest.mark.parametrize("both", [8, 3])
def test_errors_are_of_the_size_that_is_said_where_rates_of_months_and_cumulative_ones_are_published(both):
    made, until = industries(8, 8, 0.04, 0.1), f"{FIRST_YEAR + both}"
    rows = [publish(made[name], indicator=name, measures=("ytd_yoy", "month_yoy"), merged=True) for name in made]
    frames = [one[(one["measure"] == "ytd_yoy") | (one["period"] < until)] for one in rows]
    mean, sd, truth = recovered(frames, made, 0, "yoy", "yoy_sd")
    assert 0.95 <= np.sqrt(np.mean(np.square((truth - mean) / sd))) <= 1.05


def test_errors_are_of_the_size_that_is_said_where_rates_are_coarse_and_months_differ_by_much():
    made = industries(8, 8, 0.3, 1.0)
    frames = [publish(made[name], indicator=name, merged=True, decimals=0) for name in made]
    for name in made:
        base = publish(made[name], indicator=name, measures=("ytd_level",), merged=True, decimals=2)
        frames.append(base[base["period"] < f"{FIRST_YEAR + 1}"])
    mean, sd, truth = recovered(frames, made, 1, "yoy", "yoy_sd")
    assert 0.95 <= np.sqrt(np.mean(np.square((truth - mean) / sd))) <= 1.05

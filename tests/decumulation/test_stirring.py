import numpy as np
import pandas as pd
import pytest
from scipy.stats import truncnorm

from forecasting import decumulate
from forecasting.decumulation._stirring import _between
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


def test_errors_are_of_the_size_that_is_said_where_levels_of_some_years_are_on_another_base():
    made = industries(8, 8, 0.04, 0.1)
    frames = []
    for name, level in made.items():
        rates = publish(level, indicator=name, merged=True)
        other = level * np.where((np.arange(9) > 3) & (np.arange(9) < 7), 1.1, 1.0)[:, None]
        frames += [rates, publish(other, indicator=name, measures=("ytd_level",), merged=True, decimals=2)]
    mean, sd, truth = recovered(frames, made, 0, "yoy", "yoy_sd")
    for years in ([2, 6], [3, 4, 5]):  # in which the base changes, and between two of which it is another
        assert 0.9 <= np.sqrt(np.mean(np.square((truth - mean) / sd)[:, years])) <= 1.1


def test_a_step_is_a_draw_of_the_normal_between_its_bounds_and_uniform_where_these_leave_next_to_nothing():
    least, most = np.array([-1.0, 0.5, -9.0, 2.0, 20.0]), np.array([0.5, 3.0, 9.0, 2.0 + 1e-12, 21.0])
    for rank in (0.01, 0.3, 0.5, 0.99):
        found = _between(least, most, 0.2, 1.5, np.full(5, rank))
        low, high = ((end[:3] - 0.2) / 1.5 for end in (least, most))
        np.testing.assert_allclose(found[:3], truncnorm.ppf(rank, low, high, loc=0.2, scale=1.5), rtol=1e-9)
        np.testing.assert_allclose(found[3:], (least + rank * (most - least))[3:], rtol=1e-12)

import numpy as np
import pandas as pd
import pytest

from forecasting import decumulate
from tests.decumulation.publication import FIRST_YEAR, levels, publish


@pytest.mark.parametrize("measures", [("ytd_yoy", "ytd_level"), ("ytd_yoy", "month_yoy", "ytd_level")])
def test_bands_hold_the_truth_as_often_as_they_say_where_levels_and_rates_bind_the_same_months(measures):
    rng = np.random.default_rng(5)
    truth, frames = {}, []
    for name in map(str, range(6)):
        growth = 0.06 + 0.02 * rng.standard_normal((5, 12))
        level = levels(growth, 100 * np.exp(0.1 * rng.standard_normal(12)))
        truth[name] = 100 * (level[2:] / level[1:-1] - 1)[:, 2:]
        frames.append(publish(level, indicator=name, measures=measures, merged=True, decimals=2))
    inside = []
    for name, rows in decumulate(pd.concat(frames), draws=200).monthly.groupby("indicator"):
        low, high = (rows[edge].to_numpy()[12:].reshape(-1, 12)[:, 2:] for edge in ("yoy_q05", "yoy_q95"))
        inside.append((low <= truth[name]) & (truth[name] <= high))
    assert 0.85 <= np.mean(inside) <= 0.95


@pytest.mark.parametrize("both", [8, 3])
def test_errors_are_of_the_size_that_is_said_where_rates_of_months_and_cumulative_ones_are_published(both):
    rng = np.random.default_rng(5)
    truth, frames = {}, []
    for name in map(str, range(8)):
        growth = 0.06 + 0.04 * rng.standard_normal((8, 12))
        level = levels(growth, 100 * np.exp(0.1 * rng.standard_normal(12)))
        truth[name] = 100 * (level[1:] / level[:-1] - 1)[:, 2:]
        rows = publish(level, indicator=name, measures=("ytd_yoy", "month_yoy"), merged=True)
        until = f"{FIRST_YEAR + both}"
        frames.append(rows[(rows["measure"] == "ytd_yoy") | (rows["period"] < until)])
    errors = []
    for name, rows in decumulate(pd.concat(frames), draws=200).monthly.groupby("indicator"):
        mean, sd = (rows[column].to_numpy().reshape(-1, 12)[:, 2:] for column in ("yoy", "yoy_sd"))
        errors.append((truth[name] - mean) / sd)
    assert 0.95 <= np.sqrt(np.mean(np.square(errors))) <= 1.05


def test_errors_are_of_the_size_that_is_said_where_rates_are_coarse_and_months_differ_by_much():
    rng = np.random.default_rng(5)
    truth, frames = {}, []
    for name in map(str, range(8)):
        growth = 0.06 + 0.3 * rng.standard_normal((8, 12))
        level = levels(growth, 100 * np.exp(rng.standard_normal(12)))
        truth[name] = 100 * (level[2:] / level[1:-1] - 1)[:, 2:]
        base = publish(level, indicator=name, measures=("ytd_level",), merged=True, decimals=2)
        frames += [publish(level, indicator=name, merged=True, decimals=0), base[base["period"] < f"{FIRST_YEAR + 1}"]]
    errors = []
    for name, rows in decumulate(pd.concat(frames), draws=200).monthly.groupby("indicator"):
        mean, sd = (rows[column].to_numpy().reshape(-1, 12)[1:, 2:] for column in ("yoy", "yoy_sd"))
        errors.append((truth[name] - mean) / sd)
    assert 0.95 <= np.sqrt(np.mean(np.square(errors))) <= 1.05

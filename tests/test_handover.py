"""From figures to growth paths."""

import numpy as np
import pandas as pd
import pytest

from forecasting.decumulation import decumulate
from forecasting.handover import forecast_paths, growth_paths
from forecasting.outlook import Outlook
from forecasting.reference import load_observations
from tests.decumulation.publication import levels, publish

RELATED = {"baotou_industrial_va": "cn_industrial_va", "baotou_rare_earth_va": "baotou_industrial_va"}


@pytest.fixture(scope="module")
def observations() -> pd.DataFrame:
    frame = load_observations()
    return frame[frame["indicator"].isin(["cn_industrial_va", "baotou_industrial_va", "baotou_rare_earth_va"])]


def test_paths_go_on_after_the_last_month_and_say_how_old_each_figure_is(observations):
    paths = forecast_paths(observations, ["baotou_rare_earth_va", "unknown"], RELATED, horizon=14, draws=100, seed=1)
    assert paths.months[0] == "2026-01"
    assert len(paths.months) == 14
    assert set(paths.growth) == {"baotou_rare_earth_va"}
    assert paths.growth["baotou_rare_earth_va"].shape == (100, 14)
    assert paths.age == {"baotou_rare_earth_va": 1}  # its last figure is of November, the nation's of December
    assert np.median(paths.growth["baotou_rare_earth_va"][:, 0]) == pytest.approx(np.log(1.246), abs=0.06)


def test_without_figures_there_are_no_paths_but_the_months_are_known(observations):
    paths = forecast_paths(observations, ["unknown"], {}, horizon=3, draws=100, seed=1)
    assert paths.months == ("2026-01", "2026-02", "2026-03")
    assert paths.growth == {}


def test_a_handful_of_figures_leads_to_a_path_that_nothing_else_has_a_part_in(observations):
    few = observations[observations["indicator"] == "baotou_rare_earth_va"]
    paths = forecast_paths(few, ["baotou_rare_earth_va"], {}, horizon=3, draws=100, seed=1)
    assert paths.months == ("2025-12", "2026-01", "2026-02")
    assert np.isfinite(paths.growth["baotou_rare_earth_va"]).all()


def test_growth_handed_over_is_that_of_the_years_ahead_and_no_other():
    published = publish(levels(np.full((3, 12), 0.4), 100 + 20 * np.sin(np.arange(12))), indicator="city")
    recovered = decumulate(published, draws=100)
    path = recovered.paths["city"]
    ends = path.future_ends(path.last + 26)
    ahead = np.where(np.arange(len(ends)) < path.periods_per_year, 0.02, 0.01)
    ahead[ends > path.last + 24] = 0.06
    longer = path.extended(ends, np.tile(ahead, (100, 1)), ahead)
    empty = pd.DataFrame()
    outlook = Outlook(empty, empty, empty, {"city": longer}, path.last, None, ())
    (rates,) = growth_paths(outlook, published, ["city"], 26).growth.values()
    np.testing.assert_allclose(rates[:, :12], np.log(1.02))
    np.testing.assert_allclose(rates[:, 12:24], np.log(1.01))
    np.testing.assert_allclose(rates[:, 24:], np.log(1.06))


def test_a_year_ahead_of_months_that_grow_apart_ends_at_the_sum_of_its_months():
    recovered = decumulate(publish(levels(np.full((3, 12), 0.4), 100 + 50 * np.sin(np.arange(12))), indicator="city"))
    path = recovered.paths["city"]
    ends = path.future_ends(path.last + 12)
    ahead = np.random.default_rng(1).normal(0.05, 0.2, size=(500, len(ends)))
    longer = path.extended(ends, ahead, ahead.mean(axis=0))
    rate = longer.growth_of(np.arange(path.last + 1, path.last + 13))
    last = longer.level[:, path.last - 11 - path.start : path.last + 1 - path.start].sum(axis=1)
    following = longer.level[:, path.last + 1 - path.start : path.last + 13 - path.start].sum(axis=1)
    np.testing.assert_allclose(1 + rate, following / last)

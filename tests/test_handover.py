"""From figures to growth paths."""

import numpy as np
import pandas as pd
import pytest

from forecasting.handover import forecast_paths
from forecasting.reference import load_observations

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


def test_figures_too_sparse_for_a_forecast_lead_to_no_path_either(observations):
    few = observations[observations["indicator"] == "baotou_rare_earth_va"]
    paths = forecast_paths(few, ["baotou_rare_earth_va"], {}, horizon=3, draws=100, seed=1)
    assert paths.months[0] == "2025-12"
    assert paths.growth == {}

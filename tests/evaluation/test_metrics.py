from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.evaluation import coverage, crps_draws, crps_quantiles, mase, naive_scale, rmsse, smape


def test_the_naive_scale_is_the_mean_change_over_a_year() -> None:
    history = np.arange(24.0) * 2
    assert naive_scale(history, 12) == 24
    assert naive_scale(history, 12, squared=True) == 24
    assert naive_scale(history[:15], 12) == 2  # less than a year and four periods: month on month


def test_scaled_errors_have_their_formulas() -> None:
    y, f = [1.0, 2.0, 6.0], [2.0, 2.0, 4.0]
    assert mase(y, f, 2.0) == pytest.approx(0.5)
    assert rmsse(y, f, 2.0) == pytest.approx(np.sqrt(5 / 3) / 2)
    assert np.isnan(mase(y, f, 0.0))


def test_errors_of_many_series_are_scored_at_once_and_unknown_steps_left_out() -> None:
    y = np.array([[1.0, np.nan], [3.0, 5.0], [np.nan, np.nan]])
    np.testing.assert_allclose(mase(y, np.zeros((3, 2)), np.array([1.0, 2.0, 1.0])), [1, 2, np.nan])


def test_symmetric_percentage_errors_have_their_formula() -> None:
    assert smape([100.0, 0.0], [50.0, 0.0]) == pytest.approx(100 * 2 / 3 / 2)


def test_coverage_counts_actuals_inside_the_closed_band() -> None:
    assert coverage([1.0, 2.0, 3.0, np.nan], [1.0, 2.5, 0.0, 0.0], [2.0, 3.0, 3.0, 1.0]) == pytest.approx(2 / 3)


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.floats(-100, 100))
def test_crps_of_draws_is_its_double_mean(draws: list[float], y: float) -> None:
    x = np.array(draws)
    expected = np.abs(x - y).mean() - np.abs(x[:, None] - x).mean() / 2
    assert crps_draws([y], x[:, None])[0] == pytest.approx(expected, abs=1e-9)


def test_crps_of_a_normal_forecast_agrees_with_its_closed_form() -> None:
    levels = (np.arange(2000) + 0.5) / 2000
    x = np.sort(np.random.default_rng(0).normal(size=200_000))
    closed = 2 / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi)  # at y = 0: Gneiting and Raftery (2007), section 4.2
    assert crps_draws([0.0], x[:, None])[0] == pytest.approx(closed, abs=2e-3)
    assert crps_quantiles([0.0], np.quantile(x, levels)[None], levels)[0] == pytest.approx(closed, abs=2e-3)

"""Closed forms of damped and saturating growth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.projection import damped_trend, damped_trend_continuous, gompertz, log_rate, logistic

G0 = float(np.log(1.636))


@pytest.mark.parametrize(
    ("growth", "expected"),
    [
        (damped_trend(G0, 0.05, 18, 120), "4.1766"),
        (damped_trend_continuous(G0, 0.05, 1.5, 10), "4.2531"),
        (logistic(G0, 10, 10), "9.6347"),
        (logistic(G0, 40, 10), "31.993"),
        (gompertz(G0, 10, 10), "7.6224"),
        (gompertz(G0, 40, 10), "15.143"),
        (damped_trend(log_rate(24.6), 0.03, 18, 120), "2.0121"),
        (damped_trend(log_rate(72.7), 0.03, 18, 120), "3.9961"),
        (10 * G0, "137.4"),
    ],
)
def test_ten_years_of_growth_agree_with_the_golden_values(growth: np.ndarray, expected: str) -> None:
    decimals = len(expected.split(".")[1])
    assert f"{float(np.exp(growth)):.{decimals}f}" == expected


def test_the_closed_form_is_the_sum_of_the_monthly_rates() -> None:
    months = np.arange(1, 121)
    rate = 0.05 + (G0 - 0.05) * 2 ** (-months / 18)
    np.testing.assert_allclose(damped_trend(G0, 0.05, 18, months), np.cumsum(rate) / 12, rtol=1e-12)


@given(
    g0=st.floats(-0.4, 1.5),
    cap=st.floats(1.05, 200),
    years=st.floats(0, 40),
    curve=st.sampled_from([logistic, gompertz]),
)
def test_saturating_growth_starts_at_zero_and_stays_below_its_cap(g0, cap, years, curve) -> None:
    assert float(curve(g0, cap, 0.0)) == pytest.approx(0, abs=1e-9)
    assert float(curve(g0, cap, years)) <= np.log(cap) + 1e-9


@given(g0=st.floats(-0.3, 1.0), cap=st.floats(1.2, 50), curve=st.sampled_from([logistic, gompertz]))
def test_saturating_growth_sets_out_at_the_current_rate(g0, cap, curve) -> None:
    step = 1e-6
    assert float(curve(g0, cap, step)) / step == pytest.approx(g0, abs=1e-3)


def test_growth_functions_are_vectorised_over_draws_and_months() -> None:
    g0, cap = np.array([[0.1], [0.3], [0.5]]), np.array([[2.0], [3.0], [4.0]])
    months = np.arange(1, 121)
    for cumulative in (
        damped_trend(g0, 0.02, cap * 6, months),
        logistic(g0, cap, months / 12),
        gompertz(g0, cap, months / 12),
    ):
        assert cumulative.shape == (3, 120)
        assert (np.diff(cumulative, axis=1) >= 0).all()

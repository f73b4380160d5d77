"""Closed forms of damped and saturating growth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.projection import bass, damped_trend, damped_trend_continuous, gompertz, log_rate, logistic
from forecasting.projection._coupling import cumulate, levels, rates
from forecasting.projection._growth import Curve, saturating

G0 = float(np.log(1.636))
YEARS = np.arange(0.0, 40.0, 0.25)[:, None]
MONTHS = np.arange(1, 121, dtype=np.float64)


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


def test_half_lives_of_the_prior_turn_the_rate_into_known_multiples() -> None:
    ends = np.exp(damped_trend_continuous(G0, 0.05, np.array([0.78, 2.9]), 10))
    assert [f"{end:.1f}" for end in ends] == ["2.7", "8.9"]


def test_the_closed_form_is_the_sum_of_the_monthly_rates() -> None:
    rate = 0.05 + (G0 - 0.05) * 2 ** (-MONTHS / 18)
    np.testing.assert_allclose(damped_trend(G0, 0.05, 18, MONTHS), np.cumsum(rate) / 12, rtol=1e-12)


def test_rates_add_up_to_the_growth_that_they_are_taken_from() -> None:
    rate = np.array([[0.24, 0.12], [0.12, 0.0], [-0.06, 0.6]])
    growth = cumulate(rate)
    np.testing.assert_allclose(growth[-1], [0.025, 0.06])
    np.testing.assert_allclose(rates(growth), rate)
    np.testing.assert_allclose(levels(growth)[[0, -1]], np.exp([[0.0, 0.0], [0.025, 0.06]]))


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


@given(g0=st.floats(0.005, 1.2), cap=st.floats(1.1, 50), p=st.floats(0.001, 0.05), lifetime=st.floats(5, 25))
def test_bass_sales_set_out_at_the_current_rate_and_end_at_the_renewal_of_the_whole_market(
    g0, cap, p, lifetime
) -> None:
    one = [np.array([item]) for item in (g0, cap, p, lifetime)]
    step = 1e-5
    start = bass(*one, np.array([[0.0], [step], [1e5]]))[:, 0]
    assert start[0] == pytest.approx(0, abs=1e-6)
    assert start[1] / step == pytest.approx(g0, abs=2e-3)
    assert np.exp(start[2]) == pytest.approx(cap, rel=1e-3)


@given(g0=st.floats(0.02, 0.9), cap=st.floats(1.2, 20), more=st.floats(1.05, 5), lifetime=st.floats(8, 20))
def test_a_larger_market_never_sells_less(g0, cap, more, lifetime) -> None:
    small, large = (
        np.minimum(bass(np.array([g0]), np.array([k]), np.array([0.02]), np.array([lifetime]), YEARS), np.log(k))
        for k in (cap, cap * more)
    )
    assert (large >= small - 1e-6).all()


def test_a_market_that_shrinks_is_taken_as_full() -> None:
    flat = bass(np.array([-0.1]), np.array([2.0]), np.array([0.02]), np.array([12.0]), YEARS)
    assert np.abs(flat[:41]).max() < 0.02


def test_a_path_is_the_family_drawn_and_never_passes_its_cap() -> None:
    n = 4
    curve = Curve(
        family=np.arange(4.0), g0=np.full(n, G0), ginf=np.full(n, 0.05), half_life_months=np.full(n, 18.0),
        cap=np.full(n, 10.0), innovation=np.full(n, 0.02), lifetime=np.full(n, 12.0), limit=np.full(n, log_rate(25.0)),
    )  # fmt: skip
    path = saturating(curve, MONTHS)
    assert path.shape == (120, 4)
    assert [f"{value:.4f}" for value in np.exp(path[-1, :3])] == ["4.1766", "9.6347", "7.6224"]
    assert (path <= np.log(10.0) + 1e-12).all()


@given(family=st.integers(0, 3), g0=st.floats(-0.5, 0.0), ginf=st.floats(-0.5, 0.1), cap=st.floats(1.5, 50))
def test_what_shrinks_today_nears_its_long_run_whatever_its_family(family, g0, ginf, cap) -> None:
    one = np.ones(1)
    curve = Curve(family * one, g0 * one, ginf * one, 18 * one, cap * one, 0.02 * one, 12 * one, log_rate(25.0) * one)
    path = saturating(curve, MONTHS)[:, 0]
    expected = np.minimum(damped_trend(g0, ginf, 18, MONTHS), np.log(cap))
    np.testing.assert_array_equal(path, expected)


@given(family=st.integers(0, 3), g0=st.floats(0.3, 1.5), cap=st.floats(50, 1e6))
def test_no_path_grows_faster_than_the_limit_after_ten_years(family, g0, cap) -> None:
    one = np.ones(1)
    curve = Curve(family * one, g0 * one, 0.05 * one, 36 * one, cap * one, 0.02 * one, 12 * one, log_rate(25.0) * one)
    path = saturating(curve, MONTHS)[:, 0]
    assert 12 * (path[-1] - path[-2]) <= log_rate(25.0) + 1e-9
    assert path.max() <= np.log(cap) + 1e-9


def test_growth_functions_are_vectorised_over_months_and_draws() -> None:
    g0, cap = np.array([0.1, 0.3, 0.5]), np.array([2.0, 3.0, 4.0])
    months = MONTHS[:, None]
    for cumulative in (
        damped_trend(g0, 0.02, cap * 6, months),
        logistic(g0, cap, months / 12),
        gompertz(g0, cap, months / 12),
    ):
        assert cumulative.shape == (120, 3)
        assert (np.diff(cumulative, axis=0) >= 0).all()

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.evaluation._bands import (
    GRID,
    Bands,
    Pool,
    all_sums,
    error_bands,
    evened,
    left_out_coverage,
    left_out_ratios,
    monotone,
    quantile_at,
    recency,
    sobered,
    tails,
)


def walks(seed: int, series: int, origins: int, steps: int, scale: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return scale * rng.normal(size=(series, origins, steps)).cumsum(axis=2)


def bands_of(errors: np.ndarray, naive: np.ndarray) -> Bands:
    return error_bands(errors, naive, np.ones(len(errors), dtype=bool))


def scale_of(errors: np.ndarray, naive: np.ndarray) -> np.ndarray:
    return all_sums(errors, recency(errors)).scale(naive)


@settings(max_examples=100)
@given(
    arrays(
        np.float64, (3, 4, 5), elements=st.sampled_from([np.nan, 0.0]) | st.floats(-1e6, -1e-6) | st.floats(1e-6, 1e6)
    ),
    arrays(np.float64, 3, elements=st.just(0.0) | st.floats(1e-6, 1e6)),
)
def test_scales_are_finite_and_never_fall_with_the_step_whatever_the_errors(
    errors: np.ndarray, naive: np.ndarray
) -> None:
    bands = bands_of(errors, naive)
    assert np.isfinite(bands.sigma).all()
    assert (bands.sigma >= 0).all()
    assert (np.diff(bands.sigma, axis=1) >= -1e-9 * (1 + bands.sigma[:, 1:])).all()
    assert np.isfinite(bands.quantiles).all()
    assert (bands.quantiles[:, 0] == 0).all()
    assert (np.diff(bands.quantiles, axis=1) >= 0).all()


@given(arrays(np.float64, (2, 7), elements=st.floats(-1e3, 1e3)))
def test_a_monotone_sequence_is_its_own_envelope_and_others_become_one(values: np.ndarray) -> None:
    out = monotone(values)
    assert (np.diff(out, axis=1) >= 0).all()
    ordered = np.sort(values, axis=1)
    np.testing.assert_array_equal(monotone(ordered), ordered)


def test_the_scale_of_a_random_walk_is_recovered_from_few_origins() -> None:
    errors = walks(0, 40, 10, 12)
    errors[:, -4:, 6:] = np.nan
    sigma = scale_of(errors, np.ones(40))
    expected = np.sqrt(2 / np.pi) * np.sqrt(np.arange(1, 13))
    np.testing.assert_allclose(np.median(sigma, axis=0), expected, rtol=0.2)


def test_a_noisy_series_gets_a_wider_band_than_a_quiet_one() -> None:
    errors = np.concatenate([walks(1, 5, 10, 6), walks(2, 5, 10, 6, scale=9.0)])
    sigma = scale_of(errors, np.ones(10))
    assert sigma[5:].min() > 2 * sigma[:5].max()


def test_steps_that_no_backtest_reached_widen_like_a_random_walk() -> None:
    errors = np.full((2, 6, 16), np.nan)
    errors[:, :, :4] = walks(3, 2, 6, 4)
    sigma = scale_of(errors, np.ones(2))
    np.testing.assert_allclose(sigma[:, 15] / sigma[:, 7], np.sqrt(16 / 8))


def test_a_series_without_origins_borrows_the_panels_ratio_to_the_naive_error() -> None:
    errors = walks(4, 3, 10, 6)
    errors[2] = np.nan
    sigma = scale_of(errors, np.array([1.0, 1.0, 5.0]))
    np.testing.assert_allclose(sigma[2], 5 * sigma[:2].mean(axis=0), rtol=0.5)


def test_without_any_origin_errors_are_taken_to_be_as_large_as_naive_ones() -> None:
    bands = bands_of(np.full((1, 1, 3), np.nan), np.array([2.0]))
    assert bands.sigma[0, 0] == pytest.approx(2.0 * 10 / 10)
    assert quantile_at(0.95, bands.quantiles[0]) > 2.5


def test_exact_forecasts_have_no_band() -> None:
    assert (scale_of(np.zeros((1, 5, 3)), np.array([3.0])) < 1.0).all()
    assert (scale_of(np.zeros((1, 5, 3)), np.array([0.0])) == 0).all()


@pytest.mark.parametrize(("series", "origins"), [(1, 10), (4, 10), (30, 10)])
@pytest.mark.parametrize("central", [0.8, 0.9, 0.95])
def test_fresh_errors_are_covered_as_promised_where_origins_share_nothing(
    series: int, origins: int, central: float
) -> None:
    inside = []
    for seed in range(300 // series):
        errors = walks(seed, series, origins + 1, 8)
        bands = bands_of(errors[:, :-1], np.full(series, 0.8))
        limit = np.array([quantile_at(0.5 + central / 2, each) for each in bands.quantiles])[:, None] * bands.sigma
        inside.append(np.abs(errors[:, -1]) <= limit)
    assert np.mean(inside) == pytest.approx(central, abs=0.05)


def month_by_month(seed: int, series: int, origins: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Errors of the naive forecast of random walks at origins a month apart, as far as they have come, and the next."""
    y = np.random.default_rng(seed).normal(size=(series, origins + steps + 1)).cumsum(axis=1)
    ahead = np.arange(origins + 1)[:, None] + np.arange(1, steps + 1)
    errors = y[:, ahead] - y[:, : origins + 1, None]
    return np.where(ahead[:-1] <= origins, errors[:, :-1], np.nan), errors[:, -1]


@pytest.mark.parametrize(("series", "origins"), [(1, 24), (4, 12), (30, 24), (30, 12), (30, 4)])
def test_fresh_errors_of_short_backtests_are_covered_as_promised(series: int, origins: int) -> None:
    inside = []
    for seed in range(1200 // series):
        errors, fresh = month_by_month(seed, series, origins, 8)
        bands = bands_of(errors, np.full(series, 0.8))
        for central in (0.8, 0.9, 0.95):
            limit = np.array([quantile_at(0.5 + central / 2, each) for each in bands.quantiles])[:, None] * bands.sigma
            inside.append(np.abs(fresh) <= limit)
    covered = [np.mean(np.concatenate(inside[k::3])) for k in range(3)]
    assert covered == pytest.approx([0.8, 0.9, 0.95], abs=0.05)


def by_calendar(seed: int, series: int, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Errors at 24 origins a month apart, whose early months are so many times as hard, as far as they have come.

    And which targets are in early months; the last origin has the errors that are to come.
    """
    month = np.arange(1, 25)[:, None] + np.arange(8)
    early = month % 12 < 3
    noise = np.random.default_rng(seed).normal(size=(series, 32)) * np.where(np.arange(32) % 12 < 3, ratio, 1.0)
    return np.where((month > 23) & (month[:, :1] < 24), np.nan, noise[:, month]), np.tile(early, (series, 1, 1))


def covered_by_calendar(errors: np.ndarray, early: np.ndarray, alike: bool = False) -> tuple[float, float]:
    """Share of the errors to come inside the 80 % band, in early months and in others, which may be taken as alike."""
    even, factor = evened(errors[:, :-1], early[:, :-1] & (not alike), np.ones(len(errors), dtype=bool))
    bands = bands_of(even, np.full(len(errors), 0.8))
    limit = np.array([quantile_at(0.9, each) for each in bands.quantiles])[:, None] * bands.sigma
    inside = np.abs(errors[:, -1]) <= limit * np.where(early[:, -1], factor[:, None], 1.0)
    return float(inside[early[:, -1]].mean()), float(inside[~early[:, -1]].mean())


def test_early_months_that_are_harder_to_tell_have_wider_bands_and_others_narrower_ones() -> None:
    worlds = [by_calendar(seed, 20, 3.0) for seed in range(20)]
    alike = np.mean([covered_by_calendar(errors, early, alike=True) for errors, early in worlds], axis=0)
    own = np.mean([covered_by_calendar(errors, early) for errors, early in worlds], axis=0)
    assert alike == pytest.approx([0.42, 0.86], abs=0.02)
    assert own == pytest.approx([0.72, 0.8], abs=0.05)  # some of what the two years show may be chance


def test_without_evidence_all_months_are_alike() -> None:
    seasonal = np.ones(1, dtype=bool)
    alone = [evened(*(each[:, :-1] for each in by_calendar(seed, 1, 1.0)), seasonal)[1][0] for seed in range(200)]
    assert np.mean(np.array(alone) == 1) > 0.5
    assert np.mean(np.log(alone)) == pytest.approx(0, abs=0.06)
    errors, early = by_calendar(1, 2, 3.0)
    for nothing in (np.zeros_like(errors), np.full_like(errors, np.nan)):
        np.testing.assert_array_equal(evened(nothing, early, np.array([True, False]))[1], 1.0)


@pytest.mark.parametrize(("month", "before"), [(13, 2.24), (20, 0.45)])  # an early one and another
def test_one_wild_figure_does_not_tell_months_apart(month: int, before: float) -> None:
    factors = []
    for seed in range(20):
        errors, early = by_calendar(seed, 1, 1.0)
        wild = np.arange(1, 25)[:, None] + np.arange(8) == month
        _, factor = evened(errors[:, :-1] + 30.0 * wild[:-1], early[:, :-1], np.ones(1, dtype=bool))
        factors.append(factor[0])
    assert abs(np.log(np.median(factors))) < 0.4 * abs(np.log(before))  # what means of the errors as they are say


def test_a_short_history_does_not_learn_its_scale_from_long_ones() -> None:
    long, short = walks(10, 12, 24, 6, scale=0.1), np.full((2, 24, 6), np.nan)
    errors, naive = np.concatenate([long, short]), np.array([1.0] * 12 + [1.0, 3.0])
    old = np.arange(14) < 12
    bands = error_bands(errors, naive, old)
    alone = error_bands(short, naive[12:], np.zeros(2, dtype=bool))
    np.testing.assert_array_equal(bands.sigma[12:], alone.sigma)
    np.testing.assert_array_equal(bands.quantiles[12:], alone.quantiles)
    np.testing.assert_array_equal(bands.sigma[:12], bands_of(long, naive[:12]).sigma)
    assert bands.sigma[12, 0] == pytest.approx(1.0)
    assert bands.sigma[:12, 0].max() < 0.3
    assert np.isfinite(left_out_coverage(errors, naive, old, 0.9)).tolist() == old.tolist()


def test_tails_are_heavy_where_nothing_is_known_and_the_panels_where_enough_is() -> None:
    factors = tails(np.array([0.0, 4.0, 10.0, 13.0]))
    at = GRID == 0.975
    assert (np.diff(factors, axis=1) >= 0).all()
    assert (np.diff(factors[:, at].ravel()) <= 0).all()
    np.testing.assert_allclose(factors[:, GRID == 0.75], 1.0)
    np.testing.assert_allclose(factors[2:], 1.0)
    assert factors[0, at] > 1.25
    np.testing.assert_allclose(factors[:, -1], factors[:, GRID == 0.99].ravel())


def test_one_wild_origin_of_a_single_series_does_not_make_the_tail() -> None:
    errors = np.full((1, 4, 6), np.nan)
    for o in range(4):
        errors[0, o, : 4 - o] = 0.1
    usual = bands_of(errors, np.ones(1)).quantiles[0]
    errors[0, 1, 0] = 50.0
    assert bands_of(errors, np.ones(1)).quantiles[0][GRID == 0.975] < 3 * usual[GRID == 0.975]


def test_an_origin_is_judged_by_a_band_that_has_not_seen_it() -> None:
    errors = walks(5, 8, 10, 6)
    ratios = left_out_ratios(errors, np.ones(8))
    louder = errors.copy()
    louder[:, 3] *= 50
    np.testing.assert_allclose(left_out_ratios(louder, np.ones(8))[:, 3], 50 * ratios[:, 3])
    old = np.ones(8, dtype=bool)
    covered = left_out_coverage(errors, np.ones(8), old, 0.9)
    assert covered.mean() == pytest.approx(0.9, abs=0.06)
    assert left_out_coverage(louder, np.ones(8), old, 0.9).mean() < 0.95
    assert np.isnan(left_out_coverage(np.full((1, 2, 3), np.nan), np.ones(1), old[:1], 0.9)).all()


def test_heavy_tails_of_the_panel_widen_the_outer_quantiles() -> None:
    rng = np.random.default_rng(6)
    normal = np.abs(rng.normal(size=(40, 10, 6)))
    heavy = np.abs(rng.standard_t(2.5, size=(40, 10, 6)))
    q = [Pool(each / each.mean(), np.ones((40, 10))).quantiles()[GRID == 0.975][0] for each in (normal, heavy)]
    assert q[1] > 1.15 * q[0]


def test_weights_count_from_the_last_origin_of_each_series() -> None:
    errors = np.ones((3, 5, 2))
    errors[1, 3:] = np.nan
    errors[2] = np.nan
    weights = recency(errors)
    np.testing.assert_allclose(weights[0], 0.5 ** (np.array([4, 3, 2, 1, 0]) / 12))
    np.testing.assert_allclose(weights[1, :3], weights[0, 2:])
    assert np.isfinite(weights).all()


def test_a_series_that_has_calmed_down_gets_a_narrower_band_than_one_that_has_woken_up() -> None:
    calmer = walks(9, 6, 24, 6) * np.linspace(3, 1, 24)[None, :, None]
    sigma = [scale_of(each, np.ones(6)).mean() for each in (calmer, calmer[:, ::-1])]
    assert sigma[0] < 0.9 * sigma[1]
    assert scale_of(calmer, np.ones(6)).mean() < all_sums(calmer, np.ones((6, 24))).scale(np.ones(6)).mean()


def test_quantiles_of_standardised_errors_are_antisymmetric() -> None:
    q = Pool(np.abs(walks(7, 5, 10, 6)), np.ones((5, 10))).quantiles()
    u = np.linspace(0.01, 0.99, 99)
    np.testing.assert_allclose(quantile_at(u, q), -quantile_at(1 - u, q), atol=1e-12)


def test_errors_of_a_lucky_candidate_are_raised_to_those_of_the_combination() -> None:
    combination = walks(8, 3, 6, 4)
    chosen = combination * np.array([0.9, 0.1, 1.5])[:, None, None]
    out = sobered(chosen, combination)
    np.testing.assert_allclose(out[0], combination[0])
    np.testing.assert_allclose(out[1], 1.3 * chosen[1])
    np.testing.assert_array_equal(out[2], chosen[2])

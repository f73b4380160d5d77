"""Capacity apart from value added, and what evidence does to it."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.projection import Assumptions, log_rate, price_leak
from forecasting.projection._capacity import capacity_basis, kappa
from forecasting.projection._draws import Uniforms, Values, sobol_points
from forecasting.projection._questions import Evidence
from forecasting.projection._schema import draw_blocks, expected_parameters
from tests.projection.conftest import Simulated, fixed


@pytest.fixture(scope="module")
def values(assumptions: Assumptions, calibration) -> Values:
    blocks = draw_blocks(assumptions.structure)
    uniforms = Uniforms(blocks, sobol_points(len(blocks) + 1, 1024, 3), 3)
    return Values(assumptions.scenarios["baseline_mixture"].parameters, uniforms, calibration, "test")


def test_the_price_leak_of_2022_is_three_quarters() -> None:
    assert f"{price_leak(60.6, 27.1, 98.0, 134.0):.2f}" == "0.75"


@pytest.mark.parametrize(
    ("value_added", "observed", "expected"),
    [(60.6, 25.0, "0.47"), (60.6, 27.1, "0.51"), (16.8, 14.3, "0.86")],
)
def test_kappa_of_the_published_episodes(value_added, observed, expected) -> None:
    assert f"{float(log_rate(observed) / log_rate(value_added)):.2f}" == expected


def test_with_value_added_only_the_posterior_is_the_prior_and_rows_say_so(values: Values, assumptions, outcome) -> None:
    np.testing.assert_array_equal(kappa(values, []), values("capacity.kappa"))
    assert capacity_basis([]) == "prior_only"
    alone = outcome(assumptions, "indicator_only")
    np.testing.assert_array_equal(alone.kappa, alone.drawn("capacity.kappa"))
    assert alone.capacity_basis == "prior_only"


def test_tonnes_and_quotas_move_kappa_towards_what_they_say(values: Values) -> None:
    low = kappa(values, [Evidence("output", 60.6, 27.1, 0.02)])
    high = kappa(values, [Evidence("quota", 16.8, 14.3, 0.02)])
    prior = values("capacity.kappa")
    assert np.median(low) < np.median(prior) < np.median(high)
    assert low.std() < prior.std()
    assert (np.argsort(low) == np.argsort(prior)).all()  # draws stay paired
    assert capacity_basis([Evidence("quota", 1, 1, 1)]) == "quota_anchored"
    assert capacity_basis([Evidence("quota", 1, 1, 1), Evidence("output", 1, 1, 1)]) == "output_anchored"


def test_sure_evidence_without_difference_between_episodes_fixes_kappa(assumptions, values, calibration) -> None:
    sure = fixed(assumptions, capacity__between_episodes=0.0).scenarios["baseline_mixture"].parameters
    found = kappa(Values(sure, values.uniforms, calibration, "test"), [Evidence("output", 60.6, 27.1, 1e-3)])
    expected = np.log(1.271) / np.log(1.606)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_output_is_capacity_times_utilisation_between_its_bounds(assumptions, outcome: Simulated) -> None:
    for seed in (1, 2):
        for key in assumptions.scenarios:
            result = outcome(assumptions, key, seed=seed, draws=64)
            used = result.utilisation
            assert (used > 0.5).all()
            assert (used < 1).all()
            assert result.capacity[0].tolist() == [100.0] * 64


def test_capacity_never_outgrows_its_limit_and_shrinks_by_scrapping_at_most(
    assumptions, make_paths, outcome: Simulated
) -> None:
    wild = make_paths(spread=0.8)
    result = outcome(assumptions, given=wild)
    rate = 12 * np.diff(np.log(result.capacity), axis=0)
    assert (rate <= log_rate(25.0) + 1e-12).all()
    assert (rate >= np.log1p(-result.drawn("capacity.scrapping") / 100) - 1e-12).all()


def test_scrapping_of_zero_never_lets_capacity_shrink_and_none_at_all_lets_it_follow(
    assumptions, make_paths, outcome: Simulated
) -> None:
    wild = make_paths(spread=0.8)
    rates = {}
    default = expected_parameters(assumptions.structure)["capacity.scrapping"].default
    for scrapping in (0.0, 0.1, default):
        result = outcome(fixed(assumptions, capacity__scrapping=scrapping), given=wild)
        rates[scrapping] = 12 * np.diff(np.log(result.capacity), axis=0)
    assert rates[0.0].min() >= -1e-12
    assert rates[0.1].min() == pytest.approx(np.log(0.999))
    assert rates[default].min() < np.log(0.5)


def test_plants_open_a_gestation_later(assumptions, outcome: Simulated) -> None:
    soon, late = (outcome(fixed(assumptions, capacity__gestation=lag)) for lag in (0.0, 24.0))
    rate_soon, rate_late = (12 * np.diff(np.log(item.capacity), axis=0) for item in (soon, late))
    np.testing.assert_allclose(rate_late[24:], rate_soon[:-24], rtol=1e-9)


def test_the_nation_follows_the_city_by_its_share(assumptions, outcome: Simulated) -> None:
    alone = fixed(assumptions, capacity__region_share=1.0)
    result = outcome(alone)
    np.testing.assert_allclose(result.nation_capacity, result.capacity, rtol=1e-12)
    still = outcome(fixed(assumptions, capacity__region_share=0.7, capacity__other_growth=0.0))
    np.testing.assert_allclose(np.log(still.nation_capacity / 100), 0.7 * np.log(still.capacity / 100), rtol=1e-9)


def test_the_rest_of_the_nation_grows_at_its_own_rate_that_fades_as_the_producers_does(
    assumptions, outcome: Simulated
) -> None:
    result = outcome(fixed(assumptions, capacity__region_share=0.25, capacity__other_growth=8.0))
    half_life = 12 * result.drawn("growth.half_life", f"indicators.{assumptions.structure.producer}")
    city, nation = (12 * np.diff(np.log(item), axis=0) for item in (result.capacity, result.nation_capacity))
    rest = log_rate(8.0) * 0.5 ** (np.arange(1, 121)[:, None] / half_life)
    np.testing.assert_allclose(nation, 0.25 * city + 0.75 * rest, rtol=1e-9, atol=1e-12)


def test_utilisation_starts_at_its_mean_and_keeps_to_its_persistence_and_spread(
    assumptions, outcome: Simulated
) -> None:
    bounds = {"capacity__utilisation_low": 0.5, "capacity__utilisation_mean": 0.7, "capacity__utilisation_high": 1.0}
    moves = {"capacity__utilisation_persistence": 0.9, "capacity__utilisation_spread": 0.4}
    used = outcome(fixed(assumptions, **bounds, **moves), draws=1024).utilisation
    state = np.log((used - 0.5) / (1.0 - used)) - np.log((0.7 - 0.5) / (1.0 - 0.7))
    np.testing.assert_allclose(used[0], 0.7)
    assert state[1].std() == pytest.approx(0.4 * np.sqrt(1 - 0.9**2), rel=0.06)
    assert state[60:].std() == pytest.approx(0.4, rel=0.03)
    np.testing.assert_allclose(state[60:].mean(), 0.0, atol=0.02)
    assert np.corrcoef(state[60:-1].ravel(), state[61:].ravel())[0, 1] == pytest.approx(0.9, abs=0.01)

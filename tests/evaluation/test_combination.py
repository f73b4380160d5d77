from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.evaluation._backtest import Paths
from forecasting.evaluation._combination import by_horizon, combination_weights, combined, convex, members, weighted

ALL = np.array([True, True, True])
NONE = ~ALL


def paths(errors: np.ndarray, key: int = 0) -> Paths:
    """Forecasts of nothing with given errors (M, O, H), one origin a month, all figures known."""
    models, origins, steps = errors.shape
    ends = np.arange(20, 20 + origins)
    return Paths(
        ends, np.arange(key + origins, key, -1), np.zeros((origins, steps)), errors, np.zeros((models, steps)), (),
        np.zeros(models, dtype=int),
    )  # fmt: skip


def noise(seed: int, scales: tuple[float, ...], origins: int = 24, steps: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.stack([scale * rng.normal(size=(origins, steps)) for scale in scales])


@settings(max_examples=60)
@given(arrays(np.float64, (4, 9), elements=st.floats(-50, 50)), arrays(np.float64, 4, elements=st.floats(0.0, 1.0)))
def test_no_convex_weights_are_better_than_the_stacks(errors: np.ndarray, other: np.ndarray) -> None:
    gram = errors @ errors.T
    weights = convex(gram)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    ridged = gram + np.trace(gram) / 4 * np.eye(4)
    other = other / other.sum() if other.sum() > 0 else np.full(4, 0.25)
    assert weights @ ridged @ weights <= other @ ridged @ other + 1e-7 * max(1.0, np.trace(gram))


def test_where_nothing_is_known_all_models_weigh_the_same() -> None:
    inverse, stack = combination_weights([paths(noise(1, (1, 2, 3)))], ALL, NONE)
    for weights in (inverse[0], stack[0]):
        np.testing.assert_allclose(weights[0], 1 / 3)
        assert not np.allclose(weights[-1], 1 / 3)
        np.testing.assert_allclose(weights.sum(axis=1), 1)


def test_the_better_model_weighs_more_and_the_more_so_the_more_is_known() -> None:
    inverse, stack = combination_weights([paths(noise(2, (1, 1, 5)))], ALL, NONE)
    for weights in (inverse[0], stack[0]):
        assert weights[-1, 2] < weights[-1, :2].min()
        assert weights[-1, 2] < weights[5, 2] < 1 / 3


def test_the_stack_of_a_short_series_leans_on_the_panel() -> None:
    rich = [paths(noise(seed, (1, 1, 6))) for seed in range(30)]
    poor = paths(noise(99, (60, 1, 1), origins=2, steps=1))
    alone = combination_weights([poor], ALL, NONE)[1][0][-1]
    among = combination_weights([*rich, poor], ALL, NONE)[1][-1][-1]
    assert alone[0] < alone[2]
    assert among[0] > among[2]


def test_models_outside_have_no_weight_and_a_failed_one_gives_its_weight_to_the_others() -> None:
    errors = noise(3, (1, 2, 3))
    inside = np.array([True, False, True])
    one = paths(errors)
    one.final[:] = np.array([[1.0], [50.0], [4.0]])
    inverse, stack = combination_weights([one], inside, NONE)
    assert (inverse[0][:, 1] == 0).all()
    weights = [inverse[0][:, :, None], stack[0][:, :, None]]
    _, final = combined(one, inside, weights)
    assert ((final > 1) & (final < 4)).all()
    one.final[2] = np.nan
    _, final = combined(one, inside, weights)
    np.testing.assert_allclose(final, 1.0)


def test_a_model_that_fails_at_some_origins_is_weighed_by_the_others() -> None:
    errors = noise(4, (1, 1, 1))
    errors[1, ::2] = np.nan
    inverse, stack = combination_weights([paths(errors)], ALL, NONE)
    for weights in (inverse[0], stack[0]):
        assert np.isfinite(weights).all()
        assert weights[-1].min() > 0.2


def test_nothing_is_combined_where_no_model_with_a_weight_is_there() -> None:
    table = np.array([[np.nan, np.nan], [1.0, 2.0]])
    assert np.isnan(weighted(table, np.array([[1.0], [0.0]]))).all()
    np.testing.assert_array_equal(weighted(table, np.array([[0.5], [0.5]])), [1.0, 2.0])
    assert np.isnan(weighted(table, np.array([[1.0, 0.5], [0.0, 0.5]]))).all()


NAMES = ["seasonal_naive", "arima", "auto_ces", "growth_ses", "headline_mean", "last_resort"]
H = 24


@pytest.mark.parametrize("m", [11, 12])
def test_by_horizon_the_headlines_model_has_the_next_steps_and_level_models_most_from_a_year_on(m: int) -> None:
    known = np.array([2 * m, 3 * m, 3 * m + m // 2, 4 * m, 9 * m])
    weights = by_horizon(NAMES, members(NAMES), known, m, H)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert weights.min() >= 0
    assert (weights[:, [0, 3, 5]] == 0).all()
    np.testing.assert_array_equal(weights[:, 1], weights[:, 2])
    near = weights[:, 4]
    assert (near[:, :3] == 1).all()
    assert (near[:2] == 1).all(), "three years of history are too few"
    assert (near[2, 3:] < 1).all()
    assert (np.diff(near[3:, 2:m], axis=1) < 0).all()
    np.testing.assert_allclose(near[3:, m - 1 :], 0.25)
    np.testing.assert_array_equal(near[3], near[4])
    np.testing.assert_allclose(1 - near[2], (1 - near[4]) * (m // 2 / m))


def test_by_horizon_nothing_is_forecast_without_the_headlines_model_and_it_alone_without_others() -> None:
    one = paths(np.zeros((6, 4, H)))
    one.final[:] = np.arange(6.0)[:, None]
    weights = by_horizon(NAMES, members(NAMES), np.append(one.ends, 120), 12, H)
    final = combined(one, members(NAMES), [weights])[1][1]
    np.testing.assert_allclose(final[[0, 1, 2, H - 1]], [4, 4, 4, 0.25 * 4 + 0.75 * 1.5])
    one.final[1:3] = np.nan
    np.testing.assert_allclose(combined(one, members(NAMES), [weights])[1][1], 4)
    one.final[1:3] = 1.0
    one.final[4] = np.nan
    assert np.isnan(combined(one, members(NAMES), [weights])[1][1]).all()


def test_baselines_and_the_last_resort_are_combined_only_where_there_is_nothing_else() -> None:
    np.testing.assert_array_equal(members(["seasonal_naive", "arima", "last_resort"]), [False, True, False])
    np.testing.assert_array_equal(members(["seasonal_naive", "random_walk_drift", "last_resort"]), [True, True, False])

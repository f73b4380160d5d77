from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.evaluation._backtest import Paths
from forecasting.evaluation._combination import (
    by_horizon,
    combination_weights,
    combined,
    convex,
    is_young,
    members,
    weighted,
)

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


def together(one: Paths) -> np.ndarray:
    """Forecasts from all origins and from the end, shape (M, O + 1, H)."""
    return np.concatenate([one.forecast, one.final[:, None]], axis=1)


def everywhere(inside: np.ndarray, one: Paths) -> np.ndarray:
    """The same models at all origins and the end, shape (O + 1, M)."""
    return np.broadcast_to(inside, (len(one.ends) + 1, len(inside)))


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
        assert not np.allclose(weights[1], 1 / 3), "a figure has come since"
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
    past = np.zeros((25, 12))
    final = combined(together(one), everywhere(inside, one), weights, past)[:, -1]
    assert ((final > 1) & (final < 4)).all()
    one.final[2] = np.nan
    final = combined(together(one), everywhere(inside, one), weights, past)[:, -1]
    np.testing.assert_allclose(final, 1.0)


def test_a_model_that_fails_at_some_origins_is_weighed_by_the_others() -> None:
    errors = noise(4, (1, 1, 1))
    errors[1, ::2] = np.nan
    inverse, stack = combination_weights([paths(errors)], ALL, NONE)
    for weights in (inverse[0], stack[0]):
        assert np.isfinite(weights).all()
        assert weights[-1].min() > 0.2


def test_nothing_is_combined_where_no_model_with_a_weight_is_there() -> None:
    table, past = np.array([[np.nan, np.nan], [1.0, 2.0]]), np.zeros(12)
    assert np.isnan(weighted(table, np.array([[1.0], [0.0]]), past)).all()
    np.testing.assert_array_equal(weighted(table, np.array([[0.5], [0.5]]), past), [1.0, 2.0])
    assert np.isnan(weighted(table, np.array([[1.0, 0.5], [0.0, 0.5]]), past)).all()


def test_weights_by_step_weigh_growth_on_the_year_before() -> None:
    rng = np.random.default_rng(6)
    table, past = rng.normal(size=(3, 5, 30)), rng.normal(size=(5, 12))
    alike = np.broadcast_to(np.array([0.2, 0.3, 0.5])[:, None, None], (3, 5, 30))
    np.testing.assert_allclose(weighted(table, alike, past), weighted(table, alike[..., :1], past), rtol=1e-9)
    line = np.concatenate([np.broadcast_to(past, (3, 5, 12)), table], axis=-1)
    moving = rng.dirichlet(np.ones(3), size=(5, 30)).transpose(2, 0, 1)
    out = np.concatenate([past, weighted(table, moving, past)], axis=-1)
    expected = (moving * (line[..., 12:] - line[..., :-12])).sum(axis=0)
    np.testing.assert_allclose(out[..., 12:] - out[..., :-12], expected)
    short = np.where(np.arange(12) < 3, np.nan, past)
    assert np.isnan(weighted(table, moving, short)).all()
    np.testing.assert_array_equal(weighted(table, alike[..., :1], short), weighted(table, alike[..., :1], past))


NAMES = ["seasonal_naive", "arima", "auto_ces", "growth_ses", "headline_mean", "last_resort"]
H = 24


@pytest.mark.parametrize("m", [11, 12])
def test_by_horizon_the_headlines_model_has_the_next_steps_and_level_models_all_from_a_year_on(m: int) -> None:
    known = np.array([2 * m, 3 * m, 3 * m + m // 2, 4 * m, 9 * m])
    there = np.broadcast_to(members(NAMES), (5, 6))
    weights = by_horizon(NAMES, there, known, m, H)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert weights.min() >= 0
    assert (weights[:, [0, 3, 5]] == 0).all()
    np.testing.assert_array_equal(weights[:, 1], weights[:, 2])
    near = weights[:, 4]
    assert (near[:, :3] == 1).all()
    assert (near[:2] == 1).all(), "three years of history are too few"
    assert (near[2, 3:] < 1).all()
    assert (np.diff(near[3:, 2:m], axis=1) < 0).all()
    np.testing.assert_allclose(near[3:, m - 1 :], 0.0)
    np.testing.assert_array_equal(near[3], near[4])
    np.testing.assert_allclose(1 - near[2], (1 - near[4]) * (m // 2 / m))
    alone = by_horizon(NAMES, there & (np.array(NAMES) == "headline_mean"), known, m, H)
    assert (alone[:, 4] == 1).all()
    assert alone.sum() == 5 * H


@pytest.mark.parametrize("m", [11, 12])
def test_by_horizon_the_last_year_has_half_of_what_level_models_are_not_granted(m: int) -> None:
    names = [*NAMES, "last_year"]
    known = np.array([m + 2, 3 * m, 3 * m + m // 2, 4 * m])
    weights = by_horizon(names, np.broadcast_to(members(names), (4, 7)), known, m, H)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_allclose(weights[:, 6, -1], [0.5, 0.5, 0.5 * (1 - (m // 2) / m), 0])
    np.testing.assert_allclose(weights[:, 4, -1], weights[:, 6, -1])
    assert (weights[:, 4, :3] == 1).all()
    usual = by_horizon(NAMES, np.broadcast_to(members(NAMES), (4, 6)), known, m, H)
    np.testing.assert_array_equal(weights[3, :6], usual[3])


def test_by_horizon_nothing_is_forecast_without_the_headlines_model() -> None:
    one, past = paths(np.zeros((6, 4, H))), np.zeros((5, 12))
    one.final[:] = np.arange(6.0)[:, None]
    weights = by_horizon(NAMES, np.broadcast_to(members(NAMES), (5, 6)), np.append(one.ends, 120), 12, H)
    final = combined(together(one), everywhere(members(NAMES), one), [weights], past)[1, -1]
    np.testing.assert_allclose(final[[0, 1, 2, 11]], [4, 4, 4, 1.5])
    np.testing.assert_allclose(final[12:], final[:12], atol=1e-12)  # neither kind expects any growth in the second year
    one.final[4] = np.nan
    assert np.isnan(combined(together(one), everywhere(members(NAMES), one), [weights], past)[1, -1]).all()


@pytest.mark.parametrize("m", [11, 12])
def test_a_history_is_young_for_two_years_and_four_months(m: int) -> None:
    assert is_young(np.array([8, 2 * m + 3, 2 * m + 4, 10 * m]), m).tolist() == [True, True, False, False]

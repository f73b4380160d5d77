from __future__ import annotations

import numpy as np
import pytest

from forecasting.evaluation._bands import GRID, LEVELS, Bands, error_bands, quantile_at
from forecasting.evaluation._draws import JointDraws


def correlated(seed: int, origins: int = 10, steps: int = 12) -> np.ndarray:
    """Errors of two series that move together and a third that does not."""
    rng = np.random.default_rng(seed)
    a, b, c = rng.normal(size=(3, origins, steps)).cumsum(axis=2)
    return np.stack([a, 0.95 * a + 0.3 * b, c])


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    ranks = [np.argsort(np.argsort(x)) for x in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])


def joint_draws(names, errors, keys, bands, horizons, draws, seed) -> list[np.ndarray]:
    every = JointDraws(names, errors, keys, bands, horizons, draws, seed)
    return [every.of(i) for i in range(len(names))]


def draw(errors: np.ndarray, keys: list[np.ndarray] | None = None, **changes: int) -> list[np.ndarray]:
    size, origins, steps = errors.shape
    bands = error_bands(errors, np.ones(size), np.ones(size, dtype=bool))
    keys = keys or [np.arange(origins)[::-1]] * size
    options = {"draws": 2000, "seed": 1, **changes}
    names = [f"s{i}" for i in range(size)]
    return joint_draws(names, errors, keys, bands, [steps] * size, options["draws"], options["seed"])


def test_series_whose_past_errors_came_together_are_drawn_together() -> None:
    a, b, c = draw(correlated(0))
    assert spearman(a[:, 5], b[:, 5]) > 0.7
    assert abs(spearman(a[:, 5], c[:, 5])) < 0.6


def test_errors_of_neighbouring_steps_are_drawn_together() -> None:
    a = draw(correlated(1))[0]
    assert spearman(a[:, 5], a[:, 6]) > 0.7
    assert spearman(a[:, 5], a[:, 6]) > spearman(a[:, 0], a[:, 11])


def test_dependence_lasts_beyond_the_steps_that_recent_origins_know() -> None:
    errors = correlated(2)
    for o in range(10):
        errors[:, o, 1 + (9 - o) :] = np.nan
    a, b, _ = draw(errors)
    assert spearman(a[:, 8], b[:, 8]) > 0.6
    assert spearman(a[:, 8], a[:, 9]) > 0.7


@pytest.mark.parametrize("draws", [500, 1001, 4000])
def test_quantiles_of_the_draws_are_those_of_the_bands(draws: int) -> None:
    errors = correlated(3)
    bands = error_bands(errors, np.ones(3), np.ones(3, dtype=bool))
    for i, each in enumerate(draw(errors, draws=draws)):
        table = np.quantile(each, LEVELS, axis=0)
        expected = quantile_at(np.array(LEVELS), bands.quantiles[i])[:, None] * bands.sigma[i]
        np.testing.assert_allclose(table, expected, atol=0.04 * bands.sigma[i].max())
        assert np.abs(table[4]).max() < 1e-9


def test_a_series_draws_the_same_whoever_else_is_in_the_panel_and_another_with_another_seed() -> None:
    errors = correlated(4)
    bands = error_bands(errors, np.ones(3), np.ones(3, dtype=bool))
    keys = [np.arange(10)] * 3
    three = joint_draws(["a", "b", "c"], errors, keys, bands, [12, 12, 6], 300, 5)
    alone = joint_draws(["b"], errors[1:2], keys[1:2], Bands(bands.sigma[1:2], bands.quantiles[1:2]), [12], 300, 5)
    np.testing.assert_array_equal(three[1], alone[0])
    assert three[2].shape == (300, 6)
    assert not np.array_equal(joint_draws(["b"], errors[1:2], keys[1:2], bands, [12], 300, 6)[0], alone[0])


def test_series_with_other_dates_or_none_are_drawn_too() -> None:
    errors = correlated(5)
    errors[1, 4:] = np.nan
    errors[2] = np.nan
    keys = [np.arange(10)[::-1], np.array([40, 30, 20, 5]), np.zeros(0, dtype=int)]
    for each in draw(errors, keys):
        assert np.isfinite(each).all()
        assert (each.std(axis=0) > 0).all()
    assert len(GRID) == len(np.unique(GRID))


def test_a_single_date_tells_what_moves_together_and_what_against_each_other() -> None:
    path = 1 + np.random.default_rng(6).random(size=(1, 12)).cumsum(axis=1)
    a, b, c = draw(np.stack([path, 2 * path, -path]))
    assert spearman(a[:, 5], b[:, 5]) > 0.6
    assert spearman(a[:, 5], c[:, 5]) < -0.6
    assert spearman(a[:, 0], a[:, 11]) > 0.6


def test_a_date_of_which_a_series_has_no_error_orders_none_of_its_draws() -> None:
    errors = correlated(7)
    errors[0, 1:] = np.nan
    keys = [np.arange(10)] * 3
    for each in draw(errors, keys)[0].T:
        assert abs(spearman(each, np.arange(2000))) < 0.1


def test_beyond_what_any_date_knows_paths_go_on_like_a_random_walk() -> None:
    errors = np.random.default_rng(8).normal(size=(1, 200, 12))
    errors[:, :, 2:] = np.nan
    (a,) = draw(errors)
    for h in (3, 4, 8, 12):
        assert spearman(a[:, 1], a[:, h - 1]) == pytest.approx(np.sqrt(2 / h), abs=0.1)


def test_beyond_what_a_date_knows_paths_go_on_along_those_that_know_more() -> None:
    rng = np.random.default_rng(9)
    a, b = np.full((2, 40, 12), np.nan)
    a[:, 0], b[:, 0] = rng.normal(size=(2, 40))
    a[:2], b[:2] = np.arange(1, 13), np.arange(1, 13)
    alike, apart = np.stack([a, b]), np.stack([a, b])
    apart[1, 1] *= -1  # of the two that know all, one says the same and the other the opposite
    together, not_so = draw(alike), draw(apart)
    assert spearman(together[0][:, 11], together[1][:, 11]) > 0.6
    assert abs(spearman(not_so[0][:, 11], not_so[1][:, 11])) < 0.2


def test_draws_are_in_the_unit_of_the_errors() -> None:
    errors = correlated(10)
    errors[:, :5, 4:] = np.nan
    bands = error_bands(errors, np.ones(3), np.ones(3, dtype=bool))
    small = Bands(1e-3 * bands.sigma, bands.quantiles)
    names, keys, steps = ["a", "b", "c"], [np.arange(10)] * 3, [12] * 3
    usual, other = (
        joint_draws(names, scale * errors, keys, each, steps, 300, 5) for scale, each in ((1.0, bands), (1e-3, small))
    )
    for one, another in zip(usual, other, strict=True):
        np.testing.assert_allclose(1e-3 * one, another, rtol=1e-9)

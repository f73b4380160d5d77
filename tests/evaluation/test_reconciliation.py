from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.errors import InputError
from forecasting.evaluation import reconcile
from forecasting.evaluation._reconciliation import _shrunk_covariance

TREE = {"all": {"north": 0.3, "south": 0.7}, "north": {"city": 0.5, "land": 0.5}}


def base(seed: int = 0, count: int = 400, steps: int = 3) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    sizes = {"all": 105.0, "north": 98.0, "south": 107.0, "city": 90.0, "land": 110.0, "else": 5.0}
    common = rng.normal(size=(count, steps))
    return {name: size + 3 * common + 2 * rng.normal(size=(count, steps)) for name, size in sizes.items()}


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(-2, 2), st.floats(0.01, 5))
def test_every_parent_is_the_weighted_sum_of_its_children_in_every_draw(seed: int, one: float, two: float) -> None:
    tree = {"all": {"north": one, "south": two}, "north": {"city": two, "land": 0.5}}
    out = reconcile(base(seed, count=50), tree)
    for parent, children in tree.items():
        expected = sum(weight * out[child] for child, weight in children.items())
        np.testing.assert_allclose(out[parent], expected, rtol=1e-12, atol=1e-12)


def test_draws_that_add_up_stay_as_they_are_and_untied_series_too() -> None:
    draws = base()
    draws["north"] = 0.5 * draws["city"] + 0.5 * draws["land"]
    draws["all"] = 0.3 * draws["north"] + 0.7 * draws["south"]
    out = reconcile(draws, TREE)
    for name, each in draws.items():
        np.testing.assert_allclose(out[name], each, rtol=1e-9)
    assert out["else"] is draws["else"]
    assert reconcile(draws, {}) == draws


def test_the_surer_series_moves_less() -> None:
    rng = np.random.default_rng(1)
    draws = {
        "sum": 30 + 0.1 * rng.normal(size=(2000, 1)),
        "sure": 10 + 0.1 * rng.normal(size=(2000, 1)),
        "unsure": 10 + 5.0 * rng.normal(size=(2000, 1)),
    }
    out = reconcile(draws, {"sum": {"sure": 1.0, "unsure": 1.0}})
    assert out["sure"].mean() == pytest.approx(10, abs=0.1)
    assert out["unsure"].mean() == pytest.approx(20, abs=0.2)
    assert out["unsure"].std() < 0.3  # what the sure ones leave of it


def test_reconciled_means_are_more_accurate_than_the_base_ones() -> None:
    rng = np.random.default_rng(3)
    before, after = [], []
    for _ in range(200):
        miss = {name: rng.normal() for name in ("north", "south")} | {"all": rng.normal()}
        draws = {name: shift + rng.normal(size=(200, 1)) for name, shift in miss.items()}  # the truth is zero
        out = reconcile(draws, {"all": {"north": 1.0, "south": 1.0}})
        before.append([draws[name].mean() ** 2 for name in miss])
        after.append([out[name].mean() ** 2 for name in miss])
    assert (np.mean(after, axis=0) < 0.8 * np.mean(before, axis=0)).all()


def test_series_that_are_never_negative_stay_so_and_still_add_up() -> None:
    rng = np.random.default_rng(2)
    draws = {name: np.exp(rng.normal(size=(300, 2))) for name in ("a", "b", "c")}
    draws["a"][0] = 0.0
    draws["sum"] = 0.2 * np.exp(rng.normal(size=(300, 2)))
    tree = {"sum": {"a": 1.0, "b": 1.0, "c": 1.0}}
    out = reconcile(draws, tree)
    assert min(each.min() for each in out.values()) == 0
    np.testing.assert_allclose(out["sum"], out["a"] + out["b"] + out["c"])
    small = reconcile({name: 1e-3 * each for name, each in draws.items()}, tree)  # another unit
    for name, each in out.items():
        np.testing.assert_allclose(small[name], 1e-3 * each, atol=1e-12)


@pytest.mark.parametrize(
    ("identities", "message"),
    [
        ({"all": {"nowhere": 1.0}}, "all: nowhere has no draws"),
        ({"all": {}}, "all: no children"),
        ({"all": {"north": float("nan")}}, "all: the weight of north is not a finite number"),
        ({"all": {"north": 1.0}, "north": {"all": 1.0}}, "a series is its own descendant"),
        ({"all": {"short": 1.0}}, r"shapes \[\(400, 2\), \(400, 3\)\]"),
    ],
)
def test_identities_that_make_no_sense_are_refused(identities: dict[str, dict[str, float]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        reconcile(base() | {"short": np.ones((400, 2))}, identities)


def test_the_zero_constrained_form_is_the_generalised_least_squares_of_the_bottom_series() -> None:
    draws = base(7)
    out = reconcile(draws, TREE)
    names = ("all", "north", "city", "land", "south")
    summing = np.array([[0.15, 0.15, 0.7], [0.5, 0.5, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    for h in range(3):
        y = np.stack([draws[name][:, h] for name in names])
        inverse = np.linalg.inv(_shrunk_covariance(y))
        bottom = np.linalg.solve(summing.T @ inverse @ summing, summing.T @ inverse @ y)
        np.testing.assert_allclose([out[name][:, h] for name in names], summing @ bottom, rtol=1e-8)


@pytest.mark.parametrize("size", [2, 4])
def test_correlations_are_shrunk_by_the_variance_of_their_estimates_over_their_squares(size: int) -> None:
    """Schäfer and Strimmer (2005), section 3: on standardised values, one pair at a time."""
    rng = np.random.default_rng(5)
    count = 40
    values = np.cumsum(rng.normal(size=(4, count)) * np.array([[1.0], [2.0], [5.0], [0.5]]), axis=0)[:size]
    z = (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
    pairs = [(i, j) for i in range(size) for j in range(size) if i != j]
    share = sum(np.var(z[i] * z[j], ddof=1) / count for i, j in pairs) / sum(
        np.mean(z[i] * z[j]) ** 2 for i, j in pairs
    )
    assert 0.05 < share < 0.5
    expected = np.cov(values, ddof=0)
    expected = np.where(np.eye(size, dtype=bool), expected, (1 - share) * expected)
    np.testing.assert_allclose(_shrunk_covariance(values), expected, rtol=1e-10)


def test_correlations_that_may_be_chance_alone_count_as_none() -> None:
    values = np.random.default_rng(1).normal(size=(2, 50))
    np.testing.assert_allclose(_shrunk_covariance(values), np.diag(values.var(axis=1)), rtol=1e-12, atol=0)


def test_a_series_that_is_known_exactly_stays_and_the_others_make_up_for_it() -> None:
    draws = base(3)
    draws["north"] = np.full((400, 3), 98.0)
    out = reconcile(draws, {"all": {"north": 0.3, "south": 0.7}})
    np.testing.assert_allclose(out["north"], 98.0, rtol=1e-12)
    np.testing.assert_allclose(out["all"], 0.3 * 98.0 + 0.7 * out["south"])
    assert not np.allclose(out["south"], draws["south"])
    every = {name: np.full((400, 3), each.mean().round()) for name, each in draws.items()}
    out = reconcile(every, {"all": {"north": 0.3, "south": 0.7}})
    for name in ("north", "south"):
        np.testing.assert_array_equal(out[name], every[name])
    np.testing.assert_allclose(out["all"], 0.3 * every["north"] + 0.7 * every["south"])

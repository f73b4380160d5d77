from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting.errors import ModelError
from forecasting.models import PANEL_MODELS, History, PanelModel, PanelState
from forecasting.models._windows import windows

MODEL = PANEL_MODELS["pooled_boosting"]
H = 12


def grown(seed: int, n: int = 96, season_length: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A season, and growth that fades as it does in every series of the panel; with the year that follows."""
    rng = np.random.default_rng(seed)
    season = rng.normal(scale=0.1, size=season_length)
    slope, z = 0.0, np.zeros(n + H)
    for t in range(1, n + H):
        slope = 0.8 * slope + rng.normal(scale=0.01)
        z[t] = z[t - 1] + slope
    z += season[np.arange(n + H) % season_length] + rng.normal(scale=0.005, size=n + H) + rng.normal(scale=3)
    return z[:n], z[n:]


@pytest.fixture(scope="module")
def panel() -> list[tuple[np.ndarray, np.ndarray]]:
    return [grown(seed) for seed in range(60)]


@pytest.fixture(scope="module")
def histories(panel: list[tuple[np.ndarray, np.ndarray]]) -> list[History]:
    return [History(z, 12, relative=True) for z, _ in panel]


@pytest.fixture(scope="module")
def learnt(histories: list[History]) -> PanelState:
    return MODEL.fit(histories, H)


def test_it_learns_what_the_series_have_in_common(panel, histories, learnt: PanelState) -> None:
    assert isinstance(MODEL, PanelModel)
    paths = np.array(learnt.forecast(histories, H))
    came = np.array([future for _, future in panel])
    naive = np.array([z[-12:] for z, _ in panel])
    assert np.abs(came - paths).mean() < 0.8 * np.abs(came - naive).mean()


def test_it_forecasts_series_that_it_has_not_learnt_from(learnt: PanelState) -> None:
    fresh = [grown(seed) for seed in range(200, 230)]
    paths = np.array(learnt.forecast([History(z, 12, relative=True) for z, _ in fresh], H))
    came, naive = np.array([future for _, future in fresh]), np.array([z[-12:] for z, _ in fresh])
    assert np.abs(came - paths).mean() < 0.8 * np.abs(came - naive).mean()


def test_the_same_panel_is_learnt_in_the_same_way(histories: list[History], learnt: PanelState) -> None:
    again = MODEL.fit(histories, H).forecast(histories[:5], H)
    np.testing.assert_array_equal(np.array(again), np.array(learnt.forecast(histories[:5], H)))


def test_too_few_series_teach_nothing(histories: list[History]) -> None:
    young = [replace(each, z=each.z[-30:]) for each in histories[49:]]
    with pytest.raises(ModelError, match="too few series of three years to learn across the panel; 50 are needed"):
        MODEL.fit([*histories[:49], *young], H)


def test_what_cannot_be_looked_at_is_refused_one_by_one(histories: list[History], learnt: PanelState) -> None:
    short = History(np.arange(24.0), 12, relative=False)
    repeated = History(np.tile(np.arange(12.0), 5), 12, relative=False)
    first, second, third = learnt.forecast([short, histories[0], repeated], 3)
    assert str(first) == "pooled_boosting: 24 observations; more than two years of 12 periods are needed"
    assert np.isfinite(np.asarray(second)).all()
    assert "every year repeats the one before" in str(third)


def test_years_of_eleven_periods_are_learnt_beside_those_of_twelve(histories: list[History]) -> None:
    eleven = [History(grown(seed, 88, 11)[0], 11, relative=True) for seed in range(5)]
    paths = MODEL.fit([*histories, *eleven], 11).forecast([*eleven, *histories[:5]], 11)
    for path, history in zip(paths, [*eleven, *histories[:5]], strict=True):
        assert np.abs(path - history.z[-history.season_length :][:11]).max() < 0.3


def test_a_view_does_not_depend_on_the_unit_but_for_the_size_of_relative_changes(histories: list[History]) -> None:
    some = [replace(each, relative=False) for each in histories[:8]]
    plain = windows(some, 12)
    other = windows([replace(each, z=1000 * each.z - 7) for each in some], 12)
    np.testing.assert_allclose(other.features, plain.features, atol=1e-8)
    np.testing.assert_allclose(other.scale, 1000 * plain.scale)
    assert np.isnan(plain.features[:, -1]).all()
    np.testing.assert_allclose(windows(histories[:8], 12).features[:, -1], np.log(plain.scale))


def test_a_step_ahead_meets_its_own_season() -> None:
    z = np.tile(np.arange(12.0), 8) + 1e-3 * np.random.default_rng(1).normal(size=96)
    seen = windows([History(z, 12, relative=False)], 12)
    steps = np.arange(15)
    none = np.zeros(15, dtype=np.int64)
    np.testing.assert_allclose(seen.back(none, steps, np.zeros(15)), np.arange(15) % 12, atol=0.01)
    rows = seen.rows(none, steps)
    assert np.abs(rows[:, -2:] * seen.scale).max() < 0.01  # the two years before, without their season
    values = np.linspace(-3, 3, 15)
    np.testing.assert_allclose(seen.there(none, steps, seen.back(none, steps, values)), values, atol=1e-6)


def test_two_years_and_a_month_are_enough_to_look_at() -> None:
    seen = windows([History(np.random.default_rng(2).normal(size=25), 12, relative=True)], 12)
    for part in (seen.level, seen.scale, seen.season, seen.last, seen.features):
        assert np.isfinite(part).all()

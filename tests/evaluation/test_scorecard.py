from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from forecasting.evaluation import add_references, drift_report, figures, last_forecasts, score_forecasts
from forecasting.evaluation._scorecard import _holm

QUANTILES = {"q025": 0.025, "q05": 0.05, "q10": 0.1, "q25": 0.25, "q50": 0.5, "q75": 0.75, "q90": 0.9, "q95": 0.95,
             "q975": 0.975}  # fmt: skip


def observations(*rows: tuple[str, str, float, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["period", "measure", "value", "appeared"]).assign(indicator="a")
    return table.assign(appeared=pd.to_datetime(table["appeared"], utc=True))


def forecast(period: str, origin: str, centre: float = 0.0, sd: float = 1.0, **changes: object) -> dict[str, object]:
    """A normal forecast."""
    quantiles = {name: centre + sd * float(stats.norm.ppf(u)) for name, u in QUANTILES.items()}
    row = {"indicator": "a", "target": "ytd_yoy", "period": period, "months": 1, "origin": origin, "model": "theta",
           "forecast_run": "run", "forecast_as_of": f"{origin}-20", "vintage": pd.Timestamp(f"{origin}-20", tz="UTC"),
           "no_change": 1.0, "seasonal_naive": 3.0, "scale": 0.5}  # fmt: skip
    return row | quantiles | changes


def test_a_figure_is_as_published_or_the_difference_of_two_cumulative_levels() -> None:
    table = figures(
        observations(
            ("2025-02", "ytd_level", 30.1, "2025-03-16"),
            ("2025-03", "ytd_level", 50.3, "2025-04-16"),
            ("2025-02", "ytd_yoy", 5.0, "2025-03-16"),
            ("2025-03", "month_yoy", 6.5, "2025-04-17"),
        )
    ).set_index(["target", "period", "months"])
    assert table["actual"].to_dict() == {
        ("ytd_yoy", "2025-02", 1): 5.0,
        ("ytd_yoy", "2025-02", 2): 5.0,
        ("yoy", "2025-03", 1): 6.5,
        ("level", "2025-02", 2): 30.1,
        ("level", "2025-03", 1): 20.2,
    }
    assert table.at[("level", "2025-03", 1), "appeared"] == pd.Timestamp("2025-04-16", tz="UTC")


def test_a_published_level_wins_over_a_difference_which_needs_the_month_before() -> None:
    table = figures(
        observations(
            ("2025-01", "ytd_level", 10.0, "2025-03-16"),
            ("2025-02", "ytd_level", 25.0, "2025-03-16"),
            ("2025-02", "month_level", 14.9, "2025-03-16"),
            ("2025-07", "ytd_level", 90.0, "2025-08-16"),
        )
    ).set_index(["period", "months"])
    assert table["actual"].to_dict() == {("2025-01", 1): 10.0, ("2025-02", 1): 14.9, ("2025-02", 2): 25.0}


def test_a_difference_appears_with_the_later_of_its_two_figures() -> None:
    late = figures(
        observations(("2025-03", "ytd_level", 5.0, "2025-06-01"), ("2025-04", "ytd_level", 9.0, "2025-05-16"))
    )
    assert late.set_index("period").at["2025-04", "appeared"] == pd.Timestamp("2025-06-01", tz="UTC")


def test_a_difference_is_from_the_month_before_as_it_was_known_by_then() -> None:
    table = figures(
        observations(
            ("2025-05", "ytd_level", 80.0, "2025-06-16"),  # a misprint
            ("2025-05", "ytd_level", 800.0, "2025-06-18"),
            ("2025-06", "ytd_level", 1000.0, "2025-07-16"),
            ("2025-05", "ytd_level", 810.0, "2025-08-16"),
            ("2025-06", "ytd_level", 1010.0, "2025-08-16"),
        )
    ).set_index("period")
    assert table["actual"].to_dict() == {"2025-06": 200.0}
    assert table.at["2025-06", "appeared"] == pd.Timestamp("2025-07-16", tz="UTC")


def test_a_january_that_comes_later_takes_nothing_from_the_figure_of_both_months() -> None:
    both = observations(("2025-02", "ytd_level", 25.0, "2025-03-16"))
    january = observations(("2025-01", "ytd_level", 10.0, "2025-09-01"))
    forecasts = pd.DataFrame([forecast("2025-02", "2024-12", target="level", months=2)])
    for known in (both, pd.concat([both, january], ignore_index=True)):
        assert score_forecasts(forecasts, figures(known), figures(known))["actual"].tolist() == [25.0, 25.0]


def test_a_figure_whose_latest_print_cannot_judge_has_only_its_first() -> None:
    first = figures(observations(("2025-03", "ytd_yoy", 2.1, "2025-04-16")))
    table = score_forecasts(pd.DataFrame([forecast("2025-03", "2025-02")]), first, first.head(0))
    assert table["print"].tolist() == ["first"]


def test_references_are_what_was_known_at_the_origin() -> None:
    months = [f"{year}-{month:02d}" for year in (2023, 2024) for month in range(1, 13)][:18]
    history = pd.DataFrame({"indicator": "a", "target": "level", "month": months, "value": np.arange(18.0) ** 2})
    ahead = pd.DataFrame({"indicator": "a", "target": "level", "origin": "2024-06", "month": ["2024-07", "2025-02"],
                          "months": [1, 2]})  # fmt: skip
    table = add_references(ahead, history)
    assert table["no_change"].tolist() == [289.0, 2 * 289.0]
    assert table["seasonal_naive"].tolist() == [
        36.0,
        2 * 169.0,
    ]  # July 2023; February 2024, since that of 2025 is ahead
    change = np.mean([(n + 12) ** 2 - n**2 for n in range(6)])
    assert table["scale"].tolist() == [change, 2 * change]
    few = add_references(ahead, history.head(15))
    assert few["scale"].isna().all()
    none = add_references(ahead, history.head(0))
    assert none[["no_change", "seasonal_naive", "scale"]].isna().all(axis=None)


def test_references_of_rates_are_rates_and_those_of_more_than_a_year_ahead_older_ones() -> None:
    months = [f"{year}-{month:02d}" for year in (2022, 2023, 2024) for month in range(1, 13)][:30]
    history = pd.DataFrame({"indicator": "a", "target": "ytd_yoy", "month": months, "value": np.arange(30.0) ** 2})
    history = history[history["month"] != "2023-09"]
    ahead = ["2024-09", "2025-02", "2025-05", "2025-08"]
    table = pd.DataFrame({"indicator": "a", "target": "ytd_yoy", "origin": "2024-06", "month": ahead,
                          "months": [1, 2, 1, 1]})  # fmt: skip
    found = add_references(table, history)
    assert found["no_change"].tolist() == [29.0**2] * 4
    # where September 2023 is missing, that of 2022; of August 2025 those of 2023, as 2024's is ahead
    assert found["seasonal_naive"].tolist() == [8.0**2, 25.0**2, 28.0**2, 19.0**2]
    near = add_references(table, history, years=1)["seasonal_naive"]
    assert near.isna().tolist() == [True, False, False, True]


def test_a_score_is_the_hand_computed_one() -> None:
    first = figures(observations(("2025-03", "ytd_yoy", 2.1, "2025-04-16")))
    latest = figures(observations(("2025-03", "ytd_yoy", 1.0, "2025-04-16")))
    table = score_forecasts(pd.DataFrame([forecast("2025-03", "2025-02")]), first, latest).set_index("print")
    assert table["actual"].to_dict() == {"first": 2.1, "latest": 1.0}
    row = table.loc["first"]
    assert row["step"] == 1
    assert (row["error"], row["abs_error"], row["scaled_error"]) == pytest.approx((2.1, 2.1, 4.2))
    assert (row["no_change_abs_error"], row["seasonal_naive_abs_error"]) == pytest.approx((1.1, 0.9))
    assert not row[["inside80", "inside90", "inside95"]].any()
    assert table.loc["latest", ["inside80", "inside90", "inside95"]].tolist() == [True, True, True]
    # the exact CRPS and absolute error of a normal distribution, Gneiting and Raftery (2007), equation 21
    exact = 2.1 * (2 * stats.norm.cdf(2.1) - 1) + 2 * stats.norm.pdf(2.1) - 1 / np.sqrt(np.pi)
    assert row["crps"] == pytest.approx(exact, rel=0.03)
    assert row["expected_abs_error"] == pytest.approx(np.sqrt(2 / np.pi), rel=0.01)


def test_a_forecast_is_not_scored_by_a_figure_that_was_out_before_it() -> None:
    seen = figures(observations(("2025-03", "ytd_yoy", 2.0, "2025-02-10")))
    assert score_forecasts(pd.DataFrame([forecast("2025-03", "2025-02")]), seen, seen).empty


def test_two_months_in_one_are_not_judged_by_the_second_alone() -> None:
    alone = figures(observations(("2025-02", "month_level", 2.0, "2025-03-16")))
    both = forecast("2025-02", "2024-12", target="level", months=2)
    assert score_forecasts(pd.DataFrame([both]), alone, alone).empty


def scorecard(actual: np.ndarray, sd: float = 1.0, indicator: str = "a") -> pd.DataFrame:
    """One-step forecasts N(0, sd) of these figures."""
    periods = pd.period_range("2020-01", periods=len(actual) + 1, freq="M").strftime("%Y-%m")
    rows = [forecast(period, origin, sd=sd, indicator=indicator) for origin, period in pairwise(periods)]
    known = pd.DataFrame({"indicator": indicator, "period": periods[1:], "measure": "ytd_yoy", "value": actual,
                          "appeared": pd.Timestamp("2026-01-01", tz="UTC")})  # fmt: skip
    return score_forecasts(pd.DataFrame(rows), figures(known), figures(known))


def test_of_several_forecasts_of_a_figure_the_last_one_counts() -> None:
    known = figures(observations(("2025-03", "ytd_yoy", 2.0, "2025-04-16")))
    table = score_forecasts(
        pd.DataFrame([forecast("2025-03", o) for o in ("2025-02", "2024-12", "2025-01")]), known, known
    )
    assert last_forecasts(table)["origin"].tolist() == ["2025-02"]
    assert drift_report(table)["n"].tolist() == [1]


def test_calibrated_forecasts_raise_few_alarms() -> None:
    rng = np.random.default_rng(4)
    cards = pd.concat([scorecard(rng.standard_normal(24), indicator=f"i{n:03d}") for n in range(150)])
    report = drift_report(cards)
    assert (report["n"] == 24).all()
    assert (report["alarm"] != "").sum() <= 4
    assert report["coverage80"].mean() == pytest.approx(0.8, abs=0.03)
    assert (report["mase"] / report["expected_mase"]).mean() == pytest.approx(1, abs=0.03)


def test_errors_that_grow_and_bands_that_are_too_wide_raise_alarms() -> None:
    rng = np.random.default_rng(4)
    worse = np.concatenate([rng.standard_normal(14), 2.5 * rng.standard_normal(10)])
    cards = [scorecard(worse, indicator="worse"), scorecard(rng.standard_normal(24), sd=6, indicator="wide")]
    report = drift_report(pd.concat(cards)).set_index("indicator")
    assert "loss" in report.at["worse", "alarm"]
    assert report.at["worse", "cusum"] > report.at["worse", "cusum_limit"]
    assert report.at["wide", "alarm"] == "coverage"
    assert report.at["wide", "coverage80"] == 1.0
    assert report.at["wide", "p80"] == pytest.approx(stats.binomtest(24, 24, 0.8).pvalue)


def test_a_forecast_better_than_no_change_is_told_by_the_test() -> None:
    rng = np.random.default_rng(4)
    assert drift_report(scorecard(0.1 * rng.standard_normal(24)))["p_no_change"].item() < 0.001


def test_the_latest_24_figures_are_looked_at() -> None:
    report = drift_report(scorecard(np.concatenate([np.full(8, 9.0), np.zeros(24)]))).iloc[0]
    assert (report["n"], report["coverage95"], report["cusum"], report["mase"]) == (24, 1.0, 0.0, 0.0)


def test_errors_of_forecasts_that_promised_none_count_as_three_promised_ones_each() -> None:
    for misses, alarmed in ((3, False), (4, True)):
        report = drift_report(scorecard(np.repeat([0.0, 1.0], [20, misses]), sd=0.0)).iloc[0]
        assert report["cusum"] == 1.5 * misses
        assert ("loss" in report["alarm"]) == alarmed
        assert report["expected_mase"] == 0


def test_figures_without_a_value_before_them_are_left_out_of_the_test_against_no_change() -> None:
    card = scorecard(0.1 * np.random.default_rng(4).standard_normal(20))
    first = card.assign(no_change_abs_error=card["no_change_abs_error"].where(card["period"] > "2020-05"))
    columns = ["dm_no_change", "p_no_change"]
    pd.testing.assert_frame_equal(drift_report(first)[columns], drift_report(card[card["period"] > "2020-05"])[columns])


def test_few_figures_are_reported_and_not_tested() -> None:
    report = drift_report(scorecard(np.full(5, 9.0))).iloc[0]
    assert (report["n"], report["coverage95"], report["alarm"]) == (5, 0.0, "")
    assert report[["cusum", "p80", "p95", "p_adjusted"]].isna().all()
    assert drift_report(scorecard(np.zeros(2)).head(0)).empty


def test_holm_adjusts_in_steps_and_leaves_the_unknown_out() -> None:
    adjusted = _holm(pd.Series([0.04, 0.01, np.nan, 0.03]))
    assert adjusted.tolist()[:2] == pytest.approx([0.06, 0.03])
    assert adjusted.tolist()[3] == pytest.approx(0.06)
    assert np.isnan(adjusted[2])

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting import decumulate
from forecasting.decumulation._weights import by_calendar
from tests.decumulation.publication import levels, publish
from tests.decumulation.rounding import unstated

growths = arrays(np.float64, (3, 12), elements=st.floats(-0.3, 0.5, allow_nan=False))
profiles = arrays(np.float64, 12, elements=st.floats(50, 200, allow_nan=False))


def recovered(frame, **kwargs):
    return decumulate(frame, **{"draws": 60, **kwargs}).monthly.set_index("month")


STEADY = np.full((3, 12), 0.048828125)
STEADY[0, [0, 9]], STEADY[1, 0] = (0.0, 0.5), 0.15625
LATE = np.array([75.0, 75, 88, *[75.0] * 8, 154])


@settings(max_examples=30)
@given(growths, profiles)
@example(STEADY, LATE)  # finer figures than arithmetic has digits for are no revisions
def test_months_published_without_rounding_and_with_known_weights_come_back_exactly(growth, profile):
    frame = publish(levels(growth, profile), decimals=9)
    months = recovered(frame, weights={"x": profile})
    assume(not months["flag"].str.contains("revision").any())  # a month that the next one makes up for
    np.testing.assert_allclose(months["yoy"], 100 * growth.ravel(), atol=2e-4)
    base = levels(growth, profile)[1]
    np.testing.assert_allclose(months["level"].to_numpy()[:12], 100 * base / base.mean(), rtol=1e-5)


@settings(max_examples=30)
@given(growths, profiles, st.booleans())
def test_every_draw_rounds_back_to_every_published_cumulative_rate(growth, profile, merged):
    frame = publish(levels(growth, profile), merged=merged)
    result = decumulate(frame, draws=60, seed=3)
    # flat weights so wrong that a level would vanish, or a rate that looks like a misprint
    assume("revision" not in set(result.flags["flag"]))
    path = result.paths["x"]
    for row in frame.itertuples():
        month = int(row.period[:4]) * 12 + int(row.period[5:]) - 1
        t, january = month - path.start, month // 12 * 12 - path.start
        now = path.level[:, january : t + 1]
        before = now / (1 + path.growth[:, january : t + 1])
        rate = 100 * (now.sum(axis=1) / before.sum(axis=1) - 1)
        assert (np.abs(rate - float(row.value)) <= 0.05 + 1e-6).all()


@settings(max_examples=30)
@given(growths, profiles)
def test_set_bounds_hold_the_truth_when_the_weights_of_every_year_are_published(growth, profile):
    level = levels(growth, profile)
    frame = publish(level, measures=("ytd_yoy", "month_level"), decimals=6)
    frame.loc[frame["measure"] == "ytd_yoy", "value"] = [
        f"{float(value):.1f}" for value in frame.loc[frame["measure"] == "ytd_yoy", "value"]
    ]
    months = recovered(frame)
    later = slice(12, None)
    truth = 100 * growth.ravel()[later]
    assert not (months["set_low"].to_numpy()[later] > truth + 1e-3).any()
    assert not (truth - 1e-3 > months["set_high"].to_numpy()[later]).any()


def test_january_and_february_stay_one_period_when_they_are_published_together():
    growth = np.full((2, 12), 0.08)
    growth[1, :2] = [0.20, 0.02]
    profile = np.r_[80.0, 60.0, np.full(10, 100.0)]
    level = levels(growth, profile)
    months = recovered(publish(level, merged=True, decimals=6), weights={"x": profile})
    january, february = months.loc["2011-01"], months.loc["2011-02"]
    assert january["status"] == "K"
    assert np.isnan(january[["level", "yoy", "yoy_sd"]].astype(float)).all()
    assert (february["status"], february["months"]) == ("W", 2)
    assert february["yoy"] == pytest.approx(100 * (level[2, :2].sum() / level[1, :2].sum() - 1), abs=1e-4)
    base = level[1].mean()
    assert february["level"] == pytest.approx(100 * level[2, :2].sum() / base, rel=1e-6)


@pytest.mark.parametrize("measure", ["month_level", "month_yoy"])
@pytest.mark.parametrize("gone", [["2010-01"], ["2011-01"], ["2010-01", "2011-01", "2012-01"]])
def test_a_february_of_its_own_is_a_month_where_its_january_is_missing(measure, gone):
    level = levels(np.random.default_rng(2).normal(0.05, 0.02, (3, 12)), np.full(12, 100.0))
    frame = publish(level, measures=(measure,))
    frame = frame[~frame["period"].isin(gone)]
    path = decumulate(frame, draws=50).paths["x"]
    assert path.periods_per_year == 12
    assert unstated(frame, path) == []
    months = path.monthly().set_index("month")
    assert (months["months"] == 1).all()
    if measure == "month_level":
        shown = months.loc[["2010-02", "2011-02", "2012-02"], "level"].to_numpy()
        assert shown == pytest.approx(level[1:, 1], abs=0.05)


def test_a_cumulative_february_without_a_january_is_the_two_together_whatever_else_it_has():
    level = levels(np.random.default_rng(2).normal(0.05, 0.02, (3, 12)), np.full(12, 100.0))
    frame = publish(level, measures=("ytd_yoy", "month_yoy"))
    frame = frame[~frame["period"].str.endswith("-01")]
    assert decumulate(frame, draws=50).paths["x"].merged.all()


def test_a_missing_month_leaves_the_sum_of_the_gap_exact_and_says_that_its_split_is_not_determined():
    rng = np.random.default_rng(5)
    growth = 0.06 + 0.02 * rng.standard_normal((4, 12))
    profile = np.full(12, 100.0)
    frame = publish(levels(growth, profile), decimals=6)
    frame = frame[frame["period"] != "2012-05"]
    months = recovered(frame, weights={"x": profile}, draws=400)
    gap = months.loc[["2012-05", "2012-06"]]
    assert gap["flag"].tolist() == ["block", "block"]
    assert gap["set_low"].isna().all()
    base = levels(growth, profile)[2, 4:6]
    assert (gap["yoy"] * base).sum() / base.sum() == pytest.approx(
        100 * (growth[2, 4:6] * base).sum() / base.sum(), abs=1e-3
    )
    assert gap["yoy_sd"].min() > 5 * months.loc["2012-09", "yoy_sd"]
    assert (gap["yoy_q05"] < 100 * growth[2, 4:6]).all()
    assert (100 * growth[2, 4:6] < gap["yoy_q95"]).all()


def test_a_published_single_month_rate_is_taken_as_it_stands_and_marked_observed():
    rng = np.random.default_rng(1)
    growth = 0.05 + 0.03 * rng.standard_normal((3, 12))
    frame = publish(levels(growth, np.linspace(80, 120, 12)), measures=("ytd_yoy", "month_yoy"))
    months = recovered(frame)
    published = frame[frame["measure"] == "month_yoy"].set_index("period")["value"].astype(float)
    assert (np.abs(months["yoy"] - published[months.index]) <= 0.05 + 1e-9).all()
    assert (months["status"] == "A").all()
    assert (months["yoy_q95"] - months["yoy_q05"] < 0.1).all()


def test_a_january_by_both_measures_tells_once_and_is_stated_by_both():
    rng = np.random.default_rng(4)
    level = levels(0.06 + 0.02 * rng.standard_normal((4, 12)), np.full(12, 100.0))
    frame = publish(level, measures=("ytd_yoy", "month_yoy"))
    january = frame["period"].str.endswith("-01") & (frame["measure"] == "ytd_yoy")
    pd.testing.assert_frame_equal(decumulate(frame, draws=60).monthly, decumulate(frame[~january], draws=60).monthly)
    frame.loc[january, "value"] = (100 * (level[1:, 0] / level[:-1, 0] - 1)).round(2).astype(str)
    assert unstated(frame, decumulate(frame, draws=60).paths["x"]) == []


def test_rates_win_over_levels_on_a_restated_base_and_the_gap_is_reported():
    growth = np.full((3, 12), 0.10)
    level = levels(growth, np.full(12, 100.0))
    frame = publish(level, measures=("ytd_yoy", "ytd_level"))
    restated = (frame["measure"] == "ytd_level") & (frame["period"] >= "2012-01")
    frame.loc[restated, "value"] = [f"{0.95 * float(value):.1f}" for value in frame.loc[restated, "value"]]
    result = decumulate(frame, draws=60)
    months = result.monthly.set_index("month")
    assert months.loc["2012-06", "yoy"] == pytest.approx(10.0, abs=0.3)
    assert months.loc["2012-06", "level"] == pytest.approx(0.95 * level[3, 5], rel=1e-3)
    flags = result.flags.set_index("month")
    assert set(flags["flag"]) == {"restated_base"}
    assert flags.loc["2012-12", "gap"] == pytest.approx(5.5, abs=0.2)
    assert "levels give 4.50 percent" in flags.loc["2012-12", "evidence"]


def test_the_month_after_rates_of_another_coverage_is_flagged_as_their_month_is():
    frame = publish(levels(np.full((4, 12), 0.08), np.full(12, 100.0)), measures=("ytd_yoy", "ytd_level"))
    frame.loc[(frame["measure"] == "ytd_yoy") & frame["period"].isin(["2012-06", "2012-10"]), "value"] = "5.4"
    result = decumulate(frame, draws=60)
    months = result.monthly.set_index("month")
    assert months.loc["2012-11", "yoy"] > 30  # though levels and cumulative rates of November say 8
    assert months.index[months["flag"] == "restated_base"].tolist() == ["2012-06", "2012-07", "2012-10", "2012-11"]
    assert "levels give 8.06 percent, the rates give 34.01" in result.flags.iloc[-1]["evidence"]


def test_levels_alone_give_their_own_growth_and_a_jump_of_their_base_is_a_break_that_is_not_used():
    growth = np.full((3, 12), 0.10)
    frame = publish(levels(growth, np.full(12, 100.0)), measures=("ytd_level",))
    total = frame["period"] == "2012-12"
    frame.loc[total, "value"] = str(float(frame.loc[total, "value"].iloc[0]) - 80)
    months = recovered(frame)
    assert months.loc["2012-11", "flag"] == "levels_only"
    assert months.loc["2012-12", "status"] == "B"
    assert "break" in months.loc["2012-12", "flag"]
    assert months.loc["2012-12", "yoy"] == pytest.approx(10.0, abs=0.5)


def test_new_year_that_moves_from_january_to_february_is_no_break_of_levels():
    growth = np.full((3, 12), 0.10)
    growth[1, :2] = [0.70, -0.35]
    months = recovered(publish(levels(growth, np.full(12, 100.0)), measures=("month_level",)))
    assert set(months["flag"][12:]) == {"levels_only"}
    assert months.loc["2011-02", "yoy"] == pytest.approx(-35, abs=0.1)


def test_a_shock_of_levels_that_passes_is_believed_and_so_is_its_rebound():
    growth = np.full((4, 12), 0.10)
    growth[1, 1:4], growth[2, 1:4] = [-0.45, -0.40, -0.10], [1.0, 0.9, 0.3]
    months = recovered(publish(levels(growth, np.full(12, 100.0)), measures=("month_level",)))
    assert set(months["flag"][12:]) == {"levels_only"}
    np.testing.assert_allclose(months["yoy"][12:], 100 * growth[1:].ravel(), atol=0.2)


@pytest.mark.parametrize(
    ("months", "size"),
    [([5], 2.0), ([6], 0.5), (range(10, 26), 1.6)],
    ids=["misprint", "another misprint", "a base that stays for more than a year"],
)
def test_a_month_that_is_far_by_itself_and_a_base_that_stays_are_breaks(months, size):
    level = levels(np.full((4, 12), 0.10), np.full(12, 100.0))
    level.ravel()[12 + np.array(months)] *= size
    found = recovered(publish(level, measures=("month_level",)))
    assert found["flag"].str.contains("break").any()


def test_a_month_that_is_far_by_itself_is_believed_where_growth_is_never_calm():
    level = levels(0.10 + 0.08 * np.random.default_rng(3).standard_normal((6, 12)), np.full(12, 100.0))
    level[3, 5] *= 0.5
    level[4, :] = level[3, :] * 1.1 ** np.linspace(0.9, 1.1, 12)  # a year that is calm by chance
    level[4, 9] *= 1.4
    found = recovered(publish(level, measures=("ytd_level",)))
    assert set(found["flag"][12:]) == {"levels_only"}
    assert found.loc["2012-06", "yoy"] == pytest.approx(100 * (level[3, 5] / level[2, 5] - 1), abs=0.5)
    assert found.loc["2013-10", "yoy"] == pytest.approx(100 * (level[4, 9] / level[3, 9] - 1), abs=0.5)


def test_a_shock_that_has_not_passed_yet_may_be_a_new_base():
    growth = np.full((3, 12), 0.10)
    growth[2, 10:] = -0.45
    months = recovered(publish(levels(growth, np.full(12, 100.0)), measures=("month_level",)))
    assert months["flag"].iloc[-2:].str.contains("break").all()


def test_growth_of_small_levels_that_rounding_explains_is_no_break():
    level = np.full((4, 12), 3.0)
    level[2:, 5] = 4.0
    months = recovered(publish(level, measures=("month_level",), decimals=0))
    assert set(months["flag"][12:]) == {"levels_only"}


def test_a_cumulative_rate_that_its_months_contradict_is_flagged_with_both_figures():
    growth = np.full((3, 12), 0.10)
    frame = publish(levels(growth, np.full(12, 100.0)), measures=("ytd_yoy", "month_yoy"))
    revised = (frame["period"] == "2012-09") & (frame["measure"] == "ytd_yoy")
    frame.loc[revised, "value"] = "11.0"
    flags = decumulate(frame, draws=60).flags
    assert flags[["month", "flag"]].to_numpy().tolist() == [["2012-09", "revision"]]
    assert "11.00" in flags["evidence"].iloc[0]
    assert "10.00" in flags["evidence"].iloc[0]
    assert flags["gap"].iloc[0] == pytest.approx(-1.0, abs=0.05)


def test_kinds_of_rates_of_unlike_decimals_are_no_revisions_of_each_other():
    rng = np.random.default_rng(7)
    frames = []
    for name in map(str, range(10)):
        growth = 0.06 + 0.02 * rng.standard_normal((3, 12))
        level = levels(growth, 100 * np.exp(0.1 * rng.standard_normal(12)))
        frames += [
            publish(level, indicator=name, measures=(measure,), merged=True, decimals=decimals)
            for measure, decimals in (("ytd_yoy", 1), ("month_yoy", 0))
        ]
    assert decumulate(pd.concat(frames), draws=60).flags.empty


def test_the_same_seed_gives_the_same_bytes_and_other_indicators_change_nothing():
    growth = np.full((3, 12), 0.07)
    one = publish(levels(growth, np.full(12, 100.0)))
    two = pd.concat([one, publish(levels(growth, np.full(12, 50.0)), indicator="a")], ignore_index=True)
    first = decumulate(one, draws=60, seed=9).monthly
    again = decumulate(two, draws=60, seed=9).monthly
    pd.testing.assert_frame_equal(first, again[again["indicator"] == "x"].reset_index(drop=True), check_exact=True)
    other = decumulate(one, draws=60, seed=10).monthly
    assert not first["yoy_sd"].equals(other["yoy_sd"])


def test_the_flags_of_an_indicator_are_told_after_the_proof_in_a_line_with_the_evidence_of_the_largest():
    frame = publish(levels(np.full((3, 12), 0.10), np.full(12, 100.0)), measures=("ytd_yoy", "month_yoy"))
    for period, value in (("2011-05", "10.5"), ("2012-09", "11.0")):
        frame.loc[(frame["period"] == period) & (frame["measure"] == "ytd_yoy"), "value"] = value
    assert decumulate(frame, draws=60).flag_summary() == [
        "x: these figures cannot all be true: cumulative rate of 2012-08 10.0 percent; cumulative rate of 2012-09 11.0 "
        "percent; single-month rate of 2012-09 10.0 percent. All figures together would have to give by about 1.30 "
        "points.",
        "x: 2 flags revision, the largest 2012-09: January to this month: the published cumulative rate is 11.00 "
        "percent, the rates by month give 10.00",
    ]


@pytest.mark.parametrize(("misprinted", "gap"), [("60.0", 50), ("-6.0", 10)])
def test_a_misprinted_cumulative_rate_is_named_and_spoils_no_month(misprinted, gap):
    rng = np.random.default_rng(5)
    frame = publish(levels(0.06 + 0.01 * rng.standard_normal((6, 12)), np.full(12, 100.0)))
    clean = decumulate(frame, draws=60)
    assert not len(clean.flags)
    frame.loc[frame["period"] == "2013-06", "value"] = misprinted
    spoilt = decumulate(frame, draws=60)
    (flag,) = spoilt.flags.to_dict("records")
    assert (flag["month"], flag["flag"]) == ("2013-06", "revision")
    assert abs(flag["gap"]) > gap
    assert f"the published cumulative rate is {float(misprinted):.2f} percent, those beside it give" in flag["evidence"]
    away = np.abs(spoilt.monthly["yoy"] - clean.monthly["yoy"]).to_numpy()
    beside = spoilt.monthly["month"].isin(["2013-06", "2013-07"]).to_numpy()
    assert away[~beside].max() < 0.3
    assert away[beside].max() < 3


def test_a_month_that_the_next_one_makes_up_for_is_no_misprint_where_growth_is_never_calm():
    rng = np.random.default_rng(5)
    growth = 0.06 + 0.05 * rng.standard_normal((6, 12))
    growth[3, 5:7] += -0.3, 0.3
    assert not len(decumulate(publish(levels(growth, np.full(12, 100.0))), draws=60).flags)


@pytest.mark.parametrize(("year", "rebound"), [(4, 1.3), (6, 1.15)])
def test_a_month_that_fell_is_no_misprint_where_it_echoes_a_year_later_or_is_made_good_by_half(year, rebound):
    rng = np.random.default_rng(5)
    level = levels(0.06 + 0.01 * rng.standard_normal((6, 12)), np.full(12, 100.0))
    level[year, 5:7] *= 0.7, rebound
    assert not len(decumulate(publish(level), draws=60).flags)


@pytest.mark.parametrize("seed", [22, 25, 26])
def test_the_point_estimate_is_inside_its_band_where_months_nearly_vanish(seed):
    rng = np.random.default_rng(seed)
    level = 1000 * np.exp(rng.standard_normal((8, 12)))
    level[[2, 4], [10, 5]] = level.mean() / 500
    path = decumulate(publish(level), weights={"x": level[0]}, draws=300).paths["x"]
    low, high = np.quantile(path.growth, [0.05, 0.95], axis=0)
    assert ((low <= path.point_growth) & (path.point_growth <= high)).all()


def test_rates_alone_leave_the_base_weights_as_they_were_expected():
    rng = np.random.default_rng(22)
    growth = 0.08 + np.where(np.arange(12) == 11, 0.12, 0.03) * rng.standard_normal((10, 12))
    weights = decumulate(publish(levels(growth, np.full(12, 100.0))), draws=1000).weights.set_index("month")
    drawn = by_calendar().draw(np.random.default_rng(0), 4000)
    np.testing.assert_allclose(weights["weight"], drawn.mean(axis=0), rtol=0.04)
    width = np.log(weights["q95"] / weights["q05"])
    usual = np.log(np.quantile(drawn, 0.95, axis=0) / np.quantile(drawn, 0.05, axis=0))
    assert (width / usual).between(0.85, 1.3).all()


def test_bands_do_not_depend_on_the_number_of_draws_where_figures_bind_each_other():
    rng = np.random.default_rng(23)
    growth = 0.08 + 0.03 * rng.standard_normal((8, 12))
    frame = publish(levels(growth, LATE), measures=("ytd_yoy", "month_yoy"))
    few, many = (recovered(frame, draws=draws)["yoy_sd"].mean() for draws in (150, 2000))
    assert 0.9 < many / few < 1.1


def test_draws_are_of_their_own_where_levels_say_nearly_everything_and_rates_repeat_them():
    rng = np.random.default_rng(5)
    growth = 0.06 + 0.03 * rng.standard_normal((12, 12))
    level = levels(growth, 400 * np.exp(0.1 * rng.standard_normal(12)))
    rates = publish(level, measures=("ytd_yoy",), merged=True)
    totals = publish(level, measures=("ytd_level",), merged=True, decimals=2)
    path = decumulate(pd.concat([rates, totals], ignore_index=True), draws=200, seed=1).paths["x"]
    months = path.level.reshape(200, 12, 12)
    assert len(np.unique(months[:, :, 0].round(6), axis=0)) > 190  # nobody knows how January and February share
    np.testing.assert_allclose(months.sum(axis=2), np.tile(level[1:].sum(axis=1), (200, 1)), atol=0.0101)

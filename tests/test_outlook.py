import pickle

import numpy as np
import pandas as pd
import pytest

from forecasting import decumulate, make_outlook
from forecasting.decumulation import Recovered, decumulate_in_chunks
from forecasting.errors import InputError
from forecasting.evaluation import no_forecast
from forecasting.observations import REQUIRED, check_observations
from jobs.results import derived
from jobs.stages import Stages
from tests.decumulation.publication import levels, mixture, publish

RNG = np.random.default_rng(11)
GROWTH = 0.06 + np.cumsum(0.004 * RNG.standard_normal((8, 12)).ravel()).reshape(8, 12)
PROFILE = 100 + 10 * np.sin(np.arange(12))
DRAWS = 200


@pytest.fixture(scope="module")
def table():
    rates = publish(levels(GROWTH, PROFILE), indicator="nation", merged=True)
    rates = rates[rates["period"] <= "2017-09"]
    flows = publish(levels(GROWTH[::-1], PROFILE), indicator="trade", measures=("ytd_yoy", "ytd_level"))
    city = pd.DataFrame([["city", "2016-11", "ytd_yoy", "21.0", "percent", ""]], columns=list(rates.columns))
    return check_observations(pd.concat([rates, flows, city], ignore_index=True))


@pytest.fixture(scope="module")
def outlook(table):
    result = decumulate(table, related={"city": "nation"}, draws=DRAWS, seed=4)
    return make_outlook(result, table, horizon=14, origins=5)


def test_every_indicator_is_forecast_from_its_own_last_month_to_one_horizon(outlook):
    spans = outlook.forecasts.groupby("indicator")["month"].agg(["min", "max"])
    assert spans.loc["nation"].tolist() == ["2017-10", "2019-02"]
    assert spans.loc["trade"].tolist() == ["2018-01", "2019-02"]
    assert spans.loc["city"].tolist() == ["2017-02", "2019-02"]  # its figure is more than a year old
    assert set(outlook.forecasts["target"]) == {"level", "yoy", "ytd_yoy"}
    assert set(outlook.forecasts["status"]) == {"F"}


def test_a_merged_january_and_february_are_forecast_as_one_period(outlook):
    nation = outlook.forecasts.query("indicator == 'nation'")
    assert not nation["month"].str.endswith("-01").any()
    assert nation.loc[nation["month"].str.endswith("-02"), "months"].eq(2).all()
    trade = outlook.forecasts.query("indicator == 'trade'")
    assert "2018-01" in set(trade["month"])
    assert trade["months"].eq(1).all()


@pytest.mark.parametrize(
    ("last", "horizon", "months"), [("2016-12", 1, ["2017-02"]), ("2016-11", 2, ["2016-12", "2017-02"])]
)
def test_a_horizon_that_ends_in_a_january_without_a_figure_goes_on_to_the_figure_of_both_months(
    table, last, horizon, months
):
    nation = table[(table["indicator"] == "nation") & (table["period"] <= last)].reset_index(drop=True)
    found = make_outlook(decumulate(nation, draws=100), nation, horizon=horizon, origins=2, preset="fast")
    assert found.headlines["period"].tolist() == months


def test_what_the_months_were_not_recovered_from_is_refused_with_what_is_needed(table):
    raw = table[table["indicator"] == "nation"]
    months = decumulate(raw, draws=DRAWS)
    with pytest.raises(InputError, match="outlook: DataFrame given; give what decumulate returned, then the figures"):
        make_outlook(raw, months, horizon=2)
    with pytest.raises(InputError, match=r"observations: Decumulation given; a DataFrame with the columns indicator, "):
        make_outlook(months, months, horizon=2)
    other = table[table["indicator"] == "trade"]
    with pytest.raises(
        InputError, match="outlook: no figures of nation; give the table that the months were recovered"
    ):
        make_outlook(months, other, horizon=2)
    with pytest.raises(InputError, match="outlook: the months have 20 draws; recover them with draws=100 or more"):
        make_outlook(decumulate(raw, draws=20), raw, horizon=2)


def test_results_survive_pickling_and_tell_the_same(table):
    raw = table[table["indicator"] == "nation"]
    found = make_outlook(decumulate(raw, draws=DRAWS), raw, horizon=2, origins=2, preset="fast")
    again = pickle.loads(pickle.dumps(found))  # noqa: S301
    assert repr(again) == repr(found)
    assert repr(again).startswith("Outlook of 1 indicator from 2017-09; their next cumulative rates\n  nation  2017-10")
    np.testing.assert_array_equal(again.panel.draws["nation"], found.panel.draws["nation"])
    pd.testing.assert_frame_equal(again.panel.backtest, found.panel.backtest)
    assert pickle.loads(pickle.dumps(no_forecast())).backtest.empty  # noqa: S301


def test_the_table_that_decumulate_takes_is_taken_here_too_and_a_horizon_that_is_none_is_refused(table):
    raw = table.loc[table["indicator"] == "nation", list(REQUIRED)]
    found = make_outlook(decumulate(raw, draws=DRAWS), raw, horizon=2, origins=2, preset="fast")
    assert set(found.headlines["indicator"]) == {"nation"}
    for horizon in (0, 2.0, float("nan"), None, "3"):
        with pytest.raises(InputError, match=r"outlook: horizon .*; a whole number of at least 1 is needed"):
            make_outlook(decumulate(raw, draws=DRAWS), raw, horizon=horizon)


def test_months_ahead_are_no_surer_than_coarse_rates_let_months_be_recovered():
    periods = [month for month in pd.period_range("2015-02", "2022-12", freq="M").astype(str) if month[-2:] != "01"]
    rates = pd.DataFrame(
        {"indicator": "x", "period": periods, "measure": "ytd_yoy", "value": "5", "decimals": 0, "unit": "percent"}
    )
    months = decumulate(rates, draws=400)
    forecasts = make_outlook(months, rates, horizon=12).forecasts.set_index(["target", "month"])
    band = forecasts["q95"] - forecasts["q05"]
    recovered = months.monthly.set_index("month").eval("yoy_q95 - yoy_q05")
    for month in range(2, 13):
        assert band["yoy", f"2023-{month:02}"] >= recovered[f"2022-{month:02}"]
    assert band["ytd_yoy", "2023-12"] < recovered["2022-12"] / 2


def test_quantiles_do_not_cross_and_levels_stay_positive(outlook):
    quantiles = outlook.forecasts[["q05", "q10", "q25", "q50", "q75", "q90", "q95"]].to_numpy()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert (outlook.forecasts.query("target == 'level'")["q05"] > 0).all()


def test_the_headline_goes_on_from_what_is_published_this_year(table, outlook):
    path = outlook.paths["nation"]
    last = table[(table["indicator"] == "nation")].iloc[-1]
    assert last["period"] == "2017-09"
    october = outlook.headlines.query("indicator == 'nation' and period == '2017-10'").iloc[0]
    share = PROFILE[9] / PROFILE[:10].sum()
    yoy = outlook.forecasts.query("indicator == 'nation' and month == '2017-10' and target == 'yoy'").iloc[0]
    assert october["q50"] == pytest.approx((1 - share) * last["value"] + share * yoy["q50"], abs=0.15)
    assert october["q95"] - october["q05"] < 0.25 * (yoy["q95"] - yoy["q05"]) + 0.1
    assert october["no_change"] == last["value"]
    assert path.last > october.name


def test_the_headline_of_a_month_is_what_its_draws_say(outlook):
    path = outlook.paths["trade"]
    month = path.start + 12 * 8 + 2
    rate = 100 * path.year_to_date(np.array([month]))
    row = outlook.headlines.query("indicator == 'trade' and period == '2018-03'").iloc[0]
    assert row["q50"] == pytest.approx(np.median(rate), abs=1e-9)


def test_the_odds_of_the_next_release_lie_on_its_grid_and_sum_to_one(outlook):
    first = outlook.headlines.groupby("indicator").first()
    for name, odds in outlook.odds.groupby("indicator"):
        np.testing.assert_allclose(odds["value"] * 10, np.round(odds["value"] * 10), atol=1e-9)
        assert odds["probability"].sum() == pytest.approx(1)
        row = first.loc[name]
        assert set(odds["period"]) == {row["period"]}
        mean = (odds["value"] * odds["probability"]).sum()
        assert mean == pytest.approx(row["mean"], abs=0.1 + 0.05 * (row["q95"] - row["q05"]))


def test_the_models_of_the_headline_take_part_and_a_combination_by_horizon_is_the_standard_one(outlook):
    models = outlook.forecasts.groupby("indicator")["model"].first()
    assert models["nation"] == "by_horizon"
    champion = outlook.panel.champions["nation"]
    np.testing.assert_allclose(np.sum(champion.weights, axis=0), 1)
    assert champion.weights[champion.candidates.index("headline_mean")][:3] == (1.0, 1.0, 1.0)
    first = outlook.panel.quantiles.query("unique_id == 'nation'")
    np.testing.assert_allclose(champion.predict(len(first))["q50"], first["q50"], rtol=1e-6)
    for _, rows in outlook.panel.leaderboard.groupby("unique_id"):
        assert {"no_change", "state_space", "headline_mean", "growth_ses"} <= set(rows["model"])
        assert not {"sarimax_calendar", "prophet_calendar"} & set(rows["model"])


def test_the_models_of_the_calendar_take_part_in_the_best_preset(table):
    nation = table[table["indicator"] == "nation"].reset_index(drop=True)
    found = make_outlook(decumulate(nation, draws=DRAWS), nation, horizon=2, origins=4, preset="best")
    assert {"sarimax_calendar", "prophet_calendar"} <= set(found.panel.leaderboard["model"])


def test_a_sparse_indicator_is_forecast_from_its_own_latest_figure_on(table):
    late = table[(table["indicator"] == "trade") | (table["period"] < "2017-08")]
    city = table[table["indicator"] == "city"].assign(period="2017-09", value=20.0)
    frame = check_observations(pd.concat([late[late["indicator"] != "city"], city]).astype({"value": str}))
    found = make_outlook(decumulate(frame, related={"city": "trade"}, draws=DRAWS, seed=4), frame, horizon=3, origins=4)
    head = found.headlines.query("indicator == 'city'")
    assert (head["origin"] == "2017-09").all()
    assert head["period"].iloc[0] == "2017-10"
    assert (head["no_change"] == 20.0).all()
    assert set(found.odds.query("indicator == 'city'")["period"]) == {"2017-10"}
    assert (head["q95"] - head["q05"]).iloc[0] < (head["q95"] - head["q05"]).iloc[2]


def test_the_headline_of_a_sparse_indicator_does_not_depend_on_the_base_of_a_level(table):
    trade = table[(table["indicator"] == "trade") & (table["period"] < "2017-12")].astype({"value": str})
    means = []
    for level in ("110.0", "300.0"):
        rows = [("2015-06", "month_level", "100.0", "t"), ("2016-06", "month_level", level, "t"),
                ("2016-06", "month_yoy", "10.0", "percent"), ("2016-12", "month_level", "120.0", "t"),
                ("2017-05", "ytd_yoy", "-6.0", "percent"), ("2017-11", "ytd_yoy", "8.0", "percent")]  # fmt: skip
        city = pd.DataFrame([["city", *row] for row in rows], columns=list(REQUIRED))
        frame = check_observations(pd.concat([trade, city]))
        found = make_outlook(decumulate(frame, related={"city": "trade"}, draws=DRAWS), frame, horizon=2, origins=4)
        means.append(found.headlines.query("indicator == 'city' and period == '2017-12'")["mean"].item())
    assert means[0] == pytest.approx(means[1], abs=0.2)


def test_a_lone_sparse_indicator_is_forecast_by_itself_and_its_contest_is_empty():
    rows = [["city", "2017-06", "ytd_yoy", "8.0", "percent"], ["city", "2017-09", "ytd_yoy", "8.4", "percent"]]
    frame = pd.DataFrame(rows, columns=list(REQUIRED))
    found = make_outlook(decumulate(frame, draws=DRAWS), frame, horizon=3)
    assert set(found.forecasts["model"]) == {"related:none"}
    assert found.headlines["period"].tolist() == ["2017-10", "2017-11", "2017-12"]
    assert found.headlines["q50"][0] == pytest.approx(8.4, abs=0.5)
    assert found.panel.leaderboard.empty
    assert not found.panel.champions


def test_parts_with_a_handful_of_figures_go_on_adding_up_and_from_their_own_months():
    north, south = levels(GROWTH, PROFILE), levels(GROWTH[::-1], 3 * PROFILE[::-1])
    tables = [publish(level, indicator=name) for name, level in {"all": north + south, "north": north}.items()]
    few = publish(south, indicator="south")
    tables[1], few = (one[one["period"].str.endswith(("-06", "-12"))] for one in (tables[1], few))
    frame = check_observations(pd.concat([*tables, few], ignore_index=True))
    leans, parts = {"north": "all", "south": "all"}, {"all": ("north", "south")}
    recovered = decumulate(frame, related=leans, parts=parts, draws=DRAWS, seed=4)
    paths = make_outlook(recovered, frame, horizon=14, origins=4).paths
    whole, *of = (paths[name] for name in ("all", "north", "south"))
    known = recovered.paths["south"]
    months = np.arange(known.start, whole.last + 1)
    total = sum(path.level[:, months - path.start] for path in of)
    np.testing.assert_allclose(total, whole.level[:, months - whole.start], rtol=1e-6)
    before = slice(0, known.last + 1 - known.start)
    np.testing.assert_array_equal(paths["south"].growth[:, before], known.growth[:, before])
    ends = known.future_ends(whole.last)
    spread = np.log1p(paths["south"].rates(ends)).std(axis=0)
    assert spread[-1] > spread[0] > 0


@pytest.mark.parametrize("merged", [False, True])
def test_parts_with_levels_add_up_to_their_whole_in_every_draw(merged):
    north, south = levels(GROWTH, PROFILE), levels(GROWTH[::-1], 3 * PROFILE[::-1])
    named = {"all": north + south, "north": north, "south": south}
    tables = [
        publish(level, indicator=name, measures=("ytd_yoy", "ytd_level"), merged=merged, decimals=2)
        for name, level in named.items()
    ]
    frame = check_observations(pd.concat(tables, ignore_index=True))
    recovered = decumulate(frame, parts={"all": ("north", "south")}, draws=DRAWS, seed=4)
    found = make_outlook(recovered, frame, horizon=14, origins=4)
    assert found.apart == ()
    months = recovered.paths["all"].future_ends(recovered.paths["all"].last + 14)
    whole, *parts = (found.paths[name].levels(months) for name in named)
    np.testing.assert_allclose(whole, np.sum(parts, axis=0), rtol=1e-9)
    medians = found.forecasts.query("target == 'level'").pivot_table("q50", "month", "indicator")
    np.testing.assert_allclose(medians["all"], medians["north"] + medians["south"], rtol=0.02)
    alone = make_outlook(decumulate(frame, draws=DRAWS, seed=4), frame, horizon=14, origins=4)
    rates = [one.headlines.query("indicator == 'all'")["q50"].to_numpy() for one in (found, alone)]
    np.testing.assert_allclose(rates[0], rates[1], atol=1.5)


def test_parts_that_miss_their_whole_are_left_apart_and_named():
    north, south = levels(GROWTH, PROFILE), levels(GROWTH[::-1], PROFILE)
    named = {"all": north + 1.5 * south, "north": north, "south": south}
    tables = [publish(level, indicator=name, measures=("ytd_yoy", "ytd_level")) for name, level in named.items()]
    frame = check_observations(pd.concat(tables, ignore_index=True))
    recovered = decumulate(frame, parts={"all": ("north", "south")}, draws=DRAWS, seed=4)
    (line,) = make_outlook(recovered, frame, horizon=3, origins=4).apart
    assert line.startswith("all: north, south make ")
    assert line.endswith("% of it in the latest year; they are left apart")


@pytest.mark.parametrize("case", ["without levels", "to another month", "a part of a handful of figures"])
def test_parts_of_which_nobody_knows_the_shares_or_all_months_are_left_alone_without_a_word(case):
    north, south = levels(GROWTH[:4], PROFILE), levels(GROWTH[3::-1], PROFILE)
    measures = ("ytd_yoy",) if case == "without levels" else ("ytd_yoy", "ytd_level")
    named = {"all": north + south, "north": north, "south": south}
    frame = pd.concat([publish(level, indicator=name, measures=measures) for name, level in named.items()])
    if case == "to another month":
        frame = frame[(frame["indicator"] != "south") | (frame["period"] < "2013-12")]
    if case == "a part of a handful of figures":
        few = frame["period"].str.endswith(("-06", "-12")) & (frame["measure"] == "ytd_yoy")
        frame = frame[(frame["indicator"] != "south") | few]
    frame = check_observations(frame)
    recovered = decumulate(frame, related={"south": "north"}, parts={"all": ("north", "south")}, draws=100, seed=4)
    found = make_outlook(recovered, frame, horizon=2, origins=2, preset="fast")
    assert found.apart == ()
    assert set(found.headlines["indicator"]) == set(named)


def test_a_sparse_indicator_is_forecast_under_the_name_of_what_it_leans_on(outlook):
    models = outlook.forecasts.groupby("indicator")["model"].first()
    assert models["city"] == "related:nation"
    widths = outlook.headlines.groupby("indicator")[["q05", "q95"]].first()
    assert (
        widths.loc["city", "q95"] - widths.loc["city", "q05"]
        > widths.loc["nation", "q95"] - widths.loc["nation", "q05"]
    )


def test_the_same_seed_gives_the_same_tables_on_any_number_of_workers(table, outlook):
    again = make_outlook(
        decumulate(table, related={"city": "nation"}, draws=DRAWS, seed=4), table, horizon=14, origins=5, workers=2
    )
    pd.testing.assert_frame_equal(outlook.forecasts, again.forecasts, check_exact=True)
    pd.testing.assert_frame_equal(outlook.odds, again.odds, check_exact=True)


@pytest.mark.parametrize("seed", range(6))
def test_any_mixture_of_figures_is_forecast(seed):
    frame = check_observations(mixture(seed))
    result = decumulate(frame, draws=100)
    found = make_outlook(result, frame, horizon=5, origins=4)
    assert set(found.forecasts["indicator"]) == set(frame["indicator"])
    assert np.isfinite(found.forecasts[["mean", "q05", "q50", "q95"]]).all(axis=None)
    assert np.isfinite(found.headlines[["q05", "q95", "no_change"]]).all(axis=None)


@pytest.mark.parametrize("years", [[2015], [2010, 2011, 2012, 2013, 2015]], ids=["the only one", "after a gap"])
def test_a_single_year_of_rates_goes_on_from_the_year_that_it_refers_to(years):
    rates = publish(levels(np.full((8, 12), 0.06), PROFILE), merged=True)
    shown = check_observations(rates[rates["period"].str[:4].astype(int).isin(years)])
    ahead = make_outlook(decumulate(shown, draws=DRAWS, seed=1), shown, horizon=6, preset="fast", origins=4)
    first = ahead.headlines.iloc[0]
    assert first["period"] == "2016-02"
    assert first["q05"] < first["q50"] < first["q95"]
    assert ahead.headlines["q50"].between(5, 7).all()


def test_figures_of_long_ago_take_no_forecast_from_a_densely_published_indicator():
    rates = publish(levels(GROWTH, PROFILE), merged=True)
    old = pd.DataFrame(
        [["x", f"{year}-12", "ytd_yoy", "6.0", "percent", ""] for year in range(1995, 2009)], columns=rates.columns
    )
    table = check_observations(pd.concat([old, rates]))
    result = decumulate(table, draws=DRAWS, seed=1)
    assert not result.paths["x"].sparse
    assert len(make_outlook(result, table, horizon=3, preset="fast", origins=4).headlines)


def test_a_lone_january_at_the_end_leaves_the_pair_to_be_forecast():
    merged = publish(levels(GROWTH[:4], PROFILE), merged=True)
    january = pd.DataFrame([["x", "2014-01", "ytd_yoy", "6.0", "percent", ""]], columns=list(merged.columns))
    frame = check_observations(pd.concat([merged, january], ignore_index=True))
    found = make_outlook(decumulate(frame, draws=100), frame, horizon=3, origins=4)
    assert found.headlines["period"].tolist()[:2] == ["2014-02", "2014-03"]
    assert np.isfinite(found.headlines["q50"]).all()


def test_a_grid_with_too_many_values_gets_coarser_and_still_sums_to_one():
    wild = GROWTH[:3].copy()
    wild[:, ::2] += 3.0
    frame = check_observations(publish(levels(wild, PROFILE), decimals=4))
    odds = make_outlook(decumulate(frame, draws=100), frame, horizon=2, origins=4).odds
    assert len(odds) <= 5010
    assert odds["probability"].sum() == pytest.approx(1)


@pytest.fixture(scope="module")
def several():
    """Parts with levels, and a sparse indicator that leans on a dense one: three groups that know nothing of others."""
    north, south = levels(GROWTH, PROFILE), levels(GROWTH[::-1], 3 * PROFILE[::-1])
    tables = [
        publish(level, indicator=name, measures=("ytd_yoy", "ytd_level"), decimals=2)
        for name, level in {"whole": north + south, "part_a": north, "part_b": south}.items()
    ]
    tables += [publish(levels(GROWTH, PROFILE[::-1]), indicator=name) for name in ("nation", "alone")]
    city = pd.DataFrame([["city", "2016-11", "ytd_yoy", "21.0", "percent", ""]], columns=list(tables[-1].columns))
    return check_observations(pd.concat([*tables, city], ignore_index=True))


def test_of_a_chunk_those_alone_are_made_that_know_of_what_is_asked_for(several):
    asked = {"related": {"city": "nation"}, "parts": {"whole": ("part_a", "part_b")}, "draws": DRAWS, "seed": 4}
    chunks = decumulate_in_chunks(several, size=3, **asked)
    assert [sum(map(len, chunk)) for chunk in chunks.groups] == [3, 3]
    (part,) = chunks.holding({"part_b"})
    assert sorted(part.paths) == ["part_a", "part_b", "whole"]
    whole = next(each for each in chunks if "part_a" in each.paths)
    assert part.paths["part_a"].level.tobytes() == whole.paths["part_a"].level.tobytes()


def test_chunks_give_the_tables_and_paths_of_the_whole_to_the_last_bit(several, tmp_path):
    asked = {
        "related": {"city": "nation"},
        "parts": {"whole": ("part_a", "part_b")},
        "draws": DRAWS,
        "seed": 4,
        "short": True,
    }
    whole = decumulate(several, **asked)
    chunks = decumulate_in_chunks(several, size=1, keep=Stages(tmp_path, 100), **asked)
    assert [[sorted(group) for group in chunk] for chunk in chunks.groups] == [
        [["alone"]], [["city", "nation"]], [["part_a", "part_b", "whole"]],
    ]  # fmt: skip
    kept = derived(chunks)
    pd.testing.assert_frame_equal(kept.monthly, whole.monthly, check_exact=True)
    recovered = Recovered(kept.outlines, kept.leans, asked["parts"], DRAWS, 4, chunks)
    one, other = (
        make_outlook(found, several, horizon=5, origins=4, preset="fast", followed=("city", "whole"))
        for found in (whole, recovered)
    )
    for name in ("forecasts", "headlines", "odds"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
    assert list(one.paths) == list(other.paths) == ["city", "whole"]
    months = np.arange(other.paths["whole"].last - 4, other.paths["whole"].last + 1)
    for name, path in one.paths.items():
        assert path.rates(months).tobytes() == other.paths[name].rates(months).tobytes()
    assert one.apart == other.apart == ()

import numpy as np
import pandas as pd
import pytest

from forecasting import decumulate
from forecasting.decumulation import decumulate_in_chunks, lean
from forecasting.decumulation._sparse import aligned
from forecasting.errors import InputError
from forecasting.observations import month_index
from tests.decumulation.publication import levels, publish

DENSE = publish(levels(np.full((6, 12), 0.06), np.full(12, 100.0)), indicator="nation")


def points(*rows, indicator="city", measure="ytd_yoy", unit="percent"):
    return pd.DataFrame(
        [[indicator, period, measure, value, unit, ""] for period, value in rows], columns=list(DENSE.columns)
    )


def both(frame, **kwargs):
    return decumulate(pd.concat([DENSE, frame]), related={"city": "nation"}, draws=300, **kwargs)


def stated(path, period):
    """Draws of the cumulative rate that the path states for a period, percent."""
    return 100 * path.year_to_date(np.array([month_index(period)]))[:, 0]


def test_every_draw_of_a_sparse_indicator_rounds_back_to_its_points():
    path = both(points(("2012-08", "60.6"), ("2015-11", "24.6"))).paths["city"]
    assert path.sparse
    for period, value in (("2012-08", 60.6), ("2015-11", 24.6)):
        assert (np.abs(stated(path, period) - value) <= 0.05 + 1e-6).all()


def test_the_band_narrows_at_a_published_point_and_with_every_further_one():
    few = both(points(("2013-11", "20.0"))).paths["city"]
    more = both(points(("2013-05", "19.0"), ("2013-11", "20.0"), ("2014-11", "21.0"))).paths["city"]
    assert stated(few, "2013-11").std() < 0.05 < stated(few, "2013-05").std()
    assert stated(more, "2014-09").std() < stated(few, "2014-09").std()
    assert (
        more.growth[:, month_index("2014-09") - more.start].std()
        < few.growth[:, month_index("2014-09") - few.start].std()
    )


def test_the_path_follows_the_related_indicator_where_there_is_no_point():
    growth = np.full((6, 12), 0.02)
    growth[3:] = 0.12
    related = publish(levels(growth, np.full(12, 100.0)), indicator="nation")
    city = points(("2011-12", "2.5"), ("2014-12", "12.5"))
    path = decumulate(pd.concat([related, city]), related={"city": "nation"}, draws=300).paths["city"]
    early, late = (path.point_growth[month_index(month) - path.start] for month in ("2012-06", "2014-06"))
    assert late - early > 0.04


def test_a_published_monthly_level_is_stated_by_every_draw():
    path = both(points(("2013-03", "512.0"), ("2014-03", "730.0"), measure="month_level", unit="t")).paths["city"]
    at = month_index("2014-03") - path.start
    assert (np.abs(path.level[:, at] - 730) <= 0.5).all()
    assert path.monthly().set_index("month").loc["2014-03", "level"] == pytest.approx(730, abs=0.5)


def test_a_level_on_a_base_of_its_own_is_shown_as_published():
    rows = [points(("2013-06", "100.0"), ("2014-06", "130.0"), ("2014-12", "120.0"), measure="month_level", unit="t"),
            points(("2014-06", "10.0"), measure="month_yoy")]  # fmt: skip
    result = decumulate(pd.concat(rows), draws=100)
    months = result.monthly.set_index("month").loc[["2013-06", "2014-06", "2014-12"]]
    np.testing.assert_allclose(months["level"], [100, 130, 120], atol=0.05)
    assert months["yoy"]["2014-06"] == pytest.approx(10, abs=0.05)
    assert months["flag"].tolist() == ["sparse", "restated_base sparse", "sparse"]
    path = result.paths["city"]
    np.testing.assert_allclose(path.levels(np.array([month_index("2014-06")])), 130)


def test_a_year_on_a_base_of_its_own_goes_on_from_there():
    rows = [points(("2013-06", "100.0"), ("2014-06", "130.0"), measure="month_level", unit="t"),
            points(("2014-06", "10.0"), ("2015-06", "10.0"), measure="month_yoy")]  # fmt: skip
    months = decumulate(pd.concat(rows), draws=100).monthly.set_index("month")
    np.testing.assert_allclose(months["level"][["2013-06", "2014-06", "2015-06"]], [100, 130, 143], atol=0.3)


def test_figures_that_cannot_be_true_together_are_flagged():
    frame = pd.concat([
        points(("2013-12", "1000"), ("2014-12", "1200"), measure="ytd_level", unit="t"),
        points(("2014-12", "26.0")),
    ])  # fmt: skip
    flags = both(frame).flags
    assert flags[["indicator", "month", "flag"]].to_numpy().tolist() == [["city", "2014-12", "restated_base"]]
    assert "26.00" in flags["evidence"].iloc[0]


def test_without_anything_to_lean_on_the_band_is_wide_but_there():
    path = decumulate(points(("2013-11", "20.0")), draws=300).paths["city"]
    assert path.growth[:, 5].std() > 0.02
    assert (path.monthly()["status"].isin(["E", "K", "W"])).all()


def test_months_do_not_wander_off_from_each_other_over_the_years():
    years = points(*((f"{year}-12", f"{10 + year % 3}.0") for year in range(2006, 2014)))
    log_level = np.log(decumulate(years, draws=300).paths["city"].level).reshape(300, -1, 12)
    profile = log_level - log_level.mean(axis=2, keepdims=True)
    apart = (profile - profile[:, :1]).std(axis=0).mean(axis=1)
    assert apart[7] < 1.8 * apart[1]  # a random walk's would be 7 ** 0.5 times as far


def test_a_family_that_is_called_like_an_indicator_without_one_does_not_take_it_in():
    steel = points(("2013-11", "20.0"), ("2014-11", "-3.0"), indicator="steel")
    rails = points(("2012-11", "4.0"), ("2014-11", "5.0"), indicator="rails").assign(family="steel")
    plates = points(("2012-11", "6.0"), ("2015-06", "4.0"), indicator="plates").assign(family="steel")
    everything = pd.concat([steel, rails, plates])
    apart = pd.concat([decumulate(steel, draws=50).monthly, decumulate(pd.concat([rails, plates]), draws=50).monthly])
    chunks = decumulate_in_chunks(everything, size=1, draws=50)
    for made in ([decumulate(everything, draws=50)], chunks):
        months = pd.concat([one.monthly for one in made]).sort_values(["indicator", "month"], ignore_index=True)
        pd.testing.assert_frame_equal(months, apart.sort_values(["indicator", "month"], ignore_index=True))
    assert sorted(sorted(group) for chunk in chunks.groups for group in chunk) == [["plates", "rails"], ["steel"]]


def test_indicators_that_lean_on_each_other_are_refused():
    one, two = points(("2013-11", "20.0")), points(("2013-11", "10.0"), indicator="town")
    with pytest.raises(InputError, match="lean on each other"):
        decumulate(pd.concat([one, two]), related={"city": "town", "town": "city"})


def test_a_sparse_indicator_goes_on_along_a_path_that_reaches_ahead():
    result = both(points(("2013-11", "20.0")))
    nation = result.paths["nation"]
    ends = nation.future_ends(nation.last + 24)
    ahead = nation.extended(ends, np.full((300, len(ends)), 0.06), np.full(len(ends), 0.06))
    until = int(ends[-1])
    city = lean(result.paths, {"nation": ahead}, related={"city": "nation"}, parts={}, until=until, seed=0)["city"]
    assert city.last == nation.last + 24
    soon, late = (np.log(city.level[:, month - city.start]).std() for month in (month_index("2013-12"), city.last))
    assert late > soon


PARTS = pd.concat([
    points(("2012-12", "19.4"), ("2014-11", "15.0"), indicator="mining"),
    points(("2012-12", "10.0"), ("2014-11", "12.0"), indicator="making"),
    points(("2012-12", "9.1"), ("2014-11", "8.0"), indicator="power"),
])  # fmt: skip
LEANS = {"city": "nation", "mining": "city", "making": "city", "power": "city"}


def tied(city, parts=PARTS):
    frame = pd.concat([DENSE, points(*city), parts])
    return decumulate(frame, related=LEANS, parts={"city": ["mining", "making", "power"]}, draws=200)


def test_parts_add_up_to_the_whole_in_every_draw_and_go_on_stating_their_figures():
    result = tied([("2012-12", "11.3"), ("2014-11", "12.1")])
    city, parts = result.paths["city"], [result.paths[name] for name in ("mining", "making", "power")]
    months = np.arange(max(path.start for path in parts), city.last + 1)
    total = sum(path.level[:, months - path.start] for path in parts)
    np.testing.assert_allclose(total, city.level[:, months - city.start], rtol=1e-6)
    for path, value in zip(parts, (15.0, 12.0, 8.0), strict=True):
        assert (np.abs(stated(path, "2014-11") - value) <= 0.05 + 1e-6).all()
    assert np.isfinite(parts[0].growth).all()


def test_parts_add_up_in_every_draw_however_far_months_are_from_each_other(monkeypatch):
    monkeypatch.setattr("forecasting.decumulation._sparse.S_A", (0.3,))
    monkeypatch.setattr("forecasting.decumulation._sparse.S_E", (0.4,))
    frame = pd.concat([
        points(("2013-06", "17.1"), ("2013-07", "12.6"), ("2013-08", "17.4"), ("2015-11", "11.3")),
        points(("2013-08", "21.5"), ("2015-11", "10.0"), indicator="making"),
        points(("2013-08", "6.6"), ("2015-11", "19.4"), indicator="mining"),
    ])  # fmt: skip
    result = decumulate(frame, parts={"city": ["making", "mining"]}, draws=300, seed=5)
    city, *parts = (result.paths[name] for name in ("city", "making", "mining"))
    assert result.flags.empty
    np.testing.assert_allclose(sum(path.level for path in parts), city.level, rtol=1e-6)


@pytest.mark.parametrize(
    ("measure", "unit", "figures"),
    [
        ("ytd_level", "t", ("100.0", "60.0", "40.0")),
        ("ytd_level", "t", ("100.0", "60", "40")),
        ("ytd_yoy", "percent", ("7.0", "7.0", "7.0")),
    ],
)
def test_parts_use_the_room_that_rounding_leaves_to_add_up(measure, unit, figures):
    names = ("city", "making", "mining")
    rows = [points(("2014-12", value), indicator=name, measure=measure, unit=unit)
            for name, value in zip(names, figures, strict=True)]  # fmt: skip
    result = decumulate(
        pd.concat([DENSE, *rows]), related=dict.fromkeys(names, "nation"), parts={"city": names[1:]}, draws=200
    )
    assert result.flags.empty
    city, *parts = (result.paths[name] for name in names)
    months = np.arange(max(path.start for path in parts), city.last + 1)
    total = sum(path.level[:, months - path.start] for path in parts)
    np.testing.assert_allclose(total, city.level[:, months - city.start], rtol=1e-6)


def test_parts_that_cannot_add_up_are_left_apart_with_a_flag():
    flags = tied([("2012-12", "31.3"), ("2014-11", "12.1")]).flags
    assert set(flags["flag"]) == {"apart"}
    assert set(flags["indicator"]) == {"mining", "making", "power"}
    assert "add up to city: making, mining, power left apart" in flags["evidence"].iloc[0]


def adding(figures, parts, related="nation"):
    """Paths of indicators of which a rate or a level of 2014 is published, and what became flagged."""
    rows = [points(("2014-12", value), indicator=name, measure=measure, unit=unit)
            for name, (value, measure, unit) in figures.items()]  # fmt: skip
    leans = dict.fromkeys(figures, "nation") | (related if isinstance(related, dict) else {})
    return decumulate(pd.concat([DENSE, *rows]), related=leans, parts=parts, draws=200)


def largest_miss(paths, whole, parts):
    members = [paths[name] for name in (whole, *parts)]
    months = np.arange(max(path.start for path in members), min(path.last for path in members) + 1)
    own, *others = (path.level[:, months - path.start] for path in members)
    return np.abs(sum(others) / own - 1).max()


LEVEL, RATE = ("ytd_level", "t"), ("ytd_yoy", "percent")


@pytest.mark.parametrize(
    "figures",
    [
        {"city": ("100", *LEVEL), "making": ("60.37", *LEVEL), "mining": ("40.11", *LEVEL)},
        {"city": ("7.0", *RATE), "making": ("7.0", *RATE), "mining": ("7.1", *RATE)},
        {"city": ("7.0", *RATE), "making": ("60.0", *LEVEL), "mining": ("40.0", *LEVEL)},
        {"city": ("7.0", *RATE), "making": ("60.0", *LEVEL), "mining": ("5.0", *RATE)},
    ],
)
def test_a_whole_that_is_known_less_than_its_parts_follows_them(figures):
    result = adding(figures, {"city": ["making", "mining"]})
    assert result.flags.empty
    assert largest_miss(result.paths, "city", ["making", "mining"]) < 1e-6


@pytest.mark.parametrize("inner", ["making", "a_part"])
def test_parts_of_parts_add_up_too_whatever_their_names(inner):
    figures = {"city": ("10.0", *RATE), inner: ("12.0", *RATE), "mining": ("5.0", *RATE),
               "cars": ("20.1", *RATE), "steel": ("9.1", *RATE)}  # fmt: skip
    parts = {"city": [inner, "mining"], inner: ["cars", "steel"]}
    result = adding(figures, parts, {inner: "city", "cars": inner})
    assert result.flags.empty
    for whole, of in parts.items():
        assert largest_miss(result.paths, whole, of) < 1e-6


def test_a_whole_keeps_its_own_months_where_its_parts_lean_on_it_and_say_little():
    free = adding({"city": ("7.0", *RATE), "making": ("7.1", *RATE), "mining": ("6.0", *RATE)}, {})
    leaning = {"making": "city", "mining": "city"}
    figures = {"city": ("7.0", *RATE), "making": ("7.1", *RATE), "mining": ("6.0", *RATE)}
    tied_up = adding(figures, {"city": ["making", "mining"]}, leaning)
    widths = [
        np.nanmean(np.ptp(np.quantile(r.paths["city"].growth, [0.05, 0.95], axis=0), axis=0)) for r in (free, tied_up)
    ]
    assert widths[1] == pytest.approx(widths[0], rel=0.15)


def quarterly(draws=60, parts=True):
    """A whole that is published every month and its two parts, every quarter: figures and what is recovered."""
    rng = np.random.default_rng(8)
    profile = np.array([70.0, 60, 100, 100, 105, 110, 95, 95, 110, 105, 110, 120])
    making, mining = (
        levels(mean + 0.01 * rng.standard_normal((5, 12)).cumsum(axis=1), profile * size)
        for mean, size in ((0.08, 1.0), (0.03, 0.6))
    )
    tables = {"making": making, "mining": mining, "city": making + mining}
    tables = {name: publish(level, indicator=name) for name, level in tables.items()}
    for name in ("making", "mining"):
        tables[name] = tables[name][tables[name]["period"].str[-2:].isin(["03", "06", "09", "12"])]
    frame = pd.concat(tables.values())
    leans = {"making": "city", "mining": "city"}
    adding_up = {"city": ["making", "mining"]} if parts else {}
    return frame, decumulate(frame, related=leans, parts=adding_up, draws=draws)


def test_parts_that_are_published_by_quarter_add_up_to_a_whole_that_is_published_by_month():
    frame, result = quarterly()
    assert result.flags.empty
    assert largest_miss(result.paths, "city", ["making", "mining"]) < 1e-6
    assert not result.paths["city"].sparse
    for row in frame.itertuples():
        assert (np.abs(stated(result.paths[row.indicator], row.period) - float(row.value)) <= 0.05 + 1e-6).all()


def test_a_whole_that_parts_move_is_known_no_less_than_before_and_they_are_not_squeezed():
    tied_up, free = quarterly()[1].paths, quarterly(parts=False)[1].paths
    spread = {name: [np.nanmean(paths[name].growth.std(axis=0)) for paths in (tied_up, free)] for name in free}
    assert spread["city"][0] < 1.05 * spread["city"][1]
    for name in ("making", "mining"):  # what is left of their deviations is what their figures told of
        assert spread[name][0] == pytest.approx(spread[name][1], rel=0.25)


def test_base_weights_are_told_of_the_months_that_add_up():
    _, result = quarterly()
    city = result.paths["city"]
    base = city.level[:, :12] / (1 + city.growth[:, :12])
    share = (base / base.sum(axis=1, keepdims=True)).mean(axis=0)
    told = result.weights.loc[result.weights["indicator"] == "city", "weight"].to_numpy()
    np.testing.assert_allclose(told[2:], share[2:], rtol=1e-6)  # January and February are told together


def test_where_nothing_is_known_of_the_related_indicator_it_grows_as_in_the_nearest_year():
    yearly = np.array([0.02, 0.05, 0.08, 0.11, 0.14])
    whole = publish(levels(np.repeat(yearly, 12).reshape(5, 12), np.full(12, 100.0)), indicator="nation")
    gap = str(int(whole["period"].min()[:4]) + 2)
    path = decumulate(whole[whole["period"].str[:4] != gap], draws=20).paths["nation"]
    assert np.isnan(path.point_growth[24:36]).all()
    draws = aligned(path, path.start - 12, 84)
    for outside, year in ((0, slice(0, 12)), (83, slice(48, 60))):
        np.testing.assert_allclose(draws[:, outside], np.log1p(path.growth[:, year]).mean(axis=1))
    growth = draws.mean(axis=0)
    halves = np.repeat([0.02, 0.02, 0.05, 0.05, 0.11, 0.11, 0.14, 0.14], [12, 12, 12, 6, 6, 12, 12, 12])
    np.testing.assert_allclose(growth, np.log1p(halves), atol=0.006)

"""A misprint is named, and spoils no other month."""

import numpy as np
import pytest

from forecasting import decumulate
from forecasting.decumulation._figures import arrange
from forecasting.decumulation._misprints import misprints
from forecasting.observations import check_observations
from tests.decumulation.publication import FIRST_YEAR, levels, publish
from tests.decumulation.rounding import unstated

LAST_YEAR = FIRST_YEAR + 5


def published(*measures):
    """Figures of six years."""
    growth = 0.06 + 0.01 * np.random.default_rng(5).standard_normal((6, 12))
    return publish(levels(growth, np.full(12, 100.0)), measures=measures, merged=True)


def accused(frame):
    (figures,) = arrange(check_observations(frame))
    return [(each.measure, figures.year + each.year, each.month + 1) for each in misprints(figures)]


@pytest.mark.parametrize("year", [FIRST_YEAR, FIRST_YEAR + 3, LAST_YEAR])
@pytest.mark.parametrize(
    ("measure", "flag", "factor"), [("ytd_yoy", "revision", 10), ("ytd_level", "restated_base", 1.03)]
)
def test_one_wrong_figure_of_rates_and_levels_is_the_only_one_that_is_named(measure, flag, factor, year):
    clean = published("ytd_yoy", "ytd_level")
    frame = clean.copy()
    wrong = (frame["measure"] == measure) & (frame["period"] == f"{year}-07")
    frame.loc[wrong, "value"] = f"{factor * float(frame.loc[wrong, 'value'].iloc[0]):.1f}"
    assert accused(frame) == [(measure, year, 7)]
    spoilt = decumulate(frame, draws=60)
    named = spoilt.flags[spoilt.flags["flag"] != "levels_only"]
    assert named[["month", "flag"]].to_numpy().tolist() == [[f"{year}-07", flag]]
    right = decumulate(clean, draws=60).monthly
    np.testing.assert_allclose(spoilt.monthly["yoy"], right["yoy"], atol=2)
    np.testing.assert_allclose(spoilt.monthly["level"], right["level"], rtol=0.02)
    assert unstated(frame[~wrong], spoilt.paths["x"]) == []


def test_levels_on_another_base_and_rates_of_several_coverages_are_no_misprints():
    frame = published("ytd_yoy", "ytd_level")
    rate, level = frame["measure"] == "ytd_yoy", frame["measure"] == "ytd_level"
    moved = level & (frame["period"] > f"{FIRST_YEAR + 2}-06")
    frame.loc[moved, "value"] = (0.95 * frame.loc[moved, "value"].astype(float)).map("{:.1f}".format)
    other = rate & frame["period"].isin([f"{FIRST_YEAR + 4}-{month}" for month in ("04", "07", "10")])
    frame.loc[other, "value"] = (frame.loc[other, "value"].astype(float) - 2).map("{:.1f}".format)
    assert accused(frame) == []


@pytest.mark.parametrize("period", ["2010-03", "2012-07", "2015-12"])
def test_one_wrong_rate_by_month_beside_cumulative_rates_is_the_only_one_that_is_named(period):
    clean = published("ytd_yoy", "month_yoy")
    frame = clean.copy()
    wrong = (frame["measure"] == "month_yoy") & (frame["period"] == period)
    frame.loc[wrong, "value"] = f"{10 * float(frame.loc[wrong, 'value'].iloc[0]):.1f}"
    spoilt = decumulate(frame, draws=60)
    assert spoilt.flags[["month", "flag"]].to_numpy().tolist() == [[period, "revision"]]
    assert "the cumulative rates give" in spoilt.flags["evidence"].iloc[0]
    np.testing.assert_allclose(spoilt.monthly["yoy"], decumulate(clean, draws=60).monthly["yoy"], atol=1)


def test_a_month_of_small_weight_that_grows_unlike_the_others_is_no_misprint():
    profile = np.where(np.arange(12) == 7, 20.0, 100.0)
    growth = 0.06 + 0.002 * np.random.default_rng(5).standard_normal((6, 12))
    growth[3, 7] += 0.3
    assert accused(publish(levels(growth, profile), measures=("ytd_yoy", "month_yoy"), merged=True)) == []


def steady(measures, measure, month, by, *, decimals=1, size=100.0):
    """Three years of six percent, with a figure of the second that is off by so much."""
    frame = publish(
        levels(np.full((3, 12), 0.06), np.full(12, size)), measures=measures, merged=True, decimals=decimals
    )
    at = (frame["measure"] == measure) & (frame["period"] == f"{FIRST_YEAR + 1}-{month:02d}")
    frame.loc[at, "value"] = f"{float(frame.loc[at, 'value'].iloc[0]) + by:.{decimals}f}"
    return frame


@pytest.mark.parametrize(
    ("month", "decimals", "least"), [(3, 1, 1.3), (4, 1, 1.0), (7, 1, 0.8), (11, 1, 0.8), (7, 0, 8)]
)
def test_a_rate_among_steady_ones_is_a_misprint_where_it_moves_its_month_by_fifteen_usual_changes(
    month, decimals, least
):
    """And itself by fifteen times its rounding: a change of 2n d from the months beside it, against .075."""
    for by, found in ((least, True), (least - 10.0**-decimals, False)):
        for sign in (-1, 1):
            frame = steady(("ytd_yoy",), "ytd_yoy", month, sign * by, decimals=decimals)
            assert accused(frame) == ([("ytd_yoy", FIRST_YEAR + 1, month)] if found else [])


def test_what_is_usual_is_the_middle_of_the_changes_that_an_indicator_shows():
    frame = publish(levels(np.full((3, 12), 0.06), np.full(12, 100.0)), merged=True)
    frame["value"] = ["6.1" if period.endswith(("2", "4", "6", "8", "0")) else "6.0" for period in frame["period"]]
    for rate, found in ((8.6, False), (8.8, True)):  # changes of 14 tenths: .0208 as a standard deviation
        frame.loc[frame["period"] == f"{FIRST_YEAR + 1}-07", "value"] = f"{rate}"
        assert accused(frame) == ([("ytd_yoy", FIRST_YEAR + 1, 7)] if found else [])


@pytest.mark.parametrize(("measure", "passes", "found"), [("ytd_yoy", 0.4, 0.5), ("ytd_level", 2.1e4, 3.2e4)])
def test_a_rate_and_levels_part_where_they_miss_each_other_by_more_than_rounding_and_fifteen_usual_gaps(
    measure, passes, found
):
    """Rates of a decimal beside levels of many digits: .3 points and twice the .047 of rounding."""
    for sign in (-1, 1):
        frames = [steady(("ytd_yoy", "ytd_level"), measure, 7, sign * by, size=1e6) for by in (passes, found)]
        assert [accused(frame) for frame in frames] == [[], [(measure, FIRST_YEAR + 1, 7)]]


def test_a_year_of_fifty_times_the_one_before_is_as_uneven_as_it_is_large_and_none_of_its_rates_a_misprint():
    growth = 0.06 + 0.02 * np.random.default_rng(6).standard_normal((9, 12))
    months = levels(growth, np.full(12, 100.0))
    months[6] /= 50
    assert accused(publish(months, measures=("ytd_yoy",), merged=True)) == []

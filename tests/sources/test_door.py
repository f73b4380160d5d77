"""What is let in as a figure, what is known already, and what is refused with the place it came from."""

import datetime as dt

import pandas as pd
import pytest

from forecasting.catalog import load_catalog
from forecasting.observations import COLUMNS, check_observations
from forecasting.reference import load_observations
from forecasting.sources import admit
from forecasting.sources._source import raw_frame

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
CATALOG = load_catalog()
NOTHING = check_observations(load_observations()).iloc[:0]


def raw(*figures: str, **more: str) -> pd.DataFrame:
    """Text rows of "period measure value" of one indicator."""
    rows = []
    for place, figure in enumerate(figures, start=2):
        period, measure, value = figure.split()
        unit = "percent" if measure.endswith("yoy") else "t"
        rows.append(
            dict(zip(COLUMNS, ("steel", period, measure, value, unit), strict=False))
            | {"where": f"line {place}"}
            | more
        )
    return raw_frame(rows)


def known(*figures: str) -> pd.DataFrame:
    return check_observations(raw(*figures)[list(COLUMNS[:5])])


def refused(rows: pd.DataFrame, store: pd.DataFrame = NOTHING) -> list[str]:
    """The places of the rows that are refused."""
    return [row.where for _, row in admit(rows, CATALOG, store, NOW, followed_only=False).bad]


@pytest.mark.parametrize(
    ("said", "news"), [("9.1", False), ("9.0", True), ("9", False), ("9.2", True), ("9.145", True), ("10", True)]
)
def test_a_figure_is_no_news_where_the_exact_one_that_is_known_rounds_to_it(said, news):
    found = admit(
        raw(f"2024-03 ytd_yoy {said}"),
        CATALOG,
        known("2024-03 ytd_yoy 9.14"),
        NOW,
        followed_only=False,
        rounded=True,
    )
    assert (len(found.frame), found.known) == ((1, 0) if news else (0, 1))


@pytest.mark.parametrize(("exact", "same"), [("9.15", True), ("9.16", False), ("9.05", True), ("9.04", False)])
def test_what_lies_half_a_unit_away_rounds_to_a_figure_and_nothing_further(exact, same):
    store = known(f"2024-03 ytd_yoy {exact}")
    found = admit(raw("2024-03 ytd_yoy 9.1"), CATALOG, store, NOW, followed_only=False, rounded=True)
    assert found.known == int(same)


def test_a_status_that_is_not_said_is_the_one_that_is_known_and_another_one_is_news():
    store = known("2024-03 ytd_yoy 9.1").assign(status="A")
    for status, news in (("", 0), ("A", 0), ("P", 1)):
        rows = raw("2024-03 ytd_yoy 9.1", status=status)
        assert len(admit(rows, CATALOG, store, NOW, followed_only=False).frame) == news, status


def test_a_cumulative_level_that_falls_is_refused_in_whatever_order_the_months_come():
    rows = raw(
        "2024-05 ytd_level 20", "2024-06 ytd_level 60", "2024-02 ytd_level 25", "2024-04 ytd_level 45",
        "2024-03 ytd_level 35",
    )  # fmt: skip
    assert refused(rows) == ["line 2"]
    assert refused(rows[1:]) == []


def test_the_only_new_figure_of_a_year_is_judged_by_those_that_are_known():
    store = known("2024-02 ytd_level 25", "2024-03 ytd_level 35", "2024-05 ytd_level 55")
    assert refused(raw("2024-04 ytd_level 30"), store) == ["line 2"]
    assert refused(raw("2024-04 ytd_level 45"), store) == []
    assert refused(raw("2025-04 ytd_level 30"), store) == []  # another year


def test_a_cumulative_rate_lies_between_the_one_before_and_the_months_own_within_two_points():
    store = known("2024-03 ytd_yoy 5.0", "2024-04 month_yoy 8.0")
    for value, wrong in (("2.9", True), ("3.0", False), ("10.0", False), ("10.1", True)):
        assert refused(raw(f"2024-04 ytd_yoy {value}"), store) == (["line 2"] if wrong else []), value


def test_a_january_without_a_figure_is_refused_and_one_of_another_indicator_is_not():
    told = ["cn_industrial_va 2023-01", "cn_industrial_va 2023-03", "cn_exports 2023-01", "strange 2023-01"]
    names = [one.split() for one in told]
    rows = raw(*(f"{period} ytd_yoy 5.0" for _, period in names)).assign(indicator=[name for name, _ in names])
    bad = admit(rows, CATALOG, NOTHING, NOW, followed_only=False).bad
    assert [index for index, _ in bad] == [0]


VALUE_ADDED = {"indicator": "cn_industrial_va"}  # of which the catalogue says that its rates have one decimal


def test_a_rate_that_says_no_decimals_has_those_of_the_catalogue():
    rows = raw("2024-02 ytd_yoy 7", "2024-03 ytd_yoy 6.15", "2024-04 ytd_yoy 6.3", **VALUE_ADDED)
    assert admit(rows, CATALOG, NOTHING, NOW, followed_only=True).frame["decimals"].tolist() == [1, 2, 1]
    said = admit(rows.assign(decimals=["0", "2", "1"]), CATALOG, NOTHING, NOW, followed_only=True)
    assert said.frame["decimals"].tolist() == [0, 2, 1]


def test_rates_that_are_all_whole_percents_are_so_whatever_the_catalogue_says():
    rows = raw(*(f"2024-0{month} ytd_yoy {6 + month % 3}" for month in range(2, 8)), **VALUE_ADDED)
    assert admit(rows, CATALOG, NOTHING, NOW, followed_only=True).frame["decimals"].tolist() == [0] * 6


@pytest.mark.parametrize(("given", "news"), [("", 0), ("1", 0), ("0", 1)])
def test_a_figure_that_has_lost_its_zero_does_not_replace_the_one_that_has_it(given, news):
    rows = raw("2024-03 ytd_yoy 7", decimals=given)
    assert len(admit(rows, CATALOG, known("2024-03 ytd_yoy 7.0"), NOW, followed_only=False).frame) == news


def test_a_figure_that_shows_more_places_than_are_known_is_news():
    rows = raw("2024-03 ytd_yoy 7.00")
    assert len(admit(rows, CATALOG, known("2024-03 ytd_yoy 7.0"), NOW, followed_only=False).frame) == 1


def test_a_rate_that_was_stored_too_coarse_is_stored_again():
    rows = raw("2024-03 ytd_yoy 7", **VALUE_ADDED)
    store = known("2024-03 ytd_yoy 7").assign(**VALUE_ADDED)
    assert admit(rows, CATALOG, store, NOW, followed_only=True).frame["decimals"].tolist() == [1]
    assert admit(rows.assign(decimals="0"), CATALOG, store, NOW, followed_only=True).known == 1

"""Staleness against the release calendar."""

import datetime as dt

import pandas as pd
import pytest

from forecasting.catalog import load_catalog
from forecasting.errors import CatalogError
from jobs.freshness import due_now, freshness, last_periods


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


def one(catalog, indicator: str, last: str, now: str):
    return next(item for item in freshness(catalog, {indicator: last}, at(now)) if item.indicator == indicator)


def test_october_is_three_days_late():
    item = one(load_catalog(), "cn_industrial_va", "2025-09", "2025-11-17T10:30+08:00")
    assert (item.due_period, item.days_late) == ("2025-10", 3)
    assert str(item) == "2025-10 is 3 days late"


def test_a_figure_that_is_due_today_is_not_late_yet():
    item = one(load_catalog(), "cn_industrial_va", "2025-09", "2025-11-14T18:00+08:00")
    assert item.days_late == 0


@pytest.mark.parametrize("day", ["2026-02-20", "2026-03-15"])
def test_february_has_no_release_so_december_is_fresh_until_march(day):
    item = one(load_catalog(), "cn_industrial_va", "2025-12", f"{day}T12:00+08:00")
    assert (item.due_period, item.days_late) == ("2026-02", 0)


def test_a_january_that_comes_with_february_is_not_late_before():
    item = one(load_catalog(), "cn_exports", "2025-12", "2026-03-05T12:00+08:00")
    assert (item.due_period, item.days_late) == ("2026-01", 0)


def test_an_own_calendar_goes_before_the_packaged_one_and_the_rule(tmp_path):
    own = tmp_path / "calendar.toml"
    own.write_text('[nbs_activity]\n"2025-10" = 2025-11-20T10:00:00\n', encoding="utf-8")
    catalog = load_catalog(calendar=own)
    assert one(catalog, "cn_industrial_va", "2025-09", "2025-11-19T10:00+08:00").days_late == 0
    assert catalog.released_at("cn_industrial_va", "2025-11") == at("2025-12-15T02:00Z")
    assert catalog.released_at("cn_industrial_va", "2031-10") == at("2031-11-16T02:00Z")


def test_a_figure_is_due_on_the_day_in_shanghai_wherever_the_machine_is(tmp_path):
    own = tmp_path / "calendar.toml"
    own.write_text('[nbs_activity]\n"2025-10" = 2025-11-20T06:00:00\n', encoding="utf-8")
    item = one(load_catalog(calendar=own), "cn_industrial_va", "2025-09", "2025-11-14T12:00+08:00")
    assert str(item.due_day) == "2025-11-20"
    assert str(item) == "2025-10 is due on 2025-11-20"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[x]\n2025 = 1\n", "expected a line like"),
        ('[x]\n"2025-10" = 2025-11-14\n', "expected a line like"),
        ("x = 1\n", "x is not a table"),
        ("[x\n", "not TOML"),
    ],
)
def test_a_calendar_that_is_none_is_refused(tmp_path, text, message):
    file = tmp_path / "calendar.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogError, match=message):
        load_catalog(calendar=file)


def test_what_came_due_in_the_last_hours_is_asked_for():
    catalog = load_catalog()
    newest = dict.fromkeys(catalog.ids, "2025-09")
    due = [item.indicator for item in due_now(catalog, newest, at("2025-11-14T11:00+08:00"), hours=6)]
    assert "cn_industrial_va" in due
    assert "cn_exports" not in due
    assert due_now(catalog, newest, at("2025-11-14T09:00+08:00"), hours=6) == []
    assert due_now(catalog, {**newest, **dict.fromkeys(due, "2025-10")}, at("2025-11-14T11:00+08:00"), hours=6) == []


def test_what_came_due_longer_ago_is_asked_for_no_more():
    catalog = load_catalog()
    newest = dict.fromkeys(catalog.ids, "2025-09")

    def due(now):
        return "cn_industrial_va" in {item.indicator for item in due_now(catalog, newest, at(now), hours=6)}

    assert [due(f"2025-11-14T{time}+08:00") for time in ("09:59", "10:00", "15:59", "16:00")] == [
        False, True, True, False
    ]  # fmt: skip
    assert due_now(catalog, {}, at("2025-11-14T11:00+08:00"), hours=6) == []


def test_lateness_is_told_in_days_and_what_has_no_figure_is_told_so():
    catalog = load_catalog()
    assert str(one(catalog, "cn_industrial_va", "2025-09", "2025-11-15T10:30+08:00")) == "2025-10 is 1 day late"
    assert {str(item) for item in freshness(catalog, {}, at("2025-11-15T10:30+08:00"))} == {"no figure yet"}


def test_the_latest_period_is_that_of_any_measure_but_for_levels_in_another_unit_than_the_catalogues():
    catalog = load_catalog()
    rows = [("2025-08", "ytd_yoy", "percent"), ("2025-09", "month_level", catalog["cn_exports"].unit),
            ("2025-07", "month_yoy", "percent"), ("2025-10", "month_level", "apples")]  # fmt: skip
    newest = pd.DataFrame(rows, columns=["period", "measure", "unit"]).assign(indicator="cn_exports")
    assert last_periods(catalog, newest) == {"cn_exports": "2025-09"}

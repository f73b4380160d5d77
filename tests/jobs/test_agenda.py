import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest

from forecasting.errors import SettingsError
from forecasting.settings import ScheduleSettings
from jobs.agenda import Agenda
from jobs.ledger import Run

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def run(started: str, status: str = "done", night: str = "2026-01-20") -> Run:
    return Run("r", 1, night, "k", status, at(started), None, "")


def test_a_night_is_due_once_a_day_and_the_deep_one_takes_its_place_on_its_weekday():
    agenda = Agenda(ScheduleSettings(deep_weekday="sun", deep_hour=4))
    now, nights = at("2026-01-16T12:00:00+08:00"), []
    for _ in range(4):
        occasion = agenda.last(agenda.next(now))
        nights.append((occasion.moment, occasion.deep))
        now = occasion.moment
    assert nights == [
        (at("2026-01-17T02:30:00+08:00"), False),
        (at("2026-01-18T04:30:00+08:00"), True),
        (at("2026-01-19T02:30:00+08:00"), False),
        (at("2026-01-20T02:30:00+08:00"), False),
    ]
    never = Agenda(ScheduleSettings(deep_weekday="never", deep_hour=4))
    assert never.last(at("2026-01-18T12:00:00+08:00")).moment == at("2026-01-18T02:30:00+08:00")


def test_an_hour_that_comes_twice_or_not_at_all_has_one_night():
    agenda = Agenda(ScheduleSettings(timezone="Europe/Berlin", deep_weekday="never"))
    for day in ("2026-10-25", "2026-03-29"):  # back from summer time, and into it
        start = dt.datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=BERLIN).astimezone(dt.UTC)
        moments = {agenda.last(start + dt.timedelta(minutes=10 * i)).moment for i in range(6 * 24)}
        inside = [moment for moment in moments if moment >= start]
        assert len(inside) == 1
        assert inside[0].astimezone(BERLIN).strftime("%H:%M") in ("02:30", "03:30")


def test_a_night_is_open_until_a_run_of_its_day_came_out_or_three_did_not():
    occasion = Agenda(ScheduleSettings()).last(at("2026-01-20T08:00:00+08:00"))
    assert occasion.is_open([])
    assert occasion.is_open([run("2026-01-20T07:00:00+08:00", night="2005-03-01")])  # as of a past day
    for status in ("done", "degraded"):
        assert not occasion.is_open([run("2026-01-20T02:30:00+08:00", status)])
    for status in ("failed", "interrupted"):
        lost = run("2026-01-20T02:30:00+08:00", status)
        assert occasion.is_open([lost, lost])
        assert not occasion.is_open([lost, lost, lost])


@pytest.mark.parametrize("name", ["Asia/Baotou", "Asia", ".", ""])
def test_an_unknown_time_zone_is_refused(name):
    with pytest.raises(SettingsError, match=f"'{re.escape(name)}' is unknown; use an IANA name"):
        Agenda(ScheduleSettings(timezone=name))

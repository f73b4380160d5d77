import subprocess
import sys
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.decumulation._calendar import new_year, new_year_exposure, working_days
from forecasting.observations import month_index


def days(first, last):
    return working_days(month_index(first), month_index(last)).tolist()


def new_years_day(year):
    return date(year, 1, 1) + timedelta(days=new_year(year) - 1)


@pytest.mark.parametrize(
    "day",
    ["1990-01-27", "1995-01-31", "2000-02-05", "2007-02-18", "2012-01-23", "2015-02-19", "2020-01-25", "2023-01-22",
     "2024-02-10", "2025-01-29", "2026-02-17", "2027-02-06", "2033-01-31", "2034-02-19", "2050-01-23"],
)  # fmt: skip
def test_chinese_new_year_falls_on_its_known_day(day):
    assert new_years_day(int(day[:4])) == date.fromisoformat(day)


def test_from_one_new_year_to_the_next_there_are_twelve_or_thirteen_moons():
    all_days = [new_years_day(year) for year in range(1990, 2051)]
    gaps = {(later - earlier).days for earlier, later in pairwise(all_days)}
    assert gaps <= {353, 354, 355, 383, 384, 385}
    assert all(date(day.year, 1, 21) <= day <= date(day.year, 2, 20) for day in all_days)


def test_a_month_without_holidays_has_its_weekdays():
    assert days("2024-07", "2024-08") == [23, 22]
    assert days("1998-07", "1998-07") == [23]


def test_official_schedules_move_days_off_and_make_weekends_working_days():
    # January 2020: 23 weekdays, off on the 1st, the 24th and the 27th to 31st, made up for on Sunday the 19th
    # February 2024: 21 weekdays, off from the 12th to the 16th, made up for on the 4th and 18th
    # October 2024: 23 weekdays, off from the 1st to the 4th and on the 7th, made up for on the 12th
    assert days("2020-01", "2020-01") == [17]
    assert days("2024-02", "2024-02") == [18]
    assert days("2024-10", "2024-10") == [19]


def test_a_made_up_day_counts_in_its_own_year():
    # 29 and 30 December 2001 made up for 2 and 3 January 2002: 21 weekdays and two, 23 less three
    assert days("2001-12", "2002-01") == [23, 20]


def test_the_five_may_days_of_2008_became_one():
    may_2007, may_2008 = days("2007-05", "2007-05"), days("2008-05", "2008-05")
    assert may_2007 == [18]  # 23 weekdays less the 1st to the 4th and the 7th
    assert may_2008 == [21]  # 22 less the 1st and the 2nd, and Sunday the 4th


def test_years_without_a_schedule_have_the_statutory_days():
    # October 2045: 22 weekdays, the 1st (a Sunday), 2nd and 3rd off, the Sunday moved to the 4th
    assert days("2045-10", "2045-10") == [19]


def test_the_window_around_new_year_is_spread_over_its_months():
    # 29 January 2025: the window 19 January to 13 February has 13 days in each month
    spread = new_year_exposure(month_index("2025-01"), month_index("2025-03"), before=10, after=15)
    assert spread.tolist() == [13, 13, 0]
    after_it = new_year_exposure(month_index("2025-01"), month_index("2025-03"), before=-1, after=31)
    assert after_it.tolist() == [2, 28, 1]


@given(first=st.integers(1990, 2049), years=st.integers(1, 20), before=st.integers(0, 20), after=st.integers(0, 60))
def test_every_year_has_one_whole_window(first, years, before, after):
    spread = new_year_exposure(first * 12, (first + years) * 12 - 1, before, after).reshape(years, 12)
    assert np.all(spread.sum(axis=1) == before + after + 1)


def test_the_table_is_not_the_callers_to_change():
    working_days(24_000, 24_011)[:] = 0
    assert working_days(24_000, 24_011).min() > 0


@pytest.mark.parametrize(("first", "last"), [(1949 * 12, 24_000), (24_000, 2100 * 12), (24_001, 24_000)])
def test_months_beyond_the_calendar_are_refused(first, last):
    with pytest.raises(ValueError, match="covers the years 1950 to 2098"):
        working_days(first, last)


def test_the_calendar_is_loaded_when_it_is_asked_for():
    code = "import sys, forecasting.decumulation._calendar; print('holidays' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"

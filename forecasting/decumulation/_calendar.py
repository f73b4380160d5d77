"""The Chinese calendar by month: working days, and the days around Chinese New Year.

Dates come from the package `holidays`: official schedules with their make-up working days from 2001 to its release,
statutory days by the rule before and after. Months are indices, months since year 0.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from forecasting.decumulation._figures import FloatArray

__all__ = ["FIRST_YEAR", "LAST_YEAR", "new_year", "new_year_exposure", "working_days"]

FIRST_YEAR, LAST_YEAR = 1950, 2098  # the lunar dates that the package knows, and the year that a window reaches into

_Days = npt.NDArray[np.datetime64]


def working_days(first: int, last: int) -> FloatArray:
    """Chinese working days of every month from one month index to another.

    Mondays to Fridays that are no public holiday, and the weekend days that an official schedule makes working days.
    Years without a schedule have the statutory days, moved to the next working day where they fall on a weekend
    since 2000. The five-day week of May 1995 is applied to all years: the sixth day of earlier ones came to about the
    same in every month.

    Args:
        first: Month index.
        last: Month index, included.

    Returns:
        (last - first + 1,) days.

    Raises:
        ValueError: A month outside `FIRST_YEAR` to `LAST_YEAR`.
    """
    _check(first, last)
    return _working_days()[first - FIRST_YEAR * 12 : last + 1 - FIRST_YEAR * 12].copy()


def new_year(year: int) -> int:
    """Day of the year, from 1, of Chinese New Year.

    >>> new_year(2024)  # 10 February
    41

    Raises:
        ValueError: A year outside `FIRST_YEAR` to `LAST_YEAR`.
    """
    _check(year * 12, year * 12)
    return int((_new_years()[year - FIRST_YEAR] - _month_starts(year * 12, year * 12)[0]).astype(int)) + 1


def new_year_exposure(first: int, last: int, before: int, after: int) -> FloatArray:
    """Days of each month that lie near Chinese New Year, the regressor for moving holidays of Bell and Hillmer (1983).

    Args:
        first: Month index.
        last: Month index, included.
        before: Days of the window before New Year's Day.
        after: Days of the window after New Year's Day, which is in the window itself.

    Returns:
        (last - first + 1,) days of the windows [New Year's Day - before, New Year's Day + after] in each month;
        ``before + after + 1`` a year in all. Negative values shift an edge beyond New Year's Day: a window of the
        three weeks that follow it is ``before=-1, after=21``.

    Raises:
        ValueError: A month outside `FIRST_YEAR` to `LAST_YEAR`.
    """
    _check(first, last)
    edges = _month_starts(first, last + 1)
    opens = (_new_years() - np.timedelta64(before, "D"))[:, None]
    closes = (_new_years() + np.timedelta64(after + 1, "D"))[:, None]
    overlap = (np.minimum(closes, edges[1:]) - np.maximum(opens, edges[:-1])).astype(float)
    days: FloatArray = np.maximum(overlap, 0).sum(axis=0)
    return days


def _check(first: int, last: int) -> None:
    if not FIRST_YEAR * 12 <= first <= last < (LAST_YEAR + 1) * 12:
        msg = f"the calendar covers the years {FIRST_YEAR} to {LAST_YEAR}, not months {first} to {last}"
        raise ValueError(msg)


def _month_starts(first: int, last: int) -> _Days:
    """First day of each month, from one month index to another."""
    return (np.arange(first, last + 1) - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")


@cache
def _dates() -> tuple[_Days, _Days, _Days]:
    """Public holidays, weekend days made working days, and New Year's Days of FIRST_YEAR to LAST_YEAR + 1."""
    from holidays.countries.china import China  # a tenth of a second: only when a calendar is asked for

    calendar = China(years=range(FIRST_YEAR, LAST_YEAR + 2), language="zh_CN")  # type: ignore[no-untyped-call]
    festival = sorted(day for day, name in calendar.items() if name == "春节")  # its first day comes first in a year
    first_days = {day.year: day for day in reversed(festival)}
    days = (calendar, calendar.weekend_workdays, first_days.values())
    holidays, made_up, new_years = (np.array(sorted(part), dtype="datetime64[D]") for part in days)
    return holidays, made_up, new_years


def _new_years() -> _Days:
    return _dates()[2]


@cache
def _working_days() -> FloatArray:
    """Of every month of FIRST_YEAR to LAST_YEAR."""
    holidays, made_up, _ = _dates()
    edges = _month_starts(FIRST_YEAR * 12, (LAST_YEAR + 1) * 12)
    weekdays = np.busday_count(edges[:-1], edges[1:], holidays=holidays)
    days: FloatArray = (weekdays + np.diff(np.searchsorted(made_up, edges))).astype(float)
    return days

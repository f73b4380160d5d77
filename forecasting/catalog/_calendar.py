"""When figures are released: published dates as data, the indicator's usual rule where none is known.

The packaged dates are those of the bureau's own release calendars. Dates move at short notice, so an installation may
name a file of its own (setting `calendar`).
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd

from forecasting.errors import CatalogError

ZONE = ZoneInfo("Asia/Shanghai")
"""Of release times, and of the days by which nights and releases are named."""

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)


class Calendar:
    """Release dates by calendar name and period.

    Args:
        dates: Name -> period (YYYY-MM) -> moment of release, UTC.
    """

    def __init__(self, dates: Mapping[str, Mapping[str, pd.Timestamp]]) -> None:
        self._dates = {name: dict(periods) for name, periods in dates.items()}

    def released_at(self, name: str, period: str) -> pd.Timestamp | None:
        """The moment at which the figures of ``period`` come (or came) out, if this calendar says so."""
        return self._dates.get(name, {}).get(period)

    @property
    def names(self) -> tuple[str, ...]:
        """The calendars there are."""
        return tuple(self._dates)


def load_calendar(path: Path | None = None) -> Calendar:
    """Read the packaged calendar, and over it a file: a table a calendar, a line a period.

    A line reads ``"2025-10" = 2025-11-14T10:00:00``; a time without an offset is in Asia/Shanghai.

    Args:
        path: A TOML file whose dates go before the packaged ones.

    Raises:
        CatalogError: The file cannot be read, is not TOML, or holds something else than periods with times in the
            year after them.
    """
    dates = _read(files("forecasting.catalog") / "calendar.toml", "release calendar")
    if path is not None:
        for calendar, periods in _read(Path(path), str(path)).items():
            dates.setdefault(calendar, {}).update(periods)
    return Calendar(dates)


def _read(file: Traversable, name: str) -> dict[str, dict[str, pd.Timestamp]]:
    try:
        content = tomllib.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise CatalogError(f"{name}: cannot be read: {error.strerror}; give the path of a TOML file") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{name}: not TOML in UTF-8: {error}") from error
    dates: dict[str, dict[str, pd.Timestamp]] = {}
    for calendar, periods in content.items():
        if not isinstance(periods, dict):
            raise CatalogError(f"{name}: {calendar} is not a table; write [{calendar}] and a line a period below it")
        for period, moment in periods.items():
            if not _PERIOD.fullmatch(period) or not isinstance(moment, dt.datetime):
                what = f'{calendar}.{period} = {moment}; expected a line like "2025-10" = 2025-11-14T10:00:00'
                raise CatalogError(f"{name}: {what}")
            local = moment if moment.tzinfo is not None else moment.replace(tzinfo=ZONE)
            # before a holiday some come out before their month is over
            earliest = pd.Timestamp(f"{period}-20", tz=ZONE)
            if not earliest <= local < earliest + pd.DateOffset(years=1):
                what = f"{calendar}.{period} = {moment}: not within a year after {period}; correct period or date"
                raise CatalogError(f"{name}: {what}")
            dates.setdefault(calendar, {})[period] = pd.Timestamp(local).tz_convert("UTC")
    return dates

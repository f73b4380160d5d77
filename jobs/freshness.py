"""How fresh each indicator is, measured against the release calendar."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecasting.catalog import ZONE, Catalog
from forecasting.observations import month_index, month_label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Freshness", "due_now", "freshness", "last_periods"]


@dataclass(frozen=True, slots=True)
class Freshness:
    """One indicator.

    Attributes:
        indicator: Its id.
        last_period: Of its latest figure, YYYY-MM; None where there is none.
        due_period: The period after it that has a figure of its own.
        due_at: When that figure comes out, by the calendar or the usual rule; UTC.
        days_late: Whole days since then; 0 where it is not yet due or due today.
    """

    indicator: str
    last_period: str | None
    due_period: str | None
    due_at: dt.datetime | None
    days_late: int

    @property
    def due_day(self) -> dt.date | None:
        """The day of `due_at` where figures come out, in Asia/Shanghai."""
        return None if self.due_at is None else self.due_at.astimezone(ZONE).date()

    def __str__(self) -> str:
        """``2025-10 is 3 days late``, or when the next figure is due."""
        if self.due_period is None:
            return "no figure yet"
        if self.days_late:
            return f"{self.due_period} is {self.days_late} day{'s' * (self.days_late > 1)} late"
        return f"{self.due_period} is due on {self.due_day}"


def last_periods(catalog: Catalog, newest: pd.DataFrame) -> dict[str, str]:
    """Indicator -> the latest period with a figure, but for levels in another unit than the catalogue's.

    Args:
        catalog: What is followed.
        newest: See `forecasting.store.Store.newest`.
    """
    own = newest[~catalog.other_units(newest)]
    return {str(name): str(period) for name, period in own.groupby("indicator")["period"].max().items()}


def freshness(catalog: Catalog, newest: Mapping[str, str], now: dt.datetime) -> list[Freshness]:
    """How fresh every indicator of a catalogue is.

    Args:
        catalog: With its calendar.
        newest: Indicator -> latest period with a figure.
        now: With a time zone.
    """
    found = []
    for item in catalog:
        last = newest.get(item.id)
        if last is None:
            found.append(Freshness(item.id, None, None, None, 0))
            continue
        after = month_index(last) + 1
        while not item.release.has_figure(month_label(after)):
            after += 1
        due = catalog.released_at(item.id, month_label(after)).to_pydatetime()
        found.append(Freshness(item.id, last, month_label(after), due, max(0, (now - due).days)))
    return found


def due_now(catalog: Catalog, newest: Mapping[str, str], now: dt.datetime, hours: int) -> list[Freshness]:
    """The indicators whose next figure came due within the last hours and is not there."""
    window = dt.timedelta(hours=hours)
    return [
        one
        for one in freshness(catalog, newest, now)
        if one.due_at is not None and one.due_at <= now < one.due_at + window
    ]

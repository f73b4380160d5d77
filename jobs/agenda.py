"""When nights are due: one a day, whatever daylight saving or a clock set back do to the time of day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from forecasting.catalog import ZONE
from forecasting.errors import SettingsError
from forecasting.settings import ScheduleSettings, Weekday
from jobs.ledger import Run

__all__ = ["Agenda", "Occasion"]

ATTEMPTS = 3
"""So often a night is begun that fails or loses its process: one that brings the machine down must not go on for ever,
and one that failed by hand, or until somebody mended the cause, is no reason to do none until tomorrow."""

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A scheduled night.

    Attributes:
        moment: When it is due; UTC.
        until: When the next one is due; UTC.
        deep: Everything is to be fitted anew.
    """

    moment: dt.datetime
    until: dt.datetime
    deep: bool

    def is_open(self, runs: Sequence[Run]) -> bool:
        """Whether the night is still to be done.

        Args:
            runs: Entered in the ledger from `moment` to `until`.
        """
        own = [run for run in runs if run.night >= self.moment.astimezone(ZONE).date().isoformat()]
        return len(own) < ATTEMPTS and not any(run.status in ("done", "degraded") for run in own)


class Agenda:
    """The nights of a schedule.

    Args:
        schedule: Their time of day.

    Raises:
        SettingsError: The time zone is unknown.
    """

    def __init__(self, schedule: ScheduleSettings) -> None:
        self._schedule = schedule
        try:
            self.zone = ZoneInfo(schedule.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # a folder of zones, as Asia, is none
            raise SettingsError(
                f"schedule.timezone {schedule.timezone!r} is unknown; use an IANA name such as Asia/Shanghai"
            ) from error

    def last(self, now: dt.datetime) -> Occasion:
        """The night that was due last."""
        day = now.astimezone(self.zone).date() + _DAY
        while self._moment(day) > now:
            day -= _DAY
        return Occasion(self._moment(day), self._moment(day + _DAY), self._is_deep(day))

    def next(self, now: dt.datetime) -> dt.datetime:
        """When the next night is due, after `now`; UTC."""
        return self.last(now).until

    def _moment(self, day: dt.date) -> dt.datetime:
        # an hour that comes twice counts the first time, one that is skipped as the hour that it became
        hour = self._schedule.deep_hour if self._is_deep(day) else self._schedule.hour
        return dt.datetime.combine(day, dt.time(hour, self._schedule.minute), self.zone).astimezone(dt.UTC)

    def _is_deep(self, day: dt.date) -> bool:
        weekday: str = get_args(Weekday)[day.weekday()]
        return self._schedule.deep_weekday == weekday

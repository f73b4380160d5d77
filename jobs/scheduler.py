"""The scheduler in the foreground: one night a day, until it is asked to stop."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from forecasting.errors import SettingsError
from forecasting.settings import ScheduleSettings

__all__ = ["serve"]

_logger = logging.getLogger(__name__)


def serve(run_night: Callable[[], None], schedule: ScheduleSettings) -> None:
    """Run the night at its time every day; returns after SIGTERM or SIGINT, when a running night has ended.

    A night that raises is logged and the next one comes as scheduled. Nights never overlap, and one that is
    late for whatever reason (a sleeping machine, a long night before it) runs once. Call it in the main
    thread.

    Raises:
        SettingsError: The time zone is unknown.
    """
    from apscheduler.triggers.cron import CronTrigger

    try:
        zone = ZoneInfo(schedule.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"schedule.timezone {schedule.timezone!r} is unknown; use an IANA name such as Asia/Shanghai"
        ) from error
    _serve(run_night, CronTrigger(hour=schedule.hour, minute=schedule.minute, timezone=zone), zone)


def _serve(run_night: Callable[[], None], trigger: Any, zone: ZoneInfo) -> None:
    from apscheduler.schedulers.background import BackgroundScheduler

    # The main thread does nothing but wait for a signal. A handler that raises inside APScheduler's own loop
    # can be swallowed by its `except BaseException` around submitting a job, or hit it while it holds a lock.
    stopping = 0

    def stop(signum: int, _: FrameType | None) -> None:
        nonlocal stopping
        stopping = signum

    scheduler = BackgroundScheduler(timezone=zone)
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        job = scheduler.add_job(
            _night, trigger, args=[run_night], name="nightly",
            coalesce=True, misfire_grace_time=None, max_instances=1,
        )  # fmt: skip
        scheduler.start()
        try:
            _logger.info("the next night starts at %s", job.next_run_time.isoformat(timespec="seconds"))
            while not stopping:
                time.sleep(0.5)
            _logger.info("%s: stopping; a running night is waited for", signal.Signals(stopping).name)
        finally:
            scheduler.shutdown(wait=True)
        _logger.info("stopped")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _night(run_night: Callable[[], None]) -> None:
    try:
        run_night()
    except Exception:
        _logger.exception("the night failed; the next one starts as scheduled")

"""The scheduler in the foreground: one night a day and more around a release, until it is asked to stop."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from forecasting.errors import SettingsError
from forecasting.settings import ScheduleSettings

__all__ = ["serve"]

_logger = logging.getLogger(__name__)


def serve(run_night: Callable[[], None], schedule: ScheduleSettings, is_due: Callable[[], bool]) -> None:
    """Run the night at its time every day, and every few minutes while a figure is due.

    Returns after SIGTERM or SIGINT, when a running night has ended.

    A night that raises is logged and the next one comes as scheduled. Nights never overlap, and one that is
    late for whatever reason (a sleeping machine, a long night before it) runs once. Call it in the main
    thread.

    Args:
        run_night: Does a night; one in which nothing is new costs a second.
        schedule: When.
        is_due: Whether a figure has come due that is not there yet.

    Raises:
        SettingsError: The time zone is unknown.
    """
    from apscheduler.triggers.cron import CronTrigger
    from apscheduler.triggers.interval import IntervalTrigger

    try:
        zone = ZoneInfo(schedule.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingsError(
            f"schedule.timezone {schedule.timezone!r} is unknown; use an IANA name such as Asia/Shanghai"
        ) from error
    nightly = CronTrigger(hour=schedule.hour, minute=schedule.minute, timezone=zone)
    often = IntervalTrigger(minutes=schedule.release_minutes, timezone=zone)
    _serve({"nightly": (run_night, nightly), "release": (lambda: _if_due(run_night, is_due), often)}, zone)


def _serve(jobs: Mapping[str, tuple[Callable[[], None], Any]], zone: ZoneInfo) -> None:
    from apscheduler.executors.pool import ThreadPoolExecutor
    from apscheduler.schedulers.background import BackgroundScheduler

    # The main thread does nothing but wait for a signal. A handler that raises inside APScheduler's own loop
    # can be swallowed by its `except BaseException` around submitting a job, or hit it while it holds a lock.
    stopping = 0

    def stop(signum: int, _: FrameType | None) -> None:
        nonlocal stopping
        stopping = signum

    # one thread, so that nights of whatever job wait for each other
    scheduler = BackgroundScheduler(timezone=zone, executors={"default": ThreadPoolExecutor(1)})
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        added = [
            scheduler.add_job(
                _night, trigger, args=[work], name=name, coalesce=True, misfire_grace_time=None, max_instances=1,
            )
            for name, (work, trigger) in jobs.items()
        ]  # fmt: skip
        scheduler.start()
        try:
            _logger.info("the next night starts at %s", added[0].next_run_time.isoformat(timespec="seconds"))
            while not stopping:
                time.sleep(0.5)
            _logger.info("%s: stopping; a running night is waited for", signal.Signals(stopping).name)
        finally:
            scheduler.shutdown(wait=True)
        _logger.info("stopped")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _if_due(run_night: Callable[[], None], is_due: Callable[[], bool]) -> None:
    if is_due():
        run_night()


def _night(run_night: Callable[[], None]) -> None:
    try:
        run_night()
    except Exception:
        _logger.exception("the night failed; the next one starts as scheduled")

"""The scheduler in the foreground: a night a day, more around a release, housekeeping, until it is asked to stop."""

from __future__ import annotations

import datetime as dt
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

from forecasting.errors import CumulusError
from forecasting.settings import ScheduleSettings
from jobs.agenda import Agenda, Occasion
from jobs.locks import BusyError
from jobs.patience import passes
from jobs.stopping import Interrupted, end_workers, heard, leaving

__all__ = ["SAFE_S", "Work", "serve"]

BUSY_S = 60.0
"""Between attempts while another process is at work."""
AWAY_S, AWAY_TIMES = 600.0, 3
"""Between attempts, and how many, when a night failed because something was away."""
SAFE_S = 10.0
"""That an interrupted night gets to reach its next safe point, after the grace; then the process ends as it is."""
TIDY_AFTER = dt.timedelta(hours=12)
POLL_S = 0.2
NIGHT = "the night"
JUMP_S = 60.0
"""By which the clock must have moved, beyond time that passed, to be looked at anew."""

_logger = logging.getLogger(__name__)


class Work(Protocol):
    """What the scheduler does; everything is called in one thread, which is not the main one."""

    def night(self, occasion: Occasion, stop: threading.Event) -> None:
        """Do a scheduled night, unless it has been done by whomever."""

    def release(self, stop: threading.Event) -> None:
        """Do a night if a figure has come due that is not there."""

    def tidy(self) -> None:
        """Delete what has been kept for long enough."""

    def abandon(self) -> None:
        """Enter in the ledger that the running night is interrupted."""


def serve(work: Work, schedule: ScheduleSettings) -> int:
    """Run the night at its time every day, at once if the last one was missed, and every few minutes around a release.

    A night that raises is logged and the next one comes as scheduled; if what it needs is away, or another process is
    at work, it is tried again. Nights never overlap, and one that is late for whatever reason (a sleeping machine, a
    long night before it) runs once. Call it in the main thread.

    After SIGTERM, SIGINT or SIGHUP a running night has `schedule.grace_s` to end by itself and is then interrupted at
    its next safe point; where that takes more than `SAFE_S`, the process ends as it is, its workers too. A night that
    waits for what is away ends at once. So does the process by a second signal.

    Args:
        work: What is to be done.
        schedule: When.

    Returns:
        Exit code: 0, or 1 where a night had to be abandoned (this process must end then).

    Raises:
        SettingsError: The time zone is unknown.
    """
    return _Service(work, schedule, Agenda(schedule)).serve()


class _Service:
    def __init__(self, work: Work, schedule: ScheduleSettings, agenda: Agenda) -> None:
        self._work = work
        self._schedule = schedule
        self._agenda = agenda
        self._signals: list[int] = []
        self._stop = threading.Event()  # the running night is to end at its next safe point
        self._idle = threading.Event()
        self._idle.set()

    def serve(self) -> int:
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.schedulers.background import BackgroundScheduler
        from apscheduler.triggers.interval import IntervalTrigger

        # The main thread does nothing but wait for a signal. A handler that raises inside APScheduler's own loop
        # can be swallowed by its `except BaseException` around submitting a job, or hit it while it holds a lock.
        zone = self._agenda.zone
        often = IntervalTrigger(minutes=self._schedule.release_minutes, timezone=zone)
        # one thread, so that whatever it does waits for what it is doing
        scheduler = BackgroundScheduler(timezone=zone, executors={"default": ThreadPoolExecutor(1)})
        kept: dict[str, Any] = {"coalesce": True, "misfire_grace_time": None, "max_instances": 1}
        with heard((signal.SIGTERM, signal.SIGINT, signal.SIGHUP), self._asked):
            scheduler.add_job(self._guarded, args=[NIGHT, self._night], name="missed", **kept)
            scheduler.add_job(self._guarded, _daily(self._agenda), args=[NIGHT, self._night], name="nightly", **kept)
            scheduler.add_job(self._guarded, often, args=[NIGHT, self._release], name="release", **kept)
            tidy = _daily(self._agenda, TIDY_AFTER)
            scheduler.add_job(self._guarded, tidy, args=["housekeeping", self._work.tidy], name="tidy", **kept)
            scheduler.start()
            following = self._agenda.next(_now()).astimezone(zone)
            _logger.info("the next night starts at %s", following.isoformat(timespec="seconds"))
            self._watch(scheduler)
            return self._leave(scheduler)

    def _asked(self, signum: int, _: object) -> None:
        if self._signals and signum == signal.SIGHUP:  # a terminal that goes away says so twice
            return
        if self._signals:  # the default action, which no lock or loop can hold up
            end_workers()
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
        self._signals.append(signum)

    def _watch(self, scheduler: Any) -> None:
        """Wait for a signal; where the clock is set, what is due by the new time is found anew."""
        shift = time.time() - time.monotonic()
        while not self._signals:
            time.sleep(POLL_S)
            moved = time.time() - time.monotonic() - shift
            if abs(moved) > JUMP_S:
                shift += moved
                _logger.warning("the clock was set by %+.0f s; what is due is looked up anew", moved)
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=job.trigger.get_next_fire_time(None, _now()))
                scheduler.add_job(self._guarded, args=[NIGHT, self._night], name="missed", misfire_grace_time=None)

    def _leave(self, scheduler: Any) -> int:
        name = signal.Signals(self._signals[0]).name
        leaving.set()
        # its thread may be removing the job that it has just begun, which fails once the scheduler is shut down:
        # whatever it is doing holds the lock that this list waits for
        scheduler.pause()
        scheduler.get_jobs()
        scheduler.shutdown(wait=False)
        if not self._idle.is_set():
            _logger.info("%s: stopping; the running night has %.0f s to end", name, self._schedule.grace_s)
            if not self._idle.wait(self._schedule.grace_s):
                self._stop.set()
                _logger.warning("the running night is interrupted at its next safe point")
                if not self._idle.wait(SAFE_S):
                    return self._abandon()
        end_workers()  # which would be waited for until they have done what an interrupted night gave them
        _logger.info("%s: stopped", name)
        return 0

    def _abandon(self) -> int:
        """Whatever the night is at, a kill at any moment leaves nothing half there; say so in the ledger and go."""
        _logger.warning("the night has reached no safe point within %.0f s and is abandoned", SAFE_S)
        threading.Thread(target=self._work.abandon, daemon=True).start()
        time.sleep(1.0)
        end_workers()
        return 1

    def _guarded(self, what: str, job: Callable[[], None]) -> None:
        self._idle.clear()  # before it asks whether to leave: whoever leaves either is seen here or waits for this
        try:
            if not leaving.is_set():
                job()
        except Interrupted as interrupted:
            _logger.warning("%s", interrupted)
        except BusyError as busy:
            _logger.warning("%s; the next attempt comes as scheduled", busy)
        except Exception as error:
            _tell(error, f"{what} failed; the next one starts as scheduled")
        finally:
            self._idle.set()

    def _night(self) -> None:
        away = 0
        while not leaving.is_set():
            try:
                return self._work.night(self._agenda.last(_now()), self._stop)
            except BusyError as busy:
                _logger.warning("%s; trying again in %.0f s", busy, BUSY_S)
                self._rest(BUSY_S)
            except Exception as error:
                away += 1
                if not passes(error) or away > AWAY_TIMES:
                    raise
                _tell(error, f"{NIGHT} failed; trying again in {AWAY_S:.0f} s")
                self._rest(AWAY_S)
        return None

    def _release(self) -> None:
        self._work.release(self._stop)

    def _rest(self, seconds: float) -> None:
        self._idle.set()
        leaving.wait(seconds)
        self._idle.clear()


def _daily(agenda: Agenda, later: dt.timedelta = dt.timedelta(0)) -> Any:
    """A trigger of APScheduler's by the agenda; its own by the wall clock comes twice where that is put back."""
    from apscheduler.triggers.base import BaseTrigger

    class Daily(BaseTrigger):  # type: ignore[misc]
        def get_next_fire_time(self, previous: dt.datetime | None, now: dt.datetime) -> dt.datetime:
            return (agenda.next((previous or now) - later) + later).astimezone(agenda.zone)

    return Daily()


def _tell(error: Exception, what: str) -> None:
    """Log what failed: an error of ours says all there is to know, another where it comes from too."""
    if isinstance(error, CumulusError):
        _logger.error("%s: %s", what, error)
    else:
        _logger.error("%s", what, exc_info=error)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)

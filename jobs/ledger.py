"""The run ledger: what ran when, under which idempotency key, how it ended; and the lock of a home folder.

Both tables live in the store's database. A night with the same key as a finished one need not run again.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from sqlalchemy import (
    Column,
    Double,
    Engine,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)

from forecasting.errors import CumulusError
from forecasting.store import UTCTime, create_tables, reading, writing
from jobs.logs import bound

__all__ = ["BusyError", "Ledger", "Run", "RunStatus", "Step", "StepRecord", "StepStatus", "exclusive"]

RunStatus = Literal["running", "done", "degraded", "failed", "interrupted"]
StepStatus = Literal["done", "cached", "failed", "skipped"]

_logger = logging.getLogger(__name__)
_metadata = MetaData()

_runs = Table(
    "ledger_runs",  # not "runs", which is MLflow's and may be in the same database
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("night", String(10), nullable=False),
    Column("key", String, nullable=False),
    Column("status", String, nullable=False),
    Column("started_at", UTCTime, nullable=False),
    Column("ended_at", UTCTime),
    Column("message", String, nullable=False),
    UniqueConstraint("run_id", "attempt"),
)

_steps = Table(
    "ledger_steps",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("run_id", String, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("name", String, nullable=False),
    Column("key", String, nullable=False),
    Column("status", String, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("message", String, nullable=False),
    UniqueConstraint("run_id", "attempt", "name"),
    ForeignKeyConstraint(["run_id", "attempt"], [_runs.c.run_id, _runs.c.attempt]),
)

_RUN = ("run_id", "attempt", "night", "key", "status", "started_at", "ended_at", "message")
_STEP = ("run_id", "attempt", "name", "key", "status", "seconds", "message")


class BusyError(CumulusError):
    """Another process works in the same home folder."""


@dataclass(frozen=True, slots=True)
class Run:
    """One attempt of a night.

    Attributes:
        run_id: Name of the run, shared by its attempts.
        attempt: 1, 2, ...
        night: ISO date the run belongs to.
        key: Idempotency key, a hash of its inputs.
        status: ``running``, ``done``, ``degraded``, ``failed`` or ``interrupted``.
        started_at: UTC.
        ended_at: UTC; None while it runs.
        message: What to know about it; empty when all went well.
    """

    run_id: str
    attempt: int
    night: str
    key: str
    status: RunStatus
    started_at: datetime
    ended_at: datetime | None
    message: str


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of an attempt, as it ended: ``done``, ``cached``, ``failed`` or ``skipped``."""

    run_id: str
    attempt: int
    name: str
    key: str
    status: StepStatus
    seconds: float
    message: str


@dataclass(slots=True)
class Step:
    """A step at work: set ``status`` and ``message`` to what the ledger shall say of it."""

    status: StepStatus = "done"
    message: str = ""


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """Runs and their steps.

    Args:
        engine: Of the store (`forecasting.store.Store.engine`); tables that are absent are created.
        clock: Gives the time, with a time zone.

    Raises:
        StoreError: Here and in every method, when the database refuses.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = _now) -> None:
        self._engine = engine
        self._clock = clock
        create_tables(engine, _metadata)

    def begin(self, run_id: str, *, night: str, key: str) -> Run:
        """Enter an attempt of a run.

        Call it while holding `exclusive`: whatever the ledger still shows as running has then lost its
        process, and is marked interrupted.

        Raises:
            ValueError: ``night`` is not an ISO date.
        """
        date.fromisoformat(night)
        now = self._clock()
        with writing(self._engine) as connection:
            lost = connection.execute(
                update(_runs)
                .where(_runs.c.status == "running")
                .values(status="interrupted", ended_at=now, message="its process ended before it did")
            ).rowcount
            before = connection.scalar(select(func.max(_runs.c.attempt)).where(_runs.c.run_id == run_id))
            run = Run(run_id, (before or 0) + 1, night, key, "running", now, None, "")
            connection.execute(insert(_runs).values({name: getattr(run, name) for name in _RUN}))
        if lost:
            _logger.warning("%d earlier run(s) had been interrupted", lost)
        return run

    @contextmanager
    def step(self, run: Run, name: str, key: str = "") -> Iterator[Step]:
        """Do a step inside this: how long it took and how it ended is recorded; errors pass through.

        Args:
            run: What `begin` returned.
            name: Once in an attempt.
            key: Hash of the step's inputs.
        """
        step = Step()
        started = self._clock()
        try:
            with bound(step=name):
                yield step
        except BaseException as error:
            step.status = "failed"
            step.message = f"{type(error).__name__}: {error}"
            raise
        finally:
            seconds = max(0.0, (self._clock() - started).total_seconds())
            record = StepRecord(run.run_id, run.attempt, name, key, step.status, seconds, step.message)
            with writing(self._engine) as connection:
                connection.execute(insert(_steps).values({name: getattr(record, name) for name in _STEP}))

    def finish(self, run: Run, status: Literal["done", "degraded", "failed", "interrupted"], message: str = "") -> Run:
        """Close an attempt and return it as it now stands."""
        ended = self._clock()
        with writing(self._engine) as connection:
            connection.execute(
                update(_runs)
                .where(_runs.c.run_id == run.run_id, _runs.c.attempt == run.attempt)
                .values(status=status, ended_at=ended, message=message)
            )
        return Run(run.run_id, run.attempt, run.night, run.key, status, run.started_at, ended, message)

    def finished(self, night: str, key: str) -> Run | None:
        """The last run of a night with this key that ended as done or degraded, if there is one."""
        wanted = (_runs.c.night == night, _runs.c.key == key, _runs.c.status.in_(["done", "degraded"]))
        query = select(*(_runs.c[name] for name in _RUN)).where(*wanted).order_by(_runs.c.id.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else Run(*row)

    def before(self, night: str) -> Run | None:
        """The last run of the latest night before this one that ended as done or degraded, if there is one."""
        wanted = (_runs.c.night < night, _runs.c.status.in_(["done", "degraded"]))
        query = select(*(_runs.c[name] for name in _RUN)).where(*wanted)
        with reading(self._engine) as connection:
            row = connection.execute(query.order_by(_runs.c.night.desc(), _runs.c.id.desc()).limit(1)).first()
        return None if row is None else Run(*row)

    def last(self, n: int) -> list[Run]:
        """The last ``n`` attempts, newest first."""
        query = select(*(_runs.c[name] for name in _RUN)).order_by(_runs.c.id.desc()).limit(n)
        with reading(self._engine) as connection:
            return [Run(*row) for row in connection.execute(query)]

    def steps(self, run_id: str) -> list[StepRecord]:
        """The steps of all attempts of a run, in the order in which they ended."""
        query = select(*(_steps.c[name] for name in _STEP)).where(_steps.c.run_id == run_id)
        with reading(self._engine) as connection:
            return [StepRecord(*row) for row in connection.execute(query.order_by(_steps.c.id))]


_held: set[Path] = set()


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold a lock file, as the only process that does.

    The lock is a POSIX record lock: it dies with the process, however that ends, and child processes do not
    inherit it. The file stays behind, empty.

    Raises:
        BusyError: Another process (named by its pid) holds it, or this one already does.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    # closing any descriptor of the file drops a record lock, so this process must not open it a second time
    if path in _held:
        raise BusyError(f"{path} is already held by this process ({os.getpid()}); let its run end first")
    _held.add(path)
    try:
        with path.open("a+", encoding="ascii") as file:
            try:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except (BlockingIOError, PermissionError):
                file.seek(0)
                holder = file.read().strip() or "that has just started"
                raise BusyError(
                    f"{path} is held by process {holder}; wait until its run has ended, or stop it"
                ) from None
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            try:
                yield
            finally:
                file.truncate(0)
    finally:
        _held.discard(path)

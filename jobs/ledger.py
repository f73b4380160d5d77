"""The run ledger: what ran when, under which idempotency key, how it ended.

Both tables live in the store's database. A night with the same key as a finished one need not run again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Literal

from sqlalchemy import (
    Column,
    Double,
    Engine,
    ForeignKeyConstraint,
    Integer,
    String,
    Table,
    UniqueConstraint,
    delete,
    func,
    insert,
    select,
    update,
)

from forecasting.errors import StoreError
from forecasting.store import UTCTime, metadata, reading, writing
from jobs.logs import bound
from jobs.patience import patiently
from jobs.stopping import Interrupted

__all__ = ["Ledger", "Run", "RunStatus", "Step", "StepRecord", "StepStatus"]

RunStatus = Literal["running", "done", "degraded", "failed", "interrupted"]
StepStatus = Literal["done", "cached", "failed", "skipped"]

_logger = logging.getLogger(__name__)

_runs = Table(
    "ledger_runs",  # not "runs", which is MLflow's and may be in the same database
    metadata,
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
    metadata,
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
    """A step at work: set ``status`` and ``message`` to what the ledger shall say of it.

    Attributes:
        failures: Errors after which it was tried again.
    """

    status: StepStatus = "done"
    message: str = ""
    failures: list[str] = field(default_factory=list)


def _now() -> datetime:
    return datetime.now(UTC)


class Ledger:
    """Runs and their steps.

    Args:
        engine: Of the store (`forecasting.store.Store.engine`).
        clock: Gives the time, with a time zone.
        patience_s: How long a database that is away is waited for when something went well that is to be recorded, or
            an attempt is to go on.

    Raises:
        StoreError: Here and in every method, when the database refuses.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = _now, patience_s: float = 0) -> None:
        self._engine = engine
        self._clock = clock
        self._patience_s = patience_s

    def begin(self, run_id: str, *, night: str, key: str) -> Run:
        """Enter an attempt of a run.

        Call it while holding the locks of `jobs.locks`: whatever the ledger still shows as running has then lost its
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

    def abandon(self) -> None:
        """Mark the running attempt, which is this process's own and will not end by itself, as interrupted."""
        with writing(self._engine) as connection:
            connection.execute(
                update(_runs)
                .where(_runs.c.status == "running")
                .values(status="interrupted", ended_at=self._clock(), message="it was stopped before it ended")
            )

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
            if _given_up(error):
                raise
            try:
                self._record(run, name, key, step, started)
            except StoreError as unrecorded:  # the step's own error says more
                _logger.warning("step %s failed, which cannot be recorded: %s", name, unrecorded)
            raise
        patiently(lambda: self._record(run, name, key, step, started), self._patience_s)

    def _record(self, run: Run, name: str, key: str, step: Step, started: datetime) -> None:
        seconds = max(0.0, (self._clock() - started).total_seconds())
        message = step.message
        if step.failures:
            message = f"attempt {len(step.failures) + 1}, before: {step.failures[-1]}; {message}".rstrip("; ")
        record = StepRecord(run.run_id, run.attempt, name, key, step.status, seconds, message)
        with writing(self._engine) as connection:
            connection.execute(insert(_steps).values({name: getattr(record, name) for name in _STEP}))

    def finish(self, run: Run, status: Literal["done", "degraded", "failed", "interrupted"], message: str = "") -> Run:
        """Close an attempt and return it as it now stands."""
        ended = self._clock()

        def close() -> None:
            with writing(self._engine) as connection:
                connection.execute(
                    update(_runs)
                    .where(_runs.c.run_id == run.run_id, _runs.c.attempt == run.attempt)
                    .values(status=status, ended_at=ended, message=message)
                )

        patiently(close, self._patience_s if status in ("done", "degraded") else 0)
        return Run(run.run_id, run.attempt, run.night, run.key, status, run.started_at, ended, message)

    def break_off(self, run: Run, error: BaseException) -> None:
        """Close an attempt that ends with an error, which is the caller's to raise: one of ours does not hide it.

        Where the store was waited for when the end was asked for, it is not waited for once more: the next `begin`
        enters the attempt as interrupted.
        """
        if _given_up(error):
            return
        status: Literal["failed", "interrupted"] = "failed" if isinstance(error, Exception) else "interrupted"
        try:
            self.finish(run, status, f"{type(error).__name__}: {error}")
        except StoreError as unrecorded:
            _logger.warning("run %s %s, which cannot be recorded: %s", run.run_id, status, unrecorded)

    def stands(self, run: Run) -> bool:
        """Whether an attempt is still entered as running, so that no other has begun since."""
        wanted = (_runs.c.run_id == run.run_id, _runs.c.attempt == run.attempt)

        def status() -> str | None:
            with reading(self._engine) as connection:
                return connection.scalar(select(_runs.c.status).where(*wanted))

        return patiently(status, self._patience_s) == "running"

    def finished(self, night: str, key: str) -> Run | None:
        """The last run of a night with this key that ended as done or degraded, if there is one."""
        wanted = (_runs.c.night == night, _runs.c.key == key, _runs.c.status.in_(["done", "degraded"]))
        query = select(*(_runs.c[name] for name in _RUN)).where(*wanted).order_by(_runs.c.id.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).first()
        return None if row is None else Run(*row)

    def knows(self, run_id: str) -> bool:
        """Whether an attempt of a run was ever begun here."""
        query = select(_runs.c.id).where(_runs.c.run_id == run_id).limit(1)
        with reading(self._engine) as connection:
            return connection.scalar(query) is not None

    def before(self, night: str, among: Collection[str] | None = None) -> Run | None:
        """The last run of the latest night before this one that ended as done or degraded, if there is one.

        Args:
            night: The night's day.
            among: Names of runs that count; by default all of them.
        """
        wanted = [_runs.c.night < night, _runs.c.status.in_(["done", "degraded"])]
        if among is not None:
            wanted.append(_runs.c.run_id.in_(among))
        query = select(*(_runs.c[name] for name in _RUN)).where(*wanted)
        with reading(self._engine) as connection:
            row = connection.execute(query.order_by(_runs.c.night.desc(), _runs.c.id.desc()).limit(1)).first()
        return None if row is None else Run(*row)

    def entered(self, since: datetime, until: datetime) -> list[Run]:
        """The attempts that were begun from one moment on and before another, oldest first."""
        wanted = (_runs.c.started_at >= since, _runs.c.started_at < until)
        query = select(*(_runs.c[name] for name in _RUN)).where(*wanted).order_by(_runs.c.id)
        with reading(self._engine) as connection:
            return [Run(*row) for row in connection.execute(query)]

    def forget(self, before: datetime) -> int:
        """Delete the attempts that were begun before a moment, with their steps; the last one that ended well stays.

        Returns:
            Number of attempts deleted.
        """
        kept = select(func.max(_runs.c.id)).where(_runs.c.status.in_(["done", "degraded"]))
        with writing(self._engine) as connection:
            newest = connection.scalar(kept) or 0
            old = (_runs.c.started_at < before, _runs.c.id != newest)
            names = select(_runs.c.run_id, _runs.c.attempt).where(*old)
            for name, attempt in connection.execute(names).all():
                connection.execute(delete(_steps).where(_steps.c.run_id == name, _steps.c.attempt == attempt))
            return connection.execute(delete(_runs).where(*old)).rowcount

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


def _given_up(error: BaseException) -> bool:
    return isinstance(error, Interrupted) and isinstance(error.__cause__, StoreError)

"""Who may work: one process at a time in a home folder, and one on a store, whatever machine it runs on.

Both locks die with their holder, however it ends. The home's and an SQLite store's are record locks on files; a
PostgreSQL store's is an advisory lock of a connection that does nothing else.
"""

from __future__ import annotations

import fcntl
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from forecasting.errors import CumulusError
from jobs.patience import patiently

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from forecasting.settings import Settings
    from forecasting.store import Store

__all__ = ["BusyError", "LostError", "StoreLock", "exclusive", "sole_worker"]

KEY = 0x6E697465
"""Of the advisory lock, "nite" in ASCII; other than that of those who write."""
SESSION = {"idle_session_timeout": "0", "tcp_keepalives_idle": "30", "tcp_keepalives_interval": "10",
           "tcp_keepalives_count": "3"}  # fmt: skip
"""So that the server keeps an idle holder and, within about a minute, forgets one whose machine is gone."""

_logger = logging.getLogger(__name__)
_held: set[Path] = set()


class BusyError(CumulusError):
    """Another process works in the same home folder or on the same store."""


class LostError(CumulusError):
    """The lock of the store was lost in the middle of a night and another process has gone to work since."""


@contextmanager
def sole_worker(settings: Settings) -> Iterator[tuple[Store, StoreLock]]:
    """Open the store, waiting for one that is away, as the only process that works on it and in this home.

    Raises:
        BusyError: Another one does.
        StoreError: The store cannot be opened.
    """
    from forecasting.store import Store

    patience_s = settings.schedule.patience_s
    with exclusive(settings.var / "run.lock"), patiently(lambda: Store.open(settings.store), patience_s) as store:
        lock = StoreLock(store.engine, patience_s)
        with lock.held():
            yield store, lock


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


class StoreLock:
    """The right to work on a store.

    Args:
        engine: Of the store.
        patience_s: How long a database that went away is waited for.
    """

    def __init__(self, engine: Engine, patience_s: float) -> None:
        self._engine = engine
        self._patience_s = patience_s
        self._connection: Connection | None = None
        self._session = ExitStack()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            BusyError: Another process (named by its pid and machine) holds it.
            StoreError: The database refuses.
        """
        if self._engine.dialect.name == "sqlite":
            with exclusive(Path(f"{self._engine.url.database}.lock")):
                yield
            return
        patiently(self._take, self._patience_s)
        try:
            yield
            self._give_back()
        finally:
            self._drop()

    def check(self) -> bool:
        """Make sure that the lock is still there; one that went with its connection is taken again.

        Returns:
            Whether it had been lost, so that another process may have worked in between.

        Raises:
            LostError: Another process holds it now.
            StoreError: The database stays away.
        """
        from sqlalchemy import text
        from sqlalchemy.exc import DBAPIError

        if self._engine.dialect.name == "sqlite":  # a file's lock is lost with the process alone
            return False
        if self._connection is not None:
            try:
                self._connection.execute(text("SELECT 1"))
            except DBAPIError:
                _logger.warning("the connection that holds the lock of the store is lost; taking it again")
            else:
                return False
            self._drop()
        try:
            patiently(self._take, self._patience_s)
        except BusyError as error:
            raise LostError(f"the lock of the store was lost with its connection, and now {error}") from error
        return True

    def _take(self) -> None:
        from sqlalchemy import text

        from forecasting.store import reading

        with ExitStack() as stack:
            connection = stack.enter_context(reading(self._engine))
            # not back into the pool: the session, and with it the lock, must end
            stack.callback(connection.invalidate)
            connection.execution_options(isolation_level="AUTOCOMMIT")
            names = {**SESSION, "application_name": f"cumulus {os.getpid()} on {socket.gethostname()}"[:63]}
            for name, value in names.items():
                connection.execute(text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value})
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": KEY}):
                raise BusyError(f"the store is held by {self._holder(connection)}; wait until its run has ended")
            self._connection, self._session = connection, stack.pop_all()

    def _give_back(self) -> None:
        """Let whoever comes next find the lock free: the server sees some time later that the session has ended."""
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        if self._connection is not None:
            with suppress(SQLAlchemyError):  # the lock went with its connection
                self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": KEY})

    def _drop(self) -> None:
        self._connection = None
        self._session.close()

    def _holder(self, connection: Connection) -> str:
        from sqlalchemy import text

        found = connection.scalar(
            text(
                "SELECT activity.application_name FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)"
                " WHERE locktype = 'advisory' AND classid = 0 AND objid = :key AND granted"
                " AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            {"key": KEY},
        )
        return str(found or "another process")

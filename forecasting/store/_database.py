"""One way to reach the database: engines, transactions, UTC times, errors without passwords."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, create_engine, event, func, select
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator

from forecasting.errors import StoreError
from forecasting.places import CONNECTING
from forecasting.secrets import shown_address

BUSY_MS = 30_000
ENCODINGS = ("UTF8", "SQL_ASCII")  # in which a database takes any text
FORBIDDEN = "42501"  # SQLSTATE of what a role may not do
WRITERS = 0x63756D756C7573  # PostgreSQL advisory lock of everyone who writes: "cumulus" in ASCII

_FORMS = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


class UTCTime(TypeDecorator[datetime]):
    """A moment: aware in Python, UTC in the database, to the microsecond, on every database alike."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite keeps it as text without an offset."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the moment its time zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def open_engine(url: str) -> Engine:
    """Build the engine of a database; the folder of an SQLite file is made.

    Raises:
        StoreError: The URL cannot be read, names another kind of database, or needs psycopg where it is not
            installed.
    """
    try:
        parsed = make_url(url)
        kind = parsed.get_backend_name()
    except (ArgumentError, ValueError):
        raise StoreError(f"the store URL cannot be read as one; {_FORMS}") from None
    if kind == "sqlite":
        return _sqlite(parsed)
    if kind == "postgresql":
        return _postgresql(parsed)
    raise StoreError(f"store {shown_address(parsed)}: {kind} is not supported; {_FORMS}")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection for queries.

    Raises:
        StoreError: Instead of any database error.
    """
    with _translated(engine), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other writer of this database runs beside: all of it is stored, or nothing.

    What is read in it is therefore still true when it is committed.

    Raises:
        StoreError: Instead of any database error.
    """
    with _translated(engine), engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(select(func.pg_advisory_xact_lock(WRITERS)))
        yield connection


def _sqlite(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        folder = Path(url.database).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"store {shown_address(url)}: the folder {folder} cannot be made ({error.strerror}); "
                "choose a place that can be written"
            ) from error
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        cursor.execute("PRAGMA foreign_keys=ON")
        _use_wal(cursor)
        cursor.close()

    return engine


def _use_wal(cursor: sqlite3.Cursor) -> None:
    # the switch needs the file for itself and, unlike all else, does not heed busy_timeout
    patience = BUSY_MS / 1000
    while True:
        try:
            if cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or patience <= 0:
                raise
        time.sleep(0.05)
        patience -= 0.05


def _postgresql(url: URL) -> Engine:
    try:
        # a night apart, the server may have been restarted: pool_pre_ping replaces dead connections
        # and READ COMMITTED, whatever the server's default: who waited for the lock must see what it guarded
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            isolation_level="READ COMMITTED",
            connect_args={name: value for name, value in CONNECTING.items() if name not in url.query},
        )
    except ImportError as error:
        raise StoreError(
            f"store {shown_address(url)}: PostgreSQL needs the driver psycopg 3, which is not installed ({error}); "
            "install it with: pip install 'cumulus-forecasting[postgresql]'"
        ) from error

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: ConnectionPoolEntry) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding not in ENCODINGS:
            connection.close()
            raise StoreError(
                f"store {shown_address(url)}: the database's encoding is {encoding}, which cannot hold every text; "
                "make one in UTF-8 (createdb -E UTF8 -T template0) and move there (docs/storage.md)"
            )
        connection.execute("SET datestyle TO ISO")  # psycopg reads times in no other style
        connection.commit()

    return engine


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        reason = " ".join(str(cause).split())
        remedy = _remedy(engine.url) if isinstance(error, OperationalError) else "nothing was stored"
        if getattr(cause, "sqlstate", None) == FORBIDDEN:
            remedy = "let the role own the database and the tables in it (docs/storage.md)"
        raise StoreError(f"store {shown_address(engine.url)}: {reason}; {remedy}") from error


def _remedy(url: URL) -> str:
    if url.get_backend_name() == "sqlite" and not os.access(folder := Path(url.database or "").parent, os.W_OK):
        return f"{folder} cannot be written, which SQLite needs to read too: remount it, or let this user write there"
    return "check that the database is there, can be reached and written, and has room"

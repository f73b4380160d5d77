"""Bring a database to the tables of this version, by alembic, when it is opened.

All revisions that are missing run in one transaction under the lock of everyone who writes: a database has the old
tables or the new ones, and of several processes that open it at once one does the work.
"""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, column, inspect, select, table

from forecasting.errors import StoreError
from forecasting.secrets import shown_address
from forecasting.store._database import reading, writing

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every revision in `migrations/versions`, oldest first: kept here so that opening a database need not read them."""

VERSION_TABLE = "store_revision"
"""Where alembic keeps the revision; not its usual alembic_version, which is MLflow's in a database for both."""

_revision = table(VERSION_TABLE, column("version_num"))
_logger = logging.getLogger(__name__)


def ensure_schema(engine: Engine) -> None:
    """Create the tables where there are none, and upgrade those of earlier versions.

    Before an SQLite file is upgraded it is copied, to ``<file>.before-<revision>`` beside it.

    Raises:
        StoreError: A later version has made the tables, or the database cannot be used.
    """
    with reading(engine) as connection:
        found = _found(connection)
    if found == REVISIONS[-1]:
        return
    with writing(engine) as connection:
        found = _found(connection)  # another process may have been faster
        if found == REVISIONS[-1]:
            return
        if found:
            _prepare(engine, found)
        _upgrade(connection)


def _found(connection: Connection) -> str:
    """The revision of a database; "" where there are no tables yet.

    Raises:
        StoreError: It is a later one than this version knows.
    """
    names = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in names:
        return REVISIONS[0] if "observations" in names else ""
    revision = str(connection.scalar(select(_revision.c.version_num)))
    if revision not in REVISIONS:
        shown = shown_address(connection.engine.url)
        raise StoreError(
            f"store {shown}: its tables have revision {revision}, this Cumulus knows those up to {REVISIONS[-1]}; "
            "install the Cumulus that wrote it or a later one, or restore a copy from before the upgrade"
        )
    return revision


def _prepare(engine: Engine, found: str) -> None:
    shown = shown_address(engine.url)
    what = f"store {shown}: its tables are brought from revision {found} to {REVISIONS[-1]}"
    if engine.dialect.name != "sqlite" or not engine.url.database:
        _logger.warning("%s, all of it or (on any failure) nothing; go on making backups", what)
        return
    file = Path(engine.url.database)
    copy = file.with_name(f"{file.name}.before-{REVISIONS[-1]}")
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
    except (sqlite3.Error, OSError) as error:
        if copy.is_file():
            copy.unlink()
        raise StoreError(f"{what}, and cannot be copied to {copy} before: {error}; make room there") from error
    _logger.warning("%s; as it was it lies in %s, which may be deleted when all is well", what, copy)


def _upgrade(connection: Connection) -> None:
    noise = logging.getLogger("alembic")
    level = noise.level
    noise.setLevel(logging.WARNING)
    try:
        from alembic import command
        from alembic.config import Config

        config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
        config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, "head")
    finally:
        noise.setLevel(level)

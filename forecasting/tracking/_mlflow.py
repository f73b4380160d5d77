"""MLflow, imported when it is first needed, without telemetry and without its own noise."""

from __future__ import annotations

import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from forecasting.errors import TrackingError
from forecasting.places import postgresql_address, sqlite_address, sqlite_file
from forecasting.secrets import redacted

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["folder_of", "load_mlflow", "open_client", "quiet", "translated", "with_driver"]


_LEVELS = {
    "mlflow.pyfunc": logging.WARNING,  # says that it looks at the input example
    "mlflow.utils.environment": logging.ERROR,  # misses pip, which an image does not have
    "mlflow.utils.requirements_utils": logging.ERROR,  # compares a model that is written with what is installed
    "alembic": logging.WARNING,  # lists the migrations of a new database
    "mlflow.store.db.utils": logging.WARNING,
}


@contextmanager
def quiet() -> Iterator[None]:
    """Keep quiet what MLflow causes itself and nobody here can change."""
    levels = {name: logging.getLogger(name).level for name in _LEVELS}
    for name, level in _LEVELS.items():
        logging.getLogger(name).setLevel(level)
    try:
        with warnings.catch_warnings():
            # functions of MLflow carry type hints that MLflow's own check warns of
            warnings.filterwarnings("ignore", ".*Any type hint is inferred as AnyType", UserWarning)
            # MLflow's tables use a loading strategy that SQLAlchemy 2.1 is giving up
            warnings.filterwarnings("ignore", "The ``noload`` loader strategy", DeprecationWarning)
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def load_mlflow() -> ModuleType:
    """Import MLflow without telemetry, which has to be off before that, and without anything on standard output."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    # a line for every run that is closed on a server, with its address and the password in that
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    # a server that is gone is waited for by whoever asked; MLflow's own seven attempts take minutes for each request
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    with quiet():
        import mlflow
        import mlflow.pyfunc
    return mlflow


def open_client(tracking_uri: str, artifact_root: Path) -> MlflowClient:
    """A client that writes to the store directly and leaves MLflow's global state alone."""
    load_mlflow()
    from mlflow import MlflowClient

    if (place := sqlite_file(tracking_uri)) is not None:
        file = place.resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file, artifact_root)
        _hasten(file)
    uri = with_driver(tracking_uri)
    with quiet():
        return MlflowClient(tracking_uri=uri, registry_uri=uri)


def with_driver(tracking_uri: str) -> str:
    """The address of a tracking store with the driver of PostgreSQL that is installed, whichever is SQLAlchemy's own.

    Raises:
        TrackingError: It is on PostgreSQL, and psycopg 3 is not installed.
    """
    if not tracking_uri.startswith("postgresql://"):
        return tracking_uri
    if find_spec("psycopg") is None:
        raise TrackingError(
            "tracking store: PostgreSQL needs the driver psycopg 3, which is not installed; "
            "install it with: pip install 'cumulus-forecasting[postgresql]'"
        )
    return postgresql_address(tracking_uri)


def folder_of(address: str) -> Path:
    """The folder behind MLflow's address of artifacts on this machine."""
    return Path(url2pathname(urlsplit(address).path))


def _make(file: Path, artifact_root: Path) -> None:
    """Make a store beside its place and move it there when it is whole.

    MLflow makes its tables by dozens of migrations, which SQLite does not undo when a process dies amid them; no later
    start could use such a file. They name the folder for artifacts of its experiment `Default`, which is else the one
    in which the process happens to be.
    """
    part = file.with_name(f".{file.name}.part")
    for left in file.parent.glob(f"{part.name}*"):
        left.unlink()
    with quiet():
        from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

        store: Any = SqlAlchemyStore(sqlite_address(part), artifact_root.resolve().as_uri())  # type: ignore[no-untyped-call]
    store.engine.dispose()
    part.replace(file)


@cache
def _hasten(file: Path) -> None:
    """Let MLflow's connections to this SQLite file use a write-ahead log and wait for the disk at checkpoints only.

    MLflow commits some ten times an indicator, and each commit would wait for the disk. A power cut may take the last
    nights' records, never the file; a reader, such as the UI, no longer blocks the writer.
    """
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    @event.listens_for(Engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        if isinstance(connection, sqlite3.Connection):
            (_, _, name) = connection.execute("PRAGMA database_list").fetchone()
            if name and Path(name).resolve() == file:
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def translated(tracking_uri: str) -> Iterator[None]:
    """An error of ours instead of MLflow's, whose messages may show the password in the address of the store.

    Raises:
        TrackingError: Instead of an error of MLflow, of the database or of the file system.
    """
    try:
        yield
    except _refusals() as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        what = redacted(f"tracking store: {reason}", [tracking_uri])
        raise TrackingError(f"{what}; check that it is there, can be reached and written, and has room") from error


def _refusals() -> tuple[type[Exception], ...]:
    load_mlflow()
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, OSError

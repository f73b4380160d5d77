"""MLflow, imported when it is first needed, without telemetry and without its own noise."""

from __future__ import annotations

import logging
import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from forecasting.errors import TrackingError
from forecasting.secrets import redacted

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["load_mlflow", "open_client", "quiet", "translated"]


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
    """Import MLflow without telemetry, which has to be off before that, and without progress bars."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    with quiet():
        import mlflow
        import mlflow.pyfunc
    return mlflow


def open_client(tracking_uri: str) -> MlflowClient:
    """A client that writes to the store directly and leaves MLflow's global state alone."""
    load_mlflow()
    from mlflow import MlflowClient

    if tracking_uri.startswith("sqlite:///"):
        file = Path(tracking_uri.removeprefix("sqlite:///")).resolve()
        file.parent.mkdir(parents=True, exist_ok=True)
        _hasten(file)
    with quiet():
        return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


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

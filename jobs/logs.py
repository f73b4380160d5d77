"""Logging and progress of the commands: rich on a terminal, plain lines in a log; both on stderr."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["configure_logging", "progress", "restore_logging"]

QUIET = ("alembic", "apscheduler", "cmdstanpy", "mlflow", "prophet")
EVERY_S = 10.0
MARK = "cumulus"  # name of our handler on the root logger

_logger = logging.getLogger(__name__)


class _Lines(logging.Formatter):
    """``2026-11-25T02:30:00+08:00 INFO name: message``, in the time zone of the machine."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")


def configure_logging(level: int = logging.INFO) -> None:
    """Send the messages of this program to stderr, and of third parties only warnings and errors.

    May be called again at any time, and should be after imports of third parties that set levels or handlers
    of their own (cmdstanpy, mlflow, prophet, statsmodels).
    """
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if handler.get_name() == MARK]:
        root.removeHandler(handler)
    root.addHandler(_handler())
    root.setLevel(level)
    for name in QUIET:
        _quieten(logging.getLogger(name))
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.startswith(tuple(f"{quiet}." for quiet in QUIET)):
            _quieten(logger)


def restore_logging() -> None:
    """Undo what imported libraries did to levels and handlers; nothing if `configure_logging` was never called."""
    root = logging.getLogger()
    if any(handler.get_name() == MARK for handler in root.handlers):
        configure_logging(root.level)


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """Show how far a piece of work is: a bar on a terminal, else a line every ten seconds and at the end.

    Args:
        what: What is being done.
        total: Number of parts.

    Yields:
        To be called when a part is done.
    """
    if sys.stderr.isatty():
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=_console()) as bars:
            task = bars.add_task(what, total=total)
            yield lambda: bars.advance(task)
        return

    started = told = time.monotonic()
    done = 0

    def advance() -> None:
        nonlocal done, told
        done += 1
        now = time.monotonic()
        if now - told >= EVERY_S and done < total:
            told = now
            _logger.info("%s: %d of %d after %.0f s", what, done, total, now - started)

    yield advance
    _logger.info("%s: %d of %d in %.1f s", what, done, total, time.monotonic() - started)


def _handler() -> logging.Handler:
    handler: logging.Handler
    if sys.stderr.isatty():
        from rich.logging import RichHandler

        handler = RichHandler(console=_console(), show_path=False, log_time_format="%H:%M:%S")
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Lines())
    handler.set_name(MARK)
    return handler


def _quieten(logger: logging.Logger) -> None:
    """Warnings and errors only, through our handler and not through one of its own as well."""
    for handler in list(logger.handlers):
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(max(logging.WARNING, logger.level))


@cache
def _console() -> Console:
    """One console, so that messages are printed above the bars and not through them."""
    from rich.console import Console

    return Console(stderr=True)

"""Logging of the commands: rich on a terminal, plain lines in a log, or objects of JSON; all on stderr.

Whatever the form, passwords and tokens of the settings do not show.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING

from pythonjsonlogger.json import JsonFormatter

from forecasting.cli import LOG
from forecasting.progress import console

if TYPE_CHECKING:
    from forecasting.settings import Settings

__all__ = ["bind", "bound", "configure_logging", "restore_logging"]

QUIET = ("alembic", "apprise", "apscheduler", "cmdstanpy", "httpcore2", "httpx2", "mlflow", "prophet", "urllib3")

_context: ContextVar[dict[str, str]] = ContextVar("log_context")


class _Lines(logging.Formatter):
    """``2026-11-25T02:30:00+08:00 INFO name: message``, in the time zone of the machine."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="seconds")


class _Objects(JsonFormatter):
    """An object of JSON: time, level, logger, message, and where they apply night, run_id, step and exception."""

    def __init__(self) -> None:
        names = {"asctime": "time", "levelname": "level", "name": "logger", "exc_info": "exception"}
        super().__init__(["asctime", "levelname", "name", "message"], rename_fields=names, json_ensure_ascii=False)

    formatTime = _Lines.formatTime  # noqa: N815


class _Discreet(logging.Formatter):
    """What another formatter makes of a record, without secrets."""

    def __init__(self, formatter: logging.Formatter, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._formatter = formatter
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        return self._redact(self._formatter.format(record))


@contextmanager
def bound(**fields: str) -> Iterator[None]:
    """What is logged inside is about these things: ``night``, ``run_id``, ``step``."""
    token = _context.set({**_context.get({}), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def bind(**fields: str) -> None:
    """The same until the `bound` around ends."""
    _context.set({**_context.get({}), **fields})


def configure_logging(settings: Settings | None = None) -> None:
    """Send the messages of this program to stderr, and of third parties only warnings and errors.

    May be called again at any time.

    Args:
        settings: Of this installation: form and level of the log, and what must not show in it. By default lines of
            text from INFO on.
    """
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if handler.get_name() == LOG]:
        root.removeHandler(handler)
    root.addHandler(_handler(settings))
    restore_logging()


def restore_logging() -> None:
    """Undo what imported libraries did to levels and handlers; nothing if `configure_logging` was never called.

    To be called after imports of third parties that set levels or handlers of their own (cmdstanpy, mlflow, prophet,
    statsmodels).
    """
    root = logging.getLogger()
    for handler in root.handlers:
        if handler.get_name() == LOG:
            root.setLevel(handler.level)
            break
    else:
        return
    for name in QUIET:
        _quieten(logging.getLogger(name))
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.startswith(tuple(f"{quiet}." for quiet in QUIET)):
            _quieten(logger)


def _handler(settings: Settings | None) -> logging.Handler:
    handler: logging.Handler = logging.StreamHandler(sys.stderr)
    formatter: logging.Formatter = _Lines()
    if settings is not None and settings.logging.format == "json":
        formatter = _Objects()
    elif sys.stderr.isatty():
        from rich.logging import RichHandler

        handler = RichHandler(console=console(), show_path=False, log_time_format="%H:%M:%S")
        formatter = logging.Formatter()
    handler.setFormatter(formatter if settings is None else _Discreet(formatter, settings.redact))
    handler.addFilter(_add_context)
    handler.setLevel(logging.INFO if settings is None else settings.logging.level)
    handler.set_name(LOG)
    return handler


def _add_context(record: logging.LogRecord) -> bool:
    vars(record).update(_context.get({}))
    return True


def _quieten(logger: logging.Logger) -> None:
    """Warnings and errors only, through our handler and not through one of its own as well."""
    for handler in list(logger.handlers):
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(max(logging.WARNING, logger.level))

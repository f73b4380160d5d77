"""Logging of the commands: rich on a terminal, plain lines in a log; both on stderr."""

from __future__ import annotations

import logging
import sys
from datetime import datetime

from forecasting.progress import console

__all__ = ["configure_logging", "restore_logging"]

QUIET = ("alembic", "apscheduler", "cmdstanpy", "httpcore2", "httpx2", "mlflow", "prophet")
MARK = "cumulus"  # name of our handler on the root logger


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


def _handler() -> logging.Handler:
    handler: logging.Handler
    if sys.stderr.isatty():
        from rich.logging import RichHandler

        handler = RichHandler(console=console(), show_path=False, log_time_format="%H:%M:%S")
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

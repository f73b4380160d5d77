"""How far a long piece of work is: a bar on a terminal, plain lines in a log."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["console", "progress"]

EVERY_S = 10.0

_logger = logging.getLogger(__name__)


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
        with Progress(*columns, console=console()) as bars:
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


@cache
def console() -> Console:
    """One console, so that messages are printed above the bars and not through them."""
    from rich.console import Console

    return Console(stderr=True)

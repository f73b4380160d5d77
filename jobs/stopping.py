"""Ending in good order, when a process is asked to end or its terminal goes away."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.util import _run_finalizers  # type: ignore[attr-defined]  # no public name does it

import typer

__all__ = ["ENDING", "Interrupted", "end_workers", "heard", "leaving", "stopped_by_signals"]

ENDING = (signal.SIGTERM, signal.SIGHUP)

leaving = threading.Event()
"""Set where this process has been asked to end, and its work goes on for a while: nothing is waited for any more."""


class Interrupted(KeyboardInterrupt):
    """A night was asked to stop and did."""


@contextmanager
def heard(numbers: Iterable[int], handler: Callable[[int, object], None]) -> Iterator[None]:
    """Signals call a handler inside this; one that is ignored, as a hangup under nohup, stays ignored."""
    before = {number: signal.signal(number, handler) for number in numbers if not _ignored(number)}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """A signal ends what is inside at once, its workers too: the ledger hears of it, nothing half done is left.

    Raises:
        Exit: With 128 and the signal's number.
    """
    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        asked.append(number)
        if len(asked) > 1:  # a terminal that goes away says so twice, and what the first one began is brief
            return
        end_workers()
        raise Interrupted(f"stopped by {signal.Signals(number).name}")

    try:
        with heard(ENDING, stop):
            yield
    except Interrupted as interrupted:
        with suppress(OSError):  # of a terminal that is gone
            sys.stderr.write(f"{interrupted}\n")
            sys.stderr.flush()
        raise typer.Exit(128 + asked[0]) from None


def end_workers() -> None:
    """Kill the workers of this process, whatever they are at."""
    for process in multiprocessing.active_children():
        if process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)  # processes of loky have no kill of their own
    _run_finalizers(0)  # names of semaphores stay behind where a process ends as it is


def _ignored(number: int) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN

"""Ending in good order what is done by hand, when its process is asked to end or its terminal goes away."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer

__all__ = ["ENDING", "stopped_by_signals"]

ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """A signal ends what is inside at once, its workers too: the ledger hears of it, nothing half done is left.

    A hangup that is ignored, as under nohup, stays ignored.

    Raises:
        Exit: With 128 and the signal's number.
    """
    from jobs.scheduler import end_workers
    from jobs.steps import Interrupted

    asked: list[int] = []

    def stop(number: int, _: object) -> None:
        asked.append(number)
        if len(asked) > 1:  # a terminal that goes away says so twice, and what the first one began is brief
            return
        end_workers()
        raise Interrupted(f"stopped by {signal.Signals(number).name}")

    before = {
        number: signal.signal(number, stop) for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    except Interrupted as interrupted:
        with suppress(OSError):  # of a terminal that is gone
            sys.stderr.write(f"{interrupted}\n")
            sys.stderr.flush()
        raise typer.Exit(128 + asked[0]) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

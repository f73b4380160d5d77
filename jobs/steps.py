"""The steps of a night: begun where it is safe, tried again by their own rules, recorded in the ledger."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from forecasting.memory import give_back
from jobs.ledger import Ledger, Run, Step
from jobs.locks import LostError, StoreLock
from jobs.patience import passes, patiently
from jobs.stopping import Interrupted

__all__ = ["Steps"]

TRACK_ATTEMPTS = 3
NOUNS = {
    "project": "projection",
    "score": "scoring",
    "pictures": "drawing pictures",
    "track": "tracking",
    "page": "the report page",
}
"""Of the steps that a night can do without."""

Result = TypeVar("Result")
_logger = logging.getLogger(__name__)


class Steps:
    """The steps of one attempt of a night.

    What only computes is not tried again, since it would fail again; a worker that is lost is replaced where the work
    is dealt out. What reads or writes the store or a folder is tried again while they are away, and tracking
    whatever its error is, since servers have many.

    Args:
        ledger: Where they are recorded.
        run: What `Ledger.begin` returned.
        lock: Of the store.
        stop: Set when the night shall end.
        patience_s: See `jobs.patience.patiently`.
        messages: Of the night, to which failures are added that it survives.
    """

    def __init__(
        self,
        ledger: Ledger,
        run: Run,
        lock: StoreLock,
        stop: threading.Event,
        patience_s: float,
        messages: list[str],
    ) -> None:
        self._ledger = ledger
        self._run = run
        self._lock = lock
        self._stop = stop
        self._patience_s = patience_s
        self._messages = messages

    def give_way(self) -> None:
        """Go on only if nobody asks for an end.

        Raises:
            Interrupted: The night shall end.
        """
        if self._stop.is_set():
            raise Interrupted("asked to stop; the next run does this night again")

    def safe_point(self) -> None:
        """Go on only if nobody asks for an end and nobody else has gone to work.

        Raises:
            Interrupted: The night shall end.
            LostError: The lock of the store was lost and another night has begun.
            StoreError: The database stays away.
        """
        self.give_way()
        if self._lock.check() and not self._ledger.stands(self._run):
            raise LostError("the lock of the store was lost with its connection, and another run has begun since")

    def do(self, name: str, key: str, work: Callable[[Step], Result]) -> Result:
        """Do a step.

        Args:
            name: Once in an attempt.
            key: Hash of its inputs.
            work: What it does; may be done any number of times.
        """
        self.safe_point()
        give_back()
        with self._ledger.step(self._run, name, key) as step:

            def failed(error: Exception) -> None:
                step.failures.append(f"{type(error).__name__}: {error}")

            if name == "track":
                return patiently(
                    lambda: work(step), self._patience_s, retry=_tracking, attempts=TRACK_ATTEMPTS, failed=failed
                )
            return patiently(lambda: work(step), self._patience_s, failed=failed)

    def unless_it_fails(self, name: str, key: str, work: Callable[[Step], Result]) -> Result | None:
        """Do a step without which the night goes on degraded; None where it fails."""
        try:
            return self.do(name, key, work)
        except LostError:
            raise
        except Exception as error:
            _logger.exception("%s failed; the night goes on without it", NOUNS[name])
            self._messages.append(f"{NOUNS[name]} failed: {type(error).__name__}: {error}")
            return None


def _tracking(error: Exception) -> bool:
    return passes(error) or not isinstance(error.__cause__ or error, OSError)  # a TrackingError has it as its cause

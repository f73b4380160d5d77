"""Trying again what failed because something was away for a while."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from jobs.stopping import Interrupted, leaving

__all__ = ["passes", "patiently"]

FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 15.0
PASSING = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ESTALE, errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
"""Of a file system; a read-only folder is not among them, since somebody has to see to that."""

Result = TypeVar("Result")
_logger = logging.getLogger(__name__)


def passes(error: Exception) -> bool:
    """Whether an error may be gone in a while: a database out of reach or busy, a full disk."""
    from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError):
            return cause.errno in PASSING or isinstance(cause, ConnectionError | TimeoutError)
        if isinstance(cause, DBAPIError):
            refused = any(word in str(cause.orig) for word in ("readonly", "read-only", "password", "denied"))
            return (
                isinstance(cause, OperationalError | InterfaceError) or cause.connection_invalidated
            ) and not refused
        cause = cause.__cause__
    return False


def patiently(
    work: Callable[[], Result], patience_s: float, *, retry: Callable[[Exception], bool] = passes,
    attempts: int | None = None, failed: Callable[[Exception], None] | None = None,
) -> Result:  # fmt: skip
    """Do work again, after growing pauses, until it succeeds or patience ends; then its last error is raised.

    Args:
        work: May be done any number of times.
        patience_s: Seconds after which it is not tried again; 0 for one attempt.
        retry: Whether an error is worth another attempt.
        attempts: At most so many; None for as many as patience allows.
        failed: Called with every error that is followed by another attempt.

    Raises:
        Interrupted: This process is asked to end while it waits.
    """
    ends, attempt, pause = time.monotonic() + patience_s, 1, FIRST_PAUSE_S
    while True:
        try:
            return work()
        except Exception as error:
            if not retry(error) or attempt == attempts or time.monotonic() + pause > ends:
                raise
            if leaving.wait(pause):
                raise Interrupted(f"asked to stop while it waited: {error}; the next run does it again") from error
            _logger.warning("trying again: %s", error)
            if failed is not None:
                failed(error)
        attempt, pause = attempt + 1, min(2 * pause, LONGEST_PAUSE_S)

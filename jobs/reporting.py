"""What follows a night, however it ended: metrics are written and people are told. Neither can fail the night."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from forecasting.errors import CumulusError
from forecasting.settings import Settings
from jobs.locks import BusyError
from jobs.logs import bound

__all__ = ["report", "reported"]

FAILED = "the night is as it is, but its report failed"

_logger = logging.getLogger(__name__)


@contextmanager
def reported(settings: Settings) -> Iterator[None]:
    """Report on the night that is run inside; its error passes through."""
    with bound():
        try:
            yield
        except BusyError:
            raise
        except Exception as error:
            report(settings, error)
            raise
        report(settings)


def report(settings: Settings, error: Exception | None = None) -> None:
    """Write metrics and tell people, as far as the settings ask for it; what goes wrong is logged."""
    if settings.metrics.textfile is None and not settings.notify.urls:
        return
    from jobs.metrics import write_textfile
    from jobs.notifications import facts_of, tell, unknown_of

    state, textfile = _state(settings), settings.metrics.textfile
    if textfile is not None:
        _try(lambda: write_textfile(textfile, state))
    if state is not None or error is not None:  # else nothing is known
        _try(lambda: tell(facts_of(state, error), settings, unknown_of(state)))


def _state(settings: Settings) -> dict[str, Any] | None:
    """The state of the installation, or None where it cannot be read, which is what a night may have failed of."""
    from jobs.state import read_state

    try:
        return read_state(settings)
    except CumulusError as error:
        _logger.error("the report says no more than how the night ended, since the state cannot be read: %s", error)
    except Exception:
        _logger.exception(FAILED)
    return None


def _try(work: Callable[[], object]) -> None:
    """Do a part of the report; whatever goes wrong in it, the night and the other parts are as they are."""
    try:
        work()
    except Exception:
        _logger.exception(FAILED)

"""What follows a night, however it ended: metrics are written and people are told. Neither can fail the night."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from forecasting.settings import Settings
from jobs.locks import BusyError
from jobs.logs import bound

__all__ = ["report", "reported"]

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
    from jobs.notifications import facts_of, tell
    from jobs.state import read_state

    try:
        state = read_state(settings)
        if settings.metrics.textfile is not None:
            write_textfile(settings.metrics.textfile, state)
        tell(facts_of(state, error), settings)
    except Exception:
        _logger.exception("the night is as it is, but its report failed")

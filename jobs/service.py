"""What the scheduler does in an installation: nights that the ledger does not know yet, and housekeeping."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from zoneinfo import ZoneInfo

from forecasting.errors import CumulusError
from forecasting.settings import Settings
from forecasting.sources import Connectors
from forecasting.store import Store
from jobs.agenda import Occasion
from jobs.ledger import Ledger
from jobs.locks import sole_worker
from jobs.nightly import NightResult, run_night
from jobs.reporting import reported
from jobs.retention import tidy
from jobs.state import is_due

__all__ = ["Service"]

_logger = logging.getLogger(__name__)


class Service:
    """The work of `jobs.scheduler.serve`.

    Args:
        settings: Of this installation.
        tell: Called with how a night ended.
    """

    def __init__(self, settings: Settings, tell: Callable[[NightResult], None]) -> None:
        self._settings = settings
        self._connectors = Connectors(settings)
        self._tell = tell

    def night(self, occasion: Occasion, stop: threading.Event) -> None:
        """Do a scheduled night, unless the ledger has it from whomever."""
        with reported(self._settings), sole_worker(self._settings) as held:
            runs = Ledger(held[0].engine).entered(occasion.moment, occasion.until)
            moment = occasion.moment.astimezone(ZoneInfo(self._settings.schedule.timezone)).isoformat(
                timespec="minutes"
            )
            if not occasion.is_open(runs):
                last = runs[-1]
                _logger.info("the night due at %s has been run: %s %s", moment, last.run_id, last.status)
                return
            _logger.info("the night due at %s begins", moment)
            result = run_night(self._settings, connectors=self._connectors, stop=stop, force=occasion.deep, held=held)
        self._tell(result)

    def release(self, stop: threading.Event) -> None:
        """Do a night if a figure has come due that is not there.

        Where that cannot be found out no night has failed, so that nobody is told; it is soon asked again.
        """
        try:
            due = is_due(self._settings)
        except CumulusError as error:
            _logger.error("what is due cannot be found out; it is asked again as scheduled: %s", error)
            return
        if due:
            with reported(self._settings):
                result = run_night(self._settings, connectors=self._connectors, stop=stop)
            self._tell(result)

    def tidy(self) -> None:
        """Delete what has been kept for long enough."""
        for line in tidy(self._settings):
            _logger.info("%s", line)

    def abandon(self) -> None:
        """Enter in the ledger that the running night is interrupted."""
        with Store.open(self._settings.store) as store:
            Ledger(store.engine).abandon()

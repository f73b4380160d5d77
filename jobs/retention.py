"""Housekeeping: what has been kept for long enough is deleted. Figures, forecasts and champions never are.

Log lines go to standard error and are bounded by whoever keeps them.
"""

from __future__ import annotations

import datetime as dt

from forecasting.settings import Settings
from jobs.ledger import Ledger
from jobs.locks import sole_worker

__all__ = ["tidy"]


def tidy(settings: Settings, now: dt.datetime | None = None) -> list[str]:
    """Delete what is older than the settings say.

    Args:
        settings: Of this installation.
        now: With a time zone; by default the time it is.

    Returns:
        What was deleted, a line each.

    Raises:
        BusyError: A night is at work.
        StoreError: The database or the raw archive refuses.
    """
    from forecasting.store import Intake, RawArchive
    from forecasting.tracking import forget

    now, keep = now or dt.datetime.now(dt.UTC), settings.retention
    runs, raw, nights = (now - dt.timedelta(days=n) for n in (keep.ledger_days, keep.raw_days, keep.tracking_days))
    with sole_worker(settings) as (store, _):
        intake = Intake(store.engine)
        deleted = {
            "runs in the ledger": Ledger(store.engine).forget(runs),
            "notes of pulls": intake.forget_pulls(runs),
            "payloads that brought nothing": RawArchive(settings.raw).thin(raw, intake.used_payloads()),
            "nights and points in MLflow": forget(settings.tracking, settings.artifacts, nights.date()),
        }
    return [f"deleted: {n} {what}" for what, n in deleted.items() if n]

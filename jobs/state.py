"""What an operator wants to know: last runs, the release in place, how sources and indicators are doing.

The state is in JSON's types; what its keys mean stands in docs/operations.md. Keys are only ever added.
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from forecasting.errors import InputError, PublishError
from forecasting.settings import Settings
from jobs.agenda import Agenda
from jobs.scoring import alarms, night_of

if TYPE_CHECKING:
    from forecasting.store import Store
    from jobs.ledger import Ledger, Run

__all__ = ["SCHEMA", "is_due", "read_state"]

SCHEMA = 1
RUNS = 5
ROWS = 10
GRACE = dt.timedelta(hours=3)
"""How long after its time a night may take before it counts as overdue."""

DAY = dt.timedelta(days=1)
RECENT = dt.timedelta(days=7)
"""How long a change of champion is news."""


def read_state(settings: Settings, now: dt.datetime | None = None) -> dict[str, Any]:
    """The state of an installation; a home in which nothing ever ran is a state like others.

    Args:
        settings: Of this installation.
        now: With a time zone; by default the clock's.
    """
    from forecasting.catalog import load_catalog
    from forecasting.sources import Connectors
    from forecasting.store import Intake, Store
    from jobs.freshness import freshness, last_periods
    from jobs.ledger import Ledger

    now = now or dt.datetime.now(dt.UTC)
    catalog = load_catalog(settings.catalog, settings.calendar)
    latest = settings.published / "latest"
    state: dict[str, Any] = {
        "schema": SCHEMA,
        "health": {"status": "ok", "message": ""},
        "release": str(latest.resolve()) if latest.exists() else None,
        "release_message": "",
        "alarms": [],
        "last_success": None,
        "runs": [],
        "champions": {"changes": 0, "last": []},
        "sources": [],
        "quarantine": {"rows": {}, "last": []},
        "review": {"file": str(settings.review), "waiting": 0, "message": ""},
        "sizes": {name: _size(folder.resolve()) for name, folder in _folders(settings).items()},
    }
    try:
        state["alarms"] = alarms(latest)
    except PublishError as error:
        state["release_message"] = str(error)
    try:
        state["review"]["waiting"] = Connectors(settings).review().waiting()
    except InputError as error:
        state["review"]["message"] = str(error)
    newest: dict[str, str] = {}
    if settings.has_store:
        with Store.open(settings.store) as store:
            ledger = Ledger(store.engine)
            done = ledger.before((now + 2 * DAY).date().isoformat())
            state["runs"] = _runs(ledger)
            state["last_success"] = None if done is None else _run(done)
            state["health"] = _health(state["runs"], done, settings, now)
            state["champions"] = _champions(store, now)
            intake = Intake(store.engine)
            state["sources"] = [
                {
                    "source": pull.source,
                    "at": _text(pull.at),
                    "status": pull.status,
                    "figures": pull.figures,
                    "new": pull.new,
                    "quarantined": pull.quarantined,
                    "message": pull.message,
                    "nightly": pull.source in settings.sources.pull,
                }
                for pull in intake.last_pulls()
            ]
            state["quarantine"] = {
                "rows": intake.quarantine_sizes(),
                "last": [
                    {**row, "quarantined_at": _text(row["quarantined_at"])} for row in intake.quarantined(ROWS)
                ],
            }  # fmt: skip
            state["sizes"]["store"] = _store_size(store)
            newest = last_periods(catalog, store.newest())
    state["indicators"] = [
        {
            "indicator": one.indicator,
            "last_period": one.last_period,
            "due_period": one.due_period,
            "next_due": str(one.due_day) if one.due_day else None,
            "days_late": one.days_late,
            "note": str(one),
        }
        for one in freshness(catalog, newest, now)
    ]
    return state


def is_due(settings: Settings) -> bool:
    """Whether a followed figure came due in the last hours and is not in the store."""
    from forecasting.catalog import load_catalog
    from forecasting.store import Store
    from jobs.freshness import due_now, last_periods

    if not settings.has_store:
        return False
    catalog = load_catalog(settings.catalog, settings.calendar)
    with Store.open(settings.store) as store:
        newest = last_periods(catalog, store.newest())
    return bool(due_now(catalog, newest, dt.datetime.now(dt.UTC), settings.schedule.release_hours))


def _health(runs: list[dict[str, Any]], done: Run | None, settings: Settings, now: dt.datetime) -> dict[str, str]:
    """Whether nights come out as they should: ok, degraded, failed (the last one) or overdue."""
    ended = [run for run in runs if run["status"] != "running"]
    if ended and ended[0]["status"] in ("failed", "interrupted"):
        first = ended[0]["message"].partition("\n")[0]
        return {"status": "failed", "message": f"the night {ended[0]['night']} {ended[0]['status']}: {first}"}
    expected = _expected(settings, now)
    if runs and (done is None or done.night < expected):
        last = "none has" if done is None else f"the last one that has is {done.night}"
        if runs[0]["status"] == "running":
            last += f"; one was begun at {runs[0]['started_at']} and has not ended"
        return {"status": "overdue", "message": f"the night {expected} should have come out by now; {last}"}
    if ended and ended[0]["status"] == "degraded":
        return {"status": "degraded", "message": ended[0]["message"].partition("\n")[0]}
    return {"status": "ok", "message": ""}


def _expected(settings: Settings, now: dt.datetime) -> str:
    """The latest night that should have come out by now."""
    return night_of(Agenda(settings.schedule).last(now - GRACE).moment)[0].isoformat()


def _runs(ledger: Ledger) -> list[dict[str, Any]]:
    runs = []
    for entry in ledger.last(RUNS):
        steps = [step for step in ledger.steps(entry.run_id) if step.attempt == entry.attempt]
        runs.append({
            **_run(entry),
            "steps": [
                {"name": s.name, "status": s.status, "seconds": s.seconds, "message": s.message} for s in steps
            ],
        })  # fmt: skip
    return runs


def _run(entry: Run) -> dict[str, Any]:
    return {
        "run_id": entry.run_id,
        "attempt": entry.attempt,
        "night": entry.night,
        "status": entry.status,
        "started_at": _text(entry.started_at),
        "ended_at": _text(entry.ended_at) if entry.ended_at else None,
        "message": entry.message,
    }


def _champions(store: Store, now: dt.datetime) -> dict[str, Any]:
    """How often a champion was replaced, and the replacements of the last days."""
    from forecasting.store import ChampionHistory

    reigns = ChampionHistory(store.engine).before((now + 2 * DAY).date())
    pairs = [(before, after) for one in reigns.values() for before, after in pairwise(one)]
    changes = [(before, after) for before, after in pairs if before.model != after.model]
    return {
        "changes": len(changes),
        "last": [
            {
                "indicator": after.indicator,
                "day": after.day.isoformat(),
                "model": after.model,
                "before": before.model,
                "reason": after.reason,
            }
            for before, after in changes
            if after.day >= (now - RECENT).date()
        ],
    }


def _folders(settings: Settings) -> dict[str, Path]:
    return {
        "store": settings.var / "cumulus.db",
        "raw": settings.raw,
        "stages": settings.stage_folder,
        "published": settings.published,
        "tracking": settings.home / "mlruns",
    }


def _size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is none, none any more, or none of ours."""
    if path.is_dir() and not path.is_symlink():
        with suppress(FileNotFoundError, PermissionError), os.scandir(path) as entries:  # a disk's lost+found
            return sum(_size(Path(entry.path)) for entry in entries)
        return 0
    with suppress(FileNotFoundError):
        return path.lstat().st_size
    return 0


def _store_size(store: Store) -> int:
    from forecasting.store import reading

    if store.engine.dialect.name == "postgresql":
        with reading(store.engine) as connection:
            return int(connection.scalar(select(func.pg_database_size(func.current_database()))) or 0)
    return _size(Path(store.engine.url.database or ""))


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="seconds")

"""What an operator wants to know: last runs, the release in place, how sources and indicators are doing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from forecasting.errors import InputError
from forecasting.settings import Settings

if TYPE_CHECKING:
    from forecasting.store import Store

__all__ = ["as_lines", "is_due", "read_state"]

RUNS = 5
ROWS = 10


def read_state(settings: Settings) -> dict[str, Any]:
    """The state of an installation in JSON's types; a home in which nothing ever ran is a state like others."""
    from forecasting.catalog import load_catalog
    from forecasting.sources import Connectors
    from forecasting.store import Intake, Store
    from jobs.freshness import freshness
    from jobs.scoring import alarms

    catalog = load_catalog(settings.catalog, settings.calendar)
    latest = settings.published / "latest"
    state: dict[str, Any] = {
        "release": str(latest.resolve()) if latest.exists() else None,
        "alarms": alarms(latest),
        "runs": [],
        "sources": [],
        "quarantine": {"rows": {}, "last": []},
        "review": {"file": str(settings.review), "waiting": 0, "message": ""},
    }
    try:
        state["review"]["waiting"] = Connectors(settings).review().waiting()
    except InputError as error:
        state["review"]["message"] = str(error)
    newest: dict[str, str] = {}
    if settings.has_store:
        with Store.open(settings.store) as store:
            state["runs"] = _runs(store)
            intake = Intake(store.engine)
            state["sources"] = [
                {
                    "source": pull.source,
                    "at": pull.at.isoformat(timespec="seconds"),
                    "status": pull.status,
                    "figures": pull.figures,
                    "new": pull.new,
                    "quarantined": pull.quarantined,
                    "message": pull.message,
                }
                for pull in intake.last_pulls()
            ]
            state["quarantine"] = {
                "rows": intake.quarantine_sizes(),
                "last": [
                    {**row, "quarantined_at": row["quarantined_at"].isoformat(timespec="seconds")}
                    for row in intake.quarantined(ROWS)
                ],
            }
            newest = _newest(store)
    state["indicators"] = [
        {
            "indicator": one.indicator,
            "last_period": one.last_period,
            "due_period": one.due_period,
            "next_due": str(one.due_at.date()) if one.due_at else None,
            "days_late": one.days_late,
            "note": str(one),
        }
        for one in freshness(catalog, newest, dt.datetime.now(dt.UTC))
    ]
    return state


def as_lines(state: Mapping[str, Any]) -> list[str]:
    """The state for people."""
    lines = [f"release: {state['release'] or 'none yet; cumulus run makes one'}", *state["alarms"]]
    for entry in state["runs"]:
        lines.append(f"{entry['started_at']}  {entry['status']:<11} {entry['run_id']} (attempt {entry['attempt']})")
        lines += [f"    {line}" for line in entry["message"].split("\n") if line]
        lines += [
            f"    {step['name']:<8} {step['status']:<8} {step['seconds']:7.1f} s  {step['message']}".rstrip()
            for step in entry["steps"]
        ]
    for pull in state["sources"]:
        lines.append(
            f"source {pull['source']:<10} {pull['at']}  {pull['status']:<9} {pull['figures']} figures, "
            f"{pull['new']} new, {pull['quarantined']} rows put aside"
        )
        lines += [f"    {line}" for line in pull["message"].split("\n") if line]
    for source, rows in state["quarantine"]["rows"].items():
        lines.append(f"put aside: {rows} row{'s' * (rows > 1)} of {source}; the last of all:")
    for row in state["quarantine"]["last"]:
        cells = ", ".join(f"{name}={text}" for name, text in row["content"].items())
        lines.append(f"    {row['address']} {row['place']}: {row['reason']} ({cells})")
    review = state["review"]
    if review["waiting"]:
        lines.append(f"review: {review['waiting']} doubtful figures of bulletins wait in {review['file']}")
    lines += filter(None, [review["message"]])
    lines += [
        f"{item['indicator']:<32} last period {item['last_period'] or '-':<8} {item['note']}"
        for item in state["indicators"]
    ]
    return lines


def is_due(settings: Settings) -> bool:
    """Whether a followed figure came due in the last hours and is not in the store."""
    from forecasting.catalog import load_catalog
    from forecasting.store import Store
    from jobs.freshness import due_now

    if not settings.has_store:
        return False
    catalog = load_catalog(settings.catalog, settings.calendar)
    with Store.open(settings.store) as store:
        return bool(due_now(catalog, _newest(store), dt.datetime.now(dt.UTC), settings.schedule.release_hours))


def _newest(store: Store) -> dict[str, str]:
    known = store.as_of()
    return {str(name): str(period) for name, period in known.groupby("indicator")["period"].max().items()}


def _runs(store: Store) -> list[dict[str, Any]]:
    from jobs.ledger import Ledger

    ledger = Ledger(store.engine)
    runs = []
    for entry in ledger.last(RUNS):
        steps = [step for step in ledger.steps(entry.run_id) if step.attempt == entry.attempt]
        runs.append({
            "run_id": entry.run_id,
            "attempt": entry.attempt,
            "night": entry.night,
            "status": entry.status,
            "started_at": entry.started_at.isoformat(timespec="seconds"),
            "ended_at": entry.ended_at.isoformat(timespec="seconds") if entry.ended_at else None,
            "message": entry.message,
            "steps": [
                {"name": s.name, "status": s.status, "seconds": s.seconds, "message": s.message} for s in steps
            ],
        })  # fmt: skip
    return runs

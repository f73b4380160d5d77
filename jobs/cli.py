"""The service's commands: run, schedule, status, ui; with those for files, the whole of `cumulus`."""

from __future__ import annotations

import datetime as dt
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forecasting.cli import DEGRADED, app, guarded

if TYPE_CHECKING:
    from forecasting.catalog import Indicator
    from forecasting.settings import Settings
    from jobs.nightly import NightResult

__all__ = ["main"]


@app.command()
def run(
    as_of: Annotated[
        dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Use what was released by this day.")
    ] = None,
    output: Annotated[Path | None, typer.Option(metavar="DIR", help="Root of the releases.")] = None,
) -> None:
    """The whole chain once: pull, derive, fit, project, track, publish."""
    from forecasting.settings import load_settings
    from jobs.logs import configure_logging
    from jobs.nightly import run_night

    configure_logging()
    result = run_night(load_settings(), as_of=as_of.date() if as_of else None, output=output)
    _report(result)
    if result.status == "degraded":
        raise typer.Exit(DEGRADED)


@app.command()
def schedule() -> None:
    """The scheduler in the foreground: a night a day, until SIGTERM or Ctrl-C."""
    from forecasting.settings import load_settings
    from jobs.logs import configure_logging
    from jobs.nightly import run_night
    from jobs.scheduler import serve

    settings = load_settings()
    configure_logging()
    serve(lambda: _report(run_night(settings)), settings.schedule)


@app.command()
def status(
    machine: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Last runs, the release in place, and how fresh each indicator is."""
    from forecasting.settings import load_settings

    state = _state(load_settings())
    if machine:
        typer.echo(json.dumps(state, ensure_ascii=False, indent=2))
        return
    typer.echo(f"release: {state['release'] or 'none yet; cumulus run makes one'}")
    for entry in state["runs"]:
        typer.echo(f"{entry['started_at']}  {entry['status']:<11} {entry['run_id']} (attempt {entry['attempt']})")
        for line in filter(None, entry["message"].split("\n")):
            typer.echo(f"    {line}")
        for step in entry["steps"]:
            typer.echo(
                f"    {step['name']:<8} {step['status']:<8} {step['seconds']:7.1f} s  {step['message']}".rstrip()
            )
    for item in state["indicators"]:
        due = f"next due {item['next_due']}" if item["next_due"] else "no figure yet"
        typer.echo(f"{item['indicator']:<32} last period {item['last_period'] or '-':<8} {due}")


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on the loopback interface.")] = 5000,
) -> None:
    """The MLflow UI on this installation's tracking store."""
    from forecasting.settings import load_settings
    from forecasting.tracking import ui_command

    settings = load_settings()
    server = ui_command(settings.tracking, settings.artifacts, port=port)
    typer.echo(server.link)
    os.execvpe(server.argv[0], server.argv, {**os.environ, **server.env})  # noqa: S606


def main() -> None:
    """Run `cumulus`."""
    guarded(app)


def _report(result: NightResult) -> None:
    from jobs.summary import summary

    for line in summary(result.release):
        typer.echo(line)
    again = " (done before, nothing has changed since)" if result.repeated else ""
    typer.echo(f"{result.run_id}: {result.status}{again}")
    for message in result.messages:
        typer.echo(f"  {message}")
    typer.echo(f"release: {result.release}")


def _state(settings: Settings) -> dict[str, Any]:
    """Runs, release and freshness; a home in which nothing ever ran is a state like others."""
    from forecasting.catalog import load_catalog
    from forecasting.store import Store
    from jobs.ledger import Ledger

    latest = settings.published / "latest"
    runs: list[dict[str, Any]] = []
    newest: dict[str, str] = {}
    if settings.store_url is not None or (settings.var / "cumulus.db").exists():
        with Store.open(settings.store) as store:
            ledger = Ledger(store.engine)
            for entry in ledger.last(5):
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
            known = store.as_of()
            newest = {str(name): str(period) for name, period in known.groupby("indicator")["period"].max().items()}
    return {
        "release": str(latest.resolve()) if latest.exists() else None,
        "runs": runs,
        "indicators": [
            {"indicator": item.id, "last_period": newest.get(item.id), "next_due": _next_due(item, newest.get(item.id))}
            for item in load_catalog(settings.catalog)
        ],
    }


def _next_due(item: Indicator, last: str | None) -> str | None:
    """Day on which the figure after the last one usually appears."""
    from forecasting.observations import month_index, month_label

    if last is None:
        return None
    after = month_index(last) + 1
    while not item.release.has_figure(month_label(after)):
        after += 1
    return str(item.released_at(month_label(after)).date())

"""The service's commands, from run to ui; with those for files, the whole of `cumulus`."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forecasting.cli import DEGRADED, app, guarded
from forecasting.errors import InputError, Problem
from jobs.stopping import stopped_by_signals

if TYPE_CHECKING:
    from forecasting.settings import Settings
    from forecasting.store import Pull
    from jobs.nightly import NightResult
    from jobs.pulling import Pulling

__all__ = ["main"]

_ASKED = "Ask this source too (nbs, nbs_legacy, sdmx); may be repeated."
_STEPS = ("pull", "derive", "fit", "project", "publish")

AsOf = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Use what was released by this day.")]
Force = Annotated[bool, typer.Option("--force", help="Compute anew, whatever is kept of earlier nights.")]


@app.command()
def run(
    as_of: AsOf = None,
    output: Annotated[Path | None, typer.Option(metavar="DIR", file_okay=False, help="Root of the releases.")] = None,
    source: Annotated[list[str] | None, typer.Option(metavar="NAME", help=_ASKED)] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="STEP", help=f"Only this step ({', '.join(_STEPS)}); may be repeated.")
    ] = None,
    force: Force = False,
) -> None:
    """The whole chain once: pull, derive, fit, project, score, track, archive, publish."""
    from forecasting.settings import load_settings
    from jobs.logs import configure_logging
    from jobs.nightly import run_night
    from jobs.reporting import reported

    settings = load_settings()
    configure_logging(settings)
    day = as_of.date() if as_of else None
    strange = [step for step in only or () if step not in _STEPS]
    if strange:
        raise typer.BadParameter(f"no step {', '.join(strange)}; use some of {', '.join(_STEPS)}")
    if only and source and "pull" not in only:
        raise typer.BadParameter("--source is asked by pull alone: add --only pull, or leave it out")
    if only and output and "publish" not in only:
        raise typer.BadParameter("--output is where publish puts a release: add --only publish, or leave it out")
    if only and "publish" not in only:
        code = _pull([*settings.sources.pull, *_sources(source)]) if "pull" in only else 0
        if set(only) != {"pull"}:
            _do_steps(only, as_of, force)
        if code:
            raise typer.Exit(code)
        return
    ask = not only or "pull" in only
    with stopped_by_signals(), reported(settings):
        result = run_night(settings, as_of=day, output=output, sources=_sources(source), force=force, ask=ask)
    _report(result)
    if result.status == "degraded":
        raise typer.Exit(DEGRADED)


@app.command()
def derive(as_of: AsOf = None, force: Force = False) -> None:
    """Recover the months of all indicators, as far as none are kept, and publish nothing."""
    _do_steps(["derive"], as_of, force)


@app.command()
def fit(as_of: AsOf = None, force: Force = False) -> None:
    """Forecast all indicators, as far as no forecasts are kept, and publish nothing."""
    _do_steps(["fit"], as_of, force)


@app.command()
def project(as_of: AsOf = None, force: Force = False) -> None:
    """Simulate the projection, if none is kept, and publish nothing."""
    _do_steps(["project"], as_of, force)


@app.command()
def publish(
    as_of: AsOf = None,
    output: Annotated[Path | None, typer.Option(metavar="DIR", file_okay=False, help="Root of the releases.")] = None,
) -> None:
    """A release from the figures in the store and what is kept of the other steps; asks no source."""
    run(as_of, output, None, ["publish"], False)


@app.command()
def pull(
    source: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Ask this one only; may be repeated.")
    ] = None,
    replay: Annotated[bool, typer.Option(help="Read the raw archive again and ask nobody.")] = False,
) -> None:
    """Take in what the sources have, or read the raw archive again."""
    if replay and source:
        raise typer.BadParameter("the archive is read as a whole; leave out --source or --replay")
    if code := _pull(None if replay else _sources(source)):
        raise typer.Exit(code)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX.")],
    map_: Annotated[Path | None, typer.Option("--map", metavar="MAP.toml", help="What its columns are.")] = None,
) -> None:
    """Take in the figures of a CSV or XLSX file; rows that cannot be used are put aside."""
    from forecasting.catalog import load_mapping
    from forecasting.sources import Connectors

    with _pulling() as (pulling, settings):
        mapping = load_mapping(map_) if map_ else None
        payload = Connectors(settings).files().load(file.resolve(), dt.datetime.now(dt.UTC), mapping=mapping)
        pulls = [pulling.take(payload)]
    if code := _told(pulls):
        raise typer.Exit(code)


@app.command()
def schedule() -> None:
    """The scheduler in the foreground: a night a day and more around a release, until SIGTERM or Ctrl-C."""
    from forecasting.settings import load_settings
    from jobs.logs import configure_logging
    from jobs.metrics import served
    from jobs.scheduler import serve
    from jobs.service import Service
    from jobs.state import read_state

    settings = load_settings()
    configure_logging(settings)
    with served(settings.metrics, lambda: read_state(settings)):
        code = serve(Service(settings, _report), settings.schedule)
    if code:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # threads of an abandoned night would hold up a usual end


@app.command()
def status(
    machine: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Last runs, alarms, how each source and indicator is doing, what was put aside; exit 3 if nights fail to come."""
    from forecasting.settings import load_settings
    from jobs.state import read_state
    from jobs.status import as_lines, as_tables

    state = read_state(load_settings())
    if machine:
        typer.echo(json.dumps(state, indent=2))
    elif sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(*as_tables(state), sep="\n")
    else:
        typer.echo("\n".join(as_lines(state)))
    if state["health"]["status"] in ("failed", "overdue"):
        raise typer.Exit(DEGRADED)


@app.command()
def doctor(
    machine: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
    sources: Annotated[bool, typer.Option("--sources", help="Ask the live sources of the settings too.")] = False,
) -> None:
    """Whether this installation is well, and what to do if not; exit 1 on a fault, 3 on a warning."""
    from jobs.doctor import as_json, as_lines, examine, verdict

    findings = []
    for finding in examine(sources=sources):
        findings.append(finding)
        if not machine:
            typer.echo("\n".join(as_lines(finding)))
    if machine:
        typer.echo(json.dumps(as_json(findings), indent=2))
    if code := {"ok": 0, "warn": DEGRADED, "fail": 1}[verdict(findings)]:
        raise typer.Exit(code)


@app.command()
def notify(
    test: Annotated[bool, typer.Option("--test", help="Send every receiver a test message.")] = False,
) -> None:
    """Tell the receivers of the settings what they have not been told yet; exit 3 if one cannot be reached."""
    from forecasting.settings import load_settings
    from jobs.logs import configure_logging
    from jobs.notifications import facts_of, tell, tell_test, unknown_of
    from jobs.state import read_state

    settings = load_settings()
    configure_logging(settings)
    if test:
        deliveries = tell_test(settings.notify)
    else:
        state = read_state(settings)
        deliveries = tell(facts_of(state), settings, unknown_of(state))
    for delivery in deliveries:
        typer.echo(f"{delivery.receiver}: {'told' if delivery.taken else 'could not be told'}")
    if not deliveries:
        typer.echo("nothing new to tell" if settings.notify.urls else "no receiver is set (notify.urls)")
    if not all(delivery.taken for delivery in deliveries):
        raise typer.Exit(DEGRADED)


@app.command()
def score(as_of: AsOf = None) -> None:
    """Forecasts of earlier nights against the figures that have appeared since."""
    from forecasting.settings import load_settings
    from jobs.scoring import score_lines

    for line in score_lines(load_settings(), as_of.date() if as_of else None):
        typer.echo(line)


@app.command()
def diff(
    before: Annotated[
        str | None, typer.Argument(metavar="[A]", help="Name or folder of a release; by default the one before B.")
    ] = None,
    after: Annotated[str, typer.Argument(metavar="[B]", help="Another.")] = "latest",
    top: Annotated[int, typer.Option(min=1, help="Lines of each kind at most.")] = 10,
    machine: Annotated[bool, typer.Option("--json", help="For machines: everything.")] = False,
) -> None:
    """What changed between two releases, and why: inputs, figures, models, what moved."""
    from forecasting.publishing import diff_lines, diff_releases, find_release, previous_release
    from forecasting.settings import load_settings

    root = load_settings().published
    new = find_release(root, after)
    old = find_release(root, before) if before is not None else previous_release(root, new)
    difference = diff_releases(old, new)
    lines = [json.dumps(difference, indent=2)] if machine else diff_lines(difference, top)
    for line in lines:
        typer.echo(line)


@app.command()
def rollback(indicator: Annotated[str, typer.Argument(help="Identifier in the catalogue.")]) -> None:
    """Make the champion before the present one champion again, from the next night on."""
    from forecasting.settings import load_settings
    from jobs.logs import configure_logging
    from jobs.scoring import roll_back

    settings = load_settings()
    configure_logging(settings)
    done, missing = roll_back(settings, indicator)
    typer.echo(done)
    if missing:
        typer.echo(missing, err=True)
        raise typer.Exit(DEGRADED)


@app.command()
def ui(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000,
    host: Annotated[str, typer.Option(help="Interface to listen on; by default this machine alone.")] = "127.0.0.1",
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:PORT", help="Browsers may also come by this name; may be repeated."),
    ] = None,
) -> None:
    """The MLflow UI on this installation's tracking store."""
    from forecasting.settings import load_settings
    from forecasting.tracking import follow_artifacts, ui_command

    settings = load_settings()
    _check_port(host, port)
    server = ui_command(settings.tracking, settings.artifacts, host, port, allowed_host or ())
    follow_artifacts(settings.tracking, settings.artifacts)
    typer.echo(server.link)
    typer.echo(
        "If a page shows MLflow's GenAI side, choose 'Model training' at its top left; the browser remembers it."
    )
    os.execvpe(server.argv[0], server.argv, {**os.environ, **server.env})  # noqa: S606


@app.command()
def backup(file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="Where it goes.")]) -> None:
    """Write this installation into one archive."""
    from forecasting.settings import load_settings
    from jobs.backup import back_up

    with stopped_by_signals():
        lines = back_up(load_settings(), file)
    typer.echo("\n".join(lines))


@app.command(name="restore")
def restore_(file: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="What backup wrote.")]) -> None:
    """Put an installation back from an archive, into a home in which nothing has run yet."""
    from forecasting.settings import load_settings
    from jobs.backup import restore

    with stopped_by_signals():
        lines = restore(load_settings(), file)
    typer.echo("\n".join(lines))


def main() -> None:
    """Run `cumulus`."""
    guarded(app)


def _check_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            what = f"cannot listen on {host}:{port}: {error.strerror}; choose another --port or --host"
            raise InputError("ui", [Problem("", what)]) from error


@contextmanager
def _pulling() -> Iterator[tuple[Pulling, Settings]]:
    """What takes figures in, alone in this home folder."""
    from forecasting.catalog import load_catalog
    from forecasting.settings import load_settings
    from forecasting.sources import Connectors
    from forecasting.store import RawArchive
    from jobs.locks import sole_worker
    from jobs.logs import configure_logging
    from jobs.pulling import Pulling

    settings = load_settings()
    configure_logging(settings)
    catalog = load_catalog(settings.catalog, settings.calendar)
    with sole_worker(settings) as (store, _):
        yield Pulling(store, RawArchive(settings.raw), catalog, Connectors(settings)), settings


def _pull(sources: Sequence[str] | None) -> int:
    """Ask sources, by default those of the settings, or, where it is None, the raw archive; the exit code."""
    with _pulling() as (pulling, settings):
        if sources is None:
            pulls = pulling.replay()
            if not pulls:
                what = "no payload is kept here; check CUMULUS_HOME, or restore the folder from a backup"
                raise InputError(str(settings.raw), [Problem("", what)])
        else:
            pulls = pulling.pull(tuple(dict.fromkeys(sources or settings.sources.pull)), dt.datetime.now(dt.UTC))
    return _told(pulls)


def _sources(names: list[str] | None) -> tuple[str, ...]:
    """Names of connectors from the command line."""
    from typing import get_args

    from forecasting.settings import ConnectorName

    known = get_args(ConnectorName)
    strange = [name for name in names or () if name not in known]
    if strange:
        raise typer.BadParameter(f"no source {', '.join(strange)}; use one of {', '.join(known)}")
    return tuple(names or ())


def _do_steps(names: Sequence[str], as_of: dt.datetime | None, force: bool) -> None:
    from forecasting.settings import load_settings
    from jobs.logs import configure_logging
    from jobs.singly import do_steps

    settings = load_settings()
    configure_logging(settings)
    for line in do_steps(settings, names, as_of.date() if as_of else None, force=force):
        typer.echo(line)


def _told(pulls: Sequence[Pull]) -> int:
    """Say how pulls went; the exit code that says so too."""
    for one in pulls:
        typer.echo(
            f"{one.source}: {one.status}, {one.figures} figures, {one.new} new, {one.quarantined} rows put aside"
        )
        for line in filter(None, one.message.split("\n")):
            typer.echo(f"  {line}", err=True)
    states = {one.status for one in pulls}
    if states == {"failed"}:
        return 1
    return DEGRADED if states & {"partial", "closed", "failed"} else 0


def _report(result: NightResult) -> None:
    from jobs.summary import summary

    for line in summary(result.release):
        typer.echo(line)
    again = " (done before, nothing has changed since)" if result.repeated else ""
    typer.echo(f"{result.run_id}: {result.status}{again}")
    for message in result.messages:
        typer.echo(f"  {message}")
    typer.echo(f"release: {result.release}")

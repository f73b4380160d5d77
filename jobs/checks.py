"""The checks of `cumulus doctor`. Each takes the settings and the time and says what it found."""

from __future__ import annotations

import datetime as dt
import itertools
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from forecasting.errors import CumulusError, PublishError, SourceError
from forecasting.places import sqlite_file
from forecasting.secrets import secret_files, shown_address
from forecasting.settings import Settings, settings_file
from jobs.agenda import Agenda

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = [
    "Finding",
    "catalogue",
    "clock",
    "disk",
    "executor",
    "folders",
    "libraries",
    "lock",
    "memory",
    "nights",
    "receivers",
    "release",
    "secrets",
    "sources",
    "store",
    "threads",
    "tracking",
]

GIB = 2**30
DISK_FAIL, DISK_WARN = 1 * GIB, 5 * GIB
MEMORY_WARN = 2 * GIB
SKEW_S = 5.0
TRIALS = 64
"""Of work that is sent to the executor: enough for every process of a cluster."""
LIVE = ("nbs", "nbs_legacy", "sdmx")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found.

    Attributes:
        check: Its name.
        status: How bad it is.
        message: What was found.
        remedy: What to do; empty where nothing has to be done, or the message says it.
    """

    check: str
    status: Literal["ok", "warn", "fail"]
    message: str
    remedy: str = ""


def secrets(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """Files that hold secrets are for their owner alone."""
    files = secret_files(Settings)
    file = settings_file()
    if file.exists() and settings.redact(text := file.read_text(encoding="utf-8")) != text:
        files.append(file)
    exposed = [path for path in files if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)]
    for path in exposed:
        yield Finding("secrets", "warn", f"{path} holds secrets and others may read it", f"chmod 600 {path}")
    if not exposed:
        yield Finding(
            "secrets", "ok", f"{len(files)} file{'s' * (len(files) != 1)} with secrets, for their owner alone"
        )


def libraries(_: Settings, __: dt.datetime) -> Iterator[Finding]:
    """What is installed is within the ranges that this version asks for."""
    from packaging.requirements import Requirement

    wrong = []
    needed = [Requirement(text) for text in metadata.requires("cumulus-forecasting") or ()]
    needed = [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]
    for one in needed:
        try:
            version = metadata.version(one.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{one.name} is not installed")
            continue
        if not one.specifier.contains(version, prereleases=True):
            wrong.append(f"{one.name} {version} is not {one.specifier}")
    if wrong:
        remedy = "install again: pip install --constraint constraints.txt cumulus-forecasting"
        yield Finding("libraries", "fail", "; ".join(wrong), remedy)
    else:
        python = ".".join(map(str, sys.version_info[:3]))
        yield Finding("libraries", "ok", f"{len(needed)} within their ranges, Python {python}")


def memory(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """There is memory enough for the worker processes, of the machine or of the container."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (text := limit.read_text(encoding="ascii").strip()).isdigit():
        total = min(total, int(text))
    share = total / (settings.fit.workers + 1)
    message = f"{total / GIB:.1f} GiB for {settings.fit.workers} worker processes and the night itself"
    if share < MEMORY_WARN / 2 or total < MEMORY_WARN:
        yield Finding("memory", "warn", message, "give it 1 GiB a process, or set fit.workers lower")
    else:
        yield Finding("memory", "ok", message)


def threads(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """Linear algebra does not start threads that the worker processes would fight over."""
    import numpy  # noqa: F401  # loads its BLAS, which is asked
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    most = max((int(pool["num_threads"]) for pool in threadpool_info() if pool["user_api"] == "blas"), default=1)
    cores = len(os.sched_getaffinity(0))
    message = f"{most} a process, {settings.fit.workers} worker processes, {cores} cores"
    if most > 1 and most * settings.fit.workers > cores:
        yield Finding("threads", "warn", message, "unset OMP_NUM_THREADS and OPENBLAS_NUM_THREADS, or set them to 1")
    elif settings.fit.workers > cores:
        yield Finding("threads", "warn", message, f"set fit.workers = {cores}")
    else:
        yield Finding("threads", "ok", message)


def clock(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """The time zone is known, and the clock agrees with the file system and with what the ledger has seen."""
    local = now.astimezone(Agenda(settings.schedule).zone)
    if abs(skew := _skew(settings.var)) > SKEW_S:
        what = (
            f"the file system of {settings.var} is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this clock"
        )
        yield Finding("clock", "warn", what, "let NTP set both machines' clocks")
    ahead = _last_entry(settings)
    if ahead is not None and ahead > now + dt.timedelta(seconds=SKEW_S):
        what = f"the ledger has an entry of {ahead.isoformat(timespec='seconds')}, which this clock has yet to reach"
        yield Finding("clock", "fail", what, "set the clock right, best by NTP, before the next night")
    elif abs(skew) <= SKEW_S:
        yield Finding("clock", "ok", f"{local.isoformat(timespec='seconds')} in {settings.schedule.timezone}")


def folders(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """Everything that a night writes can be written."""
    wanted = [*_written(settings), settings.review.parent]
    if settings.metrics.textfile is not None:
        wanted.append(settings.metrics.textfile.parent)
    broken = False
    for folder in dict.fromkeys(wanted):
        try:
            with tempfile.NamedTemporaryFile(dir=_existing(folder), prefix=".cumulus-") as file:
                file.write(b"x" * 4096)
                file.flush()
        except OSError as error:
            broken = True
            remedy = f"let the user {os.getuid()} write there (chown, remount, free room), or choose another folder"
            yield Finding("folders", "fail", f"{folder} cannot be written: {error.strerror}", remedy)
    if not broken:
        yield Finding("folders", "ok", f"{len(set(wanted))} can be written")
    if settings.drop.exists() and not os.access(settings.drop, os.R_OK | os.X_OK):
        yield Finding("folders", "fail", f"{settings.drop} cannot be read", "let this user read the drop folder")


def disk(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """There is room for the nights to come."""
    by_device: dict[int, Path] = {}
    for folder in _written(settings):
        if (there := _existing(folder)).exists():  # a link to nothing is no folder that can be written
            by_device.setdefault(there.stat().st_dev, folder)
    for folder in by_device.values():
        usage = shutil.disk_usage(_existing(folder))
        message = f"{usage.free / GIB:.1f} of {usage.total / GIB:.1f} GiB free at {folder}"
        remedy = "make room: old releases, var/stages (which is made again), or a larger disk"
        if usage.free < DISK_FAIL:
            yield Finding("disk", "fail", message, remedy)
        elif usage.free < DISK_WARN:
            yield Finding("disk", "warn", message, remedy)
        else:
            yield Finding("disk", "ok", message)


def catalogue(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """The catalogue, its calendar and the assumptions can be read, and all that these ask can be answered."""
    from forecasting.catalog import load_catalog
    from forecasting.projection import check_against
    from forecasting.reference import load_calibration, load_claims
    from jobs.computing import assumptions_about

    catalog = load_catalog(settings.catalog, settings.calendar)
    assumptions = assumptions_about(catalog, settings.projection.assumptions)
    scenarios = "no projection, since the packaged assumptions follow none of them"
    if assumptions is not None:
        check_against(assumptions, load_calibration(), load_claims())
        scenarios = f"{len(assumptions.scenarios)} scenarios"
    yield Finding("catalogue", "ok", f"{len(catalog.ids)} indicators, {scenarios}")


def executor(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """Work is done where the settings send it: in processes of this machine, or on a cluster of the same versions."""
    from forecasting.parallel import in_parallel

    in_parallel(abs, [(n,) for n in range(TRIALS)], settings.workers, names=[f"trial {n}" for n in range(TRIALS)])
    there = f"{settings.fit.workers} processes of this machine" if settings.executor == "local" else settings.executor
    yield Finding("executor", "ok", f"{there}: work is done")


def lock(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """Who is at work in this home or, from whatever machine, on a store on PostgreSQL."""
    from forecasting.store import Store
    from jobs.locks import BusyError, StoreLock, exclusive

    file = settings.var / "run.lock"
    try:
        with ExitStack() as stack:
            if file.exists():
                stack.enter_context(exclusive(file))
            if settings.store_url is not None:
                opened = stack.enter_context(Store.open(settings.store))
                if opened.engine.dialect.name == "postgresql":
                    stack.enter_context(StoreLock(opened.engine, 0).held())
    except BusyError as error:
        yield Finding("lock", "ok", f"a run is at work: {error}")
    else:  # said when no night is kept out any more, however long whoever reads it takes
        yield Finding("lock", "ok", "nobody is at work")


def store(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """The store opens, has the schema of this version, is sound and can be written."""
    from sqlalchemy import text

    from forecasting.store import Store, reading, writing

    if not settings.has_store:
        yield Finding("store", "ok", "none yet; cumulus run makes it")
        return
    with Store.open(settings.store) as opened:
        shown = shown_address(opened.engine.url)
        with reading(opened.engine) as connection:
            damage = _damage(connection)
        if damage:
            remedy = "stop the scheduler and restore the last backup (docs/operations.md, Recover)"
            yield Finding("store", "fail", f"{shown} is damaged: {damage}", remedy)
            return
        with writing(opened.engine) as connection:
            connection.execute(text("CREATE TABLE cumulus_doctor (n INTEGER)"))
            connection.execute(text("DROP TABLE cumulus_doctor"))
        figures = opened.newest()["indicator"].nunique()
        yield Finding("store", "ok", f"{shown} is sound and can be written, figures of {figures} indicators")


def tracking(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """The MLflow store answers; a database of it is sound and can be written."""
    from sqlalchemy import create_engine, inspect
    from sqlalchemy.exc import SQLAlchemyError

    from forecasting.tracking import Tracker, with_driver

    file = sqlite_file(settings.tracking)
    if file is not None and not file.exists():
        yield Finding("tracking", "ok", "none yet; cumulus run makes it")
        return
    if not settings.tracking.startswith("http"):
        engine = create_engine(with_driver(settings.tracking))
        wrong = ""
        try:  # MLflow itself tries ten times, a minute and a half in all
            with engine.connect() as connection:
                inspect(connection).get_table_names()
                if damage := _damage(connection):
                    wrong = f"is damaged: {damage}"
            if file is not None:
                with engine.connect() as connection:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                    connection.exec_driver_sql("CREATE TABLE cumulus_doctor (n INTEGER)")  # never committed
        except SQLAlchemyError as error:
            wrong = f"cannot be read or written: {settings.redact(str(error)).splitlines()[0]}"
        finally:
            engine.dispose()
        if wrong:
            remedy = (
                "let this user write it; if it is broken restore the last backup (docs/operations.md, Recover), or "
                "move it away: the next night makes one"
            )
            yield Finding("tracking", "fail", f"MLflow's database {wrong}", remedy)
            return
    nights = Tracker(settings.tracking, settings.artifacts).nights()
    yield Finding("tracking", "ok", f"it answers; nights on record: {nights}")


def release(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """The release in place is whole: every file has the bytes that were published."""
    from forecasting.publishing import altered

    latest = settings.published / "latest"
    if not latest.is_symlink():
        yield Finding("release", "ok", "none yet; cumulus run makes it")
        return
    folder = latest.resolve()
    remedy = f"move {folder} away and run cumulus run: the same figures give the same release again"
    try:
        broken = altered(folder)
    except (OSError, PublishError) as error:
        yield Finding("release", "fail", f"{folder.name} is not whole: {error}", remedy)
        return
    if broken:
        yield Finding("release", "fail", f"{folder.name}: changed after publishing: {', '.join(broken)}", remedy)
    else:
        yield Finding("release", "ok", f"{folder.name} is whole")


def nights(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """Nights come out."""
    from jobs.state import read_state

    state = read_state(settings, now)
    health, done = state["health"], state["last_success"]
    if health["status"] in ("failed", "overdue"):
        remedy = {"failed": "read its messages with cumulus status, then cumulus run",
                  "overdue": "is the scheduler running? start it, or cumulus run"}[health["status"]]  # fmt: skip
        yield Finding("nights", "fail", health["message"], remedy)
    elif health["status"] == "degraded":
        yield Finding("nights", "warn", f"degraded: {health['message']}", "cumulus status says what was missing")
    else:
        yield Finding("nights", "ok", f"the last one is {done['night']}" if done else "none yet")


def receivers(settings: Settings, _: dt.datetime) -> Iterator[Finding]:
    """Receivers of notifications are addresses that can be used."""
    from jobs.notifications import receivers as parsed

    count = len(parsed(settings.notify))
    yield Finding("receivers", "ok", f"{count}; cumulus notify --test tries them" if count else "none are set")


def sources(settings: Settings, now: dt.datetime) -> Iterator[Finding]:
    """The live sources of the settings answer the first thing that a night would ask them."""
    from forecasting.catalog import load_catalog
    from forecasting.sources import Connectors

    catalog, connectors = load_catalog(settings.catalog, settings.calendar), Connectors(settings)
    live = [name for name in settings.sources.pull if name in LIVE]
    if not live:
        yield Finding("sources", "ok", "no live source is among sources.pull")
    for name in live:
        try:
            answers = list(itertools.islice(connectors[name].fetch(catalog, now), 1))
        except CumulusError as error:
            answers = [SourceError(str(error))]
        if not answers:
            yield Finding("sources", "warn", f"{name}: no indicator of the catalogue is mapped to it")
        elif isinstance(answers[0], SourceError):
            remedy = "look at proxy, firewall and address (sources.http, sources.*_url); nights go on without it"
            yield Finding("sources", "fail", settings.redact(str(answers[0])), remedy)
        else:
            yield Finding("sources", "ok", f"{name} answers")


def _written(settings: Settings) -> list[Path]:
    """Folders that a night fills, each of which may be a link to a disk of its own."""
    files = [file for file in map(sqlite_file, (settings.store, settings.tracking)) if file is not None]
    return [settings.var, settings.raw, settings.published, settings.stage_folder, settings.artifacts,
            *(file.parent for file in files)]  # fmt: skip


def _existing(folder: Path) -> Path:
    """The folder, or the link in its place, or where it is still to be made the nearest one above that exists."""
    return next(path for path in (folder, *folder.parents) if os.path.lexists(path))


def _damage(connection: Connection) -> str:
    """What is wrong with a database in a file; "" of one that is sound, or on a server."""
    if connection.dialect.name != "sqlite":
        return ""
    faults = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(3)")]
    return "" if faults == ["ok"] else "; ".join(faults)


def _skew(folder: Path) -> float:
    """Seconds by which the clock of a folder's file system is ahead; 0 where it cannot be written."""
    try:
        with tempfile.NamedTemporaryFile(dir=_existing(folder), prefix=".cumulus-") as file:
            file.write(b"now")
            file.flush()
            return Path(file.name).stat().st_mtime - dt.datetime.now(dt.UTC).timestamp()
    except OSError:
        return 0.0


def _last_entry(settings: Settings) -> dt.datetime | None:
    """The latest time in the ledger; None where it cannot be read, which is another check's finding."""
    from forecasting.store import Store
    from jobs.ledger import Ledger

    if not settings.has_store:
        return None
    try:
        with Store.open(settings.store) as opened:
            runs = Ledger(opened.engine).last(5)
    except CumulusError:
        return None
    return max((moment for run in runs for moment in (run.started_at, run.ended_at) if moment), default=None)

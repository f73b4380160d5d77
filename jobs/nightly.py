"""The nightly chain: pull, derive, fit, project, score, track, archive, publish, each step a call into `forecasting`.

A night is named by its day in Asia/Shanghai and by a hash of everything its result depends on: the figures known,
settings, catalogue, code, and what the store keeps of nights before its day. The same night again finds itself finished
in the ledger and costs nothing. A night without news, for which all of this is as it was for the release in place,
leaves that release in place: it would say the same under another day.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from forecasting.errors import InputError, Problem, PublishError, StoreError
from forecasting.memory import give_back
from forecasting.places import in_utf8
from forecasting.settings import Settings
from forecasting.store import RawArchive
from jobs.computing import Computing
from jobs.degraded import PROJECTED, SCORED
from jobs.grounds import Grounds, Night, known_before, recall
from jobs.ledger import Ledger, Run, Step
from jobs.locks import LostError, StoreLock, sole_worker
from jobs.logs import bind
from jobs.patience import patiently
from jobs.pulling import Pulling
from jobs.results import Derived, Fitted
from jobs.stages import KEPT, Stages
from jobs.steps import Steps

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.catalog import Catalog
    from forecasting.evaluation import Decision
    from forecasting.sources import Connectors
    from forecasting.store import Store

__all__ = ["NightResult", "run_night"]

LIBRARIES = ("mlflow", "numpy", "openpyxl", "pandas", "prophet", "pyarrow", "SALib", "scikit-learn", "scipy", "sdmx1",
             "statsforecast", "statsmodels", "vl-convert-python")  # fmt: skip

Result = TypeVar("Result")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NightResult:
    """How a night ended.

    Attributes:
        run_id: Name of the run and of its release; without news, of the night that made it.
        status: done, or degraded when something was missing or a step outside the chain failed.
        release: Folder of the release.
        repeated: The same night had been done before, or there was no news; nothing was computed.
        messages: What is to know, most important first.
    """

    run_id: str
    status: str
    release: Path
    repeated: bool
    messages: tuple[str, ...]


def run_night(
    settings: Settings,
    *,
    as_of: dt.date | None = None,
    output: Path | None = None,
    sources: Sequence[str] = (),
    connectors: Connectors | None = None,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    stop: threading.Event | None = None,
    force: bool = False,
    ask: bool = True,
    held: tuple[Store, StoreLock] | None = None,
) -> NightResult:
    """Do the whole chain once.

    Args:
        settings: Of this installation.
        as_of: Use what was released by the end of this day in Asia/Shanghai and by now; by default what is known now.
        output: Root of the releases; by default the one of the settings.
        sources: Connectors to ask besides those of the settings.
        connectors: To use again what an earlier night learned of closed sources.
        clock: Gives the time, with its zone.
        stop: Set by whoever wants the night to end at its next safe point.
        force: Compute everything anew, whatever is kept of it.
        ask: Whether sources are asked; else the night is made of what the store has.
        held: What `jobs.locks.sole_worker` gave, where the caller holds the locks already.

    Raises:
        CumulusError: A step failed without which there is nothing to publish; the release before stays.
        BusyError: Another process works in the same home folder or on the same store.
        Interrupted: The night was asked to stop.
    """
    from forecasting.catalog import load_catalog
    from forecasting.sources import Connectors
    from jobs.scoring import night_of

    try:
        root = settings.published if output is None else in_utf8(output)
    except ValueError as error:
        raise InputError(str(output), [Problem("", str(error))]) from error
    now = clock()
    day, moment = night_of(now, as_of)
    catalog = load_catalog(settings.catalog, settings.calendar)
    settings.var.mkdir(parents=True, exist_ok=True)
    patience_s = settings.schedule.patience_s
    with nullcontext(held) if held else sole_worker(settings) as (store, lock):
        asked = tuple(dict.fromkeys((*settings.sources.pull, *sources)))
        known = connectors or Connectors(settings)
        night = Night(
            settings=settings,
            store=store,
            ledger=Ledger(store.engine, clock, patience_s),
            lock=lock,
            stop=stop or threading.Event(),
            catalog=catalog,
            day=day,
            moment=moment,
            now=now,
            root=root,
            stages=Stages(settings.stage_folder, settings.stages.max_mb, fresh=force),
            force=force,
            asked=as_of is not None,
        )
        try:
            if ask:
                night.messages += _pull(settings, store, catalog, known, asked, now)
                give_back()
            grounds = patiently(lambda: recall(night), patience_s)
        except Exception as error:
            _enter(night, error)
            raise
        return _run(night, grounds)


def _enter(night: Night, error: Exception) -> None:
    """Enter a night in the ledger that fails before there is a key to begin it by; not where the database fails it."""
    if not isinstance(error, LostError) and not isinstance(error.__cause__, SQLAlchemyError):
        night.ledger.break_off(_begin(night, night.day.isoformat(), ""), error)


def _run(night: Night, grounds: Grounds) -> NightResult:
    night.messages += grounds.absent
    key, before, last, earlier = grounds.key, grounds.done, grounds.last, grounds.earlier
    name = f"{night.day.isoformat()}-{key[:12]}"
    if before is None and not night.force:
        before = _entered_late(night, name, key)
    of_its_day = before is not None and before.run_id.startswith(night.day.isoformat())
    if before is not None and not night.force and (of_its_day or not night.asked):
        release = night.root / "releases" / before.run_id
        if (release / "datapackage.json").exists():
            from forecasting.publishing import put_forward

            put_forward(night.root, before.run_id)
            if of_its_day:
                _settle_again(night, grounds, before.run_id, release)
            _logger.info("%s has been done before and nothing has changed since", before.run_id)
            messages = tuple(dict.fromkeys(filter(None, [*night.messages, *before.message.split("\n")])))
            return NightResult(before.run_id, "degraded" if night.messages else before.status, release, True, messages)
    if last is not None and earlier is not None and _stands(night, last, earlier, grounds.inputs):
        run = _begin(night, last.run_id, key)
        night.ledger.finish(run, "done", what := f"no news since {last.night}; the release stands")
        _logger.info("%s: %s", last.run_id, what)
        return NightResult(last.run_id, "done", earlier, True, ())
    run_id = _unused(name, night.root / "releases") if night.force or not night.ledger.knows(name) else name
    bind(night=night.day.isoformat(), run_id=run_id)
    run = _begin(night, run_id, key)
    steps = Steps(night.ledger, run, night.lock, night.stop, night.settings.schedule.patience_s, night.messages)
    try:
        release = _chain(night, run, steps, grounds)
    except BaseException as error:
        night.ledger.break_off(run, error)
        raise
    finally:
        night.stages.trim()
    status: Literal["done", "degraded"] = "degraded" if night.messages else "done"
    night.ledger.finish(run, status, "\n".join(night.messages))
    _logger.info("%s: %s, release at %s", run_id, status, release)
    if night.root == night.settings.published:
        _retain(night)
    return NightResult(run_id, status, release, False, tuple(night.messages))


def _entered_late(night: Night, name: str, key: str) -> Run | None:
    """The run of a release whose attempt ended before the ledger heard of it, as it is entered now; None without one.

    Done again it might have another thing to say, of its sources or MLflow, and a release never changes.
    """
    from forecasting.publishing import altered, provenance

    release = night.root / "releases" / name
    archived = any((one.name, one.status) == ("archive", "done") for one in night.ledger.steps(name))
    if not archived or not (release / "datapackage.json").exists() or altered(release):
        return None
    missing = provenance(release)["missing"]
    run = _begin(night, name, key)
    return night.ledger.finish(run, "degraded" if missing else "done", "\n".join(missing))


def _settle_again(night: Night, grounds: Grounds, run_id: str, release: Path) -> None:
    """Let the decisions of a run that is put forward stand for its day, where another run has come after it."""
    from forecasting.publishing import provenance

    made = provenance(release)
    if made["decided"] is not None:
        settle = partial(grounds.memory.settle, run_id, made["champions"], made["decided"])
        patiently(settle, night.settings.schedule.patience_s)


def _begin(night: Night, run_id: str, key: str) -> Run:
    """Enter an attempt in the ledger, which only who holds the lock may; a store that is away is waited for."""

    def begin() -> Run:
        night.lock.check()
        return night.ledger.begin(run_id, night=night.day.isoformat(), key=key)

    return patiently(begin, night.settings.schedule.patience_s)


def _unused(name: str, releases: Path) -> str:
    """A name like this one that no release has, since one in place never changes.

    One of which the ledger knows nothing was made with other databases, and names its run in another MLflow store.
    """
    names = itertools.chain([name], (f"{name}-{n}" for n in itertools.count(2)))
    return next(one for one in names if not (releases / one).exists())


def _chain(night: Night, run: Run, steps: Steps, grounds: Grounds) -> Path:
    from forecasting.publishing import EXPORTS, TABLES, draft_release, empty_tables, publish
    from forecasting.report import Report
    from jobs.indicators import indicator_table
    from jobs.review import track
    from jobs.scoring import alarms, changes, with_references

    settings, key, observations, memory = night.settings, run.key, grounds.observations, grounds.memory
    computing = Computing(
        settings, night.catalog, observations, grounds.then, memory.champions, night.stages, steps.give_way
    )
    decumulation = steps.do("derive", key, lambda step: _told(step, computing.derive()))
    outlook = steps.do("fit", key, lambda step: _told(step, computing.fit()))
    night.messages += [*outlook.panel.unmodelled, *outlook.apart]
    projection = steps.unless_it_fails("project", key, lambda step: _told(step, computing.project(outlook)))
    projected = empty_tables(PROJECTED) if projection is None else projection.tables()
    if projection is not None:
        night.messages += [f"projection: {what}" for what in projection.degraded]
    scored = steps.unless_it_fails("score", key, lambda _: _score(night, grounds, outlook))
    decisions, scores = scored or ([], empty_tables(SCORED))
    tables = _tables(observations, decumulation, outlook, projected) | scores
    tables["indicators"] = indicator_table(night.catalog, night.day, observations, decumulation, outlook)
    for one in decisions:
        _logger.log(
            logging.INFO if one.promoted or one.challenger else logging.DEBUG, "%s: %s", one.unique_id, one.reason
        )
    provenance = {
        "run_id": run.run_id,
        "as_of": night.day.isoformat(),
        "inputs": dict(grounds.inputs),
        "seed": settings.seed,
        "draws": {"forecasts": settings.fit.draws, "projection": settings.projection.draws},
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "champions": {name: champion.model for name, champion in sorted(outlook.panel.champions.items())},
        "decided": None if scored is None else changes(decisions),
        "flags": decumulation.flags,
        "missing": list(night.messages),
    }
    root, day = night.root, night.day.isoformat()
    # written while the night is tracked
    draft = draft_release(tables, root=root, run_id=run.run_id, as_of=day, workers=settings.fit.workers)
    titles = {} if projection is None else computing.titles()
    report, drawn, mlflow_run = Report(tables, run_id=run.run_id, as_of=day, titles=titles), {}, None
    if settings.publishing.pictures:
        drawn = steps.unless_it_fails("pictures", key, lambda _: report.pictures()) or {}
    if scored is not None:  # what is tracked are the decisions
        mlflow_run = steps.unless_it_fails("track", key, lambda _: track(
                settings, night.catalog, night.day, run.run_id, tables, decumulation, outlook, decisions, provenance,
                drawn,
            ),
        )  # fmt: skip
    beside = [*(f"{name}.csv" for name in TABLES), *EXPORTS, "datapackage.json", "provenance.json", *drawn]
    told = {**provenance, "missing": list(night.messages)}  # without MLflow's id, which is another in another home
    page = steps.unless_it_fails("page", key, lambda _: report.page(told, beside)) or {}

    def archive(step: Step) -> None:
        forecasts = with_references(outlook, decumulation, observations)
        kept = memory.keep(run.run_id, night.moment, night.now, forecasts, decisions)
        step.message = f"{kept} forecasts"

    steps.do("archive", key, archive)  # first, so that no forecast is ever published that is not archived
    release = steps.do(
        "publish",
        key,
        lambda _: publish(
            tables,
            root=root,
            run_id=run.run_id,
            as_of=day,
            provenance={**provenance, "mlflow_run_id": mlflow_run or "", "missing": list(night.messages)},
            files={**drawn, **page},
            draft=draft,
        ),
    )
    for line in alarms(release):
        _logger.warning("%s", line)
    return release


def _retain(night: Night) -> None:
    """Remove old releases, but none with which this night or a later one is compared."""
    from forecasting.publishing import prune, shelf

    days, rule = (night.day, night.day + dt.timedelta(days=1), dt.date.max), night.settings.publishing
    try:
        there = [one.name for one in shelf(night.root)]
        compared = [run.run_id for day in days if (run := night.ledger.before(day.isoformat(), there)) is not None]
        gone = prune(night.root, keep=rule.keep, keep_months=rule.keep_months, protect=compared)
    except (PublishError, StoreError) as error:  # the night is done; the next one tries again
        _logger.error("%s", error)
    else:
        if gone:
            _logger.info("removed %d old releases, %s to %s", len(gone), gone[0], gone[-1])


def _score(night: Night, grounds: Grounds, outlook: Fitted) -> tuple[list[Decision], dict[str, pd.DataFrame]]:
    decisions = grounds.memory.decide(outlook, night.settings.champion)
    tables = grounds.memory.score(grounds.observations)
    return decisions, {**tables, "revisions": _revisions(night, grounds.observations, outlook, grounds.earlier)}


def _pull(
    settings: Settings,
    store: Store,
    catalog: Catalog,
    connectors: Connectors,
    sources: tuple[str, ...],
    now: dt.datetime,
) -> list[str]:
    """Take in what the sources have; what the store has already adds nothing. Says what went wrong."""
    messages = []
    pulling = Pulling(store, RawArchive(settings.raw), catalog, connectors)
    for name in sources:  # each by itself, so that what one said is kept where another is asked again
        [pull] = patiently(partial(pulling.pull, [name], now), settings.schedule.patience_s)
        if pull.status in ("partial", "closed", "failed"):
            _logger.warning("source %s: %s; going on with what the store has", pull.source, pull.status)
            messages += [f"source {pull.source} {pull.status}: {line}" for line in pull.message.split("\n")]
    return messages


def _stands(night: Night, last: Run, release: Path, inputs: Mapping[str, Any]) -> bool:
    """Whether a night of another day than the last would publish what is in place."""
    from forecasting.publishing import provenance

    if night.force or night.asked or night.messages or last.status != "done":
        return False
    if (night.root / "latest").resolve() != release.resolve():
        return False
    made = provenance(release)["inputs"]
    return bool({**made, "compared_with": release.name} == json.loads(json.dumps(inputs)))


def _revisions(night: Night, observations: pd.DataFrame, outlook: Fitted, earlier: Path | None) -> pd.DataFrame:
    """What is new since the release before or, without one, since a good month ago."""
    from forecasting.publishing import read_release
    from forecasting.revisions import revision_report

    if earlier is None:
        return revision_report(known_before(night), observations, outlook.headlines, {})
    tables = read_release(earlier, only=("observations", "headlines", "forecasts"))
    return revision_report(tables["observations"], observations, outlook.headlines, tables)


def _told(step: Step, done: tuple[Result, str]) -> Result:
    """A computed result; what was done for it goes into the ledger."""
    result, step.message = done
    if step.message == KEPT:
        step.status = "cached"
    return result


def _tables(
    observations: pd.DataFrame, decumulation: Derived, outlook: Fitted, projected: Mapping[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    return {
        "observations": observations,
        "monthly": decumulation.monthly,
        "forecasts": outlook.forecasts,
        "headlines": outlook.headlines,
        "headline_odds": outlook.odds,
        "leaderboard": outlook.panel.leaderboard.rename(columns={"unique_id": "indicator"}),
        **projected,
    }

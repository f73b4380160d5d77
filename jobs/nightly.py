"""The nightly chain: pull, derive, fit, project, score, track, publish, archive, each step a call into `forecasting`.

A night is named by its day in Asia/Shanghai and by a hash of everything its result depends on: the figures known,
settings, catalogue, code, and what the store keeps of nights before its day. The same night again finds itself finished
in the ledger and costs nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from forecasting.errors import InputError, Problem
from forecasting.progress import progress
from forecasting.settings import Settings
from forecasting.store import RawArchive
from jobs.ledger import Ledger, Run, exclusive
from jobs.logs import bind, restore_logging
from jobs.pulling import Pulling

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.catalog import Catalog
    from forecasting.decumulation import Decumulation
    from forecasting.outlook import Outlook
    from forecasting.projection import Projection
    from forecasting.sources import Connectors
    from forecasting.store import Store
    from jobs.scoring import Memory

__all__ = ["NightResult", "run_night"]

LIBRARIES = ("mlflow", "numpy", "pandas", "prophet", "SALib", "scipy", "statsforecast", "statsmodels")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NightResult:
    """How a night ended.

    Attributes:
        run_id: Name of the run and of its release.
        status: done, or degraded when something was missing or a step outside the chain failed.
        release: Folder of the release.
        repeated: The same night had been done before; nothing was computed.
        messages: What is to know, most important first.
    """

    run_id: str
    status: str
    release: Path
    repeated: bool
    messages: tuple[str, ...]


@dataclass(slots=True)
class _Night:
    """What the steps of one night share."""

    settings: Settings
    store: Store
    ledger: Ledger
    catalog: Catalog
    day: dt.date
    moment: dt.datetime
    now: dt.datetime
    root: Path
    memory: Memory
    messages: list[str] = field(default_factory=list)


def run_night(
    settings: Settings,
    *,
    as_of: dt.date | None = None,
    output: Path | None = None,
    sources: Sequence[str] = (),
    connectors: Connectors | None = None,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> NightResult:
    """Do the whole chain once.

    Args:
        settings: Of this installation.
        as_of: Use what was released by the end of this day in Asia/Shanghai; by default what is known now.
        output: Root of the releases; by default the one of the settings.
        sources: Connectors to ask besides those of the settings.
        connectors: To use again what an earlier night learned of closed sources.
        clock: Gives the time, with its zone.

    Raises:
        CumulusError: A step failed without which there is nothing to publish; the release before stays.
        BusyError: Another process works in the same home folder.
    """
    from forecasting.catalog import load_catalog
    from forecasting.sources import Connectors
    from forecasting.store import Store
    from jobs.scoring import Memory, night_of

    now = clock()
    day, moment = night_of(now, as_of)
    catalog = load_catalog(settings.catalog, settings.calendar)
    settings.var.mkdir(parents=True, exist_ok=True)
    with exclusive(settings.var / "run.lock"), Store.open(settings.store) as store:
        asked = tuple(dict.fromkeys((*settings.sources.pull, *sources)))
        messages = _pull(settings, store, catalog, connectors or Connectors(settings), asked, now)
        night = _Night(
            settings=settings,
            store=store,
            ledger=Ledger(store.engine, clock),
            catalog=catalog,
            day=day,
            moment=moment,
            now=now,
            root=output or settings.published,
            memory=Memory.recall(store.engine, day, moment),
            messages=messages,
        )
        return _run(night)


def _run(night: _Night) -> NightResult:
    observations = _known(night)
    inputs = _inputs(night, observations)
    if (earlier := _earlier(night)) is not None:
        inputs["compared_with"] = earlier.name
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    run_id = f"{night.day.isoformat()}-{key[:12]}"
    bind(night=night.day.isoformat(), run_id=run_id)
    before = night.ledger.finished(night.day.isoformat(), key)
    release = night.root / "releases" / run_id
    if before is not None and (release / "datapackage.json").exists():
        _logger.info("%s has been done before and nothing has changed since", run_id)
        return NightResult(run_id, before.status, release, True, tuple(filter(None, before.message.split("\n"))))

    run = night.ledger.begin(run_id, night=night.day.isoformat(), key=key)
    try:
        release = _chain(night, run, observations, inputs, earlier)
    except BaseException as error:
        night.ledger.finish(
            run, "failed" if isinstance(error, Exception) else "interrupted", f"{type(error).__name__}: {error}"
        )
        raise
    status: Literal["done", "degraded"] = "degraded" if night.messages else "done"
    night.ledger.finish(run, status, "\n".join(night.messages))
    _logger.info("%s: %s, release at %s", run_id, status, release)
    return NightResult(run_id, status, release, False, tuple(night.messages))


def _chain(
    night: _Night, run: Run, observations: pd.DataFrame, inputs: Mapping[str, Any], earlier: Path | None
) -> Path:
    from forecasting.publishing import publish
    from jobs.review import track
    from jobs.scoring import alarms, with_references

    settings, key = night.settings, run.key
    with night.ledger.step(run, "derive", key):
        decumulation = _derive(night, observations)
    with night.ledger.step(run, "fit", key):
        outlook = _fit(night, decumulation, observations)
    with night.ledger.step(run, "project", key):
        projection = _project(night, outlook, observations)
    night.messages += [*outlook.panel.unmodelled(), *outlook.apart]
    night.messages += [f"projection: {what}" for what in projection.degraded]
    with night.ledger.step(run, "score", key):
        decisions = night.memory.decide(outlook, settings.champion)
        tables = _tables(observations, decumulation, outlook, projection) | night.memory.score(observations)
        tables["revisions"] = _revisions(night, observations, outlook, earlier)
    for one in decisions:
        _logger.info("%s: %s", one.unique_id, one.reason)
    provenance = {
        "run_id": run.run_id,
        "as_of": night.day.isoformat(),
        "inputs": dict(inputs),
        "seed": settings.seed,
        "draws": {"forecasts": settings.fit.draws, "projection": settings.projection.draws},
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "champions": {name: champion.model for name, champion in sorted(outlook.panel.champions.items())},
        "flags": len(decumulation.flags),
        "missing": list(night.messages),
    }
    try:
        with night.ledger.step(run, "track", key):
            mlflow_run = track(
                settings, night.catalog, night.day, run.run_id, tables, decumulation, outlook, decisions, provenance
            )
    except Exception as error:  # the release does not depend on the record of how it was made
        _logger.exception("tracking failed; the release goes out without it")
        night.messages.append(f"tracking failed: {type(error).__name__}: {error}")
        mlflow_run = ""
    with night.ledger.step(run, "publish", key):
        release = publish(
            tables,
            root=night.root,
            run_id=run.run_id,
            as_of=night.day.isoformat(),
            provenance={**provenance, "mlflow_run_id": mlflow_run, "missing": list(night.messages)},
        )
    for line in alarms(release):
        _logger.warning("%s", line)
    with night.ledger.step(run, "archive", key) as step:
        forecasts = with_references(outlook, decumulation, observations)
        kept = night.memory.keep(run.run_id, night.moment, night.now, forecasts, decisions)
        step.message = f"{kept} forecasts"
    return release


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
    for pull in Pulling(store, RawArchive(settings.raw), catalog, connectors).pull(sources, now):
        if pull.status in ("partial", "closed", "failed"):
            _logger.warning("source %s: %s; going on with what the store has", pull.source, pull.status)
            messages += [f"source {pull.source} {pull.status}: {line}" for line in pull.message.split("\n")]
    return messages


def _known(night: _Night) -> pd.DataFrame:
    from forecasting.observations import COLUMNS

    known = night.store.as_of(night.moment)[list(COLUMNS)]
    known = known[known["indicator"].isin(night.catalog.ids)].reset_index(drop=True)
    absent = [name for name in night.catalog.ids if name not in set(known["indicator"])]
    if len(absent) == len(night.catalog.ids):
        what = f"no figure of the catalogue's {len(absent)} indicators had been released by {night.day}"
        raise InputError("observations", [Problem("", f"{what}; choose a later day or pull a source")])
    if absent:
        night.messages.append(f"no figures yet of {', '.join(absent)}")
    return known


def _earlier(night: _Night) -> Path | None:
    """The release of the night before, with which this one is compared."""
    run = night.ledger.before(night.day.isoformat())
    folder = night.root / "releases" / run.run_id if run else None
    return folder if folder is not None and (folder / "datapackage.json").exists() else None


def _revisions(night: _Night, observations: pd.DataFrame, outlook: Outlook, earlier: Path | None) -> pd.DataFrame:
    """What is new since the release before or, without one, since a good month ago."""
    from forecasting.publishing import read_release
    from forecasting.revisions import revision_report

    if earlier is None:
        known = night.store.as_of(night.moment - dt.timedelta(days=35))
        return revision_report(known, observations, outlook.headlines, {})
    tables = read_release(earlier, only=("observations", "headlines", "forecasts"))
    return revision_report(tables["observations"], observations, outlook.headlines, tables)


def _inputs(night: _Night, observations: pd.DataFrame) -> dict[str, Any]:
    """Everything the tables depend on, by hash or in words."""
    from forecasting.reference import load_calibration, load_claims
    from jobs.scoring import digest

    settings = night.settings
    return {
        "observations": digest(observations),
        **night.memory.inputs(),
        "calibration": digest(load_calibration()),
        "claims": digest(load_claims()),
        "catalog": night.catalog.hash(),
        "code": _code_hash(),
        "version": metadata.version("cumulus-forecasting"),
        "seed": settings.seed,
        "fit": settings.fit.model_dump(exclude={"workers"}),
        "champion": settings.champion.model_dump(),
        "projection": {**settings.projection.model_dump(mode="json"), "assumptions": _assumptions_hash(settings)},
    }


def _assumptions_hash(settings: Settings) -> str:
    """SHA-256 of the operator's own assumption file; "packaged" for ours, which the code hash holds."""
    path = settings.projection.assumptions
    if path is None:
        return "packaged"
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise InputError(str(path), [Problem("", f"cannot be read: {error.strerror}")]) from error


def _code_hash() -> str:
    """Hash of the package's own files, embedded tables included."""
    digest = hashlib.sha256()
    home = Path(__file__).parent.parent
    files = [path for name in ("forecasting", "jobs") for path in (home / name).rglob("*")]
    for path in sorted(path for path in files if path.suffix in (".py", ".toml", ".csv")):
        digest.update(path.relative_to(home).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _derive(night: _Night, observations: pd.DataFrame) -> Decumulation:
    from forecasting.decumulation import decumulate

    related = {item.id: item.related for item in night.catalog if item.related is not None}
    draws, seed = night.settings.fit.draws, night.settings.seed
    result = decumulate(
        observations,
        related=related,
        parts=night.catalog.parts,
        draws=draws,
        seed=seed,
        workers=night.settings.fit.workers,
    )
    _logger.info("derive: %d indicators, %d flags", len(result.paths), len(result.flags))
    return result


def _fit(night: _Night, decumulation: Decumulation, observations: pd.DataFrame) -> Outlook:
    from forecasting.outlook import make_outlook

    fit = night.settings.fit
    dense = sum(not path.sparse for path in decumulation.paths.values())
    with progress("fit", total=dense) as advance:
        outlook = make_outlook(
            decumulation,
            observations,
            horizon=fit.horizon,
            preset=fit.preset,
            origins=fit.origins,
            workers=fit.workers,
            champions=night.memory.champions,
            progress=lambda _done, _total: advance(),
        )
    restore_logging()  # the model libraries set levels and handlers of their own when they are imported
    for line in outlook.panel.left_out():
        _logger.info("%s", line)
    return outlook


def _project(night: _Night, outlook: Outlook, observations: pd.DataFrame) -> Projection:
    from forecasting.handover import growth_paths
    from forecasting.observations import month_label
    from forecasting.projection import load_assumptions, simulate
    from forecasting.reference import load_calibration, load_claims

    assumptions = load_assumptions(night.settings.projection.assumptions)
    indicators = assumptions.structure.indicators.values()
    return simulate(
        assumptions,
        growth_paths(outlook, observations, indicators, night.settings.fit.horizon),
        load_calibration(),
        load_claims(),
        start=month_label(outlook.origin),
        draws=night.settings.projection.draws,
        seed=night.settings.seed,
    )


def _tables(
    observations: pd.DataFrame, decumulation: Decumulation, outlook: Outlook, projection: Projection
) -> dict[str, pd.DataFrame]:
    leaderboard = outlook.panel.leaderboard.rename(columns={"unique_id": "indicator"})
    return {
        "observations": observations,
        "monthly": decumulation.monthly,
        "forecasts": outlook.forecasts,
        "headlines": outlook.headlines,
        "headline_odds": outlook.odds,
        "leaderboard": leaderboard,
        **projection.tables(),
    }

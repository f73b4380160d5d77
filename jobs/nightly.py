"""The nightly chain: pull, derive, fit, project, track, publish, each step a call into `forecasting`.

A night is named by its day in Asia/Shanghai and by a hash of everything its result depends on: the figures known,
settings, catalogue and code. The same night again finds itself finished in the ledger and costs nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from forecasting.errors import InputError, Problem
from forecasting.progress import progress
from forecasting.settings import Settings
from jobs.ledger import Ledger, Run, exclusive
from jobs.logs import restore_logging

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.catalog import Catalog
    from forecasting.decumulation import Decumulation
    from forecasting.outlook import Outlook
    from forecasting.projection import Projection
    from forecasting.store import Store

__all__ = ["ZONE", "NightResult", "run_night"]

ZONE = ZoneInfo("Asia/Shanghai")
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
    messages: list[str] = field(default_factory=list)


def run_night(
    settings: Settings,
    *,
    as_of: dt.date | None = None,
    output: Path | None = None,
    clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> NightResult:
    """Do the whole chain once.

    Args:
        settings: Of this installation.
        as_of: Use what was released by the end of this day in Asia/Shanghai; by default what is known now.
        output: Root of the releases; by default the one of the settings.
        clock: Gives the time, with its zone.

    Raises:
        CumulusError: A step failed without which there is nothing to publish; the release before stays.
        BusyError: Another process works in the same home folder.
    """
    from forecasting.catalog import load_catalog
    from forecasting.store import Store

    now = clock()
    day = as_of or now.astimezone(ZONE).date()
    moment = now if as_of is None else dt.datetime.combine(as_of, dt.time.max, ZONE).astimezone(dt.UTC)
    catalog = load_catalog(settings.catalog)
    settings.var.mkdir(parents=True, exist_ok=True)
    with exclusive(settings.var / "run.lock"), Store.open(settings.store) as store:
        night = _Night(
            settings=settings,
            store=store,
            ledger=Ledger(store.engine, clock),
            catalog=catalog,
            day=day,
            moment=moment,
            now=now,
            root=output or settings.published,
        )
        return _run(night)


def _run(night: _Night) -> NightResult:
    _pull(night)
    observations = _known(night)
    inputs = _inputs(night, observations)
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    run_id = f"{night.day.isoformat()}-{key[:12]}"
    before = night.ledger.finished(night.day.isoformat(), key)
    release = night.root / "releases" / run_id
    if before is not None and (release / "datapackage.json").exists():
        _logger.info("%s has been done before and nothing has changed since", run_id)
        return NightResult(run_id, before.status, release, True, tuple(filter(None, before.message.split("\n"))))

    run = night.ledger.begin(run_id, night=night.day.isoformat(), key=key)
    try:
        release = _chain(night, run, observations, inputs)
    except BaseException as error:
        night.ledger.finish(
            run, "failed" if isinstance(error, Exception) else "interrupted", f"{type(error).__name__}: {error}"
        )
        raise
    status: Literal["done", "degraded"] = "degraded" if night.messages else "done"
    night.ledger.finish(run, status, "\n".join(night.messages))
    _logger.info("%s: %s, release at %s", run_id, status, release)
    return NightResult(run_id, status, release, False, tuple(night.messages))


def _chain(night: _Night, run: Run, observations: pd.DataFrame, inputs: Mapping[str, Any]) -> Path:
    from forecasting.publishing import publish

    settings, key = night.settings, run.key
    with night.ledger.step(run, "derive", key):
        decumulation = _derive(night, observations)
    with night.ledger.step(run, "fit", key):
        outlook = _fit(night, decumulation, observations)
    with night.ledger.step(run, "project", key):
        projection = _project(night, outlook, observations)
    night.messages += [f"projection: {what}" for what in projection.degraded]
    tables = _tables(observations, decumulation, outlook, projection)
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
            mlflow_run = _track(night, run, tables, decumulation, outlook, provenance)
    except Exception as error:  # the release does not depend on the record of how it was made
        _logger.exception("tracking failed; the release goes out without it")
        night.messages.append(f"tracking failed: {type(error).__name__}: {error}")
        mlflow_run = ""
    with night.ledger.step(run, "publish", key):
        return publish(
            tables,
            root=night.root,
            run_id=run.run_id,
            as_of=night.day.isoformat(),
            provenance={**provenance, "mlflow_run_id": mlflow_run, "missing": list(night.messages)},
        )


def _pull(night: _Night) -> None:
    """Take in what the sources have; what the store has already adds nothing."""
    from forecasting.sources import EmbeddedReference

    source = EmbeddedReference()
    try:
        frame = source.pull(night.catalog)
        added = night.store.append(frame, ingested_at=night.now, payload_sha256=_digest(frame))
    except InputError as error:
        _logger.exception("source %s gave nothing usable; going on with what the store has", source.name)
        night.messages.append(f"source {source.name}: {error}")
        return
    _logger.info("%s: %d figures, %d new", source.name, len(frame), added)


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


def _inputs(night: _Night, observations: pd.DataFrame) -> dict[str, Any]:
    """Everything the tables depend on, by hash or in words."""
    from forecasting.reference import load_calibration, load_claims

    settings = night.settings
    return {
        "observations": _digest(observations),
        "calibration": _digest(load_calibration()),
        "claims": _digest(load_claims()),
        "catalog": night.catalog.hash(),
        "code": _code_hash(),
        "version": metadata.version("cumulus-forecasting"),
        "seed": settings.seed,
        "fit": settings.fit.model_dump(exclude={"workers"}),
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


def _digest(frame: pd.DataFrame) -> str:
    """SHA-256 of a frame as a CSV file."""
    from forecasting.publishing import csv_bytes

    return hashlib.sha256(csv_bytes(frame)).hexdigest()


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
    result = decumulate(observations, related=related, draws=draws, seed=seed)
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
            origins=fit.origins,
            workers=fit.workers,
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


def _track(
    night: _Night,
    run: Run,
    tables: Mapping[str, pd.DataFrame],
    decumulation: Decumulation,
    outlook: Outlook,
    provenance: Mapping[str, Any],
) -> str:
    from forecasting.tracking import IndicatorRecord, NightRecord, Tracker

    quantiles = ["mean", "q05", "q10", "q25", "q50", "q75", "q90", "q95"]
    monthly, levels = tables["monthly"].copy(), tables["forecasts"].query("target == 'level'").copy()
    # on a chart a merged January-February stands at its monthly average, not at the sum
    monthly["level"] /= monthly["months"].astype(float)
    levels[quantiles] = levels[quantiles].div(levels["months"], axis=0)
    records = []
    for name, champion in sorted(outlook.panel.champions.items()):
        item = night.catalog[name]
        merged = decumulation.paths[name].periods_per_year == 11
        history = monthly[(monthly["indicator"] == name) & monthly["level"].notna()]
        records.append(
            IndicatorRecord(
                id=name,
                title=item.title_en,
                unit=f"{item.unit}, Jan-Feb averaged" if merged else item.unit,
                source=item.publisher,
                tags={
                    "region": item.region,
                    "sector": item.sector,
                    "family": item.family or "",
                    "role": item.role,
                },
                history=history[["month", "level"]],
                forecast=levels[levels["indicator"] == name].drop(columns=["indicator", "origin", "target"]),
                champion=champion.to_dict(),
            )
        )
    return Tracker(night.settings.tracking, night.settings.artifacts).record_night(
        NightRecord(
            run_id=run.run_id,
            night=night.day.isoformat(),
            version=provenance["inputs"]["version"],
            params={"seed": night.settings.seed, **night.settings.fit.model_dump(exclude={"workers"})},
            leaderboard=tables["leaderboard"],
            metrics={"recovered": float(len(decumulation.paths)), "flags": float(provenance["flags"])},
            indicators=records,
            provenance=dict(provenance),
        )
    )

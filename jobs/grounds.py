"""What a night rests on: the figures known, those of the past, the nights before it, and a hash of all of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecasting.settings import Settings
from jobs.computing import figures_of_the_past, file_hash, known_figures
from jobs.ledger import Ledger, Run
from jobs.locks import StoreLock
from jobs.stages import Stages, code_hash

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.catalog import Catalog
    from forecasting.realtime import Then
    from forecasting.store import Store
    from jobs.scoring import Memory

__all__ = ["Grounds", "Night", "known_before", "recall"]

LOOK_BACK = dt.timedelta(days=35)
"""How far back a night without a release before it looks for what was known: a good month."""


@dataclass(slots=True)
class Night:
    """What the steps of one night share.

    Attributes:
        day: In Asia/Shanghai.
        moment: Up to which figures are known.
        now: When it was begun.
        root: Of the releases.
        force: Compute everything anew.
        asked: Somebody named its day.
        messages: What is to know of it.
    """

    settings: Settings
    store: Store
    ledger: Ledger
    lock: StoreLock
    stop: threading.Event
    catalog: Catalog
    day: dt.date
    moment: dt.datetime
    now: dt.datetime
    root: Path
    stages: Stages
    force: bool = False
    asked: bool = False
    messages: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the store and the releases in place give a night to begin with.

    Attributes:
        observations: The figures known.
        absent: What is missing of them, in words.
        then: What was known at past months.
        memory: What it owes to earlier nights.
        last: The run of the last night before that published here.
        earlier: Its release, with which this one is compared.
        inputs: Everything the tables depend on, by hash or in words.
        key: Hash of that.
        done: The run that did this very night before.
    """

    observations: pd.DataFrame
    absent: list[str]
    then: Then
    memory: Memory
    last: Run | None
    earlier: Path | None
    inputs: Mapping[str, Any]
    key: str
    done: Run | None


def recall(night: Night) -> Grounds:
    """Read what a night rests on, as the one who holds the lock of the store.

    Raises:
        InputError: No indicator of the catalogue has a figure.
        LostError: The lock was lost, and another process holds it.
        StoreError: The database refuses.
    """
    from forecasting.publishing import shelf
    from jobs.scoring import Memory, digest

    night.lock.check()  # it went with its connection where this is tried again
    store, catalog, moment = night.store, night.catalog, night.moment
    memory = Memory.recall(store.engine, catalog, night.day, moment)
    observations, absent = known_figures(store, catalog, night.day, moment)
    then = figures_of_the_past(store, catalog, moment, night.settings.fit.origins)
    there = {one.name: one.folder for one in shelf(night.root)}
    last = night.ledger.before(night.day.isoformat(), there)
    earlier = None if last is None else there[last.run_id]
    inputs = _inputs(night, observations, then, memory)
    if earlier is not None:
        inputs["compared_with"] = earlier.name
    else:
        inputs["known_before"] = digest(known_before(night))
    key = hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()
    done = night.ledger.finished(night.day.isoformat(), key)
    return Grounds(observations, absent, then, memory, last, earlier, inputs, key, done)


def known_before(night: Night) -> pd.DataFrame:
    """The figures of the catalogue known a good month before, with which a first night compares its own."""
    from forecasting.revisions import COMPARED

    known = night.store.as_of(night.moment - LOOK_BACK, columns=COMPARED)
    return known[known["indicator"].isin(night.catalog.ids)]


def _inputs(night: Night, observations: pd.DataFrame, then: Then, memory: Memory) -> dict[str, Any]:
    from forecasting.reference import load_calibration, load_claims
    from jobs.scoring import digest

    settings = night.settings
    return {
        "observations": digest(observations),
        "known_then": night.stages.digest(then),
        **memory.inputs(),
        "calibration": digest(load_calibration()),
        "claims": digest(load_claims()),
        "catalog": hashlib.sha256(json.dumps([night.catalog.hash(), night.catalog.ids]).encode()).hexdigest(),
        "calendar": file_hash(settings.calendar),
        "code": code_hash(),
        "version": metadata.version("cumulus-forecasting"),
        "seed": settings.seed,
        "fit": settings.fit.model_dump(exclude={"workers"}),
        "champion": settings.champion.model_dump(),
        "pictures": settings.publishing.pictures,
        "projection": {
            **settings.projection.model_dump(mode="json"),
            "assumptions": file_hash(settings.projection.assumptions),
        },
    }

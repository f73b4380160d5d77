"""Pulling: fetch, archive, read, let in, store; or read the archive again.

Payloads that belong together are read together, and in the archive before they are. Nothing that a source does ends a
pull: what could not be had or read is said, and the store goes on with what it has.
"""

from __future__ import annotations

import difflib
import itertools
import logging
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import metadata
from typing import TYPE_CHECKING

import pandas as pd

from forecasting.catalog import Catalog
from forecasting.errors import InputError, SourceError, StoreError
from forecasting.observations import KEY
from forecasting.payloads import BadRow, Payload, storable
from forecasting.store import Fetch, Intake, Pull, RawArchive, Store

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from forecasting.sources import Connectors, Reading, Source

__all__ = ["Pulling"]

BEGUN = "begun"
"""Noted as the reading of a new address whose bytes are new too, until it has been read."""
SLICE_ROWS = 100_000
SLICE_INDICATORS = 500
OPEN_TO_ALL = ("file", "import")  # a user may keep figures that no catalogue follows

_COMPLETE = (
    "a new database lacks what they brought until they are restored and the archive is replayed again, "
    "which completes the figures; into another new database, it completes the vintages too"
)

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Tally:
    replayed: bool = False
    figures: int = 0
    new: int = 0
    quarantined: int = 0
    read: int = 0
    refused: int = 0
    damaged: int = 0
    unchanged: int = 0
    closed: bool = False
    doubtful: int = 0
    review: str = ""
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unfollowed: set[str] = field(default_factory=set)
    left_out: Counter[str] = field(default_factory=Counter)

    def pull(self, source: str, at: datetime, catalog: Catalog) -> Pull:
        if self.closed:
            status = "closed"
        elif self.problems or self.quarantined:
            status = "partial" if self.read or self.unchanged else "failed"
        else:
            status = "unchanged" if self.unchanged and not self.read else "done"
        message = [
            *self.problems,
            *self.notes,
            *_unfollowed(self.unfollowed, catalog),
            *_left_out(self.left_out, catalog),
        ]
        if self.damaged:
            message.append(f"{source}: {self.damaged} damaged payloads were passed over; {_COMPLETE}")
        if self.doubtful:
            remedy = "write yes beside those that are right, and cumulus import it"
            message.append(f"{source}: {self.doubtful} doubtful figures went to {self.review}; {remedy}")
        if self.quarantined:
            message.append(f"{source}: {self.quarantined} rows were put aside; cumulus status shows them")
        return Pull(source, at, status, self.figures, self.new, self.quarantined, storable("\n".join(message)))


class Pulling:
    """Takes figures in.

    Args:
        store: Where they go.
        archive: Where payloads are kept.
        catalog: What is followed.
        connectors: Where they come from.
    """

    def __init__(self, store: Store, archive: RawArchive, catalog: Catalog, connectors: Connectors) -> None:
        self._store = store
        self._archive = archive
        self._catalog = catalog
        self._connectors = connectors
        self._intake = Intake(store.engine)
        self._reader = f"{catalog.hash()}:{metadata.version('cumulus-forecasting')}"

    def pull(self, sources: Sequence[str], moment: datetime) -> list[Pull]:
        """Ask sources by name and take in what they have.

        Args:
            sources: Names of connectors.
            moment: The time that everything counts as fetched at, with a time zone.

        Raises:
            StoreError: The archive or the database refuses.
        """
        return [self._pull(self._connectors[name], moment) for name in sources]

    def take(self, payload: Payload) -> Pull:
        """Take in a payload that is at hand, such as a file named by the user, however often it is given.

        One that is refused as a whole is not archived: whoever named it is told, and no replay is to say it again.
        """
        tally = _Tally()
        readings = self._read([payload], self._connectors[payload.source], tally)
        if not tally.refused:
            self._archive.keep([payload])
        self._take_in(readings, tally)
        return self._noted(tally.pull(payload.source, payload.fetched_at, self._catalog))

    def replay(self) -> list[Pull]:
        """Read the whole archive again, in the order in which it was fetched and as of those times.

        Into an empty database this gives the same observations. Figures that the store had at the time add
        nothing; what a better reader finds now is added. Rows count as put aside where they have not been before:
        most of the others have been corrected since. A file that was imported and is refused counts as a problem
        until it has been imported again under its name; that it is passed over is said. So does a payload that is
        damaged; a replay after it is restored makes all figures those of a whole one, while vintages that follow
        its own keep the time at which they were read without it.

        Raises:
            StoreError: The archive's list is damaged, or the database refuses.
        """
        tallies: dict[str, _Tally] = {}
        last: dict[tuple[str, str, str], str] = {}
        seen: dict[tuple[str, str, str], str] = {}
        bodies: set[str] = set()
        at: dict[str, datetime] = {}
        refused: dict[str, list[str]] = {}
        for batch in self._archive.batches():
            source = batch[0].source
            tally = tallies.setdefault(source, _Tally(replayed=True))
            at[source] = batch[0].fetched_at
            keys = {(one.source, one.address, str(sorted(one.request.items()))): one.sha256 for one in batch}
            if source != "import" and all(last.get(key) == sha256 for key, sha256 in keys.items()):
                tally.unchanged += len(batch)
                continue
            again = source != "import" and all(
                seen[key] == sha256 if key in seen else sha256 in bodies for key, sha256 in keys.items()
            )
            seen |= keys
            bodies.update(keys.values())
            payloads, damaged = self._kept(batch)
            tally.problems += damaged
            tally.damaged += len(damaged)
            faults, before = len(tally.problems), tally.refused
            whole = self._ingest(payloads, self._connectors[source], tally, again=again) and not damaged
            if source == "import":
                address = batch[0].address
                if refused.pop(address, None):
                    tally.notes.append(f"{address}: passed over as it was before it was imported again")
                if tally.refused > before:
                    refused[address], tally.problems[faults:] = tally.problems[faults:], []
            if whole or damaged:  # what is damaged is said once, however often it came
                last |= keys
            if source != "import":
                self._note_readings(payloads, whole=whole)
        for address, problems in refused.items():
            tallies["import"].problems += [
                *problems,
                f"{address}: correct the file and import it again under this name",
            ]
        return [tally.pull(source, at[source], self._catalog) for source, tally in tallies.items()]

    def _kept(self, batch: Iterable[Fetch]) -> tuple[list[Payload], list[str]]:
        """What the archive has of a batch, and what is damaged of it."""
        payloads, damaged = [], []
        for fetch in batch:
            try:
                payloads.append(self._archive.payload(fetch))
            except StoreError as error:
                damaged.append(f"{error}; it came from {fetch.address} at {fetch.fetched_at:%Y-%m-%d %H:%M %Z}")
        return payloads, damaged

    def _pull(self, source: Source, moment: datetime) -> Pull:
        tally = _Tally()
        try:
            for item in source.fetch(self._catalog, moment):
                if isinstance(item, SourceError):
                    tally.problems.append(str(item))
                    tally.closed |= item.closed
                    continue
                bodies = {payload.sha256 for payload in item if self._archive.has(payload.sha256)}
                self._note_begun(item, bodies)
                self._archive.keep(item)
                if all(self._intake.last_reading(payload) == self._key(payload) for payload in item):
                    tally.unchanged += len(item)
                    continue
                again = all(self._was_read(payload, bodies) for payload in item)
                self._note_readings(item, whole=self._ingest(item, source, tally, again=again))
        except InputError as error:
            tally.problems.append(str(error))
        return self._noted(tally.pull(source.name, moment, self._catalog))

    def _noted(self, pull: Pull) -> Pull:
        self._intake.note_pull(pull)
        _logger.info(
            "%s: %s, %d figures, %d new, %d rows put aside",
            pull.source, pull.status, pull.figures, pull.new, pull.quarantined,
        )  # fmt: skip
        return pull

    def _ingest(self, batch: Sequence[Payload], source: Source, tally: _Tally, *, again: bool = False) -> bool:
        """Read payloads and let in what is good; whether all of it could be read and was what was asked for.

        What is read ``again``, by another reader, for another catalogue or under another name, must not undo what came
        after it.
        """
        faults = len(tally.problems)
        self._take_in(self._read(batch, source, tally), tally, again=again)
        return len(tally.problems) == faults

    def _read(self, batch: Sequence[Payload], source: Source, tally: _Tally) -> list[tuple[Payload, Reading]]:
        readings: list[tuple[Payload, Reading]] = []
        for payload in batch:
            try:
                reading = source.read(payload, self._catalog)
            except (InputError, SourceError) as error:
                tally.refused += 1
                tally.problems.append(str(error))
                tally.closed |= isinstance(error, SourceError) and error.closed
                continue
            except Exception as error:  # a fault of ours must not keep the other payloads out
                _logger.exception("%s: %s cannot be read", payload.source, payload.address)
                what = f"reading failed with {type(error).__name__}; the payload is in the archive as {payload.sha256}"
                tally.problems.append(f"{payload.source}: {payload.address}: {what}")
                continue
            tally.read += 1
            tally.problems += reading.notes
            readings.append((payload, reading))
        return readings

    def _take_in(self, readings: list[tuple[Payload, Reading]], tally: _Tally, *, again: bool = False) -> None:
        for payload, reading in readings:
            self._put_aside(payload, reading.bad, tally)
            self._ask_a_person(reading, tally)
        self._let_in(readings, tally, again=again)

    def _let_in(self, readings: list[tuple[Payload, Reading]], tally: _Tally, *, again: bool) -> None:
        from forecasting.sources import admit

        frames = [
            reading.rows.assign(payload=number) for number, (_, reading) in enumerate(readings) if len(reading.rows)
        ]
        if not frames:
            return
        rows = pd.concat(frames, ignore_index=True) if len(frames) > 1 else frames[0]
        first, moment = readings[0][0], readings[0][0].fetched_at
        retold = again or all(reading.retold for _, reading in readings)
        rounded = all(reading.rounded for _, reading in readings)
        for part in _slices(self._unsaid(rows, readings, moment, tally) if retold else rows):
            known = self._store.as_of(ingested_by=moment, indicators=part["indicator"].unique().tolist())
            open_to_all = first.source in OPEN_TO_ALL
            admission = admit(part, self._catalog, known, moment, followed_only=not open_to_all, rounded=rounded)
            if open_to_all:
                tally.unfollowed |= set(admission.frame["indicator"]) - set(self._catalog.ids)
            tally.figures += len(admission.frame) + admission.known
            for number, (payload, _) in enumerate(readings):
                own = admission.frame[part["payload"].reindex(admission.frame.index).eq(number)]
                if not own.empty:
                    tally.new += self._store.append(own, ingested_at=moment, payload_sha256=payload.sha256)
                theirs = (row for index, row in admission.bad if part["payload"].at[index] == number)
                self._put_aside(payload, theirs, tally)

    def _unsaid(
        self, rows: pd.DataFrame, readings: list[tuple[Payload, Reading]], moment: datetime, tally: _Tally
    ) -> pd.DataFrame:
        """Rows but for values that the store has had in this unit: what is old must not undo later revisions.

        Where the latest value came out of the same payload nothing was revised since: the payload was read otherwise
        then, by another catalogue, and what it says now is right.
        """
        names = rows["indicator"].unique().tolist()
        had = self._store.vintages(names)
        had = had[(had["ingested_at"] <= pd.Timestamp(moment)) & ~self._catalog.other_units(had)]
        latest = self._store.as_of(ingested_by=moment, indicators=names, columns=[*KEY, "payload_sha256"])
        sha256 = rows["payload"].map({number: payload.sha256 for number, (payload, _) in enumerate(readings)})
        told = rows.assign(value=pd.to_numeric(rows["value"], errors="coerce"), payload_sha256=sha256)
        said = _among(told, had, [*KEY, "value", "unit"]) & ~_among(told, latest, [*KEY, "payload_sha256"])
        tally.figures += int(said.sum())
        return rows[~said]

    def _put_aside(self, payload: Payload, bad: Iterable[BadRow], tally: _Tally) -> None:
        refused = list(bad)
        fresh = self._intake.quarantine(payload, refused)
        tally.quarantined += fresh if tally.replayed else len(refused)

    def _ask_a_person(self, reading: Reading, tally: _Tally) -> None:
        """Note what a reading leaves out, and hand over what it doubts."""
        tally.left_out.update(reading.unfollowed)
        if reading.doubtful:
            review = self._connectors.review()
            tally.review = str(review.path)
            try:
                tally.doubtful += review.add(reading.doubtful)
            except InputError as error:
                tally.problems.append(str(error))

    def _was_read(self, payload: Payload, bodies: Collection[str]) -> bool:
        """Whether these bytes were the last read from this address or, of a new address, among those that came before.

        An address that goes back to what it said earlier revises; an old file under a new name does not.
        """
        last = self._intake.last_reading(payload)
        return payload.sha256 in bodies if last is None else last.startswith(payload.sha256)

    def _note_begun(self, batch: Iterable[Payload], bodies: Collection[str]) -> None:
        """Note what comes for the first time, before the archive has it.

        Else a pull that is broken off between archive and store would, done again, take it for an old file.
        """
        for payload in batch:
            if payload.sha256 not in bodies and self._intake.last_reading(payload) is None:
                self._intake.note_reading(payload, BEGUN)

    def _note_readings(self, batch: Iterable[Payload], *, whole: bool) -> None:
        for payload in batch:
            self._intake.note_reading(payload, self._key(payload) if whole else f"{payload.sha256}:in part")

    def _key(self, payload: Payload) -> str:
        return f"{payload.sha256}:{self._reader}"


def _among(rows: pd.DataFrame, others: pd.DataFrame, columns: list[str]) -> npt.NDArray[np.bool_]:
    """Which rows others have too, by these columns."""
    return pd.MultiIndex.from_frame(rows[columns]).isin(pd.MultiIndex.from_frame(others[columns]))


def _unfollowed(names: set[str], catalog: Catalog) -> list[str]:
    """What to say of figures that are kept although the catalogue does not follow them."""
    strange = sorted(names)
    if not strange:
        return []
    shown = ", ".join(strange[:5]) + (f" and {len(strange) - 5} more" if len(strange) > 5 else "")
    near = {name for one in strange[:5] for name in difflib.get_close_matches(one, catalog.ids, n=1, cutoff=0.85)}
    meant = f"; did you mean {', '.join(sorted(near))}?" if near else ""
    return [f"kept, but not followed, since the catalogue has no entry: {shown}{meant}"]


def _left_out(names: Counter[str], catalog: Catalog) -> list[str]:
    """What to say of figures that are not kept because nothing follows them."""
    if not names:
        return []
    shown = ", ".join(f"{name} ({times})" for name, times in names.most_common(5))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    near = sorted(set(names) & set(catalog.ids))
    remedy = f"; for {', '.join(near)} add bulletin to its source in the catalogue" if near else ""
    return [f"not kept, since the catalogue does not follow them: {names.total()} figures of {shown}{more}{remedy}"]


def _slices(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """Rows of some indicators at a time, so that a large file needs little memory; an indicator stays whole."""
    if len(rows) <= SLICE_ROWS and rows["indicator"].nunique() <= SLICE_INDICATORS:
        if len(rows):
            yield rows
        return
    names = rows["indicator"].str.strip()
    sizes = names.value_counts().sort_index()
    group = sizes.cumsum().floordiv(SLICE_ROWS)
    number = itertools.count()
    part: dict[str, int] = {}
    for _, members in sizes.groupby(group):
        for start in range(0, len(members), SLICE_INDICATORS):
            part |= dict.fromkeys(members.index[start : start + SLICE_INDICATORS], next(number))
    for _, piece in rows.groupby(names.map(part), sort=True):
        yield piece.copy()

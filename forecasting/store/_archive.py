"""The raw archive: every payload as it came, compressed under its sha256, with where and when it was fetched.

`fetches.jsonl` has a line for each fetch, in their order; a payload that comes again is a line and no second file. The
archive lies in files and not in the database, so that a database can be made again from it.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import logging
import os
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from forecasting.errors import StoreError
from forecasting.payloads import Payload
from forecasting.places import sync

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetch:
    """A line of the archive's list.

    Attributes:
        batch: Number shared by the payloads that were read together.
        source: Connector.
        address: URL or path.
        fetched_at: With its time zone.
        sha256: Of the body.
        size: Of the body, bytes.
        request: What was asked.
    """

    batch: int
    source: str
    address: str
    fetched_at: datetime
    sha256: str
    size: int
    request: dict[str, Any]


class RawArchive:
    """Payloads in a folder.

    Args:
        folder: Made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._list = folder / "fetches.jsonl"

    def keep(self, batch: list[Payload]) -> None:
        """Keep payloads that are to be read together; once this returns they are on the disk, damaged ones mended.

        Raises:
            StoreError: The folder cannot be written, or the list ends with what is none of its lines.
        """
        try:
            number = self._ready()
            for payload in batch:
                self._write(payload)
            sync(self._folder)
            with self._list.open("ab") as file:
                for payload in batch:
                    file.write(_line(_entry(number, payload)))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"raw archive {self._folder}: cannot be written: {error}; nothing was read") from error

    def has(self, sha256: str) -> bool:
        """Whether a payload with this hash is kept."""
        return self._path(sha256).exists()

    def fetches(self) -> Iterator[Fetch]:
        """The fetches in their order.

        Raises:
            StoreError: The list cannot be read.
        """
        try:
            lines = self._list.read_bytes().split(b"\n")[:-1] if self._list.exists() else []
        except OSError as error:
            raise StoreError(f"raw archive {self._list}: cannot be read: {error}") from error
        for number, line in enumerate(lines, start=1):
            yield self._parsed(line, number)

    def batches(self) -> Iterator[list[Fetch]]:
        """The fetches in their order, those together that were read together."""
        batch: list[Fetch] = []
        for fetch in self.fetches():
            if batch and fetch.batch != batch[0].batch:
                yield batch
                batch = []
            batch.append(fetch)
        if batch:
            yield batch

    def thin(self, before: datetime, used: Collection[str]) -> int:
        """Drop old fetches without which a replay gives the same figures, and the payloads that no fetch names then.

        These are fetches that repeated the one before of the same request, and those of payloads that brought nothing
        and stand between two others, unless what is read next would then look like a repetition, or like no repetition.
        Fetches that were read together go together. What a user imported stays.

        Args:
            before: Fetches from then on stay.
            used: Hashes of the payloads that brought something.

        Returns:
            Number of fetches dropped.

        Raises:
            StoreError: The list cannot be read or written.
        """
        batches = list(self.batches())
        kept = [fetch for batch in _without_idle(_without_repeated(batches, before), before, used) for fetch in batch]
        dropped = sum(map(len, batches)) - len(kept)
        if dropped:
            try:
                self._rewrite(kept)
            except OSError as error:
                raise StoreError(f"raw archive {self._folder}: cannot be thinned: {error}") from error
        return dropped

    def payload(self, fetch: Fetch) -> Payload:
        """A payload as it was.

        Raises:
            StoreError: Its file is missing or damaged.
        """
        return Payload(fetch.source, fetch.address, fetch.fetched_at, self._body(fetch.sha256), fetch.request)

    def _body(self, sha256: str) -> bytes:
        path = self._path(sha256)
        try:
            body = gzip.decompress(path.read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or error
            raise StoreError(f"raw archive {path}: cannot be read ({reason}); restore it from a copy") from error
        if hashlib.sha256(body).hexdigest() != sha256:
            raise StoreError(f"raw archive {path}: its content has another sha256; restore it from a copy")
        return body

    def _parsed(self, line: bytes, number: int) -> Fetch:
        try:
            entry = json.loads(line)
            return Fetch(**{**entry, "fetched_at": datetime.fromisoformat(entry["fetched_at"])})
        except (ValueError, TypeError, KeyError) as error:
            what = f"line {number} is not a fetch ({error}); restore the file, or take the line out"
            raise StoreError(f"raw archive {self._list}: {what}") from error

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.gz"

    def _rewrite(self, fetches: list[Fetch]) -> None:
        part = self._list.with_name(f".{self._list.name}.{os.getpid()}.part")
        with part.open("wb") as file:
            for fetch in fetches:
                file.write(_line({**asdict(fetch), "fetched_at": fetch.fetched_at.isoformat()}))
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._list)
        sync(self._folder)  # before it, no payload goes that the list of before names
        named = {fetch.sha256 for fetch in fetches}
        for path in self._folder.glob("*/*.gz"):
            if path.name.removesuffix(".gz") not in named:
                path.unlink()

    def _ready(self) -> int:
        """Make the folder, clear what a crash left or cut off, and give the next batch its number."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for left in (*self._folder.glob(".*.part"), *self._folder.glob("*/.*.part")):
            left.unlink()
        self._list.touch()
        with self._list.open("rb+") as file:
            content = file.read()
            whole = content.rfind(b"\n") + 1
            if whole != len(content):
                _logger.warning("%s: a line that was cut off is dropped", self._list)
                file.truncate(whole)
        lines = content[:whole].rstrip(b"\n").split(b"\n")
        return self._parsed(lines[-1], len(lines)).batch + 1 if lines[-1] else 1

    def _write(self, payload: Payload) -> None:
        path = self._path(payload.sha256)
        with suppress(StoreError):  # missing or damaged, which these bytes mend
            self._body(payload.sha256)
            return
        path.parent.mkdir(exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        with part.open("wb") as file:
            file.write(gzip.compress(payload.body, compresslevel=6, mtime=0))
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync(path.parent)


def _answers(batch: list[Fetch]) -> dict[tuple[str, str, str], str]:
    """Request -> hash of what came."""
    return {(one.source, one.address, str(sorted(one.request.items()))): one.sha256 for one in batch}


def _may_go(batch: list[Fetch], before: datetime) -> bool:
    return batch[0].fetched_at < before and batch[0].source != "import"


def _without_repeated(batches: list[list[Fetch]], before: datetime) -> list[list[Fetch]]:
    """Batches but for old ones that are all what the same requests brought before."""
    last: dict[tuple[str, str, str], str] = {}
    kept = []
    for batch in batches:
        answers = _answers(batch)
        if not _may_go(batch, before) or any(last.get(key) != sha256 for key, sha256 in answers.items()):
            kept.append(batch)
        last |= answers
    return kept


def _without_idle(batches: list[list[Fetch]], before: datetime, used: Collection[str]) -> list[list[Fetch]]:
    """Batches but for old ones that brought nothing and by which a replay tells nothing of others."""
    answers = [_answers(batch) for batch in batches]
    asked = Counter(
        sha256 for _, sha256 in {pair for each in answers for pair in each.items() if pair[0][0] != "import"}
    )
    after: list[dict[tuple[str, str, str], str | None]] = []
    following: dict[tuple[str, str, str], str] = {}
    for each in reversed(answers):
        after.append({key: following.get(key) for key in each})
        following |= each
    last: dict[tuple[str, str, str], str] = {}
    kept = []
    for batch, own, coming in zip(batches, answers, reversed(after), strict=True):
        idle = _may_go(batch, before) and not any(sha256 in used for sha256 in own.values())
        # before B stands A: without B, a B behind it were new, and an A behind it the same again
        between = all(key in last and coming[key] not in (None, own[key], last[key]) for key in own)
        if idle and between and all(asked[sha256] == 1 for sha256 in own.values()):
            continue
        kept.append(batch)
        last |= own
    return kept


def _entry(number: int, payload: Payload) -> dict[str, Any]:
    return {
        "batch": number,
        "source": payload.source,
        "address": payload.address,
        "fetched_at": payload.fetched_at.isoformat(),
        "sha256": payload.sha256,
        "size": len(payload.body),
        "request": dict(payload.request),
    }


def _line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry, ensure_ascii=False, sort_keys=True).encode() + b"\n"

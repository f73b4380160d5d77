"""What was taken in from where, what was not let in, and why: tables beside the observations."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Engine, Integer, String, Table, delete, func, insert, select

from forecasting.payloads import BadRow, Payload, storable
from forecasting.store._database import UTCTime, reading, writing
from forecasting.store._schema import insert_into, metadata, observations

CHUNK = 5000

_quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("row_key", String(64), nullable=False, unique=True),
    Column("source", String, nullable=False),
    Column("address", String, nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    Column("place", String, nullable=False),
    Column("content", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("quarantined_at", UTCTime, nullable=False),
)

_readings = Table(
    "readings",
    metadata,
    Column("address_key", String(64), primary_key=True),
    Column("reading_key", String, nullable=False),
)

_pulls = Table(
    "pulls",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("source", String, nullable=False),
    Column("at", UTCTime, nullable=False),
    Column("status", String, nullable=False),
    Column("figures", Integer, nullable=False),
    Column("new", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("message", String, nullable=False),
)

_PULL = ("source", "at", "status", "figures", "new", "quarantined", "message")
_QUARANTINED = ("source", "address", "payload_sha256", "place", "content", "reason", "quarantined_at")


@dataclass(frozen=True, slots=True)
class Pull:
    """How it went when a source was asked.

    Attributes:
        source: Connector.
        at: When.
        status: ``done``, ``unchanged`` (the same as when last read), ``partial`` (something was missing or not
            let in), ``closed`` or ``failed``.
        figures: Read and let in, known ones among them.
        new: Of them, new vintages.
        quarantined: Rows not let in; of a replay, those that had not been seen before.
        message: What to know; empty when all went well.
    """

    source: str
    at: datetime
    status: str
    figures: int
    new: int
    quarantined: int
    message: str


class Intake:
    """Quarantine and pulls.

    Args:
        engine: Of the store (`Store.engine`).

    Raises:
        StoreError: Here and in every method, when the database refuses.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def quarantine(self, payload: Payload, rows: Iterable[BadRow]) -> int:
        """Put rows aside; the same row of the same source with the same reason is put aside once.

        Returns:
            Number of rows that are new here.
        """
        statement = insert_into(_quarantine, self._engine).on_conflict_do_nothing(index_elements=["row_key"])
        added = 0
        remaining = iter(rows)
        while chunk := list(itertools.islice(remaining, CHUNK)):
            values = [_quarantined(payload, row) for row in chunk]
            with writing(self._engine) as connection:
                options = {"preserve_rowcount": True}
                added += connection.execute(statement, values, execution_options=options).rowcount
        return added

    def quarantined(self, last: int) -> list[dict[str, Any]]:
        """The rows put aside last, newest first.

        Returns:
            Keys source, address, payload_sha256, place, content (the row's cells by column), reason,
            quarantined_at.
        """
        columns = [_quarantine.c[name] for name in _QUARANTINED]
        query = select(*columns).order_by(_quarantine.c.id.desc()).limit(last)
        with reading(self._engine) as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        return [{**row, "content": json.loads(row["content"])} for row in rows]

    def quarantine_sizes(self) -> dict[str, int]:
        """Number of rows put aside, by source."""
        query = select(_quarantine.c.source, func.count()).group_by(_quarantine.c.source)
        with reading(self._engine) as connection:
            return {str(row[0]): int(row[1]) for row in connection.execute(query.order_by(_quarantine.c.source))}

    def last_reading(self, payload: Payload) -> str | None:
        """What `note_reading` kept last of this source and address."""
        query = select(_readings.c.reading_key).where(_readings.c.address_key == _address_key(payload))
        with reading(self._engine) as connection:
            return connection.scalar(query)

    def note_reading(self, payload: Payload, key: str) -> None:
        """Remember by what key (hash of body and reader) an address was read last."""
        values = {"address_key": _address_key(payload), "reading_key": key}
        statement = insert_into(_readings, self._engine).values(values)
        with writing(self._engine) as connection:
            connection.execute(
                statement.on_conflict_do_update(index_elements=["address_key"], set_={"reading_key": key})
            )

    def note_pull(self, pull: Pull) -> None:
        """Enter how a pull went."""
        with writing(self._engine) as connection:
            connection.execute(insert(_pulls).values({name: getattr(pull, name) for name in _PULL}))

    def forget_pulls(self, before: datetime) -> int:
        """Delete how pulls went before a moment, but for the last one of each source; gives their number."""
        newest = select(func.max(_pulls.c.id)).group_by(_pulls.c.source)
        with writing(self._engine) as connection:
            old = delete(_pulls).where(_pulls.c.at < before, _pulls.c.id.not_in(newest))
            return connection.execute(old).rowcount

    def used_payloads(self) -> set[str]:
        """Hashes of the payloads from which figures were let in or rows put aside."""
        queries = (select(table.c.payload_sha256).distinct() for table in (observations, _quarantine))
        with reading(self._engine) as connection:
            return {str(row[0]) for query in queries for row in connection.execute(query)}

    def last_pulls(self) -> list[Pull]:
        """The last pull of every source, by source."""
        newest = select(func.max(_pulls.c.id)).group_by(_pulls.c.source)
        query = select(*(_pulls.c[name] for name in _PULL)).where(_pulls.c.id.in_(newest)).order_by(_pulls.c.source)
        with reading(self._engine) as connection:
            return [Pull(*row) for row in connection.execute(query)]


def _quarantined(payload: Payload, row: BadRow) -> dict[str, Any]:
    content = json.dumps(dict(row.row), ensure_ascii=False)
    content = content.encode("utf-8", "replace").decode()  # databases take no lone surrogates
    identity = json.dumps([payload.source, row.where, content, row.reason])
    return {
        "row_key": hashlib.sha256(identity.encode()).hexdigest(),
        "source": payload.source,
        "address": payload.address,
        "payload_sha256": payload.sha256,
        "place": storable(row.where),
        "content": content.replace("\\u0000", "\\ufffd"),  # nor does PostgreSQL take NUL, even escaped
        "reason": storable(row.reason),
        "quarantined_at": payload.fetched_at,
    }


def _address_key(payload: Payload) -> str:
    asked = json.dumps([payload.source, payload.address, dict(payload.request)], sort_keys=True)
    return hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()

"""The observation store: vintages appended, and the figures as they were known at a moment."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import pandas as pd
from sqlalchemy import Engine, Result, func, select
from sqlalchemy.engine import Connection

from forecasting.errors import StoreError
from forecasting.observations import COLUMNS, KEY, check_observations
from forecasting.store._database import open_engine, reading, writing
from forecasting.store._schema import KNOWN_AT, insert_into, observations
from forecasting.store._upgrade import ensure_schema

CHUNK = 500  # indicators a query; databases limit the number of bound parameters
ROWS = 10_000  # rows an insert, which bounds the memory of a large one
STREAMED = {"yield_per": 20_000}  # rows at a time are in memory as objects

_SHA256 = re.compile(r"[0-9a-f]{64}")
_logger = logging.getLogger(__name__)


class Store:
    """Published figures with every vintage of them; nothing is ever changed or deleted.

    A *vintage* is what was published of one figure (indicator, period, measure) at one time. A figure is
    known from its release on or, where no release time is given, from the moment it was stored on.

    Attributes:
        engine: SQLAlchemy engine of the database, for other tables in it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the store at an SQLAlchemy URL; its schema is created where there is none.

        Args:
            url: ``sqlite:///FILE`` (WAL; the folder is made) or ``postgresql://USER:PASSWORD@HOST/DATABASE``.

        Raises:
            StoreError: The URL or the schema's version is not supported, psycopg is not installed, or the
                database cannot be reached. The message never contains the password.
        """
        engine = open_engine(url)
        try:
            ensure_schema(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def append(self, frame: pd.DataFrame, *, ingested_at: datetime, payload_sha256: str) -> int:
        """Store the figures that are news, all of them or (on any failure) none.

        A row is a new vintage when its value, decimals, unit or status differ from those of the last stored
        vintage with the same indicator, period, measure and release time, or when there is none. So the same
        figures again add nothing, in whatever order sources repeat them, while a figure that is revised and
        then revised back has three vintages. Source, note and family alone make no vintage.

        Args:
            frame: An observation frame (see `forecasting.observations`); may be empty.
            ingested_at: When the payload was fetched, with a time zone. A revision is never stored as older
                than the vintage it follows, so that a clock set back cannot hide it.
            payload_sha256: Hash of the raw payload, 64 hexadecimal digits.

        Returns:
            Number of vintages added.

        Raises:
            InputError: The frame is not an observation frame.
            StoreError: ``ingested_at`` has no time zone, the hash is not one, or the database refuses.
        """
        moment = _utc(ingested_at, "ingested_at")
        if not _SHA256.fullmatch(payload_sha256):
            raise StoreError(
                f"payload_sha256 {payload_sha256!r} is not a SHA-256 of 64 hexadecimal digits in lower case; "
                "pass hashlib.sha256(payload).hexdigest()"
            )
        if frame.empty:
            return 0
        rows = check_observations(frame)
        insert = insert_into(observations, self.engine).on_conflict_do_nothing(index_elements=[observations.c.row_key])
        with writing(self.engine) as connection:
            last = _last_vintages(connection, rows)
            fresh = _fresh(rows, last, moment)
            added = 0
            while chunk := [{**row, "payload_sha256": payload_sha256} for row in itertools.islice(fresh, ROWS)]:
                added += connection.execute(insert, chunk, execution_options={"preserve_rowcount": True}).rowcount
        _logger.info("%d of %d figures are new vintages", added, len(rows))
        return added

    def as_of(
        self,
        moment: datetime | None = None,
        *,
        ingested_by: datetime | None = None,
        indicators: Sequence[str] | None = None,
        columns: Sequence[str] = (*COLUMNS, "ingested_at"),
    ) -> pd.DataFrame:
        """The figures as they were known at a moment: of each one the latest vintage known then.

        A vintage is known from ``released_at`` on, or from ``ingested_at`` on where it has none. The latest
        is the one that became known last; among equals, the one stored last.

        Args:
            moment: A time with a time zone; None for everything that is stored.
            ingested_by: Only vintages that the store had at this time; None for all.
            indicators: Only these; None for all.
            columns: Those that are wanted, indicator, period and measure among them; the fewer the sooner.

        Returns:
            Columns of `forecasting.observations.COLUMNS` and ``ingested_at`` (UTC), sorted by indicator, period
            and measure; the same dtypes and values whatever the database, times to the microsecond.

        Raises:
            StoreError: ``moment`` has no time zone, or the database cannot be read.
        """
        table = observations.c
        order = [KNOWN_AT.desc(), table.ingested_at.desc(), table.id.desc()]
        rank = func.row_number().over(partition_by=[table[name] for name in KEY], order_by=order)
        ranked = select(*(table[name] for name in columns), rank.label("rank"))
        if moment is not None:
            ranked = ranked.where(_utc(moment, "moment") >= KNOWN_AT)
        if ingested_by is not None:
            ranked = ranked.where(table.ingested_at <= _utc(ingested_by, "ingested_by"))
        if indicators is not None:
            ranked = ranked.where(table.indicator.in_(indicators))
        inner = ranked.subquery()
        query = select(*(inner.c[name] for name in columns)).where(inner.c.rank == 1)
        with reading(self.engine) as connection:
            return _frame(connection.execute(query, execution_options=STREAMED), list(columns))

    def vintages(self, indicators: Sequence[str] | None = None) -> pd.DataFrame:
        """Every vintage of every figure, first prints and revisions.

        Args:
            indicators: Only these; None for all.

        Returns:
            Columns `forecasting.observations.COLUMNS`, ``ingested_at``, ``known_at`` (release, or ingestion
            where no release time is given; UTC) and ``vintage``, counted from 1, the first print, in the order
            in which they became known; sorted by indicator, period, measure and vintage.
        """
        columns = [*COLUMNS, "ingested_at"]
        query = select(*(observations.c[name] for name in columns)).order_by(observations.c.id)
        if indicators is not None:
            query = query.where(observations.c.indicator.in_(indicators))
        with reading(self.engine) as connection:
            frame = _frame(connection.execute(query, execution_options=STREAMED), columns)
        frame["known_at"] = frame["released_at"].fillna(frame["ingested_at"])
        frame = frame.sort_values([*KEY, "known_at", "ingested_at"], kind="stable", ignore_index=True)
        frame["vintage"] = frame.groupby(KEY).cumcount() + 1
        return frame

    def revised(self, moment: datetime) -> list[str]:
        """The indicators with more than one vintage of a figure known at a moment, by name."""
        table = observations.c
        figures = select(table.indicator).where(_utc(moment, "moment") >= KNOWN_AT)
        query = figures.group_by(*(table[name] for name in KEY)).having(func.count() > 1).distinct()
        with reading(self.engine) as connection:
            return sorted(connection.scalars(query))

    def arrivals(self, moment: datetime, *, since: str) -> pd.DataFrame:
        """When anything of a period in a measure and unit was first known, and first stored.

        Args:
            moment: Figures that became known later are left out.
            since: First period (YYYY-MM).

        Returns:
            indicator, period, measure, unit, known_at and ingested_at (UTC), sorted by the first four.
        """
        table, kinds = observations.c, [*KEY, "unit"]
        columns = [table[name] for name in kinds]
        query = (
            select(*columns, func.min(KNOWN_AT), func.min(table.ingested_at))
            .where(_utc(moment, "moment") >= KNOWN_AT, table.period >= since)
            .group_by(*columns)
        )
        with reading(self.engine) as connection:
            rows = connection.execute(query).all()
        frame = pd.DataFrame(rows, columns=[*kinds, "known_at", "ingested_at"])
        for name in ("known_at", "ingested_at"):
            frame[name] = pd.to_datetime(frame[name], utc=True)
        return frame.sort_values(kinds, kind="stable", ignore_index=True)

    def newest(self) -> pd.DataFrame:
        """The latest period of which there is a figure, by indicator, measure and unit: columns of these names."""
        kinds = [observations.c[name] for name in ("indicator", "measure", "unit")]
        query = select(*kinds, func.max(observations.c.period)).group_by(*kinds).order_by(*kinds)
        with reading(self.engine) as connection:
            rows = connection.execute(query).all()
        return pd.DataFrame(rows, columns=["indicator", "measure", "unit", "period"], dtype=object)


def _last_vintages(connection: Connection, rows: pd.DataFrame) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """(value, decimals, unit, status, revision, ingested_at) last stored, by figure and release time."""
    table = observations.c
    indicators = rows["indicator"].unique().tolist()
    first, last = rows["period"].min(), rows["period"].max()
    found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for start in range(0, len(indicators), CHUNK):
        query = (
            select(
                table.indicator, table.period, table.measure, table.released_at,
                table.value, table.decimals, table.unit, table.status, table.revision, table.ingested_at,
            )
            .where(table.indicator.in_(indicators[start : start + CHUNK]), table.period.between(first, last))
            .order_by(table.id)
        )  # fmt: skip
        for row in connection.execute(query):
            found[tuple(row[:4])] = tuple(row[4:])
    return found


def _fresh(
    rows: pd.DataFrame, last: dict[tuple[Any, ...], tuple[Any, ...]], moment: datetime
) -> Iterator[dict[str, Any]]:
    columns = {name: rows[name].tolist() for name in COLUMNS if name != "released_at"}
    columns["value"] = (rows["value"] + 0.0).tolist()  # -0.0 becomes 0.0, as SQLite stores it
    columns["released_at"] = [
        None if pd.isna(time) else time.to_pydatetime().astimezone(UTC) for time in rows["released_at"].dt.floor("us")
    ]
    for values in zip(*(columns[name] for name in COLUMNS), strict=True):
        row: dict[str, Any] = dict(zip(COLUMNS, values, strict=True))
        figure = (row["indicator"], row["period"], row["measure"], row["released_at"])
        content = (row["value"], row["decimals"], row["unit"], row["status"])
        before = last.get(figure)
        if before is not None and before[:4] == content:
            continue
        row["revision"] = 1 if before is None else before[4] + 1
        row["ingested_at"] = moment if before is None else max(moment, before[5])
        row["row_key"] = _row_key(figure, content, row["revision"])
        yield row


def _row_key(figure: tuple[Any, ...], content: tuple[Any, ...], revision: int) -> str:
    released = figure[3].isoformat() if figure[3] else None
    text = json.dumps([*figure[:3], released, *content, revision])
    return hashlib.sha256(text.encode()).hexdigest()


def _frame(rows: Result[Any], columns: list[str]) -> pd.DataFrame:
    """The rows as they come, equal texts as one object: a million of them fit into memory."""
    dtypes = {"value": "float64", "decimals": "int64"}
    dtypes |= dict.fromkeys(("released_at", "ingested_at"), "datetime64[ns, UTC]")
    parts: dict[str, list[pd.Series[Any]]] = {name: [] for name in columns}
    known: dict[str, str] = {}
    for some in rows.partitions():
        for name, values in zip(columns, zip(*some, strict=True), strict=True):
            dtype = dtypes.get(name, "object")
            kept = [known.setdefault(text, text) for text in values] if dtype == "object" else list(values)
            parts[name].append(pd.Series(kept, dtype=dtype))
    frame = pd.DataFrame(
        {
            name: pd.concat(part, ignore_index=True) if part else pd.Series([], dtype=dtypes.get(name, "object"))
            for name, part in parts.items()
        }
    )
    return frame.sort_values(KEY, kind="stable", ignore_index=True)


def _utc(moment: datetime, name: str) -> datetime:
    if pd.isna(moment) or moment.tzinfo is None:
        raise StoreError(f"{name} {moment} has no time zone; pass an aware datetime, e.g. in UTC")
    return pd.Timestamp(moment).floor("us").to_pydatetime().astimezone(UTC)

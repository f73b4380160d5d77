"""The metadata of all tables in the store's database, and the tables of the observations."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Engine,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    func,
)
from sqlalchemy.dialects import postgresql, sqlite

from forecasting.store._database import UTCTime

metadata = MetaData()

# all that 0.1.0 looks at before it uses a database: where it finds another number than 1, it refuses
schema_version = Table("schema_version", metadata, Column("version", Integer, primary_key=True))

# revision counts the vintages of one figure that carry one release time (or none)
observations = Table(
    "observations",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("row_key", String(64), nullable=False, unique=True),
    Column("indicator", String, nullable=False),
    Column("period", String(7), nullable=False),
    Column("measure", String, nullable=False),
    Column("value", Double, nullable=False),
    Column("unit", String, nullable=False),
    Column("decimals", Integer, nullable=False),
    Column("status", String, nullable=False),
    Column("released_at", UTCTime),
    Column("source", String, nullable=False),
    Column("note", String, nullable=False),
    Column("family", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("ingested_at", UTCTime, nullable=False),
    Column("payload_sha256", String(64), nullable=False),
    Index("observations_figure", "indicator", "period", "measure"),
)

KNOWN_AT = func.coalesce(observations.c.released_at, observations.c.ingested_at)
"""When a vintage became known: at its release or, where no time of that is given, when it was stored."""


def insert_into(table: Table, engine: Engine) -> postgresql.Insert | sqlite.Insert:
    """INSERT of the engine's dialect, which knows ON CONFLICT."""
    return postgresql.insert(table) if engine.dialect.name == "postgresql" else sqlite.insert(table)

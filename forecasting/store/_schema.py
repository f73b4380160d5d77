"""Tables of the observation store."""

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
    inspect,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from forecasting.errors import StoreError
from forecasting.store._database import UTCTime, reading, writing

SCHEMA = 1

metadata = MetaData()

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


def ensure_schema(engine: Engine) -> None:
    """Create the schema where there is none.

    Raises:
        StoreError: The schema has another version than this code reads, or the database cannot be used.
    """
    with reading(engine) as connection:
        present = inspect(connection).has_table(schema_version.name)
        version = connection.scalar(select(schema_version.c.version)) if present else None
    if version is None:
        with writing(engine) as connection:
            metadata.create_all(connection)
            connection.execute(insert_into(schema_version, engine).values(version=SCHEMA).on_conflict_do_nothing())
    elif version != SCHEMA:
        shown = engine.url.render_as_string(hide_password=True)
        raise StoreError(
            f"store {shown}: its schema has version {version}, this Cumulus reads version {SCHEMA}; "
            "install the Cumulus that wrote it or a later one, or open another store"
        )


def insert_into(table: Table, engine: Engine) -> postgresql.Insert | sqlite.Insert:
    """INSERT of the engine's dialect, which knows ON CONFLICT."""
    return postgresql.insert(table) if engine.dialect.name == "postgresql" else sqlite.insert(table)

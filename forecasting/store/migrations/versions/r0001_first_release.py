"""What 0.1.0 had: observations and the run ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "schema_version",
        sa.Column("version", sa.Integer, primary_key=True),
        if_not_exists=True,
    )
    op.create_table(
        "observations",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("row_key", sa.String(64), nullable=False, unique=True),
        sa.Column("indicator", sa.String, nullable=False),
        sa.Column("period", sa.String(7), nullable=False),
        sa.Column("measure", sa.String, nullable=False),
        sa.Column("value", sa.Double, nullable=False),
        sa.Column("unit", sa.String, nullable=False),
        sa.Column("decimals", sa.Integer, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("family", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload_sha256", sa.String(64), nullable=False),
        if_not_exists=True,
    )
    op.create_index("observations_figure", "observations", ["indicator", "period", "measure"], if_not_exists=True)
    op.create_table(
        "ledger_runs",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("night", sa.String(10), nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("message", sa.String, nullable=False),
        sa.UniqueConstraint("run_id", "attempt"),
        if_not_exists=True,
    )
    op.create_table(
        "ledger_steps",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("message", sa.String, nullable=False),
        sa.UniqueConstraint("run_id", "attempt", "name"),
        sa.ForeignKeyConstraint(["run_id", "attempt"], ["ledger_runs.run_id", "ledger_runs.attempt"]),
        if_not_exists=True,
    )

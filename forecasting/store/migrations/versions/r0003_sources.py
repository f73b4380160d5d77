"""What sources gave: rows put aside, what was read last, how each pull went."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("row_key", sa.String(64), nullable=False, unique=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("address", sa.String, nullable=False),
        sa.Column("payload_sha256", sa.String(64), nullable=False),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("quarantined_at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "readings",
        sa.Column("address_key", sa.String(64), primary_key=True),
        sa.Column("reading_key", sa.String, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "pulls",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("figures", sa.Integer, nullable=False),
        sa.Column("new", sa.Integer, nullable=False),
        sa.Column("quarantined", sa.Integer, nullable=False),
        sa.Column("message", sa.String, nullable=False),
        if_not_exists=True,
    )

"""Every published forecast, and who was champion when."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

NUMBERS = (
    "mean",
    "q025",
    "q05",
    "q10",
    "q25",
    "q50",
    "q75",
    "q90",
    "q95",
    "q975",
    "no_change",
    "seasonal_naive",
    "scale",
)


def upgrade() -> None:
    """Make the tables, and let 0.1.0 refuse the database, in which it would archive nothing."""
    op.create_table(
        "forecast_nights",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("night", sa.String(10), nullable=False),
        sa.Column("vintage", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.String(64), nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "forecast_archive",
        sa.Column("run_id", sa.String, primary_key=True),
        sa.Column("indicator", sa.String, primary_key=True),
        sa.Column("target", sa.String, primary_key=True),
        sa.Column("period", sa.String, primary_key=True),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("months", sa.Integer, nullable=False),
        *(sa.Column(name, sa.Double) for name in NUMBERS),
        if_not_exists=True,
    )
    op.create_index("forecast_archive_figure", "forecast_archive", ["indicator", "period"], if_not_exists=True)
    op.create_table(
        "champions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("indicator", sa.String, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("run_id", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        if_not_exists=True,
    )
    op.create_index("ix_champions_indicator", "champions", ["indicator"], if_not_exists=True)
    version = sa.table("schema_version", sa.column("version", sa.Integer))
    op.execute(version.delete())
    op.execute(version.insert().values(version=2))

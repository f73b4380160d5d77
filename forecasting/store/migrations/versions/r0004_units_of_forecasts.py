"""The unit of every archived forecast; unknown of those that are there."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column."""
    op.add_column("forecast_archive", sa.Column("unit", sa.String))

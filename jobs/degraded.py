"""Tables of a step that failed: a release has every table, if without rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PROJECTED", "SCORED", "empty_tables"]

PROJECTED = ("trajectories", "balance", "absorption", "milestones", "sensitivity", "claim_check", "hindcast")
SCORED = ("scorecard", "drift", "revisions")


def empty_tables(names: Sequence[str]) -> dict[str, pd.DataFrame]:
    """Tables of the dictionary without rows."""
    import pandas as pd

    from forecasting.publishing import TABLES

    return {name: pd.DataFrame(columns=list(TABLES[name].own)) for name in names}

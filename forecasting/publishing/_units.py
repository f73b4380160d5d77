"""The unit of the levels of an indicator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forecasting.observations import RATES
from forecasting.publishing._render import unguarded

__all__ = ["INDEX", "level_units"]

INDEX = "100 = average month of the first year"
"""Where no level was published."""


def level_units(observations: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Indicator -> unit of its published levels, for those that have any.

    Args:
        observations: Cells of that table.
    """
    rows = zip(observations["indicator"], observations["measure"], observations["unit"], strict=True)
    return {name: unguarded(unit) for name, measure, unit in rows if measure not in RATES}

"""How many draws a forecast needs."""

from __future__ import annotations

__all__ = ["FEWEST_JOINT_DRAWS"]

FEWEST_JOINT_DRAWS = 100
"""Of which the 2.5 and 97.5 % quantiles lie within the draws."""

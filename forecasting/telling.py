"""How results show themselves to whoever looks at them in a notebook."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["told"]

MOST = 12
"""Rows that are shown; a panel may have thousands."""


def told(head: str, rows: Sequence[Sequence[str]]) -> str:
    """A line, and under it rows of the same number of cells in columns.

    >>> print(told("two series", [["output", "MASE 0.71"], ["sales", "MASE 0.8"]]))
    two series
      output  MASE 0.71
      sales   MASE 0.8
    """
    shown = rows[:MOST]
    width = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    lines = ["  " + "  ".join(map(str.ljust, row, width)).rstrip() for row in shown]
    more = [f"  and {len(rows) - MOST} more"] if len(rows) > MOST else []
    return "\n".join([head, *lines, *more])

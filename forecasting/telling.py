"""How results show themselves to whoever looks at them in a notebook."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

__all__ = ["counted", "told"]

MOST = 12
"""Rows that are shown; a panel may have thousands."""
WIDEST = 60
"""Columns of a cell that are shown, where a Chinese letter takes two; a name may be a sentence."""


def told(head: str, rows: Sequence[Sequence[str]]) -> str:
    """A line, and under it rows of the same number of cells in columns.

    >>> print(told("two series", [["output", "MASE 0.71"], ["sales", "MASE 0.8"]]))
    two series
      output  MASE 0.71
      sales   MASE 0.8
    """
    shown = [[_cut(cell) for cell in row] for row in rows[:MOST]]
    width = [max(map(_width, column)) for column in zip(*shown, strict=True)]
    lines = [
        "  " + "  ".join(cell + " " * (most - _width(cell)) for cell, most in zip(row, width, strict=True)).rstrip()
        for row in shown
    ]
    more = [f"  and {len(rows) - MOST} more"] if len(rows) > MOST else []
    return "\n".join([head, *lines, *more])


def counted(count: int, what: str) -> str:
    """How many there are.

    >>> counted(1, "indicator"), counted(2, "indicator")
    ('1 indicator', '2 indicators')
    """
    return f"{count} {what}{'s' * (count != 1)}"


def _width(text: str) -> int:
    """Columns that a text takes in a font of one width.

    >>> _width("工业, b")
    7
    """
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def _cut(cell: str) -> str:
    """A text in one line that is no wider than `WIDEST`.

    >>> _cut("a" * 61) == "a" * 59 + "…", _cut("a  b")
    (True, 'a b')
    """
    cell = " ".join(cell.split())
    if _width(cell) <= WIDEST:
        return cell
    while _width(cell) >= WIDEST:
        cell = cell[:-1]
    return cell + "…"

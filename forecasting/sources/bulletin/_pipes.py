"""Tables that were flattened with bars between their cells, which may go over several lines each."""

from __future__ import annotations

import re
from collections.abc import Sequence

_GAP = 2  # lines of a cell without a bar
_LONGEST = 40  # characters of such a line
_BARS = 6
_NUMBER = re.compile(r"[+-]?[0-9][0-9,.]*%?")
_SPACE = re.compile(r"\s+")


def barred(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The runs of lines, from and to, in which bars part the cells though some cells go over several lines.

    >>> barred(["| 指标 | 单位 |", "1-4月", "累计 |", "增长 |", "| 税收 | 万元 | 12 | 3.4 |"])
    [(0, 5)]
    """
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(lines):
        if "|" not in lines[at]:
            at += 1
            continue
        end, gap = at + 1, 0
        for n in range(at + 1, len(lines)):
            if "|" in lines[n]:
                end, gap = n + 1, 0
            elif (lines[n] and (gap := gap + 1) > _GAP) or len(lines[n]) > _LONGEST or "。" in lines[n]:
                break
        if end < len(lines) and _NUMBER.fullmatch(lines[end]):
            end += 1  # the last cell
        run = lines[at:end]
        wrapped = any(line and "|" not in line for line in run) or any(line.count("|") == 1 for line in run)
        if wrapped and sum(line.count("|") for line in run) >= _BARS:
            found.append((at, end))
        at = end
    return found


def barred_cells(lines: Sequence[str]) -> list[str]:
    """The cells of such a run; blank ones are lost."""
    return [cell for part in "".join(lines).split("|") if (cell := _SPACE.sub("", part))]

"""Tables that were flattened with bars between their cells, which may go over several lines each."""

from __future__ import annotations

import re
from collections.abc import Sequence

_GAP = 2  # lines of a cell without a bar
_LONGEST = 40  # characters of such a line
_BARS = 6
_NUMBER = re.compile(r"[+-]?[0-9][0-9,.]*%?")
_SPACE = re.compile(r"(?<![0-9])\s+|\s+(?![0-9])")  # 表1 2016年
_PROSE = re.compile(r"[^|]*。\s*\|+\s*")
_SPANNING = re.compile(r"\|\s*\|\s*\|")  # blank cells beside each other: a title over several columns


def barred(lines: Sequence[str]) -> list[tuple[int, int]]:
    """The runs of lines, from and to, in which bars part the cells though some cells go over several lines.

    >>> barred(["| 指标 | 单位 |", "1-4月", "累计 |", "增长 |", "| 税收 | 万元 | 12 | 3.4 |"])
    [(0, 5)]
    """
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(lines):
        if "|" not in lines[at] or _PROSE.fullmatch(lines[at]):
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
        if (wrapped or any(map(_SPANNING.search, run))) and sum(line.count("|") for line in run) >= _BARS:
            found.append((at, end))
        at = end
    return found


def barred_cells(lines: Sequence[str]) -> list[str]:
    """The cells of such a run; blank ones are lost but among figures.

    >>> barred_cells(["| 指标 | 4月 ||", "| 税收 | | 12 | |", "| 商业 |||"])
    ['指标', '4月', '税收', '-', '12', '-', '商业']
    """
    return [cell for part in "".join(map(_marked, lines)).split("|") if (cell := _SPACE.sub("", part))]


def _marked(line: str) -> str:
    """A line with figures whose blank cells, but at its beginning, are marked so."""
    parts = line.split("|")
    if not any(_NUMBER.fullmatch(_SPACE.sub("", part)) for part in parts[1:]):
        return line
    label = next((n for n, part in enumerate(parts) if part.strip()), 0)
    inside = range(label + 1, len(parts) - 1)
    return "|".join(part if part.strip() or n not in inside else "-" for n, part in enumerate(parts))

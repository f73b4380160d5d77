"""What stands in a row: figures joined to each other, and the windows that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from forecasting.sources.bulletin._figures import FIGURES
from forecasting.sources.bulletin._lexer import Token

_OF_RATE = frozenset(("verb", "speed", "compare", "filler"))


def listed_windows(buffer: Sequence[Token]) -> int:
    """How many windows stand in a list here: 3 of 一季度、上半年、前三季度; 0 where more or others are named."""
    at = [n for n, token in enumerate(buffer) if token.kind == "window"]
    joined = all(then == now + 2 and buffer[now + 1].kind == "and" for now, then in pairwise(at))
    return len(at) if joined else 0


def figure_row(line: Sequence[Token], at: int) -> tuple[int, list[Token]]:
    """The figures of 分别增长24.6%、29.5%和下降3.6%, those without a unit with the unit of the last, and their end."""
    row: list[Token] = []
    end = at
    for n in range(at, len(line)):
        token = line[n]
        if token.kind in FIGURES or token.kind in ("number", "points"):
            row.append(token)
            end = n + 1
        elif token.kind in ("verb", "speed") and n > at:
            row.append(token)
        elif token.kind not in ("and", "compare", "filler") and not _goes_on(line, n):
            break
    while row[-1].kind in ("verb", "speed"):
        row.pop()
    last = row[-1]
    return end, [
        last._replace(value=(one.value[0], *last.value[1:])) if one.kind == "number" and last.value else one
        for one in row
    ]


def is_row(line: Sequence[Token], at: int) -> bool:
    """Figures joined to each other: 产销完成1.2万辆和1.3万辆."""
    following = line[at + 1 : at + 3]
    return len(following) == 2 and following[0].kind == "and" and following[1].kind in ("percent", "quantity")


def is_turning_row(line: Sequence[Token], at: int) -> bool:
    """Rates joined to each other that turn: 增长2.7%、下降4.5%和增长9.2%."""
    following = [token.kind for token in line[at + 1 : at + 4]]
    return following == ["and", "verb", "percent"]


def rated_behind(line: Sequence[Token], at: int) -> bool:
    """Whether the next clause says exactly how much: (翻番), 同比增长118.1%."""
    clause = [token.kind for token in line[at + 1 : at + 5]]
    return clause[:1] == ["comma"] and "percent" in clause and not {"word", "region", "relative"} & set(clause)


def _goes_on(line: Sequence[Token], at: int) -> bool:
    """A comma inside a row of figures."""
    following = line[at + 1 : at + 2]
    if line[at].kind != "comma" or not following:
        return False
    counts = line[at + 2 : at + 3] and line[at + 2].kind == "residue"  # 3个行业
    return following[0].kind in ("percent", "quantity") or (following[0].kind == "number" and not counts)


def left_from(line: Sequence[Token], at: int, buffer: Sequence[Token]) -> int | None:
    """Where in the buffer 由上半年的 begins before 13.4%回落至11.9%, None where the figure was not left behind."""
    start = next((n for n in range(len(buffer) - 1, -1, -1) if buffer[n].text in ("由", "从")), None)
    if start is None:
        return None
    between = [one.kind for one in buffer[start + 1 :]]
    if not {"window", "past"} & set(between) and not set(between) <= _OF_RATE:
        return None
    behind = line[at + 1 : at + 3]
    moved = any(one.kind in ("to", "move") or one.text in ("转为", "转") for one in behind)
    moved = moved or [one.kind for one in behind] == ["verb", "points"]  # 由4.2%回落1.1个百分点至3.1%
    return start if moved else None

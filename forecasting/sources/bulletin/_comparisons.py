"""Comparisons that name their year: 与2020年同期相比增长14%, 较9月的5774吨减少5.2%."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from forecasting.sources.bulletin._clauses import BREAKS, last_clause
from forecasting.sources.bulletin._figures import FIGURES
from forecasting.sources.bulletin._lexer import PLACES, Token
from forecasting.sources.bulletin._windows import Window

_UNTIL_NOW = re.compile("(?:年?初)?(?:以来|至今|迄今|到(?:目前|现在))|开年|开局|入[春夏秋冬]")
_PART = re.compile(
    "的?[0-9一二三四五六七八九十]|第|头|[前后近最整半]|[上下]半|中期|[QHMqhm][0-9]|[初春夏秋冬岁腊]|年[初底末]|[至到](?:年|[0-9])"
    "|月均|每月|国庆|双十?一|五一|[A-Z][a-z]{2}"
)
_UNREAD = frozenset(("residue", "number", "decoy", "filler", "to", "vague", "past", "noun", "and"))
_WHILE = frozenset(("随着", "伴随", "伴随着"))

_OPENING = frozenset(("比", "较", "与", "同", "和", "跟"))
_ALONE = frozenset(("比", "较"))  # which need no 相比 behind the year
_BESIDE = frozenset(("与", "同", "和", "跟"))
_ELSEWHERE = PLACES | {"and", "filler", "residue"}
_SOMETHING = frozenset(("word", "filler", "residue", "speed"))
_CLOSING = frozenset(("相比", "比", "相较", "对比", "比较"))
_PAST = frozenset(("超过", "超出", "超"))
_EXCEEDED = frozenset(("vague", "region", "and", "quantity", "percent"))
_AGAINST = frozenset(("other", "compare", "past"))


def compared(line: Sequence[Token], year: int | None, titled: Window | None) -> list[Token]:
    """The tokens with each comparison that names its year as one: with the year before, or with another time.

    Args:
        line: Tokens of a sentence.
        year: That the bulletin is about.
        titled: The window of its title.
    """
    found: list[Token] = []
    at = 0
    line = level_with(exceeded(line))
    while at < len(line):
        end, same = _ends(line, at)
        if line[at].text.endswith(("去年", "上年")) and line[at].kind == "compare" and _months(line, at + 1):
            last = next((token.value for token in reversed(found) if token.kind == "window"), titled)
            then = line[at + 1].value
            alike = last is not None and (last.first, last.last) == (then.first, then.last)
            found.append(Token("compare" if alike else "other", line[at].text + line[at + 1].text))
            at += 2
            continue
        if end is None:
            if line[at].kind == "window" and line[at].value.year and not line[at].value.why_not:
                year = line[at].value.year
            found.append(line[at])
            at += 1
            continue
        before: Window = line[at + 1].value
        whole = same or (before.first == 0 and titled is not None and titled.first == 1 and titled.last == 12)
        kind = "compare" if year is not None and before.year == year - 1 and whole else "other"
        found.append(Token(kind, "".join(token.text for token in line[at:end])))
        at = end
    return found


def exceeded(line: Sequence[Token]) -> Sequence[Token]:
    """分别超过甲市4亿元、乙市2亿元: by how much another place is exceeded, to the end of the clause."""
    at = next((n for n, one in enumerate(line[:-1]) if one.text in _PAST and line[n + 1].kind == "region"), None)
    if at is None:
        return line
    stop = next((n for n in range(at, len(line)) if line[n].kind in ("comma", "semicolon")), len(line))
    return [
        one._replace(kind="decoy") if at <= n < stop and one.kind in _EXCEEDED else one for n, one in enumerate(line)
    ]


def level_with(line: Sequence[Token]) -> Sequence[Token]:
    """与全市基本持平: as fast as another place, which is no figure of it."""
    start = next((n for n, one in enumerate(line[:-2]) if one.text in _BESIDE and line[n + 1].kind in PLACES), None)
    if start is None:
        return _as_fast(line)
    end = next((n for n in range(start + 1, len(line)) if line[n].kind not in _ELSEWHERE), len(line) - 1)
    if line[end].kind not in ("flat", "nearly_flat"):
        return line
    whole = "".join(one.text for one in line[start : end + 1])
    return [*line[:start], Token("against", whole), *level_with(line[end + 1 :])]


def _as_fast(line: Sequence[Token]) -> Sequence[Token]:
    """建材工业增加值增长2.8%, 与整个工业增速持平: as fast as something else, which is no figure of that."""
    for n in range(len(line) - 2):
        if line[n].text not in _BESIDE or (n > 0 and line[n - 1].kind not in ("comma", "semicolon", "speed")):
            continue
        end = next((m for m in range(n + 1, len(line)) if line[m].kind not in _SOMETHING), len(line) - 1)
        named = any(one.kind == "word" for one in line[n + 1 : end])
        if named and line[end].kind in ("flat", "nearly_flat"):
            whole = "".join(one.text for one in line[n : end + 1])
            return [*line[:n], Token("against", whole), *_as_fast(line[end + 1 :])]
    return line


def _months(line: Sequence[Token], at: int) -> bool:
    """Whether a window of months without a year stands here: (比去年)12月."""
    return at < len(line) and line[at].kind == "window" and bool(line[at].value.first) and not line[at].value.year


def _ends(line: Sequence[Token], at: int) -> tuple[int | None, bool]:
    """Where a comparison that begins here ends, and whether it is with the same months."""
    if line[at].text not in _OPENING or at + 1 >= len(line):
        return None, False
    if line[at + 1].kind != "window":
        return None, False
    end = at + 2
    if line[at].text not in _ALONE and end < len(line) and line[end].text == "的" and not line[at + 1].value.year:
        return end + 1, False  # 与上半年的7.3%相近
    flat = end < len(line) and line[end].kind in ("flat", "nearly_flat")
    if not line[at + 1].value.year:  # 增速与上半年持平, 与1-6月份相比
        alone = line[at].text not in _ALONE and (flat or (end < len(line) and line[end].text in _CLOSING))
        return (end + (not flat), False) if alone else (None, False)
    same = end < len(line) and line[end].kind == "same"
    end += same
    closed = end < len(line) and line[end].text in _CLOSING
    end += closed
    flat = end < len(line) and line[end].kind in ("flat", "nearly_flat")
    return (end, same) if line[at].text in _ALONE or closed or flat else (None, False)


def both_comparisons(line: Sequence[Token]) -> list[Token]:
    """同比和环比分别下降37.3%和20.8%: the first on the year before, the second on the month before, or the reverse."""
    if not any(token.kind == "other" for token in line):
        return list(line)
    made = list(line)
    for n in range(len(made) - 3):
        kinds = [token.kind for token in made[n : n + 3]]
        if kinds not in (["compare", "and", "other"], ["other", "and", "compare"]):
            continue
        end = next((m for m in range(n + 3, len(made)) if made[m].kind in ("percent", *BREAKS)), len(made))
        row = made[end : end + 3]
        if [token.kind for token in row] != ["percent", "and", "percent"]:
            continue
        said = [token for token in made[n + 3 : end] if token.kind in ("verb", "speed")]
        made[n : end + 3] = [made[n], *said, row[0], Token("comma", "，"), made[n + 2], *said, row[2]]
        break
    return made


def is_base(buffer: Sequence[Token]) -> bool:
    """Whether a level behind these tokens is only what another is compared with: 较9月的5774吨."""
    clause = last_clause(buffer)
    return bool(clause) and clause[-1].text == "的" and any(token.kind in _AGAINST for token in clause)


def counted_from(line: Sequence[Token]) -> set[str]:
    """较2022年的120.5亿元增长5.4%: the rates counted from a level, so at current prices."""
    found = set()
    for n in range(3, len(line) - 1):
        if line[n].kind == "quantity" and line[n - 1].text == "的" and is_base(line[:n]):
            end = next((m for m in range(n, len(line)) if line[m].kind in ("comma", "semicolon")), len(line))
            found |= {one.text.rstrip("%") for one in line[n:end] if one.kind == "percent"}
    return found


def partial_years(line: Sequence[Token]) -> list[Token]:
    """2025年以来, 2025年1-11: a year with words behind it that make less of it, how much is not known."""
    made = list(line)
    for n, token in enumerate(line):
        if token.kind != "window" or token.value.first or not token.value.last:
            continue
        behind = "".join(one.text for one in takewhile(lambda one: one.kind in _UNREAD, line[n + 1 :]))
        now = _UNTIL_NOW.match(behind)  # which the title may tell
        if now or _PART.match(behind):
            why = f"what part of {token.value.year} is meant is not known"
            made[n] = token._replace(value=replace(token.value, first=0 if now else 1, why_not=why))
    return made


def passing(line: Sequence[Token]) -> list[Token]:
    """延续2022年以来的高增长态势: a window among words not understood, in a clause without figures, sets none.

    Nor does one that a multiple is of (约为"十三五"末的20倍), or of what goes along with the figures
    (随着利润在9月份由负转正).
    """
    made = list(line)
    for n in range(1, len(made) - 1):
        if made[n].kind != "window":
            continue
        behind = made[n + 1] if made[n + 1].kind != "ignored" or n + 2 == len(made) else made[n + 2]
        then = next((one for one in made[n + 1 : n + 4] if one.kind not in ("ignored", "filler", "residue")), behind)
        if then.kind == "times" and (behind == then or behind.text[0] in "末底的"):
            made[n] = Token("filler", made[n].text)
            continue
        if made[n + 1].kind in BREAKS:
            continue
        start = next((m for m in range(n, -1, -1) if made[m].kind in BREAKS), -1)
        viewed = made[n - 1].text == "从" and made[n + 1].text.endswith("看")  # 从3月份数据看
        strange = made[n - 1].kind == "residue" or (made[n - 1].text in ("由", "从") and not viewed)
        if not strange and made[start + 1].text not in _WHILE:
            continue
        end = next((m for m in range(n, len(made)) if made[m].kind in BREAKS and made[m].text != ":"), len(made))
        if not any(one.kind in FIGURES or one.kind == "window" for one in (*made[start + 1 : n], *made[n + 1 : end])):
            made[n] = Token("filler", made[n].text)
    return made

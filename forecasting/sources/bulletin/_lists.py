"""Lists of subjects with a figure each: 采矿业、制造业增加值分别增长5%和6%."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from forecasting.sources.bulletin._clauses import BREAKS, clauses
from forecasting.sources.bulletin._figures import FIGURES
from forecasting.sources.bulletin._lexer import PLACES, Token
from forecasting.sources.bulletin._regions import Region
from forecasting.sources.bulletin._subjects import Context, Item, is_measure, items

_APPOSED = re.compile("(?:[一二三四五六七八九十]大)?(?:主导|支柱|重点|优势|传统|特色)?(?:产业|行业)")
_WHOSE = re.compile("[省市区县旗镇乡园港企厂的内对自与]|公司|集团")  # may be said of the whole list
_TRADES = ("出口", "进口", "进出口")
_NAMING = frozenset(("word", "and", "filler", "region", "relative", "window", "ignored", "view", "child"))


def exemplified(line: Sequence[Token]) -> list[Token]:
    """水电、核电和风电等清洁能源发电: one figure behind a list is of what the list has examples of."""
    made = list(line)
    if not any(token.text == "等" for token in line):
        return made
    for n in range(len(made) - 2, 2, -1):
        if made[n].text != "等" or not (_is_thing(made[n + 1]) and _is_thing(made[n - 1])):
            continue
        start = n - 1
        while start > 1 and made[start - 1].kind == "and" and _is_thing(made[start - 2]):
            start -= 2
        end = next((m for m in range(n, len(made)) if made[m].kind in BREAKS), len(made))
        figures = sum(one.kind in FIGURES for one in made[n:end])
        if start < n - 1 and figures < 2 and not any(one.kind == "respectively" for one in made[n:end]):
            del made[start : n + 1]
    return made


def _is_thing(token: Token) -> bool:
    """Whether a word names something, not only what is measured of it."""
    return token.kind == "word" and (token.value.part or set(token.value.roles) == {"subject"})


def whole_list(
    buffer: Sequence[Token], named: list[Token], count: int, context: Context, home: Region | None
) -> list[Token]:
    """A list of ``count`` subjects, also where commas part it: 铁路运输业，教育业投资分别增长3%和4%.

    What is said of them behind the list (支撑较强) names nothing.

    Args:
        buffer: The tokens since the last figure.
        named: The last clause that names something.
        count: Number of the figures behind it.
        context: What earlier words leave open.
        home: The bulletin's region.
    """
    parts = clauses(buffer)
    at = next((n for n in range(len(parts) - 1, -1, -1) if any(one.kind == "word" for one in parts[n])), 0)
    longer = list(named)
    if at > 0 and all(_only_measure(one) for one in named if one.kind == "word"):
        at -= 1  # 医药制造业、电气机械制造业增势良好, 增加值分别增长6.2%和10.4%
        said = _named(parts[at])
        longer = [*said, *longer] if all(one.kind in _NAMING for one in said) else longer
    parted = False
    while at > 0 and len(items(longer, context, home)) < count:
        at -= 1
        parted = True
        if not any(one.kind == "word" for one in parts[at]) or not all(one.kind in _NAMING for one in parts[at]):
            return named
        longer = [*parts[at], Token("and", "，"), *longer]
    if parted and at > 0 and _is_listed(parts[at - 1]):
        return named  # 整机，半导体器件，激光音、视盘机产量分别增长 ...: which marks part the list is not clear
    return longer if len(items(longer, context, home)) == count else named


def _is_listed(clause: Sequence[Token]) -> bool:
    """Whether a clause is nothing but a thing, which may begin the list."""
    things = [one for one in clause if one.kind != "and" and one.kind not in PLACES]
    return bool(things) and all(one.kind == "word" and one.value.part for one in things)


def _named(clause: list[Token]) -> list[Token]:
    """A clause up to the last thing that it names."""
    last = max((n for n, token in enumerate(clause) if token.kind == "word"), default=-1)
    return clause[: last + 1]


def _only_measure(token: Token) -> bool:
    return (is_measure(token) and set(token.value.roles) == {"measure"}) or token.text in ("进出口", "出口", "进口")


def some_known(named: Sequence[Token], count: int, context: Context, home: Region | None) -> list[Item]:
    """A list of ``count`` subjects of which some are not in the table: 新能源汽车、磷酸铁锂材料产量; else empty."""
    parts: list[list[Token]] = [[]]
    for token in named:
        if token.kind == "and":
            parts.append([])
        else:
            parts[-1].append(token)
    if _APPOSED.fullmatch("".join(token.text for token in parts[0] if token.kind == "residue")):
        parts[0] = [token for token in parts[0] if token.kind != "residue"]  # 四大产业装备制造业、钢铁行业
        return _listed(parts, count, context, home)
    strange = [any(token.kind == "residue" for token in part) for part in parts]
    first = "".join(token.text for token in parts[0])
    modified = strange[0] and (any(token.kind != "residue" for token in parts[0]) or bool(_WHOSE.search(first)))
    if count < 2 or len(parts) != count or not any(strange) or modified:
        return []
    shared = [token for token in parts[-1] if is_measure(token)]
    if strange[-1] and _meant_of_all(parts[-1], shared):
        return []
    found = []
    for part, unknown in zip(parts, strange, strict=True):
        own = part if any(is_measure(token) for token in part) else [*part, *shared]
        one = items(own, context, home)
        known = len(one) == 1 and not unknown
        found.append(one[0] if known else Item("".join(token.text for token in part), None))
    return found


def _meant_of_all(last: Sequence[Token], shared: Sequence[Token]) -> bool:
    """Whether the last of a list, not understood itself, holds what may be meant of them all.

    石化和冶金三大行业规上工业增加值, 数字经济和高新技术等产业制造业增加值, 化工、建材等行业单位增加值能耗.
    """
    if any(one.kind == "residue" and is_measure(before) for before, one in itertools.pairwise(last)):
        return True
    traded = next((n for n, token in enumerate(last) if token.text in _TRADES), len(last))
    if any(token.kind == "residue" or (token.kind == "word" and token.value.part) for token in last[traded + 1 :]):
        return True  # 对越南、泰国分别出口钢制家具
    at = next(n for n, token in enumerate(last) if token.kind == "residue")
    behind = [token for token in last[at:] if token.kind == "word"]
    return any(token.value.part or (not shared and "subject" in token.value.roles) for token in behind)


def _listed(parts: Sequence[Sequence[Token]], count: int, context: Context, home: Region | None) -> list[Item]:
    """The items of a list that is understood whole; else empty."""
    line = [token for n, part in enumerate(parts) for token in ([Token("and", "、")] if n else []) + list(part)]
    found = [] if any(token.kind == "residue" for token in line) else items(line, context, home)
    return found if len(found) == count > 1 else []

"""Whom the clauses of a text speak of, counted: whether that is the place it was taken for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from forecasting.sources.bulletin._clauses import BREAKS
from forecasting.sources.bulletin._figures import FIGURES
from forecasting.sources.bulletin._lexer import PLACES, Token
from forecasting.sources.bulletin._regions import Region, called, namesakes_of, resolve, town

OFFICES = ("统计局", "财政局", "人民政府", "政府", "发展和改革")
COMPARED = frozenset(("against", "other", "decoy", "vague"))
_PART = re.compile(  # a place that no table knows, by what it is: 滨江经开区, 某某区
    "((?:高新(?:技术)?|经开|经济(?:技术)?开发|技术(?:产业)?开发|开发|保税|自贸|示范|试验|度假|管理|园|新)区|工业园|产业园"
    "|(?<=[\u4e00-\u9fff]{2})(?:(?<![地市城山牧农景社郊小灾库片校辖街矿林老片各全我本该])区(?!域|块|间)|(?<![各全我本该州])县(?!域|级|委|政)"
    "|(?<![各全我本该])旗(?!下|舰|帜)))"
)
_AGAIN = 2  # times that a place is spoken of before it may be whom a text is on


def outspoken(region: Region, lines: Sequence[Sequence[Token]]) -> str:
    """The place that more clauses speak of than of the region, "" where there is none.

    A word such as 全市 counts for the region where it means the region alone: of a prefecture and a town in it, each
    may be 全市. One for a level that the region has not is enough where none fits it.

    Args:
        region: Whom the text was taken to be on.
        lines: The tokens of its paragraphs.
    """
    names: Counter[str] = Counter()
    others: dict[str, Region | None] = {}
    words: Counter[str] = Counter()
    for line in lines:
        for token in _heads(line, region):
            if token.kind == "relative":
                words[token.text] += 1
                meant = resolve(token.text, region)
                if meant != region:
                    name = token.text if meant is None else meant.name
                    others[name] = meant
                    names[name] += 1
            elif token.kind == "region" and (token.value == region or region in namesakes_of(token.text)):
                names[region.name] += 1
            else:
                others[token.text] = token.value
                names[token.text] += 1
    fits = any(resolve(word, region) == region for word in words)
    strange = next((word for word in words if word[0] in "全我本" and resolve(word, region) is None), "")
    if strange and not fits:
        return strange
    for name, other in others.items():
        if other is not None and other.code == region.code:
            continue  # a part of the nation, which has no text of its own
        own = sum(count for word, count in words.items() if _tells(word, region, other))
        if names[name] >= _AGAIN and names[name] > names[region.name] + own:
            return name
    return ""


def _tells(word: str, region: Region, other: Region | None) -> bool:
    return resolve(word, region) == region and (other is None or resolve(word, other) != other)


def _heads(line: Sequence[Token], region: Region) -> Iterator[Token]:
    """Of each clause the first place before its figures, of a chain (福建泉州) the last: not 高于全省, 占全市."""
    before, place, open_ = Token("", ""), Token("", ""), True
    for token in (*line, Token("comma", "")):
        stop = token.kind in BREAKS or (token.kind == "residue" and "。" in token.text)
        if place.text and not (token.kind in PLACES and before.kind in PLACES):
            if not (token.kind == "decoy" and token.text.startswith("第")):  # 全省第二
                yield place
            place, open_ = Token("", ""), False
        if stop:
            open_ = True
        if token.kind in FIGURES:
            open_ = False
        elif open_ and before.kind not in COMPARED:
            place = _place(token, place, region)
        before = token


def _place(token: Token, chained: Token, region: Region) -> Token:
    """The place that a token names, the one of a chain before it where it says less; without text where it is none."""
    if token.kind == "relative":
        return chained if chained.kind == "region" else token
    if token.kind == "region":
        near = called(token.text, region) if token.value.level == 3 else None
        return Token("region", token.text if near is None else near.name, near or token.value)
    if token.kind != "residue":
        return Token("", "")
    said = token.text.rpartition("。")[2]
    inside = town(said)
    if inside is not None and inside.within(region):
        return Token("town", inside.name, inside)
    part = _PART.search(said)
    return Token("part", part[1], None) if part is not None else Token("", "")


def spoken_again(name: str, texts: Sequence[str]) -> bool:
    """Whether a place is spoken of again: 新疆喀什市饮水工程 names one of many in a text on the whole."""
    if any(f"{name}{body}" in text for text in texts for body in OFFICES):
        return True
    if sum(text.count(f"全{name[-1]}") for text in texts) > 1:
        return True  # 2023年江门市新会区, then 全区
    if len(texts) < 3 or sum(text.count(name.removesuffix("市")) for text in texts) > 1:
        return True
    return len(name) > 2 and sum(text.count(name[:-1]) for text in texts) > 2  # 江门市新会区, then 新会

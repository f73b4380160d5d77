"""What a bulletin says of itself: which region, which window, which year."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from forecasting.sources.bulletin._blocks import Block, Paragraph, Stream
from forecasting.sources.bulletin._comparisons import compared
from forecasting.sources.bulletin._lexer import BODIES, PAPER, Token, tokens
from forecasting.sources.bulletin._regions import (
    RELATIVE,
    Region,
    called,
    city,
    namesakes_of,
    region_names,
    regions,
    resolve,
    with_full_names,
)
from forecasting.sources.bulletin._state import Frame
from forecasting.sources.bulletin._text import normal
from forecasting.sources.bulletin._windows import Window

_DATE = re.compile(
    r"(?<!\d)(?:(?P<y>20\d\d)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})(?=\D|\d\d:\d\d|\d\d/\d\d/20|$)"
    r"|(?P<d2>\d{1,2})[./](?P<m2>\d{1,2})[./](?P<y2>20\d\d)(?=\D|\d\d:\d\d|$))"
)
DATELINE = re.compile(
    r"(?:新华社|新华网|新华财经|中新社|中新网|人民网|央视网|本报|经济日报)[^，。；:()]{1,8}?(?:20\d\d年)?\d{1,2}月\d{1,2}日(?:(?:专)?电|讯)"
    r"|《?[^，。；:()《》%]{0,12}(?:社|网|报|讯|财经)(?:驻[^，。；:()]{1,4})?(?:记者[^，。；:()]{2,8}?)?(?:[^，。；:()0-9]{1,4}(?:20\d\d年)?\d{1,2}月)?\d{1,2}日"
    r"(?:[^，。；:()]{1,6}?(?:专)?电|消息|讯)》?"
)
_ELSEWHERE = re.compile(r"\(全国[^()]*\)")  # 全区增长7.5%(全国为6.3%)
_NATIONAL = re.compile(
    r"国家统计局(?!.{2,6}调查)|海关总署(?!.{2,6}分署)|国民经济|财政部|国家能源局|国家铁路集团|国铁集团|工业和信息化部|工信部|中国汽车工业协会|中汽协|国家外汇管理局|"
    r"人民银行(?!.{2,6}[分支]行)|交通运输部|商务部|国家邮政局|中国[^，。；:]{2,12}(?:协会|联合会|联盟)|乘联(?:分)?会"
)
_FIRM = re.compile("公司|集团|股份")
_BUREAU = re.compile("(?<![省市区县旗州盟])统计局(?:公布|发布)")
_CAPTION = re.compile(r"图[为:][^。]*|[^。]*。?\([^()]*(?:图/|/图|摄|资料(?:图|照))[^()]*\)|▲[^。]*")  # of a photograph
_TELLER = re.compile("海关|分行|中心支行")
_LOCAL = re.compile("|".join(word for word in RELATIVE if word[0] in "全我本自"))
_TOWN = re.compile("([\u4e00-\u9fff]{2,3}(?<![城乡])镇|[\u4e00-\u9fff]{2,4}街道)(?!企业)")
_CUSTOMS = re.compile("(?:[\u4e00-\u9fff]{2,4}、)*[\u4e00-\u9fff]{2,4}海关")
_MUNICIPAL = ("11", "12", "31", "50")
_PRODUCTION = re.compile("规模以上工业|规上工业|工业生产|工业增加值")
_SOME = re.compile(r"[0-9]+个(?:省区市|省份|省市|省|地区)(?:规模以上|规上)")
_SHORT = re.compile("([\u4e00-\u9fff]{2,4}?)全([县市区旗])")
_OFFICES = ("统计局", "财政局", "人民政府", "政府", "发展和改革")
_WRITTEN = re.compile(r"20\d\d(?:年\d{1,2}月\d{1,2}$|([-/.])\d{1,2}\1\d)|\d{1,2}([./])\d{1,2}\2")
_SOURCE = re.compile("来源:|责任编辑")
_HEADLINE = 45  # characters of a first line that is a headline though it has a figure
_TITLES = 4
_CAPTION_CELLS = 8
_FRAMING = 3000  # characters of a paragraph that may say what holds for all


def frame(found: Sequence[Block], source: str, year: int | None, region: Region | None) -> Frame:
    """Region, window and year that hold where a sentence does not say its own.

    The title counts before the text, the file's name before neither. A window without a year is the last one
    that had ended when the bulletin appeared.
    """
    texts = [with_full_names(normal(_text(block))) for block in found]
    titles = [
        with_full_names(normal(_text(block)))
        for block in found[:_TITLES]
        if not isinstance(block, Paragraph) or block.heading
    ]
    name = re.sub(r"[_\s]+", "，", normal(source.rsplit("/", 1)[-1]))
    window = next(windows([*titles, name]), None)
    if window is not None and window.first == 0:
        body = [normal(_text(block)) for block in found if isinstance(block, Paragraph) and not block.heading]
        inner = next(windows(body[:6]), None)
        if inner is not None and inner.cumulative and 0 < inner.last < 12 and inner.year in (None, window.year):
            year = year or window.year
            window = None  # 财政局 2015年, then 1至7月份: no bulletin on the year
    if window is None:
        window = next(windows(texts[:6]), None)
        titled = None
    else:
        titled = window
    if year is None and titled is not None:
        year = titled.year
    date = next((date for text in texts if (date := _DATE.search(text))), None)
    if year is None:
        year = _first_year([*titles, name], None)
    if year is None and date is not None and _WRITTEN.match(date[0]) and any("今年" in text for text in texts):
        year = _year_before(date, window)  # a text of its day: 2023年 in it is not its year
    if year is None:
        year = _first_year(texts, date)
    if year is None:
        year = _year_before(date, window)
    if window is not None and window.year is None:
        window = replace(window, year=year)
    if window is not None and window.first == 0:
        window = replace(window, first=1)
    first = texts[:1] if texts and len(texts[0]) < _HEADLINE else []
    bylines = [text for text in titles if _SOURCE.search(text)]
    plain = {
        text: _CAPTION.sub("", _ELSEWHERE.sub("", DATELINE.sub("", text))).replace("|", "，") for text in (name, *texts)
    }
    headlines = [text for text in titles if text not in bylines]
    telling = [plain[text] for text in (*first, *headlines, name, *bylines, *texts)]
    place = region or _seated(_region(telling), texts)
    paper = [PAPER.sub("，", text) for text in texts] if any(map(PAPER.search, texts)) else []
    return Frame(
        _own(place or _of_paper(_region(paper), texts) or _of_dateline(texts), telling),
        window if titled is not None else None,
        year,
        any(map(_PRODUCTION.search, [*titles, *texts[:1]])),
    )


def _text(block: Block) -> str:
    if isinstance(block, Paragraph):
        return block.text[:_FRAMING]
    cells = block.cells if isinstance(block, Stream) else [cell for row in block.rows[:3] for cell in row]
    return "，".join(cells[:_CAPTION_CELLS])


@functools.lru_cache(maxsize=64)
def _line(text: str) -> tuple[Token, ...]:
    """The tokens of a text that is looked through several times."""
    return tuple(tokens(text))


def windows(texts: Sequence[str], *, whole: bool = True) -> Iterator[Window]:
    """The windows that the texts speak of, not those that they compare with or look ahead to.

    Those that no monthly figure can carry are passed over where they are asked for as a ``whole``.
    """
    for text in texts:
        line = compared(_line(text), None, None)
        for n, token in enumerate(line):
            around = {one.kind for one in (*line[n - 1 : n], *line[n + 1 : n + 2])}
            then = n + 1 < len(line) and line[n + 1].kind == "same"
            beside = (*line[max(0, n - 4) : n], *(one for one in line[n + 2 : n + 3] if one.text.endswith("比")))
            if then and any(one.kind in ("other", "compare") for one in beside):
                continue  # 较2020和2021年同期, 与2019年同期相比
            cause = n > 0 and line[n - 1].kind == "residue" and line[n - 1].text.endswith("受")
            since = (
                token.kind == "window" and token.value.first and n + 1 < len(line) and line[n + 1].text[:2] == "以来"
            )
            ahead = cause or since or (n > 0 and line[n - 1].kind in ("past", "forecast", "to"))
            if token.kind == "window" and not (whole and token.value.why_not) and not ahead and "other" not in around:
                yield token.value


def _first_year(texts: Sequence[str], date: re.Match[str] | None) -> int | None:
    """The year of the first window with months, or else of the first year alone; of a dated text, not one long gone."""
    dated = [window for window in windows(texts, whole=False) if window.year]
    if date is not None:
        published = _published(date)[0]
        near = [window for window in dated if window.year in (published, published - 1)]
        dated = near or ([] if _WRITTEN.match(date[0]) else dated)
    months = next((window.year for window in dated if window.first), None)
    if months is not None or not dated:
        return months
    first, last = dated[0].year, max(window.year or 0 for window in dated)
    return first if first is not None and last <= first + 1 else None  # 2001年撤盟设市. 2016年 ...: no bulletin on 2001


def _published(date: re.Match[str]) -> tuple[int, int, int]:
    year, month, day = (int(date[part] or date[f"{part}2"]) for part in "ymd")
    return year, month, day


def _year_before(date: re.Match[str] | None, window: Window | None) -> int | None:
    if date is None:
        return None
    published, month, day = _published(date)
    ended = window is None or window.last < month or (window.last == month and day > 24)
    return published if ended else published - 1


def _region(texts: Sequence[str]) -> Region | None:
    """The region named first, of a chain (内蒙古包头市) its last link."""
    for text in texts:
        national = _NATIONAL.search(text)
        line = _line(text)
        first = next((token for token in line if token.kind == "region" or token.text.endswith(BODIES)), None)
        if first is not None and first.kind == "residue":
            return None  # 黑龙江农垦
        named = _first_region(line, texts)
        town = _TOWN.match(text[text.index(named[0]) + len(named[0]) :]) if named is not None else None
        if town is not None and not town[1].startswith(("全市", "全省", "景德镇")):
            return None  # 中山市小榄镇
        if named is not None and named[1].level == 3:
            placed = _placed(*named, texts)
            if placed is None:
                continue
            named = named[0], placed
        if named is not None and (national is None or text.index(named[0]) < national.start()):
            return named[1]
        if national is not None:
            return regions()["000000"]
    for text in texts:
        for found in _SHORT.finditer(text):
            for start in range(len(found[1]) - 1):  # 缙云全县
                place = region_names().get(found[1][start:] + found[2])
                if place is not None and place == called(found[1][start:] + found[2], None):
                    return place
    seats = [_TELLER.sub("，", text) for text in texts if _TELLER.search(text)]
    if seats:
        return _region(seats)
    spoken = {token.text for text in texts for token in _line(text) if token.kind in ("region", "relative")}
    told = any(map(_BUREAU.search, texts)) or (spoken and not any(map(_FIRM.search, texts)))
    return regions()["000000"] if told and spoken <= {"中国", "国内"} else None


def _of_paper(region: Region | None, texts: Sequence[str]) -> Region | None:
    """The region that a paper is of (昭通日报), or its province where the text speaks of 全省."""
    if region is None or region.level != 2:
        return region
    spoken = [word for text in texts for word in _LOCAL.findall(text)]
    said = set(spoken)
    wide = sum(word in ("全省", "我省") for word in spoken) > 1
    return resolve("全省", region) if wide and not said & {"全市", "我市", "本市"} else region


def _of_dateline(texts: Sequence[str]) -> Region | None:
    """The province of a text sent from a city that speaks of 全省: 本报太原12月25日讯."""
    sent = [found[0] for text in texts[:3] if (found := DATELINE.search(text))]
    province = _of_paper(_region(sent), texts)
    return province if province is not None and province.level == 1 and province.digits[:2] not in _MUNICIPAL else None


def _seated(region: Region | None, texts: Sequence[str]) -> Region | None:
    """The region, or its province where only its customs are named and that is spoken of: 据太原海关统计, 我省."""
    if region is None or region.level != 2 or not any("海关" in text for text in texts):
        return region
    rest = "".join(_CUSTOMS.sub("", DATELINE.sub("", text)) for text in texts)
    if region.name.removesuffix("市") in rest:
        return region
    province = next(one for one in regions().values() if one.digits == f"{region.digits[:2]}0000")
    short = province.name.removesuffix("省").removesuffix("自治区")
    wide = rest.count(short) + sum(rest.count(word) for word in ("全省", "我省", "全区", "我区", "自治区"))
    return province if wide > 1 and not any(word in rest for word in ("全市", "我市", "本市")) else region


def _own(region: Region | None, texts: Sequence[str]) -> Region | None:
    """The region, unless the text is on some of its parts, or says 全县 or 我市 of another than that.

    Mostly: 居全市七县第二 may stand aside.
    """
    if region is None or any(map(_SOME.search, texts)):
        return None
    nation = ("全国", "我国")
    said = [word for text in texts for word in _LOCAL.findall(text) if region.level == 0 or word not in nation]
    fitting = sum(resolve(word, region) is not None for word in said)
    return region if 2 * fitting >= len(said) else None


def _placed(name: str, found: Region, texts: Sequence[str]) -> Region | None:
    """A county that a text is on; None where it is one of several that it speaks of, or shares its name with others."""
    office = any(f"{name}{body}" in text for text in texts for body in _OFFICES)
    short = name[:-1] if len(name) > 2 and name[-1] in "市县旗" else name
    headed = any(short in text for text in texts[:_TITLES])
    opening = any(name in text for text in texts[:_TITLES])
    whole = sum(text.count(f"全{name[-1]}") for text in texts)
    alone = opening and whole > 2 and _only_county(texts) == name
    alone = alone or (whole > 1 and texts[0].startswith(name))
    if len(texts) > 2 and not office and not alone and not (headed and sum(text.count(short) for text in texts) > 1):
        return None
    if called(name, city(found)) == called(name, None):
        return found
    near = [one for one in namesakes_of(name) if any(city(one).name.removesuffix("市") in text for text in texts)]
    return near[0] if len(near) == 1 else None


def _only_county(texts: Sequence[str]) -> str:
    """The county that a text speaks of, "" where there are several or a city is named too."""
    named = {token.text for text in texts for token in _line(text) if token.kind == "region" and token.value.level > 1}
    return next(iter(named)) if len(named) == 1 else ""


def _spoken(name: str, texts: Sequence[str]) -> bool:
    """Whether a place is spoken of again: 新疆喀什市饮水工程 names one of many in a text on the whole."""
    return len(texts) < 3 or sum(text.count(name.removesuffix("市")) for text in texts) > 1


def _first_region(line: Sequence[Token], texts: Sequence[str]) -> tuple[str, Region] | None:
    chosen: tuple[str, Region] | None = None
    before = said = ""
    for token in line:
        region = (
            token.value
            if token.kind == "region" and (token.value.level == 0 or token.value.code != "CN")
            else regions()["000000"]
            if token.text in ("全国", "我国") and token.kind == "relative"
            else None
        )
        if region is None:
            if chosen is not None:
                break
        elif chosen is not None:
            near = region if region.level < 3 else called(token.text, chosen[1])
            inside = near is not None and near.within(chosen[1]) and _spoken(token.text, texts)
            chosen = (chosen[0], near) if inside and near is not None else chosen
        elif before not in ("against", "other", "decoy", "vague") or said.startswith("第"):
            chosen = (token.text, region)
        before, said = token.kind, token.text
    return chosen

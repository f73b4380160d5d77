"""The bulletin reader's face: text in, sure and doubtful figures out."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import attrgetter

import pandas as pd

from forecasting.errors import InputError, Problem
from forecasting.sources.bulletin._blocks import PICTURE, Block, Paragraph, blocks
from forecasting.sources.bulletin._candidates import Candidate
from forecasting.sources.bulletin._frame import frame, windows
from forecasting.sources.bulletin._home import DATELINE
from forecasting.sources.bulletin._phrases import UNITS
from forecasting.sources.bulletin._published import published
from forecasting.sources.bulletin._reading import read_sentence
from forecasting.sources.bulletin._regions import Region, own_name, region_named, region_names
from forecasting.sources.bulletin._state import Reading
from forecasting.sources.bulletin._sums import agree, farming_alone, scaled, strays
from forecasting.sources.bulletin._tables import table_candidates
from forecasting.sources.bulletin._text import normal
from forecasting.sources.bulletin._windows import match_window

SURE = ("region", "indicator", "period", "measure", "value", "unit", "sentence")
DOUBTFUL = (*SURE, "reason", "source", "confirmed")
LONGEST = 5000  # characters of a sentence; reading takes time by their square
SHOWN = 200  # characters of a longer one
CORRECTED = "the text corrects a figure here; which one holds is not clear"
FARMING = "whether farming alone or all of agriculture is meant is not said"
APART = "it and the other parts do not add up to the whole"

_CELLS = attrgetter(*SURE)
_STOP = re.compile(r"[。！？!?]|\.(?=\s*(?:[\u4e00-\u9fff]|$))")
_INNER = re.compile(r"\(([^()]*)\)")
_SPANS = ("累计", "当月", "单月")
_LEFT_OUT = re.compile("(?:不含|不包括|扣除|剔除)(?!农户|跨|价格|港澳台|个体|电力|邮政储蓄)")  # else than by definition
_GROWTH = re.compile(r"(?:同比)?(?:增长|下降|上升|上涨|增|降|[+-])?[0-9][0-9,.]*%")
_BYLINE = re.compile(
    r"(?:\(?(?:信息)?来源|发布(?:时间|日期|机构|单位)|时间|日期|作者|记者|责任编辑|字体|浏览|索引号|文号).*"
    r"|[^，。；:]{0,20}统计(?:局|(?:信息)?网)|\(?[^，。；:%]{0,25}20\d\d(?:年\d{1,2}月\d{1,2}日|([-/.])\d{1,2}\1\d{1,2}(?!月))[^，。；%]{0,12}\)?"
)
_UNITS_ONLY = re.compile("[计金]?[量额]?单位[:：]")
_NUMBERING = re.compile(
    r"(?!1、2月)(?:[一二三四五六七八九十]{1,3}、(?![一二三四五]、|[一二三四五]产业)|\([一二三四五六七八九十]{1,3}\)|[0-9]{1,2}(?:、|\.(?![0-9])))+"
)
_NOTE = re.compile(r"\[(?:注?[0-9]{1,2}|注)\]")  # 地区生产总值[2]
_OWN_FIGURE = re.compile("^(?!均?为|其中)[\u4e00-\u9fff]{2,}(?:量|额|价格|产值|增加值|投资|收入)[^，。；]{0,6}?[0-9]")
_SHARED = re.compile(r"([0-9](?:万?亿|万))(?=[、和][0-9.]+(?:万?亿|万)(美?元|吨|千瓦时|人次|人|辆|台|件))")
_TELLING = re.compile(
    r"(20[0-9]{2})年(1[0-2]|[1-9])月(?:，|[^。；:0-9%，]{0,4}，)?[^。；:0-9%，]{0,20}(?:发布|公布|获悉|消息|[^年月]局:)"
)
_HEAD = 2  # paragraphs
_CORRECTION = re.compile(
    r"(?:(?:更正|订正|修订|修正|核实|核定)(?:后|数据?|结果|值)?的?(?:增速|增幅)?(?:应?[为是至到]|增长|下降)?"
    r"|初步(?:核算|统计)?数据?[为是]?|(?<![供反响效适])应[当该]?(?:更正|订正|修改|改)?[为是](?!主)[^，。；]{0,12}?"
    r"|(?<![太平高草中])原(?:公布|发布)?(?:数据?|增速|值)?[的为]|(?:此前|原|误)(?:公布|发布|写|印)[^，。；]{0,8}?)"
    r"[-+]?[0-9](?![0-9]{0,3}[年月-])"
)
_STORED = re.compile("((?:[万亿]?千瓦|吉瓦|兆瓦|[GM]W))/[0-9.]+(?:[万亿]?千瓦时|吉瓦时|兆瓦时|[GM]Wh)")
_MONTH_ON_MONTH = re.compile("环比(?:[^，。；同]{0,4}情况|看[^同]*)$")
_CURRENCY = re.compile(r"[以按]?(?:美元|人民币)(?:计价|计|计算)?")


def read_bulletin(
    text: str, *, source: str, year: int | None = None, region: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the figures of a statistical bulletin in Chinese.

    Precision goes before recall: a figure is sure only where its subject, region, window, year and direction are
    all said or follow from the sentence before, and where no word between subject and figure is unknown. Figures
    that look like growth or a level but lack one of these are given back as doubtful, with the sentence and the
    reason. Percentage points, shares, pulls, ranks, comparisons with another month, averages over years, last year's
    figures, targets and forecasts are neither.

    Args:
        text: Plain text or HTML, simplified or traditional characters.
        source: What to call it: a file's name or an address. A region and window in it help where the text has none.
        year: The year of windows that name none; else it is taken from the title, the text or its date.
        region: Name of the region that 全市, 全区 or nothing stands for (包头市); else from the title or the text.

    Returns:
        Two frames of text columns, values with the decimals as printed. Sure: region (CN, CN-150200), indicator (the
        catalogue's scheme: the region's slug, then the subject), period (YYYY-MM, last month of the window), measure,
        value, unit, sentence. Doubtful: the same, empty where not known, an unknown subject in its own words, and
        reason, source and an empty column ``confirmed`` for a person to fill (see `confirmed`).

    Raises:
        InputError: ``region`` is no region of the table, or the name of several.

    >>> sure, _ = read_bulletin("2025年1—11月份，包头市稀土产业增加值同比增长24.6%。", source="text")
    >>> sure.iloc[0].tolist()[:6]
    ['CN-150200', 'baotou_rare_earth_va', '2025-11', 'ytd_yoy', '24.6', 'percent']
    """
    home = None
    if region is not None:
        home = region_named(normal(region))
        if home is None:
            what = "belongs to several" if normal(region) in region_names() else "is not in the table"
            raise InputError(source, [Problem("", f"region {region!r} {what}; give a name like 包头市, 徐州市鼓楼区")])
    sure, doubtful = _figures(text, source, year, home)
    return (
        pd.DataFrame([_CELLS(one) for one in sure], columns=list(SURE), dtype=object),
        pd.DataFrame(
            [(*_CELLS(one), one.reason, source, "") for one in doubtful], columns=list(DOUBTFUL), dtype=object
        ),
    )


def read_figures(text: str, source: str) -> tuple[list[Candidate], list[Candidate]]:
    """The same as `read_bulletin`, sure and doubtful figures with the decimals to which they were rounded."""
    return _figures(text, source, None, None)


def _figures(text: str, source: str, year: int | None, home: Region | None) -> tuple[list[Candidate], list[Candidate]]:
    found = blocks(text)
    read = list(_read(found, Reading(frame(found, source, year, home))))
    headed = normal("".join([block.text for block in found if isinstance(block, Paragraph) and block.heading]))
    dated = all(one.reason or f"{one.period[:4]}年" in headed for one in read)
    if dated or year is not None:
        return _settle(read)
    day = published(text)
    when, shown = (day[0], str(day[0])) if day is not None else _told(found)
    return _settle(read if when is None else [_in_time(one, when, shown, headed) for one in read])


def _told(found: Sequence[Block]) -> tuple[dt.date | None, str]:
    """2025年1月, 国家统计局发布数据: the month in which the figures were told, by its last days."""
    texts = [normal(block.text) for block in found if isinstance(block, Paragraph) and not block.heading]
    said = next((one for text in texts[:_HEAD] if (one := _TELLING.match(text))), None)
    if said is None:
        return None, ""
    day = dt.date(int(said[1]), int(said[2]), 28)
    return day, f"{day:%Y-%m}"


def _in_time(one: Candidate, day: dt.date, shown: str, headed: str) -> Candidate:
    """The candidate, doubted where it would be of a year before the text appeared or of after, and no year is said."""
    if one.reason:
        return one
    passed = 12 * day.year + day.month - 12 * int(one.period[:4]) - int(one.period[5:])
    if 0 <= passed < 12 or f"{one.period[:4]}年" in headed + _TELLING.sub("", normal(one.sentence)):
        return one
    return replace(one, reason=f"of which year it is, is not said; the text is of {shown}")


def _read(found: Sequence[Block], state: Reading) -> Iterator[Candidate]:
    state.window = state.frame.window
    state.title = next((one.text for one in found if isinstance(one, Paragraph) and one.heading), "")
    caption = ""
    for block in found:
        if not isinstance(block, Paragraph):
            yield from table_candidates(block, caption, state)
            continue
        if block.heading and (_BYLINE.fullmatch(normal(block.text)) or PICTURE.match(normal(block.text))):
            continue
        said = caption if _UNITS_ONLY.match(block.text) else ""
        caption = "，".join(filter(None, (said, block.text))) if block.heading else ""
        if block.heading:
            named = next((window for window in windows([normal(block.text)]) if window.first), None)
            state.section = named and replace(named, year=named.year or state.frame.year)
            state.monthly = bool(_MONTH_ON_MONTH.search(normal(block.text)))
        state.paragraph(block.text if block.heading else "")
        alone = block.heading and state.frame.window is None and not any(one.first for one in windows([caption]))
        before = state.window, state.leading.copy()
        for sentence in _sentences(block.text):
            if len(sentence) > LONGEST:
                what = f"a sentence of {len(sentence)} characters, which is not read; part it by full stops"
                yield Candidate("", "", "", "", "", "", f"{sentence[:SHOWN]}…", what)
                continue
            plain = normal(sentence)
            read = read_sentence(state, sentence, own_name(_written(plain), state.frame.region))
            if _CORRECTION.search(plain):
                read = [replace(one, reason=one.reason or CORRECTED) for one in read]
            yield from read
        if alone:
            state.window, state.leading = before  # a heading's year alone is no window


def _written(sentence: str) -> str:
    """What is read of a sentence in normal characters: without its number in a list, a dateline, most brackets."""
    text = DATELINE.sub("", _NOTE.sub("", sentence)).replace("农业(种植业)", "种植业")
    text = _STORED.sub(r"\1", text) if "/" in text else text  # 7376万千瓦/1.68亿千瓦时: power, and what it can store
    while shared := _SHARED.search(text):
        text = text[: shared.end(1)] + shared[2] + text[shared.end(1) :]
    numbered = _NUMBERING.match(text)
    return _without_brackets(text[numbered.end() :] if numbered else text)


def _sentences(text: str) -> Iterator[str]:
    depth = start = 0
    for n, char in enumerate(text):
        if char in "（(":
            depth += 1
        elif char in "）)":
            depth = max(0, depth - 1)
        elif _STOP.match(text, n) and (not depth or char == "。"):
            yield text[start : n + 1]
            start, depth = n + 1, 0
    if text[start:].strip():
        yield text[start:]


def _without_brackets(text: str) -> str:
    """Without brackets, but for growth, a window, a unit or a currency in them."""
    if "(" not in text:
        return text

    def kept(found: re.Match[str]) -> str:
        inner = found[1]
        window = match_window(inner, 0)
        if inner == "%" or inner in UNITS:
            return f"({inner})"
        if _LEFT_OUT.match(inner):
            return inner
        if _OWN_FIGURE.search(inner) and text[found.end() : found.end() + 1] in ("；", "。", "，", ""):
            return f"，其中{inner}"  # 二产用电量91.3亿千瓦时(工业用电量89.9亿千瓦时、增长12.4%)
        if (
            inner in _SPANS
            or _GROWTH.fullmatch(inner)
            or _CURRENCY.fullmatch(inner)
            or (window is not None and window[0] == len(inner))
        ):
            return inner
        return ""

    return _INNER.sub(kept, text)


def _settle(candidates: Sequence[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """One row a figure; two values for one thing are doubtful, and parts that do not add up to their whole."""
    groups: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    doubtful = []
    for one in candidates:
        if one.reason:
            doubtful.append(one)
        else:
            groups[one.region, one.indicator, one.period, one.measure].append(one)
    sure = []
    for same in groups.values():
        finest = min(same, key=lambda one: scaled(one)[1])
        if all(agree(finest, one) for one in same):
            sure.append(next(one for one in same if one.value == finest.value and one.unit == finest.unit))
        else:
            values = ", ".join(dict.fromkeys(f"{one.value} {one.unit}" for one in same))
            doubtful += [replace(one, reason=f"the text gives several values: {values}") for one in same]
    farming = farming_alone(sure)
    doubtful += [replace(one, reason=FARMING) for one in sure if (one.indicator, one.period) in farming]
    sure = [one for one in sure if (one.indicator, one.period) not in farming]
    apart = strays(sure)
    doubtful += [replace(one, reason=APART) for one in sure if (one.indicator, one.period) in apart]
    sure = [one for one in sure if (one.indicator, one.period) not in apart]
    known = {(one.region, one.indicator, one.period, one.measure, one.value) for one in sure}
    return sure, list(
        dict.fromkeys(
            one for one in doubtful if (one.region, one.indicator, one.period, one.measure, one.value) not in known
        )
    )

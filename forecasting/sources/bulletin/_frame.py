"""What a bulletin says of itself: which region, which window, which year."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from forecasting.sources.bulletin._blocks import Block, Paragraph, Stream
from forecasting.sources.bulletin._comparisons import compared
from forecasting.sources.bulletin._home import HEADLINE, TITLES, whose
from forecasting.sources.bulletin._lexer import line_of
from forecasting.sources.bulletin._regions import Region, headed_town, own_name, with_full_names
from forecasting.sources.bulletin._state import Frame
from forecasting.sources.bulletin._text import normal
from forecasting.sources.bulletin._windows import Window

_DATE = re.compile(
    r"(?<!\d)(?:(?P<y>20\d\d)(?:(?P<mark>[-/.])|年)(?P<m>\d{1,2})(?(mark)[-/.]|月)(?P<d>\d{1,2})"
    r"(?=[^\d月]|\d\d:\d\d|\d\d/\d\d/20|$)"
    r"|(?P<d2>\d{1,2})[./](?P<m2>\d{1,2})[./](?P<y2>20\d\d)(?=\D|\d\d:\d\d|$))"
)
_PRODUCTION = re.compile("规模以上工业|规上工业|工业生产|工业增加值")
_YEARLY = re.compile("公报|全年|年度|年报|年末|年底|[比较]上年(?!同期)")
_WRITTEN = re.compile(r"20\d\d(?:年\d{1,2}月\d{1,2}$|([-/.])\d{1,2}\1\d)|\d{1,2}([./])\d{1,2}\2")
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
        for block in found[:TITLES]
        if not isinstance(block, Paragraph) or block.heading
    ]
    town = headed_town(texts)
    texts, titles = ([own_name(text, town) for text in some] for some in (texts, titles))
    name = re.sub(r"[_\s]+", "，", normal(source.rsplit("/", 1)[-1]))
    window = next(windows([*titles, name]), None)
    if window is not None and window.first == 0:
        body = [normal(_text(block)) for block in found if isinstance(block, Paragraph) and not block.heading]
        inner = next(windows(body[:6]), None)
        if inner is not None and inner.cumulative and 0 < inner.last < 12 and inner.year in (None, window.year):
            year = year or window.year
            window = None  # 财政局 2015年, then 1至7月份: no bulletin on the year
        elif inner is None and not any(map(_YEARLY.search, [*titles, *texts])):
            year = year or window.year
            window = None  # a year alone: whether all of it is meant is not said
    if window is None:
        window = next((one for one in windows(_headline(texts)) if one.cumulative and one.first), None)
    titled = window
    if window is None:
        window = next(windows(texts[:6]), None)
    months = (
        window if window is not None and window.first else next((one for one in windows(texts[:6]) if one.first), None)
    )
    if year is None and titled is not None:
        year = titled.year
    date = next((date for text in texts if (date := _DATE.search(text))), None)
    if year is None:
        year = _first_year([*titles, name], None)
    if year is None and date is not None and _WRITTEN.match(date[0]) and (_of_its_day(texts) or months is not None):
        told = next((one.year for one in windows(texts) if one.first and one.year), None)
        if told is None or _of_its_day(texts):
            year = _year_before(date, months or window)  # a text of its day: 2023年 in it is not its year
    if year is None:
        year = _first_year(texts, date)
    if year is None:
        year = _year_before(date, months or window)
    if window is not None and window.year is None:
        if titled is not None and date is not None and _another(window, year, texts):
            year = None  # 上半年, dated 2021, and 2020年上半年 in the text
        window = replace(window, year=year)
    if window is not None and window.first == 0:
        window = replace(window, first=1)
    place, doubt = (region, "") if region is not None else whose(name, texts, titles)
    return Frame(
        place,
        window if titled is not None else None,
        year,
        any(map(_PRODUCTION.search, [*titles, *texts[:1]])),
        doubt,
    )


def _another(titled: Window, year: int | None, texts: Sequence[str]) -> bool:
    """Whether the months of the title are said of other years alone."""
    said = {one.year for one in windows(texts) if one.year and (one.first, one.last) == (titled.first, titled.last)}
    return bool(said) and year not in said


def _headline(texts: Sequence[str]) -> Sequence[str]:
    """The first line where it is a headline though it has a figure: 前7个月规上工业增加值同比增长6.2%."""
    return texts[:1] if texts and len(texts[0]) < HEADLINE and not texts[0].endswith("。") else []


def _text(block: Block) -> str:
    if isinstance(block, Paragraph):
        return block.text[:_FRAMING]
    cells = block.cells if isinstance(block, Stream) else [cell for row in block.rows[:3] for cell in row]
    return "，".join(cells[:_CAPTION_CELLS])


def windows(texts: Sequence[str], *, whole: bool = True) -> Iterator[Window]:
    """The windows that the texts speak of, not those that they compare with or look ahead to.

    Those that no monthly figure can carry are passed over where they are asked for as a ``whole``.
    """
    for text in texts:
        line = compared(line_of(text), None, None)
        for n, token in enumerate(line):
            around = {one.kind for one in (*line[n - 1 : n], *line[n + 1 : n + 2])}
            then = n + 1 < len(line) and line[n + 1].kind == "same"
            then_text = line[n + 1].text if n + 1 < len(line) else ""
            beside = (*line[max(0, n - 4) : n], *(one for one in line[n + 2 : n + 3] if one.text.endswith("比")))
            if then and any(one.kind in ("other", "compare") for one in beside):
                continue  # 较2020和2021年同期, 与2019年同期相比
            cause = n > 0 and line[n - 1].kind == "residue" and line[n - 1].text.endswith("受")
            since = (
                token.kind == "window" and token.value.first and n + 1 < len(line) and line[n + 1].text[:2] == "以来"
            )
            passing = n > 0 and line[n - 1].text.endswith("年份")
            season = then_text == "的" and token.text[:1] not in "0123456789"  # 八月的内蒙古大地
            ahead = cause or since or passing or season or (n > 0 and line[n - 1].kind in ("past", "forecast", "to"))
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


def _of_its_day(texts: Sequence[str]) -> bool:
    return any("今年" in text for text in texts)


def _published(date: re.Match[str]) -> tuple[int, int, int]:
    year, month, day = (int(date[part] or date[f"{part}2"]) for part in "ymd")
    return year, month, day


def _year_before(date: re.Match[str] | None, window: Window | None) -> int | None:
    if date is None:
        return None
    published, month, day = _published(date)
    ended = window is None or window.last < month or (window.last == month and day > 24)
    return published if ended else published - 1

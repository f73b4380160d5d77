"""When a bulletin says that it was published."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from forecasting.sources.bulletin._blocks import Paragraph, blocks
from forecasting.sources.bulletin._markup import without_markdown
from forecasting.sources.bulletin._text import normal

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_DATE = (
    r"(?P<year>20\d\d)(?:(?P<mark>[-/.])|年)(?P<month>\d{1,2})(?(mark)(?P=mark)|月)(?P<day>\d{1,2})(?(mark)(?![\d月])|日)"
    r"(?:T|\s*)(?P<time>\d{1,2}:\d\d)?(?::\d\d)?"
)
_SAID = re.compile(rf"(?:发布|发稿|发文|公开)(?:时间|日期)\s*:?\s*{_DATE}")
_META = re.compile(rf"<meta[^<>]*?name=[\"']PubDate[\"'][^<>]*?content=[\"']\s*{_DATE}", re.I)
_ALONE = re.compile(rf"[^，。；%]{{0,30}}?(?<!\d){_DATE}[^，。；%]{{0,40}}")
_DATELINE = re.compile(rf"[(]?(?:新华社|新华网|中新社|中新网|人民网|本报)[^，。；:()]{{1,8}}?{_DATE}(?:专)?电")
_OTHER = re.compile(r"成文|生成|修改|更新|截至|截止|印发|[-—至到]20\d\d")
_HEAD, _FOOT = 8, 3  # lines that may date a bulletin


def published(text: str) -> tuple[dt.date, dt.time | None] | None:
    r"""The day on which a bulletin came out, Beijing time, and the time of day where it is said.

    What is called the time of publication goes before a line that holds a date and no sentence, at the head or as
    a signature, and before the dateline of an agency. None where no day is said, or several.

    Args:
        text: Plain text or HTML.

    >>> published("包头市2025年1—11月经济运行情况\n发布时间：2025-12-22 10:00 来源：市统计局\n1—11月，...")
    (datetime.date(2025, 12, 22), datetime.time(10, 0))
    """
    lines = [line for line in map(str.strip, _lines(text)) if line]
    edges = lines if len(lines) <= _HEAD + _FOOT else [*lines[:_HEAD], *lines[-_FOOT:]]
    ways = (
        [*_META.finditer(text), *(found for line in lines for found in _SAID.finditer(line))],
        [found for line in edges if (found := _ALONE.fullmatch(line)) and not _OTHER.search(line)],
        [found for line in edges if (found := _DATELINE.match(line))],
    )
    said = next((days for found in ways if (days := _days(found))), set())
    if len({day for day, _ in said}) != 1:
        return None
    times = {time for _, time in said if time is not None}
    return next(iter(said))[0], times.pop() if len(times) == 1 else None


def released(when: tuple[dt.date, dt.time | None], usual: str) -> dt.datetime:
    """That day as a moment; without a time of day it is the usual one (HH:MM)."""
    return dt.datetime.combine(when[0], when[1] or dt.time.fromisoformat(usual), _SHANGHAI)


def _lines(text: str) -> Iterable[str]:
    if "<" in text:
        return (normal(block.text) for block in blocks(text) if isinstance(block, Paragraph))
    return (normal(line) for line in without_markdown(text).splitlines())


def _days(found: Iterable[re.Match[str]]) -> set[tuple[dt.date, dt.time | None]]:
    days = set()
    for one in found:
        try:
            day = dt.date(int(one["year"]), int(one["month"]), int(one["day"]))
            time = dt.time.fromisoformat(one["time"].zfill(5)) if one["time"] else None
        except ValueError:  # the 31st of June is nobody's day
            continue
        days.add((day, time))
    return days

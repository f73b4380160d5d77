"""The time that a figure covers: January to a month, a month, or something that a monthly figure cannot carry."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from forecasting.sources.bulletin._numbers import plain

_MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
_DAY = r"(?:[0-9]{1,2}|[一二三四五六七八九十]{1,3})"
_YEAR = r"(?:(?P<year>(?:19|20)[0-9][0-9]|[二一][零九][零一二三四五六七八九]{2})年(?:的)?|(?:今年|本年度?|当年))?"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_YEAR}(?P<first>{_MONTH}|元)月?份?(?:-+|至|到)(?:(?:19|20)[0-9][0-9]年)?(?P<last>{_MONTH})月(?!{_DAY}[日号])(?:份|底)?",
        rf"{_YEAR}(?:的)?[前首头](?P<months>{_MONTH}|两)个?月(?:份)?",
        rf"{_YEAR}(?P<quarters>前三个?季度?(?!末)|前3个?季度(?!末)|第?[一1](?:-+|至|到)第?[三3]季度|前[二两]个?季度|第?[一1](?:-+|至|到)第?[二2]季度|"
        r"第?[一二三四1-4]季度(?!末)|首季度?(?!末)|上半年(?!末)|半年度|下半年|(?:全年|年度)(?!目标|任务|预期|计划|预算|考核))",
        rf"{_YEAR}(?P<short>Q1-+Q?[23]|Q[1-4](?![0-9])|H[12](?![0-9]))",
        rf"(?:截至|截止到?)?{_YEAR}(?P<month>{_MONTH}|(?<=年)元|元(?=月[份，]))(?:月份?(?P<end>末|底)|月(?!{_DAY}[日号])份?)",
        r"(?:截至|截止到?)?(?P<year>(?:19|20)[0-9][0-9])(?P<stock>年末|年底)",
        rf"(?:截至|截止到?)?{_YEAR}(?P<stock>年末|年底|上半年末|一季度末|三季度末|二季度末|四季度末)",
        r"(?P<year>(?:19|20)[0-9][0-9]|二零[零一二三四五六七八九]{2})年(?:度)?",
    )
)
_WRITTEN_YEAR = r"(?:(?:19|20)[0-9]{2}|[二一][零九][零一二三四五六七八九]{2})年"
_DATE = re.compile(rf"(?:{_WRITTEN_YEAR}|今年)?{_MONTH}月{_DAY}[日号](?:上午|下午)?")
_NOT_MONTHLY = re.compile(
    rf"(?:截至|截止到?)(?:{_WRITTEN_YEAR}|今年)?{_MONTH}月{_DAY}[日号]|(?:{_WRITTEN_YEAR}|今年)?{_MONTH}月份?(?:[上中下]{{1,2}}旬|{_DAY}[日号]?(?:-+|至|到){_DAY}[日号]|前{_DAY}[天日]|[第首前上]?[一二三四五两1-5]?个?周|[上下]半月|初)"
    rf"|(?:{_WRITTEN_YEAR}|今年)?{_MONTH}(?:[、+]{_MONTH})+月份?|(?:19|20)[0-9][0-9]年?-+(?:19|20)[0-9][0-9]年|20[0-9][0-9]/(?:20)?[0-9][0-9](?:年度?|榨季)"
    r"|“?\"?十[一二三四]五\"?”?(?:以来|期间|时期)?|近[二三四五两]年"
)
STARTS = frozenset('截今本当前首头第QH上下全第年元一二三四五六七八九十近"“0123456789')
_SHORT = {"Q1": "一季度", "Q2": "二季度", "Q3": "三季度", "Q4": "四季度", "Q2-": "上半年", "Q3-": "前三季度",
          "H1": "上半年", "H2": "下半年"}  # fmt: skip
_QUARTER = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}


@dataclass(frozen=True, slots=True)
class Window:
    """First to last month of a year.

    Attributes:
        first: 1 of a cumulative window. 0 where only a year was written.
        last: The month that names the period.
        year: None where the text leaves it to its title or date.
        end: A state at the end of the month (balances), not a flow.
        why_not: Why no monthly figure can carry it, else "".
    """

    first: int
    last: int
    year: int | None = None
    end: bool = False
    why_not: str = ""

    @property
    def cumulative(self) -> bool:
        """From January on, over more than one month."""
        return self.first == 1 and self.last > 1

    def prefix(self) -> str:
        """What the measure's name begins with."""
        return "ytd" if self.cumulative else "month"


def match_date(text: str, start: int) -> int | None:
    """Where a day that is written at ``start`` ends: 9月11日 says when something was published."""
    found = _DATE.match(text, start)
    return found.end() if found is not None else None


def match_window(text: str, start: int) -> tuple[int, Window] | None:
    """The window written at ``start`` and where it ends.

    >>> match_window("1-11月份全市", 0)
    (6, Window(first=1, last=11, year=None, end=False, why_not=''))
    """
    other = _NOT_MONTHLY.match(text, start)
    if other is not None:
        return other.end(), Window(0, 0, why_not=f"{other[0]} is no January-to-month or monthly window")
    for pattern in _PATTERNS:
        found = pattern.match(text, start)
        if found is not None:
            return found.end(), _window(found)
    return None


def _window(found: re.Match[str]) -> Window:
    group = found.groupdict()
    year = int(plain(group["year"])) if group.get("year") else None
    if group.get("last"):
        first = 1 if group["first"] == "元" else int(plain(group["first"]))
        last = int(plain(group["last"]))
        why = "" if first == 1 else f"{found[0]} does not start in January"
        return Window(first, last, year, why_not=why)
    if group.get("months"):
        return Window(1, int(plain(group["months"])), year)
    if group.get("quarters"):
        return _quarters(group["quarters"], year)
    if group.get("short"):
        return _quarters(_SHORT[group["short"][0] + group["short"][-1] + "-" * ("-" in group["short"])], year)
    if group.get("month"):
        month = 1 if group["month"] == "元" else int(plain(group["month"]))
        until = found[0].startswith("截")  # 截至4月底: a flow from January on, a balance at the end
        return Window(1 if until else month, month, year, end=until or group["end"] is not None)
    if group.get("stock"):
        last = {"年": 12, "上": 6, "一": 3, "二": 6, "三": 9, "四": 12}[group["stock"][0]]
        return Window(last, last, year, end=True)
    return Window(0, 12, year)


def _quarters(text: str, year: int | None) -> Window:
    if text in ("全年", "年度"):
        return Window(1, 12, year)
    if text in ("上半年", "半年度"):
        return Window(1, 6, year)
    if text == "下半年":
        return Window(7, 12, year, why_not="the second half-year alone is no January-to-month window")
    if text.startswith("首"):
        return Window(1, 3, year)
    if text.startswith("前") or any(mark in text for mark in "-至到"):
        return Window(1, 9 if "三" in text[1:] or "3" in text[1:] else 6, year)
    quarter = _QUARTER[text[-3]]
    why = "" if quarter == 1 else f"{text} alone is no January-to-month window"
    return Window(3 * quarter - 2, 3 * quarter, year, why_not=why)


def of_year(window: Window, known: Window | None, said: Window | None) -> Window:
    """What a year alone means: the title's window where that is of the year and began with it, else all of it.

    Behind months that the sentence has said (截至11月末, 2025年投资) it is their year.
    """
    if said is not None and said.first and not said.why_not and said.last < 12 and said.year in (None, window.year):
        return replace(said, year=window.year)
    if known is None or known.year != window.year:
        return replace(window, first=1)
    if known.cumulative or known.end:
        return known
    why = "" if known.last == 12 else f"whether {window.year} or its month {known.last} is meant is not said"
    return replace(window, first=1, last=known.last, why_not=why)

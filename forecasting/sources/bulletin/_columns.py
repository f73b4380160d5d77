"""What the columns of a table are: labels, units, and figures of a window and a kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from forecasting.sources.bulletin._flat import (
    BRACKET,
    DATED,
    LABEL,
    OTHER,
    RATE,
    UNIT_HEAD,
    bare,
    is_whole,
    only_window,
    unit_of,
)
from forecasting.sources.bulletin._lexer import Token, tokens
from forecasting.sources.bulletin._phrases import UNITS
from forecasting.sources.bulletin._state import Frame
from forecasting.sources.bulletin._subjects import is_measure
from forecasting.sources.bulletin._text import normal
from forecasting.sources.bulletin._windows import Window

_SHARES = re.compile("比重|占比|构成|利用率|利润率|产销率|失业率")
_RATED = re.compile(r"(?P<sum>累计)?(?:同比)?(?:增长|增速)\(%\)$")  # of months beside each other
_UNITS_SAID = re.compile(r"单位:(?P<units>[^，。\s]+)")


@dataclass(frozen=True, slots=True)
class Column:
    """The figures of a column."""

    rate: bool
    other: bool
    window: Window | None
    unit: str
    words: tuple[Token, ...]
    dated: bool = False
    measure: str = ""  # of the parts that the rows name
    named: str = ""  # its word
    said: bool = False  # the title names the window


def columns_of(head: Sequence[Sequence[str]], caption: str, frame: Frame) -> list[str | Column]:
    """For each column ``label``, ``unit`` or what its figures are."""
    if len(head) == 1:
        titles = _spans(list(head[0]))
    else:
        titles = [
            "".join(dict.fromkeys(row[n] for row in head if n < len(row) and row[n]))
            for n in range(max(map(len, head)))
        ]
    columns: list[str | Column] = []
    for n, title in enumerate(titles):
        plain = bare(title)
        if n == 0 or LABEL.fullmatch(plain):
            columns.append("label")
        elif UNIT_HEAD.fullmatch(plain):
            columns.append("unit")
        else:
            column = _column(title, caption, frame)
            if column.rate and not column.dated:
                windows = _levels_before(columns)  # 累计, 同比增长: the growth of that
                column = replace(column, window=windows[0] if len(windows) == 1 else None) if windows else column
            if column.dated and not column.said and "累计" in plain:
                column = replace(column, window=_cumulative(columns) or column.window)
            before = columns[-1]
            if column.rate and not column.measure and isinstance(before, Column) and not before.rate:
                column = replace(column, measure=before.measure, named=before.named)  # 营业收入(亿元), 增长(%)
                if before.window == column.window:
                    column = replace(column, words=column.words or before.words)  # 2024年GDP(亿元), 2024年增速
            columns.append(column)
    first = next((one for one in columns if isinstance(one, Column)), None)
    if first is not None and first.measure:
        columns = [  # 营业收入, 税金总额 beside each other: what the second measures is not known
            replace(one, other=True) if isinstance(one, Column) and not one.measure and not one.words else one
            for one in columns
        ]
    return _paired_windows(columns, titles)


def _paired_windows(columns: list[str | Column], titles: Sequence[str]) -> list[str | Column]:
    """比上年同月, 比上年同期 beside each other: of the month, and of the months up to it."""
    if not any("同月" in title for title in titles):
        return columns
    found: list[str | Column] = []
    for column, title in zip(columns, titles, strict=True):
        if isinstance(column, Column) and column.window is not None and not column.dated:
            month = "同月" in title
            column = replace(column, window=replace(column.window, first=column.window.last if month else 1))
        found.append(column)
    return found


def _cumulative(columns: Sequence[str | Column]) -> Window | None:
    """The last window from January on that the title of a column names: of 累计增长 behind 1-6月累计."""
    said = [one.window for one in columns if isinstance(one, Column) and one.said and one.window is not None]
    return next((window for window in reversed(said) if window.cumulative), None)


def _levels_before(columns: Sequence[str | Column]) -> list[Window | None]:
    """The windows of the columns between the last rate and here, as far as they have their own."""
    windows: list[Window | None] = []
    for column in reversed(columns):
        if not isinstance(column, Column) or (column.rate and not column.other):
            break
        if column.dated and not column.other and column.window not in windows:
            windows.append(column.window)
    return windows


def _spans(cells: list[str]) -> list[str]:
    """A header of two lines in one: 指标, 11月, 1-11月, 绝对量, 增速, 绝对量, 增速."""
    units = [cell for cell in cells[1:] if UNIT_HEAD.fullmatch(bare(cell))]
    values = [cell for cell in cells[1:] if cell not in units]
    over = [cell for cell in values if only_window(cell)]
    under = [cell for cell in values if not only_window(cell)]
    nested = (
        len(over) > 1
        and bool(under)
        and values[: len(over)] == over
        and len(under) % len(over) == 0
        and len(under) > len(over)
    )
    if not nested:
        return cells
    each = len(under) // len(over)
    return [cells[0], *units, *(over[n // each] + cell for n, cell in enumerate(under))]


def _column(title: str, caption: str, frame: Frame) -> Column:
    line = tokens(title)
    kinds = {token.kind for token in line}
    window = next((token.value for token in line if token.kind == "window"), None)
    if window is None:
        window = next((token.value for token in tokens(normal(caption)) if token.kind == "window"), frame.window)
    if window is not None:
        first = 1 if "cumulative" in kinds else window.last if "current" in kinds else window.first or 1
        window = replace(window, year=window.year or frame.year, first=first)
    inside = [unit for text in BRACKET.findall(title) if (unit := unit_of(text)) is not None]
    plain = bare(title)
    measured = next((token for token in line if is_measure(token)), None)
    rated = _RATED.search(normal(caption)) if only_window(title) else None
    if rated is not None and rated["sum"] and window is not None:
        window = replace(window, first=1)
    rate = bool(RATE.search(plain)) or "%" in inside or _said_units(caption) == ["%"] or rated is not None
    compared = re.sub(r"比上年同期|比去年同期|比上年|比去年|较上年同期|较上年", "", plain)
    return Column(
        rate=rate,
        other=bool(OTHER.search(compared)),
        window=window,
        unit=next((unit for unit in inside if unit != "%"), "" if rate else _said_unit(caption)),
        words=tuple(token for token in line if token.kind == "word" and is_whole(token)),
        said="window" in kinds,
        dated=bool(kinds & DATED),
        measure=measured.value.roles["measure"] if measured else "",
        named=measured.text if measured else "",
    )


def _said_units(caption: str) -> list[str]:
    """The units that a caption gives: 单位：亿元、%."""
    said = _UNITS_SAID.search(normal(caption))
    if said is None or _SHARES.search(caption):
        return []
    return [one for one in re.split("[、/;和]", said["units"]) if one in UNITS or one == "%"]


def _said_unit(caption: str) -> str:
    """The unit of levels among them, "" where it is none or several."""
    units = [unit for unit in _said_units(caption) if unit != "%"]
    return units[0] if len(units) == 1 else ""

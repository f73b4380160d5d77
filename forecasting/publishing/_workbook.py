"""The release as one Excel workbook: months down, indicators across.

The same release gives the same bytes: nothing in the file tells when it was written.
"""

from __future__ import annotations

import datetime as dt
import math
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.styles.numbers import BUILTIN_FORMATS_REVERSE
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.dimensions import ColumnDimension
from openpyxl.writer.excel import ExcelWriter

from forecasting.publishing._layout import LAYOUT, SeriesSheet
from forecasting.publishing._render import guarded
from forecasting.publishing._units import INDEX

__all__ = ["MOST_COLUMNS", "Book"]

MOST_COLUMNS = 16_384
"""Columns that an Excel sheet can have; the last indicators are left out of a sheet that would have more."""

_NUMBER = "#,##0.00"
_MONTH, _DAY, _WHOLE, _SHARE = "yyyy-mm", "yyyy-mm-dd", "0", "0%"
_HEAD = {
    "font": Font(name="Calibri", size=11, bold=True),
    "fill": PatternFill("solid", fgColor="DDE7F0"),
    "alignment": Alignment(wrap_text=True, vertical="top"),
}
_WRAPPED = {"alignment": Alignment(wrap_text=True, vertical="top")}

_Columns = Mapping[str, Sequence[str]]


class Book:
    """The workbook: explanations, next releases, a sheet a kind of series, indicators.

    Args:
        run_id: Name of the release.
        as_of: Its day, YYYY-MM-DD.
        units: Indicator -> unit of its published levels; known in whole when the workbook is written.
    """

    def __init__(self, *, run_id: str, as_of: str, units: Mapping[str, str]) -> None:
        self._run_id, self._as_of, self._units = run_id, as_of, units
        self._indicators: list[dict[str, str]] = []
        self._next: dict[str, dict[str, str]] = {}
        self._series = {layout.name: _Series(layout) for layout in LAYOUT.series}

    def add(self, name: str, text: _Columns) -> None:
        """Take the next rows of a table, cells as in its CSV file."""
        if name == "indicators":
            self._indicators += _rows(text)
        elif name == "headlines":
            for row in _rows(text):
                self._next.setdefault(row["indicator"], row)  # the periods after the next one are left out
        for layout in LAYOUT.series:
            if layout.table == name:
                self._series[layout.name].add(text)

    def write(self, path: Path) -> None:
        """Write the file."""
        book = Workbook(write_only=True)
        # the look of cells without a style of their own; a style for every number takes twice as long
        book._cell_styles[0].numFmtId = BUILTIN_FORMATS_REVERSE[_NUMBER]
        book.properties.creator = "cumulus"
        book.properties.created = book.properties.modified = dt.datetime.fromisoformat(self._as_of)
        _about(book, self._run_id, self._as_of, len(self._indicators))
        _board(book, self._indicators, self._next)
        for layout in LAYOUT.series:
            _series(book, layout, self._series[layout.name], self._indicators, self._units)
        _indicators(book, self._indicators)
        with _Undated(path, "w", zipfile.ZIP_DEFLATED) as archive:
            ExcelWriter(book, archive).write_data()


class _Undated(zipfile.ZipFile):
    """An archive whose members all bear the same time."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        member = zipfile.ZipInfo(zinfo_or_arcname)
        member.compress_type = self.compression
        super().writestr(member, data)

    def write(self, filename: Any, arcname: Any = None, *_: Any, **__: Any) -> None:
        self.writestr(arcname, Path(filename).read_bytes())


def _about(book: Workbook, run_id: str, as_of: str, indicators: int) -> None:
    sheet = _sheet(book, LAYOUT.about.name, "A2", [34, 70, 70])
    _append_texts(sheet, ("Cumulus", "English", "中文"), **_HEAD)
    _append_texts(sheet, ["Release 发布编号", run_id, run_id])
    _append_texts(sheet, ["State of knowledge 数据截止日期", as_of, as_of])
    _append_texts(sheet, [LAYOUT.board.name, LAYOUT.board.english, LAYOUT.board.chinese])
    for layout in LAYOUT.series:
        english, chinese = layout.english, layout.chinese
        if (fit := _fitting(layout)) < indicators:
            english += f" Of the {indicators:,} indicators a sheet holds the first {fit:,}."
            chinese += f"共{indicators:,}个指标，工作表仅容纳前{fit:,}个。"
        _append_texts(sheet, [layout.name, english, chinese])
    _append_texts(sheet, [LAYOUT.indicators.name, LAYOUT.indicators.english, LAYOUT.indicators.chinese])
    for note in LAYOUT.about.notes:
        _append_texts(sheet, ["", *note])


def _board(book: Workbook, indicators: Sequence[dict[str, str]], coming: Mapping[str, dict[str, str]]) -> None:
    sheet = _sheet(book, LAYOUT.board.name, "B2", [30, 36, 30, *[14] * (len(LAYOUT.board.columns) - 3)])
    _append_texts(sheet, LAYOUT.board.columns.values(), **_HEAD)
    known = {row["indicator"]: row for row in indicators}
    for row in coming.values():
        both = known[row["indicator"]] | row
        due, late = (both["next_due"], both["days_late"]) if both["period"] == both["next_period"] else ("", "")
        made = {
            "period": _cell(sheet, _month(both["period"]), _look(sheet, number_format=_MONTH)),
            "next_due": _cell(sheet, dt.date.fromisoformat(due) if due else None, _look(sheet, number_format=_DAY)),
            "days_late": _cell(sheet, _number(late), _look(sheet, number_format=_WHOLE)),
            "prob_above_no_change": _cell(
                sheet, _number(both["prob_above_no_change"]), _look(sheet, number_format=_SHARE)
            ),
        }
        made |= {name: _cell(sheet, both[name]) for name in ("indicator", "title_en", "title_zh")}
        sheet.append([made[name] if name in made else _number(both[name]) for name in LAYOUT.board.columns])


class _Series:
    """The numbers of a sheet, gathered row by row of its table."""

    def __init__(self, layout: SeriesSheet) -> None:
        self._layout = layout
        self._places: dict[str, int] = {}
        self._months: dict[str, int] = {}
        self._rows: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def add(self, text: _Columns) -> None:
        """Take the next rows of the table."""
        count, target = len(text["month"]), self._layout.target
        shown = range(count) if target is None else [i for i, of in enumerate(text["target"]) if of == target]
        names, months = self._places, self._months
        self._rows.append((
            np.array([names.setdefault(text["indicator"][i], len(names)) for i in shown], dtype=np.int32),
            np.array([months.setdefault(text["month"][i], len(months)) for i in shown], dtype=np.int32),
            np.array([_or_nan(text[name][i]) for i in shown for name in self._layout.columns]).reshape(
                -1, len(self._layout.columns)
            ),
        ))  # fmt: skip

    def side_by_side(self, names: Iterable[str]) -> tuple[list[str], list[str], Iterator[tuple[str, list[Any]]]]:
        """Those of some indicators that have any rows, their number formats; and month by month their values."""
        known = [name for name in names if name in self._places][: _fitting(self._layout)]
        place = np.full(len(self._places), -1)
        place[[self._places[name] for name in known]] = np.arange(len(known))
        table = np.full((len(self._months), len(known), len(self._layout.columns)), np.nan)
        there = np.zeros(len(self._months), dtype=bool)
        for name, at, values in self._rows:
            shown = place[name] >= 0
            table[at[shown], place[name[shown]]] = values[shown]
            there[at[shown]] = True
        formats = [_NUMBER if self._layout.percent else _format(table[:, column]) for column in range(len(known))]
        lines = (
            (month, [None if value != value else value for value in table[row].ravel().tolist()])
            for month, row in sorted(self._months.items())
            if there[row]
        )
        return known, formats, lines


def _series(
    book: Workbook, layout: SeriesSheet, series: _Series, indicators: Sequence[dict[str, str]], units: Mapping[str, str]
) -> None:
    rows = {row["indicator"]: row for row in indicators}
    names, formats, lines = series.side_by_side(rows)
    known = [
        rows[name] | {"unit": "percent 百分比" if layout.percent else guarded(units.get(name, INDEX))} for name in names
    ]
    sheet = _sheet(book, layout.name, "B6", [12, *[15] * (len(layout.columns) * len(known))])
    heads = {name: LAYOUT.indicators.columns[name] for name in ("indicator", "title_en", "title_zh", "unit")}
    for name, title in heads.items():
        repeated = [row[name] for row in known for _ in layout.columns]
        _append_texts(sheet, (title, *repeated), **_HEAD)
    statistics = list(layout.columns.values()) * len(known)
    _append_texts(sheet, ("Month 月份", *statistics), **_HEAD)
    small = {
        place: _look(sheet, number_format=form)
        for place, form in enumerate(form for form in formats for _ in layout.columns)
        if form != _NUMBER
    }
    for month, values in lines:
        for place, look in small.items():
            values[place] = _cell(sheet, values[place], look)
        sheet.append([_cell(sheet, _month(month), _look(sheet, number_format=_MONTH)), *values])


def _indicators(book: Workbook, indicators: Sequence[dict[str, str]]) -> None:
    columns = LAYOUT.indicators.columns
    sheet = _sheet(book, LAYOUT.indicators.name, "B2", [30, 36, 30, *[18] * (len(columns) - 3)])
    _append_texts(sheet, columns.values(), **_HEAD)
    for row in indicators:
        _append_texts(sheet, [row[name] for name in columns])


def _sheet(book: Workbook, name: str, frozen: str, widths: Sequence[int]) -> Any:
    sheet = book.create_sheet(name)
    sheet.freeze_panes = frozen
    first = 1
    for n, width in enumerate(widths, start=1):
        if n == len(widths) or widths[n] != width:  # neighbours of one width share an entry
            letter = get_column_letter(first)
            sheet.column_dimensions[letter] = ColumnDimension(sheet, index=letter, min=first, max=n, width=width)
            first = n + 1
    return sheet


def _fitting(layout: SeriesSheet) -> int:
    """Indicators that a sheet holds beside its column of months."""
    return (MOST_COLUMNS - 1) // len(layout.columns)


def _append_texts(sheet: Any, texts: Iterable[str], **settings: Any) -> None:
    look = _look(sheet, **(settings or _WRAPPED))
    sheet.append([_cell(sheet, text, look) for text in texts])


def _look(sheet: Any, **settings: Any) -> Any:
    """How cells look, worked out once for all that look so."""
    cell = WriteOnlyCell(sheet)
    for name, value in settings.items():
        setattr(cell, name, value)
    return cell._style


def _cell(sheet: Any, value: Any, look: Any = None) -> Any:
    """A cell; a text stays a text, whatever it looks like."""
    if not isinstance(value, str):
        return Cell(sheet, row=1, column=1, value=value, style_array=look)
    cell = Cell(sheet, row=1, column=1, value=ILLEGAL_CHARACTERS_RE.sub("", value), style_array=look)
    cell.data_type = "s"
    return cell


def _rows(table: _Columns) -> list[dict[str, str]]:
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def _number(text: str) -> float | None:
    return float(text) if text else None


def _or_nan(text: str) -> float:
    return float(text) if text else np.nan


def _format(levels: np.ndarray) -> str:
    """A number format with the decimals that show three digits of what is usual among levels, two at least."""
    known = levels[levels > 0]
    usual = float(np.median(known)) if known.size else 1.0
    return _NUMBER + "0" * max(0, -math.floor(math.log10(usual)))


def _month(text: str) -> dt.date:
    return dt.date.fromisoformat(f"{text}-01")

"""The release as one Excel workbook: months down, indicators across.

The same release gives the same bytes: nothing in the file tells when it was written.
"""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

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
from forecasting.publishing._units import INDEX, level_units

__all__ = ["MOST_COLUMNS", "workbook_bytes"]

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


def workbook_bytes(text: Mapping[str, _Columns], *, run_id: str, as_of: str) -> bytes:
    """The workbook: explanations, next releases, a sheet a kind of series, indicators.

    Args:
        text: Cells of the tables indicators, observations, monthly, forecasts and headlines, as in their CSV files.
        run_id: Name of the release.
        as_of: Its day, YYYY-MM-DD.
    """
    book = Workbook(write_only=True)
    # the look of cells without a style of their own; a style for every number takes twice as long
    book._cell_styles[0].numFmtId = BUILTIN_FORMATS_REVERSE[_NUMBER]
    book.properties.creator = "cumulus"
    book.properties.created = book.properties.modified = dt.datetime.fromisoformat(as_of)
    _about(book, run_id, as_of, len(text["indicators"]["indicator"]))
    _board(book, text)
    for layout in LAYOUT.series:
        _series(book, layout, text)
    _indicators(book, text["indicators"])
    buffer = io.BytesIO()
    with _Undated(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        ExcelWriter(book, archive).write_data()
    return buffer.getvalue()


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


def _board(book: Workbook, text: Mapping[str, _Columns]) -> None:
    sheet = _sheet(book, LAYOUT.board.name, "B2", [30, 36, 30, *[14] * (len(LAYOUT.board.columns) - 3)])
    _append_texts(sheet, LAYOUT.board.columns.values(), **_HEAD)
    known = {row["indicator"]: row for row in _rows(text["indicators"])}
    for row in _rows(text["headlines"]):
        if (indicator := known.pop(row["indicator"], None)) is None:
            continue  # the periods after the next one
        both = indicator | row
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


def _series(book: Workbook, layout: SeriesSheet, text: Mapping[str, _Columns]) -> None:
    series = _side_by_side(text[layout.table], layout)
    known = [row for row in _rows(text["indicators"]) if row["indicator"] in series][: _fitting(layout)]
    units = level_units(text["observations"])
    sheet = _sheet(book, layout.name, "B6", [12, *[15] * (len(layout.columns) * len(known))])
    for row in known:
        row["unit"] = "percent 百分比" if layout.percent else guarded(units.get(row["indicator"], INDEX))
    heads = {name: LAYOUT.indicators.columns[name] for name in ("indicator", "title_en", "title_zh", "unit")}
    for name, title in heads.items():
        repeated = [row[name] for row in known for _ in layout.columns]
        _append_texts(sheet, (title, *repeated), **_HEAD)
    statistics = list(layout.columns.values()) * len(known)
    _append_texts(sheet, ("Month 月份", *statistics), **_HEAD)
    columns = [series[row["indicator"]] for row in known]
    nothing = [None] * len(layout.columns)
    for month in sorted({month for one in columns for month in one}):
        values = [value for one in columns for value in one.get(month, nothing)]
        sheet.append([_cell(sheet, _month(month), _look(sheet, number_format=_MONTH)), *values])


def _side_by_side(table: _Columns, layout: SeriesSheet) -> dict[str, dict[str, list[float | None]]]:
    """Indicator -> month -> the values that stand side by side."""
    series: dict[str, dict[str, list[float | None]]] = {}
    targets = table["target"] if layout.target is not None else [None] * len(table["month"])
    cells = zip(*(table[name] for name in layout.columns), strict=True)
    for name, month, target, values in zip(table["indicator"], table["month"], targets, cells, strict=True):
        if target == layout.target:
            series.setdefault(name, {})[month] = [_number(value) for value in values]
    return series


def _indicators(book: Workbook, table: _Columns) -> None:
    columns = LAYOUT.indicators.columns
    sheet = _sheet(book, LAYOUT.indicators.name, "B2", [30, 36, 30, *[18] * (len(columns) - 3)])
    _append_texts(sheet, columns.values(), **_HEAD)
    for row in _rows(table):
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


def _month(text: str) -> dt.date:
    return dt.date.fromisoformat(f"{text}-01")

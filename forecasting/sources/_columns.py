"""Records of a table become raw rows: under our own columns, or by a mapping from other people's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pandas as pd

from forecasting.catalog import ColumnMapping
from forecasting.errors import InputError, Problem
from forecasting.observations import OPTIONAL, RATES, REQUIRED, column_problems
from forecasting.payloads import BadRow
from forecasting.sources._source import RAW_COLUMNS, Reading
from forecasting.sources._table import field_problem, header_problems
from forecasting.sources._workbook import FORMULA, Number
from forecasting.sources.bulletin import GUARDED

Records = Iterator[tuple[int, "list[str] | str"]]

_SHEET = "of a workbook the first visible sheet is read, if no mapping names another"
_DATED = re.compile(r"(\d{4}-\d{2})-\d{2}([T ]00:00(:00)?)?", re.ASCII)
_WHOLE = re.compile(r"-?\d+\.0", re.ASCII)
MINUS = "\u2212"  # the long one of typography, for which a number has a hyphen
_WORDS = ("status", "source", "note")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?", re.ASCII)


class _Collector:
    """Columns of text in which equal texts are one object: a million rows share a few thousand of them."""

    def __init__(self) -> None:
        self._columns: dict[str, list[str]] = {name: [] for name in RAW_COLUMNS if name != "where"}
        self._known: dict[str, str] = {"": ""}
        self._lines: list[int] = []

    def add(self, line: int, cells: dict[str, str]) -> None:
        """Add a row."""
        self._lines.append(line)
        for name, column in self._columns.items():
            text = cells.get(name, "")
            column.append(self._known.setdefault(text, text))

    def frame(self) -> pd.DataFrame:
        """The rows; ``where`` is the line, an integer."""
        columns = {name: pd.Series(column, dtype=object) for name, column in self._columns.items()}
        return pd.DataFrame({**columns, "where": pd.Series(self._lines, dtype="int64")})


def read_records(records: Records, name: str, mapping: ColumnMapping | None, *, wide: bool) -> Reading:
    """Turn the records of a table into raw rows.

    Args:
        records: Line and fields; a text in place of fields says that the file cannot be read from there on.
        name: What to call the file in messages.
        mapping: Of its columns; None where they are ours.
        wide: Records may be shorter than the header, as rows of a workbook are.

    Raises:
        InputError: No header, a header that cannot be used, or columns that are not those expected.
    """
    collected, bad = _Collector(), []
    skip = mapping.skip if mapping is not None else 0

    def check(header: list[str], where: str) -> None:
        _check_header(header, where, name, mapping, wide=wide)

    rows = cells_of(records, name, check, wide=wide, skip=skip)
    if mapping is not None and mapping.across:
        rows = _named(rows, name, mapping.across, {value.column for value in mapping.wide})
    for line, cells in rows:
        if isinstance(cells, BadRow):
            bad.append(cells)
            continue
        if mapping is not None and (what := _unclear_month(cells.get(mapping.columns.get("period", ""), ""), mapping)):
            bad.append(BadRow(f"line {line}", cells, what))
            continue
        for row in _rows(cells, mapping, wide=wide):
            # a workbook drops trailing zeros: rates are printed with a decimal, levels of whole numbers without
            if wide and row.get("measure") not in RATES:
                row["value"] = row.get("value", "").removesuffix(".0")
            collected.add(line, row)
    frame = collected.frame()
    if frame.empty and not bad:
        raise InputError(name, [Problem("", "no figures below the header")])
    return Reading(frame, bad)


def cells_of(
    records: Records, name: str, check: Callable[[list[str], str], None], *, wide: bool, skip: int = 0
) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    """The records below the header as cells by column, or as bad rows where they have not its form.

    Args:
        records: As in `read_records`.
        name: What to call the file in messages.
        check: Is given the header and its place, and raises where it cannot be used.
        wide: Records may be shorter than the header.
        skip: Lines above the header.

    Raises:
        InputError: No header.
    """
    header: list[str] | None = None
    for line, fields in records:
        where = f"line {line}"
        if line <= skip:
            continue
        if isinstance(fields, str):
            yield line, BadRow(where, {}, f"{fields}; nothing was read from here on")
        elif header is None:
            header = [_head(field) if wide else field.strip() for field in fields]
            check(header, where)
        else:
            if wide and len(fields) < len(header):
                fields = [*fields, *[""] * (len(header) - len(fields))]
            what = field_problem(fields, header)
            cells = dict(zip(header, fields, strict=False))
            if what:
                yield line, BadRow(where, {**cells, "": ",".join(fields)[:1000]}, what)
            elif FORMULA in fields:
                shown = {column: "(formula)" if text == FORMULA else text for column, text in cells.items()}
                what = "a formula; paste it as a value, so that what is seen is what is read"
                yield line, BadRow(where, shown, what)
            else:
                yield line, cells
    if header is None:
        what = f"sheet is empty ({_SHEET})" if wide else "file is empty"
        raise InputError(name, [Problem("", f"the {what}; expected a header line and rows below it")])


def _named(
    rows: Iterator[tuple[int, dict[str, str] | BadRow]], name: str, across: str, wanted: set[str]
) -> Iterator[tuple[int, dict[str, str] | BadRow]]:
    """The wanted rows of a table with a column a month; others, and the lines below it, hold nothing for us.

    Raises:
        InputError: One of them is not there.
    """
    seen: dict[str, None] = {}
    for line, cells in rows:
        label = (cells.row if isinstance(cells, BadRow) else cells).get(across)
        if label is not None:
            seen[label.strip()] = None
        if label is None or label.strip() in wanted:
            yield line, cells
    if lost := sorted(wanted.difference(seen)):
        what = f"no row {', '.join(map(repr, lost))}, which the mapping names; there are {', '.join(seen)}"
        raise InputError(name, [Problem("", what)])


def _head(field: str) -> str:
    """A name of a column of a workbook; that it is a number is kept, as of a month it may say too little."""
    return plain(field if isinstance(field, Number) else field.strip())


def _check_header(header: list[str], where: str, name: str, mapping: ColumnMapping | None, *, wide: bool) -> None:
    problems = header_problems(header, where)
    if not problems and mapping is None:
        problems = column_problems(header, REQUIRED, OPTIONAL)
        if problems:
            remedy = "another table's columns need a mapping (--map, or [[mapping]] in the catalogue)"
            problems += [Problem("", remedy)] + ([Problem("", _SHEET)] if wide else [])
    elif not problems and mapping is not None:
        lost = [column for column in mapping.header() if column not in header]
        if lost:
            what = f"no column {', '.join(map(repr, lost))}, which the mapping names; there are {', '.join(header)}"
            problems = [Problem(where, what)]
        elif mapping.across:
            problems = [Problem(where, what) for column in header if (what := _unclear_month(column, mapping))]
    if problems:
        raise InputError(name, problems)


def _rows(cells: dict[str, str], mapping: ColumnMapping | None, *, wide: bool) -> Iterator[dict[str, str]]:
    columns = {name: name for name in cells} if mapping is None else mapping.columns
    given = {ours: cells[theirs].strip() for ours, theirs in columns.items()}
    if wide:  # of a value the place behind the point is what was printed, of a code or a month it is not
        given |= {ours: plain(text) for ours, text in given.items() if ours != "value"}
    if mapping is None:
        yield tidy({ours: unguarded(text) if ours in _WORDS else text for ours, text in given.items()})
        return
    row = dict(mapping.constants) | given
    row |= {ours: words.get(row[ours], row[ours]) for ours, words in mapping.translate.items() if ours in row}
    if not mapping.wide:
        yield tidy(row | {"period": _month(row["period"], mapping)})
    for value in mapping.wide:
        figure = {**row, "indicator": value.indicator, "measure": value.measure, "unit": value.unit}
        for period, text in _months(value.column, row, cells, mapping):
            if text:  # an empty cell of a wide table is no figure
                yield tidy({**figure, "period": _month(period, mapping), "value": text})


def _months(name: str, row: dict[str, str], cells: dict[str, str], mapping: ColumnMapping) -> Iterator[tuple[str, str]]:
    """Months and what a wide table says of them in the column, or where months stand across in the row, of a name."""
    if mapping.across is None:
        yield row["period"], cells[name].strip()
    elif cells[mapping.across].strip() == name:
        words = mapping.translate.get("period", {})
        others = mapping.header()
        for column, text in cells.items():
            if column not in others:
                yield words.get(column, column), text.strip()


def plain(text: str) -> str:
    """A whole number as a workbook shows it, without the ``.0`` that `scan_workbook` gives it."""
    return text[:-2] if _WHOLE.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Without the apostrophe that keeps a text from being a formula."""
    return text[1:] if text[:1] == "'" and text.lstrip("'")[:1] in GUARDED else text


def tidy(row: dict[str, str]) -> dict[str, str]:
    """A row without what spreadsheets add: a sign of percent, thousands' commas, a long minus, the day of a month."""
    row["value"] = value = row.get("value", "").replace(MINUS, "-")
    if value.endswith("%") and row.get("unit") == "percent":
        row["value"] = value = value[:-1].rstrip()
    if _GROUPED.fullmatch(value):
        row["value"] = value.replace(",", "")
    if dated := _DATED.fullmatch(row.get("period", "")):
        row["period"] = dated[1]
    return row


def _unclear_month(text: str, mapping: ColumnMapping) -> str:
    """What is wrong with a month that is a number such as 2024.1, which 2024.10 is too; "" where nothing is."""
    found = mapping.period_pattern().fullmatch(text) if isinstance(text, Number) and text.endswith(".1") else None
    if found is None or found.end("month") != len(text):
        return ""
    line = "row" if mapping.across else "column"
    return (
        f"{text} is a number, in which January and October look alike; format the {line} of months as text and write "
        f"{text[:-1]}01 or {text[:-1]}10"
    )


def _month(text: str, mapping: ColumnMapping) -> str:
    """A month as they write it, as we do; left as it is where it does not fit, for the door to refuse."""
    found = mapping.period_pattern().fullmatch(text)
    if found is None:
        return text
    year = found["year"] if "%Y" in mapping.period_format else f"20{found['short']}"
    return f"{year}-{int(found['month']):02d}"

"""From frames to the bytes of CSV files, and back.

Cells follow the promises made to consumers: dates are ISO, times UTC, decimals dots without exponent,
booleans true and false, nothing for a missing value; lines end with a line feed. A text that a spreadsheet
would take for a formula (it begins with ``= + - @``, a tab or a line break) gets an apostrophe in front, as
the OWASP page on CSV injection recommends; a text that begins with apostrophes and then such a character gets
one more, so that taking one away on reading always restores the text.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecasting.errors import PublishError
from forecasting.publishing._dictionary import Column, ColumnType, Table

__all__ = [
    "cells",
    "csv_bytes",
    "csv_lines",
    "csv_pieces",
    "guarded",
    "parse_csv",
    "render_csv",
    "slices",
    "typed",
    "unguarded",
]

ROWS = 50_000
"""Rows whose cells are in memory as texts at a time."""
DIGITS = 12
"""Significant digits of a number that are no noise of a computation."""

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r\n]")
_QUOTE = re.compile(r'[",\r\n]')
_YEARMONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def slices(frame: pd.DataFrame, table: Table) -> Iterator[dict[str, list[str]]]:
    """The text of every cell, by column, of so many rows at a time that they take little memory; see `cells`."""
    for first in range(0, max(len(frame), 1), ROWS):
        yield cells(frame.iloc[first : first + ROWS], table, first)


def cells(frame: pd.DataFrame, table: Table, first: int = 0, *, keyed: bool = True) -> dict[str, list[str]]:
    """The text of every cell, by column.

    Args:
        frame: Exactly the columns ``table.own``, in their order.
        table: The dictionary's entry.
        first: Rows of the table that are before these, for messages.
        keyed: Whether two rows of the same key are refused.

    Raises:
        PublishError: The columns differ from the dictionary; a value has the wrong type, is not among the
            codes, is infinite, or is missing where it is required; two rows have the same key.
    """
    _check_columns(frame, table)
    columns = {column.name: column for column in table.columns}
    where = f"table {table.name}"
    out: dict[str, list[str]] = {}
    for name in table.own:
        column = columns[name]
        text = _column(frame[name], column, where, first)
        if column.required and "" in text:
            row = first + text.index("") + 1
            raise PublishError(f"table {table.name}, row {row}: {name} is empty; every row needs one")
        out[name] = text
    if keyed:
        _check_key(out, table, first)
    return out


def render_csv(columns: Mapping[str, Sequence[str]], table: Table, *, header: bool = True) -> bytes:
    """A header, if wanted, and a line a row, UTF-8 without a byte order mark, lines ended by a line feed."""
    return csv_lines({column.name: columns[column.name] for column in table.columns}, header=header)


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """A file that is not part of a release, with the same habits: what a command writes for its user.

    Args:
        frame: Any frame; the type of a column follows from its dtype, an object column holds texts. Numbers keep
            `DIGITS` significant digits and all before the point.

    Returns:
        UTF-8 CSV with a header; see this module for what is promised of cells.

    Raises:
        PublishError: An infinite number, or something else than texts in an object column.
    """
    return b"".join(csv_pieces(frame))


def csv_pieces(frame: pd.DataFrame, *, digits: int = DIGITS) -> Iterator[bytes]:
    """`csv_bytes` piece by piece, with so many significant digits; 17 keep every number exactly."""
    columns = [
        Column(name=str(name), title_en="", title_zh="", type=_kind(values), made="", digits=digits)
        for name, values in frame.items()
    ]
    for first in range(0, max(len(frame), 1), ROWS):
        part = frame.iloc[first : first + ROWS]
        text = {column.name: _column(part[column.name], column, "file", first) for column in columns}
        yield csv_lines(text, header=first == 0)


def _kind(values: pd.Series[Any]) -> ColumnType:
    if pd.api.types.is_bool_dtype(values.dtype):
        return "boolean"
    if pd.api.types.is_integer_dtype(values.dtype):
        return "integer"
    if pd.api.types.is_float_dtype(values.dtype):
        return "number"
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return "datetime"
    return "date" if pd.api.types.is_datetime64_dtype(values.dtype) else "string"


def csv_lines(columns: Mapping[str, Sequence[str]], *, header: bool = True) -> bytes:
    """Columns of texts as lines of a CSV file, the first one with their names; texts quoted where they have to be."""
    quoted = [[*([name] if header else []), *_quoted(cells)] for name, cells in columns.items()]
    return "".join(",".join(row) + "\n" for row in zip(*quoted, strict=True)).encode()


def parse_csv(data: bytes) -> dict[str, list[str]]:
    """The text of every cell of a published file, by column, apostrophes of the guard still in place."""
    rows = csv.reader(io.StringIO(data.decode(), newline=""))
    head = next(rows)
    out: list[list[str]] = [[] for _ in head]
    known: dict[str, str] = {}
    while some := list(itertools.islice(rows, ROWS)):
        for column, texts in zip(out, zip(*some, strict=True), strict=True):
            column += [known.setdefault(text, text) for text in texts]
    return dict(zip(head, out, strict=True))


def typed(text: list[str], kind: str, *, required: bool) -> Any:
    """A column's cells as a pandas array or list.

    Numbers become float64 with NaN where empty; integers and years int64, or Int64 where cells may be empty;
    booleans bool, or boolean where cells may be empty; dates datetime64[ns]; datetimes datetime64[ns, UTC];
    months and texts str ("" where empty).
    """
    if kind == "number":
        return np.array([float(cell) if cell else np.nan for cell in text], dtype=np.float64)
    if kind in ("integer", "year"):
        numbers = [int(cell) if cell else None for cell in text]
        return pd.array(numbers, dtype="Int64") if not required else np.array(numbers, dtype=np.int64)
    if kind == "boolean":
        flags = [cell == "true" if cell else None for cell in text]
        return pd.array(flags, dtype="boolean") if not required else np.array(flags, dtype=np.bool_)
    if kind in ("date", "datetime"):
        known = pd.Series([cell or None for cell in text], dtype=object)
        moments = pd.to_datetime(known, format="ISO8601", utc=True)
        return moments if kind == "datetime" else moments.dt.tz_localize(None)
    return pd.Series([unguarded(cell) for cell in text], dtype=object)


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: with an apostrophe in front, where it looks like one."""
    return "'" + text if _FORMULA.match(text) else text


def unguarded(cell: str) -> str:
    """A text as it was before it got an apostrophe in front."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def _check_columns(frame: pd.DataFrame, table: Table) -> None:
    given = [str(name) for name in frame.columns]
    if given == list(table.own):
        return
    facts = []
    if missing := [name for name in table.own if name not in given]:
        facts.append(f"missing {', '.join(missing)}")
    if unknown := [name for name in given if name not in table.own]:
        facts.append(f"not in the dictionary {', '.join(unknown)}")
    if twice := sorted({name for name in given if given.count(name) > 1}):
        facts.append(f"given twice {', '.join(twice)}")
    if not facts:
        facts.append(f"order {', '.join(given)}")
    raise PublishError(
        f"table {table.name}: columns differ from the dictionary: {'; '.join(facts)}; expected {', '.join(table.own)}"
    )


def _check_key(columns: dict[str, list[str]], table: Table, before: int) -> None:
    seen: dict[tuple[str, ...], int] = {}
    for row, key in enumerate(zip(*(columns[name] for name in table.key), strict=True), start=before + 1):
        if (first := seen.setdefault(key, row)) != row:
            raise PublishError(
                f"table {table.name}: key {', '.join(table.key)} is given twice: "
                f"{', '.join(key)} in rows {first} and {row}"
            )


def _column(values: pd.Series[Any], column: Column, where: str, before: int) -> list[str]:
    """The text of the cells of a column; values mostly come again, and each is written once."""
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) != "string":
        known = values.notna().to_numpy()
        return [
            _cell(value, column, where, before + row) if known[row] else ""
            for row, value in enumerate(values.to_list())
        ]
    codes, distinct = pd.factorize(values)
    rows = np.flatnonzero((codes >= 0) & ~pd.Series(codes).duplicated().to_numpy())
    text = [
        "",
        *(
            _cell(value, column, where, before + row)
            for value, row in zip(distinct.tolist(), rows.tolist(), strict=True)
        ),
    ]
    return [text[code] for code in (codes + 1).tolist()]


def _cell(value: Any, column: Column, where: str, row: int) -> str:
    try:
        text = _WRITERS[column.type](value, column)
    except (TypeError, ValueError) as error:
        raise PublishError(
            f"{where}, row {row + 1}: {column.name} {value!r} is not a {column.type}: {error}"
        ) from error
    if text and column.codes is not None and text not in column.codes:
        raise PublishError(
            f"{where}, row {row + 1}: {column.name} {value!r} is unknown; it is one of {', '.join(column.codes)}"
        )
    return text


def _string(value: Any, column: Column) -> str:
    if not isinstance(value, str):
        raise TypeError("text was expected")
    if "\0" in value:
        raise ValueError("it holds a null character")
    return guarded(value)


def _number(value: Any, column: Column) -> str:
    if isinstance(value, (bool, np.bool_, str)):
        raise TypeError("a number was expected")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("it is infinite; leave it empty and say why in the dictionary")
    digits = max(column.digits, len(str(int(abs(number)))))
    # The shortest text that reads back as the same number, cut to `digits`, but for those before the point, where a
    # zero would look like a digit that is known; adding zero turns -0 into 0.
    return np.format_float_positional(number + 0.0, precision=digits, fractional=False, trim="-")


def _integer(value: Any, column: Column) -> str:
    if isinstance(value, (bool, np.bool_, str)) or value != int(value):
        raise TypeError("a whole number was expected")
    return str(int(value))


def _boolean(value: Any, column: Column) -> str:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError("True or False was expected")
    return "true" if value else "false"


def _yearmonth(value: Any, column: Column) -> str:
    if not isinstance(value, str) or (value and not _YEARMONTH.fullmatch(value)):
        raise ValueError("YYYY-MM was expected")
    return value


def _date(value: Any, column: Column) -> str:
    if isinstance(value, str):
        return dt.date.fromisoformat(value).isoformat() if value else ""
    if isinstance(value, dt.datetime):  # a pandas Timestamp too
        if value.tzinfo is not None or value != value.replace(hour=0, minute=0, second=0, microsecond=0):
            raise ValueError("a day without a time was expected")
        return value.date().isoformat()
    if not isinstance(value, dt.date):
        raise TypeError("a day was expected")
    return value.isoformat()


def _datetime(value: Any, column: Column) -> str:
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(moment, dt.datetime) or moment.tzinfo is None:
        raise TypeError("a time with its zone was expected")
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


_WRITERS = {
    "string": _string,
    "number": _number,
    "integer": _integer,
    "year": _integer,
    "boolean": _boolean,
    "yearmonth": _yearmonth,
    "date": _date,
    "datetime": _datetime,
}


def _quoted(text: Sequence[str]) -> list[str]:
    return ['"' + cell.replace('"', '""') + '"' if _QUOTE.search(cell) else cell for cell in text]

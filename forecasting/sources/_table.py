"""A CSV file as text with true line numbers: here only its form is checked, not what it says."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pandas as pd

from forecasting.errors import InputError, Problem

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Table:
    """Text cells and where they stand.

    Attributes:
        name: What to call the file in messages.
        frame: The cells as str under the names of the header.
        lines: Line of the file on which each row starts.
        malformed: Lines that are no rows of this header, and why.
    """

    name: str
    frame: pd.DataFrame
    lines: list[int]
    malformed: list[Problem]

    def refuse(self, problems: Iterable[Problem] = ()) -> None:
        """Refuse the file for everything that is wrong with it, from its first line to its last.

        Args:
            problems: What the cells of well-formed rows have been found to say.

        Raises:
            InputError: There are problems, or lines that are no rows.
        """
        found = sorted([*self.malformed, *problems], key=lambda one: int(one.where.removeprefix("line ") or 0))
        if found:
            raise InputError(self.name, found)


def read_table(path: Path) -> Table:
    """Read a comma-separated file in an encoding that `encoding_of` knows; blank lines are passed over.

    Raises:
        InputError: The file cannot be opened, is empty, is in no known encoding, holds a NUL byte, has an empty or
            repeated column name, or no row with as many fields as the header.
    """
    name = str(path)
    malformed: list[Problem] = []
    header: list[str] | None = None
    rows: list[list[str]] = []
    lines: list[int] = []
    for line, fields in scan_csv(io.StringIO(_text(path, name), newline="")):
        if isinstance(fields, str):
            malformed.append(Problem(f"line {line}", fields))
        elif header is None:
            header = [field.strip() for field in fields]
            if problems := header_problems(header, f"line {line}"):  # that every row would repeat
                raise InputError(name, problems)
        elif what := field_problem(fields, header):
            malformed.append(Problem(f"line {line}", what))
        else:
            rows.append(fields)
            lines.append(line)
    if header is None and not malformed:
        raise InputError(name, [Problem("", "the file is empty; expected a header line and rows below it")])
    if malformed and not rows:
        raise InputError(name, malformed)
    return Table(name, pd.DataFrame(rows, columns=header, dtype=object), lines, malformed)


def scan_csv(file: TextIO) -> Iterator[tuple[int, list[str] | str]]:
    """The records of a CSV file with the lines on which they start; blank ones are passed over, as of a workbook.

    Where the file stops being CSV, the last item is what is wrong in place of a record.
    """
    reader = csv.reader(file, strict=True)
    start = 1
    try:
        for fields in reader:
            line, start = start, reader.line_num + 1
            if any(field.strip() for field in fields):
                yield line, fields
    except csv.Error as error:
        what = f"not CSV: {error}; a quoted text needs a closing quote, and a quote inside it is doubled"
        yield start, what


def field_problem(fields: list[str], header: list[str]) -> str:
    """What is wrong with the number of fields of a record; "" where nothing is."""
    if len(fields) == len(header):
        return ""
    what = f"{len(fields)} field{'s' * (len(fields) != 1)} where the header has {len(header)}"
    return f"{what}; put a text that holds a comma in double quotes"


def encoding_of(body: bytes, name: str) -> str:
    """UTF-8, with or without byte order mark, or GB 18030, as Chinese spreadsheets write.

    Raises:
        InputError: The bytes are text in neither, or hold a NUL.
    """
    if b"\0" in body:
        line = body[: body.index(b"\0")].count(b"\n") + 1
        what = "a NUL byte; this is not a text file, or in UTF-16: save it as CSV in UTF-8"
        raise InputError(name, [Problem(f"line {line}", what)])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            body.decode(encoding)
        except UnicodeDecodeError as error:
            line = body[: error.start].count(b"\n") + 1
            byte = body[error.start]
            continue
        if encoding == "gb18030":
            _logger.warning("%s: read as GB 18030, since it is not UTF-8; names are wrong if it is neither", name)
        return encoding
    what = f"byte 0x{byte:02x} is text in neither UTF-8 nor GB 18030; save the file as CSV in UTF-8"
    raise InputError(name, [Problem(f"line {line}", what)])


def _text(path: Path, name: str) -> str:
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(name, [Problem("", "no such file; check the path")]) from error
    except IsADirectoryError as error:
        raise InputError(name, [Problem("", "is a folder; give the path of a CSV file in it")]) from error
    except OSError as error:
        raise InputError(name, [Problem("", f"cannot be read: {error.strerror}")]) from error
    return data.decode(encoding_of(data, name))


def header_problems(header: list[str], where: str) -> list[Problem]:
    """What is wrong with the names of the columns."""
    if header[0].startswith("sep="):
        return [Problem(where, f"{header[0]!r} is for spreadsheets; take the line out, and separate columns by commas")]
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        return [Problem(where, f"one column {header[0]!r}; separate the columns by commas")]
    problems = [
        Problem(where, f"column {n} has no name; name it or take it out")
        for n, column in enumerate(header, start=1)
        if not column
    ]
    twice = sorted({column for column in header if column and header.count(column) > 1})
    return problems + [Problem(where, f"column {column!r} is given twice; take one out") for column in twice]

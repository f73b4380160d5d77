"""The review file: doubtful figures of bulletins, which a person confirms, and the way in of those that are.

Rows are only ever added, so that nothing that a person wrote is lost; a row is known by its ``id``, whatever a person
has corrected in it. The file starts with a byte order mark, without which spreadsheets garble Chinese, and what a
spreadsheet does to a month (``Nov-25``) or to a last zero is undone when it is read.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import pandas as pd

from forecasting.catalog import Catalog
from forecasting.decimals import places
from forecasting.errors import InputError, Problem
from forecasting.observations import REQUIRED, column_problems
from forecasting.payloads import BadRow
from forecasting.sources._bulletins import DECIMALS, bring_into_unit
from forecasting.sources._columns import Records, cells_of, plain, tidy, unguarded
from forecasting.sources._source import Reading, raw_frame
from forecasting.sources._table import encoding_of, header_problems, scan_csv
from forecasting.sources._units import NUMBER
from forecasting.sources.bulletin import NO, YES, figures_csv

ANSWER = "confirmed"
COLUMNS = (
    ANSWER, "region", "indicator", "period", "measure", "value", "unit", "decimals",
    "reason", "sentence", "source", "id",
)  # fmt: skip

_NEEDED = (ANSWER, *REQUIRED)
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_SHORT = re.compile(r"([A-Z][a-z]{2})-(\d{2})", re.ASCII)
_LONG = re.compile(r"(\d{4})[年/](\d{1,2})(?:月|/1)", re.ASCII)


class ReviewFile:
    """The doubtful figures that were read so far.

    Args:
        path: A CSV file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, rows: Sequence[Mapping[str, str]]) -> int:
        """Append the rows that the file has not.

        Returns:
            Number of rows that are new.

        Raises:
            InputError: The file cannot be read, has lost a column, or cannot be written; it stays as it is.
        """
        body, encoding = self._content()
        header, known = self._rows(body, encoding)
        ids = {row["id"] for row in known}
        fresh = {row["id"]: row for row in rows if row["id"] not in ids}
        if not fresh:
            return 0
        frame = pd.DataFrame(list(fresh.values()), dtype=object)
        text = figures_csv(frame.reindex(columns=header or COLUMNS, fill_value="")).decode()
        if header:
            text = ("" if body.endswith(b"\n") else "\n") + text.split("\n", 1)[1]
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(text.encode(encoding if not body else encoding.removesuffix("-sig")))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._refused(f"cannot be written: {error.strerror}; close it where it is open") from error
        return len(fresh)

    def waiting(self) -> int:
        """Number of rows that a person has not answered.

        Raises:
            InputError: The file cannot be read.
        """
        return sum(not row[ANSWER].strip() for row in self._rows(*self._content())[1])

    def _content(self) -> tuple[bytes, str]:
        """The bytes of the file and their encoding."""
        try:
            body = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise self._refused(f"cannot be read: {error.strerror}") from error
        return body, encoding_of(body, str(self.path)) if body else "utf-8-sig"

    def _rows(self, body: bytes, encoding: str) -> tuple[list[str], list[dict[str, str]]]:
        """Columns and rows of the file; no columns where it is empty."""
        header: list[str] = []
        rows = []
        for line, fields in scan_csv(io.StringIO(body.decode(encoding), newline="")):
            if isinstance(fields, str):
                raise self._refused(fields, f"line {line}")
            if header:
                rows.append(dict.fromkeys(header, "") | dict(zip(header, fields, strict=False)))
                continue
            header = [field.strip() for field in fields]
            if lost := [name for name in COLUMNS if name not in header]:
                raise self._refused(f"column {', '.join(lost)} is missing", f"line {line}")
        return header, rows

    def _refused(self, what: str, where: str = "") -> InputError:
        remedy = "mend it, or move it away and a new one is begun (sources.review names another)"
        return InputError(str(self.path), [Problem(where, f"{what}; {remedy}")])


def is_review(header: list[str] | str) -> bool:
    """Whether a table with this header holds a person's answers."""
    return ANSWER in [field.strip() for field in header]


def read_review(records: Records, name: str, catalog: Catalog, *, wide: bool) -> Reading:
    """The confirmed rows of a reviewed file, in the catalogue's names and units where it follows them.

    Args:
        records: Of the file, header first.
        name: What to call it in messages.
        catalog: What is followed.
        wide: Records may be shorter than the header.

    Raises:
        InputError: A column is missing or unknown, or no row is confirmed.
    """

    def check(header: list[str], where: str) -> None:
        problems = header_problems(header, where) or column_problems(header, _NEEDED, COLUMNS)
        if problems:
            raise InputError(name, problems)

    rows: list[dict[str, str]] = []
    bad = []
    for line, cells in cells_of(records, name, check, wide=wide):
        where = f"line {line}"
        if isinstance(cells, BadRow):
            bad.append(cells)
            continue
        answer = cells[ANSWER].strip().lower()
        if answer in YES:
            row = _row(cells)
            item = catalog.in_bulletins(cells.get("region", "").strip(), row["indicator"])
            if item is None and row["indicator"] in catalog:
                item = catalog[row["indicator"]]
            row["indicator"] = item.id if item else row["indicator"]
            if item and (reason := bring_into_unit(row, item)):
                bad.append(BadRow(where, row, reason))
            else:
                rows.append({**row, "where": where})
        elif answer not in NO:
            bad.append(BadRow(where, cells, f"{ANSWER} {cells[ANSWER]!r} is neither yes nor no"))
    if not rows and not bad:
        what = f"no row is confirmed; write yes into the column {ANSWER} of those that are right"
        raise InputError(name, [Problem("", what)])
    return Reading(raw_frame(rows), bad, retold=True, rounded=True)


def _row(cells: Mapping[str, str]) -> dict[str, str]:
    """A confirmed row as a raw row."""
    given = {column: unguarded(text.strip()) for column, text in cells.items()}
    row = tidy({column: given[column] for column in REQUIRED})
    row["period"] = _month(row["period"])
    row["decimals"] = _decimals(row["value"], plain(given.get("decimals", "")))
    row["status"] = "A"
    row["source"] = " ".join(filter(None, ("bulletin", given.get("source"), "confirmed by hand")))
    row["note"] = given.get("sentence", "")
    return row


def _month(text: str) -> str:
    """A month as YYYY-MM, also where a spreadsheet took it for a date."""
    if (short := _SHORT.fullmatch(text)) and short[1] in _MONTHS:
        return f"20{short[2]}-{_MONTHS.index(short[1]) + 1:02d}"
    if long := _LONG.fullmatch(text):
        return f"{long[1]}-{int(long[2]):02d}"
    return text


def _decimals(value: str, given: str) -> str:
    """The decimals of the row, or those of the value where a person has written a finer one."""
    if not NUMBER.fullmatch(value):
        return given
    if given:
        finest = -int(Decimal(value).normalize().as_tuple().exponent)
        if not DECIMALS.fullmatch(given) or finest <= int(given) or not Decimal(value):
            return given
    return str(places(value))

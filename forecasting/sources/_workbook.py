"""An XLSX workbook as rows of text: read as a stream, refused where it is a bomb, formulas marked."""

from __future__ import annotations

import datetime as dt
import io
import warnings
import zipfile
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any

from forecasting.errors import InputError, Problem
from forecasting.observations import figure_text

MOST_ROWS = 1_048_576  # of a sheet, by the format
MOST_COLUMNS = 1000  # eighty years of months
HEAD_ROWS = 101  # among which a header is looked for; a mapping skips a hundred at most
MOST_PARTS = 2000
MOST_RATIO = 200  # unpacked to packed; workbooks have 5 to 30
SMALL = 2**26  # below this no ratio is a danger
MOST_TEXTS = 2**28  # bytes of the part that has to be held in memory

FORMULA = "\0formula"  # stands for a cell that holds one; no cell can hold a NUL


class Number(str):
    """The text of a cell that holds a number, which does not say how many zeros it was typed with."""

    __slots__ = ()


_OLE = bytes.fromhex("d0cf11e0a1b11ae1")


def scan_workbook(body: bytes, name: str, sheet: str | None, most_unpacked: int) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet with their numbers; blank rows are passed over.

    Cells become text: numbers as Python writes them, marked as `Number` (a whole number as ``9.0``, since a workbook
    drops trailing zeros), numbers shown as percent likewise with their sign, dates as ISO, formulas as `FORMULA`.

    Args:
        body: Of the file.
        name: What to call it in messages.
        sheet: Name of the sheet; the first that is not hidden by default.
        most_unpacked: Bytes that all parts may have once unpacked.

    Raises:
        InputError: It is no workbook, a bomb, has no such sheet, or is damaged.
    """
    import openpyxl

    _check_size(body, name, most_unpacked)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # styles and extensions that openpyxl does not know
            book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, keep_links=False)
            names = [one.title for one in book.worksheets]
            if sheet is not None and sheet not in names:
                raise InputError(name, [Problem("", f"no sheet {sheet!r}; there are {', '.join(names)}")])
            page = book[sheet] if sheet is not None else _shown(book)[0]
            page.reset_dimensions()  # what a file says of them may be wrong
            for number, cells in enumerate(page.iter_rows(), start=1):
                if number > MOST_ROWS or len(cells) > MOST_COLUMNS:
                    what = f"more than {MOST_ROWS} rows or {MOST_COLUMNS} columns; take out what is not needed"
                    raise InputError(name, [Problem(f"line {number}", what)])
                texts = [_text(cell) for cell in cells]
                while texts and not texts[-1]:
                    texts.pop()
                if texts:
                    yield number, texts
    except InputError:
        raise
    except Exception as error:  # openpyxl raises what its parsers raise
        what = f"cannot be read as a workbook ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
        raise InputError(name, [Problem("", f"{what}; open it and save it as .xlsx again")]) from error


def sheets_beside(body: bytes, columns: Collection[str]) -> list[str]:
    """Names of the sheets that are not hidden, but for the first, with a row among the first that has these columns.

    One that cannot be read is among them, since it may have.

    Args:
        body: Of a workbook that `scan_workbook` has read.
        columns: What the header of a table of figures holds.
    """
    import openpyxl

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        if sum(name.startswith("xl/worksheets/") and name.endswith(".xml") for name in archive.namelist()) < 2:
            return []  # opening a large one again takes time
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, keep_links=False)
        found = []
        for page in _shown(book)[1:]:
            page.reset_dimensions()
            heads = ({_text(cell) for cell in cells} for cells in page.iter_rows(max_row=HEAD_ROWS))
            try:
                fits = any(head.issuperset(columns) for head in heads)
            except Exception:  # openpyxl raises what its parsers raise
                fits = True
            if fits:
                found.append(page.title)
    return found


def _shown(book: Any) -> list[Any]:
    """The sheets that a person sees; all where none is to be seen."""
    return [one for one in book.worksheets if one.sheet_state == "visible"] or book.worksheets


def _check_size(body: bytes, name: str, most_unpacked: int) -> None:
    """Refuse what would not fit; the sizes in the directory bound what zipfile unpacks."""
    if body.startswith(_OLE):
        what = "an old .xls or an encrypted workbook; save it as .xlsx without a password"
        raise InputError(name, [Problem("", what)])
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, EOFError) as error:
        what = f"not a workbook: {error}; save it as .xlsx"
        raise InputError(name, [Problem("", what)]) from error
    unpacked = sum(part.file_size for part in parts)
    texts = sum(part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
    bomb = (
        f"{len(parts)} parts" if len(parts) > MOST_PARTS
        else f"{unpacked >> 20} MB unpacked" if unpacked > most_unpacked
        else f"{unpacked >> 20} MB unpacked from {len(body) >> 10} KB" if unpacked > max(SMALL, MOST_RATIO * len(body))
        else f"{texts >> 20} MB of texts" if texts > MOST_TEXTS
        else ""
    )  # fmt: skip
    if bomb:
        what = f"refused: {bomb}; a workbook of figures is not like that. Save the sheet as CSV if it is one"
        raise InputError(name, [Problem("", what)])


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return FORMULA if cell.data_type == "f" or value.startswith("=") else value.strip()
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        if "%" in (cell.number_format or ""):
            shown = f"{(Decimal(figure_text(value)) * 100).normalize():f}"
            return f"{shown}%" if "." in shown else f"{shown}.0%"
        return Number(figure_text(value))
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, (dt.time, dt.timedelta)):
        return str(value)
    return FORMULA  # array formulas and data tables are objects

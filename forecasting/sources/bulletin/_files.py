"""Bulletin files: UTF-8 or GB18030, text or HTML."""

from __future__ import annotations

import csv
import io
import logging
from pathlib import Path

import pandas as pd

from forecasting.errors import InputError, Problem
from forecasting.sources.bulletin._reader import read_bulletin

GUARDED = ("=", "+", "-", "@", "\t", "\r")
NUMBERS = ("value", "decimals")
EXPECTED = "a bulletin in Chinese, with growth rates or levels and their units"
_BINARY = (b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

_logger = logging.getLogger(__name__)


def read_bulletin_file(
    path: Path, *, year: int | None = None, region: str | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the figures of a bulletin in a file; see `read_bulletin`.

    Args:
        path: Plain text or HTML in UTF-8, UTF-16 with a byte order mark, or GB18030 (which holds GBK and GB2312).
        year: See `read_bulletin`.
        region: See `read_bulletin`.

    Raises:
        InputError: The file cannot be read, is empty, or is not text; or the region is not known.
    """
    name = str(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(name, [Problem("", "no such file; check the path")]) from error
    except IsADirectoryError as error:
        raise InputError(name, [Problem("", "is a folder; give the path of a text or HTML file in it")]) from error
    except OSError as error:
        raise InputError(name, [Problem("", f"cannot be read: {error.strerror}")]) from error
    sure, doubtful = read_bulletin(bulletin_text(data, name), source=path.name, year=year, region=region)
    if sure.empty and doubtful.empty:
        _logger.warning("%s: no figure found; expected %s", name, EXPECTED)
    return sure, doubtful


def bulletin_text(data: bytes, name: str) -> str:
    """The text of a bulletin's bytes, in any of the encodings of `read_bulletin_file`.

    Raises:
        InputError: It is empty, or no text.
    """
    if not data.strip():
        raise InputError(name, [Problem("", "the file is empty; expected a bulletin as text or HTML")])
    if data.startswith(_BINARY):
        raise InputError(name, [Problem("", "not a text; save the bulletin as plain text or HTML")])
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError(name, [Problem("", "neither UTF-8 nor GB18030 text; save the bulletin in UTF-8")])


def figures_csv(frame: pd.DataFrame) -> bytes:
    """A frame of `read_bulletin` as a CSV file: values with the decimals as printed.

    Returns:
        UTF-8 with a header, lines ended by a line feed; a text that a spreadsheet would take for a formula gets an
        apostrophe in front, and what the name of a file has that is no UTF-8 is written as escapes.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(frame.columns)
    for row in frame.itertuples(index=False):
        writer.writerow(
            f"'{cell}" if cell.startswith(GUARDED) and name not in NUMBERS else cell
            for name, cell in zip(frame.columns, row, strict=True)
        )
    return buffer.getvalue().encode("utf-8", "backslashreplace")

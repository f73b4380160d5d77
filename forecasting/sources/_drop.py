"""Files: those of the drop folder, and those that are imported by hand.

CSV and XLSX in the observation schema, or with a mapping for other people's columns. Text is UTF-8; what is not is
read as GB 18030, as Chinese spreadsheets write it, which leaves figures as they are. A file of which some rows cannot
be used gives the others.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from forecasting.catalog import Catalog, ColumnMapping
from forecasting.errors import InputError, Problem, SourceError
from forecasting.payloads import Payload
from forecasting.sources._columns import read_records
from forecasting.sources._source import Reading
from forecasting.sources._table import scan_csv
from forecasting.sources._workbook import scan_workbook

SUFFIXES = (".csv", ".xlsx")
SETTLED_S = 1.0
PATIENCE_S = 10.0

_logger = logging.getLogger(__name__)


class Files:
    """Files as a source.

    Args:
        name: ``file`` for the drop folder, ``import`` for files imported by hand.
        folder: The drop folder; it need not exist.
        max_file_mb: Largest file.
        max_unpacked_mb: Largest workbook once unpacked.
    """

    def __init__(self, name: str, folder: Path, max_file_mb: int, max_unpacked_mb: int) -> None:
        self.name = name
        self._folder = folder
        self._most = max_file_mb * 2**20
        self._most_unpacked = max_unpacked_mb * 2**20

    def fetch(self, catalog: Catalog, moment: datetime) -> Iterator[list[Payload] | SourceError]:
        """Every file of the folder, each by itself."""
        if not self._folder.is_dir():
            return
        for path in sorted(self._folder.iterdir()):
            if path.name.startswith((".", "~$")) or not path.is_file():
                continue
            if path.suffix.lower() not in SUFFIXES:
                what = f"only {' and '.join(SUFFIXES)} files are read; save it as one, or take it out of the folder"
                yield SourceError(f"{self.name}: {path.name}: {what}")
                continue
            if not _settled(path):
                yield SourceError(f"{self.name}: {path.name}: is still being written; it is read the next time")
                continue
            try:
                yield [self.load(path, moment, address=path.name)]
            except InputError as error:
                yield SourceError(f"{self.name}: {error}")

    def load(
        self, path: Path, moment: datetime, *, address: str | None = None, mapping: ColumnMapping | None = None
    ) -> Payload:
        """A file as a payload.

        Raises:
            InputError: It cannot be opened, is too large, or neither CSV nor XLSX by its name.
        """
        name = str(path)
        try:
            size = path.stat().st_size
            if path.suffix.lower() not in SUFFIXES:
                raise InputError(name, [Problem("", f"only {' and '.join(SUFFIXES)} files are read; save it as one")])
            if size > self._most:
                what = f"{size >> 20} MB, more than sources.max_file_mb = {self._most >> 20}; split it, or raise that"
                raise InputError(name, [Problem("", what)])
            body = path.read_bytes()
        except OSError as error:
            raise InputError(name, [Problem("", f"cannot be read: {error.strerror}")]) from error
        request = {"mapping": mapping.model_dump(mode="json", exclude_defaults=True)} if mapping else {}
        return Payload(self.name, address or name, moment, body, request)

    def read(self, payload: Payload, catalog: Catalog) -> Reading:
        """The rows of a file."""
        path = Path(payload.address)
        given = payload.request.get("mapping")
        mapping = ColumnMapping.model_validate(given) if given else catalog.mapping_for(path.name)
        if path.suffix.lower() == ".xlsx":
            sheet = mapping.sheet if mapping else None
            rows = scan_workbook(payload.body, path.name, sheet, self._most_unpacked)
            reading = read_records(rows, path.name, mapping, wide=True)
        else:
            encoding = _encoding(payload.body, path.name)
            with io.TextIOWrapper(io.BytesIO(payload.body), encoding, newline="") as text:
                reading = read_records(scan_csv(text), path.name, mapping, wide=False)
        unnamed = reading.rows["source"] == ""
        reading.rows.loc[unnamed, "source"] = f"file {path.name}"
        return reading


def _settled(path: Path) -> bool:
    """Whether nobody has written to the file for a moment: half a file has half a number at its end."""
    patience = PATIENCE_S
    while patience > 0:
        try:
            age = time.time() - path.stat().st_mtime
        except OSError:
            return False
        if age >= SETTLED_S or age < 0:
            return True
        time.sleep(SETTLED_S - age)
        patience -= SETTLED_S
    return False


def _encoding(body: bytes, name: str) -> str:
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

"""Tables: those of the drop folder, and those that are imported by hand.

CSV and XLSX in the observation schema, with a mapping for other people's columns, or reviewed figures of bulletins.
Text is UTF-8; what is not is read as GB 18030, as Chinese spreadsheets write it, which leaves figures as they are. A
file of which some rows cannot be used gives the others.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path

from forecasting.catalog import Catalog, ColumnMapping
from forecasting.errors import InputError, Problem, SourceError
from forecasting.observations import REQUIRED
from forecasting.payloads import Payload
from forecasting.sources._bulletins import BULLETINS
from forecasting.sources._columns import Records, read_records
from forecasting.sources._folder import body_of, files_of, payloads, shown
from forecasting.sources._review import is_review, read_review
from forecasting.sources._source import Reading
from forecasting.sources._table import encoding_of, scan_csv
from forecasting.sources._workbook import scan_workbook, sheets_beside

SUFFIXES = (".csv", ".xlsx")


class Files:
    """Files as a source.

    Args:
        name: ``file`` for the drop folder, ``import`` for files imported by hand.
        folder: The drop folder; it need not exist.
        max_file_mb: Largest file.
        max_unpacked_mb: Largest workbook once unpacked.
        others: Suffixes of files in the folder that another connector is asked for.
    """

    def __init__(
        self, name: str, folder: Path, max_file_mb: int, max_unpacked_mb: int, others: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self._folder = folder
        self._most = max_file_mb
        self._others = others
        self._most_unpacked = max_unpacked_mb * 2**20

    def fetch(self, catalog: Catalog, moment: datetime) -> Iterator[list[Payload] | SourceError]:
        """Every table of the folder, each by itself; bulletins are for another connector."""
        for path in files_of(self._folder):
            name, suffix = shown(path.name), path.suffix.lower()
            if suffix in self._others:
                continue
            if suffix in BULLETINS:
                yield SourceError(f"{self.name}: {name}: a bulletin; add bulletin to sources.pull to have it read")
                continue
            if suffix not in SUFFIXES:
                what = f"only {', '.join(SUFFIXES)} and bulletins ({', '.join(BULLETINS)}) are read"
                yield SourceError(f"{self.name}: {name}: {what}; save it as one, or take it out of the folder")
                continue
            yield from payloads(self.name, [path], lambda one: self.load(one, moment, address=shown(one.name)))

    def load(
        self, path: Path, moment: datetime, *, address: str | None = None, mapping: ColumnMapping | None = None
    ) -> Payload:
        """A file as a payload.

        Raises:
            InputError: It cannot be opened, is too large, or neither CSV nor XLSX by its name.
        """
        name, suffix = shown(path), path.suffix.lower()
        if path.exists() and suffix not in SUFFIXES:
            remedy = "put bulletins into the drop folder" if suffix in BULLETINS else "save it as one"
            raise InputError(name, [Problem("", f"only {' and '.join(SUFFIXES)} files are read; {remedy}")])
        body = body_of(path, self._most, "sources.max_file_mb")
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
            reading = _reading(rows, path.name, mapping, catalog, wide=True)
            if sheet is None and (others := sheets_beside(payload.body, _head(mapping))):
                what = f"only the first visible sheet was read, not {', '.join(others)}"
                reading.notes.append(f"{path.name}: {what}; save each as a file, or name one in a mapping (sheet)")
        else:
            encoding = encoding_of(payload.body, path.name)
            with io.TextIOWrapper(io.BytesIO(payload.body), encoding, newline="") as text:
                reading = _reading(scan_csv(text), path.name, mapping, catalog, wide=False)
        unnamed = reading.rows["source"] == ""
        reading.rows.loc[unnamed, "source"] = f"file {path.name}"
        return reading


def _head(mapping: ColumnMapping | None) -> Collection[str]:
    """The columns without which a table holds no figures."""
    return REQUIRED if mapping is None else set(mapping.header())


def _reading(records: Records, name: str, mapping: ColumnMapping | None, catalog: Catalog, *, wide: bool) -> Reading:
    """The rows of a table; one with a column for a person's answers is a review."""
    first = list(itertools.islice(records, 1))
    records = itertools.chain(first, records)
    if mapping is None and first and is_review(first[0][1]):
        return read_review(records, name, catalog, wide=wide)
    return read_records(records, name, mapping, wide=wide)

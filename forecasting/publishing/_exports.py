"""The same tables in other forms: Parquet, SDMX-CSV, a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

from forecasting.publishing._dictionary import TABLES
from forecasting.publishing._parquet import write_parquet
from forecasting.publishing._sdmx import SdmxFiles
from forecasting.publishing._staging import Staging
from forecasting.publishing._units import level_units
from forecasting.publishing._workbook import Book

__all__ = ["EXPORTS", "Exports"]

WORKBOOK = "cumulus.xlsx"
EXPORTS = (
    *(f"parquet/{name}.parquet" for name in TABLES),
    *(f"sdmx/{name}" for name in ("structure.xml", "monthly.csv", "forecasts.csv")),
    WORKBOOK,
)
"""Paths of the files."""


class Exports:
    """Files made from the tables of a release while these are written, and from what they are then.

    Args:
        staging: Of the release.
        run_id: Its name.
        as_of: Its day, YYYY-MM-DD.
    """

    def __init__(self, staging: Staging, *, run_id: str, as_of: str) -> None:
        self._staging = staging
        self._units: dict[str, str] = {}
        self._sdmx = SdmxFiles(staging, run_id=run_id, as_of=as_of, units=self._units)
        self._book = Book(run_id=run_id, as_of=as_of, units=self._units)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sdmx.__exit__()

    def add(self, name: str, text: Mapping[str, Sequence[str]]) -> None:
        """Take the next rows of a table, cells as in its CSV file; tables come in the order of the dictionary."""
        if name == "observations":
            self._units |= level_units(text)
        self._sdmx.add(name, text)
        self._book.add(name, text)

    def finish(self) -> None:
        """Write the files, when the tables have been written."""
        self._sdmx.finish()
        self._book.write(self._staging.place(WORKBOOK))
        self._staging.note(WORKBOOK)
        for name, table in TABLES.items():
            path = f"parquet/{name}.parquet"
            write_parquet(self._staging.folder / f"{name}.csv", table, self._staging.place(path))
            self._staging.note(path)

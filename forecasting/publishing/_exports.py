"""The same tables in other forms: Parquet, SDMX-CSV, a workbook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forecasting.publishing._dictionary import TABLES
from forecasting.publishing._parquet import parquet_bytes
from forecasting.publishing._sdmx import sdmx_files
from forecasting.publishing._workbook import workbook_bytes

__all__ = ["exports"]


def exports(
    text: Mapping[str, Mapping[str, Sequence[str]]], data: Mapping[str, bytes], *, run_id: str, as_of: str
) -> dict[str, bytes]:
    """Files made from the tables of a release, by their path in it.

    Args:
        text: Cells of each table.
        data: Its CSV file.
        run_id: Name of the release.
        as_of: Its day, YYYY-MM-DD.
    """
    return {
        **{f"parquet/{name}.parquet": parquet_bytes(data[name], table) for name, table in TABLES.items()},
        **sdmx_files(text, run_id=run_id, as_of=as_of),
        "cumulus.xlsx": workbook_bytes(text, run_id=run_id, as_of=as_of),
    }

"""The tables as Parquet files: the same rows as the CSV files, with the types and words of the dictionary inside."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from forecasting.publishing._dictionary import SCHEMA_VERSION, ColumnType, Table
from forecasting.publishing._render import unguarded

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["write_parquet"]

ROWS = 2**20
"""Rows after which a group of them is written."""


def write_parquet(source: Path, table: Table, target: Path) -> None:
    """Write a table as Parquet, compressed with Zstandard, a million rows at a time.

    Numbers are doubles, integers int64, years int32, dates date32, times microseconds in UTC, months ``YYYY-MM`` as
    text. An empty cell is null, and a text has no apostrophe in front as it has in the CSV file. Every field carries
    title_en, title_zh, description and unit, the table its titles, description, key and the version of the dictionary.

    Args:
        source: Its CSV file.
        table: The dictionary's entry.
        target: The file to write.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    types: dict[ColumnType, pa.DataType] = {
        "string": pa.string(),
        "number": pa.float64(),
        "integer": pa.int64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "datetime": pa.timestamp("us", tz="UTC"),
        "year": pa.int32(),
        "yearmonth": pa.string(),
    }
    schema = pa.schema(
        [
            pa.field(
                column.name,
                types[column.type],
                nullable=not column.required,
                metadata={
                    "title_en": column.title_en,
                    "title_zh": column.title_zh,
                    "description": column.made,
                    "unit": column.unit or "",
                },
            )
            for column in table.columns
        ],
        metadata={
            "title_en": table.title_en,
            "title_zh": table.title_zh,
            "description": table.description,
            "primary_key": json.dumps(table.key),
            "schema_version": SCHEMA_VERSION,
        },
    )
    reader = csv.open_csv(
        source,
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={field.name: field.type for field in schema},
            null_values=[""],
            strings_can_be_null=True,
            true_values=["true"],
            false_values=["false"],
        ),
    )
    with parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in reader:
            waiting.append(batch)
            if sum(map(len, waiting)) >= ROWS:
                writer.write_table(_unguarded(waiting, table, schema))
                waiting = []
        writer.write_table(_unguarded(waiting, table, schema))


def _unguarded(batches: Sequence[pa.RecordBatch], table: Table, schema: pa.Schema) -> pa.Table:
    """Rows with their texts as they were before they got an apostrophe in front."""
    import pyarrow as pa
    from pyarrow import compute

    rows = pa.Table.from_batches(batches) if batches else schema.empty_table()
    columns = [
        pa.array([unguarded(text or "") or None for text in values.to_pylist()], pa.string())
        if column.type == "string" and compute.any(compute.starts_with(values, "'")).as_py()
        else values
        for column, values in zip(table.columns, rows.columns, strict=True)
    ]
    return pa.table(columns, schema=schema)

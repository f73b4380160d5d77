"""The tables as Parquet files: the same rows as the CSV files, with the types and words of the dictionary inside."""

from __future__ import annotations

import io
import json

from forecasting.publishing._dictionary import SCHEMA_VERSION, ColumnType, Table
from forecasting.publishing._render import unguarded

__all__ = ["parquet_bytes"]


def parquet_bytes(data: bytes, table: Table) -> bytes:
    """A table as Parquet, compressed with Zstandard.

    Numbers are doubles, integers int64, years int32, dates date32, times microseconds in UTC, months ``YYYY-MM`` as
    text. An empty cell is null, and a text has no apostrophe in front as it has in the CSV file. Every field carries
    title_en, title_zh, description and unit, the table its titles, description, key and the version of the dictionary.

    Args:
        data: Its CSV file.
        table: The dictionary's entry.
    """
    import pyarrow as pa
    from pyarrow import compute, csv, parquet

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
    rows = csv.read_csv(
        io.BytesIO(data),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={field.name: field.type for field in schema},
            null_values=[""],
            strings_can_be_null=True,
            true_values=["true"],
            false_values=["false"],
        ),
    )
    columns = [
        pa.array([unguarded(text or "") or None for text in values.to_pylist()], pa.string())
        if column.type == "string" and compute.any(compute.starts_with(values, "'")).as_py()
        else values
        for column, values in zip(table.columns, rows.columns, strict=True)
    ]
    buffer = io.BytesIO()
    parquet.write_table(pa.table(columns, schema=schema), buffer, compression="zstd")
    return buffer.getvalue()

"""The descriptor of a release, datapackage.json (Data Package v2, https://datapackage.org/standard/data-package/)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from forecasting.publishing._dictionary import SCHEMA_VERSION, TABLES, Column, Table
from forecasting.publishing._staging import Content

__all__ = ["describe", "to_json"]

_PROFILES = "https://datapackage.org/profiles/2.0"
_DESCRIPTION = (
    "Monthly series, forecasts and projections made from cumulative official statistics. Files are UTF-8; "
    "dates are ISO, times UTC, decimals dots. A text that begins with = + - @, a tab or a line break (after "
    "any apostrophes) carries an apostrophe in front, so that a spreadsheet does not take it for a formula; "
    "take one away to restore it. Property files lists the other files of the release: the same tables as "
    "Parquet, SDMX-CSV and a workbook, and the report."
)
_MEDIA_TYPES = {
    "css": "text/css",
    "csv": "text/csv",
    "html": "text/html",
    "js": "text/javascript",
    "json": "application/json",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": "text/plain",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xml": "application/xml",
}


def describe(tables: Mapping[str, Content], files: Mapping[str, Content], *, run_id: str) -> bytes:
    """The descriptor of the tables and of the files beside them.

    Args:
        tables: What the CSV file of each table holds, by the table's name.
        files: What every other file holds, by its path in the release.
        run_id: Name of the release.

    Returns:
        Bytes of datapackage.json: a resource a table, with schema, types, units, keys, foreign keys, the
        meaning of empty cells, the sha256 and the size of the file. The property ``files``, our own, lists every
        other file with the same facts: they are no tables of the package, but views of them.
    """
    return to_json(
        {
            "$schema": f"{_PROFILES}/datapackage.json",
            "name": "cumulus-release",
            "id": run_id,
            "version": SCHEMA_VERSION,
            "title": "Cumulus release",
            "description": _DESCRIPTION,
            "resources": [_resource(TABLES[name], data) for name, data in tables.items()],
            "files": [_file(path, data) for path, data in sorted(files.items())],
        }
    )


def to_json(content: Any) -> bytes:
    """Readable UTF-8 JSON, the same bytes for the same content; NaN and unknown types are refused."""
    return (json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()


def _resource(table: Table, data: Content) -> dict[str, Any]:
    return {
        "name": table.name,
        "type": "table",
        "title": table.title_en,
        "title_zh": table.title_zh,
        "description": table.description,
        "path": f"{table.name}.csv",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **_content(data),
        "dialect": {
            "delimiter": ",",
            "lineTerminator": "\n",
            "quoteChar": '"',
            "doubleQuote": True,
            "header": True,
        },
        "schema": {
            "$schema": f"{_PROFILES}/tableschema.json",
            "fields": [_field(column) for column in table.columns],
            "primaryKey": list(table.key),
            "foreignKeys": [
                {
                    "fields": list(key.columns),
                    "reference": {"resource": key.table, "fields": list(key.reference)},
                }
                for key in table.foreign_keys
            ],
            "missingValues": [{"value": "", "label": "not available"}],
        },
    }


def _file(path: str, data: Content) -> dict[str, Any]:
    ending = PurePosixPath(path).suffix[1:].lower()
    kind = {"format": ending, "mediatype": _MEDIA_TYPES.get(ending, "application/octet-stream")} if ending else {}
    return {"path": path, **kind, **_content(data)}


def _content(data: Content) -> dict[str, Any]:
    return {"bytes": data.size, "hash": f"sha256:{data.sha256}"}


def _field(column: Column) -> dict[str, Any]:
    field: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "title": column.title_en,
        "title_zh": column.title_zh,
        "description": column.made,
    }
    if column.unit is not None:
        field["unit"] = column.unit
    if column.type == "number":
        field["significantDigits"] = column.digits
    if column.type == "boolean":
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    constraints: dict[str, Any] = {}
    if column.required:
        constraints["required"] = True
    if column.missing is not None:
        field["missingValues"] = [{"value": "", "label": column.missing}]
    if column.codes is not None:
        constraints["enum"] = list(column.codes)
        field["categories"] = [{"value": code, "label": label} for code, label in column.codes.items()]
    if constraints:
        field["constraints"] = constraints
    return field

"""The dictionary: every table and column of a release, loaded from the packaged dictionary.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

__all__ = ["SCHEMA_VERSION", "TABLES", "Column", "ColumnType", "ForeignKey", "Table", "empty_tables"]

ColumnType = Literal["string", "number", "integer", "boolean", "date", "datetime", "year", "yearmonth"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Entry):
    """One column of a published table.

    Attributes:
        name: Header of the column.
        title_en: English title.
        title_zh: Chinese title.
        type: Type of Table Schema; a datetime is in UTC, a yearmonth is ``YYYY-MM``.
        made: How the column was made.
        unit: Unit of the quantity; None for names, codes, dates and flags.
        required: An empty cell is refused.
        missing: What an empty cell means; None where the column is required.
        digits: Significant digits of a number, which keeps all that it has before the point; 17 keeps it exactly.
        codes: The values allowed and their meaning; None where any value is.
    """

    name: str
    title_en: str
    title_zh: str
    type: ColumnType
    made: str
    unit: str | None = None
    required: bool = False
    missing: str | None = None
    digits: int = Field(default=8, ge=1, le=17)
    codes: Mapping[str, str] | None = None


class ForeignKey(_Entry):
    """Columns whose values all occur in columns of another table."""

    columns: tuple[str, ...]
    table: str
    reference: tuple[str, ...]


class Table(_Entry):
    """One published table.

    Attributes:
        name: Name of the table; its file is ``<name>.csv``.
        title_en: English title.
        title_zh: Chinese title.
        description: What a row is.
        columns: The columns in their order, with those that publishing adds at the end.
        own: Names of the columns that the table's producer delivers, in their order.
        key: Columns that identify a row.
        foreign_keys: Ties to other tables.
    """

    name: str
    title_en: str
    title_zh: str
    description: str
    columns: tuple[Column, ...]
    own: tuple[str, ...]
    key: tuple[str, ...]
    foreign_keys: tuple[ForeignKey, ...] = ()


def _load() -> tuple[str, dict[str, Table]]:
    raw = tomllib.loads(files(__package__).joinpath("dictionary.toml").read_text(encoding="utf-8"))
    return raw["schema_version"], {
        name: _table(name, entry, raw["column"], raw["common"]) for name, entry in raw["table"].items()
    }


def _table(name: str, entry: dict[str, Any], shared: dict[str, Any], common: list[str]) -> Table:
    own = entry.pop("columns")
    single = entry.pop("column", {})
    columns = [Column(name=column, **(single.get(column) or shared[column])) for column in own + common]
    return Table(name=name, own=tuple(own), columns=tuple(columns), **entry)


SCHEMA_VERSION, TABLES = _load()


def empty_tables(names: Iterable[str]) -> dict[str, pd.DataFrame]:
    """Tables without rows, with the columns that their producers deliver."""
    return {name: pd.DataFrame(columns=list(TABLES[name].own)) for name in names}

"""The sheets of the workbook, loaded from the packaged workbook.toml."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

__all__ = ["LAYOUT", "SeriesSheet"]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _About(_Entry):
    name: str
    notes: tuple[tuple[str, str], ...]


class _ListSheet(_Entry):
    name: str
    english: str
    chinese: str
    columns: dict[str, str]


class SeriesSheet(_ListSheet):
    """A sheet with the months down and the indicators across.

    Attributes:
        name: Of the sheet.
        english: What it shows.
        chinese: The same.
        columns: Column of the table -> header; they stand side by side for an indicator.
        table: Where the numbers come from.
        target: Rows of the table that are taken; None for all.
        percent: Whether the numbers are percent; else they are in the unit of the indicator's level.
    """

    table: str
    target: str | None = None
    percent: bool = False


class _Layout(_Entry):
    about: _About
    board: _ListSheet
    indicators: _ListSheet
    series: tuple[SeriesSheet, ...]


LAYOUT = _Layout(**tomllib.loads(files(__package__).joinpath("workbook.toml").read_text(encoding="utf-8")))

"""Reading a catalogue file and saying on which line it is wrong."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from forecasting.catalog._calendar import Calendar, load_calendar
from forecasting.catalog._catalog import Catalog, find_problems
from forecasting.catalog._indicator import Indicator, Release
from forecasting.catalog._mapping import (
    BulletinSeries,
    ColumnMapping,
    NbsLegacySeries,
    NbsSeries,
    SdmxSeries,
    SourceMapping,
)
from forecasting.errors import CatalogError, suggestion

_HEADER = re.compile(r"\s*\[\[\s*[\"']?indicator[\"']?\s*\]\]")
_TABLE = re.compile(r"\s*\[\[?\s*[\"']?indicator[\"']?\s*\.\s*[\"']?([\w-]+)[\"']?\s*(?:\.\s*([\w-]+)\s*)?\]")
_KEY = re.compile(r"\s*[\"']?([\w-]+)[\"']?\s*(?:\.\s*[\"']?([\w-]+)[\"']?\s*)?=")
_SECTIONS: dict[str, type[BaseModel]] = {
    "source": SourceMapping,
    "source.nbs": NbsSeries,
    "source.nbs_legacy": NbsLegacySeries,
    "source.sdmx": SdmxSeries,
    "source.bulletin": BulletinSeries,
    "release": Release,
}


def load_catalog(path: Path | None = None, calendar: Path | None = None) -> Catalog:
    """Read a catalogue file; a file of one's own takes the place of the default catalogue.

    Args:
        path: A TOML file with one ``[[indicator]]`` table per indicator, and a ``[[mapping]]`` table for each
            kind of file with other people's columns; without it the packaged catalogue of the Baotou
            rare-earth cluster and the Chinese indicators around it.
        calendar: A file of release dates that goes before the packaged one (see `load_calendar`).

    Raises:
        CatalogError: A file cannot be read, is not TOML, or has an unknown key, a missing key, a wrong
            value, an id given twice or again in another case, a reference to an unknown indicator or a circle of
            references. The message names the file, the line and what is allowed, for all faults at once.
    """
    file: Traversable = files("forecasting.catalog") / "default.toml" if path is None else Path(path)
    name = "default catalogue" if path is None else str(path)
    text = _read(file, name)
    content = _toml(text, name)
    dates = load_calendar(calendar)
    layout = _Layout.of(text)
    problems = [
        (layout.top.get(key, 1), f"unknown key {key!r}; a catalogue holds [[indicator]] and [[mapping]] tables only")
        for key in content
        if key not in ("indicator", "mapping")
    ]
    tables = content.get("indicator", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        problems.append(
            (layout.top.get("indicator", 1), "indicator is not a list; write [[indicator]] with two brackets")
        )
        tables = []
    elif not tables:
        problems.append((1, "no [[indicator]] table; a catalogue needs at least one"))
    indicators: list[Indicator] = []
    for n, table in enumerate(tables):
        try:
            indicators.append(Indicator.model_validate(table))
        except ValidationError as error:
            problems += [(layout.line(n, item["loc"]), _explain(item)) for item in error.errors()]
    mappings, faults = _mappings(content.get("mapping", []))
    problems += [(layout.top.get("mapping", 1), what) for what in faults]
    if not problems:
        problems = [(layout.line(n, (key,)), what) for n, key, what in find_problems(indicators)]
        problems += [
            (layout.line(n, ("release",)), f"release.calendar {calendar!r}; {suggestion(calendar, dates.names)}")
            for n, calendar in _strange_calendars(indicators, dates)
        ]
    if problems:
        problems.sort(key=lambda problem: problem[0])
        raise CatalogError("\n".join(f"{name}: line {line}: {what}" for line, what in problems))
    return Catalog(indicators, mappings, dates)


def load_mapping(path: Path) -> ColumnMapping:
    """Read the mapping of another table's columns, a TOML file of its own.

    Raises:
        CatalogError: The file cannot be read, is not TOML, or is no such mapping.
    """
    name = str(path)
    content = _toml(_read(Path(path), name), name)
    try:
        return ColumnMapping.model_validate(content)
    except ValidationError as error:
        raise CatalogError("\n".join(f"{name}: {_explain(item, ColumnMapping)}" for item in error.errors())) from error


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
        what = str(error)[: at.start()] if at else str(error)
        line = int(at[1]) if at and at[1] else text.count("\n") + 1
        raise CatalogError(f"{name}: line {line}: not TOML: {what}") from error


def _mappings(tables: Any) -> tuple[list[ColumnMapping], list[str]]:
    if not isinstance(tables, list):
        return [], ["mapping is not a list; write [[mapping]] with two brackets"]
    found, faults = [], []
    for n, table in enumerate(tables, start=1):
        try:
            mapping = ColumnMapping.model_validate(table)
        except ValidationError as error:
            faults += [f"mapping {n}: {_explain(item, ColumnMapping)}" for item in error.errors()]
            continue
        if mapping.files is None:
            faults.append(f"mapping {n}: key 'files' is missing; name the files it is for, such as \"customs-*.csv\"")
        found.append(mapping)
    return found, faults


def _strange_calendars(indicators: list[Indicator], dates: Calendar) -> list[tuple[int, str]]:
    named = ((n, indicator.release.calendar) for n, indicator in enumerate(indicators))
    return [(n, calendar) for n, calendar in named if calendar is not None and calendar not in dates.names]


def _read(file: Traversable, name: str) -> str:
    try:
        return file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CatalogError(f"{name}: line {line}: not UTF-8 text; save the catalogue as UTF-8") from error
    except OSError as error:
        raise CatalogError(f"{name}: cannot be read: {error.strerror}; give the path of a TOML file") from error


def _explain(item: ErrorDetails, top: type[BaseModel] = Indicator) -> str:
    *above, key = [str(part) for part in item["loc"]] or [""]
    if key.isdigit():  # a fault of a whole table in a list
        key, above = above[-1], above[:-1]
    table = ".".join(part for part in above if not part.isdigit())
    known = list(_SECTIONS.get(table, top).model_fields)
    inside = f" in {table}" if table else ""
    match item["type"]:
        case "extra_forbidden":
            return f"unknown key {key!r}{inside}; {suggestion(key, known)}"
        case "missing":
            return f"key {key!r}{inside} is missing"
        case "literal_error":
            return f"{key}{inside} is {item['input']!r}; use {item['ctx']['expected']}"
        case "string_pattern_mismatch":
            return f"{key}{inside} is {item['input']!r}; it must match {item['ctx']['pattern']}"
        case "value_error":
            return f"{key}{inside}: {item['ctx']['error']}" if key else str(item["ctx"]["error"])
        case _:
            return f"{key}{inside} is {item['input']!r}; {item['msg'][0].lower()}{item['msg'][1:]}"


@dataclass
class _Layout:
    """Line numbers of the tables and keys of a catalogue text, which tomllib does not give."""

    headers: list[int] = field(default_factory=list)
    keys: list[dict[tuple[str, ...], int]] = field(default_factory=list)
    top: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, text: str) -> _Layout:
        layout = cls()
        section: tuple[str, ...] = ()
        quoted = ""  # the triple quote of a text that runs over several lines
        foreign = False  # inside a table that is no indicator
        for number, line in enumerate(text.split("\n"), start=1):
            if quoted:
                quoted = "" if line.count(quoted) % 2 else quoted
                continue
            if line.lstrip().startswith("#"):
                continue
            if _HEADER.match(line):
                layout.headers.append(number)
                layout.keys.append({})
                section, foreign = (), False
            elif (table := _TABLE.match(line)) and layout.keys:
                section, foreign = tuple(part for part in table.groups() if part), False
                layout.keys[-1].setdefault(section, number)
            elif line.lstrip().startswith("["):
                foreign = True
                layout.top.setdefault(line.strip().strip("[]").split(".")[0].strip(" \"'"), number)
            elif key := _KEY.match(line):
                layout._note(number, section, [part for part in key.groups() if part], foreign)
            for quote in ('"""', "'''"):
                if line.count(quote) % 2:
                    quoted = quote
        return layout

    def _note(self, number: int, section: tuple[str, ...], parts: list[str], foreign: bool) -> None:
        if foreign:
            return
        if not self.keys:
            self.top.setdefault(parts[0], number)
            return
        for length in range(1, len(parts) + 1):
            self.keys[-1].setdefault((*section, *parts[:length]), number)

    def line(self, n: int, loc: tuple[Any, ...]) -> int:
        """Line of the key at ``loc`` in the n-th indicator, or of the nearest thing around it."""
        if n >= len(self.headers):
            return self.top.get("indicator", 1)
        path = tuple(str(part) for part in loc)
        while path and path not in self.keys[n]:
            path = path[:-1]
        return self.keys[n][path] if path else self.headers[n]

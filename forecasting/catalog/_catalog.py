"""The catalogue: indicators that refer to each other, checked as a whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from graphlib import CycleError, TopologicalSorter

import pandas as pd

from forecasting.catalog._calendar import Calendar
from forecasting.catalog._indicator import Indicator
from forecasting.catalog._mapping import ColumnMapping
from forecasting.errors import CatalogError, suggestion
from forecasting.observations import RATES


class Catalog:
    """The indicators that are followed, in the order of their file.

    Args:
        indicators: At least one; ids are unique whatever their case, every parent and related indicator is among
            them, and no two take the same figures of bulletins.
        mappings: How other people's files are read.
        calendar: Release dates that go before the indicators' usual rules.

    Raises:
        CatalogError: No indicators, an id given twice or again in another case, a reference to an unknown indicator,
            a name in bulletins given twice, or indicators that lean on each other in a circle.
    """

    def __init__(
        self, indicators: Iterable[Indicator], mappings: Iterable[ColumnMapping] = (), calendar: Calendar | None = None
    ) -> None:
        self._indicators = tuple(indicators)
        self._mappings = tuple(mappings)
        self._calendar = calendar or Calendar({})
        problems = [f"indicator {self._indicators[n].id!r}: {what}" for n, _, what in find_problems(self._indicators)]
        if not self._indicators:
            problems = ["a catalogue needs at least one indicator"]
        if problems:
            raise CatalogError("\n".join(problems))
        self._by_id = {indicator.id: indicator for indicator in self._indicators}
        self._in_bulletins = {key: indicator for indicator in self._indicators for key in _bulletin_keys(indicator)}

    def __iter__(self) -> Iterator[Indicator]:
        return iter(self._indicators)

    def __len__(self) -> int:
        return len(self._indicators)

    def __contains__(self, name: object) -> bool:
        return name in self._by_id

    def __getitem__(self, name: str) -> Indicator:
        """The indicator called ``name``.

        Raises:
            CatalogError: There is none; the message suggests the nearest names.
        """
        if name not in self._by_id:
            raise CatalogError(f"no indicator {name!r} in the catalogue; {suggestion(name, self.ids)}")
        return self._by_id[name]

    def __repr__(self) -> str:
        return f"Catalog({len(self)} indicators)"

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids in the order of the file."""
        return tuple(indicator.id for indicator in self._indicators)

    def released_at(self, name: str, period: str) -> pd.Timestamp:
        """When the figure of ``period`` (YYYY-MM) comes out: by the calendar, else by the usual rule; UTC.

        Raises:
            CatalogError: There is no indicator ``name``, or it has no figure of that January.
        """
        release = self[name].release
        usual = release.released_at(period)
        dated = self._calendar.released_at(release.calendar, period) if release.calendar else None
        return usual if dated is None else dated

    def mapping_for(self, file: str) -> ColumnMapping | None:
        """The mapping for a file of this name; None where its columns are ours."""
        for mapping in self._mappings:
            if mapping.files is not None and fnmatchcase(file, mapping.files):
                return mapping
        return None

    def in_bulletins(self, region: str, name: str) -> Indicator | None:
        """The indicator of which bulletins speak under this region and name; None where it is not followed."""
        return self._in_bulletins.get((region, name))

    def other_units(self, figures: pd.DataFrame) -> pd.Series[bool]:
        """Which figures are levels of an indicator of the catalogue in another unit than its own.

        Args:
            figures: With the columns indicator, measure and unit.
        """
        own = figures["indicator"].map({indicator.id: indicator.unit for indicator in self})
        return own.notna() & ~figures["measure"].isin(RATES) & figures["unit"].ne(own)

    def children(self, name: str) -> tuple[Indicator, ...]:
        """The indicators whose parent is ``name``, in the order of the file.

        Raises:
            CatalogError: There is no indicator ``name``.
        """
        parent = self[name]
        return tuple(indicator for indicator in self if indicator.parent == parent.id)

    @property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """Indicator -> its parts, where they make it up wholly."""
        return {item.id: tuple(child.id for child in self.children(item.id)) for item in self if item.adds_up}

    def hash(self) -> str:
        """Sha256 of the content: equal for equal indicators whatever their order or layout in a file."""
        content = [indicator.model_dump(mode="json") for indicator in sorted(self, key=lambda one: one.id)]
        content += [mapping.model_dump(mode="json") for mapping in self._mappings]
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def find_problems(indicators: Sequence[Indicator]) -> list[tuple[int, str, str]]:
    """What is wrong between indicators: position of the indicator, key at fault, what is wrong with it."""
    problems = []
    first: dict[str, int] = {}
    alike: dict[str, str] = {}
    for n, indicator in enumerate(indicators):
        other = alike.setdefault(indicator.id.lower(), indicator.id)
        if indicator.id in first:
            problems.append((n, "id", f"id {indicator.id!r} is given twice; ids are unique"))
        elif indicator.id != other:  # files are named by ids, and some file systems tell no case
            what = f"id {indicator.id!r} differs from {other!r} by case alone; ids are unique whatever their case"
            problems.append((n, "id", what))
        first.setdefault(indicator.id, n)
    for n, indicator in enumerate(indicators):
        for key in ("parent", "related"):
            target = getattr(indicator, key)
            if target is not None and target not in first:
                problems.append((n, key, f"{key} {target!r} is not in the catalogue; {suggestion(target, first)}"))
    taken: dict[tuple[str, str], str] = {}
    for n, indicator in enumerate(indicators):
        for place in _bulletin_keys(indicator):
            if place in taken:
                what = f"bulletin {place[1]!r} of {place[0]} is taken by {taken[place]!r}; a figure has one indicator"
                problems.append((n, "source", what))
            taken.setdefault(place, indicator.id)
    if problems:
        return problems
    try:
        TopologicalSorter({one.id: filter(None, (one.parent, one.related)) for one in indicators}).prepare()
    except CycleError as error:
        ring = [str(name) for name in error.args[1]]
        n = min(first[name] for name in ring)
        key = "parent" if indicators[n].parent in ring else "related"
        way = " -> ".join(reversed(ring))
        problems.append((n, key, f"parent and related lead round in a circle, {way}; drop one of these links"))
    return problems


def _bulletin_keys(indicator: Indicator) -> list[tuple[str, str]]:
    """Region and name of an indicator in bulletins."""
    return [(series.region or indicator.region, series.name) for series in indicator.source.bulletin]

"""The structure of a cluster: what there is, by name. Nothing in the engine knows a name that is not from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from forecasting.errors import AssumptionError

__all__ = ["RESERVED", "Anchor", "Route", "Structure", "flag_of", "keys_of", "names_of", "parse_structure", "table_of",
           "text_of"]  # fmt: skip

ROUTE_KINDS = ("mine", "import")

RESERVED = ("curtailed", "exports_raw", "imports", "losses", "mine_output", "production", "rest", "separated_output",
            "stock_change", "surplus", "total")  # fmt: skip
"""What tables call something else, in the place where they name an anchor."""

SEPARATORS = ".@|"
"""What parts the names that parameters and metrics are made of."""

STRUCTURE = ("title", "region", "nation", "producer", "account", "indicators", "anchors", "routes")
OPTIONAL = ("outside", "second", "bases", "quota_states", "regimes", "start_regime", "response_months", "projects",
            "inputs", "raw_exports", "imposed", "equipment", "equipment_unit", "intensity_unit")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Anchor:
    """A use that takes up the material.

    Attributes:
        title: Name for readers.
        basis: What its base flow counts.
        indicator: Key of the indicator whose growth it follows; empty where a growth assumption stands alone.
        activity_unit: Unit of its activity, where the base flow is activity times intensity; else empty.
        export: Whether all of it leaves the country and is subject to export controls.
    """

    title: str
    basis: str
    indicator: str
    activity_unit: str
    export: bool


@dataclass(frozen=True, slots=True)
class Route:
    """A source of primary material.

    Attributes:
        title: Name for readers.
        kind: ``mine`` (grows with the capacity of the nation) or ``import`` (grows by itself).
        basis: What its flow counts.
        quota: Whether the quota limits it.
    """

    title: str
    kind: str
    basis: str
    quota: bool


@dataclass(frozen=True, slots=True)
class Structure:
    """What a cluster consists of.

    Attributes:
        title: Name for readers.
        region: Where the indicators are measured.
        nation: Where supply and demand are accounted.
        outside: Everybody else.
        producer: Key of the indicator from which capacity is read.
        account: Basis in which the balance is kept.
        second: Basis of the second account, that of ores and quotas; the account itself where there is one only.
        units: Basis to the unit of its flows.
        indicators: Key to the identifier in the indicator catalogue.
        anchors: Key to anchor.
        routes: Key to route.
        quota_states: States of the quota process from the slowest to the fastest; none, no quota.
        regimes: Export regimes from the mildest to the hardest; none, no controls.
        start_regime: The regime of today.
        response_months: Months after an event for which the part replaced is stated.
        projects: Key to title of the projects of supply outside.
        inputs: Key of an input to the indicator that it grows with.
        raw_exports: Whether material leaves the country before any use.
        imposed: Key of the anchor whose absorption a scenario may impose; empty, none.
        equipment: Kinds of equipment for which a claim's intensity is stated.
        equipment_unit: Unit of equipment put up per year.
        intensity_unit: kt of the second account over that unit.
    """

    title: str
    region: str
    nation: str
    outside: str
    producer: str
    account: str
    second: str
    units: Mapping[str, str]
    indicators: Mapping[str, str]
    anchors: Mapping[str, Anchor]
    routes: Mapping[str, Route]
    quota_states: tuple[str, ...]
    regimes: tuple[str, ...]
    start_regime: str
    response_months: tuple[int, ...]
    projects: Mapping[str, str]
    inputs: Mapping[str, str]
    raw_exports: bool
    imposed: str
    equipment: tuple[str, ...]
    equipment_unit: str
    intensity_unit: str

    def flow_unit(self, basis: str) -> str:
        """Unit of a flow of a basis, as parameters state it."""
        return f"{self.units[basis]} {basis}/yr"

    def accounted(self, key: str) -> bool:
        """Whether an anchor takes part in the balance, and not in the second account alone."""
        return self.anchors[key].basis != self.second or self.second == self.account


def parse_structure(document: Mapping[str, Any], file: str) -> Structure:
    """Check the structural part of an assumption file.

    Raises:
        AssumptionError: A key missing or unknown, a name that stands nowhere; with what was expected.
    """
    account = text_of(document["account"], f"{file}: account")
    second = text_of(document.get("second", account), f"{file}: second")
    bases = table_of(document.get("bases", {}), f"{file}: bases")
    units = {account: "kt"} | {str(key): text_of(value, f"{file}: bases.{key}") for key, value in bases.items()}
    _known(second, units, f"{file}: second")
    for basis in (account, second):
        if units[basis] != "kt":
            raise AssumptionError(f"{file}: bases.{basis} {units[basis]!r}; expected 'kt' for a basis of an account")
    indicators = _texts(document["indicators"], f"{file}: indicators")
    producer = text_of(document["producer"], f"{file}: producer")
    _known(producer, indicators, f"{file}: producer")
    anchors = {key: _anchor(entry, f"{file}: anchors.{key}", indicators, units)
               for key, entry in table_of(document["anchors"], f"{file}: anchors").items()}  # fmt: skip
    routes = {key: _route(entry, f"{file}: routes.{key}", units)
              for key, entry in table_of(document["routes"], f"{file}: routes").items()}  # fmt: skip
    for key in anchors:
        if key in RESERVED:
            raise AssumptionError(f"{file}: anchors.{key}: the tables call something else {key}; choose another key")
    for key, route in routes.items():
        _known(route.basis, {account, second}, f"{file}: routes.{key}.basis")
    if not routes or not any(anchor.basis != second or second == account for anchor in anchors.values()):
        raise AssumptionError(f"{file}: expected at least one route and one anchor that uses {account}")
    inputs = _texts(document.get("inputs", {}), f"{file}: inputs")
    for key, indicator in inputs.items():
        _known(indicator, indicators, f"{file}: inputs.{key}")
    quota_states, regimes = (names_of(document.get(key, []), f"{file}: {key}") for key in ("quota_states", "regimes"))
    if any(route.quota for route in routes.values()) and not quota_states:
        raise AssumptionError(f"{file}: a route has a quota; expected quota_states")
    start = str(document.get("start_regime", regimes[0] if regimes else ""))
    if start:
        _known(start, regimes, f"{file}: start_regime")
    imposed = str(document.get("imposed", ""))
    if imposed and (imposed not in anchors or anchors[imposed].basis != second or second == account):
        raise AssumptionError(f"{file}: imposed {imposed!r}; expected an anchor counted in the second account")
    region, nation = (text_of(document[key], f"{file}: {key}") for key in ("region", "nation"))
    outside = text_of(document.get("outside", "Rest of the world"), f"{file}: outside")
    if outside in (region, nation):
        raise AssumptionError(f"{file}: outside {outside!r} names the region or the nation; expected another name")
    projects = _texts(document.get("projects", {}), f"{file}: projects")
    equipment = names_of(document.get("equipment", []), f"{file}: equipment")
    for name in (*units, *indicators, *anchors, *routes, *projects, *inputs, *quota_states, *regimes, *equipment):
        if set(name) & set(SEPARATORS):
            raise AssumptionError(f"{file}: name {name!r}; expected one without any of {' '.join(SEPARATORS)}")
    return Structure(
        title=text_of(document["title"], f"{file}: title"),
        region=region,
        nation=nation,
        outside=outside,
        producer=producer,
        account=account,
        second=second,
        units=MappingProxyType(units),
        indicators=MappingProxyType(indicators),
        anchors=MappingProxyType(anchors),
        routes=MappingProxyType(routes),
        quota_states=quota_states,
        regimes=regimes,
        start_regime=start,
        response_months=_months(document.get("response_months", []), f"{file}: response_months"),
        projects=MappingProxyType(projects),
        inputs=MappingProxyType(inputs),
        raw_exports=flag_of(document.get("raw_exports", False), f"{file}: raw_exports"),
        imposed=imposed,
        equipment=equipment,
        equipment_unit=str(document.get("equipment_unit", "GW/yr")),
        intensity_unit=str(document.get("intensity_unit", "kg/kW")),
    )


def _anchor(entry: Any, where: str, indicators: Mapping[str, str], units: Mapping[str, str]) -> Anchor:
    table = table_of(entry, where)
    keys_of(table, ("title", "basis"), where, optional=("indicator", "activity_unit", "export"))
    basis, indicator = text_of(table["basis"], f"{where}.basis"), str(table.get("indicator", ""))
    _known(basis, units, f"{where}.basis")
    if indicator:
        _known(indicator, indicators, f"{where}.indicator")
    title = text_of(table["title"], f"{where}.title")
    export = flag_of(table.get("export", False), f"{where}.export")
    return Anchor(title, basis, indicator, str(table.get("activity_unit", "")), export)


def _route(entry: Any, where: str, units: Mapping[str, str]) -> Route:
    table = table_of(entry, where)
    keys_of(table, ("title", "kind", "basis"), where, optional=("quota",))
    kind, basis = text_of(table["kind"], f"{where}.kind"), text_of(table["basis"], f"{where}.basis")
    _known(kind, ROUTE_KINDS, f"{where}.kind")
    _known(basis, units, f"{where}.basis")
    quota = flag_of(table.get("quota", False), f"{where}.quota")
    if quota and kind != "mine":
        raise AssumptionError(f"{where}: a quota limits mines only; this route is of kind {kind!r}")
    return Route(text_of(table["title"], f"{where}.title"), kind, basis, quota)


def keys_of(table: Mapping[str, Any], required: tuple[str, ...], where: str, optional: tuple[str, ...] = ()) -> None:
    """Refuse unknown and missing keys."""
    unknown = [key for key in table if key not in required + optional]
    missing = [key for key in required if key not in table]
    if unknown or missing:
        parts = [f"unknown {', '.join(unknown)}"] * bool(unknown) + [f"missing {', '.join(missing)}"] * bool(missing)
        allowed = ", ".join(required) + (f" and optionally {', '.join(optional)}" if optional else "")
        raise AssumptionError(f"{where}: {' and '.join(parts)}; expected {allowed}")


def table_of(value: Any, where: str) -> dict[str, Any]:
    """The value, if it is a table."""
    if not isinstance(value, dict):
        raise AssumptionError(f"{where}: {value!r}; expected a table")
    return value


def text_of(value: Any, where: str) -> str:
    """The value, if it is text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise AssumptionError(f"{where}: {value!r}; expected text that is not empty")
    return value


def flag_of(value: Any, where: str) -> bool:
    """The value, if it is a boolean: a text such as "false" would count as true."""
    if not isinstance(value, bool):
        raise AssumptionError(f"{where}: {value!r}; expected true or false, without quotes")
    return value


def names_of(value: Any, where: str) -> tuple[str, ...]:
    """The value, if it is a list of texts that are not empty, each once."""
    if not isinstance(value, list) or len(set(map(str, value))) < len(value):
        raise AssumptionError(f"{where}: {value!r}; expected a list of names, each once")
    return tuple(text_of(item, where) for item in value)


def _texts(value: Any, where: str) -> dict[str, str]:
    return {key: text_of(item, f"{where}.{key}") for key, item in table_of(value, where).items()}


def _months(value: Any, where: str) -> tuple[int, ...]:
    whole = isinstance(value, list) and all(type(item) is int and item >= 1 for item in value)
    if not whole or value != sorted(set(value)):
        raise AssumptionError(f"{where}: {value!r}; expected rising numbers of months, from 1 on")
    return tuple(value)


def _known(name: str, known: Any, where: str) -> None:
    if name not in known:
        raise AssumptionError(f"{where} {name!r} is unknown; expected one of {', '.join(known) or '(none)'}")

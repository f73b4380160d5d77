"""The assumption file: every judgement and every published base, with unit, source and reason."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from forecasting.errors import AssumptionError
from forecasting.projection._distributions import ARGS, check_args, support
from forecasting.projection._schema import Spec, check_names, expected_parameters

__all__ = ["Anchor", "Assumptions", "Parameter", "Scenario", "load_assumptions"]

FIELDS = ("dist", "args", "unit", "source", "note")
PATHS = ("statistical", "handover")
ANCHOR_BASES = ("magnet", "TREO")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One assumption.

    Attributes:
        dist: point, uniform, tri, normal, lognormal, choice, or published (a figure of the calibration
            table).
        args: Arguments of the distribution.
        spec: Unit, range and options that the model expects.
        source: Publisher of the figure, or ``prior`` for a judgement.
        note: What it stands for and why it was chosen.
    """

    dist: str
    args: Mapping[str, Any]
    spec: Spec
    source: str
    note: str


@dataclass(frozen=True, slots=True)
class Anchor:
    """A use that takes up rare earths.

    Attributes:
        title: Name for readers.
        basis: What its base flow counts: ``magnet`` or ``TREO``.
        indicator: Key of the indicator whose growth it follows; empty where a growth assumption stands alone.
    """

    title: str
    basis: str
    indicator: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One reading of the assumptions.

    Attributes:
        title: Name for readers.
        paths: ``statistical`` (the forecast paths, damped after their end, and nothing structural besides
            what capacity needs) or ``handover`` (from the forecast paths to structural growth).
        conditioning: What the scenario is conditional on, for the tables.
        parameters: All parameters, the base with this scenario's overrides.
    """

    title: str
    paths: str
    conditioning: str
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class Assumptions:
    """A checked assumption file.

    Attributes:
        file: Where it came from, for messages.
        region: Where the indicators are measured.
        nation: Where supply and demand are accounted.
        producer: Key of the indicator from which capacity is read.
        indicators: Key to the identifier in the indicator catalogue.
        anchors: Key to anchor.
        scenarios: Key to scenario.
    """

    file: str
    region: str
    nation: str
    producer: str
    indicators: Mapping[str, str]
    anchors: Mapping[str, Anchor]
    scenarios: Mapping[str, Scenario]


def load_assumptions(path: Path | None = None) -> Assumptions:
    """Read and check an assumption file.

    Args:
        path: A TOML file; default the packaged one.

    Raises:
        AssumptionError: The file cannot be read or is not TOML; an unknown key, name, distribution or option;
            a missing parameter; a unit or a range other than the expected one. The message names the file,
            the parameter and what was expected.
    """
    if path is None:
        packaged = resources.files("forecasting") / "reference" / "data" / "assumptions.toml"
        return parse_assumptions(packaged.read_text(encoding="utf-8"), "assumptions.toml")
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise AssumptionError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AssumptionError(f"{path}: is not UTF-8 text; save it as UTF-8") from error
    return parse_assumptions(text, str(path))


def parse_assumptions(text: str, file: str) -> Assumptions:
    """Check the text of an assumption file; see `load_assumptions`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise AssumptionError(f"{file}: not TOML: {error}") from error
    _keys(document, ("region", "nation", "producer", "indicators", "anchors", "base", "scenarios"), file)
    listed = _table(document["indicators"], f"{file}: indicators")
    indicators = {key: _text(value, f"{file}: indicators.{key}") for key, value in listed.items()}
    producer = _text(document["producer"], f"{file}: producer")
    if producer not in indicators:
        raise AssumptionError(f"{file}: producer {producer!r} is unknown; expected one of {', '.join(indicators)}")
    anchors = {key: _anchor(entry, f"{file}: anchors.{key}", indicators)
               for key, entry in _table(document["anchors"], f"{file}: anchors").items()}  # fmt: skip
    schema = expected_parameters(list(indicators), {key: (item.basis, item.indicator) for key, item in anchors.items()})
    base = _parameters(_table(document["base"], f"{file}: base"), f"{file}: base", schema)
    check_names(base, schema, f"{file}: base")
    scenarios = {key: _scenario(entry, f"{file}: scenarios.{key}", schema, base)
                 for key, entry in _table(document["scenarios"], f"{file}: scenarios").items()}  # fmt: skip
    if not scenarios:
        raise AssumptionError(f"{file}: scenarios is empty; expected at least one scenario")
    return Assumptions(
        file=file,
        region=_text(document["region"], f"{file}: region"),
        nation=_text(document["nation"], f"{file}: nation"),
        producer=producer,
        indicators=MappingProxyType(indicators),
        anchors=MappingProxyType(anchors),
        scenarios=MappingProxyType(scenarios),
    )


def _anchor(entry: Any, where: str, indicators: Mapping[str, str]) -> Anchor:
    table = _table(entry, where)
    _keys(table, ("title", "basis"), where, optional=("indicator",))
    basis, indicator = _text(table["basis"], f"{where}.basis"), str(table.get("indicator", ""))
    if basis not in ANCHOR_BASES:
        raise AssumptionError(f"{where}: basis {basis!r}; expected one of {', '.join(ANCHOR_BASES)}")
    if indicator and indicator not in indicators:
        raise AssumptionError(f"{where}: indicator {indicator!r} is unknown; expected one of {', '.join(indicators)}")
    return Anchor(_text(table["title"], f"{where}.title"), basis, indicator)


def _scenario(entry: Any, where: str, schema: Mapping[str, Spec], base: Mapping[str, Parameter]) -> Scenario:
    table = _table(entry, where)
    _keys(table, ("title", "paths", "conditioning"), where, optional=("set",))
    if table["paths"] not in PATHS:
        raise AssumptionError(f"{where}: paths {table['paths']!r}; expected one of {', '.join(PATHS)}")
    overrides = _parameters(_table(table.get("set", {}), f"{where}.set"), f"{where}.set", schema)
    return Scenario(
        title=_text(table["title"], f"{where}.title"),
        paths=table["paths"],
        conditioning=_text(table["conditioning"], f"{where}.conditioning"),
        parameters=MappingProxyType({**base, **overrides}),
    )


def _parameters(table: Mapping[str, Any], where: str, schema: Mapping[str, Spec]) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}

    def walk(entry: Any, name: str) -> None:
        if not isinstance(entry, dict):
            raise AssumptionError(f"{where}: {name} is {entry!r}; expected a table with {', '.join(FIELDS)}")
        if "dist" in entry or name in schema:
            found[name] = _parameter(entry, name, where, schema)
            return
        for key, value in entry.items():
            walk(value, f"{name}.{key}" if name else key)

    walk(dict(table), "")
    return found


def _parameter(entry: dict[str, Any], name: str, where: str, schema: Mapping[str, Spec]) -> Parameter:
    check_names([name], schema, where, complete=False)
    place, spec = f"{where}.{name}", schema[name]
    _keys(entry, FIELDS, place)
    dist, unit = _text(entry["dist"], f"{place}.dist"), _text(entry["unit"], f"{place}.unit")
    source, note = (_text(entry[key], f"{place}.{key}") for key in ("source", "note"))
    args = _table(entry["args"], f"{place}.args")
    if unit != spec.unit:
        raise AssumptionError(f"{place}: unit {unit!r}; expected {spec.unit!r}")
    if spec.options:
        args = _choice(dist, args, place, spec.options)
    else:
        if dist not in ARGS:
            raise AssumptionError(f"{place}: dist {dist!r} is unknown; expected one of {', '.join(ARGS)}")
        problem = check_args(dist, args)
        if problem:
            raise AssumptionError(f"{place}: {problem}")
        if dist != "published":
            low, high = support(dist, args)
            spec.check_range(low, high, place)
    return Parameter(dist, MappingProxyType(dict(args)), spec, source, note)


def _choice(dist: str, args: Mapping[str, Any], place: str, options: tuple[str, ...]) -> dict[str, float]:
    if dist != "choice":
        raise AssumptionError(f"{place}: dist {dist!r}; expected 'choice' between {', '.join(options)}")
    strange = [name for name in args if name not in options]
    if strange:
        raise AssumptionError(f"{place}: option {', '.join(strange)} is unknown; expected {', '.join(options)}")
    weights = {name: args.get(name, 0.0) for name in options}
    numbers = all(isinstance(item, int | float) and np.isfinite(item) and item >= 0 for item in weights.values())
    if not numbers or sum(weights.values()) <= 0:
        raise AssumptionError(f"{place}: expected weights of at least 0 that do not all vanish, came {dict(args)}")
    return weights


def _keys(table: Mapping[str, Any], required: tuple[str, ...], where: str, optional: tuple[str, ...] = ()) -> None:
    unknown = [key for key in table if key not in required + optional]
    missing = [key for key in required if key not in table]
    if unknown or missing:
        parts = [f"unknown {', '.join(unknown)}"] * bool(unknown) + [f"missing {', '.join(missing)}"] * bool(missing)
        allowed = ", ".join(required) + (f" and optionally {', '.join(optional)}" if optional else "")
        raise AssumptionError(f"{where}: {' and '.join(parts)}; expected {allowed}")


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise AssumptionError(f"{where}: {value!r}; expected a table")
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise AssumptionError(f"{where}: {value!r}; expected text that is not empty")
    return value

"""The assumption file: every judgement and every published base, with unit, source and reason."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from forecasting.errors import AssumptionError
from forecasting.projection._coupling import HORIZON
from forecasting.projection._distributions import ARGS, check_args, is_number, support
from forecasting.projection._questions import Questions, parse_questions
from forecasting.projection._schema import Spec, check_names, draw_blocks, expected_parameters
from forecasting.projection._structure import (
    OPTIONAL,
    RESERVED,
    STRUCTURE,
    Structure,
    flag_of,
    keys_of,
    parse_structure,
)
from forecasting.projection._structure import table_of as _table
from forecasting.projection._structure import text_of as _text

__all__ = ["Assumptions", "Parameter", "Scenario", "load_assumptions", "own_titles", "parse_assumptions",
           "with_values"]  # fmt: skip

FIELDS = ("dist", "args", "unit", "source", "note")
PATHS = ("statistical", "handover")
QUESTIONS = ("evidence", "milestones", "sensitivity", "claims", "hindcast", "correlation")


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
class Scenario:
    """One reading of the assumptions.

    Attributes:
        title: Name for readers.
        paths: ``statistical`` (the forecast paths, damped after their end, uses without an indicator held at
            their base, no quota and no entry: nothing structural) or ``handover`` (from the forecast paths to
            structural growth).
        evidence: Whether published tonnes and quotas move the prior of kappa.
        regime: Export regime imposed on every draw from the first month on; empty, hazards decide.
        parameters: All parameters, the base with this scenario's overrides.
    """

    title: str
    paths: str
    evidence: bool
    regime: str
    parameters: Mapping[str, Parameter]

    @property
    def conditioning(self) -> str:
        """What the scenario's numbers are conditional on."""
        return f"regime {self.regime} imposed" if self.regime else "hazard mixture"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """A checked assumption file.

    Attributes:
        file: Where it came from, for messages.
        structure: What there is.
        questions: What is asked.
        scenarios: Key to scenario.
    """

    file: str
    structure: Structure
    questions: Questions
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
        text = path.read_text(encoding="utf-8-sig")
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
    keys_of(document, (*STRUCTURE, "base", "scenarios"), file, optional=OPTIONAL + QUESTIONS)
    structure = parse_structure(document, file)
    questions = parse_questions(document, file, HORIZON)
    schema = expected_parameters(structure)
    base = _parameters(_table(document["base"], f"{file}: base"), f"{file}: base", schema)
    check_names(base, schema, f"{file}: base")
    absent = {
        name: Parameter("point", MappingProxyType({"value": spec.default}), spec, "default", "Left out: switched off.")
        for name, spec in schema.items()
        if name not in base
    }
    scenarios = {key: _scenario(entry, f"{file}: scenarios.{key}", schema, base | absent, structure)
                 for key, entry in _table(document["scenarios"], f"{file}: scenarios").items()}  # fmt: skip
    if not scenarios:
        raise AssumptionError(f"{file}: scenarios is empty; expected at least one scenario")
    if questions.sensitivity and questions.sensitivity_scenario not in scenarios:
        raise AssumptionError(
            f"{file}: sensitivity.scenario {questions.sensitivity_scenario!r}; expected one of {', '.join(scenarios)}"
        )
    blocks = set(draw_blocks(structure))
    for item in questions.correlations:
        for name in (item.first, item.second):
            if name not in blocks:
                raise AssumptionError(f"{file}: correlation: {name!r} is unknown; expected a parameter, or one@user")
    pairs = [frozenset((item.first, item.second)) for item in questions.correlations]
    for pair in pairs:
        if pairs.count(pair) > 1:
            raise AssumptionError(f"{file}: correlation of {' and '.join(sorted(pair))} is stated more than once")
    for key, claim in questions.claims.items():
        if claim.use == "used":
            check_names(claim.by, schema, f"{file}: claims.{key}", complete=False)
        if claim.intensity and not structure.equipment:
            raise AssumptionError(
                f"{file}: claims.{key}: intensity is stated by kind of equipment; name the kinds in equipment"
            )
    return Assumptions(file, structure, questions, MappingProxyType(scenarios))


def own_titles(assumptions: Assumptions) -> dict[str, str]:
    """Key to title of scenarios, anchors, routes and projects that a file of one's own calls otherwise.

    What the packaged file calls the same has a short name in two languages on the page, and a key that tables use for
    something else (a route ``imports``) keeps that name.
    """
    packaged = _titles(load_assumptions())
    named = {key: title for key, title in _titles(assumptions).items() if key not in RESERVED}
    return {key: title for key, title in named.items() if packaged.get(key) != title}


def _titles(assumptions: Assumptions) -> dict[str, str]:
    structure = assumptions.structure
    titled = (structure.routes, structure.anchors, assumptions.scenarios)
    return {**structure.projects, **{key: item.title for items in titled for key, item in items.items()}}


def with_values(assumptions: Assumptions, settings: Mapping[str, str]) -> Assumptions:
    """The same assumptions with some parameters fixed in every scenario.

    Args:
        assumptions: As loaded.
        settings: Parameter to its value as text: a number, with the unit after a blank if one likes, or the
            name of an option for a choice.

    Raises:
        AssumptionError: An unknown parameter, another unit than the expected one, no number, a number out of
            range, an unknown option.
    """
    schema = expected_parameters(assumptions.structure)
    fixed = {name: _fixed(name, text, schema) for name, text in settings.items()}
    scenarios = {
        key: dataclasses.replace(item, parameters=MappingProxyType({**item.parameters, **fixed}))
        for key, item in assumptions.scenarios.items()
    }
    return dataclasses.replace(assumptions, scenarios=MappingProxyType(scenarios))


def _fixed(name: str, text: str, schema: Mapping[str, Spec]) -> Parameter:
    check_names([name], schema, "set", complete=False)
    spec, place = schema[name], f"set {name}"
    if spec.options:
        if text not in spec.options:
            raise AssumptionError(f"{place}: {text!r}; expected one of {', '.join(spec.options)}")
        weights = MappingProxyType({option: float(option == text) for option in spec.options})
        return Parameter("choice", weights, spec, "command line", "Set by the user.")
    value, _, unit = text.strip().partition(" ")
    if unit and unit.strip() != spec.unit:
        raise AssumptionError(f"{place}: unit {unit.strip()!r}; expected {spec.unit!r}")
    try:
        number = float(value)
    except ValueError:
        raise AssumptionError(f"{place}: {value!r}; expected a number in {spec.unit}") from None
    if not np.isfinite(number):
        raise AssumptionError(f"{place}: {value!r}; expected a finite number in {spec.unit}")
    spec.check_range(number, number, place)
    return Parameter("point", MappingProxyType({"value": number}), spec, "command line", "Set by the user.")


def _scenario(
    entry: Any, where: str, schema: Mapping[str, Spec], base: Mapping[str, Parameter], structure: Structure
) -> Scenario:
    table = _table(entry, where)
    keys_of(table, ("title", "paths"), where, optional=("set", "evidence", "regime"))
    if table["paths"] not in PATHS:
        raise AssumptionError(f"{where}: paths {table['paths']!r}; expected one of {', '.join(PATHS)}")
    regime = str(table.get("regime", ""))
    if regime and regime not in structure.regimes:
        raise AssumptionError(f"{where}: regime {regime!r}; expected one of {', '.join(structure.regimes)}")
    overrides = _parameters(_table(table.get("set", {}), f"{where}.set"), f"{where}.set", schema)
    return Scenario(
        title=_text(table["title"], f"{where}.title"),
        paths=table["paths"],
        evidence=flag_of(table.get("evidence", True), f"{where}.evidence"),
        regime=regime,
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
    keys_of(entry, FIELDS, place)
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
        if spec.fixed and dist != "point":
            raise AssumptionError(f"{place}: dist {dist!r}; expected 'point', one number that holds for all draws")
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
    numbers = all(is_number(item) and item >= 0 for item in weights.values())
    if not numbers or sum(weights.values()) <= 0:
        raise AssumptionError(f"{place}: expected weights of at least 0 that do not all vanish, came {dict(args)}")
    return weights

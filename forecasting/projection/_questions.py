"""What is asked of a simulation: evidence on capacity, milestones, sensitivities, claims, hindcasts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from forecasting.errors import AssumptionError
from forecasting.projection._distributions import is_number
from forecasting.projection._structure import flag_of, keys_of, names_of, table_of, text_of

__all__ = ["ClaimUse", "Correlation", "Evidence", "Hindcast", "Milestone", "Questions", "parse_questions"]

EVIDENCE_KINDS = ("output", "quota")
CLAIM_USES = ("used", "checked", "aside")
OPS = (">=", "<=")

_PRINTED = re.compile(r"(-?[0-9]+(\.[0-9]+)?)?")


@dataclass(frozen=True, slots=True)
class Evidence:
    """An episode in which value added and tonnes (or quotas) were both published.

    Attributes:
        kind: ``output`` (tonnes) or ``quota``.
        value_added: Growth of value added, percent.
        observed: Growth of the tonnes or the quota over the same months, percent.
        error: Standard deviation of what else moved (utilisation, coverage, mix), log points.
    """

    kind: str
    value_added: float
    observed: float
    error: float


@dataclass(frozen=True, slots=True)
class Milestone:
    """Thresholds of a metric whose first passage is dated."""

    metric: str
    op: str
    thresholds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ClaimUse:
    """What is done with a published claim.

    Attributes:
        use: ``used`` (it is the source of parameters), ``checked`` (against a metric) or ``aside``.
        by: Names of the parameters, or the metrics; empty for ``aside``.
        months: Months ahead at which a metric is read.
        scale: What the claim's figures are multiplied by to be in the metric's unit.
        intensity: Whether the intensity that the claim needs is stated, by kind of equipment.
        note: Why.
        low: Lower end of the claim, as printed; empty where it is open, or where the table of claims has the figures.
        high: Upper end of the claim.
        unit: Unit of the two.
    """

    use: str
    by: tuple[str, ...]
    months: int
    scale: float
    intensity: bool
    note: str
    low: str = ""
    high: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Hindcast:
    """A case of the past that the methods are tried on; arguments depend on the kind."""

    case: str
    kind: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Correlation:
    """Rank correlation of two parameters (of the Gaussian copula)."""

    first: str
    second: str
    rho: float


@dataclass(frozen=True, slots=True)
class Questions:
    """All of them."""

    evidence: Mapping[str, Evidence]
    milestones: Mapping[str, Milestone]
    sensitivity: tuple[str, ...]
    sensitivity_scenario: str
    claims: Mapping[str, ClaimUse]
    hindcasts: tuple[Hindcast, ...]
    correlations: tuple[Correlation, ...]


def parse_questions(document: Mapping[str, Any], file: str, horizon: int) -> Questions:
    """Check the questions of an assumption file.

    Raises:
        AssumptionError: A key missing or unknown, or a value of another kind than expected.
    """
    evidence = {key: _evidence(entry, f"{file}: evidence.{key}")
                for key, entry in table_of(document.get("evidence", {}), f"{file}: evidence").items()}  # fmt: skip
    listed = table_of(document.get("milestones", {}), f"{file}: milestones")
    milestones = {key: _milestone(entry, f"{file}: milestones.{key}") for key, entry in listed.items()}
    claims = {key: _claim(entry, f"{file}: claims.{key}", horizon)
              for key, entry in table_of(document.get("claims", {}), f"{file}: claims").items()}  # fmt: skip
    sensitivity = table_of(document.get("sensitivity", {"metrics": [], "scenario": ""}), f"{file}: sensitivity")
    keys_of(sensitivity, ("metrics", "scenario"), f"{file}: sensitivity")
    return Questions(
        evidence=MappingProxyType(evidence),
        milestones=MappingProxyType(milestones),
        sensitivity=names_of(sensitivity["metrics"], f"{file}: sensitivity.metrics"),
        sensitivity_scenario=str(sensitivity["scenario"]),
        claims=MappingProxyType(claims),
        hindcasts=tuple(_hindcast(entry, f"{file}: hindcast {i + 1}")
                        for i, entry in enumerate(document.get("hindcast", []))),
        correlations=tuple(_correlation(entry, f"{file}: correlation {i + 1}")
                           for i, entry in enumerate(document.get("correlation", []))),
    )  # fmt: skip


def _evidence(entry: Any, where: str) -> Evidence:
    table = table_of(entry, where)
    keys_of(table, ("kind", "value_added", "observed", "error", "source", "note"), where)
    if table["kind"] not in EVIDENCE_KINDS:
        raise AssumptionError(f"{where}: kind {table['kind']!r}; expected one of {', '.join(EVIDENCE_KINDS)}")
    grown, observed, error = (_number(table[key], f"{where}.{key}") for key in ("value_added", "observed", "error"))
    if grown <= -100 or observed <= -100 or grown == 0 or error <= 0:
        raise AssumptionError(f"{where}: expected growth above -100 %, value_added other than 0, and error above 0")
    return Evidence(table["kind"], grown, observed, error)


def _milestone(entry: Any, where: str) -> Milestone:
    table = table_of(entry, where)
    keys_of(table, ("metric", "op", "thresholds"), where, optional=("note",))
    if table["op"] not in OPS:
        raise AssumptionError(f"{where}: op {table['op']!r}; expected one of {', '.join(OPS)}")
    thresholds = table["thresholds"]
    if not isinstance(thresholds, list) or not thresholds:
        raise AssumptionError(f"{where}: thresholds {thresholds!r}; expected a list of numbers")
    numbers = tuple(_number(item, f"{where}.thresholds") for item in thresholds)
    if len(set(numbers)) < len(numbers):
        raise AssumptionError(f"{where}: thresholds {thresholds!r}; expected each once")
    return Milestone(text_of(table["metric"], f"{where}.metric"), table["op"], numbers)


def _claim(entry: Any, where: str, horizon: int) -> ClaimUse:
    table = table_of(entry, where)
    keys_of(table, ("use", "note"), where, optional=("by", "months", "scale", "intensity", "low", "high", "unit"))
    use, by = table["use"], names_of(table.get("by", []), f"{where}.by")
    if use not in CLAIM_USES:
        raise AssumptionError(f"{where}: use {use!r}; expected one of {', '.join(CLAIM_USES)}")
    if bool(by) == (use == "aside"):
        raise AssumptionError(
            f"{where}: by {list(by)!r}; expected a list of parameters or metrics, none for a claim aside"
        )
    months = table.get("months", horizon)
    if type(months) is not int or not 1 <= months <= horizon:
        raise AssumptionError(f"{where}: months {months!r}; expected a whole number from 1 to {horizon}")
    scale = _number(table.get("scale", 1.0), f"{where}.scale")
    note = text_of(table["note"], f"{where}.note")
    intensity = flag_of(table.get("intensity", False), f"{where}.intensity")
    return ClaimUse(use, by, months, scale, intensity, note, *_stated(table, where))


def _stated(table: Mapping[str, Any], where: str) -> tuple[str, str, str]:
    """The ends and the unit of a claim that a file states itself; the ends are text, which keeps their last digit."""
    low, high = (_printed(table.get(key, ""), f"{where}.{key}") for key in ("low", "high"))
    unit = text_of(table["unit"], f"{where}.unit") if "unit" in table else ""
    if bool(low or high) != bool(unit):
        raise AssumptionError(
            f"{where}: low {low!r}, high {high!r}, unit {unit!r}; expected figures in a unit, or neither"
        )
    if low and high and float(low) > float(high):
        raise AssumptionError(f"{where}: low {low!r} is above high {high!r}; exchange them")
    return low, high, unit


def _printed(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _PRINTED.fullmatch(value):
        raise AssumptionError(f'{where}: {value!r}; expected a number as it was printed, in quotes: "15.0"')
    return value


def _hindcast(entry: Any, where: str) -> Hindcast:
    table = dict(table_of(entry, where))
    case, kind = (text_of(table.pop(key, None), f"{where}.{key}") for key in ("case", "kind"))
    return Hindcast(case, kind, MappingProxyType(table))


def _correlation(entry: Any, where: str) -> Correlation:
    table = table_of(entry, where)
    keys_of(table, ("parameters", "rho", "note"), where)
    pair, rho = names_of(table["parameters"], f"{where}.parameters"), _number(table["rho"], f"{where}.rho")
    if len(pair) != 2 or not -1 < rho < 1:
        raise AssumptionError(f"{where}: expected two parameters and a rho between -1 and 1")
    return Correlation(*pair, rho)


def _number(value: Any, where: str) -> float:
    if not is_number(value):
        raise AssumptionError(f"{where}: {value!r}; expected a finite number")
    return float(value)

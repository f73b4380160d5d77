"""The difference of two releases for people: why first, then what moved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["diff_lines"]

_INPUTS = {
    "observations": "the figures known",
    "known_then": "what was known at the origins of the backtests",
    "forecasts_scored": "the earlier forecasts that could be scored",
    "first_prints": "the first prints that scored them",
    "champions_since": "the days since which champions are in place",
    "calibration": "the calibration table of the projection",
    "claims": "the published claims",
    "catalog": "the catalogue",
    "calendar": "the release calendar",
    "code": "the code",
    "version": "the version",
    "seed": "the seed",
    "fit": "setting fit",
    "champion": "setting champion",
    "projection": "setting projection",
    "pictures": "setting publishing.pictures",
    "known_before": "the figures known a good month before",
    "compared_with": "the release that the night was compared with",
}
_HASH = re.compile(r"[0-9a-f]{32,64}")
_TITLES = {
    "monthly": "recovered growth, percent",
    "forecasts": "forecasts, median in percent",
    "headlines": "coming cumulative rates, median in percent",
}


def diff_lines(diff: Mapping[str, Any], top: int = 10) -> list[str]:
    """The difference in lines of text.

    Args:
        diff: See `diff_releases`.
        top: Lines of each kind at most; what is left out is counted.
    """
    before, after = diff["before"], diff["after"]
    lines = [f"from {before['release']} (as of {before['as_of']}) to {after['release']} (as of {after['as_of']})"]
    inputs = [_input(one) for one in diff["inputs"] if not one["input"].startswith("champions.")]
    if others := len(diff["inputs"]) - len(inputs):
        inputs.append(f"the champions in place: {others} changed")
    lines += _block("why: inputs that changed", inputs, top=len(inputs))
    lines += _block("libraries that changed", [f"{one['library']} {_arrow(one)}" for one in diff["libraries"]], top=top)
    names = (("tables_added", "table {} is new"), ("tables_removed", "table {} is gone"),
             ("columns_added", "column {} is new"), ("columns_removed", "column {} is gone"))  # fmt: skip
    words = [text.format(name) for kind, text in names for name in diff["dictionary"][kind]]
    lines += _block(f"dictionary {before['schema_version']} -> {after['schema_version']}", words, top=top)
    catalogue = diff["indicators"]
    lines += _block(
        "catalogue",
        [f"{name} is new" for name in catalogue["added"]]
        + [f"{name} is gone" for name in catalogue["removed"]]
        + [f"{one['indicator']} {one['column']}: {_arrow(one)}" for one in catalogue["changed"]],
        top=top,
    )
    figures = diff["figures"]
    lines += _block("new figures", [_news(one) for one in figures["new"]], top=top)
    lines += _block("revised figures", [_revised(one) for one in figures["revised"]], top=top)
    lines += _block(
        "withdrawn figures", [f"{_figure(one)} {_words(one['value'])}" for one in figures["withdrawn"]], top=top
    )
    lines += _block("models", [f"{one['indicator']}: {_arrow(one)}" for one in diff["models"]], top=top)
    for name, title in _TITLES.items():
        lines += _block(f"moved most: {title}", [_move(one) for one in diff["moved"][name]], top=top)
    lines += _block("milestones, probability by date", [_milestone(one) for one in diff["milestones"]], top=top)
    lines += _block("claims, the probability that moved most", [_claim(one) for one in diff["claims"]], top=top)
    return lines if len(lines) > 1 else [*lines, "nothing changed"]


def _block(title: str, entries: Sequence[str], top: int) -> list[str]:
    """A title with the entries under it; nothing where there are none."""
    if not entries:
        return []
    more = [f"  and {len(entries) - top:,} more"] if len(entries) > top else []
    return [title, *(f"  {entry}" for entry in entries[:top]), *more]


def _input(one: Mapping[str, Any]) -> str:
    section, _, name = one["input"].partition(".")
    words = " ".join(filter(None, (_INPUTS.get(section, section), name)))
    hashed = any(isinstance(one[side], str) and _HASH.fullmatch(one[side]) for side in ("before", "after"))
    return words if hashed else f"{words}: {_arrow(one)}"


def _figure(one: Mapping[str, Any]) -> str:
    return f"{one['indicator']} {one['period']} {one['measure']} ({one['unit']}):"


def _revised(one: Mapping[str, Any]) -> str:
    if one["unit_before"] == one["unit"]:
        return f"{_figure(one)} {_arrow(one)}"
    sides = (f"{_words(one['before'])} {one['unit_before']}", f"{_words(one['after'])} {one['unit']}")
    return f"{one['indicator']} {one['period']} {one['measure']}: {' -> '.join(sides)}"


def _news(one: Mapping[str, Any]) -> str:
    expected = one.get("expected")
    return f"{_figure(one)} {_words(one['value'])}" + ("" if expected is None else f", expected {expected:z.2f}")


def _move(one: Mapping[str, Any]) -> str:
    what = " ".join(str(one[name]) for name in ("indicator", "target", "month", "period") if name in one)
    return f"{what}: {one['before']:z.2f} -> {one['after']:z.2f} ({one['change']:+z.2f})"


def _milestone(one: Mapping[str, Any]) -> str:
    what = f"{one['milestone_id']} {one['threshold']:g} by {one['date']} in {one['scenario']}"
    return f"{what}: {one['p_reached_by_before']:.4f} -> {one['p_reached_by_after']:.4f}"


def _claim(one: Mapping[str, Any]) -> str:
    sides = {part: (one[f"p_{part}_before"], one[f"p_{part}_after"]) for part in ("below", "within", "above")}
    known = {part: after - before for part, (before, after) in sides.items() if None not in (before, after)}
    part = max(known, key=lambda part: abs(known[part]), default="within")
    words = " -> ".join("undefined" if side is None else f"{side:.4f}" for side in sides[part])
    return f"{one['claim_id']} {one['metric']}: {part} {words}"


def _arrow(one: Mapping[str, Any]) -> str:
    return f"{_words(one['before'])} -> {_words(one['after'])}"


def _words(value: Any) -> str:
    if value in (None, ""):
        return "none"
    return f"{value:.10g}" if isinstance(value, float) else str(value)

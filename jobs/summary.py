"""A release in a few lines, for whoever started the night and wants to see what came out."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from jobs.scoring import alarms

__all__ = ["summary"]

SHOWN = "baseline_mixture"
"""The scenario whose claim check is shown, where a release has it."""


def summary(release: Path) -> list[str]:
    """The next release of every indicator, what the claim check says, and the alarms, as lines of text.

    Args:
        release: Folder of a release.
    """
    lines = ["next release, growth since January in percent: median (90 % band), the latest, chance to exceed it"]
    seen = set()
    for row in _rows(release / "headlines.csv"):
        if row["indicator"] in seen:
            continue
        seen.add(row["indicator"])
        middle, low, high, latest, chance = (
            float(row[name]) for name in ("q50", "q05", "q95", "no_change", "prob_above_no_change")
        )
        lines.append(
            f"  {row['indicator']:<29} {row['period']}  {middle:6.1f} ({low:6.1f} to {high:6.1f})"
            f"  latest {latest:6.1f}  {100 * chance:3.0f} %"
        )
    checked = list(_rows(release / "claim_check.csv"))
    scenarios = sorted({row["metric"].partition("|")[0] for row in checked}, key=lambda name: (name != SHOWN, name))
    if scenarios:
        lines.append(f"claims: probability below, within and above the range, in scenario {scenarios[0]}")
    for row in checked:
        scenario, _, metric = row["metric"].partition("|")
        if scenario != scenarios[0]:
            continue
        below, within, above = (100 * float(row[name]) for name in ("p_below", "p_within", "p_above"))
        lines.append(
            f"  {row['claim_id']} {float(row['claim_low']):g} to {float(row['claim_high']):g}:"
            f" {below:3.0f} / {within:3.0f} / {above:3.0f} %  {metric}"
        )
    return lines + alarms(release)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)

"""A release in a few lines, for whoever started the night and wants to see what came out."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jobs.scoring import alarms

__all__ = ["summary"]

MANY, TELLING = 40, 10
"""Indicators beyond which only the most telling are shown, and how many these are; the same of alarms."""

LIKELY = 0.8
"""Chance from which on a rate is said to rise; to fall, where its opposite has it."""

Row = Mapping[str, str]


def summary(release: Path) -> list[str]:
    """The next release of every indicator, what the claim check says, and the alarms, as lines of text.

    Of many indicators there are counts and those that are surest to rise or fall.

    Args:
        release: Folder of a release.
    """
    lines = ["next release, growth since January in percent: median (90 % band), the latest, chance to exceed it"]
    coming: dict[str, Row] = {}
    for row in _rows(release / "headlines.csv"):
        coming.setdefault(row["indicator"], row)
    shown = list(coming.values())
    if len(shown) > MANY:
        lines.insert(0, _counts(shown))
        shown = sorted(shown, key=_doubt)[:TELLING]
    lines += [_line(row) for row in shown]
    if len(shown) < len(coming):
        lines.append(f"  all {len(coming):,}: {release / 'headlines.csv'}")
    checked = list(_rows(release / "claim_check.csv"))
    tried = {row["scenario"] for row in _rows(release / "sensitivity.csv")}  # the leading one
    named = {row["metric"].partition("|")[0] for row in checked}
    scenarios = sorted(named, key=lambda name: (name not in tried, name))
    if scenarios:
        lines.append(f"claims: probability below, within and above the range, in scenario {scenarios[0]}")
    for row in checked:
        scenario, _, metric = row["metric"].partition("|")
        if scenario == scenarios[0]:
            lines.append(f"  {row['claim_id']} {_range(row)}: {_odds(row)}  {metric}")
    warned = alarms(release)
    if len(warned) > MANY:
        surprises = sum(line.startswith("surprise") for line in warned)
        more = f"{surprises:,} surprises and {len(warned) - surprises:,} drift alarms: {release / 'scorecard.csv'}"
        warned = [*warned[:TELLING], f"{more}, {release / 'drift.csv'}"]
    return lines + warned


def _counts(rows: Sequence[Row]) -> str:
    chances = [float(row["prob_above_no_change"]) for row in rows]
    rise, fall = sum(p >= LIKELY for p in chances), sum(p <= 1 - LIKELY for p in chances)
    either = len(rows) - rise - fall
    sure = f"{100 * LIKELY:.0f} %"
    return (
        f"{len(rows):,} indicators: the rate rises in {rise:,} and does not in {fall:,} with a chance of {sure} and"
        f" more; {either:,} may do either"
    )


def _doubt(row: Row) -> tuple[float, float, str]:
    """Sorts the surest first, of equally sure ones those that move most."""
    move = float(row["q50"]) - float(row["no_change"])
    return -abs(float(row["prob_above_no_change"]) - 0.5), -abs(move), row["indicator"]


def _line(row: Row) -> str:
    from forecasting.report import percent

    middle, low, high, latest, chance = (
        float(row[name]) for name in ("q50", "q05", "q95", "no_change", "prob_above_no_change")
    )
    return (
        f"  {row['indicator']:<29} {row['period']}  {middle:z6.1f} ({low:z6.1f} to {high:z6.1f})"
        f"  latest {latest:z6.1f}  {percent(chance):>5}"
    )


def _range(row: Row) -> str:
    """What is claimed; one end may be open."""
    low, high = row["claim_low"], row["claim_high"]
    if not low or not high:
        return f"<= {float(high):g}" if high else f">= {float(low):g}"
    return f"{float(low):g} to {float(high):g}"


def _odds(row: Row) -> str:
    from forecasting.report import percent

    if row["code"] == "undefined":
        return "undefined"
    return " / ".join(f"{percent(float(row[name])):>5}" for name in ("p_below", "p_within", "p_above"))


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)

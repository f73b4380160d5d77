"""Whether figures agree: one rounded like the other, and parts with their whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from forecasting.sources.bulletin._candidates import Candidate

_SCALES = (("trillion", 10**12), ("100 million", 10**8), ("10,000", 10**4), ("1,000", 1000))
_PARTS = (
    ("gdp", ("primary_va", "secondary_va", "tertiary_va")),
    ("retail_sales", ("retail_urban", "retail_rural")),
    ("retail_sales", ("retail_catering", "retail_goods")),
    ("retail_above_size", ("retail_above_size_urban", "retail_above_size_rural")),
    ("retail_above_size", ("retail_above_size_catering", "retail_above_size_goods")),
    ("trade_cny", ("exports_cny", "imports_cny")),
    ("trade", ("exports", "imports")),
)
_BESIDE = ("forestry_va", "livestock_va")
_FARMING = re.compile("(?<![林牧渔])农业(?:实现)?增加值")
_SLACK = Decimal("0.02")  # of the whole, over what rounding explains


def scaled(one: Candidate) -> tuple[Decimal, Decimal, str]:
    """Its value and its rounding in units of one, and what these are."""
    base, factor = one.unit, Decimal(1)
    for name, times in _SCALES:
        if name in one.unit:
            base, factor = one.unit.replace(name, "").strip(), Decimal(times)
            break
    return Decimal(one.value) * factor, Decimal(1).scaleb(-one.decimals) * factor, base


def agree(finest: Candidate, other: Candidate) -> bool:
    """The same figure, or the same rounded: 14.4 in units of 10,000 t and 143972 t."""
    value, _, base = scaled(finest)
    rounded, step, known = scaled(other)
    return base == known and abs(value - rounded) <= step / 2


def strays(sure: Sequence[Candidate]) -> set[tuple[str, str]]:
    """Indicators and periods of parts that do not add up to their whole: of another whole, or of another place."""
    levels = {(one.indicator, one.period, one.measure): one for one in sure if one.measure.endswith("_level")}
    return {
        (part.indicator, part.period)
        for (indicator, period, measure), whole in levels.items()
        for names in _parts(indicator)
        if all((name, period, measure) in levels for name in names)
        for part in _apart(whole, [levels[name, period, measure] for name in names])
    }


def farming_alone(sure: Sequence[Candidate]) -> set[tuple[str, str]]:
    """Value added of 农业 beside that of forestry or herding: whether of farming or of all of them, is not said."""
    given = {(one.indicator, one.period) for one in sure}
    return {
        (one.indicator, one.period)
        for one in sure
        if one.indicator.endswith("_agriculture_va")
        and _FARMING.search(one.sentence)
        and any((one.indicator.removesuffix("agriculture_va") + part, one.period) in given for part in _BESIDE)
    }


def _parts(indicator: str) -> Iterator[list[str]]:
    for whole, parts in _PARTS:
        if indicator.endswith(f"_{whole}"):
            yield [indicator.removesuffix(whole) + part for part in parts]


def _apart(whole: Candidate, parts: Sequence[Candidate]) -> Sequence[Candidate]:
    """The parts where their sum is not the whole, none where it is."""
    total, step, base = scaled(whole)
    figures = [scaled(part) for part in parts]
    if any(unit != base for _, _, unit in figures):
        return ()
    off = abs(sum(value for value, _, _ in figures) - total)
    rounding = step + sum(rounded for _, rounded, _ in figures)
    return parts if off > _SLACK * total + rounding else ()

"""Units of levels that differ by a power of ten: 亿元 and CNY billion, 万吨 and t.

A unit is a scale and a base (``CNY 100 million``, ``10,000 t``), or as bulletins print it. Only powers of ten are
converted, so a figure keeps its digits, and the place to which it was rounded moves with the point.
"""

from __future__ import annotations

import re
from decimal import Decimal

from forecasting.sources.bulletin import UNITS

_SCALES = {
    "thousand": 3, "1,000": 3, "10,000": 4, "100,000": 5, "million": 6, "10 million": 7, "100 million": 8,
    "billion": 9, "trillion": 12,
}  # fmt: skip

# base -> what it is counted in, and the power of ten; another base is only ever the same as itself
_BASES = {
    "yuan": ("CNY", 0), "RMB": ("CNY", 0),
    "dollars": ("USD", 0), "US dollars": ("USD", 0),
    "g": ("t", -6), "kg": ("t", -3), "tonnes": ("t", 0), "tons": ("t", 0), "kt": ("t", 3), "Mt": ("t", 6),
    "MWh": ("kWh", 3), "GWh": ("kWh", 6), "TWh": ("kWh", 9),
    "MW": ("kW", 3), "GW": ("kW", 6),
    "MVA": ("kVA", 3),
    "kL": ("m3", 0),
    "ha": ("m2", 4), "km2": ("m2", 6),
    "km": ("m", 3), "fibre km": ("fibre m", 3), "t km": ("t m", 3), "person km": ("person m", 3),
}  # fmt: skip

NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?", re.ASCII)  # that can be converted

_SCALE = "|".join(sorted(map(re.escape, _SCALES), key=len, reverse=True))
_BEFORE = re.compile(rf"({_SCALE})\s+(.+)")
_BEHIND = re.compile(rf"(.+?)\s+({_SCALE})")


def shift(unit: str, into: str) -> int | None:
    """The power of ten between two units; None where they do not measure the same.

    >>> shift("CNY 10,000", "CNY 100 million"), shift("万吨", "t"), shift("10,000 kW", "GW"), shift("t", "units")
    (-4, 4, -2, None)
    """
    base, power = _parts(unit)
    other, its_power = _parts(into)
    return power - its_power if base == other else None


def converted(value: str, decimals: int, power: int) -> tuple[str, int]:
    """A number times a power of ten, digit for digit, and the decimals to which it was rounded.

    >>> converted("1300.0", 1, -1), converted("0.35", 2, 4), converted("-12", 0, 0)
    (('130.00', 2), ('3500', -2), ('-12', 0))
    """
    sign, digits, exponent = Decimal(value).as_tuple()
    return format(Decimal((sign, digits, int(exponent) + power)), "f"), decimals - power


def _parts(unit: str) -> tuple[str, int]:
    text = " ".join(unit.split())
    text = UNITS[text][0] if text in UNITS else text
    scale, base = "", text
    if found := _BEFORE.fullmatch(text):
        scale, base = found[1], found[2]
    elif found := _BEHIND.fullmatch(text):
        base, scale = found[1], found[2]
    name, power = _BASES.get(base, (base, 0))
    return name, power + _SCALES.get(scale, 0)

"""Conversion of units: digits stay, the point and the rounding move together."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.sources._units import converted, shift
from forecasting.sources.bulletin import UNITS


@pytest.mark.parametrize(
    ("unit", "into", "power"),
    [
        ("亿元", "CNY billion", -1),
        ("CNY 10,000", "CNY 100 million", -4),
        ("万亿元", "亿元", 4),
        ("CNY 100 million", "billion yuan", -1),
        ("USD 100 million", "USD billion", -1),
        ("10,000 t", "t", 4),
        ("吨", "万吨", -4),
        ("kg", "10,000 t", -7),
        ("10,000 t", "Mt", -2),
        ("100 million kWh", "TWh", -1),
        ("10,000 kW", "GW", -2),
        ("10,000 kL", "m3", 4),
        ("10,000 units", "units", 4),
        ("10,000 cases", "million cases", -2),
        ("index", "index", 0),
    ],
)
def test_units_of_one_kind_differ_by_a_power_of_ten(unit, into, power):
    assert shift(unit, into) == power
    assert shift(into, unit) == -power


@pytest.mark.parametrize(
    ("unit", "into"),
    [("CNY", "USD"), ("t", "units"), ("kW", "kWh"), ("10,000 cases", "10,000 units"), ("t", "t km"), ("CNY", "index")],
)
def test_units_of_other_kinds_are_not_converted(unit, into):
    assert shift(unit, into) is None


def test_every_unit_of_bulletins_is_one_of_a_scale_and_a_base():
    assert all(shift(printed, name) == 0 for printed, (name, _) in UNITS.items())


@given(st.decimals(-(10**12), 10**12, places=3), st.integers(-12, 12))
def test_the_rounding_interval_moves_with_the_figure(number, power):
    places = 3
    value, decimals = converted(str(number), places, power)
    assert Decimal(value) == number * Decimal(10) ** power
    half, its_half = Decimal(5).scaleb(-places - 1), Decimal(5).scaleb(-decimals - 1)
    assert its_half == half * Decimal(10) ** power
    assert "E" not in value
    back, again = converted(value, decimals, -power)
    assert (Decimal(back), again) == (number, places)

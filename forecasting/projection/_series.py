"""The variables of a scenario, each with region, basis, unit and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from forecasting.projection._growth import Array
from forecasting.projection._scenario import Outcome, sum_flows

__all__ = ["Series", "series"]

INDEX, FLOW = "index, start = 100", "kt/yr"


@dataclass(frozen=True, eq=False)
class Series:
    """One variable by month and draw, month 0 first.

    Attributes:
        region: Where.
        variable: Name; a demand's anchor stands after a bar.
        basis: What a tonne is counted in; empty for indices and shares.
        unit: Unit.
        origin: ``stat``, ``struct`` or ``mixed``.
        capacity_basis: What the capacity behind it rests on; None where none is.
        draws: ``(HORIZON + 1, N)``.
        stock: Whether a year is its December, not its mean.
    """

    region: str
    variable: str
    basis: str
    unit: str
    origin: str
    capacity_basis: str | None
    draws: Array
    stock: bool = False


def series(outcome: Outcome) -> Iterator[Series]:
    """All variables of the trajectories table."""
    yield from _capacity(outcome)
    yield from _supply(outcome)
    yield from _demand(outcome)
    yield from _market(outcome)
    yield from _outside(outcome)


def _led(outcome: Outcome) -> str:
    return "mixed" if outcome.handover else "stat"


def _primary_basis(outcome: Outcome) -> str:
    return "quota_anchored" if outcome.structure.quota_states and outcome.handover else "output_anchored"


def _capacity(outcome: Outcome) -> Iterator[Series]:
    structure, led, basis = outcome.structure, _led(outcome), outcome.capacity_basis
    region, nation = structure.region, structure.nation
    output = outcome.capacity * outcome.utilisation / outcome.utilisation[:1]
    yield Series(region, "va_index", "", INDEX, led, None, outcome.activity[structure.producer])
    yield Series(region, "capacity_index", "", INDEX, led, basis, outcome.capacity)
    yield Series(region, "output_index", "", INDEX, led, basis, output)
    yield Series(region, "utilisation", "", "share", "struct", basis, outcome.utilisation)
    yield Series(region, "nominal_value_index", "", INDEX, led, basis, output * outcome.balance.price / 100.0)
    if nation != region:
        yield Series(nation, "capacity_index", "", INDEX, led, basis, outcome.nation_capacity)
    for key, values in outcome.activity.items():
        if key != structure.producer:
            yield Series(region, f"activity_index|{key}", "", INDEX, led, None, values)


def _supply(outcome: Outcome) -> Iterator[Series]:
    structure, led, rests, account = outcome.structure, _led(outcome), _primary_basis(outcome), outcome.balance
    nation, basis, like = structure.nation, structure.account, account.supply
    for kind, name, origin, on in (("mine", "mine_output", led, rests), ("import", "imports", "struct", None)):
        routes = {key: item for key, item in outcome.primary.routes.items() if structure.routes[key].kind == kind}
        for counted in dict.fromkeys(item.basis for item in routes.values()):
            of = {key: item for key, item in routes.items() if item.basis == counted}
            yield Series(nation, name, counted, FLOW, origin, on, sum_flows(of, counted, like).kt)
            if len(of) > 1:
                for key, item in of.items():
                    yield Series(nation, f"{name}|{key}", counted, FLOW, origin, on, item.kt)
    for counted, item in outcome.production.items():
        made = outcome.primary.separated.kt if counted == structure.second else account.supply
        yield Series(nation, "separated_output", counted, FLOW, led, rests, made)
        yield Series(nation, "production", counted, FLOW, led, rests, item.kt)
    yield Series(nation, "recycled_swarf", basis, FLOW, "struct", None, account.swarf)
    yield Series(nation, "recycled_eol", basis, FLOW, "struct", None, account.eol)


def _demand(outcome: Outcome) -> Iterator[Series]:
    structure, led = outcome.structure, _led(outcome)
    nation, like = structure.nation, outcome.balance.supply
    for basis in outcome.bases():
        used = outcome.used(basis)
        for key, item in used.items():
            if basis == structure.second != structure.account and structure.accounted(key):
                continue  # the same tonnes as in the account
            origin = led if structure.anchors[key].indicator else "struct"
            yield Series(nation, f"demand|{key}", basis, FLOW, origin, None, item.kt)
        yield Series(nation, "demand|total", basis, FLOW, led, None, sum_flows(used, basis, like).kt)


def _market(outcome: Outcome) -> Iterator[Series]:
    structure, account, rests = outcome.structure, outcome.balance, _primary_basis(outcome)
    nation, basis = structure.nation, structure.account
    gone = account.goods_exported(structure)
    cover = 12.0 * account.stock / np.maximum(account.need + account.outside_wanted, 1e-300)
    for variable, values in (("exports_goods", gone), ("exports_raw", account.raw), ("losses", account.losses),
                             ("stock_change", account.stock_change), ("curtailed", account.curtailed),
                             ("unmet", account.unmet)):  # fmt: skip
        yield Series(nation, variable, basis, FLOW, "struct", rests, values)
    for key in account.use:
        anchor = structure.anchors[key]
        if anchor.export and anchor.basis != basis:
            shipped = account.use[key] / np.maximum(outcome.wanted[key].need.kt, 1e-300) * outcome.wanted[key].own.kt
            unit = f"{structure.units[anchor.basis]}/yr"
            yield Series(nation, key, anchor.basis, unit, "struct", rests, shipped)
    for counted in outcome.bases():
        used = sum_flows(outcome.used(counted), counted, account.supply)
        yield Series(nation, "surplus", counted, FLOW, "struct", rests, (outcome.production[counted] - used).kt)
    yield Series(nation, "stock", basis, "kt", "struct", rests, account.stock, stock=True)
    yield Series(nation, "stock_cover_months", basis, "months", "struct", rests, cover, stock=True)
    yield Series(nation, "price_index", "", INDEX, "struct", rests, account.price)


def _outside(outcome: Outcome) -> Iterator[Series]:
    structure, account, basis = outcome.structure, outcome.balance, outcome.structure.account
    outside = structure.outside
    for i, name in enumerate(structure.regimes):
        share = (outcome.controls.state == i).astype(np.float64)
        yield Series(structure.nation, f"p_regime|{name}", "", "probability", "struct", None, share)
    supply = outcome.entry.supply
    yield Series(outside, "west_supply", basis, FLOW, "struct", None, supply)
    yield Series(outside, "west_share", basis, "share", "struct", None, west_share(outcome))
    for variable, values in (("wanted_from_here", account.outside_wanted), ("stock_draw", account.outside_draw),
                             ("replaced", account.outside_replaced), ("unmet", account.outside_unmet)):  # fmt: skip
        yield Series(outside, variable, basis, FLOW, "struct", None, values)
    yield Series(outside, "price_index", "", INDEX, "struct", None, account.outside_price)


def west_share(outcome: Outcome) -> Array:
    """Supply outside over what the outside uses: its own supply and what it wants from here."""
    supply = outcome.entry.supply
    return np.asarray(supply / np.maximum(supply + outcome.balance.outside_wanted, 1e-300))

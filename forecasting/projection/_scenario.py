"""One scenario, all draws at once: capacity, supply and demand over 120 months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.errors import AssumptionError
from forecasting.projection._assumptions import Assumptions, Scenario
from forecasting.projection._coupling import (
    HORIZON,
    MONTHS,
    GrowthPaths,
    IndicatorGrowth,
    cumulate,
    damped_rates,
    handover_weight,
    rates,
)
from forecasting.projection._draws import Uniforms, Values
from forecasting.projection._flows import Flow
from forecasting.projection._growth import Array, log_rate, saturating

__all__ = ["Outcome", "run_scenario"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """Everything a scenario gives, by draw and month; month 0 (the base) is column 0 of every array.

    Attributes:
        activity: Indicator key to index, start = 100, shape ``(N, HORIZON + 1)``.
        capacity: Capacity index, start = 100.
        utilisation: Share of capacity in use.
        output: Output index, start = 100: capacity times utilisation, over utilisation at the start.
        mine: Mine output, TREO.
        imports: Imported ore and compounds, TREO.
        recycled: Oxide from magnet swarf, NdPr oxide.
        recycled_treo: All rare-earth oxides from swarf, TREO.
        demand: Anchor key to demand in its own basis.
        demand_ndpr: Anchor key to need for NdPr oxide (magnet anchors only).
        demand_treo: Anchor key to use of rare-earth oxide.
        production: Basis to oxide made in China from ore, imported material and scrap.
        exported: Anchor key to the share of its use that leaves the country, shape ``(N,)``.
        complete: Whether every anchor takes part.
        claim: Additions per year that the claimed absorption is held against, GW, by kind of equipment.
    """

    activity: Mapping[str, Array]
    capacity: Array
    utilisation: Array
    output: Array
    mine: Flow
    imports: Flow
    recycled: Flow
    recycled_treo: Flow
    demand: Mapping[str, Flow]
    demand_ndpr: Mapping[str, Flow]
    demand_treo: Mapping[str, Flow]
    production: Mapping[str, Flow]
    exported: Mapping[str, Array]
    complete: bool
    claim: Mapping[str, Array]


def run_scenario(assumptions: Assumptions, scenario: Scenario, paths: GrowthPaths, values: Values,
                 uniforms: Uniforms) -> Outcome:  # fmt: skip
    """Simulate one scenario; all arrays have one row per draw."""
    handover = scenario.paths == "handover"
    growth = _indicator_growth(assumptions, paths, values, uniforms)
    weight = _weight(values) if handover else np.ones((uniforms.draws, HORIZON))
    blended = {
        key: weight * item.statistical + (1.0 - weight) * damped_rates(item.current, item.ginf, item.half_life_months)
        for key, item in growth.items()
    }
    activity = {key: 100.0 * _levels(cumulate(rate)) for key, rate in blended.items()}

    capacity_rate = _capacity_rate(values, blended[assumptions.producer])
    capacity = 100.0 * _levels(cumulate(capacity_rate))
    utilisation = _utilisation(values, uniforms)
    mine = _mine(values, growth[assumptions.producer], capacity_rate, weight)
    imports = Flow(_compound(values("supply.imports"), log_rate(values("supply.imports_growth"))), "TREO")

    demand = {
        key: Flow(_anchor(key, anchor.indicator, values, growth, weight, handover=handover), anchor.basis)
        for key, anchor in assumptions.anchors.items()
        if handover or anchor.indicator
    }
    need = {key: _ndpr(values, item) for key, item in demand.items() if item.basis == "magnet"}
    use = {key: need[key].ndpr_to_treo() if key in need else item for key, item in demand.items()}
    recycled = _swarf(assumptions, values, need)
    recycled_treo = recycled.ndpr_to_treo() * values("supply.recycled_treo_per_ndpr")[:, None]
    ndpr_share = values("conversion.ndpr_share")[:, None]
    return Outcome(
        activity=activity,
        capacity=capacity,
        utilisation=utilisation,
        output=capacity * utilisation / utilisation[:, :1],
        mine=mine,
        imports=imports,
        recycled=recycled,
        recycled_treo=recycled_treo,
        demand=demand,
        demand_ndpr=need,
        demand_treo=use,
        production={
            "NdPr_oxide": (mine + imports).treo_to_ndpr(ndpr_share) + recycled,
            "TREO": mine + imports + recycled_treo,
        },
        exported={key: values(f"demand.{key}.exported") for key in demand},
        complete=len(demand) == len(assumptions.anchors),
        claim={kind: values(f"claim.{kind}") for kind in ("electrolysers", "storage")},
    )


def _indicator_growth(assumptions: Assumptions, paths: GrowthPaths, values: Values,
                      uniforms: Uniforms) -> dict[str, IndicatorGrowth]:  # fmt: skip
    result = {}
    for key, identifier in assumptions.indicators.items():
        name = f"indicators.{key}"
        given = paths.growth.get(identifier)
        path = None if given is None else given[uniforms.path_rows(paths.draws)]
        half_life_months = 12.0 * values("growth.half_life", name)
        prior, long_run = log_rate(values(f"{name}.prior")), log_rate(values(f"{name}.long_run"))
        result[key] = IndicatorGrowth.of(path, prior, long_run, half_life_months)
    return result


def _weight(values: Values) -> Array:
    return handover_weight(values("handover.centre")[:, None], values("handover.width")[:, None])


def _capacity_rate(values: Values, value_added: Array) -> Array:
    """Growth of capacity: the part kappa of value added's growth that is not price, mix, use or coverage.

    dln C = dln VA - dln u - dln nu - b dln p - dln chi. Value added alone fixes none of the terms on the
    right, so their sum is a prior share kappa = dln C / dln VA.
    """
    most = log_rate(values("capacity.growth_max"))[:, None]
    return np.minimum(values("capacity.kappa")[:, None] * value_added, most)


def _utilisation(values: Values, uniforms: Uniforms) -> Array:
    """Utilisation between its bounds: a stationary AR(1) on the logit scale."""
    low, mean, high = (values(f"capacity.utilisation_{name}")[:, None] for name in ("low", "mean", "high"))
    if not ((low < mean) & (mean < high)).all():
        raise AssumptionError("capacity.utilisation: expected utilisation_low < _mean < _high in every draw")
    persistence, spread = values("capacity.utilisation_persistence"), values("capacity.utilisation_spread")
    shock = uniforms.normals("capacity.utilisation", HORIZON + 1)
    state = np.empty_like(shock)
    state[:, 0] = spread * shock[:, 0]
    step = spread * np.sqrt(1.0 - persistence**2)
    for t in range(1, HORIZON + 1):
        state[:, t] = persistence * state[:, t - 1] + step * shock[:, t]
    centre = np.log((mean - low) / (high - mean))
    return np.asarray(low + (high - low) / (1.0 + np.exp(-(centre + state))))


def _mine(values: Values, producer: IndicatorGrowth, capacity_rate: Array, weight: Array) -> Flow:
    """Mine output from the quota base: city and the rest at first, then damped to the long run of quotas."""
    city = values("capacity.city_share")
    other = log_rate(values("supply.mine_other_growth"))
    near = city[:, None] * capacity_rate + ((1.0 - city) * other)[:, None]
    most = log_rate(values("capacity.growth_max"))
    now = city * np.minimum(values("capacity.kappa") * producer.current, most) + (1.0 - city) * other
    half_life_months = 12.0 * values("growth.half_life", "supply.mine")
    far = damped_rates(now, log_rate(values("supply.mine_long_run")), half_life_months)
    levels = _levels(cumulate(weight * near + (1.0 - weight) * far))
    return Flow(values("supply.mine")[:, None] * levels, "TREO")


def _anchor(key: str, indicator: str, values: Values, growth: Mapping[str, IndicatorGrowth], weight: Array, *,
            handover: bool) -> Array:  # fmt: skip
    """Demand of one anchor in kt per year: saturating growth of its activity, less thrift per unit."""
    name = f"demand.{key}"
    base = values(f"{name}.base")[:, None]
    if not handover:
        return base * _levels(cumulate(growth[indicator].statistical))
    cap = values(f"{name}.cap")
    g0 = growth[indicator].current if indicator else log_rate(values(f"{name}.growth"))
    curve = saturating(values("growth.family", name), g0, log_rate(values(f"{name}.long_run")),
                       12.0 * values("growth.half_life", name), cap, MONTHS)  # fmt: skip
    if indicator:
        curve = cumulate(weight * growth[indicator].statistical + (1.0 - weight) * rates(curve))
    thrift = np.log1p(-values(f"{name}.thrift") / 100.0)[:, None] * MONTHS / 12.0
    return base * _levels(np.minimum(curve, np.log(cap)[:, None]) + thrift)


def _ndpr(values: Values, magnets: Flow) -> Flow:
    content, made = values("conversion.rare_earth_in_magnet"), values("conversion.magnet_yield")
    return magnets.magnet_to_ndpr(content[:, None], made[:, None])


def _swarf(assumptions: Assumptions, values: Values, need: Mapping[str, Flow]) -> Flow:
    """NdPr oxide won back from machining: the lost part (1 - yield) of the need, times recovery.

    Anchors that the scenario leaves out are held at their base: swarf comes from all magnets.
    """
    total = Flow(np.zeros((1, HORIZON + 1)), "NdPr_oxide")
    for key, anchor in assumptions.anchors.items():
        if anchor.basis == "magnet":
            base = Flow(np.repeat(values(f"demand.{key}.base")[:, None], HORIZON + 1, axis=1), "magnet")
            total = total + (need[key] if key in need else _ndpr(values, base))
    lost = (1.0 - values("conversion.magnet_yield")) * values("supply.swarf_recovery")
    return total * lost[:, None]


def _levels(cumulative: Array) -> Array:
    """Exponential of cumulative log growth with a 1 for month 0 in front: ``(N, T)`` to ``(N, T + 1)``."""
    return np.exp(np.pad(cumulative, ((0, 0), (1, 0))))


def _compound(base: Array, rate: Array) -> Array:
    return np.asarray(base[:, None] * np.exp(rate[:, None] * np.arange(HORIZON + 1) / 12.0))

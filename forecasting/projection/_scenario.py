"""One scenario, all draws at once: capacity, supply, demand, controls and the balance over 120 months."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.projection._assumptions import Assumptions, Scenario
from forecasting.projection._balance import Balance, balance
from forecasting.projection._capacity import capacity_basis, capacity_rates, kappa, nation_rates, utilisation
from forecasting.projection._controls import Controls, controls
from forecasting.projection._coupling import HORIZON, GrowthPaths, IndicatorGrowth, cumulate, handover_weight, levels
from forecasting.projection._demand import Wanted, demand
from forecasting.projection._draws import Values
from forecasting.projection._entry import Entry, entry
from forecasting.projection._flows import Flow
from forecasting.projection._growth import Array, log_rate
from forecasting.projection._quota import quota_index
from forecasting.projection._structure import Structure
from forecasting.projection._supply import Primary, end_of_life, primary_supply

__all__ = ["Outcome", "run_scenario", "sum_flows"]

STALE_YEAR = 12.0
"""Months after which a stale path is as doubtful as the prior."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """Everything a scenario gives, by month and draw; month 0 (the base) is row 0 of every ``(HORIZON + 1, N)``.

    Attributes:
        structure: What there is.
        drawn: Parameters by draw.
        conditioning: What the numbers are conditional on.
        handover: Whether structural growth takes over.
        activity: Indicator key to index, start = 100.
        kappa: Growth of capacity over growth of value added, ``(N,)``.
        capacity_basis: What capacity rests on.
        capacity: Capacity index of the region, start = 100.
        nation_capacity: Capacity index of the nation, start = 100.
        utilisation: Share of capacity in use.
        primary: Supply by route and separated output.
        balance: Of the account.
        wanted: Anchor to what it wants before prices.
        use: Anchor to its use in the second account; those of the account tonne for tonne.
        production: Basis to what is made from ore, imports, swarf and used goods, before curtailment.
        controls: Export regimes.
        entry: Supply outside.
        exported: Anchor to the share of its use that leaves the country, ``(N,)``.
    """

    structure: Structure
    drawn: Values
    conditioning: str
    handover: bool
    activity: Mapping[str, Array]
    kappa: Array
    capacity_basis: str
    capacity: Array
    nation_capacity: Array
    utilisation: Array
    primary: Primary
    balance: Balance
    wanted: Mapping[str, Wanted]
    use: Mapping[str, Flow]
    production: Mapping[str, Flow]
    controls: Controls
    entry: Entry
    exported: Mapping[str, Array]

    def used(self, basis: str) -> dict[str, Flow]:
        """Anchor to its use, counted in the account or in the second account."""
        if basis == self.structure.account:
            return {key: Flow(item, basis) for key, item in self.balance.use.items()}
        return dict(self.use)

    def bases(self) -> tuple[str, ...]:
        """The accounts, each once."""
        return tuple(dict.fromkeys((self.structure.account, self.structure.second)))


def run_scenario(assumptions: Assumptions, scenario: Scenario, paths: GrowthPaths, values: Values) -> Outcome:
    """Simulate one scenario; see `Outcome` for the shapes."""
    structure, n = assumptions.structure, values.uniforms.draws
    handover = scenario.paths == "handover"
    growth = {key: _growth(structure, key, paths, values) for key in structure.indicators}
    weight = (handover_weight(values("handover.centre"), values("handover.width")) if handover
              else np.ones((HORIZON, n)))  # fmt: skip
    blended = {key: item.blended(weight) for key, item in growth.items()}
    index = {key: levels(cumulate(rate)) for key, rate in blended.items()}

    evidence = list(assumptions.questions.evidence.values()) if scenario.evidence else []
    share, producer = kappa(values, evidence), growth[structure.producer]
    rate = capacity_rates(values, share, blended[structure.producer], producer.current)
    capacity = levels(cumulate(rate))
    nation = levels(cumulate(nation_rates(values, rate, producer.half_life_months))) if handover else capacity
    used = utilisation(values)
    quota = quota_index(values, structure.quota_states) if structure.quota_states and handover else None
    inputs = {key: index[indicator] for key, indicator in structure.inputs.items()} if handover else {}
    primary = primary_supply(structure, values, nation, used / used[0], quota, inputs)

    control = controls(structure, values, scenario.regime)
    outside = entry(structure, values, control.entered, built=handover)
    wanted = demand(structure, values, growth, weight, handover=handover)
    taking_part = {key: item for key, item in wanted.items() if structure.accounted(key)}
    eol = end_of_life(structure, values, {key: item.need.kt * item.part for key, item in taking_part.items()})
    content = values(f"basis.{structure.second}.content") if structure.second != structure.account else np.ones(n)
    supply = primary.separated.converted(structure.account, content)
    account = balance(structure, values, supply.kt, eol, taking_part, control, outside.added)

    production = {structure.account: Flow(account.throughput(), structure.account)}
    if structure.second != structure.account:
        back = (account.swarf + account.eol) * values("supply.swarf.second_per_account")
        production[structure.second] = primary.separated + Flow(back, structure.second)
    use = {key: _in_second(structure, key, wanted, account) for key in structure.anchors}
    if structure.imposed and values("imposed.share").any():
        made = production[structure.second].kt
        first = use[structure.imposed].kt[0]
        imposed = first + values("imposed.share") * np.maximum(made - made[0], 0.0)
        use[structure.imposed] = Flow(imposed, structure.second)
    return Outcome(
        structure=structure,
        drawn=values,
        conditioning=scenario.conditioning,
        handover=handover,
        activity={key: 100.0 * item for key, item in index.items()},
        kappa=share,
        capacity_basis=capacity_basis(evidence),
        capacity=100.0 * capacity,
        nation_capacity=100.0 * nation,
        utilisation=used,
        primary=primary,
        balance=account,
        wanted=wanted,
        use=use,
        production=production,
        controls=control,
        entry=outside,
        exported={key: np.ones(n) if structure.anchors[key].export else values(f"demand.{key}.exported")
                  for key in structure.anchors},
    )  # fmt: skip


def sum_flows(flows: Mapping[str, Flow], basis: str, like: Array) -> Flow:
    """Sum of flows, draw by draw."""
    total = Flow(np.zeros_like(like), basis)
    for item in flows.values():
        total = total + item
    return total


def _growth(structure: Structure, key: str, paths: GrowthPaths, values: Values) -> IndicatorGrowth:
    name, identifier = f"indicators.{key}", structure.indicators[key]
    given = paths.growth.get(identifier)
    path = None if given is None else np.ascontiguousarray(given[values.uniforms.path_rows(paths.draws)].T)
    late = paths.age.get(identifier, 0) - values("handover.stale_after")
    middle = float(log_rate(values.at(f"{name}.prior", np.array([0.5])))[0])
    return IndicatorGrowth.of(
        path,
        log_rate(values(f"{name}.prior")),
        middle,
        np.clip(late / STALE_YEAR, 0.0, 1.0),
        log_rate(values(f"{name}.long_run")),
        12.0 * values("growth.half_life", name),
    )


def _in_second(structure: Structure, key: str, wanted: Mapping[str, Wanted], account: Balance) -> Flow:
    """Use of an anchor in the second account: the account's oxide is as much of the second's, tonne for tonne."""
    if key in account.use:
        return Flow(account.use[key], structure.second)
    return wanted[key].need

"""Metrics by name: what milestones, claims and sensitivities of an assumption file may refer to.

```text
variable                        a variable of the trajectories, where one basis and region has it
variable@basis                  … counted in this basis
variable@basis@region           … of this region (an index has an empty basis: price_index@@China)
absorption|basis|measure|kind|anchor   measure first_use or final_use, kind endpoint or cumulative, anchor or total
multiple|indicator              activity over today's
recycled_share_of_added_demand  added swarf and used goods over added need
eol_share_of_added_demand       added used goods alone over added need
recycled_eol_share              what is won back from used goods, over need
p_event                         probability that an escalation has happened, the same in every draw
lost_shipments|regime           months of shipments that entering a regime costs, once
entry_years|project             from decision to first output
permit_months|project           the permit stages one after the other with an appeal, without approvals
substitution_years              research and commercial stages of substitution
```
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from forecasting.errors import AssumptionError, suggestion
from forecasting.projection._absorption import RATIO_KINDS, ratios
from forecasting.projection._controls import delay_kernel
from forecasting.projection._coupling import HORIZON
from forecasting.projection._flows import Flow
from forecasting.projection._growth import Array
from forecasting.projection._scenario import Outcome, sum_flows
from forecasting.projection._series import series

__all__ = ["MEASURES", "counted", "metric"]

MEASURES = ("first_use", "final_use")

FIRST_RATIO = 12
"""Months before which a ratio of additions is left out: a month's noise over a month's growth says nothing."""


def metric(outcome: Outcome, name: str) -> Array:
    """A metric by month and draw, ``(HORIZON + 1, N)``; NaN where it has no value.

    Raises:
        AssumptionError: An unknown or ambiguous name, with what there is.
    """
    head, _, rest = name.partition("|")
    if head in OF and rest:
        return OF[head](outcome, rest)
    if name in ALONE:
        return ALONE[name](outcome)
    return _variable(outcome, name)


def counted(outcome: Outcome, basis: str, measure: str) -> dict[str, Flow]:
    """Anchor to its use in a basis, where it is first used or, less exported goods, where it stays; total included."""
    used = outcome.used(basis)
    if measure == "final_use":
        used = {key: item * (1.0 - outcome.exported[key]) for key, item in used.items()}
    return {**used, "total": sum_flows(used, basis, outcome.balance.supply)}


def _variable(outcome: Outcome, name: str) -> Array:
    variable, *where = name.split("@")
    alike, names = [], []
    for item in series(outcome):
        names.append(item.variable)
        if item.variable == variable:
            alike.append(item)
    found = [item for item in alike if where == [item.basis, item.region][: len(where)]]
    if len(found) == 1:
        return found[0].draws
    if alike:
        options = ", ".join(f"{item.variable}@{item.basis}@{item.region}" for item in found or alike)
        what = "is ambiguous" if found else "is of another basis or region"
        raise AssumptionError(f"metric {name!r} {what}; expected one of {options}")
    others = [*ALONE, *(f"{head}|…" for head in OF)]
    raise AssumptionError(f"metric {name!r} is unknown; {suggestion(variable, [*others, *names])}")


def _absorption(outcome: Outcome, rest: str) -> Array:
    place = f"metric absorption|{rest}"
    if rest.count("|") != 3:
        raise AssumptionError(f"{place}; expected absorption|basis|measure|kind|anchor")
    basis, measure, kind, anchor = rest.split("|")
    for given, allowed in ((basis, outcome.bases()), (measure, MEASURES), (kind, RATIO_KINDS)):
        if given not in allowed:
            raise AssumptionError(f"{place}: {given!r}; expected one of {', '.join(allowed)}")
    flows = counted(outcome, basis, measure)
    if anchor not in flows:
        raise AssumptionError(f"{place}: {anchor!r}; expected one of {', '.join(flows)}")
    value, _ = ratios(flows[anchor], outcome.production[basis], kind)
    value[:FIRST_RATIO] = np.nan
    return value


def _multiple(outcome: Outcome, indicator: str) -> Array:
    if indicator not in outcome.activity:
        raise AssumptionError(f"metric multiple|{indicator}; expected one of {', '.join(outcome.activity)}")
    return np.asarray(outcome.activity[indicator] / 100.0)


def _recycled_share(outcome: Outcome) -> Array:
    return _of_added_need(outcome, outcome.balance.swarf + outcome.balance.eol)


def _eol_added(outcome: Outcome) -> Array:
    return _of_added_need(outcome, outcome.balance.eol)


def _of_added_need(outcome: Outcome, back: Array) -> Array:
    account, structure = outcome.balance, outcome.structure
    need = Flow(account.need + account.outside_wanted, structure.account)
    value, _ = ratios(Flow(back, structure.account), need, "endpoint")
    value[:FIRST_RATIO] = np.nan
    return value


def _eol_share(outcome: Outcome) -> Array:
    account = outcome.balance
    return np.asarray(account.eol / np.maximum(account.need + account.outside_wanted, 1e-300))


def _events(outcome: Outcome) -> Array:
    happened = np.maximum.accumulate(outcome.controls.event, axis=0)
    return np.broadcast_to(happened.mean(axis=1)[:, None], happened.shape)


def _lost(outcome: Outcome, regime: str) -> Array:
    if regime not in outcome.structure.regimes:
        raise AssumptionError(
            f"metric lost_shipments|{regime}; expected one of {', '.join(outcome.structure.regimes) or '(none)'}"
        )
    weeks, half_life = outcome.drawn(f"control.{regime}.delay"), outcome.drawn("control.recovery")
    return _lasting(delay_kernel(weeks, half_life, HORIZON).sum(axis=0))


def _entry_years(outcome: Outcome, project: str) -> Array:
    return _lasting(outcome.entry.years[_project(outcome, project)])


def _permit_months(outcome: Outcome, project: str) -> Array:
    _project(outcome, project)
    stages = ("assessment", "consultation", "appeal")
    return _lasting(sum((outcome.drawn(f"entry.{stage}", project) for stage in stages), np.zeros(1)))


def _project(outcome: Outcome, key: str) -> int:
    projects = list(outcome.structure.projects)
    if key not in projects:
        raise AssumptionError(f"metric of project {key!r}; expected one of {', '.join(projects) or '(none)'}")
    return projects.index(key)


def _substitution(outcome: Outcome) -> Array:
    return _lasting(outcome.drawn("substitution.research") + outcome.drawn("substitution.commercial"))


def _lasting(values: Array) -> Array:
    return np.broadcast_to(values, (HORIZON + 1, len(values)))


OF: Mapping[str, Callable[[Outcome, str], Array]] = {
    "absorption": _absorption, "multiple": _multiple, "entry_years": _entry_years, "permit_months": _permit_months,
    "lost_shipments": _lost,
}  # fmt: skip
"""Metrics of something that follows after a bar."""

ALONE: Mapping[str, Callable[[Outcome], Array]] = {
    "recycled_share_of_added_demand": _recycled_share, "eol_share_of_added_demand": _eol_added,
    "recycled_eol_share": _eol_share, "p_event": _events, "substitution_years": _substitution,
}  # fmt: skip
"""Metrics of nothing further."""

"""Primary supply by route, its separation, and what comes back from used goods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.projection._coupling import HORIZON, MONTHS
from forecasting.projection._draws import Values
from forecasting.projection._flows import Flow
from forecasting.projection._growth import Array, log_rate
from forecasting.projection._structure import Structure

__all__ = ["Primary", "end_of_life", "primary_supply", "weibull_kernel"]

TIME = np.concatenate([[0.0], MONTHS])[:, None]

OUTLIVED = 1e-9
"""Share of the goods sold in a month below which those still in use are left out."""

LIFETIME_CLASSES = 8


@dataclass(frozen=True, eq=False)
class Primary:
    """Primary supply by draw and month, ``(HORIZON + 1, N)`` each.

    Attributes:
        routes: Route to flow in its own basis.
        separated: Separated output in the second account (of ores), before it is counted in the account.
    """

    routes: Mapping[str, Flow]
    separated: Flow


def primary_supply(
    structure: Structure, values: Values, capacity: Array, use: Array, quota: Array | None, inputs: Mapping[str, Array]
) -> Primary:
    """``S = min(sum_r M_r R_sep, C_sep u_sep, Quota_sep (1 + o))`` with ``M_r = min(C_r u_r, Quota_r (1 + o_r))``.

    Quotas count oxide after beneficiation, so the recovery of beneficiation enters capacity alone, through its
    change. Inputs (reagents, by-products) limit separation as they grow: ``F >= f S``.

    Args:
        structure: What routes there are.
        values: Parameters.
        capacity: Capacity of the nation, start = 1.
        use: Utilisation over that of the start.
        quota: Quota, start = 1; None where there is none.
        inputs: Input to its supply, start = 1.
    """
    routes = {key: Flow(_route(structure, key, values, capacity * use, quota), structure.routes[key].basis)
              for key in structure.routes}  # fmt: skip
    feed = Flow(np.zeros_like(capacity), structure.second)
    for item in routes.values():
        if item.basis != structure.second:
            item = item.converted(structure.second, 1.0 / values(f"basis.{structure.second}.content"))
        feed = feed + item
    start = feed.kt[0]
    limit = np.minimum(feed.kt, start * values("supply.separation.headroom") * capacity * use)
    if quota is not None:
        limit = np.minimum(limit, start * values("supply.separation.quota_room") * quota)
    for key, supplied in inputs.items():
        limit = np.minimum(limit, start * values(f"inputs.{key}.room") * supplied)
    return Primary(routes, Flow(limit * values("supply.separation.recovery"), structure.second))


def _route(structure: Structure, key: str, values: Values, run: Array, quota: Array | None) -> Array:
    route, base = structure.routes[key], values(f"routes.{key}.base")
    if route.kind == "import":
        return np.asarray(base * np.exp(log_rate(values(f"routes.{key}.growth")) * TIME / 12.0))
    grade = np.exp(log_rate(values(f"routes.{key}.grade_change")) * TIME / 12.0)
    recovery = values(f"routes.{key}.beneficiation")
    logit = np.log(recovery / (1.0 - recovery)) + values(f"routes.{key}.beneficiation_drift") * TIME / 12.0
    gained = 1.0 / (1.0 + np.exp(-logit)) / recovery
    extra = 1.0 + values(f"routes.{key}.undocumented") if route.quota else 1.0
    able = base * extra * values(f"routes.{key}.headroom") * run * grade * gained
    if not route.quota or quota is None:
        return np.asarray(able / values(f"routes.{key}.headroom"))
    return np.asarray(np.minimum(able, base * extra * quota))


def weibull_kernel(lifetime: float, shape: float) -> Array:
    """Probability that a good is given up in month c after its sale, c = 1, 2, … to the last; mean life in years.

    >>> kernel = weibull_kernel(5.0, 3.0)
    >>> round(float(kernel.sum()), 6), round(float((kernel * (np.arange(len(kernel)) + 0.5)).sum() / 12), 2)
    (1.0, 5.0)
    """
    from scipy.special import gamma

    scale = 12.0 * lifetime / gamma(1.0 + 1.0 / shape)
    months = int(np.ceil(scale * np.log(1.0 / OUTLIVED) ** (1.0 / shape)))
    survival = np.exp(-((np.arange(months + 1) / scale) ** shape))
    return np.asarray(survival[:-1] - survival[1:])


def end_of_life(structure: Structure, values: Values, wanted: Mapping[str, Array]) -> Array:
    """Material won back from goods at their end, in the account, ``(HORIZON + 1, N)``.

    ``sum_a sum_c D_a(t - c) f_a(c) x collection x yield``: cohorts sold before the start (growing at the past rate
    to today's demand) and after it. It is bounded by a share of consumption. Swarf is not in it: D is what
    stays in finished goods. Goods that leave the country do not come back. Lifetimes enter in classes of equal numbers
    of draws.

    Args:
        structure: Which anchors there are.
        values: Parameters.
        wanted: Anchor to the material in its finished goods, account.
    """
    n = values.uniforms.draws
    total = np.zeros((HORIZON + 1, n))
    shape = float(values("supply.end_of_life.shape")[0])
    for key, content in wanted.items():
        name = f"demand.{key}"
        if structure.anchors[key].export:
            continue
        collected = values(f"{name}.collection") * (1.0 - values(f"{name}.exported"))
        if not collected.any():
            continue
        lifetime, past = values(f"{name}.lifetime"), log_rate(values(f"{name}.past_growth"))
        returned = np.empty_like(content)
        order = np.argsort(lifetime, kind="stable")
        for group in np.array_split(order, LIFETIME_CLASSES):
            if len(group):
                kernel = weibull_kernel(float(lifetime[group].mean()), shape)
                returned[:, group] = _returned(content[:, group], past[group], kernel)
        total += collected * returned
    bound = values("supply.end_of_life.bound") * sum(wanted.values(), np.zeros_like(total))
    return np.asarray(np.minimum(total, bound) * values("supply.end_of_life.yield"))


def _returned(content: Array, past: Array, kernel: Array) -> Array:
    """Goods given up by month, at annual rate: a triangular product for cohorts to come, a sum over past ones."""
    month = np.arange(HORIZON + 1)
    lag = month[:, None] - month[None, :]
    age = np.arange(1, len(kernel) + 1)
    kernel = np.concatenate([kernel, np.zeros(HORIZON)])
    future = np.where(lag > 0, kernel[np.maximum(lag - 1, 0)], 0.0) @ content
    growth = past[:1] if np.ptp(past) == 0 else past
    sold = np.exp(-growth / 12.0 * age[:, None])  # of today's rate, age months ago
    return np.asarray(future + (kernel[month[:, None] + age[None, :] - 1] @ sold) * content[0])

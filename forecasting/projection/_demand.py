"""Demand by anchor before prices: activity under a ceiling, intensity, thrift, substitution."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.projection._coupling import HORIZON, MONTHS, IndicatorGrowth, cumulate, levels, rates
from forecasting.projection._draws import Values
from forecasting.projection._flows import Flow
from forecasting.projection._growth import Array, Curve, log_rate, saturating
from forecasting.projection._structure import Structure

__all__ = ["Wanted", "demand"]

YEARS = np.arange(HORIZON + 1, dtype=np.float64)[:, None] / 12.0


@dataclass(frozen=True, eq=False)
class Wanted:
    """What one anchor wants before prices and shortages.

    Attributes:
        own: In its own basis, ``(HORIZON + 1, N)``.
        need: Material to be bought for it, in the account (or the second account where it takes part there alone).
        part: Part of the need that stays in the finished good; the rest is machined off.
    """

    own: Flow
    need: Flow
    part: Array


def demand(
    structure: Structure, values: Values, growth: Mapping[str, IndicatorGrowth], weight: Array, *, handover: bool
) -> dict[str, Wanted]:
    """``D = A iota (1 - thrift)^t rho (1 - sub(t))`` for every anchor; prices act in the balance.

    With ``handover`` activity follows the family drawn for it under its ceiling, otherwise the statistical path of
    its indicator, or nothing.
    """
    return {key: _wanted(structure, key, values, _activity(structure, key, values, growth, weight, handover=handover))
            for key in structure.anchors}  # fmt: skip


def base_flow(structure: Structure, key: str, values: Values) -> Array:
    """Flow of today in the anchor's own basis, ``(N,)``: stated, or activity x intensity x share."""
    name = f"demand.{key}"
    if structure.anchors[key].activity_unit:
        return np.asarray(values(f"{name}.activity") * values(f"{name}.intensity") * values(f"{name}.share"))
    return values(f"{name}.base")


def _wanted(structure: Structure, key: str, values: Values, path: Array) -> Wanted:
    anchor = structure.anchors[key]
    own = Flow(base_flow(structure, key, values) * path, anchor.basis)
    one = np.ones(values.uniforms.draws)
    if anchor.basis == structure.account or not structure.accounted(key):
        return Wanted(own, own, one)
    name = f"basis.{anchor.basis}"
    part = values(f"{name}.yield")
    factor = values(f"{name}.content") * values(f"{name}.stoichiometry") / part
    return Wanted(own, own.converted(structure.account, factor), part)


def _activity(
    structure: Structure,
    key: str,
    values: Values,
    growth: Mapping[str, IndicatorGrowth],
    weight: Array,
    *,
    handover: bool,
) -> Array:
    """Activity times what thrift and substitution leave, start = 1, ``(HORIZON + 1, N)``."""
    name, indicator = f"demand.{key}", structure.anchors[key].indicator
    if not handover:
        if indicator:
            return levels(cumulate(growth[indicator].statistical))
        return np.ones((HORIZON + 1, values.uniforms.draws))
    cap = values(f"{name}.cap")
    path = saturating(
        Curve(
            family=values("growth.family", name),
            g0=growth[indicator].current if indicator else log_rate(values(f"{name}.growth")),
            ginf=log_rate(values(f"{name}.long_run")),
            half_life_months=12.0 * values("growth.half_life", name),
            cap=cap,
            innovation=values("growth.innovation", name),
            lifetime=values("growth.renewal", name),
            limit=log_rate(values("growth.limit")),
        ),
        MONTHS,
    )
    if indicator:
        path = cumulate(weight * growth[indicator].statistical + (1.0 - weight) * rates(path))
        path = np.minimum(path, np.log(cap))
    thrift = np.log1p(-values(f"{name}.thrift") / 100.0)
    return np.asarray(levels(path + thrift * MONTHS[:, None] / 12.0) * _kept(values, name))


def _kept(values: Values, name: str) -> Array:
    """``1 - sub(t)`` over that of today; ``sub = sub_max / (1 + exp(-(t - T)/w))``, t in years."""
    most = values(f"{name}.substitution_max")
    if not most.any():
        return np.ones((1, len(most)))
    middle = sum(values(f"substitution.{stage}") for stage in ("research", "commercial", "adoption"))
    left = 1.0 - most / (1.0 + np.exp(-(YEARS - middle) / values("substitution.width")))
    return np.asarray(left / left[0])

"""Export regimes, their events, and what they do to shipments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.errors import AssumptionError
from forecasting.projection._coupling import HORIZON
from forecasting.projection._draws import Values
from forecasting.projection._growth import Array
from forecasting.projection._structure import Structure

__all__ = ["WEEKS_PER_MONTH", "Controls", "any_event", "controls", "delay_kernel", "hazard"]

WEEKS_PER_MONTH = 4.345

Index = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Controls:
    """Regimes and their effects by draw and month, ``(HORIZON + 1, N)`` each; row 0 is today.

    Attributes:
        state: Index of the regime.
        event: Whether an escalation happens in the month.
        entered: Whether a regime is entered, by an event or because it is imposed.
        shipped: Share of wanted exports that leaves the country.
        cost: Added cost of shipments, share of price.
        replaced: Share of what is lost that others replace, by the months since the event.
    """

    state: Index
    event: Mask
    entered: Mask
    shipped: Array
    cost: Array
    replaced: Array


def hazard(percent_per_year: Array) -> Array:
    """Hazard per month of a yearly probability p: ``-ln(1 - p) / 12``.

    >>> [round(float(hazard(np.array(p))), 5) for p in (10.0, 20.0)]
    [0.00878, 0.0186]
    """
    return np.asarray(-np.log1p(-percent_per_year / 100.0) / 12.0)


def any_event(low: float, high: float, years: float) -> float:
    """Probability of at least one event in some years, for a yearly probability uniform between two (shares).

    ``1 - [(1-low)^(years+1) - (1-high)^(years+1)] / [(years+1) (high-low)]``

    >>> round(any_event(0.10, 0.20, 10), 4)
    0.7928
    """
    power = years + 1.0
    return float(1.0 - ((1.0 - low) ** power - (1.0 - high) ** power) / (power * (high - low)))


def delay_kernel(weeks: Array, half_life_months: Array, months: int) -> Array:
    """Share of shipments missing by month after licences become necessary, ``(months, N)``.

    In the first month what a delay of d weeks holds back, ``min(1, d / 4.345)``; then half of it every half-life.
    The loss happens once: its sum is finite and the flow returns to what it was.
    """
    first = np.minimum(1.0, weeks / WEEKS_PER_MONTH)
    return np.asarray(first * np.exp2(-np.arange(months)[:, None] / half_life_months))


def controls(structure: Structure, values: Values, forced: str) -> Controls:
    """Simulate the regimes, or impose one from the first month on.

    In every month an escalation happens with probability ``1 - exp(-lambda)``; it leads to a regime drawn by its
    weight, not below today's, that lasts a drawn time in whole months. The hardest regime that lasts is in force, and
    today's where none does. Entering a regime costs the delay of its licences once. Exactly `HORIZON` transitions
    follow the regime of today.

    Raises:
        AssumptionError: No regime that an event could lead to has a weight.
    """
    n, months = values.uniforms.draws, HORIZON + 1
    zero = np.zeros((months, n))
    if not structure.regimes:
        none = np.zeros((months, n), dtype=bool)
        return Controls(none.astype(np.int64), none, none, zero + 1.0, zero, zero)
    start = structure.regimes.index(structure.start_regime)
    state, event = np.full((months, n), start, dtype=np.int64), np.zeros((months, n), dtype=bool)
    if forced:
        state[1:] = structure.regimes.index(forced)
    else:
        _walk(structure, values, state, event, start)
    entered = event.copy()
    entered[1:] |= state[1:] > state[:-1]
    return _effects(structure, values, state, event, entered)


def _walk(structure: Structure, values: Values, state: Index, event: Mask, start: int) -> None:
    n = state.shape[1]
    p = -np.expm1(-hazard(values("control.hazard")))
    chance = values.uniforms.innovations("chance.control", 3 * HORIZON)
    weight = np.stack([values(f"control.{name}.weight") for name in structure.regimes])
    weight[:start] = 0.0
    if not (weight.sum(axis=0) > 0).all():
        raise AssumptionError(
            f"control: no regime from {structure.start_regime} on has a weight; expected one for an event to lead to"
        )
    below = np.cumsum(weight, axis=0) / weight.sum(axis=0)
    rank, left = np.arange(len(weight))[:, None], np.zeros((len(weight), n))
    for t in range(1, HORIZON + 1):
        event[t] = chance[3 * t - 3] < p
        left -= 1.0
        at = np.flatnonzero(event[t])
        if len(at):
            drawn = (chance[3 * t - 2][at] > below[:-1, at]).sum(axis=0)
            lasting = np.rint(values.at("control.duration", chance[3 * t - 1][at]))
            left[drawn, at] = np.maximum(left[drawn, at], np.maximum(lasting, 1.0))
        state[t] = np.where(left > 0, rank, start).max(axis=0)


def _effects(structure: Structure, values: Values, state: Index, event: Mask, entered: Mask) -> Controls:
    names = structure.regimes
    cut = np.stack([values(f"control.{name}.cut") * (1.0 - values(f"control.{name}.leakage")) for name in names])
    cost = np.stack([values(f"control.{name}.cost") / 100.0 for name in names])
    weeks = np.stack([values(f"control.{name}.delay") for name in names])
    missing = np.zeros(state.shape)
    fade = np.exp2(-1.0 / values("control.recovery"))
    for t in range(1, HORIZON + 1):
        first = np.minimum(1.0, np.take_along_axis(weeks, state[t][None], axis=0)[0] / WEEKS_PER_MONTH)
        missing[t] = np.minimum(1.0, missing[t - 1] * fade + entered[t] * first)
    shipped = (1.0 - np.take_along_axis(cut, state, axis=0)) * (1.0 - missing)
    since = _months_since(entered)
    return Controls(state, event, entered, shipped, np.take_along_axis(cost, state, axis=0),
                    _replaced(structure, values, since))  # fmt: skip


def _months_since(entered: Mask) -> Array:
    """Months since the first event; 0 before it."""
    month = np.arange(len(entered))[:, None]
    first = np.where(entered.any(axis=0), entered.argmax(axis=0), len(entered))
    return np.asarray(np.maximum(month - first, 0), dtype=np.float64)


def _replaced(structure: Structure, values: Values, since: Array) -> Array:
    """Share of lost supply that others replace: linear between the stated months after the event, 0 at first.

    A later month of a draw has no less than an earlier one: their distributions may overlap.
    """
    out, before, level = np.zeros_like(since), 0.0, np.zeros(since.shape[1])
    for month in structure.response_months:
        reached = np.maximum(level, values(f"control.replaced.{month}"))
        part = np.clip((since - before) / (month - before), 0.0, 1.0)
        out += part * (reached - level)
        before, level = float(month), reached
    return out

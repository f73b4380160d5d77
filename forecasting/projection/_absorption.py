"""Absorption: how much of the added output the added demand takes up, by draw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.errors import AssumptionError
from forecasting.projection._flows import Flow
from forecasting.projection._growth import Array

__all__ = ["NEGLIGIBLE", "RATIO_KINDS", "Ratio", "absorption", "needed_intensity", "ratios"]

RATIO_KINDS = ("endpoint", "cumulative")

NEGLIGIBLE = 0.01
"""Added output below this share of the base makes a ratio meaningless."""


@dataclass(frozen=True, eq=False)
class Ratio:
    """Absorption by draw.

    Attributes:
        value: ``(N,)``; NaN where added output is negligible.
        added_output: ``(N,)``, kt per year: at the end month, or the mean of the months until then.
    """

    value: Array
    added_output: Array

    @property
    def n_valid(self) -> int:
        """Draws with a ratio."""
        return int(np.isfinite(self.value).sum())

    @property
    def p_denominator_nonpos(self) -> float:
        """Share of draws whose output does not grow."""
        return float((self.added_output <= 0).mean())


def ratios(demand: Flow, production: Flow, kind: str) -> tuple[Array, Array]:
    """Added demand over added output by month and draw, and added output; both of the shape of the flows.

    Endpoint: ``[D(T) - D(0)] / [P(T) - P(0)]``; cumulative: the sums of both differences over the months
    1 to T. Where added output (its monthly mean for the cumulative ratio) is below 1 % of P(0) in size, the
    ratio is NaN.

    Args:
        demand: Shape ``(T+1, N)``, month 0 first.
        production: As demand, in the same basis.
        kind: One of `RATIO_KINDS`.

    Raises:
        AssumptionError: The two flows are of different basis, or the kind is unknown.
    """
    if demand.basis != production.basis:
        raise AssumptionError(f"absorption: demand in {demand.basis}, production in {production.basis}; convert one")
    if kind not in RATIO_KINDS:
        raise AssumptionError(f"absorption: ratio kind {kind!r}; expected one of {', '.join(RATIO_KINDS)}")
    added, output = demand.kt - demand.kt[0], production.kt - production.kt[0]
    if kind == "cumulative":
        months = np.maximum(np.arange(len(output)), 1)[:, None]
        added, output = np.cumsum(added, axis=0) / months, np.cumsum(output, axis=0) / months
    valid = np.abs(output) >= NEGLIGIBLE * production.kt[0]
    value = np.divide(added, output, out=np.full_like(output, np.nan), where=valid)
    return np.asarray(value), np.asarray(output)


def absorption(demand: Flow, production: Flow, month: int, kind: str) -> Ratio:
    """Absorption at one end month T, draw by draw; see `ratios`."""
    value, added = ratios(demand, production, kind)
    return Ratio(value[month], added[month])


def needed_intensity(share: float, added_kt: float | Array, gw_per_year: float | Array) -> Array:
    """Rare-earth oxide per kW of new equipment at which a share of added output would be taken up.

    Args:
        share: Share of added output, 0 to 1.
        added_kt: Added output, kt TREO per year.
        gw_per_year: Equipment put up per year, GW.

    Returns:
        kg REO per kW; 1 kt over 1 GW is 1 kg over 1 kW.

    >>> round(float(needed_intensity(0.15, 130.0, 20.0)), 3)
    0.975
    """
    return np.asarray(share * np.asarray(added_kt) / np.asarray(gw_per_year))

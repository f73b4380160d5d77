"""Flows with their basis: rare-earth oxide of all kinds, neodymium-praseodymium oxide, finished magnets.

Inside the projection every flow is in kt per year. Flows of different basis never add: a conversion has to be
asked for by name.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forecasting.errors import AssumptionError
from forecasting.projection._growth import Array

__all__ = ["BASES", "ND2O3_PER_ND", "Flow", "flow", "ndpr_balance"]

BASES = ("TREO", "NdPr_oxide", "magnet")

ND2O3_PER_ND = 1.1664
"""Mass of Nd2O3 per mass of neodymium in it: 336.48 / (2 x 144.24)."""


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A flow in kt per year.

    Attributes:
        kt: Values in kt per year, any shape.
        basis: One of `BASES`.
    """

    kt: Array
    basis: str

    def __post_init__(self) -> None:
        if self.basis not in BASES:
            raise AssumptionError(f"flow: basis {self.basis!r} is unknown; expected one of {', '.join(BASES)}")

    def __add__(self, other: Flow) -> Flow:
        self._same_basis(other, "add")
        return Flow(self.kt + other.kt, self.basis)

    def __sub__(self, other: Flow) -> Flow:
        self._same_basis(other, "subtract")
        return Flow(self.kt - other.kt, self.basis)

    def __mul__(self, factor: ArrayLike) -> Flow:
        return Flow(self.kt * np.asarray(factor, dtype=np.float64), self.basis)

    def _same_basis(self, other: Flow, verb: str) -> None:
        if self.basis != other.basis:
            raise AssumptionError(
                f"flow: cannot {verb} {other.basis} and {self.basis}; convert one of them first "
                "(treo_to_ndpr, magnet_to_ndpr, ndpr_to_treo)"
            )

    def treo_to_ndpr(self, ndpr_share: ArrayLike) -> Flow:
        """NdPr oxide contained in a flow of all rare-earth oxides."""
        self._expect("TREO")
        return Flow(self.kt * np.asarray(ndpr_share, dtype=np.float64), "NdPr_oxide")

    def magnet_to_ndpr(self, rare_earth_in_magnet: ArrayLike, magnet_yield: ArrayLike) -> Flow:
        """NdPr oxide needed to make finished magnets: ``kt x content x 1.1664 / yield``."""
        self._expect("magnet")
        factor = np.asarray(rare_earth_in_magnet) * ND2O3_PER_ND / np.asarray(magnet_yield)
        return Flow(self.kt * factor, "NdPr_oxide")

    def ndpr_to_treo(self) -> Flow:
        """NdPr oxide counted as the rare-earth oxide that it is: tonne for tonne.

        This is content, not the ore that has to be dug for it.
        """
        self._expect("NdPr_oxide")
        return Flow(self.kt, "TREO")

    def _expect(self, basis: str) -> None:
        if self.basis != basis:
            raise AssumptionError(f"flow: this conversion starts from {basis}, not from {self.basis}")


def flow(value: ArrayLike, *, unit: str, basis: str) -> Flow:
    """A flow from values in a stated unit; only kt is accepted, so that tonnes cannot slip in.

    Raises:
        AssumptionError: A unit other than ``kt`` or an unknown basis.
    """
    if unit != "kt":
        raise AssumptionError(f"flow: unit {unit!r}; expected 'kt' (per year), divide tonnes by 1000 first")
    return Flow(np.asarray(value, dtype=np.float64), basis)


def ndpr_balance(
    mined: Flow,
    imported: Flow,
    recycled: Flow,
    blanks: Flow,
    *,
    ndpr_share: float,
    rare_earth_in_magnet: float,
) -> tuple[Flow, Flow]:
    """Supply of and need for NdPr oxide in one year, each from its own published figures.

    Args:
        mined: Domestic ore, TREO.
        imported: Imported ore and compounds, TREO.
        recycled: NdPr oxide from scrap.
        blanks: Rough magnets before machining, magnet.
        ndpr_share: Share of NdPr oxide in TREO.
        rare_earth_in_magnet: Mass share of rare-earth metal in a magnet.

    Returns:
        Supply and need, both NdPr oxide.
    """
    supply = (mined + imported).treo_to_ndpr(ndpr_share) + recycled
    return supply, blanks.magnet_to_ndpr(rare_earth_in_magnet, 1.0)

"""Flows with their basis: what a tonne is counted in.

Inside the projection every flow is in kt per year. Flows of different basis never add: a conversion has to be
asked for by name, with its factor.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from forecasting.errors import AssumptionError
from forecasting.projection._growth import Array

__all__ = ["ND2O3_PER_ND", "Flow", "flow"]

ND2O3_PER_ND = 1.1664
"""Mass of Nd2O3 per mass of neodymium in it: 336.48 / (2 x 144.24)."""


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """A flow in kt per year.

    Attributes:
        kt: Values in kt per year, any shape.
        basis: What is counted, as the assumption file names it.
    """

    kt: Array
    basis: str

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
                f"flow: cannot {verb} {other.basis} and {self.basis}; convert one of them to the other first"
            )

    def converted(self, basis: str, factor: ArrayLike) -> Flow:
        """The same flow counted in another basis, ``factor`` of it in one of this."""
        return Flow(self.kt * np.asarray(factor, dtype=np.float64), basis)


def flow(value: ArrayLike, *, unit: str, basis: str) -> Flow:
    """A flow from values in a stated unit; only kt is accepted, so that tonnes cannot slip in.

    Raises:
        AssumptionError: A unit other than ``kt``.
    """
    if unit != "kt":
        raise AssumptionError(f"flow: unit {unit!r}; expected 'kt' (per year), divide tonnes by 1000 first")
    return Flow(np.asarray(value, dtype=np.float64), basis)

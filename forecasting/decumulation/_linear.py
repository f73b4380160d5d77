"""Published figures linearised about a state, in no more rows than there are months.

With y = J (z - mean) + noise, noise covariance R and more figures than months, the N rows

    T = L^(1/2) V',   r = L^(-1/2) V' J' R^-1 y,   J' R^-1 J = V L V'

say of z what the P figures say, with unit noise: likelihoods differ by what does not depend on z.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve
from scipy.sparse import csr_array

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._system import System

__all__ = ["Linear"]

WORTH_IT = 1.3
"""Figures a month from which on fewer rows cost less than they take to find."""

NOTHING = 1e-15
"""Information, of the largest, that arithmetic does not tell from none."""


class Linear:
    """The figures about a state (N,).

    Attributes:
        value: (P,) figures that the state states, as logs.
        slope: (P, N) their derivatives J.
        rows: (R, N) the same, or the rows T that stand for them.
        lever: (R, N) the rows to multiply by, sparse where they are.
        noise: (R, R) covariance of their errors.
    """

    def __init__(self, system: System, z: FloatArray, noise: FloatArray | None = None) -> None:
        """Linearise.

        Args:
            system: The figures.
            z: (N,) where.
            noise: (P, P) covariance of their errors, by default the system's.
        """
        self.value, self.slope = system.observe(z)
        self.rows = self.slope
        self.lever: csr_array | FloatArray = system.lever(self.slope)
        self.noise = system.noise if noise is None else noise
        self._weigh: FloatArray | None = None
        if len(system.rows) > WORTH_IT * system.size:
            self._inverse = system.precision if noise is None else system.inverse(noise)
            self._loaded = csr_array(self._inverse @ self.lever)
            values, vectors = np.linalg.eigh((self.lever.T @ self._loaded).toarray())
            kept = values > NOTHING * values[-1]
            root = np.sqrt(values[kept])
            self.rows = self.lever = root[:, None] * vectors[:, kept].T
            self._weigh = (self._loaded @ (vectors[:, kept] / root)).T
            self.noise = np.eye(len(root))

    def folded(self, miss: FloatArray) -> FloatArray:
        """(R,) of what the figures (P,) miss."""
        return miss if self._weigh is None else self._weigh @ miss

    def unseen(self, miss: FloatArray) -> float:
        """Weighted square of the part of (P,) misses that no months explain and `folded` leaves out."""
        if self._weigh is None:
            return 0.0
        folded = self.folded(miss)
        return float(miss @ (self._inverse @ miss) - folded @ folded)

    def gain(self, prior: FloatArray, cross: FloatArray, root: tuple[FloatArray, bool]) -> FloatArray:
        """(P, N) (J K J' + R)^-1 J K.

        Args:
            prior: (N, N) K.
            cross: (R, N) lever times K.
            root: Factor of the covariance of the R rows.
        """
        solved: FloatArray = cho_solve(root, cross, check_finite=False)
        if self._weigh is None:
            return solved
        return np.asarray(self._loaded @ (prior - cross.T @ solved))

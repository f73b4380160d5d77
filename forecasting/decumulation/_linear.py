"""Published figures linearised about a state, in no more rows than there are months.

With y = J (z - mean) + noise, noise covariance R and more figures than months, the rows

    T = L' P',   r = L1^-1 (P' J' R^-1 y)1,   P' J' R^-1 J P = L L'

of the pivoted Cholesky factor, L1 being its first rows, as many as the rank, say of z what the P figures say, with unit
noise: likelihoods differ by what does not depend on z.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpstrf
from scipy.sparse import csr_array

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._system import System

__all__ = ["Linear"]

WORTH_IT = 1.3
"""Figures a month from which on fewer rows cost less than they take to find."""


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
        self._stated = self.noise
        self._weigh: FloatArray | None = None
        if len(system.rows) > WORTH_IT * system.size:
            self._inverse = system.precision if noise is None else system.inverse(noise)
            weighed = csr_array(self._inverse @ self.lever)
            # by default what is no larger than rounding errors of the arithmetic counts for nothing
            packed, pivots, rank, _ = dpstrf((self.lever.T @ weighed).toarray(), lower=1)
            root, order = np.tril(packed)[:, :rank], pivots - 1
            self.rows = self.lever = np.empty((rank, system.size))
            self.rows[:, order] = root.T
            seen = weighed.toarray()[:, order[:rank]].T
            self._weigh = solve_triangular(root[:rank], seen, lower=True, check_finite=False)
            self.noise = np.eye(rank)

    @property
    def apart(self) -> float:
        """Half the log determinant of the figures' noise where other rows with unit noise stand for them, else 0."""
        return 0.0 if self._weigh is None else 0.5 * float(np.linalg.slogdet(self._stated)[1])

    def folded(self, miss: FloatArray) -> FloatArray:
        """(R,) of what the figures (P,) miss."""
        return miss if self._weigh is None else self._weigh @ miss

    def unseen(self, miss: FloatArray) -> float:
        """Weighted square of the part of (P,) misses that no months explain and `folded` leaves out."""
        if self._weigh is None:
            return 0.0
        folded = self.folded(miss)
        return float(miss @ (self._inverse @ miss) - folded @ folded)

    def gain(self, cross: FloatArray, root: tuple[FloatArray, bool]) -> FloatArray:
        """(P, N) (J K J' + R)^-1 J K.

        Args:
            cross: (R, N) lever times K.
            root: Factor of the covariance of the R rows.
        """
        solved: FloatArray = cho_solve(root, cross, check_finite=False)
        return solved if self._weigh is None else self._weigh.T @ solved

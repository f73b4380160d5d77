"""Linear programmes that are solved again and again after small changes, by HiGHS."""

from __future__ import annotations

import highspy
import numpy as np
from scipy.sparse import csr_array

from forecasting.decumulation._figures import FloatArray

__all__ = ["Program"]

TOLERANCE = 1e-9
"""Of feasibility and optimality; the rows are scaled to about one."""


class _Silent(highspy.Highs):
    """HiGHS without a word on standard output: its constructor would print a header with the callbacks, not used."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def enableCallbacks(self) -> None:  # noqa: N802
        self.setOptionValue("output_flag", False)


class Program:
    """Minimise ``cost @ v`` with ``low <= matrix @ v <= high`` and ``v >= 0``.

    The simplex method goes on from where it stood: primal if only costs change, dual if only limits do.

    Args:
        matrix: (R, N) rows.
        low: (R,) their lower limits, minus infinity for none.
        high: (R,) their upper limits.
        cost: (N,) costs.
        primal: Use the primal simplex method.
    """

    def __init__(self, matrix: csr_array, low: FloatArray, high: FloatArray, cost: FloatArray, *, primal: bool) -> None:
        self.highs = _Silent()
        self.highs.setOptionValue("threads", 1)
        self.highs.setOptionValue("presolve", "off")
        self.highs.setOptionValue("simplex_strategy", 4 if primal else 1)
        self.highs.setOptionValue("primal_feasibility_tolerance", TOLERANCE)
        self.highs.setOptionValue("dual_feasibility_tolerance", TOLERANCE)
        model = highspy.HighsLp()
        model.num_row_, model.num_col_ = matrix.shape
        model.col_cost_ = cost
        model.col_lower_, model.col_upper_ = np.zeros(len(cost)), np.full(len(cost), np.inf)
        model.row_lower_, model.row_upper_ = low, high
        model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = (
            matrix.indptr,
            matrix.indices,
            matrix.data,
        )
        self.highs.passModel(model)

    def change(self, entries: list[tuple[int, int, float]]) -> None:
        """Set (row, column, value) entries of the matrix."""
        for row, column, value in entries:
            self.highs.changeCoeff(int(row), int(column), float(value))

    def solve(self) -> FloatArray | None:
        """(N,) an optimal solution, or None if there is none or it is out of reach of the arithmetic."""
        for _ in range(2):
            self.highs.run()
            if self.highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
                break
            self.highs.clearSolver()  # once more, from the beginning
        else:
            return None
        return np.array(self.highs.getSolution().col_value)

    @property
    def duals(self) -> FloatArray:
        """(R,) dual values of the rows at the last solution."""
        return np.array(self.highs.getSolution().row_dual)

"""Published figures as functions of the log levels of all months.

The state z holds the log levels of the year before the first one and of Y years. A published figure is the log of a
level, of a sum of levels from January on, or of the ratio of either to that of the year before; its rounding interval
is an interval of that log. With K the prior covariance of z and J the derivative of the figures, everything needed is
Gaussian algebra on J K J' (P, P), P the number of figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import lapack
from scipy.sparse import csr_array

from forecasting.decumulation._figures import BoolArray, FloatArray, IntArray

__all__ = ["Row", "System", "factor"]

FREE_SD = 1.0
"""Standard deviation of the log of a base that levels of one year share and nobody knows."""

LASTING = 0.95
"""Correlation of the doubt of two neighbouring months."""

LEAST_SD = 1e-6
"""Least standard deviation of a figure's log: below it the arithmetic has no digits left."""

FINEST = 1e-9
"""Least half-width of a figure, relative: further digits are lost on the way from logs to levels."""

FLOOR = 1e-6
"""Smallest growth factor taken, and smallest level, in units of the largest where that is below one: figures at or
below -100 percent have no log."""

SINCE_JANUARY = np.triu(np.ones((12, 12)))


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    Attributes:
        year: Year of the grid, 0 ... Y - 1; -1 is the year before.
        month: 0 ... 11, the last month of its window.
        cumulative: Its window begins in January; else it is the month alone.
        yoy: It is a ratio to the year before; else a level.
        value: Growth (fraction) or level.
        half: Half-width of the interval that rounds to it.
        hard: Every draw has to lie in the interval.
        own_base: A level of a year whose base nobody knows: only its ratio to the year's other levels speaks.
        doubt: Standard deviation, relative, by which it may differ from what the months say for other reasons.
        lasting: The figures of a year share these, neighbours nearly wholly: a revised base lasts.
    """

    year: int
    month: int
    cumulative: bool
    yoy: bool
    value: float
    half: float
    hard: bool = True
    own_base: bool = False
    doubt: float = 0.0
    lasting: bool = False

    @property
    def measure(self) -> str:
        """The measure that it is a figure of."""
        return ("ytd" if self.cumulative else "month") + ("_yoy" if self.yoy else "_level")


def factor(matrix: FloatArray) -> tuple[FloatArray, bool]:
    """Cholesky factor, for `scipy.linalg.cho_solve`, of a covariance that rounding may have left indefinite."""
    for jitter in (0.0, 1e-14, 1e-12, 1e-10):
        if jitter:
            matrix = matrix + jitter * float(np.abs(np.diag(matrix)).max()) * np.eye(len(matrix))
        root, failed = lapack.dpotrf(matrix, lower=1, clean=0)
        if not failed:
            return np.asarray(root), True
    raise ArithmeticError("a covariance of published figures is not positive definite")


class System:
    """The figures of one indicator over a state of 12 (Y + 1) log levels."""

    def __init__(self, rows: Sequence[Row], years: int) -> None:
        """Lay out the rows.

        Args:
            rows: The figures, P of them.
            years: Y, at least one more than the last year of a row.
        """
        self.rows = tuple(rows)
        self.years = years
        self.size = 12 * (years + 1)
        self.year = np.array([row.year + 1 for row in rows], dtype=np.intp)
        self.month = np.array([row.month for row in rows], dtype=np.intp)
        self.cumulative = np.array([row.cumulative for row in rows], dtype=bool)
        self.yoy = np.array([row.yoy for row in rows], dtype=bool)
        self.hard = np.array([row.hard for row in rows], dtype=bool)
        centre = np.array([row.value for row in rows], dtype=np.float64) + self.yoy
        half = np.maximum([row.half for row in rows], FINEST * centre)
        largest = min(1.0, float(centre.max(initial=0.0, where=~self.yoy)) or 1.0)
        floor = np.where(self.yoy, FLOOR, FLOOR * largest)
        self.low = np.log(np.maximum(centre - half, floor))
        self.high = np.log(np.maximum(centre + half, 2 * floor))
        self.value = np.log(np.maximum(centre, 1.5 * floor))
        self.half = (self.high - self.low) / 2
        doubt = np.array([row.doubt for row in rows], dtype=np.float64)
        self.sd = np.maximum(np.sqrt(self.half**2 / 3 + doubt**2), LEAST_SD)
        self.lasting = np.where([row.lasting for row in rows], doubt, 0.0)

    @cached_property
    def silent(self) -> bool:
        """Whether the figures are cumulative rates alone, which tell nothing of the base weights."""
        return bool((self.yoy & (self.cumulative | (self.month == 0))).all())

    @cached_property
    def _window(self) -> BoolArray:
        """(P, 12) months of each figure's window."""
        month = np.arange(12)
        window: BoolArray = np.where(
            self.cumulative[:, None], month <= self.month[:, None], month == self.month[:, None]
        )
        return window

    @cached_property
    def _base(self) -> FloatArray:
        """(P,) year of levels on a base of their own, NaN for other figures."""
        return np.array([float(row.year) if row.own_base else np.nan for row in self.rows])

    @cached_property
    def noise(self) -> FloatArray:
        """(P, P) covariance of the figures about the state: rounding, doubt, and the unknown bases."""
        apart = np.abs(self.month[:, None] - self.month)
        shared = np.where((self.year[:, None] == self.year) & (apart > 0), LASTING**apart, 0.0)
        covariance: FloatArray = np.diag(self.sd**2) + np.outer(self.lasting, self.lasting) * shared
        covariance += FREE_SD**2 * (self._base[:, None] == self._base)
        return covariance

    @cached_property
    def precision(self) -> csr_array:
        """(P, P) inverse of the noise."""
        return self.inverse(self.noise)

    def inverse(self, noise: FloatArray) -> csr_array:
        """Inverse of a noise covariance (P, P): diagonal but for what the figures of a year may share."""
        out = np.diag(1 / np.diag(noise))
        shared = (self.lasting > 0) | np.isfinite(self._base)
        for year in np.unique(self.year[shared]):
            block = np.ix_(shared & (self.year == year), shared & (self.year == year))
            out[block] = np.linalg.inv(noise[block])
        return csr_array(out)

    @cached_property
    def noise_root(self) -> FloatArray:
        """(P, P) lower Cholesky factor of the noise."""
        return np.tril(factor(self.noise)[0])

    def observe(self, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """The figures (P,) that a state (N,) states, as logs, and their derivatives (P, N)."""
        row, column, _ = self.touched
        slope = np.zeros((len(self.rows), self.size))
        slope[row, column] = self.slopes(z[None])[0]
        return self.stated(z[None])[0], slope

    def slopes(self, z: FloatArray) -> FloatArray:
        """(n, K) derivatives of the figures in states (n, N) by the months that they speak of, as in `touched`."""
        level = np.exp(z)
        window = (level.reshape(-1, 12) @ SINCE_JANUARY).reshape(level.shape)
        _, column, _ = self.touched
        cumulative, sign, end = self._windows
        out: FloatArray = sign * level[:, column] / np.where(cumulative, window[:, end], level[:, end])
        return out

    @cached_property
    def touched(self) -> tuple[IntArray, IntArray, IntArray]:
        """Rows, columns and row starts of the derivatives that may differ from zero."""
        touched = np.zeros((len(self.rows), self.years + 1, 12), dtype=bool)
        p = np.arange(len(self.rows))
        touched[p, self.year] = self._window
        touched[p[self.yoy], self.year[self.yoy] - 1] = self._window[self.yoy]
        row, column = np.nonzero(touched.reshape(len(p), -1))
        return row, column, np.concatenate([[0], np.cumsum(np.bincount(row, minlength=len(p)))])

    @cached_property
    def _windows(self) -> tuple[BoolArray, FloatArray, IntArray]:
        """Of each derivative: whether the window begins in January, its sign, and the column of its last month."""
        row, column, _ = self.touched
        year = column // 12
        return self.cumulative[row], np.where(year == self.year[row], 1.0, -1.0), 12 * year + self.month[row]

    def lever(self, slope: FloatArray) -> csr_array:
        """Derivatives (P, N) without the months that a figure does not speak of."""
        row, column, start = self.touched
        return csr_array((slope[row, column], column, start), shape=slope.shape)

    def stated(self, z: FloatArray) -> FloatArray:
        """The figures (n, P) that states (n, N) state, as logs."""
        level = np.exp(z).reshape(len(z), self.years + 1, 12)
        total = (level.reshape(-1, 12) @ SINCE_JANUARY).reshape(level.shape)  # much faster than a cumulative sum
        out = np.empty((len(z), len(self.rows)))
        for grid, mine in ((total, self.cumulative), (level, ~self.cumulative)):
            year, month, yoy = self.year[mine], self.month[mine], self.yoy[mine]
            value = grid[:, year, month]
            value[:, yoy] /= grid[:, year[yoy] - 1, month[yoy]]
            out[:, mine] = np.log(value)
        return out

    def inside(self, stated: FloatArray) -> BoolArray:
        """(n,) states whose figures (n, P) all round to the hard ones."""
        slack = 1e-12
        kept: BoolArray = (((stated >= self.low - slack) & (stated <= self.high + slack)) | ~self.hard).all(axis=1)
        return kept

    def nearest(self, stated: FloatArray, keep: float) -> FloatArray:
        """The figures (n, P), hard ones moved into a part of the half-width of their intervals that is kept."""
        margin = (1 - keep) * self.half
        return np.where(self.hard, np.clip(stated, self.low + margin, self.high - margin), stated)

    def intervals(self, keep: float) -> tuple[FloatArray, FloatArray]:
        """The hard figures as lever @ x <= limit for levels x, each interval narrowed to a part of itself.

        Args:
            keep: The part of the half-width that is kept.

        Returns:
            (2 H, N) lever and (2 H,) limit, H figures; exact, whatever the levels.
        """
        hard = np.flatnonzero(self.hard)
        low, high = np.exp(self.low[hard]), np.exp(self.high[hard])
        centre, half = (low + high) / 2, keep * (high - low) / 2
        window, year, yoy = self._window[hard].astype(np.float64), self.year[hard], self.yoy[hard]
        p = np.arange(len(hard))
        now, base = np.zeros((2, len(hard), self.years + 1, 12))
        now[p, year] = window
        base[p[yoy], year[yoy] - 1] = window[yoy]
        now, base = now.reshape(len(hard), -1), base.reshape(len(hard), -1)
        above, below = (now - (centre + half)[:, None] * base, (centre - half)[:, None] * base - now)
        limits = np.where(yoy, 0.0, centre + half), np.where(yoy, 0.0, half - centre)
        return np.vstack([above, below]), np.concatenate(limits)

    def volume(self, slope: FloatArray, gain: FloatArray) -> FloatArray:
        """(12,) derivative of half the log determinant of J K J' + R in the log profile of all years alike.

        Args:
            slope: J, (P, N).
            gain: (J K J' + R)^-1 J K, (P, N).

        A row of J is a set of shares s of a window (less those of the year before), whose derivative is
        diag(s) - s s'.
        """
        p = np.arange(len(self.rows))
        slope, gain = (array.reshape(len(p), self.years + 1, 12) for array in (slope, gain))
        out = np.zeros(12)
        for rows, year, sign in ((p, self.year, 1.0), (p[self.yoy], self.year[self.yoy] - 1, -1.0)):
            share, weight = sign * slope[rows, year], gain[rows, year]
            mean = (share * weight).sum(axis=1, keepdims=True)
            out += sign * (share * (weight - mean)).sum(axis=0)
        return out

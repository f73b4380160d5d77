"""The state space of the recovered months as a forecaster of their levels.

A fit settles standard deviations, the scales of its months' shocks and the profile's shift. Conditional on its levels
the months that follow are Gaussian, mean and covariance being found once; whatever has become known of them since is
a few figures about that, so that carrying the state on costs next to nothing beside a fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_triangular

from forecasting.decumulation._figures import BoolArray, FloatArray
from forecasting.decumulation._scales import FREEDOM, SHOCKS, Estimate, estimate, shock_scale, shock_size
from forecasting.decumulation._structure import Structure, structure
from forecasting.decumulation._system import LEAST_SD, Row, System, factor
from forecasting.decumulation._weights import by_calendar

__all__ = ["FittedLevels", "fit_levels"]

IntArray = npt.NDArray[np.int64]

EXACT = 1e-6
"""Relative half-width of a level that is taken as it stands."""

ROUNDS = 2
"""Rounds of mode and heavy tails of the months after a fit."""

STRIDE, FARTHER = 1.3, 2.0
"""Lengthening of a round's step of the tails, in logs, which makes two as good as three (overrelaxed EM: Salakhutdinov
and Roweis 2003, *Adaptive overrelaxed bound optimization methods*, ICML), and the most by which it goes beyond."""

NEW_YEAR_SD = 0.06
"""Prior standard deviation of the share of output lost about Chinese New Year, beyond what is alike in every year.

About what it is among the densely published indicators of the reference over their whole histories (-.12 to .07). Where
months are recovered it is wider (`_structure`), since figures on both sides decide; going on from a first late New Year
it took that for a law: national value added, March 2015, 11 % after 6.8 in January and February.
"""

NEAR = 6
"""Months whose shocks tell of those that follow."""


@dataclass(frozen=True, slots=True)
class _Onward:
    """The M months after a fit, given its levels.

    Attributes:
        mean: (M,) of their log levels.
        covariance: (M, M), without their own drift and irregulars.
        steps: (M, M) how the drift of each month moves the months.
    """

    mean: FloatArray
    covariance: FloatArray
    steps: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FittedLevels:
    """What the levels of consecutive periods say, to be carried on to later ones; from `fit_levels`."""

    _first: int
    _middle: float
    _paired: bool
    _known: int
    _system: System
    _found: Estimate
    _onward: dict[int, _Onward] = field(default_factory=dict)

    def ahead(self, level: FloatArray, ends: IntArray, future: IntArray) -> FloatArray:
        """(H,) most likely levels of the periods that end at `future`, consecutive ones after the last.

        Args:
            level: (P,) positive levels, those of the fit and what has followed them.
            ends: (P,) month index of each period's last month.
            future: (H,) the same of those wanted.
        """
        (ahead,) = self.ahead_then(level, np.append(ends, future), np.array([len(level)]), len(future))
        return np.asarray(ahead)

    def ahead_then(self, level: FloatArray, ends: IntArray, cuts: IntArray, horizon: int) -> FloatArray:
        """(C, H) most likely levels of the periods after each of C cut-offs, by the levels before it.

        Args:
            level: (P,) positive levels, those of the fit and what has followed them.
            ends: (P + H or more,) month index of each period's last month.
            cuts: (C,) numbers of levels, from those of the fit on.
            horizon: H.
        """
        out = np.empty((len(cuts), horizon))
        start = self._first * 12 + self._known
        fitted = len(self._system.rows)
        last = ends[cuts + horizon - 1] // 12 - self._first
        for years in np.unique(last).tolist():
            these = np.flatnonzero(last == years)
            fresh = slice(fitted, int(cuts[these].max()))
            known = np.arange(fitted, fresh.stop) < cuts[these, None]
            month = np.exp(self._modes(self._after(years), np.log(level[fresh]), ends[fresh] - start, known))
            future = ends[cuts[these, None] + np.arange(horizon)]
            rows = np.arange(len(these))[:, None]
            out[these] = month[rows, future - start]
            if self._paired:
                out[these] += np.where(future % 12 == 1, month[rows, future - 1 - start], 0.0)
        return out

    def _after(self, years: int) -> _Onward:
        if years not in self._onward:
            self._onward[years] = self._conditional(years)
        return self._onward[years]

    def _conditional(self, years: int) -> _Onward:
        prior = _prior(self._first, years, self._middle)
        known, found, system = self._known, self._found, self._system
        scale = np.zeros(len(prior.mean))
        scale[:known] = found.scale[:known]
        total = prior.covariance(found.log_sd, scale, prior.profile)
        mean = prior.mean + np.tile(found.shift, years + 1)
        value, slope = system.observe(found.mode)
        lever = system.lever(slope)[:, :known]
        cross = np.asarray(lever @ total[:known])
        root = factor(np.asarray(lever @ cross[:, :known].T) + system.noise)[0]
        miss = system.value - value + lever @ (found.mode[:known] - mean[:known])
        explained = solve_triangular(root, cross[:, known:], lower=True, check_finite=False)
        weight = solve_triangular(root, miss, lower=True, check_finite=False)
        steps = prior.unwound(np.eye(len(mean)))[known:, known:]
        return _Onward(mean[known:] + weight @ explained, total[known:, known:] - explained.T @ explained, steps)

    def _modes(self, onward: _Onward, value: FloatArray, column: IntArray, known: BoolArray) -> FloatArray:
        """(C, M) most likely log levels at C cut-offs.

        Args:
            onward: The months.
            value: (P,) log levels of periods that have become known.
            column: (P,) the months with which these end.
            known: (C, P) which of them were known then.
        """
        z = np.tile(onward.mean, (len(known), 1))
        if not len(value):
            return z
        log_sd = self._found.log_sd
        variances = np.exp(2 * log_sd[SHOCKS])
        usual = np.tile(self._found.usual, -(-(self._known + len(onward.mean)) // 12))
        recent, later = slice(self._known - NEAR, self._known), slice(self._known, self._known + len(onward.mean))
        tail = (FREEDOM + 2) * self._found.scale[recent] / usual[recent] - FREEDOM
        tail, ordinary = np.tile(tail, (len(known), 1)), usual[later]
        scale = np.tile(ordinary, (len(known), 1))
        for k in range(ROUNDS + 1):
            stated, lever = self._observe(z, column)
            lever *= known[:, :, None]
            miss = np.where(known, value - stated, 0.0) + np.einsum("cpm,cm->cp", lever, z - onward.mean)
            levers = (lever @ onward.steps, lever)
            cross = lever @ onward.covariance
            for shock, each, moves in zip(variances, levers, (onward.steps, None), strict=True):
                part = each * (shock * scale)[:, None]
                cross += part if moves is None else part @ moves.T
            spread = cross @ np.swapaxes(lever, 1, 2) + LEAST_SD**2 * np.eye(len(value))
            inverse = np.linalg.inv(np.linalg.cholesky(spread))
            weight = np.einsum("cqp,cq->cp", inverse, np.einsum("cqp,cp->cq", inverse, miss))
            z = onward.mean + np.einsum("cp,cpm->cm", weight, cross)
            if k == ROUNDS:
                break
            size = shock_size(inverse.__matmul__, weight, levers, log_sd, scale)
            likelier = ordinary * shock_scale(np.concatenate([tail, size / ordinary], axis=1), log_sd)[:, NEAR:]
            scale = likelier * np.clip((likelier / scale) ** (STRIDE - 1), 1 / FARTHER, FARTHER)
        return z

    def _observe(self, z: FloatArray, column: IntArray) -> tuple[FloatArray, FloatArray]:
        """Log levels (C, P) of periods under log levels (C, M) of months, and their derivatives (C, P, M)."""
        row = np.arange(len(column))
        value, lever = z[:, column], np.zeros((len(z), len(column), z.shape[1]))
        lever[:, row, column] = 1.0
        if self._paired:
            pair = (column + self._known) % 12 == 1
            row, column = row[pair], column[pair]
            value[:, pair] = np.logaddexp(z[:, column - 1], z[:, column])
            lever[:, row, column] = np.exp(z[:, column] - value[:, pair])
            lever[:, row, column - 1] = np.exp(z[:, column - 1] - value[:, pair])
        return value, lever


def fit_levels(level: FloatArray, ends: IntArray) -> FittedLevels:
    """Find out what the levels of two years and more say.

    Args:
        level: (P,) positive levels of consecutive periods.
        ends: (P,) month index of each period's last month; a year without Januaries has January and February as one.
    """
    first, last = int(ends[0]) // 12, int(ends[-1])
    paired = not (ends % 12 == 0).any()
    rows = []
    for end, value in zip(ends.tolist(), level.tolist(), strict=True):
        pair = paired and end % 12 == 1
        rows.append(Row(end // 12 - first - 1, end % 12, pair, False, value, EXACT * value))
    system = System(rows, last // 12 - first)
    middle = float(np.mean(np.log(level)))
    found = estimate(system, _prior(first, system.years, middle))
    return FittedLevels(first, middle, paired, last + 1 - first * 12, system, found)


def _prior(first: int, years: int, middle: float) -> Structure:
    profile = by_calendar()
    spread = profile.spread[len(profile.spread) // 2][0]
    return structure(first + 1, years, profile.log_share, spread, middle, NEW_YEAR_SD)

"""Smoothing of the growth on the year before that knows noisy calendar months, for many cut-offs at once."""

from __future__ import annotations

import numpy as np
from scipy.linalg.lapack import dpttrf, dpttrs

from forecasting.models._protocol import Floats

RATIOS = np.exp(np.linspace(np.log(1e-3), np.log(30.0), 20))
"""Variances of a month's step of the level, in units of the errors', among which the likelihood chooses."""

RATIO_MEDIAN, RATIO_SD = 0.3, 2.0
"""Prior median of that ratio, and the standard deviation of its logarithm."""

FREEDOM = 12.0
"""Degrees of freedom of the errors (Student t)."""

UNLIKE = 8.0
"""Degrees of freedom of the prior that the calendar months have errors of one size."""

ROUNDS = 3
"""Rounds of EM for sizes and tails."""

STRIDE = 1.3
"""Lengthening of their steps, in logs, which makes three as good as four (overrelaxed: Salakhutdinov and Roweis 2003,
*Adaptive overrelaxed bound optimization methods*, ICML)."""

NEAR = 2
"""Ratios on either side of the likeliest one that the passes after the first look at."""

TOGETHER = 16
"""Cut-offs that are smoothed at once: as many as a processor's cache holds."""

DIFFUSE = 1e3
LEAST = 1e-12


def growth_levels(growth: Floats, ends: np.ndarray, season_length: int) -> Floats:
    """The level of growth at each of C cut-offs, from what was known there.

    d[t] = l[t] + e[t], l[t] = l[t-1] + u[t], Var e[t] = s v[season of t] k[t], Var u = q s: a local level (Harvey 1989,
    section 4.1) with t distributed errors, k[t] their scales, and a variance v of each calendar month's own (seasonal
    heteroscedasticity: Tripodis and Penzer, 2007). v and k by EM from the smoothed errors, v shrunk towards one; q by
    its likelihood and prior on a grid. Every cut-off has parameters of its own.

    Args:
        growth: d, shape (n,).
        ends: Observations up to each cut-off, at least 2, in rising order, shape (C,).
        season_length: Periods a year.
    """
    parts = np.split(ends, range(TOGETHER, len(ends), TOGETHER))
    return np.concatenate([_levels(growth, part, season_length) for part in parts])


def _levels(growth: Floats, ends: np.ndarray, season_length: int) -> Floats:
    """As `growth_levels`, all at once."""
    size, rows = int(ends.max()), np.arange(len(ends))
    season = np.arange(size) % season_length
    of_season = season[:, None] == np.arange(season_length)
    seen = np.arange(size) < ends[:, None]
    months = seen.astype(np.float64) @ of_season
    start = np.array([growth[: min(3, int(end))].mean() for end in ends])
    d = growth[:size] - start[:, None]
    walk = _walk(seen)
    usual, tail = np.ones((len(ends), season_length)), np.ones(seen.shape)
    ratios = np.tile(np.arange(len(RATIOS)), (len(ends), 1))
    for _ in range(ROUNDS):
        variance = usual[:, season] * tail
        level, best, scale = _smoothed(d, seen, variance, walk, ratios)
        squared = (d - level) ** 2 / scale[:, None] + _spread(seen, variance, tuple(each[rows, best] for each in walk))
        likelier = (UNLIKE + np.where(seen, squared / tail, 0.0) @ of_season) / (UNLIKE + months)
        usual *= (likelier / usual) ** STRIDE
        usual /= np.exp(np.log(usual).mean(axis=1, keepdims=True))
        likelier = np.where(seen, (FREEDOM + squared / usual[:, season]) / (FREEDOM + 1), 1.0)
        tail *= (likelier / tail) ** STRIDE
        ratios = np.clip(best, NEAR, len(RATIOS) - 1 - NEAR)[:, None] + np.arange(-NEAR, NEAR + 1)
    level, _, _ = _smoothed(d, seen, usual[:, season] * tail, walk, ratios)
    return np.asarray(start + level[rows, ends - 1])


def _walk(seen: np.ndarray) -> tuple[Floats, Floats]:
    """Diagonal and next one, (C, Q, T) both, of the random walks' precision under every ratio, in units of s.

    Laid end to end they are one tridiagonal matrix: nothing ties the last month, or one that is not seen, to the next.
    """
    tied = np.concatenate([seen[:, 1:], np.zeros_like(seen[:, :1])], axis=1)[:, None] / RATIOS[:, None]
    diagonal = tied.copy()
    diagonal[..., 1:] += tied[..., :-1]
    diagonal[..., 0] += 1 / DIFFUSE
    return diagonal, -tied


def _factors(diagonal: Floats, beside: Floats) -> tuple[Floats, Floats]:
    """LDL' of a tridiagonal matrix (LAPACK's dpttrf), block by block."""
    pivots, below, info = dpttrf(diagonal.ravel(), beside.ravel()[:-1])
    if info:
        raise np.linalg.LinAlgError("the precision of smoothed growth is not positive definite")
    return pivots, below


def _smoothed(
    d: Floats, seen: np.ndarray, variance: Floats, walk: tuple[Floats, Floats], ratios: np.ndarray
) -> tuple[Floats, np.ndarray, Floats]:
    """(C, T) levels given all figures under the likeliest of some ratios (C, R), which one that is (C,), and s (C,)."""
    weight, rows = np.where(seen, 1 / variance, 0.0), np.arange(len(seen))
    diagonal, beside = (each[rows[:, None], ratios] for each in walk)
    log_ratio = np.log(RATIOS)[ratios]
    pivots, below = _factors(diagonal + np.where(seen, weight, 1.0)[:, None], beside)
    known = weight * d
    level = dpttrs(pivots, below, np.broadcast_to(known[:, None], diagonal.shape).ravel())[0].reshape(diagonal.shape)
    # the density of all figures without that of the first, which only starts the level
    number = seen.sum(axis=1)[:, None] - 1
    first = DIFFUSE + variance[:, 0]
    square = (known * d).sum(axis=1)[:, None] - np.einsum("ct,cqt->cq", known, level)
    square -= (d[:, 0] ** 2 / first)[:, None]
    spread = np.log(pivots).reshape(diagonal.shape).sum(axis=-1) + number * log_ratio
    spread += (np.where(seen, np.log(variance), 0.0).sum(axis=1) + np.log(DIFFUSE / first))[:, None]
    s = np.maximum(square, 0.0) / number + LEAST
    likelihood = -0.5 * (number * np.log(s) + spread)
    likelihood -= 0.5 * ((log_ratio - np.log(RATIO_MEDIAN)) / RATIO_SD) ** 2
    best = likelihood.argmax(axis=1)
    return level[rows, best], ratios[rows, best], s[rows, best]


def _spread(seen: np.ndarray, variance: Floats, walk: tuple[Floats, ...]) -> Floats:
    """(C, T) variances of the levels given all figures, in units of s: the inverse's diagonal, from both pivots."""
    diagonal = (walk[0] + np.where(seen, 1 / variance, 1.0)).ravel()
    beside = walk[1].ravel()
    forward, _ = _factors(diagonal, beside)
    backward, _ = _factors(diagonal[::-1], np.roll(beside[::-1], -1))
    return np.asarray(1 / (forward + backward[::-1] - diagonal)).reshape(seen.shape)

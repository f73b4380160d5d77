"""Smoothing of the growth on the year before that knows noisy calendar months, for many cut-offs at once."""

from __future__ import annotations

import numpy as np

from forecasting.models._protocol import Floats

RATIOS = np.exp(np.linspace(np.log(1e-3), np.log(30.0), 20))
"""Variances of a month's step of the level, in units of the errors', among which the likelihood chooses."""

RATIO_MEDIAN, RATIO_SD = 0.3, 2.0
"""Prior median of that ratio, and the standard deviation of its logarithm."""

FREEDOM = 12.0
"""Degrees of freedom of the errors (Student t)."""

UNLIKE = 8.0
"""Degrees of freedom of the prior that the calendar months have errors of one size."""

ROUNDS = 4
"""Rounds of EM for sizes and tails."""

DIFFUSE = 1e3
LEAST = 1e-12


def growth_levels(growth: Floats, ends: np.ndarray, season_length: int) -> Floats:
    """The level of growth at each of C cut-offs, from what was known there.

    d[t] = l[t] + e[t], l[t] = l[t-1] + u[t], Var e[t] = s v[season of t] k[t], Var u = q s: a local level (Harvey 1989,
    section 4.1) with t distributed errors, k[t] their scales, and a variance v of each calendar month's own (seasonal
    heteroscedasticity: Tripodis and Penzer, 2007). v and k by EM from the smoothed errors, v shrunk towards one; q by
    its likelihood and prior on a grid. All cut-offs are filtered together, each with parameters of its own.

    Args:
        growth: d, shape (n,).
        ends: Observations up to each cut-off, at least 2, shape (C,).
        season_length: Periods a year.
    """
    size, cuts = int(ends.max()), len(ends)
    first = size - ends  # right-aligned: every history ends in the last column
    column = np.arange(size)
    seen = column >= first[:, None]
    place = np.where(seen, column - first[:, None], 0)
    d, season = growth[place], place % season_length
    of_season = season[:, :, None] == np.arange(season_length)
    of_season &= seen[:, :, None]
    months = of_season.sum(axis=1)
    start = np.array([growth[: min(3, int(end))].mean() for end in ends])
    usual, tail = np.ones((cuts, season_length)), np.ones((cuts, size))
    rows = np.arange(cuts)
    for k in range(ROUNDS + 1):
        variance = usual[rows[:, None], season] * tail
        level, error, spread, before, best, scale = _filtered(d, seen, variance, start, ends)
        if k == ROUNDS:
            break
        squared = _smoothed(error, spread, before, variance, seen, scale)
        usual = (UNLIKE + np.einsum("ct,ctm->cm", squared / tail, of_season)) / (UNLIKE + months)
        usual /= np.exp(np.log(usual).mean(axis=1, keepdims=True))
        tail = np.where(seen, (FREEDOM + squared / usual[rows[:, None], season]) / (FREEDOM + 1), 1.0)
    return np.asarray(level[rows, best])


def _filtered(
    d: Floats, seen: np.ndarray, variance: Floats, start: Floats, ends: np.ndarray
) -> tuple[Floats, Floats, Floats, Floats, np.ndarray, Floats]:
    """Kalman filter under every ratio.

    Returns:
        Last levels (C, Q); for the likeliest ratio innovations, their variances and those of the level before them,
        (C, T) each; which ratio it is (C,), and s (C,).
    """
    cuts, size = d.shape
    level = np.repeat(start[:, None], len(RATIOS), axis=1)
    p = np.full(level.shape, DIFFUSE)
    errors, spreads, befores = (np.empty((size, cuts, len(RATIOS))) for _ in range(3))
    for t in range(size):
        on = seen[:, t, None]
        f = p + variance[:, t, None]
        e = np.where(on, d[:, t, None] - level, 0.0)
        befores[t], spreads[t], errors[t] = p, f, e
        gain = p / f
        level = level + gain * e
        p = np.where(on, p * (1 - gain) + RATIOS, p)
    first = size - ends
    told = seen & (np.arange(size) > first[:, None])  # the first figure only starts the level
    weight = told.T[:, :, None]
    s = (np.where(weight, errors**2 / spreads, 0.0).sum(axis=0)) / (ends - 1)[:, None] + LEAST
    likelihood = -0.5 * ((ends - 1)[:, None] * np.log(s) + np.where(weight, np.log(spreads), 0.0).sum(axis=0))
    likelihood -= 0.5 * ((np.log(RATIOS) - np.log(RATIO_MEDIAN)) / RATIO_SD) ** 2
    best = likelihood.argmax(axis=1)
    rows = np.arange(cuts)
    return level, *(each[:, rows, best].T for each in (errors, spreads, befores)), best, s[rows, best]


def _smoothed(error: Floats, spread: Floats, before: Floats, variance: Floats, seen: np.ndarray, s: Floats) -> Floats:
    """(C, T) expected squares of the errors given all figures, in units of s (Koopman's disturbance smoother)."""
    cuts, size = error.shape
    r, n = np.zeros(cuts), np.zeros(cuts)
    out = np.ones((cuts, size))
    for t in range(size - 1, -1, -1):
        on, f, w = seen[:, t], spread[:, t], variance[:, t]
        gain = before[:, t] / f
        mean = w * (error[:, t] / f - gain * r)
        rest = np.maximum(w - w**2 * (1 / f + gain**2 * n), 0.0)
        out[:, t] = np.where(on, mean**2 / s + rest, 1.0)
        r = np.where(on, error[:, t] / f + (1 - gain) * r, r)
        n = np.where(on, 1 / f + (1 - gain) ** 2 * n, n)
    return out

"""Draws of months that figures of two kinds bind, stirred within what all of them leave.

Where every month has one figure, carrying errors into the rounding intervals is exact (`_draws`). Rates beside levels,
and rates of months beside cumulative ones, say nearly the same twice, and draws that are moved into the intervals of
both crowd at their edges. They are therefore moved on, each step to a draw of the conditional distribution along one
direction (Gibbs sampling of a truncated normal; Geweke 1991): that of the prior, the rows that bind no draw included,
on the segment that all hard figures leave, which is exact since they are linear in the levels. Directions are those in
which the figures leave room: one published level, its month against the next where it is cumulative; all of its
calendar month from a year on by one factor, which moves the rates of one year alone, or of all years, which moves the
base weights.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve
from scipy.special import ndtr, ndtri

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._posterior import Particle
from forecasting.decumulation._system import System, factor

__all__ = ["stirred"]

SWEEPS = 5
"""Times that every direction is taken."""

NARROW = 1e-9
"""Probability of a segment below which a draw on it is taken for uniform."""


def stirred(system: System, particle: Particle, z: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draws (n, N), those that state all figures moved on; all as they are where no figures repeat each other.

    Args:
        system: The figures.
        particle: Prior and mode.
        z: (n, N) draws.
        rng: Source of the moves.
    """
    centre = np.exp(particle.mode)
    move = _directions(system, centre)
    if not len(move):
        return z
    inside = system.inside(system.stated(z))
    if not inside.any():
        return z
    precision, mean = _beside(system, particle)
    along = move / centre
    pull = along @ precision
    variance = 1 / np.einsum("ij,ij->i", pull, along)
    lever, limit = system.intervals(1.0)
    lever = np.vstack([lever, -np.eye(system.size)])  # no level vanishes
    limit = np.append(limit, np.zeros(system.size))
    effect = lever @ move.T
    ahead = (effect > 0).sum(axis=0)
    bound = [np.concatenate([np.flatnonzero(row > 0), np.flatnonzero(row < 0)]) for row in effect.T]
    part = [np.flatnonzero(row) for row in move]
    level = np.exp(z[inside]).T
    for _ in range(SWEEPS):
        away = np.log(level) - mean[:, None]
        room = np.maximum(limit[:, None] - lever @ level, 0.0)
        for k in rng.permutation(len(move)):
            rows, own = bound[k], part[k]
            reach = room[rows] / effect[rows, k, None]
            most, least = reach[: ahead[k]].min(axis=0), reach[ahead[k] :].max(axis=0)
            middle = -float(variance[k]) * (pull[k] @ away)
            step = _between(least, most, middle, float(np.sqrt(variance[k])), rng.random((level.shape[1],)))
            level[own] += step * move[k, own, None]
            away[own] += step * along[k, own, None]
            room[rows] = np.maximum((reach - step) * effect[rows, k, None], 0.0)
        level = np.maximum(level, np.finfo(float).tiny)
    new = np.log(level.T)
    good = system.inside(system.stated(new))
    out = z.copy()
    out[np.flatnonzero(inside)[good]] = new[good]
    return out


def _directions(system: System, level: FloatArray) -> FloatArray:
    """(D, N) moves of levels (N,), in units of what is published; none where every month has one figure."""
    found = [np.zeros((0, system.size))]
    levels, cumulative, single = (
        set(zip(system.year[rows], system.month[rows], strict=True))
        for rows in (
            system.hard & ~system.yoy,
            system.hard & system.yoy & system.cumulative,
            system.hard & system.yoy & ~system.cumulative & (system.month > 1),
        )
    )
    if any((year, month) in levels and (year - 1, month) in levels for year, month in cumulative | single):
        found += _of_levels(system, level)
    if years := sorted({year for year, _ in cumulative & single}):
        found += _of_rates(years, level)
    return np.concatenate(found)


def _of_levels(system: System, level: FloatArray) -> list[FloatArray]:
    """Published levels by themselves, and from a year on."""
    total = np.cumsum(level.reshape(-1, 12), axis=1)
    found = []
    for cumulative in (True, False):
        mine = system.hard & ~system.yoy & (system.cumulative == cumulative)
        for month in np.unique(system.month[mine]):
            years = np.sort(system.year[mine & (system.month == month)])
            single = np.zeros((len(years), system.years + 1, 12))
            size = total[years, month] if cumulative else level.reshape(-1, 12)[years, month]
            single[np.arange(len(years)), years, month] = size
            if cumulative and month < 11:
                single[np.arange(len(years)), years, month + 1] = -size
            onwards = np.flip(np.cumsum(np.flip(single, 0), axis=0), 0)[:-1]
            found += [single.reshape(-1, system.size), onwards.reshape(-1, system.size)]
    return found


def _of_rates(years: list[int], level: FloatArray) -> list[FloatArray]:
    """Months of all years, and from each of some years on; January and February together, and apart."""
    found = []
    for months in ([0], [1], [0, 1], *([month] for month in range(2, 12))):
        for year in [0] if months in ([0], [1]) else [0, *years]:
            move = np.zeros((1, len(level)))
            move.reshape(-1, 12)[year:, months] = level.reshape(-1, 12)[year:, months]
            found.append(move)
    return found


def _beside(system: System, particle: Particle) -> tuple[FloatArray, FloatArray]:
    """(N, N) precision and (N,) mean of the prior and of the figures that bind no draw, linearised at the mode."""
    root = factor(particle.covariance)
    precision: FloatArray = cho_solve(root, np.eye(system.size), check_finite=False)
    soft = ~system.hard
    if not soft.any():
        return precision, particle.mean
    slope = particle.slope[soft]
    weight = slope.T @ np.linalg.inv(system.noise[np.ix_(soft, soft)])
    miss = system.value[soft] - particle.value[soft] + slope @ (particle.mode - particle.mean)
    precision = precision + weight @ slope
    return precision, particle.mean + np.linalg.solve(precision, weight @ miss)


def _between(least: FloatArray, most: FloatArray, mean: FloatArray, sd: float, rank: FloatArray) -> FloatArray:
    """(n,) draws, by their ranks, of normals between bounds."""
    low, high = ndtr((least - mean) / sd), ndtr((most - mean) / sd)
    step = mean + sd * ndtri(low + rank * (high - low))
    narrow = ~(high - low > NARROW)
    step[narrow] = (least + rank * (most - least))[narrow]
    drawn: FloatArray = np.clip(step, least, most)
    return drawn

"""Draws that were moved into the intervals of their figures, stirred within what all figures leave.

Where every month has one figure, carrying errors into the rounding intervals is exact (`_draws`), unless many draws go
astray on the way to them (coarse rates, months of little weight). Rates beside levels, and rates of months beside
cumulative ones, say nearly the same twice, and all draws go astray. Those that are then moved into the intervals crowd
at their edges, and in years that nothing binds with them. They are therefore moved on, each step to a draw of the
conditional distribution along one direction (Gibbs sampling of a truncated normal; Geweke 1991): that of the prior, the
rows that bind no draw included, on the segment that all hard figures leave, which is exact since they are linear in the
levels. Directions are those in which the figures leave room: one published level, or the levels of one published rate
from its year on, a month against the next where it is cumulative; all of a calendar month from a year on by one factor,
which moves the rates of one year alone, or of all years, which moves the base weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve
from scipy.special import ndtr, ndtri

from forecasting.decumulation._figures import BoolArray, FloatArray
from forecasting.decumulation._posterior import Particle
from forecasting.decumulation._system import System, factor

__all__ = ["stirred"]

FEW = 0.1
"""Share of draws astray up to which they are left."""

SWEEPS = 3
"""Times that every direction is taken."""

ROOM = 0.5
"""Half-width of a rate that leaves room, against the widest: one that levels tell more finely leaves none."""

NARROW = 1e-9
"""Probability of a segment below which a draw on it is taken for uniform."""


def stirred(
    system: System,
    particle: Particle,
    z: FloatArray,
    astray: BoolArray,
    profile: FloatArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Draws (n, N), those that state all figures moved on.

    Args:
        system: The figures.
        particle: Prior and mode.
        z: (n, N) draws.
        astray: (n,) those that were moved into the intervals; the others stay where no figures repeat each other.
        profile: (n, 12) what the draws have beside the prior's log profile.
        rng: Source of the moves.
    """
    told = _Told.by(system)
    chosen = np.full(len(z), True) if told.twice else astray & (astray.mean() > FEW)
    chosen &= system.inside(system.stated(z))
    if not chosen.any():
        return z
    centre = np.exp(particle.mode)
    move = _directions(system, told, centre)
    lever, limit = system.intervals(1.0)
    lever = np.vstack([lever, -np.eye(system.size)])  # no level vanishes
    limit = np.append(limit, np.zeros(system.size))
    effect = lever @ move.T
    ends = (effect > 0).any(axis=0) & (effect < 0).any(axis=0)
    move, effect = move[ends], effect[:, ends]
    precision, mean = _beside(system, particle)
    along = move / centre
    pull = along @ precision
    variance = 1 / np.einsum("ij,ij->i", pull, along)
    ahead = (effect > 0).sum(axis=0)
    bound = [np.concatenate([np.flatnonzero(row > 0), np.flatnonzero(row < 0)]) for row in effect.T]
    part = [np.flatnonzero(row) for row in move]
    level = np.exp(z[chosen]).T
    usual = mean[:, None] + np.tile(profile[chosen], system.years + 1).T
    for _ in range(SWEEPS):
        away = np.log(level) - usual
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
    out[np.flatnonzero(chosen)[good]] = new[good]
    return out


@dataclass(frozen=True, slots=True)
class _Told:
    """Years and months of the hard figures of each kind.

    Attributes:
        grown: Of rates that two levels state.
        cumulative: Of cumulative rates.
        single: Of rates of single months, January and February left out.
    """

    grown: set[tuple[int, int]]
    cumulative: set[tuple[int, int]]
    single: set[tuple[int, int]]

    @classmethod
    def by(cls, system: System) -> _Told:
        """Look through the figures."""

        def of(rows: BoolArray) -> set[tuple[int, int]]:
            chosen = system.hard & rows
            return set(zip(system.year[chosen].tolist(), system.month[chosen].tolist(), strict=True))

        levels = of(~system.yoy)
        grown = {(year, month) for year, month in levels if (year - 1, month) in levels}
        single = of(system.yoy & ~system.cumulative & (system.month > 1))
        return cls(grown, of(system.yoy & system.cumulative), single)

    @property
    def twice(self) -> bool:
        """Whether figures of two kinds bind the same months."""
        return bool(self.grown & (self.cumulative | self.single) or (self.cumulative & self.single) - self.grown)


def _directions(system: System, told: _Told, level: FloatArray) -> FloatArray:
    """(D, N) moves of levels (N,), in units of what is published."""
    years = {year for year, _ in told.single - told.grown}
    found = _of_levels(system, level) + _of_rates(system, sorted(told.cumulative - told.grown), sorted(years), level)
    return np.concatenate([np.zeros((0, system.size)), *found])


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


def _of_rates(
    system: System, cumulative: list[tuple[int, int]], years: list[int], level: FloatArray
) -> list[FloatArray]:
    """Cumulative rates (year, month) by themselves; if there are years, months of all and from each of them on."""
    grid = level.reshape(-1, 12)
    total = np.cumsum(grid, axis=1)
    found = []

    def add(chosen: slice, months: list[int], size: FloatArray) -> None:
        move = np.zeros_like(grid)
        move[chosen, months] = size[chosen]
        found.append(move.reshape(1, -1))

    for chosen, month in _spans(system, cumulative):
        if month == 1:
            add(chosen, [0, 1], grid[:, :2])
        elif month < 11:
            add(chosen, [month, month + 1], total[:, [month]] * [1.0, -1.0])
        else:
            add(chosen, [11], total[:, [11]])
    for month in range(12):
        for year in (0, *years) if years else ():
            add(slice(year, None), [month], grid[:, [month]])
    return found


def _spans(system: System, cumulative: list[tuple[int, int]]) -> list[tuple[slice, int]]:
    """Years of the state, and month, that a cumulative rate lets move together, if it leaves room.

    Those from its year on; where levels hold some of these, also those before it, and those up to the next such rate.
    """
    rows = system.hard & system.yoy & system.cumulative
    half = (system.half * np.exp(system.value))[rows].tolist()
    width = dict(zip(zip(system.year[rows].tolist(), system.month[rows].tolist(), strict=True), half, strict=True))
    levels = bool((system.hard & ~system.yoy).any())
    following: dict[int, int | None] = {}
    found = []
    for year, month in reversed([key for key in cumulative if width[key] > ROOM * max(half)]):
        more = [slice(year, following.get(month)), slice(None, year)] if levels else []
        found += [(years, month) for years in (*more, slice(year, None))]
        following[month] = year
    return found[::-1]


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

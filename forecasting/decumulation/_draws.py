"""Draws of the log levels that round back to every published figure.

A Gaussian draw has figures that miss the published ones by errors with the posterior's dependence; each is carried to
the truncated normal that the rounding interval leaves of its cavity distribution (the posterior of the error without
the interval's own Gaussian stand-in; Minka 2001), which keeps the dependence and makes the margin exact. The draw is
then moved, by Newton steps in the metric of the prior, until it states these figures. A draw that still has one outside
its interval (figures that bind each other) starts again and is moved, step by step, by what its figures miss their
intervals (relaxation; Motzkin and Schoenberg 1954); what is then left is projected onto the levels that round to the
figures, a convex set; where that fails for most, they are drawn towards a state that is in it.
"""

from __future__ import annotations

import daqp
import numpy as np
from scipy.linalg import solve_triangular
from scipy.sparse import csr_array
from scipy.special import ndtr, ndtri

from forecasting.decumulation._figures import BoolArray, FloatArray
from forecasting.decumulation._posterior import Particle, Posterior
from forecasting.decumulation._program import Program
from forecasting.decumulation._system import System, factor

__all__ = ["anchor", "draw", "pull_inside", "settle"]

STEPS = 12
"""Newton steps at most; a draw that would not arrive with those left, at the pace of the last one, is left alone: its
figures bind each other."""

CLOSE = 0.05
"""Most that a figure inside its interval may be away from its target, in standard deviations of the rounding."""

SWEEPS = 100
FASTEST = 10.0
"""Most times what figures miss by which they are moved, where steps went a small part of their way before."""

REACH = 0.5
"""Longest step of a log level in relaxation; draws that would have to go farther, where months nearly vanish and no
tangent holds, are left to projection."""

MARGINS = (0.05, 0.005, 0.0005)
"""Shares of the half-width that projected states keep from its edge, the first that leaves any; and of a level of the
mode, the least that they may have."""

FACTORS = (1.1, 1.5, 4.0, 50.0, 1e4)
"""Factors by which levels may be moved to find a state that states all figures."""

TOLERANCE = 1e-9
"""Of a programme's rows, in the metric of the prior."""

MOST_WORK = 100
"""Steps of the active set a state, on average, after which states stay outside, and others take their place."""

LONGEST_STEP = 1.0
FARTHEST = 10.0
"""Most by which a log level may be away from the mode, so that figures that contradict each other end somewhere."""

MARGIN = 0.01
"""Share of the half-width that targets keep from its edge."""

THIN = 1e-4
"""Share of the half-width that a state keeps from the edge where figures leave no more."""

ENOUGH = 0.3

FINEST = 1e-6
"""Relative half-width below which no more digits are asked for on the way."""

HALVINGS = 30


def draw(
    system: System, posterior: Posterior, profile: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, BoolArray]:
    """(n, N) draws, and which (n,) went astray (`settle`), whether or not all figures can be true together.

    Args:
        system: The figures.
        posterior: What they say of the log levels.
        profile: (n, 12) what each draw adds to the log profile of all years, which they say nothing of.
        rng: Source of the draws.
    """
    edges = np.linspace(0, len(profile), len(posterior.particles) + 1).round().astype(int)[1:-1]
    parts = zip(posterior.particles, np.split(profile, edges), strict=True)
    found = [_draw(system, particle, part, rng) for particle, part in parts if len(part)]
    return np.concatenate([z for z, _ in found]), np.concatenate([astray for _, astray in found])


def _draw(
    system: System, particle: Particle, profile: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, BoolArray]:
    n = len(profile)
    root = np.tril(factor(particle.covariance)[0])
    z = particle.mean + rng.standard_normal((n, system.size)) @ root.T + np.tile(profile, system.years + 1)
    noise = rng.standard_normal((n, len(system.rows))) @ system.noise_root.T
    linear = particle.value + (z - particle.mode) @ particle.slope.T
    z = z + (system.value + noise - linear) @ particle.gain.T
    error = particle.value + (z - particle.mode) @ particle.slope.T - system.value
    return settle(system, particle, z, system.value + _truncated(system, particle, error))


def _truncated(system: System, particle: Particle, error: FloatArray) -> FloatArray:
    """Errors (n, P) of the figures, carried into the rounding intervals."""
    explained = np.einsum("ij,ji->i", system.lever(particle.slope) @ particle.gain, particle.spread)
    variance = np.diag(particle.spread) - explained
    own = np.diag(system.noise)
    variance = np.clip(variance, 1e-9 * own, (1 - 1e-6) * own)
    mean = particle.value - system.value
    cavity = variance * own / (own - variance)
    centre = mean * own / (own - variance)
    sd = np.sqrt(cavity)
    low, high = (1 - MARGIN) * (system.low - system.value), (1 - MARGIN) * (system.high - system.value)
    a, b = ndtr((low - centre) / sd), ndtr((high - centre) / sd)
    rank = ndtr((error - mean) / np.sqrt(variance))
    wide = b - a > 1e-12
    inside = centre + sd * ndtri(np.where(wide, a + rank * (b - a), 0.5))
    inside = np.where(wide, inside, np.where(centre > 0, high, low))
    return np.where(system.hard, np.clip(inside, low, high), error)


def settle(system: System, particle: Particle, z: FloatArray, target: FloatArray) -> tuple[FloatArray, BoolArray]:
    """States (n, N) that state the targets (n, P), and which (n,) went astray: these are the nearest inside instead."""
    gain = particle.gain.T
    lowest, highest = particle.mode - FARTHEST, particle.mode + FARTHEST
    start = np.clip(z, lowest, highest)
    out = start.copy()
    moving, before = np.arange(len(z)), np.full(len(z), np.inf)
    for left in range(STEPS, 0, -1):
        stated = system.stated(out[moving])
        miss = target[moving] - stated
        worst = np.max(np.abs(miss[:, system.hard]) / system.sd[system.hard], axis=1, initial=0.0)
        away = (worst > CLOSE) | ~system.inside(stated)
        if left < STEPS - 1:  # the pace is known
            pace = np.minimum(worst / np.maximum(before, np.finfo(float).tiny), 1.0)
            away &= worst * pace**left < CLOSE
        moving, miss, before = moving[away], miss[away], worst[away]
        if not len(moving):
            break
        step = miss @ gain
        size = np.abs(step).max(axis=1, keepdims=True)
        step *= np.minimum(1.0, LONGEST_STEP / np.maximum(size, LONGEST_STEP))
        out[moving] = np.clip(out[moving] + step, lowest, highest)
    astray = ~system.inside(system.stated(out))
    outside = np.flatnonzero(astray)
    out[outside] = _relaxed(system, gain, start[outside])
    outside = outside[~system.inside(system.stated(out[outside]))]
    if len(outside):
        out[outside] = _projected(system, particle, out[outside])
    return out, astray


def _relaxed(system: System, gain: FloatArray, z: FloatArray) -> FloatArray:
    """States (n, N) moved by what their figures miss their intervals, as long as `SWEEPS` and `REACH` allow it."""
    out, moving, pace = z.copy(), np.arange(len(z)), np.ones(len(z))
    stated = system.stated(z)
    for _ in range(SWEEPS):
        left = ~system.inside(stated)
        moving, stated, pace = moving[left], stated[left], pace[left]
        if not len(moving):
            break
        miss = system.nearest(stated, 1 - MARGIN) - stated
        step = pace[:, None] * (miss @ gain)
        near = np.abs(step).max(axis=1) <= REACH
        moving, before, pace, miss = moving[near], stated[near], pace[near], miss[near]
        out[moving] += step[near]
        stated = system.stated(out[moving])
        # figures that are inside hold back those that are not: a step goes a small part of its way
        share = ((stated - before) * miss).sum(axis=1) / (pace * (miss**2).sum(axis=1))
        pace = 1 / np.clip(share, 1 / FASTEST, 1.0)
    return out


def _projected(system: System, particle: Particle, z: FloatArray) -> FloatArray:
    """The nearest states (n, N), in the metric of the prior about the mode, whose figures are inside their intervals.

    In the levels themselves all figures are linear, so that figures which repeat each other stay consistent: a
    quadratic programme per state, by the dual active set method of DAQP (Arnström, Bemporad and Axehill 2022). States
    that it does not bring inside stay as they are.
    """
    centre = np.exp(particle.mode)
    root = centre[:, None] * np.tril(factor(particle.covariance)[0])
    start = solve_triangular(root, (np.exp(z) - centre).T, lower=True, check_finite=False).T
    out = z.copy()
    left, work = np.arange(len(z)), 0
    for margin in MARGINS:
        lever, limit = system.intervals(1 - margin)
        # no level vanishes
        matrix = np.vstack([lever @ root, -root / centre[:, None]])
        room = np.concatenate([limit - lever @ centre, np.full(len(centre), 1 - margin)])
        scale = np.linalg.norm(matrix, axis=1)
        model = daqp.Model()
        model.setup(np.eye(system.size), -start[0], matrix / scale[:, None], room / scale, np.full(len(room), -np.inf))
        model.settings = {"primal_tol": TOLERANCE}
        for k in left:
            model.update(f=-start[k])
            found, _, flag, info = model.solve()
            work += info["iterations"]
            if flag <= 0 or work > MOST_WORK * len(z):
                break
            out[k] = np.log(np.maximum(centre + root @ found, 0.5 * margin * centre))
        left = left[~system.inside(system.stated(out[left]))]
        if len(left) <= (1 - ENOUGH) * len(z):
            break
    return out


def anchor(system: System, z: FloatArray) -> FloatArray | None:
    """(N,) a state whose figures are all inside, near a state (N,); None if there is none.

    Every level is within a factor of its own, the first of `FACTORS` that allows it, and a linear programme brings the
    one that is farthest as near as can be.
    """
    centre = np.exp(z)
    size = len(centre)
    lever, limit = system.intervals(1 - THIN)
    lever = lever * centre
    # a row's unit is its half-width, of which the programme's tolerance is then a small part
    scale = np.abs(lever).max(axis=1) * np.tile(np.maximum(system.half[system.hard], FINEST), 2)
    eye, one = np.eye(size), np.ones((size, 1))
    matrix = csr_array(
        np.block(
            [
                [lever / scale[:, None], np.zeros((len(lever), 1))],
                [eye, -one],
                [-eye, -one],
                [-eye, 0 * one],
                [eye, 0 * one],
            ]
        )
    )
    cost = np.append(np.zeros(size), 1.0)
    for reach in FACTORS:
        bounds = np.full(size, -1 / reach), np.full(size, reach)
        high = np.concatenate([limit / scale, np.ones(size), -np.ones(size), *bounds])
        found = Program(matrix, np.full(len(high), -np.inf), high, cost, primal=False).solve()
        if found is not None:
            state = z + np.log(found[:-1])
            if system.inside(system.stated(state[None]))[0]:
                return state
    return None


def pull_inside(system: System, z: FloatArray, centre: FloatArray) -> FloatArray:
    """Draws (n, N) without those whose figures are outside.

    Others take their place in turn; where most are outside, they are pulled towards a centre (N,) that is inside.
    """
    good = system.inside(system.stated(z))
    bad = np.flatnonzero(~good)
    out = z.copy()
    if good.mean() >= ENOUGH:
        out[bad] = z[np.flatnonzero(good)[np.arange(len(bad)) % good.sum()]]
        return out
    share = np.ones(len(bad))
    level, origin = np.exp(z[bad]), np.exp(centre)
    for _ in range(HALVINGS):
        share *= 0.5
        trial = np.log(origin + share[:, None] * (level - origin))
        inside = system.inside(system.stated(trial))
        out[bad[inside]] = trial[inside]
        bad, share, level = bad[~inside], share[~inside], level[~inside]
    out[bad] = centre
    return out

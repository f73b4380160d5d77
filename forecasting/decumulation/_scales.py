"""Standard deviations of the parts of an indicator, and the heavy tails of single months, by the evidence.

The evidence is that of the figures linearised about the mode, which is sought anew after every round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, lapack, solve_triangular
from scipy.optimize import minimize

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._linear import Linear
from forecasting.decumulation._mode import State
from forecasting.decumulation._structure import LOG_SD, PARTS, Structure
from forecasting.decumulation._system import System, factor

__all__ = ["BOUND", "FREEDOM", "SHOCKS", "Estimate", "curvature", "estimate", "estimated", "shock_scale", "shock_size"]

FREEDOM = 3.0
"""Degrees of freedom of the irregular."""

CLUSTER = 0.5
"""A shock is seldom alone: a month's scale follows the irregulars about it, less so the farther they are."""

JUMP = 3.0
"""Largest standard deviation of a single shock in logs: a factor of twenty."""

UNLIKE = 8.0
"""Degrees of freedom of the prior that calendar months have shocks of one size."""

ROUNDS, SETTLED = 12, 0.2
"""Most rounds of mode, standard deviations and heavy tails, and the change of logs below which they end."""

FLAT = 0.05
"""Slope of the log evidence, per log of a standard deviation, from which on a round goes no further."""

ITERATIONS, LATER_ITERATIONS = 5, 2
"""Most steps of a search in the first round and in the others."""

BOUND = 1.5
"""Most by which a log standard deviation moves in a round, before the figures are linearised anew."""

PRIOR_MEAN = np.log([LOG_SD[part][0] for part in PARTS])
PRIOR_SD = np.array([LOG_SD[part][1] for part in PARTS])
SHOCKS = [PARTS.index("drift"), PARTS.index("irregular")]


def estimated(system: System, prior: Structure, *, unlike: bool = False) -> tuple[State, Evidence]:
    """The state at the most likely standard deviations, and the evidence there.

    Args:
        system: The figures.
        prior: Of the log levels.
        unlike: Calendar months may differ in the size of their shocks.
    """
    state = State(system, prior)
    expected = np.zeros((12, 12))
    state.seek(expected)  # a first orientation, with the profile as it is expected
    evidence = Evidence(state)
    for k in range(ROUNDS):
        before = np.concatenate([state.log_sd, np.log(state.scale)])
        _maximise(state, evidence, LATER_ITERATIONS if k else ITERATIONS)
        state.seek(expected if system.silent else prior.profile, 2, weigh=not system.silent)
        evidence = Evidence(state)
        _heavy_tails(state, evidence, unlike)
        if np.abs(np.concatenate([state.log_sd, np.log(state.scale)]) - before).max() < SETTLED:
            break
    return state, evidence


@dataclass(frozen=True, slots=True)
class Estimate:
    """The most likely months and what they rest on.

    Attributes:
        log_sd: Log standard deviations of `PARTS` that maximise evidence and prior.
        scale: (N,) of each month's irregular variance.
        usual: (12,) of the irregular variance of a calendar month in most years.
        shift: (12,) of the profile's mean.
        mode: (N,).
    """

    log_sd: FloatArray
    scale: FloatArray
    usual: FloatArray
    shift: FloatArray
    mode: FloatArray


def estimate(system: System, prior: Structure) -> Estimate:
    """What the figures say of the log levels at its most likely."""
    state, _ = estimated(system, prior, unlike=True)
    state.seek(prior.profile)
    return Estimate(state.log_sd, state.scale, state.usual, state.shift, state.z)


class Evidence:
    """Evidence and prior of log standard deviations, linearised where the state is."""

    def __init__(self, state: State) -> None:
        system, prior = state.system, state.prior
        near = Linear(system, state.z)
        self.lever = lever = near.lever
        self.slope = near.rows
        self.fixed = lever @ (lever @ (prior.fixed + prior.spread(prior.profile))).T + near.noise
        self.steps = prior.unwound(self.slope)
        self.parts = np.empty((len(PARTS), *self.fixed.shape))
        for i, matrix in enumerate(prior.parts.values()):
            self.parts[i] = lever @ (lever @ matrix).T
        self.rescale(state.scale)
        self.residual = near.folded(system.value - near.value + near.slope @ (state.z - state.mean))

    def rescale(self, scale: FloatArray) -> None:
        """Give each month's shocks another scale (N,)."""
        for i, lever, slope in zip(SHOCKS, (self.steps, self.lever), (self.steps, self.slope), strict=True):
            self.parts[i] = lever @ (slope * scale).T

    def spread(self, log_sd: FloatArray) -> FloatArray:
        """S (P, P)."""
        out: FloatArray = self.fixed + np.tensordot(np.exp(2 * log_sd), self.parts, 1)
        return out

    def __call__(self, log_sd: FloatArray) -> tuple[float, FloatArray]:
        """Minus the log posterior, and its gradient."""
        root = factor(self.spread(log_sd))
        weight = cho_solve(root, self.residual, check_finite=False)
        inverse = np.tril(np.asarray(lapack.dpotri(root[0], lower=1)[0]))
        distance = (log_sd - PRIOR_MEAN) / PRIOR_SD
        value = np.log(np.diag(root[0])).sum() + 0.5 * self.residual @ weight + 0.5 * distance @ distance
        own = np.einsum("ijj,j->i", self.parts, np.diag(inverse))
        trace = 2 * self.parts.reshape(len(PARTS), -1) @ inverse.ravel() - own
        gradient = distance / PRIOR_SD + np.exp(2 * log_sd) * (trace - self.parts @ weight @ weight)
        return float(value), gradient


def _maximise(state: State, evidence: Evidence, iterations: int) -> None:
    bounds = [(value - BOUND, value + BOUND) for value in state.log_sd]
    found = minimize(
        evidence,
        state.log_sd,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": iterations, "gtol": FLAT},
    )
    state.log_sd = np.asarray(found.x)


def _heavy_tails(state: State, evidence: Evidence, unlike: bool) -> None:
    """One step of EM for the scales of a Student t: the larger an irregular, the larger its own variance."""
    root = factor(evidence.spread(state.log_sd))
    weight = cho_solve(root, evidence.residual, check_finite=False)

    def whiten(array: FloatArray) -> FloatArray:
        return np.asarray(solve_triangular(root[0], array, lower=True, check_finite=False))

    size = shock_size(whiten, weight, (evidence.steps, evidence.slope), state.log_sd, state.scale)
    if unlike:
        own = size * np.tile(state.usual, len(size) // 12) / state.scale
        state.usual = (UNLIKE + own.reshape(-1, 12).sum(axis=0)) / (UNLIKE + 2 * len(size) // 12)
        state.usual /= np.exp(np.log(state.usual).mean())
    usual = np.tile(state.usual, len(size) // 12)
    state.scale = usual * shock_scale(size / usual, state.log_sd)
    evidence.rescale(state.scale)


def shock_size(
    whiten: Callable[[FloatArray], FloatArray],
    weight: FloatArray,
    levers: tuple[FloatArray, FloatArray],
    log_sd: FloatArray,
    scale: FloatArray,
) -> FloatArray:
    """(..., N) expected squared sizes of months' shocks, drift and irregular together, each in units of its variance.

    Args:
        whiten: Multiplies (..., P, N) by the inverse of a root of the covariance of P figures.
        weight: (..., P) the inverse of that covariance times what they miss.
        levers: How they move with the drift and with the irregular of each month, (..., P, N) both.
        log_sd: Log standard deviations of `PARTS`.
        scale: (..., N) of the variances of the shocks.
    """
    size = np.zeros(scale.shape)
    for lever, variance in zip(levers, np.exp(2 * log_sd[SHOCKS]), strict=True):
        own = variance * scale
        left = whiten(lever * own[..., None, :])
        moved = (weight[..., None, :] @ lever)[..., 0, :]
        size += (np.square(moved * own) + own - np.square(left).sum(axis=-2)) / variance
    return size


def shock_scale(size: FloatArray, log_sd: FloatArray) -> FloatArray:
    """(..., N) scales of the variances of months, whose squared sizes are expected; and of those about them.

    A squared size is that of drift and irregular together, each in units of its variance `log_sd`.
    """
    spread = size.copy()
    for lag in range(1, min(7, size.shape[-1])):
        faded = CLUSTER**lag * size
        spread[..., lag:] = np.maximum(spread[..., lag:], faded[..., :-lag])
        spread[..., :-lag] = np.maximum(spread[..., :-lag], faded[..., lag:])
    most = max(1.0, (JUMP / float(np.exp(log_sd[SHOCKS].max()))) ** 2)
    return np.minimum((FREEDOM + spread) / (FREEDOM + 2), most)


def curvature(evidence: Evidence, log_sd: FloatArray) -> FloatArray:
    """A root of the covariance of the log standard deviations at the mode, by differences of the gradient."""
    step = 0.1
    here = evidence(log_sd)[1]
    rows = [(evidence(log_sd + step * axis)[1] - here) / step for axis in np.eye(len(PARTS))]
    value, vector = np.linalg.eigh((np.array(rows) + np.array(rows).T) / 2)
    return np.asarray(vector / np.sqrt(np.maximum(value, 1 / PRIOR_SD.max() ** 2)))

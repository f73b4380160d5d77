"""What published figures say of the log levels: hyper-parameters, mode and Gaussian posteriors.

The figures f(z) are linearised about the mode, found by Gauss-Newton steps. With S = J K J' + R,

    mode        z = m + K J' S^-1 (y - f(z) + J (z - m))
    evidence    -log det S / 2 - r' S^-1 r / 2,    r = y - f(z) + J (z - m)

Standard deviations maximise evidence and prior (gradients are exact) and are then drawn from their Gaussian
approximation there, so that their uncertainty is carried.

The profile (base weights) needs care. Where only cumulative rates speak, the recovered growth of a month is the
change of the rate times the inverse share of the month, so the volume of growth that rounds to the figures depends on
the profile; the mode of z ignores that and runs off to profiles which make growth small. The profile is therefore
judged with growth integrated out: half the gradient of log det S (S without the profile's own variance) joins its
prior as a shift of the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve, lapack, solve_triangular
from scipy.optimize import minimize

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._linear import Linear
from forecasting.decumulation._structure import LOG_SD, PARTS, Structure
from forecasting.decumulation._system import System, factor

__all__ = ["Particle", "Posterior", "Stride", "estimate", "farthest", "follow", "implausible", "infer"]

FREEDOM = 3.0
"""Degrees of freedom of the irregular."""

CLUSTER = 0.5
"""A shock is seldom alone: a month's scale follows the irregulars about it, less so the farther they are."""

JUMP = 3.0
"""Largest standard deviation of a single shock in logs: a factor of twenty."""

REVISED = 0.001
"""Standard deviation of a revised rate about that of the months, relative."""

PLAUSIBLE = 2.0
"""Half-widths by which the most likely months may miss a figure before it is taken for revised."""

TOO_FINE = 1e-9
"""Steps, in logs, that arithmetic does not tell from none."""

FINEST = 1e-5
"""A miss, relative, below which arithmetic alone may explain it."""

ROUNDS, SETTLED = 12, 0.2
"""Most rounds of mode, standard deviations and heavy tails, and the change of logs below which they end."""

FLAT = 0.05
"""Slope of the log evidence, per log of a standard deviation, from which on a round goes no further."""

FOLLOWED = 3
"""Rounds of mode and heavy tails with standard deviations that are known."""

STEPS, MODE_STEPS = 6, 20
SLOW, FAST = 0.3, 0.7
"""Parts of what a step should achieve, below which the next is halved and above which it is doubled again."""

ITERATIONS, LATER_ITERATIONS = 8, 4
LONGEST_STEP = 1.0
TOLERANCE = 1e-3
BOUND = 1.5
"""Most by which a log standard deviation moves in a round, before the figures are linearised anew."""

PRIOR_MEAN = np.log([LOG_SD[part][0] for part in PARTS])
PRIOR_SD = np.array([LOG_SD[part][1] for part in PARTS])
SHOCKS = [PARTS.index("drift"), PARTS.index("irregular")]


@dataclass(frozen=True, slots=True)
class Particle:
    """A Gaussian posterior of z under one set of hyper-parameters.

    Attributes:
        log_sd: Log standard deviations of `PARTS`.
        mean: (N,) prior mean, the profile's shift included.
        covariance: (N, N) prior covariance K.
        mode: (N,).
        value: (P,) the figures that the mode states, as logs.
        slope: (P, N) derivative J there.
        gain: (N, P) K J' S^-1.
    """

    log_sd: FloatArray
    mean: FloatArray
    covariance: FloatArray
    mode: FloatArray
    value: FloatArray
    slope: FloatArray
    gain: FloatArray


@dataclass(frozen=True, slots=True)
class Posterior:
    """What the figures say.

    Attributes:
        particles: Of equal weight.
        scale: (N,) of each month's irregular variance.
        volume: (12,) how the volume of growth depends on the profile.
        log_sd: The most likely log standard deviations of `PARTS`.
        spread: A root of their covariance.
    """

    particles: tuple[Particle, ...]
    scale: FloatArray
    volume: FloatArray
    log_sd: FloatArray
    spread: FloatArray

    @property
    def middle(self) -> Particle:
        """The particle of a profile of middle width."""
        return self.particles[len(self.particles) // 2]


class Stride:
    """Lengths of successive Gauss-Newton steps.

    Attributes:
        size: Of the last step before it was shortened, in its farthest element.
    """

    def __init__(self) -> None:
        self.size = np.inf
        self._damping = 1.0

    def __call__(self, step: FloatArray) -> FloatArray:
        """A step (N,), shortened where it is long, or where steps go to and fro instead of getting shorter."""
        before, self.size = self.size, float(np.abs(step).max())
        if self.size > (1 - SLOW * self._damping) * before:  # a step that is all right shortens the next by its part
            self._damping *= 0.5
        elif self.size < (1 - FAST * self._damping) * before:
            self._damping = min(1.0, 2 * self._damping)
        return step * self._damping * min(1.0, LONGEST_STEP / max(self.size, LONGEST_STEP))


class _State:
    """Where the search for the mode is."""

    def __init__(self, system: System, prior: Structure) -> None:
        self.system, self.prior = system, prior
        self.z = prior.mean.copy()
        self.log_sd = PRIOR_MEAN.copy()
        self.scale = np.ones(system.size)
        self.volume = np.zeros(12)
        self.shift = np.zeros(12)

    @property
    def mean(self) -> FloatArray:
        """(N,) prior mean, the profile's shift included."""
        return self.prior.mean + np.tile(self.shift, self.system.years + 1)

    def covariance(self, profile: FloatArray) -> FloatArray:
        return self.prior.covariance(self.log_sd, self.scale, profile)

    def seek(self, profile: FloatArray, steps: int = STEPS, *, weigh: bool = False) -> FloatArray:
        """Move to the mode under the present hyper-parameters; the prior covariance used.

        Args:
            profile: (12, 12) covariance of the log profile.
            steps: At most.
            weigh: Find out anew how the volume of growth depends on the profile, which hardly changes on the way.
        """
        system = self.system
        total = self.covariance(profile)
        stride = Stride()
        for k in range(steps):
            near = Linear(system, self.z)
            cross = near.lever @ total  # the covariance is symmetric
            if weigh and not k:
                alike = self.prior.spread(profile)
                spread = np.asarray(cross - near.lever @ alike)
                inner = factor(near.lever @ spread.T + near.noise)
                self.volume = system.volume(near.slope, near.gain(total - alike, spread, inner))
            self.shift = -profile @ self.volume
            mean = self.mean
            step = mean + _change(near, cross, system.value - near.value + near.slope @ (self.z - mean)) - self.z
            self.z = self.z + stride(step)
            if stride.size < TOLERANCE:
                break
        return total


def implausible(system: System, posterior: Posterior) -> list[int]:
    """Rows that bind the most likely months, where these miss a figure by more than rounding explains.

    Figures of one kind leave the months free; those of several kinds may be possible together only by months that
    nobody would believe. Rates of single months are believed before cumulative figures. A row of each year is taken
    for revised at a time, until the others go together.
    """
    kinds = 2 * system.cumulative + system.yoy
    telling = ~system.cumulative | (system.month > 1)  # January-February together is as good as a single month
    years = [np.flatnonzero(system.hard & (system.year == year)) for year in np.unique(system.year)]
    years = [rows for rows in years if len(np.unique(kinds[rows[telling[rows]]])) > 1]
    noise, left = system.noise.copy(), system.hard.copy()
    unit = np.maximum(system.half, FINEST)
    particle, z = posterior.middle, None
    found: list[int] = []
    while years:
        z = _mode(system, particle, noise, particle.mode if z is None else z)
        if z is None:
            break  # nothing is known of the most likely months, so that no figure is accused
        miss = np.where(left, np.abs(system.observe(z)[0] - system.value) / unit, 0.0)
        new = []
        for rows in years:
            if miss[rows].max() > PLAUSIBLE:
                yielding = np.where(system.cumulative[rows] | ~system.yoy[rows], miss[rows], 0.0)
                new.append(int(rows[(yielding if yielding.any() else miss[rows]).argmax()]))
        if not new:
            break
        found += new
        left[new] = False
        noise[new, new] += REVISED**2
    return found


def farthest(system: System, z: FloatArray) -> int:
    """The hard row that a state (N,) misses most, cumulative figures and levels before rates of single months."""
    value = system.stated(z[None])[0]
    beyond = np.maximum(np.maximum(system.low - value, value - system.high), 0) / system.half
    yielding = system.hard & (system.cumulative | ~system.yoy) & (beyond > 0)
    return int(np.where(yielding if yielding.any() else system.hard, beyond, -1.0).argmax())


def _mode(system: System, particle: Particle, noise: FloatArray, z: FloatArray) -> FloatArray | None:
    """(N,) the mode under a noise covariance (P, P), sought as far as rounding errors matter; None if not found."""
    stride = Stride()
    for _ in range(MODE_STEPS):
        near = Linear(system, z, noise)
        miss = system.value - near.value + near.slope @ (z - particle.mean)
        step = particle.mean + _change(near, near.lever @ particle.covariance, miss) - z
        z = z + stride(step)
        if stride.size < max(0.01 * system.half.min(), TOO_FINE):
            return z
    return None


def _change(near: Linear, cross: FloatArray, miss: FloatArray) -> FloatArray:
    """(N,) the mode's distance from the mean, for figures that miss it by (P,)."""
    root = factor(near.lever @ cross.T + near.noise)
    weight: FloatArray = cho_solve(root, near.folded(miss), check_finite=False)
    return weight @ cross


def infer(
    system: System,
    prior: Structure,
    profiles: Sequence[tuple[FloatArray, float]],
    *,
    judged: bool,
    particles: int,
    rng: np.random.Generator,
    before: Posterior | None = None,
) -> Posterior:
    """The posterior of the log levels.

    Args:
        system: The figures.
        prior: Of the log levels; its profile is where the search starts.
        profiles: (12, 12) covariances of the log profile and their prior probabilities.
        judged: The figures tell which of them holds, by their evidence. Rates say next to nothing of it, so that all
            keep their probability.
        particles: How many sets of hyper-parameters to draw.
        rng: Source of the draws.
        before: The posterior of nearly the same figures, whose standard deviations are taken over.
    """
    if before is None:
        state, evidence = _estimated(system, prior)
        spread = _curvature(evidence, state.log_sd)
    else:
        state = _State(system, prior)
        state.log_sd, state.scale, state.volume = before.log_sd.copy(), before.scale, before.volume
        spread = before.spread
    centre = state.log_sd.copy()
    probability = np.array([probability for _, probability in profiles])
    if judged:
        evidence = np.array([_particle(state, profile)[1] for profile, _ in profiles])
        probability *= np.exp(evidence - evidence.max())
    position = np.cumsum(probability)
    chosen = np.searchsorted(position, (np.arange(particles) + 0.5) / particles * position[-1])
    found = []
    for k in chosen:
        state.log_sd = centre + np.clip(spread @ rng.standard_normal(len(PARTS)), -BOUND, BOUND)
        found.append(_particle(state, profiles[k][0])[0])
    return Posterior(tuple(found), state.scale, state.volume, centre, spread)


def _estimated(system: System, prior: Structure) -> tuple[_State, _Evidence]:
    state = _State(system, prior)
    expected = np.zeros((12, 12))
    state.seek(expected)  # a first orientation, with the profile as it is expected
    evidence = _Evidence(state)
    for k in range(ROUNDS):
        before = np.concatenate([state.log_sd, np.log(state.scale)])
        _estimate(state, evidence, LATER_ITERATIONS if k else ITERATIONS)
        state.seek(expected if system.silent else prior.profile, 2, weigh=not system.silent)
        evidence = _Evidence(state)
        _heavy_tails(state, evidence)
        if np.abs(np.concatenate([state.log_sd, np.log(state.scale)]) - before).max() < SETTLED:
            break
    return state, evidence


def estimate(system: System, prior: Structure) -> FloatArray:
    """Log standard deviations of `PARTS` that maximise evidence and prior."""
    return _estimated(system, prior)[0].log_sd


def follow(system: System, prior: Structure, log_sd: FloatArray) -> FloatArray:
    """(N,) the mode of the log levels under given log standard deviations, heavy tails included."""
    state = _State(system, prior)
    state.log_sd = log_sd
    for _ in range(FOLLOWED):
        state.seek(prior.profile, 2, weigh=True)
        _heavy_tails(state, _Evidence(state))
    state.seek(prior.profile)
    return state.z


def _particle(state: _State, profile: FloatArray) -> tuple[Particle, float]:
    """The Gaussian posterior at the mode, and the log evidence there."""
    total = state.seek(profile)
    near = Linear(state.system, state.z)
    cross = near.lever @ total
    root = factor(near.lever @ cross.T + near.noise)
    gain = near.gain(total, cross, root).T
    miss = state.system.value - near.value
    folded = near.folded(miss + near.slope @ (state.z - state.mean))
    size = float(folded @ cho_solve(root, folded, check_finite=False)) + near.unseen(miss)
    evidence = -0.5 * size - float(np.log(np.diag(root[0])).sum())
    return Particle(state.log_sd, state.mean, total, state.z, near.value, near.slope, gain), evidence


class _Evidence:
    """Evidence and prior of log standard deviations, linearised where the state is."""

    def __init__(self, state: _State) -> None:
        system, prior = state.system, state.prior
        near = Linear(system, state.z)
        self.lever = lever = near.lever
        self.slope = near.rows
        self.fixed = lever @ (lever @ (prior.fixed + prior.spread(prior.profile))).T + near.noise
        self.steps = prior.unwound(self.slope)
        self.parts = [np.asarray(lever @ (lever @ matrix).T) for matrix in prior.parts.values()]
        self.parts += [np.empty(0)] * len(SHOCKS)
        self.rescale(state.scale)
        self.residual = near.folded(system.value - near.value + near.slope @ (state.z - state.mean))

    def rescale(self, scale: FloatArray) -> None:
        """Give each month's shocks another scale (N,)."""
        for i, lever, slope in zip(SHOCKS, (self.steps, self.lever), (self.steps, self.slope), strict=True):
            self.parts[i] = np.asarray(lever @ (slope * scale).T)

    def spread(self, log_sd: FloatArray) -> FloatArray:
        """S (P, P)."""
        out: FloatArray = self.fixed.copy()
        for part, variance in zip(self.parts, np.exp(2 * log_sd), strict=True):
            out += variance * part
        return out

    def __call__(self, log_sd: FloatArray) -> tuple[float, FloatArray]:
        """Minus the log posterior, and its gradient."""
        root = factor(self.spread(log_sd))
        weight = cho_solve(root, self.residual, check_finite=False)
        inverse = np.tril(np.asarray(lapack.dpotri(root[0], lower=1)[0]))
        diagonal = np.diag(inverse)
        distance = (log_sd - PRIOR_MEAN) / PRIOR_SD
        value = np.log(np.diag(root[0])).sum() + 0.5 * self.residual @ weight + 0.5 * distance @ distance
        gradient = distance / PRIOR_SD
        for i, (part, variance) in enumerate(zip(self.parts, np.exp(2 * log_sd), strict=True)):
            trace = 2 * np.vdot(inverse, part) - diagonal @ np.diag(part)
            gradient[i] += variance * (trace - weight @ part @ weight)
        return float(value), gradient


def _estimate(state: _State, evidence: _Evidence, iterations: int) -> None:
    bounds = [(value - BOUND, value + BOUND) for value in state.log_sd]
    options = {"maxiter": iterations, "gtol": FLAT}
    state.log_sd = minimize(evidence, state.log_sd, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x


def _heavy_tails(state: _State, evidence: _Evidence) -> None:
    """One step of EM for the scales of a Student t: the larger an irregular, the larger its own variance."""
    root = factor(evidence.spread(state.log_sd))
    weight = cho_solve(root, evidence.residual, check_finite=False)
    size = np.zeros(state.system.size)
    for lever, log_sd in zip((evidence.steps, evidence.slope), state.log_sd[SHOCKS], strict=True):
        variance = np.exp(2 * log_sd) * state.scale
        left = solve_triangular(root[0], lever * variance, lower=True, check_finite=False)
        size += (np.square(lever.T @ weight * variance) + variance - np.square(left).sum(axis=0)) / np.exp(2 * log_sd)
    raw = size.copy()
    for lag in range(1, 7):
        faded = CLUSTER**lag * raw
        size[lag:] = np.maximum(size[lag:], faded[:-lag])
        size[:-lag] = np.maximum(size[:-lag], faded[lag:])
    most = max(1.0, (JUMP / float(np.exp(state.log_sd[SHOCKS].max()))) ** 2)
    state.scale = np.minimum((FREEDOM + size) / (FREEDOM + 2), most)
    evidence.rescale(state.scale)


def _curvature(evidence: _Evidence, log_sd: FloatArray) -> FloatArray:
    """A root of the covariance of the log standard deviations at the mode, by differences of the gradient."""
    step = 0.1
    here = evidence(log_sd)[1]
    rows = [(evidence(log_sd + step * axis)[1] - here) / step for axis in np.eye(len(PARTS))]
    value, vector = np.linalg.eigh((np.array(rows) + np.array(rows).T) / 2)
    return np.asarray(vector / np.sqrt(np.maximum(value, 1 / PRIOR_SD.max() ** 2)))

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
prior as a shift of the mean. Where cumulative rates are all there is, even that says more than they know (`_weights`):
the profile is taken for certain here, and every draw adds one of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_solve

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._linear import Linear
from forecasting.decumulation._mode import State, Stride, change
from forecasting.decumulation._scales import BOUND, curvature, estimated
from forecasting.decumulation._structure import PARTS, Structure
from forecasting.decumulation._system import System, factor

__all__ = ["Particle", "Posterior", "evidence", "farthest", "implausible", "infer"]

REVISED = 0.001
"""Standard deviation of a revised rate about that of the months, relative."""

PLAUSIBLE = 2.0
"""Half-widths by which the most likely months may miss a figure before it is taken for revised."""

TOO_FINE = 1e-9
"""Steps, in logs, that arithmetic does not tell from none."""

FINEST = 1e-5
"""A miss, relative, below which arithmetic alone may explain it."""

MODE_STEPS = 20


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
        cross: (P, N) J K.
        spread: (P, P) J K J'.
    """

    log_sd: FloatArray
    mean: FloatArray
    covariance: FloatArray
    mode: FloatArray
    value: FloatArray
    slope: FloatArray
    gain: FloatArray
    cross: FloatArray
    spread: FloatArray


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
        step = particle.mean + change(near, near.lever @ particle.covariance, miss) - z
        z = z + stride(step)
        if stride.size < max(0.01 * system.half.min(), TOO_FINE):
            return z
    return None


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
        judged: The figures tell which of them holds, by their evidence. Cumulative rates alone say next to nothing of
            it, so that all keep their probability.
        particles: How many sets of hyper-parameters to draw.
        rng: Source of the draws.
        before: The posterior of nearly the same figures, whose standard deviations are taken over.
    """
    if before is None:
        state, surface = estimated(system, prior)
        spread = curvature(surface, state.log_sd)
    else:
        state = State(system, prior)
        state.log_sd, state.scale, state.volume = before.log_sd.copy(), before.scale, before.volume
        spread = before.spread
    centre = state.log_sd.copy()
    probability = np.array([probability for _, probability in profiles])
    if judged:
        joint = _joint(state, profiles)
        probability = np.exp(joint - joint.max())
    position = np.cumsum(probability)
    chosen = np.searchsorted(position, (np.arange(particles) + 0.5) / particles * position[-1])
    found = []
    for k in chosen:
        state.log_sd = centre + np.clip(spread @ rng.standard_normal(len(PARTS)), -BOUND, BOUND)
        found.append(_particle(state, profiles[k][0])[0])
    return Posterior(tuple(found), state.scale, state.volume, centre, spread)


def evidence(system: System, prior: Structure, profiles: Sequence[tuple[FloatArray, float]], state: State) -> float:
    """Log evidence of the figures, whatever the width of the profile, up to what all systems of them share.

    Args:
        system: The figures.
        prior: Of the log levels.
        profiles: See `infer`.
        state: Where another system of the same figures has its most likely standard deviations, which are taken over:
            how far figures may be apart hardly moves them.
    """
    own = State(system, prior)
    own.log_sd, own.scale, own.volume = state.log_sd, state.scale, state.volume
    return float(np.logaddexp.reduce(_joint(own, profiles)))


def _joint(state: State, profiles: Sequence[tuple[FloatArray, float]]) -> FloatArray:
    """Log evidence under each profile, its log prior probability included."""
    return np.array([_particle(state, profile)[1] + np.log(probability) for profile, probability in profiles])


def _particle(state: State, profile: FloatArray) -> tuple[Particle, float]:
    """The Gaussian posterior at the mode, and the log evidence there."""
    total = state.seek(profile)
    near = Linear(state.system, state.z)
    cross = np.asarray(near.lever @ total)
    spread = np.asarray(near.lever @ cross.T)
    root = factor(spread + near.noise)
    gain = near.gain(cross, root).T
    miss = state.system.value - near.value
    folded = near.folded(miss + near.slope @ (state.z - state.mean))
    size = float(folded @ cho_solve(root, folded, check_finite=False)) + near.unseen(miss)
    evidence = -0.5 * size - float(np.log(np.diag(root[0])).sum()) - near.apart
    if near.rows is not near.slope:  # other rows stand for the figures
        lever = state.system.lever(near.slope)
        cross = lever @ total
        spread = lever @ cross.T
    return Particle(state.log_sd, state.mean, total, state.z, near.value, near.slope, gain, cross, spread), evidence

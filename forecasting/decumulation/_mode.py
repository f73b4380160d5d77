"""The mode of the log levels under given hyper-parameters, by damped Gauss-Newton steps."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._linear import Linear
from forecasting.decumulation._structure import LOG_SD, PARTS, Structure
from forecasting.decumulation._system import System, factor

__all__ = ["State", "Stride", "change"]

STEPS = 6
SLOW, FAST = 0.3, 0.7
"""Parts of what a step should achieve, below which the next is halved and above which it is doubled again."""

LONGEST_STEP = 1.0
TOLERANCE = 1e-3


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


class State:
    """Where the search for the mode is."""

    def __init__(self, system: System, prior: Structure) -> None:
        self.system, self.prior = system, prior
        self.z = prior.mean.copy()
        self.log_sd = np.log([LOG_SD[part][0] for part in PARTS])
        self.scale = np.ones(system.size)
        self.usual = np.ones(12)
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
                self.volume = system.volume(near.slope, near.gain(spread, inner))
            self.shift = -profile @ self.volume
            mean = self.mean
            step = mean + change(near, cross, system.value - near.value + near.slope @ (self.z - mean)) - self.z
            self.z = self.z + stride(step)
            if stride.size < TOLERANCE:
                break
        return total


def change(near: Linear, cross: FloatArray, miss: FloatArray) -> FloatArray:
    """(N,) the mode's distance from the mean, for figures that miss it by (P,)."""
    root = factor(near.lever @ cross.T + near.noise)
    weight: FloatArray = cho_solve(root, near.folded(miss), check_finite=False)
    return weight @ cross

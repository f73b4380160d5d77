"""Parts that make up a whole: their draws are moved until they add up to its own, month by month.

The log levels of all parts are stacked; the log of their sum has to equal the whole's in every month, and each part
goes on stating its own figures. A part without published levels has a share of the whole that nobody knows: it is free
and found with the months. Moved by Newton steps in the metric of the parts' priors, as in `_draws`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import block_diag, cho_solve

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._paths import Flag, Path
from forecasting.decumulation._sparse import Sparse
from forecasting.decumulation._system import factor

__all__ = ["add_up"]

SHARE_SD = 1.0
"""Prior standard deviation of the log of an unknown share."""

SPREAD = 0.5
"""Standard deviation of the log shares that draws start from."""

NEGLIGIBLE = 1e-5
"""Standard deviation of the log of the sum, for the algebra; draws are moved on until they add up."""

STEPS, TRIES = 200, 10
LASTS = 5
"""Steps of many draws until they are linearised anew."""

HOPELESS = 10
"""Draws, one by one, after which none has arrived."""

EDGE = 1e-4
"""Share of the half-width that figures keep from the edge."""

LONGEST_STEP = 1.0
REACHED = 1e-9


def add_up(parts: Sequence[Sparse], whole: Path, rng: np.random.Generator) -> list[Path]:
    """Paths of the parts, whose levels add up to the whole's in every draw (and the point estimate).

    Args:
        parts: The parts, all of them, of n draws each.
        whole: The whole, of n draws.
        rng: Source of the shares that the draws start from.

    Returns:
        The parts' paths; as they were, with a flag, if the published figures do not let them add up.
    """
    start = max([whole.start, *(part.path.start for part in parts)]) - 12  # the base of the first growth rates
    end = min([whole.start + len(whole.point_level), *(part.path.start + len(part.path.point_level) for part in parts)])
    span = np.arange(start, end)
    level, growth = np.vstack([whole.point_level, whole.level]), np.vstack([whole.point_growth, whole.growth])
    target = np.log(np.hstack([level[:, :12] / (1 + growth[:, :12]), level])[:, span - whole.start + 12])
    tie = _Tie.between(parts, span)
    state = tie.begun(target, rng)
    begun, state = state, tie.moved(state, target)
    kept = tie.kept(state, target)
    left = source = np.flatnonzero(~kept)
    for _ in range(TRIES):
        for i, (d, k) in enumerate(zip(left, source, strict=True)):
            if i == HOPELESS and not kept.any():
                break
            # linearised for itself, from where it began; if that fails, from the shares of another that arrived
            one, place = slice(d, d + 1), begun[k : k + 1].copy()
            if d != k:
                place[:, np.concatenate(tie.columns)] += np.tile(target[d] - target[k], len(parts))
            state[one] = tie.moved(place, target[one])
            kept[one] = tie.kept(state[one], target[one])
        left, begun = np.flatnonzero(~kept), state
        if not len(left) or not kept.any():
            break
        source = rng.choice(np.flatnonzero(kept), size=len(left))
    if len(left):
        return [_apart(part.path, parts, whole) for part in parts]
    return [part.rebuilt(own[1:], own[0]) for part, own in zip(parts, tie.split(state), strict=True)]


def _apart(path: Path, parts: Sequence[Sparse], whole: Path) -> Path:
    names = ", ".join(part.path.indicator for part in parts)
    evidence = f"{names} cannot add up to {whole.indicator} with the figures that are published: left apart"
    return replace(path, flags=(*path.flags, Flag(path.indicator, path.last, "contradiction", evidence, 0.0)))


@dataclass(frozen=True, slots=True)
class _Tie:
    """Stacked log levels of the parts (N,), and which of them are the months that add up.

    Attributes:
        parts: The parts.
        known: Whether a part's level is; else its share is free.
        offsets: Where each part's log levels begin, and the last one's end.
        columns: (T,) for each part, its months.
        covariance: (N, N) prior covariance.
    """

    parts: Sequence[Sparse]
    known: Sequence[bool]
    offsets: np.ndarray
    columns: Sequence[np.ndarray]
    covariance: FloatArray

    @classmethod
    def between(cls, parts: Sequence[Sparse], span: np.ndarray) -> _Tie:
        """The parts tied in a span of months."""
        known = [any(not row.yoy for row in part.system.rows) for part in parts]
        offsets = np.concatenate([[0], np.cumsum([part.system.size for part in parts])])
        columns = [at + 12 + span - part.path.start for at, part in zip(offsets, parts, strict=False)]
        blocks = [part.particle.covariance + (0.0 if sure else SHARE_SD**2)
                  for part, sure in zip(parts, known, strict=True)]  # fmt: skip
        return cls(parts, known, offsets, columns, block_diag(*blocks))

    def split(self, state: FloatArray) -> list[FloatArray]:
        """Each part's log levels (n, its own)."""
        return np.split(state, self.offsets[1:-1], axis=1)

    def begun(self, target: FloatArray, rng: np.random.Generator) -> FloatArray:
        """The parts' point estimates and draws; shares that nobody knows are drawn about equal ones."""
        states = []
        for part, known, own, offset in zip(self.parts, self.known, self.columns, self.offsets[:-1], strict=True):
            draws = np.vstack([part.centre, part.z])
            if not known:
                at = own[0] - offset
                share = np.log(1 / len(self.parts)) + SPREAD * rng.standard_normal((len(draws), 1))
                share[0] = np.log(1 / len(self.parts))
                draws = draws + target[:, :1] - draws[:, at : at + 1] + share
            states.append(draws)
        return np.concatenate(states, axis=1)

    def sums(self, state: FloatArray) -> tuple[FloatArray, list[FloatArray]]:
        """(n, T) logs of the sums of the parts, and each part's share of them."""
        logs = np.stack([state[:, own] for own in self.columns])
        top = logs.max(axis=0)
        total = top + np.log(np.exp(logs - top).sum(axis=0))
        return total, list(np.exp(logs - total))

    def stated(self, state: FloatArray) -> list[FloatArray]:
        """The figures that each part states."""
        return [part.system.stated(own) for part, own in zip(self.parts, self.split(state), strict=True)]

    def kept(self, state: FloatArray, target: FloatArray) -> np.ndarray:
        """(n,) states that add up and state every figure of their parts."""
        kept = np.abs(target - self.sums(state)[0]).max(axis=1) < 10 * REACHED
        for part, stated in zip(self.parts, self.stated(state), strict=True):
            kept &= part.system.inside(stated)
        return np.asarray(kept)

    def moved(self, state: FloatArray, target: FloatArray) -> FloatArray:
        """States (n, N) moved until they add up to (n, T) logs of the whole and state the figures."""
        months = target.shape[1]
        noise = np.concatenate([np.full(months, NEGLIGIBLE**2), *(np.diag(part.system.noise) for part in self.parts)])
        for step in range(STEPS):
            total, share = self.sums(state)
            stated = self.stated(state)
            there = all(part.system.inside(own).all() for part, own in zip(self.parts, stated, strict=True))
            own_miss = [part.system.nearest(own, 1 - EDGE) - own for part, own in zip(self.parts, stated, strict=True)]
            miss = np.concatenate([target - total, *own_miss], axis=1)
            if there and np.abs(miss[:, :months]).max() < REACHED:
                break
            if step % (LASTS if len(state) > 1 else 1) == 0:
                slope = self._slope(state, share, miss.shape[1])
                cross = slope @ self.covariance
                gain = cho_solve(factor(cross @ slope.T + np.diag(noise)), cross, check_finite=False)
            move = miss @ gain
            size = np.abs(move).max(axis=1, keepdims=True)
            state = state + move * np.minimum(1.0, LONGEST_STEP / np.maximum(size, LONGEST_STEP))
        return state

    def _slope(self, state: FloatArray, share: Sequence[FloatArray], rows: int) -> FloatArray:
        """(rows, N) derivatives of the sums and the figures at the middle draw."""
        slope = np.zeros((rows, state.shape[1]))
        row = share[0].shape[1]
        months = np.arange(row)
        for i, (part, own) in enumerate(zip(self.parts, self.split(state), strict=True)):
            slope[months, self.columns[i]] = np.median(share[i], axis=0)
            _, inner = part.system.observe(np.median(own, axis=0))
            slope[row : row + len(inner), self.offsets[i] : self.offsets[i + 1]] = inner
            row += len(inner)
        return slope

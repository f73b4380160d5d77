"""Parts that make up a whole: their draws are moved until they add up to its own, month by month.

The log levels of all parts are stacked; the log of their sum has to equal the whole's in every month, and each part
goes on stating its own figures. A part without published levels has a share of the whole that nobody knows: it is free
and found with the months. Moved by Newton steps in the metric of the parts' priors, as in `_draws`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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

NEGLIGIBLE = 1e-4
"""Standard deviation of the log of the sum, for the algebra; draws are moved on until they add up."""

STEPS, TRIES = 60, 10
LONGEST_STEP = 1.0
REACHED = 1e-9
OWN_REACHED = 1e-3


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
    sizes = [part.system.size for part in parts]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    columns = [offset + 12 + span - part.path.start for offset, part in zip(offsets, parts, strict=False)]

    z: list[FloatArray] = []
    blocks: list[FloatArray] = []
    for part, own in zip(parts, columns, strict=True):
        known = any(not row.yoy for row in part.system.rows)
        draws = np.vstack([part.centre, part.z])
        if not known:
            at = own[0] - offsets[len(z)]
            share = np.log(1 / len(parts)) + SPREAD * rng.standard_normal((len(draws), 1))
            share[0] = np.log(1 / len(parts))
            draws = draws + target[:, :1] - draws[:, at : at + 1] + share
        z.append(draws)
        blocks.append(part.particle.covariance + (0.0 if known else SHARE_SD**2))
    state = np.concatenate(z, axis=1)
    own_target = [part.system.stated(np.vstack([part.centre, part.z])) for part in parts]
    covariance = block_diag(*blocks)
    state = _moved(state, parts, covariance, offsets, columns, target, own_target)
    for _ in range(TRIES):
        kept = _kept(state, parts, offsets, columns, target)
        left, good = np.flatnonzero(~kept), np.flatnonzero(kept)
        if not len(left) or not len(good):
            break
        for d, start in zip(left, good[rng.integers(len(good), size=len(left))], strict=True):
            # linearised for itself, from where another draw has found its way
            one = slice(d, d + 1)
            wanted = [own[start : start + 1] for own in own_target]
            state[one] = _moved(state[start : start + 1], parts, covariance, offsets, columns, target[one], wanted)
    if len(left):
        return [_apart(part.path, parts, whole) for part in parts]
    return [
        part.rebuilt(state[1:, low:high], state[0, low:high])
        for part, low, high in zip(parts, offsets[:-1], offsets[1:], strict=True)
    ]


def _apart(path: Path, parts: Sequence[Sparse], whole: Path) -> Path:
    names = ", ".join(part.path.indicator for part in parts)
    evidence = f"{names} cannot add up to {whole.indicator} with the figures that are published: left apart"
    return replace(path, flags=(*path.flags, Flag(path.indicator, path.last, "contradiction", evidence, 0.0)))


def _sums(state: FloatArray, columns: Sequence[np.ndarray]) -> tuple[FloatArray, list[FloatArray]]:
    """(n, T) logs of the sums of the parts, and each part's share of them."""
    logs = np.stack([state[:, own] for own in columns])
    top = logs.max(axis=0)
    total = top + np.log(np.exp(logs - top).sum(axis=0))
    return total, list(np.exp(logs - total))


def _moved(
    state: FloatArray,
    parts: Sequence[Sparse],
    covariance: FloatArray,
    offsets: np.ndarray,
    columns: Sequence[np.ndarray],
    target: FloatArray,
    own_target: Sequence[FloatArray],
) -> FloatArray:
    months = target.shape[1]
    noise = np.concatenate([np.full(months, NEGLIGIBLE**2), *(np.diag(part.system.noise) for part in parts)])
    noise[months:] *= OWN_REACHED
    for step in range(STEPS):
        total, share = _sums(state, columns)
        stated = [part.system.stated(state[:, low:high])
                  for part, low, high in zip(parts, offsets[:-1], offsets[1:], strict=True)]  # fmt: skip
        miss = np.concatenate([target - total, *(t - s for t, s in zip(own_target, stated, strict=True))], axis=1)
        if np.abs(miss[:, :months]).max() < REACHED:
            break
        if step % 5 == 0:  # linearised anew about the middle draw
            slope = np.zeros((miss.shape[1], state.shape[1]))
            row = months
            for part, own, low, high, weight in zip(parts, columns, offsets[:-1], offsets[1:], share, strict=True):
                slope[np.arange(months), own] = np.median(weight, axis=0)
                _, inner = part.system.observe(np.median(state[:, low:high], axis=0))
                slope[row : row + len(inner), low:high] = inner
                row += len(inner)
            cross = slope @ covariance
            gain = cho_solve(factor(cross @ slope.T + np.diag(noise)), cross, check_finite=False)
        move = miss @ gain
        size = np.abs(move).max(axis=1, keepdims=True)
        state = state + move * np.minimum(1.0, LONGEST_STEP / np.maximum(size, LONGEST_STEP))
    return state


def _kept(
    state: FloatArray, parts: Sequence[Sparse], offsets: np.ndarray, columns: Sequence[np.ndarray], target: FloatArray
) -> np.ndarray:
    """(n,) states that add up and state every figure of their parts."""
    total, _ = _sums(state, columns)
    kept = np.abs(target - total).max(axis=1) < 100 * REACHED
    for part, low, high in zip(parts, offsets[:-1], offsets[1:], strict=True):
        kept &= part.system.inside(part.system.stated(state[:, low:high]))
    return np.asarray(kept)

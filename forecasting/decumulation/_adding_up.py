"""Parts that make up a whole: all their draws are moved until they add up to it, month by month.

The log levels of all parts and wholes are stacked; in every month the log of the parts' sum has to equal the whole's,
and each goes on stating its own figures. A level that nobody publishes, of a part or of the whole, is free and found
with the months. A draw becomes the nearest state to it, in the metric of the priors and, for the figures that it
states, of their rounding (randomised maximum likelihood; Oliver, He and Reynolds 1996): whole and parts follow each
other as far as they are known. Gauss-Newton steps find it; where figures have left their intervals then, further ones
from there on bring them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag, cho_solve
from scipy.sparse import csr_array
from scipy.special import logsumexp, softmax

from forecasting.decumulation._dense import Dense
from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._sparse import Sparse
from forecasting.decumulation._system import factor

__all__ = ["Member", "add_up"]

Member = Sparse | Dense
"""A part, or a whole."""

SHARE_SD = 1.0
"""Prior standard deviation of the log of an unknown level, that is of a share of the whole."""

SPREAD = 0.5
"""Standard deviation of the log shares that draws start from."""

NEGLIGIBLE = 1e-5
"""Standard deviation of the log of the sum, for the algebra; draws are moved on until they add up."""

NEAREST = 40
"""Steps at most that look for the nearest state."""

TURNED = 0.25
"""Part of a step that the next one takes back, from which on steps are halved."""

CLOSE = 3e-3
"""Length of a step, in logs, from which on it is found."""

STEPS, TRIES = 100, 3

FIRST = 10
"""Draws of which half has to arrive for the others to be tried."""

FIRM = 0.1
"""Share of the variance of its rounding that a figure has which is brought back into its interval."""

EDGE = 1e-4
"""Share of the half-width that figures keep from the edge."""

LONGEST_STEP = 1.0
REACHED = 1e-9


def add_up(
    sums: Mapping[str, Sequence[str]],
    members: Mapping[str, Member],
    related: Mapping[str, str],
    rng: np.random.Generator,
) -> dict[str, Member] | None:
    """Parts and wholes whose levels add up in every draw (and the point estimate), all at once.

    Args:
        sums: Whole -> the parts of which it is made, linked with each other if there are several: what is a part of
            one may be the whole of another.
        members: The parts and the wholes, n draws each.
        related: Indicator -> the one that it leans on, and with which it moves if that is tied too.
        rng: Source of the shares that the draws start from.

    Returns:
        All that are in the sums, moved; None if no such months were found. A draw that finds none takes another's.
    """
    tie = _Tie.of(sums, members, related)
    begun = tie.begun(rng)
    state, kept = begun.copy(), np.zeros(len(begun), dtype=bool)
    for d in range(len(begun)):
        state[d], kept[d] = tie.moved(begun[d])
        if d == FIRST - 1 and 2 * kept[:FIRST].sum() < FIRST:
            return None
    for _ in range(TRIES):
        left = np.flatnonzero(~kept)
        if not len(left):
            break
        source = rng.choice(np.flatnonzero(kept), size=len(left))
        for d, k in zip(left.tolist(), source.tolist(), strict=True):  # with the shares of another that arrived
            state[d], kept[d] = tie.moved(tie.shared(begun[d], state[k]))
    left = np.flatnonzero(~kept)
    found = state[kept]
    state[left] = found[rng.integers(len(found), size=len(left))]
    if not kept[0]:  # the point estimate takes the draw in the middle
        state[0] = found[((found - np.median(found, axis=0)) ** 2).sum(axis=1).argmin()]
    moved = zip(tie.names, tie.split(state), strict=True)
    return {name: members[name].moved(own[1:], own[0]) for name, own in moved}


@dataclass(frozen=True, slots=True)
class _Sum:
    """Which of the stacked log levels make up which, in T months.

    Attributes:
        members: Numbers of the whole and of its parts.
        whole: (T,) log levels of the whole.
        parts: (T,) each those of a part.
    """

    members: Sequence[int]
    whole: np.ndarray
    parts: Sequence[np.ndarray]


@dataclass(frozen=True, slots=True)
class _Tie:
    """Stacked log levels (N,) of all that is tied.

    Attributes:
        names: The members, wholes before their parts.
        members: The same.
        offsets: Where each member's log levels begin, and the last one's end.
        sums: What adds up, wholes before the wholes among their parts.
        free: Whether a member's level is.
        covariance: (N, N) prior covariance.
        noise: (P,) variances of the sums and of the members' figures about the state.
    """

    names: Sequence[str]
    members: Sequence[Member]
    offsets: np.ndarray
    sums: Sequence[_Sum]
    free: Sequence[bool]
    covariance: FloatArray
    noise: FloatArray

    @property
    def months(self) -> int:
        """Months of all sums."""
        return sum(len(one.whole) for one in self.sums)

    @classmethod
    def of(
        cls,
        sums: Mapping[str, Sequence[str]],
        known: Mapping[str, Member],
        related: Mapping[str, str],
    ) -> _Tie:
        """Stack wholes and parts."""
        order = _downwards(sums)
        names = list(dict.fromkeys(name for whole in order for name in (whole, *sums[whole])))
        members = [known[name] for name in names]
        starts = [one.path.start - 12 for one in members]
        sizes = [len(one.centre) for one in members]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        rows = []
        for whole in order:
            tied = [names.index(name) for name in (whole, *sums[whole])]
            first = max(starts[i] for i in tied)
            end = min(starts[i] + sizes[i] for i in tied)
            own, *others = (offsets[i] - starts[i] + np.arange(first, end) for i in tied)
            rows.append(_Sum(tied, own, others))
        stated = [any(not row.yoy for row in one.system.rows) for one in members]
        free = [not own and (any(stated) or i > 0) for i, own in enumerate(stated)]
        apart = block_diag(*(one.covariance + SHARE_SD**2 * loose for one, loose in zip(members, free, strict=True)))
        to = {i: names.index(related[name]) for i, name in enumerate(names) if related.get(name) in names}
        lean = _leaning(starts, offsets, to)
        noise = np.concatenate(
            [np.zeros(sum(len(row.whole) for row in rows)), *(np.diag(one.system.noise) for one in members)]
        )
        covariance = lean @ apart @ lean.T
        return cls(names, members, offsets, rows, free, covariance, np.maximum(noise, NEGLIGIBLE**2))

    def split(self, state: FloatArray) -> list[FloatArray]:
        """Each member's log levels (n, its own)."""
        return np.split(state, self.offsets[1:-1], axis=1)

    def begun(self, rng: np.random.Generator) -> FloatArray:
        """(n + 1, N) point estimate and draws; free parts have about equal shares, free wholes what those make."""
        state = np.concatenate([np.vstack([one.centre, one.z]) for one in self.members], axis=1)
        placed = np.logical_not(self.free)
        for one in [*self.sums] * len(self.sums):
            whole, *parts = one.members
            equal = np.log(1 / len(parts))
            if not placed[whole] and placed[parts].any():
                level = np.mean(
                    [state[:, own[0]] for i, own in zip(parts, one.parts, strict=True) if placed[i]], axis=0
                )
                self._place(state, whole, level - equal - state[:, one.whole[0]])
                placed[whole] = True
            for i, own in zip(parts, one.parts, strict=True):
                if placed[whole] and not placed[i]:
                    share = equal + SPREAD * rng.standard_normal(len(state))
                    share[0] = equal
                    self._place(state, i, state[:, one.whole[0]] + share - state[:, own[0]])
                    placed[i] = True
        return state

    def _place(self, state: FloatArray, member: int, by: FloatArray) -> None:
        state[:, self.offsets[member] : self.offsets[member + 1]] += by[:, None]

    def shared(self, own: FloatArray, other: FloatArray) -> FloatArray:
        """A state (N,) with the topmost wholes of one and the shares of another."""
        state = other.copy()
        tops = {one.members[0] for one in self.sums} - {i for one in self.sums for i in one.members[1:]}
        for i in tops:
            mine = slice(self.offsets[i], self.offsets[i + 1])
            state[mine] = own[mine]
        for one in self.sums:
            for part in one.parts:
                state[part] = other[part] + state[one.whole] - other[one.whole]
        return state

    def moved(self, begun: FloatArray) -> tuple[FloatArray, bool]:
        """The nearest state (N,) that adds up and states the figures, as far as it was found, and whether it was."""
        state, near, pace, before = begun, False, 1.0, np.zeros(len(begun))
        first, _ = self._values(begun)
        first[: self.months] = 0.0
        for step in range(STEPS):
            value, nearest = self._values(state)
            misses = nearest - value
            if np.abs(misses[: self.months]).max() < REACHED and self._states(value):
                return state, True
            origin, wanted = (state, nearest) if near else (begun, first)
            noise = np.where(near & (misses != 0), np.maximum(FIRM * self.noise, NEGLIGIBLE**2), self.noise)
            slope = csr_array(self._slope(state))
            cross = slope @ self.covariance
            root = factor(slope @ cross.T + np.diag(noise))
            pull = cho_solve(root, wanted - value + slope @ (state - origin), check_finite=False)
            move = origin + pull @ cross - state
            if move @ before < -TURNED * (before @ before):
                pace /= 2
            before = move
            size = float(np.abs(move).max())
            state = state + pace * move * min(1.0, LONGEST_STEP / max(size, LONGEST_STEP))
            if not near and (size < CLOSE or step + 1 == NEAREST):
                near, pace, before = True, 1.0, np.zeros(len(begun))
        return state, False

    def _values(self, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What a state (N,) has for sums less wholes and for figures, (P,) logs, and the nearest that are possible."""
        sums = [_log_sum(state, one) - state[one.whole] for one in self.sums]
        value, nearest = [np.concatenate(sums)], [np.zeros(self.months)]
        for one, own in zip(self.members, np.split(state, self.offsets[1:-1]), strict=True):
            stated = one.system.stated(own[None])
            value.append(stated[0])
            nearest.append(one.system.nearest(stated, 1 - EDGE)[0])
        return np.concatenate(value), np.concatenate(nearest)

    def _states(self, value: FloatArray) -> bool:
        """Whether values are those of all figures."""
        stated = np.split(value[self.months :], np.cumsum([len(one.system.rows) for one in self.members])[:-1])
        return all(one.system.inside(own[None])[0] for one, own in zip(self.members, stated, strict=True))

    def _slope(self, state: FloatArray) -> FloatArray:
        """(P, N) derivatives of `_values`."""
        slope = np.zeros((len(self.noise), len(state)))
        row = 0
        for one in self.sums:
            at = row + np.arange(len(one.whole))
            slope[at, one.whole] = -1.0
            for part, share in zip(one.parts, softmax([state[part] for part in one.parts], axis=0), strict=True):
                slope[at, part] = share
            row += len(one.whole)
        for i, member in enumerate(self.members):
            own = slice(self.offsets[i], self.offsets[i + 1])
            _, slope[row : row + len(member.system.rows), own] = member.system.observe(state[own])
            row += len(member.system.rows)
        return slope


def _leaning(starts: Sequence[int], offsets: np.ndarray, to: Mapping[int, int]) -> FloatArray:
    """(N, N) log levels by deviations of each member from the one that it leans on, if that is tied."""
    lean, ends = np.eye(int(offsets[-1])), starts + np.diff(offsets)
    waiting = dict(to)
    while waiting:
        for i in [i for i, k in waiting.items() if k not in waiting]:  # those that others lean on first
            k = waiting.pop(i)
            month = np.arange(max(starts[i], starts[k]), min(ends[i], ends[k]))
            lean[offsets[i] - starts[i] + month] += lean[offsets[k] - starts[k] + month]
    return lean


def _log_sum(state: FloatArray, one: _Sum) -> FloatArray:
    """(T,) logs of the sums of the parts."""
    return np.asarray(logsumexp([state[part] for part in one.parts], axis=0))


def _downwards(sums: Mapping[str, Sequence[str]]) -> list[str]:
    """Wholes before those that are among their parts."""
    order: list[str] = []
    while left := [whole for whole in sorted(sums) if whole not in order]:
        inner = {part for whole in left for part in sums[whole]}
        order += [whole for whole in left if whole not in inner] or left  # a circle never adds up
    return order

"""Parts that make up a whole: all their draws are moved until they add up to it, month by month.

The log levels of all parts and wholes are stacked; in every month the log of the parts' sum has to equal the whole's,
and each goes on stating its own figures. A level that nobody publishes, of a part or of the whole, is free and found
with the months. Moved by Newton steps in the metric of the priors, as in `_draws`: the whole's months follow parts that
are known better than it, and the reverse. A densely published whole stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag, cho_solve
from scipy.sparse import csr_array
from scipy.special import logsumexp, softmax

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._paths import Path
from forecasting.decumulation._sparse import Sparse
from forecasting.decumulation._system import System, factor

__all__ = ["add_up"]

SHARE_SD = 1.0
"""Prior standard deviation of the log of an unknown level, that is of a share of the whole."""

SPREAD = 0.5
"""Standard deviation of the log shares that draws start from."""

NEGLIGIBLE = 1e-5
"""Standard deviation of the log of the sum, for the algebra; draws are moved on until they add up."""

STEPS, TRIES = 200, 3
LASTS = 5
"""Steps of many draws until they are linearised anew."""

FIRST = 10
"""Draws, one by one, of which half has to arrive for the others to be tried."""

FIRM = 0.1
"""Share of the variance of its rounding that a figure outside its interval has when one draw is moved."""

EDGE = 1e-4
"""Share of the half-width that figures keep from the edge."""

LONGEST_STEP = 1.0
REACHED = 1e-9


def add_up(
    sums: Mapping[str, Sequence[str]],
    sparse: Mapping[str, Sparse],
    dense: Mapping[str, Path],
    related: Mapping[str, str],
    rng: np.random.Generator,
) -> dict[str, Sparse] | None:
    """Parts and wholes whose levels add up in every draw (and the point estimate), all at once.

    Args:
        sums: Whole -> the parts of which it is made, linked with each other if there are several: what is a part of
            one may be the whole of another.
        sparse: The parts, and the wholes that are not in `dense`; n draws each.
        dense: Wholes that stay as they are.
        related: Indicator -> the one that it leans on, and with which it moves if that is tied too.
        rng: Source of the shares that the draws start from.

    Returns:
        All of `sparse` that are in the sums, moved; None if no such months were found. A draw that finds none takes
        another's, unless it has to add up to its own of a dense whole.
    """
    tie = _Tie.of(sums, sparse, dense, related)
    begun = tie.begun(rng)
    state = tie.moved(begun)
    kept = tie.kept(state)
    left = source = np.flatnonzero(~kept)
    for _ in range(TRIES):
        for i, (d, k) in enumerate(zip(left, source, strict=True)):
            if i == FIRST and d == k and 2 * kept[left[:FIRST]].sum() < FIRST:
                return None
            # linearised for itself, from where it began; if that fails, from the shares of another that arrived
            one = slice(d, d + 1)
            state[one] = tie.moved(begun[one] if d == k else tie.shared(begun[one], state[k : k + 1]))
            kept[one] = tie.kept(state[one])
        left = np.flatnonzero(~kept)
        if not len(left) or not kept.any():
            break
        source = rng.choice(np.flatnonzero(kept), size=len(left))
    if len(left):
        if not (kept.any() and sparse.keys() >= set(tie.names)):
            return None
        state[left] = state[source]
        if left[0] == 0:  # the point estimate takes the draw in the middle
            found = state[kept]
            state[0] = found[((found - np.median(found, axis=0)) ** 2).sum(axis=1).argmin()]
    moved = zip(tie.names, tie.split(state), strict=True)
    return {name: sparse[name].moved(own[1:], own[0]) for name, own in moved if name in sparse}


@dataclass(frozen=True, slots=True)
class _Member:
    """A part or a whole.

    Attributes:
        start: Month index of the first of its N months.
        z: (n + 1, N) log levels, the point estimate's first.
        covariance: (N, N) their prior covariance, none if it stays as it is.
        system: Its figures.
        known: Whether its level is.
    """

    start: int
    z: FloatArray
    covariance: FloatArray
    system: System
    known: bool

    @classmethod
    def sparse(cls, one: Sparse) -> _Member:
        z = np.vstack([one.centre, one.z])
        known = any(not row.yoy for row in one.system.rows)
        return cls(one.path.start - 12, z, one.particle.covariance, one.system, known)

    @classmethod
    def dense(cls, path: Path) -> _Member:
        level, growth = np.vstack([path.point_level, path.level]), np.vstack([path.point_growth, path.growth])
        z = np.log(np.hstack([level[:, :12] / (1 + growth[:, :12]), level]))
        fixed = np.zeros((z.shape[1],) * 2)
        return cls(path.start - 12, z, fixed, System([], len(path.merged)), path.unit_level)


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
    """

    names: Sequence[str]
    members: Sequence[_Member]
    offsets: np.ndarray
    sums: Sequence[_Sum]
    free: Sequence[bool]
    covariance: FloatArray

    @classmethod
    def of(
        cls,
        sums: Mapping[str, Sequence[str]],
        sparse: Mapping[str, Sparse],
        dense: Mapping[str, Path],
        related: Mapping[str, str],
    ) -> _Tie:
        """Stack wholes and parts."""
        order = _downwards(sums)
        names = list(dict.fromkeys(name for whole in order for name in (whole, *sums[whole])))
        members = [_Member.sparse(sparse[name]) if name in sparse else _Member.dense(dense[name]) for name in names]
        offsets = np.concatenate([[0], np.cumsum([one.z.shape[1] for one in members])])
        rows = []
        for whole in order:
            tied = [names.index(name) for name in (whole, *sums[whole])]
            first = max(members[i].start for i in tied)
            end = min(members[i].start + members[i].z.shape[1] for i in tied)
            own, *others = (offsets[i] - members[i].start + np.arange(first, end) for i in tied)
            rows.append(_Sum(tied, own, others))
        unit = any(one.known for one in members)
        free = [not one.known and (unit or i > 0) for i, one in enumerate(members)]
        apart = block_diag(*(one.covariance + SHARE_SD**2 * loose for one, loose in zip(members, free, strict=True)))
        to = {i: names.index(related[name]) for i, name in enumerate(names) if related.get(name) in names}
        lean = _leaning(members, offsets, to)
        return cls(names, members, offsets, rows, free, lean @ apart @ lean.T)

    def split(self, state: FloatArray) -> list[FloatArray]:
        """Each member's log levels (n, its own)."""
        return np.split(state, self.offsets[1:-1], axis=1)

    def begun(self, rng: np.random.Generator) -> FloatArray:
        """(n + 1, N) point estimate and draws; free parts have about equal shares, free wholes what those make."""
        state = np.concatenate([one.z for one in self.members], axis=1)
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
        """A state (1, N) with the topmost wholes of one and the shares of another."""
        state = other.copy()
        tops = {one.members[0] for one in self.sums} - {i for one in self.sums for i in one.members[1:]}
        for i in tops:
            mine = slice(self.offsets[i], self.offsets[i + 1])
            state[:, mine] = own[:, mine]
        for one in self.sums:
            for part in one.parts:
                state[:, part] = other[:, part] + state[:, one.whole] - other[:, one.whole]
        return state

    def misses(self, state: FloatArray) -> FloatArray:
        """(n, months of all sums) logs of the wholes less those of their parts' sums."""
        return np.concatenate([state[:, one.whole] - _log_sum(state, one) for one in self.sums], axis=1)

    def stated(self, state: FloatArray) -> list[FloatArray]:
        """The figures that each member states."""
        return [one.system.stated(own) for one, own in zip(self.members, self.split(state), strict=True)]

    def kept(self, state: FloatArray, within: float = 10 * REACHED) -> np.ndarray:
        """(n,) states that add up and state every figure."""
        kept = np.abs(self.misses(state)).max(axis=1) < within
        for one, stated in zip(self.members, self.stated(state), strict=True):
            kept &= one.system.inside(stated)
        return np.asarray(kept)

    def moved(self, state: FloatArray) -> FloatArray:
        """States (n, N) moved until they add up and state the figures; those that do not arrive stay where they got."""
        state = state.copy()
        months = sum(len(one.whole) for one in self.sums)
        noise = np.concatenate([np.full(months, NEGLIGIBLE**2), *(np.diag(one.system.noise) for one in self.members)])
        for step in range(STEPS):
            away = np.flatnonzero(~self.kept(state, REACHED))
            if not len(away):
                break
            place = state[away]
            stated = self.stated(place)
            own_miss = [one.system.nearest(own, 1 - EDGE) - own for one, own in zip(self.members, stated, strict=True)]
            miss = np.concatenate([self.misses(place), *own_miss], axis=1)
            if step % (LASTS if len(state) > 1 else 1) == 0:
                slope = csr_array(self._slope(place, miss.shape[1]))
                cross = slope @ self.covariance
                firm = np.where(miss[0] != 0, FIRM, 1.0) if len(state) == 1 else 1.0
                root = factor(slope @ cross.T + np.diag(np.maximum(firm * noise, NEGLIGIBLE**2)))
            move = cho_solve(root, miss.T, check_finite=False).T @ cross
            size = np.abs(move).max(axis=1, keepdims=True)
            state[away] = place + move * np.minimum(1.0, LONGEST_STEP / np.maximum(size, LONGEST_STEP))
        return state

    def _slope(self, state: FloatArray, rows: int) -> FloatArray:
        """(rows, N) derivatives of the parts' sums less the wholes, and of the figures, at the middle of states."""
        middle = np.median(state, axis=0)
        slope = np.zeros((rows, len(middle)))
        row = 0
        for one in self.sums:
            at = row + np.arange(len(one.whole))
            slope[at, one.whole] = -1.0
            for part, share in zip(one.parts, softmax([middle[part] for part in one.parts], axis=0), strict=True):
                slope[at, part] = share
            row += len(one.whole)
        for i, member in enumerate(self.members):
            own = slice(self.offsets[i], self.offsets[i + 1])
            _, slope[row : row + len(member.system.rows), own] = member.system.observe(middle[own])
            row += len(member.system.rows)
        return slope


def _leaning(members: Sequence[_Member], offsets: np.ndarray, to: Mapping[int, int]) -> FloatArray:
    """(N, N) log levels by deviations of each member from the growth of the one that it leans on, if that is tied."""
    lean = np.eye(int(offsets[-1]))
    waiting = dict(to)
    while waiting:
        for i in [i for i, k in waiting.items() if k not in waiting]:  # those that others lean on first
            one, other = members[i], members[k := waiting.pop(i)]
            first = max(one.start, other.start)
            month = np.arange(first, min(one.start + one.z.shape[1], other.start + other.z.shape[1]))
            at = offsets[k] - other.start
            lean[offsets[i] - one.start + month] += lean[at + month] - lean[at + first + (month - first) % 12]
    return lean


def _log_sum(state: FloatArray, one: _Sum) -> FloatArray:
    """(n, T) logs of the sums of the parts."""
    return np.asarray(logsumexp([state[:, part] for part in one.parts], axis=0))


def _downwards(sums: Mapping[str, Sequence[str]]) -> list[str]:
    """Wholes before those that are among their parts."""
    order: list[str] = []
    while left := [whole for whole in sorted(sums) if whole not in order]:
        inner = {part for whole in left for part in sums[whole]}
        order += [whole for whole in left if whole not in inner] or left  # a circle never adds up
    return order

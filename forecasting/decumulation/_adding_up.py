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
from dataclasses import dataclass, fields

import numpy as np
from scipy.linalg import block_diag, cho_solve
from scipy.sparse import csr_array

from forecasting.decumulation._dense import Dense
from forecasting.decumulation._figures import BoolArray, FloatArray, IntArray
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

AT_ONCE = 2**21
"""Numbers of the largest array, 16 megabytes: draws are searched for together as far as it goes."""

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
    state, kept = tie.moved(begun[:FIRST])
    if 2 * kept.sum() < FIRST:
        return None
    further, arrived = tie.moved(begun[FIRST:])
    state, kept = np.concatenate([state, further]), np.concatenate([kept, arrived])
    for _ in range(TRIES):
        left = np.flatnonzero(~kept)
        if not len(left):
            break
        source = rng.choice(np.flatnonzero(kept), size=len(left))  # with the shares of another that arrived
        state[left], kept[left] = tie.moved(tie.shared(begun[left], state[source]))
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
        touched: Rows and columns (K,) of the derivatives of those by the state that may differ from zero, row by row.
        by_row: (K,) their places among the derivatives sum by sum and member by member.
    """

    names: Sequence[str]
    members: Sequence[Member]
    offsets: np.ndarray
    sums: Sequence[_Sum]
    free: Sequence[bool]
    covariance: FloatArray
    noise: FloatArray
    touched: tuple[IntArray, IntArray]
    by_row: IntArray

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
        row, column = _touched(rows, members, offsets)
        by_row = np.argsort(row, kind="stable")
        touched = row[by_row], column[by_row]
        return cls(names, members, offsets, rows, free, covariance, np.maximum(noise, NEGLIGIBLE**2), touched, by_row)

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
        """States (n, N) with the topmost wholes of some and the shares of others."""
        state = other.copy()
        tops = {one.members[0] for one in self.sums} - {i for one in self.sums for i in one.members[1:]}
        for i in tops:
            mine = slice(self.offsets[i], self.offsets[i + 1])
            state[:, mine] = own[:, mine]
        for one in self.sums:
            for part in one.parts:
                state[:, part] = other[:, part] + state[:, one.whole] - other[:, one.whole]
        return state

    def moved(self, begun: FloatArray) -> tuple[FloatArray, BoolArray]:
        """The nearest states (n, N) that add up and state the figures, as far as found, and which (n,) were."""
        size = max(1, AT_ONCE // self.covariance.shape[0] // len(self.noise))
        found = [self._moved(begun[start : start + size]) for start in range(0, len(begun), size)]
        return np.concatenate([state for state, _ in found]), np.concatenate([arrived for _, arrived in found])

    def _moved(self, begun: FloatArray) -> tuple[FloatArray, BoolArray]:
        out, arrived = begun.copy(), np.zeros(len(begun), dtype=bool)
        first, _ = self._values(begun)
        first[:, : self.months] = 0.0
        way = _Way.of(begun, first)
        for step in range(STEPS):
            value, nearest = self._values(way.state)
            misses = nearest - value
            there = (np.abs(misses[:, : self.months]).max(axis=1) < REACHED) & self._states(value)
            out[way.draw], arrived[way.draw] = way.state, there
            if there.all():
                break
            way, value, nearest, misses = way.only(~there), value[~there], nearest[~there], misses[~there]
            near = way.near[:, None]
            origin, wanted = np.where(near, way.state, way.begun), np.where(near, nearest, way.wanted)
            noise = np.where(near & (misses != 0), np.maximum(FIRM * self.noise, NEGLIGIBLE**2), self.noise)
            way.take(self._nearest(way.state, origin, wanted - value, noise) - way.state, last=step + 1 == NEAREST)
        return out, arrived

    def _nearest(self, state: FloatArray, origin: FloatArray, miss: FloatArray, noise: FloatArray) -> FloatArray:
        """(n, N) the nearest to origins by values (n, P) as they are about states, which miss what is wanted."""
        n, p = miss.shape
        row, column = self.touched
        slopes = self._slopes(state).ravel()
        starts = np.concatenate([[0], np.cumsum(np.tile(np.bincount(row, minlength=p), n))])
        own = (len(self.covariance) * np.arange(n)[:, None] + column).ravel()
        apart = csr_array((slopes, own, starts), shape=(n * p, state.size))
        together = csr_array((slopes, np.tile(column, n), starts), shape=(n * p, len(self.covariance)))
        cross = (together @ self.covariance).reshape(n, p, -1)
        inner = (apart @ np.ascontiguousarray(cross.transpose(0, 2, 1)).reshape(-1, p)).reshape(n, p, p)
        inner[:, np.arange(p), np.arange(p)] += noise
        miss = miss + (apart @ (state - origin).ravel()).reshape(n, p)
        pull = [cho_solve(factor(inner[i]), miss[i], check_finite=False) for i in range(n)]
        out: FloatArray = origin + (np.array(pull)[:, None] @ cross)[:, 0]
        return out

    def _values(self, state: FloatArray) -> tuple[FloatArray, FloatArray]:
        """What states (n, N) have for sums less wholes and for figures, (n, P) logs, and the nearest possible."""
        value = [_log_sum(state, one) - state[:, one.whole] for one in self.sums]
        nearest = [np.zeros((len(state), self.months))]
        for one, own in zip(self.members, self.split(state), strict=True):
            value.append(one.system.stated(own))
            nearest.append(one.system.nearest(value[-1], 1 - EDGE))
        return np.concatenate(value, axis=1), np.concatenate(nearest, axis=1)

    def _states(self, value: FloatArray) -> BoolArray:
        """Which values (n, P) are those of all figures."""
        ends = np.cumsum([self.months, *(len(one.system.rows) for one in self.members)])[:-1]
        stated = zip(self.members, np.split(value, ends, axis=1)[1:], strict=True)
        out: BoolArray = np.all([one.system.inside(own) for one, own in stated], axis=0)
        return out

    def _slopes(self, state: FloatArray) -> FloatArray:
        """(n, K) derivatives of `_values` in states (n, N), as in `touched`."""
        slopes = []
        for one in self.sums:
            total = _log_sum(state, one)
            slopes.append(np.full(total.shape, -1.0))
            slopes += [np.exp(state[:, part] - total) for part in one.parts]
        slopes += [one.system.slopes(own) for one, own in zip(self.members, self.split(state), strict=True)]
        return np.concatenate(slopes, axis=1)[:, self.by_row]


@dataclass(slots=True)
class _Way:
    """Where the search for the nearest states is, of those that are not found yet.

    Attributes:
        draw: (n,) their numbers.
        begun: (n, N) where they came from.
        state: (n, N) where they are.
        wanted: (n, P) the values that they began with, of sums that add up.
        near: (n,) which are found but for figures outside their intervals.
        pace: (n,) parts of the next step to take.
        before: (n, N) the last steps.
    """

    draw: IntArray
    begun: FloatArray
    state: FloatArray
    wanted: FloatArray
    near: BoolArray
    pace: FloatArray
    before: FloatArray

    @classmethod
    def of(cls, begun: FloatArray, wanted: FloatArray) -> _Way:
        """The beginning."""
        n = len(begun)
        return cls(np.arange(n), begun, begun, wanted, np.zeros(n, dtype=bool), np.ones(n), np.zeros_like(begun))

    def only(self, left: BoolArray) -> _Way:
        """The same of some."""
        return _Way(*(getattr(self, field.name)[left] for field in fields(self)))

    def take(self, move: FloatArray, *, last: bool) -> None:
        """A step (n, N), shortened where it is long or steps go to and fro; whether it is the last for finding."""
        turned = (move * self.before).sum(axis=1) < -TURNED * (self.before**2).sum(axis=1)
        pace, size = np.where(turned, self.pace / 2, self.pace), np.abs(move).max(axis=1)
        length = pace * np.minimum(1.0, LONGEST_STEP / np.maximum(size, LONGEST_STEP))
        self.state = self.state + length[:, None] * move
        found = ~self.near & ((size < CLOSE) | last)
        self.near = self.near | found
        self.pace, self.before = np.where(found, 1.0, pace), np.where(found[:, None], 0.0, move)


def _touched(sums: Sequence[_Sum], members: Sequence[Member], offsets: np.ndarray) -> tuple[IntArray, IntArray]:
    """Rows and columns of the derivatives of sums less wholes, and of figures, by the months that they speak of."""
    rows, columns, row = [], [], 0
    for one in sums:
        for own in (one.whole, *one.parts):
            rows.append(row + np.arange(len(own)))
            columns.append(own)
        row += len(one.whole)
    for offset, member in zip(offsets[:-1], members, strict=True):
        of, column, _ = member.system.touched
        rows.append(row + of)
        columns.append(offset + column)
        row += len(member.system.rows)
    return np.concatenate(rows), np.concatenate(columns)


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
    """(n, T) logs of the sums of the parts in states (n, N)."""
    parts = np.stack([state[:, part] for part in one.parts])
    largest = parts.max(axis=0)
    total: FloatArray = largest + np.log(np.exp(parts - largest).sum(axis=0))
    return total


def _downwards(sums: Mapping[str, Sequence[str]]) -> list[str]:
    """Wholes before those that are among their parts."""
    order: list[str] = []
    while left := [whole for whole in sorted(sums) if whole not in order]:
        inner = {part for whole in left for part in sums[whole]}
        order += [whole for whole in left if whole not in inner] or left  # a circle never adds up
    return order

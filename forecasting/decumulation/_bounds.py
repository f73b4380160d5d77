"""Set bounds of monthly growth: everything that the published figures allow, free of any prior.

Growth is a ratio of differences of four year-to-date levels,

    1 + g[y, m] = (S[y, m] - S[y, m-1]) / (S[y-1, m] - S[y-1, m-1]).

Cumulative figures bound the differences of the logs of those four; the least and the largest ratio are at a vertex of
that set of three dimensions, and all of its vertices are looked at. Single-month figures need linear programmes over
the levels of all years, with the month of the year before normalised to one (Charnes & Cooper 1962).
"""

from __future__ import annotations

from itertools import combinations, permutations, product

import numpy as np
from scipy.sparse import csr_array, hstack, vstack

from forecasting.decumulation._figures import BoolArray, Figures, FloatArray
from forecasting.decumulation._polytope import VIOLATED, Cone, Use, cone, limits, single_months_are_summed, used, zone
from forecasting.decumulation._program import Program
from forecasting.errors import InputError, Problem

__all__ = ["set_bounds"]

CEILING = 100.0
"""A month of a hundredfold that of the year before or more is not bounded by anything published."""

FAR = 60.0
"""Logs of levels are taken to differ by no more."""

EXACT = 1e-10
"""Error of floating point in logs: a vertex may miss its bounds by so much, a smaller share of a month is none."""

REACHED = 1e-9
"""A solution that comes this near to a bound shows that it cannot be tightened."""

SAFETY = 1e-8
"""Relative widening of the bounds that come from linear programmes, for their tolerance."""


def set_bounds(
    figures: Figures, use: Use | None = None, shares: FloatArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Least and largest monthly growth that the published figures allow.

    Args:
        figures: Published figures of one indicator, Y years.
        use: Measure -> (Y, 12) False where a published figure is left out. Those used must be consistent.
        shares: (12,) months of the year before the first, up to a factor, if they are known exactly.

    Returns:
        (Y, 12) low and high, fractions; a merged January-February is one period, at February. NaN where the figures
        set no bound: low where they allow the month to vanish, high where it could be a hundredfold or more.

    Raises:
        InputError: The used cumulative figures and levels contradict each other.
    """
    taken = used(figures, use)
    longest = zone(figures, taken, shares)
    if longest is None:
        longest = zone(figures, taken, shares, error=VIOLATED)
    if longest is None:
        raise InputError(figures.indicator, [Problem("", "no levels satisfy the figures; leave out what contradicts")])
    low, high = _of_differences(figures, longest)
    for measure in ("month_yoy", "month_level"):
        least, most = _direct(figures, taken, measure)
        low, high = np.fmax(low, least), np.fmin(high, most)
    if not single_months_are_summed(figures, taken):
        _tighten(figures, cone(figures, taken, shares), low, high)
    low[figures.merged, 0] = high[figures.merged, 0] = np.nan
    high = np.maximum(low, high)  # they cross by the error of the arithmetic where both are the same
    return np.where(low > EXACT, low, np.nan) - 1, np.where(high < CEILING * (1 - EXACT), high, np.nan) - 1


def _vertices() -> FloatArray:
    """Vertices of a set of bounded differences of four unknowns, as sums of its bounds.

    A vertex is a spanning tree of tight bounds. With b[i, j] the largest v_j - v_i, flattened, vertex k is
    ``result.reshape(-1, 4, 16)[k] @ b``, its first unknown 0.
    """
    vertices = []
    for tree in combinations(combinations(range(4), 2), 3):
        for turned in product((False, True), repeat=3):
            steps = [(j, i) if back else (i, j) for (i, j), back in zip(tree, turned, strict=True)]
            value = {0: np.zeros(16)}
            for i, j in steps * 3:
                bound = np.eye(16)[4 * i + j]
                if i in value and j not in value:
                    value[j] = value[i] + bound
                elif j in value and i not in value:
                    value[i] = value[j] - bound
            if len(value) == 4:
                vertices.append([value[k] for k in range(4)])
    return np.concatenate(vertices)


VERTICES = _vertices()


def _of_differences(figures: Figures, longest: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(Y, 12) least and largest x[y, m] / x[y-1, m] that the bounds of differences allow, 0 and infinity for none."""
    node = np.arange(12, 12 * (figures.years + 1)).reshape(-1, 12)
    low, high = np.zeros(node.shape), np.full(node.shape, np.inf)
    _, whole = _periods(figures)
    at = node[whole]
    low[whole], high[whole] = np.exp(-longest[at, at - 12]), np.exp(longest[at - 12, at])

    at = node[~whole]
    corner = np.stack([at, at - 1, at - 12, at - 13])
    bound = np.minimum(longest[corner[:, None], corner[None]], FAR)
    vertex = (VERTICES @ bound.reshape(16, -1)).reshape(-1, 4, len(at))
    inside = np.ones((len(vertex), len(at)), dtype=bool)
    for i, j in permutations(range(4), 2):
        inside &= vertex[:, j] - vertex[:, i] <= bound[i, j] + EXACT
    now, before = (np.expm1(vertex[:, k] - vertex[:, k + 1]) for k in (0, 2))
    now, before = (np.where(share > 2 * EXACT, share, 0) for share in (now, before))
    inside &= (now > 0) | (before > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.exp(vertex[:, 1] - vertex[:, 3]) * now / before
    least, most = np.where(inside, ratio, np.inf).min(axis=0), np.where(inside, ratio, 0).max(axis=0)
    low[~whole] = np.where(np.isfinite(least), least, 0)  # the month of the year before has vanished
    high[~whole] = np.where(inside.any(axis=0), most, np.inf)
    return low, high


def _direct(figures: Figures, taken: Use, measure: str) -> tuple[FloatArray, FloatArray]:
    """(Y, 12) least and largest x[y, m] / x[y-1, m] by the month's own figures, NaN for none."""
    low, high = limits(figures, taken, measure)
    if measure == "month_level":
        before = [np.vstack([np.full((1, 12), end), grid[:-1]]) for end, grid in ((0.0, low), (np.inf, high))]
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = low / before[1], high / before[0]
    own = np.isfinite(high)
    own[figures.merged, :2] = False
    return np.where(own, low, np.nan), np.where(own, high, np.nan)


def _tighten(figures: Figures, rows: Cone, low: FloatArray, high: FloatArray) -> None:
    """Bring valid bounds of 1 + g, in place, to the least and the largest value over the cone.

    A month needs a programme on either side, unless a solution on the way has reached its bound: minimise or maximise
    z = x[y, m] <= CEILING with x[y-1, m] = 1.
    """
    count, size = rows.matrix.shape
    z = csr_array(([-1.0], ([0], [size])), shape=(2, size + 1))
    program = Program(
        csr_array(vstack([hstack([rows.matrix, csr_array((count, 1))]), z])),
        np.append(np.full(count, -np.inf), [0.0, 1.0]),
        np.append(np.zeros(count), [0.0, 1.0]),
        np.zeros(size + 1),
        primal=True,
    )
    program.highs.changeColBounds(size, 0.0, CEILING)

    kept, whole = _periods(figures)
    last = np.arange(12, size - 1).reshape(low.shape)[kept]
    part = np.where(whole[kept], 0.0, 1.0)  # less the level of the month before
    bounds = np.stack([low[kept], np.minimum(high[kept], CEILING)])
    todo = np.ones(bounds.shape, dtype=bool)
    for k, side in product(range(len(last)), range(2)):
        if not todo[side, k]:
            continue
        nodes = np.array([last[k], last[k] - 1]) if part[k] else last[k : k + 1]
        signs = np.array([1.0, -1.0])[: len(nodes)]
        unit = signs @ rows.scale[nodes - 12]
        cells = [(count, n, f) for n, f in zip(nodes, signs * rows.scale[nodes] / unit, strict=True)]
        cells += [(count + 1, n, f) for n, f in zip(nodes - 12, signs * rows.scale[nodes - 12] / unit, strict=True)]
        program.change(cells)
        program.highs.changeColCost(size, -1.0 if side else 1.0)
        solution = program.solve()
        program.change([(row, node, 0.0) for row, node, _ in cells])
        if solution is None:  # the bound that is there stays valid
            continue
        if side:
            bounds[1, k] = min(bounds[1, k], solution[size] * (1 + SAFETY))
        else:
            bounds[0, k] = max(bounds[0, k], solution[size] * (1 - SAFETY))
        level = solution[:size] * rows.scale
        now, before = (level[at] - part * level[at - 1] for at in (last, last - 12))
        todo[0] &= now > (bounds[0] + REACHED) * before
        todo[1] &= now < (bounds[1] - REACHED) * before
    low[kept], high[kept] = bounds


def _periods(figures: Figures) -> tuple[BoolArray, BoolArray]:
    """(Y, 12) each: months that end a period, and those whose period is the whole year to date."""
    kept = np.ones((figures.years, 12), dtype=bool)
    kept[figures.merged, 0] = False
    whole = np.zeros((figures.years, 12), dtype=bool)
    whole[:, 0] = True
    whole[figures.merged, 1] = True
    return kept, whole

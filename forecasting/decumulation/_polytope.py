"""What published figures allow, as sets of levels.

The unknowns are the year-to-date levels S[y, m] > 0 of the grid's Y years and of the year before the first, with
monthly levels x[y, m] = S[y, m] - S[y, m-1] >= 0. Every published figure is an interval of one ratio:

    S[y, m] / S[y-1, m]  a cumulative rate        S[y, m] / t  a cumulative level
    x[y, m] / x[y-1, m]  a single-month rate      x[y, m] / t  a single-month level

with t > 0 the unit of the levels, so the set is a cone. `zone` takes it in logarithms: cumulative figures and the
order S[y, m-1] <= S[y, m] then bound differences of two unknowns, whose tightest consequences are shortest paths
(Dill 1989, difference bound matrices). `cone` keeps all of it as linear rows for linear programmes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, diags_array, eye_array, vstack
from scipy.sparse.csgraph import NegativeCycleError, floyd_warshall

from forecasting.decumulation._figures import BoolArray, Figures, FloatArray, IntArray
from forecasting.observations import MEASURES, RATES

__all__ = ["VIOLATED", "Cone", "Figure", "Use", "cone", "limits", "single_months_are_summed", "used", "zone"]

Bounds = tuple[FloatArray, FloatArray]

Use = Mapping[str, BoolArray]
"""Measure -> (Y, 12) True where the published figure is taken to be true."""

TIE = 1e-9
"""Relative widening of the rounding intervals: a value exactly at a tie is inside."""

FLOAT = 1e-13
"""Relative error that floating point may add to a ratio."""

VIOLATED = 1e-8
"""Relative violation of a figure that linear programmes tell from an error of the arithmetic."""


class Figure(NamedTuple):
    """One published figure: measure, and year and month on the grid of its indicator."""

    measure: str
    year: int
    month: int


def used(figures: Figures, use: Use | None) -> dict[str, BoolArray]:
    """Measure -> (Y, 12) True where a figure is published and used; a measure that `use` does not name is."""
    published = {measure: np.isfinite(figures.value[measure]) for measure in MEASURES}
    return {measure: seen & use[measure] if use and measure in use else seen for measure, seen in published.items()}


def limits(figures: Figures, taken: Use, measure: str, error: float = FLOAT) -> Bounds:
    """(Y, 12) smallest and largest level, or ratio of levels, that rounds to the published figure.

    Both are widened by the relative `error`; 0 and infinity where the figure is not used.
    """
    value = figures.value[measure] + (measure in RATES)
    half = figures.half[measure] * (1 + TIE) + error * np.abs(value)
    return np.where(taken[measure], np.maximum(value - half, 0), 0), np.where(taken[measure], value + half, np.inf)


def zone(
    figures: Figures,
    taken: Use,
    shares: FloatArray | None = None,
    *,
    printed: bool = False,
    error: float = FLOAT,
) -> FloatArray | None:
    """Tightest bounds of differences of log year-to-date levels, or None if no levels satisfy them.

    Exact for cumulative figures. Single-month levels add the bounds of the year-to-date levels that they sum to, and
    single-month rates are left out: with either the zone holds the set, and may be a little larger.

    Args:
        figures: Published figures.
        taken: Those that are used.
        shares: (12,) months of the year before the first, up to a factor, if known.
        printed: Take single-month levels as printed, without rounding: the zone is then smaller than the set.
        error: Relative widening of the figures.

    Returns:
        (N, N) with N = 12 (Y + 1) + 1; entry i, j is the largest log S_j - log S_i. Node 12 (y + 1) + m is
        S[y, m], the last one the unit of the levels.
    """
    size = 12 * (figures.years + 1) + 1
    node = np.arange(size - 1).reshape(-1, 12)
    longest = np.full((size, size), np.inf)

    def between(start: IntArray, end: IntArray, low: FloatArray, high: FloatArray) -> None:
        longest[start, end] = np.minimum(longest[start, end], np.log(high))
        longest[end, start] = np.minimum(longest[end, start], -np.log(low))

    with np.errstate(divide="ignore", invalid="ignore"):
        between(node[:, :-1], node[:, 1:], np.ones(()), np.full((), np.inf))
        between(node[:-1], node[1:], *limits(figures, taken, "ytd_yoy", error))
        total, month = _levels(figures, taken, printed, error)
        between(np.full_like(node[1:], size - 1), node[1:], *total)
        least = np.fmax(1 + month[0][:, 1:] / total[1][:, :-1], 1)
        most = np.where(total[0][:, :-1] > 0, 1 + month[1][:, 1:] / total[0][:, :-1], np.inf)
        between(node[1:, :-1], node[1:, 1:], least, most)
    if shares is not None:
        ratio = np.cumsum(shares)[1:] / np.cumsum(shares)[:-1]
        between(node[0, :-1], node[0, 1:], ratio * (1 - FLOAT), ratio * (1 + FLOAT))
    # sparse, because scipy takes a zero of a dense array for no bound
    start, end = np.nonzero(np.isfinite(longest))
    graph = csr_array((longest[start, end], (start, end)), shape=longest.shape)
    try:
        closed: FloatArray = floyd_warshall(graph)
    except NegativeCycleError:
        return None
    return closed


def single_months_are_summed(figures: Figures, taken: Use) -> bool:
    """Whether `zone` holds all that matters: no single-month rate, and no single-month level without its sum."""
    total, _ = _levels(figures, taken, False, FLOAT)
    return not (taken["month_yoy"].any() or (taken["month_level"] & ~np.isfinite(total[1])).any())


def _levels(figures: Figures, taken: Use, printed: bool, error: float) -> tuple[Bounds, Bounds]:
    """Bounds of year-to-date and of monthly levels, (Y, 12) each, from published levels; 0 and infinity else."""
    low, high = limits(figures, taken, "ytd_level", error)
    least, most = limits(figures, taken, "month_level", error)
    if printed:
        seen = taken["month_level"]
        exact = figures.value["month_level"]
        least, most = np.where(seen, exact * (1 - FLOAT), least), np.where(seen, exact * (1 + FLOAT), most)
    for m in range(12):
        before = (low[:, m - 1], high[:, m - 1]) if m else (0.0, 0.0)
        low[:, m] = np.maximum(low[:, m], before[0] + least[:, m])
        high[:, m] = np.minimum(high[:, m], before[1] + most[:, m])
    return (low, high), (least, most)


@dataclass(frozen=True, slots=True)
class Cone:
    """Everything that the used figures allow, as rows ``matrix @ v <= 0``.

    Attributes:
        matrix: (2 F + 2 G + P, N) on the unknowns v, N as in `zone`, each divided by its `scale`. A row for the upper
            and F rows later one for the lower end of each figure, the same of the G given shares, and one for the
            order of the levels in each of the P months (``-x <= 0``). Rows are divided by the rough size of the level
            that a rate is a ratio to, or by the level published.
        figures: The F used figures.
        scale: (N,) rough size of each unknown.
        month: (P, N) the monthly levels, divided by their rough size, as rows on v; P = N - 1.
    """

    matrix: csr_array
    figures: tuple[Figure, ...]
    scale: FloatArray
    month: csr_array


def cone(figures: Figures, taken: Use, shares: FloatArray | None = None) -> Cone:
    """Rows of every used figure, of given shares and of the order of the levels."""
    size = 12 * (figures.years + 1) + 1
    rough = _rough_levels(figures, taken, shares)
    scale = np.append(np.cumsum(rough, axis=1), 1.0)
    total = eye_array(size, format="csr")
    january = np.arange(0, size - 1, 12)
    less = csr_array((np.ones(size - 1), (np.arange(1, size), np.arange(size - 1))), shape=(size, size))
    keep = np.ones(size)
    keep[january] = keep[-1] = 0
    month = total - diags_array(keep) @ less

    names: list[Figure] = []
    upper: list[csr_array] = []
    lower: list[csr_array] = []
    for measure in MEASURES:
        y, m = np.nonzero(taken[measure])
        node = 12 * (y + 1) + m
        level = total if measure.startswith("ytd") else month
        under = level[node - 12] if measure in RATES else total[np.full(len(node), size - 1)]
        low, high = (end[y, m] for end in limits(figures, taken, measure))
        unit = under @ scale if measure in RATES else high
        rows = _between(level[node], under, low, high, scale, unit)
        upper.append(rows[0])
        lower.append(rows[1])
        names += [Figure(measure, int(a), int(b)) for a, b in zip(y, m, strict=True)]
    given = []
    if shares is not None:
        ratio = np.cumsum(shares)[1:] / np.cumsum(shares)[:-1]
        given = _between(total[1:12], total[:11], ratio, ratio, scale, scale[:11])
    month = csr_array(diags_array(1 / rough.ravel()) @ month[:-1] @ diags_array(scale))
    return Cone(csr_array(vstack([*upper, *lower, *given, -month])), tuple(names), scale, month)


def _between(
    over: csr_array, under: csr_array, low: FloatArray, high: FloatArray, scale: FloatArray, unit: FloatArray
) -> list[csr_array]:
    """Rows of low <= over / under <= high, divided by their units: the upper ends and the lower ones."""
    size, columns = diags_array(1 / unit), diags_array(scale)
    return [
        size @ (over - diags_array(high) @ under) @ columns,
        size @ (diags_array(low) @ under - over) @ columns,
    ]


def _rough_levels(figures: Figures, taken: Use, shares: FloatArray | None) -> FloatArray:
    """(Y + 1, 12) monthly levels of about the right size, which only scales the rows."""
    growth = np.where(taken["month_yoy"], figures.value["month_yoy"], np.nan)
    growth = np.where(np.isnan(growth) & taken["ytd_yoy"], figures.value["ytd_yoy"], growth)
    seen = np.isfinite(growth)
    middle = np.where(seen, growth, 0).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)
    growth = np.where(seen, growth, middle[:, None])
    path = np.cumprod(np.vstack([np.ones(12) if shares is None else 12 * shares / shares.sum(), 1 + growth]), axis=0)
    published = ((figures.value["ytd_level"], np.cumsum(path, axis=1)), (figures.value["month_level"], path))
    ratios = np.concatenate([(level / rough[1:])[level > 0] for level, rough in published])
    if not len(ratios):
        return path
    path *= np.median(ratios)
    stated, _ = figures.month_levels()
    path[1:] = np.where(np.isfinite(stated), stated, path[1:])
    return path

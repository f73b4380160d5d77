"""Which published figures cannot be true together, and which are to be believed then.

Without published levels nothing ties the base weights to anything, and rates of one kind never contradict each other.
Otherwise the cone of `forecasting.decumulation._polytope` is asked for positive levels: first by shortest paths, then
by a linear programme. If there are none, the dual solution of the least violation names a small set of figures, and a
deletion filter leaves an irreducible one (Gleeson & Ryan 1990; Chinneck & Dravnieks 1991).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from forecasting.decumulation._figures import BoolArray, Figures, FloatArray
from forecasting.decumulation._polytope import (
    VIOLATED,
    Cone,
    Figure,
    Use,
    cone,
    limits,
    single_months_are_summed,
    used,
    zone,
)
from forecasting.decumulation._program import Program
from forecasting.observations import MEASURES, RATES, month_label

__all__ = ["Certificate", "Dropped", "certificate", "consistent", "possible"]

MISSES = 1e-4
"""Slack from which on a figure misses, in points."""

THIN = 0.01
"""A month of less than this part of its rough level costs as a figure does that misses, all of it if the month
vanishes: else a block of months could vanish to hide a contradiction."""

MOST = 0.75
"""Share of the levels left out of a year that have to fit the other figures for those to be believed that do."""
SMALL_MISS = 0.1
"""Part of the largest miss of a year's levels from which on its base is taken to have changed."""

NAMED = 8
"""Figures that a sentence names."""

SMALL = 1e-9
"""A level is taken to be no smaller part of the largest one when it is divided by."""

NAMES = {
    "ytd_yoy": "cumulative rate",
    "month_yoy": "single-month rate",
    "ytd_level": "cumulative level",
    "month_level": "single-month level",
}


class Dropped(NamedTuple):
    """A figure that is not believed: measure, year and month on the grid, and by how much it misses the others.

    In percentage points of a rate; of the growth of a level, or in percent of a level with none the year before.
    """

    measure: str
    year: int
    month: int
    slack: float


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof that published figures cannot all be true.

    Attributes:
        indicator: Its id.
        slack: About the least total by which figures would have to give, percentage points (levels: percent of
            themselves).
        figures: An irreducible set that cannot be true together: without any one of them the others can.
        sentence: The same for a reader, with the figures as published.
    """

    indicator: str
    slack: float
    figures: tuple[Figure, ...]
    sentence: str


def certificate(figures: Figures, use: Use | None = None, shares: FloatArray | None = None) -> Certificate | None:
    """Prove that figures contradict each other.

    Args:
        figures: Published figures of one indicator, Y years.
        use: Measure -> (Y, 12) False where a published figure is left out.
        shares: (12,) months of the year before the first, up to a factor, if they are known exactly.

    Returns:
        None if all of the used figures can be true together.
    """
    taken = used(figures, use)
    if possible(figures, taken, shares):
        return None
    rows = cone(figures, taken, shares)
    slack = _slack(figures, rows, _elastic(rows, np.ones(len(rows.figures), dtype=bool)))
    guilty = _irreducible(rows)
    names = [_name(figures, figure) for figure in guilty[:NAMED]]
    others = f" and {len(guilty) - NAMED} others" if len(guilty) > NAMED else ""
    sentence = (
        f"{figures.indicator}: these figures cannot all be true: {'; '.join(names)}{others}. "
        f"All figures together would have to give by about {slack.sum():.2f} points."
    )
    return Certificate(figures.indicator, float(slack.sum()), guilty, sentence)


def consistent(
    figures: Figures, use: Use | None = None, shares: FloatArray | None = None
) -> tuple[dict[str, BoolArray], list[Dropped]]:
    """Choose figures that can all be true: levels yield to rates, cumulative rates to those of single months.

    Cumulative rates that contradict those of single months are sought by the year, since a revised base makes all of
    a year wrong from some month on.

    Args:
        figures: Published figures of one indicator, Y years.
        use: Measure -> (Y, 12) False where a published figure is left out beforehand.
        shares: (12,) months of the year before the first, up to a factor, if they are known exactly.

    Returns:
        Measure -> (Y, 12) the figures that are believed, and those that are not. Levels on a restated base are not
        believed before or after the break, whichever is less, but named in the year of the break only.
    """
    taken = used(figures, use)
    believed = {measure: np.zeros_like(seen) for measure, seen in taken.items()}
    believed["month_yoy"] = taken["month_yoy"]
    dropped: list[Dropped] = []
    for stage in (("ytd_yoy",), ("ytd_level", "month_level")):
        believed |= {measure: taken[measure].copy() for measure in stage}
        if not any(taken[measure].any() for measure in stage) or possible(figures, believed, shares):
            continue
        rows = cone(figures, believed, shares)
        soft = np.array([figure.measure in stage for figure in rows.figures])
        alone = np.where(soft, _slack(figures, rows, _elastic(rows, soft)), 0)
        test = _Test(rows)
        kept = _without_years(rows, test, soft, alone, one_by_one="ytd_yoy" in stage)
        path = _elastic(rows, ~kept)
        slack = _slack(figures, rows, path)
        rest = ~kept & (slack <= MISSES) if "ytd_yoy" in stage else _fitting(rows, ~kept, slack)
        if test.possible(kept | rest):
            kept |= rest
        for k in np.flatnonzero(~kept):
            measure, y, m = rows.figures[k]
            believed[measure][y, m] = False
        if "ytd_yoy" in stage:
            dropped += [Dropped(*rows.figures[k], float(slack[k])) for k in np.flatnonzero(~kept)]
        else:
            dropped += _breaks(figures, taken, believed, path, dict(zip(rows.figures, alone, strict=True)))
    return believed, sorted(dropped, key=lambda figure: (figure.year, figure.month, figure.measure))


def _without_years(rows: Cone, test: _Test, soft: BoolArray, slack: FloatArray, *, one_by_one: bool) -> BoolArray:
    """(F,) figures to keep: years are emptied, the largest slack first, and filled again as far as it goes.

    The least slack alone is often had by moving the base weights a little, at the price of small misses in many years,
    while the figures that are wrong come by the year: those on a revised base.
    """
    kept = np.ones(len(rows.figures), dtype=bool)
    year = np.array([figure.year for figure in rows.figures])
    total = np.bincount(year, slack)
    order = [y for y in np.argsort(-total, kind="stable") if (soft & (year == y)).any()]
    emptied = []
    for y in order:
        kept &= ~(soft & (year == y))
        emptied.append(y)
        if test.possible(kept):
            break
    for y in reversed(emptied):
        mine = soft & (year == y)
        if test.possible(kept | mine):
            kept |= mine
    for y in emptied:
        mine = soft & (year == y) & ~kept
        if one_by_one:
            parts = [np.arange(len(kept)) == k for k in np.flatnonzero(mine)]
        else:
            parts = [_fitting(rows, mine, slack)]
        for part in parts:
            if part.any() and test.possible(kept | part):
                kept |= part
    return kept


def possible(figures: Figures, use: Use | None = None, shares: FloatArray | None = None) -> bool:
    """Whether positive levels satisfy all figures that are used; arguments as of `certificate`."""
    taken = used(figures, use)
    levels = taken["ytd_level"].any() or taken["month_level"].any()
    if not levels and shares is None and not (taken["ytd_yoy"].any() and taken["month_yoy"].any()):
        return True
    if zone(figures, taken, shares, error=VIOLATED) is None:
        return False
    if single_months_are_summed(figures, taken):
        month = taken["month_level"]
        if not month.any():
            return True
        from_january = bool((np.logical_and.accumulate(month, axis=1) == month).all())
        if from_january and zone(figures, taken, shares, printed=True) is not None:
            return True
    rows = cone(figures, taken, shares)
    return _Test(rows).possible(np.ones(len(rows.figures), dtype=bool))


class _Test:
    """Least common violation of some figures of a cone by positive levels, asked again and again.

    The levels and their unit may be of any size above the rough ones, which is no restriction in a cone.
    """

    def __init__(self, rows: Cone) -> None:
        self.count, size = len(rows.figures), len(rows.scale)
        order = np.arange(rows.matrix.shape[0]) >= rows.matrix.shape[0] - (size - 1)
        soft = np.where(np.arange(len(order)) < 2 * self.count, -1.0, 0.0)
        self.kept = np.ones(self.count, dtype=bool)
        self.program = Program(
            csr_array(hstack([rows.matrix, csr_array(soft[:, None])])),
            np.full(len(order), -np.inf),
            np.where(order, -1.0, 0.0),
            np.append(np.zeros(size), 1.0),
            primal=False,
        )
        self.program.highs.changeColBounds(size - 1, 1.0, np.inf)

    def violation(self, kept: BoolArray) -> tuple[float, BoolArray]:
        """The least violation of the (F,) figures kept, relative to the levels, and (F,) those that it is due to."""
        for k in np.flatnonzero(kept != self.kept):
            for row in (k, k + self.count):
                self.program.highs.changeRowBounds(int(row), -np.inf, 0.0 if kept[k] else np.inf)
        self.kept = kept.copy()
        solution = self.program.solve()
        if solution is None:  # there is one, but out of reach of the arithmetic
            return np.inf, kept
        dual = np.abs(self.program.duals[: 2 * self.count]).reshape(2, -1).max(axis=0)
        return float(solution[-1]), kept & (dual > VIOLATED)

    def possible(self, kept: BoolArray) -> bool:
        """Whether positive levels satisfy the figures kept."""
        return self.violation(kept)[0] <= VIOLATED


def _fitting(rows: Cone, left: BoolArray, slack: FloatArray) -> BoolArray:
    """(F,) of the levels left out those that fit: if most of a year's do, else those before its base changes.

    On another base one fits by chance, or as nothing says what it should be: a January without a rate.
    """
    fits: BoolArray = left & (slack <= MISSES)
    year, month = (np.array([getattr(figure, name) for figure in rows.figures]) for name in ("year", "month"))
    rated = {(figure.year, figure.month) for figure in rows.figures if figure.measure in RATES}
    for y in np.unique(year[left]).tolist():
        mine = left & (year == y)
        if fits[mine].sum() < MOST * mine.sum():
            changed = month[mine & (slack >= SMALL_MISS * slack[mine].max())].min()
            before = fits & mine & (month < changed)
            fits[mine] = before[mine] & any((y, m) in rated for m in month[before].tolist())
    return fits


def _irreducible(rows: Cone) -> tuple[Figure, ...]:
    """Figures that cannot be true together, though without any one of them the others can."""
    test = _Test(rows)
    _, kept = test.violation(np.ones(len(rows.figures), dtype=bool))
    for k in np.flatnonzero(kept):
        without = kept & (np.arange(len(kept)) != k)
        violation, guilty = test.violation(without)
        if violation > VIOLATED:
            kept = guilty
    return tuple(figure for figure, stays in zip(rows.figures, kept, strict=True) if stays)


def _elastic(rows: Cone, soft: BoolArray) -> FloatArray:
    """(N,) unknowns that satisfy all figures but the soft ones, and these with the least total slack.

    Published levels count in their unit; without any, the mean of the December totals keeps its rough size.
    """
    count, size = len(rows.figures), len(rows.scale)
    months = size - 1
    given = rows.matrix.shape[0] - 2 * count - months
    bears = eye_array(count, format="csr")[:, np.flatnonzero(soft)]
    slacks = bears.shape[1]
    fixed = np.zeros(size + slacks + months)
    if any(figure.measure not in RATES for figure in rows.figures):
        fixed[months] = 1
    else:
        fixed[11:months:12] = 12 / months
    program = Program(
        csr_array(
            vstack(
                [
                    hstack([rows.matrix[: 2 * count], -vstack([bears, bears]), csr_array((2 * count, months))]),
                    hstack([rows.matrix[2 * count : 2 * count + given], csr_array((given, slacks + months))]),
                    hstack([-rows.month, csr_array((months, slacks)), -eye_array(months)]),
                    csr_array(fixed[None]),
                ]
            )
        ),
        np.append(np.full(2 * count + given + months, -np.inf), 1.0),
        np.concatenate([np.zeros(2 * count + given), np.full(months, -THIN), [1.0]]),
        np.concatenate([np.zeros(size), np.ones(slacks), np.full(months, 1 / THIN)]),
        primal=False,
    )
    solution = program.solve()
    # the rough levels stand in where the solution is out of reach of the arithmetic
    return rows.scale if solution is None else solution[:size] * rows.scale


def _slack(figures: Figures, rows: Cone, path: FloatArray) -> FloatArray:
    """(F,) by how much each figure misses what the levels give: points, or percent of a level; 100 at most."""
    ratio = _ratios(figures, path)
    taken = used(figures, None)
    miss = {}
    for measure in MEASURES:
        low, high = limits(figures, taken, measure)
        far = np.maximum(low - ratio[measure], ratio[measure] - high)
        miss[measure] = np.clip(far if measure in RATES else far / high, 0, 1)
    return np.array([100 * miss[figure.measure][figure.year, figure.month] for figure in rows.figures])


def _ratios(figures: Figures, path: FloatArray) -> dict[str, FloatArray]:
    """Measure -> (Y, 12) what the unknowns of a cone give for the figures; rates as ratios."""
    total = path[:-1].reshape(-1, 12)
    month = np.diff(total, axis=1, prepend=0)
    total, month = (np.maximum(level, SMALL * path[:-1].max()) for level in (total, month))
    unit = max(path[-1], SMALL)
    return {
        "ytd_yoy": total[1:] / total[:-1],
        "month_yoy": month[1:] / month[:-1],
        "ytd_level": total[1:] / unit,
        "month_level": month[1:] / unit,
    }


def _breaks(
    figures: Figures, taken: Use, believed: Use, path: FloatArray, alone: Mapping[Figure, float]
) -> list[Dropped]:
    """Levels to be named among those that are not believed.

    Of levels of one calendar month in successive years those whose growth on the year before misses the rate, published
    or of the path; else the later year that is believed again, if its growth misses it; else the first, if it misses by
    itself.
    """
    found: list[Dropped] = []
    ratio = _ratios(figures, path)
    for measure in ("ytd_level", "month_level"):
        rate = measure.replace("level", "yoy")
        low, high = (np.where(believed[rate], end, ratio[rate]) for end in limits(figures, believed, rate))
        least, most = limits(figures, taken, measure)
        growth = np.zeros_like(low)
        pair = np.nonzero(taken[measure][1:] & taken[measure][:-1])
        slow, fast = least[1:][pair] / most[:-1][pair], most[1:][pair] / np.maximum(least[:-1][pair], SMALL)
        growth[1:][pair] = np.maximum(slow - high[1:][pair], low[1:][pair] - fast)
        doubted = np.vstack([taken[measure] & ~believed[measure], np.zeros((1, 12), dtype=bool)])
        for m in range(12):
            run: list[int] = []
            for y in range(figures.years + 1):
                if doubted[y, m]:
                    run.append(y)
                    continue
                if run:
                    after = [y] if y < figures.years and growth[y, m] > MISSES / 100 else []
                    named = [year for year in run if growth[year, m] > MISSES / 100] or after
                    found += [Dropped(measure, year, m, 100 * float(growth[year, m])) for year in named]
                    first = Figure(measure, run[0], m)
                    if not named and alone[first] > MISSES:
                        found.append(Dropped(*first, float(alone[first])))
                run = []
    return found


def _name(figures: Figures, figure: Figure) -> str:
    """A figure for a reader, as it was published."""
    unit = 100 if figure.measure in RATES else 1
    value = unit * figures.value[figure.measure][figure.year, figure.month]
    half = unit * figures.half[figure.measure][figure.year, figure.month]
    decimals = max(0, round(-np.log10(2 * half)))
    month = month_label((figures.year + figure.year) * 12 + figure.month)
    return f"{NAMES[figure.measure]} of {month} {value:.{decimals}f}{' percent' if figure.measure in RATES else ''}"

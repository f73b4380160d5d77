"""Cumulative figures that part for a month from those beside them: misprints.

Where nothing but cumulative rates speaks, a rate that is off by d moves its month's growth by d times the months since
January, and the next month's by as much the other way. Months do catch up on each other, but not at many times the size
of what the indicator is used to. Beside cumulative levels, whose growth is that of the rates, a misprint parts the two.
"""

from __future__ import annotations

import numpy as np

from forecasting.decumulation._certificate import Dropped, possible
from forecasting.decumulation._figures import Figures, FloatArray
from forecasting.decumulation._restated import departure

__all__ = ["misprints"]

FAR = 15.0
"""Robust standard deviations of the change of growth from one month to the next, or of how levels and rates part."""

STEADY = 0.005
"""Least robust standard deviation that is counted with: growth moves by some tenths of a point even in calm times."""

LEAST = 0.0002
"""Least robust standard deviation by which levels and rates are taken to part: that of rounding to a decimal."""

TAKEN_BACK = 0.4
"""Least part of such a change that those before and after it undo. The formula turns a misprint into equal halves
whatever the base weights are, so that only other changes make a difference; a month that fell and was made good by half
leaves two thirds and one."""

ECHOED = 0.5
"""Part of such a change that, the other way in the same month of the year before or after, shows that the months were
like that: what fell by a third grows by half a year later, what doubled falls by half. A misprint has no echo."""

MANIFOLD = 2.0
"""Growth to so many times the year before, and more, varies in proportion to it: a base that had all but vanished makes
changes of hundreds of points."""

FEWEST = 12
"""Changes that tell what an indicator is used to."""


def misprints(figures: Figures) -> list[Dropped]:
    """Figures that are far from what those beside them give, which agree with each other.

    Of cumulative rates alone, of cumulative levels and rates beside each other, and of rates by month beside cumulative
    ones. Cumulative rates beside those by month yield anyway where they contradict them
    (`forecasting.decumulation._certificate`).
    """
    found = _beside_levels(figures) + _by_month(figures)
    if np.isfinite(figures.value["month_yoy"]).any():
        return found
    compared = np.isfinite(departure(figures)[0])
    return found + [each for each in _among_rates(figures) if not compared[each.year, each.month]]


def _beside_levels(figures: Figures) -> list[Dropped]:
    """Cumulative rates and levels from March to November that alone part rates and levels of their year.

    Levels on another base than the year before depart from the rates alike in all months of the year, or from some
    month on; a misprint does so in its own month only. That of a level shows in the growth of the year after too.
    """
    # a year that nobody knows ends the grid
    gap, doubt = (np.pad(grid, ((0, 1), (0, 0)), constant_values=np.nan) for grid in departure(figures))
    rate, off = figures.value["ytd_yoy"], _aside(gap)
    known = np.abs(off[np.isfinite(off)])
    if len(known) < FEWEST:
        return []
    limit = FAR * max(1.4826 * float(np.median(known)), LEAST) + 2 * doubt
    far = np.abs(off) > limit
    far[:, 1:-1] &= np.abs(gap[:, 2:] - gap[:, :-2]) <= limit[:, 1:-1]
    far[far.sum(axis=1) > 1] = False  # figures of several coverages take turns in such a year
    odd = np.abs(_aside(rate)) > np.abs(_aside((1 + rate) * np.exp(gap[:-1])))  # the rate, rather than the levels' own
    found: dict[tuple[str, int, int], Dropped] = {}
    for y, m in np.argwhere(far).tolist():
        before, after = np.isfinite(off[[y - 1, y + 1], m])
        if far[y - 1, m] or far[y + 1, m]:
            name = ("ytd_level", y - 1 if far[y - 1, m] else y, m)
        elif odd[y, m]:
            name = ("ytd_yoy", y, m)
        elif not (before and after):
            name = ("ytd_level", y - 1 if after else y, m)
        else:
            continue
        found.setdefault(name, Dropped(*name, 100 * abs(float(np.expm1(off[y, m])))))
    return list(found.values())


def _by_month(figures: Figures) -> list[Dropped]:
    """Rates by month from March on that are far from the growth that cumulative rates leave for their month.

    That growth, of the usual formula with equal weights, has to be near the months beside it: it is not, where a
    cumulative rate is misprinted or on a revised base, or where weights make a difference in a month that truly fell.
    Where they make one otherwise, the rates can all be true; the fewest are accused without which they can.
    """
    rate, month = figures.value["ytd_yoy"], figures.value["month_yoy"]
    n = np.arange(3, 13)
    left, doubt = np.full((2, *rate.shape), np.nan)
    left[:, 2:] = n * rate[:, 2:] - (n - 1) * rate[:, 1:-1]
    doubt[:, 2:] = n * figures.half["ytd_yoy"][:, 2:] + (n - 1) * figures.half["ytd_yoy"][:, 1:-1]
    off = np.abs(month - left)
    known = off[np.isfinite(off)]
    if len(known) < FEWEST:
        return []
    found = []
    for y, m in np.argwhere(off > FAR * 1.4826 * float(np.median(known)) + doubt).tolist():
        beside = month[y, m - 1 : m + 2 : 2]
        away = np.abs(left[y, m] - beside[np.isfinite(beside)])
        if len(away) and away.max() < off[y, m] / 2:
            found.append(Dropped("month_yoy", y, m, 100 * float(off[y, m])))
    found.sort(key=lambda each: -each.slack)
    rates = dict.fromkeys(("ytd_level", "month_level"), np.zeros(rate.shape, dtype=bool))
    for fewest in range(len(found) + 1 if found else 0):
        if possible(figures.without(each[:3] for each in found[:fewest]), rates):
            return found[:fewest]
    return []


def _aside(grid: FloatArray) -> FloatArray:
    """(Y, 12) how far each month is from the middle of those beside it, NaN where one is missing."""
    out = np.full(grid.shape, np.nan)
    out[:, 1:-1] = grid[:, 1:-1] - (grid[:, :-2] + grid[:, 2:]) / 2
    return out


def _among_rates(figures: Figures) -> list[Dropped]:
    """Cumulative rates that the next one takes back; growth is that of the usual formula with equal weights."""
    rate, half = figures.value["ytd_yoy"], figures.half["ytd_yoy"]
    n = np.arange(2, 12)  # months since January, of February to November
    change = np.full(rate.shape, np.nan)
    change[:, 1:11] = 2 * n * rate[:, 1:11] - (n - 1) * rate[:, :10] - (n + 1) * rate[:, 2:]
    known = np.abs(change[np.isfinite(change)])
    if len(known) < FEWEST:
        return []
    usual = max(1.4826 * float(np.median(known)), STEADY)
    far = np.abs(change) > FAR * usual * np.maximum((1 + rate) / MANIFOLD, 1)
    far[:, 1] = False  # a rate of two months moves with the New Year
    found = []
    for y, m in np.argwhere(far).tolist():
        beside = change[y, [m - 1, m + 1]]
        undone = -beside[np.isfinite(beside)] / change[y, m]
        echo = -change[max(y - 1, 0) : y + 2, m] / change[y, m]
        off = change[y, m] / (2 * (m + 1))
        taken_back = len(undone) and ((undone > TAKEN_BACK) & (undone < 1)).all()
        if taken_back and not (echo > ECHOED).any() and abs(off) > FAR * half[y, m]:
            found.append(Dropped("ytd_yoy", y, m, 100 * abs(float(off))))
    return found

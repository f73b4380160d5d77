"""Cumulative rates that the next one takes back: misprints, where nothing but cumulative rates speaks.

A rate that is off by d moves its month's growth by d times the months since January, and the next month's by as much
the other way. Months do catch up on each other, but not at many times the size of what the indicator is used to.
"""

from __future__ import annotations

import numpy as np

from forecasting.decumulation._certificate import Dropped
from forecasting.decumulation._figures import Figures

__all__ = ["misprints"]

FAR = 15.0
"""Robust standard deviations of the change of growth from one month to the next."""

STEADY = 0.005
"""Least robust standard deviation that is counted with: growth moves by some tenths of a point even in calm times."""

TAKEN_BACK = 0.4
"""Least part of such a change that those before and after it undo. The formula turns a misprint into equal halves
whatever the base weights are, so that only other changes make a difference; a month that fell and was made good by half
leaves two thirds and one."""

ECHOED = 0.5
"""Part of such a change that, the other way in the same month of the year before or after, shows that the months were
like that: what fell by a third grows by half a year later, what doubled falls by half. A misprint has no echo."""

FEWEST = 12
"""Changes that tell what an indicator is used to."""


def misprints(figures: Figures) -> list[Dropped]:
    """Rates from March to November that are far from what those beside them give, which agree with each other.

    Growth is that of the usual formula with equal weights. Of two kinds of rates, or with levels, the figures
    contradict each other where one is misprinted (`forecasting.decumulation._certificate`).
    """
    rate, half = figures.value["ytd_yoy"], figures.half["ytd_yoy"]
    if figures.has_levels or np.isfinite(figures.value["month_yoy"]).any():
        return []
    n = np.arange(2, 12)  # months since January, of February to November
    change = np.full(rate.shape, np.nan)
    change[:, 1:11] = 2 * n * rate[:, 1:11] - (n - 1) * rate[:, :10] - (n + 1) * rate[:, 2:]
    known = np.abs(change[np.isfinite(change)])
    if len(known) < FEWEST:
        return []
    usual = max(1.4826 * float(np.median(known)), STEADY)
    far = np.abs(change) > FAR * usual
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

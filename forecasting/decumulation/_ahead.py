"""The state space of the recovered months as a forecaster of their levels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._scales import estimate, follow
from forecasting.decumulation._structure import Structure, structure
from forecasting.decumulation._system import Row, System
from forecasting.decumulation._weights import by_calendar

__all__ = ["estimate_levels", "levels_ahead"]

IntArray = npt.NDArray[np.int64]

EXACT = 1e-6
"""Relative half-width of a level that is taken as it stands."""


def estimate_levels(level: FloatArray, ends: IntArray) -> FloatArray:
    """Log standard deviations of the parts of a series of levels.

    Args:
        level: (P,) positive levels of consecutive periods.
        ends: (P,) month index of each period's last month; a year without Januaries has January and February as one.
    """
    system, middle = _system(level, ends, int(ends[-1]))
    return estimate(system, _prior(system, ends, middle))


def levels_ahead(level: FloatArray, ends: IntArray, future: IntArray, log_sd: FloatArray) -> FloatArray:
    """(H,) most likely levels of the periods that end at `future`, consecutive ones after the last.

    Args:
        level: (P,) positive levels of consecutive periods.
        ends: (P,) month index of each period's last month.
        future: (H,) the same of those wanted.
        log_sd: From `estimate_levels`, of this series or of its past.
    """
    system, middle = _system(level, ends, int(future[-1]))
    month = np.exp(follow(system, _prior(system, ends, middle), log_sd))
    start = int(ends[0]) // 12 * 12
    out = month[future - start]
    if _paired(ends):
        february = future % 12 == 1
        out[february] += month[future[february] - 1 - start]
    return np.asarray(out)


def _paired(ends: IntArray) -> bool:
    return not (ends % 12 == 0).any()


def _system(level: FloatArray, ends: IntArray, last: int) -> tuple[System, float]:
    first, paired = int(ends[0]) // 12, _paired(ends)
    rows = []
    for end, value in zip(ends.tolist(), level.tolist(), strict=True):
        pair = paired and end % 12 == 1
        rows.append(Row(end // 12 - first - 1, end % 12, pair, False, value, EXACT * value))
    return System(rows, last // 12 - first), float(np.mean(np.log(level)))


def _prior(system: System, ends: IntArray, middle: float) -> Structure:
    profile = by_calendar()
    spread = profile.spread[len(profile.spread) // 2][0]
    return structure(int(ends[0]) // 12 + 1, system.years, profile.log_share, spread, middle)

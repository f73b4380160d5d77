"""Publishing a monthly series as a bureau would: cumulative, rounded, January and February together or not."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pandas as pd

from forecasting.observations import month_label

FIRST_YEAR = 2010


def levels(growth: np.ndarray, profile: np.ndarray) -> np.ndarray:
    """(Y + 1, 12) levels from (Y, 12) growth rates on the year before and the first year's profile."""
    return np.vstack([profile[None], profile * np.cumprod(1 + growth, axis=0)])


def publish(
    level: np.ndarray,
    *,
    indicator: str = "x",
    measures: tuple[str, ...] = ("ytd_yoy",),
    merged: bool = False,
    decimals: int = 1,
    family: str = "",
) -> pd.DataFrame:
    """Canonical text rows of (Y + 1, 12) levels; growth exists from the second year, FIRST_YEAR, on."""
    rows = []
    total = level.cumsum(axis=1)
    table = {
        "ytd_yoy": 100 * (total[1:] / total[:-1] - 1),
        "month_yoy": 100 * (level[1:] / level[:-1] - 1),
        "ytd_level": total[1:],
        "month_level": level[1:],
    }
    for measure in measures:
        for y, m in np.ndindex(table[measure].shape):
            if merged and (m == 0 or (m == 1 and measure.startswith("month"))):
                continue
            value = Decimal(float(table[measure][y, m])).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
            unit = "percent" if measure.endswith("yoy") else "t"
            period = month_label((FIRST_YEAR + y) * 12 + m)
            rows.append([indicator, period, measure, f"{value:f}", unit, family])
    return pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit", "family"])

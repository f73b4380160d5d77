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


def usable(frame: pd.DataFrame) -> pd.DataFrame:
    """Without rates and levels that round to nothing left."""
    value = frame["value"].astype(float)
    return frame[(value > -99.9) & ((value > 0) | frame["measure"].str.endswith("yoy"))]


def mixture(seed: int, *, misprints: float = 0.02) -> pd.DataFrame:
    """Any mixture of measures, gaps, merged years, decimals and misprints, of one to three indicators."""
    rng = np.random.default_rng(seed)
    frames = []
    for k in range(rng.integers(1, 4)):
        years = int(rng.integers(1, 7))
        profile = 100 * np.exp(rng.choice([0.05, 0.3, 1.0]) * rng.standard_normal(12))
        growth = np.expm1(rng.choice([0.02, 0.2, 0.6]) * rng.standard_normal((years, 12)))
        measures = rng.choice(["ytd_yoy", "month_yoy", "ytd_level", "month_level"], rng.integers(1, 5), replace=False)
        frame = publish(
            levels(growth, profile),
            indicator=f"s{k}",
            measures=tuple(map(str, measures)),
            merged=bool(rng.random() < 0.5),
            decimals=int(rng.integers(0, 3)),
            family=str(rng.choice(["", "f"])),
        )
        frame = frame[rng.random(len(frame)) < rng.choice([0.05, 0.3, 0.7, 1.0])]
        misprint = (rng.random(len(frame)) < misprints) & ~frame["value"].str.startswith(("-", "0"))
        frame.loc[misprint, "value"] = "1" + frame.loc[misprint, "value"]
        frames.append(usable(frame))
    return pd.concat(frames, ignore_index=True)

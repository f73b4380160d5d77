"""Levels on another base in some years: months of M3's industry series, and of national figures held back.

Every third series of nine years and more publishes cumulative rates to 0.1 and levels, cumulative ones or those of
single months, which are a tenth higher in some of its years. For real figures it is the published growth of single
months that is kept back; levels of retail sales were restated in most years, those of trade are revised by tenths of a
percent without a word.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from pseudo_publication import FIRST_YEAR, BoolArray, FloatArray, by_measure, industry

from forecasting import decumulate
from forecasting.observations import RATES, month_label
from forecasting.reference import load_observations

CASES = {
    "the latest three": lambda years: np.arange(years) >= years - 3,
    "three in the middle": lambda years: (np.arange(years) >= 4) & (np.arange(years) < 7),
}
KINDS = {"cumulative": "ytd_level", "of single months": "month_level"}
LONG, EVERY = 9, 3
LEAST, MOST = 0.85, 0.97
"""Coverage of the 90 % band in years of which something is to be learnt."""

HELD_BACK = ("cn_retail_sales", "cn_exports", "cn_imports")


def published(name: str, level: FloatArray, other: BoolArray, kind: str) -> list[list[str]]:
    """Rows of figures of the years but the first."""
    table = by_measure(level * 1000)
    table[kind] = table[kind] * np.where(other, 1.1, 1.0)[:, None]
    rows = []
    for measure in ("ytd_yoy", kind):
        for y, m in np.ndindex(table[measure].shape):
            if y and (m or measure == "month_level"):
                value = f"{table[measure][y, m]:.1f}"
                unit = "percent" if measure in RATES else "t"
                rows.append([name, month_label((FIRST_YEAR + y) * 12 + m), measure, value, unit])
    return rows


def restated(title: str, kind: str) -> bool:
    """Print errors and coverage by what a year is; whether coverage is what it should be."""
    series = dict([(name, level) for name, level in industry().items() if len(level) >= LONG][::EVERY])
    rows, truth = [], []
    for name, level in series.items():
        other = CASES[title](len(level))
        rows += published(name, level, other, kind)
        before = np.append(False, other[:-1])
        growth = by_measure(level)["month_yoy"]
        place = np.where(other != before, "in which it changes", np.where(other, "on it", "not on it"))
        place[1] = ""  # of its base nothing is published
        truth += [
            [name, month_label((FIRST_YEAR + y) * 12 + m), growth[y, m], place[y]]
            for y, m in np.ndindex(level.shape) if y and m > 1
        ]  # fmt: skip
    figures = pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])
    found = decumulate(figures).monthly.merge(
        pd.DataFrame(truth, columns=["indicator", "month", "truth", "years"]), on=["indicator", "month"]
    )
    kept = True
    for years, part in found[found["years"] != ""].groupby("years"):
        error = (part["yoy"] - part["truth"]).pow(2).groupby(part["indicator"]).mean().pow(0.5).median()
        inside = ((part["yoy_q05"] <= part["truth"]) & (part["truth"] <= part["yoy_q95"])).mean()
        print(f"  years {years}: RMSE, median over series {error:.4f} points, {inside:.0%} inside the 90 % band")
        kept &= years == "not on it" or LEAST <= inside <= MOST
    return kept


def held_back(indicator: str) -> None:
    """Print how far the months of a real indicator are from its published growth of single months."""
    table = load_observations().query("indicator == @indicator")
    told = table[table["measure"] == "month_yoy"].set_index("period")["value"]
    months = decumulate(table[table["measure"] != "month_yoy"]).monthly.set_index("month").loc[told.index]
    error = float(np.sqrt(np.mean((months["yoy"] - told) ** 2)))
    inside = ((months["yoy_q05"] - 0.05 <= told) & (told <= months["yoy_q95"] + 0.05)).mean()
    print(f"{indicator}, {len(told)} months held back: RMSE {error:.3f} points, {inside:.0%} inside the 90 % band")


def main() -> None:
    """Restate levels, then hold real months back."""
    failed = False
    for kind, measure in KINDS.items():
        for title in CASES:
            print(f"levels {kind}, those of {title} years on another base:", flush=True)
            failed |= not restated(title, measure)
    for indicator in HELD_BACK:
        held_back(indicator)
    if failed:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

"""Indicators with a handful of figures: coverage of the 90 % band where the months are known (M3 industry).

The last eight years of each series are told as cumulative rates to 0.1, of which few are published: those of the
quarters, of the years, or five of the last thirty; with nothing to lean on. Argument: K for every K-th series (6).
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from months_of_m3 import FIRST_YEAR, published, series

from forecasting import decumulate
from forecasting.parallel import in_parallel

YEARS = 8
DESIGNS = ("quarters", "years", "five of thirty")


def shown(table: pd.DataFrame, design: str, seed: int) -> pd.DataFrame:
    """The rates that are published, the last one among them."""
    month = table["period"].str[5:].astype(int)
    if design == "quarters":
        return table[month % 3 == 0]
    if design == "years":
        return table[month == 12]
    chosen = np.random.default_rng(seed).choice(np.arange(len(table) - 30, len(table) - 1), 4, replace=False)
    return table.iloc[[*np.sort(chosen), len(table) - 1]]


def truth(level: np.ndarray, merged: np.ndarray) -> np.ndarray:
    """(Y, 12) growth; January and February alike where they are one period."""
    growth = level[1:] / level[:-1] - 1
    both = level[1:, :2].sum(axis=1, keepdims=True) / level[:-1, :2].sum(axis=1, keepdims=True) - 1
    growth[:, :2] = np.where(merged[:, None], both, growth[:, :2])
    return growth


def covered(level: np.ndarray, design: str, seed: int) -> tuple[str, float]:
    """Share of the months from the first year with a figure on that lie inside the band."""
    table = shown(published("a", level, with_levels=False), design, seed).reset_index(drop=True)
    path = decumulate(table, draws=200).paths["a"]
    year = path.start // 12 - FIRST_YEAR
    months = path.growth.shape[1] // 12
    actual = truth(level, np.r_[np.zeros(year, dtype=bool), path.merged])[year : year + months].ravel()
    low, high = np.quantile(path.growth, [0.05, 0.95], axis=0)
    return design, float(((low <= actual) & (actual <= high)).mean())


def main() -> None:
    """Print a line for each design."""
    found = list(series(int(sys.argv[1]) if len(sys.argv) > 1 else 6).items())
    tasks = [(level[-YEARS - 1 :], design, i) for i, (_, level) in enumerate(found) for design in DESIGNS]
    rows = in_parallel(covered, tasks, 2, names=[name for name, _ in found for _ in DESIGNS])
    for design, shares in pd.DataFrame(rows, columns=["design", "share"]).groupby("design")["share"]:
        low = (shares < 0.75).mean()
        print(f"{design:<15} {len(shares)} series: coverage {shares.mean():.3f}, below .75 in {low:.0%} of them")


if __name__ == "__main__":
    main()

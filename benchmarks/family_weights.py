"""Base weights learned from a family: a series that publishes rates only, and a member that publishes levels.

The M3 industry series are grouped by the seasonal profile of their first years: five nearest neighbours are summed to
a total that publishes its levels; the series itself publishes rounded cumulative rates of its later years.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from months_of_m3 import growth, published, rmse, series, usual_formula

from forecasting import decumulate

LEARNED_FROM = 5
"""Years that the families are formed on; the others are recovered."""

NEIGHBOURS = 5


def profile(level: np.ndarray) -> np.ndarray:
    """(12,) log shares of the average year."""
    return np.log(level / level.sum(axis=1, keepdims=True)).mean(axis=0)


def main() -> None:
    """Print errors without a family, with one, and of the usual formula; an argument takes every n-th series only."""
    everything = {name: level for name, level in series(1).items() if len(level) >= 2 * LEARNED_FROM}
    names = list(everything)
    shapes = np.array([profile(everything[name][:LEARNED_FROM]) for name in names])
    step = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    rows, alone, pupils = [], [], {}
    for i in range(0, len(names), step):
        level = everything[names[i]][LEARNED_FROM:]
        near = np.argsort(np.square(shapes - shapes[i]).sum(axis=1))[1 : NEIGHBOURS + 1]
        years = min(len(everything[names[k]]) for k in near) - LEARNED_FROM
        total = sum(everything[names[k]][LEARNED_FROM:][:years] / everything[names[k]].mean() for k in near)
        pupil, teacher = published(names[i], level, with_levels=False), f"{names[i]}_total"
        teacher_rows = [
            [teacher, f"{1991 + y}-{m + 1:02d}", "month_level", f"{1000 * total[y + 1, m]:.2f}", "units"]
            for y, m in np.ndindex(years - 1, 12)
        ]
        family = pd.concat([pupil, pd.DataFrame(teacher_rows, columns=pupil.columns)]).assign(family=names[i])
        rows.append(family)
        alone.append(pupil)
        pupils[names[i]] = level
    learned = decumulate(pd.concat(rows), draws=100, workers=2).monthly
    single = decumulate(pd.concat(alone), draws=100, workers=2).monthly
    scores, inside = [], []
    for name, level in pupils.items():
        actual = growth(level)
        tables = [table[(table["indicator"] == name) & table["yoy"].notna()] for table in (learned, single)]
        bands = [table[["yoy", "yoy_q05", "yoy_q95"]].to_numpy().reshape(*actual.shape, 3) for table in tables]
        inside.append([((band[..., 1] <= actual) & (actual <= band[..., 2])).mean() for band in bands])
        scores.append(
            [
                *(rmse(band[..., 0] - actual) for band in bands),
                rmse(usual_formula(level, np.ones(12), chained=False) - actual),
                rmse(usual_formula(level, level[0], chained=True) - actual),
            ]
        )
    table = np.array(scores)
    print(f"{len(table)} series, RMSE in points, median over series:")
    labels = (
        "family member publishes levels",
        "nothing known",
        "usual formula, equal weights",
        "usual formula, true weights",
    )
    for label, value in zip(labels, np.median(table, axis=0), strict=True):
        print(f"  {label:<34}{value:6.3f}")
    print("coverage of the 90 % band: family {:.3f}, nothing known {:.3f}".format(*np.mean(inside, axis=0)))
    middle = np.median(table, axis=0)
    ratios = np.median(table[:, :2] / table[:, 2:3], axis=0)
    print(f"over the usual formula with equal weights: family {middle[0] / middle[2]:.2f} (at most .50), "
          f"nothing known {middle[1] / middle[2]:.2f} (at most 1); "
          f"median of the ratios {ratios[0]:.2f} and {ratios[1]:.2f}")  # fmt: skip
    if middle[0] > 0.5 * middle[2] or middle[1] > middle[2]:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

"""Indicators with a handful of figures: what their coming cumulative rates turn out to be (M3 industry).

The last eight years of each series are told as in `sparse_months.py`, up to a year before their end; the last figure is
known, and the rates 1, 3, 6 and 12 months later are forecast with nothing to lean on. Errors are in units of the mean
absolute deviation of a series' rates, and beside those of the last figure repeated. Argument: K for every K-th series
(3).
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from months_of_m3 import published, series
from sparse_months import DESIGNS, YEARS, shown

from forecasting.decumulation import decumulate, lean
from forecasting.evaluation import crps_draws
from forecasting.observations import month_index
from forecasting.parallel import in_parallel

AHEAD = (1, 3, 6, 12)
DRAWS = 400
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
COLUMNS = ["design", "ahead", "in80", "in95", "error", "crps", "no_change"]


def judged(level: np.ndarray, design: str, seed: int) -> list[tuple[str, int, bool, bool, float, float, float]]:
    """A row a step: whether the bands hold the rate, error, CRPS and error of no change, scaled."""
    table = published("a", level, with_levels=False)
    month = table["period"].map(month_index)
    rates = pd.Series(table["value"].astype(float).to_numpy(), index=month)
    origin = int(month.max()) - 12 - seed % 6
    known = shown(table[month <= origin], design, seed).reset_index(drop=True)
    last = month_index(known["period"].iloc[-1])
    recovered = decumulate(known, draws=DRAWS).paths
    path = lean(recovered, {}, related={}, parts={}, until=last + 13, seed=0)["a"]
    unit = float((rates - rates.mean()).abs().mean())
    rows = []
    for step in AHEAD:
        end = last + step + ((last + step) % 12 == 0)  # January and February are one
        actual, draws = float(rates[end]), 100 * path.year_to_date(np.array([end]))
        lowest, low, middle, high, highest = np.quantile(draws[:, 0], LEVELS)
        error, score = abs(middle - actual), float(crps_draws([actual], draws)[0])
        still = abs(rates[last] - actual)
        inside = low <= actual <= high, lowest <= actual <= highest
        rows.append((design, step, *inside, error / unit, score / unit, still / unit))
    return rows


def main() -> None:
    """Print a line for each design and step."""
    found = list(series(int(sys.argv[1]) if len(sys.argv) > 1 else 3).items())
    tasks = [(level[-YEARS - 1 :], design, i) for i, (_, level) in enumerate(found) for design in DESIGNS]
    done = in_parallel(judged, tasks, 2, names=[name for name, _ in found for _ in DESIGNS])
    rows = [row for one in done for row in one]
    for (design, step), each in pd.DataFrame(rows, columns=COLUMNS).groupby(["design", "ahead"], sort=True):
        mean = each.drop(columns=["design", "ahead"]).mean()
        print(
            f"{design:<15} {step:>2} months ahead, {len(each)} series: {mean['in80']:.2f} and {mean['in95']:.2f} in "
            f"the 80 and 95 % bands; error {mean['error'] / mean['no_change']:.2f} and CRPS "
            f"{mean['crps'] / mean['no_change']:.2f} of the last figure's error"
        )


if __name__ == "__main__":
    main()

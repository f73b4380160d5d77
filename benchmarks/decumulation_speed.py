"""Time and memory of de-cumulation: indicators of 15 years, 200 draws, two processes, pseudo-published.

Cumulative rates to 0.1 point of simulated levels (trend, season, noise), January and February together. Arguments:
numbers of indicators.
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import pandas as pd

from forecasting.decumulation import decumulate_in_chunks
from forecasting.observations import month_label

SIZES = (500, 1000)
YEARS, DRAWS = 15, 200
LIMIT_S = 60.0
FIRST_YEAR = 2010


def table(count: int) -> pd.DataFrame:
    """Published rates of many indicators."""
    rng = np.random.default_rng(7)
    months = 12 * (YEARS + 1)
    profile = np.exp(0.08 * rng.standard_normal((count, 12)))
    trend = np.cumsum(0.005 + 0.006 * rng.standard_normal((count, months)), axis=1)
    noise = rng.lognormal(-3.5, 0.7, (count, 1)) * rng.standard_normal((count, months))
    level = np.exp(trend + noise).reshape(count, -1, 12) * profile[:, None]
    total = level.cumsum(axis=2)
    rate = np.round(100 * (total[:, 1:] / total[:, :-1] - 1), 1)
    periods = [month_label((FIRST_YEAR + y) * 12 + m) for y in range(YEARS) for m in range(1, 12)]
    names = np.repeat([f"series_{i:05d}" for i in range(count)], len(periods))
    return pd.DataFrame(
        {
            "indicator": names,
            "period": np.tile(periods, count),
            "measure": "ytd_yoy",
            "value": rate[:, :, 1:].ravel(),
            "decimals": 1,
            "unit": "percent",
        }
    )


def main() -> None:
    """Print seconds and peak memory for each size."""
    sizes = [int(text) for text in sys.argv[1:]] or list(SIZES)
    for size in sizes:
        frame = table(size)
        started = time.perf_counter()
        rows = sum(len(part.monthly) for part in decumulate_in_chunks(frame, draws=DRAWS, workers=2))
        seconds = time.perf_counter() - started
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        limit = LIMIT_S * size / 1000
        print(f"{size} indicators of {YEARS} years, {DRAWS} draws: {seconds:.1f} s (at most {limit:.0f}), {rows} rows, "
              f"peak memory {own:.0f} MB here and {child:.0f} MB in the largest process")  # fmt: skip
        if seconds > limit:
            sys.exit("FAILED")


if __name__ == "__main__":
    main()

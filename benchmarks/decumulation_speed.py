"""Time and memory of de-cumulation: indicators of 15 years, 200 draws, two processes, pseudo-published.

Cumulative rates to 0.1 point of simulated levels (trend, season, noise), January and February together. Arguments:
numbers of indicators; 10000 takes ten minutes. Memory is the highest sum of proportional set sizes of all processes, in
the first and in the second half of the chunks.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
from night_at_size import Meter

from forecasting.decumulation import decumulate_in_chunks
from forecasting.observations import month_label

SIZES = (500, 1000)
YEARS, DRAWS = 15, 200
LIMIT_S = 60.0
FLAT = 1.1
"""The second half of the chunks takes as much memory as the first, but for what the allocator keeps."""

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
    """Print seconds and memory for each size."""
    sizes = [int(text) for text in sys.argv[1:]] or list(SIZES)
    failed = False
    for size in sizes:
        frame = table(size)
        meter = Meter()
        meter.start()
        started, used = time.perf_counter(), meter.cpu()
        rows, peaks = 0, []
        for part in decumulate_in_chunks(frame, draws=DRAWS, workers=2):
            rows += len(part.monthly)
            peaks.append(meter.peak / 2**20)
            meter.peak = 0
        seconds, cpu = time.perf_counter() - started, meter.cpu() - used
        meter.stop()
        middle = (len(peaks) + 1) // 2
        first, second = max(peaks[:middle]), max(peaks[middle:], default=0.0)
        limit = LIMIT_S * size / 1000
        print(
            f"{size} indicators of {YEARS} years, {DRAWS} draws: {seconds:.1f} s (at most {limit:.0f}), {cpu:.0f} s of "
            f"processor, {rows} rows, memory {first:.0f} MB and then {second:.0f} MB",
            flush=True,
        )
        failed |= seconds > limit or second > FLAT * first
    if failed:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

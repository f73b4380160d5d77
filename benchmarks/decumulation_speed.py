"""Time and memory of de-cumulation: indicators of 15 years, 200 draws, two processes, pseudo-published.

Cumulative rates to 0.1 point of simulated levels (trend, season, noise), January and February together. Arguments:
numbers of indicators; 10000 takes ten minutes. Memory is what this process and the largest of its workers have at the
end of a chunk, the most in the first and in the second half of the chunks.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import pandas as pd
import psutil

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


def used() -> tuple[float, float, float]:
    """Seconds of processor of this process and its workers, and memory in MB of this one and of the largest worker."""
    own = psutil.Process()
    workers = [child for child in own.children(recursive=True) if child.is_running()]
    times = [one.cpu_times() for one in (own, *workers)]
    memory = [one.memory_info().rss / 2**20 for one in (own, *workers)]
    return sum(time.user + time.system for time in times), memory[0], max(memory[1:], default=0.0)


def main() -> None:
    """Print seconds and memory for each size."""
    failed = False
    for size in [int(text) for text in sys.argv[1:]] or SIZES:
        frame = table(size)
        started, before = time.perf_counter(), used()[0]
        rows, memory = 0, []
        for part in decumulate_in_chunks(frame, draws=DRAWS, workers=2):
            rows += len(part.monthly)
            cpu, *sizes = used()
            memory.append(sizes)
        seconds = time.perf_counter() - started
        middle = (len(memory) + 1) // 2
        first, second = np.max(memory[:middle], axis=0), np.max(memory[middle:], axis=0, initial=0.0)
        limit = LIMIT_S * size / 1000
        print(
            f"{size} indicators of {YEARS} years, {DRAWS} draws: {seconds:.1f} s (at most {limit:.0f}), "
            f"{cpu - before:.0f} s of processor, {rows} rows; memory here and of the largest worker {first[0]:.0f} and "
            f"{first[1]:.0f} MB, then {second[0]:.0f} and {second[1]:.0f} MB",
            flush=True,
        )
        failed |= seconds > limit or bool((second > FLAT * first).any())
    if failed:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

"""One worker against two of a Dask cluster on this machine, and both against processes without Dask.

Months are recovered from pseudo-published cumulative rates and simulated levels are forecast by the default preset. On
a machine that is shared the CPU seconds of the workers tell what the wall clock cannot: those of both are printed.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from decumulation_speed import table
from panel_speed import HORIZON, MONTHS, panel

from forecasting.decumulation import decumulate
from forecasting.evaluation import forecast_panel
from forecasting.parallel import Workers

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.cluster import Cluster, cluster

INDICATORS, SERIES, DRAWS, ORIGINS = 200, 240, 200, 24
FASTER = 1.6
ROUNDS = 3

Result = tuple[pd.DataFrame, pd.DataFrame, dict[str, np.ndarray]]


def work(workers: Workers) -> Result:
    """Months, forecasts and all their draws."""
    months = decumulate(table(INDICATORS), draws=DRAWS, workers=workers)
    ahead = forecast_panel(panel()[: SERIES * MONTHS], HORIZON, origins=ORIGINS, workers=workers, seed=0)
    return months.monthly, ahead.quantiles, {**months.arrays(), **ahead.draws}


def same(one: Result, other: Result) -> bool:
    """Whether two results are the same to the last bit."""
    frames = all(a.equals(b) for a, b in zip(one[:2], other[:2], strict=True))
    return frames and all(one[2][name].tobytes() == other[2][name].tobytes() for name in one[2] | other[2])


def timed(count: int, folder: Path) -> tuple[float, float, Result]:
    """Wall seconds, CPU seconds of the workers and results on a cluster whose workers have imported everything."""
    folder.mkdir()
    with cluster(count, folder) as running:
        few = panel()[: 2 * count * MONTHS]
        forecast_panel(few, HORIZON, origins=4, workers=running.address, seed=0)
        before, started = cpu(running), time.perf_counter()
        result = work(running.address)
        return time.perf_counter() - started, cpu(running) - before, result


def cpu(running: Cluster) -> float:
    """CPU seconds of the worker processes so far."""
    nannies = [psutil.Process(process.pid) for process in running.workers]
    times = [child.cpu_times() for nanny in nannies for child in nanny.children(recursive=True)]
    return sum(each.user + each.system for each in times)


def main() -> None:
    """Print times, their ratio and whether the results are the same."""
    here = clocked(lambda: work(2))
    print(f"{INDICATORS} indicators and {SERIES} series on two processes without Dask: {here[0]:.0f} s")
    best = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            one = timed(1, Path(folder) / f"one{number}")
            two = timed(2, Path(folder) / f"two{number}")
            equal = same(here[1], one[2]) and same(here[1], two[2])
            print(
                f"one worker {one[0]:.0f} s (CPU {one[1]:.0f} s), two workers {two[0]:.0f} s (CPU {two[1]:.0f} s): "
                f"{one[0] / two[0]:.2f} times as fast; {'the same bits' if equal else 'DIFFERENT RESULTS'}"
            )
            if not equal:
                sys.exit("FAILED: results differ")
            best = max(best, one[0] / two[0])
            if best >= FASTER:
                return
    sys.exit(f"FAILED: {best:.2f} times as fast at best, {FASTER} is asked")


def clocked(function: Callable[[], Result]) -> tuple[float, Result]:
    """Wall seconds and what the function returns."""
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


if __name__ == "__main__":
    main()

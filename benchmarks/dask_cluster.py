"""One worker against two of a Dask cluster on this machine, and both against processes without Dask.

Months are recovered from pseudo-published cumulative rates and simulated levels are forecast by the default preset. On
a machine that is shared the wall clock tells little, so CPU seconds are printed too: those of this process, which
nobody shares, and those of each worker; the slowest worker and this process are what two free cores would wait for.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import tempfile
import time
from dataclasses import dataclass
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

INDICATORS, SERIES, DRAWS, ORIGINS = 100, 150, 200, 24
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


@dataclass(frozen=True)
class Run:
    """Seconds by the clock, CPU seconds of this process and of each worker, and what came out."""

    wall: float
    own: float
    workers: list[float]
    result: Result

    def __str__(self) -> str:
        each = " and ".join(f"{seconds:.0f}" for seconds in self.workers)
        return f"{self.wall:.0f} s (CPU: workers {each} s, here {self.own:.0f} s)"


def timed(count: int, folder: Path) -> Run:
    """The work on a cluster whose workers have imported everything."""
    folder.mkdir()
    with cluster(count, folder) as running:
        few = panel()[: 2 * count * MONTHS]
        forecast_panel(few, HORIZON, origins=4, workers=running.address, seed=0)
        decumulate(table(2 * count), draws=DRAWS, workers=running.address)
        before, own, started = cpu(running), time.process_time(), time.perf_counter()
        result = work(running.address)
        wall, own = time.perf_counter() - started, time.process_time() - own
        return Run(wall, own, [after - first for after, first in zip(cpu(running), before, strict=True)], result)


def cpu(running: Cluster) -> list[float]:
    """CPU seconds of each worker so far."""
    out = []
    for process in running.workers:
        times = [child.cpu_times() for child in psutil.Process(process.pid).children(recursive=True)]
        out.append(sum(each.user + each.system for each in times))
    return out


def main() -> None:
    """Print times, their ratio and whether the results are the same."""
    started = time.perf_counter()
    here = work(2)
    print(f"{INDICATORS} indicators and {SERIES} series on two processes without Dask: "
          f"{time.perf_counter() - started:.0f} s", flush=True)  # fmt: skip
    best = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(ROUNDS):
            one, two = (timed(count, Path(folder) / f"{count}-{number}") for count in (1, 2))
            equal = same(here, one.result) and same(here, two.result)
            free = (one.own + sum(one.workers)) / (two.own + max(two.workers))
            print(f"one worker {one}, two workers {two}: {one.wall / two.wall:.2f} times as fast by the clock, "
                  f"{free:.2f} by CPU; {'the same bits' if equal else 'DIFFERENT RESULTS'}", flush=True)  # fmt: skip
            if not equal:
                sys.exit("FAILED: results differ")
            best = max(best, one.wall / two.wall)
            if best >= FASTER:
                return
    sys.exit(f"FAILED: {best:.2f} times as fast at best, {FASTER} is asked")


if __name__ == "__main__":
    main()

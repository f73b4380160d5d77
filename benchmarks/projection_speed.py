"""Nine scenarios with 8,192 draws over 120 months and the sensitivity: seconds, memory, growth with the draws."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import resource
import sys
import time

import numpy as np

from forecasting.observations import month_label
from forecasting.projection import GrowthPaths, load_assumptions, log_rate, simulate
from forecasting.reference import load_calibration, load_claims

DRAWS, LIMIT_S, LIMIT_MB = 8192, 60.0, 2048.0


def main() -> None:
    """Simulate twice, with an eighth of the draws and with all."""
    assumptions, claims = load_assumptions(), load_claims()
    known = claims.set_index("id")["value_low"]
    rates = {"re_va": "C01", "industrial": "C02", "mining": "C04", "manufacturing": "C05", "utilities": "C06",
             "nonferrous_mining": "C07", "fluorochemical": "C08", "hydrogen_storage": "C09"}  # fmt: skip
    rng = np.random.default_rng(1)
    growth = {
        assumptions.structure.indicators[key]: log_rate(known[claim]) + 0.04 * rng.standard_normal((1000, 24))
        for key, claim in rates.items()
    }
    paths = GrowthPaths(tuple(month_label(2026 * 12 + i) for i in range(24)), growth)
    spent = {}
    for draws in (64, DRAWS // 8, DRAWS):  # the first warms up imports and caches
        wall, cpu = time.perf_counter(), time.process_time()
        result = simulate(assumptions, paths, load_calibration(), claims, start="2025-12", draws=draws, seed=1)
        spent[draws] = time.perf_counter() - wall, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (few_wall, few), (wall, cpu) = spent[DRAWS // 8], spent[DRAWS]
    months = result.trajectories.query("freq == 'M'")["date"].nunique()
    scenarios = result.trajectories["scenario"].nunique()
    print(
        f"{scenarios} scenarios x {DRAWS} draws x {months} months with sensitivity: {wall:.1f} s, {cpu:.1f} s of a core"
    )
    print(
        f"an eighth of the draws: {few_wall:.1f} s, {few:.1f} s of one core; ratio {cpu / few:.1f} (linear: at most 8)"
    )
    print(f"peak memory: {memory:.0f} MB (at most {LIMIT_MB:.0f})")
    if scenarios != 9 or months != 120 or wall > LIMIT_S or memory > LIMIT_MB or cpu > 8.5 * few:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

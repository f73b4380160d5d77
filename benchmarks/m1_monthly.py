"""M1 monthly, 617 series, h = 18: a preset on series that no choice of models, settings or bands has seen.

Beside it statsforecast's automatic models, and their plain mean. Argument: fast, default or best.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time
import warnings

import numpy as np
from competitions import SEASON, judged, line, m1_monthly, scores, sound
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, DynamicOptimizedTheta, SeasonalNaive

from forecasting.evaluation import forecast_panel
from forecasting.parallel import in_parallel

BESIDE = {
    "SeasonalNaive": SeasonalNaive(SEASON),
    "AutoETS": AutoETS(season_length=SEASON),
    "AutoCES": AutoCES(season_length=SEASON),
    "DynamicOptimizedTheta": DynamicOptimizedTheta(season_length=SEASON),
    "AutoARIMA": AutoARIMA(season_length=SEASON, approximation=True),
}


def beside(y: np.ndarray, horizon: int) -> dict[str, np.ndarray]:
    """Forecasts of the models beside the preset."""
    warnings.simplefilter("ignore")
    return {name: np.asarray(model.forecast(y=y, h=horizon)["mean"]) for name, model in BESIDE.items()}


def main() -> None:
    """Print the scores."""
    preset = sys.argv[1] if len(sys.argv) > 1 else "default"
    data = m1_monthly()
    started = time.process_time()
    result = forecast_panel(data.panel(), data.horizon, preset=preset, seed=0)
    spent = time.process_time() - started
    print(line(f"{preset}, {len(data.names)} series", judged(data, result.quantiles)))
    print(f"{1000 * spent / len(data.names):.0f} ms a series of CPU, backtest and bands included")
    print(sound(result.quantiles, data.names), flush=True)
    jobs = [(y, data.horizon) for y in data.history]
    found = in_parallel(beside, jobs, 2, names=list(data.names))
    each = {name: np.array([one[name] for one in found]) for name in BESIDE}
    for name, point in each.items():
        print(line(name, scores(data, point)))
    automatic = [point for name, point in each.items() if name != "SeasonalNaive"]
    print(line("mean of the four", scores(data, np.mean(automatic, axis=0))))


if __name__ == "__main__":
    main()

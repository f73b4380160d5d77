"""M3 monthly, all 1,428 series, h = 18: accuracy, bands and time of a preset, on one core.

The models of the presets and the way they are combined were chosen on a random half of the series; both halves are
shown. Arguments: fast, default or best, and optionally K for every K-th series only.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
import time

import numpy as np
from competitions import halves, judged, line, m3_monthly, sound

from forecasting.evaluation import forecast_panel


def main() -> None:
    """Print the scores of all series, of either half, and the time."""
    preset = sys.argv[1] if len(sys.argv) > 1 else "default"
    whole = m3_monthly()
    step = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    data = whole.some(range(0, len(whole.names), step))
    warm = data.some([0])
    forecast_panel(warm.panel(), 18, preset=preset, origins=1, seed=0)  # imports and compilation are not the models'
    started = time.process_time()
    result = forecast_panel(data.panel(), data.horizon, preset=preset, seed=0)
    spent = time.process_time() - started
    print(line(f"{preset}, {len(data.names)} series", judged(data, result.quantiles)))
    for name, part in zip(("the half it was chosen on", "the other half"), halves(whole), strict=True):
        chosen = whole.some([i for i in part if i % step == 0])
        print(line(name, judged(chosen, result.quantiles[result.quantiles["unique_id"].isin(chosen.names)])))
    print(f"{1000 * spent / len(data.names):.0f} ms a series of CPU, backtest and bands included")
    print(sound(result.quantiles, data.names))
    print(result.quantiles.groupby("unique_id")["model"].first().value_counts().to_dict())
    left = result.failures.groupby("model").size()
    print(f"left out, of {len(data.names) * 25} forecasts a model: {left.to_dict()}")
    board = result.leaderboard.groupby("model")[["mase", "smape"]].mean()
    print("rolling MASE and sMAPE:", {name: tuple(np.round(row, 3)) for name, row in board.T.to_dict("list").items()})


if __name__ == "__main__":
    main()

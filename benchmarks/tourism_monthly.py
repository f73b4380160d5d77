"""Tourism monthly, 366 series, h = 24: the default preset against statsforecast's AutoETS and AutoARIMA.

AutoARIMA takes seconds a series and is therefore judged on every sixth series, on which the others are shown as well.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import warnings

import numpy as np
from competitions import SEASON, judged, line, scores, sound, tourism_monthly
from statsforecast.models import AutoARIMA, AutoETS

from forecasting.evaluation import forecast_panel

EVERY = 6


def main() -> None:
    """Print the scores."""
    warnings.simplefilter("ignore")
    data = tourism_monthly()
    result = forecast_panel(data.panel(), data.horizon, seed=0)
    ets = np.array([AutoETS(season_length=SEASON).forecast(y=y, h=data.horizon)["mean"] for y in data.history])
    print(line("default, 366 series", judged(data, result.quantiles)))
    print(line("AutoETS, 366 series", scores(data, ets)))
    print(sound(result.quantiles, data.names))
    positions = range(0, len(data.names), EVERY)
    part = data.some(positions)
    arima = np.array([AutoARIMA(season_length=SEASON).forecast(y=y, h=data.horizon)["mean"] for y in part.history])
    mine = result.quantiles[result.quantiles["unique_id"].isin(part.names)]
    print(line(f"default, {len(part.names)} series", judged(part, mine)))
    print(line(f"AutoETS, {len(part.names)} series", scores(part, ets[list(positions)])))
    print(line(f"AutoARIMA, {len(part.names)} series", scores(part, arima)))


if __name__ == "__main__":
    main()

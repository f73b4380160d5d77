"""Tourism monthly, 366 series, h = 24: the default preset against statsforecast's AutoETS and AutoARIMA.

AutoARIMA takes seconds a series and is therefore judged on every sixth series, on which the others are shown as well.
All series end together, so that one window is one draw of what hits them all: bands are shown for six earlier ones too.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import warnings

import numpy as np
from competitions import SEASON, Competition, judged, line, scores, sound, tourism_monthly
from statsforecast.models import AutoARIMA, AutoETS

from forecasting.evaluation import forecast_panel

EVERY = 6
EARLIER = (6, 12, 18, 24, 30, 36)
"""Months by which windows lie before the competition's."""


def earlier(data: Competition, months: int) -> Competition:
    """The same series, forecast from some months before."""
    whole = [np.concatenate(each) for each in zip(data.history, data.future, strict=True)]
    cut = [len(y) - months for y in data.history]
    return Competition(
        data.names,
        tuple(y[:at] for y, at in zip(whole, cut, strict=True)),
        tuple(y[at : at + data.horizon] for y, at in zip(whole, cut, strict=True)),
        data.horizon,
    )


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
    windows = {0: judged(data, result.quantiles)}
    for months in EARLIER:
        before = earlier(data, months)
        windows[months] = judged(before, forecast_panel(before.panel(), before.horizon, seed=0).quantiles)
        print(line(f"default, {months} months before", windows[months]), flush=True)
    for percent in (80, 95):
        inside = [100 * each[f"cover{percent}"] for each in windows.values()]
        print(f"inside the {percent} % band in {len(inside)} windows: {min(inside):.1f} to {max(inside):.1f} %, "
              f"mean {np.mean(inside):.1f} %")  # fmt: skip


if __name__ == "__main__":
    main()

"""M3 monthly, every K-th series: single models, prophet, and statsforecast's own conformal bands, as they come.

Argument: K, 6 by default. The bands are those that a model offers itself; conformal ones are statsforecast's with its
default two windows, and with as many as the shortest series allows.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import logging
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from competitions import SEASON, Competition, line, m3_monthly, scores
from statsforecast.models import AutoARIMA, AutoCES, AutoETS, OptimizedTheta, SeasonalNaive
from statsforecast.utils import ConformalIntervals

LEVELS = [80, 95]
Forecast = dict[str, np.ndarray]


def prophet(y: np.ndarray, horizon: int) -> Forecast:
    """Prophet with its defaults but for the week and the day."""
    from prophet import Prophet

    ds = pd.date_range(end="2000-12-01", periods=len(y), freq="MS")
    out: Forecast = {}
    for percent in LEVELS:
        model = Prophet(weekly_seasonality=False, daily_seasonality=False, interval_width=percent / 100)
        model.fit(pd.DataFrame({"ds": ds, "y": y}), seed=1)
        table = model.predict(model.make_future_dataframe(horizon, freq="MS", include_history=False))
        out |= {"mean": table["yhat"].to_numpy()}
        out |= {f"lo-{percent}": table["yhat_lower"].to_numpy(), f"hi-{percent}": table["yhat_upper"].to_numpy()}
    return out


def show(name: str, data: Competition, forecast: Callable[[np.ndarray, int], Forecast]) -> None:
    """Print a model's line."""
    started = time.process_time()
    each = [forecast(y, data.horizon) for y in data.history]
    spent = 1000 * (time.process_time() - started) / len(each)
    table = {key: np.array([one[key] for one in each]) for key in each[0]}
    bands = {percent: (table[f"lo-{percent}"], table[f"hi-{percent}"]) for percent in LEVELS}
    print(line(name, {**scores(data, table["mean"], bands), "ms": spent}), flush=True)


def main() -> None:
    """Print a line a model."""
    warnings.simplefilter("ignore")
    for name in ("cmdstanpy", "prophet"):
        logging.getLogger(name).disabled = True
    data = m3_monthly()
    data = data.some(range(0, len(data.names), int(sys.argv[1]) if len(sys.argv) > 1 else 6))
    windows = (min(map(len, data.history)) - SEASON) // data.horizon
    models = {
        "seasonal naive": SeasonalNaive(SEASON),
        "AutoETS": AutoETS(SEASON),
        "AutoCES": AutoCES(SEASON),
        "optimised Theta": OptimizedTheta(SEASON),
        "AutoARIMA, approximate": AutoARIMA(season_length=SEASON, approximation=True),
        f"Theta, conformal, {windows} windows": OptimizedTheta(
            SEASON, prediction_intervals=ConformalIntervals(n_windows=windows, h=data.horizon)
        ),
    }
    for name, model in models.items():
        show(name, data, lambda y, h, model=model: model.forecast(y=y, h=h, level=LEVELS))  # type: ignore[misc]
    show("prophet", data, prophet)


if __name__ == "__main__":
    main()

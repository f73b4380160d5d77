"""1,000 series of 144 months, 24 origins: time of the default preset on two cores against a plain loop.

The plain loop refits statsmodels' SARIMAX (airline) and ETS and prophet at every origin, as a script without this
library would; a sample of it is timed and scaled.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import logging
import sys
import time
import warnings

import numpy as np
import pandas as pd

from forecasting.evaluation import forecast_panel

SERIES, MONTHS, ORIGINS, HORIZON, WORKERS = 1000, 144, 24, 12, 2
SAMPLE = ((0, 0), (1, 8), (2, 16), (3, 23))
"""(series, origin) pairs of the plain loop that are timed."""
LIMIT_S, FASTER = 240, 20


def panel() -> pd.DataFrame:
    """Series with trend, season and noise of different strengths."""
    rng = np.random.default_rng(1)
    months = pd.date_range("2012-01-01", periods=MONTHS, freq="MS")
    frames = []
    for i in range(SERIES):
        season = np.tile(rng.normal(scale=rng.uniform(0, 0.2), size=12), MONTHS // 12)
        drift = rng.normal(scale=0.004) + rng.normal(scale=rng.uniform(0.002, 0.03), size=MONTHS)
        noise = rng.normal(scale=rng.uniform(0.005, 0.08), size=MONTHS)
        frames.append(
            pd.DataFrame({"unique_id": f"s{i:04d}", "ds": months, "y": 100 * np.exp(season + drift.cumsum() + noise)})
        )
    return pd.concat(frames, ignore_index=True)


def refit(history: pd.DataFrame) -> None:
    """One turn of the plain loop."""
    from prophet import Prophet
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    z = np.log(history.set_index("ds")["y"].asfreq("MS"))
    SARIMAX(z, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12)).fit(disp=False).get_forecast(HORIZON).conf_int()
    smooth = ETSModel(z, trend="add", damped_trend=True, seasonal="add", seasonal_periods=12).fit(disp=False)
    smooth.get_prediction(start=len(z), end=len(z) + HORIZON - 1).pred_int()
    model = Prophet(weekly_seasonality=False, daily_seasonality=False)
    model.fit(pd.DataFrame({"ds": z.index, "y": z.to_numpy()}))
    model.predict(model.make_future_dataframe(HORIZON, freq="MS", include_history=False))


def main() -> None:
    """Print both times and their ratio."""
    warnings.simplefilter("ignore")
    for name in ("cmdstanpy", "prophet"):
        logging.getLogger(name).disabled = True
    data = panel()
    started = time.perf_counter()
    result = forecast_panel(data, HORIZON, origins=ORIGINS, workers=WORKERS, seed=0)
    mine = time.perf_counter() - started
    refit(data[:MONTHS])  # imports
    groups = [rows for _, rows in data.groupby("unique_id")]
    started = time.perf_counter()
    for i, origin in SAMPLE:
        refit(groups[i][: MONTHS - ORIGINS + origin])
    loop = (time.perf_counter() - started) / len(SAMPLE) * SERIES * (ORIGINS + 1) / WORKERS
    count = result.quantiles["unique_id"].nunique()
    print(f"{count} series forecast in {mine:.0f} s on {WORKERS} cores (at most {LIMIT_S})")
    print(
        f"plain loop on {WORKERS} cores, from a sample of {len(SAMPLE)}: {loop:.0f} s, {loop / mine:.0f} times as long"
    )
    if mine > LIMIT_S or loop < FASTER * mine:
        sys.exit("FAILED: time")


if __name__ == "__main__":
    main()

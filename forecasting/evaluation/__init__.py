"""Rolling-origin evaluation, combination, choice, bands and joint draws for panels of monthly series.

`forecast_panel` does all of it; `backtest` only the first part; `reconcile` makes joint draws add up. Frames in, frames
out; randomness comes from the seed passed in, and neither the number of processes nor the order of the rows changes a
result.
"""

from __future__ import annotations

from forecasting.evaluation._champion import Champion
from forecasting.evaluation._combination import combine
from forecasting.evaluation._forecast import Backtest, PanelForecast, backtest, forecast_panel
from forecasting.evaluation._metrics import (
    coverage,
    crps_draws,
    crps_quantiles,
    mase,
    naive_scale,
    rmsse,
    smape,
)
from forecasting.evaluation._reconciliation import reconcile

__all__ = [
    "Backtest",
    "Champion",
    "PanelForecast",
    "backtest",
    "combine",
    "coverage",
    "crps_draws",
    "crps_quantiles",
    "forecast_panel",
    "mase",
    "naive_scale",
    "reconcile",
    "rmsse",
    "smape",
]

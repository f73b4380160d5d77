"""Rolling-origin evaluation, combination, choice, bands and joint draws for panels of monthly series.

`forecast_panel` does all of it; `backtest` only the first part; `reconcile` makes joint draws add up. Frames in, frames
out; randomness comes from the seed passed in, and neither the number of processes nor the order of the rows changes a
result.
"""

from __future__ import annotations

from forecasting.evaluation._backtest import Paths
from forecasting.evaluation._champion import Champion, Recipe
from forecasting.evaluation._combination import BY_HORIZON, combine
from forecasting.evaluation._comparison import (
    Comparison,
    Decision,
    Incumbent,
    Losses,
    challenger,
    decide_champions,
    diebold_mariano,
)
from forecasting.evaluation._contest import combinations_of
from forecasting.evaluation._forecast import Backtest, PanelForecast, backtest, forecast_panel
from forecasting.evaluation._nothing import no_forecast
from forecasting.evaluation._panel import read_panel
from forecasting.evaluation._reconciliation import reconcile
from forecasting.evaluation._scorecard import (
    add_references,
    drift_report,
    figures,
    last_forecasts,
    score_forecasts,
    years_ahead,
)
from forecasting.metrics import (
    coverage,
    crps_draws,
    crps_quantiles,
    mase,
    naive_scale,
    rmsse,
    smape,
)

__all__ = [
    "BY_HORIZON",
    "Backtest",
    "Champion",
    "Comparison",
    "Decision",
    "Incumbent",
    "Losses",
    "PanelForecast",
    "Paths",
    "Recipe",
    "add_references",
    "backtest",
    "challenger",
    "combinations_of",
    "combine",
    "coverage",
    "crps_draws",
    "crps_quantiles",
    "decide_champions",
    "diebold_mariano",
    "drift_report",
    "figures",
    "forecast_panel",
    "last_forecasts",
    "mase",
    "naive_scale",
    "no_forecast",
    "read_panel",
    "reconcile",
    "rmsse",
    "score_forecasts",
    "smape",
    "years_ahead",
]

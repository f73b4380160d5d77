"""The forecast of a panel without series, as where every indicator leans on what is known of others."""

from __future__ import annotations

from functools import partial

import pandas as pd

from forecasting.evaluation._forecast import PanelForecast

__all__ = ["no_forecast"]

MODEL = {"unique_id": "object", "model": "object"}
LEADERBOARD = {**MODEL, "rank": "int64", "mase": "float64", "rmsse": "float64", "smape": "float64",
               "coverage90": "float64", "n_origins": "int64", "champion": "bool", "n_real_time": "int64"}  # fmt: skip
FAILURES = {**MODEL, "cutoff": "datetime64[ns]", "reason": "object"}
BACKTEST = {**MODEL, "cutoff": "datetime64[ns]", "ds": "datetime64[ns]", "step": "int64", "y": "float64",
            "forecast": "float64"}  # fmt: skip


def no_forecast() -> PanelForecast:
    """What `forecast_panel`, which needs a series, would give for none: its tables with their columns and no rows."""
    return PanelForecast({}, _empty(LEADERBOARD), {}, {}, {}, _empty(FAILURES), partial(_empty, BACKTEST))


def _empty(columns: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in columns.items()})

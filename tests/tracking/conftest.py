"""Nights to record: real champions of made-up indicators."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from forecasting.evaluation import Champion, forecast_panel
from forecasting.tracking import IndicatorRecord, NightRecord, Tracker

MODELS = ("seasonal_naive", "optimized_theta", "median")
QUANTILES = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")


@cache
def forecast(number: int, months: int) -> tuple[pd.DataFrame, pd.DataFrame, Champion]:
    """History, forecast and forecaster of a growing seasonal series."""
    rng = np.random.default_rng(number)
    steps = np.arange(months)
    level = 100 * np.exp(0.005 * steps + 0.1 * np.sin(np.pi * steps / 6) + 0.02 * rng.standard_normal(months))
    ds = pd.date_range("2017-01-01", periods=months, freq="MS")
    name = f"indicator_{number:02d}"
    panel = pd.DataFrame({"unique_id": name, "ds": ds, "y": level})
    result = forecast_panel(panel, 24, models=["seasonal_naive"], origins=4, draws=100, seed=1)
    coming = result.quantiles.assign(month=result.quantiles["ds"].dt.strftime("%Y-%m"))
    history = pd.DataFrame({"month": ds.strftime("%Y-%m"), "level": level})
    return history, coming[["month", "mean", *QUANTILES]], result.champions[name]


def indicator(number: int, *, months: int = 96, model: str = "seasonal_naive") -> IndicatorRecord:
    """An indicator whose champion is the named model."""
    history, coming, champion = forecast(number, months)
    return IndicatorRecord(
        id=f"indicator_{number:02d}",
        title=f"Industrial value added, indicator {number}",
        unit="index, average month of 2017 = 100",
        source="National Bureau of Statistics",
        tags={"region": "CN", "sector": "industry", "family": "value_added", "role": "capacity"},
        history=history.copy(),
        forecast=coming.copy(),
        champion=replace(champion, model=model, candidates=(model,)).to_dict(),
    )


def night_record(
    run_id: str = "run-1", night: str = "2025-01-20", *, indicators: Sequence[IndicatorRecord], **changes: Any
) -> NightRecord:
    """A night on these indicators; `error` moves the scores."""
    error = changes.pop("error", 0.0)
    board = [
        {"indicator": item.id, "model": model, "rank": rank, "mase": 0.7 + 0.1 * rank + error, "rmsse": 0.8,
         "smape": 5.0, "coverage90": 0.9 if rank < 3 else np.nan, "n_origins": 10,
         "champion": model == item.champion["model"], "n_real_time": 2}
        for item in indicators
        for rank, model in enumerate(MODELS, start=1)
    ]  # fmt: skip
    values: dict[str, Any] = {
        "run_id": run_id,
        "night": night,
        "version": "0.1.0",
        "params": {"seed": 7, "horizon": 24},
        "leaderboard": pd.DataFrame(board),
        "metrics": {"failures": 0.0},
        "indicators": indicators,
        "observations_sha256": "0" * 64,
        "provenance": {"observations_sha256": "0" * 64},
    }
    return NightRecord(**values | changes)


@pytest.fixture
def make_indicator() -> Callable[..., IndicatorRecord]:
    return indicator


@pytest.fixture
def make_night() -> Callable[..., NightRecord]:
    return night_record


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables, which MLflow takes a second or two to make."""
    home = tmp_path_factory.mktemp("empty")
    Tracker(f"sqlite:///{home}/mlruns/mlflow.db", home / "mlruns" / "artifacts")
    return home


@pytest.fixture
def mlflow_home(empty_home: Path, tmp_path: Path) -> Path:
    """A home folder with an empty store of its own."""
    (tmp_path / "mlruns").mkdir()
    with (
        closing(sqlite3.connect(empty_home / "mlruns" / "mlflow.db")) as source,
        closing(sqlite3.connect(tmp_path / "mlruns" / "mlflow.db")) as copy,
    ):
        source.backup(copy)
    return tmp_path

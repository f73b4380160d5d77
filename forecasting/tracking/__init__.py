"""Tracking: what models and evaluation did, night by night, in MLflow.

`Tracker.record_night` writes a night; `ui_command` says how to look at it. MLflow and matplotlib are imported
by the first call that needs them.
"""

from forecasting.tracking._mlflow import with_driver
from forecasting.tracking._moved import follow_artifacts
from forecasting.tracking._records import IndicatorRecord, NightRecord
from forecasting.tracking._retention import forget
from forecasting.tracking._server import Server, ui_command
from forecasting.tracking._tracker import Tracker

__all__ = [
    "IndicatorRecord",
    "NightRecord",
    "Server",
    "Tracker",
    "follow_artifacts",
    "forget",
    "ui_command",
    "with_driver",
]

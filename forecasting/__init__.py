"""Cumulus: monthly series, forecasts and absorption trajectories out of cumulative official statistics.

>>> import pandas as pd
>>> import forecasting
>>> rates = pd.DataFrame({
...     "indicator": "output", "period": [f"2024-{m:02d}" for m in range(2, 13)], "measure": "ytd_yoy",
...     "value": ["7.0", "6.1", "6.3", "6.2", "6.0", "5.9", "5.8", "5.8", "5.8", "5.8", "5.8"], "unit": "percent",
... })
>>> result = forecasting.decumulate(rates)
>>> months = result.monthly.set_index("month")
>>> f"{months.yoy['2024-02']:.1f}", bool(months.yoy_q05["2024-03"] < 4.5 < months.yoy_q95["2024-03"])
('7.0', True)
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forecasting.decumulation import Decumulation, decumulate
    from forecasting.evaluation import PanelForecast, forecast_panel
    from forecasting.outlook import Outlook, make_outlook

__all__ = ["Decumulation", "Outlook", "PanelForecast", "decumulate", "forecast_panel", "make_outlook"]

_HOMES = {
    "Decumulation": "forecasting.decumulation",
    "Outlook": "forecasting.outlook",
    "PanelForecast": "forecasting.evaluation",
    "decumulate": "forecasting.decumulation",
    "forecast_panel": "forecasting.evaluation",
    "make_outlook": "forecasting.outlook",
}

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)

"""Combination of candidate forecasts."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

MEDIAN = "median"
"""Name of the combination in every table."""


def combine(paths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of the candidates at every step, on the modelling scale.

    Robust against a single wild candidate, and needs no weights estimated from few origins: Stock and Watson
    (2004), *Combination forecasts of output growth in a seven-country data set*, J. Forecasting 23(6).

    Args:
        paths: Shape (models, ..., horizon); NaN where a model failed.

    Returns:
        Shape (..., horizon); NaN where every model failed.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        return np.asarray(np.nanmedian(paths, axis=0))

"""Forecast accuracy: scaled errors, percentage errors, coverage, CRPS.

Every function broadcasts over leading axes; the last axis is the horizon (or the history of a scale).
NaN marks a step without actual or forecast and is left out of means.
"""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

Floats = NDArray[np.float64]

__all__ = ["coverage", "crps_draws", "crps_quantiles", "level_weights", "mase", "naive_scale", "rmsse", "smape"]


def naive_lag(n: int, season_length: int) -> int:
    """Periods back of the naive forecast that scales errors: a year, or one with less than a year and four of n."""
    return season_length if n >= season_length + 4 else 1


def naive_scale(history: npt.ArrayLike, season_length: int, *, squared: bool = False) -> Floats:
    """In-sample error of the seasonal naive forecast.

    ``mean |y[t] - y[t-m]|`` with m by `naive_lag`, or the root of the mean square.
    Hyndman and Koehler (2006), *Another look at measures of forecast accuracy*, Int. J. Forecasting 22(4).

    Args:
        history: Training window, shape (..., n), n at least 2.
        season_length: Periods a year.
        squared: Root mean square instead of mean absolute value.
    """
    y = np.asarray(history, dtype=np.float64)
    m = naive_lag(y.shape[-1], season_length)
    change = y[..., m:] - y[..., :-m]
    return np.asarray(np.sqrt(np.mean(change**2, axis=-1)) if squared else np.mean(np.abs(change), axis=-1))


def mase(y: npt.ArrayLike, forecast: npt.ArrayLike, scale: npt.ArrayLike) -> Floats:
    """Mean absolute scaled error, ``mean |y - f| / scale`` with `naive_scale`.

    NaN where the scale is zero (a constant history). Hyndman and Koehler (2006), section 3.

    >>> float(mase([2.0, 4.0], [1.0, 1.0], 2.0))
    1.0
    """
    return _scaled(_mean(np.abs(np.asarray(y, dtype=np.float64) - np.asarray(forecast, dtype=np.float64))), scale)


def rmsse(y: npt.ArrayLike, forecast: npt.ArrayLike, scale: npt.ArrayLike) -> Floats:
    """Root mean squared scaled error, ``sqrt(mean (y - f)^2) / scale`` with the squared `naive_scale`.

    NaN where the scale is zero. Hyndman and Koehler (2006), section 3; with m = 1 the measure of the M5
    competition.
    """
    error = np.asarray(y, dtype=np.float64) - np.asarray(forecast, dtype=np.float64)
    return _scaled(np.sqrt(_mean(error**2)), scale)


def smape(y: npt.ArrayLike, forecast: npt.ArrayLike) -> Floats:
    """Symmetric mean absolute percentage error, ``mean 200 |y - f| / (|y| + |f|)`` percent; 0/0 counts as 0.

    Makridakis and Hibon (2000), *The M3-Competition*, Int. J. Forecasting 16(4), appendix A.
    """
    a, f = np.asarray(y, dtype=np.float64), np.asarray(forecast, dtype=np.float64)
    total = np.abs(a) + np.abs(f)
    return _mean(np.where(total == 0, 0.0, 200 * np.abs(a - f) / np.where(total == 0, 1.0, total)))


def coverage(y: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike) -> Floats:
    """Share of actuals inside the closed band [low, high]."""
    a, lo, hi = (np.asarray(x, dtype=np.float64) for x in (y, low, high))
    return _mean(np.where(np.isnan(a) | np.isnan(lo) | np.isnan(hi), np.nan, (lo <= a) & (a <= hi)))


def crps_draws(y: npt.ArrayLike, draws: npt.ArrayLike) -> Floats:
    """Continuous ranked probability score of each step from draws, ``E|X - y| - E|X - X'| / 2``.

    Gneiting and Raftery (2007), *Strictly proper scoring rules*, JASA 102(477), equation 21; the second term
    from the sorted draws. Lower is better; in the unit of y.

    Args:
        y: Actuals, shape (horizon,).
        draws: Shape (draws, horizon).
    """
    x = np.sort(np.asarray(draws, dtype=np.float64), axis=0)
    n = x.shape[0]
    weight = (2 * np.arange(1, n + 1) - n - 1)[:, None]
    spread = (weight * x).sum(axis=0) / n**2
    return np.asarray(np.abs(x - np.asarray(y, dtype=np.float64)).mean(axis=0) - spread)


def crps_quantiles(y: npt.ArrayLike, quantiles: npt.ArrayLike, levels: npt.ArrayLike) -> Floats:
    """CRPS of each step from quantiles: twice the pinball loss, averaged over the levels.

    Gneiting and Ranjan (2011), *Comparing density forecasts using threshold- and quantile-weighted scoring
    rules*, J. Business and Economic Statistics 29(3), equation 17; every level has the width of the probabilities
    that are nearest to it.

    Args:
        y: Actuals, shape (horizon,).
        quantiles: Shape (horizon, levels).
        levels: Probabilities in (0, 1), increasing, shape (levels,).
    """
    u = np.asarray(levels, dtype=np.float64)
    error = np.asarray(y, dtype=np.float64)[..., None] - np.asarray(quantiles, dtype=np.float64)
    return np.asarray(2 * np.maximum(u * error, (u - 1) * error) @ level_weights(u))


def level_weights(levels: npt.ArrayLike) -> Floats:
    """Share of the probabilities in (0, 1) that are nearest to each of some increasing levels, shape (levels,)."""
    u = np.asarray(levels, dtype=np.float64)
    return np.diff(np.concatenate([[0.0], (u[1:] + u[:-1]) / 2, [1.0]]))


def _mean(values: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)  # nothing to judge: NaN
        return np.asarray(np.nanmean(values, axis=-1))


def _scaled(error: Floats, scale: npt.ArrayLike) -> Floats:
    unit = np.asarray(scale, dtype=np.float64)
    return np.asarray(error / np.where(unit > 0, unit, np.nan))

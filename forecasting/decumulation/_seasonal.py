"""Seasonal adjustment of recovered months, with the uncertainty of the recovery."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd

from forecasting.decumulation import _x13
from forecasting.decumulation._calendar import FIRST_YEAR, LAST_YEAR, new_year_exposure
from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._paths import IntArray, Path
from forecasting.errors import ModelError
from forecasting.observations import month_label

__all__ = ["seasonally_adjust"]

MIN_YEARS = 3
HOLIDAY_BEFORE, HOLIDAY_AFTER = 7, 14
"""Days of the window around Chinese New Year; where January and February are one period it needs no regressor."""
X13_DRAWS = 50
DIFFUSE = 100.0
"""Initial variance of states of a standardised series: the default of 1e6 leaves no digits of their variances."""


def seasonally_adjust(
    path: Path, *, method: Literal["structural", "x13"] = "structural", seed: int = 0, time_limit: float = 20.0
) -> pd.DataFrame:
    """Take the seasonal and Chinese New Year out of the recovered levels of an indicator.

    Levels are those of an average month of each period on a comparable base, chained by growth and set to the level of
    the last year. With a merged January-February in any year, the two are one period in every year.

    ``structural``: log level = trend + seasonal + irregular, a local linear trend with stochastic seasonal dummies
    (Harvey 1989, section 4.1) fitted to the point estimate by maximum likelihood; all draws are smoothed with its
    parameters, and the band holds the recovery and the uncertainty of the seasonal itself.

    ``x13``: X-13ARIMA-SEATS in X-11 mode, multiplicative, on the airline model with outliers (Census Bureau), for the
    point estimate and `X13_DRAWS` draws; the band holds the recovery alone. A January-February pair enters as two
    equal months and comes back as their mean. Needs the extra ``x13``.

    Args:
        path: The recovered months; at least three unbroken years.
        method: Which of the two.
        seed: Of the draws of the seasonal (structural).
        time_limit: Seconds that one run of X-13 may take (x13).

    Returns:
        One row a period: indicator, month (YYYY-MM, the last of the period), months (1 or 2), adjusted (level of an
        average month, on the scale of the monthly table), q05, q95, seasonal (the factor taken out:
        level = seasonal * adjusted).

    Raises:
        InputError: The extra ``x13`` is not installed.
        ModelError: Too short or unvarying a series; X-13 refused it or took too long. Names the indicator.
    """
    ends, level = _levels(path)
    years = len(ends) / path.periods_per_year
    if years < MIN_YEARS:
        raise ModelError(f"{path.indicator}: seasonal adjustment needs {MIN_YEARS} unbroken years, it has {years:.1f}")
    if np.ptp(np.log(level[0])) < 1e-6:
        raise ModelError(f"{path.indicator}: a series that never varies has no seasonal to take out")
    if not FIRST_YEAR * 12 <= ends[0] <= ends[-1] < LAST_YEAR * 12:
        raise ModelError(f"{path.indicator}: the Chinese calendar covers {FIRST_YEAR} to {LAST_YEAR - 1} only")
    if method == "x13":
        factor = _by_x13(path, ends, level[: 1 + X13_DRAWS], time_limit)
    else:
        factor = _by_structure(path, ends, level, seed)
    adjusted = level[: len(factor)] / factor
    low, high = np.quantile(adjusted[1:], [0.05, 0.95], axis=0)
    months = np.where((path.periods_per_year == 11) & (ends % 12 == 1), 2, 1)
    return pd.DataFrame({
        "indicator": path.indicator,
        "month": [month_label(int(end)) for end in ends],
        "months": months,
        "adjusted": adjusted[0],
        "q05": low,
        "q95": high,
        "seasonal": factor[0],
    })  # fmt: skip


def _levels(path: Path) -> tuple[IntArray, FloatArray]:
    """Month each period ends with, and (1 + n, P) levels of an average month of it, the point estimate first."""
    ends = path.periods()[0]
    growth = np.concatenate([path.point_growth[None], path.growth]).reshape(1 + len(path.growth), -1, 12)
    level = np.concatenate([path.point_level[None], path.level]).reshape(growth.shape)
    step = 1 + np.where(np.isfinite(growth), growth, 0)
    first = int(np.argmax(np.isfinite(growth[0]).any(axis=1)))
    chain = (level[:, first] / step[:, first])[:, None] * np.cumprod(step[:, first:], axis=1)
    pair = (ends % 12 == 1) & (path.periods_per_year == 11)

    def averaged(months: FloatArray, start: int) -> FloatArray:
        at = ends - start
        return np.where(pair, (months[..., at] + months[..., at - 1]) / 2, months[..., at])

    value = averaged(chain.reshape(len(growth), -1), path.start + 12 * first)
    latest = averaged(path.point_level, path.start) / value[0]  # levels may have moved to another base
    return ends, path.scale * value * latest[-path.periods_per_year :].mean()


def _holiday(first: int, last: int) -> FloatArray:
    """Days around Chinese New Year by month, less what is usual for the calendar month, which is seasonal."""
    usual = new_year_exposure(FIRST_YEAR * 12, LAST_YEAR * 12 - 1, HOLIDAY_BEFORE, HOLIDAY_AFTER).reshape(-1, 12)
    mean: FloatArray = usual.mean(axis=0)
    return new_year_exposure(first, last, HOLIDAY_BEFORE, HOLIDAY_AFTER) - mean[np.arange(first, last + 1) % 12]


def _by_structure(path: Path, ends: IntArray, level: FloatArray, seed: int) -> FloatArray:
    """Seasonal factors (1 + n, P); those of draws hold the uncertainty of the smoothed seasonal."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.statespace.structural import UnobservedComponents
    from statsmodels.tsa.statespace.tools import compute_smoothed_state_weights

    log = np.log(level)
    centre, spread = log[0].mean(), log[0].std()
    z = (log - centre) / spread
    monthly = path.periods_per_year == 12
    holiday = _holiday(int(ends[0]), int(ends[-1])) if monthly else np.zeros(len(ends))
    model = UnobservedComponents(
        z[0], level="lltrend", seasonal=path.periods_per_year, exog=holiday[:, None] if monthly else None
    )
    model.initialize_default(approximate_diffuse_variance=DIFFUSE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted: Any = model.fit(maxiter=200, cov_type="none", disp=False)
    effect = fitted.params[-1] * holiday if monthly else holiday
    # the smoothed state is linear in the data: one set of weights smooths all draws
    state = model.state_names.index("seasonal")
    weights = compute_smoothed_state_weights(fitted, resmooth=False)[0][:, :, state, 0]
    seasonal = (z - effect) @ weights.T
    seasonal[0] = fitted.seasonal.smoothed
    noise = np.random.default_rng(seed).standard_normal(seasonal[1:].shape)
    variance = np.maximum(fitted.seasonal.smoothed_cov, 0.0)  # next to nothing may come out on either side of it
    seasonal[1:] += np.sqrt(variance) * noise
    return np.asarray(np.exp(spread * (seasonal + effect)))


def _by_x13(path: Path, ends: IntArray, level: FloatArray, time_limit: float) -> FloatArray:
    """Seasonal factors (1 + X13_DRAWS, P)."""
    if path.periods_per_year == 12:
        holiday = _holiday(int(ends[0]), int(ends[-1]) + 12)
        return level / _x13.adjust(path.indicator, level, int(ends[0]), holiday, time_limit=time_limit)
    months = np.where(ends % 12 == 1, 2, 1)
    first = int(ends[0] - months[0] + 1)
    twelve = _x13.adjust(path.indicator, np.repeat(level, months, axis=1), first, None, time_limit=time_limit)
    adjusted = np.add.reduceat(twelve, ends - months + 1 - first, axis=1) / months
    return level / adjusted

"""Scores of the candidates of a series, and which of them forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.evaluation._backtest import Paths
from forecasting.evaluation._panel import Floats, Series
from forecasting.metrics import mase, naive_scale, rmsse, smape

CLEARLY = 2.0
"""Standard errors of the paired difference by which a candidate must beat the standard one."""
FEWEST_ORIGINS = 4
"""Origins below which no candidate is preferred to the standard one."""
PANEL_PRIOR = 24.0
"""Origins that the panel's mean gain is worth against a series' own."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Out-of-sample scores of M candidates at O origins, each the mean over the steps known.

    Attributes:
        mase: Shape (M, O), NaN where a candidate failed or the training window is constant.
        rmsse: Shape (M, O).
        smape: Shape (M, O), percent.
        by_step: Scaled absolute error by step, the mean over origins, shape (M, H).
    """

    mase: Floats
    rmsse: Floats
    smape: Floats
    by_step: Floats


def score(one: Series, paths: Paths) -> Scores:
    """Score all candidates in the unit of the series, scaled by each training window's naive error."""
    scale = np.array([naive_scale(one.y[:end], one.season_length) for end in paths.ends])
    square = np.array([naive_scale(one.y[:end], one.season_length, squared=True) for end in paths.ends])
    actual, forecast = one.back(paths.actual), one.back(paths.forecast)
    scaled = np.swapaxes(np.abs(actual - forecast) / np.where(scale > 0, scale, np.nan)[:, None], 1, 2)
    return Scores(
        mase(actual, forecast, scale),
        rmsse(actual, forecast, square),
        smape(actual, forecast),
        mase(scaled, np.zeros(1), np.ones(1)),
    )


def panel_best(scores: Sequence[Scores], among: Sequence[int]) -> int:
    """The candidate of the lowest mean scaled error over the panel, every series and every step counting the same.

    Late origins know short steps only: a plain mean over origins would favour what is best a month ahead.

    Args:
        scores: Of each series.
        among: Positions of the candidates compared.
    """
    means = np.array([[_mean(each.by_step[m]) for m in among] for each in scores])
    judged = np.isfinite(means).all(axis=1)
    return among[int(np.argmin(means[judged].mean(axis=0)))] if judged.any() else among[0]


def panel_gains(scores: Sequence[Scores], standard: Sequence[int]) -> Floats:
    """Mean over the panel of every candidate's gain on the standard one in mean scaled error, shape (M,).

    `PANEL_PRIOR` origins without any gain are counted in: a panel of one short series knows no more than the series.
    """
    gains = np.array(
        [[_mean(each.mase[s] - row) for row in each.mase] for each, s in zip(scores, standard, strict=True)]
    )
    there = np.isfinite(gains)
    mean = np.where(there, gains, 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    origins = np.sum([np.isfinite(each.mase).sum(axis=1) for each in scores], axis=0)
    return np.asarray(mean * origins / (origins + PANEL_PRIOR))


def choose(scores: Scores, final: Floats, standard: int, gains: Floats) -> int:
    """Position of the candidate that forecasts: the standard one, or another that clearly beats it.

    The standard is the panel's best combination unless more is known of the series than its past. A candidate takes
    its place if its gain in mean scaled absolute error d over n origins, shrunk to its mean gain over the panel where
    that is lower, exceeds two standard errors, ``(n mean(d) + k gains[m]) / (n + k) > 2 se(d)``; of several the one
    with the largest. Origins a month apart share most of their errors, which `standard_error` minds. The best of many
    candidates on few origins looks better than it is: the one standard error of Breiman et al. (1984),
    *Classification and Regression Trees*, section 3.4.3, is not enough.

    Args:
        scores: Of all candidates.
        final: Their forecasts, shape (M, H); one that failed there cannot be chosen.
        standard: Position of the standard candidate, whose forecast is finite.
        gains: See `panel_gains`.
    """
    best, most = standard, 0.0
    for m in range(len(final)):
        if m == standard or not np.isfinite(final[m]).all():
            continue
        difference = scores.mase[standard] - scores.mase[m]
        difference = difference[np.isfinite(difference)]
        n = len(difference)
        if n < FEWEST_ORIGINS or n < 0.8 * np.isfinite(scores.mase[standard]).sum():
            continue
        own = float(difference.mean())
        gain = min(own, (n * own + PANEL_PRIOR * float(gains[m])) / (n + PANEL_PRIOR))
        if gain > CLEARLY * standard_error(difference) and gain > most:
            best, most = m, gain
    return best


def standard_error(values: Floats) -> float:
    """Standard error of the mean of a stationary sequence, shape (n,), n at least 2; no less than without correlation.

    ``sqrt((c[0] + 2 sum (1 - k/(L+1)) c[k]) / (n - 1))`` with c the autocovariances and L = n // 3 lags. Newey and West
    (1987), *A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance matrix*,
    Econometrica 55(3).
    """
    n = len(values)
    centred = values - values.mean()
    lags = n // 3
    covariance = np.array([centred[k:] @ centred[: n - k] / n for k in range(lags + 1)])
    bartlett = 1 - np.arange(1, lags + 1) / (lags + 1)
    variance = covariance[0] + max(0.0, 2 * float(bartlett @ covariance[1:]))
    return float(np.sqrt(variance / (n - 1)))


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")

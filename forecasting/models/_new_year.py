"""What Chinese New Year moves between January, February and March, learnt from growth on the year before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.models._calendar import FIRST_YEAR, LAST_YEAR, WINDOWS, festival_shares
from forecasting.models._months import following_months
from forecasting.models._protocol import Floats, State

SIZES, ODDS = (1e-6, 1.0, 3.0, 10.0), (3.0, 1.0, 1.0, 1.0)
"""Prior standard deviations of what a window moves, in units of the errors of growth: nothing, which is as likely as
all others together, to ten times as much."""

DOUBT = 1 / 21
"""Probability that nothing moves, below which something is taken to: odds of twenty to one."""

FREEDOM = 4.0
"""Degrees of freedom of a year's errors (Student t): a crisis is no holiday."""

ROUNDS = 4
"""Rounds of EM for them."""

USUAL = 0.01
"""Size of errors, as that of one figure, before any is known."""


@dataclass(frozen=True, slots=True)
class WithoutNewYear:
    """A fitted model of levels from which the effects of Chinese New Year are taken, and put back.

    Attributes:
        rest: The model, fitted to levels without them.
        moved: See `moved_by_new_year`.
    """

    rest: State
    moved: Floats

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        """See `State.forecast`."""
        ahead = self.rest.forecast(y / new_year_effect(ds, self.moved), horizon, ds)
        return ahead * new_year_effect(following_months(ds[-1], horizon, 12), self.moved)


def new_year_effect(ds: pd.DatetimeIndex, moved: Floats) -> Floats:
    """What a month's level is times as large as without Chinese New Year, shape (n,)."""
    return np.asarray(np.exp(_shares(ds) @ moved))


def moved_by_new_year(y: Floats, ds: pd.DatetimeIndex) -> Floats:
    """What moves with the days before, in and after Chinese New Year, as logarithms, shape (3,).

    The growth d of January, February and March on the year before, less the mean of the three, is that of the shares x
    of the three `WINDOWS` that fall into a month: d = x'b + e, as in Bell and Hillmer (1983), *Modeling time series
    with calendar variation*, J. American Statistical Association 78(383). b is the mean of its posteriors under priors
    of some `SIZES`, weighed by their evidence; zero without strong evidence that anything moves.

    Args:
        y: Positive levels, shape (n,).
        ds: First days of their months, January and February each by itself.
    """
    first = np.flatnonzero(ds[: len(y) - 2].month == 1)
    first = first[first >= 12]
    share = _shares(ds)
    at = first[:, None] + np.arange(3)
    d, x = np.log(y[at]) - np.log(y[at - 12]), share[at] - share[at - 12]
    d, x = d - d.mean(axis=1, keepdims=True), x - x.mean(axis=1, keepdims=True)
    found, evidence = zip(*(_posterior(d, x, size) for size in SIZES), strict=True)
    log = np.array(evidence) + np.log(ODDS)
    p = np.exp(log - log.max())
    p /= p.sum()
    return p @ np.array(found) if p[0] < DOUBT else np.zeros(len(WINDOWS))


def _posterior(d: Floats, x: Floats, size: float) -> tuple[Floats, float]:
    """Mean of b (K,) and the log evidence for a prior of a size, from d (N, 3) and x (N, 3, K)."""
    weight, ridge = np.ones(len(d)), np.eye(len(WINDOWS)) / size**2
    for _ in range(ROUNDS):
        gram = np.einsum("n,nik,nil->kl", weight, x, x) + ridge
        b = np.linalg.solve(gram, np.einsum("n,nik,ni->k", weight, x, d))
        miss = ((d - x @ b) ** 2).sum(axis=1)
        variance = (weight @ miss + b @ ridge @ b + USUAL**2) / (2 * len(d) + 1)
        weight = (FREEDOM + 2) / (FREEDOM + miss / variance)
    density = -0.5 * (FREEDOM + 2) * np.log1p(miss / variance / FREEDOM) - np.log(variance)
    occam = np.linalg.slogdet(gram)[1] - np.linalg.slogdet(ridge)[1] + b @ ridge @ b / variance
    return b, float(density.sum() - 0.5 * occam)


def _shares(ds: pd.DatetimeIndex) -> Floats:
    """Of `WINDOWS`, shape (n, 3); zero outside the years whose festivals are known."""
    none = np.zeros(len(WINDOWS))
    return np.array(
        [festival_shares(day.year, day.month) if FIRST_YEAR <= day.year <= LAST_YEAR else none for day in ds]
    )

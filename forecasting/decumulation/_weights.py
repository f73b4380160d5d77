"""Base weights: how a year's total spreads over its months, before its own figures are looked at.

A cumulative rate weighs the months of the year before: R[m] = sum_j<=m w[j] g[j] / sum_j<=m w[j]. What an indicator's
levels, or both of its rates, say of the shares w is learned with its months (`_posterior`); this module holds what is
expected before: shares that the user gives, those of members of its family whose figures tell, or the Chinese calendar.

Cumulative rates alone say of the shares only how much growth would have to vary from year to year in each month, and
some months do vary more: taking all for alike drew the shares of Decembers up and left the true ones outside their
bands. What is expected stays as it is then, whatever the rates.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from forecasting.decumulation._calendar import new_year_exposure, working_days
from forecasting.decumulation._figures import Figures, FloatArray
from forecasting.errors import InputError, Problem, suggestion

__all__ = ["Profile", "Weights", "by_calendar", "by_family", "checked_weights", "exactly", "tells"]

Weights = Mapping[str, npt.ArrayLike] | str
"""As users give them: "learned", "equal", or twelve numbers by indicator."""

DAYS_MEAN, DAYS_SD = 0.3, 0.2
"""Elasticity of a month's output to its working days: industry runs on at weekends, offices do not."""

NEW_YEAR_MEAN, NEW_YEAR_SD = 0.3, 0.15
"""Share of output lost in the days about Chinese New Year."""

NEW_YEAR_DAYS = (7, 15)

CUSTOM_SD, CUSTOM = 0.12, (7, 8, 12)
"""Standard deviation, beside all others, of the log shares of months whose use is a custom of each industry: works
holidays in summer, the rush or the rest at the year's end."""

YEARS = (2000, 2025)
"""Over which the calendar is averaged."""

WIDTHS = ((0.03, 0.25), (0.06, 0.35), (0.12, 0.27), (0.2, 0.13))
"""Standard deviations of a month's log share about the calendar's and their probabilities. The average years of the 334
industry series of M3 have quartiles of .036, .061 and .097 and an upper decile of .175."""

OWN_WIDTHS = ((0.03, 0.25), (0.06, 0.33), (0.12, 0.25), (0.3, 0.12), (1.0, 0.05))
"""The same where an indicator's own figures tell how far it is from the calendar: heating, harvests. With widths
that are too small for it, its figures would be taken for revised."""

FAMILY_WIDTHS = ((0.03, 0.25), (0.06, 0.5), (0.12, 0.25))
"""The same about a profile borrowed from the family."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is expected of the shares of an average year's months.

    Attributes:
        share: (12,) positive, sum 1.
        spread: (12, 12) covariances of the log shares and their probabilities; empty if the shares are exact.
        source: given, equal, family or calendar; levels or rates where the indicator's own figures tell.
        judged: The indicator's figures tell which of the covariances is its own.
    """

    share: FloatArray
    spread: tuple[tuple[FloatArray, float], ...]
    source: str
    judged: bool = False

    @property
    def log_share(self) -> FloatArray:
        """(12,) logs of the shares about their mean."""
        logs: FloatArray = np.log(self.share)
        logs -= logs.mean()
        return logs

    @property
    def covariance(self) -> FloatArray:
        """(12, 12) covariance of the log shares."""
        total = sum(probability for _, probability in self.spread)
        return sum((p / total * covariance for covariance, p in self.spread), np.zeros((12, 12)))

    @property
    def sd(self) -> FloatArray:
        """(12,) standard deviations of the log shares."""
        return np.sqrt(np.diag(self.covariance))

    def deviations(self, rng: np.random.Generator, n: int) -> FloatArray:
        """(n, 12) draws of the log shares about `log_share`, zero if the shares are exact."""
        out = np.zeros((n, 12))
        if self.spread:
            probability = np.array([p for _, p in self.spread])
            chosen = rng.choice(len(self.spread), size=n, p=probability / probability.sum())
            normal = rng.standard_normal((n, 12))
            for k, (covariance, _) in enumerate(self.spread):
                out[chosen == k] = normal[chosen == k] @ np.linalg.cholesky(covariance).T
        return out

    def draw(self, rng: np.random.Generator, n: int) -> FloatArray:
        """(n, 12) draws of the shares, each summing to 1."""
        logs = self.log_share + self.deviations(rng, n)
        share: FloatArray = np.exp(logs - logs.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        return share


def exactly(share: FloatArray, source: str) -> Profile:
    """Shares without doubt."""
    return Profile(share / share.sum(), (), source)


def checked_weights(given: Weights, known: Collection[str]) -> dict[str, FloatArray] | str:
    """Base weights from the user: "learned", "equal", or shares (12,) by indicator.

    Args:
        given: One of the words, or any twelve numbers by indicator, in the order of the months.
        known: The indicators there are.

    Raises:
        InputError: Neither; shares that are not twelve positive numbers, or of indicators that are not in the table, of
            which the message suggests the nearest.
    """
    if isinstance(given, str) and given in ("learned", "equal"):
        return given
    if not isinstance(given, Mapping):
        what = f"{given!r}" if isinstance(given, str) else f"a {type(given).__name__}"
        remedy = "twelve shares by indicator, {'output': [1.1, 0.9, ...]}"
        raise InputError("weights", [Problem("", f"{what} is neither 'learned' nor 'equal' nor {remedy}")])
    shares = {name: _twelve(share) for name, share in given.items()}
    problems = [
        Problem("", f"no indicator {name!r} in the table; {suggestion(str(name), known)}")
        for name in sorted(set(shares) - set(known), key=str)
    ]
    problems += [
        Problem(str(name), "twelve positive shares are needed, one a month")
        for name, share in shares.items()
        if share.shape != (12,) or not (np.isfinite(share) & (share > 0)).all()
    ]
    if problems:
        raise InputError("weights", problems)
    return shares


def _twelve(share: Any) -> FloatArray:
    try:
        return np.array(share, dtype=np.float64)
    except (TypeError, ValueError):  # no numbers, or rows of different length
        return np.empty(0)


@cache
def by_calendar(*, told: bool = False) -> Profile:
    """Shares by working days and the days about Chinese New Year.

    Args:
        told: The indicator's figures tell how far it is from that (`tells`).
    """
    first, last = YEARS[0] * 12, YEARS[1] * 12 - 1
    days = np.log(working_days(first, last)).reshape(-1, 12).mean(axis=0)
    near = new_year_exposure(first, last, *NEW_YEAR_DAYS).reshape(-1, 12).mean(axis=0) * 12 / 365.25
    days, near = days - days.mean(), near - near.mean()
    share = np.exp(DAYS_MEAN * days - NEW_YEAR_MEAN * near)
    known = DAYS_SD**2 * np.outer(days, days) + NEW_YEAR_SD**2 * np.outer(near, near)
    known += np.diag(np.where(np.isin(np.arange(1, 13), CUSTOM), CUSTOM_SD**2, 0.0))
    return Profile(share / share.sum(), _widened(known, OWN_WIDTHS if told else WIDTHS), "calendar", told)


def by_family(shares: Sequence[FloatArray]) -> Profile:
    """The mean (in logs) of the average years (12,) of those members whose figures tell."""
    share = np.exp(np.mean(np.log(shares), axis=0))
    return Profile(share / share.sum(), _widened(np.zeros((12, 12)), FAMILY_WIDTHS), "family")


def _widened(known: FloatArray, widths: Sequence[tuple[float, float]]) -> tuple[tuple[FloatArray, float], ...]:
    return tuple((known + width**2 * np.eye(12), probability) for width, probability in widths)


def tells(figures: Figures) -> str:
    """How an indicator's figures tell its base weights: levels, rates (both kinds in some months), or not ("")."""
    if figures.has_levels:
        return "levels"
    both = np.isfinite(figures.value["ytd_yoy"]) & np.isfinite(figures.value["month_yoy"])
    return "rates" if both[:, 2:].any() else ""

"""Base weights: how a year's total spreads over its months.

A cumulative rate weighs the months of the year before: R[m] = sum_j<=m w[j] g[j] / sum_j<=m w[j]. The shares w are
learned, in this order, from the indicator's own published levels, from months for which both the single-month
and the cumulative rate are published, from its family; else they are flat, and uncertain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.decumulation._figures import Figures, FloatArray
from forecasting.errors import InputError, Problem

__all__ = ["FLAT_SD", "Profile", "learn_profiles"]

FLAT_SD, FLAT_SPREAD = 0.06, 1.0
"""Standard deviation of a month's log share about flat: its median over indicators, and the standard deviation of
its logarithm among them. The average years of the 1,428 monthly series of M3 have quartiles of .020, .057 and .115
and an upper decile of .206."""

FAMILY_SD = 0.06
"""The same about a profile borrowed from the family."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Shares of the twelve months of an average year and what is known of them.

    Attributes:
        share: (12,) positive, sum 1. January and February of a merged pair hold half of it each.
        sd: (12,) standard deviation of the log share.
        source: given, levels, rates, family or flat.
        spread: Standard deviation of the logarithm of a factor common to all of sd, itself uncertain.
    """

    share: FloatArray
    sd: FloatArray
    source: str
    spread: float = 0.0

    def draw(self, rng: np.random.Generator, n: int) -> FloatArray:
        """(n, 12) draws of the shares, each summing to 1."""
        factor = np.exp(self.spread * rng.standard_normal((n, 1)))
        log_share = np.log(self.share) + factor * self.sd * rng.standard_normal((n, 12))
        share: FloatArray = np.exp(log_share - log_share.max(axis=1, keepdims=True))
        share /= share.sum(axis=1, keepdims=True)
        return share


def flat() -> Profile:
    """Nothing known: equal months."""
    return Profile(np.full(12, 1 / 12), np.full(12, FLAT_SD), "flat", FLAT_SPREAD)


def learn_profiles(
    figures: Sequence[Figures], given: Mapping[str, FloatArray] | None, *, equal: bool
) -> dict[str, Profile]:
    """The base weights of each indicator's first year.

    Args:
        figures: Published figures, one element an indicator.
        given: Shares from the user, indicator -> (12,); win over everything learned.
        equal: Keep all others flat and certain, as the usual formula does.

    Raises:
        InputError: Given shares that are not twelve positive numbers.
    """
    given = given or {}
    for name, share in given.items():
        if share.shape != (12,) or not (np.isfinite(share) & (share > 0)).all():
            raise InputError("weights", [Problem(name, "twelve positive shares are needed, one a month")])
    if equal:
        certain = Profile(np.full(12, 1 / 12), np.zeros(12), "equal")
        learned = {figure.indicator: certain for figure in figures}
    else:
        learned = _learn(figures)
    for name, share in given.items():
        learned[name] = Profile(share / share.sum(), np.zeros(12), "given")
    return learned


def _learn(figures: Sequence[Figures]) -> dict[str, Profile]:
    own = {figure.indicator: _from_levels(figure) or _from_rates(figure) for figure in figures}
    pooled: dict[str, list[FloatArray]] = {}
    for figure in figures:
        profile = own[figure.indicator]
        if profile is not None and figure.family:
            pooled.setdefault(figure.family, []).append(np.log(profile.share))
    profiles = {}
    for figure in figures:
        profile = own[figure.indicator]
        if profile is None and figure.family in pooled:
            share = np.exp(np.mean(pooled[figure.family], axis=0))
            profile = Profile(share / share.sum(), np.full(12, FAMILY_SD), "family")
        profiles[figure.indicator] = profile or flat()
    return profiles


def _from_levels(figure: Figures) -> Profile | None:
    """Average log shares over the years whose twelve months can be read off published levels."""
    level, _ = figure.month_levels()
    whole = level[np.isfinite(level).all(axis=1)]
    if not len(whole):
        return None
    log_share = np.log(whole / whole.sum(axis=1, keepdims=True))
    share = np.exp(log_share.mean(axis=0))
    sd = log_share.std(axis=0, ddof=1) if len(whole) > 1 else np.full(12, FAMILY_SD)
    return Profile(share / share.sum(), sd, "levels")


def _from_rates(figure: Figures) -> Profile | None:
    """Shares from months with both rates, R[m] - R[m-1] = q[m] (g[m] - R[m-1]).

    q[m] = w[m] / (w[1] + ... + w[m]). A Bayesian regression through the origin over the years, its prior the
    flat share 1/m with the standard deviation `FLAT_SD`; the rounding of the three rates is its noise.
    """
    total, month = figure.value["ytd_yoy"], figure.value["month_yoy"]
    unit = 2 * figure.half["ytd_yoy"]
    start = 2 if figure.merged.any() else 1
    q = 1 / np.arange(1, 13)
    sd = FLAT_SD * q
    informed = False
    for m in range(start, 12):
        lever, change = month[:, m] - total[:, m - 1], total[:, m] - total[:, m - 1]
        seen = np.isfinite(lever) & np.isfinite(change)
        if not seen.any():
            continue
        informed = True
        noise = np.nanmean(unit[:, m]) ** 2 / 12 * (1 + (1 - q[m]) ** 2 + q[m] ** 2)
        precision = 1 / sd[m] ** 2 + (lever[seen] ** 2).sum() / noise
        q[m] = np.clip((q[m] / sd[m] ** 2 + (lever[seen] * change[seen]).sum() / noise) / precision, 0.2 * q[m], 0.95)
        sd[m] = precision**-0.5
    if not informed:
        return None
    share = np.empty(12)
    rest = 1.0
    for m in range(11, 0, -1):
        share[m] = q[m] * rest
        rest -= share[m]
    share[0] = rest
    if start == 2:
        share[:2] = share[:2].sum() / 2
    return Profile(share, sd / q, "rates")

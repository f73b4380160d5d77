"""Growth that slows down: the closed forms behind every long-horizon path.

All functions are vectorised by numpy broadcasting: with parameters of shape ``(N,)`` and times of shape
``(T, 1)`` the result has shape ``(T, N)``, months first and draws last. Growth rates
are log rates per year; results are cumulative log growth ``ln x(t)/x(0)``, float64.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FAMILIES", "Array", "Curve", "bass", "damped_trend", "damped_trend_continuous", "gompertz", "log_rate",
           "logistic", "saturating"]  # fmt: skip

Array = NDArray[np.float64]

FAMILIES = ("damped", "logistic", "gompertz", "bass")

RENEWALS = 3
"""Replacements of a unit that are followed; more would lie beyond any horizon here."""


def log_rate(percent: ArrayLike) -> Array:
    """Log rate per year of a growth in percent per year: ``ln(1 + percent/100)``.

    >>> round(float(log_rate(63.6)), 4)
    0.4923
    """
    return np.log1p(np.asarray(percent, dtype=np.float64) / 100.0)


def damped_trend(g0: ArrayLike, ginf: ArrayLike, half_life_months: ArrayLike, months: ArrayLike) -> Array:
    """Cumulative log growth when the rate closes half of its gap to the long run every half-life, by month.

    ``gamma(t) = ginf + (g0 - ginf) phi^t`` with ``phi = 2^(-1/half_life_months)``; the sum of the first n
    months is ``[n ginf + (g0 - ginf) phi (1 - phi^n) / (1 - phi)] / 12``.

    Args:
        g0: Log rate per year in month 0.
        ginf: Log rate per year in the long run.
        half_life_months: Half-life of the gap, in months; positive.
        months: Number of months n.

    >>> g0 = float(np.log(1.636))
    >>> round(float(np.exp(damped_trend(g0, 0.05, 18, 120))), 4)
    4.1766
    """
    g0, ginf, n = (np.asarray(item, dtype=np.float64) for item in (g0, ginf, months))
    phi = np.exp2(-1.0 / np.asarray(half_life_months, dtype=np.float64))
    return np.asarray((n * ginf + (g0 - ginf) * phi * (1.0 - phi**n) / (1.0 - phi)) / 12.0)


def damped_trend_continuous(g0: ArrayLike, ginf: ArrayLike, half_life_years: ArrayLike, years: ArrayLike) -> Array:
    """`damped_trend` in continuous time.

    ``t ginf + (g0 - ginf) (1 - 2^(-t/HL)) HL / ln 2`` with t in years and HL the half-life in years.

    >>> g0 = float(np.log(1.636))
    >>> round(float(np.exp(damped_trend_continuous(g0, 0.05, 1.5, 10))), 4)
    4.2531
    """
    g0, ginf, t = (np.asarray(item, dtype=np.float64) for item in (g0, ginf, years))
    half_life = np.asarray(half_life_years, dtype=np.float64)
    return np.asarray(t * ginf + (g0 - ginf) * (1.0 - np.exp2(-t / half_life)) * half_life / np.log(2.0))


def logistic(g0: ArrayLike, cap: ArrayLike, years: ArrayLike) -> Array:
    """Cumulative log growth of a logistic curve that grows at g0 now and ends at a multiple of today.

    ``x(t)/x(0) = cap / (1 + (cap - 1) e^(-rt))`` with ``r = g0 / (1 - 1/cap)``.

    Args:
        g0: Log rate per year at t = 0.
        cap: Ceiling as a multiple of x(0); above 1.
        years: Time t in years.

    >>> round(float(np.exp(logistic(np.log(1.636), 10, 10))), 4)
    9.6347
    """
    g0, cap, t = (np.asarray(item, dtype=np.float64) for item in (g0, cap, years))
    r = g0 / (1.0 - 1.0 / cap)
    return np.asarray(np.log(cap) - np.logaddexp(0.0, np.log(cap - 1.0) - r * t))


def gompertz(g0: ArrayLike, cap: ArrayLike, years: ArrayLike) -> Array:
    """Cumulative log growth of a Gompertz curve that grows at g0 now and ends at a multiple of today.

    ``ln x(t)/x(0) = ln(cap) (1 - e^(-at))`` with ``a = g0 / ln(cap)``.

    Args:
        g0: Log rate per year at t = 0.
        cap: Ceiling as a multiple of x(0); above 1.
        years: Time t in years.

    >>> round(float(np.exp(gompertz(np.log(1.636), 10, 10))), 4)
    7.6224
    """
    g0, cap, t = (np.asarray(item, dtype=np.float64) for item in (g0, cap, years))
    ceiling = np.log(cap)
    return np.asarray(-ceiling * np.expm1(-g0 / ceiling * t))


def bass(g0: ArrayLike, cap: ArrayLike, innovation: ArrayLike, lifetime: ArrayLike, years: Array) -> Array:
    """Cumulative log growth of yearly sales of an equipment that spreads after Bass and is then replaced.

    Adopters follow ``dN/dt = (p + q N/M)(M - N)``, so the adopted share is
    ``F(s) = (1 - e^{-(p+q)s}) / (1 + (q/p) e^{-(p+q)s})``; every unit is bought again after its lifetime, so
    sales end at M / lifetime, which is the ceiling. The share F adopted today and the imitation q are solved
    from today's sales, ``(p + qF)(1 - F) = 1 / (cap lifetime)``, and their growth, ``q(1 - F) - (p + qF) = g0``.

    Args:
        g0: Log rate per year of sales now, shape ``(N,)``.
        cap: Ceiling of sales as a multiple of today, shape ``(N,)``.
        innovation: Coefficient p per year, shape ``(N,)``; at most half of today's sales over the market.
        lifetime: Years until a unit is replaced, shape ``(N,)``.
        years: Time t in years, shape ``(T, 1)``.

    Returns:
        Shape ``(T, N)``. Sales can pass the ceiling on their way; the caller cuts them there. Where a market is
        older than a lifetime, renewals are under way already and the total grows a little off g0.
    """
    g0, cap, lifetime = (np.asarray(item, dtype=np.float64) for item in (g0, cap, lifetime))
    now = 1.0 / (cap * lifetime)
    p = np.minimum(np.asarray(innovation, dtype=np.float64), 0.5 * now)
    share = _adopted(g0, p, now)
    q = (g0 + p) / (1.0 - 2.0 * share)
    rate, odds = p + q, q / p
    age = np.log((1.0 + odds * share) / (1.0 - share)) / rate

    def adoption(at: Array) -> Array:
        decay = np.exp(-rate * np.maximum(at, 0.0))
        return np.where(at < 0.0, 0.0, p * rate**2 * decay / (p + q * decay) ** 2)

    def sales(at: Array) -> Array:
        total = adoption(at)
        for renewal in range(1, RENEWALS + 1):
            total = total + adoption(at - renewal * lifetime)
        return np.asarray(total)

    return np.asarray(np.log(sales(age + years)) - np.log(sales(age)))


def _adopted(g0: Array, p: Array, now: Array) -> Array:
    """Share adopted today: below one half while sales grow faster than -p, above it afterwards (bisection)."""
    rising = g0 + p >= 0
    low, high = np.where(rising, 0.0, 0.5), np.where(rising, 0.5, 1.0)
    for _ in range(50):
        share = 0.5 * (low + high)
        gap = (p + (g0 + p) * share / (1.0 - 2.0 * share)) * (1.0 - share) - now
        up = np.where(rising, gap < 0, gap > 0)
        low, high = np.where(up, share, low), np.where(up, high, share)
    return np.asarray(0.5 * (low + high))


@dataclass(frozen=True, eq=False)
class Curve:
    """What a saturating path needs, one value per draw, all of shape ``(N,)``.

    Attributes:
        family: Index into `FAMILIES`.
        g0: Log rate per year now.
        ginf: Log rate per year in the long run (damped trend only).
        half_life_months: Half-life in months (damped trend only).
        cap: Ceiling as a multiple of today, above 1.
        innovation: Coefficient of innovation per year (Bass only).
        lifetime: Years until a unit is replaced (Bass only).
        limit: Log rate per year that no path exceeds at the horizon.
    """

    family: Array
    g0: Array
    ginf: Array
    half_life_months: Array
    cap: Array
    innovation: Array
    lifetime: Array
    limit: Array


def saturating(curve: Curve, months: Array) -> Array:
    """Cumulative log growth ``(T, N)`` by the family drawn for each draw; none rises above ``ln(cap)``.

    The monthly rate may not exceed a line that falls from today's rate, slowly at first, to ``limit`` at the
    last month: a ceiling that is far away would otherwise let a fast market run on at its rate.
    """
    out = np.empty((len(months), len(curve.g0)))
    years = months[:, None] / 12.0
    for index, name in enumerate(FAMILIES):
        of = np.flatnonzero(curve.family == index)
        if len(of) == 0:
            continue
        g0, cap = curve.g0[of], curve.cap[of]
        if name == "damped":
            out[:, of] = damped_trend(g0, curve.ginf[of], curve.half_life_months[of], months[:, None])
        elif name == "logistic":
            out[:, of] = logistic(g0, cap, years)
        elif name == "gompertz":
            out[:, of] = gompertz(g0, cap, years)
        else:
            out[:, of] = bass(g0, cap, curve.innovation[of], curve.lifetime[of], years)
    capped = np.minimum(out, np.log(curve.cap))
    fast = np.flatnonzero(np.maximum(curve.g0, curve.ginf) > curve.limit)  # no other path ever passes the limit
    if len(fast):
        limit = curve.limit[fast]
        most = limit + np.maximum(curve.g0[fast] - limit, 0.0) * (1.0 - (years / years[-1]) ** 4)
        rate = np.diff(capped[:, fast], axis=0, prepend=0.0)
        over = (rate * 12.0 > most).any(axis=0)  # the others stay the closed form to the last digit
        capped[:, fast[over]] = np.cumsum(np.minimum(rate, most / 12.0)[:, over], axis=0)
    return np.asarray(capped)

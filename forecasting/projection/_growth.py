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

FULL = 1e-3
"""Log rate per year below which a market counts as full."""


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

    Adopters follow ``dF/dt = (p + qF)(1 - F)``, as shares of the market M, so that
    ``F(s) = (1 - e^{-(p+q)s}) / (1 + (q/p) e^{-(p+q)s})``; the stock is renewed at the rate 1/L. Sales
    ``s = dF/dt + F/L`` end at 1/L, the ceiling. F today and q are solved from today's sales, 1/(cap L), and from
    their growth, ``(dF/dt) (q - p - 2qF + 1/L) = g0 s``.

    Args:
        g0: Log rate per year of sales now, shape ``(N,)``; a market that does not grow is taken as full.
        cap: Ceiling of sales as a multiple of today, shape ``(N,)``.
        innovation: Coefficient p per year, shape ``(N,)``; cut where today's growth leaves no room for it.
        lifetime: Years L in which the stock is renewed once, shape ``(N,)``.
        years: Time t in years, shape ``(T, 1)``.

    Returns:
        Shape ``(T, N)``. Sales can pass the ceiling on their way; the caller cuts them there.
    """
    cap, renewed = np.asarray(cap, dtype=np.float64), 1.0 / np.asarray(lifetime, dtype=np.float64)
    g0 = np.maximum(np.asarray(g0, dtype=np.float64), FULL)
    now = renewed / cap
    p = np.minimum(np.asarray(innovation, dtype=np.float64), np.minimum(0.5 * g0 / cap, 0.5 * now))
    share = _adopted(g0, p, now, renewed)
    q = ((now - share * renewed) / (1.0 - share) - p) / share
    rate, odds = p + q, q / p
    age = np.log((1.0 + odds * share) / (1.0 - share)) / rate
    decay = np.exp(-rate * (age + years))
    adopted = (1.0 - decay) / (1.0 + odds * decay)
    sales = (p + q * adopted) * (1.0 - adopted) + adopted * renewed
    return np.asarray(np.log(sales / now))


def _adopted(g0: Array, p: Array, now: Array, renewed: Array) -> Array:
    """Share adopted today, by bisection: the fuller the market, the slower its sales grow."""
    low, high = np.zeros_like(now), (now - p) / (renewed - p)
    for _ in range(60):
        share = 0.5 * (low + high)
        first = now - share * renewed
        q = (first / (1.0 - share) - p) / share
        faster = first * (q - p - 2.0 * q * share + renewed) > g0 * now
        low, high = np.where(faster, share, low), np.where(faster, high, share)
    return np.asarray(0.5 * (low + high))


@dataclass(frozen=True, eq=False)
class Curve:
    """What a saturating path needs, one value per draw, all of shape ``(N,)``.

    Attributes:
        family: Index into `FAMILIES`; counts where g0 is above 0.
        g0: Log rate per year now.
        ginf: Log rate per year in the long run (damped trend only).
        half_life_months: Half-life in months (damped trend only).
        cap: Ceiling as a multiple of today, above 1.
        innovation: Coefficient of innovation per year (Bass only).
        lifetime: Years in which the stock is renewed once (Bass only).
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

    The curves under a ceiling are curves of growth: set out at a falling rate they would fall ever faster. A draw that
    does not grow now takes the damped trend, whatever its family.

    The monthly rate may not exceed a line that falls from today's rate, slowly at first, to ``limit`` at the
    last month: a ceiling that is far away would otherwise let a fast market run on at its rate.
    """
    out = np.empty((len(months), len(curve.g0)))
    years = months[:, None] / 12.0
    family = np.where(curve.g0 > 0, curve.family, FAMILIES.index("damped"))
    for index, name in enumerate(FAMILIES):
        of = np.flatnonzero(family == index)
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

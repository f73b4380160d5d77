"""Growth that slows down: the closed forms behind every long-horizon path.

All functions are vectorised by numpy broadcasting: with parameters of shape ``(N, 1)`` and times of shape
``(T,)`` the result has shape ``(N, T)``. Growth rates are log rates per year; results are cumulative log
growth ``ln x(t)/x(0)``, float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FAMILIES", "Array", "damped_trend", "damped_trend_continuous", "gompertz", "log_rate", "logistic"]

Array = NDArray[np.float64]

FAMILIES = ("damped", "logistic", "gompertz")


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


def saturating(family: Array, g0: Array, ginf: Array, half_life_months: Array, cap: Array, months: Array) -> Array:
    """Cumulative log growth ``(N, T)`` of the family drawn for each draw; none ends above ``ln(cap)``.

    Args:
        family: Index into `FAMILIES` per draw, shape ``(N,)``.
        g0: Log rate per year now, shape ``(N,)``.
        ginf: Log rate per year in the long run (damped trend only), shape ``(N,)``.
        half_life_months: Half-life in months (damped trend only), shape ``(N,)``.
        cap: Ceiling as a multiple of today, above 1, shape ``(N,)``.
        months: Months ahead, shape ``(T,)``.
    """
    g0, ginf, half_life_months, cap = (item[:, None] for item in (g0, ginf, half_life_months, cap))
    curves = (
        np.minimum(damped_trend(g0, ginf, half_life_months, months), np.log(cap)),
        logistic(g0, cap, months / 12.0),
        gompertz(g0, cap, months / 12.0),
    )
    chosen = family[:, None]
    return np.asarray(np.select([chosen == index for index in range(len(FAMILIES))], curves))

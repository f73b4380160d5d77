"""How much of an expected change of a cumulative rate comes about, and of which, by what came of past expectations.

Rates of statistics that bureaus publish do not all follow the pace of their last months. What piles up at the end of a
year says little of the next January and February where it is put into the books (fiscal revenue, investment), and much
where it is traded (exports). An indicator's own past tells, month by month of origin and step ahead.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecasting.models._protocol import Floats

SHARES = np.linspace(0.0, 1.0, 11)
"""Shares of the expected change between which is chosen: none, as no change has it, to all of it."""

WITHIN, ACROSS = 1.0, 0.75
"""Likeliest shares without any past, within a year and across its end, of what smoothed growth and the state space
expect together: those of M3's monthly industry are about 1 and .9, those of Chinese exports higher, those of retail
sales and value added lower across the end of a year."""

ALONE = 0.5
"""The same of what smoothed growth expects alone."""

RETURNS = 1 / 3
"""Odds without any past that growth returns to its mean. M3's monthly industry does within two years, Chinese rates
whose growth fell for a decade do not."""

SPREAD = 0.35
"""Standard deviation of a share about the likeliest one; it is cut off at 0 and 1."""

RATE = 2.0
"""Learning rate: nats per loss of one usual change."""

MOST = 1.5
"""Loss, in usual changes, beyond which a miss counts no more: one crisis does not outweigh the other years."""

NEAR_MONTHS, NEAR_STEPS = 1.0, 1.0
"""Standard deviations of the normal kernels about the month of origin in its year, and about the months ahead."""

FARTHEST = 0.02
"""Kernel weight below which a past expectation is left aside."""

LEAST = 0.05
"""Least change that counts as usual, in points: half of the rounding unit of most rates."""

REACH = 13
"""Months ahead up to which expectations are remembered; farther ones are believed as those are."""


def believed(
    expected: Floats, came: Floats, origins: np.ndarray, ends: np.ndarray, origin: int, targets: np.ndarray, *,
    alone: bool,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Share of the expected change of the cumulative rate to believe, and of growth's return, for each of H targets.

    Posterior means over `SHARES` k and both expectations r, w the kernel weights of past ones whose change x is known:

        p(k, r) ~ p(r) exp(-(k - k0)^2 / 2 s^2 - a sum w min(|x - k E[x | r]| / u, c)), k0 the likeliest share before,

    the aggregating forecaster with a prior (Vovk, 1990) under an absolute loss in units u of the median change over
    as many months, capped at c. Only expectations within a year speak of such, only those across its end of these;
    those of one origin count as one.

    Args:
        expected: (C, R, 2) changes expected at C origins for R periods after each, in points: as the pace goes on, and
            as growth returns to its mean.
        came: (C, R) those that came; NaN where either is not known.
        origins: (C,) month indices.
        ends: (C, R) month indices of the periods.
        origin: Month index.
        targets: (H,) month indices.
        alone: What is expected is smoothed growth's alone, for want of history.
    """
    step, across = ends - origins[:, None], ends // 12 != origins[:, None] // 12
    known = np.isfinite(expected).all(axis=2) & np.isfinite(came) & (step <= REACH)
    usual = _usual(np.abs(came), step, known)
    apart = np.abs((origins - origin) % 12)
    by_month = np.exp(-0.5 * (np.minimum(apart, 12 - apart) / NEAR_MONTHS) ** 2)
    near = (by_month > FARTHEST) & known.any(axis=1)
    by_month, step, across, known = by_month[near, None], step[near], across[near], known[near]
    miss = np.abs(came[near][..., None, None] - expected[near][..., None] * SHARES) / usual[near][..., None, None]
    loss = np.where(known[..., None, None], np.minimum(miss, MOST), 0.0)
    ahead, later = np.minimum(targets - origin, REACH)[:, None, None], targets // 12 != origin // 12
    weight = by_month * np.exp(-0.5 * ((step - ahead) / NEAR_STEPS) ** 2)
    weight = np.where(known & (across == later[:, None, None]) & (weight > FARTHEST), weight, 0.0)
    of_origin = weight.sum(axis=2)
    once = np.divide(weight.max(axis=2, initial=0.0), of_origin, out=np.zeros_like(of_origin), where=of_origin > 0)
    total = (weight * once[..., None]).reshape(len(targets), -1) @ loss.reshape(-1, 2 * len(SHARES))
    likeliest = np.where(later, ACROSS, WITHIN) if not alone else np.full(len(targets), ALONE)
    prior = -0.5 * ((SHARES - likeliest[:, None, None]) / SPREAD) ** 2 + np.log([[1 - RETURNS], [RETURNS]])
    log = prior - RATE * total.reshape(len(targets), 2, -1)
    p = np.exp(log - log.max(axis=(1, 2), keepdims=True))
    p /= p.sum(axis=(1, 2), keepdims=True)
    return p.sum(axis=1) @ SHARES, p[:, 1].sum(axis=1)


def _usual(change: Floats, step: np.ndarray, known: np.ndarray) -> Floats:
    """(C, R) median of the known changes (C, R) over as many months."""
    by_step = np.full((REACH + 1, len(change) + 1), np.nan)
    row, column = np.nonzero(known)
    by_step[step[row, column], row] = change[row, column]
    ranked = np.sort(by_step, axis=1)
    count = np.isfinite(ranked).sum(axis=1)
    steps = np.arange(REACH + 1)
    middle = (ranked[steps, np.maximum(count - 1, 0) // 2] + ranked[steps, count // 2]) / 2
    return np.asarray(np.fmax(middle, LEAST)[np.minimum(step, REACH)])


def cumulative_rates(level: Floats, month: np.ndarray, season_length: int) -> Floats:
    """(n,) cumulative rate of each period in percent, NaN where its year or the one before is not whole up to it.

    Args:
        level: (n,) positive.
        month: (n,) month index of each period's last month, consecutive periods.
        season_length: Periods a year.
    """
    total = np.concatenate([[0.0], np.cumsum(level)])
    return rates_between(total.__getitem__, year_starts(month), np.arange(len(level)), season_length)


def rates_between(
    total: Callable[[np.ndarray], Floats], first: np.ndarray, last: np.ndarray, season_length: int
) -> Floats:
    """(...) cumulative rates in percent, NaN where the year before is not whole.

    Args:
        total: Levels up to, but not with, each of some periods (...), summed from any beginning.
        first: (...) place of the first period of each year.
        last: (...) place of the last period of each rate.
        season_length: Periods a year.
    """
    m = season_length
    base = np.where(first >= m, total(np.maximum(last + 1 - m, 0)) - total(np.maximum(first - m, 0)), np.nan)
    return np.asarray(100 * ((total(last + 1) - total(first)) / base - 1))


def between(y: Floats, stay: Floats, moved: Floats, share: Floats, month: np.ndarray, season_length: int) -> Floats:
    """(H,) levels whose cumulative rates change by shares of the change from `stay` to `moved`.

    A month's growth on the year before lies between those of the two paths, even if the rate wanted is then missed.

    Args:
        y: (n,) the history.
        stay: (H,) levels if the cumulative rate does not change.
        moved: (H,) levels as they are expected.
        share: (H,) shares of the change of each period's cumulative rate.
        month: (n + H,) month index of each period's last month.
        season_length: Periods a year.
    """
    n, first = len(y), year_starts(month)
    paths = np.array([np.concatenate([y, path]) for path in (stay, moved)])
    growth = paths[:, season_length:] / paths[:, :-season_length]
    rates = np.array([cumulative_rates(path, month, season_length) for path in paths])
    wanted = 1 + (rates[0] + np.concatenate([np.zeros(n), share]) * (rates[1] - rates[0])) / 100
    line: Floats = paths[0].copy()
    for i in range(n, len(line)):
        least, most = np.sort(growth[:, i - season_length])
        if np.isfinite(wanted[i]):
            base = line[first[i] - season_length : i + 1 - season_length].sum()
            grown = (wanted[i] * base - line[first[i] : i].sum()) / line[i - season_length]
        else:
            k = share[i - n]
            grown = growth[0, i - season_length] ** (1 - k) * growth[1, i - season_length] ** k
        line[i] = line[i - season_length] * min(max(grown, least), most)
    return line[n:]


def year_starts(month: np.ndarray) -> np.ndarray:
    """(n,) place of the first period of each period's year."""
    year = month // 12
    return np.searchsorted(year, year, side="left")

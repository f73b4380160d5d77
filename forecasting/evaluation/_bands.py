"""Bands from rolling-origin errors of short histories.

Symbols: e[i,o,h] error of series i at origin o and step h on the modelling scale, s[i] its in-sample naive scale,
w[i,o] the weight of an origin by its age, p[h] the panel's profile, sigma[i,h] the scale of its errors (a mean
absolute error), Q(u) the quantile function of e / sigma, symmetric about zero, shared by the panel but for tails that
widen where little is known of a series. Errors of early months are those of others times f[i] (`evened`).

A history of less than a year and four months has a naive scale of another kind (from month to month, for from year to
year), and no seasonal that a forecast could know. Such series learn from each other alone: what the errors of long
histories are worth in naive ones would make their bands half as wide as they have to be.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass

import numpy as np

from forecasting.evaluation._panel import Floats

LEVELS = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)

SERIES_PRIOR = 2.0
"""Origins that the panel's error level is worth against a series' own."""
RELATIVE_PRIOR = 8.0
"""Origins that errors as large as naive ones are worth against the panel's ratio of the two."""
STEP_PRIOR = 10.0
"""Origins that the panel's profile is worth against a series' own error at one step."""
SHAPE_PRIOR = 3.0
"""Origins that growth with the fourth root of the step is worth against the panel's profile."""
POOL_PRIOR = 30.0
"""Origins that Student's t with `FREEDOM` degrees of freedom is worth against the pooled errors."""
ATOMS = 1000
"""Points of equal weight by which it joins them."""
FREEDOM = 5.0
LEAST_FREEDOM = 2.5
"""Degrees of freedom of a series without any origin; errors of M3's and tourism's histories of 8 to 15 months, over the
scales that are known of them, have tails of 2 to 3."""
ORIGINS_A_DEGREE = 4.0
"""Origins that add a degree of freedom, up to `FREEDOM`: a month apart they share most of their errors."""
HALF_LIFE = 12.0
"""Origins back at which an error has half the weight of the latest: forecasts grow better with what they are learnt
from, and a series' noise moves. Of 24, 12, 8, 6 and none the one with the lowest interval score on the half of M3's
monthly series that presets are chosen on."""
LUCK = 1.3
"""Most by which errors of a chosen candidate are raised to those of the standard one."""
APART = 2
"""Origins that are left out on either side of one."""
TAIL = 0.98
"""Central probability beyond which the pooled errors only scale the tail of Student's t."""

WILD = 20.0
"""Ratio of an error to its scale beyond which it tells no more of the shape. The latest of 24 origins is 3 % of what is
known of a single series, and its outlier over the scale without it, which may be rounding noise, would be the band; the
largest ratio of M3's monthly series, each by itself, is about 10."""

EARLY = 3
"""Months of a year that are early: January to March, where January and February each have a figure."""
EARLY_NOISE = 0.87
"""Standard error of the logarithm of f from one early month and three others a year, for normal errors."""
EARLY_WILD = 6.0
"""Medians of its step beyond which an error counts no more for f: one wild figure does not tell months apart."""
EARLY_MOST = 4.0
"""Most by which a series' own errors say that those of early months are larger or smaller: a quiet one tells others."""

GRID = np.array([*np.linspace(0.5, 0.95, 19), 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995, 0.9995])
"""Probabilities at which Q is kept."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Error scales and the shapes of the errors.

    Attributes:
        sigma: Mean absolute error by step, shape (S, H), non-decreasing in the step.
        quantiles: Q at `GRID` (probabilities from 0.5) of each series, shape (S, len(GRID)); Q(1 - u) = -Q(u).
    """

    sigma: Floats
    quantiles: Floats


def error_bands(errors: Floats, naive: Floats, seasonal: np.ndarray) -> Bands:
    """Scales and standardised quantiles from errors of the chosen candidates.

    Q comes from errors divided by scales that were estimated without their own origin and its neighbours: the spread
    of these ratios holds the uncertainty of the scales themselves, which is what a band must cover (leave-one-out
    conformal prediction; Barber et al. 2021, *Predictive inference with the jackknife+*, Annals of Statistics
    49(1)). Late origins weigh more than early ones (Barber et al. 2023, *Conformal prediction beyond exchangeability*,
    Annals of Statistics 51(2)). Few pooled origins are mixed with Student's t, and the fewer a series has itself, the
    heavier are its tails (`tails`).

    Args:
        errors: e, shape (S, O, H), NaN where unknown.
        naive: s, shape (S,), on the modelling scale.
        seasonal: Whether s compares with the year before (`naive_lag`), shape (S,); series of a kind learn from each
            other alone.
    """
    bands = Bands(np.empty((len(errors), errors.shape[2])), np.empty((len(errors), len(GRID))))
    for kind in _kinds(seasonal):
        weights = recency(errors[kind])
        sums = all_sums(errors[kind], weights)
        bands.sigma[kind] = sums.scale(naive[kind])
        shared = Pool(left_out_ratios(errors[kind], naive[kind]), weights).quantiles()
        bands.quantiles[kind] = shared * tails(sums.count)
    return bands


def evened(errors: Floats, early: np.ndarray, seasonal: np.ndarray) -> tuple[Floats, Floats]:
    """Errors of early months at the size of the other months', and how many times as large they were.

    Where January and February have figures of their own, Chinese New Year moves what no forecast quite knows, and other
    series have months of their own that are hard to tell. f is the mean of the errors whose target is in an early
    month, each over the mean of its step, to that of the others, all weighted by w. Of its logarithm counts what the
    panel's mean is beyond its standard error, and what a series' own is from there beyond its own: without evidence all
    months are alike.

    Args:
        errors: e, shape (S, O, H), NaN where unknown.
        early: Whether a target is in an early month, shape (S, O, H).
        seasonal: See `error_bands`.

    Returns:
        e / f for targets in early months, else e; and f, shape (S,).
    """
    factor = np.ones(len(errors))
    for kind in _kinds(seasonal):
        factor[kind] = _early_factors(errors[kind], early[kind])
    return errors / np.where(early, factor[:, None, None], 1.0), factor


def _early_factors(errors: Floats, early: np.ndarray) -> Floats:
    known, origins = np.isfinite(errors), recency(errors)
    weight = np.where(known, origins[:, :, None], 0.0)
    absolute, total = np.abs(errors), weight.sum(axis=1, keepdims=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        middle = np.nanmedian(absolute, axis=1, keepdims=True)
    size = weight * np.where(known, np.minimum(absolute, EARLY_WILD * middle), 0.0)
    mean = size.sum(axis=1, keepdims=True) / np.where(total > 0, total, 1.0)
    relative = size / np.where(mean > 0, mean, 1.0)
    amount = np.array([(weight * each).sum(axis=(1, 2)) for each in (early, ~early)])
    level = np.array([(relative * each).sum(axis=(1, 2)) for each in (early, ~early)]) / np.where(amount > 0, amount, 1)
    usable = (level > 0).all(axis=0)
    first, others = np.where(usable, level, 1.0)
    own = np.log(np.clip(first / others, 1 / EARLY_MOST, EARLY_MOST))
    months = (weight * early)[:, :, 0].sum(axis=1) * usable
    panel = _beyond(months @ own / max(float(months.sum()), 1e-300), months.sum())
    return np.asarray(np.exp(panel + _beyond(own - panel, months) * usable))


def _beyond(log: Floats, months: Floats) -> Floats:
    """What of a logarithm of f is beyond its standard error, with so many early months (Donoho's soft threshold)."""
    error = EARLY_NOISE / np.sqrt(np.maximum(months, 1e-300))
    return np.asarray(np.sign(log) * np.maximum(np.abs(log) - error, 0.0))


def is_early(month: np.ndarray, season_length: int) -> np.ndarray:
    """Whether month indices are of early months."""
    return np.asarray((month % 12 < EARLY) & (season_length == 12))


def _kinds(seasonal: np.ndarray) -> list[np.ndarray]:
    """Positions of the series of each kind."""
    return [each for each in (np.flatnonzero(seasonal), np.flatnonzero(~seasonal)) if len(each)]


def tails(origins: Floats) -> Floats:
    """Q of each series over the shared one: wider in its tails where a scale rests on few origins.

    An error over a scale that is an estimate itself is distributed like Student's t, whose degrees of freedom grow with
    what is known: `LEAST_FREEDOM` and one more with every `ORIGINS_A_DEGREE`. The factors are its quantiles over those
    with `FREEDOM`, both over their upper quartile, and one and the same beyond `TAIL`.

    Args:
        origins: Sum of w of each series, shape (S,).

    Returns:
        At `GRID`, shape (S, len(GRID)), non-decreasing.
    """
    from scipy.special import stdtrit

    freedom = np.minimum(LEAST_FREEDOM + origins / ORIGINS_A_DEGREE, FREEDOM)
    u = np.clip(GRID, GRID[1], 0.5 + TAIL / 2)
    few, enough = (stdtrit(v, u) / stdtrit(v, 0.75) for v in (freedom[:, None], FREEDOM))
    return np.asarray(few / enough)


def recency(errors: Floats) -> Floats:
    """Weights of the origins of each series, ``2^(-age / HALF_LIFE)`` with an age of 0 for its last, shape (S, O)."""
    known = np.asarray(np.isfinite(errors).any(axis=2))
    origins = errors.shape[1]
    last = np.where(known.any(axis=1), origins - 1 - known[:, ::-1].argmax(axis=1), origins - 1)
    return np.asarray(0.5 ** (np.maximum(last[:, None] - np.arange(origins), 0) / HALF_LIFE))


def sobered(chosen: Floats, standard: Floats) -> Floats:
    """Errors of the chosen candidates at the level of the standard ones' where theirs are smaller.

    A candidate chosen for its small errors owes part of them to luck; errors of the standard one have not been
    searched for. The ratio of the mean absolute errors, between 1 and `LUCK`, multiplies them.

    Args:
        chosen: Shape (S, O, H), NaN where unknown.
        standard: The same for the standard candidates.
    """
    both = np.isfinite(chosen) & np.isfinite(standard)
    own, other = (np.where(both, np.abs(each), 0.0).sum(axis=(1, 2)) for each in (chosen, standard))
    ratio = np.where(own > 0, other / np.where(own > 0, own, 1.0), 1.0)
    return np.asarray(chosen * np.clip(ratio, 1.0, LUCK)[:, None, None])


@dataclass(frozen=True, slots=True)
class Sums:
    """What scales depend on.

    Attributes:
        size: Sums of w |e| over origins, shape (S, H).
        weight: Sums of w over the origins where e is known, shape (S, H).
        count: Sums of w over the origins where any step is, shape (S,).
    """

    size: Floats
    weight: Floats
    count: Floats

    def scale(self, naive: Floats) -> Floats:
        """Mean absolute error of every series and step, shrunk to the panel; all means are weighted by w.

        The profile p is the panel's mean of |e| / a[i], with a[i] the mean of |e| / p over a series, alternating;
        shrunk to h^(1/4), monotone, and growing with the square root of the step beyond the last one seen.
        a[i] is shrunk to s[i] times the panel's median ratio of a to s, itself shrunk to 1; sigma[i,h] is the mean of
        a[i] p[h] and the series' own mean |e| at h, weighted by `STEP_PRIOR` and the sum of w; then made monotone.

        Args:
            naive: s, shape (S,).

        Returns:
            Shape (S, H), finite, at least zero.
        """
        steps = np.arange(1, self.size.shape[1] + 1, dtype=np.float64)
        seen = self.weight.any(axis=0)
        last = int(np.flatnonzero(seen)[-1]) + 1 if seen.any() else 0
        profile = steps**0.25
        level = np.zeros(len(naive))
        amount_of_each = self.weight.sum(axis=1)
        for _ in range(3 if last else 0):
            level = (self.size / profile).sum(axis=1) / np.where(amount_of_each > 0, amount_of_each, 1.0)
            there = level > 0
            amount = self.weight[there].sum(axis=0)
            total = (self.size[there] / level[there, None]).sum(axis=0)
            shape = steps**0.25
            unit = total[:last].sum() / max((amount * shape)[:last].sum(), 1e-300)
            seen_profile = ((total + SHAPE_PRIOR * unit * shape) / (amount + SHAPE_PRIOR))[:last]
            if not (seen_profile > 0).all():
                break
            profile[:last] = monotone(seen_profile)
            profile[last:] = profile[last - 1] * np.sqrt(steps[last:] / last)
        usable = (level > 0) & (naive > 0)
        relative = 0.0 if last else 1.0  # all exact; nothing seen: errors are taken to be as large as naive ones
        if usable.any():
            origins = float(self.count[usable].sum())
            ratio = math.log(float(np.median(level[usable] / naive[usable])))
            relative = math.exp(ratio * origins / (origins + RELATIVE_PRIOR))
        level = (SERIES_PRIOR * relative * naive + self.count * level) / (SERIES_PRIOR + self.count)
        return monotone((STEP_PRIOR * level[:, None] * profile + self.size) / (STEP_PRIOR + self.weight))


def all_sums(errors: Floats, weights: Floats) -> Sums:
    """Sums over all origins.

    Args:
        errors: e, shape (S, O, H), NaN where unknown.
        weights: w, shape (S, O), above zero.
    """
    (sums,) = _sums(errors, weights, np.ones((1, errors.shape[1])))
    return sums


def _sums(errors: Floats, weights: Floats, kept: Floats) -> list[Sums]:
    """Sums over the origins that are kept, by rows of ones and zeros (R, O), each taken by itself."""
    known = np.isfinite(errors)
    weight = np.where(known, weights[:, :, None], 0.0)
    size = weight * np.where(known, np.abs(errors), 0.0)
    parts = (np.einsum("ro,so...->rs...", kept, each) for each in (size, weight, weight.max(axis=2)))
    return [Sums(*each) for each in zip(*parts, strict=True)]


def left_out_ratios(errors: Floats, naive: Floats) -> Floats:
    """|e| / sigma with sigma from the other origins but the nearest, shape (S, O, H); 0 where both are zero.

    Origins a month apart share most of what is to come, so an origin's neighbours, `APART` on either side, are left out
    with it: their errors would make the scale look surer of itself than it is of the future.
    """
    out = np.empty(errors.shape)
    origin = np.arange(errors.shape[1])
    kept = (np.abs(origin - origin[:, None]) > APART).astype(np.float64)
    for o, sums in enumerate(_sums(errors, recency(errors), kept)):
        sigma, size = sums.scale(naive), np.abs(errors[:, o])
        out[:, o] = np.where(sigma > 0, size / np.where(sigma > 0, sigma, 1.0), np.where(size > 0, np.inf, size))
    return out


class Pool:
    """Ratios |e| / sigma of all series and Student's t, in their order, for quantiles with and without some origins."""

    def __init__(self, ratios: Floats, weights: Floats) -> None:
        """Put them in order.

        Args:
            ratios: Shape (S, O, H), NaN where unknown; at most `WILD` counts of each.
            weights: w, shape (S, O).
        """
        known = ~np.isnan(ratios)
        student = _student(0.5 + (np.arange(ATOMS) + 0.5) / (2 * ATOMS))
        values = np.concatenate([np.minimum(ratios[known], WILD), student])
        order = np.argsort(values, kind="stable")
        self._values = values[order]
        of = np.broadcast_to(weights[:, :, None], ratios.shape)[known]
        self._of = np.concatenate([of, np.zeros(ATOMS)])[order]
        self._student = (order >= len(of)) * (POOL_PRIOR / ATOMS)
        self._origin = np.concatenate([np.nonzero(known)[1], np.full(ATOMS, -1)])[order]
        self._origins = known.any(axis=2).sum(axis=0)

    def quantiles(self, but: int | None = None) -> Floats:
        """Q at `GRID` from the ratios of all origins but one, mixed with Student's t.

        The ratios weigh as much as there are origins, n, and Student's t `POOL_PRIOR`; the central probability 2u - 1
        is raised as by one origin more, as in conformal prediction.
        """
        central = 2 * GRID - 1
        origins = int(self._origins.sum()) - (0 if but is None else int(self._origins[but]))
        of = self._of if but is None else np.where(self._origin == but, 0.0, self._of)
        share = origins / max(float(of.sum()), 1e-300)
        total = np.cumsum(share * of + self._student)
        level = np.minimum(central * (1 + 1 / (origins + POOL_PRIOR)), TAIL)
        at = np.searchsorted(total, level * total[-1], side="left")
        pooled = np.where(central > 0, self._values[np.minimum(at, len(total) - 1)], 0.0)
        beyond = central > TAIL
        inside = int(np.flatnonzero(~beyond)[-1])
        student = _student(GRID)
        pooled[beyond] = pooled[inside] * student[beyond] / student[inside]
        return np.asarray(np.maximum.accumulate(pooled))


def left_out_coverage(errors: Floats, naive: Floats, seasonal: np.ndarray, central: float) -> Floats:
    """Share of each series' errors inside a central band made without their origin, shape (S,).

    Neither the scale nor Q has seen the origin that is judged. NaN without errors.
    """
    inside = np.full(errors.shape, np.nan)
    for kind in _kinds(seasonal):
        weights, ratios = recency(errors[kind]), left_out_ratios(errors[kind], naive[kind])
        pool, u = Pool(ratios, weights), 0.5 + central / 2
        wider = np.array([quantile_at(u, each) for each in tails(all_sums(errors[kind], weights).count)])[:, None]
        for o in range(ratios.shape[1]):
            q = float(quantile_at(u, pool.quantiles(o)))
            inside[kind, o] = np.where(np.isnan(ratios[:, o]), np.nan, ratios[:, o] <= q * wider)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        return np.asarray(np.nanmean(inside, axis=(1, 2)))


def quantile_at(u: Floats | float, quantiles: Floats) -> Floats:
    """Q(u), linear between the grid points, antisymmetric about one half."""
    p = np.asarray(u, dtype=np.float64)
    upper = np.interp(np.maximum(p, 1 - p), GRID, quantiles)
    return np.asarray(np.where(p < 0.5, -upper, upper))


def monotone(values: Floats) -> Floats:
    """Non-decreasing along the last axis: midway between the running maximum and the running minimum."""
    up = np.maximum.accumulate(values, axis=-1)
    down = np.minimum.accumulate(values[..., ::-1], axis=-1)[..., ::-1]
    return np.asarray((up + down) / 2)


def _student(u: Floats) -> Floats:
    """Quantiles of Student's t, scaled to a mean absolute value of one."""
    from scipy.special import stdtrit

    v = FREEDOM
    mean = 2 * math.sqrt(v) * math.gamma((v + 1) / 2) / (math.sqrt(math.pi) * math.gamma(v / 2) * (v - 1))
    return np.asarray(stdtrit(v, u) / mean)

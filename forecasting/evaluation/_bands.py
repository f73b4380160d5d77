"""Bands from rolling-origin errors of short histories.

Symbols: e[i,o,h] error of series i at origin o and step h on the modelling scale, s[i] its in-sample naive scale,
w[i,o] the weight of an origin by its age, p[h] the panel's profile, sigma[i,h] the scale of its errors (a mean
absolute error), Q(u) the quantile function of e / sigma, shared by the panel, symmetric about zero.
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
STEP_PRIOR = 10.0
"""Origins that the panel's profile is worth against a series' own error at one step."""
SHAPE_PRIOR = 3.0
"""Origins that growth with the fourth root of the step is worth against the panel's profile."""
POOL_PRIOR = 30.0
"""Origins that Student's t with `FREEDOM` degrees of freedom is worth against the pooled errors."""
FREEDOM = 5
HALF_LIFE = 12.0
"""Origins back at which an error has half the weight of the latest: forecasts grow better with what they are learnt
from, and a series' noise moves. Of 24, 12, 8, 6 and none the one with the lowest interval score on the half of M3's
monthly series that presets are chosen on."""
LUCK = 1.3
"""Most by which errors of a chosen candidate are raised to those of the standard one."""
APART = 24
"""Share of the origins, as a divisor, that are left out on either side of one: a month of 24."""
TAIL = 0.98
"""Central probability beyond which the pooled errors only scale the tail of Student's t."""

GRID = np.array([*np.linspace(0.5, 0.95, 19), 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995, 0.9995])
"""Probabilities at which Q is kept."""


@dataclass(frozen=True, slots=True)
class Bands:
    """Error scales and the shape they share.

    Attributes:
        sigma: Mean absolute error by step, shape (S, H), non-decreasing in the step.
        quantiles: Q at `GRID` (probabilities from 0.5), shape (len(GRID),); Q(1 - u) = -Q(u).
    """

    sigma: Floats
    quantiles: Floats


def error_bands(errors: Floats, naive: Floats) -> Bands:
    """Scales and standardised quantiles from errors of the chosen candidates.

    Q comes from errors divided by scales that were estimated without their own origin and its neighbours: the spread
    of these ratios holds the uncertainty of the scales themselves, which is what a band must cover (leave-one-out
    conformal prediction; Barber et al. 2021, *Predictive inference with the jackknife+*, Annals of Statistics
    49(1)). Late origins weigh more than early ones (Barber et al. 2023, *Conformal prediction beyond exchangeability*,
    Annals of Statistics 51(2)). Few pooled origins are blended with Student's t.

    Args:
        errors: e, shape (S, O, H), NaN where unknown.
        naive: s, shape (S,), on the modelling scale.
    """
    weights = recency(errors)
    return Bands(error_scale(errors, naive, weights), Pool(left_out_ratios(errors, naive), weights).quantiles())


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


def error_scale(errors: Floats, naive: Floats, weights: Floats) -> Floats:
    """Mean absolute error of every series and step, shrunk to the panel; all means are weighted by w.

    The profile p is the panel's mean of |e| / a[i], with a[i] the mean of |e| / p over a series, alternating;
    shrunk to h^(1/4), monotone, and growing with the square root of the step beyond the last one seen.
    a[i] is shrunk to the panel's median ratio of a to s times s[i]; sigma[i,h] is the mean of a[i] p[h] and
    the series' own mean |e| at h, weighted by `STEP_PRIOR` and the sum of w; then made monotone.

    Args:
        errors: e, shape (S, O, H), NaN where unknown.
        naive: s, shape (S,).
        weights: w, shape (S, O), above zero.

    Returns:
        Shape (S, H), finite, at least zero.
    """
    (sums,) = _sums(errors, weights, np.ones((1, errors.shape[1])))
    return sums.scale(naive)


@dataclass(frozen=True, slots=True)
class _Sums:
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
        """See `error_scale`."""
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
            relative = float(np.median(level[usable] / naive[usable]))
        level = (SERIES_PRIOR * relative * naive + self.count * level) / (SERIES_PRIOR + self.count)
        return monotone((STEP_PRIOR * level[:, None] * profile + self.size) / (STEP_PRIOR + self.weight))


def _sums(errors: Floats, weights: Floats, kept: Floats) -> list[_Sums]:
    """Sums over the origins that are kept, by rows of ones and zeros (R, O), each taken by itself."""
    known = np.isfinite(errors)
    weight = np.where(known, weights[:, :, None], 0.0)
    size = weight * np.where(known, np.abs(errors), 0.0)
    parts = (np.einsum("ro,so...->rs...", kept, each) for each in (size, weight, weight.max(axis=2)))
    return [_Sums(*each) for each in zip(*parts, strict=True)]


def left_out_ratios(errors: Floats, naive: Floats) -> Floats:
    """|e| / sigma with sigma from the other origins but the nearest, shape (S, O, H); 0 where both are zero.

    Origins a month apart share most of what is to come, so an origin's neighbours, O / `APART` on either side, are left
    out with it: their errors would make the scale look surer of itself than it is of the future.
    """
    out = np.empty(errors.shape)
    origin = np.arange(errors.shape[1])
    kept = (np.abs(origin - origin[:, None]) > len(origin) // APART).astype(np.float64)
    for o, sums in enumerate(_sums(errors, recency(errors), kept)):
        sigma, size = sums.scale(naive), np.abs(errors[:, o])
        out[:, o] = np.where(sigma > 0, size / np.where(sigma > 0, sigma, 1.0), np.where(size > 0, np.inf, size))
    return out


class Pool:
    """Ratios |e| / sigma of all series in their order, whose quantiles are wanted with and without some origins."""

    def __init__(self, ratios: Floats, weights: Floats) -> None:
        """Put them in order.

        Args:
            ratios: Shape (S, O, H), NaN where unknown.
            weights: w, shape (S, O).
        """
        self._known = np.isfinite(ratios)
        values = ratios[self._known]
        order = np.argsort(values, kind="stable")
        self._values = values[order]
        self._of = np.broadcast_to(weights[:, :, None], ratios.shape)[self._known][order]
        self._origin = np.nonzero(self._known)[1][order]

    def quantiles(self, but: int | None = None) -> Floats:
        """Q at `GRID`, blended with Student's t, from all origins but one.

        The central probability 2u - 1 is raised by (n + 1) / n for n origins, as in conformal prediction.
        """
        student, central = _student(GRID), 2 * GRID - 1
        there = np.asarray(self._known.any(axis=2))
        origins = int(there.sum()) - (0 if but is None else int(there[:, but].sum()))
        of = self._of if but is None else np.where(self._origin == but, 0.0, self._of)
        if not origins or self._values[of > 0].max() == 0:
            return student
        level = np.minimum(central * (origins + 1) / origins, TAIL)
        total = np.cumsum(of)
        at = np.searchsorted(total, level * total[-1], side="left")
        pooled = np.where(central > 0, self._values[at], 0.0)
        beyond = central > TAIL
        inside = int(np.flatnonzero(~beyond)[-1])
        pooled[beyond] = pooled[inside] * student[beyond] / student[inside]
        weight = origins / (origins + POOL_PRIOR)
        return np.asarray(np.maximum.accumulate(weight * pooled + (1 - weight) * student))


def left_out_coverage(errors: Floats, naive: Floats, central: float) -> Floats:
    """Share of each series' errors inside a central band made without their origin, shape (S,).

    Neither the scale nor Q has seen the origin that is judged. NaN without errors.
    """
    ratios = left_out_ratios(errors, naive)
    pool = Pool(ratios, recency(errors))
    inside = np.full(ratios.shape, np.nan)
    for o in range(ratios.shape[1]):
        q = float(quantile_at(0.5 + central / 2, pool.quantiles(o)))
        inside[:, o] = np.where(np.isnan(ratios[:, o]), np.nan, ratios[:, o] <= q)
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
    return np.asarray(stdtrit(v, u)) / mean

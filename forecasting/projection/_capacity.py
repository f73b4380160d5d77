"""Capacity apart from value added and from output.

``dln C = dln VA - dln u - dln nu - b dln p - dln chi``: of the growth of real value added, fuller use u, richer mix
nu, the price change that leaks through the deflator b dln p and the coverage chi are no capacity. Value added alone
fixes none of them; what is left of it for capacity, kappa = dln C / dln VA, then stays at its prior. Episodes in
which tonnes or quotas were published beside value added move it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from forecasting.errors import AssumptionError
from forecasting.projection._coupling import HORIZON, MONTHS
from forecasting.projection._draws import Values
from forecasting.projection._growth import Array, log_rate
from forecasting.projection._questions import Evidence

__all__ = ["capacity_basis", "capacity_rates", "kappa", "nation_rates", "price_leak", "utilisation"]

GRID = 1024


def price_leak(value_added: float, observed: float, price_from: float, price_to: float) -> float:
    """Share b of a price change that leaks through the deflator, if nothing else parts value added from tonnes.

    Args:
        value_added: Growth of real value added, percent.
        observed: Growth of the tonnes, percent.
        price_from: Price before.
        price_to: Price after.

    >>> round(price_leak(60.6, 27.1, 98.0, 134.0), 2)
    0.75
    """
    gap = np.log1p(value_added / 100.0) - np.log1p(observed / 100.0)
    return float(gap / np.log(price_to / price_from))


def kappa(values: Values, evidence: Iterable[Evidence]) -> Array:
    """Draws of kappa given the evidence, shape ``(N,)``; the prior itself, bit for bit, without any.

    An episode says ``kappa_e = dln observed / dln VA`` with variance ``(error / dln VA)^2`` plus the variance
    between episodes: the next ten years need not be like any of them. The posterior is the prior with its
    uniform numbers mapped through the posterior's distribution function, so draws stay paired and in order.
    """
    u, episodes = values.uniforms.block("capacity.kappa"), list(evidence)
    if not episodes:
        return values.at("capacity.kappa", u)
    edges = np.linspace(0.0, 1.0, GRID + 1)
    centre = values.at("capacity.kappa", 0.5 * (edges[1:] + edges[:-1]))
    between = float(values("capacity.between_episodes")[0])
    fit = np.zeros(GRID)
    for item in episodes:
        grown = np.log1p(item.value_added / 100.0)
        seen = np.log1p(item.observed / 100.0) / grown
        fit -= (centre - seen) ** 2 / (2.0 * ((item.error / grown) ** 2 + between**2))
    weight = np.exp(fit - fit.max())
    posterior = np.concatenate([[0.0], np.cumsum(weight)]) / weight.sum()
    return values.at("capacity.kappa", np.interp(u, posterior, edges))


def capacity_basis(evidence: Iterable[Evidence]) -> str:
    """What a capacity row rests on: ``output_anchored`` if tonnes were seen, ``quota_anchored`` if only quotas."""
    kinds = {item.kind for item in evidence}
    return "output_anchored" if "output" in kinds else "quota_anchored" if kinds else "prior_only"


def capacity_rates(values: Values, share: Array, value_added: Array, now: Array) -> Array:
    """Growth of capacity, log rate per year by month, ``(HORIZON, N)``.

    Capacity follows kappa times the growth of value added as it was when the plants were decided on, a gestation
    lag earlier; it shrinks by scrapping at most and never grows faster than the limit.

    Args:
        values: Parameters.
        share: kappa, ``(N,)``.
        value_added: Log rate per year by month, ``(HORIZON, N)``.
        now: The rate of today, taken for the months before the first, ``(N,)``.
    """
    lag = np.rint(values("capacity.gestation")).astype(np.int64)
    month = np.arange(HORIZON)[:, None] - lag
    decided = np.where(month >= 0, np.take_along_axis(value_added, np.maximum(month, 0), axis=0), now)
    most = log_rate(values("capacity.growth_max"))
    with np.errstate(divide="ignore"):  # scrapping of 100 %/yr is no limit
        least = np.log1p(-values("capacity.scrapping") / 100.0)
    return np.asarray(np.clip(share * decided, least, most))


def nation_rates(values: Values, region: Array, half_life_months: Array) -> Array:
    """Growth of the nation's capacity: the region's by its share, the rest at its own rate, damped likewise."""
    part, other = values("capacity.region_share"), log_rate(values("capacity.other_growth"))
    fading = np.exp2(-MONTHS[:, None] / half_life_months)
    return np.asarray(part * region + (1.0 - part) * other * fading)


def utilisation(values: Values) -> Array:
    """Share of capacity in use, ``(HORIZON + 1, N)``: an AR(1) on the logit scale between its bounds.

    It starts at its mean, which is itself uncertain, and wanders off to its stationary spread.

    Raises:
        AssumptionError: The mean is not between the bounds in every draw.
    """
    from scipy.special import ndtri

    low, mean, high = (values(f"capacity.utilisation_{name}") for name in ("low", "mean", "high"))
    if not ((low < mean) & (mean < high)).all():
        raise AssumptionError("capacity.utilisation: expected utilisation_low < _mean < _high in every draw")
    persistence, spread = values("capacity.utilisation_persistence"), values("capacity.utilisation_spread")
    shock = ndtri(values.uniforms.innovations("chance.utilisation", HORIZON))
    step = spread * np.sqrt(1.0 - persistence**2)
    state = np.zeros((HORIZON + 1, len(mean)))
    for t in range(1, HORIZON + 1):
        state[t] = persistence * state[t - 1] + step * shock[t - 1]
    centre = np.log((mean - low) / (high - mean))
    return np.asarray(low + (high - low) / (1.0 + np.exp(-(centre + state))))

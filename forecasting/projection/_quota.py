"""Mining quotas as a regime process: years of standing still, of normal growth, of surges.

The series is latent from the last published quota on. The state of a year follows from that of the year before by a
Markov chain whose long-run weights are themselves uncertain: a tilt per draw favours fast or slow states.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.errors import AssumptionError
from forecasting.projection._coupling import HORIZON, cumulate, levels
from forecasting.projection._draws import Values
from forecasting.projection._growth import Array, log_rate

__all__ = ["quota_growth", "quota_index", "quota_states"]

YEARS = HORIZON // 12


def quota_states(values: Values, states: tuple[str, ...], start: Array, years: int = YEARS) -> NDArray[np.int64]:
    """Index of the state by year, ``(years, N)``, the slowest being 0.

    With probability ``stay`` a state stays; otherwise the next one is drawn from weights
    ``w_k exp(tilt (k - (K-1)/2))``. One uniform number a year decides through the distribution function, so that
    a larger tilt never gives a slower state.

    Args:
        values: Parameters.
        states: From the slowest to the fastest.
        start: Index of the state of the year before, ``(N,)``.
        years: At most the ten of the horizon.

    Raises:
        AssumptionError: No state has a weight.
    """
    weight = np.stack([values(f"quota.weight.{state}") for state in states])
    if not (weight.sum(axis=0) > 0).all():
        raise AssumptionError(f"quota: none of {', '.join(states)} has a weight; expected one for a year to turn to")
    rank = np.arange(len(states))[:, None] - (len(states) - 1) / 2
    weight = weight * np.exp(values("quota.tilt") * rank)
    below = np.cumsum(weight, axis=0) / weight.sum(axis=0)
    stay = values("quota.stay")
    chance = values.uniforms.innovations("chance.quota", YEARS)[:years]
    state = start.astype(np.int64)
    out = np.empty((years, len(state)), dtype=np.int64)
    for year in range(years):
        passed = np.zeros_like(state)
        for k in range(len(states) - 1):
            reach = stay * (state <= k) + (1.0 - stay) * below[k]
            passed += chance[year] > reach
        state = out[year] = passed
    return out


def quota_growth(values: Values, states: tuple[str, ...], start: Array, years: int = YEARS) -> Array:
    """Log growth of the quota by year, ``(years, N)``; arguments as of `quota_states`."""
    growth = np.stack([log_rate(values(f"quota.growth.{state}")) for state in states])
    return np.take_along_axis(growth, quota_states(values, states, start, years), axis=0)


def quota_index(values: Values, states: tuple[str, ...]) -> Array:
    """Quota by month, start = 1, ``(HORIZON + 1, N)``; a year's growth is spread over its months."""
    yearly = quota_growth(values, states, values("quota.start"))
    return levels(cumulate(np.repeat(yearly, 12, axis=0)))

"""From the forecast layer's paths to 120 months of growth: damping, handover to structural growth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from forecasting.errors import AssumptionError
from forecasting.observations import month_index, month_label
from forecasting.projection._growth import Array

__all__ = [
    "HORIZON",
    "MONTHS",
    "GrowthPaths",
    "IndicatorGrowth",
    "cumulate",
    "damped_rates",
    "handover_weight",
    "levels",
    "rates",
    "statistical_rates",
]

HORIZON = 120
"""Transitions simulated; month 0 is the last observed one."""

MONTHS = np.arange(1, HORIZON + 1, dtype=np.float64)

CURRENT = 12
"""Months over which the current rate of a path and the rate at its end are averaged."""


@dataclass(frozen=True, eq=False)
class GrowthPaths:
    """Joint paths of growth from the forecast layer.

    Row i of every indicator belongs to the same joint draw: the dependence between indicators is in the rows.

    Attributes:
        months: ``YYYY-MM`` labels that follow the last observed month without a gap, T of them.
        growth: Catalogue identifier to log growth at annual rate, shape ``(n, T)`` with one n for all;
            month t compounds by ``growth[:, t] / 12``.
        age: Catalogue identifier to the months between an indicator's last figure and the last observed
            month of all; an indicator that is not named is up to date.

    Raises:
        AssumptionError: No months, a gap in them, an array of another shape, or a number that is not finite.
    """

    months: tuple[str, ...]
    growth: Mapping[str, Array]
    age: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.months:
            raise AssumptionError("growth paths: no months; expected at least one after the last observed month")
        first = month_index(self.months[0])
        expected = tuple(month_label(first + i) for i in range(len(self.months)))
        if tuple(self.months) != expected:
            raise AssumptionError(f"growth paths: months {self.months}; expected {expected} without a gap")
        shapes = {name: np.shape(array) for name, array in self.growth.items()}
        for name, shape in shapes.items():
            if len(shape) != 2 or shape[0] < 1 or shape[1] != len(self.months) or shape[0] != self.draws:
                raise AssumptionError(
                    f"growth paths: {name} has shape {shape}; expected ({self.draws}, {len(self.months)}) as "
                    "(draws, months), the draws the same for all indicators"
                )
            if not np.isfinite(self.growth[name]).all():
                raise AssumptionError(f"growth paths: {name} holds numbers that are not finite; leave it out instead")

    @property
    def draws(self) -> int:
        """Number of joint draws n."""
        return int(np.shape(next(iter(self.growth.values())))[0]) if self.growth else 0


def handover_weight(centre: float | Array, width: float | Array, months: Array = MONTHS[:, None]) -> Array:
    """Weight of the statistical path: ``L(t) = 1 / (1 + exp((t - centre) / width))``, t in months.

    With centre and width of shape ``(N,)`` and months of shape ``(T, 1)`` the result is ``(T, N)``.

    >>> float(handover_weight(24.0, 4.0, np.array([24.0]))[0])
    0.5
    """
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((months - centre) / width, -700.0, 700.0))))


def damped_rates(g0: Array, ginf: Array, half_life_months: Array, steps: int = HORIZON) -> Array:
    """Log growth at annual rate by month of a damped trend, ``(steps, N)``; g0 is the rate in month 0."""
    ahead = np.arange(1, steps + 1, dtype=np.float64)[:, None]
    return np.asarray(ginf + (g0 - ginf) * np.exp2(-ahead / half_life_months), dtype=np.float64)


def statistical_rates(path: Array, ginf: Array, half_life_months: Array) -> Array:
    """A statistical path carried on to the horizon: as it is while it lasts, then damped from its end.

    Args:
        path: Log growth at annual rate, shape ``(T, N)``; one row for a single current rate does.
        ginf: Log rate per year in the long run, shape ``(N,)``.
        half_life_months: Half-life of the gap to it, shape ``(N,)``.

    Returns:
        Shape ``(HORIZON, N)``; the damping starts from the mean of the path's last twelve months.
    """
    path = path[:HORIZON]
    end = path[-CURRENT:].mean(axis=0)
    return np.concatenate([path, damped_rates(end, ginf, half_life_months, HORIZON - len(path))])


@dataclass(frozen=True, eq=False)
class IndicatorGrowth:
    """Growth of one indicator over the horizon, before any handover.

    Attributes:
        current: Log rate per year now (mean of the path's first twelve months), shape ``(N,)``.
        statistical: Log growth at annual rate by month, shape ``(HORIZON, N)``.
        ginf: Log rate per year in the long run, shape ``(N,)``.
        half_life_months: Shape ``(N,)``.
    """

    current: Array
    statistical: Array
    ginf: Array
    half_life_months: Array

    @classmethod
    def of(
        cls, path: Array | None, prior: Array, middle: float, staleness: Array, ginf: Array, half_life_months: Array
    ) -> IndicatorGrowth:
        """From a resampled path, or without one from the prior rate alone, damped from the first month on.

        Args:
            path: Shape ``(T, N)`` or None.
            prior: Log rate per year to assume without a path, shape ``(N,)``.
            middle: Its median over the distribution.
            staleness: 0 for a path that rests on fresh figures to 1 for one that is as doubtful as the prior:
                this part of the prior's deviation from its middle is added to the path.
            ginf: Log rate per year in the long run, shape ``(N,)``.
            half_life_months: Shape ``(N,)``.
        """
        if path is None:
            return cls(prior, damped_rates(prior, ginf, half_life_months), ginf, half_life_months)
        path = path + staleness * (prior - middle)
        current = path[:CURRENT].mean(axis=0)
        return cls(current, statistical_rates(path, ginf, half_life_months), ginf, half_life_months)

    def blended(self, weight: Array) -> Array:
        """Weight on the statistical path, the rest on the damped trend from today's rate; ``(HORIZON, N)``."""
        return np.asarray(
            weight * self.statistical + (1.0 - weight) * damped_rates(self.current, self.ginf, self.half_life_months)
        )


def rates(cumulative: Array) -> Array:
    """Log growth at annual rate by month out of cumulative log growth, both ``(T, N)``."""
    return np.diff(cumulative, axis=0, prepend=0.0) * 12.0


def cumulate(rate: Array) -> Array:
    """Cumulative log growth out of log growth at annual rate by month, both ``(T, N)``."""
    return np.asarray(np.cumsum(rate, axis=0) / 12.0)


def levels(cumulative: Array) -> Array:
    """Exponential of cumulative log growth with a 1 for month 0 in front: ``(T, N)`` to ``(T + 1, N)``."""
    return np.asarray(np.exp(np.concatenate([np.zeros_like(cumulative[:1]), cumulative])))

"""From the forecast layer's paths to 120 months of growth: damping, handover to structural growth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.errors import AssumptionError
from forecasting.observations import month_index, month_label
from forecasting.projection._growth import Array

__all__ = [
    "HORIZON",
    "MONTHS",
    "GrowthPaths",
    "damped_rates",
    "handover_weight",
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

    Raises:
        AssumptionError: No months, a gap in them, an array of another shape, or a number that is not finite.
    """

    months: tuple[str, ...]
    growth: Mapping[str, Array]

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


def handover_weight(centre: float | Array, width: float | Array, months: Array = MONTHS) -> Array:
    """Weight of the statistical path: ``L(t) = 1 / (1 + exp((t - centre) / width))``, t in months.

    >>> float(handover_weight(24.0, 4.0, np.array([24.0]))[0])
    0.5
    """
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((months - centre) / width, -700.0, 700.0))))


def damped_rates(g0: Array, ginf: Array, half_life_months: Array, steps: int = HORIZON) -> Array:
    """Log growth at annual rate by month of a damped trend, ``(N, steps)``; g0 is the rate in month 0."""
    ahead = np.arange(1, steps + 1, dtype=np.float64)
    return np.asarray(
        ginf[:, None] + (g0 - ginf)[:, None] * np.exp2(-ahead / half_life_months[:, None]), dtype=np.float64
    )


def statistical_rates(path: Array, ginf: Array, half_life_months: Array) -> Array:
    """A statistical path carried on to the horizon: as it is while it lasts, then damped from its end.

    Args:
        path: Log growth at annual rate, shape ``(N, T)``; one column for a single current rate does.
        ginf: Log rate per year in the long run, shape ``(N,)``.
        half_life_months: Half-life of the gap to it, shape ``(N,)``.

    Returns:
        Shape ``(N, HORIZON)``; the damping starts from the mean of the path's last twelve months.
    """
    path = path[:, :HORIZON]
    rest = HORIZON - path.shape[1]
    end = path[:, -CURRENT:].mean(axis=1)
    return np.concatenate([path, damped_rates(end, ginf, half_life_months, rest)], axis=1)


@dataclass(frozen=True, eq=False)
class IndicatorGrowth:
    """Growth of one indicator over the horizon, before any handover.

    Attributes:
        current: Log rate per year now (mean of the path's first twelve months), shape ``(N,)``.
        statistical: Log growth at annual rate by month, shape ``(N, HORIZON)``.
        ginf: Log rate per year in the long run, shape ``(N,)``.
        half_life_months: Shape ``(N,)``.
    """

    current: Array
    statistical: Array
    ginf: Array
    half_life_months: Array

    @classmethod
    def of(cls, path: Array | None, prior: Array, ginf: Array, half_life_months: Array) -> IndicatorGrowth:
        """From a resampled path, or without one from the prior rate alone, damped from the first month on."""
        if path is None:
            return cls(prior, damped_rates(prior, ginf, half_life_months), ginf, half_life_months)
        current = path[:, :CURRENT].mean(axis=1)
        return cls(current, statistical_rates(path, ginf, half_life_months), ginf, half_life_months)


def rates(cumulative: Array) -> Array:
    """Log growth at annual rate by month out of cumulative log growth, both ``(N, HORIZON)``."""
    return np.diff(cumulative, axis=1, prepend=0.0) * 12.0


def cumulate(rate: Array) -> Array:
    """Cumulative log growth out of log growth at annual rate by month, both ``(N, T)``."""
    return np.asarray(np.cumsum(rate, axis=1) / 12.0)

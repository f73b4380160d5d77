"""What remains of an indicator that is recovered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._paths import Path

__all__ = ["Found", "quantile_shares"]


@dataclass(frozen=True, slots=True)
class Found:
    """A recovered indicator.

    Attributes:
        path: Its months.
        shares: (3, 12) mean and 5 and 95 % quantiles of the base weights of the first year.
        average: (12,) shares of the average year of the point estimate.
    """

    path: Path
    shares: FloatArray
    average: FloatArray

    @classmethod
    def of(cls, path: Path, z: FloatArray) -> Found:
        """What remains of draws (n, N) of the log levels, the year before the path's first included."""
        base = z[:, :12]
        level = np.exp(base - base.max(axis=1, keepdims=True))
        return cls(path, quantile_shares(level / level.sum(axis=1, keepdims=True)), _average_share(path))


def quantile_shares(shares: FloatArray) -> FloatArray:
    """(3, 12) mean and 5 and 95 % quantiles of draws (n, 12)."""
    return np.vstack([shares.mean(axis=0), np.quantile(shares, [0.05, 0.95], axis=0)])


def _average_share(path: Path) -> FloatArray:
    """(12,) shares of the average year of a path's point estimate."""
    years = np.where(path.growth_known, path.point_level, np.nan).reshape(-1, 12)
    whole = years[np.isfinite(years).all(axis=1)]
    whole = whole if len(whole) else path.point_level.reshape(-1, 12)
    share: FloatArray = np.exp(np.log(whole / whole.sum(axis=1, keepdims=True)).mean(axis=0))
    return share

"""What is needed of every indicator at once: the point estimate of a path, without its draws."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._paths import Path, ends_between

__all__ = ["Outline", "outline", "point_levels"]


@dataclass(frozen=True, slots=True)
class Outline:
    """The point estimate of a path as forecasts begin from it.

    Attributes:
        last: Month index of the last month that is shown.
        periods_per_year: 11 if any year has a merged January-February, else 12.
        ends: (P,) month index of each period's last month, see `Path.history`; none where it is sparse.
        levels: (P,) their levels on a comparable base.
        latest_year: Sum of the levels of the twelve months up to the last one, on the scale of the monthly table; NaN
            where it is sparse.
        unit_level: Levels are in the published unit; else an index.
        sparse: The path leans on a related indicator.
    """

    last: int
    periods_per_year: int
    ends: npt.NDArray[np.int64]
    levels: FloatArray
    latest_year: float
    unit_level: bool
    sparse: bool

    def future_ends(self, until: int) -> npt.NDArray[np.int64]:
        """See `Path.future_ends`."""
        return ends_between(self.last + 1, until, self.periods_per_year)


def outline(path: Path) -> Outline:
    """The outline of a path."""
    ends, levels, year = np.zeros(0, dtype=np.int64), np.zeros(0), np.nan
    if not path.sparse:
        ends, levels = path.history()
        year = float(point_levels(path, np.arange(path.last - 11, path.last + 1)).sum())
    return Outline(
        last=path.last,
        periods_per_year=path.periods_per_year,
        ends=ends,
        levels=levels,
        latest_year=year,
        unit_level=path.unit_level,
        sparse=path.sparse,
    )


def point_levels(path: Path, ends: npt.NDArray[np.int64]) -> FloatArray:
    """(1, H) levels of the point estimate, on the scale of the monthly table, of periods by their last months."""
    return replace(path, level=path.point_level[None]).levels(ends)

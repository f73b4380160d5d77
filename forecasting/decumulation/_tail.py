"""A path that has forgotten its early draws: what forecasts of an indicator need, in a tenth of the memory."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from forecasting.decumulation._figures import FloatArray
from forecasting.decumulation._paths import Path

__all__ = ["Tail", "cut"]

IntArray = np.ndarray


@dataclass(frozen=True, slots=True)
class Tail(Path):
    """The months of a path from the January before its last year on, draws and all; levels as in the monthly table.

    Attributes:
        rows: The monthly table of the whole path.
        ends: The periods of the whole path, see `Path.history`.
        comparable: Their levels.
        per_year: Periods a year of the whole path.
    """

    rows: pd.DataFrame
    ends: IntArray
    comparable: FloatArray
    per_year: int

    @property
    def periods_per_year(self) -> int:
        """See `Path.periods_per_year`."""
        return self.per_year

    def history(self) -> tuple[IntArray, FloatArray]:
        """See `Path.history`."""
        return self.ends, self.comparable

    @property
    def scale(self) -> float:
        """Levels are as published, or on the index, already."""
        return 1.0

    def monthly(self) -> pd.DataFrame:
        """See `Path.monthly`."""
        return self.rows


def cut(path: Path) -> Path:
    """The end of a path; a path of two years at most as it is."""
    start = (path.last // 12 - 1) * 12
    if start <= path.start:
        return path
    ends, comparable = path.history()
    shown = slice(start - path.start, None)
    values = {field.name: getattr(path, field.name) for field in fields(Path)}
    for name in ("point_growth", "low", "high", "observed", "exact", "level_known"):
        values[name] = values[name][shown].copy()
    values["growth"] = path.growth[:, shown].copy()
    values["level"] = path.scale * path.level[:, shown]
    values["point_level"] = path.scale * path.point_level[shown]
    values["merged"] = path.merged[(start - path.start) // 12 :].copy()
    values |= {"start": start, "first": max(path.first, start)}
    return Tail(**values, rows=path.monthly(), ends=ends, comparable=comparable, per_year=path.periods_per_year)

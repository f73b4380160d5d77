"""One indicator's published figures on a grid of years and months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.observations import MEASURES, RATES, month_index

__all__ = ["BoolArray", "Figures", "FloatArray", "IntArray", "arrange", "as_published"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Figures:
    """Published figures of one indicator, Y whole calendar years.

    Attributes:
        indicator: Its id.
        family: Indicators of one family share what is learned of the seasonal profile; may be empty.
        year: First calendar year of the grid.
        value: Measure -> (Y, 12); rates as fractions, levels in their unit, NaN where not published.
        half: Measure -> (Y, 12); half a unit of the last published decimal, on the scale of `value`.
        merged: (Y,) True where January and February are published together only.
        first: Month index of the first month that a figure speaks of.
        last: Month index of the last published month.
    """

    indicator: str
    family: str
    year: int
    value: dict[str, FloatArray]
    half: dict[str, FloatArray]
    merged: BoolArray
    first: int
    last: int

    @property
    def years(self) -> int:
        """Number of calendar years Y."""
        return len(self.merged)

    @property
    def published(self) -> BoolArray:
        """(Y, 12) True where any measure is published."""
        seen: BoolArray = np.any([~np.isnan(grid) for grid in self.value.values()], axis=0)
        return seen

    @property
    def has_levels(self) -> bool:
        """Whether any level is published."""
        return bool(np.isfinite(self.value["month_level"]).any() or np.isfinite(self.value["ytd_level"]).any())

    def without(self, names: Iterable[tuple[str, int, int]]) -> Figures:
        """The same, some figures not published: measure, and year and month on the grid."""
        value = {measure: grid.copy() for measure, grid in self.value.items()}
        for measure, year, month in names:
            value[measure][year, month] = np.nan
        return replace(self, value=value)

    def month_levels(self) -> tuple[FloatArray, FloatArray]:
        """Monthly levels that the published ones state, and their half-widths: (Y, 12) each.

        A single-month level wins over the difference of two cumulative ones. The level of a merged
        January-February is split in halves, which matters to nobody who keeps the two together.
        """
        total, half = self.value["ytd_level"], self.half["ytd_level"]
        before = np.concatenate([np.zeros((self.years, 1)), total[:, :-1]], axis=1)
        before_half = np.concatenate([np.zeros((self.years, 1)), half[:, :-1]], axis=1)
        level, width = total - before, half + before_half
        pair = self.merged & np.isfinite(total[:, 1])
        level[pair, :2] = total[pair, 1:2] / 2
        width[pair, :2] = half[pair, 1:2] / 2
        own = np.isfinite(self.value["month_level"]) & ~(self.merged[:, None] & (np.arange(12) < 2))
        level = np.where(own, self.value["month_level"], level)
        width = np.where(own, self.half["month_level"], width)
        usable = level > 0
        return np.where(usable, level, np.nan), np.where(usable, width, np.nan)


def as_published(
    figures: Figures,
    use: Mapping[str, BoolArray],
    level: FloatArray,
    *,
    broken: bool = False,
    rng: np.random.Generator | None = None,
) -> FloatArray:
    """Levels (n, Y, 12) in the published unit, those on a base of their own as published.

    Args:
        figures: Published figures; of fewer years than Y where the levels go on.
        use: Which of them the draws state.
        level: (n, Y, 12) on a comparable base.
        broken: The levels break; then none is stated.
        rng: Source of the rounding errors of levels that the draws do not state; None for levels as printed.
    """
    published, width = figures.month_levels()
    if not np.isfinite(published).any():
        return level
    own = np.isfinite(figures.value["month_level"])
    believed = np.where(own, use["month_level"], use["ytd_level"]) & np.isfinite(published) & (not broken)
    believed[figures.merged, 0] = believed[figures.merged, 1]
    ahead = ((0, level.shape[1] - figures.years), (0, 0))
    published, width = (np.pad(grid, ahead, constant_values=np.nan) for grid in (published, width))
    believed = np.pad(believed, ahead)
    noise = np.zeros(level.shape) if rng is None else rng.uniform(-1, 1, size=level.shape)
    stated = np.where(believed, level, published + width * noise)
    stated = np.where(stated > 0, stated, published)
    has = np.isfinite(published).any(axis=1)
    factor = np.ones(level.shape[:2])
    for y in np.flatnonzero(has):
        seen = np.isfinite(published[y])
        if not believed[y].any():
            factor[:, y] = stated[:, y, seen].sum(axis=1) / level[:, y, seen].sum(axis=1)
    nearest = np.abs(np.flatnonzero(has) - np.arange(level.shape[1])[:, None]).argmin(axis=1)
    factor = factor[:, np.flatnonzero(has)[nearest]]
    return np.where(np.isfinite(published), stated, level * factor[:, :, None])


def arrange(observations: pd.DataFrame) -> list[Figures]:
    """Lay canonical observations out by indicator, in the order of their ids."""
    months = {period: month_index(period) for period in observations["period"].unique()}
    columns = {
        "indicator": observations["indicator"].to_numpy(),
        "month": observations["period"].map(months).to_numpy(),
        "measure": observations["measure"].to_numpy(),
        "value": observations["value"].to_numpy(),
        "half": 0.5 * 10.0 ** -observations["decimals"].to_numpy(),
        "family": observations["family"].to_numpy(),
    }
    places = observations.groupby("indicator", sort=True).indices
    return [_figures(str(name), {key: array[rows] for key, array in columns.items()}) for name, rows in places.items()]


def _figures(indicator: str, rows: Mapping[str, npt.NDArray[Any]]) -> Figures:
    index = rows["month"]
    last, first = int(index.max()), int(index.min())
    year = first // 12
    shape = (last // 12 - year + 1, 12)
    value = {measure: np.full(shape, np.nan) for measure in MEASURES}
    half = {measure: np.full(shape, np.nan) for measure in MEASURES}
    cumulative = np.zeros(len(index), dtype=bool)
    for measure in MEASURES:
        mine = rows["measure"] == measure
        cells = (index[mine] // 12 - year, index[mine] % 12)
        unit = 0.01 if measure in RATES else 1.0
        value[measure][cells] = rows["value"][mine] * unit
        half[measure][cells] = unit * rows["half"][mine]
        if measure.startswith("ytd"):
            cumulative |= mine
    if (cumulative & (index == first)).any():
        first = year * 12
    return Figures(
        indicator=indicator,
        family=next((str(name) for name in rows["family"] if name), ""),
        year=year,
        value=value,
        half=half,
        merged=_merged(value),
        first=first,
        last=last,
    )


def _merged(value: Mapping[str, FloatArray]) -> BoolArray:
    """A year is merged if its February has a cumulative figure and its January none; others follow their neighbours.

    A February of its own without a January is a month that nobody published, and no sum of two.
    """
    seen = {measure: np.isfinite(grid[:, :2]) for measure, grid in value.items()}
    january, february = np.any(list(seen.values()), axis=0).T
    together = (seen["ytd_yoy"] | seen["ytd_level"])[:, 1]
    state = pd.Series(np.where(january, 0.0, np.where(together, 1.0, np.where(february, 0.0, np.nan))))
    never_seen = 0.0 if np.isfinite(value["month_level"]).any() else 1.0
    return (state.bfill().ffill().fillna(never_seen) == 1.0).to_numpy()

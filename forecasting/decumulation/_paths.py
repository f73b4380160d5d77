"""What de-cumulation knows of one indicator: point estimate and draws by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.decumulation._figures import BoolArray, Figures, FloatArray
from forecasting.observations import month_label

__all__ = ["Flag", "IntArray", "Path", "ends_between"]

IntArray = npt.NDArray[np.int64]

COLUMNS = ["indicator", "month", "months", "level", "yoy", "yoy_sd", "yoy_q05", "yoy_q95",
           "set_low", "set_high", "status", "flag"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flag:
    """Something a reader should know of one month, with its evidence.

    Attributes:
        indicator: Its id.
        month: Month index.
        name: revision (the cumulative rate differs from the months, or from those beside it), restated_base (the
            levels do), break (the levels cannot be compared and are not used), levels_only (the growth is that of
            published levels, on whatever base they are), apart (parts that were not found to add up to their whole).
        evidence: The figures that do not go together.
        gap_pct: Size of the disagreement in percentage points.
    """

    indicator: str
    month: int
    name: str
    evidence: str
    gap_pct: float

    @classmethod
    def at(cls, figures: Figures, year: int, month: int, name: str, evidence: str, gap: float) -> Flag:
        """The flag of a cell of an indicator's grid; the gap is a fraction."""
        return cls(figures.indicator, (figures.year + year) * 12 + month, name, evidence, 100 * gap)


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Path:
    """Monthly growth and levels of one indicator over T months from a January on.

    Attributes:
        indicator: Its id.
        start: Month index of the first month of the arrays, a January.
        first: Month index of the first month that is shown.
        last: Month index of the last one.
        merged: (T / 12,) years in which January and February are one period.
        point_growth: (T,) growth on the year before, fraction.
        point_level: (T,) level, in the published unit or proportional to it.
        growth: (n, T) draws.
        level: (n, T) draws.
        low: (T,) smallest growth that the believed figures allow, NaN where unbounded.
        high: (T,) largest.
        observed: (T,) the growth of the very month was published.
        exact: (T,) the figures determine the month by itself, given the base weights.
        level_known: (T,) the level was published or follows from published figures; others only stand in for it.
        unit_level: Levels are in the published unit; else an index.
        scales: (n, 4) standard deviations and correlation length of each draw's deviation from the related indicator
            (`_sparse`); None where the indicator is densely published.
        flags: What to know.
    """

    indicator: str
    start: int
    first: int
    last: int
    merged: BoolArray
    point_growth: FloatArray
    point_level: FloatArray
    growth: FloatArray
    level: FloatArray
    low: FloatArray
    high: FloatArray
    observed: BoolArray
    exact: BoolArray
    level_known: BoolArray
    unit_level: bool
    scales: FloatArray | None
    flags: tuple[Flag, ...]

    def __repr__(self) -> str:
        months = f"{month_label(self.first)} to {month_label(self.last)}"
        return f"Path({self.indicator}: {months}, {len(self.growth)} draws)"

    @property
    def sparse(self) -> bool:
        """Whether it is a deviation from a related indicator."""
        return self.scales is not None

    @property
    def periods_per_year(self) -> int:
        """11 if any year has a merged January-February, else 12."""
        return 11 if self.merged.any() else 12

    @property
    def growth_known(self) -> BoolArray:
        """(T,) months with a growth rate, no later than the last one shown."""
        t = np.arange(len(self.point_growth)) + self.start
        return np.isfinite(self.point_growth) & (t >= self.first) & (t <= self.last)

    def periods(self) -> tuple[IntArray, FloatArray]:
        """Levels on a comparable base, for forecasting: each is that of the year before times its growth.

        Returns:
            Month index of each period's last month and its level in the point estimate, (P,) both: the unbroken
            run of periods up to the last month shown, empty if that one has no growth rate. With any merged
            January-February, the two are one period in every year.
        """
        ends = ends_between(self.start, self.last, self.periods_per_year)
        level = self._in_periods(self._chain(), ends)
        missing = np.flatnonzero(np.isnan(level))
        run = slice(int(missing[-1]) + 1 if len(missing) else 0, None)
        return ends[run], level[run]

    def history(self) -> tuple[IntArray, FloatArray]:
        """What forecasts begin from: `periods`, and before a single year of them the one that its rates refer to.

        A year alone tells nothing of the season.
        """
        ends, level = self.periods()
        if len(ends) != self.periods_per_year:
            return ends, level
        base = self._in_periods(self._chain() / (1 + self.point_growth), ends)
        return np.concatenate([ends - 12, ends]), np.concatenate([base, level])

    def _chain(self) -> FloatArray:
        by_month = self.point_growth.reshape(-1, 12)
        first = int(np.argmax(np.isfinite(by_month).any(axis=1)))
        start = self.point_level.reshape(-1, 12)[first] / (
            1 + np.where(np.isfinite(by_month[first]), by_month[first], 0)
        )
        chained = start * np.cumprod(1 + np.where(np.isfinite(by_month), by_month, 0)[first:], axis=0)
        out = np.full(by_month.shape, np.nan)
        out[first:] = chained
        return np.where(self.growth_known, out.ravel(), np.nan)

    def _in_periods(self, chain: FloatArray, ends: IntArray) -> FloatArray:
        value = chain[ends - self.start]
        if self.periods_per_year == 11:
            february = ends % 12 == 1
            value[february] += chain[ends[february] - 1 - self.start]
        return value

    def future_ends(self, until: int) -> IntArray:
        """Month index of the last month of each period after the last one, up to a month index."""
        return ends_between(self.last + 1, until, self.periods_per_year)

    def latest_ends(self) -> IntArray:
        """Month index of the last month of each period of the latest year, (`periods_per_year`,)."""
        ends = ends_between(self.last - 12, self.last, self.periods_per_year)  # a pair may reach beyond twelve months
        return ends[-self.periods_per_year :]

    def extended(self, ends: IntArray, growth: FloatArray, point: FloatArray) -> Path:
        """The path with forecast growth (n, H), (H,) of the periods that end at `ends`, levels following from it."""
        size = (int(ends[-1]) // 12 + 1) * 12 - self.start
        merged = np.concatenate([self.merged, np.full(size // 12 - len(self.merged), self.periods_per_year == 11)])
        half_a_pair = self.periods_per_year == 11 and self.last % 12 == 0  # a lone January: the pair is forecast
        spread = np.arange(self.last + 1 - half_a_pair, int(ends[-1]) + 1)
        source = np.searchsorted(ends, spread)
        at = spread - self.start

        def longer(array: FloatArray | BoolArray, fill: float = np.nan) -> FloatArray:
            shape = (*array.shape[:-1], size)
            out = np.full(shape, fill)
            out[..., : self.last + 1 - self.start] = array[..., : self.last + 1 - self.start]
            return out

        all_growth, all_point = longer(self.growth), longer(self.point_growth)
        all_growth[:, at], all_point[at] = growth[:, source], point[source]
        level, point_level = longer(self.level), longer(self.point_level)
        for t in at:
            early = t < 12  # the year before is not in the arrays; what may stand there is undone
            base = self.level[:, t] / (1 + self.growth[:, t]) if early else level[:, t - 12]
            level[:, t] = base * (1 + all_growth[:, t])
            base = self.point_level[t] / (1 + self.point_growth[t]) if early else point_level[t - 12]
            point_level[t] = base * (1 + all_point[t])
        return replace(
            self,
            last=int(ends[-1]),
            merged=merged,
            point_growth=all_point,
            point_level=point_level,
            growth=all_growth,
            level=level,
            low=longer(self.low),
            high=longer(self.high),
            observed=longer(self.observed, 0.0) == 1.0,
            exact=longer(self.exact, 0.0) == 1.0,
            level_known=longer(self.level_known, 1.0) == 1.0,
        )

    def is_pair(self, month: int) -> bool:
        """Whether the period that ends with this month is January and February together."""
        return month % 12 == 1 and bool(self.merged[(month - self.start) // 12])

    def rates(self, ends: IntArray) -> FloatArray:
        """Draws (n, H) of growth, fractions, of the periods that end at these months."""
        return self.growth[:, ends - self.start]

    def levels(self, ends: IntArray) -> FloatArray:
        """Draws (n, H) of levels, on the scale of the monthly table, of the periods that end at these months."""
        value = self.scale * self.level[:, ends - self.start]
        pairs = [k for k, end in enumerate(ends) if self.is_pair(int(end))]
        value[:, pairs] += self.scale * self.level[:, ends[pairs] - 1 - self.start]
        return value

    def growth_of(self, months: IntArray) -> FloatArray:
        """Draws (n,) of the growth of months together on the same months of the year before, fractions."""
        growth, at = self.growth[:, months - self.start], months - self.start
        base = np.where(at < 12, self.level[:, at] / (1 + growth), self.level[:, at - 12])
        return np.asarray((base * growth).sum(axis=1) / base.sum(axis=1))

    def year_to_date(
        self, months: IntArray, published: Mapping[int, tuple[int, FloatArray]] = MappingProxyType({})
    ) -> FloatArray:
        """Draws (n, H) of cumulative rates, fractions: the months weighed by the levels of the year before.

        Args:
            months: (H,) month indices.
            published: Year -> one of its months and (n,) draws of that month's published rate, to go on from it.
        """
        out = np.empty((len(self.growth), len(months)))
        for year in np.unique(months // 12).tolist():
            january = year * 12 - self.start
            growth = self.growth[:, january : january + 12]
            if january:
                base = self.level[:, january - 12 : january - 12 + growth.shape[1]]
            else:
                base = self.level[:, :12] / (1 + growth)
            before, now = base.cumsum(axis=1), (base * (1 + growth)).cumsum(axis=1)
            if year in published:
                month, rate = published[year]
                known = month % 12
                now += ((1 + rate) * before[:, known] - now[:, known])[:, None]
            mine = months // 12 == year
            out[:, mine] = (now / before)[:, months[mine] % 12] - 1
        return out

    @property
    def scale(self) -> float:
        """What turns levels of the path into published ones: 1, or 100 = average month of the first year."""
        return 1.0 if self.unit_level else 100 / float(np.nanmean(self.point_level[self.first - self.start :][:12]))

    def monthly(self) -> pd.DataFrame:
        """Rows of monthly.csv; rates in percent, levels in the unit or 100 = average month of the first year."""
        shown = np.arange(self.first - self.start, self.last + 1 - self.start)
        pair = self.merged[shown // 12] & (shown % 12 == 1)
        hidden = self.merged[shown // 12] & (shown % 12 == 0)
        known = self.growth_known[shown] & ~hidden
        level = self.point_level[shown].copy()
        level[pair] += self.point_level[shown[pair] - 1]
        growth = np.where(known, self.growth[:, shown], np.nan)
        q05, q95 = _quantiles(growth, 0.05, 0.95)
        rates = (self.point_growth[shown], growth.std(axis=0), q05, q95, self.low[shown], self.high[shown])
        own = np.where(known & (self.sparse | ~self.exact[shown]), "sparse" if self.sparse else "block", "").tolist()
        names: dict[int, list[str]] = {}
        for flag in self.flags:
            names.setdefault(flag.month - self.first, []).append(flag.name)
        for k, found in names.items():
            if 0 <= k < len(own):
                own[k] = " ".join([*sorted(set(found)), *own[k].split()])
        broken = np.array(["break" in names.get(k, []) for k in range(len(own))], dtype=bool)
        months = pd.array(np.where(pair, 2, 1), dtype="Int64")
        months[hidden] = pd.NA
        values = [
            self.indicator,
            [month_label(month) for month in range(self.first, self.last + 1)],
            months,
            np.where(self.level_known[shown] & ~hidden, self.scale * level, np.nan),
            *(np.where(hidden, np.nan, 100 * rate) for rate in rates),
            np.select([hidden, broken, pair, self.observed[shown]], ["K", "B", "W", "A"], "E").tolist(),
            own,
        ]
        return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)))


def ends_between(first: int, last: int, periods_per_year: int) -> IntArray:
    """Month index of the last month of each period that ends between two months."""
    months = np.arange(first, last + 1)
    return months[months % 12 != 0] if periods_per_year == 11 else months


def _quantiles(draws: FloatArray, *shares: float) -> list[FloatArray]:
    """Weibull's quantiles (T,) of draws (n, T), by one sort, much faster than `numpy.quantile`."""
    ordered = np.sort(draws, axis=0)
    found = []
    for share in shares:
        place = min(max(share * (len(draws) + 1) - 1, 0.0), len(draws) - 1.0)
        low = int(place)
        high = min(low + 1, len(draws) - 1)
        found.append(ordered[low] + (place - low) * (ordered[high] - ordered[low]))
    return found

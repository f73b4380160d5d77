"""Which of an indicator's published figures its months have to state, and how the others speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from forecasting.decumulation._certificate import Dropped
from forecasting.decumulation._figures import BoolArray, Figures, FloatArray
from forecasting.decumulation._paths import Flag
from forecasting.decumulation._system import Row
from forecasting.observations import RATES

__all__ = [
    "base_rows",
    "breaks",
    "contradicted",
    "departures",
    "figure_rows",
    "height",
    "level_growth",
    "revised_figure",
    "stated_twice",
]

BREAK_LOG = 0.25
BREAK_MADS = 15.0
"""Growth by levels alone is taken for a restatement when it is this far, in logs, from the year's median month
and this many median absolute deviations: of M3's industry series, all of them sound, .02 % of the months are, and by
six deviations of the year alone .4 % would be. Where one level of a thousand has a wrong digit, months err least by 15
to 20."""

ASIDE_LOG = 0.05
ASIDE_MADS = 2.0
"""The same for a month to be on one side of its year's others at all."""

LEVEL_SD = 0.003
"""Relative standard deviation of levels on a base of their own about the comparable ones."""

UNEVEN = 0.05
"""Most by which levels of a year may miss the other figures by unlike parts for their shares to count."""

REVISED_PCT = 0.1
"""Error, in points, of a figure that is taken for revised: the usual size of a revision."""

EXACT = 1e-6
"""Relative half-width of shares that are given exactly."""


def level_growth(figures: Figures) -> tuple[FloatArray, FloatArray]:
    """Growth (Y, 12) by published levels of both years, month by month, on whatever base they are, and half-widths.

    A merged January-February has one growth, at February.
    """
    level, width = (grid.copy() for grid in figures.month_levels())
    for grid in (level, width):
        grid[figures.merged, 1] += grid[figures.merged, 0]
        grid[figures.merged, 0] = np.nan
    growth, half = np.full(level.shape, np.nan), np.full(level.shape, np.nan)
    alike = (figures.merged[1:] == figures.merged[:-1])[:, None] | (np.arange(12) > 1)
    now, before = np.where(alike, level[1:], np.nan), level[:-1]
    growth[1:] = now / before - 1
    half[1:] = width[1:] / before + width[:-1] * now / before**2
    return growth, half


def breaks(figures: Figures) -> list[Flag]:
    """Months without a rate whose growth by levels only a restated level can explain: far from the year's others.

    How far is judged by the spread of the year's months, and of all years' where that is wider: a dozen months may be
    calm by chance. Rounding may explain growth of small levels, and Chinese New Year that of January and February,
    between which it moves: far are these two only if they are so together, too. A shock passes, as that of early 2020
    did, where a base stays: far months are believed that have neighbours on the same side, if growth is back among the
    year's others within a year; a month that is far all by itself is taken for a misprint.
    """
    growth, half = level_growth(figures)
    silent = ~np.isfinite(figures.value["month_yoy"]) & ~np.isfinite(figures.value["ytd_yoy"])
    together = _since_new_year(figures)
    seen = np.isfinite(growth) & silent & (growth > -1)
    logs = np.log1p(np.where(seen, growth, np.nan))
    centre, limit, aside = np.full((3, figures.years), np.nan)
    years = np.flatnonzero(seen.any(axis=1))
    centre[years] = np.nanmedian(logs[years], axis=1)
    away = logs - centre[:, None]
    if len(years):
        spread = np.maximum(np.nanmedian(np.abs(away[years]), axis=1), np.nanmedian(np.abs(away)))
        limit[years] = np.maximum(BREAK_LOG, BREAK_MADS * spread)
        aside[years] = np.maximum(ASIDE_LOG, ASIDE_MADS * spread)
    far = np.nan_to_num(np.abs(away) - half / (1 + growth)) > limit[:, None]
    far[:, :2] &= ~(np.abs(together - centre) <= limit)[:, None]
    if far.any():
        far &= ~_passing(figures, logs, away, aside, centre, limit)
    flags = []
    for y, month in np.argwhere(far).tolist():
        value, middle = float(growth[y, month]), float(np.expm1(centre[y]))
        evidence = (
            f"published levels give {100 * value:.2f} percent, the year's other months {100 * middle:.2f} in the "
            "middle: not used, the month follows its neighbours"
        )
        flags.append(Flag.at(figures, y, month, "break", evidence, value - middle))
    return flags


def _passing(
    figures: Figures, logs: FloatArray, away: FloatArray, aside: FloatArray, centre: FloatArray, limit: FloatArray
) -> BoolArray:
    """(Y, 12) months of runs on one side of their years' others that end within a year where growth comes back.

    Args:
        figures: Published figures, Y years.
        logs: (Y, 12) log growth by levels, NaN where unknown.
        away: The same less the median of its year.
        aside: (Y,) distance from which on a month is on one side.
        centre: (Y,) medians.
        limit: (Y,) distance within which growth is back.
    """
    out: BoolArray = np.zeros(logs.shape, dtype=bool)
    months = [(y, m) for y in range(figures.years) for m in range(12) if m or not figures.merged[y]]
    run: list[tuple[int, int]] = []
    side = 0.0
    for y, m in months:
        now = float(np.sign(away[y, m])) if abs(away[y, m]) > aside[y] else 0.0
        if run and now != side:
            year = run[-1][0]  # whose middle it is: a base that stays makes the middle of the next
            if abs(logs[y, m] - centre[year]) <= limit[year] and 1 < len(run) < 12:
                out[tuple(np.transpose(run))] = True
            run = []
        if now:
            run.append((y, m))
        side = now
    return out


def _since_new_year(figures: Figures) -> FloatArray:
    """(Y,) log growth, by published levels, of January and February together; NaN where not all four are known."""
    level, _ = figures.month_levels()
    both = level[:, :2].sum(axis=1)
    out = np.full(figures.years, np.nan)
    out[1:] = np.log(both[1:] / both[:-1])
    return out


def contradicted(figures: Figures, row: Row, implied: float) -> Flag:
    """A break where growth by levels, of a month without a rate, cannot be true together with the rates about it.

    Args:
        figures: Published figures.
        row: The growth by levels.
        implied: Growth of the same window by all figures together, a fraction.
    """
    evidence = (
        f"published levels give {100 * row.value:.2f} percent, all figures together {100 * implied:.2f}: "
        "not used, the month follows its neighbours"
    )
    return Flag.at(figures, row.year, row.month, "break", evidence, row.value - implied)


def figure_rows(
    figures: Figures,
    use: Mapping[str, BoolArray],
    dropped: Sequence[Dropped],
    broken: Sequence[Flag],
    *,
    apart: bool = False,
    restated: BoolArray | None = None,
) -> list[Row]:
    """The rows of an indicator.

    Args:
        figures: Its published figures.
        use: Measure -> (Y, 12) figures that can all be true; the months have to state them.
        dropped: Rates that are not believed: they speak with their miss as an error.
        broken: Breaks of the levels. With any, levels speak through the growth of single months and the shares of
            each year alone.
        apart: Cumulative rates and rates by month are not kept in step: what is revised lasts to the year's end.
        restated: (Y,) years whose cumulative levels do not even tell the shares of their months.
    """
    rows = []
    spoilt = {flag.month // 12 - figures.year: flag.month % 12 for flag in reversed(broken)}  # the first of each year
    twice = stated_twice(figures)
    misses = {(figure.measure, figure.year, figure.month): figure.slack / 100 for figure in dropped}
    for measure in RATES:
        for y, m in np.argwhere(np.isfinite(figures.value[measure])).tolist():
            value, half = float(figures.value[measure][y, m]), float(figures.half[measure][y, m])
            hard = bool(use[measure][y, m])
            miss = 0.0 if hard else misses.get((measure, y, m), 0.0)
            cumulative = measure == "ytd_yoy"
            # where both are published, months before are revised without a word by about a rounding unit
            doubt = half if cumulative and twice[y, m] else 0.0
            rows.append(Row(y, m, cumulative, True, value, half + miss, hard, doubt=doubt, lasting=apart))
    by_month = np.isfinite(figures.value["month_level"]).sum(axis=1)
    uneven = _uneven(figures, dropped)
    for measure in ("ytd_level", "month_level"):
        for y, m in np.argwhere(figures.value[measure] > 0).tolist():
            if m >= spoilt.get(y, 12) or (restated is not None and restated[y] and measure == "ytd_level"):
                continue
            value, half = float(figures.value[measure][y, m]), float(figures.half[measure][y, m])
            hard = bool(use[measure][y, m]) and not broken
            if not hard and measure == "ytd_level" and by_month[y] > m:
                continue  # the single months say the same
            if not hard and measure == "month_level" and uneven[y]:
                continue
            width = half if hard else half + np.sqrt(3) * LEVEL_SD * value
            rows.append(Row(y, m, measure == "ytd_level", False, value, width, hard, own_base=not hard))
    return _once(rows) + (_growth_rows(figures, broken) if broken else [])


def _uneven(figures: Figures, dropped: Sequence[Dropped]) -> BoolArray:
    """(Y,) years whose single-month levels miss the other figures by unlike parts: coverage changed within them."""
    miss = np.where(np.isfinite(figures.value["month_level"]), 0.0, np.nan)
    for figure in dropped:
        if figure.measure == "month_level":
            miss[figure.year, figure.month] = figure.slack / 100
    known = np.isfinite(miss)
    spread = np.where(known, miss, -np.inf).max(axis=1) - np.where(known, miss, np.inf).min(axis=1)
    uneven: BoolArray = known.any(axis=1) & (spread > UNEVEN)
    return uneven


def _once(rows: Sequence[Row]) -> list[Row]:
    """Rows of which January by both measures is one: the months state both, but the same figure tells once only."""
    january = {(row.year, row.yoy): row for row in rows if row.month == 0 and row.hard and row.cumulative}
    out: list[Row] = []
    for row in rows:
        if row.month == 0 and row.hard and not row.cumulative and (row.year, row.yoy) in january:
            twin = january[row.year, row.yoy]
            out.remove(twin)
            low, high = (
                max(row.value - row.half, twin.value - twin.half),
                min(row.value + row.half, twin.value + twin.half),
            )
            row = replace(row, value=(low + high) / 2, half=(high - low) / 2)
        out.append(row)
    return out


def _growth_rows(figures: Figures, broken: Sequence[Flag]) -> list[Row]:
    """Growth by levels in months for which no rate is published, breaks left out."""
    growth, half = level_growth(figures)
    silent = ~np.isfinite(figures.value["month_yoy"]) & ~np.isfinite(figures.value["ytd_yoy"])
    away = {(flag.month // 12 - figures.year, flag.month % 12) for flag in broken}
    rows = []
    for y, m in np.argwhere(np.isfinite(growth) & silent & (growth > -1)).tolist():
        if (y, m) not in away:
            pair = bool(figures.merged[y]) and m == 1
            rows.append(Row(y, m, pair, True, float(growth[y, m]), float(half[y, m])))
    return rows


def stated_twice(figures: Figures) -> BoolArray:
    """(Y, 12) cumulative rates beside a rate of their last month."""
    twice: BoolArray = np.isfinite(figures.value["ytd_yoy"]) & np.isfinite(figures.value["month_yoy"])
    twice[:, 0] = False
    return twice


def departures(figures: Figures, twice: BoolArray, z: FloatArray) -> list[Dropped]:
    """Cumulative rates, of those beside rates by month, to which the months do not round.

    Args:
        figures: Published figures.
        twice: See `stated_twice`.
        z: (N,) log levels of the months, the year before the first included.
    """
    total = np.exp(z).reshape(-1, 12).cumsum(axis=1)
    gap = np.abs(total[1:] / total[:-1] - 1 - figures.value["ytd_yoy"])
    far = np.argwhere(twice & (gap > figures.half["ytd_yoy"]))
    return [Dropped("ytd_yoy", y, m, 100 * float(gap[y, m])) for y, m in far.tolist()]


def revised_figure(row: Row) -> Dropped:
    """A figure that is not believed though nothing proves it wrong."""
    return Dropped(row.measure, row.year, row.month, REVISED_PCT)


def base_rows(share: FloatArray, *, own_base: bool) -> list[Row]:
    """Shares (12,) of the year before the first, known exactly; on a base of their own beside published levels."""
    return [
        Row(-1, m, False, False, float(w), EXACT * float(w), hard=not own_base, own_base=own_base)
        for m, w in enumerate(12 * share)
    ]


def height(rows: Sequence[Row]) -> float | None:
    """Log of an average month by the published levels."""
    logs = [np.log(row.value) - np.log(row.month + 1 if row.cumulative else 1) for row in rows if not row.yoy]
    return float(np.mean(logs)) if logs else None

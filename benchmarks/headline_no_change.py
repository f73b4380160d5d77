"""Cumulative rates forecast at rolling origins against no change: mean absolute errors by step, pseudo-real-time.

At every origin the months are recovered anew from the figures up to it; what forecasts indicators unless another is
clearly better (`by_horizon`: `headline_mean` for the next releases, level models from a year on) goes on from there,
the published cumulative rate of the origin taken as it is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecasting import decumulate
from forecasting.errors import ModelError
from forecasting.evaluation._backtest import fit
from forecasting.evaluation._combination import by_horizon, weighted
from forecasting.evaluation._panel import Series
from forecasting.models import BASELINES, HEADLINE_STANDARD, MODELS, PRESETS
from forecasting.observations import month_index, month_label
from forecasting.parallel import in_parallel
from forecasting.reference import load_observations

STEPS = (1, 3, 6, 12, 24)
MEMBERS = (HEADLINE_STANDARD, *(name for name in PRESETS["default"] if name not in BASELINES))
VALUE_ADDED = "cn_industrial_va"
FIRST_YEARS = {True: 48, False: 22}
"""Months of history before the first origin, for long series and short ones."""

PANDEMIC = range(2020 * 12, 2022 * 12)


def year_to_date(level: dict[int, float], month: int) -> float:
    """Cumulative rate of a month in percent, out of levels by month index."""
    months = [m for m in range(month // 12 * 12, month + 1) if m in level]
    return 100 * (sum(level[m] for m in months) / sum(level[m - 12] for m in months) - 1)


def published(table: pd.DataFrame) -> dict[int, float]:
    """Month index -> published cumulative rate, or that of the published cumulative levels."""
    rates = table[table["measure"] == "ytd_yoy"]
    if len(rates):
        return {month_index(period): value for period, value in zip(rates["period"], rates["value"], strict=True)}
    rows = table[table["measure"] == "ytd_level"]
    level = {month_index(period): value for period, value in zip(rows["period"], rows["value"], strict=True)}
    return {month: 100 * (value / level[month - 12] - 1) for month, value in level.items() if month - 12 in level}


def standard(values: np.ndarray, ends: np.ndarray, steps: int, season_length: int) -> np.ndarray:
    """Levels of so many periods after a history, by the combination whose weights move with the horizon."""
    ds = pd.DatetimeIndex([pd.Timestamp(year=int(m) // 12, month=int(m) % 12 + 1, day=1) for m in ends])
    one = Series("", values, ds, season_length, "log")
    paths = np.full((len(MEMBERS), steps), np.nan)
    for i, name in enumerate(MEMBERS):
        try:
            paths[i] = fit(MODELS[name], one, len(values), steps)
        except ModelError:
            if name == HEADLINE_STANDARD:
                raise
    there = np.isfinite(paths).all(axis=1)[None]
    weights = by_horizon(MEMBERS, there, np.array([len(values)]), season_length, steps)[0]
    return one.back(weighted(paths, weights, one.last_year(len(values))))


def forecast(table: pd.DataFrame, rate: float) -> dict[int, float]:
    """Month index -> forecast of the cumulative rate, from the figures of one indicator up to an origin."""
    path = next(iter(decumulate(table, draws=50).paths.values()))
    ends, values = path.periods()
    future = path.future_ends(path.last + max(STEPS))
    ahead = standard(values, ends, len(future), path.periods_per_year)
    level = dict(zip([*ends.tolist(), *future.tolist()], [*values, *ahead], strict=True))
    origin = path.last
    found = {month: year_to_date(level, month) for month in future.tolist()}
    # this year goes on from what is published
    start = [m for m in range(origin // 12 * 12, origin + 1) if m in level]
    base = sum(level[m - 12] for m in start)
    for month in found:
        if month // 12 == origin // 12:
            rest = [m for m in range(origin + 1, month + 1) if m in level]
            now = (1 + rate / 100) * base + sum(level[m] for m in rest)
            found[month] = 100 * (now / (base + sum(level[m - 12] for m in rest)) - 1)
    return found


def origins(table: pd.DataFrame, every: int) -> Iterator[int]:
    """Month indices to forecast from."""
    months = sorted(published(table))
    first = months[0] + FIRST_YEARS[len(months) > 60]
    yield from [m for m in months if m >= first][:-1][::every]


def errors(table: pd.DataFrame, origin: int) -> list[tuple[int, int, float, float]]:
    """(step, target month, error of the forecast, error of no change) of one origin."""
    actual = published(table)
    ahead = forecast(table[table["period"] <= month_label(origin)], actual[origin])
    return [
        (h, origin + h, abs(ahead[origin + h] - actual[origin + h]), abs(actual[origin] - actual[origin + h]))
        for h in STEPS
        if origin + h in actual and origin + h in ahead
    ]


def main() -> None:
    """Print a line per indicator; an argument takes every n-th origin only."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    everything = load_observations()
    dense = [name for name, path in decumulate(everything, draws=50, workers=2).paths.items() if not path.sparse]
    tables = {name: everything[everything["indicator"] == name] for name in dense}
    jobs = [(name, origin) for name in dense for origin in origins(tables[name], every)]
    tasks = [(tables[name], origin) for name, origin in jobs]
    results = in_parallel(errors, tasks, 2, names=[f"{name} from {month_label(origin)}" for name, origin in jobs])
    rows = [(name, *row) for (name, _), found in zip(jobs, results, strict=True) for row in found]
    frame = pd.DataFrame(rows, columns=["indicator", "h", "target", "forecast", "no_change"])
    frame["pandemic"] = frame["target"].isin(PANDEMIC)
    late = []
    for pandemic, label in ((False, "outside 2020-21"), (True, "2020-21")):
        print(f"\nmean absolute error in points, forecast / no change (ratio), {label}")
        print(f"{'indicator':<30}" + "".join(f"{f'h={h}':>22}" for h in STEPS))
        for name in dense:
            mean = frame[(frame["indicator"] == name) & (frame["pandemic"] == pandemic)].groupby("h").mean("numeric")
            cells = []
            for h in STEPS:
                if h not in mean.index:
                    cells.append("")
                    continue
                ours, naive = mean.at[h, "forecast"], mean.at[h, "no_change"]
                cells.append(f"{ours:6.2f} /{naive:6.2f} ({ours / naive:.2f})")
                limit = 0.9 if name == VALUE_ADDED else 1.0
                if not pandemic and ours > limit * naive:
                    late.append(f"{name} h={h} {ours / naive:.2f}")
            print(f"{name:<30}" + "".join(f"{cell:>22}" for cell in cells))
    counts = frame[~frame["pandemic"]].groupby("indicator")["target"].nunique()
    print("\ntargets: " + ", ".join(f"{name} {count}" for name, count in counts.items()))
    if late:
        sys.exit("above what is asked (.9 of no change on value added, 1.0 on the others): " + ", ".join(late))


if __name__ == "__main__":
    main()

"""Months and cumulative rates ahead, by which figures of an indicator are published: M3's monthly industry.

Each series is published in one way up to 14 to 30 months before its end, recovered and forecast a year ahead; how much
of what came lies inside the bands, by steps, and the mean error of the cumulative rate over that of no change.
Argument: K, for every K-th series only.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from months_of_m3 import FIRST_YEAR, series
from pseudo_publication import by_measure

from forecasting import decumulate, make_outlook
from forecasting.observations import RATES, month_label

DRAWS = 300
HORIZON = 12
BACK = (13, 16, 18, 21, 24, 27, 29)
"""Months between the last published one and the end of a series, in turn."""
STEPS = ((1, 1), (2, 3), (4, 6), (7, 12))
BANDS = {80: ("q10", "q90"), 90: ("q05", "q95"), 95: ("q025", "q975")}

Figure = tuple[int, str, int]
"""Month after the January of the first year with rates, measure, decimals."""


def cumulative(last: int, decimals: int = 1) -> Iterator[Figure]:
    """Cumulative rates from February on."""
    return ((t, "ytd_yoy", decimals) for t in range(last + 1) if t % 12)


def base(measure: str = "ytd_level") -> Iterator[Figure]:
    """Levels of the year before."""
    return ((t, measure, 2) for t in range(-12, 0) if t % 12 or measure == "month_level")


def gappy(last: int) -> Iterator[Figure]:
    """Seven of ten cumulative rates."""
    rng = np.random.default_rng(last)
    return (figure for figure in cumulative(last) if rng.random() < 0.7)


WAYS: dict[str, Callable[[int], list[Figure]]] = {
    "cumulative rates": lambda last: [*cumulative(last)],
    "and levels of one year": lambda last: [*base(), *cumulative(last)],
    "to whole percents": lambda last: [*cumulative(last, decimals=0)],
    "three of ten missing": lambda last: [*gappy(last)],
    "quarterly": lambda last: [figure for figure in cumulative(last) if figure[0] % 3 == 2],
    "both kinds of rates": lambda last: [
        *cumulative(last),
        *((t, "month_yoy", 1) for t in range(last + 1) if t % 12 > 1),
    ],
    "both for three years": lambda last: [*cumulative(last), *((t, "month_yoy", 1) for t in range(36) if t % 12 > 1)],
    "rates by month": lambda last: [(t, "month_yoy", 1) for t in range(last + 1)],
    "cumulative levels": lambda last: [*base(), *((t, "ytd_level", 2) for t in range(last + 1) if t % 12)],
    "levels by month": lambda last: [*base("month_level"), *((t, "month_level", 2) for t in range(last + 1))],
}


def told(name: str, level: np.ndarray, figures: list[Figure]) -> pd.DataFrame:
    """The rows of one series."""
    actual = by_measure(level)
    rows = [
        [name, month_label(FIRST_YEAR * 12 + t), measure, f"{actual[measure].flat[12 + t]:.{decimals}f}",
         "percent" if measure in RATES else "units"]
        for t, measure, decimals in figures
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])


def judged(forecasts: pd.DataFrame, levels: dict[str, np.ndarray], last: dict[str, int]) -> pd.DataFrame:
    """Rows of forecasts with step and what came."""
    rows = forecasts[forecasts["target"].isin(["yoy", "ytd_yoy"])].copy()
    month = pd.PeriodIndex(rows["month"], freq="M")
    t = month.year.to_numpy() * 12 + month.month.to_numpy() - 1 - FIRST_YEAR * 12
    rows["step"] = t - rows["indicator"].map(last).to_numpy()
    rows["at"] = 12 + t  # from the base year on
    rows = rows[rows["at"] < rows["indicator"].map({name: level.size for name, level in levels.items()})]
    actual = {name: by_measure(level) for name, level in levels.items()}
    pair = rows["months"] == 2  # January and February together are those since January
    kinds = np.where((rows["target"] == "ytd_yoy") | pair, "ytd_yoy", "month_yoy")
    came = [actual[name][kind].flat[at] for name, kind, at in zip(rows["indicator"], kinds, rows["at"], strict=True)]
    return rows.assign(came=came)


def report(way: str, levels: dict[str, np.ndarray]) -> None:
    """Print one way of publishing."""
    last = {}
    for i, (name, level) in enumerate(levels.items()):
        end = 12 * (len(level) - 1) - 1 - BACK[i % len(BACK)]
        last[name] = (end // 3 * 3 - 1) if way == "quarterly" else end + (end % 12 == 0)
    table = pd.concat([told(name, level, WAYS[way](last[name])) for name, level in levels.items()])
    outlook = make_outlook(decumulate(table, draws=DRAWS, workers=2), table, horizon=HORIZON, workers=2)
    rows = judged(outlook.forecasts, levels, last)
    no_change = outlook.headlines.set_index(["indicator", "period"])["no_change"]
    print(f"\n{way}: {len(levels)} series")
    for target, what in (("yoy", "months"), ("ytd_yoy", "cumulative rates")):
        parts = []
        for first, until in STEPS:
            own = rows[(rows["target"] == target) & rows["step"].between(first, until)]
            inside = [100 * own["came"].between(own[low], own[high]).mean() for low, high in BANDS.values()]
            part = f"{first}-{until}: " + " ".join(f"{share:.0f}" for share in inside)
            if target == "ytd_yoy":
                naive = no_change.loc[pd.MultiIndex.from_frame(own[["indicator", "month"]])].to_numpy()
                error, usual = (np.abs(own["came"] - point).mean() for point in (own["q50"], naive))
                part += f" ({error / usual:.2f})"
            parts.append(part)
        print(f"  {what} inside {', '.join(map(str, BANDS))} %, by steps ahead  " + "; ".join(parts), flush=True)


def main() -> None:
    """Print all ways."""
    levels = series(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    for way in WAYS:
        report(way, levels)


if __name__ == "__main__":
    main()

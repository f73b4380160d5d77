"""Misprinted figures: how many are found, one at a time, and how many good ones are taken for misprints.

Where nothing but cumulative rates is published: a point is left out (5.7 as 57), a sign is turned, 3 or 1 points are
added, from March to November. Where nothing but levels is: a month's is doubled, of series by how much their growth
varies.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
from pseudo_publication import industry, publish

from forecasting.decumulation._figures import Figures, arrange
from forecasting.decumulation._misprints import misprints
from forecasting.decumulation._rows import breaks, level_growth
from forecasting.reference import load_observations

SLIPS: dict[str, Callable[[float], float]] = {
    "point left out": lambda rate: 10 * rate,
    "sign turned": lambda rate: -rate,
    "3 points more": lambda rate: rate + 0.03,
    "1 point more": lambda rate: rate + 0.01,
}
WRONGLY = 0.01
"""Most of the good rates that may be taken for misprints."""


def found(figures: Figures, slip: Callable[[float], float]) -> tuple[int, int, int]:
    """(found, tried, others accused) of slips in one rate after the other."""
    rate = figures.value["ytd_yoy"]
    places = [(y, m) for y, m in np.argwhere(np.isfinite(rate)).tolist() if 2 <= m <= 10]
    right = wrong = 0
    for place in places:
        printed, rate[place] = rate[place], slip(float(rate[place]))
        accused = {(one.year, one.month) for one in misprints(figures)}
        right += place in accused
        wrong += len(accused - {place})
        rate[place] = printed
    return right, len(places), wrong


def level_lines() -> tuple[list[str], int, int]:
    """Lines on levels alone, of thirds of the series by the spread of growth; breaks of clean ones, their months."""
    rows, accused, months = [], 0, 0
    for name, level in industry().items():
        clean = publish(name, level, ("month_level",))
        growth = level_growth(clean)[0]
        accused += len(breaks(clean))
        months += int(np.isfinite(growth).sum())
        logs = np.log1p(growth[1:])
        spread = float(np.nanmedian(np.abs(logs - np.nanmedian(logs, axis=1, keepdims=True))))
        right = tried = 0
        value = clean.value["month_level"]
        for place in np.argwhere(np.isfinite(value))[14::7]:
            at = tuple(place)
            printed, value[at] = value[at], 2 * value[at]
            month = (clean.year + int(at[0])) * 12 + int(at[1])
            right += month in {flag.month for flag in breaks(clean)}
            tried += 1
            value[at] = printed
        rows.append((spread, right, tried))
    thirds = np.array_split(np.array(sorted(rows)), 3)
    lines = [f"spread to {part[-1, 0]:.3f}: {part[:, 1].sum() / part[:, 2].sum():.2f} found" for part in thirds]
    return lines, accused, months


def main() -> None:
    """Print a line for each kind of slip, and what is accused in clean series."""
    clean = [publish(name, level, ("ytd_yoy",)) for name, level in industry().items()]
    rates = sum(int(np.isfinite(one.value["ytd_yoy"]).sum()) for one in clean)
    accused = sum(len(misprints(one)) for one in clean)
    print(f"M3 industry, {len(clean)} clean series: {accused} of {rates} rates taken for misprints")
    table = load_observations()
    reference = arrange(table[table["measure"] == "ytd_yoy"])
    print(f"reference figures, {len(reference)} indicators: {sum(len(misprints(one)) for one in reference)}")
    for figures in reference:
        if figures.indicator in ("cn_industrial_va", "cn_retail_sales", "cn_exports"):
            lines = [(name, *found(figures, slip)) for name, slip in SLIPS.items()]
            print(f"{figures.indicator}: " + "; ".join(f"{name} {right} of {of} found, {wrong} others accused"
                                                       for name, right, of, wrong in lines))  # fmt: skip
    lines, broken, months = level_lines()
    print(f"levels alone: {broken} of {months} months of clean series taken for breaks; doubled: {'; '.join(lines)}")
    if accused > WRONGLY * rates or broken > WRONGLY * months:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

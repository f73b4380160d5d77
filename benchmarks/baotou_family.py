"""The Baotou indicators, a handful of points each: bands about the points, adding-up by draw, and a picture."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path as File

import numpy as np
import pandas as pd
from pictures import BLUE, GREY, ORANGE

from forecasting import decumulate
from forecasting.catalog import load_catalog
from forecasting.decumulation import Path
from forecasting.observations import month_index, month_label
from forecasting.reference import load_observations

TARGET = File(__file__).parent.parent / "docs" / "baotou_family.png"
DRAWS = 500
CITY = "baotou_"


def spread(path: Path, month: int) -> float:
    """Width of the 90 % band of the cumulative rate of a month, points."""
    low, high = np.quantile(100 * path.year_to_date(np.array([month])), [0.05, 0.95])
    return float(high - low)


def points(path: Path, table: pd.DataFrame) -> bool:
    """Print the band at each point and the narrowest without one in that year; whether all is well."""
    good = True
    rows = table[table["indicator"] == path.indicator]
    known = set(rows["period"].map(month_index))
    for period, value in zip(rows["period"], rows["value"], strict=True):
        month = month_index(period)
        at = 100 * path.year_to_date(np.array([month]))
        stated = bool((np.abs(at - value) <= 0.05 + 1e-9).all())
        january = month - month % 12
        around = min(spread(path, m) for m in range(january, min(january + 11, path.last) + 1) if m not in known)
        good &= stated and spread(path, month) < around
        print(
            f"{path.indicator:<28} {period}  {value:5.1f} %: band of {spread(path, month):.2f} points, "
            f"at least {around:.2f} in the year's other months; {'every' if stated else 'NOT every'} draw rounds to it"
        )
    return good


def adding_up(whole: Path, parts: list[Path]) -> bool:
    """Print the largest error by which levels and contributions of the parts miss the whole, over draws and months."""
    start = max(path.start for path in (whole, *parts))
    last = min(path.last for path in (whole, *parts))
    now = [path.level[:, start - path.start : last + 1 - path.start] for path in (whole, *parts)]
    first = slice(12, None)  # contributions need the levels of the year before
    level = np.abs(sum(now[1:]) / now[0] - 1).max()
    growth = now[0][:, first] / now[0][:, :-12] - 1
    pull = sum(part[:, first] - part[:, :-12] for part in now[1:]) / now[0][:, :-12]
    error = np.abs(pull - growth).max()
    share = [float(np.mean(part / now[0])) for part in now[1:]]
    print(
        f"\n{month_label(start)} to {month_label(last)}, {len(now[0])} draws: parts add up to the whole to "
        f"{level:.0e} of it, contributions to its growth to {100 * error:.0e} points; mean shares "
        + ", ".join(f"{path.indicator.removeprefix(CITY)} {s:.2f}" for path, s in zip(parts, share, strict=True))
    )
    return bool(level < 1e-6 and error < 1e-6)


def draw(paths: list[Path], table: pd.DataFrame) -> None:
    """A panel per indicator: months, 90 % band, published points."""
    from matplotlib.figure import Figure

    titles = {item.id: item.title_en for item in load_catalog()}
    figure = Figure(figsize=(11, 2.3 * ((len(paths) + 1) // 2)), layout="constrained")
    grid = figure.subplots((len(paths) + 1) // 2, 2, sharex=True).ravel()
    for axes, path in zip(grid, paths, strict=False):
        months = np.arange(max(path.start, 2021 * 12), path.last + 1)
        at = months - path.start
        keep = np.isfinite(path.point_growth[at]) & (path.merged[at // 12] <= (months % 12 != 0))
        dates = pd.to_datetime([month_label(int(m)) for m in months[keep]])
        low, high = np.quantile(100 * path.growth[:, at[keep]], [0.05, 0.95], axis=0)
        axes.fill_between(dates, low, high, color=BLUE, alpha=0.25, label="90 % band")
        axes.plot(dates, 100 * path.point_growth[at[keep]], color=BLUE, label="month")
        rows = table[(table["indicator"] == path.indicator) & (table["period"] >= "2021")]
        for k, (period, value) in enumerate(zip(rows["period"], rows["value"], strict=True)):
            end = pd.Timestamp(period)
            label = "published: January to month" if k == 0 else None
            axes.plot([pd.Timestamp(end.year, 1, 1), end], [value, value], color=ORANGE, lw=2, label=label)
        axes.set_title(textwrap.fill(titles[path.indicator], 62), loc="left", fontsize="small")
        axes.axhline(0, color=GREY, lw=0.6)
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_ylabel("percent")
    for axes in grid[len(paths) :]:
        axes.set_visible(False)
    grid[0].legend(frameon=False, fontsize="x-small", ncols=3)
    figure.savefig(TARGET, dpi=110)
    print(f"drawn: docs/{TARGET.name}")


def main() -> None:
    """Print the figures; fail where a band does not narrow at a point or a draw does not add up."""
    catalog, table = load_catalog(), load_observations()
    related = {item.id: item.related for item in catalog if item.related}
    found = decumulate(table, related=related, parts=catalog.parts, draws=DRAWS, workers=2).paths
    city = [path for name, path in found.items() if name.startswith(CITY)]
    good = [points(path, table) for path in city]
    for whole, parts in catalog.parts.items():
        if whole.startswith(CITY):
            good.append(adding_up(found[whole], [found[name] for name in parts]))
    draw(city, table)
    if not all(good):
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

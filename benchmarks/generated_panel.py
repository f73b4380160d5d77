"""A panel of made-up indicators, published as a bureau would: a drop-folder CSV and a catalogue file of any size.

Levels have a trend, a seasonal profile shared by a family, Chinese New Year and noise. Everybody publishes cumulative
rates to 0.1 with January and February together; of ten in a family one publishes the months' rates too, and one has a
handful of figures and leans on a dense one. In one family of ten the first is the whole of two others, with levels.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.observations import month_label

FIRST_YEAR, YEARS = 2010, 15
FAMILY = 10
LAST = (FIRST_YEAR + YEARS) * 12 + 9
"""Month index of the last figure, an October."""
NEW_YEARS = {
    2009: (1, 26), 2010: (2, 14), 2011: (2, 3), 2012: (1, 23), 2013: (2, 10), 2014: (1, 31), 2015: (2, 19),
    2016: (2, 8), 2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12), 2022: (2, 1),
    2023: (1, 22), 2024: (2, 10), 2025: (1, 29),
}  # fmt: skip
ENTRY = """
[[indicator]]
id = "{id}"
title_en = "Made-up industry {number}"
title_zh = "虚构行业 {number}"
region = "CN"
sector = "sector {sector}"
unit = "{unit}"
decimals = 1
role = "context"
family = "{family}"
{ties}source = {{ connector = "file" }}
publisher = "Made up"
release = {{ lag = 1, day = 16, time = "10:00", no_january_since = 2009 }}
"""


def write(count: int, home: Path) -> None:
    """Write `cumulus.toml`, `catalog.toml` and `var/drop/figures.csv` of a home folder."""
    drop = home / "var" / "drop"
    drop.mkdir(parents=True)
    (home / "cumulus.toml").write_text(f'catalog = "{home / "catalog.toml"}"\n', encoding="utf-8")
    (home / "catalog.toml").write_text("".join(_entry(i, count) for i in range(count)), encoding="utf-8")
    frames = [_figures(first, min(FAMILY, count - first)) for first in range(0, count, FAMILY)]
    pd.concat(frames, ignore_index=True).to_csv(drop / "figures.csv", index=False)


def revise(home: Path, indicator: int = 4) -> None:
    """A file that says another last figure of one indicator."""
    own = _figures(indicator // FAMILY * FAMILY, FAMILY)
    row = own[(own["indicator"] == _name(indicator)) & (own["measure"] == "ytd_yoy")].tail(1)
    row.assign(value=(row["value"] + 0.3).round(1)).to_csv(home / "var" / "drop" / "revision.csv", index=False)


def _name(number: int) -> str:
    return f"made_up_{number:05d}"


def _levels_too(number: int) -> bool:
    return number // FAMILY % 10 == 9 and number % FAMILY < 3


def _entry(number: int, count: int) -> str:
    first = number // FAMILY * FAMILY
    place, ties = number - first, ""
    levels = _levels_too(number)
    if levels and first + FAMILY <= count:
        ties = "adds_up = true\n" if place == 0 else f'parent = "{_name(first)}"\n'
    elif place == 9:
        ties = f'related = "{_name(first)}"\n'
    return ENTRY.format(
        id=_name(number), number=number, sector=first // FAMILY % 20, unit="100 million yuan" if levels else "index",
        family=f"family_{first // FAMILY:04d}", ties=ties,
    )  # fmt: skip


def _levels(first: int, size: int) -> np.ndarray:
    """(size, years + 2, 12) monthly levels from the year before the first published one on."""
    rng = np.random.default_rng([7, first])
    months = 12 * (YEARS + 2)
    profile = 0.1 * rng.standard_normal(12) + 0.03 * rng.standard_normal((size, 12))
    slope = rng.normal(0.005, 0.002, (size, 1)) + np.cumsum(0.0003 * rng.standard_normal((size, months)), axis=1)
    trend = np.cumsum(slope + 0.006 * rng.standard_normal((size, months)), axis=1)
    holiday = np.zeros((YEARS + 2, 12))
    for y in range(YEARS + 2):
        day = dt.date(FIRST_YEAR - 1 + y, *NEW_YEARS[FIRST_YEAR - 1 + y])
        for offset in range(-5, 12):
            holiday[y, (day + dt.timedelta(offset)).month - 1] -= 0.012
    noise = rng.lognormal(-4.3, 0.6, (size, 1)) * rng.standard_normal((size, months))
    height = rng.lognormal(5, 1, (size, 1, 1))
    logs = (trend + noise).reshape(size, -1, 12) + profile[:, None] + holiday * rng.uniform(0.3, 1.5, (size, 1, 1))
    level: np.ndarray = height * np.exp(logs)
    if _levels_too(first) and size == FAMILY:
        level[0] = level[1:3].sum(axis=0)
    return level


def _figures(first: int, size: int) -> pd.DataFrame:
    level = _levels(first, size)
    total = level.cumsum(axis=2)
    rate = np.round(100 * (total[:, 1:] / total[:, :-1] - 1), 1)
    month = np.round(100 * (level[:, 1:] / level[:, :-1] - 1), 1)
    rows: list[tuple[str, str, str, float, str, int, str]] = []
    for i in range(size):
        sparse = (first + i) % FAMILY == 9
        head = _name(first + i)
        family = f"family_{first // FAMILY:04d}"
        for index in range(FIRST_YEAR * 12, LAST + 1):
            y, m = index // 12 - FIRST_YEAR, index % 12
            if m == 0 or (sparse and (y < YEARS - 2 or m not in (5, 11))):
                continue
            label = month_label(index)
            rows.append((head, label, "ytd_yoy", rate[i, y, m], "percent", 1, family))
            if _levels_too(first + i):
                rows.append((head, label, "ytd_level", round(total[i, y + 1, m], 2), "100 million yuan", 2, family))
            if i == 3 and m > 1:
                rows.append((head, label, "month_yoy", month[i, y, m], "percent", 1, family))
    return pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit", "decimals", "family"])

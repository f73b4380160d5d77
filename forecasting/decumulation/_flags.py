"""What a reader should know of single months, with the figures that it rests on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecasting.decumulation._certificate import Dropped
from forecasting.decumulation._figures import Figures, FloatArray
from forecasting.decumulation._paths import Flag
from forecasting.decumulation._rows import level_growth

__all__ = ["by_levels", "revisions", "unlike_levels"]

LEAST_GAP = 0.001
"""Growth by levels that is this near to the rates is not worth a flag."""


def revisions(figures: Figures, dropped: Sequence[Dropped], levels: FloatArray, *, broken: bool = False) -> list[Flag]:
    """Figures that cannot be true together with those in which there is more trust.

    Args:
        figures: Published figures, Y years.
        dropped: Those that are not believed.
        levels: (Y + 1, 12) the months that were recovered, the year before the first included.
        broken: The published levels break: the months are on no base of theirs, and tell of growth alone.
    """
    flags = []
    others = "the rates by month" if np.isfinite(figures.value["month_yoy"]).any() else "those beside it"
    for measure, y, m, _ in dropped:
        cumulative = measure.startswith("ytd")
        window = "January to this month" if cumulative else "this month"
        value = float(figures.value[measure][y, m])
        now, before = (levels[at, : m + 1].sum() if cumulative else levels[at, m] for at in (y + 1, y))
        implied = float(now / before - 1)
        if measure.endswith("yoy"):
            what = "the published cumulative rate is" if cumulative else "the published rate is"
            given = others if cumulative else "the cumulative rates"
            evidence = f"{window}: {what} {100 * value:.2f} percent, {given} give {100 * implied:.2f}"
            flags.append(Flag.at(figures, y, m, "revision", evidence, implied - value))
            continue
        growth = value / float(figures.value[measure][y - 1, m]) - 1 if y else np.nan
        if np.isfinite(growth):
            evidence = f"{window}: levels give {100 * growth:.2f} percent, the other figures give {100 * implied:.2f}"
            gap = implied - growth
        elif broken:
            continue
        else:
            evidence = f"{window}: the published level is {value:g}, the other figures give {now:g}"
            gap = float(now / value - 1)
        if abs(gap) > LEAST_GAP:
            flags.append(Flag.at(figures, y, m, "restated_base", evidence, gap))
    return flags


def unlike_levels(figures: Figures, growth: FloatArray, told: Sequence[Flag], doubt: FloatArray) -> list[Flag]:
    """Months of which the published levels say another growth than was recovered from the rates.

    A level that is not believed is told of by `revisions` where it grows unlike the rates; but the level of the year
    after grows unlike them too, and so does the month after a cumulative level on another base.

    Args:
        figures: Published figures, Y years.
        growth: (Y, 12) growth of the months as recovered, a merged January-February at February.
        told: Flags that there are already; a month has one of each name.
        doubt: (Y, 12) by how much growth may be another one than was recovered: levels within it say the same.
    """
    stated, half = level_growth(figures)
    away = {flag.month for flag in told if flag.name in ("restated_base", "break")}
    gap = growth - stated
    least = np.maximum(LEAST_GAP, np.nan_to_num(doubt)) + np.nan_to_num(half)
    return [
        Flag.at(
            figures,
            y,
            m,
            "restated_base",
            f"this month: levels give {100 * stated[y, m]:.2f} percent, the rates give {100 * growth[y, m]:.2f}",
            float(gap[y, m]),
        )
        for y, m in np.argwhere(np.abs(np.nan_to_num(gap)) > least).tolist()
        if (figures.year + y) * 12 + m not in away
    ]


def by_levels(figures: Figures, broken: Sequence[Flag]) -> list[Flag]:
    """Months whose growth no published rate states."""
    growth, _ = level_growth(figures)
    silent = ~np.isfinite(figures.value["month_yoy"]) & ~np.isfinite(figures.value["ytd_yoy"])
    away = {flag.month for flag in broken}
    return [
        Flag.at(
            figures,
            y,
            m,
            "levels_only",
            f"no rate is published: growth of {100 * growth[y, m]:.2f} percent is that of the published levels",
            0.0,
        )
        for y, m in np.argwhere(np.isfinite(growth) & silent).tolist()
        if (figures.year + y) * 12 + m not in away
    ]

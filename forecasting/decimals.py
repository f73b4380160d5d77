"""To what figures were rounded, where nobody says it: how each is written, and how those beside it are.

Zeros get lost: a number has none at its end, and a spreadsheet writes 6.0 as 6. Of figures rounded to some place one in
ten ends there in a zero, so a single one that is short of a place has lost its zero, and a run of different ones that
all are was rounded to a coarser one.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["decimals_of", "lost_zeros", "places"]

ODDS = 6
"""Places that different figures of a run are short of before these are no zeros; 10 to this power is against it."""
ENOUGH = 30
"""Figures with a point of which none ends in a zero before zeros were lost; of so many one does, 24 times in 25."""


def places(text: str, number: bool = False) -> int:
    """Places after the point that a figure shows.

    Args:
        text: Of a finite number.
        number: It was one when it came, so that zeros at its end are no digits of it.

    >>> [places("6.10"), places("6.10", True), places("5800"), places("1e-05", True)]
    [2, 1, 0, 5]
    """
    exact = Decimal(text).normalize() if number else Decimal(text)
    return max(0, -int(exact.as_tuple().exponent))


def lost_zeros(texts: pd.Series[str]) -> bool:
    """Whether a table was written by what drops zeros: none of its figures with a point ends in one.

    >>> lost_zeros(pd.Series([f"{tenths / 10:.1f}" for tenths in range(41)]))
    False
    >>> lost_zeros(pd.Series([f"{tenths / 10:g}" for tenths in range(41)]))
    True
    """
    pointed = texts[texts.str.contains(".", regex=False)]
    return len(pointed) >= ENOUGH and not bool(pointed.str.endswith("0").any())


def decimals_of(figures: pd.DataFrame) -> npt.NDArray[np.int64]:
    """To what figures were rounded, by their own text and that of the others of their series.

    A figure that has lost its zeros has the decimals of the finest of its series, any other those that it shows, but
    for runs that are all written coarser: where their figures differ often enough to make an accident of it unlikely
    (`ODDS`), they were rounded to the finest place that one of them shows.

    Args:
        figures: A row each: ``series`` (any key), ``period`` (sorts by time), ``value``, ``places`` (see `places`),
            ``lost`` (bool; whether zeros at its end are) and ``least`` (decimals that its kind comes with).

    Returns:
        (rows,), in their order.

    >>> rates = pd.DataFrame({"series": "a", "period": range(6), "lost": True, "least": 1})
    >>> decimals_of(rates.assign(value=[5.0, 5.4, 6.0, 5.1, 4.8, 4.9], places=[0, 1, 0, 1, 1, 1])).tolist()
    [1, 1, 1, 1, 1, 1]
    >>> decimals_of(rates.assign(value=[5, 7, 6, 8, 9, 7], places=0)).tolist()
    [0, 0, 0, 0, 0, 0]
    """
    rows = figures.reset_index(drop=True).sort_values(["series", "period"], kind="stable")
    series, shown, least = rows["series"], rows["places"], rows["least"]
    finest = shown.groupby(series).transform("max")
    fine = finest.where(rows["lost"], shown).clip(lower=least)
    short = shown < fine
    begins = series.ne(series.shift()) | short.ne(short.shift())
    run = begins.cumsum()
    differ = (begins | rows["value"].ne(rows["value"].shift())).groupby(run).transform("sum")
    coarse = shown.groupby(run).transform("max")

    def accident(place: pd.Series[int]) -> pd.Series[bool]:
        return differ * (place - coarse) < ODDS

    told = coarse.where(~accident(least), coarse.clip(lower=least))
    return fine.where(~short | accident(fine), told).sort_index().to_numpy(dtype=np.int64)

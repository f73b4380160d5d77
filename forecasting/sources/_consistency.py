"""What figures of one year say of each other: cumulative levels do not fall, cumulative rates are averages."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

SLACK = 2.0  # points; revisions move cumulative rates by less, misprints by more


def falling_levels(frame: pd.DataFrame, known: pd.DataFrame) -> dict[int, str]:
    """New cumulative levels that a year in which such a level cannot fall does not allow.

    Kept is every value that belongs to all longest non-falling sequences of its year; where either of two may be
    wrong, both are refused. What is known counts as right unless ``frame`` gives that figure anew.

    Args:
        frame: New rows: indicator, period, measure, value.
        known: Figures of the store.

    Returns:
        Index of the row -> reason.
    """
    reasons = {}
    for year in _years(frame, known, ("ytd_level",)):
        months = year.sort_values("period")
        values = months["value"].to_numpy()
        if (np.diff(values) >= 0).all():
            continue
        fixed = (months["row"] < 0).to_numpy()
        kept = _certain(values, fixed)
        for row, period, is_kept in zip(months["row"], months["period"], kept, strict=True):
            if row >= 0 and not is_kept:
                what = f"a cumulative level falls within {period[:4]}, and this one does not fit the others"
                reasons[int(row)] = f"{what}; if a stored one is wrong, import the right one for it first"
    return reasons


def impossible_rates(frame: pd.DataFrame, known: pd.DataFrame) -> dict[int, str]:
    """New cumulative rates that lie outside of the two that they are an average of.

    The rate to month m is an average, with positive weights, of the rate to month m-1 and of the month's own; both
    must be there. Rounding and revisions move it by less than `SLACK`.

    Args:
        frame: New rows: indicator, period, measure, value.
        known: Figures of the store.

    Returns:
        Index of the row -> reason.
    """
    reasons = {}
    for year in _years(frame, known, ("ytd_yoy", "month_yoy")):
        table = {(measure, int(period[5:])): (value, row) for measure, period, value, row
                 in year[["measure", "period", "value", "row"]].itertuples(index=False)}  # fmt: skip
        for (measure, month), (value, _) in table.items():
            before, own = table.get(("ytd_yoy", month - 1)), table.get(("month_yoy", month))
            if measure != "ytd_yoy" or before is None or own is None:
                continue
            low, high = sorted((before[0], own[0]))
            if low - SLACK <= value <= high + SLACK:
                continue
            what = f"the cumulative rate to month {month} is not between the one before and the month's own"
            for _, row in (table[measure, month], before, own):
                if row >= 0:
                    reasons[int(row)] = f"{what}, {value:g} against {before[0]:g} and {own[0]:g}; one of them is wrong"
    return reasons


def _years(frame: pd.DataFrame, known: pd.DataFrame, measures: tuple[str, ...]) -> list[pd.DataFrame]:
    """The years with new rows of these measures, known figures beside them; ``row`` is -1 where known."""
    key = ["indicator", "measure", "period"]
    new = frame.loc[frame["measure"].isin(measures), [*key, "value"]]
    if new.empty:
        return []
    new = new.assign(row=new.index)
    old = known.loc[known["measure"].isin(measures) & known["indicator"].isin(new["indicator"]), [*key, "value"]]
    both = new if old.empty else pd.concat([new, old.assign(row=-1)])
    both = both.drop_duplicates(key, keep="first")
    both["year"] = both["period"].str[:4]
    touched = both.groupby(["indicator", "year"])["row"].transform("max") >= 0
    return [year for _, year in both[touched].groupby(["indicator", "year"])]


def _certain(values: np.ndarray, fixed: np.ndarray) -> list[bool]:
    """Whether each value is in all non-falling subsequences that have all fixed values and are longest so.

    Fixed values that themselves fall are left to whoever stored them: each new value is then judged by its
    neighbours among them only.
    """
    n = len(values)
    weight = np.where(fixed, n + 1, 1)  # a fixed value is worth more than all others together
    ahead, behind = weight.copy(), weight.copy()
    for i, j in itertools.combinations(range(n), 2):
        if values[i] <= values[j]:
            ahead[j] = max(ahead[j], ahead[i] + weight[j])
    for j, i in itertools.combinations(reversed(range(n)), 2):
        if values[i] <= values[j]:
            behind[i] = max(behind[i], behind[j] + weight[i])
    through = ahead + behind - weight
    best = through.max()
    on_best = through == best
    # a place in the sequence that only one value can take
    rank = ahead[on_best].tolist()
    return [bool(on_best[i]) and rank.count(ahead[i]) == 1 for i in range(n)]

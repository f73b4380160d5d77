"""What figures say of each other: levels grow by their rates and do not fall if cumulative; such rates are averages."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from forecasting.observations import MEASURES, RATES, month_index

SLACK = 2.0  # points; revisions move cumulative rates by less, misprints by more
SLIP = 5.0  # times; a base that was restated moves levels by less, the smallest slip of a unit by more


def slipped_levels(frame: pd.DataFrame, known: pd.DataFrame) -> dict[int, str]:
    """New levels, or new rates, where a level is many times or a small part of what its rate and the year before say.

    What jumped is wrong: the rate, where the two levels are near each other; else the level, and the one a year before
    too unless the store has it or its own rate agrees with it.

    Args:
        frame: New rows: indicator, period, measure, value.
        known: Figures of the store.

    Returns:
        Index of the row -> reason.
    """
    both = _beside(frame, known, MEASURES)
    month = both["period"].map({period: month_index(period) for period in both["period"].unique()}).astype("int64")
    series = 2 * pd.factorize(both["indicator"])[0] + both["measure"].isin(("ytd_level", "ytd_yoy"))
    both["place"] = series * (month_index("9999-12") + 1) + month  # a number is merged on faster than three texts
    rate = both["measure"].isin(RATES)
    levels, rates = (both.loc[rows, ["place", "period", "value", "row"]] for rows in (~rate, rate))
    before = levels.assign(place=levels["place"] + 12)
    table = levels.merge(rates, on="place", suffixes=("", "_rate"), validate="one_to_one")
    table = table.merge(before, on="place", suffixes=("", "_before"), validate="one_to_one")
    table["grown"] = table["value"] / table["value_before"]
    table["times"] = table["grown"] / (1 + table["value_rate"] / 100)
    sound = table["times"].between(1 / SLIP, SLIP)
    right: set[int] = {-1, *table.loc[sound, "row"]}
    refused: set[int] = set()
    reasons: dict[int, str] = {}
    for one in table[~sound].sort_values("period").to_dict("records"):
        if one["row_before"] in refused:
            continue
        near = 1 / SLIP < one["grown"] < SLIP
        rows = ({one["row_rate"]} if near else {one["row"], *({one["row_before"]} - right)}) - {-1}
        refused |= rows
        what = f"the level of {one['period']} is {one['times']:,.4g} times what its rate and that of a year before say"
        reasons |= {int(row): f"{what}; if a stored one is wrong, import the right one for it first" for row in rows}
    return reasons


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
    both = _with_known(frame, known, ("ytd_level",))
    both = both.sort_values(["indicator", "period"], ignore_index=True)
    year = ["indicator", "year"]
    fall = both.groupby(year)["value"].diff() < 0
    reasons = {}
    for _, months in both[fall.groupby([both[name] for name in year]).transform("any")].groupby(year):
        kept = _certain(months["value"].to_numpy(), (months["row"] < 0).to_numpy())
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
    both = _with_known(frame, known, ("ytd_yoy", "month_yoy"))
    both["month"] = both["period"].str[5:].astype("int64")
    place = ["indicator", "year", "month"]
    cumulative = both.loc[both["measure"] == "ytd_yoy", [*place, "value", "row"]]
    own = both.loc[both["measure"] == "month_yoy", [*place, "value", "row"]]
    before = cumulative.assign(month=cumulative["month"] + 1)
    table = cumulative.merge(before, on=place, suffixes=("", "_before"), validate="one_to_one")
    table = table.merge(own, on=place, suffixes=("", "_own"), validate="one_to_one")
    low = table[["value_before", "value_own"]].min(axis=1) - SLACK
    high = table[["value_before", "value_own"]].max(axis=1) + SLACK
    reasons: dict[int, str] = {}
    wrong = table[(table["value"] < low) | (table["value"] > high)]
    for one in wrong.to_dict("records"):
        what = f"the cumulative rate to month {one['month']} is not between the one before and the month's own"
        values = f"{one['value']:g} against {one['value_before']:g} and {one['value_own']:g}"
        rows = (one["row"], one["row_before"], one["row_own"])
        reasons |= {int(row): f"{what}, {values}; one of them is wrong" for row in rows if row >= 0}
    return reasons


def _with_known(frame: pd.DataFrame, known: pd.DataFrame, measures: tuple[str, ...]) -> pd.DataFrame:
    """The figures of the years that have new ones, known ones beside them; ``row`` is -1 where known."""
    both = _beside(frame, known, measures)
    both["year"] = both["period"].str[:4]
    return both[both.groupby(["indicator", "year"])["row"].transform("max") >= 0].copy()


def _beside(frame: pd.DataFrame, known: pd.DataFrame, measures: tuple[str, ...]) -> pd.DataFrame:
    """New figures, and what is known of their indicators and not given anew."""
    key = ["indicator", "measure", "period"]
    new = frame.loc[frame["measure"].isin(measures), [*key, "value"]]
    new = new.assign(row=new.index)
    old = known.loc[known["measure"].isin(measures) & known["indicator"].isin(new["indicator"]), [*key, "value"]]
    both = new if old.empty else pd.concat([new, old.assign(row=-1)])
    return both.drop_duplicates(key, keep="first")


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

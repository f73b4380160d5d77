"""Real-time histories: what was known of an indicator at each month of the past, from the vintages of a store.

A backtest that takes today's figures is *pseudo-real-time*: nobody had the revised ones then. It is *real-time* at the
origins whose figures the store had when they were the newest (Croushore and Stark, 2001).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from forecasting.decumulation import FloatArray, Outline, Path, Recovered, decumulate
from forecasting.observations import COLUMNS, month_index, month_label
from forecasting.parallel import Keep, Workers

__all__ = ["Then", "figures_then", "histories_then"]

Then = Mapping[str, Mapping[int, pd.DataFrame | None]]
"""Indicator -> month index -> canonical observations of the periods up to that month, as they were known last before a
figure of a later month came; None where they were those of today."""

CONTENT = ["period", "measure", "value", "decimals"]
DRAWS = 50
"""For a history of the past, of which nothing but the point estimate is used."""
OVERLAP = 24
"""Latest months whose median ratio brings a history of the past to today's base, where levels have no unit."""


def figures_then(
    arrivals: pd.DataFrame, vintages: pd.DataFrame, origins: int
) -> dict[str, dict[int, pd.DataFrame | None]]:
    """What the store knew of indicators while a month of the past was the newest.

    A month is there if it was stored before a figure of a later month came, or if vintages of the time are known all
    the same.

    Args:
        arrivals: As of `forecasting.store.Store.arrivals`.
        vintages: As of `forecasting.store.Store.vintages`, of the indicators with revisions.
        origins: Months that are asked for, the latest ones but for the newest.

    Returns:
        See `Then`.
    """
    ordered = vintages.sort_values(["known_at", "ingested_at"], kind="stable")
    revised = {str(name): rows for name, rows in ordered.groupby("indicator")}
    rows = arrivals.groupby(["indicator", "period"], as_index=False)[["known_at", "ingested_at"]].min()
    by = rows["indicator"]
    since = rows["known_at"][::-1].groupby(by).cummin()[::-1]  # of the period or a later one
    over = since.groupby(by).shift(-1)
    place = rows.groupby("indicator").cumcount(ascending=False)  # 0 is the newest
    in_time = rows["ingested_at"] < over
    asked = rows.assign(over=over, in_time=in_time)[place.between(1, origins) & (in_time | by.isin(list(revised)))]
    out: dict[str, dict[int, pd.DataFrame | None]] = {}
    for name, period, moment, known in zip(
        *(asked[column].tolist() for column in ("indicator", "period", "over", "in_time")), strict=True
    ):
        figures = _other_than_today(revised[name], period, moment) if name in revised else None
        if known or (figures is not None and len(figures)):
            out.setdefault(name, {})[month_index(period)] = figures
    return out


def histories_then(
    then: Then, today: Recovered, *, workers: Workers = 1, keep: Keep | None = None
) -> dict[str, dict[pd.Timestamp, FloatArray | None]]:
    """Months as they would have been recovered from the figures of the time, for a backtest (argument `known`).

    Base weights are learned from the indicator's own figures of the time; what its family knew then is left aside.

    Args:
        then: Indicators that are not densely published, which no model forecasts, are left aside.
        today: Today's months; their seed is used again.
        workers: Processes or a cluster (`forecasting.parallel`); the result does not depend on it.
        keep: Where what was recovered from the same figures may be kept already.

    Returns:
        Indicator -> first day of the month -> levels (P,) of the latest periods up to it, on the base of today's
        levels: none where too few figures were known then, or of other periods than today. None where the figures were
        those of today.
    """
    origins = {name: set(one.ends.tolist()) for name, one in today.outlines.items() if name in then and not one.sparse}
    asked = {
        f"{name} in {month_label(month)}": (name, month)
        for name, months in then.items()
        for month in months
        if month in origins.get(name, ())
    }
    figures = {label: then[name][month] for label, (name, month) in asked.items()}
    frames = [frame.assign(indicator=label, family="") for label, frame in figures.items() if frame is not None]
    recovered: Mapping[str, Path] = {}
    if frames:
        table = pd.concat(frames)
        recovered = decumulate(table, draws=DRAWS, seed=today.seed, workers=workers, keep=keep).paths
    out: dict[str, dict[pd.Timestamp, FloatArray | None]] = {}
    for label, (name, month) in asked.items():
        path = recovered.get(label)
        levels = None
        if path is not None:
            levels = np.zeros(0) if path.sparse else _on_base_of(today.outlines[name], path, month)
        out.setdefault(name, {})[pd.Timestamp(month_label(month))] = levels
    return out


def _other_than_today(ordered: pd.DataFrame, period: str, moment: pd.Timestamp) -> pd.DataFrame | None:
    """The figures of the periods up to one that were known before a moment, if not those of today."""
    early = ordered[ordered["period"] <= period]
    then, today = _latest(early[early["known_at"] < moment]), _latest(early)
    return None if then[CONTENT].equals(today[CONTENT]) else then


def _latest(ordered: pd.DataFrame) -> pd.DataFrame:
    """Of every figure the vintage that became known last, canonical."""
    last = ordered.drop_duplicates(["period", "measure"], keep="last")
    return last.sort_values(["period", "measure"], kind="stable", ignore_index=True)[list(COLUMNS)]


def _on_base_of(today: Outline, then: Path, month: int) -> FloatArray:
    """Levels up to a month as they were recovered then, for the latest periods of today's history; (0,) without any."""
    (ends, levels), (past_ends, past) = (today.ends, today.levels), then.history()
    until = int(np.searchsorted(ends, month, side="right"))
    count = min(until, len(past_ends))
    shown = slice(until - count, until)
    past = past[len(past) - count :]
    if not np.array_equal(ends[shown], past_ends[len(past_ends) - count :]):
        return np.zeros(0)
    if count and not (today.unit_level and then.unit_level):
        past = past * np.exp(np.median(np.log(levels[shown][-OVERLAP:]) - np.log(past[-OVERLAP:])))
    return past

"""What the page shows of each indicator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecasting.observations import month_index, month_label
from forecasting.report._chart import Json
from forecasting.report._numbers import columns, decimals, digits, shares, texts

__all__ = ["SPANS", "board", "details"]

SPANS = (5, 10, 0)
"""Years of history that can be chosen; 0 is all of it."""
QUANTILES = ("q05", "q25", "q50", "q75", "q95")
REACH = 0.25  # of the band's range: as far as set bounds stretch the axis
MARGIN = 0.06  # of the axis, above and below what is drawn
SHAPES = {"block": "triangle-up", "sparse": "diamond", "levels_only": "cross", "restated_base": "square",
          "revision": "circle", "break": "triangle-down", "contradiction": "triangle-right"}  # fmt: skip
UNKNOWN = "stroke"

Frames = Mapping[str, pd.DataFrame]


def by_indicator(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of each indicator."""
    return {str(name): rows for name, rows in table.groupby("indicator", sort=False)}


def board(tables: Frames) -> dict[str, list[Any]]:
    """A row an indicator: its next release, and what it can be filtered and sorted by."""
    items = tables["indicators"]
    ahead = tables["headlines"].drop_duplicates("indicator").set_index("indicator").reindex(items["indicator"])
    odds = by_indicator(tables["headline_odds"])
    flagged = tables["monthly"].query("flag != ''").groupby("indicator").size()
    champions = tables["leaderboard"][tables["leaderboard"]["champion"].astype(bool)].set_index("indicator")
    names = items["indicator"].tolist()
    return {
        "id": names,
        **columns(items, ("title_en", "title_zh", "region", "sector", "role", "unit", "publisher", "champion",
                          "last_period", "next_period", "next_due"), ("days_late", "decimals")),
        "period": texts(ahead["period"]),
        "last": decimals(ahead["no_change"], 2),
        **{name: decimals(ahead[name], 2) for name in QUANTILES},
        "p_above": shares(ahead["prob_above_no_change"]),
        "odds": [_odds(odds.get(name), period) for name, period in zip(names, ahead["period"], strict=True)],
        "flags": [int(flagged.get(name, 0)) for name in names],
        "mase": decimals(champions["mase"].reindex(names), 3),
    }  # fmt: skip


def _odds(rows: pd.DataFrame | None, period: Any) -> list[Any] | None:
    """First value, step and probabilities of the next release's values, far tails cut off."""
    if rows is None:
        return None
    rows = rows[rows["period"] == period].sort_values("value")
    kept = rows["probability"].to_numpy() >= 0.001
    if not kept.any():
        return None
    first, last = np.flatnonzero(kept)[[0, -1]]
    values = rows["value"].to_numpy()[first : last + 1]
    step = float(np.diff(values).min()) if len(values) > 1 else 0.1
    at = np.round((values - values[0]) / step).astype(int)
    full = np.zeros(at[-1] + 1)
    full[at] = rows["probability"].to_numpy()[first : last + 1]
    return [round(float(values[0]), 4), round(step, 4), decimals(full, 4)]


def details(tables: Frames) -> dict[str, Json]:
    """Everything on the page of each indicator, by its name."""
    parts = {name: by_indicator(tables[name]) for name in
             ("observations", "monthly", "forecasts", "headlines", "leaderboard", "scorecard", "drift")}  # fmt: skip
    none = {name: tables[name].iloc[:0] for name in parts}
    return {
        name: _detail({part: frames.get(name, none[part]) for part, frames in parts.items()})
        for name in tables["indicators"]["indicator"].tolist()
    }


def _detail(own: Frames) -> Json:
    observed, forecasts = own["observations"], own["forecasts"]
    months = own["monthly"][own["monthly"]["status"] != "K"]
    cumulative = observed[observed["measure"] == "ytd_yoy"].sort_values("period")
    single = observed[observed["measure"] == "month_yoy"].sort_values("period")
    rates, ahead = forecasts[forecasts["target"] == "yoy"], own["headlines"]
    levels = forecasts[forecasts["target"] == "level"]
    published = {"x": [_day(p, 1) for p in cumulative["period"]], "value": decimals(cumulative["value"], 2)}
    monthly = _months(months)
    out: Json = {
        "published": published,
        "published_months": {"x": [_day(p, 1) for p in single["period"]], "value": decimals(single["value"], 2)},
        "months": monthly,
        "pairs": _pairs(months),
        "flags": _flags(months),
        "ahead": {"x": [_day(p, 1) for p in ahead["period"]], **{q: decimals(ahead[q], 2) for q in QUANTILES}},
        "ahead_months": _ahead(rates, np.ones(len(rates)), 2),
        "ahead_levels": _ahead(levels, levels["months"].to_numpy(dtype=float), None),
        "merged": bool((months["months"] == 2).any()),
        "sources": sorted({source for source in observed["source"] if source}),
        "released": texts([observed["released_at"].max()] if len(observed) else [""])[0][:10],
        "leaderboard": columns(own["leaderboard"].sort_values("rank"), ("model",),
                               ("rank", "mase", "rmsse", "smape", "coverage90", "n_origins", "champion")),
        "scores": _scores(own["scorecard"]),
        "drift": columns(own["drift"], ("target", "alarm"),
                         ("n", "mase", "expected_mase", "coverage80", "coverage90", "coverage95")),
    }  # fmt: skip
    out["spans"] = {
        "published": _spans(published["x"], out["ahead"]["x"], [published["value"]], out["ahead"], published["x"]),
        "months": _spans(monthly["x"], out["ahead_months"]["x"], [monthly["yoy"], monthly["q05"], monthly["q95"],
                         monthly["low"], monthly["high"]], out["ahead_months"], monthly["x"]),
        "level": _spans(monthly["x"], out["ahead_levels"]["x"], [monthly["level"]], out["ahead_levels"], monthly["x"]),
    }  # fmt: skip
    return out


def _day(month: str, months: float) -> str:
    """The middle of a month, or of January and February."""
    return f"{month}-02" if months == 2 else f"{month}-15"


def _months(rows: pd.DataFrame) -> dict[str, list[Any]]:
    months = rows["months"].to_numpy(dtype=float, na_value=1.0)
    bounds = rows[["set_low", "set_high"]].to_numpy(dtype=float)
    drawn = rows[["yoy", "yoy_q05", "yoy_q95"]].to_numpy(dtype=float)
    low, high = (np.nanmin(drawn), np.nanmax(drawn)) if np.isfinite(drawn).any() else (0.0, 0.0)
    reach = REACH * max(high - low, 1.0)
    open_ = np.isfinite(bounds).any(axis=1)
    shown = np.where(np.isfinite(bounds), bounds, np.where(open_[:, None], [-np.inf, np.inf], np.nan))
    shown = np.clip(shown, low - reach, high + reach)
    return {
        "x": [_day(m, n) for m, n in zip(rows["month"], months, strict=True)],
        "yoy": decimals(rows["yoy"], 2),
        "q05": decimals(rows["yoy_q05"], 2),
        "q95": decimals(rows["yoy_q95"], 2),
        "set_low": decimals(rows["set_low"], 2),
        "set_high": decimals(rows["set_high"], 2),
        "low": decimals(shown[:, 0], 2),
        "high": decimals(shown[:, 1], 2),
        "level": digits(rows["level"].to_numpy(dtype=float) / months),
        "status": texts(rows["status"]),
    }


def _pairs(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """January and February where they are one period, with the edges of the piece."""
    pairs = rows[(rows["months"] == 2) & rows["yoy"].notna()]
    at = [month_index(month) for month in pairs["month"]]
    return {
        "x": [f"{month_label(month - 1)}-01" for month in at],
        "x2": [f"{month_label(month + 1)}-01" for month in at],
        "yoy": decimals(pairs["yoy"], 2),
    }


def _flags(rows: pd.DataFrame) -> dict[str, list[Any]]:
    marks = [
        (_day(month, months), kind)
        for month, months, flags in zip(rows["month"], rows["months"], rows["flag"], strict=True)
        for kind in flags.split()
    ]
    return {
        "x": [x for x, _ in marks],
        "kind": [kind for _, kind in marks],
        "shape": [SHAPES.get(kind, UNKNOWN) for _, kind in marks],
    }


def _ahead(rows: pd.DataFrame, months: np.ndarray[Any, Any], places: int | None) -> dict[str, list[Any]]:
    rounded = digits if places is None else lambda values: decimals(values, places)
    return {
        "x": [_day(m, n) for m, n in zip(rows["month"], rows["months"].to_numpy(dtype=float), strict=True)],
        **{q: rounded(rows[q].to_numpy(dtype=float) / months) for q in QUANTILES},
    }


def _scores(rows: pd.DataFrame) -> dict[str, list[Any]]:
    first = rows[rows["print"] == "first"].sort_values(["period", "step"], ascending=[False, True]).head(36)
    return columns(first, ("target", "period", "origin", "model"), ("step", "actual", "forecast", "q025", "q975", "inside90"))


def _spans(past: Sequence[str], coming: Sequence[str], drawn: Sequence[Sequence[Any]], ahead: Mapping[str, Any],
           days: Sequence[str]) -> Json:  # fmt: skip
    """The axes for each number of years of history: time from and to, values from and to."""
    if not past and not coming:
        return {}
    end = max([*past[-1:], *coming[-1:]])
    out = {}
    for years in SPANS:
        begin = min([*past[:1], *coming[:1]])
        if years and past:
            begin = max(begin, f"{int(past[-1][:4]) - years}{past[-1][4:]}")
        seen = [value for values in drawn for day, value in zip(days, values, strict=True) if day >= begin]
        seen += [value for q in ("q05", "q95") for value in ahead[q]]
        known = [value for value in seen if value is not None]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        margin = MARGIN * (high - low or 1.0)
        out[str(years)] = {"x": [begin, end], "y": [round(low - margin, 4), round(high + margin, 4)]}
    return out

"""Everything that the page shows of each indicator on its own page.

Numbers are rounded for all indicators at once and then dealt out: a thousand of them take seconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from forecasting.observations import month_index
from forecasting.report._chart import Json
from forecasting.report._numbers import Lists, columns, decimals, digits, split, texts

__all__ = ["QUANTILES", "SPANS", "Details"]

CHUNK = 200
"""Indicators whose details are in memory at a time."""
TABLES = ("indicators", "observations", "monthly", "forecasts", "headlines", "leaderboard", "scorecard", "drift")

SPANS = (5, 10, 0)
"""Years of history that can be chosen; 0 is all of it."""
QUANTILES = ("q05", "q25", "q50", "q75", "q95")
SCORES = 36
"""Scores shown of an indicator, the latest ones."""
CREDITS = 4
"""Sources that a picture names; of more, such as a file a month, the publisher and the latest two."""
REACH = 0.25  # of the band's range: as far as set bounds stretch the axis
MARGIN = 0.06  # of the axis, above and below what is drawn
ASIDE = 1 / 12  # years before the first and after the last point of the axis of time, so that their marks are whole
SHAPES = {
    "block": "triangle-up",
    "sparse": "diamond",
    "levels_only": "cross",
    "restated_base": "square",
    "revision": "circle",
    "break": "triangle-down",
    "apart": "triangle-right",
}
UNKNOWN = "stroke"

Frames = Mapping[str, pd.DataFrame]
Dealt = dict[str, Lists]


class Details(Mapping[str, Json]):
    """Data sets, axes and scores of every indicator, by its name; empty ones where a table says nothing of it.

    They are made for some indicators at a time, and in their order best asked for: those of all do not fit into memory.
    """

    def __init__(self, tables: Frames) -> None:
        self._tables = {name: tables[name] for name in TABLES}
        self._rows = {name: frame.groupby("indicator").indices for name, frame in self._tables.items()}
        names = tables["indicators"]["indicator"].tolist()
        self._chunks = [names[i : i + CHUNK] for i in range(0, len(names), CHUNK)]
        self._chunk_of = {name: at for at, chunk in enumerate(self._chunks) for name in chunk}
        self._at: int | None = None
        self._made: dict[str, Json] = {}

    def __getitem__(self, name: str) -> Json:
        if self._chunk_of[name] != self._at:
            self._at, self._made = self._chunk_of[name], {}
            self._made = self._details(self._chunks[self._at])
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._chunk_of)

    def __len__(self) -> int:
        return len(self._chunk_of)

    def _details(self, names: Sequence[str]) -> dict[str, Json]:
        own = {}
        for table, frame in self._tables.items():
            rows = [self._rows[table][name] for name in names if name in self._rows[table]]
            own[table] = frame.iloc[np.sort(np.concatenate(rows)) if rows else []]
        return _details(own, names)


def _details(tables: Frames, names: Sequence[str]) -> dict[str, Json]:
    observed, forecasts = tables["observations"], tables["forecasts"]
    monthly = tables["monthly"][tables["monthly"]["status"] != "K"]
    monthly = monthly.iloc[monthly["indicator"].argsort(kind="stable")]
    first = tables["scorecard"][tables["scorecard"]["print"] == "first"]
    parts: dict[str, Dealt] = {
        "published": _published(observed, "ytd_yoy"),
        "published_months": _published(observed, "month_yoy"),
        "months": _months(monthly),
        "pairs": _pairs(monthly),
        "flags": _flags(monthly),
        "ahead": _ahead(tables["headlines"].rename(columns={"period": "month"}).assign(months=1), 2),
        "ahead_months": _ahead(forecasts[forecasts["target"] == "yoy"], 2),
        "ahead_levels": _ahead(_average(forecasts[forecasts["target"] == "level"]), None),
        "leaderboard": _deal(
            tables["leaderboard"],
            ["rank"],
            ("model",),
            ("rank", "mase", "rmsse", "smape", "coverage90", "n_origins", "n_real_time", "champion"),
        ),
        "scores": _scores(first),
        "drift": _deal(
            tables["drift"],
            ["target"],
            ("target", "alarm"),
            ("n", "mase", "expected_mase", "coverage80", "coverage90", "coverage95"),
        ),
    }
    dated = observed[observed["source"] != ""].sort_values("period", kind="stable")
    sources = dated.groupby("indicator")["source"].unique()
    publishers = tables["indicators"].set_index("indicator")["publisher"]
    out = {}
    for name in names:
        one: Json = {part: dealt[name] for part, dealt in parts.items()}
        one["sources"] = _credits(sources.get(name, []), publishers[name])
        one["spans"] = {
            "published": _spans(one["published"], ("value",), one["ahead"]),
            "months": _spans(one["months"], ("yoy", "q05", "q95", "low", "high"), one["ahead_months"]),
            "level": _spans(one["months"], ("level",), one["ahead_levels"]),
        }
        out[name] = one
    return out


def _credits(sources: Sequence[str], publisher: str) -> list[str]:
    return sorted(sources) if len(sources) <= CREDITS else [publisher, *sources[-2:], "…"]


def _dealt(keys: pd.Series[Any], lists: Lists) -> Dealt:
    out: Dealt = defaultdict(lambda: {name: [] for name in lists})
    out.update(split(keys.tolist(), lists))
    return out


def _deal(rows: pd.DataFrame, order: list[str], text: Sequence[str], number: Sequence[str]) -> Dealt:
    rows = rows.sort_values(["indicator", *order], kind="stable")
    return _dealt(rows["indicator"], columns(rows, text, number))


def _middle(month: str, months: float) -> float:
    """The middle of a month, or of January and February, in years."""
    return round((month_index(month) + (0.0 if months == 2 else 0.5)) / 12, 4)


def _edge(month: float) -> float:
    return round(month / 12, 4)


def _published(observed: pd.DataFrame, measure: str) -> Dealt:
    rows = observed[observed["measure"] == measure].sort_values(["indicator", "period"], kind="stable")
    month = np.array([month_index(period) for period in rows["period"]], dtype=int)
    # no line joins figures that lie more than three months apart
    run = pd.Series(np.cumsum(np.diff(month, prepend=month[:1]) > 3))
    run -= run.groupby(rows["indicator"].to_numpy()).transform("first")
    lists = {"x": [_edge(m + 0.5) for m in month.tolist()], "value": decimals(rows["value"], 2), "run": run.tolist()}
    return _dealt(rows["indicator"], lists)


def _months(rows: pd.DataFrame) -> Dealt:
    drawn = rows[["yoy", "yoy_q05", "yoy_q95"]]
    by = rows["indicator"]
    low = drawn.min(axis=1).groupby(by).transform("min").fillna(0.0).to_numpy()
    high = drawn.max(axis=1).groupby(by).transform("max").fillna(0.0).to_numpy()
    reach = REACH * np.maximum(high - low, 1.0)
    bounds = rows[["set_low", "set_high"]].to_numpy(dtype=float)
    bounded = np.isfinite(bounds).any(axis=1)
    shown = np.where(np.isfinite(bounds), bounds, np.where(bounded[:, None], [-np.inf, np.inf], np.nan))
    months = rows["months"].to_numpy(dtype=float, na_value=1.0)
    return _dealt(
        by,
        {
            "x": [_middle(month, n) for month, n in zip(rows["month"], months, strict=True)],
            "yoy": decimals(rows["yoy"], 2),
            "q05": decimals(rows["yoy_q05"], 2),
            "q95": decimals(rows["yoy_q95"], 2),
            "set_low": decimals(rows["set_low"], 2),
            "set_high": decimals(rows["set_high"], 2),
            "low": decimals(np.clip(shown[:, 0], low - reach, high + reach), 2),
            "high": decimals(np.clip(shown[:, 1], low - reach, high + reach), 2),
            "level": digits(rows["level"].to_numpy(dtype=float) / months),
            "status": texts(rows["status"]),
        },
    )


def _pairs(rows: pd.DataFrame) -> Dealt:
    """January and February where they are one period, with the edges of the piece."""
    pairs = rows[(rows["months"] == 2) & rows["yoy"].notna()]
    at = [month_index(month) for month in pairs["month"]]
    lists = {
        "x": [_edge(month - 1) for month in at],
        "x2": [_edge(month + 1) for month in at],
        "yoy": decimals(pairs["yoy"], 2),
    }
    return _dealt(pairs["indicator"], lists)


def _flags(rows: pd.DataFrame) -> Dealt:
    flagged = rows[rows["flag"] != ""]
    kinds = flagged.assign(kind=flagged["flag"].str.split()).explode("kind")
    days = [_middle(month, n) for month, n in zip(kinds["month"], kinds["months"].to_numpy(dtype=float), strict=True)]
    names = kinds["kind"].tolist()
    return _dealt(
        kinds["indicator"], {"x": days, "kind": names, "shape": [SHAPES.get(kind, UNKNOWN) for kind in names]}
    )


def _average(levels: pd.DataFrame) -> pd.DataFrame:
    """Levels of an average month, January and February too where they are one period."""
    names = list(QUANTILES)
    return levels.assign(**{name: levels[name] / levels["months"].astype(float) for name in names})


def _ahead(rows: pd.DataFrame, places: int | None) -> Dealt:
    rows = rows.sort_values(["indicator", "month"], kind="stable")
    months = rows["months"].to_numpy(dtype=float)
    return _dealt(
        rows["indicator"],
        {
            "x": [_middle(month, n) for month, n in zip(rows["month"], months, strict=True)],
            **{q: digits(rows[q]) if places is None else decimals(rows[q], places) for q in QUANTILES},
        },
    )


def _scores(first: pd.DataFrame) -> Dealt:
    rows = first.sort_values(["indicator", "period", "step"], ascending=[True, False, True], kind="stable")
    rows = rows.groupby("indicator", sort=False).head(SCORES)
    said = columns(
        rows, ("target", "period", "origin", "model"), ("step", "inside90"), ("actual", "forecast", "q025", "q975")
    )
    return _dealt(rows["indicator"], said)


def _spans(past: Lists, drawn: Sequence[str], ahead: Lists) -> Json:
    """The axes for each number of years of history: time from and to, values from and to."""
    days = past["x"]
    if not days and not ahead["x"]:
        return {}
    end = max([*days[-1:], *ahead["x"][-1:]])
    coming = [value for q in ("q05", "q95") for value in ahead[q]]
    out = {}
    for years in SPANS:
        begin = min([*days[:1], *ahead["x"][:1]])
        if years and days:
            begin = max(begin, days[-1] - years)
        since = next((at for at, day in enumerate(days) if day >= begin), 0)
        known = [value for name in drawn for value in past[name][since:] if value is not None]
        known += [value for value in coming if value is not None]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        margin = MARGIN * (high - low or 1.0)
        out[str(years)] = {
            "x": [round(begin - ASIDE, 4), round(end + ASIDE, 4)],
            "y": [round(low - margin, 4), round(high + margin, 4)],
        }
    return out

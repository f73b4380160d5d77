"""What the page shows of the quality of forecasts, and of what is new."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from forecasting.report._chart import Json
from forecasting.report._numbers import columns, decimals, shares

__all__ = ["NEWS", "RECENT", "news", "quality"]

NEWS, RECENT = 400, 200
"""Rows shown of what is new, and of the latest scores; the tables have all of them."""
NAIVE = "seasonal_naive"

Frames = Mapping[str, pd.DataFrame]


def quality(tables: Frames) -> Json:
    """Scores of published forecasts, coverage, drift and the backtest."""
    first = tables["scorecard"].query("print == 'first'")
    drift = tables["drift"]
    alarms = drift.iloc[(drift["alarm"] == "").argsort(kind="stable")]
    recent = first.sort_values(["appeared", "indicator", "target", "step"], ascending=[False, True, True, True])
    return {
        "scores": _scores(first[first["target"] == "ytd_yoy"]),
        "coverage": _coverage(first),
        "drift": columns(
            alarms,
            ("indicator", "target", "alarm"),
            ("n", "mase", "expected_mase", "coverage80", "coverage90", "coverage95", "p_adjusted", "p_no_change"),
        ),
        "recent": columns(
            recent.head(RECENT),
            ("indicator", "target", "period", "origin", "model", "appeared"),
            ("step", "inside90"),
            ("actual", "forecast", "q025", "q975"),
        ),
        "scored": len(first),
        "backtest": _backtest(tables["leaderboard"]),
    }


def _scores(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Errors of the cumulative rate forecast against those of no change, over the same figures."""
    both = rows[rows["no_change_abs_error"].notna()]
    means = both.groupby("indicator")[["abs_error", "no_change_abs_error"]].mean()
    means = means[means["no_change_abs_error"] > 0]
    ratio = means["abs_error"] / means["no_change_abs_error"]
    order = ratio.sort_values(kind="stable").index
    return {
        "indicator": [str(name) for name in order],
        "n": [int(n) for n in both.groupby("indicator").size().reindex(order)],
        "mae": decimals(means["abs_error"].reindex(order), 3),
        "no_change": decimals(means["no_change_abs_error"].reindex(order), 3),
        "ratio": decimals(ratio.reindex(order), 3),
    }


def _coverage(rows: pd.DataFrame) -> dict[str, list[Any]]:
    """Share of published figures inside the bands, by target."""
    out: dict[str, list[Any]] = {name: [] for name in ("target", "band", "share", "nominal", "n")}
    for target, part in rows.groupby("target", sort=True):
        for width in (80, 90, 95):
            inside = part[f"inside{width}"].dropna()
            if len(inside):
                out["target"].append(str(target))
                out["band"].append(f"{width} %")
                out["share"] += shares([inside.astype(float).mean()])
                out["nominal"].append(width / 100)
                out["n"].append(len(inside))
    return out


def _backtest(rows: pd.DataFrame) -> dict[str, list[Any]]:
    best = rows[rows["champion"].astype(bool)].sort_values("mase", kind="stable")
    naive = rows[rows["model"] == NAIVE].set_index("indicator")["mase"]
    return {
        **columns(best, ("indicator", "model"), ("mase", "coverage90", "n_origins", "n_real_time")),
        "naive": decimals(naive.reindex(best["indicator"]), 3),
    }


def news(revisions: pd.DataFrame) -> Json:
    """What is new since the release before: news first, the largest surprises first among them."""
    kinds = {"news": 0, "revision": 1, "backfill": 2}
    order = revisions.assign(
        _kind=revisions["kind"].map(kinds), _size=-revisions["surprise"].abs().fillna(revisions["change"].abs())
    )
    shown = order.sort_values(["_kind", "_size", "indicator", "period"], kind="stable").head(NEWS)
    figures = ("value_before", "value", "change", "expected", "surprise", "outlook_before", "outlook", "effect")
    return {
        "rows": columns(shown, ("indicator", "period", "measure", "kind", "outlook_period"), (), figures),
        "counts": {kind: int((revisions["kind"] == kind).sum()) for kind in kinds},
    }

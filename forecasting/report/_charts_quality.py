"""Charts of how good the forecasts are: against no change, coverage of the bands, the backtest."""

from __future__ import annotations

from forecasting.report._chart import Chart, slot
from forecasting.report._parts import (
    coloured,
    from_zero,
    layer,
    layered,
    row_labels,
    row_y,
    rule_at,
    shares,
    tooltip,
)

__all__ = ["BACKTEST", "COVERAGE", "SCORES"]

_DOT = {"type": "point", "filled": True, "size": 80, "opacity": 1, "yOffset": slot("row.drawn")}


def _scores() -> Chart:
    x = from_zero("ratio")
    tips = tooltip(
        (slot("text.field.title"), "column.indicator", ""),
        ("n", "column.n", ""),
        ("mae", "column.mae", ",.2f"),
        ("no_change", "column.mae_no_change", ",.2f"),
    )
    return Chart(
        spec=layered(
            rule_at(1, "x", "published"),
            layer("scores", _DOT, y=row_y(), x=x, color=coloured("legend.ratio"), tooltip=tips),
            *row_labels("scores", slot("text.field.title"), "right"),
        ),
        labels=("scores.title_en", "scores.title_zh"),
        data=("scores",),
        legend=(("legend.ratio", "median", "scores"),),
    )


def _coverage() -> Chart:
    y = shares(
        {
            "field": "share",
            "scale": {"domain": [0, 1]},
            "stack": None,
            "axis": {"title": slot("text.axis.inside"), "domain": False, "ticks": False},
        }
    )
    x = {"field": "band", "type": "ordinal", "sort": None, "axis": {"title": slot("text.axis.band"), "labelAngle": 0}}
    tips = tooltip(("band", "axis.band", ""), ("share", "axis.inside", ".0%"), ("n", "column.n", ""))
    return Chart(
        spec=layered(
            layer(
                "coverage",
                {"type": "bar", "width": 44, "cornerRadiusEnd": 3},
                x=x,
                y=y,
                color=coloured("legend.measured"),
                tooltip=tips,
            ),
            layer(
                "coverage",
                {"type": "tick", "thickness": 3, "width": 64},
                x=x,
                y={**y, "field": "nominal"},
                color=coloured("legend.promised"),
            ),
        ),
        data=("coverage",),
        legend=(("legend.measured", "band50", "coverage"), ("legend.promised", "published", "coverage")),
    )


def _backtest() -> Chart:
    x = from_zero("mase")
    tips = tooltip(
        (slot("text.field.title"), "column.indicator", ""),
        ("model", "column.model", ""),
        ("mase", "column.mase", ".2f"),
        ("naive", "legend.naive", ".2f"),
    )
    return Chart(
        spec=layered(
            layer(
                "backtest",
                {**_DOT, "shape": "diamond"},
                y=row_y(),
                x={**x, "field": "naive"},
                color=coloured("legend.naive"),
                tooltip=tips,
            ),
            layer("backtest", _DOT, y=row_y(), x=x, color=coloured("legend.champion"), tooltip=tips),
            *row_labels("backtest", slot("text.field.title"), "model"),
        ),
        labels=("backtest.title_en", "backtest.title_zh"),
        data=("backtest",),
        names=("backtest.model",),
        legend=(("legend.champion", "median", "backtest"), ("legend.naive", "c8", "backtest")),
    )


SCORES, COVERAGE, BACKTEST = _scores(), _coverage(), _backtest()

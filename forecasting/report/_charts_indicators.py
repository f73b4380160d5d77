"""Charts of the indicators: published rates, recovered months, levels, the next release."""

from __future__ import annotations

from forecasting.report._chart import Chart, Json, slot
from forecasting.report._parts import (
    coloured,
    interval_rows,
    layer,
    layered,
    quantity,
    row_labels,
    rule_at,
    shares,
    time,
    tooltip,
)
from forecasting.report._theme import ink

__all__ = ["BOARD", "CUMULATIVE", "LEVEL", "MONTHS", "ODDS"]


def _ahead(data: str, y: Json) -> list[Json]:
    """The fan of what is to come."""
    tips = tooltip(
        ("period", "column.period", ""),
        ("q50", "legend.median", ",.2~f"),
        ("q05", "column.q05", ",.2~f"),
        ("q95", "column.q95", ",.2~f"),
    )
    line = {"type": "line", "clip": True, "strokeWidth": 2, "point": {"size": 26, "filled": True}}
    x = time()
    return [
        layer(
            data,
            {"type": "area", "clip": True},
            x=x,
            y={**y, "field": "q05"},
            y2={"field": "q95"},
            color=coloured("legend.ahead90"),
        ),
        layer(
            data,
            {"type": "area", "clip": True},
            x=x,
            y={**y, "field": "q25"},
            y2={"field": "q75"},
            color=coloured("legend.ahead50"),
        ),
        layer(data, line, x=x, y={**y, "field": "q50"}, color=coloured("legend.ahead"), tooltip=tips),
    ]


_AHEAD = (
    ("legend.ahead", "ahead", "ahead"),
    ("legend.ahead50", "ahead50", "ahead"),
    ("legend.ahead90", "ahead90", "ahead"),
)


def _cumulative() -> Chart:
    y = quantity("value", domain="span.y")
    tips = tooltip(("period", "column.period", ""), ("value", "legend.cumulative", ",.2~f"))
    line = {"type": "line", "clip": True, "strokeWidth": 1.4, "point": {"size": 18, "filled": True}}
    drawn = layer(
        "published",
        line,
        x=time(),
        y=y,
        color=coloured("legend.cumulative"),
        detail={"field": "run", "type": "nominal"},
        tooltip=tips,
    )
    return Chart(
        spec={"width": slot("width"), "height": slot("height"), "layer": [*_ahead("ahead", y), rule_at(0, "y"), drawn]},
        data=("published", "ahead"),
        legend=(("legend.cumulative", "published", "published"), *_AHEAD),
    )


def _months() -> Chart:
    y = quantity("yoy", domain="span.y")
    x = time()
    tips = tooltip(
        ("period", "column.month", ""),
        ("yoy", "legend.month", ",.2~f"),
        ("q05", "column.q05", ",.2~f"),
        ("q95", "column.q95", ",.2~f"),
        ("set_low", "column.set_low", ",.2~f"),
        ("set_high", "column.set_high", ",.2~f"),
        ("status", "column.status", ""),
    )
    mark = {"type": "point", "clip": True, "filled": True, "size": 40, "opacity": 1, "color": ink("ink")}
    flags = layer(
        "flags",
        mark,
        x=x,
        y={"value": slot("flag_y")},
        shape={
            "field": "kind",
            "type": "nominal",
            "scale": {"domain": slot("domain.flags.kind"), "range": slot("domain.flags.shape")},
            "legend": {"title": slot("text.legend.flags"), "symbolFillColor": ink("ink"), "symbolStrokeWidth": 0},
        },
        tooltip=tooltip(("period", "column.month", ""), ("kind", "column.flag", "")),
    )
    area = {"type": "area", "interpolate": "step", "clip": True}
    return Chart(
        spec={
            "width": slot("width"),
            "height": slot("height"),
            "layer": [
                layer(
                    "months", area, x=x, y={**y, "field": "low"}, y2={"field": "high"}, color=coloured("legend.bounds")
                ),
                layer(
                    "months", area, x=x, y={**y, "field": "q05"}, y2={"field": "q95"}, color=coloured("legend.band90")
                ),
                *_ahead("ahead", y),
                rule_at(0, "y"),
                layer(
                    "months",
                    {"type": "line", "clip": True, "strokeWidth": 1.6, "point": {"size": 14, "filled": True}},
                    x=x,
                    y=y,
                    color=coloured("legend.month"),
                    tooltip=tips,
                ),
                layer(
                    "pairs",
                    {"type": "rule", "clip": True, "strokeWidth": 3.5},
                    x=x,
                    x2={"field": "x2"},
                    y=y,
                    color=coloured("legend.pair"),
                ),
                layer(
                    "published",
                    {"type": "point", "clip": True, "filled": True, "size": 22, "opacity": 1},
                    x=x,
                    y={**y, "field": "value"},
                    color=coloured("legend.published"),
                ),
                flags,
            ],
            "resolve": {"scale": {"shape": "independent"}},
        },
        data=("months", "pairs", "published", "flags", "ahead"),
        legend=(
            ("legend.month", "median", "months"),
            ("legend.pair", "accent", "pairs"),
            ("legend.published", "published", "published"),
            ("legend.band90", "band90", "months"),
            ("legend.bounds", "bounds", "bounded"),
            *_AHEAD,
        ),
        names=("flags.kind", "months.status"),
        domains=("flags.kind", "flags.shape"),
    )


def _level() -> Chart:
    y = quantity("level", domain="span.y")
    tips = tooltip(("period", "column.month", ""), ("level", "legend.level", ",.4~r"))
    drawn = layer(
        "months",
        {"type": "line", "clip": True, "strokeWidth": 1.6, "point": {"size": 12, "filled": True}},
        x=time(),
        y=y,
        color=coloured("legend.level"),
        tooltip=tips,
    )
    return Chart(
        spec={"width": slot("width"), "height": slot("height"), "layer": [*_ahead("ahead", y), drawn]},
        data=("months", "ahead"),
        legend=(("legend.level", "median", "months"), *_AHEAD),
    )


def _odds() -> Chart:
    x = {
        "field": "value",
        "type": "quantitative",
        "scale": {"zero": False, "nice": False},
        "axis": {"title": slot("unit.x"), "grid": False, "tickCount": slot("ticks")},
    }
    y = shares(
        {
            "field": "probability",
            "scale": {"zero": True},
            "axis": {
                "title": slot("text.axis.probability"),
                "domain": False,
                "ticks": False,
                "tickCount": 4,
                "labelExpr": "format(100 * datum.value, '~r') + ' %'",
            },
        }
    )
    tips = tooltip(("label", "column.value", ""), ("probability", "column.probability", ".2~%"))

    def bars(data: str, text: str) -> Json:
        return layer(
            data,
            {"type": "rect", "stroke": ink("surface"), "strokeWidth": 0.6},
            x=x,
            x2={"field": "end"},
            y=y,
            y2={"datum": 0},
            color=coloured(text),
            tooltip=tips,
        )

    return Chart(
        spec=layered(bars("lower", "legend.lower"), bars("same", "legend.same"), bars("higher", "legend.higher")),
        data=("lower", "same", "higher"),
        legend=(
            ("legend.lower", "below", "lower"),
            ("legend.same", "c8", "same"),
            ("legend.higher", "above", "higher"),
        ),
    )


_REACH = "max(abs(domain('x')[0]), abs(domain('x')[1]))"
_POINTS = (
    f"{_REACH} <= 1 ? [-1, -0.5, -0.2, 0, 0.2, 0.5, 1] : {_REACH} <= 5 ? [-5, -2, -1, 0, 1, 2, 5] : "
    f"{_REACH} <= 30 ? [-20, -10, -5, -2, 0, 2, 5, 10, 20] : "
    "[-1000, -200, -50, -20, -5, 0, 5, 20, 50, 200, 1000, 5000]"
)
"""What the axis of changes says, whatever they reach: few enough that the labels of all have room."""


def _board() -> Chart:
    tips = tooltip(
        (slot("text.field.title"), "column.indicator", ""),
        ("period", "column.period", ""),
        ("last", "column.last", ",.2~f"),
        ("median", "legend.median", ",.2~f"),
        ("band", "legend.band90", ""),
        ("p_above", "column.p_above", ".2~%"),
    )
    x = quantity("q50", title="unit.x")
    x["scale"] = {"type": "symlog", "constant": 2, "nice": False}
    x["axis"] |= {
        "values": {"expr": _POINTS},
        "tickCount": 12,  # of more, every other one would be left out
        "orient": "top",
        "labelExpr": "(datum.value > 0 ? '+' : '') + format(datum.value, ',~r')",
    }
    return Chart(
        spec=layered(
            rule_at(0, "x"),
            *interval_rows("board", x, tips),
            *row_labels("board", slot("text.field.title"), "right"),
        ),
        labels=("board.title_en", "board.title_zh"),
        data=("board",),
        legend=(
            ("legend.median", "median", "board"),
            ("legend.band50", "band50", "board"),
            ("legend.band90", "band90", "board"),
        ),
    )


CUMULATIVE, MONTHS, LEVEL, ODDS, BOARD = _cumulative(), _months(), _level(), _odds(), _board()

"""Charts of the projection: fans, scenarios, balance, milestones, claims, assumptions, hindcasts."""

from __future__ import annotations

from forecasting.report._chart import Chart, Json, slot
from forecasting.report._parts import (
    coloured,
    from_zero,
    interval_rows,
    layer,
    layered,
    quantity,
    row_labels,
    row_y,
    rule_at,
    shares,
    tooltip,
)
from forecasting.report._theme import LINES, ink

__all__ = ["BALANCE", "CLAIMS", "FAN", "HINDCASTS", "MILESTONES", "SCENARIOS", "TORNADO"]

_BANDS = (("legend.median", "median"), ("legend.band50", "band50"), ("legend.band90", "band90"))


def _year() -> Json:
    return {
        "field": "year",
        "type": "quantitative",
        "scale": {"nice": False, "zero": False},
        "axis": {"title": None, "format": "d", "grid": False, "tickCount": slot("ticks"), "tickMinStep": 1},
    }


def _fan() -> Chart:
    x, y = _year(), quantity("q50")
    tips = tooltip(
        ("year", "column.year", ""),
        ("q50", "legend.median", ",.4~r"),
        ("q05", "column.q05", ",.4~r"),
        ("q95", "column.q95", ",.4~r"),
    )
    other = {"type": "line", "strokeWidth": 1.2, "color": ink("strong"), "interpolate": "monotone"}
    area = {"type": "area", "interpolate": "monotone"}
    line = {"type": "line", "strokeWidth": 2.4, "interpolate": "monotone", "point": {"size": 34, "filled": True}}
    mark = {"type": "rule", "strokeDash": [4, 3], "color": ink("muted")}
    return Chart(
        spec=layered(
            layer("fan", area, x=x, y={**y, "field": "q05"}, y2={"field": "q95"}, color=coloured("legend.band90")),
            layer("fan", area, x=x, y={**y, "field": "q25"}, y2={"field": "q75"}, color=coloured("legend.band50")),
            layer(
                "others",
                other,
                x=x,
                y=y,
                detail={"field": "scenario", "type": "nominal"},
                color=coloured("legend.others"),
                tooltip=tooltip(
                    ("scenario", "column.scenario", ""),
                    ("year", "column.year", ""),
                    ("q50", "legend.median", ",.4~r"),
                ),
            ),
            layer("reference", mark, y={**y, "field": "value"}),
            layer("fan", line, x=x, y=y, color=coloured("legend.median"), tooltip=tips),
        ),
        data=("fan", "others", "reference"),
        legend=(*((text, colour, "fan") for text, colour in _BANDS), ("legend.others", "strong", "others")),
        names=("others.scenario",),
    )


def _scenarios() -> Chart:
    tips = tooltip(
        ("row", "column.scenario", ""),
        ("q50", "legend.median", ",.4~r"),
        ("q05", "column.q05", ",.4~r"),
        ("q95", "column.q95", ",.4~r"),
    )
    x = quantity("q50", title="unit.x")
    x["scale"] = {**x["scale"], "padding": 48}  # the medians stand at the right, clear of the reference
    reference = layer(
        "reference", {"type": "rule", "strokeDash": [4, 3], "color": ink("muted")}, x={**x, "field": "value"}
    )
    return Chart(
        spec=layered(reference, *interval_rows("scenarios", x, tips), *row_labels("scenarios", "row", "right")),
        labels=("scenarios.row",),
        data=("scenarios", "reference"),
        legend=tuple((text, colour, "scenarios") for text, colour in _BANDS),
        names=("scenarios.row",),
    )


def _balance() -> Chart:
    x = {"field": "year", "type": "ordinal", "axis": {"title": None, "labelAngle": 0, "labelOverlap": True}}
    y = {
        "field": "value",
        "type": "quantitative",
        "stack": "zero",
        "axis": {"title": slot("unit"), "domain": False, "ticks": False},
    }
    colour = {
        "field": "item",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": slot("domain.balance.item"), "range": [ink(name) for name in LINES]},
        "legend": {"title": None, "symbolType": "square"},
    }
    tips = tooltip(
        ("item", "column.item", ""),
        ("year", "column.year", ""),
        ("mean", "column.mean", ",.4~r"),
        ("q05", "column.q05", ",.4~r"),
        ("q95", "column.q95", ",.4~r"),
    )
    bars = layer(
        "balance",
        {"type": "bar", "stroke": ink("surface"), "strokeWidth": 0.8},
        x=x,
        y=y,
        color=colour,
        order={"field": "order", "type": "quantitative"},
        tooltip=tips,
    )
    return Chart(
        spec={"width": slot("width"), "height": slot("height"), "layer": [bars, rule_at(0, "y", "ink")]},
        data=("balance",),
        names=("balance.item",),
        domains=("balance.item",),
    )


def _milestones() -> Chart:
    y = shares(
        {
            "field": "p",
            "scale": {"domain": [0, 1]},
            "axis": {"title": slot("text.axis.probability"), "domain": False, "ticks": False, "tickCount": 5},
        }
    )
    colour = {
        "field": "threshold",
        "type": "nominal",
        "sort": None,
        "scale": {"range": [ink("c1"), ink("c2"), ink("c3"), ink("c4"), ink("c5"), ink("c6")]},
        "legend": {"title": slot("text.column.threshold"), "symbolType": "stroke", "symbolStrokeWidth": 3},
    }
    dash = {
        "field": "threshold",
        "type": "nominal",
        "sort": None,
        "legend": colour["legend"],
        "scale": {"range": [[1, 0], [6, 3], [2, 2], [8, 2, 2, 2], [4, 4], [1, 3]]},
    }
    tips = tooltip(
        ("threshold", "column.threshold", ""), ("year", "column.year", ""), ("p", "column.probability", ".2~%")
    )
    line = {"type": "line", "strokeWidth": 2.2, "point": {"size": 30, "filled": True}}
    return Chart(
        spec=layered(layer("milestone", line, x=_year(), y=y, color=colour, strokeDash=dash, tooltip=tips)),
        data=("milestone",),
    )


def _claims() -> Chart:
    tips = tooltip(
        ("title", "column.claim", ""),
        ("range", "column.range", ""),
        ("below", "legend.claim_below", ".2~%"),
        ("within", "legend.claim_within", ".2~%"),
        ("above", "legend.claim_above", ".2~%"),
    )
    x = shares(
        {
            "scale": {"domain": [0, 1], "nice": False},
            "axis": {"title": slot("text.axis.probability"), "tickCount": 5, "grid": False, "orient": "top"},
        }
    )

    def bar(low: str, high: str, text: str) -> Json:
        mark = {"type": "bar", "height": 14, "yOffset": slot("row.drawn")}
        return layer(
            "claims", mark, y=row_y(), x={**x, "field": low}, x2={"field": high}, color=coloured(text), tooltip=tips
        )

    return Chart(
        spec=layered(
            bar("start", "upto_below", "legend.claim_below"),
            bar("upto_below", "upto_within", "legend.claim_within"),
            bar("upto_within", "end", "legend.claim_above"),
            *row_labels("claims", "title", "range"),
        ),
        labels=("claims.title",),
        data=("claims",),
        legend=(
            ("legend.claim_below", "below", "claims"),
            ("legend.claim_within", "within", "claims"),
            ("legend.claim_above", "above", "claims"),
        ),
        names=("claims.title",),
    )


def _tornado() -> Chart:
    tips = tooltip(
        ("row", "column.parameter", ""),
        ("tornado_low", "legend.tornado_low", ",.4~r"),
        ("tornado_high", "legend.tornado_high", ",.4~r"),
        ("ST", "column.ST", ".2f"),
    )
    x = quantity("tornado_low", title="unit.x", orient="top")
    bar = {"type": "bar", "height": 6, "yOffset": slot("row.drawn"), "color": ink("rule")}
    dot = {"type": "point", "filled": True, "size": 80, "opacity": 1, "yOffset": slot("row.drawn")}
    return Chart(
        spec=layered(
            layer("tornado", bar, y=row_y(), x=x, x2={"field": "tornado_high"}, tooltip=tips),
            layer(
                "tornado",
                {**dot, "shape": "circle"},
                y=row_y(),
                x=x,
                color=coloured("legend.tornado_low"),
                tooltip=tips,
            ),
            layer(
                "tornado",
                {**dot, "shape": "diamond"},
                y=row_y(),
                x={**x, "field": "tornado_high"},
                color=coloured("legend.tornado_high"),
                tooltip=tips,
            ),
            *row_labels("tornado", "row", "right"),
        ),
        labels=("tornado.row",),
        data=("tornado",),
        legend=(("legend.tornado_low", "c5", "tornado"), ("legend.tornado_high", "c1", "tornado")),
        names=("tornado.row",),
    )


def _hindcasts() -> Chart:
    tips = tooltip(
        ("row", "column.case", ""),
        ("realised", "column.realised", ",.4~r"),
        ("median", "legend.median", ",.4~r"),
        ("band", "legend.band90", ""),
    )
    x = from_zero("q50")
    bar = {"type": "bar", "height": 8, "yOffset": slot("row.drawn"), "cornerRadius": 4}
    dot = {"type": "point", "filled": True, "size": 70, "opacity": 1, "yOffset": slot("row.drawn")}
    return Chart(
        spec=layered(
            rule_at(1, "x", "published"),
            layer(
                "hindcasts",
                bar,
                y=row_y(),
                x={**x, "field": "q05"},
                x2={"field": "q95"},
                color=coloured("legend.band90"),
                tooltip=tips,
            ),
            layer("hindcasts", dot, y=row_y(), x=x, color=coloured("legend.median"), tooltip=tips),
            *row_labels("hindcasts", "row"),
        ),
        labels=("hindcasts.row",),
        data=("hindcasts",),
        legend=(("legend.median", "median", "hindcasts"), ("legend.band90", "band90", "hindcasts")),
    )


FAN, SCENARIOS, BALANCE, MILESTONES = _fan(), _scenarios(), _balance(), _milestones()
CLAIMS, TORNADO, HINDCASTS = _claims(), _tornado(), _hindcasts()

"""Pieces that charts are put together from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forecasting.report._chart import Json, slot
from forecasting.report._theme import ink

__all__ = [
    "ROW",
    "coloured",
    "from_zero",
    "interval_rows",
    "layer",
    "layered",
    "quantity",
    "row_labels",
    "row_y",
    "rule_at",
    "shares",
    "time",
    "tooltip",
]

ROW: Json = {"row.height": 46, "row.label": -10, "row.drawn": 8}
"""Height of a row with its label above what is drawn, and where both are from its middle, pixels."""


def time() -> Json:
    """The axis of time, in years: figures of a month stand at its middle."""
    return {
        "field": "x",
        "type": "quantitative",
        "scale": {"domain": slot("span.x"), "nice": False, "zero": False},
        "axis": {"title": None, "grid": False, "tickCount": slot("ticks"), "tickMinStep": 1, "format": "d"},
    }


def quantity(field: str, *, domain: str | None = None, title: str = "unit", **axis: Any) -> Json:
    """The axis of what is measured, with its unit as title."""
    scale: Json = {"zero": False, "nice": domain is None}
    if domain is not None:
        scale["domain"] = slot(domain)
    return {
        "field": field,
        "type": "quantitative",
        "scale": scale,
        "axis": {"title": slot(title), "domain": False, "ticks": False, "tickCount": 6, **axis},
    }


def coloured(text: str, *, shown: bool = True) -> Json:
    """The colour of a thing that the legend names."""
    return {
        "datum": slot(f"text.{text}"),
        "scale": {"domain": slot("legend.domain"), "range": slot("legend.range")},
        "legend": {"title": None, "symbolType": "square"} if shown else None,
    }


def tooltip(*fields: tuple[Any, str, str]) -> list[Json]:
    """What the pointer shows: (field, text of its title, format)."""
    return [
        {
            "field": field,
            "title": slot(f"text.{title}"),
            **({"type": "quantitative", "format": form} if form else {"type": "nominal"}),
        }
        for field, title, form in fields
    ]


def layer(data: str, mark: Json, **encoding: Json | Sequence[Json]) -> Json:
    """A layer on one of the chart's data sets."""
    return {"data": {"name": data}, "mark": mark, "encoding": encoding}


def layered(*layers: Json) -> Json:
    """A chart of layers, as large as its place."""
    return {"width": slot("width"), "height": slot("height"), "layer": list(layers)}


def from_zero(field: str) -> Json:
    """The axis above the chart of a figure that is told from zero."""
    return {**quantity(field, title="unit.x", orient="top"), "scale": {"zero": True}}


def shares(channel: Json) -> Json:
    """The channel with an axis that says percent of shares."""
    return {
        **channel,
        "type": "quantitative",
        "axis": {"labelExpr": "format(100 * datum.value, 'd') + ' %'", **channel["axis"]},
    }


def rule_at(value: Any, axis: str, colour: str = "strong") -> Json:
    """A line across the chart at a value; one that the axis does not reach is not drawn."""
    return {
        "data": {"values": [{}]},
        "mark": {"type": "rule", "clip": True, "color": ink(colour), "strokeWidth": 1, "strokeDash": [4, 3]},
        "encoding": {axis: {"datum": value}},
    }


def row_y() -> Json:
    """Rows in the order of the data, their labels drawn by `row_labels`."""
    return {"field": "row", "type": "ordinal", "sort": None, "axis": None, "scale": {"type": "band", "padding": 0}}


def row_labels(data: str, field: Any, right: Any = None) -> list[Json]:
    """The name of each row above what is drawn, and a text at its end."""
    text = {
        "type": "text",
        "align": "left",
        "baseline": "middle",
        "dy": slot("row.label"),
        "limit": slot("label_limit"),
        "lineBreak": "\n",
    }
    parts = [layer(data, text, y=row_y(), x={"value": 0}, text={"field": field, "type": "nominal"})]
    if right is not None:
        end = {"type": "text", "align": "right", "baseline": "middle", "dy": slot("row.label"), "color": ink("muted")}
        parts.append(
            layer(data, end, y=row_y(), x={"value": {"expr": "width"}}, text={"field": right, "type": "nominal"})
        )
    return parts


def interval_rows(data: str, x: Json, tips: list[Json]) -> list[Json]:
    """A row each: 90 % band, 50 % band and median of the columns q05, q25, q50, q75, q95."""

    def bar(low: str, high: str, size: int, text: str) -> Json:
        mark = {"type": "bar", "height": size, "yOffset": slot("row.drawn"), "cornerRadius": size / 2}
        return layer(
            data, mark, y=row_y(), x={**x, "field": low}, x2={"field": high}, color=coloured(text), tooltip=tips
        )

    dot = {"type": "point", "filled": True, "size": 70, "opacity": 1, "yOffset": slot("row.drawn")}
    return [
        bar("q05", "q95", 8, "legend.band90"),
        bar("q25", "q75", 8, "legend.band50"),
        layer(data, dot, y=row_y(), x={**x, "field": "q50"}, color=coloured("legend.median"), tooltip=tips),
    ]

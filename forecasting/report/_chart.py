"""A chart: a Vega-Lite specification with slots, which page and pictures fill in the same way.

A slot is ``{"$": name}`` in the place of a value. Slots hold what differs: colours (names of CSS variables on the
page, so that it changes between light and dark without drawing anew), texts of a language, the width, and the data,
which come as columns and are turned into rows when they are filled in. `page/chart.js` does the same in the browser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from forecasting.observations import month_label

__all__ = ["Chart", "Columns", "Json", "draw", "fill", "rows", "slot"]

Json = dict[str, Any]
Columns = Mapping[str, Sequence[Any]]
"""A data set by column; all columns are of one length."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One kind of chart.

    Attributes:
        spec: Vega-Lite specification with slots, without data.
        data: Names of its data sets.
        legend: Entries of the colour legend as (text, colour, data set); one whose data set is empty is left out.
        names: Columns ("data set.column") whose values are names to be translated.
        domains: Columns whose values, each once and in order, fill the slot "domain.<data set>.<column>".
        labels: Columns with the labels of rows, of a chart that is as high as its first data set has rows; the page
            breaks them where it is narrow.
    """

    spec: Json
    data: tuple[str, ...]
    legend: tuple[tuple[str, str, str], ...] = ()
    names: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def to_dict(self) -> Json:
        """For the page."""
        return asdict(self)


def slot(name: str) -> Json:
    """The place of a value that is filled in later."""
    return {"$": name}


def rows(columns: Columns) -> list[Json]:
    """Rows of a data set; a time ``x`` in years gives the month ``period`` too.

    >>> rows({"x": [2025.2083], "y": [None]})
    [{'x': 2025.2083, 'y': None, 'period': '2025-03'}]
    """
    out = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    if "x" in columns:
        for row in out:
            row["period"] = month_label(int(12 * row["x"] + 0.01))
    return out


def draw(
    chart: Chart, shared: Json, data: Mapping[str, Columns], values: Mapping[str, Any], name: Callable[[str], str]
) -> Json:
    """A specification that can be drawn.

    Args:
        chart: The kind of chart.
        shared: What goes with every specification.
        data: Its data sets, and further ones that only say whether the legend has an entry.
        values: Every other slot.
        name: Translates a name.
    """
    sets = {key: rows(columns) for key, columns in data.items()}
    for key, column in (where.split(".") for where in chart.names):
        for row in sets[key]:
            row[column] = name(row[column])
    used = [(text, colour) for text, colour, key in chart.legend if sets[key]]
    slots = {
        **values,
        "legend.domain": [values[f"text.{text}"] for text, _ in used],
        "legend.range": [values[f"colour.{colour}"] for _, colour in used],
    }
    for key, column in (where.split(".") for where in chart.domains):
        slots[f"domain.{key}.{column}"] = list(dict.fromkeys(row[column] for row in sets[key]))
    if chart.labels:
        slots["height"] = values["row.height"] * len(sets[chart.data[0]])
    spec: Json = fill({**shared, **chart.spec}, slots)
    spec["layer"] = [one for one in spec["layer"] if sets.get(one["data"].get("name"), True)]
    spec["datasets"] = {key: sets[key] for key in chart.data}
    return spec


def fill(node: Any, values: Mapping[str, Any]) -> Any:
    """The node with every slot replaced by its value; values are taken as they are, whatever they hold.

    Raises:
        KeyError: A slot without a value.

    >>> fill({"mark": "bar", "width": {"$": "width"}}, {"width": 300})
    {'mark': 'bar', 'width': 300}
    """
    if isinstance(node, dict):
        if node.keys() == {"$"}:
            return values[node["$"]]
        return {name: fill(value, values) for name, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [fill(value, values) for value in node]
    return node

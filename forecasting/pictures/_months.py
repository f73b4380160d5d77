"""Pictures of recovered months, with what was published of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from forecasting.errors import InputError, Problem
from forecasting.observations import RATES, check_observations, month_index, month_label
from forecasting.pictures._gallery import (
    GREY,
    INK,
    ZOOM,
    Json,
    Panel,
    check_panels,
    colouring,
    finite,
    layer,
    legend_columns,
    middle,
    rendered,
    time_axis,
    under_the_pointer,
)

__all__ = ["draw_months"]

CUMULATIVE, PUBLISHED = "January to month, published", "month, published"
MONTH, PAIR, BAND = "month, recovered", "January and February together", "90 % band"
BOUNDS, CUT = "all that the figures allow", "all that the figures allow (beyond the axis: cut)"
# Okabe and Ito: told apart by colour-blind readers; the two areas are lighter, opaque shades
COLOURS = {CUMULATIVE: "#d55e00", PUBLISHED: "#009e73", MONTH: "#0072b2", PAIR: "#003d66", BAND: "#a6d0ea"}
BOUNDS_COLOUR = "#e3e3e3"
FLAG_SHAPES = ["cross", "triangle-up", "diamond", "square", "triangle-down", "circle"]
FLAG_ROW = 11  # pixels
ENTRY = 270  # pixels of a legend
MARGIN = 0.06  # of the axis, above and below what is drawn
REACH = 0.25  # of the band's range: as far as set bounds stretch the axis
NOTHING_LEFT = -100.0  # percent; the margin goes no lower
UNDER_THE_POINTER = {
    "month": "month",
    "growth": "growth, %",
    "band": "90 % band",
    "bounds": "all that the figures allow",
    "cumulative": "January to month, published",
    "published": "month, published",
    "status": "status",
    "flags": "flags",
}
STATUS = {"A": "published", "E": "derived", "W": "January and February together", "B": "break"}


@dataclass(frozen=True, slots=True)
class _Panel:
    """What one indicator's panel shows; rates in percent."""

    name: str
    about: str
    bands: list[Json]
    months: list[Json]
    pairs: list[Json]
    published: dict[str, list[Json]]
    flags: list[Json]
    hover: list[Json]
    low: float
    high: float
    cut: bool

    @property
    def flag_kinds(self) -> list[str]:
        return sorted({flag["kind"] for flag in self.flags})


def draw_months(monthly: pd.DataFrame, observations: pd.DataFrame, kind: str) -> bytes:
    """Draw the recovered months of every indicator with what was published of them.

    A panel holds the published cumulative and monthly rates, the recovered months with their 90 % band and set bounds,
    January and February as one flat piece where they are one period, and a row of marks for each kind of flag. The
    axis follows the band and the published rates; set bounds that go far beyond are cut, and the legend says so.

    Args:
        monthly: Rows of the monthly table of `decumulate`, rates in percent; read back from a file as well.
        observations: The published figures that it was made from, as `decumulate` takes them.
        kind: ``"png"``: all panels in up to three columns; ``"html"``: a page with one panel at a time, chosen from a
            list, with zoom and the figures of each month under the pointer.

    Returns:
        The file's bytes, the same for the same input.

    Raises:
        InputError: More indicators than one picture holds, another kind, or an indicator without figures.
    """
    check_panels(monthly["indicator"].nunique(), kind)
    published = dict(iter(check_observations(observations).groupby("indicator", sort=False)))
    unknown = sorted(set(monthly["indicator"]) - set(published))
    if unknown:
        what = f"no published figures of {', '.join(unknown)}; give the table that the months were recovered from"
        raise InputError("picture", [Problem("", what)])
    rows = monthly.fillna({"flag": ""})  # a file has no empty text
    panels = [_panel(str(name), own, published[name]) for name, own in rows.groupby("indicator", sort=False)]
    views = [
        Panel(panel.name, panel.about, partial(_drawing, panel, [panel] if kind == "html" else panels))
        for panel in panels
    ]
    return rendered(views, kind, "Months recovered from published growth", "Indicator")


def _panel(name: str, rows: pd.DataFrame, observations: pd.DataFrame) -> _Panel:
    first, last = (month_index(str(rows["month"].iloc[k])) for k in (0, -1))
    shown = observations[observations["measure"].isin(RATES)]
    at = shown["period"].map(month_index)
    rates = {measure: dict(zip(at[part], shown["value"][part].astype(float), strict=True))
             for measure in RATES for part in [(shown["measure"] == measure) & at.between(first, last)]}  # fmt: skip

    drawn = np.concatenate([rows[["yoy", "yoy_q05", "yoy_q95"]].to_numpy(dtype=float).ravel(),
                            [value for part in rates.values() for value in part.values()]])  # fmt: skip
    drawn = drawn[np.isfinite(drawn)] if np.isfinite(drawn).any() else np.zeros(1)
    low, high = float(drawn.min()), float(drawn.max())
    reach = REACH * max(high - low, 1.0)
    bounds = rows[["set_low", "set_high"]].to_numpy(dtype=float)
    known = np.isfinite(bounds)
    cut = bool((known.any(axis=1) & ~known.all(axis=1)).any())  # open on one side
    if known.any():
        lowest, highest = float(bounds[known].min()), float(bounds[known].max())
        cut |= lowest < low - reach or highest > high + reach
        low, high = min(low, max(lowest, low - reach)), max(high, min(highest, high + reach))
    panel = _Panel(name, _about(observations), [], [], [], {}, [], [], low, high, cut)
    panel.published.update({
        label: [{"x": middle(month), "y": value} for month, value in sorted(rates[measure].items())]
        for label, measure in ((CUMULATIVE, "ytd_yoy"), (PUBLISHED, "month_yoy"))
    })  # fmt: skip
    for row in rows.itertuples():
        _add(panel, row, rates)
    return panel


def _add(panel: _Panel, row: Any, rates: dict[str, dict[int, float]]) -> None:
    """Add a row of the monthly table to its panel."""
    month = month_index(row.month)
    panel.flags.extend({"x": middle(month), "kind": kind} for kind in row.flag.split())
    if row.status == "K":  # January, told with February
        return
    pair = row.months == 2
    start, end = f"{month_label(month - pair)}-01", f"{month_label(month + 1)}-01"
    at = f"{month_label(month)}-01" if pair else middle(month)
    growth, q05, q95 = finite(row.yoy), finite(row.yoy_q05), finite(row.yoy_q95)
    low, high = finite(row.set_low), finite(row.set_high)
    bounded = low is not None or high is not None
    edges = {"low": -np.inf if bounded and low is None else low, "high": np.inf if bounded and high is None else high}
    panel.bands.extend({"x": edge, "q05": q05, "q95": q95, **edges} for edge in (start, end))
    panel.months.append({"x": at, "y": growth})
    if pair and growth is not None:
        panel.pairs.append({"x": start, "x2": end, "y": growth})
    panel.hover.append({
        "x": start,
        "x2": end,
        "month": f"{month_label(month - 1)} and {row.month}" if pair else row.month,
        "growth": _text(growth),
        "band": f"{_text(q05)} to {_text(q95)}",
        "bounds": f"{_text(low)} to {_text(high)}" if bounded else "unknown",
        "cumulative": _text(rates["ytd_yoy"].get(month)),
        "published": _text(rates["month_yoy"].get(month)),
        "status": STATUS.get(row.status, row.status),
        "flags": row.flag or "none",
    })  # fmt: skip


def _about(observations: pd.DataFrame) -> str:
    sources = list(dict.fromkeys(source for source in observations["source"] if source))
    named = "; ".join(sources[:3]) + (f"; {len(sources) - 3} more" if len(sources) > 3 else "")
    return f"Published figures: {named or 'source not named'}"


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:z.2f}"


def _drawing(panel: _Panel, legend_of: Sequence[_Panel], height: int, hover: bool) -> Json:
    """The panel's layers, with the legend that all of `legend_of` share."""
    kinds = sorted({kind for other in legend_of for kind in other.flag_kinds})
    bounds = CUT if any(other.cut for other in legend_of) else BOUNDS
    used = [label for label in (CUMULATIVE, PUBLISHED) if any(other.published[label] for other in legend_of)]
    used += [MONTH, *([PAIR] if any(other.pairs for other in legend_of) else []), BAND]
    colours = {label: COLOURS[label] for label in used}
    if any(vertex["low"] is not None for other in legend_of for vertex in other.bands):
        colours[bounds] = BOUNDS_COLOUR
    columns = legend_columns(4, ENTRY, hover=hover)
    colour = colouring(colours, columns)

    # rows of flags lie under the lowest figure
    margin = MARGIN * max(panel.high - panel.low, 1.0)
    low, high = max(panel.low - margin, min(panel.low, NOTHING_LEFT)), panel.high + margin
    strip = FLAG_ROW * len(panel.flag_kinds)
    low -= (high - low) * strip / (height - strip)
    bands = [
        {name: float(np.clip(value, low, high)) if name in ("low", "high") and value is not None else value
         for name, value in vertex.items()}
        for vertex in panel.bands
    ]  # fmt: skip
    x = time_axis(len(panel.hover))
    axis = {"title": "growth on a year earlier, %", "titleFontWeight": "normal", "gridColor": "#eeeeee"}
    y = {"type": "quantitative", "scale": {"domain": [low, high], "nice": False, "zero": False}, "axis": axis}

    drawn = partial(layer, x=x, colour=colour)

    dots = [
        drawn(label, panel.published[label], {"type": "point", "filled": True, "opacity": 1, "size": 20},
              y={"field": "y", **y})
        for label in (CUMULATIVE, PUBLISHED)
        if panel.published[label]
    ]  # fmt: skip
    layers = [
        drawn(BAND, bands, {"type": "area"}, y={"field": "q05", **y}, y2={"field": "q95"}),
        drawn(MONTH, panel.months, {"type": "line", "strokeWidth": 1.2, "point": {"size": 8}}, y={"field": "y", **y}),
        *dots,
    ]
    if bounds in colours:
        edges = drawn(bounds, bands, {"type": "area"}, y={"field": "low", **y}, y2={"field": "high"})
        layers.insert(0, edges)
    if panel.pairs:
        rule = {"type": "rule", "strokeWidth": 3}
        layers.append(drawn(PAIR, panel.pairs, rule, x2={"field": "x2"}, y={"field": "y", **y}))
    if low < 0 < high:
        zero = {"data": {"values": [{"y": 0}]}, "mark": {"type": "rule", "color": GREY, "strokeWidth": 0.6}}
        layers.append({**zero, "encoding": {"y": {"field": "y", **y}}})
    flagged = {"title": "flagged", "symbolFillColor": INK, "symbolStrokeWidth": 0, "columns": columns}
    layers += _flag_rows(panel, kinds, x, height, flagged)
    if hover:
        layers.append(under_the_pointer(panel.hover, UNDER_THE_POINTER, x))
        layers[0]["params"] = [ZOOM]
    return {"layer": layers}


def _flag_rows(panel: _Panel, kinds: Sequence[str], x: Json, height: int, legend: Json) -> Iterable[Json]:
    """A row of marks along the lower edge for each kind of flag that the panel has."""
    shapes = [FLAG_SHAPES[k % len(FLAG_SHAPES)] for k in range(len(kinds))]
    shape = {"field": "kind", "type": "nominal", "scale": {"domain": list(kinds), "range": shapes}}
    for row, kind in enumerate(panel.flag_kinds):
        yield {
            "data": {"values": [flag for flag in panel.flags if flag["kind"] == kind]},
            "mark": {"type": "point", "filled": True, "opacity": 1, "size": 22, "clip": True, "color": INK},
            "encoding": {
                "x": x,
                "y": {"value": height - FLAG_ROW * (row + 0.5)},
                "shape": {**shape, "legend": legend},
            },
        }

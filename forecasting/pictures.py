"""Pictures of recovered months: one drawing, as PNG or as a self-contained HTML page.

The drawing is a Vega-Lite specification, so that the page can be zoomed and read month by month without a server; the
package vl-convert makes PNG of the same specification and carries the scripts (0.9 MB) and the font.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.errors import InputError, Problem
from forecasting.observations import RATES, check_observations, month_index, month_label

__all__ = ["PANELS", "check_panels", "draw_months", "picture_kind"]

_logger = logging.getLogger(__name__)

Json = dict[str, Any]

PANELS = {"png": 24, "html": 200}  # as many indicators as one picture holds

CUMULATIVE, PUBLISHED = "January to month, published", "month, published"
MONTH, PAIR, BAND = "month, recovered", "January and February together", "90 % band"
BOUNDS, CUT = "all that the figures allow", "all that the figures allow (beyond the axis: cut)"
# Okabe and Ito: told apart by colour-blind readers; the two areas are lighter, opaque shades
COLOURS = {CUMULATIVE: "#d55e00", PUBLISHED: "#009e73", MONTH: "#0072b2", PAIR: "#003d66", BAND: "#a6d0ea"}
BOUNDS_COLOUR, INK, GREY = "#e3e3e3", "#1b1b1b", "#6b6b6b"
FLAG_SHAPES = ["cross", "triangle-up", "diamond", "square", "triangle-down", "circle"]
FLAG_ROW = 11  # pixels
FEW = 12  # periods
LABEL = "utcFormat(datum.value, utcmonth(datum.value) ? '%b' : '%Y')"  # long names of months run into each other
LATIN = 0x24F  # the last letter of Latin Extended-B
SOME = 5  # letters
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # the first one comes with vl-convert
MARGIN = 0.06  # of the axis, above and below what is drawn
REACH = 0.25  # of the band's range: as far as set bounds stretch the axis
NOTHING_LEFT = -100.0  # percent; the margin goes no lower
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


def picture_kind(path: Path) -> str:
    """``"png"`` or ``"html"``, by the ending of a file's name.

    Raises:
        InputError: Another ending.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in PANELS:
        raise InputError(str(path), [Problem("", "a picture's name must end in .png or .html")])
    return kind


def check_panels(count: int, kind: str) -> None:
    """Refuse more indicators than one picture holds.

    Raises:
        InputError: More than `PANELS` of the kind, or another kind.
    """
    if kind not in PANELS:
        raise InputError("picture", [Problem("", f"no kind {kind!r}; use {' or '.join(map(repr, PANELS))}")])
    if count > PANELS[kind]:
        other = f", an .html one {PANELS['html']}" if kind == "png" else ""
        what = f"a .{kind} picture holds {PANELS[kind]} indicators{other}, not {count}: leave some out"
        raise InputError("picture", [Problem("", what)])


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
    import vl_convert

    check_panels(monthly["indicator"].nunique(), kind)
    published = dict(iter(check_observations(observations).groupby("indicator", sort=False)))
    unknown = sorted(set(monthly["indicator"]) - set(published))
    if unknown:
        what = f"no published figures of {', '.join(unknown)}; give the table that the months were recovered from"
        raise InputError("picture", [Problem("", what)])
    rows = monthly.fillna({"flag": ""})  # a file has no empty text
    panels = [_panel(str(name), own, published[name]) for name, own in rows.groupby("indicator", sort=False)]
    if kind == "html":
        specs = {panel.name: _finish(_drawing(panel, [panel], 960, 420, hover=True)) for panel in panels}
        return _page(specs, vl_convert.javascript_bundle()).encode()  # type: ignore[call-arg]  # the stub is wrong
    lacking = _without_glyph("".join(panel.name + panel.about for panel in panels))
    if lacking:
        remedy = "install one (Noto Sans CJK has Chinese), or draw an .html picture"
        _logger.warning("this machine has no font for %s and draws boxes: %s", lacking, remedy)
    columns = 1 if len(panels) <= 2 else 2 if len(panels) <= 8 else 3
    width, height = [(860, 300), (560, 240), (440, 200)][columns - 1]
    drawings = [_drawing(panel, panels, width, height, hover=False) for panel in panels]
    png: bytes = vl_convert.vegalite_to_png(_finish({"concat": drawings, "columns": columns}), scale=2)
    return png


def _without_glyph(text: str) -> str:
    """Some of the letters of a text that no font of this machine draws; the one that comes along has the Latin ones."""
    letters = sorted({letter for letter in text if ord(letter) > LATIN})
    if not letters:
        return ""
    from matplotlib.font_manager import findSystemFonts
    from matplotlib.ft2font import FT2Font

    for path in findSystemFonts():
        try:
            known = FT2Font(path).get_charmap()
        except RuntimeError:  # not a font that scales
            continue
        letters = [letter for letter in letters if ord(letter) not in known]
        if not letters:
            break
    return "".join(letters[:SOME])


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
        label: [{"x": _middle(month), "y": value} for month, value in sorted(rates[measure].items())]
        for label, measure in ((CUMULATIVE, "ytd_yoy"), (PUBLISHED, "month_yoy"))
    })  # fmt: skip
    for row in rows.itertuples():
        _add(panel, row, rates)
    return panel


def _add(panel: _Panel, row: Any, rates: dict[str, dict[int, float]]) -> None:
    """Add a row of the monthly table to its panel."""
    month = month_index(row.month)
    panel.flags.extend({"x": _middle(month), "kind": kind} for kind in row.flag.split())
    if row.status == "K":  # January, told with February
        return
    pair = row.months == 2
    start, end = f"{month_label(month - pair)}-01", f"{month_label(month + 1)}-01"
    middle = f"{month_label(month)}-01" if pair else _middle(month)
    growth, q05, q95 = _number(row.yoy), _number(row.yoy_q05), _number(row.yoy_q95)
    low, high = _number(row.set_low), _number(row.set_high)
    bounded = low is not None or high is not None
    edges = {"low": -np.inf if bounded and low is None else low, "high": np.inf if bounded and high is None else high}
    panel.bands.extend({"x": edge, "q05": q05, "q95": q95, **edges} for edge in (start, end))
    panel.months.append({"x": middle, "y": growth})
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


def _middle(month: int) -> str:
    return f"{month_label(month)}-15"


def _number(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _drawing(panel: _Panel, legend_of: Sequence[_Panel], width: int, height: int, *, hover: bool) -> Json:
    """The panel as a Vega-Lite view, with the legend that all of `legend_of` share."""
    kinds = sorted({kind for other in legend_of for kind in other.flag_kinds})
    bounds = CUT if any(other.cut for other in legend_of) else BOUNDS
    used = [label for label in (CUMULATIVE, PUBLISHED) if any(other.published[label] for other in legend_of)]
    used += [MONTH, *([PAIR] if any(other.pairs for other in legend_of) else []), BAND]
    colours = {label: COLOURS[label] for label in used}
    if any(vertex["low"] is not None for other in legend_of for vertex in other.bands):
        colours[bounds] = BOUNDS_COLOUR
    colour = {"scale": {"domain": list(colours), "range": list(colours.values())},
              "legend": {"title": None, "symbolType": "square", "symbolStrokeWidth": 0}}  # fmt: skip

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
    few = len(panel.hover) <= FEW
    months: Json = {"tickCount": "month", "format": "%Y-%m"} if few else {"labelExpr": LABEL}  # else days get ticks
    x = {"field": "x", "type": "temporal", "scale": {"type": "utc"}, "axis": {"title": None, "grid": False, **months}}
    axis = {"title": "growth on a year earlier, %", "titleFontWeight": "normal", "gridColor": "#eeeeee"}
    y = {"type": "quantitative", "scale": {"domain": [low, high], "nice": False, "zero": False}, "axis": axis}

    def layer(label: str, data: list[Json], mark: Json, **encoding: Json) -> Json:
        return {"data": {"values": data}, "mark": {"clip": True, **mark},
                "encoding": {"x": x, "color": {"datum": label, **colour}, **encoding}}  # fmt: skip

    dots = [
        layer(label, panel.published[label], {"type": "point", "filled": True, "opacity": 1, "size": 20},
              y={"field": "y", **y})
        for label in (CUMULATIVE, PUBLISHED)
        if panel.published[label]
    ]  # fmt: skip
    layers = [
        layer(BAND, bands, {"type": "area"}, y={"field": "q05", **y}, y2={"field": "q95"}),
        layer(MONTH, panel.months, {"type": "line", "strokeWidth": 1.2, "point": {"size": 8}}, y={"field": "y", **y}),
        *dots,
    ]
    if bounds in colours:
        edges = layer(bounds, bands, {"type": "area"}, y={"field": "low", **y}, y2={"field": "high"})
        layers.insert(0, edges)
    if panel.pairs:
        rule = {"type": "rule", "strokeWidth": 3}
        layers.append(layer(PAIR, panel.pairs, rule, x2={"field": "x2"}, y={"field": "y", **y}))
    if low < 0 < high:
        zero = {"data": {"values": [{"y": 0}]}, "mark": {"type": "rule", "color": GREY, "strokeWidth": 0.6}}
        layers.append({**zero, "encoding": {"y": {"field": "y", **y}}})
    layers += _flag_rows(panel, kinds, x, height)
    if hover:
        layers.append(_under_the_pointer(panel, x))
        layers[0]["params"] = [{"name": "zoom", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"}]
    title = {"text": panel.name, "subtitle": panel.about, "anchor": "start", "limit": width}
    return {"title": title, "width": width, "height": height, "layer": layers}


def _flag_rows(panel: _Panel, kinds: Sequence[str], x: Json, height: int) -> Iterable[Json]:
    """A row of marks along the lower edge for each kind of flag that the panel has."""
    shapes = [FLAG_SHAPES[k % len(FLAG_SHAPES)] for k in range(len(kinds))]
    shape = {"field": "kind", "type": "nominal", "scale": {"domain": list(kinds), "range": shapes}}
    legend = {"title": "flagged", "symbolFillColor": INK, "symbolStrokeWidth": 0}
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


def _under_the_pointer(panel: _Panel, x: Json) -> Json:
    """Unseen columns, one a period, that tell its figures."""
    fields = {"month": "month", "growth": "growth, %", "band": "90 % band", "bounds": "all that the figures allow",
              "cumulative": "January to month, published", "published": "month, published", "status": "status",
              "flags": "flags"}  # fmt: skip
    tooltip = [{"field": field, "title": title, "type": "nominal"} for field, title in fields.items()]
    return {
        "data": {"values": panel.hover},
        "mark": {"type": "rect", "opacity": 0, "clip": True},
        "encoding": {"x": x, "x2": {"field": "x2"}, "tooltip": tooltip},
    }


def _finish(drawing: Json) -> Json:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": "white",
        "padding": 12,
        "config": {
            "font": FONT,
            "view": {"stroke": None},
            "axis": {"labelColor": INK, "titleColor": INK, "domainColor": GREY, "tickColor": GREY},
            "title": {"color": INK, "fontSize": 14, "subtitleColor": GREY, "subtitleFontSize": 10},
            "legend": {"orient": "bottom", "columns": 4, "labelLimit": 320, "labelColor": INK, "titleColor": INK},
        },
        **drawing,
    }


def _page(specs: dict[str, Json], scripts: str) -> str:
    # "<" could end the script element wherever it stands in a name
    data = json.dumps(specs, ensure_ascii=True, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    return PAGE.replace("@SCRIPTS@", scripts, 1).replace("@SPECS@", data, 1)


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Months recovered from published growth</title>
<style>
body { font: 14px "Liberation Sans", Arial, Helvetica, sans-serif; color: #1b1b1b; margin: 1.5rem; }
select { font: inherit; max-width: 100%; }
#picture { display: block; width: fit-content; max-width: 100%; margin-top: 1rem; overflow-x: auto; }
</style>
</head>
<body>
<h1>Months recovered from published growth</h1>
<p><label>Indicator <select id="indicator"></select></label> &middot; drag to move, scroll to zoom in time,
double-click to go back</p>
<div id="picture"></div>
<noscript>The picture is drawn by the scripts in this file: please allow them.</noscript>
<script>@SCRIPTS@</script>
<script>
const specs = @SPECS@;
const list = document.getElementById("indicator");
for (const name of Object.keys(specs)) list.add(new Option(name, name));
const actions = {export: true, source: false, compiled: false, editor: false};
const show = () => vegaEmbed("#picture", specs[list.value], {renderer: "svg", actions});
list.addEventListener("change", show);
show();
</script>
</body>
</html>
"""

"""Pictures of many series: panels side by side as PNG, or one at a time on a self-contained HTML page.

A panel is a Vega-Lite specification, so that the page can be zoomed and read month by month without a server; the
package vl-convert makes PNG of the same specification and carries the scripts (0.9 MB) and the font.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from forecasting.errors import InputError, Problem
from forecasting.observations import month_label

__all__ = [
    "GREY",
    "INK",
    "PANELS",
    "ZOOM",
    "Json",
    "Panel",
    "check_panels",
    "colouring",
    "finite",
    "layer",
    "legend_columns",
    "middle",
    "picture_kind",
    "rendered",
    "time_axis",
    "under_the_pointer",
]

_logger = logging.getLogger(__name__)

Json = dict[str, Any]

PANELS = {"png": 24, "html": 200}  # as many series as one picture holds

INK, GREY = "#1b1b1b", "#6b6b6b"
FEW = 12  # periods
TICKS = 6  # about: of the months of three years each quarter has its own, of more each year
OWN_WIDTH = {"expr": "width"}
ZOOM = {"name": "zoom", "select": {"type": "interval", "encodings": ["x"]}, "bind": "scales"}
LABEL = "utcFormat(datum.value, utcmonth(datum.value) ? '%b' : '%Y')"  # long names of months run into each other
LATIN = 0x24F  # the last letter of Latin Extended-B
SOME = 5  # letters
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # the first one comes with vl-convert


@dataclass(frozen=True, slots=True)
class Panel:
    """What shows one series.

    Attributes:
        name: Of the series.
        words: Others that are drawn.
        draw: (height, whether a pointer shows figures and drags) -> the layers of a Vega-Lite view.
    """

    name: str
    words: str
    draw: Callable[[int, bool], Json]

    def titled(self, width: int | str, height: int, *, hover: bool) -> Json:
        """The whole view, so many pixels wide, or ``"container"``: as wide as its place on a page."""
        limit = OWN_WIDTH if isinstance(width, str) else width
        title = {"text": self.name, "subtitle": self.words, "anchor": "start", "frame": "group", "limit": limit}
        return {"title": title, "width": width, "height": height, **self.draw(height, hover)}


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
    """Refuse more series than one picture holds.

    Raises:
        InputError: More than `PANELS` of the kind, none, or another kind.
    """
    if kind not in PANELS:
        raise InputError("picture", [Problem("", f"no kind {kind!r}; use {' or '.join(map(repr, PANELS))}")])
    if count < 1:
        raise InputError("picture", [Problem("", "nothing to draw: the table has no rows")])
    if count > PANELS[kind]:
        other = f", an .html one {PANELS['html']}" if kind == "png" else ""
        what = f"a .{kind} picture holds {PANELS[kind]} panels{other}, not {count}: leave some out"
        raise InputError("picture", [Problem("", what)])


def rendered(panels: Sequence[Panel], kind: str, title: str, subject: str) -> bytes:
    """The picture's bytes, the same for the same panels.

    Args:
        panels: As many as `check_panels` allows.
        kind: ``"png"``: all panels in up to three columns; ``"html"``: a page with one panel at a time, chosen from a
            list, with zoom and the figures of each month under the pointer.
        title: Of the page.
        subject: What a panel shows, the label of its list.
    """
    import vl_convert

    if kind == "html":
        fitted: Json = {"autosize": {"type": "fit-x", "contains": "padding"}}
        specs = [(panel.name, _finish(fitted | panel.titled("container", 420, hover=True))) for panel in panels]
        scripts = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # the stub is wrong
        return _page(specs, scripts, title, subject).encode()
    lacking = _without_glyph("".join(panel.name + panel.words for panel in panels))
    if lacking:
        remedy = "install one (Noto Sans CJK has Chinese), or draw an .html picture"
        _logger.warning("this machine has no font for %s and draws boxes: %s", lacking, remedy)
    columns = 1 if len(panels) <= 2 else 2 if len(panels) <= 8 else 3
    width, height = [(860, 300), (560, 240), (440, 200)][columns - 1]
    views = [panel.titled(width, height, hover=False) for panel in panels]
    png: bytes = vl_convert.vegalite_to_png(_finish({"concat": views, "columns": columns}), scale=2)
    return png


def time_axis(periods: int) -> Json:
    """The axis of months of so many periods."""
    months: Json = {"tickCount": TICKS, "labelExpr": LABEL}
    if periods <= FEW:  # else days
        months = {"tickCount": "month", "format": "%Y-%m"}
    return {
        "field": "x",
        "type": "temporal",
        "scale": {"type": "utc"},
        "axis": {"title": None, "grid": False, "labelSeparation": 6, **months},
    }


def legend_columns(count: int, width: int, *, hover: bool) -> int | Json:
    """So many columns of a legend, or on a page, where its place may be narrow, those of such a width that it has."""
    return {"expr": f"max(1, min({count}, floor(width / {width})))"} if hover else count


def colouring(colours: Mapping[str, str], columns: int | Json) -> Json:
    """Colours by label, and their legend in so many columns."""
    legend = {"title": None, "symbolType": "square", "symbolStrokeWidth": 0, "columns": columns}
    return {"scale": {"domain": list(colours), "range": list(colours.values())}, "legend": legend}


def layer(label: str, data: Sequence[Json], mark: Json, x: Json, colour: Json, **encoding: Json) -> Json:
    """What the legend calls by a label, drawn over the months."""
    return {
        "data": {"values": list(data)},
        "mark": {"clip": True, **mark},
        "encoding": {"x": x, "color": {"datum": label, **colour}, **encoding},
    }


def middle(month: int) -> str:
    """The middle of a month, by its index."""
    return f"{month_label(month)}-15"


def finite(value: float) -> float | None:
    """A number as JSON can hold it."""
    return round(float(value), 4) if np.isfinite(value) else None


def under_the_pointer(rows: Sequence[Json], titles: Mapping[str, str], x: Json) -> Json:
    """Unseen columns, one a period from `x` to `x2`, that tell its figures: field -> title."""
    tooltip = [{"field": field, "title": title, "type": "nominal"} for field, title in titles.items()]
    return {
        "data": {"values": list(rows)},
        "mark": {"type": "rect", "opacity": 0, "clip": True},
        "encoding": {"x": x, "x2": {"field": "x2"}, "tooltip": tooltip},
    }


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
            "legend": {
                "orient": "bottom",
                "layout": {"bottom": {"direction": "vertical"}},
                "labelLimit": 320,
                "labelColor": INK,
                "titleColor": INK,
            },
        },
        **drawing,
    }


def _page(specs: Sequence[tuple[str, Json]], scripts: str, title: str, subject: str) -> str:
    # "<" could end the script element wherever it stands in a name
    data = json.dumps(specs, ensure_ascii=True, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
    out = PAGE.replace("@TITLE@", title).replace("@SUBJECT@", subject)
    return out.replace("@SCRIPTS@", scripts, 1).replace("@SPECS@", data, 1)


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; \
style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>@TITLE@</title>
<style>
body { font: 14px "Liberation Sans", Arial, Helvetica, sans-serif; color: #1b1b1b; margin: 1.5rem; }
select { font: inherit; max-width: 100%; }
#picture { display: block; box-sizing: border-box; width: 100%; max-width: 68rem; margin-top: 1rem; }
</style>
</head>
<body>
<h1>@TITLE@</h1>
<p><label>@SUBJECT@ <select id="indicator"></select></label></p>
<p>Drag to move, scroll to zoom in time, double-click to go back.</p>
<div id="picture"></div>
<noscript>The picture is drawn by the scripts in this file: please allow them.</noscript>
<script>@SCRIPTS@</script>
<script>
const specs = new Map(@SPECS@);
const list = document.getElementById("indicator");
for (const name of specs.keys()) list.add(new Option(name, name));
const actions = {export: true, source: false, compiled: false, editor: false};
const show = () => vegaEmbed("#picture", specs.get(list.value), {renderer: "svg", actions});
list.addEventListener("change", show);
show();
</script>
</body>
</html>
"""

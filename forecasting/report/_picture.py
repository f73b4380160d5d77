"""A static picture: what is drawn and what is said of it, as SVG and PNG."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from forecasting.report._chart import Chart, Columns, Json, draw
from forecasting.report._parts import ROW
from forecasting.report._texts import TEXTS, name_of, text
from forecasting.report._theme import COLOURS, FONT, config

__all__ = ["Picture", "png_of", "slots", "svg_of"]

WIDTH, HEIGHT, SCALE = 900, 330, 1.5
LINE = 130  # letters of a caption's line
_CLIP = re.compile(r'(id="clip|url\(#clip)(\d+)')


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn, and what is said of it.

    Attributes:
        title: Its title.
        caption: What is to be seen.
        unit: Unit of what is drawn.
        source: Who published the figures, or how they were made.
        panels: Charts with their data sets and titles; the title of a single one is that of the picture.
        values: Slots of its own.
        name: Translates a name.
    """

    title: str
    caption: str
    unit: str
    source: str
    panels: Sequence[tuple[Chart, Mapping[str, Columns], str]]
    values: Json = field(default_factory=dict)
    name: Callable[[str], str] = name_of


def svg_of(picture: Picture, run_id: str, as_of: str) -> str:
    """The picture with title, caption, unit, vintage, run and source; the same bytes for the same picture."""
    import vl_convert

    return _renumbered(vl_convert.vegalite_to_svg(_specification(picture, run_id, as_of)))


def png_of(svg: str) -> bytes:
    """The picture in the 256 colours that suit it best: a sixth of the bytes, and no difference to be seen."""
    import vl_convert
    from PIL import Image

    png = vl_convert.svg_to_png(svg, scale=SCALE)
    with Image.open(io.BytesIO(png)) as picture, io.BytesIO() as out:
        reduced = picture.convert("RGB").quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        reduced.save(out, "PNG")
        return out.getvalue()


def _renumbered(svg: str) -> str:
    """The picture with its clip paths counted from 0: the converter counts on from picture to picture."""
    numbers: dict[str, int] = {}
    return _CLIP.sub(lambda found: f"{found[1]}{numbers.setdefault(found[2], len(numbers))}", svg)


def slots(picture: Picture, run_id: str, as_of: str) -> Json:
    """Everything that its charts need to be drawn."""
    known = text("page.as_of", as_of=as_of), text("page.run", run_id=run_id), text("page.source", source=picture.source)
    said = [
        *textwrap.wrap(picture.caption, LINE),
        text("page.unit", unit=picture.unit),
        *textwrap.wrap(" · ".join(known), LINE),
    ]
    width = WIDTH if len(picture.panels) == 1 else WIDTH // 2 - 40
    return {
        **{f"text.{key}": pair[0] for key, pair in TEXTS.items()},
        **{f"colour.{name}": light for name, (light, _) in COLOURS.items()},
        "background": "#ffffff",
        "padding": 20,
        "font": FONT,
        "unit": picture.unit,
        "unit.x": picture.unit,
        "width": width,
        "height": HEIGHT,
        "flag_y": HEIGHT - 6,
        **ROW,
        "ticks": width // 90,
        "legend_columns": width // 180,
        "label_limit": width - 110,
        **picture.values,
        "title": {"text": picture.title, "subtitle": said, "limit": WIDTH},
    }


def _specification(picture: Picture, run_id: str, as_of: str) -> Json:
    values = slots(picture, run_id, as_of)
    if len(picture.panels) == 1:
        [(chart, data, _)] = picture.panels
        return draw(chart, config(), data, values, picture.name)
    frame = draw(Chart({"layer": []}, ()), config(), {}, values, picture.name)
    panels = [
        {**draw(chart, {}, data, values, picture.name), "title": {"text": title, "fontSize": 13}}
        for chart, data, title in picture.panels
    ]
    datasets = {f"{name}{at}": rows for at, panel in enumerate(panels) for name, rows in panel.pop("datasets").items()}
    for at, panel in enumerate(panels):
        for one in panel["layer"]:
            if "name" in one["data"]:
                one["data"] = {"name": f"{one['data']['name']}{at}"}
    del frame["layer"], frame["autosize"]
    return {
        **frame,
        "datasets": datasets,
        "concat": panels,
        "columns": 2,
        "spacing": 36,
        "resolve": {"scale": {"color": "independent", "strokeDash": "independent"}},
    }

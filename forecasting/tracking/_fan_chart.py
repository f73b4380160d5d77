"""The fan chart of an indicator as SVG, written directly: a thousand of them take about a second."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Callable
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from forecasting.observations import month_index
from forecasting.tracking._records import IndicatorRecord

__all__ = ["fan_chart"]

SHOWN = 84
TITLE, NOTE, UNIT = 70, 116, 46  # characters of a line; of Chinese half as many
DIGIT = 6.6  # pixels of an axis label's character at most
WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 62, 18, 74, 62
INK, GREY, BLUE, RULE = "#1b1b1b", "#6b6b6b", "#1f5f99", "#e6e6e6"
BANDS = (
    ("q025", "q975", "95 %", "#e3ecf5"),
    ("q10", "q90", "80 %", "#b9d0e4"),
    ("q25", "q75", "50 %", "#84acce"),
)

Floats = NDArray[np.float64]


def fan_chart(item: IndicatorRecord, night: str) -> str:
    """The last seven years of an indicator with the median forecast and its 50, 80 and 95 % bands.

    Args:
        item: The indicator.
        night: Vintage: the day up to which figures were known.

    Returns:
        An SVG document.
    """
    history, forecast = item.history.tail(SHOWN), item.forecast
    past = np.array([month_index(month) for month in history["month"]], dtype=np.float64)
    level = history["level"].to_numpy(dtype=np.float64)
    coming = np.append(past[-1:], [month_index(month) for month in forecast["month"]])
    # bands and median start from the last figure
    lines = {
        name: np.append(level[-1:], forecast[name].to_numpy(dtype=np.float64))
        for name in ("q50", *(name for band in BANDS for name in band[:2]))
    }
    ticks = _ticks(min(level.min(), lines["q025"].min()), max(level.max(), lines["q975"].max()))
    labels = _labels(ticks)
    left = max(LEFT, 12 + DIGIT * max(map(len, labels)))
    x = _scale(past[0], coming[-1], left, WIDTH - RIGHT)
    y = _scale(ticks[0], ticks[-1], HEIGHT - BOTTOM, TOP)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, Noto Sans CJK SC, sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    heads = _lines(item.title, TITLE)
    for k, head in enumerate(heads):
        parts.append(_text(LEFT, 26 + 17 * (k - (len(heads) - 1) / 2), head, 'font-size="16" font-weight="bold"', INK))
    for tick, label in zip(ticks, labels, strict=True):
        at = y(tick)
        parts.append(f'<path d="M{left:.1f} {at:.1f}H{WIDTH - RIGHT}" stroke="{RULE}"/>')
        parts.append(_text(left - 8, float(at) + 4, label, 'text-anchor="end"'))
    for year in range(math.ceil(past[0] / 12), int(coming[-1]) // 12 + 1):
        at = x(12.0 * year)
        parts.append(f'<path d="M{at:.1f} {HEIGHT - BOTTOM}v5" stroke="{GREY}"/>')
        parts.append(_text(float(at), HEIGHT - BOTTOM + 18, str(year), 'text-anchor="middle"'))
    for low, high, _, colour in BANDS:
        edge = _points(x(np.append(coming, coming[::-1])), y(np.append(lines[high], lines[low][::-1])))
        parts.append(f'<path d="M{edge}Z" fill="{colour}"/>')
    parts.append(f'<path d="M{_points(x(past), y(level))}" fill="none" stroke="{INK}" stroke-width="1.4"/>')
    median = _points(x(coming), y(lines["q50"]))
    parts.append(f'<path d="M{median}" fill="none" stroke="{BLUE}" stroke-width="1.8"/>')
    about = f"Figures known on {night}. Forecast: {item.champion['model']}. Source: {item.source}."
    if _width(item.unit) > UNIT:  # no room beside the legend
        about = f"Unit: {item.unit}. {about}"
    else:
        parts.append(_text(WIDTH - RIGHT, 50, item.unit, 'text-anchor="end"'))
    parts += _legend()
    notes = _lines(about, NOTE)
    parts += [_text(LEFT, HEIGHT - 14 + 14 * (k - (len(notes) - 1) / 2), note) for k, note in enumerate(notes)]
    return "".join([*parts, "</svg>\n"])


def _lines(text: str, most: int) -> list[str]:
    """Two lines at most, of so many characters."""
    return textwrap.wrap(text, max(1, most * len(text) // max(1, _width(text))), max_lines=2, placeholder=" …")


def _width(text: str) -> int:
    """Of a text in characters; one of Chinese is as wide as two others."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _legend() -> list[str]:
    parts, at = [], float(LEFT)
    for label, colour, height in (
        ("history", INK, 2),
        ("median forecast", BLUE, 2),
        *((label, colour, 10) for _, _, label, colour in reversed(BANDS)),
    ):
        parts.append(f'<rect x="{at:.0f}" y="{46 - height / 2:.0f}" width="16" height="{height}" fill="{colour}"/>')
        parts.append(_text(at + 21, 50, label))
        at += 36 + 6.2 * len(label)
    return parts


def _text(x: float, y: float, text: str, style: str = "", colour: str = GREY) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" {style}>{escape(text)}</text>'


def _points(x: Floats, y: Floats) -> str:
    return "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x, y, strict=True))


def _scale(low: float, high: float, start: float, end: float) -> Callable[[npt.ArrayLike], Floats]:
    """Maps the interval [low, high] to [start, end] of the picture."""
    factor = (end - start) / (high - low if high > low else 1.0)

    def place(values: npt.ArrayLike) -> Floats:
        return start + (np.asarray(values, dtype=np.float64) - low) * factor

    return place


def _ticks(low: float, high: float) -> list[float]:
    """Four to eight round numbers that enclose [low, high]."""
    span = high - low or abs(high) or 1.0
    rough = span / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(m for m in (1, 2, 5, 10) if m * power >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [n * step for n in range(first, max(last, first + 1) + 1)]


def _labels(ticks: list[float]) -> list[str]:
    step = ticks[1] - ticks[0]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{tick + 0.0:,.{decimals}f}" for tick in ticks]

"""Pictures of forecasts: what is known, the median of what comes, and its bands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from forecasting.observations import month_index, month_label
from forecasting.pictures._gallery import (
    INK,
    ZOOM,
    Json,
    Panel,
    check_panels,
    middle,
    rendered,
    time_axis,
    under_the_pointer,
)

__all__ = ["draw_forecasts", "draw_headlines"]

Point = tuple[int, float]

KNOWN, MEDIAN = "known", "median forecast"
BANDS = {
    "95 % band": ("q025", "q975", "#d3e7f5"),
    "90 % band": ("q05", "q95", "#d3e7f5"),
    "80 % band": ("q10", "q90", "#a6d0ea"),
    "50 % band": ("q25", "q75", "#69b0dd"),
}
MEDIAN_COLOUR = "#00527f"
PAST = 3  # times as many months as are forecast
HOLE = 2  # months between figures, above which no line connects them
FEWEST = 60  # months of the past that are shown in any case


def draw_forecasts(panel: pd.DataFrame, quantiles: pd.DataFrame, kind: str) -> bytes:
    """Draw the forecasts of every series of a panel behind what is known of it.

    Of the past the last months are shown, three times as many as are forecast and at least five years.

    Args:
        panel: Columns unique_id, ds, y, as `forecast_panel` takes them.
        quantiles: `PanelForecast.quantiles`.
        kind: See `draw_months`.

    Returns:
        The file's bytes, the same for the same input.

    Raises:
        InputError: More series than one picture holds, or another kind.
    """
    history, ahead = (
        frame.rename(columns={"unique_id": "name", "y": "value"}).assign(
            name=frame["unique_id"].astype(str), month=pd.DatetimeIndex(frame["ds"]).strftime("%Y-%m")
        )
        for frame in (panel, quantiles)
    )
    ahead = ahead.assign(about="Forecast: " + ahead["model"])
    return _drawn(history, ahead, ("95 % band", "80 % band", "50 % band"), kind, "Forecasts", "")


def draw_headlines(observations: pd.DataFrame, headlines: pd.DataFrame, kind: str) -> bytes:
    """Draw the cumulative rates to come of every indicator behind those that were published.

    Args:
        observations: The published figures.
        headlines: `Outlook.headlines`.
        kind: See `draw_months`.

    Returns:
        The file's bytes, the same for the same input.

    Raises:
        InputError: More indicators than one picture holds, or another kind.
    """
    own = {"indicator": "name", "period": "month"}
    history = observations[observations["measure"] == "ytd_yoy"].rename(columns=own)
    ahead = headlines.rename(columns=own).assign(about="Cumulative rates, forecast from " + headlines["origin"])
    unit = "January to month, growth on a year earlier, %"
    return _drawn(history, ahead, ("90 % band", "50 % band"), kind, "Coming cumulative rates", unit)


def _drawn(history: pd.DataFrame, ahead: pd.DataFrame, bands: Sequence[str], kind: str, title: str, unit: str) -> bytes:
    """The picture of series by `name` and `month`: `value` known, quantiles forecast, and a line about each."""
    check_panels(ahead["name"].nunique(), kind)
    past = dict(iter(history.groupby("name", sort=False)))
    panels = []
    for name, own in ahead.groupby("name", sort=False):
        fan = _Fan.of(past.get(name, history.iloc[:0]), own)
        panels.append(Panel(str(name), str(own["about"].iloc[0]), partial(_layers, fan, bands, unit)))
    return rendered(panels, kind, title, "Series")


@dataclass(frozen=True, slots=True)
class _Fan:
    """One series: (month index, value) of what is known, and the same of each column of its forecasts."""

    known: list[Point]
    ahead: dict[str, list[Point]]

    @classmethod
    def of(cls, history: pd.DataFrame, forecasts: pd.DataFrame) -> _Fan:
        months = [month_index(str(month)) for month in forecasts["month"]]
        first = months[0] - max(FEWEST, PAST * len(months))
        at = [month_index(str(month)) for month in history["month"]]
        known = [one for one in sorted(_points(at, history["value"])) if one[0] >= first]
        quantiles = [name for name in forecasts.columns if name.startswith("q")]
        return cls(known, {name: _points(months, forecasts[name]) for name in quantiles})

    @property
    def first(self) -> int:
        """The first month drawn."""
        return min(month for month, _ in (*self.known[:1], *self.ahead["q50"][:1]))

    @property
    def broken(self) -> list[tuple[int, float | None]]:
        """What is known, with a hole where months are missing; a January alone is none."""
        line: list[tuple[int, float | None]] = []
        for month, value in self.known:
            if line and month - line[-1][0] > HOLE:
                line.append((month - 1, None))
            line.append((month, value))
        return line

    def opened(self, name: str) -> list[Point]:
        """A quantile's path, which begins at the last figure known."""
        return [*self.known[-1:], *self.ahead[name]]

    def told(self, bands: Sequence[str]) -> list[Json]:
        """The figures of each month."""
        rows = [_column(month) | {KNOWN: _text(value)} for month, value in self.known]
        for k, (month, median) in enumerate(self.ahead["q50"]):
            row = _column(month) | {KNOWN: "–", MEDIAN: _text(median)}
            for label in bands:
                low, high = (self.ahead[name][k][1] for name in BANDS[label][:2])
                row[label] = f"{_text(low)} to {_text(high)}"
            rows.append(row)
        return rows


def _points(months: Sequence[int], values: Iterable[float]) -> list[Point]:
    return [(month, float(f"{value:.6g}")) for month, value in zip(months, values, strict=True) if np.isfinite(value)]


def _column(month: int) -> Json:
    return {"x": f"{month_label(month)}-01", "x2": f"{month_label(month + 1)}-01", "month": month_label(month)}


def _text(value: float) -> str:
    return f"{value:,.5g}"


def _layers(fan: _Fan, bands: Sequence[str], unit: str, _height: int, hover: bool) -> Json:
    """The layers of a panel."""
    colours = {KNOWN: INK, MEDIAN: MEDIAN_COLOUR, **{label: BANDS[label][2] for label in bands}}
    colour = {
        "scale": {"domain": list(colours), "range": list(colours.values())},
        "legend": {"title": None, "symbolType": "square", "symbolStrokeWidth": 0, "columns": len(colours)},
    }
    x = time_axis(fan.ahead["q50"][-1][0] - fan.first + 1)
    axis = {"title": unit or None, "titleFontWeight": "normal", "gridColor": "#eeeeee", "format": ",~r"}
    y = {"type": "quantitative", "scale": {"zero": False}, "axis": axis}

    def layer(label: str, data: list[Json], mark: Json, **encoding: Json) -> Json:
        return {
            "data": {"values": data},
            "mark": {"clip": True, **mark},
            "encoding": {"x": x, "color": {"datum": label, **colour}, **encoding},
        }

    def line(label: str, points: Sequence[tuple[int, float | None]], mark: Json) -> Json:
        data = [{"x": middle(month), "y": value} for month, value in points]
        return layer(label, data, {"type": "line", **mark}, y={"field": "y", **y})

    layers = []
    for label in bands:
        low, high = (fan.opened(name) for name in BANDS[label][:2])
        edges = [
            {"x": middle(month), "low": bottom, "high": top}
            for (month, bottom), (_, top) in zip(low, high, strict=True)
        ]
        layers.append(layer(label, edges, {"type": "area"}, y={"field": "low", **y}, y2={"field": "high"}))
    layers.append(line(MEDIAN, fan.opened("q50"), {"strokeWidth": 1.6}))
    layers.append(line(KNOWN, fan.broken, {"strokeWidth": 1.2, "point": {"size": 12}}))
    if hover:
        titles = {name: name for name in ("month", KNOWN, MEDIAN, *bands)}
        layers.append(under_the_pointer(fan.told(bands), titles, x))
        layers[0]["params"] = [ZOOM]
    return {"layer": layers}

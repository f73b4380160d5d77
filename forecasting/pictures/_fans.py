"""Pictures of forecasts: what is known, the median of what comes, and its bands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from forecasting.evaluation import read_panel
from forecasting.observations import canonical, month_index, month_label
from forecasting.pictures._gallery import (
    INK,
    ZOOM,
    Json,
    Panel,
    check_panels,
    colouring,
    layer,
    legend_columns,
    middle,
    rendered,
    time_axis,
    under_the_pointer,
)

__all__ = ["draw_forecasts", "draw_headlines"]

Point = tuple[int, float]

KNOWN, MEDIAN, NONE = "known", "median forecast", "–"
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
ENTRY = 120  # pixels of a legend
DIGITS = 5  # that are told of a figure, and of what the figures move by
EXACT = 1e15  # size of a number whose digits before the dot are all known
PLAIN = 1e-4, 1e9  # sizes of numbers that are written out on an axis


def draw_forecasts(panel: pd.DataFrame, quantiles: pd.DataFrame, kind: str) -> bytes:
    """Draw the forecasts of every series of a panel behind what is known of it.

    Of the past the last months are shown, three times as many as are forecast and at least five years.

    Args:
        panel: Columns unique_id, ds, y, as `forecast_panel` takes them.
        quantiles: `PanelForecast.quantiles`; read back from a file as well.
        kind: See `draw_months`.

    Returns:
        The file's bytes, the same for the same input.

    Raises:
        InputError: A panel that cannot be used, no forecasts, those of more series than one picture holds, or another
            kind.
    """
    past = [pd.DataFrame({"name": one.unique_id, "month": one.ds.strftime("%Y-%m"), "value": one.y})
            for one in read_panel(panel)]  # fmt: skip
    ahead = quantiles.rename(columns={"unique_id": "name"}).assign(
        name=quantiles["unique_id"].astype(str),
        month=pd.DatetimeIndex(quantiles["ds"]).strftime("%Y-%m"),
        about="Forecast: " + quantiles["model"],
    )
    return _drawn(pd.concat(past), ahead, ("95 % band", "80 % band", "50 % band"), kind, "Forecasts", "")


def draw_headlines(observations: pd.DataFrame, headlines: pd.DataFrame, kind: str) -> bytes:
    """Draw the cumulative rates to come of every indicator behind those that were published.

    Of an indicator that none was published of, they are those that its published levels give.

    Args:
        observations: The published figures, as `decumulate` takes them.
        headlines: `Outlook.headlines`; read back from a file as well.
        kind: See `draw_months`.

    Returns:
        The file's bytes, the same for the same input.

    Raises:
        InputError: Figures that cannot be used, no forecasts, those of more indicators than one picture holds, or
            another kind.
    """
    figures = canonical(observations)
    published = figures[figures["measure"] == "ytd_yoy"][["indicator", "period", "value"]]
    derived = _rates_of_levels(figures[~figures["indicator"].isin(published["indicator"])])
    own = {"indicator": "name", "period": "month"}
    history = pd.concat([published, derived]).rename(columns=own)
    ahead = headlines.rename(columns=own).assign(name=headlines["indicator"].astype(str))
    known = np.where(ahead["name"].isin(derived["indicator"]), "; before it those of published levels", "")
    ahead["about"] = "January to month, forecast from " + ahead["origin"] + known
    unit = "growth on a year earlier, %"
    return _drawn(history, ahead, ("90 % band", "50 % band"), kind, "Coming cumulative rates", unit)


def _rates_of_levels(figures: pd.DataFrame) -> pd.DataFrame:
    """Cumulative rates in percent (indicator, period, value) of published levels, cumulative ones or all months'."""
    rows = []
    for name, own in figures.groupby("indicator", sort=False):
        published, months = (
            dict(zip(part["period"].map(month_index), part["value"], strict=True))
            for part in (own[own["measure"] == measure] for measure in ("ytd_level", "month_level"))
        )
        total: dict[int, float] = {}
        for month, value in sorted(months.items()):
            if month % 12 == 0 or month - 1 in total:  # each of its year since January
                total[month] = value + (total[month - 1] if month % 12 else 0.0)
        total |= published
        rows += [
            (name, month_label(month), 100 * (value / total[month - 12] - 1))
            for month, value in total.items()
            if month - 12 in total
        ]
    return pd.DataFrame(rows, columns=["indicator", "period", "value"]).astype({"value": float})


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
    def broken(self) -> list[tuple[str, float | None]]:
        """What is known by day, with a hole where months are missing; a January alone is none."""
        line: list[tuple[str, float | None]] = []
        for k, (month, value) in enumerate(self.known):
            if k and month - self.known[k - 1][0] > HOLE:
                line.append((middle(month - 1), None))
            line.append((middle(month), value))
        return line

    def opened(self, name: str) -> list[tuple[str, float]]:
        """A quantile's path by day, from the last figure known; from the first of its month if that is of long ago."""
        path = self.ahead[name]
        month, value = path[0]
        start = (f"{month_label(month)}-01", value)
        for last, figure in self.known[-1:]:
            if month - last <= HOLE:
                start = (middle(last), figure)
        return [start, *((middle(month), value) for month, value in path)]

    @property
    def spread(self) -> float:
        """What the figures move by."""
        values = [value for _, value in (*self.known, *self.ahead["q50"])]
        return max(values) - min(values)

    @property
    def written_out(self) -> bool:
        """Whether the numbers on the axis are short enough without a power of ten."""
        size = max(abs(value) for points in (self.known, *self.ahead.values()) for _, value in points)
        return size == 0 or PLAIN[0] <= size < PLAIN[1]

    def told(self, bands: Sequence[str]) -> list[Json]:
        """The figures of each month."""
        text = partial(_text, spread=self.spread)
        none = dict.fromkeys((MEDIAN, *bands), NONE)
        rows = [_column(month) | {KNOWN: text(value), **none} for month, value in self.known]
        for k, (month, median) in enumerate(self.ahead["q50"]):
            row = _column(month) | {KNOWN: NONE, MEDIAN: text(median)}
            for label in bands:
                low, high = (self.ahead[name][k][1] for name in BANDS[label][:2])
                row[label] = f"{text(low)} to {text(high)}"
            rows.append(row)
        return rows


def _points(months: Sequence[int], values: Iterable[float]) -> list[Point]:
    return [(month, float(f"{value:.12g}")) for month, value in zip(months, values, strict=True) if np.isfinite(value)]


def _column(month: int) -> Json:
    return {"x": f"{month_label(month)}-01", "x2": f"{month_label(month + 1)}-01", "month": month_label(month)}


def _text(value: float, spread: float) -> str:
    """A number with `DIGITS` of it, of the spread, and all before the dot.

    >>> [_text(value, 300.0) for value in (1234567.891, 5.0, -1.23456789e-7, 1.25e17)]
    ['1,234,567.89', '5', '-1.2346e-07', '1.25e+17']
    """
    if abs(value) >= EXACT:
        return f"{value:.{DIGITS}g}"
    places = [DIGITS - 1 - math.floor(math.log10(size)) for size in (abs(value), spread) if size > 0]
    return f"{round(value, max([0, *places])) + 0.0:,.15g}"


def _layers(fan: _Fan, bands: Sequence[str], unit: str, _height: int, hover: bool) -> Json:
    """The layers of a panel."""
    colours = {KNOWN: INK, MEDIAN: MEDIAN_COLOUR, **{label: BANDS[label][2] for label in bands}}
    colour = colouring(colours, legend_columns(len(colours), ENTRY, hover=hover))
    x = time_axis(fan.ahead["q50"][-1][0] - fan.first + 1)
    axis = {
        "title": unit or None,
        "titleFontWeight": "normal",
        "gridColor": "#eeeeee",
        "format": ",~r" if fan.written_out else "~e",
    }
    y = {"type": "quantitative", "scale": {"zero": False}, "axis": axis}

    drawn = partial(layer, x=x, colour=colour)

    def line(label: str, points: Sequence[tuple[str, float | None]], mark: Json) -> Json:
        data = [{"x": x, "y": value} for x, value in points]
        return drawn(label, data, {"type": "line", **mark}, y={"field": "y", **y})

    layers = []
    for label in bands:
        low, high = (fan.opened(name) for name in BANDS[label][:2])
        edges = [{"x": x, "low": bottom, "high": top} for (x, bottom), (_, top) in zip(low, high, strict=True)]
        layers.append(drawn(label, edges, {"type": "area"}, y={"field": "low", **y}, y2={"field": "high"}))
    layers.append(line(MEDIAN, fan.opened("q50"), {"strokeWidth": 1.6}))
    layers.append(line(KNOWN, fan.broken, {"strokeWidth": 1.2, "point": {"size": 12}}))
    if hover:
        titles = {name: name for name in ("month", KNOWN, MEDIAN, *bands)}
        layers.append(under_the_pointer(fan.told(bands), titles, x))
        layers[0]["params"] = [ZOOM]
    return {"layer": layers}

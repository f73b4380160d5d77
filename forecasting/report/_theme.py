"""Colours of page and pictures, after Okabe and Ito: told apart by colour-blind readers, in light and in dark."""

from __future__ import annotations

from forecasting.report._chart import Json, slot

__all__ = ["COLOURS", "FONT", "LINES", "config", "css_variables", "ink"]

COLOURS: dict[str, tuple[str, str]] = {
    "page": ("#f5f7f9", "#10151c"),
    "surface": ("#ffffff", "#171e27"),
    "raised": ("#eef2f6", "#202936"),
    "ink": ("#17202b", "#e6ecf3"),
    "muted": ("#566272", "#a3b0c0"),
    "rule": ("#dfe5eb", "#2d3846"),
    "strong": ("#9aa6b4", "#5d6b7c"),
    "accent": ("#0b5c94", "#7cc0ee"),
    "median": ("#0072b2", "#56b4e9"),
    "band90": ("#cfe3f2", "#1d3a51"),
    "band50": ("#8fc0e0", "#2f668e"),
    "bounds": ("#e9edf1", "#232c38"),
    "ahead": ("#9c4a00", "#f5b041"),
    "ahead90": ("#f9e3c8", "#40301a"),
    "ahead50": ("#f0bd7f", "#7a5520"),
    "published": ("#d55e00", "#ff9a5c"),
    "good": ("#007a58", "#3fcf9f"),
    "bad": ("#b3261e", "#ff8a80"),
    "below": ("#e69f00", "#e6a93a"),
    "within": ("#009e73", "#2bb98c"),
    "above": ("#0072b2", "#56b4e9"),
    "c1": ("#0072b2", "#56b4e9"),
    "c2": ("#d55e00", "#ff9a5c"),
    "c3": ("#009e73", "#2bb98c"),
    "c4": ("#cc79a7", "#e0a3c5"),
    "c5": ("#e69f00", "#f0bd4f"),
    "c6": ("#56b4e9", "#9ad3f5"),
    "c7": ("#7a5195", "#b79ad0"),
    "c8": ("#8a8f98", "#8f99a6"),
    "c9": ("#66c2a4", "#1f7f63"),
    "c10": ("#f4a582", "#a65a33"),
    "c11": ("#c2d7ea", "#36597a"),
    "c12": ("#5b6675", "#c4ccd6"),
    "c13": ("#a3a500", "#c9cc4d"),
    "c14": ("#3b3b98", "#8c8ce6"),
}
"""A colour's value in the light and in the dark theme."""

LINES = tuple(name for name in COLOURS if name[0] == "c" and name[1:].isdigit())
"""Colours of things that are only to be told apart, in order of use."""

FONT = "Liberation Sans, Arial, Helvetica, sans-serif"  # the first one comes with vl-convert


def ink(name: str) -> Json:
    """Slot of a colour."""
    return slot(f"colour.{name}")


def css_variables(theme: int) -> str:
    """Declarations of the colours for the page; 0 is light, 1 dark."""
    return "".join(f"--{name}:{values[theme]};" for name, values in COLOURS.items())


def config() -> Json:
    """What all charts share; goes with every specification."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "background": slot("background"),
        "autosize": {"type": "fit-x", "contains": "padding"},
        "padding": slot("padding"),
        "title": slot("title"),
        "config": {
            "font": slot("font"),
            "view": {"stroke": None},
            "axis": {
                "labelColor": ink("muted"),
                "titleColor": ink("muted"),
                "titleFontWeight": "normal",
                "labelFontSize": 11,
                "titleFontSize": 11,
                "domainColor": ink("strong"),
                "tickColor": ink("strong"),
                "gridColor": ink("rule"),
                "labelOverlap": True,
            },
            "title": {
                "color": ink("ink"),
                "fontSize": 16,
                "anchor": "start",
                "frame": "bounds",
                "offset": 14,
                "subtitleColor": ink("muted"),
                "subtitleFontSize": 11,
                "subtitlePadding": 6,
            },
            "text": {"color": ink("ink"), "fontSize": 12},
            "legend": {
                "orient": "bottom",
                "direction": "horizontal",
                "columns": slot("legend_columns"),
                "labelColor": ink("ink"),
                "titleColor": ink("muted"),
                "titleFontWeight": "normal",
                "labelFontSize": 11,
                "labelLimit": 300,
                "symbolStrokeWidth": 0,
                "rowPadding": 4,
                "columnPadding": 16,
            },
        },
    }

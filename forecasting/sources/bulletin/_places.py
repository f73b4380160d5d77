"""From the names of places before a figure to the region that they mean together."""

from __future__ import annotations

from collections.abc import Sequence

from forecasting.sources.bulletin._lexer import Token
from forecasting.sources.bulletin._regions import Region, called, resolve


def place_of(named: Sequence[Token], home: Region | None) -> tuple[Region | None, str]:
    """The region that a chain of places ends with, and why it is not clear, "" where it is."""
    chosen: Region | None = None
    for token in named:
        if token.kind == "relative":
            region = resolve(token.text, home)
        else:
            region = token.value if token.value.level < 3 else called(token.text, chosen or home)
        if region is not None and region.level == 1 and region.code == "CN" and home is not None and home.level > 0:
            return None, f"whether the nation's {token.text} is meant is not said"
        if region is None and token.kind == "region":
            return None, f"which city's {token.text} it is, is not clear"
        if region is None:
            return None, f"which region {token.text} means is not clear"
        if chosen is not None and not region.within(chosen) and region != chosen:
            return None, f"two regions before one figure: {''.join(one.text for one in named)}"
        chosen = region
    return chosen, ""

"""Short histories: M3's monthly series cut to their last months, forecast among each other, alone and among long ones.

Scored on the twelve months that follow, by the naive scale of the whole history; beside them the last figure and the
seasonal naive forecast. Arguments: which competition (m3, tourism), and K for every K-th series (12), from the second
on: those of even position are the ones by whose errors `last_year` was shaped.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from competitions import SEASON, Competition, judged, line, m3_monthly, scores, tourism_monthly

from forecasting.evaluation import forecast_panel

HORIZON = 12
MONTHS = (8, 12, 18, 24, 36)
PANEL, SHORT = 20, 5
"""Series of a mixed panel, and how many of them are cut."""


def last_months(data: Competition, months: int, which: Sequence[int] | None = None) -> Competition:
    """The same series with the last months of their histories alone, all of them or some."""
    cut = set(range(len(data.names)) if which is None else which)
    return replace(data, history=tuple(y[-months:] if i in cut else y for i, y in enumerate(data.history)))


def panels(data: Competition, months: int) -> Iterator[tuple[str, list[Competition]]]:
    """Design -> panels in which the series to be scored are cut."""
    everything = range(len(data.names))
    yield "among each other", [last_months(data, months)]
    yield "alone", [last_months(data.some([i]), months) for i in everything]
    order = np.random.default_rng(1).permutation(len(data.names))
    mixed = [data.some(order[k : k + PANEL]) for k in range(0, len(order) - PANEL + 1, PANEL)]
    parts = [range(k, k + SHORT) for k in range(0, PANEL, SHORT)]
    yield f"{SHORT} among {PANEL - SHORT} long", [last_months(each, months, part) for each in mixed for part in parts]


def main() -> None:
    """Print a line for each length and design."""
    whole = {"m3": m3_monthly, "tourism": tourism_monthly}[sys.argv[1] if len(sys.argv) > 1 else "m3"]()
    data = whole.some(range(1, len(whole.names), int(sys.argv[2]) if len(sys.argv) > 2 else 12))
    data = replace(data, future=tuple(future[:HORIZON] for future in data.future), horizon=HORIZON)
    last = np.array([np.full(HORIZON, y[-1]) for y in data.history])
    print(line("the last figure", scores(data, last)))
    print(line("the last year", scores(data, np.array([y[-SEASON:][:HORIZON] for y in data.history]))))
    for months in MONTHS:
        for design, every in panels(data, months):
            found = []
            for each in every:
                table = forecast_panel(each.panel(), HORIZON, seed=0).quantiles
                short = [name for name, y in zip(each.names, each.history, strict=True) if len(y) == months]
                found.append(table[table["unique_id"].isin(short)])
            quantiles = pd.concat(found)
            scored = data.some([i for i, name in enumerate(data.names) if name in set(quantiles["unique_id"])])
            print(line(f"{months} months, {design}", judged(scored, quantiles)), flush=True)


if __name__ == "__main__":
    main()

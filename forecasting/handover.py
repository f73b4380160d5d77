"""From figures and forecasts to the growth paths of the projection, which know nothing of each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from forecasting.decumulation import FloatArray, Path, decumulate
from forecasting.observations import month_index, month_label
from forecasting.outlook import Outlook, make_outlook
from forecasting.parallel import Workers
from forecasting.projection import GrowthPaths

__all__ = ["forecast_paths", "growth_paths"]


def growth_paths(outlook: Outlook, observations: pd.DataFrame, indicators: Iterable[str], horizon: int) -> GrowthPaths:
    """Joint draws of annual growth after the last observed month.

    A month's growth is that of its year ahead, counted from the last observed month, on the twelve months before:
    seasons and the January-February pair fall out of it, and after every whole year the growth so far is that of the
    last twelve months. What is left of a last year grows as its months do on those of the year before.

    Args:
        outlook: Joint forecasts.
        observations: The figures behind them, for their age.
        indicators: Catalogue identifiers; those without a path are left out.
        horizon: Months ahead.

    Returns:
        Log growth, ``(draws, horizon)`` each, with the age of every indicator's last figure.
    """
    months = np.arange(outlook.origin + 1, outlook.origin + 1 + horizon)
    known = [name for name in indicators if name in outlook.paths]
    last = observations.groupby("indicator")["period"].max()
    return GrowthPaths(
        tuple(month_label(int(month)) for month in months),
        {name: _by_year(outlook.paths[name], months) for name in known},
        {name: outlook.origin - month_index(last[name]) for name in known},
    )


def _by_year(path: Path, months: np.ndarray) -> FloatArray:
    """Log growth at annual rate (draws, horizon), the same in all months of a year ahead."""
    years = np.split(months, range(12, len(months), 12))
    return np.repeat(np.stack([np.log1p(path.growth_of(year)) for year in years], axis=1), [*map(len, years)], axis=1)


def forecast_paths(
    observations: pd.DataFrame,
    indicators: Iterable[str],
    related: Mapping[str, str],
    *,
    horizon: int,
    draws: int,
    seed: int,
    workers: Workers = 1,
    progress: Callable[[int, int], None] | None = None,
) -> GrowthPaths:
    """De-cumulate and forecast what the projection follows, and what that leans on.

    Args:
        observations: Canonical figures.
        indicators: Catalogue identifiers that the projection follows.
        related: Indicator to the one it leans on.
        horizon: Months ahead.
        draws: Joint draws.
        seed: Seed of everything random.
        workers: Processes or a cluster (`forecasting.parallel`); the result does not depend on it.
        progress: Called with (series done, series in all).

    Returns:
        Paths of the indicators that have figures.
    """
    wanted, needed = list(indicators), set(indicators)
    while more := {related[name] for name in needed if name in related} - needed:
        needed |= more
    figures = observations[observations["indicator"].isin(needed)].reset_index(drop=True)
    if figures.empty:
        start = month_index(max(observations["period"]))
        return GrowthPaths(tuple(month_label(start + i) for i in range(1, horizon + 1)), {})
    present = set(figures["indicator"])
    links = {name: to for name, to in related.items() if name in present and to in present}
    recovered = decumulate(figures, related=links, draws=draws, seed=seed, workers=workers)
    outlook = make_outlook(recovered, figures, horizon=horizon, workers=workers, progress=progress)
    return growth_paths(outlook, figures, wanted, horizon)

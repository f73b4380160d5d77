"""What the steps of a night hand on: tables and small things, no draws."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.decumulation import Decumulation
    from forecasting.evaluation import Champion, Losses, Recipe
    from forecasting.outlook import Outlook
    from forecasting.projection import GrowthPaths

__all__ = ["Derived", "Fitted", "Panel", "derived", "fitted"]


@dataclass(frozen=True, slots=True)
class Derived:
    """Recovered months.

    Attributes:
        monthly: See `Decumulation.monthly`.
        kinds: Indicator -> dense or sparse.
        merged: Indicators with periods of January and February together.
        flags: Number of flags.
    """

    monthly: pd.DataFrame
    kinds: Mapping[str, str]
    merged: tuple[str, ...]
    flags: int


@dataclass(frozen=True, slots=True)
class Panel:
    """The contest of the models; see `forecasting.evaluation.PanelForecast`, whose lines are in words here."""

    leaderboard: pd.DataFrame
    champions: Mapping[str, Champion]
    recipes: Mapping[str, Mapping[str, Recipe]]
    losses: Mapping[str, Losses]
    unmodelled: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Forecasts of every indicator; see `forecasting.outlook.Outlook`.

    Attributes:
        growth: Joint paths of what the projection follows.
    """

    forecasts: pd.DataFrame
    headlines: pd.DataFrame
    odds: pd.DataFrame
    origin: int
    apart: tuple[str, ...]
    growth: GrowthPaths
    panel: Panel


def derived(decumulation: Decumulation) -> Derived:
    """What later steps need of a de-cumulation."""
    paths = decumulation.paths
    return Derived(
        decumulation.monthly,
        {name: "sparse" if path.sparse else "dense" for name, path in paths.items()},
        tuple(name for name, path in paths.items() if path.periods_per_year == 11),
        len(decumulation.flags),
    )


def fitted(outlook: Outlook, growth: GrowthPaths) -> Fitted:
    """What later steps need of an outlook."""
    panel = outlook.panel
    kept = Panel(
        panel.leaderboard, panel.champions, panel.recipes, panel.losses, tuple(panel.unmodelled()),
        tuple(panel.left_out()),
    )  # fmt: skip
    return Fitted(
        outlook.forecasts, outlook.headlines, outlook.odds, outlook.origin, tuple(outlook.apart), growth, kept
    )

"""What the steps of a night hand on: tables and small things, no draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.decumulation import Decumulation, Outline
    from forecasting.evaluation import Champion, Losses, Recipe
    from forecasting.outlook import Outlook
    from forecasting.projection import GrowthPaths

__all__ = ["Derived", "Fitted", "Panel", "derived", "fitted"]


@dataclass(frozen=True, slots=True)
class Derived:
    """Recovered months.

    Attributes:
        monthly: See `Decumulation.monthly`.
        outlines: Indicator -> its point estimate, by id.
        leans: Sparse indicator -> the indicator that it leans on.
        flags: Number of flags.
    """

    monthly: pd.DataFrame
    outlines: Mapping[str, Outline]
    leans: Mapping[str, str]
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


def derived(chunks: Iterable[Decumulation], done: Callable[[], None] = lambda: None) -> Derived:
    """What later steps need of a de-cumulation in chunks; `done` is called after each."""
    import pandas as pd

    from forecasting.decumulation import outline
    from forecasting.frames import shared
    from forecasting.memory import give_back

    monthly: list[pd.DataFrame] = []
    outlines: dict[str, Outline] = {}
    leans: dict[str, str] = {}
    flags = 0
    for chunk in chunks:
        monthly.append(shared(chunk.monthly))
        outlines |= {name: outline(path) for name, path in chunk.paths.items()}
        leans |= chunk.leans
        flags += len(chunk.flags)
        del chunk  # before the next one comes
        give_back()
        done()
    whole = pd.concat(monthly, ignore_index=True).sort_values("indicator", kind="stable", ignore_index=True)
    return Derived(shared(whole), dict(sorted(outlines.items())), dict(sorted(leans.items())), flags)


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

"""The contest of a panel: models and combinations, which of them is the standard one, and who holds the title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.errors import InputError, Problem
from forecasting.evaluation._backtest import Paths
from forecasting.evaluation._champion import Recipe
from forecasting.evaluation._combination import (
    BY_HORIZON,
    COMBINATIONS,
    INVERSE_ERROR,
    MEDIAN,
    STACK,
    by_horizon,
    combination_weights,
    combined,
    is_young,
    members,
)
from forecasting.evaluation._panel import SOURCE, Floats, Series
from forecasting.evaluation._selection import Scores, panel_best
from forecasting.models import HEADLINE_STANDARD, LAST_RESORT, SHORT_HISTORY, Model, PanelModel


@dataclass(frozen=True, slots=True)
class Contest:
    """The paths of all candidates: the models, the last resort among them, then the combinations.

    Attributes:
        names: Of the candidates.
        paths: Of each series, with M candidates.
        weights: Name of a weighted combination -> of each series the weights of the forecast from the whole history,
            shape (models, H), or (models, 1) for all steps alike.
        inside: Models that the combinations of each series hold from the whole history, shape (S, models).
        across: Models that learn across the panel, shape (models,).
    """

    names: tuple[str, ...]
    paths: list[Paths]
    weights: Mapping[str, list[Floats]]
    inside: np.ndarray
    across: np.ndarray

    def recipes(self, i: int) -> dict[str, Recipe]:
        """What stands behind each candidate that forecasts a series from the whole history; else the last resort."""
        able = np.isfinite(self.paths[i].final).all(axis=1) & (np.array(self.names) != LAST_RESORT)
        found = {name: self._recipe(i, name) for name, there in zip(self.names, able, strict=True) if there}
        return found or {LAST_RESORT: self._of_models(i, [self.names.index(LAST_RESORT)])}

    def able(self, i: int) -> np.ndarray:
        """Positions of the models that the combinations of a series hold tonight."""
        return np.flatnonzero(self.inside[i] & np.isfinite(self.paths[i].final[: self.inside.shape[1]]).all(axis=1))

    def _recipe(self, i: int, name: str) -> Recipe:
        if name not in COMBINATIONS:
            return self._of_models(i, [self.names.index(name)])
        if name == MEDIAN:
            return self._of_models(i, self.able(i))
        weights = self.weights[name][i]
        used = np.flatnonzero(weights.any(axis=1) & np.isfinite(self.paths[i].final[: len(weights)]).all(axis=1))
        share = weights[used] / weights[used].sum(axis=0)
        return self._of_models(i, used, tuple(tuple(each) for each in share.tolist()))

    def _of_models(
        self, i: int, used: Sequence[int] | np.ndarray, weights: tuple[tuple[float, ...], ...] = ()
    ) -> Recipe:
        each = self.paths[i]
        return Recipe(
            tuple(self.names[m] for m in used),
            tuple(int(each.fitted[m]) for m in used),
            weights,
            tuple(tuple(each.final[m].tolist()) if self.across[m] else () for m in used),
        )


def combinations_of(models: Sequence[str]) -> list[str]:
    """Names of the combinations that compete with these models."""
    return [name for name in COMBINATIONS if name != BY_HORIZON or HEADLINE_STANDARD in models]


def contest_of(series: Sequence[Series], found: list[Paths], candidates: Sequence[Model | PanelModel]) -> Contest:
    """Add the combinations to the paths of the models, which are taken out of the list one by one.

    Those of a large panel would not fit into memory twice.
    """
    models = tuple(model.name for model in candidates)
    inside = members(models)
    across = np.array([not isinstance(model, Model) for model in candidates])
    names = combinations_of(models)
    last_year = np.array(models) == SHORT_HISTORY
    usual = inside & ~last_year if (inside & ~last_year).any() else inside
    learnt = dict(zip((INVERSE_ERROR, STACK), combination_weights(found, usual, across), strict=True))
    tonight: dict[str, list[Floats]] = {name: [] for name in names if name != MEDIAN}
    paths: list[Paths] = []
    holds: list[np.ndarray] = []
    found.reverse()
    while found:
        i, each = len(paths), found.pop()
        known = np.append(each.ends, len(series[i].y))
        path = np.concatenate([each.forecast, each.final[:, None]], axis=1)
        able = np.isfinite(path).all(axis=2).T & inside
        alone = ((able & last_year).any(axis=1) & is_young(known, series[i].season_length))[:, None]
        there = np.where(alone, last_year, usual)
        weights = {name: np.where(alone, last_year, of[i])[:, :, None] for name, of in learnt.items()}
        if BY_HORIZON in names:
            weights[BY_HORIZON] = by_horizon(models, able, known, series[i].season_length, path.shape[2])
        past = np.array([series[i].last_year(end) for end in known])
        path = np.concatenate([path, combined(path, there, [weights[name] for name in tonight], past)])
        for name, of in tonight.items():
            of.append(weights[name][-1].copy())
        holds.append(there[-1])
        paths.append(replace(each, forecast=path[:, :-1].copy(), final=path[:, -1].copy()))
    return Contest((*models, *names), paths, tonight, np.array(holds), across)


def standards(
    series: Sequence[Series], contest: Contest, scores: Sequence[Scores], standard: Mapping[str, str]
) -> list[int]:
    """Position of the candidate that forecasts each series unless another is clearly better.

    The one that is asked for, else the combination that is best in the panel; where it failed, the first candidate
    that did not, the last resort after all others. Where a model learnt across the panel it is the stack, which alone
    gives that one the share it earns: the backtest does not do it justice, since at past origins its weights were
    learnt from fewer errors (chosen on the half of M3's monthly series that presets are chosen on).
    """
    names = contest.names
    combinations = [names.index(name) for name in COMBINATIONS if name in names]
    best = panel_best(scores, combinations)
    others = [m for m in range(len(names)) if names[m] != LAST_RESORT]
    learnt = np.flatnonzero(contest.across)
    out = []
    for i, (one, each) in enumerate(zip(series, contest.paths, strict=True)):
        wanted = standard.get(one.unique_id)
        if wanted is not None and (wanted not in names or wanted == LAST_RESORT):
            known = ", ".join(name for name in names if name != LAST_RESORT)
            raise InputError(SOURCE, [Problem("", f"{one.unique_id}: {wanted} is not among {known}")])
        order = [best, *combinations, *others, names.index(LAST_RESORT)]
        if np.isfinite(each.final[learnt]).all(axis=1).any():
            order = [names.index(STACK), *order]
        there = contest.able(i)
        if len(there) == 1:  # a combination of one is that one
            order = [int(there[0]), *order]
        order = order if wanted is None else [names.index(wanted), *order]
        out.append(next(m for m in order if np.isfinite(each.final[m]).all()))
    return out


def hold(one: Series, paths: Paths, names: tuple[str, ...], held: Mapping[str, str], chosen: int) -> int:
    """Position of the champion of a series where it can forecast, else of the candidate chosen tonight."""
    name = held.get(one.unique_id, LAST_RESORT)
    if name == LAST_RESORT:  # nobody's choice: it forecasts only where nothing else does
        return chosen
    position = names.index(name) if name in names else chosen
    return position if np.isfinite(paths.final[position]).all() else chosen

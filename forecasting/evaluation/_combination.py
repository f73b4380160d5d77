"""Combinations of models, their weights learnt at every origin from what was known there.

Symbols: e[i,m,o,h] error of model m in series i at origin o and step h on the modelling scale. At an origin those
errors are known whose figure had come by then; a combination judged at that origin has seen no others.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from forecasting.evaluation._panel import Floats
from forecasting.models import BASELINES, HEADLINE, HEADLINE_STANDARD, LAST_RESORT, SHORT_HISTORY

if TYPE_CHECKING:
    from forecasting.evaluation._backtest import Paths

MEDIAN, INVERSE_ERROR, STACK, BY_HORIZON = "median", "inverse_error", "stack", "by_horizon"
COMBINATIONS = (MEDIAN, INVERSE_ERROR, STACK, BY_HORIZON)
"""Names of the combinations in every table; the last one where there are models of the headline."""

EQUAL_PRIOR = 48.0
"""Origins that equal weights are worth against a series' own errors."""
PANEL_PRIOR = 96.0
"""Origins that the panel's errors are worth against a series' own."""
RIDGE = 1.0
"""Weight of equal weights in the stack, as a share of the mean squared error of its members."""
NEAR_STEPS, BEND = 3, 2.5
"""Last step at which the level models of `by_horizon` have no weight, and the power of its rise from there to a year
ahead, where they have all. One half of M3's monthly industry told as cumulative rates asks for that, and for a straight
rise; such a one costs the reference's investment in manufacturing 4 % at half a year."""
YOUNG_YEARS, YOUNG_SHARE = 3, 0.5
"""Years of history up to which the level models of `by_horizon` have no weight, and a year later all of theirs; and
what `last_year` has of that weight until they have it."""


def combine(paths: Floats) -> Floats:
    """Median of the candidates at every step, on the modelling scale.

    Robust against a single wild candidate, and needs no weights estimated from few origins: Stock and Watson
    (2004), *Combination forecasts of output growth in a seven-country data set*, J. Forecasting 23(6).

    Args:
        paths: Shape (models, ..., horizon); NaN where a model failed.

    Returns:
        Shape (..., horizon); NaN where every model failed.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        return np.asarray(np.nanmedian(paths, axis=0))


def weighted(paths: Floats, weights: Floats, past: Floats) -> Floats:
    """Weighted mean over the models that are there, on the modelling scale (geometric in the unit of a log series).

    Weights that move with the step weigh growth on the year before, ``g[h] = sum w[m,h] (x[m,h] - x[m,h-s])`` with s
    periods a year, and the path is ``y[h] = y[h-s] + g[h]``: where they move from models that expect much to others
    that expect little, levels would fall and their growth with them, for a year. Weights that are the same at all steps
    make the same of growth as of levels.

    Args:
        paths: Shape (M, ..., H); rows of NaN where a model failed.
        weights: Shape (M, ..., H), or (M, ..., 1) for all steps alike, at least zero.
        past: The last year before them, shape (..., s); NaN where less is known.

    Returns:
        Shape (..., H); NaN where no model with a weight is there at some step.
    """
    moving = weights.shape[-1] > 1
    if moving:
        year = np.broadcast_to(past, (*paths.shape[:-1], past.shape[-1]))
        paths = paths - np.concatenate([year, paths], axis=-1)[..., : paths.shape[-1]]
    there = np.where(np.isfinite(paths).all(axis=-1, keepdims=True), weights, 0.0)
    total = there.sum(axis=0)
    share = there / np.where(total > 0, total, np.nan)
    out = np.asarray((share * np.where(there > 0, paths, 0.0)).sum(axis=0))
    if moving:
        for h in range(out.shape[-1]):
            out[..., h] += out[..., h - past.shape[-1]] if h >= past.shape[-1] else past[..., h]
    return np.where(np.isfinite(out).all(axis=-1, keepdims=True), out, np.nan)


def members(names: Sequence[str]) -> np.ndarray:
    """Which models a combination holds: all but baselines and last resort; baselines where there is nothing else."""
    baseline, resort = (np.isin(names, group) for group in (BASELINES, [LAST_RESORT]))
    chosen = ~baseline & ~resort
    return chosen if chosen.any() else ~resort


def is_young(known: np.ndarray, season_length: int) -> np.ndarray:
    """Whether `last_year` alone is better than any combination of models, for histories of so many observations.

    With less than two years and four months most models take a season for noise, or noise for a season, all at once.

    Args:
        known: Observations, shape (O,).
        season_length: Periods a year.
    """
    return np.asarray(known < 2 * season_length + 4)


def combination_weights(
    paths: Sequence[Paths], inside: np.ndarray, across: np.ndarray
) -> tuple[list[Floats], list[Floats]]:
    """Weights of the inverse-error combination and of the stack, for every series and origin and the whole history.

    Inverse error, after Bates and Granger (1969), *The combination of forecasts*, Operational Research Quarterly 20(4):
    with r[i,m] the mean absolute error of a model relative to the mean over models and n the origins with a known
    figure, ``w = (n + k) / (n r[i,m] + k)``, scaled to a sum of 1. Equal weights where nothing is known.

    Stack: the convex combination of the least squared error, Breiman (1996), *Stacked regressions*, Machine
    Learning 24. G[i] is the mean of e e' over what is known, relative to the series' mean squared error, shrunk to the
    panel's mean as above and to equal weights by a ridge; ``w = argmin w'Gw, w >= 0, sum w = 1``. Models that learn
    across the panel err otherwise than those of one series: either kind is stacked by itself, and the two share the
    sum as `shared` has it, without a pull to equal weights.

    Args:
        paths: Of S series and M models.
        inside: Models that take part, shape (M,), boolean.
        across: Models that learn across the panel, shape (M,), boolean.

    Returns:
        For each series weights of shape (O + 1, M), the last row for the whole history, zero outside; of either kind.
    """
    count = int(inside.sum())
    known = [_known(each, inside) for each in paths]
    keys = [np.append(each.keys, -1) for each in paths]  # -1: the whole history, later than every origin
    gram = _panel_gram(keys, known, count)
    inverse: list[Floats] = []
    stack: list[Floats] = []
    for (n, r, g), of in zip(known, keys, strict=True):
        own = 1 / (n[:, None] * r + EQUAL_PRIOR)
        of_panel = np.array([gram.get(key, np.eye(count)) for key in of.tolist()])
        mixed = (n[:, None, None] * g + PANEL_PRIOR * of_panel) / (n[:, None, None] + PANEL_PRIOR)
        each = own / own.sum(axis=1, keepdims=True), np.array([shared(one, across[inside]) for one in mixed])
        for weights, kept in zip(each, (inverse, stack), strict=True):
            kept.append(np.zeros((len(of), len(inside))))
            kept[-1][:, inside] = weights
    return inverse, stack


def by_horizon(names: Sequence[str], there: np.ndarray, known: np.ndarray, season_length: int, steps: int) -> Floats:
    """Weights that move from the headline's standard model to the level models, shape (O, M, `steps`).

    Growth as it goes on forecasts the next releases best; a year ahead it does not know what a slump and its rebound
    leave behind, and levels do. With m periods a year the level models, each as much as another, have
    ``((h - 3) / (m - 3))^BEND`` at step h and all from a year on; of that a history of three years grants nothing and
    one of four all, and `last_year` has half of what they are not granted.

    Args:
        names: Of the M models, that of the headline among them.
        there: Which of those that combinations hold have a forecast at each of O origins, shape (O, M), boolean.
        known: Observations at each origin, shape (O,).
        season_length: m.
        steps: Steps ahead.
    """
    last_year = np.isin(names, SHORT_HISTORY)
    far = there & ~np.isin(names, HEADLINE) & ~last_year
    count = far.sum(axis=1)
    ahead = np.clip((np.arange(1, steps + 1) - NEAR_STEPS) / (season_length - NEAR_STEPS), 0.0, 1.0) ** BEND
    old_enough = np.where(count > 0, np.clip(known / season_length - YOUNG_YEARS, 0.0, 1.0), 0.0)
    share = far * (old_enough / np.maximum(count, 1))[:, None]
    share = share + (there & last_year) * (YOUNG_SHARE * (1 - old_enough))[:, None]
    out: Floats = share[:, :, None] * ahead
    out[:, list(names).index(HEADLINE_STANDARD)] = 1 - out.sum(axis=1)
    return out


def combined(path: Floats, inside: np.ndarray, weights: Sequence[Floats], past: Floats) -> Floats:
    """Paths of the median and of C weighted combinations from O origins, the last of them the end, (1 + C, O, H).

    NaN where every member failed, or every one with a weight.

    Args:
        path: Of one series by M models, shape (M, O, H).
        inside: Models of the median at each origin, shape (O, M), boolean.
        weights: Of each weighted combination, shape (O, M, H) or (O, M, 1), see `weighted`.
        past: The last year before each origin, shape (O, s).
    """
    middle = combine(np.where(inside.T[:, :, None], path, np.nan))
    return np.stack([middle, *(weighted(path, np.moveaxis(each, 0, 1), past) for each in weights)])


def convex(gram: Floats) -> Floats:
    """Weights w >= 0 of sum 1 that minimise w'Gw + `RIDGE` mean(diag G) w'w, shape (M,).

    The direction of the least squares solution of ``L'w = 0, sum w = 1`` with G = LL' does not depend on how the two
    are weighed, so non-negative least squares has it.
    """
    from scipy.optimize import nnls

    size = len(gram)
    ridge = RIDGE * np.trace(gram) / size
    if ridge <= 0:
        return np.full(size, 1 / size)  # every error is zero
    root = np.linalg.cholesky(gram + ridge * np.eye(size)).T / np.sqrt(np.trace(gram) / size)
    solution, _ = nnls(np.vstack([root, np.ones(size)]), np.append(np.zeros(size), 1.0))
    return np.asarray(solution / solution.sum())


def shared(gram: Floats, across: np.ndarray) -> Floats:
    """Weights of sum 1 by `convex` within either kind of models, and by least squares between the two, shape (M,).

    With u and v the weights within, ``b = (u'Gu - u'Gv) / (u'Gu - 2 u'Gv + v'Gv)``, between 0 and 1, is the share of
    those that learn across the panel (Bates and Granger 1969, equation 1).

    Args:
        gram: G, shape (M, M).
        across: Which models learn across the panel, shape (M,).
    """
    if across.all() or not across.any():
        return convex(gram)
    u, v = np.zeros(len(gram)), np.zeros(len(gram))
    u[~across] = convex(gram[np.ix_(~across, ~across)])
    v[across] = convex(gram[np.ix_(across, across)])
    own, between, other = float(u @ gram @ u), float(u @ gram @ v), float(v @ gram @ v)
    apart = own - 2 * between + other
    share = min(1.0, max(0.0, (own - between) / apart)) if apart > 0 else 0.5
    return (1 - share) * u + share * v


def _known(paths: Paths, inside: np.ndarray) -> tuple[Floats, Floats, Floats]:
    """Origins known (E,), r (E, M) and G (E, M, M) of one series at every origin and at the end.

    A failed model counts as the mean of all.
    """
    error = paths.actual - paths.forecast[inside]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        error = np.where(np.isfinite(error), error, np.nanmean(error, axis=0))
    there = np.isfinite(paths.actual) & np.isfinite(paths.forecast[inside]).any(axis=0)
    ends, steps = np.append(paths.ends, np.inf)[:, None, None], np.arange(1, there.shape[1] + 1)
    known = there & (paths.ends[:, None] + steps <= ends)
    n = known.any(axis=2).sum(axis=1).astype(np.float64)
    size, seen = np.nan_to_num(error).reshape(len(error), -1), known.reshape(len(known), -1).astype(np.float64)
    absolute = seen @ np.abs(size).T
    square = (seen[:, None] * size) @ size.T
    mean = np.trace(square, axis1=1, axis2=2) / max(len(size), 1)
    usable = (n > 0) & (mean > 0)
    n, mean = np.where(usable, n, 0.0), np.where(usable, mean, 1.0)
    relative = absolute / np.where(usable, absolute.mean(axis=1), 1.0)[:, None]
    relative = np.where(usable[:, None], np.maximum(relative, 0.05), 1.0)
    return n, relative, square / mean[:, None, None]


def _panel_gram(
    keys: Sequence[np.ndarray], known: Sequence[tuple[Floats, Floats, Floats]], count: int
) -> dict[int, Floats]:
    """Mean G over the series that knew something at each date."""
    total: dict[int, tuple[int, Floats]] = {}
    for of, (n, _, g) in zip(keys, known, strict=True):
        for o in np.flatnonzero(n).tolist():
            number, so_far = total.get(int(of[o]), (0, np.zeros((count, count))))
            total[int(of[o])] = (number + 1, so_far + g[o])
    return {key: so_far / number for key, (number, so_far) in total.items()}

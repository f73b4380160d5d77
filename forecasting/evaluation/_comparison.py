"""Champion and challenger: the test of equal accuracy, and who forecasts from the next night on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecasting.evaluation._backtest import Paths
from forecasting.evaluation._champion import Champion, Recipe
from forecasting.evaluation._panel import Floats, Series
from forecasting.models import LAST_RESORT

STEPS = 3
"""Months ahead whose errors decide: those of the next releases."""
FEWEST_ORIGINS = 8
"""Origins below which nothing is decided."""
EQUAL = 1e-9
"""Share by which losses that are the same but for the last digits may differ."""
WATCHED = 0.20
"""Adjusted p-value from which on the best rival is called the challenger."""


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean absolute errors of the models of one series in its backtest, in its own unit; M models, O origins.

    Attributes:
        models: Names, sorted.
        cutoffs: Month index of the last month known at each origin, shape (O,).
        near: Over the next `STEPS` months, shape (O, M); NaN where a model failed.
        far: Over all steps and origins, shape (M,).
        standard: Name of the model that forecasts the series unless another is clearly better.
    """

    models: tuple[str, ...]
    cutoffs: npt.NDArray[np.int64]
    near: Floats
    far: Floats
    standard: str


def losses_of(one: Series, paths: Paths, names: Sequence[str], standard: str) -> Losses:
    """Losses of a series' candidates by name, as far as they forecast anything; those without a name are left out."""
    error = np.abs(one.back(paths.actual) - one.back(paths.forecast))
    known = np.isfinite(error)
    error = np.where(known, error, 0.0)
    order = [m for m in np.argsort(names, kind="stable").tolist() if names[m] and known[m].any()]
    near, count = error[order, :, :STEPS].sum(axis=2).T, known[order, :, :STEPS].sum(axis=2).T
    there = count.any(axis=1)
    months = one.ds.year.to_numpy() * 12 + one.ds.month.to_numpy() - 1
    return Losses(
        models=tuple(names[m] for m in order),
        cutoffs=months[paths.ends - 1][there],
        near=np.where(count > 0, near / np.maximum(count, 1), np.nan)[there],
        far=error[order].sum(axis=(1, 2)) / known[order].sum(axis=(1, 2)),
        standard=standard,
    )


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a test of equal accuracy says.

    Attributes:
        statistic: Positive where the second forecaster loses less.
        p_value: One-sided: the chance of such a statistic if the second is no better.
        n: Number of losses compared.
    """

    statistic: float
    p_value: float
    n: int


@dataclass(frozen=True, slots=True)
class Incumbent:
    """The champion of a series and the day on which it became so."""

    model: str
    since: dt.date


@dataclass(frozen=True, slots=True)
class Decision:
    """What a night's errors say of a series' champion.

    Attributes:
        unique_id: The series.
        champion: The model that forecasts tonight.
        rival: The other model with the smallest loss; "" where none could be judged.
        challenger: The rival, where it is good enough to be watched, else "".
        promoted: The rival is champion from the next night on.
        crowned: Tonight's champion is so from now on: nobody was, or who was is no candidate any more.
        reason: In words.
        gain: Loss up to `STEPS` months ahead that the rival saves, as a share of the champion's; NaN without a rival.
        test: Of the rival against the champion; None without a rival.
        p_adjusted: The p-value times the number of rivals (Bonferroni), since the best of them was picked.
    """

    unique_id: str
    champion: str
    rival: str
    challenger: str
    promoted: bool
    crowned: bool
    reason: str
    gain: float
    test: Comparison | None
    p_adjusted: float


def diebold_mariano(losses: npt.ArrayLike, rival: npt.ArrayLike, steps: int = 1) -> Comparison:
    """Test of equal accuracy, with the correction for small samples, against Student's t.

    With d = losses - rival and autocovariances g_k, ``DM = mean(d) / sqrt((g_0 + 2 sum_{k<h} g_k) / n)``,
    times ``sqrt((n + 1 - 2h + h (h - 1) / n) / n)``, has t_{n-1} as its reference. Where the sum is not positive,
    g_k is weighted by 1 - k/h. Diebold and Mariano (1995), *Comparing predictive accuracy*, J. Business and Economic
    Statistics 13(3); Harvey, Leybourne and Newbold (1997), *Testing the equality of prediction mean squared errors*,
    Int. J. Forecasting 13(2), equations 8 and 9; the weights: Harvey, Leybourne and Whitehouse (2017), *Forecast
    evaluation tests and negative long-run variance estimates in small samples*, Int. J. Forecasting 33(4).

    Losses that never differ, or always by the same amount, have no variance to test against: statistic 0, p 1.

    Args:
        losses: Of the first forecaster, in order of time, shape (n,).
        rival: Of the second, at the same times.
        steps: h, the number of neighbouring losses that share outcomes; 1 where none do.

    Raises:
        ValueError: Shapes that differ, a loss that is not finite, or n not above `steps`.

    >>> diebold_mariano([2.0, 3.0, 2.5, 3.5], [1.0, 2.5, 1.0, 3.0])
    Comparison(statistic=3.655..., p_value=0.0176..., n=4)
    """
    from scipy.special import stdtr

    first, second = np.asarray(losses, dtype=np.float64), np.asarray(rival, dtype=np.float64)
    d = first - second if first.shape == second.shape else np.full(1, np.nan)
    n = len(d)
    if d.ndim != 1 or not np.isfinite(d).all() or not 1 <= steps < n:
        raise ValueError(f"shapes {first.shape} and {second.shape}, {steps} steps; expected finite (n,), n above steps")
    mean = float(d.mean())
    around = d - mean
    covariance = np.array([around[k:] @ around[: n - k] for k in range(steps)]) / n
    weight = np.full(steps, 2.0)
    weight[0] = 1.0
    variance = float(weight @ covariance)
    if variance <= 0:
        variance = float((weight * (1 - np.arange(steps) / steps)) @ covariance)
    if variance <= 1e-24 * max(1.0, mean**2):
        return Comparison(0.0, 1.0, n)
    correction = (n + 1 - 2 * steps + steps * (steps - 1) / n) / n
    statistic = mean / np.sqrt(variance / n) * np.sqrt(correction)
    return Comparison(float(statistic), float(stdtr(n - 1, -statistic)), n)


def decide_champions(
    losses: Mapping[str, Losses],
    champions: Mapping[str, str],
    incumbents: Mapping[str, Incumbent],
    night: dt.date,
    *,
    level: float = 0.05,
    cool_down: int = 56,
) -> list[Decision]:
    """Who is champion from the next night on: a function of the backtest's errors and the last promotion's day.

    A loss is the mean absolute error over the next three months from one origin. The rival with the smallest mean
    loss takes over if `diebold_mariano` says at `level`, adjusted for the number of rivals, that it is better, if its
    mean error over all steps is smaller too, and if the champion has been in place for `cool_down` days. The burden of
    proof is on those that are not the series' standard: that one takes the title back as soon as its errors over all
    steps are smaller than the champion's, and those over the next months no larger. What two years of origins proved
    need not last, and would else hold until disproved.

    Args:
        losses: Of every series in the night's rolling origins.
        champions: Series -> the model that forecasts it tonight; the last resort never takes the title.
        incumbents: Series -> the champion as the night found it; a series without one gets tonight's.
        night: The night's day.
        level: Of the test.
        cool_down: Days.

    Returns:
        A decision for each of `champions`, sorted by series.
    """
    return [
        _decide(name, losses[name], model, incumbents.get(name), night, level, cool_down)
        for name, model in sorted(champions.items())
    ]


def _decide(
    name: str,
    losses: Losses,
    champion: str,
    incumbent: Incumbent | None,
    night: dt.date,
    level: float,
    cool_down: int,
) -> Decision:
    retired = incumbent is not None and len(losses.cutoffs) > 0 and incumbent.model not in losses.models
    crowned = (incumbent is None or retired) and champion != LAST_RESORT
    judged = _best_rival(losses, champion)
    if judged is None:
        return Decision(name, champion, "", "", False, crowned, "too few origins to judge a rival", np.nan, None, 1.0)
    rival, rivals = judged
    test, gain, lasting = _against(losses, champion, rival)
    adjusted = min(1.0, rivals * test.p_value)
    back = (adjusted > level or not lasting) and _takes_back(losses, champion)
    if back:
        rival = losses.standard
        test, gain, lasting = _against(losses, champion, rival)
        adjusted = test.p_value
    until = incumbent.since + dt.timedelta(days=cool_down) if incumbent else None
    if incumbent is None:
        reason = "first champion"
    elif retired:
        reason = f"{incumbent.model} was champion and is no candidate any more"
    elif incumbent.model != champion:
        reason = f"{incumbent.model} is champion and could not forecast tonight"
    elif adjusted > level and not back:
        reason = "no rival is better beyond chance"
    elif not lasting:
        reason = f"{rival} is better up to {STEPS} months ahead, not over all months"
    elif until is not None and night < until:
        reason = f"{rival} is better{' over all months' if back else ''}; cooling down until {until}"
    else:
        proof = "smaller errors over all months are enough for the standard one: " if back else ""
        reason = f"{proof}{rival} promoted"
    challenger = rival if gain > 0 and adjusted <= WATCHED else ""
    promoted = reason.endswith("promoted")
    return Decision(name, champion, rival, challenger, promoted, crowned, reason, gain, test, adjusted)


def _against(losses: Losses, champion: str, rival: str) -> tuple[Comparison, float, bool]:
    """The test of a rival, the share of the champion's loss that it saves, and whether it saves some over all steps."""
    own, other = losses.models.index(champion), losses.models.index(rival)
    both = np.isfinite(losses.near[:, [own, other]]).all(axis=1)
    old, new = losses.near[both, own], losses.near[both, other]
    test = diebold_mariano(old, new, min(_overlap(losses.cutoffs[both]), len(old) - 1))
    gain = float(1 - new.mean() / old.mean()) if old.mean() > 0 else 0.0
    return test, gain, bool(losses.far[other] < losses.far[own])


def _takes_back(losses: Losses, champion: str) -> bool:
    """Whether the standard one, not champion, has smaller errors over all steps, and no larger ones at the next."""
    if losses.standard == champion or losses.standard not in losses.models:
        return False
    own, other = losses.models.index(champion), losses.models.index(losses.standard)
    _, mean = _near(losses, own)
    return bool(mean[other] <= mean[own] * (1 + EQUAL) and losses.far[other] < losses.far[own])


def _best_rival(losses: Losses, champion: str) -> tuple[str, int] | None:
    """The other model with the smallest mean loss at the champion's origins, and the number of others."""
    if champion not in losses.models:
        return None
    own = losses.models.index(champion)
    origins, mean = _near(losses, own)
    mean[own] = np.inf
    if origins < FEWEST_ORIGINS or not np.isfinite(mean).any():
        return None
    return losses.models[int(mean.argmin())], int(np.isfinite(mean).sum())


def _near(losses: Losses, own: int) -> tuple[int, Floats]:
    """The origins at which a model forecast something, and the mean loss of each model there.

    Infinite where one failed at an origin: it has shown less than one that did not.
    """
    known = losses.near[np.isfinite(losses.near[:, own])]
    there = np.isfinite(known)
    total = np.where(there, known, 0.0).sum(axis=0)
    return len(known), np.where(there.all(axis=0), total / max(1, len(known)), np.inf)


def _overlap(cutoffs: npt.NDArray[np.int64]) -> int:
    """Neighbouring losses that share months: those whose origins are less than `STEPS` months apart."""
    return max(1, -(-STEPS // max(1, int(np.diff(cutoffs).min()))))


def challenger(champion: Champion, rival: str, recipe: Recipe, losses: Losses) -> Champion:
    """The forecaster that a rival of the champion would be: its recipe, and a band as wide as its errors are.

    The band's scale is the champion's times the ratio of their mean absolute errors over all origins and steps.

    Args:
        champion: Of the series.
        rival: A candidate of its backtest.
        recipe: The models behind the rival, with their weights.
        losses: Of this series.
    """
    error = dict(zip(losses.models, losses.far.tolist(), strict=True))
    ratio = error[rival] / error[champion.model] if error[champion.model] > 0 else 1.0
    return replace(
        champion,
        model=rival,
        candidates=recipe.candidates,
        fitted=recipe.fitted,
        weights=recipe.weights,
        learnt=recipe.learnt,
        sigma=tuple(ratio * each for each in champion.sigma),
    )

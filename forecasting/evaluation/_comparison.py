"""Champion and challenger: the test of equal accuracy, and who forecasts from the next night on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.evaluation._champion import Champion, Recipe
from forecasting.evaluation._panel import Floats
from forecasting.models import LAST_RESORT

STEPS = 3
"""Months ahead whose errors decide: those of the next releases."""
FEWEST_ORIGINS = 8
"""Origins below which nothing is decided."""
WATCHED = 0.20
"""Adjusted p-value from which on the best rival is called the challenger."""


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
        gain: Loss that the rival saves, as a share of the champion's; NaN without a rival.
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
    backtest: pd.DataFrame,
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
    mean error over all steps is smaller too, and if the champion has been in place for `cool_down` days.

    Args:
        backtest: unique_id, model, cutoff, ds, step, y, forecast of the night's rolling origins.
        champions: Series -> the model that forecasts it tonight; the last resort never takes the title.
        incumbents: Series -> the champion as the night found it; a series without one gets tonight's.
        night: The night's day.
        level: Of the test.
        cool_down: Days.

    Returns:
        A decision for each of `champions`, sorted by series.
    """
    error = (backtest["y"] - backtest["forecast"]).abs()
    short = backtest["step"] <= STEPS
    near = backtest[short].assign(loss=error[short]).pivot_table("loss", ["unique_id", "cutoff"], "model", "mean")
    means = error.groupby([backtest["unique_id"], backtest["model"]], sort=True).mean().reset_index(name="loss")
    far = dict(zip(zip(means["unique_id"], means["model"], strict=True), means["loss"], strict=True))
    losses = {str(name): rows.droplevel(0) for name, rows in near.groupby(level=0, sort=True)}
    return [
        _decide(name, losses.get(name), far, model, incumbents.get(name), night, level, cool_down)
        for name, model in sorted(champions.items())
    ]


def _decide(
    name: str,
    losses: pd.DataFrame | None,
    far: Mapping[tuple[str, str], float],
    champion: str,
    incumbent: Incumbent | None,
    night: dt.date,
    level: float,
    cool_down: int,
) -> Decision:
    retired = incumbent is not None and losses is not None and not _judged(losses, incumbent.model)
    crowned = (incumbent is None or retired) and champion != LAST_RESORT
    judged = _best_rival(losses, champion)
    if judged is None:
        return Decision(name, champion, "", "", False, crowned, "too few origins to judge a rival", np.nan, None, 1.0)
    assert losses is not None  # noqa: S101
    rival, rivals = judged
    pair = losses[[champion, rival]].dropna()
    old, new = pair[champion].to_numpy(), pair[rival].to_numpy()
    test = diebold_mariano(old, new, min(_overlap(pair.index), len(pair) - 1))
    gain = float(1 - new.mean() / old.mean()) if old.mean() > 0 else 0.0
    adjusted = min(1.0, rivals * test.p_value)
    until = incumbent.since + dt.timedelta(days=cool_down) if incumbent else None
    if incumbent is None:
        reason = "first champion"
    elif retired:
        reason = f"{incumbent.model} was champion and is no candidate any more"
    elif incumbent.model != champion:
        reason = f"{incumbent.model} is champion and could not forecast tonight"
    elif adjusted > level:
        reason = "no rival is better beyond chance"
    elif far[name, rival] >= far[name, champion]:
        reason = f"{rival} is better up to {STEPS} months ahead, not over all months"
    elif until is not None and night < until:
        reason = f"{rival} is better; cooling down until {until}"
    else:
        reason = f"{rival} promoted"
    challenger = rival if gain > 0 and adjusted <= WATCHED else ""
    promoted = reason.endswith("promoted")
    return Decision(name, champion, rival, challenger, promoted, crowned, reason, gain, test, adjusted)


def _judged(losses: pd.DataFrame, model: str) -> bool:
    """Whether a model forecast from any origin."""
    return model in losses and bool(losses[model].notna().any())


def _best_rival(losses: pd.DataFrame | None, champion: str) -> tuple[str, int] | None:
    """The other model with the smallest mean loss at the champion's origins, and the number of others."""
    if losses is None or champion not in losses:
        return None
    known = losses[losses[champion].notna()]
    others: Floats = known.drop(columns=champion).to_numpy()
    # a model that failed at an origin has shown less there than one that did not
    whole = np.isfinite(others).all(axis=0)
    if len(known) < FEWEST_ORIGINS or not whole.any():
        return None
    mean = np.where(whole, np.where(np.isfinite(others), others, 0.0).mean(axis=0), np.inf)
    return str(known.columns.drop(champion)[int(mean.argmin())]), int(whole.sum())


def _overlap(cutoffs: pd.Index) -> int:
    """Neighbouring losses that share months: those whose origins are less than `STEPS` months apart."""
    days = pd.DatetimeIndex(cutoffs)
    months = np.diff(days.year * 12 + days.month)
    return max(1, -(-STEPS // max(1, int(months.min()))))


def challenger(champion: Champion, rival: str, recipe: Recipe, backtest: pd.DataFrame) -> Champion:
    """The forecaster that a rival of the champion would be: its recipe, and a band as wide as its errors are.

    The band's scale is the champion's times the ratio of their mean absolute errors over all origins and steps.

    Args:
        champion: Of the series.
        rival: A candidate of its backtest.
        recipe: The models behind the rival, with their weights.
        backtest: model, y, forecast of this series.
    """
    error = (backtest["y"] - backtest["forecast"]).abs().groupby(backtest["model"]).mean()
    ratio = float(error[rival] / error[champion.model]) if error[champion.model] > 0 else 1.0
    return replace(
        champion,
        model=rival,
        candidates=recipe.candidates,
        weights=recipe.weights,
        sigma=tuple(ratio * each for each in champion.sigma),
    )

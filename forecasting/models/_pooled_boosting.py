"""Gradient boosting that learns across a panel (scikit-learn)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from forecasting.errors import ModelError
from forecasting.models._protocol import Floats, History, PanelState
from forecasting.models._windows import AT_ONCE, LEAST, YEARS, windows

FEWEST_SERIES = 50
"""Series of three years and more below which nothing is learnt."""
WINDOWS = 60_000
"""Windows that are learnt from, at most."""
STEPS = 4
"""Steps ahead drawn at random for a window, of which those count whose figure is known."""
RECENT = 2
"""Years whose windows are a month apart; earlier ones, which say less of today, are a quarter apart."""
FAR = 8.0
"""Changes of a year beyond which what came counts as no further away."""
SEED = 0
"""Of what is drawn: the same panel gives the same forecasts."""


class PooledBoosting:
    """Trees for all series and steps of a panel together, direct: what came, out of the windows before it.

    Montero-Manso and Hyndman (2021), *Principles and algorithms for forecasting groups of time series: locality and
    globality*, Int. J. Forecasting 37(4): one function for all series may be as complex as none of them alone allows.
    Friedman (2001), *Greedy function approximation: a gradient boosting machine*, Annals of Statistics 29(5), by
    histograms as in Ke et al. (2017), *LightGBM*, NeurIPS 30. Every window is seasonally adjusted by what it knows
    itself and measured from its own level in its own yearly changes (see `windows`), so that series of different
    units teach each other. A series counts with the square root of its windows.
    """

    name = "pooled_boosting"

    def fit(self, histories: Sequence[History], horizon: int) -> PanelState:
        """See `PanelModel.fit`."""
        from sklearn.ensemble import HistGradientBoostingRegressor

        rng = np.random.default_rng(SEED)
        series, ends = _cuts(histories)
        if len(np.unique(series)) < FEWEST_SERIES:
            raise ModelError(
                f"{self.name}: too few series of three years to learn across the panel; {FEWEST_SERIES} are needed"
            )
        if len(series) > WINDOWS:
            some = np.sort(rng.choice(len(series), WINDOWS, replace=False))
            series, ends = series[some], ends[some]
        steps = rng.integers(0, horizon, (len(series), STEPS))
        known = ends[:, None] + steps < np.array([len(each.z) for each in histories])[series][:, None]
        rows, targets, weights = [], [], []
        share = 1 / np.sqrt(np.bincount(series))[series]
        cut = [replace(histories[i], z=histories[i].z[:end]) for i, end in zip(series, ends, strict=True)]
        for m, which in _by_season(cut):
            seen = windows([cut[w] for w in which], m)
            at, drawn = np.nonzero(known[which])
            step = steps[which[at], drawn]
            came = [histories[series[w]].z[ends[w] + h] for w, h in zip(which[at], step, strict=True)]
            rows.append(seen.rows(at, step))
            targets.append(np.clip(seen.there(at, step, np.array(came)), -FAR, FAR))
            weights.append(share[which][at])
        trees = HistGradientBoostingRegressor(
            learning_rate=0.05,
            max_iter=300,
            max_leaf_nodes=31,
            min_samples_leaf=100,
            l2_regularization=20.0,
            max_bins=64,
            early_stopping=False,
            random_state=SEED,
        )
        weight = np.concatenate(weights)
        trees.fit(np.concatenate(rows), np.concatenate(targets), sample_weight=weight / weight.mean())
        return _Trees(self.name, trees)


@dataclass(frozen=True, slots=True)
class _Trees:
    """What was learnt.

    Attributes:
        name: Of the model.
        trees: The regression.
    """

    name: str
    trees: Any

    def forecast(self, histories: Sequence[History], horizon: int) -> list[Floats | ModelError]:
        """See `PanelState.forecast`."""
        reasons = [_refusal(each) for each in histories]
        out: list[Floats | ModelError] = [ModelError(f"{self.name}: {reason}") for reason in reasons]
        able = [i for i, reason in enumerate(reasons) if not reason]
        for m, which in _by_season([histories[i] for i in able]):
            for start in range(0, len(which), AT_ONCE):
                some = [able[i] for i in which[start : start + AT_ONCE]]
                seen = windows([histories[i] for i in some], m)
                at, step = np.repeat(np.arange(len(some)), horizon), np.tile(np.arange(horizon), len(some))
                paths = seen.back(at, step, self.trees.predict(seen.rows(at, step))).reshape(len(some), horizon)
                for i, path in zip(some, paths, strict=True):
                    out[i] = path
        return out


def _cuts(histories: Sequence[History]) -> tuple[np.ndarray, np.ndarray]:
    """Series and observations of the windows of two years and a half and more with something after them."""
    series, ends = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for i, each in enumerate(histories):
        n, m = len(each.z), each.season_length
        if n < 3 * m or _refusal(each):
            continue
        own = np.arange(2 * m + m // 2, n)
        own = own[(n - own <= RECENT * m) | ((n - own) % 3 == 0)]
        series.append(np.full(len(own), i))
        ends.append(own)
    return np.concatenate(series), np.concatenate(ends)


def _refusal(history: History) -> str:
    """Why a history cannot be looked at, "" where it can."""
    z, m = history.z, history.season_length
    if len(z) <= 2 * m:
        return f"{len(z)} observations; more than two years of {m} periods are needed"
    recent = z[-YEARS * m :]
    if np.abs(recent[m:] - recent[:-m]).mean() <= LEAST * np.abs(recent).max():
        return "every year repeats the one before; there is no change to measure anything by"
    return ""


def _by_season(histories: Sequence[History]) -> list[tuple[int, np.ndarray]]:
    """Positions of the histories of each season length."""
    lengths = np.array([each.season_length for each in histories], dtype=np.int64)
    return [(int(m), np.flatnonzero(lengths == m)) for m in np.unique(lengths)]

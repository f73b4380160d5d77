"""What a model that learns across a panel sees of a history, whatever its unit.

Symbols: z the last ten years of a history, s its season, a = z - s, l the level of a smoothed with .4, q the mean
of |z[t] - z[t-m]|. Everything is in units of q from l.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.models._protocol import Floats, History

YEARS = 10
"""Years of a history that are looked at."""
LAGS = 24
ANCHOR = 0.4
"""Smoothing of the level from which everything is measured."""
SMOOTHERS = ((0.1, 0.0, 0.0), (0.2, 0.0, 0.0), (0.7, 0.0, 0.0), (0.3, 0.1, 0.9), (0.5, 0.05, 0.98))
"""Smoothing of level and slope, and damping of the slope, of further views of the level."""
MEANS = ((0, 3), (0, 6), (0, 12), (12, 24), (24, 36))
"""Months before the end between which averages are taken."""
LEAST = 1e-9
"""Change on the year before, as a share of the largest figure, below which it is rounding."""
AT_ONCE = 4096
"""Histories in memory together."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Views of N histories with m periods a year.

    Attributes:
        level: l, shape (N,).
        scale: q, shape (N,).
        season: s of the m periods after each history, shape (N, m).
        last: a of the last two years, in units of q from l, shape (N, 2m).
        features: Shape (N, F), NaN where a history is too short for one.
    """

    level: Floats
    scale: Floats
    season: Floats
    last: Floats
    features: Floats

    def rows(self, which: np.ndarray, steps: np.ndarray) -> Floats:
        """Features of some histories, each with its step ahead (from 0), shape (n, F + 4)."""
        m = self.season.shape[1]
        at = steps % m
        season = self.season[which, at] / self.scale[which]
        years = [self.last[which, at], self.last[which, m + at]]
        return np.column_stack([self.features[which], steps, season, *years])

    def back(self, which: np.ndarray, steps: np.ndarray, values: Floats) -> Floats:
        """From units of q to those of the history, the season added."""
        season = self.season[which, steps % self.season.shape[1]]
        return np.asarray(self.level[which] + season + self.scale[which] * values)

    def there(self, which: np.ndarray, steps: np.ndarray, z: Floats) -> Floats:
        """The inverse of `back`."""
        season = self.season[which, steps % self.season.shape[1]]
        return np.asarray((z - self.level[which] - season) / self.scale[which])


def windows(histories: Sequence[History], season_length: int) -> Windows:
    """Views of histories of more than two years with so many periods a year."""
    parts = []
    for start in range(0, len(histories), AT_ONCE):
        some = histories[start : start + AT_ONCE]
        z = np.full((len(some), YEARS * season_length), np.nan)
        for i, history in enumerate(some):
            recent = history.z[-z.shape[1] :]
            z[i, z.shape[1] - len(recent) :] = recent
        with warnings.catch_warnings():
            # a year that is not there has no mean
            warnings.filterwarnings("ignore", "Mean of empty slice|All-NaN slice|Degrees of freedom", RuntimeWarning)
            parts.append(_view(z, season_length, np.array([each.relative for each in some])))
    columns = zip(*((each.level, each.scale, each.season, each.last, each.features) for each in parts), strict=True)
    return Windows(*(np.concatenate(each) for each in columns))


def _view(z: Floats, m: int, relative: np.ndarray) -> Windows:
    season = _season(z, m)
    a = z - np.tile(season, YEARS)
    # a window in a stretch that repeats itself has no scale of its own
    scale = np.maximum(np.nanmean(np.abs(z[:, m:] - z[:, :-m]), axis=1), LEAST * np.nanmax(np.abs(z), axis=1))
    level, _ = _smoothed(a, ANCHOR, 0.0, 0.0)
    a = (a - level[:, None]) / scale[:, None]
    smooth = [_smoothed(a, *each) for each in SMOOTHERS]
    change = np.diff(a, axis=1)
    around = change - np.nanmean(change, axis=1, keepdims=True)
    width = a.shape[1]
    columns = [
        *a[:, -LAGS:].T,
        *(each for each, _ in smooth),
        *(m * slope for _, slope in smooth[-2:]),
        *(np.nanmean(a[:, width - last : width - first], axis=1) for first, last in MEANS),
        *(reduce(a, axis=1) for reduce in (np.nanmean, np.nanmin, np.nanmax)),
        *(m * _slope(a[:, -each:]) for each in (24, 36, width)),
        np.nanmean(np.abs(change), axis=1),
        np.nansum(around[:, 1:] * around[:, :-1], axis=1) / np.maximum(np.nansum(around**2, axis=1), 1e-12),
        season.std(axis=1) / scale,
        a[:, -m:].std(axis=1),
        np.nanmean(np.abs(a[:, m:] - a[:, :-m]), axis=1),
        np.isfinite(z).sum(axis=1),
        np.log(scale, out=np.full(len(z), np.nan), where=relative),
    ]
    return Windows(level, scale, season, a[:, -2 * m :][:, np.r_[m : 2 * m, 0:m]], np.column_stack(columns))


def _season(z: Floats, m: int) -> Floats:
    """Medians by period of what is left of a centred moving average, shrunk by what of them is chance."""
    half = m // 2
    weights = np.full(2 * half + 1, 1 / m)
    if m % 2 == 0:
        weights[[0, -1]] /= 2
    aside = np.full(z.shape, np.nan)
    around = np.lib.stride_tricks.sliding_window_view(z, len(weights), axis=1)
    aside[:, half:-half] = z[:, half:-half] - around @ weights
    rest = aside.reshape(len(z), YEARS, m)
    season = np.nanmedian(rest, axis=1)
    season -= season.mean(axis=1, keepdims=True)
    spread = season.var(axis=1)
    chance = np.nanvar(rest - season[:, None], axis=(1, 2)) / np.isfinite(rest).sum(axis=1).mean(axis=1)
    share = np.where(spread > 0, np.maximum(0.0, 1 - chance / np.where(spread > 0, spread, 1.0)), 0.0)
    return np.asarray(season * share[:, None])


def _smoothed(a: Floats, alpha: float, beta: float, damping: float) -> tuple[Floats, Floats]:
    """Level and slope at the end of each row by Holt's method with a damped trend, started at the first figure."""
    level, slope = np.full(len(a), np.nan), np.zeros(len(a))
    for value in a.T:
        level = np.where(np.isnan(level), value, level)
        ahead = level + damping * slope
        after = alpha * value + (1 - alpha) * ahead
        turned = beta * (after - level) + (1 - beta) * damping * slope
        known = np.isfinite(value)
        level, slope = np.where(known, after, level), np.where(known, turned, slope)
    return level, slope


def _slope(a: Floats) -> Floats:
    """Of a line by least squares through each row."""
    t = np.where(np.isfinite(a), np.arange(a.shape[1], dtype=np.float64), np.nan)
    t -= np.nanmean(t, axis=1, keepdims=True)
    return np.asarray(np.nansum(t * a, axis=1) / np.nansum(t**2, axis=1))

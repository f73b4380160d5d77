"""Errors of a backtest, and which of their targets are in early months."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from forecasting.evaluation._backtest import Paths, months_of
from forecasting.evaluation._bands import evened, is_early
from forecasting.evaluation._panel import Floats, Series

Judged = tuple[Floats, Floats, np.ndarray, float]
"""Errors, naive scales, whether these are seasonal, and the central probability of a band."""


def errors_of(paths: Sequence[Paths], chosen: Sequence[int], horizon: int) -> Floats:
    """Errors of one candidate of each series, shape (S, O, H), NaN where unknown."""
    out = np.full((len(paths), _most_origins(paths), horizon), np.nan)
    for i, (each, m) in enumerate(zip(paths, chosen, strict=True)):
        out[i, : len(each.ends), : each.actual.shape[1]] = each.actual - each.forecast[m]
    return out


def early_targets(series: Sequence[Series], paths: Sequence[Paths], horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Which targets are in early months: those of the backtest, shape (S, O, H), and those to come, (S, H)."""
    past = np.zeros((len(paths), _most_origins(paths), horizon), dtype=bool)
    ahead = np.zeros((len(paths), horizon), dtype=bool)
    for i, (one, each) in enumerate(zip(series, paths, strict=True)):
        after = int(months_of(one.ds)[0]) + np.arange(horizon)  # of 12 a year none is left out
        past[i, : len(each.ends)] = is_early(after + each.ends[:, None], one.season_length)
        ahead[i] = is_early(after + len(one.y), one.season_length)
    return past, ahead


def _most_origins(paths: Sequence[Paths]) -> int:
    return max(1, *(len(each.ends) for each in paths), 1)


class ErrorsOfEach(Sequence[Judged]):
    """Arguments of `left_out_coverage` for each candidate, made when they are asked for: all are too much at once."""

    def __init__(
        self, paths: Sequence[Paths], candidates: int, early: np.ndarray, naive: Floats, seasonal: np.ndarray
    ) -> None:
        self._paths, self._candidates, self._early = paths, candidates, early
        self._naive, self._seasonal = naive, seasonal

    def __len__(self) -> int:
        return self._candidates

    @overload
    def __getitem__(self, m: int) -> Judged: ...
    @overload
    def __getitem__(self, m: slice) -> list[Judged]: ...
    def __getitem__(self, m: int | slice) -> Judged | list[Judged]:
        if isinstance(m, slice):
            return [self[each] for each in range(*m.indices(len(self)))]
        errors = errors_of(self._paths, [m] * len(self._paths), self._early.shape[2])
        even, _ = evened(errors, self._early, self._seasonal)
        return even, self._naive, self._seasonal, 0.9

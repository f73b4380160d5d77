"""The de-cumulation of more indicators than whose draws fit into memory: in chunks that know nothing of each other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import overload

import numpy as np
import pandas as pd

from forecasting.decumulation._engine import Decumulation, check_ties, checked_draws, recover_all
from forecasting.decumulation._figures import FloatArray, arrange
from forecasting.decumulation._leaning import together
from forecasting.decumulation._outline import Outline, outline
from forecasting.decumulation._weights import Weights, checked_weights
from forecasting.observations import check_observations
from forecasting.parallel import Keep, Workers

__all__ = ["Chunks", "Recovered", "decumulate_in_chunks"]

CHUNK = 200
ARRANGED = ["indicator", "period", "measure", "value", "decimals", "family"]
"""Columns of the figures that a chunk is made from."""


class Chunks(Sequence[Decumulation]):
    """De-cumulations of some indicators each, made when they are asked for, and every time anew.

    With a `Keep` the second time finds what the first one has made. A single chunk stays in memory.

    Attributes:
        groups: Of each chunk, the names of the indicators that know of each other.
    """

    def __init__(
        self,
        table: pd.DataFrame,
        groups: Sequence[Sequence[Sequence[str]]],
        related: Mapping[str, str],
        parts: Mapping[str, Sequence[str]],
        weights: Mapping[str, FloatArray] | str,
        draws: int,
        seed: int,
        workers: Workers,
        short: bool,
        keep: Keep | None,
    ) -> None:
        self.groups = groups
        self._table, self._rows = table[ARRANGED], table.groupby("indicator").indices
        self._related, self._parts, self._weights = related, parts, weights
        self._draws, self._seed, self._workers, self._short, self._keep = draws, seed, workers, short, keep
        self._only: Decumulation | None = None

    def __len__(self) -> int:
        return len(self.groups)

    def holding(self, names: Collection[str]) -> Chunks:
        """Of all chunks the groups that hold any of some indicators; a single chunk, being in memory, is whole."""
        if len(self) == 1:
            return self
        held = [[group for group in chunk if not set(names).isdisjoint(group)] for chunk in self.groups]
        part = copy(self)
        part.groups = [chunk for chunk in held if chunk]
        return part

    def __iter__(self) -> Iterator[Decumulation]:
        for at in range(len(self)):
            yield self[at]  # and no name for it, so that it can go before the next one comes

    @overload
    def __getitem__(self, at: int) -> Decumulation: ...
    @overload
    def __getitem__(self, at: slice) -> list[Decumulation]: ...
    def __getitem__(self, at: int | slice) -> Decumulation | list[Decumulation]:
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        if self._only is not None and at in (0, -1):
            return self._only
        names = [name for group in self.groups[at] for name in group]
        weights = self._weights
        own = weights if isinstance(weights, str) else {name: weights[name] for name in names if name in weights}
        figures = arrange(self._table.iloc[np.concatenate([self._rows[name] for name in names])])
        made = recover_all(
            figures, self._related, self._parts, own, self._draws, self._seed, self._workers, self._short, self._keep
        )
        if len(self) == 1:
            self._only = made
        return made


@dataclass(frozen=True, slots=True)
class Recovered:
    """Recovered months of any number of indicators: what forecasts need of all of them, and draws chunk by chunk.

    Attributes:
        outlines: Indicator -> its point estimate, by id.
        leans: Sparse indicator -> the indicator that it leans on.
        parts: Indicator -> those that make it up.
        draws: Number of draws of every path.
        seed: The seed they were made from.
        chunks: Paths with their draws; indicators that know of each other are in one chunk.
    """

    outlines: Mapping[str, Outline]
    leans: Mapping[str, str]
    parts: Mapping[str, Sequence[str]]
    draws: int
    seed: int
    chunks: Sequence[Decumulation]

    @classmethod
    def of(cls, whole: Decumulation) -> Recovered:
        """A de-cumulation as its only chunk."""
        paths = whole.paths
        draws = len(next(iter(paths.values())).growth)
        outlines = {name: outline(path) for name, path in paths.items()}
        return cls(outlines, whole.leans, whole.parts, draws, whole.seed, [whole])


def decumulate_in_chunks(
    observations: pd.DataFrame,
    *,
    size: int = CHUNK,
    related: Mapping[str, str] | None = None,
    parts: Mapping[str, Sequence[str]] | None = None,
    weights: Weights = "learned",
    draws: int = 500,
    seed: int = 0,
    workers: Workers = 1,
    short: bool = False,
    keep: Keep | None = None,
) -> Chunks:
    """`decumulate` by chunks of at least `size` indicators, so that the draws of many fit into memory one by one.

    Indicators that know of each other (a family, a related one, parts) stay in one chunk; all figures are those of
    `decumulate`, whose arguments and errors these are.
    """
    table = check_observations(observations)
    chosen = checked_weights(weights, table["indicator"].unique())
    draws, seed = checked_draws(draws, seed)
    check_ties(related, parts)
    groups = list(_closed(table, related or {}, parts or {}, size))
    return Chunks(table, groups, related or {}, parts or {}, chosen, draws, seed, workers, short, keep)


def _closed(
    table: pd.DataFrame, related: Mapping[str, str], parts: Mapping[str, Sequence[str]], size: int
) -> Iterable[list[list[str]]]:
    """Names of the indicators, those that know of each other together, by chunk."""
    families = {str(name): str(family) for name, family in table.groupby("indicator")["family"].max().items()}
    links = [*related.items(), *((whole, part) for whole, of in parts.items() for part in of)]
    groups = together(sorted(families), links, [families[name] for name in sorted(families)])
    chunk: list[list[str]] = []
    for group in groups:
        chunk.append(group)
        if sum(map(len, chunk)) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk

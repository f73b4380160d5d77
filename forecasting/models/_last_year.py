"""The last year with a share of its growth, and the level of now, each by what it has told."""

from __future__ import annotations

from typing import Literal

import numpy as np

from forecasting.models._auto_ets import smoother
from forecasting.models._protocol import Floats, standardised
from forecasting.models._state import Carried, FittedState

SEEN = 3
"""Years that the model sees."""
PRIOR = 1.0
"""Months that one half is worth."""


class LastYear(Carried):
    """``f[h] = (1 - w) l[h] + w (y[n+h-m] + g[h])``, with less than a year ``l[h]``: what is known of a young season.

    l is ETS without a season, g a share k of the mean growth on the year before over the last year, and k of that more
    for each further year. Of two expectations with mean absolute errors a and b over c past months
    ``p = b^2 / (a^2 + b^2)`` is what the former has told against the latter; its share is that, shrunk to one half,
    ``(1/2 + c p) / (1 + c)``. For w they are the year before and its level, b being the mean change in m / 2 months, in
    which a season turns round; for k that growth is what it was a year before, and that there is none. Two years know
    no growth of a year before: half of theirs goes on.

    Seasonal factors of few years forecast better where they are shrunk: Miller and Williams (2003), *Shrinkage
    estimators of time series seasonal factors and their effect on forecasting accuracy*, Int. J. Forecasting 19(4).
    Both halves were chosen on M3's monthly series of even position, cut short, and looked at on tourism's.
    """

    name = "last_year"
    settled: Literal[True] = True

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        m, skipped = season_length, max(0, len(y) - SEEN * season_length)
        z, mean, sd = standardised(y[skipped:])
        level = smoother(z, 1, "ZZN")

        def forward(history: Floats, horizon: int) -> Floats:
            flat, late = np.asarray(level(history[skipped:], horizon), dtype=np.float64), history[-SEEN * m :]
            if len(late) < m:
                return flat
            steps, growth = np.arange(horizon), late[m:] - late[:-m]
            lasting = _told(growth[m:] - growth[:-m], growth[m:])
            grown = np.cumsum(lasting ** np.arange(1, horizon // m + 2))[steps // m]
            year = late[len(late) - m + steps % m] + grown * (growth[-m:].mean() if len(growth) else 0.0)
            weight = _told(growth, (late[m // 2 :] - late[: -(m // 2)])[-len(growth) :])
            return np.asarray((1 - weight) * flat + weight * year)

        return FittedState(self.name, m, forward, mean, sd)


def _told(errors: Floats, others: Floats) -> float:
    """What c errors of one expectation and those of another, or none of either, say of its share, see `LastYear`."""
    c = len(errors)
    a, b = (float(np.abs(each).mean()) ** 2 if c else 0.0 for each in (errors, others))
    return (PRIOR / 2 + c * (b / (a + b) if a + b > 0 else 0.5)) / (PRIOR + c)

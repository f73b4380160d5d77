"""The last year with half of its growth, and the level of now, each by what it has told."""

from __future__ import annotations

import numpy as np

from forecasting.models._auto_ets import smoother
from forecasting.models._protocol import Floats, standardised
from forecasting.models._state import Carried, FittedState

SEEN = 3
"""Years that the model sees."""
LASTING = 0.5
"""Share of last year's growth that goes on for a year, and of what went on in the next."""
PRIOR = 1.0
"""Months that equal weights are worth."""


class LastYear(Carried):
    """``f[h] = (1 - w) l[h] + w (y[n+h-m] + g[h])``, with less than a year ``l[h]``: what is known of a young season.

    l is ETS without a season, g half of the mean growth on the year before over the last year, and half of that more
    for each further year. With a the mean change in m months and b that in m / 2, in which a season turns round,
    ``p = b^2 / (a^2 + b^2)`` is what the year before has told of the last c months, at most two years, against their
    level; w is this, shrunk to one half, ``(1/2 + c p) / (1 + c)``.

    Seasonal factors of few years forecast better where they are shrunk: Miller and Williams (2003), *Shrinkage
    estimators of time series seasonal factors and their effect on forecasting accuracy*, Int. J. Forecasting 19(4).
    The shares were chosen on M3's monthly series of even position, cut short, and looked at on tourism's.
    """

    name = "last_year"

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        m, skipped = season_length, max(0, len(y) - SEEN * season_length)
        z, mean, sd = standardised(y[skipped:])
        level = smoother(z, 1, "ZZN")

        def forward(history: Floats, horizon: int) -> Floats:
            seen, steps = history[skipped:], np.arange(horizon)
            flat = np.asarray(level(seen, horizon), dtype=np.float64)
            if len(seen) < m:
                return flat
            lasting = LASTING * (1 - LASTING ** (steps // m + 1)) / (1 - LASTING)
            year = seen[len(seen) - m + steps % m] + _growth(seen, m) * lasting
            weight = _weight(seen, m)
            return np.asarray((1 - weight) * flat + weight * year)

        return FittedState(self.name, m, forward, mean, sd)


def _growth(z: Floats, m: int) -> float:
    """Mean growth on the year before over the last year, as far as it is known."""
    known = min(len(z) - m, m)
    return float((z[len(z) - known :] - z[len(z) - m - known : len(z) - m]).mean()) if known else 0.0


def _weight(z: Floats, m: int) -> float:
    """w, see `LastYear`."""
    known = min(len(z) - m, (SEEN - 1) * m)
    if not known:
        return 0.5
    now = np.arange(len(z) - known, len(z))
    a, b = (float(np.abs(z[now] - z[now - back]).mean()) ** 2 for back in (m, m // 2))
    told = b / (a + b) if a + b > 0 else 0.5
    return (PRIOR / 2 + known * told) / (PRIOR + known)

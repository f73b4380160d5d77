"""Exponential smoothing at several temporal aggregations (statsmodels' STL, statsforecast's ETS)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from forecasting.models._auto_ets import smoother
from forecasting.models._protocol import Floats, standardised
from forecasting.models._state import Carried, FittedState

LEVELS = {12: (1, 3, 6, 12), 11: (1, 11)}
"""Periods that are averaged, by periods a year."""
FEWEST_AVERAGES = 7
"""Averages below which a level takes no part."""

JUMP, PASSES = 10, 2
"""Part of a window after which STL smooths anew, linear in between, and passes of season and trend, where no figure is
weighed down: Cleveland et al. (1990, sections 3 and 5)."""


class AggregatedEts(Carried):
    """Kourentzes, Petropoulos and Trapero (2014), *Improving forecasting by estimating time series structural
    components across multiple frequencies*, Int. J. Forecasting 30(2).

    The seasonally adjusted series is averaged over one, three, six and twelve months; ETS without season forecasts
    each, and the mean of the four, linear between the middles of the averages, gets the last year's season. What a
    month hides in noise, a year shows. STL with a fixed season (Cleveland et al. 1990, J. Official Statistics 6(1))
    adjusts where two years are there.
    """  # noqa: D205 - the title of the paper is long

    name = "aggregated_ets"
    settled: Literal[True] = True

    def _fitted(self, y: Floats, season_length: int) -> FittedState:
        z, mean, sd = standardised(y)
        seasonal = len(y) >= 2 * season_length + 1
        adjusted = z - _season(z, season_length) if seasonal else z
        levels = [k for k in LEVELS.get(season_length, (1,)) if k == 1 or len(z) // k >= FEWEST_AVERAGES]
        forwards = {k: smoother(_averages(adjusted, k), 1, "ZZN") for k in levels}

        def forward(history: Floats, horizon: int) -> Floats:
            season = _season(history, season_length) if seasonal else np.zeros_like(history)
            paths = []
            for k, ahead in forwards.items():
                means = _averages(history - season, k)
                path = np.append(means[-1], np.asarray(ahead(means, -(-horizon // k) + 1)))
                middles = np.arange(-1, len(path) - 1) * k + (k + 1) / 2
                paths.append(np.interp(np.arange(1, horizon + 1), middles, path))
            repeated = season[len(season) - season_length + np.arange(horizon) % season_length] if seasonal else 0.0
            return np.asarray(np.mean(paths, axis=0) + repeated)

        return FittedState(self.name, season_length, forward, mean, sd)


def _season(z: Floats, season_length: int) -> Floats:
    """Seasonal component, the same every year."""
    from statsmodels.tsa.seasonal import STL

    m, window = season_length, 2 * season_length * (len(z) // season_length) + 1
    # so wide a window is a line, of which two points are enough; the others as Cleveland et al. advise
    stl = STL(z, period=m, seasonal=window, seasonal_jump=window, trend_jump=-(-m // JUMP), low_pass_jump=-(-m // JUMP))
    return np.asarray(stl.fit(inner_iter=PASSES).seasonal)


def _averages(z: Floats, k: int) -> Floats:
    """Means over k periods, the last one ending with the series."""
    n = len(z) // k
    return np.asarray(z[len(z) - n * k :].reshape(n, k).mean(axis=1))

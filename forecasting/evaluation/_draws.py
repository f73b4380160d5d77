"""Joint draws: the dependence of past errors across series and steps, the marginals of the bands."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecasting.evaluation._bands import Bands, quantile_at
from forecasting.evaluation._panel import Floats

SMOOTHING = 0.3
"""Weight of the smoothing noise against the past errors that order the draws."""


class JointDraws:
    """Errors of the forecasts on the modelling scale, dependent across series and steps as past ones were.

    A draw takes one past date of origin and one sign for the whole panel; every series follows its own
    standardised error path of that date (of a random date of its own where it has none then), plus a little
    noise. These paths only order the draws: the value of rank r among B at step h is
    ``sigma[h] Q((r + 1/2) / B)``, so quantiles of the draws are those of the bands (Clark et al. 2004, *The
    Schaake shuffle*, J. Hydrometeorology 5(1)). A path known up to step g goes on like a random walk:
    ``z[h] = sqrt(g/h) z[g] + sqrt(1 - g/h) w[h]`` with w the path of a longer known date, the same for all
    series, or Gaussian where none is.

    Args:
        names: Names of the S series; they seed each series' own noise.
        errors: Shape (S, O, H), NaN where unknown; known steps of an origin come first.
        keys: For each series the calendar position of its origins (o of them at most O).
        bands: Scales and Q.
        horizons: Steps of each series.
        draws: B.
        seed: Seed of everything random.
    """

    def __init__(
        self, names: Sequence[str], errors: Floats, keys: Sequence[np.ndarray], bands: Bands, horizons: Sequence[int],
        draws: int, seed: int,
    ) -> None:  # fmt: skip
        self._names, self._errors, self._keys, self._bands = names, errors, keys, bands
        self._horizons, self._draws, self._seed = horizons, draws, seed
        shared = np.random.default_rng(np.random.SeedSequence([seed]))
        self._calendar = np.unique(np.concatenate([*keys, np.zeros(0, dtype=int)]))
        self._date = shared.integers(max(1, len(self._calendar)), size=draws)
        self._sign = shared.choice([-1.0, 1.0], size=draws)
        self._other = shared.random(draws)
        self._other_sign = shared.choice([-1.0, 1.0], size=draws)

    def of(self, i: int) -> Floats:
        """Draws of series i, shape (B, horizon)."""
        own = np.random.default_rng(np.random.SeedSequence([self._seed, *self._names[i].encode()]))
        keys, h, draws = self._keys[i], self._horizons[i], self._draws
        sigma = self._bands.sigma[i, :h]
        z = self._errors[i, : len(keys), :h] / np.where(sigma > 0, sigma, 1.0)
        known = np.isfinite(z).sum(axis=1)
        walk = _walk(own, draws, h)
        if known.any():
            usable = np.flatnonzero(known)
            slot = own.choice(usable, size=draws)
            position = {int(key): o for o, key in enumerate(keys) if known[o]}
            dated = np.array([position.get(int(key), -1) for key in self._calendar])[self._date]
            slot = np.where(dated >= 0, dated, slot)
            longest = np.flatnonzero(known == known.max())
            donor = longest[(self._other * len(longest)).astype(int)]
            tail = _continued(self._other_sign[:, None] * z[donor], known[donor], walk)
            walk = _continued(self._sign[:, None] * z[slot], known[slot], tail)
        path = walk + SMOOTHING * _walk(own, draws, h)
        place = np.argsort(path, axis=0, kind="stable")
        out = np.empty(path.shape)
        value = sigma * quantile_at((np.arange(draws)[:, None] + 0.5) / draws, self._bands.quantiles[i])
        np.put_along_axis(out, place, value, axis=0)
        return out


def _continued(z: Floats, known: np.ndarray, tail: Floats) -> Floats:
    """Paths (B, H) known up to step known[b] and like a random walk along `tail` from there on."""
    steps = np.arange(1, z.shape[1] + 1)
    last = z[np.arange(len(z)), known - 1][:, None]
    share = np.minimum(known[:, None] / steps, 1.0)
    return np.asarray(np.where(steps <= known[:, None], z, np.sqrt(share) * last + np.sqrt(1 - share) * tail))


def _walk(rng: np.random.Generator, draws: int, steps: int) -> Floats:
    """Standardised Gaussian random walks, shape (draws, steps)."""
    return np.asarray(rng.standard_normal((draws, steps)).cumsum(axis=1) / np.sqrt(np.arange(1, steps + 1)))

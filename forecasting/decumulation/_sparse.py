"""Months of an indicator that exists as a handful of figures: a deviation from a related, densely observed one.

Log growth on the year before is

    gamma[t] = (1 + beta) r[t] + mu + a[t] + e[t] - e[t - 12]

with r the related indicator's, a a slowly moving (Ornstein-Uhlenbeck) deviation and e the irregular of a month's level,
so that months do not wander off from each other over the years; the log levels of the year before the first follow the
base weights. The figures are stated by every draw (`_system`, `_draws`), each starting from a draw of the prior about a
draw of the related path (randomised maximum likelihood; Oliver, He and Reynolds 1996). The four scales are shared by a
family and integrated over a grid by their marginal likelihood, so that a family with few points keeps wide bands. A
single point thus gives a wide band that narrows there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.linalg import cho_solve

from forecasting.decumulation._certificate import Dropped, consistent
from forecasting.decumulation._draws import anchor, pull_inside, settle
from forecasting.decumulation._figures import BoolArray, Figures, FloatArray, as_published
from forecasting.decumulation._flags import revisions
from forecasting.decumulation._mode import Stride
from forecasting.decumulation._paths import Path
from forecasting.decumulation._posterior import Particle, farthest
from forecasting.decumulation._rows import figure_rows, height, revised_figure
from forecasting.decumulation._system import System, factor
from forecasting.decumulation._weights import Profile

__all__ = ["BETA_SD", "Sparse", "aligned", "recover_family"]

BETA_SD = 0.5
HEIGHT_SD = 3.0
S_MU = (0.05, 0.15, 0.40)
S_A = (0.01, 0.03, 0.10, 0.30)
S_E = (0.01, 0.02, 0.04, 0.10, 0.20)
"""Standard deviations of what the irregular adds to growth, that is 2 ** 0.5 times its own."""

LENGTH = (4.0, 16.0)
STEPS = 20
CONVERGED = 1e-9


@dataclass(frozen=True, slots=True)
class _Case:
    """One indicator ready for conditioning.

    Figures and which of them are believed, log growth of the related one (n, T), prior of the base year by draw (n, 12)
    and its spread, a state that states all those figures; how many times the scales are that it deviates by.
    """

    figures: Figures
    system: System
    use: Mapping[str, BoolArray]
    dropped: tuple[Dropped, ...]
    related: FloatArray
    merged: BoolArray
    base: FloatArray
    base_sd: FloatArray
    height_sd: float
    inside: FloatArray
    wider: float = 1.0


@dataclass(frozen=True, slots=True)
class Sparse:
    """A recovered sparse indicator, and what it takes to move its draws on.

    Attributes:
        path: Its months.
        figures: Its published figures.
        system: The same over the Y years of the path.
        use: Measure -> which of the published figures, on their grid, the draws state.
        dropped: Those that are not believed.
        covariance: (N, N) prior covariance of the log levels, whatever the scales, N = 12 (Y + 1).
        z: (n, N) draws of the log levels, the year before the first included.
        centre: (N,) the point estimate.
    """

    path: Path
    figures: Figures
    system: System
    use: Mapping[str, BoolArray]
    dropped: tuple[Dropped, ...]
    covariance: FloatArray
    z: FloatArray
    centre: FloatArray

    def moved(self, z: FloatArray, centre: FloatArray) -> Sparse:
        """The same with other draws (n, N) and another point estimate (N,)."""
        was = self.path
        path = _path(self.figures, was.merged, z, centre, was.last, self.use, self.dropped, was.scales)
        return replace(self, path=path, z=z, centre=centre)


def recover_family(
    figures: Sequence[Figures],
    related: Mapping[str, Path | None],
    profiles: Mapping[str, Profile],
    *,
    crowds: Mapping[str, int],
    until: int,
    draws: int,
    seed: np.random.SeedSequence,
) -> list[Sparse]:
    """Recover sparse indicators that share their scales.

    What parts deviate from their whole adds up to nothing, which takes 1 / P of the variance of P parts on average.
    Their scales are learnt from what is left; before they are made to add up they deviate by as much more.

    Args:
        figures: The indicators of one family.
        related: Indicator -> path of its related one, None for nothing to lean on (growth about zero).
        profiles: Indicator -> base weights.
        crowds: Indicator that leans on a whole of which it is a part -> the number P of its parts.
        until: Month index of the last month wanted.
        draws: Number of draws n; draw d leans on draw d of the related path.
        seed: Source of the draws.
    """
    cases = [_case(figure, related[figure.indicator], profiles[figure.indicator], until, draws) for figure in figures]
    grid = list(itertools.product(S_MU, S_A, S_E, LENGTH))
    fits = [[_fit(case, scales) for case in cases] for scales in grid]
    evidence = np.array([sum(value for _, value in row) for row in fits])
    weight = np.exp(evidence - evidence.max())
    seeds = seed.spawn(len(cases) + 1)
    chosen = np.sort(np.random.default_rng(seeds[-1]).choice(len(grid), size=draws, p=weight / weight.sum()))
    found = []
    for i, case in enumerate(cases):
        rng = np.random.default_rng(seeds[i])
        z = np.empty((draws, case.system.size))
        crowd = crowds.get(case.figures.indicator, 1)
        wider = float(np.sqrt(crowd / (crowd - 1))) if crowd > 1 else 1.0
        case = replace(case, wider=wider)
        own = {int(k): fits[k][i][0] if wider == 1 else _fit(case, grid[k])[0] for k in np.unique(chosen)}
        for k, fit in own.items():
            at = np.flatnonzero(chosen == k)
            z[at] = _draw(case, grid[k], fit, at, rng)
        commonest = own[int(np.bincount(chosen).argmax())]
        centre = settle(case.system, commonest, z.mean(axis=0)[None], case.system.value[None])[0][0]
        if not case.system.inside(case.system.stated(centre[None]))[0]:
            centre = case.inside
        z = pull_inside(case.system, z, centre)
        scales = np.array(grid)[chosen] * [wider, wider, wider, 1.0]
        path = _path(case.figures, case.merged, z, centre, until, case.use, case.dropped, scales)
        covariance = np.sum([np.mean(chosen == k) * fit.covariance for k, fit in own.items()], axis=0)
        found.append(Sparse(path, case.figures, case.system, case.use, case.dropped, covariance, z, centre))
    return found


def _case(figures: Figures, related: Path | None, profile: Profile, until: int, draws: int) -> _Case:
    start = figures.year * 12
    months = (until // 12 + 1) * 12 - start
    growth = np.zeros((draws, months))
    merged = np.resize(figures.merged, months // 12)
    merged[figures.years :] = figures.merged[-1]
    share = np.tile(profile.share, (draws, 1))
    if related is not None:
        growth = aligned(related, start, months)
        merged = np.array([related.merged[_clip(start // 12 + y - related.start // 12, len(related.merged))]
                           for y in range(months // 12)])  # fmt: skip
        if profile.source == "calendar":
            share = _average_years(related, share)
    use, dropped = consistent(figures)
    merged[: figures.years] &= ~figures.published[:, 0]
    while True:
        rows = figure_rows(figures, use, dropped, ())
        middle = height(rows)
        base = np.log(share * 12) + (middle or 0.0)
        system = System(rows, months // 12)
        expected = _levels(base.mean(axis=0), growth.mean(axis=0))
        inside = anchor(system, expected)
        if inside is not None:
            break
        row = system.rows[farthest(system, expected)]
        use[row.measure][row.year, row.month] = False
        dropped = [*dropped, revised_figure(row)]
    return _Case(
        figures=figures,
        system=system,
        use=use,
        dropped=tuple(dropped),
        related=growth,
        merged=merged,
        base=base,
        base_sd=np.maximum(profile.sd, 1e-6),
        height_sd=0.0 if middle is None else HEIGHT_SD,
        inside=inside,
    )


def _clip(index: int, size: int) -> int:
    return min(max(index, 0), size - 1)


def _average_years(related: Path, otherwise: FloatArray) -> FloatArray:
    """(n, 12) shares of the average year of each draw of a related path, as far as it has a whole one."""
    years = related.level.reshape(len(related.level), -1, 12)
    whole = years[:, np.isfinite(years).all(axis=(0, 2))]
    if not whole.shape[1]:
        return otherwise
    share: FloatArray = np.exp(np.log(whole / whole.sum(axis=2, keepdims=True)).mean(axis=1))
    share /= share.sum(axis=1, keepdims=True)
    return share


def aligned(related: Path, start: int, months: int) -> FloatArray:
    """(n, T) log growth of the related path; outside its span, and in gaps, the nearest year's mean by draw."""
    log_growth = np.log1p(related.growth)
    at = np.arange(start, start + months) - related.start
    known = np.flatnonzero(np.isfinite(related.point_growth) & ~np.isnan(log_growth).any(axis=0))
    nearest = known[np.abs(at[:, None] - known).argmin(axis=1)]
    out: FloatArray = log_growth[:, nearest]
    for edge in np.unique(nearest[nearest != at]).tolist():
        following, year = log_growth[:, edge : edge + 12], log_growth[:, max(known[0], edge - 11) : edge + 1]
        for beyond, mean in ((at < edge, following), (at > edge, year)):
            out[:, beyond & (nearest == edge)] = np.nanmean(mean, axis=1, keepdims=True)
    return out


def _levels(base: FloatArray, growth: FloatArray) -> FloatArray:
    """(..., 12 + T) log levels of a base year (..., 12) and log growth (..., T)."""
    years = np.concatenate([base, growth], axis=-1).reshape(*base.shape[:-1], -1, 12)
    return np.cumsum(years, axis=-2).reshape(*base.shape[:-1], -1)


def _prior(case: _Case, scales: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    """Mean (N,) and covariance (N, N) of the log levels."""
    s_mu, s_a, s_e, length = scales
    r = case.related.mean(axis=0)
    t = np.arange(len(r))
    covariance = np.zeros((12 + len(r),) * 2)
    covariance[:12, :12] = np.diag(case.base_sd**2)
    covariance[12:, 12:] = BETA_SD**2 * np.outer(r, r) + s_mu**2 + s_a**2 * np.exp(-np.abs(t[:, None] - t) / length)
    half = _levels(covariance[:, :12], covariance[:, 12:])
    smooth = _levels(half.T[:, :12], half.T[:, 12:])
    covariance = case.wider**2 * (smooth + s_e**2 / 2 * np.eye(len(smooth))) + case.height_sd**2
    return _levels(case.base.mean(axis=0), r), covariance


def _fit(case: _Case, scales: tuple[float, ...]) -> tuple[Particle, float]:
    """The Gaussian posterior under given scales, and their log marginal likelihood."""
    system = case.system
    mean, covariance = _prior(case, scales)
    z, stride = mean, Stride()
    for _ in range(STEPS):
        value, slope = system.observe(z)
        cross = slope @ covariance
        root = factor(cross @ slope.T + system.noise)
        miss = system.value - value + slope @ (z - mean)
        step = mean + cho_solve(root, miss, check_finite=False) @ cross - z
        z = z + stride(step)
        if stride.size < CONVERGED:
            break
    gain = cho_solve(root, cross, check_finite=False).T
    evidence = -0.5 * float(miss @ cho_solve(root, miss, check_finite=False)) - float(np.log(np.diag(root[0])).sum())
    return Particle(np.array(scales), mean, covariance, z, value, slope, gain, cross, cross @ slope.T), evidence


def _draw(
    case: _Case, scales: tuple[float, ...], fit: Particle, at: np.ndarray, rng: np.random.Generator
) -> FloatArray:
    """Draws (n, N) about draws `at` of the related path, rounding errors included."""
    s_mu, s_a, s_e, length = scales
    r = case.related[at]
    months = r.shape[1]
    t = np.arange(months)
    root = np.linalg.cholesky(np.exp(-np.abs(t[:, None] - t) / length))
    normal = rng.standard_normal((len(at), 12 + 3 + 2 * months + 12))
    growth = BETA_SD * normal[:, 13:14] * r + s_mu * normal[:, 14:15] + s_a * normal[:, 15 : 15 + months] @ root.T
    apart = _levels(case.base_sd * normal[:, :12], growth) + s_e / np.sqrt(2) * normal[:, 15 + months :]
    z = _levels(case.base[at], r) + case.wider * apart + case.height_sd * normal[:, 12:13]
    target = case.system.value + case.system.half * rng.uniform(-1, 1, size=(len(at), len(case.system.rows)))
    z = z + (target - fit.value - (z - fit.mode) @ fit.slope.T) @ fit.gain.T  # as if figures were linear in logs
    return settle(case.system, fit, z, target)[0]


def _path(
    figures: Figures,
    merged: BoolArray,
    z: FloatArray,
    centre: FloatArray,
    until: int,
    use: Mapping[str, BoolArray],
    dropped: Sequence[Dropped],
    scales: FloatArray | None,
) -> Path:
    """The path of draws (n, N) and a centre (N,) of log levels; a merged January-February gets one growth rate."""
    level = np.exp(np.vstack([centre, z])).reshape(len(z) + 1, -1, 12)
    growth = level[:, 1:] / level[:, :-1] - 1
    pair = level[:, 1:, :2].sum(axis=2, keepdims=True) / level[:, :-1, :2].sum(axis=2, keepdims=True) - 1
    growth[:, :, :2] = np.where(merged[None, :, None], pair, growth[:, :, :2])
    months = 12 * len(merged)
    by_month, by_level = growth.reshape(-1, months), as_published(figures, use, level[:, 1:]).reshape(-1, months)
    observed = np.zeros(months, dtype=bool)
    seen = np.isfinite(figures.value["month_yoy"]).ravel()
    observed[: len(seen)] = seen
    empty = np.full(months, np.nan)
    return Path(
        indicator=figures.indicator,
        start=figures.year * 12,
        first=figures.year * 12,
        last=until,
        merged=merged,
        point_growth=by_month[0],
        point_level=by_level[0],
        growth=by_month[1:],
        level=by_level[1:],
        low=empty,
        high=empty,
        observed=observed,
        exact=np.zeros(months, dtype=bool),
        level_known=np.ones(months, dtype=bool),
        unit_level=figures.has_levels,
        scales=scales,
        flags=tuple(revisions(figures, dropped, np.exp(centre).reshape(-1, 12))),
    )

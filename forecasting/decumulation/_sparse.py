"""Indicators with a handful of published points: a deviation from a related indicator.

Log growth on the year before is

    gamma[t] = beta r[t] + mu + a[t] + e[t],    r the related indicator's log growth,
    beta ~ N(1, .5^2), mu ~ N(0, s_mu^2), a an Ornstein-Uhlenbeck process (s_a, length), e white noise (s_e),

and log levels follow from it and from twelve log levels of the year before the first, l0. Published figures are
functions of both (sums of levels, so not linear in logs): the mode is found by Gauss-Newton, and every draw is moved
from the prior until it states the figures (randomised maximum likelihood; Oliver, He and Reynolds 1996). The four
scales are shared by a family and integrated over a grid by their marginal likelihood, so that a family with few points
keeps wide bands. A single point thus gives a wide band that narrows there.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from forecasting.decumulation._figures import BoolArray, Figures, FloatArray
from forecasting.decumulation._paths import Flag, Path
from forecasting.decumulation._weights import Profile

__all__ = ["recover_family"]

BETA_SD = 0.5
PROFILE_HEIGHT_SD = 3.0
S_MU = (0.05, 0.10, 0.20, 0.40)
S_A = (0.03, 0.08, 0.20)
S_E = (0.01, 0.05, 0.15)
LENGTH = (6.0, 24.0)
ITERATIONS = 12
CONVERGED = 1e-9
LONGEST_STEP = 2.0
"""Most by which a log level or log growth moves in an iteration: far from the mode, or where figures contradict each
other, whole steps would overshoot without end."""


@dataclass(frozen=True, slots=True)
class _Point:
    """A published figure: log growth of a window (kind yoy) or a log level of one."""

    year: int
    month: int
    cumulative: bool
    yoy: bool
    value: float
    sd: float


@dataclass(frozen=True, slots=True)
class _Case:
    """One indicator ready for conditioning: points, related growth (n, T), prior of the base year (12,)."""

    figures: Figures
    points: tuple[_Point, ...]
    related: FloatArray
    merged: BoolArray
    base: FloatArray
    base_sd: FloatArray
    height_sd: float


def recover_family(
    figures: Sequence[Figures],
    related: Mapping[str, Path | None],
    profiles: Mapping[str, Profile],
    *,
    until: int,
    draws: int,
    seed: np.random.SeedSequence,
) -> list[Path]:
    """Recover sparse indicators that share their scales.

    Args:
        figures: The indicators of one family.
        related: Indicator -> path of its related one, None for nothing to lean on (growth about zero).
        profiles: Indicator -> base weights.
        until: Month index of the last month wanted.
        draws: Number of draws n; draw d leans on draw d of the related path.
        seed: Source of the draws.
    """
    cases = [_case(figure, related[figure.indicator], profiles[figure.indicator], until, draws) for figure in figures]
    grid = list(itertools.product(S_MU, S_A, S_E, LENGTH))
    fits = [[_mode(case, scales) for case in cases] for scales in grid]
    evidence = np.array([sum(fit.evidence for fit in row) for row in fits])
    weight = np.exp(evidence - evidence.max())
    seeds = seed.spawn(len(cases) + 1)
    chosen = np.sort(np.random.default_rng(seeds[-1]).choice(len(grid), size=draws, p=weight / weight.sum()))
    return [
        _path(case, grid, [row[i] for row in fits], chosen, np.random.default_rng(seeds[i]), until)
        for i, case in enumerate(cases)
    ]


def _case(figures: Figures, related: Path | None, profile: Profile, until: int, draws: int) -> _Case:
    start = figures.year * 12
    months = (until // 12 + 1) * 12 - start
    growth = np.zeros((draws, months))
    merged = np.resize(figures.merged, months // 12)
    merged[figures.years :] = figures.merged[-1]
    if related is not None:
        growth = _aligned(related, start, months)
        merged = np.array([related.merged[_clip(start // 12 + y - related.start // 12, len(related.merged))]
                           for y in range(months // 12)])  # fmt: skip
        if profile.source == "flat":
            profile = replace(profile, share=_average_year(related, profile.share))
    points = tuple(_points(figures))
    heights = [point.value - (0 if point.cumulative else np.log(1 / 12)) for point in points if not point.yoy]
    height, height_sd = (float(np.mean(heights)), PROFILE_HEIGHT_SD) if heights else (np.log(12.0), 0.0)
    return _Case(
        figures=figures,
        points=points,
        related=growth,
        merged=merged,
        base=np.log(profile.share) + height,
        base_sd=np.maximum(profile.sd, 1e-6),
        height_sd=height_sd,
    )


def _clip(index: int, size: int) -> int:
    return min(max(index, 0), size - 1)


def _average_year(related: Path, otherwise: FloatArray) -> FloatArray:
    """(12,) shares of the related path's average year, as far as it has a whole one."""
    years = related.point_level.reshape(-1, 12)
    whole = years[np.isfinite(years).all(axis=1)]
    if not len(whole):
        return otherwise
    share: FloatArray = np.exp(np.log(whole / whole.sum(axis=1, keepdims=True)).mean(axis=0))
    share /= share.sum()
    return share


def _aligned(related: Path, start: int, months: int) -> FloatArray:
    """(n, T) log growth of the related path; outside its span, and in gaps, the nearest year's mean by draw."""
    log_growth = np.log1p(related.growth)
    at = np.arange(start, start + months) - related.start
    first, last = np.flatnonzero(np.isfinite(related.point_growth))[[0, -1]]
    inside = log_growth[:, np.clip(at, first, last)]
    early = np.nanmean(log_growth[:, first : first + 12], axis=1, keepdims=True)
    late = np.nanmean(log_growth[:, max(first, last - 11) : last + 1], axis=1, keepdims=True)
    return np.where(at < first, early, np.where((at > last) | np.isnan(inside), late, inside))


def _points(figures: Figures) -> list[_Point]:
    points = []
    for measure, grid in figures.value.items():
        yoy = measure.endswith("yoy")
        for y, m in zip(*np.nonzero(np.isfinite(grid) & (grid > -1 if yoy else grid > 0)), strict=True):
            value = grid[y, m]
            scale = 1 + value if yoy else value
            log_value = float(np.log(scale))
            sd = figures.half[measure][y, m] / np.sqrt(3) / scale
            points.append(_Point(int(y), int(m), measure.startswith("ytd"), yoy, log_value, float(max(sd, 1e-5))))
    return points


@dataclass(frozen=True, slots=True)
class _Mode:
    """Mode of the posterior of z = (l0, gamma), the gain there, (12 + T, P), and the log marginal likelihood."""

    mean: FloatArray
    gain: FloatArray
    sd: FloatArray
    evidence: float


def _prior(case: _Case, scales: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
    s_mu, s_a, s_e, length = scales
    r = case.related.mean(axis=0)
    t = np.arange(len(r))
    covariance = np.zeros((12 + len(r),) * 2)
    covariance[:12, :12] = np.diag(case.base_sd**2) + case.height_sd**2
    covariance[12:, 12:] = (
        BETA_SD**2 * np.outer(r, r)
        + s_mu**2
        + s_a**2 * np.exp(-np.abs(t[:, None] - t) / length)
        + s_e**2 * np.eye(len(r))
    )
    return np.concatenate([case.base, r]), covariance


def _mode(case: _Case, scales: tuple[float, ...]) -> _Mode:
    mean, covariance = _prior(case, scales)
    y = np.array([point.value for point in case.points])
    sd = np.array([point.sd for point in case.points])
    z: FloatArray = mean
    for _ in range(ITERATIONS):
        value, jacobian = _observe(case, z)
        cross = covariance @ jacobian.T
        spread = jacobian @ cross + np.diag(sd**2)
        target = y - value + jacobian @ z
        gain = np.asarray(np.linalg.solve(spread, cross.T).T, dtype=np.float64)
        step = mean + gain @ (target - jacobian @ mean) - z
        z = z + _damped(step)
        if np.abs(step).max() < CONVERGED:
            break
    miss = target - jacobian @ mean
    _, logdet = np.linalg.slogdet(spread)
    evidence = -0.5 * float(miss @ np.linalg.solve(spread, miss) + logdet)
    return _Mode(z, gain, sd, evidence)


def _observe(case: _Case, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The logs that the figures state, (P,), and their derivatives, (P, 12 + T)."""
    months = len(z) - 12
    years = months // 12
    logs = np.cumsum(np.vstack([z[:12], z[12:].reshape(years, 12)]), axis=0)  # year -1, 0, …, years - 1
    value = np.empty(len(case.points))
    jacobian = np.zeros((len(case.points), len(z)))
    for p, point in enumerate(case.points):
        window = np.arange(point.month + 1) if point.cumulative else np.array([point.month])
        now, share = _log_sum(logs[point.year + 1, window])
        value[p] = now
        _add(jacobian[p], point.year, window, share)
        if point.yoy:
            before, share = _log_sum(logs[point.year, window])
            value[p] -= before
            _add(jacobian[p], point.year - 1, window, -share)
    return value, jacobian


def _log_sum(logs: FloatArray) -> tuple[float, FloatArray]:
    top = logs.max()
    weight = np.exp(logs - top)
    return float(top + np.log(weight.sum())), weight / weight.sum()


def _add(row: FloatArray, year: int, window: npt.NDArray[np.intp], share: FloatArray) -> None:
    """A log level of a year is l0 plus the growth of every year up to it."""
    row[window] += share
    for y in range(year + 1):
        row[12 + 12 * y + window] += share


def _path(
    case: _Case,
    grid: Sequence[tuple[float, ...]],
    fits: Sequence[_Mode],
    chosen: npt.NDArray[np.intp],
    rng: np.random.Generator,
    until: int,
) -> Path:
    n, months = case.related.shape
    z = np.empty((n, 12 + months))
    for k in np.unique(chosen):
        at = np.flatnonzero(chosen == k)
        s_mu, s_a, s_e, length = grid[k]
        fit = fits[k]
        r = case.related[at]
        t = np.arange(months)
        factor = np.linalg.cholesky(np.exp(-np.abs(t[:, None] - t) / length))
        normal = rng.standard_normal((len(at), 12 + 3 + 2 * months))
        prior = np.empty((len(at), 12 + months))
        prior[:, :12] = case.base + case.base_sd * normal[:, :12] + case.height_sd * normal[:, 12:13]
        prior[:, 12:] = (
            (1 + BETA_SD * normal[:, 13:14]) * r
            + s_mu * normal[:, 14:15]
            + s_a * normal[:, 15 : 15 + months] @ factor.T
            + s_e * normal[:, 15 + months :]
        )
        noise = fit.sd * rng.uniform(-np.sqrt(3), np.sqrt(3), size=(len(at), len(fit.sd)))
        z[at] = _settle(case, fit, grid[k], prior, noise)
    weight = np.bincount(chosen, minlength=len(fits)) / n
    centre = np.sum([w * fit.mean for w, fit in zip(weight, fits, strict=True) if w], axis=0)
    best = int(weight.argmax())
    point = _settle(case, fits[best], grid[best], centre[None], np.zeros((1, len(case.points))))[0]

    growth, level = _levels(case, z)
    point_growth, point_level = (array[0] for array in _levels(case, point[None]))
    figures = case.figures
    observed = np.zeros(months, dtype=bool)
    seen = np.isfinite(figures.value["month_yoy"]).ravel()
    observed[: len(seen)] = seen
    empty = np.full(months, np.nan)
    return Path(
        indicator=figures.indicator,
        start=figures.year * 12,
        first=figures.year * 12,
        last=until,
        merged=case.merged,
        point_growth=point_growth,
        point_level=point_level,
        growth=growth,
        level=level,
        low=empty,
        high=empty,
        observed=observed,
        exact=np.zeros(months, dtype=bool),
        level_known=np.ones(months, dtype=bool),
        unit_level=figures.has_levels,
        sparse=True,
        flags=tuple(_contradictions(case, point)),
    )


def _contradictions(case: _Case, point: FloatArray) -> list[Flag]:
    """Published figures that the path cannot state together with the others."""
    flags = []
    for figure, stated in zip(case.points, _stated(case, point[None])[0], strict=True):
        gap = np.exp(stated) - np.exp(figure.value)
        if figure.yoy and abs(gap) > 0.001 + figure.sd * np.sqrt(3) * np.exp(figure.value):
            what = "January to this month" if figure.cumulative else "this month"
            evidence = (
                f"{what}: the published rate is {100 * np.expm1(figure.value):.2f} percent, "
                f"the other figures give {100 * np.expm1(stated):.2f}"
            )
            name = "restated_base" if case.figures.has_levels else "revision"
            flags.append(Flag.at(case.figures, figure.year, figure.month, name, evidence, float(gap)))
    return flags


def _settle(case: _Case, fit: _Mode, scales: tuple[float, ...], prior: FloatArray, noise: FloatArray) -> FloatArray:
    """Draws (n, 12 + T) that state the figures, rounding errors (n, P) included (randomised maximum likelihood)."""
    y = np.array([point.value for point in case.points]) + noise
    z = prior
    for _ in range(ITERATIONS):
        z = z + _damped((y - _stated(case, z)) @ fit.gain.T)
    miss = y - _stated(case, z)
    astray = np.flatnonzero((np.abs(miss - np.median(miss, axis=0)) > 3 * fit.sd).any(axis=1))
    _, covariance = _prior(case, scales)
    for d in astray:  # far from the mode: its own linearisation, step by step
        z[d] = prior[d]
        for _ in range(2 * ITERATIONS):
            value, jacobian = _observe(case, z[d])
            cross = covariance @ jacobian.T
            target = y[d] - value + jacobian @ (z[d] - prior[d])
            step = prior[d] + cross @ np.linalg.solve(jacobian @ cross + np.diag(fit.sd**2), target) - z[d]
            z[d] += _damped(step)
            if np.abs(step).max() < CONVERGED:
                break
    return z


def _damped(step: FloatArray) -> FloatArray:
    """A step (..., 12 + T), shortened to `LONGEST_STEP` where it is longer."""
    longest = np.abs(step).max(axis=-1, keepdims=True)
    shortened: FloatArray = step * np.minimum(1.0, LONGEST_STEP / np.maximum(longest, LONGEST_STEP))
    return shortened


def _stated(case: _Case, z: FloatArray) -> FloatArray:
    """The logs that the figures state under each draw, (n, P)."""
    n = len(z)
    level = np.exp(np.cumsum(np.concatenate([z[:, None, :12], z[:, 12:].reshape(n, -1, 12)], axis=1), axis=1))
    total = np.cumsum(level, axis=2)
    out = np.empty((n, len(case.points)))
    for p, point in enumerate(case.points):
        grid = total if point.cumulative else level
        out[:, p] = np.log(grid[:, point.year + 1, point.month])
        if point.yoy:
            out[:, p] -= np.log(grid[:, point.year, point.month])
    return out


def _levels(case: _Case, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Growth and levels (n, T) of log draws (n, 12 + T); a merged January-February gets one growth rate."""
    n, months = len(z), z.shape[1] - 12
    logs = np.cumsum(np.concatenate([z[:, None, :12], z[:, 12:].reshape(n, -1, 12)], axis=1), axis=1)
    level = np.exp(logs)
    growth = level[:, 1:] / level[:, :-1] - 1
    pair = level[:, 1:, :2].sum(axis=2, keepdims=True) / level[:, :-1, :2].sum(axis=2, keepdims=True) - 1
    growth[:, :, :2] = np.where(case.merged[None, :, None], pair, growth[:, :, :2])
    return growth.reshape(n, months), level[:, 1:].reshape(n, months)

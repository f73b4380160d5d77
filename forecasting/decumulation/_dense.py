"""Months of a densely published indicator: a state space that states every figure, in draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from forecasting.decumulation._bounds import set_bounds
from forecasting.decumulation._certificate import Dropped, consistent, possible
from forecasting.decumulation._draws import anchor, draw, pull_inside
from forecasting.decumulation._figures import BoolArray, Figures, FloatArray, as_published
from forecasting.decumulation._flags import by_levels, revisions, unlike_levels
from forecasting.decumulation._misprints import misprints
from forecasting.decumulation._paths import Flag, Path
from forecasting.decumulation._posterior import Posterior, evidence, farthest, implausible, infer
from forecasting.decumulation._restated import refined, reshaped, unlike_rates
from forecasting.decumulation._rows import (
    base_rows,
    breaks,
    contradicted,
    departures,
    figure_rows,
    height,
    level_growth,
    revised_figure,
    stated_twice,
)
from forecasting.decumulation._scales import estimated
from forecasting.decumulation._stirring import stirred
from forecasting.decumulation._structure import Structure, structure
from forecasting.decumulation._system import Row, System
from forecasting.decumulation._weights import Profile

__all__ = ["Dense", "recover"]

PARTICLES = 5
"""Sets of hyper-parameters that the draws are spread over."""

CERTAIN = 1e-8
"""Variance of a log share that is known exactly, by rows of its own."""

STRONG = 3.0
"""Log evidence, odds of twenty to one, from which on kinds of rates are not kept in step: two years of figures, or
kinds of unlike decimals, tell next to nothing of it; three years of lasting revisions nearly always leave more."""

DOUBTED = 3.0
"""Standard deviations of its draws within which a month may grow as its levels do."""

RESOLVED = 1e-6


@dataclass(frozen=True, slots=True)
class Dense:
    """A recovered indicator, and what it takes to move its draws on.

    Attributes:
        path: Its months.
        figures: Its published figures, without misprints, rates as fine as levels that round to them.
        system: Those that are believed.
        use: Measure -> which of the published figures, on their grid, the draws state.
        broken: Its levels break.
        covariance: (N, N) prior covariance of the log levels, N = 12 (Y + 1).
        z: (n, N) draws of the log levels, the year before the first included.
        centre: (N,) the point estimate.
        seed: Source of the rounding errors of levels that the draws do not state.
    """

    path: Path
    figures: Figures
    system: System
    use: Mapping[str, BoolArray]
    broken: bool
    covariance: FloatArray
    z: FloatArray
    centre: FloatArray
    seed: np.random.SeedSequence

    def moved(self, z: FloatArray, centre: FloatArray) -> Dense:
        """The same with other draws (n, N) and another point estimate (N,)."""
        growth, level = _months(self.figures, self.use, z, centre, broken=self.broken, seed=self.seed)
        path = replace(self.path, point_growth=growth[0], point_level=level[0], growth=growth[1:], level=level[1:])
        return replace(self, path=path, z=z, centre=centre)


def recover(figures: Figures, profile: Profile, draws: int, seed: np.random.SeedSequence) -> Dense:
    """Recover one densely published indicator.

    Args:
        figures: Its published figures.
        profile: What is expected of its base weights.
        draws: Number of draws n.
        seed: Source of the draws.

    Returns:
        Its path; every draw, and the point estimate, states every figure that is believed.
    """
    rng = np.random.default_rng(seed)
    shares = None if profile.spread else profile.share
    published, printed = figures, misprints(figures)
    figures = published.without(figure[:3] for figure in printed)
    restated = reshaped(figures)
    use, dropped = consistent(figures, {"ytd_level": np.broadcast_to(~restated[:, None], (figures.years, 12))}, shares)
    if any(figure.measure == "ytd_level" for figure in dropped):
        figures = refined(figures, lambda finer: possible(finer, use, shares))
    dropped = [*dropped, *unlike_rates(figures, restated)]
    broken = breaks(figures)
    if broken:
        use |= {measure: np.zeros_like(use[measure]) for measure in ("ytd_level", "month_level")}
    certain = ((CERTAIN * np.eye(12), 1.0),)
    spread = profile.spread or certain
    middle = spread[len(spread) // 2]

    def model(*, apart: bool, doubt: bool = True) -> tuple[System, Structure]:
        rows = figure_rows(figures, use, dropped, broken, apart=apart, restated=restated)
        rows += [] if shares is None else base_rows(shares, own_base=figures.has_levels)
        rows = rows if doubt else [replace(row, doubt=0.0) for row in rows]
        prior = structure(figures.year, figures.years, profile.log_share, middle[0], height(rows))
        return System(rows, figures.years), prior

    twice = stated_twice(figures)
    apart = False
    if twice.any():
        system, prior = model(apart=False, doubt=False)
        state, _ = estimated(system, prior)
        loose = model(apart=True)
        # one width is asked first, as it is quick; to it alone, weights far from the calendar look like revisions
        apart = all(
            evidence(*loose, widths, state) > evidence(system, prior, widths, state) + STRONG
            for widths in ((middle,), spread)
        )
    if apart:  # base weights that owe nothing to last digits tell which figures the months state all the same
        use["ytd_yoy"] &= ~twice
        system, prior = model(apart=True)
        told = infer(system, prior, spread, judged=profile.judged, particles=1, rng=rng)
        far = departures(figures, twice, told.middle.mode)
        dropped = [*(each for each in dropped if each.measure != "ytd_yoy" or not twice[each.year, each.month]), *far]
        use["ytd_yoy"] |= twice
        for each in far:
            use[each.measure][each.year, each.month] = False
    posterior: Posterior | None = None
    while True:
        system, prior = model(apart=apart)
        learned = certain if system.silent else spread
        posterior = infer(system, prior, learned, judged=profile.judged, particles=PARTICLES, rng=rng, before=posterior)
        revised = implausible(system, posterior)
        if not revised:
            free = profile.deviations(rng, draws) if system.silent else np.zeros((draws, 12))
            z = stirred(system, posterior.middle, *draw(system, posterior, free, rng), free, rng)
            point = _point(system, posterior, z)
            if point is not None:
                z = pull_inside(system, z, point)
                break
            revised = [farthest(system, posterior.middle.mode)]
        likely = np.exp(system.stated(posterior.middle.mode[None])[0])
        for k in revised:
            row = system.rows[k]
            if np.isfinite(figures.value[row.measure][row.year, row.month]):
                use[row.measure][row.year, row.month] = False
                dropped = [*dropped, revised_figure(row)]
            else:
                broken = [*broken, contradicted(figures, row, float(likely[k]) - 1)]
    dropped = [*dropped, *printed]
    covariance = posterior.middle.covariance
    if system.silent:
        covariance = covariance + prior.spread(profile.covariance)
    (noise,) = seed.spawn(1)
    growth, level = _months(figures, use, z, point, broken=bool(broken), seed=noise)
    path = _path(figures, published, use, dropped, broken, system.rows, growth, level, point, shares)
    return Dense(path, figures, system, use, bool(broken), covariance, z, point, noise)


def _point(system: System, posterior: Posterior, z: FloatArray) -> FloatArray | None:
    """(N,) the mean levels of the draws (n, N) that state every figure, a state near the mode if none does.

    The levels that state the figures are a convex set, so that their mean does too. Its growth minimises the squared
    error of growth with every draw weighed by the square of its own base: a base that may be next to nothing does not
    take the point estimate with it. None if there is no such state.
    """
    good = z[system.inside(system.stated(z))]
    if len(good):
        point: FloatArray = np.log(np.exp(good).mean(axis=0))
        if system.inside(system.stated(point[None]))[0]:
            return point
    return anchor(system, posterior.middle.mode)


def _months(
    figures: Figures,
    use: Mapping[str, BoolArray],
    z: FloatArray,
    point: FloatArray,
    *,
    broken: bool,
    seed: np.random.SeedSequence,
) -> tuple[FloatArray, FloatArray]:
    """Growth and levels (n + 1, T) of a path, the point estimate's first, of draws (n, N) and it (N,) as log levels."""
    level = np.exp(np.vstack([point, z])).reshape(len(z) + 1, -1, 12)
    growth = level[:, 1:] / level[:, :-1] - 1
    both = level[:, 1:, :2].sum(axis=2, keepdims=True) / level[:, :-1, :2].sum(axis=2, keepdims=True) - 1
    growth[:, :, :2] = np.where(figures.merged[:, None], both, growth[:, :, :2])
    growth = np.where(_spoken_of(figures)[0], growth, np.nan).reshape(len(z) + 1, -1)
    printed = as_published(figures, use, level[:1, 1:], broken=broken)
    rounded = as_published(figures, use, level[1:, 1:], broken=broken, rng=np.random.default_rng(seed))
    return growth, np.concatenate([printed, rounded]).reshape(len(z) + 1, -1)


def _path(
    figures: Figures,
    published: Figures,
    use: Mapping[str, BoolArray],
    dropped: Sequence[Dropped],
    broken: Sequence[Flag],
    rows: Sequence[Row],
    growth: FloatArray,
    level: FloatArray,
    point: FloatArray,
    shares: FloatArray | None,
) -> Path:
    """The path of `_months` with a point estimate (N,) of the log levels."""
    low, high = set_bounds(figures, use, shares)
    revised = revisions(published, dropped, np.exp(point).reshape(-1, 12), broken=bool(broken))
    flags = [*broken, *revised, *by_levels(published, broken)]
    doubt = DOUBTED * growth[1:].std(axis=0)
    flags += unlike_levels(figures, growth[0].reshape(-1, 12), flags, doubt.reshape(-1, 12))
    return Path(
        indicator=figures.indicator,
        start=figures.year * 12,
        first=figures.first,
        last=figures.last,
        merged=figures.merged,
        point_growth=growth[0],
        point_level=level[0],
        growth=growth[1:],
        level=level[1:],
        low=low.ravel(),
        high=high.ravel(),
        observed=_observed(figures).ravel(),
        exact=_resolved(figures, use, rows).ravel(),
        level_known=_spoken_of(figures)[1].ravel(),
        unit_level=figures.has_levels,
        scales=None,
        flags=tuple(flags),
    )


def _spoken_of(figures: Figures) -> tuple[BoolArray, BoolArray]:
    """(Y, 12) months of years for which any growth is published, and months with a level of any kind."""
    growth, _ = level_growth(figures)
    rates = np.isfinite(figures.value["month_yoy"]) | np.isfinite(figures.value["ytd_yoy"])
    grown = np.broadcast_to((rates | np.isfinite(growth)).any(axis=1, keepdims=True), rates.shape)
    published, _ = figures.month_levels()
    return grown, grown | np.isfinite(published)


def _observed(figures: Figures) -> BoolArray:
    """(Y, 12) True where the growth of the very month (or merged pair) was published."""
    seen = np.isfinite(figures.value["month_yoy"])
    seen[:, 0] |= np.isfinite(figures.value["ytd_yoy"][:, 0])
    seen[:, 1] = np.where(figures.merged, np.isfinite(figures.value["ytd_yoy"][:, 1]), seen[:, 1])
    return seen


def _resolved(figures: Figures, use: Mapping[str, BoolArray], rows: Sequence[Row]) -> BoolArray:
    """(Y, 12) months that the figures determine by themselves, given the base weights."""
    growth, _ = level_growth(figures)
    believed = use["ytd_level"] | use["month_level"]
    direct = np.isfinite(growth) & believed
    direct[1:] &= believed[:-1] | (figures.merged[1:, None] & (np.arange(12) == 1))
    out = np.zeros(growth.shape, dtype=bool)
    for y in range(figures.years):
        pair = bool(figures.merged[y])
        vectors = [np.eye(12)[m] if m != 1 or not pair else np.r_[0.5, 0.5, np.zeros(10)]
                   for m in np.flatnonzero(direct[y])]  # fmt: skip
        vectors += [
            np.where(np.arange(12) <= row.month, 1.0, 0.0) if row.cumulative else np.eye(12)[row.month]
            for row in rows
            if row.year == y and row.yoy and row.hard
        ]
        if not vectors:
            continue
        matrix = np.array(vectors)
        projector = np.linalg.pinv(matrix) @ matrix
        target = np.eye(12)
        if pair:
            target[:2] = [np.zeros(12), np.r_[0.5, 0.5, np.zeros(10)]]
        out[y] = np.linalg.norm(target @ projector - target, axis=1) < RESOLVED
        out[y, 0] &= not pair
    return out

"""Months out of cumulative rates: the exact formula, year by year, carried through draws.

Within a year the published rates are linear in the twelve monthly growth rates g, given the months of the year
before, b (the comparable base):

    sum_j<=m b[j] g[j] / sum_j<=m b[j] = R[m]        a cumulative rate
    g[m] = s[m]                                       a single-month rate

With a cumulative rate for every month the system is square and its solution is the usual formula,
g[m] = R[m] + (R[m] - R[m-1]) (b[1] + ... + b[m-1]) / b[m]. Where months are missing, the sum over the gap is exact
and its split follows a random walk of the growth rate. Where both rates are published, the single-month rate is
taken as it stands, and the gap between the two is reported. Every draw has its own rounding errors, base weights
and split of the gaps; its levels are the base of the next year.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from forecasting.decumulation._figures import BoolArray, Figures, FloatArray
from forecasting.decumulation._paths import Flag, Path
from forecasting.decumulation._weights import Profile

__all__ = ["recover"]

BREAK_LOG = 0.25
BREAK_MADS = 6.0
"""Growth by levels alone is taken for a restatement when it is this far, in logs, from the year's median month
and this many median absolute deviations."""

REFINEMENTS = 3
"""Rounds of solving for the growth of a year: one is enough but for the rounding of floating point."""

FLOOR, CEILING = -0.99, 9.0
"""Growth below the first is taken for a level that vanishes; a month that follows from cumulative rates and is more
than tenfold that of the year before is taken for one that had all but vanished."""

Levels = tuple[FloatArray, FloatArray]
"""What `Figures.month_levels` gives: monthly levels and their half-widths."""

LEVEL_SD = 1.0
"""Prior standard deviation of a year's growth: vague, only to make the split of a gap well defined."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One published rate of a year: coefficients on g given the base, value, half-width."""

    month: int
    cumulative: bool
    value: float
    half: float
    of_levels: bool

    def coefficients(self, base: FloatArray) -> FloatArray:
        """(D, 12) from a base (D, 12)."""
        row = np.zeros_like(base)
        if not self.cumulative:
            row[:, self.month] = 1.0
            return row
        upto = slice(0, self.month + 1)
        row[:, upto] = base[:, upto] / base[:, upto].sum(axis=1, keepdims=True)
        return row


def recover(figures: Figures, profile: Profile, *, draws: int, seed: np.random.SeedSequence) -> Path:
    """Recover one densely published indicator.

    Args:
        figures: Its published figures.
        profile: Base weights of the year before the first.
        draws: Number of draws n.
        seed: Source of the draws.

    Returns:
        Its monthly path; the point estimate takes every figure as printed.
    """
    rng = np.random.default_rng(seed)
    years, n = figures.years, draws + 1
    levels = figures.month_levels()
    published, width = levels
    noise = rng.uniform(-1, 1, size=(n, years, 12))
    noise[0] = 0
    stated = published + width * noise
    stated = np.where(stated > 0, stated, published)

    base = np.vstack([profile.share[None], profile.draw(rng, draws)]) * 12
    step = _step(figures, levels, profile)
    growth = np.full((n, years, 12), np.nan)
    level = np.full((n, years, 12), np.nan)
    low, high = np.full((years, 12), np.nan), np.full((years, 12), np.nan)
    alone, known = np.zeros((years, 12), dtype=bool), np.zeros((years, 12), dtype=bool)
    flags: list[Flag] = []
    anchored = False
    for y in range(years):
        rows, spare = _rows(figures, levels, y, base[0])
        rows, broken = _without_breaks(figures, y, rows)
        flags += broken
        if rows:
            growth[:, y], low[y], high[y], alone[y] = _solve(rows, base, step, rng, figures.merged[y])
            flags += _resample(figures, y, growth, level, stated, base)
            flags += _gaps(figures, y, [] if broken else spare, base[0], growth[0, y])
            flags += _by_levels(figures, y, rows)
            chained = base * (1 + growth[:, y])
        else:
            chained = base
        level[:, y] = _fill(stated[:, y], chained)
        known[y] = bool(rows) | np.isfinite(published[y])
        if not anchored and np.isfinite(published[y]).any():
            # what was recovered before the first published level joins it at the base it implies
            level[:, :y] *= _ratio(level[:, y], chained)[:, :, None]
            anchored = True
        base = level[:, y].copy()

    return Path(
        indicator=figures.indicator,
        start=figures.year * 12,
        first=figures.first,
        last=figures.last,
        merged=figures.merged,
        point_growth=growth[0].ravel(),
        point_level=level[0].ravel(),
        growth=growth[1:].reshape(draws, -1),
        level=level[1:].reshape(draws, -1),
        low=low.ravel(),
        high=high.ravel(),
        observed=_observed(figures).ravel(),
        exact=alone.ravel(),
        level_known=known.ravel(),
        unit_level=figures.has_levels,
        sparse=False,
        flags=tuple(flags),
    )


def _rows(figures: Figures, levels: Levels, y: int, base: FloatArray) -> tuple[list[_Row], list[_Row]]:
    """The rates of year y that determine its months, in order of trust, and the redundant ones."""
    month, total = figures.value["month_yoy"][y], figures.value["ytd_yoy"][y]
    rows = [
        _Row(int(m), False, month[m], figures.half["month_yoy"][y, m], False)
        for m in np.flatnonzero(np.isfinite(month))
    ]
    rows += [
        _Row(int(m), True, total[m], figures.half["ytd_yoy"][y, m], False) for m in np.flatnonzero(np.isfinite(total))
    ]
    if y > 0:
        rows += _level_rows(figures, levels, y)
    basis: list[FloatArray] = []
    taken, spare = [], []
    for row in rows:
        vector = row.coefficients(base[None])[0] * np.sqrt(12)
        rest = vector.copy()
        for direction in basis:
            rest -= (rest @ direction) * direction
        length = np.linalg.norm(rest)
        if length > 1e-3 * np.linalg.norm(vector):
            basis.append(rest / length)
            taken.append(row)
        else:
            spare.append(row)
    return taken, spare


def _level_rows(figures: Figures, levels: Levels, y: int) -> list[_Row]:
    """Growth by published levels of both years, on whatever base they are: month by month, then cumulative."""
    level, width = levels
    rows = []
    for m in range(12):
        pair = bool(figures.merged[y]) and m < 2
        if pair and m == 0:
            continue
        window = slice(0, 2) if pair else slice(m, m + 1)
        now, before = level[y, window].sum(), level[y - 1, window].sum()
        if now > 0 and before > 0:
            half = width[y, window].sum() / before + width[y - 1, window].sum() * now / before**2
            rows.append(_Row(m, pair, now / before - 1, half, True))
    total, half_unit = figures.value["ytd_level"], figures.half["ytd_level"]
    for upto in np.flatnonzero((total[y] > 0) & (total[y - 1] > 0)):
        now, before = total[y, upto], total[y - 1, upto]
        half = half_unit[y, upto] / before + half_unit[y - 1, upto] * now / before**2
        rows.append(_Row(int(upto), True, now / before - 1, half, True))
    return rows


def _without_breaks(figures: Figures, y: int, rows: list[_Row]) -> tuple[list[_Row], list[Flag]]:
    """Rows of levels less those that only a restated level can explain: far from the year's other months."""
    by_level = [row for row in rows if row.of_levels]
    if not by_level:
        return rows, []
    logs = np.log1p([row.value for row in by_level])
    distance = np.abs(logs - np.median(logs))
    limit = max(BREAK_LOG, BREAK_MADS * float(np.median(distance)))
    broken = {row.month: row for row, far in zip(by_level, distance > limit, strict=True) if far}
    if not broken:
        return rows, []
    middle = np.expm1(np.median(logs))
    # a cumulative level after the break carries it on
    kept = [
        row for row in rows if not row.of_levels or (row.month not in broken and not (row.cumulative and row.month > 1))
    ]
    flags = [
        Flag.at(
            figures,
            y,
            month,
            "break",
            f"published levels give {100 * row.value:.2f} percent, the year's other months {100 * middle:.2f} in the "
            "middle: not used, the month follows its neighbours",
            float(row.value - middle),
        )
        for month, row in sorted(broken.items())
    ]
    return kept, flags


def _solve(
    rows: list[_Row], base: FloatArray, step: float, rng: np.random.Generator, merged: bool
) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    """Growth (D, 12), its bounds given the base of the point estimate, and which months are determined."""
    n = len(base)
    matrix = np.stack([row.coefficients(base) for row in rows], axis=1)
    half = np.array([row.half for row in rows])
    error = half * rng.uniform(-1, 1, size=(n, len(rows)))
    error[0] = 0
    rates = np.array([row.value for row in rows]) + error
    prior = LEVEL_SD**2 + step**2 * np.minimum.outer(np.arange(1, 13), np.arange(1, 13))
    walk = np.cumsum(step * rng.standard_normal((n, 12)), axis=1)
    walk[0] = 0
    cross = prior @ matrix.transpose(0, 2, 1)
    gain = cross @ np.linalg.inv(matrix @ cross)
    growth = walk
    for _ in range(REFINEMENTS):
        growth = growth + np.einsum("dmr,dr->dm", gain, rates - np.einsum("drm,dm->dr", matrix, growth))
    if merged:  # one period, one growth rate
        pair = base[:, :2] / base[:, :2].sum(axis=1, keepdims=True)
        growth[:, :2] = (pair * growth[:, :2]).sum(axis=1, keepdims=True)

    pseudo = np.linalg.pinv(matrix[0])
    targets = np.eye(12)
    if merged:
        targets[:2] = 0
        targets[1, :2] = base[0, :2] / base[0, :2].sum()
    resolved = np.linalg.norm(targets @ pseudo @ matrix[0] - targets, axis=1) < 1e-6
    if merged:
        resolved[0] = False
    centre = (targets @ growth[0][:, None])[:, 0]
    reach = np.abs(targets @ pseudo) @ half
    low = np.where(resolved, centre - reach, np.nan)
    high = np.where(resolved, centre + reach, np.nan)
    return growth, low, high, resolved


def _step(figures: Figures, levels: Levels, profile: Profile) -> float:
    """Robust standard deviation of the change of monthly growth from one month to the next, at least .2 points."""
    base = profile.share[None] * 12
    changes = []
    for y in range(figures.years):
        rows, _ = _rows(figures, levels, y, base[0])
        if len(rows) < 3:
            continue
        growth, _, _, alone = _solve(rows, base, 0.01, np.random.default_rng(0), bool(figures.merged[y]))
        settled = np.flatnonzero(alone)
        changes += [growth[0, b] - growth[0, a] for a, b in pairwise(settled) if b == a + 1]
    return max(0.002, 1.4826 * float(np.median(np.abs(changes)))) if changes else 0.02


def _resample(
    figures: Figures, y: int, growth: FloatArray, level: FloatArray, stated: FloatArray, base: FloatArray
) -> list[Flag]:
    """Replace, in place, draws whose base weights would make a level vanish in year y or before, by others.

    Such weights contradict the published rates. If even those of the point estimate do, the months are flagged and
    the draw nearest to the middle of the possible ones takes its place; with no possible draw growth is held at
    `FLOOR`.
    """
    implied = ~np.isfinite(figures.value["month_yoy"][y])
    strange = (growth[:, y] < FLOOR) | ((growth[:, y] > CEILING) & implied)
    impossible = strange.any(axis=1)
    flags = []
    for m in np.flatnonzero(strange[0]):
        evidence = f"with the base weights the published rates give a growth of {100 * growth[0, y, m]:.1f} percent"
        gap = float(growth[0, y, m] - np.clip(growth[0, y, m], FLOOR, CEILING))
        flags.append(Flag.at(figures, y, int(m), "contradiction", evidence, gap))
    good, bad = np.flatnonzero(~impossible[1:]) + 1, np.flatnonzero(impossible)
    if len(good):
        donors = good[np.arange(len(bad)) % len(good)]
        if impossible[0]:
            logs = np.log(base[good])
            donors[0] = good[np.square(logs - logs.mean(axis=0)).sum(axis=1).argmin()]
        for array in (growth, level, stated, base):
            array[bad] = array[donors]
    np.maximum(growth[:, y], FLOOR, out=growth[:, y])
    return flags


def _gaps(figures: Figures, y: int, spare: list[_Row], base: FloatArray, growth: FloatArray) -> list[Flag]:
    """Redundant figures that the recovered months do not reproduce: a revision or a restated base."""
    flags = []
    for row in spare:
        implied = float(row.coefficients(base[None])[0] @ growth)
        gap, tolerance = implied - row.value, row.half + 0.001
        if abs(gap) <= (tolerance if not row.of_levels else 0.005):
            continue
        name = "restated_base" if row.of_levels else "revision"
        what = "levels give" if row.of_levels else "the published cumulative rate is"
        window = "January to this month" if row.cumulative else "this month"
        evidence = f"{window}: {what} {100 * row.value:.2f} percent, the rates by month give {100 * implied:.2f}"
        flags.append(Flag.at(figures, y, row.month, name, evidence, gap))
    return flags


def _by_levels(figures: Figures, y: int, rows: list[_Row]) -> list[Flag]:
    """Months whose growth no published rate states."""
    return [
        Flag.at(
            figures,
            y,
            row.month,
            "levels_only",
            f"no rate is published: growth of {100 * row.value:.2f} percent is that of the published levels",
            0.0,
        )
        for row in rows
        if row.of_levels
    ]


def _observed(figures: Figures) -> BoolArray:
    """(Y, 12) True where the growth of the very month (or merged pair) was published."""
    seen = np.isfinite(figures.value["month_yoy"])
    seen[:, 0] |= np.isfinite(figures.value["ytd_yoy"][:, 0])
    seen[:, 1] = np.where(figures.merged, np.isfinite(figures.value["ytd_yoy"][:, 1]), seen[:, 1])
    return seen


def _ratio(stated: FloatArray, chained: FloatArray) -> FloatArray:
    """(D, 1) stated over chained total of the months that both have."""
    both = np.isfinite(stated) & np.isfinite(chained)
    total, base = (np.where(both, array, 0).sum(axis=1, keepdims=True) for array in (stated, chained))
    ratio: FloatArray = total / base
    return ratio


def _fill(stated: FloatArray, chained: FloatArray) -> FloatArray:
    """Published levels, and the chained ones brought to their height where a month has none."""
    known = np.isfinite(stated)
    if not known.any():
        return chained
    return np.where(known, stated, chained * _ratio(stated, chained))

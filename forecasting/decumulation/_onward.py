"""The months ahead of indicators with a handful of figures, given the months that are recovered.

Every draw goes on from its own months, under its own scales (`_sparse`). With gamma its log growth, r the related
indicator's, u = gamma - (1 + beta) r ~ N(0, C), and h and f for history and future,

    gamma[f] ~ N((1 + beta) r[f] + G u[h], C[f, f] - G C[h, f]),    G = C[f, h] C[h, h]^-1

where beta is drawn from what gamma[h] and r[h] say of it (Bayesian linear regression). Parts that add up to their whole
go on doing so: log levels are moved by Newton steps in the metric of their covariance among the draws, which is
reconciliation by the least adjustment (Wickramasuriya, Athanasopoulos and Hyndman 2019) in logs: levels this uncertain
would be moved below zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.linalg import cho_solve
from scipy.special import logsumexp, softmax

from forecasting.decumulation._figures import BoolArray, FloatArray
from forecasting.decumulation._leaning import linked, seeded
from forecasting.decumulation._paths import IntArray, Path, ends_between
from forecasting.decumulation._sparse import BETA_SD, aligned
from forecasting.decumulation._system import factor

__all__ = ["lean"]

HOLDS = 1e-6
"""Relative miss up to which recovered months add up."""

STEPS = 50
REACHED = 1e-12
LONGEST_STEP = 1.0


def lean(
    recovered: Mapping[str, Path],
    ahead: Mapping[str, Path],
    *,
    related: Mapping[str, str],
    parts: Mapping[str, Sequence[str]],
    until: int,
    seed: int,
) -> dict[str, Path]:
    """Paths of sparse indicators up to a month ahead, leaning on paths that reach there.

    Args:
        recovered: Paths as they were recovered, of the sparse indicators and of those in `ahead`.
        ahead: Paths to lean on, and wholes, forecasts included; all with the same number of draws.
        related: Indicator -> the indicator that it leans on, sparse ones allowed, without a circle.
        parts: Indicator -> those that make it up.
        until: Month index of the last month wanted, after all that are recovered.
        seed: The seed of `decumulate`.

    Returns:
        The sparse indicators, and wholes that their parts have moved: what adds up in the last recovered year does so
        in the months ahead, in every draw.
    """
    longer = dict(ahead)
    sparse = sorted(name for name, path in recovered.items() if path.sparse)

    def reach(name: str) -> Path:
        if name not in longer:
            to = related.get(name)
            rng = np.random.default_rng(seeded(seed, f"{name}/ahead"))
            longer[name] = _further(recovered[name], None if to is None else reach(to), until, rng)
        return longer[name]

    for name in sparse:
        reach(name)
    lasts = {name: recovered[name].last for name in longer}
    sums = {whole: sorted(of) for whole, of in parts.items() if of and whole in longer and set(of) <= set(sparse)}
    sums = {whole: of for whole, of in sums.items() if _holds(whole, of, longer, lasts)}
    for own in linked(sums):
        names = sorted({name for whole, of in own.items() for name in (whole, *of)})
        longer |= _adding_up(own, {name: longer[name] for name in names}, lasts, until)
    return {name: longer[name] for name in sorted({*sparse, *sums})}


def _further(path: Path, related: Path | None, until: int, rng: np.random.Generator) -> Path:
    """A path with the months up to one ahead."""
    past, ends = ends_between(path.start, path.last, path.periods_per_year), path.future_ends(until)
    month, count = np.concatenate([past, ends]), len(past)
    gamma = np.log1p(path.rates(past))
    r = np.zeros((len(gamma), len(month)))
    if related is not None:
        r = aligned(related, path.start, until + 1 - path.start)[:, month - path.start]
    growth, expected = np.empty((2, len(gamma), len(ends)))
    kinds, kind = np.unique(np.asarray(path.scales), axis=0, return_inverse=True)
    for k, scales in enumerate(kinds):
        at = np.flatnonzero(kind == k)
        covariance = _covariance(month, path.periods_per_year, scales)
        root = factor(covariance[:count, :count])
        gain = cho_solve(root, covariance[:count, count:]).T
        rest = np.linalg.cholesky(covariance[count:, count:] - gain @ covariance[:count, count:])
        folded = cho_solve(root, r[at, :count].T).T
        precision = 1 / BETA_SD**2 + (folded * r[at, :count]).sum(axis=1)
        likely = (folded * (gamma[at] - r[at, :count])).sum(axis=1) / precision
        beta = likely + rng.standard_normal(len(at)) / np.sqrt(precision)
        for out, slope in ((growth, 1 + beta[:, None]), (expected, 1 + likely[:, None])):
            out[at] = slope * r[at, count:] + (gamma[at] - slope * r[at, :count]) @ gain.T
        growth[at] += rng.standard_normal((len(at), len(ends))) @ rest.T
    return path.extended(ends, np.expm1(growth), np.expm1(expected.mean(axis=0)))


def _covariance(month: IntArray, periods_per_year: int, scales: FloatArray) -> FloatArray:
    """(P, P) of log growth about the related indicator's in the periods that end with months (P,)."""
    s_mu, s_a, s_e, length = scales
    apart = np.abs(month[:, None] - month)
    months = np.where((periods_per_year == 11) & (month % 12 == 1), 2, 1)
    undone = (apart == 0) - 0.5 * (apart == 12)  # what a month is above its year it is in the base of the next
    return np.asarray(s_mu**2 + s_a**2 * np.exp(-apart / length) + s_e**2 * undone / months)


def _holds(whole: str, of: Sequence[str], paths: Mapping[str, Path], lasts: Mapping[str, int]) -> bool:
    """Whether parts add up to their whole in the last year that is recovered of all, or in what there is of one."""
    members = [paths[name] for name in (whole, *of)]
    end = min(lasts[name] for name in (whole, *of))
    first = max(end - 11, *(path.start for path in members))
    own, *others = (path.level[:, first - path.start : end + 1 - path.start] for path in members)
    return first <= end and bool((np.abs(sum(others) / own - 1) < HOLDS).all())


def _adding_up(
    sums: Mapping[str, Sequence[str]], paths: Mapping[str, Path], lasts: Mapping[str, int], until: int
) -> dict[str, Path]:
    """Paths in which sums that are linked with each other hold in the months that are forecast of any of them."""
    names = list(paths)
    place = {name: i for i, name in enumerate(names)}
    ties = [(place[whole], [place[name] for name in of]) for whole, of in sums.items()]
    known = np.array([lasts[name] for name in names])
    levels = [np.vstack([path.point_level, path.level]) for path in paths.values()]
    factors = [np.ones_like(level) for level in levels]
    periods = min(path.periods_per_year for path in paths.values())
    for end in ends_between(int(known.min()) + 1, until, periods).tolist():
        months = np.arange(end - (periods == 11 and end % 12 == 1), end + 1)
        spans = [months - path.start for path in paths.values()]
        state = np.log([level[:, at].sum(axis=1) for level, at in zip(levels, spans, strict=True)]).T
        moved = _reconciled(state, [tie for tie in ties if (known[[tie[0], *tie[1]]] < end).any()], known < end)
        for factor_, at, by in zip(factors, spans, np.exp(moved - state).T, strict=True):
            factor_[:, at] = by[:, None]
    return {name: _scaled(path, by) for (name, path), by in zip(paths.items(), factors, strict=True)}


def _reconciled(state: FloatArray, ties: Sequence[tuple[int, Sequence[int]]], free: BoolArray) -> FloatArray:
    """Log levels (n + 1, M), the point estimate's first, of which the free ones are moved until sums hold."""
    metric = np.where(np.outer(free, free), np.cov(state[1:], rowvar=False), 0.0)
    state = state.copy()
    for _ in range(STEPS):
        slope = np.zeros((len(state), len(ties), len(free)))
        miss = np.empty((len(state), len(ties)))
        for row, (whole, of) in enumerate(ties):
            slope[:, row, of] = softmax(state[:, of], axis=1)
            slope[:, row, whole] = -1.0
            miss[:, row] = state[:, whole] - logsumexp(state[:, of], axis=1)
        if np.abs(miss).max(initial=0.0) < REACHED:
            return state
        cross = slope @ metric
        move = (np.linalg.pinv(cross @ slope.transpose(0, 2, 1), hermitian=True) @ miss[:, :, None])[:, :, 0]
        move = np.einsum("ns,nsm->nm", move, cross)
        size = np.abs(move).max(axis=1, keepdims=True)
        state += move * np.minimum(1.0, LONGEST_STEP / np.maximum(size, LONGEST_STEP))
    raise ArithmeticError("parts were not found to add up to their whole in the months ahead")


def _scaled(path: Path, by: FloatArray) -> Path:
    """A path of which levels are multiplied by factors (n + 1, T), the point estimate's first."""
    grown = by.copy()
    grown[:, 12:] /= by[:, :-12]
    return replace(
        path,
        point_level=path.point_level * by[0],
        level=path.level * by[1:],
        point_growth=(1 + path.point_growth) * grown[0] - 1,
        growth=(1 + path.growth) * grown[1:] - 1,
    )

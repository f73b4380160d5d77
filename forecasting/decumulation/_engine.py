"""The de-cumulation of a table of published figures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.decumulation._dense import recover
from forecasting.decumulation._figures import Figures, FloatArray, arrange
from forecasting.decumulation._paths import Path
from forecasting.decumulation._sparse import recover_family
from forecasting.decumulation._weights import Profile, learn_profiles
from forecasting.errors import InputError, Problem
from forecasting.observations import check_observations, month_label

__all__ = ["Decumulation", "decumulate", "lean"]

MIN_DENSE_SHARE = 0.6
WEIGHT_DRAWS = 1000


@dataclass(frozen=True, slots=True)
class Decumulation:
    """Recovered months of every indicator.

    Attributes:
        paths: Indicator -> its path, draws included, by id.
        weights: Columns indicator, month (1-12), weight, q05, q95, source: the base weights of the first year.
        leans: Sparse indicator -> the indicator that it leans on.
        seed: The seed it was made from.
    """

    paths: dict[str, Path]
    weights: pd.DataFrame
    leans: dict[str, str]
    seed: int

    @property
    def monthly(self) -> pd.DataFrame:
        """One row per indicator and month, rates in percent, set bounds given the base weights.

        Columns indicator, month, months, level, yoy, yoy_sd, yoy_q05, yoy_q95, set_low, set_high, status, flag.
        """
        return pd.concat([path.monthly() for path in self.paths.values()], ignore_index=True)

    @property
    def flags(self) -> pd.DataFrame:
        """One row per flag: indicator, month, flag, gap (percentage points), evidence."""
        rows = [
            [flag.indicator, month_label(flag.month), flag.name, flag.gap_pct, flag.evidence]
            for path in self.paths.values()
            for flag in path.flags
        ]
        return pd.DataFrame(rows, columns=["indicator", "month", "flag", "gap", "evidence"])

    def flag_summary(self) -> list[str]:
        """The flags in words, one line per indicator and kind with the evidence of the largest gap."""
        lines = []
        for (indicator, flag), rows in self.flags.groupby(["indicator", "flag"], sort=True):
            worst = rows.iloc[int(rows["gap"].abs().to_numpy().argmax())]
            count = f"{len(rows)} flags" if len(rows) > 1 else "1 flag"
            lines.append(f"{indicator}: {count} {flag}, the largest {worst['month']}: {worst['evidence']}")
        return lines

    def arrays(self) -> dict[str, np.ndarray]:
        """The draws for `numpy.savez`: `<indicator>.months` (T,) text, `.yoy` (n, T) percent and `.level` (n, T)."""
        out: dict[str, np.ndarray] = {}
        for name, path in self.paths.items():
            shown = slice(path.first - path.start, path.last + 1 - path.start)
            out[f"{name}.months"] = np.array([month_label(m) for m in range(path.first, path.last + 1)])
            out[f"{name}.yoy"] = 100 * path.growth[:, shown]
            out[f"{name}.level"] = path.level[:, shown]
        return out


def decumulate(
    observations: pd.DataFrame,
    *,
    related: Mapping[str, str] | None = None,
    weights: Mapping[str, FloatArray] | str = "learned",
    draws: int = 500,
    seed: int = 0,
) -> Decumulation:
    """Recover monthly growth and levels from published cumulative figures.

    Args:
        observations: Published figures, see `forecasting.observations.check_observations`.
        related: Indicator -> the indicator that it leans on where it has only a handful of points. Without an
            entry, the densest member of its family; without a family, nothing.
        weights: "learned", "equal", or base weights by indicator, (12,) each, the rest being learned.
        draws: Draws per indicator.
        seed: Source of everything random; an indicator's draws depend on it and on the indicator's id only.

    Returns:
        Paths by indicator: exact formula where the figures are dense, a deviation from the related indicator
        where there is a handful.

    Raises:
        InputError: Bad rows (all of them are named), bad weights, a circle of related indicators.
    """
    table = check_observations(observations)
    if isinstance(weights, str) and weights not in ("learned", "equal"):
        raise InputError(
            "weights", [Problem("", f"{weights!r} is neither 'learned' nor 'equal' nor shares by indicator")]
        )
    figures = arrange(table)
    given = None if isinstance(weights, str) else weights
    profiles = learn_profiles(figures, given, equal=weights == "equal")
    recovered = [
        recover(figure, profiles[figure.indicator], draws=draws, seed=_seed(seed, figure.indicator))
        for figure in figures
        if _is_dense(figure)
    ]
    # a series stands on its own with an unbroken year up to its last month
    paths = {path.indicator: path for path in recovered if len(path.periods()[0]) >= path.periods_per_year}
    dense = [figure for figure in figures if figure.indicator in paths]
    sparse = [figure for figure in figures if figure.indicator not in paths]
    leans = _leans_on(sparse, dense, related or {})
    paths |= _lean(sparse, leans, paths, profiles, None, draws, seed)
    return Decumulation(
        paths={name: paths[name] for name in sorted(paths)},
        weights=_weight_table(profiles, seed),
        leans=leans,
        seed=seed,
    )


def _weight_table(profiles: Mapping[str, Profile], seed: int) -> pd.DataFrame:
    frames = []
    for name, profile in sorted(profiles.items()):
        low, high = np.quantile(profile.draw(np.random.default_rng(seed), WEIGHT_DRAWS), [0.05, 0.95], axis=0)
        columns = {"month": range(1, 13), "weight": profile.share, "q05": low, "q95": high}
        frames.append(pd.DataFrame({"indicator": name, **columns, "source": profile.source}))
    return pd.concat(frames, ignore_index=True)


def lean(
    observations: pd.DataFrame,
    paths: Mapping[str, Path],
    *,
    related: Mapping[str, str],
    until: int,
    seed: int,
) -> dict[str, Path]:
    """Paths of the sparse indicators up to a month ahead, leaning on paths that reach there.

    Args:
        observations: Published figures of the sparse indicators, canonical.
        paths: Paths to lean on, forecasts included; all with the same number of draws.
        related: Indicator -> the indicator that it leans on, sparse ones allowed.
        until: Month index of the last month wanted.
        seed: The seed of `decumulate`.
    """
    figures = arrange(observations)
    profiles = learn_profiles(figures, None, equal=False)
    draws = len(next(iter(paths.values())).growth)
    return _lean(figures, dict(related), dict(paths), profiles, until, draws, seed)


def _lean(
    sparse: Iterable[Figures],
    related: Mapping[str, str],
    paths: Mapping[str, Path],
    profiles: Mapping[str, Profile],
    until: int | None,
    draws: int,
    seed: int,
) -> dict[str, Path]:
    """Recover sparse indicators family by family, those that others lean on first."""
    known: dict[str, Path] = dict(paths)
    waiting = list(sparse)
    done: dict[str, Path] = {}
    while waiting:
        ready = [f for f in waiting if related.get(f.indicator) is None or related[f.indicator] in known]
        if not ready:
            names = ", ".join(f"{f.indicator} on {related[f.indicator]}" for f in waiting)
            raise InputError("related", [Problem("", f"nothing to start from, they lean on each other: {names}")])
        families: dict[str, list[Figures]] = {}
        for figure in ready:
            families.setdefault(figure.family or figure.indicator, []).append(figure)
        for family, members in sorted(families.items()):
            leans = {f.indicator: known.get(related.get(f.indicator, "")) for f in members}
            reach = max([f.last for f in members] + [path.last for path in leans.values() if path is not None])
            found = recover_family(
                members,
                leans,
                profiles,
                until=reach if until is None else until,
                draws=draws,
                seed=_seed(seed, f"{family}/{len(done)}"),
            )
            known |= {path.indicator: path for path in found}
            done |= {path.indicator: path for path in found}
        waiting = [f for f in waiting if f.indicator not in done]
    return done


def _leans_on(sparse: list[Figures], dense: list[Figures], related: Mapping[str, str]) -> dict[str, str]:
    """The related indicator of each sparse one, as far as there is one in the table."""
    names = {figure.indicator for figure in [*sparse, *dense]}
    out = {}
    for figure in sparse:
        wanted = related.get(figure.indicator)
        members = [f for f in dense if f.family and f.family == figure.family]
        if wanted in names:
            out[figure.indicator] = str(wanted)
        elif members:
            out[figure.indicator] = max(members, key=lambda f: int(f.published.sum())).indicator
    return out


def _is_dense(figures: Figures) -> bool:
    """At least a year of figures that state growth, and most months of the span covered."""
    levels, _ = figures.month_levels()
    both = np.isfinite(levels[1:]) & np.isfinite(levels[:-1])
    published = np.isfinite(figures.value["month_yoy"]) | np.isfinite(figures.value["ytd_yoy"])
    published[1:] |= both
    span = slice(figures.first - figures.year * 12, figures.last + 1 - figures.year * 12)
    inside = published.ravel()[span]
    expected = len(inside) - int(figures.merged.sum())
    return bool(inside.sum() >= 12 - figures.merged.any() and inside.sum() >= MIN_DENSE_SHARE * expected)


def _seed(seed: int, name: str) -> np.random.SeedSequence:
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.SeedSequence([seed, *np.frombuffer(digest[:16], dtype="<u4").tolist()])

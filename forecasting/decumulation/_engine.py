"""The de-cumulation of a table of published figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.decumulation._certificate import Certificate, certificate
from forecasting.decumulation._dense import recover
from forecasting.decumulation._figures import Figures, FloatArray, arrange
from forecasting.decumulation._found import Found, quantile_shares
from forecasting.decumulation._leaning import lean_on, leans_on, seeded
from forecasting.decumulation._paths import Path
from forecasting.decumulation._tail import cut
from forecasting.decumulation._weights import (
    Profile,
    Weights,
    by_calendar,
    by_family,
    checked_weights,
    exactly,
    tells,
)
from forecasting.errors import InputError, Problem, whole_number
from forecasting.observations import check_observations, month_label
from forecasting.parallel import Keep, Workers, in_parallel
from forecasting.telling import counted, told

__all__ = ["Decumulation", "check_ties", "checked_draws", "decumulate", "recover_all"]

MIN_DENSE_SHARE = 0.6
WEIGHT_DRAWS = 1000
FEWEST_DRAWS = 20
"""Of which the 5 and 95 % quantiles lie within the draws."""


@dataclass(frozen=True, slots=True)
class Decumulation:
    """Recovered months of every indicator.

    Attributes:
        paths: Indicator -> its path, draws included, by id.
        weights: Columns indicator, month (1-12), weight, q05, q95, source: the base weights of the first year.
        leans: Sparse indicator -> the indicator that it leans on.
        parts: Indicator -> those that make it up.
        contradictions: Indicator -> proof that not all of its published figures can be true, where they cannot.
        seed: The seed it was made from.
    """

    paths: dict[str, Path]
    weights: pd.DataFrame
    leans: dict[str, str]
    parts: dict[str, Sequence[str]]
    contradictions: dict[str, Certificate]
    seed: int

    def __repr__(self) -> str:
        rows = []
        for name, path in self.paths.items():
            flags = Counter(flag.name for flag in path.flags)
            what = [f"leans on {self.leans[name]}"] if name in self.leans else []
            counts = ", ".join(f"{count} {flag}" for flag, count in sorted(flags.items()))
            what += [f"flagged: {counts}"] if counts else []
            rows.append([name, f"{month_label(path.first)} to {month_label(path.last)}", "; ".join(what)])
        draws = max((len(path.growth) for path in self.paths.values()), default=0)
        return told(f"Decumulation of {counted(len(rows), 'indicator')}, {draws} draws, seed {self.seed}", rows)

    @property
    def monthly(self) -> pd.DataFrame:
        """One row per indicator and month, rates in percent; set bounds hold whatever the base weights are.

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
        """The flags in words, one line per indicator and kind with the evidence of the largest gap; contradictions."""
        lines = [proof.sentence for proof in self.contradictions.values()]
        for (indicator, flag), rows in self.flags.groupby(["indicator", "flag"], sort=True):
            worst = rows.iloc[int(rows["gap"].abs().to_numpy().argmax())]
            count = f"{len(rows)} flags" if len(rows) > 1 else "1 flag"
            lines.append(f"{indicator}: {count} {flag}, the largest {worst['month']}: {worst['evidence']}")
        return lines

    def arrays(self) -> dict[str, np.ndarray]:
        """The draws for `numpy.savez`, a column for each row of `monthly`.

        `<indicator>.months` (T,) text, `.yoy` (n, T) percent and `.level` (n, T) on the scale of the monthly table: NaN
        where that has none, January and February that are one period in February.
        """
        out: dict[str, np.ndarray] = {}
        for name, path in self.paths.items():
            table, months = path.monthly(), np.arange(path.first, path.last + 1)
            out[f"{name}.months"] = table["month"].to_numpy(dtype=str)
            out[f"{name}.yoy"] = np.where(table["yoy"].notna(), 100 * path.rates(months), np.nan)
            out[f"{name}.level"] = np.where(table["level"].notna(), path.levels(months), np.nan)
        return out


def decumulate(
    observations: pd.DataFrame,
    *,
    related: Mapping[str, str] | None = None,
    parts: Mapping[str, Sequence[str]] | None = None,
    weights: Weights = "learned",
    draws: int = 500,
    seed: int = 0,
    workers: Workers = 1,
    short: bool = False,
    keep: Keep | None = None,
) -> Decumulation:
    """Recover monthly growth and levels from published cumulative figures.

    Args:
        observations: Published figures, see `forecasting.observations.check_observations`.
        related: Indicator -> the indicator that it leans on where it has only a handful of points. Without an
            entry, the densest member of its family; without a family, nothing.
        parts: Indicator -> those that make it up wholly. Where all of them have only a handful of points, their levels
            add up to its own in every draw.
        weights: "learned", "equal", or base weights by indicator, twelve numbers each in the order of the months, the
            rest being learned.
        draws: Draws per indicator, at least 20.
        seed: Source of everything random; an indicator's draws depend on it and on the indicator's id only.
        workers: Processes or a cluster (`forecasting.parallel`); the result does not depend on them.
        short: Of indicators that none leans on, draws of the latest two years only, which is what forecasts need.
        keep: Where what was recovered from the same figures may be kept already.

    Returns:
        Paths by indicator: a state space where the figures are dense, a deviation from the related indicator where
        there is a handful.

    Raises:
        InputError: Bad rows (all of them are named), bad weights or ones of an indicator that is not in the table, bad
            draws or seed, a circle of related indicators, related ones or parts that are no mapping of the kind.
    """
    table = check_observations(observations)
    chosen = checked_weights(weights, table["indicator"].unique())
    draws, seed = checked_draws(draws, seed)
    check_ties(related, parts)
    return recover_all(arrange(table), related or {}, parts or {}, chosen, draws, seed, workers, short, keep)


def check_ties(related: object, parts: object) -> None:
    """Refuse what does not say which indicator belongs to which.

    Raises:
        InputError: Anything but a mapping, or a text for parts, whose letters would be taken for indicators.
    """
    for name, given in (("related", related), ("parts", parts)):
        if not isinstance(given, Mapping | None):
            raise InputError(name, [Problem("", f"{type(given).__name__} given; a dictionary by indicator is needed")])
    for whole, of in parts.items() if isinstance(parts, Mapping) else ():
        if isinstance(of, str):
            raise InputError("parts", [Problem("", f"{whole}: {of!r} is a text; give a list of indicators, [{of!r}]")])


def checked_draws(draws: int, seed: int) -> tuple[int, int]:
    """Refuse a number of draws that tells no band, and a seed that is none.

    Raises:
        InputError: Fewer draws than `FEWEST_DRAWS`, a negative seed, or no whole numbers.
    """
    return whole_number("decumulate", "draws", draws, FEWEST_DRAWS), whole_number("decumulate", "seed", seed, 0)


def recover_all(
    figures: Sequence[Figures],
    related: Mapping[str, str],
    parts: Mapping[str, Sequence[str]],
    weights: Mapping[str, FloatArray] | str,
    draws: int,
    seed: int,
    workers: Workers,
    short: bool = False,
    keep: Keep | None = None,
) -> Decumulation:
    """`decumulate` from figures that are checked and laid out, and weights, draws and a seed that are checked."""
    dense = [figure for figure in figures if _is_dense(figure)]
    profiles = {
        figure.indicator: exactly(np.ones(12), "equal") if weights == "equal" else by_calendar() for figure in figures
    }
    if weights != "equal":
        profiles |= {figure.indicator: by_calendar(told=True) for figure in dense if tells(figure)}
    if not isinstance(weights, str):
        profiles |= {name: exactly(share, "given") for name, share in weights.items()}
    names = {figure.indicator for figure in dense}
    few = [figure for figure in figures if figure.indicator not in names]
    whole = set(leans_on(few, dense, related).values()) | set(parts)
    cuttable = {figure.indicator for figure in dense if short and figure.indicator not in whole}
    recovered = _recover(dense, profiles, draws, seed, workers, cuttable, keep)
    # a series stands on its own with an unbroken year up to its last month
    alone = {name: found for name, found in recovered.items() if _stands(found.path)}
    sparse = [figure for figure in figures if figure.indicator not in alone]
    leans = leans_on(sparse, [figure for figure in figures if figure.indicator in alone], related)
    if cuttable & set(leans.values()):  # one that was thought to stand alone leans after all
        again = [figure for figure in dense if figure.indicator in leans.values()]
        alone |= _recover(again, profiles, draws, seed, workers, set(), keep)
    paths = {name: found.path for name, found in alone.items()}
    standing = [figure for figure in dense if figure.indicator in alone]
    leaning = lean_on(sparse, leans, parts, standing, paths, profiles, draws, seed, workers, keep)
    alone |= {name: found for name, found in leaning.items() if name in alone}
    paths |= {name: found.path for name, found in leaning.items()}
    shares = {name: found.shares for name, found in alone.items()}
    return Decumulation(
        paths={name: paths[name] for name in sorted(paths)},
        weights=_weight_table(profiles, shares, figures, seed),
        leans=leans,
        parts=dict(parts),
        contradictions=_contradictions(figures, paths, profiles),
        seed=seed,
    )


def _contradictions(
    figures: Iterable[Figures], paths: Mapping[str, Path], profiles: Mapping[str, Profile]
) -> dict[str, Certificate]:
    found = {}
    for figure in figures:
        if any(flag.name in ("revision", "restated_base") for flag in paths[figure.indicator].flags):
            profile = profiles[figure.indicator]
            found[figure.indicator] = certificate(figure, shares=None if profile.spread else profile.share)
    return {name: proof for name, proof in sorted(found.items()) if proof is not None}


def _stands(path: Path) -> bool:
    return len(path.history()[0]) >= path.periods_per_year


def _found(figure: Figures, profile: Profile, draws: int, seed: np.random.SeedSequence, short: bool) -> Found:
    recovered = recover(figure, profile, draws, seed)
    found = Found.of(recovered.path, recovered.z)
    return replace(found, path=cut(found.path)) if short else found


def _recover(
    figures: Sequence[Figures],
    profiles: dict[str, Profile],
    draws: int,
    seed: int,
    workers: Workers,
    cuttable: Collection[str],
    keep: Keep | None,
) -> dict[str, Found]:
    """Recover dense indicators, those that tell their base weights first; their families learn from them."""
    found: dict[str, Found] = {}
    telling = [figure for figure in figures if tells(figure) or profiles[figure.indicator].source != "calendar"]
    names = {figure.indicator for figure in telling}
    silent = [figure for figure in figures if figure.indicator not in names]
    for group in (telling, silent):
        families: dict[str, list[FloatArray]] = {}
        for figure in telling:
            if figure.indicator in found and figure.family and tells(figure):
                families.setdefault(figure.family, []).append(found[figure.indicator].average)
        for figure in silent if group is silent else []:
            if figure.family in families:
                profiles[figure.indicator] = by_family(families[figure.family])
        tasks = [
            (figure, profiles[name], draws, seeded(seed, name), name in cuttable)
            for figure in group
            for name in [figure.indicator]
        ]
        there = [figure.indicator for figure in group]
        found |= zip(there, in_parallel(_found, tasks, workers, names=there, keep=keep), strict=True)
    return found


def _weight_table(
    profiles: Mapping[str, Profile], shares: Mapping[str, FloatArray], figures: Sequence[Figures], seed: int
) -> pd.DataFrame:
    tell = {figure.indicator: tells(figure) for figure in figures}
    names = sorted(profiles)
    bands, sources = [], []
    for name in names:
        profile = profiles[name]
        own = profile.source == "calendar" and name in shares and tell[name]
        sources.append(own or profile.source)
        if profile.spread and name in shares:
            bands.append(shares[name])
        else:
            bands.append(quantile_shares(profile.draw(np.random.default_rng(seed), WEIGHT_DRAWS)))
    columns = dict(zip(("weight", "q05", "q95"), np.hstack(bands), strict=True))
    first = {"indicator": np.repeat(names, 12), "month": np.tile(np.arange(1, 13), len(names))}
    return pd.DataFrame({**first, **columns, "source": np.repeat(sources, 12)}).astype(
        {"indicator": object, "source": object}
    )


def _is_dense(figures: Figures) -> bool:
    """Up to the last figure, a stretch with a year of figures that state growth, most of its months covered.

    What was published of earlier years, a figure a year often, does not count against it.
    """
    levels, _ = figures.month_levels()
    known = np.isfinite(levels)
    growth = np.isfinite(figures.value["month_yoy"]) | np.isfinite(figures.value["ytd_yoy"])
    growth[1:] |= known[1:] & known[:-1]
    span = slice(figures.first - figures.year * 12, figures.last + 1 - figures.year * 12)
    expected = ~(figures.merged[:, None] & (np.arange(12) == 0))
    rates, covered, months = (part.ravel()[span][::-1].cumsum() for part in (growth, growth | known, expected))
    return bool(((rates >= 12 - figures.merged.any()) & (covered >= MIN_DENSE_SHARE * months)).any())

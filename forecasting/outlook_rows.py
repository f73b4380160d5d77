"""The published rows of forecasts: quantiles of levels, monthly growth and the headline, and the headline's odds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from forecasting.decumulation import FloatArray, Path, Recovered
from forecasting.frames import shared
from forecasting.observations import month_index, month_label

__all__ = ["OutlookRows"]

QUANTILES = {"q025": 0.025, "q05": 0.05, "q10": 0.10, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q90": 0.90, "q95": 0.95,
             "q975": 0.975}  # fmt: skip
SHOWN = ("q025", "q05", "q25", "q50", "q75", "q95", "q975")
"""Quantiles of the headline that are published."""

TABLES = {
    "forecasts": ("indicator", "origin", "month", "months", "target", "model", "mean", *QUANTILES, "status"),
    "headlines": ("indicator", "origin", "period", "mean", *SHOWN, "no_change", "prob_above_no_change"),
    "odds": ("indicator", "origin", "period", "value", "probability"),
}
"""Columns of each table."""

NEGLIGIBLE = 1e-4
"""Probability at each end of the odds that is left out, of all values beyond together."""
VANISHING = 1e-8
"""Probability of a value between the ends that is left out."""
KERNEL_REACH = 4.0
"""Widths of the kernel beyond which a draw tells nothing of a value."""
MOST_VALUES = 5000
REVISION = 0.02
"""A revision moves a cumulative rate by less from one release to the next, a misprint by more; the reference's most is
.007."""


class OutlookRows:
    """The published rows of one indicator after the other, so that nobody needs the draws of all at once."""

    def __init__(
        self, recovered: Recovered, observations: pd.DataFrame, origin: int, until: int, models: Mapping[str, str]
    ) -> None:
        self._recovered, self._origin, self._until = recovered, origin, until
        self._models = dict(models)
        rates = observations[observations["measure"] == "ytd_yoy"]
        self._figures, self._of = rates[["period", "value", "decimals"]], rates.groupby("indicator").indices
        self._published = observations.groupby("indicator")["period"].max().map(month_index)
        self._rows: dict[str, dict[str, dict[str, Any]]] = {}  # indicator -> table -> column
        self._settled: dict[str, list[pd.DataFrame]] = {}

    def add(self, name: str, known: Path, path: Path) -> None:
        """Take the rows of an indicator from its path as it was recovered and the one that goes on."""
        seed, rates = self._recovered.seed, _published_rates(self._figures.iloc[self._of.get(name, [])])
        past = _published_part(known, self._published[name], self._origin)
        months = past.future_ends(self._until)
        latest, half = _latest(path, past.last, rates, self._recovered.draws, seed)
        ytd = 100 * path.year_to_date(months, latest)
        targets = {"level": path.levels(months), "yoy": 100 * path.rates(months), "ytd_yoy": ytd}
        names = [month_label(int(month)) for month in months]
        model = self._models.get(name) or f"related:{self._recovered.leans.get(name, 'none')}"
        forecasts = _forecasts(names, [2 if path.is_pair(int(month)) else 1 for month in months], targets, model)
        headlines = _headlines(names, forecasts, ytd, _no_change(path, past.last, rates), half)
        rows: dict[str, dict[str, Any]] = {
            "forecasts": forecasts,
            "headlines": headlines,
            "odds": _odds(names[0], ytd[:, 0], half),
        }
        head = {"indicator": name, "origin": month_label(past.last)}
        self._rows[name] = {table: head | own for table, own in rows.items()}

    def settle(self) -> None:
        """Put the rows that have come together, which takes less memory than a frame an indicator."""
        for table, columns in TABLES.items() if self._rows else ():
            rows = [self._rows[name][table] for name in sorted(self._rows)]
            counts = [max(map(np.size, own.values())) for own in rows]
            frame = pd.DataFrame({column: _column([own[column] for own in rows], counts) for column in columns})
            self._settled.setdefault(table, []).append(shared(frame))
        self._rows = {}

    def whole(self, table: str) -> pd.DataFrame:
        """All rows of one of `TABLES`, by indicator."""
        self.settle()
        rows = pd.concat(self._settled[table], ignore_index=True)
        return shared(rows.sort_values("indicator", kind="stable", ignore_index=True))


def _published_part(path: Path, published: int, origin: int) -> Path:
    """A path up to its own latest figure, after which its forecasts begin.

    A sparse one has been recovered further, along the indicator that it leans on: what is known of that is in the
    forecasts. A figure that has failed to come for a year comes no more.
    """
    return replace(path, last=min(path.last, max(published, origin - 12))) if path.sparse else path


def _published_rates(rows: pd.DataFrame) -> dict[int, tuple[float, float]]:
    """Month index -> published cumulative rate of an indicator and half its rounding unit, fractions."""
    return {
        month_index(period): (value / 100, 0.005 * 10.0 ** -int(decimals))
        for period, value, decimals in zip(*(rows[name].tolist() for name in rows), strict=True)
    }


def _latest(
    path: Path, last: int, rates: Mapping[int, tuple[float, float]], draws: int, seed: int
) -> tuple[dict[int, tuple[int, FloatArray]], float]:
    """The published cumulative rate from which the current year goes on, by year, and half the rounding unit.

    The latest that is credible; without one the year goes on from its months.
    """
    half = rates[max(rates)][1] if rates else 0.0005
    this_year = sorted(month for month in rates if month // 12 == last // 12 and month <= last)
    for k in reversed(range(len(this_year))):
        if _credible(path, this_year[: k + 1], rates):
            month = this_year[k]
            rng = np.random.default_rng(np.random.SeedSequence([seed, month]))
            value, own = rates[month]
            return {last // 12: (month, value + own * rng.uniform(-1, 1, size=draws))}, half
    return {}, half


def _credible(path: Path, months: Sequence[int], rates: Mapping[int, tuple[float, float]]) -> bool:
    """Whether the last of a year's published cumulative rates is within a revision of what other figures say.

    That is, of some draw of the year's months, or of their going on from the rate before it: where a base is revised
    month by month, rates drift away from the months, and the next one goes on from the last one all the same.
    """
    *before, month = months
    starts = [{}, *({month // 12: (one, np.full(len(path.growth), rates[one][0]))} for one in before[-1:])]
    says = np.array([path.year_to_date(np.array([month]), start) for start in starts])
    return float(np.abs(says - rates[month][0]).min()) < REVISION


def _no_change(path: Path, last: int, rates: Mapping[int, tuple[float, float]]) -> float:
    """The latest cumulative rate in percent: as published, else as the path has it."""
    if last in rates:
        return 100 * rates[last][0]
    return 100 * float(np.median(path.year_to_date(np.array([last]))))


def _column(values: Sequence[Any], counts: Sequence[int]) -> np.ndarray:
    """One column of the rows of several indicators, of what holds for all rows of one or of each."""
    if any(isinstance(value, (str, list)) for value in values):
        texts = [[value] * n if isinstance(value, str) else value for value, n in zip(values, counts, strict=True)]
        return np.array([text for own in texts for text in own], dtype=object)
    return np.concatenate([np.broadcast_to(value, n) for value, n in zip(values, counts, strict=True)])


def _forecasts(
    names: list[str], months: list[int], targets: Mapping[str, FloatArray], model: str
) -> dict[str, str | list[str] | FloatArray]:
    draws = np.hstack(list(targets.values()))
    quantiles = _quantiles(draws, np.array(list(QUANTILES.values())))
    return {
        "month": names * len(targets),
        "months": np.tile(months, len(targets)),
        "target": [target for target in targets for _ in names],
        "model": model,
        "mean": draws.mean(axis=0),
        **dict(zip(QUANTILES, quantiles, strict=True)),
        "status": "F",
    }


def _quantiles(draws: FloatArray, shares: FloatArray) -> FloatArray:
    """(Q, H) of draws (n, H), those of `numpy.quantile`, by sorting what lies side by side: in half the time."""
    ordered = np.sort(np.ascontiguousarray(draws.T), axis=1)
    place = shares * (len(draws) - 1)
    low = np.floor(place).astype(int)
    a, b, part = ordered[:, low], ordered[:, np.minimum(low + 1, len(draws) - 1)], place - low
    return np.asarray(np.where(part < 0.5, a + (b - a) * part, b - (b - a) * (1 - part)).T)


def _headlines(
    names: list[str], forecasts: Mapping[str, Any], ytd: FloatArray, no_change: float, half: float
) -> dict[str, list[str] | float | FloatArray]:
    """Of the cumulative rate, the last of the targets of the forecasts.

    A rate is above the last one if it will be as it is published: one that rounds to the same is not.
    """
    unit = 200 * half
    same = (np.round(no_change / unit) + 0.5) * unit
    return {
        "period": names,
        **{column: forecasts[column][-len(names) :] for column in ("mean", *SHOWN)},
        "no_change": no_change,
        "prob_above_no_change": (ytd > same).mean(axis=0),
    }


def _odds(period: str, ytd: FloatArray, half: float) -> dict[str, str | FloatArray]:
    """Probability of each value of the published grid: the draws, smoothed by a normal kernel (Silverman's rule).

    A value stands for what rounds to it; the odds' quantiles are those of the draws, however many values share the
    tails. Where the draws span more than `MOST_VALUES` of them, the grid is ten times
    as coarse, or a hundred.
    """
    from scipy.special import ndtr

    unit = 200 * half
    while np.ptp(ytd) > MOST_VALUES * unit:
        unit *= 10
    spread = min(float(ytd.std()), float(np.subtract(*np.quantile(ytd, [0.75, 0.25]))) / 1.349)
    width = max(0.9 * spread * len(ytd) ** -0.2, 1e-6)
    reach = KERNEL_REACH * width
    steps = np.arange(np.floor((ytd.min() - reach) / unit), np.ceil((ytd.max() + reach) / unit) + 1)
    edges = (np.append(steps, steps[-1] + 1) - 0.5) * unit
    probability = np.diff([ndtr((edge - ytd) / width).mean() for edge in edges])
    ends = np.minimum(probability.cumsum(), probability[::-1].cumsum()[::-1])
    kept = (ends >= NEGLIGIBLE) & (probability >= VANISHING)
    decimals = max(0, round(-np.log10(unit)))
    return {
        "period": period,
        "value": np.round(steps[kept] * unit, decimals) + 0.0,
        "probability": probability[kept] / probability[kept].sum(),
    }

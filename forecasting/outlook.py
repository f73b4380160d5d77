"""From recovered months to forecasts of levels, monthly growth and the headline, all from one set of draws."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from forecasting.decumulation import Decumulation, FloatArray, Path, lean
from forecasting.errors import InputError, Problem
from forecasting.evaluation import PanelForecast, forecast_panel, reconcile
from forecasting.models import CALENDAR, HEADLINE
from forecasting.observations import month_index, month_label
from forecasting.parallel import Keep, Workers
from forecasting.realtime import Then, histories_then

__all__ = ["Outlook", "make_outlook"]

QUANTILES = {"q025": 0.025, "q05": 0.05, "q10": 0.10, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q90": 0.90, "q95": 0.95,
             "q975": 0.975}  # fmt: skip
FORECAST_COLUMNS = ["indicator", "origin", "month", "months", "target", "model", "mean", *QUANTILES, "status"]
HEADLINE_COLUMNS = ["indicator", "origin", "period", "mean", "q025", "q05", "q25", "q50", "q75", "q95", "q975",
                    "no_change", "prob_above_no_change"]  # fmt: skip
NEGLIGIBLE = 1e-4
STANDARD = "headline_mean"
MOST_VALUES = 5000
APART = 0.02
"""Share of a whole by which its parts may miss it in the latest year and still be made to add up."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecasts of every indicator.

    Attributes:
        forecasts: indicator, origin, month, months, target (level, yoy, ytd_yoy), model, mean, q025 ... q975,
            status; rates in percent, levels as in the monthly table.
        headlines: The cumulative rate by period: indicator, origin, period, mean, q025 ... q975, no_change (the
            latest one, which a naive forecast repeats) and the probability of exceeding it.
        odds: Next release only: indicator, origin, period, value on the grid of the published decimals,
            probability; values of negligible probability are left out, the rest sums to one.
        paths: Indicator -> path that goes on to the horizon, draws included; of those that were asked for.
        origin: Month index of the latest month with a recovered figure; the horizon counts from it.
        panel: The models' contest behind it.
        apart: Wholes whose parts do not add up to them, in words.
    """

    forecasts: pd.DataFrame
    headlines: pd.DataFrame
    odds: pd.DataFrame
    paths: dict[str, Path]
    origin: int
    panel: PanelForecast
    apart: tuple[str, ...]


def make_outlook(
    decumulation: Decumulation,
    observations: pd.DataFrame,
    *,
    horizon: int,
    preset: str = "default",
    origins: int = 24,
    workers: Workers = 1,
    champions: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] | None = None,
    followed: Collection[str] | None = None,
    keep: Keep | None = None,
    then: Then | None = None,
) -> Outlook:
    """Forecast every indicator of a de-cumulation.

    Densely published indicators are forecast from their own months; a sparse one goes on, from its own latest figure,
    as a deviation from the indicator that it leans on. Parts add up to their whole in every draw, where all of them are
    densely published with their levels, or none is. The headline is the ratio of cumulated months in every draw, so it
    agrees with the months and with what is already published this year.

    Args:
        decumulation: Recovered months; its seed and number of draws are used again.
        observations: The canonical figures that it was made from.
        horizon: Months ahead of the latest month of any indicator.
        preset: One of `forecasting.models.PRESETS`. The models of the headline join it and, in `best`, those that know
            the Chinese calendar, which take as long as all others together.
        origins: Rolling origins of the backtest.
        workers: Processes or a cluster (`forecasting.parallel`); the result does not depend on it.
        champions: Indicator -> the model that forecasts it, where it is settled already.
        progress: Called with (series done, series in all).
        followed: Indicators whose paths are wanted, which take much memory; by default all.
        keep: Where forecasts of the same series may be kept already.
        then: What was known at past months (`forecasting.realtime`), from which the backtest forecasts.

    Raises:
        InputError: No indicator is dense enough to be forecast by itself.
    """
    dense = {name: path for name, path in decumulation.paths.items() if not path.sparse}
    if not dense:
        what = "no indicator has enough figures for a forecast of its own; at least a year of months is needed"
        raise InputError("observations", [Problem("", what)])
    origin = max(path.last for path in decumulation.paths.values())
    until = origin + horizon
    if until % 12 == 0:  # a January may have no figure of its own
        until += 1
    history = {name: path.periods() for name, path in dense.items()}
    ends = {name: path.future_ends(until) for name, path in dense.items()}
    draws = len(next(iter(decumulation.paths.values())).growth)
    panel = forecast_panel(
        _panel(history),
        {name: len(months) for name, months in ends.items()},
        preset=preset,
        also=(*HEADLINE, *CALENDAR) if preset == "best" else HEADLINE,
        standard=dict.fromkeys(dense, STANDARD),
        origins=origins,
        draws=draws,
        seed=decumulation.seed,
        workers=workers,
        held=champions,
        progress=progress,
        reach={name: len(path.future_ends(_reach(path.last, origin, horizon))) for name, path in dense.items()},
        keep=keep,
        known=histories_then(then or {}, decumulation, workers=workers, keep=keep),
    )
    ties, apart = _ties(dense, ends, decumulation.parts)
    together = {*ties, *(name for of in ties.values() for name in of)}
    needed = {*together, *decumulation.leans.values(), *decumulation.parts}
    wanted = set(decumulation.paths if followed is None else followed)
    tables = _Tables(decumulation, observations, origin, until, draws, panel)

    def forecast(name: str) -> Path:
        sample, (_, past), path = panel.draws[name], history[name], dense[name]
        middle = np.quantile(sample, 0.5, axis=0)
        growth = _growth(np.vstack([middle, sample]), past, path.periods_per_year)
        return path.extended(ends[name], growth[1:], growth[0])

    paths: dict[str, Path] = {}
    for name in dense:
        path = forecast(name)
        if name not in together:
            tables.add(name, path)
        if name in needed or name in wanted:
            paths[name] = path
    for name, path in _added_up(dense, paths, ends, ties).items():
        paths[name] = path
        tables.add(name, path)
    sparse = observations["indicator"].isin(decumulation.paths) & ~observations["indicator"].isin(dense)
    if sparse.any():
        leaning = lean(
            observations[sparse],
            {name: path for name, path in paths.items() if name in needed},
            related=decumulation.leans,
            parts=decumulation.parts,
            until=until,
            seed=decumulation.seed,
            draws=draws,
            workers=workers,
            keep=keep,
        )
        for name, path in leaning.items():
            tables.add(name, path)
        paths |= leaning
    return Outlook(
        forecasts=tables.whole("forecasts")[FORECAST_COLUMNS],
        headlines=tables.whole("headlines")[HEADLINE_COLUMNS],
        odds=tables.whole("odds"),
        paths={name: paths[name] for name in sorted(paths) if name in wanted},
        origin=origin,
        panel=panel,
        apart=apart,
    )


class _Tables:
    """The published rows of one indicator after the other, so that nobody needs the draws of all at once."""

    def __init__(
        self, decumulation: Decumulation, observations: pd.DataFrame, origin: int, until: int, draws: int,
        panel: PanelForecast,
    ) -> None:  # fmt: skip
        self._decumulation, self._origin, self._until, self._draws = decumulation, origin, until, draws
        self._models = {name: champion.model for name, champion in panel.champions.items()}
        self._rates = _published_rates(observations)
        self._published = observations.groupby("indicator")["period"].max().map(month_index)
        self._rows: dict[str, dict[str, pd.DataFrame]] = {}

    def add(self, name: str, path: Path) -> None:
        """Take the rows of an indicator from its path."""
        seed, rates = self._decumulation.seed, self._rates.get(name, {})
        past = _published_part(self._decumulation.paths[name], self._published[name], self._origin)
        months = past.future_ends(self._until)
        latest, half = _latest(path, past.last, rates, self._draws, seed)
        ytd = 100 * np.column_stack([path.year_to_date(int(month), latest.get(int(month) // 12)) for month in months])
        targets = {"level": path.levels(months), "yoy": 100 * path.rates(months), "ytd_yoy": ytd}
        head = {"indicator": name, "origin": month_label(past.last)}
        model = self._models.get(name) or f"related:{self._decumulation.leans.get(name, 'none')}"
        self._rows[name] = {
            "forecasts": _forecasts(head, months, path, targets, model),
            "headlines": _headlines(head, months, ytd, _no_change(path, past.last, rates)),
            "odds": _odds(head, month_label(int(months[0])), ytd[:, 0], half),
        }

    def whole(self, table: str) -> pd.DataFrame:
        """All rows of a table, by indicator."""
        return pd.concat([self._rows[name][table] for name in sorted(self._rows)], ignore_index=True)


SPARE = 3
"""Months further than asked that models forecast: when another indicator's next month comes, none is fitted again."""


def _reach(last: int, origin: int, horizon: int) -> int:
    """Month index up to which the models of an indicator forecast that was last published in a month."""
    late = -(-(origin - last) // SPARE)
    return last + horizon + SPARE * max(late, 1) + 1


def _panel(history: Mapping[str, tuple[np.ndarray, FloatArray]]) -> pd.DataFrame:
    size = [len(level) for _, level in history.values()]
    months = np.concatenate([ends for ends, _ in history.values()])
    return pd.DataFrame(
        {
            "unique_id": np.repeat(list(history), size),
            "ds": (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[ns]"),
            "y": np.concatenate([level for _, level in history.values()]),
        }
    )


def _published_part(path: Path, published: int, origin: int) -> Path:
    """A path up to its own latest figure, after which its forecasts begin.

    A sparse one has been recovered further, along the indicator that it leans on: what is known of that is in the
    forecasts. A figure that has failed to come for a year comes no more.
    """
    return replace(path, last=min(path.last, max(published, origin - 12))) if path.sparse else path


def _growth(future: FloatArray, past: FloatArray, periods: int) -> FloatArray:
    """Growth (D, H) on the year before of forecast levels (D, H) that follow past ones, (P,) or (D, P)."""
    year = np.broadcast_to(past[..., -periods:], (len(future), periods))
    line = np.concatenate([year, future], axis=1)
    growth: FloatArray = future / line[:, : future.shape[1]] - 1
    return growth


def _ties(
    dense: Mapping[str, Path], ends: Mapping[str, np.ndarray], parts: Mapping[str, Sequence[str]]
) -> tuple[dict[str, dict[str, float]], tuple[str, ...]]:
    """Wholes and parts that are densely published with their levels to the same month; those that do not add up.

    Without levels nobody knows the shares of the parts.
    """
    ties, apart = {}, []
    for whole, of in sorted(parts.items()):
        names = [whole, *of]
        if not all(name in dense and dense[name].unit_level for name in names):
            continue
        if any(not np.array_equal(ends[name], ends[whole]) for name in of):
            continue
        months = np.arange(dense[whole].last - 11, dense[whole].last + 1)
        size = [float(_point_levels(dense[name], months).sum()) for name in names]
        if abs(sum(size[1:]) - size[0]) <= APART * size[0]:
            ties[whole] = dict.fromkeys(of, 1.0)
        else:
            share = 100 * sum(size[1:]) / size[0]
            apart.append(f"{whole}: {', '.join(of)} make {share:.1f} % of it in the latest year; they are left apart")
    return ties, tuple(apart)


def _added_up(
    dense: Mapping[str, Path],
    paths: Mapping[str, Path],
    ends: Mapping[str, np.ndarray],
    ties: Mapping[str, Mapping[str, float]],
) -> dict[str, Path]:
    """The forecast paths of wholes and parts, reconciled in every draw and in the point estimate."""
    tied = sorted({name for whole, of in ties.items() for name in (whole, *of)})
    levels = {
        name: np.vstack([_point_levels(paths[name], ends[name]), paths[name].levels(ends[name])]) for name in tied
    }
    out = {}
    for name, level in reconcile(levels, ties).items():
        path, months = dense[name], ends[name]
        before = np.arange(path.last - 12, path.last + 1)  # the pair of January and February may reach beyond a year
        before = before[before % 12 != 0] if path.periods_per_year == 11 else before[1:]
        past = np.vstack([_point_levels(path, before), path.levels(before)])
        growth = _growth(level, past, path.periods_per_year)
        out[name] = path.extended(months, growth[1:], growth[0])
    return out


def _point_levels(path: Path, ends: np.ndarray) -> FloatArray:
    """(1, H) levels of the point estimate."""
    return replace(path, level=path.point_level[None]).levels(ends)


def _published_rates(observations: pd.DataFrame) -> dict[str, dict[int, tuple[float, float]]]:
    """Indicator -> month index -> published cumulative rate and half its rounding unit, fractions."""
    out: dict[str, dict[int, tuple[float, float]]] = {}
    rows = observations[observations["measure"] == "ytd_yoy"]
    for name, period, value, decimals in zip(
        rows["indicator"], rows["period"], rows["value"], rows["decimals"], strict=True
    ):
        out.setdefault(str(name), {})[month_index(period)] = (value / 100, 0.005 * 10.0 ** -int(decimals))
    return out


def _latest(
    path: Path, last: int, rates: Mapping[int, tuple[float, float]], draws: int, seed: int
) -> tuple[dict[int, tuple[int, FloatArray]], float]:
    """The published cumulative rate from which the current year goes on, by year, and half the rounding unit."""
    half = rates[max(rates)][1] if rates else 0.0005
    this_year = [month for month in rates if month // 12 == last // 12 and month <= last]
    if not this_year or path.sparse:  # a sparse path states its figures in every draw already
        return {}, half
    month = max(this_year)
    rng = np.random.default_rng(np.random.SeedSequence([seed, month]))
    value, own = rates[month]
    return {last // 12: (month, value + own * rng.uniform(-1, 1, size=draws))}, half


def _no_change(path: Path, last: int, rates: Mapping[int, tuple[float, float]]) -> float:
    """The latest cumulative rate in percent: as published, else as the path has it."""
    if last in rates:
        return 100 * rates[last][0]
    return 100 * float(np.median(path.year_to_date(last)))


def _forecasts(
    head: dict[str, str], months: np.ndarray, path: Path, targets: Mapping[str, FloatArray], model: str
) -> pd.DataFrame:
    draws = np.hstack(list(targets.values()))
    columns = dict(zip(QUANTILES, np.quantile(draws, list(QUANTILES.values()), axis=0), strict=True))
    return pd.DataFrame(
        {
            **head,
            "month": [month_label(int(month)) for month in months] * len(targets),
            "months": [2 if path.is_pair(int(month)) else 1 for month in months] * len(targets),
            "target": np.repeat(list(targets), len(months)),
            "model": model,
            "mean": draws.mean(axis=0),
            **columns,
            "status": "F",
        }
    )


def _headlines(head: dict[str, str], months: np.ndarray, ytd: FloatArray, no_change: float) -> pd.DataFrame:
    shown = ["q025", "q05", "q25", "q50", "q75", "q95", "q975"]
    columns = dict(zip(shown, np.quantile(ytd, [QUANTILES[q] for q in shown], axis=0), strict=True))
    return pd.DataFrame(
        {
            **head,
            "period": [month_label(int(month)) for month in months],
            "mean": ytd.mean(axis=0),
            **columns,
            "no_change": no_change,
            "prob_above_no_change": (ytd > no_change).mean(axis=0),
        }
    )


def _odds(head: dict[str, str], period: str, ytd: FloatArray, half: float) -> pd.DataFrame:
    """Probability of each value of the published grid: the draws, smoothed by a normal kernel (Silverman's rule).

    A value stands for what rounds to it. Where the draws span more than `MOST_VALUES` of them, the grid is ten times
    as coarse, or a hundred.
    """
    from scipy.special import ndtr

    unit = 200 * half
    while np.ptp(ytd) > MOST_VALUES * unit:
        unit *= 10
    spread = min(float(ytd.std()), float(np.subtract(*np.quantile(ytd, [0.75, 0.25]))) / 1.349)
    width = max(0.9 * spread * len(ytd) ** -0.2, 1e-6)
    steps = np.arange(np.floor(ytd.min() / unit) - 3, np.ceil(ytd.max() / unit) + 4)
    edges = (np.append(steps, steps[-1] + 1) - 0.5) * unit
    probability = np.diff([ndtr((edge - ytd) / width).mean() for edge in edges])
    kept = probability >= NEGLIGIBLE
    decimals = max(0, round(-np.log10(unit)))
    return pd.DataFrame(
        {
            **head,
            "period": period,
            "value": np.round(steps[kept] * unit, decimals) + 0.0,
            "probability": probability[kept] / probability[kept].sum(),
        }
    )

"""Rolling-origin evaluation: every model refitted at every origin, on nothing but the past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.errors import InputError, ModelError, Problem
from forecasting.evaluation._combination import MEDIAN, combine
from forecasting.evaluation._panel import SOURCE, Floats, Series
from forecasting.models import FEWEST, MODELS, Model, default_models

Progress = Callable[[int, int], None]

SPAN = 36
"""Months that the origins cover where the history allows it."""
YEARS = 15
"""Years of history that a model sees; older ones say little of the next months and cost time."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Forecasts of one series on the modelling scale. O origins, H steps, M candidates, the median last.

    Attributes:
        ends: Training observations at each origin, shape (O,), oldest first.
        keys: Position of each origin on the panel's calendar of origins, shape (O,).
        actual: What came, shape (O, H), NaN where it has not come yet.
        forecast: Shape (M, O, H), NaN where a model failed.
        final: Forecasts from the whole history, shape (M, H), NaN where a model failed.
        failures: (model, observations, reason) of every model that failed.
    """

    ends: np.ndarray
    keys: np.ndarray
    actual: Floats
    forecast: Floats
    final: Floats
    failures: tuple[tuple[str, int, str], ...]


def resolve(models: Sequence[str | Model] | None) -> tuple[Model, ...]:
    """Models by name or as they are.

    Raises:
        InputError: An unknown name, a name twice, the combination's name, or none at all.
    """
    wanted = default_models() if models is None else models
    unknown = [one for one in wanted if isinstance(one, str) and one not in MODELS]
    if unknown:
        known = ", ".join(MODELS)
        raise InputError("models", [Problem("", f"model {name!r} is unknown; known are {known}") for name in unknown])
    out = tuple(MODELS[one] if isinstance(one, str) else one for one in wanted)
    names = [model.name for model in out]
    if not out or len(set(names)) < len(names) or MEDIAN in names:
        what = f"{', '.join(names) or 'no models'}: at least one, no name twice, and none may be called {MEDIAN!r}"
        raise InputError("models", [Problem("", what)])
    return out


def origins_of(series: Sequence[Series], origins: int, step: int | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where histories are cut: observations at each origin and its position on the panel's calendar.

    The calendar runs backwards from the panel's last month in steps of `step` months; by default so that
    `origins` of them cover the last three years (half of the longest history if that is shorter), unevenly
    rounded so that the origins fall into different months of the year. A series uses its last `origins`
    dates that leave it at least 8 and at least half of its observations. One calendar for all keeps the
    errors of different series at one date together.

    Raises:
        InputError: origins or step below 1.
    """
    if origins < 1 or (step is not None and step < 1):
        raise InputError(SOURCE, [Problem("", f"origins {origins} and step {step} must be at least 1")])
    months = [_months(one.ds) for one in series]
    last = max(int(each[-1]) for each in months)
    first = min(int(each[0]) for each in months)
    spacing = float(step) if step else max(1.0, min(SPAN, max(len(each) for each in months) // 2) / origins)
    offsets = np.unique(np.floor(spacing * np.arange(1, int((last - first) / spacing) + 2) + 0.5).astype(int))
    out = []
    for each in months:
        ends = np.searchsorted(each, last - offsets, side="right")
        least = max(FEWEST, (len(each) + 1) // 2)
        keep = np.flatnonzero((ends < len(each)) & (ends >= least))
        unique, first_of = np.unique(ends[keep], return_index=True)
        chosen = keep[first_of][-origins:]
        out.append((unique[-origins:].astype(int), chosen.astype(int)))
    return out


def run(
    series: Sequence[Series],
    steps: Sequence[int],
    models: Sequence[Model],
    cuts: Sequence[tuple[np.ndarray, np.ndarray]],
    *,
    workers: int,
    progress: Progress | None,
    final: bool,
) -> list[Paths]:
    """Fit every model to every series at every origin and, if `final`, to the whole history.

    Series are dealt to processes one by one in small panels and in chunks in large ones; each fit depends on
    its own history alone, with one thread for linear algebra, so the number of processes changes nothing.
    """
    from joblib import Parallel, delayed, parallel_config
    from threadpoolctl import threadpool_limits

    size = max(1, min(25, len(series) // (8 * workers)))
    jobs = [(series[i : i + size], steps[i : i + size], cuts[i : i + size]) for i in range(0, len(series), size)]
    done: list[Paths] = []

    def collect(chunks: Iterable[list[Paths]]) -> None:
        for chunk in chunks:
            done.extend(chunk)
            if progress is not None:
                progress(len(done), len(series))

    if workers == 1 or len(jobs) == 1:
        with threadpool_limits(limits=1):
            collect(_chunk(*job, tuple(models), final) for job in jobs)
        return done
    with parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=1):
        collect(Parallel(return_as="generator")(delayed(_chunk)(*job, tuple(models), final) for job in jobs))
    return done


def fit(model: Model, one: Series, end: int, horizon: int) -> Floats:
    """One model's forecast from the first `end` observations, on the modelling scale, shape (horizon,).

    The model gets copies of the last 15 years before the cut-off; there is no array through which it could
    see further.

    Raises:
        ModelError: The model's own reason, or a forecast more than ten ranges of the history away from it.
    """
    start = max(0, end - YEARS * one.season_length)
    y = one.z[start:end].copy()
    low, high = float(y.min()), float(y.max())
    ds = pd.DatetimeIndex(one.ds.to_numpy()[start:end].copy())
    forecast = np.array(model.forecast(y, horizon, one.season_length, ds), dtype=np.float64)
    if forecast.shape != (horizon,) or not np.isfinite(forecast).all():
        raise ModelError(f"{model.name}: the forecast is not {horizon} finite numbers")
    room = 10 * max(high - low, 1e-6 * max(abs(low), abs(high)), 1e-12)
    if forecast.min() < low - room or forecast.max() > high + room:
        raise ModelError(f"{model.name}: the forecast leaves the history by more than ten times its range")
    return forecast


def _chunk(
    series: Sequence[Series],
    steps: Sequence[int],
    cuts: Sequence[tuple[np.ndarray, np.ndarray]],
    models: tuple[Model, ...],
    final: bool,
) -> list[Paths]:
    return [_one(*job, models, final) for job in zip(series, steps, cuts, strict=True)]


def _one(
    one: Series, horizon: int, cuts: tuple[np.ndarray, np.ndarray], models: tuple[Model, ...], final: bool
) -> Paths:
    ends, keys = cuts
    n = len(one.y)
    paths = np.full((len(models) + 1, len(ends) + 1, horizon), np.nan)
    failures = []
    for o, end in enumerate([*ends.tolist(), n] if final else ends.tolist()):
        for m, model in enumerate(models):
            try:
                paths[m, o] = fit(model, one, end, horizon)
            except ModelError as error:
                failures.append((model.name, end, str(error)))
    paths[-1] = combine(paths[:-1])
    actual = np.full((len(ends), horizon), np.nan)
    z = one.z
    for o, end in enumerate(ends):
        known = z[end : end + horizon]
        actual[o, : len(known)] = known
    return Paths(ends, keys, actual, paths[:, :-1], paths[:, -1], tuple(failures))


def _months(ds: pd.DatetimeIndex) -> np.ndarray:
    return np.asarray(ds.year.to_numpy() * 12 + ds.month.to_numpy() - 1)

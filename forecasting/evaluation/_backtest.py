"""Rolling-origin evaluation: models fitted to nothing but the past, their state carried on from month to month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeVar

import numpy as np
import pandas as pd

from forecasting.errors import InputError, ModelError, Problem, whole_number
from forecasting.evaluation._combination import COMBINATIONS
from forecasting.evaluation._panel import SOURCE, Floats, Series
from forecasting.models import (
    FEWEST,
    LAST_RESORT,
    MODELS,
    PANEL_MODELS,
    PRESETS,
    Model,
    PanelModel,
    SettledModel,
    State,
    StateModel,
    following_months,
)
from forecasting.parallel import Keep, Workers, in_parallel

Progress = Callable[[int, int], None]
T = TypeVar("T")

GROWN = 4 / 3
"""Growth of a history at which a model is fitted anew; until then its state is carried on."""
GROWN_AT_LAST = 7 / 6
"""The same for the forecast from the whole history, the one that is published, by a model that is not settled."""
ROOM = 2.0
"""Ranges of a history by which a forecast may leave it as many steps ahead as it is long; one is always granted. What
holds as far as one looks then holds for its first steps too: who is asked for less later gets the same forecast."""
FLOOR = 0.5
"""Share of a history's smallest figure below which a forecast made on levels of a positive series does not go."""
YEARS = 15
"""Years of history that a model sees; older ones say little of the next months and cost time."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Forecasts of one series on the modelling scale. O origins, H steps, M models.

    Attributes:
        ends: Training observations at each origin, shape (O,), oldest first.
        keys: Position of each origin on the panel's calendar of origins, shape (O,).
        actual: What came, shape (O, H), NaN where it has not come yet.
        forecast: Shape (M, O, H), NaN where a model failed.
        final: Forecasts from the whole history, shape (M, H), NaN where a model failed.
        failures: (model, observations, reason) of every model that failed.
        fitted: Observations that the fit behind each model's final forecast has seen, shape (M,).
    """

    ends: np.ndarray
    keys: np.ndarray
    actual: Floats
    forecast: Floats
    final: Floats
    failures: tuple[tuple[str, int, str], ...]
    fitted: np.ndarray

    def up_to(self, horizon: int) -> Paths:
        """The first steps alone."""
        return replace(
            self,
            actual=self.actual[:, :horizon].copy(),
            forecast=self.forecast[:, :, :horizon].copy(),
            final=self.final[:, :horizon].copy(),
        )


def resolve(
    models: Sequence[str | Model | PanelModel] | None, preset: str, also: Sequence[str] = ()
) -> tuple[tuple[Model, ...], tuple[PanelModel, ...]]:
    """Models by name or as they are, or those of the preset and `also`; and the last resort at the end.

    Returns:
        Those of one series, and those that learn across the panel.

    Raises:
        InputError: An unknown name or preset, a name twice, a combination's name, or none at all.
    """
    if preset not in PRESETS:
        raise InputError("models", [Problem("", f"preset {preset!r} is unknown; known are {', '.join(PRESETS)}")])
    for given in (models, also):
        if isinstance(given, str):
            raise InputError("models", [Problem("", f"{given!r} is a text; give a list of models, [{given!r}]")])
    wanted = tuple(dict.fromkeys((*PRESETS[preset], *also))) if models is None else models
    every: dict[str, Model | PanelModel] = {**MODELS, **PANEL_MODELS}
    unknown = [one for one in wanted if isinstance(one, str) and one not in every]
    if unknown:
        known = ", ".join(every)
        raise InputError("models", [Problem("", f"model {name!r} is unknown; known are {known}") for name in unknown])
    out = tuple(every[one] if isinstance(one, str) else one for one in wanted)
    names = [model.name for model in out]
    reserved = {*COMBINATIONS, LAST_RESORT} & set(names)
    if not out or len(set(names)) < len(names) or reserved:
        rule = f"at least one, no name twice, and none may be called {', '.join((*COMBINATIONS, LAST_RESORT))}"
        raise InputError("models", [Problem("", f"{', '.join(names) or 'no models'}: {rule}")])
    alone = tuple(model for model in out if isinstance(model, Model))
    return (*alone, MODELS[LAST_RESORT]), tuple(model for model in out if not isinstance(model, Model))


def origins_of(series: Sequence[Series], origins: int, step: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Where histories are cut: observations at each origin and its position on the panel's calendar.

    The calendar runs backwards from the panel's last month in steps of `step` months. A series uses its last `origins`
    dates that leave it at least 8 and at least half of its observations. One calendar for all keeps the
    errors of different series at one date together.

    Raises:
        InputError: origins or step that is no whole number of at least 1.
    """
    origins, step = whole_number(SOURCE, "origins", origins, 1), whole_number(SOURCE, "step", step, 1)
    months = [months_of(one.ds) for one in series]
    last = max(int(each[-1]) for each in months)
    first = min(int(each[0]) for each in months)
    offsets = np.arange(step, last - first + step, step)
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
    workers: Workers,
    progress: Progress | None,
    final: bool,
    keep: Keep | None = None,
) -> list[Paths]:
    """Forecast every series by every model from every origin and, if `final`, from the whole history.

    A result depends on nothing but its own series; where its origins lie on the panel's calendar is entered afterwards.
    """
    tasks = [
        (one, ahead, ends, tuple(models), final) for one, ahead, (ends, _) in zip(series, steps, cuts, strict=True)
    ]
    names = [one.unique_id for one in series]
    found = in_parallel(forecast_one, tasks, workers, names=names, progress=progress, keep=keep)
    return [replace(each, keys=keys) for each, (_, keys) in zip(found, cuts, strict=True)]


def fit(model: Model, one: Series, end: int, horizon: int, fitted: int | None = None) -> Floats:
    """One model's forecast from the first `end` observations, on the modelling scale, shape (horizon,).

    The model gets copies of the last 15 years before the cut-off, as they were known then; there is no array through
    which it could see further.

    Args:
        model: The model.
        one: The series.
        end: The cut-off.
        horizon: Periods ahead.
        fitted: Fit a model that carries a state to so many observations, and carry it on from there.

    Raises:
        ModelError: The model's own reason, an absurd forecast (see `ROOM`), or fewer than 8 figures that were known.
    """
    check_known(model, one, end)
    if fitted is not None and fitted < end and isinstance(model, StateModel):
        start = start_of(one, fitted)
        return _carried(_fitted(model, one, start, fitted), model, one, start, end, horizon)
    start = start_of(one, end)
    y, ds = _window(model, one, start, end)
    return checked(model, one, start, end, model.forecast(y, horizon, one.season_length, ds), horizon)


def check_known(model: Model | PanelModel, one: Series, end: int) -> None:
    """Refuse to forecast from a cut-off at which too little was known.

    Raises:
        ModelError: Fewer than 8 figures were.
    """
    if len(one.until(end)) < FEWEST:
        raise ModelError(f"{model.name}: {len(one.until(end))} observations were known then; {FEWEST} are needed")


def roll(
    model: Model, one: Series, ends: Sequence[int], horizon: int, last: int | None = None
) -> tuple[list[Floats | ModelError], int]:
    """One model's forecast, or the reason why there is none, from each of some cut-offs, oldest first.

    A model that carries a state is fitted at the first cut-off and anew where the history has grown by a third, which
    is where new figures change its parameters, or where a carried state fails; in between the state moves on with the
    parameters as they are. Others are fitted at every cut-off, and every model where another history was known than
    today's. What is handed over are copies, as in `fit`.

    Args:
        model: The model.
        one: The series.
        ends: The cut-offs, as numbers of observations.
        horizon: Periods ahead.
        last: The cut-off of the forecast that is published, for which a growth by a sixth is enough where the model is
            not settled. On China's indicators a year ahead, what nights publish has .56 of no change's errors; with
            ARIMA of parameters two years old .60, with settled models of that age .55.

    Returns:
        The forecasts, and the observations that the fit behind the last of them has seen.
    """
    if not isinstance(model, StateModel):
        return [_attempt(fit, model, one, end, horizon) for end in ends], ends[-1] if ends else 0
    out: list[Floats | ModelError] = []
    state, start, fitted = None, 0, 0
    at_last = GROWN if isinstance(model, SettledModel) else GROWN_AT_LAST
    for end in ends:
        if end in one.known:
            out.append(_attempt(fit, model, one, end, horizon))
            continue
        found: Floats | ModelError | None = None
        if state is not None and end < (at_last if end == last else GROWN) * fitted:
            found = _attempt(_carried, state, model, one, start, end, horizon)
        if not isinstance(found, np.ndarray):
            state, start, fitted = None, start_of(one, end), end
            fresh = _attempt(_fitted, model, one, start, end)
            if isinstance(fresh, ModelError):
                found = fresh
            else:
                state = fresh
                found = _attempt(_carried, state, model, one, start, end, horizon)
        out.append(found)
    return out, fitted


def _attempt(function: Callable[..., T], *arguments: object) -> T | ModelError:
    """What a function returns, or the model's reason why it does not."""
    try:
        return function(*arguments)
    except ModelError as error:
        return error


def _fitted(model: StateModel, one: Series, start: int, end: int) -> State:
    y, ds = _window(model, one, start, end)
    return model.fit(y, one.season_length, ds)


def _carried(state: State, model: Model, one: Series, start: int, end: int, horizon: int) -> Floats:
    y, ds = _window(model, one, start, end)
    return checked(model, one, start, end, state.forecast(y, horizon, ds), horizon)


def start_of(one: Series, end: int) -> int:
    """First observation of the last 15 years before a cut-off."""
    return end - min(len(one.until(end)), YEARS * one.season_length)


def _window(model: Model, one: Series, start: int, end: int) -> tuple[Floats, pd.DatetimeIndex]:
    """Copies of a history, on the scale that a model sees, and of its months."""
    ds = _dates(one.ds.to_numpy()[start:end].tobytes())
    return one.until(end)[start - end :].copy() if _on_levels(model) else per_month(one, start, end), ds


def per_month(one: Series, start: int, end: int) -> Floats:
    """Observations `start` to `end` as they were known then, on the modelling scale, a pair as its average month.

    January and February together are no high season: their sum would raise every level without a season.
    """
    ds = _dates(one.ds.to_numpy()[start:end].tobytes())
    return one.scaled(one.until(end)[start - end :] / _months_in(ds, one.season_length))


def _months_in(ds: pd.DatetimeIndex, season_length: int) -> Floats:
    """Months of each period: two where it is January and February together."""
    return np.ones(len(ds)) if season_length == 12 else np.where(ds.month == 2, 2.0, 1.0)


def _on_levels(model: Model | PanelModel) -> bool:
    """Whether it is a `LevelsModel`, which to ask by the protocol itself takes as long as some forecasts."""
    return bool(getattr(model, "levels", False))


@lru_cache(maxsize=64)
def _dates(months: bytes) -> pd.DatetimeIndex:
    """One index for all models of an origin."""
    return pd.DatetimeIndex(np.frombuffer(months, dtype="datetime64[ns]").copy())


def checked(model: Model | PanelModel, one: Series, start: int, end: int, forecast: Floats, horizon: int) -> Floats:
    """A forecast from observations `start` to `end`, of periods on the modelling scale, if it is one and not absurd.

    Raises:
        ModelError: It is not finite, or absurd (see `ROOM`).
    """
    path = np.array(forecast, dtype=np.float64)
    if path.shape != (horizon,) or not np.isfinite(path).all():
        raise ModelError(f"{model.name}: the forecast is not {horizon} finite numbers")
    history = one.until(end)[start - end :]
    if not _on_levels(model):
        months = _months_in(following_months(one.ds[end - 1], horizon, one.season_length), one.season_length)
        path = path + np.log(months) if one.scale == "log" else path * months
    elif one.scale == "log":
        path = np.log(np.maximum(path, FLOOR * float(history.min())))
    if model.name == LAST_RESORT:  # there is nothing else where it is asked for
        return path
    z = one.scaled(history)
    low, high = float(z.min()), float(z.max())
    ranges = np.maximum(1.0, ROOM * np.arange(1, horizon + 1) / len(z))
    room = ranges * max(high - low, 1e-6 * max(abs(low), abs(high)), 1e-12)
    beyond = np.flatnonzero((path < low - room) | (path > high + room))
    if len(beyond):
        allowed = f"{ranges[beyond[0]]:.3g} times its range"
        raise ModelError(f"{model.name}: the forecast leaves the history by more than {allowed}")
    return path


def forecast_one(one: Series, horizon: int, ends: np.ndarray, models: tuple[Model, ...], final: bool) -> Paths:
    """Forecasts of one series; its origins are counted from 0."""
    n, z = len(one.y), one.z
    paths = np.full((len(models), len(ends) + 1, horizon), np.nan)
    failures = []
    cuts = [*ends.tolist(), n] if final else ends.tolist()
    fitted = np.zeros(len(models), dtype=np.int64)
    for m, model in enumerate(models):
        found, fitted[m] = roll(model, one, cuts, horizon, n if final else None)
        for o, (end, path) in enumerate(zip(cuts, found, strict=True)):
            if isinstance(path, ModelError):
                failures.append((model.name, end, str(path)))
            else:
                paths[m, o] = path
    actual = np.full((len(ends), horizon), np.nan)
    for o, end in enumerate(ends):
        known = z[end : end + horizon]
        actual[o, : len(known)] = known
    return Paths(ends, np.arange(len(ends)), actual, paths[:, :-1], paths[:, -1], tuple(failures), fitted)


def months_of(ds: pd.DatetimeIndex) -> np.ndarray:
    """Month indices, year x 12 + month - 1."""
    return np.asarray(ds.year.to_numpy() * 12 + ds.month.to_numpy() - 1)

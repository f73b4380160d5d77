"""Models that learn across the panel, in the backtest: at a date they know what every series had shown by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecasting.errors import ModelError
from forecasting.evaluation._backtest import Paths, check_known, checked, months_of, per_month, start_of
from forecasting.evaluation._panel import Floats, Series
from forecasting.models import History, PanelModel, PanelState

MONTHS = 12
"""Months after which a model learns anew in the backtest; until then what it has learnt sees newer histories."""


def add_pooled(
    found: Sequence[Paths], series: Sequence[Series], steps: Sequence[int], models: Sequence[PanelModel], final: bool
) -> list[Paths]:
    """Add the forecasts of models that learn across the panel, each from what was known at its origin's month.

    A model learns at the panel's oldest origin, at the first one of every year after it and, if `final`, from whole
    histories. Where it cannot, it fails at every series, with the reason.

    Args:
        found: Paths of the other models.
        series: Of the panel.
        steps: Periods ahead of each.
        models: That learn across it.
        final: Whether to forecast from the whole histories.
    """
    from threadpoolctl import threadpool_limits

    out = list(found)
    with threadpool_limits(limits=1):  # sums of several threads differ in their last bits
        for model in models:
            out = _with(out, series, steps, model, final)
    return out


def _with(
    found: Sequence[Paths], series: Sequence[Series], steps: Sequence[int], model: PanelModel, final: bool
) -> list[Paths]:
    months = [months_of(one.ds) for one in series]
    forecast = [np.full(each.actual.shape, np.nan) for each in found]
    last = [np.full(h, np.nan) for h in steps]
    failures: list[list[tuple[str, int, str]]] = [[] for _ in found]
    dates: dict[int, list[tuple[int, int, Floats]]] = {}
    for i, each in enumerate(found):
        for o, end in enumerate(each.ends.tolist()):
            dates.setdefault(int(months[i][end - 1]), []).append((i, end, forecast[i][o]))
    learnt: PanelState | ModelError
    due = 0
    for date in sorted(dates):
        if date >= due:
            learnt, due = _learnt(model, series, months, date, max(steps)), date + MONTHS
        _fill(learnt, model, series, steps, dates[date], failures)
    if final:
        learnt = _learnt(model, series, months, max(int(each[-1]) for each in months), max(steps))
        whole = [(i, len(one.y), path) for i, (one, path) in enumerate(zip(series, last, strict=True))]
        _fill(learnt, model, series, steps, whole, failures)
    return [
        replace(
            each,
            forecast=np.concatenate([each.forecast, forecast[i][None]]),
            final=np.concatenate([each.final, last[i][None]]),
            failures=(*each.failures, *failures[i]),
            fitted=np.append(each.fitted, len(series[i].y)),
        )
        for i, each in enumerate(found)
    ]


def _learnt(
    model: PanelModel, series: Sequence[Series], months: Sequence[np.ndarray], date: int, horizon: int
) -> PanelState | ModelError:
    """What a model learns from copies of what was known of every series in a month."""
    histories = []
    for one, own in zip(series, months, strict=True):
        end = int(np.searchsorted(own, date, side="right"))
        if len(one.until(end)):
            histories.append(_history(one, end))
    try:
        return model.fit(histories, horizon)
    except ModelError as error:
        return error


def _history(one: Series, end: int) -> History:
    return History(per_month(one, end - len(one.until(end)), end), one.season_length, one.scale == "log")


def _fill(
    learnt: PanelState | ModelError,
    model: PanelModel,
    series: Sequence[Series],
    steps: Sequence[int],
    wanted: Sequence[tuple[int, int, Floats]],
    failures: list[list[tuple[str, int, str]]],
) -> None:
    """Enter the forecasts of some series, each with its observations and where its path belongs."""
    able = []
    for i, end, place in wanted:
        try:
            check_known(model, series[i], end)
            able.append((i, end, place))
        except ModelError as error:
            failures[i].append((model.name, end, str(error)))
    if isinstance(learnt, ModelError):
        paths: list[Floats | ModelError] = [learnt] * len(able)
    else:
        paths = learnt.forecast([_history(series[i], end) for i, end, _ in able], max(steps)) if able else []
    for (i, end, place), path in zip(able, paths, strict=True):
        try:
            if isinstance(path, ModelError):
                raise path
            place[:] = checked(model, series[i], start_of(series[i], end), end, path[: steps[i]], steps[i])
        except ModelError as error:
            failures[i].append((model.name, end, str(error)))

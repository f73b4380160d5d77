"""The chosen forecaster of one series, small enough to log and able to forecast again anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast, get_args

import numpy as np
import pandas as pd

from forecasting.errors import ModelError
from forecasting.evaluation._backtest import fit, months_of
from forecasting.evaluation._bands import LEVELS, is_early, quantile_at
from forecasting.evaluation._combination import combine, weighted
from forecasting.evaluation._panel import Floats, Scale, Series, periods_ahead
from forecasting.models import MODELS, following_months

QUANTILES = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")
"""Names of the quantile columns, in the order of their levels."""
COLUMNS = ("unique_id", "ds", "model", "mean", *QUANTILES)
VERSION = 6
"""Of the format."""
EARLIER = (2, 3, 4, 5)
"""Formats that are read as well: the fifth had no `early`, as errors of all months were taken to be of one size, the
fourth had one weight a candidate for all steps, the third no `learnt` either, as no model learnt across the panel, and
the second no `fitted`, as every model was fitted to the whole history."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The models behind a candidate.

    Attributes:
        candidates: Names of the models to fit: the one itself, or those that are combined.
        fitted: Observations to fit each of them to; its state is carried on to the others.
        weights: Of each candidate in their weighted mean, one for all steps or one a step; empty for their median.
        learnt: Of each candidate that learns across the panel its forecast on the modelling scale, since a series by
            itself cannot make it again; empty for the others.
    """

    candidates: tuple[str, ...]
    fitted: tuple[int, ...]
    weights: tuple[tuple[float, ...], ...]
    learnt: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Champion:
    """What it takes to forecast a series again: history, model, and the band that its backtest gave.

    Attributes:
        unique_id: The series.
        model: Name of the chosen model or combination.
        candidates: Names of the models to fit: the chosen one, or those that are combined.
        fitted: Observations to fit each of them to; its state is carried on to the others.
        weights: Of each candidate in their weighted mean, one for all steps or one a step; empty for their median.
        learnt: Of each candidate that learns across the panel its forecast, see `Recipe`.
        y: History, in its own unit.
        ds: First days of its months, ``YYYY-MM``.
        season_length: Periods a year, 12 or 11.
        scale: The modelling scale: "log", "censored" or "identity".
        sigma: Mean absolute error on the modelling scale by step.
        early: How many times as large it is in January to March, where these have a figure each.
        quantiles: Q of the standardised errors at the grid of the bands, from the median up.
    """

    unique_id: str
    model: str
    candidates: tuple[str, ...]
    fitted: tuple[int, ...]
    weights: tuple[tuple[float, ...], ...]
    learnt: tuple[tuple[float, ...], ...]
    y: tuple[float, ...]
    ds: tuple[str, ...]
    season_length: int
    scale: Scale
    sigma: tuple[float, ...]
    early: float
    quantiles: tuple[float, ...]

    def __repr__(self) -> str:
        of = "" if self.candidates == (self.model,) else f" of {', '.join(self.candidates)}"
        return f"Champion({self.unique_id}: {self.model}{of}; {len(self.y)} periods to {self.ds[-1]})"

    def predict(self, horizon: int) -> pd.DataFrame:
        """Fit to the stored history and forecast, without any backtest.

        Beyond the steps of the backtest the band widens with the square root of the step, weights stay those of its
        last step, and a forecast that was learnt across the panel goes on with its last year.

        Returns:
            Columns unique_id, ds, model, mean, q025 to q975; one row a period.

        Raises:
            InputError: A horizon that is no whole number of at least 1, or ends after `FURTHEST`.
            ModelError: One of the models is not of `MODELS`, or cannot forecast as far.
        """
        from threadpoolctl import threadpool_limits

        one = self.series
        horizon = periods_ahead(self.unique_id, "horizon", horizon, one.ds[-1])
        own = [name for name, learnt in zip(self.candidates, self.learnt, strict=True) if not learnt]
        unknown = [name for name in own if name not in MODELS]
        if unknown:
            raise ModelError(f"{self.unique_id}: {', '.join(unknown)} is unknown here; known are {', '.join(MODELS)}")
        paths, reasons = np.full((len(self.candidates), horizon), np.nan), []
        with threadpool_limits(limits=1):
            recipe = zip(self.candidates, self.fitted, self.learnt, strict=True)
            for i, (name, fitted, learnt) in enumerate(recipe):
                if learnt:
                    paths[i] = _prolonged(np.array(learnt), one, horizon)
                    continue
                try:
                    paths[i] = fit(MODELS[name], one, len(one.y), horizon, fitted)
                except ModelError as error:
                    reasons.append(str(error))
        if reasons:  # the others alone would forecast something else by its name, from the first step on
            what = f"{self.model} cannot forecast {horizon} periods, its backtest had {len(self.sigma)}"
            raise ModelError(f"{self.unique_id}: {what}: {'; '.join(reasons)}")
        past = one.last_year(len(one.y))
        path = weighted(paths, self._weights(horizon), past) if self.weights else combine(paths)
        steps = np.arange(1, horizon + 1)
        seen = len(self.sigma)
        sigma = np.array(self.sigma)[np.minimum(steps, seen) - 1] * np.sqrt(np.maximum(steps / seen, 1.0))
        ds = following_months(one.ds[-1], horizon, self.season_length)
        sigma = sigma * np.where(is_early(months_of(ds), self.season_length), self.early, 1.0)
        u = (np.arange(1000) + 0.5) / 1000
        sample = one.back(path + quantile_at(u, np.array(self.quantiles))[:, None] * sigma)
        return quantile_frame(self.unique_id, self.model, ds, sample)

    def _weights(self, horizon: int) -> Floats:
        """Of the candidates at so many steps, shape (M, horizon), or (M, 1) for all alike."""
        known = np.array(self.weights)
        return known if known.shape[1] == 1 else known[:, np.minimum(np.arange(horizon), known.shape[1] - 1)]

    @property
    def series(self) -> Series:
        """The history as a series of a panel."""
        ds = pd.DatetimeIndex(np.array(self.ds, dtype="datetime64[M]").astype("datetime64[ns]"))
        return Series(self.unique_id, np.array(self.y), ds, self.season_length, self.scale)

    def to_dict(self) -> dict[str, Any]:
        """Plain values that JSON can hold."""
        return {
            "version": VERSION,
            "unique_id": self.unique_id,
            "model": self.model,
            "candidates": list(self.candidates),
            "fitted": list(self.fitted),
            "weights": [list(each) for each in self.weights],
            "learnt": [list(path) for path in self.learnt],
            "y": list(self.y),
            "ds": list(self.ds),
            "season_length": self.season_length,
            "scale": self.scale,
            "sigma": list(self.sigma),
            "early": self.early,
            "quantiles": list(self.quantiles),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Champion:
        """The inverse of `to_dict`.

        Raises:
            ModelError: Another version of the format, or an unknown scale.
        """
        if values.get("version") not in (*EARLIER, VERSION):
            known = f"versions {', '.join(map(str, EARLIER))} and {VERSION}"
            raise ModelError(f"champion of version {values.get('version')!r}; this release reads {known}")
        count = len(values["candidates"])
        fitted = values.get("fitted", [len(values["y"])] * count)
        return cls(
            unique_id=str(values["unique_id"]),
            model=str(values["model"]),
            candidates=tuple(map(str, values["candidates"])),
            fitted=tuple(map(int, fitted)),
            weights=tuple(tuple(np.ravel(each).tolist()) for each in values["weights"]),
            learnt=tuple(tuple(map(float, path)) for path in values.get("learnt", [()] * count)),
            y=tuple(map(float, values["y"])),
            ds=tuple(map(str, values["ds"])),
            season_length=int(values["season_length"]),
            scale=_scale(str(values["scale"])),
            sigma=tuple(map(float, values["sigma"])),
            early=float(values.get("early", 1.0)),
            quantiles=tuple(map(float, values["quantiles"])),
        )


def _prolonged(path: Floats, one: Series, horizon: int) -> Floats:
    """So many steps of a forecast, its last year over and over beyond those that there are."""
    m = one.season_length
    known = np.concatenate([one.z[-m:], path])
    beyond = known[len(known) - m + np.arange(max(0, horizon - len(path))) % m]
    return np.concatenate([path, beyond])[:horizon]


def _scale(name: str) -> Scale:
    for known in get_args(Scale):
        if name == known:
            return cast(Scale, known)
    raise ModelError(f"champion with the scale {name!r}; known are {', '.join(get_args(Scale))}")


def quantile_frame(unique_id: str, model: str, ds: pd.DatetimeIndex, draws: Floats) -> pd.DataFrame:
    """Mean and quantiles of draws (B, H) at the months ds, one row a month."""
    table = np.quantile(draws, LEVELS, axis=0)
    return pd.DataFrame(
        {"unique_id": unique_id, "ds": ds, "model": model, "mean": draws.mean(axis=0),
         **dict(zip(QUANTILES, table, strict=True))}
    )  # fmt: skip

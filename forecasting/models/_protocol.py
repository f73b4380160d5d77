"""What a model is, and the checks that all of them share."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecasting.errors import ModelError

Floats = NDArray[np.float64]

FEWEST = 8
"""Observations below which no model forecasts."""


@runtime_checkable
class Model(Protocol):
    """A forecast model of one monthly series.

    Attributes:
        name: Its name in tables and in `MODELS`.
    """

    @property
    def name(self) -> str:
        """Its name in tables and in `MODELS`."""
        ...

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """Fit to a history and forecast what follows it.

        Args:
            y: Observations, shape (n,), float64, consecutive periods, on the modelling scale: the logarithm
                for a positive series, else the figures themselves. Models are therefore additive, but for a
                `LevelsModel`. January and February together are their average month, but for it their sum.
            horizon: Periods ahead, at least 1.
            season_length: Periods a year: 12, or 11 where January and February are one period.
            ds: First day of each of the n months; an 11-period series has no Januaries.

        Returns:
            Point forecasts, shape (horizon,), finite, on the scale of y.

        Raises:
            ModelError: It cannot, with the reason.
        """
        ...


class State(Protocol):
    """A fitted model."""

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        """Forecast what follows a history, with the parameters as they were fitted.

        Args:
            y: The history that was fitted, or one that goes on from it: the same first period, any length from
                that of the fit upwards.
            horizon: Periods ahead, at least 1.
            ds: First day of each month of y.

        Returns:
            As `Model.forecast`.

        Raises:
            ModelError: It cannot, with the reason.
        """
        ...


@runtime_checkable
class StateModel(Model, Protocol):
    """A model whose state is carried on to newer observations without fitting it again."""

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> State:
        """Fit to a history.

        Raises:
            ModelError: It cannot, with the reason.
        """
        ...


@runtime_checkable
class SettledModel(StateModel, Protocol):
    """One whose few parameters the figures of two years hardly change: its published forecast is carried on as well."""

    @property
    def settled(self) -> Literal[True]:
        """A mark."""
        ...


@runtime_checkable
class LevelsModel(Model, Protocol):
    """A model that sees a positive series in its own unit instead of its logarithm."""

    @property
    def levels(self) -> Literal[True]:
        """A mark."""
        ...


@dataclass(frozen=True, slots=True)
class History:
    """What a model that learns across a panel sees of one series.

    Attributes:
        z: Observations up to where the panel is cut, oldest first, as a `Model` sees them, shape (n,).
        season_length: Periods a year: 12, or 11 where January and February are one period.
        relative: The modelling scale is the logarithm, on which sizes of changes mean the same for every series.
    """

    z: Floats
    season_length: int
    relative: bool


class PanelState(Protocol):
    """What a model has learnt across a panel."""

    def forecast(self, histories: Sequence[History], horizon: int) -> list[Floats | ModelError]:
        """Forecast what follows each history, none of which need have been learnt from.

        Args:
            histories: Of any length.
            horizon: Periods ahead, at least 1.

        Returns:
            Point forecasts of each, shape (horizon,), or the reason why there are none.
        """
        ...


@runtime_checkable
class PanelModel(Protocol):
    """A model that learns from all series of a panel together.

    Attributes:
        name: Its name in tables and in `PANEL_MODELS`.
    """

    @property
    def name(self) -> str:
        """Its name in tables and in `PANEL_MODELS`."""
        ...

    def fit(self, histories: Sequence[History], horizon: int) -> PanelState:
        """Learn from a panel.

        Args:
            histories: Of its series, all cut in the same month.
            horizon: Periods ahead that will be asked for, at least 1.

        Raises:
            ModelError: It cannot, with the reason.
        """
        ...


@contextmanager
def model_errors(name: str) -> Iterator[None]:
    """Turn whatever a third-party fit raises into a `ModelError` under the model's name.

    Numerical warnings that numpy raises inside a fit are dropped, those on convergence, and a search's doubts about the
    differences that it takes itself: their outcome shows in the forecast, which is checked for finiteness, and in the
    backtest. Warning filters and error state are as before afterwards.
    """
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.filterwarnings(
                "ignore", category=RuntimeWarning, module=r"(numpy|scipy|statsmodels|statsforecast)\b"
            )
            warnings.filterwarnings("ignore", "possible convergence problem|Having 3 or more diff", UserWarning)
            yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(f"{name}: {type(error).__name__}: {error}") from error


def check_request(name: str, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> None:
    """Refuse what no model can forecast.

    Raises:
        ModelError: Fewer than `FEWEST` observations, one that is not finite, dates of another length, a
            horizon below 1 or a season length below 1.
    """
    if y.ndim != 1 or len(y) != len(ds):
        raise ModelError(f"{name}: y has shape {y.shape} but there are {len(ds)} months; one value a month is needed")
    if len(y) < FEWEST:
        raise ModelError(f"{name}: {len(y)} observations; at least {FEWEST} are needed")
    if not np.isfinite(y).all():
        raise ModelError(f"{name}: observation {int(np.flatnonzero(~np.isfinite(y))[0]) + 1} is not finite")
    if horizon < 1 or season_length < 1:
        raise ModelError(f"{name}: horizon {horizon} and season length {season_length} must be at least 1")


def standardised(y: Floats) -> tuple[Floats, float, float]:
    """Centre and scale: (y - mean) / sd, mean, sd; the sd of a constant series counts as 1."""
    mean, sd = float(y.mean()), float(y.std())
    if sd <= 1e-12 * max(1.0, abs(mean)):
        return np.zeros_like(y), mean, 1.0
    return (y - mean) / sd, mean, sd


def is_constant(y: Floats) -> bool:
    """Whether a series has no variation beyond rounding."""
    return bool(np.ptp(y) <= 1e-12 * max(1.0, float(np.abs(y).max())))


def checked(name: str, values: object, horizon: int) -> Floats:
    """The forecast as float64, or a `ModelError` if it is not `horizon` finite numbers."""
    out = np.asarray(values, dtype=np.float64).reshape(-1)
    if out.shape != (horizon,):
        raise ModelError(f"{name}: {out.shape[0]} forecasts came back, {horizon} were asked for")
    if not np.isfinite(out).all():
        raise ModelError(f"{name}: the forecast of step {int(np.flatnonzero(~np.isfinite(out))[0]) + 1} is not finite")
    return out

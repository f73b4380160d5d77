"""What the models that carry a state on have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from forecasting.models._protocol import Floats, State, check_request, checked, model_errors

Forward = Callable[[Floats, int], object]
"""(history, horizon) -> forecasts, with the parameters as they were fitted."""


@dataclass(frozen=True, slots=True)
class FittedState:
    """A fitted model: y is centred and scaled as at its fit, ``mean + sd f((y - mean) / sd)``.

    Attributes:
        name: Of the model.
        season_length: As at its fit.
        forward: f.
        mean: Subtracted from the history.
        sd: Divides it.
    """

    name: str
    season_length: int
    forward: Forward
    mean: float = 0.0
    sd: float = 1.0

    def forecast(self, y: Floats, horizon: int, ds: pd.DatetimeIndex) -> Floats:
        """See `State.forecast`."""
        check_request(self.name, y, horizon, self.season_length, ds)
        with model_errors(self.name):
            ahead = np.asarray(self.forward((y - self.mean) / self.sd, horizon), dtype=np.float64)
        return checked(self.name, self.mean + self.sd * ahead, horizon)


class Carried(ABC):
    """Base of the models that carry a state on: `_fitted` is what a subclass writes."""

    name: ClassVar[str]

    def fit(self, y: Floats, season_length: int, ds: pd.DatetimeIndex) -> State:
        """See `StateModel.fit`."""
        check_request(self.name, y, 1, season_length, ds)
        with model_errors(self.name):
            return self._fitted(y, season_length)

    def forecast(self, y: Floats, horizon: int, season_length: int, ds: pd.DatetimeIndex) -> Floats:
        """See `Model.forecast`."""
        check_request(self.name, y, horizon, season_length, ds)
        return self.fit(y, season_length, ds).forecast(y, horizon, ds)

    @abstractmethod
    def _fitted(self, y: Floats, season_length: int) -> FittedState: ...

"""The methods tried on the past: what they would have said, what came, and what a naive forecast would have said.

A case of an assumption file names its kind; figures of the calibration table are named by ``series@year``, parameters
by their name, so the distributions tried are those in use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from forecasting.errors import AssumptionError
from forecasting.metrics import crps_draws
from forecasting.projection._assumptions import Assumptions
from forecasting.projection._controls import delay_kernel
from forecasting.projection._draws import Uniforms, Values, seeded, sobol_points
from forecasting.projection._entry import ramp
from forecasting.projection._growth import Array, damped_trend_continuous, log_rate
from forecasting.projection._questions import Hindcast
from forecasting.projection._quota import quota_states
from forecasting.projection._schema import draw_blocks
from forecasting.projection._tables import quantiles

__all__ = ["HINDCAST_COLUMNS", "hindcast_table"]

HINDCAST_COLUMNS = ("case", "origin", "target", "variable", "realised", "q05", "q50", "q95", "pit", "crps",
                    "crps_naive", "covered90")  # fmt: skip

DRAWS = 4096


class Case:
    """What a kind of case has at hand: its arguments, published figures, parameters and uniform numbers."""

    def __init__(
        self, hindcast: Hindcast, states: tuple[str, ...], values: Values, calibration: pd.DataFrame, seed: int
    ) -> None:
        self.name = hindcast.case
        self.states = states
        self._args = dict(hindcast.args)
        self.parameters = values
        self._calibration = calibration
        self._u = sobol_points(4, DRAWS, int(seeded(seed, f"hindcast {hindcast.case}").integers(2**31)))

    def has(self, key: str) -> bool:
        """Whether an argument is given."""
        return key in self._args

    def number(self, key: str) -> float:
        """An argument that is a number or names a published figure."""
        return self.figure(self._get(key), key)

    def numbers(self, key: str) -> list[float]:
        """An argument that is a list of such."""
        return [self.figure(item, key) for item in self._get(key)]

    def text(self, key: str) -> str:
        """An argument that is a text."""
        return str(self._get(key))

    def figure(self, value: Any, key: str) -> float:
        """A number, or the figure that ``series@year`` names."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        series, _, year = str(value).partition("@")
        rows = self._calibration[(self._calibration["series"] == series) & (self._calibration["year"] == year)]
        if len(rows) != 1:
            raise AssumptionError(
                f"hindcast {self.name}: {key} {value!r} has {len(rows)} figures; expected a number or series@year"
            )
        return float(rows["value"].iloc[0])

    def draw(self, key: str, dimension: int) -> Array:
        """Draws of a parameter that an argument names, of a normal [mean, sd] or of [low, high, "uniform"]."""
        from scipy.special import ndtri

        value, u = self._get(key), self._u[:, dimension]
        if isinstance(value, str):
            return self.parameters.at(value, u)
        if len(value) == 3:
            return np.asarray(value[0] + (value[1] - value[0]) * u)
        return np.asarray(value[0] + value[1] * ndtri(np.clip(u, 1e-9, 1 - 1e-9)))

    def _get(self, key: str) -> Any:
        if key not in self._args:
            raise AssumptionError(f"hindcast {self.name}: {key} is missing")
        return self._args[key]


def persistent_growth(case: Case) -> Array:
    """Base grown for some years at a rate drawn once."""
    return np.asarray(case.number("base") * (1.0 + case.draw("growth", 0) / 100.0) ** case.number("years"))


def quota_process(case: Case) -> Array:
    """Base grown by the quota process from a stated regime on."""
    values, states = case.parameters, case.states
    start = states.index(case.text("start"))
    years = int(case.number("years"))
    chosen = quota_states(values, states, np.full(DRAWS, float(start)), years).astype(np.int64)
    growth = np.stack([log_rate(values(f"quota.growth.{state}")) for state in states])
    return np.asarray(case.number("base") * np.exp(np.take_along_axis(growth, chosen, axis=0).sum(axis=0)))


def single_number(case: Case) -> Array:
    """A forecast that somebody published, without any band."""
    return np.full(DRAWS, case.number("forecast"))


def damped(case: Case) -> Array:
    """Base on a damped trend whose half-life is drawn."""
    growth = damped_trend_continuous(log_rate(case.number("growth")), log_rate(case.number("long_run")),
                                     case.draw("half_life", 0), case.number("years"))  # fmt: skip
    return np.asarray(case.number("base") * np.exp(growth))


def lost_shipments(case: Case) -> Array:
    """Months of shipments lost some months after licences became necessary."""
    missing = delay_kernel(case.draw("delay", 0), case.draw("recovery", 1), int(case.number("months")))
    return np.asarray(missing.sum(axis=0))


def kappa_after(case: Case) -> Array:
    """Find ``kappa = 1 - (dln nu + b dln p + dln chi + dln u) / dln VA``, weighed by how well it meets one anchor."""
    grown = float(log_rate(case.number("value_added")))
    price = np.log(case.number("price_to") / case.number("price_from"))
    other = case.draw("other", 2)
    found = 1.0 - (case.draw("leak", 0) * price + case.draw("coverage", 1) / 100.0 + other) / grown
    seen = float(log_rate(case.number("anchor"))) / grown
    fit = -((found - seen) ** 2) / (2.0 * (case.number("error") / grown) ** 2)
    weight = np.cumsum(np.exp(fit - fit.max()))
    rows = np.searchsorted(weight / weight[-1], (np.arange(DRAWS) + 0.5) / DRAWS)
    return np.asarray(found[np.minimum(rows, DRAWS - 1)])


def product_sum(case: Case) -> Array:
    """Sum of figures times factors, as exact as the stated relative error."""
    total = sum(a * b for a, b in zip(case.numbers("figures"), case.numbers("factors"), strict=True))
    return np.asarray(total * case.draw("error", 0) * (case.draw("times", 1) if case.has("times") else 1.0))


def limited_exports(case: Case) -> Array:
    """Exports under a quota with the part that arrives by other ways."""
    return np.asarray(case.number("quota") * (1.0 + case.draw("leakage", 0)))


def saved_by_price(case: Case) -> Array:
    """Share of an export quota that is used at a dear price."""
    wanted = case.number("wanted") * case.number("price") ** -case.draw("elasticity", 0)
    return np.asarray(np.minimum(wanted / case.number("quota"), 1.0))


def ramped(case: Case) -> Array:
    """Mean share of capacity in a year after first output, times capacity."""
    months = 12.0 * (case.number("year") - 1.0) + np.arange(12, dtype=np.float64)[:, None] + 0.5
    share = ramp(months, case.draw("length", 0), case.draw("start", 1))
    return np.asarray(case.number("capacity") * share.mean(axis=0))


def drawn(case: Case) -> Array:
    """A parameter as it is."""
    return case.draw("parameter", 0)


KINDS: Mapping[str, Callable[[Case], Array]] = {
    item.__name__: item
    for item in (persistent_growth, quota_process, single_number, damped, lost_shipments, kappa_after, product_sum,
                 limited_exports, saved_by_price, ramped, drawn)
}  # fmt: skip


def hindcast_table(assumptions: Assumptions, calibration: pd.DataFrame, *, seed: int) -> pd.DataFrame:
    """A row a case: quantiles of the method's draws, what came, the probability transform, and scores.

    ``pit`` is the share of draws below what came (ties by half), ``crps_naive`` the smallest score among the naive
    forecasts, which are single numbers.

    Raises:
        AssumptionError: An unknown kind, an argument missing, a figure that the calibration table lacks.
    """
    cases = assumptions.questions.hindcasts
    if not cases:
        return pd.DataFrame(columns=list(HINDCAST_COLUMNS))
    blocks = draw_blocks(assumptions.structure)
    key = assumptions.questions.sensitivity_scenario or sorted(assumptions.scenarios)[0]
    uniforms = Uniforms(blocks, sobol_points(len(blocks) + 1, DRAWS, seed), seed)
    values = Values(assumptions.scenarios[key].parameters, uniforms, calibration, assumptions.file)
    rows = []
    for item in cases:
        if item.kind not in KINDS:
            raise AssumptionError(
                f"hindcast {item.case}: kind {item.kind!r}; expected one of {', '.join(sorted(KINDS))}"
            )
        case = Case(item, assumptions.structure.quota_states, values, calibration, seed)
        draws = KINDS[item.kind](case)
        realised = case.number("realised") * (case.number("scale") if case.has("scale") else 1.0)
        low, middle, high = (float(level) for level in quantiles(draws, (0.05, 0.50, 0.95)))
        below = float((draws < realised).mean() + 0.5 * (draws == realised).mean())
        score = float(crps_draws([realised], draws[:, None])[0])
        naive = min(abs(value - realised) for value in case.numbers("naive"))
        rows.append((item.case, case.text("origin"), case.text("target"), case.text("variable"), realised, low, middle,
                     high, below, score, naive, low <= realised <= high))  # fmt: skip
    table = pd.DataFrame(rows, columns=list(HINDCAST_COLUMNS))
    return table.sort_values(["case", "target", "variable"], kind="stable", ignore_index=True)

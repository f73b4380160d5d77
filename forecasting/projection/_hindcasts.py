"""The methods tried on the past: what they would have said, what came, and what a naive forecast would have said.

A case of an assumption file names its kind; figures of the calibration table are named by ``series@year``, parameters
by their name, so the distributions tried are those in use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd

from forecasting.errors import AssumptionError, suggestion
from forecasting.metrics import crps_draws
from forecasting.projection._assumptions import Assumptions
from forecasting.projection._controls import delay_kernel
from forecasting.projection._coupling import HORIZON
from forecasting.projection._distributions import is_number
from forecasting.projection._draws import Values, seeded, sobol_points, uniforms_of
from forecasting.projection._entry import ramp
from forecasting.projection._growth import Array, damped_trend_continuous, log_rate
from forecasting.projection._questions import Hindcast
from forecasting.projection._quota import quota_growth
from forecasting.projection._schema import expected_parameters
from forecasting.projection._tables import quantiles

__all__ = ["HINDCAST_COLUMNS", "hindcast_table"]

HINDCAST_COLUMNS = ("case", "origin", "target", "variable", "realised", "q05", "q50", "q95", "pit", "crps",
                    "crps_naive", "covered90")  # fmt: skip

DRAWS = 4096


class Case:
    """What a kind of case has at hand: its arguments, published figures, parameters and uniform numbers.

    Args:
        hindcast: As the file has it.
        states: Of the quota process, from the slowest to the fastest.
        values: Parameters in use.
        names: Those of them that are numbers.
        calibration: Published figures.
        seed: Seed of everything random.

    Raises:
        AssumptionError: In every method, an argument that is missing or of another kind; with case and key.
    """

    def __init__(
        self,
        hindcast: Hindcast,
        states: tuple[str, ...],
        values: Values,
        names: Collection[str],
        calibration: pd.DataFrame,
        seed: int,
    ) -> None:
        self.states = states
        self.parameters = values
        self._place = f"hindcast {hindcast.case}"
        self._args = dict(hindcast.args)
        self._unasked = set(self._args)
        self._names = names
        self._calibration = calibration
        self._u = sobol_points(4, DRAWS, int(seeded(seed, self._place).integers(2**31)))

    def has(self, key: str) -> bool:
        """Whether an argument is given."""
        return key in self._args

    def number(self, key: str) -> float:
        """An argument that is a number or names a published figure."""
        return self._figure(self._get(key), key)

    def numbers(self, key: str) -> list[float]:
        """An argument that is a list of such."""
        value = self._get(key)
        if not isinstance(value, list) or not value:
            raise self.wrong(key, value, "a list of numbers or of series@year")
        return [self._figure(item, key) for item in value]

    def count(self, key: str, most: int) -> int:
        """An argument that is a whole number from 1 on."""
        value = self._get(key)
        if type(value) is not int or not 1 <= value <= most:
            raise self.wrong(key, value, f"a whole number from 1 to {most}")
        return value

    def text(self, key: str) -> str:
        """An argument that is a text."""
        return str(self._get(key))

    def draw(self, key: str, dimension: int) -> Array:
        """Draws of a parameter that an argument names, of a normal [mean, sd] or of [low, high, "uniform"]."""
        from scipy.special import ndtri

        value, u = self._get(key), self._u[:, dimension]
        if isinstance(value, str):
            if value not in self._names:
                raise self.wrong(key, value, f"a parameter that is a number; {suggestion(value, self._names)}")
            return self.parameters.at(value, u)
        if not isinstance(value, list) or len(value) not in (2, 3) or value[2:] not in ([], ["uniform"]):
            raise self.wrong(key, value, 'a parameter, [mean, sd] or [low, high, "uniform"]')
        first, second = (self._figure(item, key) for item in value[:2])
        if len(value) == 3:
            return np.asarray(first + (second - first) * u)
        return np.asarray(first + second * ndtri(np.clip(u, 1e-9, 1 - 1e-9)))

    def wrong(self, key: str, value: Any, expected: str) -> AssumptionError:
        """What to raise of an argument that cannot be used."""
        return AssumptionError(f"{self._place}: {key} is {value!r}; expected {expected}")

    def refuse_unasked(self) -> None:
        """Refuse arguments that nothing has asked for."""
        if self._unasked:
            known = sorted(set(self._args) - self._unasked)
            raise AssumptionError(
                f"{self._place}: {', '.join(sorted(self._unasked))} is unknown; expected {', '.join(known)}"
            )

    def _figure(self, value: Any, key: str) -> float:
        """A number, or the figure that ``series@year`` names."""
        if is_number(value):
            return float(value)
        series, _, year = str(value).partition("@")
        rows = self._calibration[(self._calibration["series"] == series) & (self._calibration["year"] == year)]
        if len(rows) != 1:
            raise AssumptionError(
                f"{self._place}: {key} {value!r} has {len(rows)} figures; expected a number or series@year"
            )
        return float(rows["value"].iloc[0])

    def _get(self, key: str) -> Any:
        if key not in self._args:
            raise AssumptionError(f"{self._place}: {key} is missing")
        self._unasked.discard(key)
        return self._args[key]


def persistent_growth(case: Case) -> Array:
    """Base grown for some years at a rate drawn once."""
    return np.asarray(case.number("base") * (1.0 + case.draw("growth", 0) / 100.0) ** case.number("years"))


def quota_process(case: Case) -> Array:
    """Base grown by the quota process from a stated regime on."""
    start = case.text("start")
    if start not in case.states:
        raise case.wrong("start", start, f"one of quota_states: {', '.join(case.states) or '(none)'}")
    first = np.full(DRAWS, float(case.states.index(start)))
    growth = quota_growth(case.parameters, case.states, first, case.count("years", HORIZON // 12))
    return np.asarray(case.number("base") * np.exp(growth.sum(axis=0)))


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
    missing = delay_kernel(case.draw("delay", 0), case.draw("recovery", 1), case.count("months", HORIZON))
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
    figures, factors = case.numbers("figures"), case.numbers("factors")
    if len(figures) != len(factors):
        raise case.wrong("factors", factors, f"as many as there are figures, {len(figures)}")
    total = sum(a * b for a, b in zip(figures, factors, strict=True))
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
        AssumptionError: An unknown kind; an argument missing, unknown or of another kind than expected; a figure that
            the calibration table lacks; arguments that give no number.
    """
    cases = assumptions.questions.hindcasts
    if not cases:
        return pd.DataFrame(columns=list(HINDCAST_COLUMNS))
    key = assumptions.questions.sensitivity_scenario or sorted(assumptions.scenarios)[0]
    uniforms = uniforms_of(assumptions, DRAWS, seed)
    values = Values(assumptions.scenarios[key].parameters, uniforms, calibration, assumptions.file)
    schema = expected_parameters(assumptions.structure)
    names = [name for name, spec in schema.items() if not spec.options]
    rows = []
    for item in cases:
        if item.kind not in KINDS:
            raise AssumptionError(
                f"hindcast {item.case}: kind {item.kind!r}; expected one of {', '.join(sorted(KINDS))}"
            )
        case = Case(item, assumptions.structure.quota_states, values, names, calibration, seed)
        with np.errstate(all="ignore"):
            draws = KINDS[item.kind](case)
        if not np.isfinite(draws).all():
            raise AssumptionError(f"hindcast {item.case}: its arguments give draws that are no finite numbers")
        realised = case.number("realised") * (case.number("scale") if case.has("scale") else 1.0)
        low, middle, high = (float(level) for level in quantiles(draws, (0.05, 0.50, 0.95)))
        below = float((draws < realised).mean() + 0.5 * (draws == realised).mean())
        score = float(crps_draws([realised], draws[:, None])[0])
        naive = min(abs(value - realised) for value in case.numbers("naive"))
        rows.append((item.case, case.text("origin"), case.text("target"), case.text("variable"), realised, low, middle,
                     high, below, score, naive, low <= realised <= high))  # fmt: skip
        case.refuse_unasked()
    table = pd.DataFrame(rows, columns=list(HINDCAST_COLUMNS))
    return table.sort_values(["case", "target", "variable"], kind="stable", ignore_index=True)

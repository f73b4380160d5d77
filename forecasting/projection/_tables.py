"""The tables of trajectories, balance and absorption: quantiles of the draws in long form, in a stable order."""

from __future__ import annotations

import calendar
from collections.abc import Sequence

import numpy as np
import pandas as pd

from forecasting.observations import month_index
from forecasting.projection._absorption import RATIO_KINDS, Ratio, ratios
from forecasting.projection._coupling import HORIZON
from forecasting.projection._growth import Array
from forecasting.projection._metrics import MEASURES, counted
from forecasting.projection._scenario import Outcome, sum_flows
from forecasting.projection._series import series

__all__ = ["ABSORPTION_COLUMNS", "BALANCE_COLUMNS", "QUANTILES", "TRAJECTORY_COLUMNS", "absorption_table",
           "balance_table", "month_end", "quantiles", "trajectory_table", "wide_table",
           "years_of"]  # fmt: skip

QUANTILES = {"q05": 0.05, "q10": 0.10, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q90": 0.90, "q95": 0.95}

TRAJECTORY_COLUMNS = ("date", "freq", "scenario", "conditioning", "region", "variable", "basis", "unit",
                      "stat_or_struct", "mean", *QUANTILES, "n", "capacity_basis")  # fmt: skip
BALANCE_COLUMNS = ("year", "scenario", "basis", "item", "mean", "q05", "q50", "q95")
ABSORPTION_COLUMNS = ("year", "scenario", "conditioning", "basis", "measure", "ratio_kind", "anchor", "mean",
                      *QUANTILES, "n_valid", "p_denominator_nonpos")  # fmt: skip


def quantiles(draws: Array, levels: Sequence[float]) -> Array:
    """Quantiles over the last axis, ``(T, N)`` to ``(levels, T)``, linear between order statistics.

    As numpy's default, by one sort for all levels.
    """
    ordered = np.sort(draws, axis=-1)
    place = np.asarray(levels) * (ordered.shape[-1] - 1)
    low = np.floor(place).astype(np.int64)
    high = np.minimum(low + 1, ordered.shape[-1] - 1)
    lower, upper = ordered[..., low], ordered[..., high]
    return np.moveaxis(lower + (upper - lower) * (place - low), -1, 0)


def years_of(start: str) -> tuple[int, list[int]]:
    """Months before the first January, and the calendar years that lie wholly in the horizon."""
    first = month_index(start) + 1
    january = -first % 12
    return january, [(first + i) // 12 for i in range(january, HORIZON - 11, 12)]


def wide_table(trajectories: pd.DataFrame) -> pd.DataFrame:
    """Annual means and quantiles in the layout of the IAMC: model, scenario, region, variable, unit, a column a year.

    Args:
        trajectories: The table of trajectories.
    """
    annual = trajectories[trajectories["freq"] == "A"]
    parts = []
    for level in ("mean", "q05", "q50", "q95"):
        names = annual["variable"] + annual["basis"].map(lambda basis: f"|{basis}" if basis else "") + f"|{level}"
        parts.append(annual.assign(variable=names, value=annual[level], year=annual["date"].str[:4]))
    keys = ["scenario", "region", "variable", "unit"]
    wide = pd.concat(parts).set_index([*keys, "year"])["value"].unstack("year")  # noqa: PD010
    out = wide.reset_index().rename_axis(columns=None)
    out.insert(0, "model", "Cumulus")
    return out


def yearly(monthly: Array, start: str, *, stock: bool = False) -> Array:
    """Years out of the months 1 … HORIZON, within each draw: means, or the last month for stocks."""
    january, years = years_of(start)
    whole = monthly[january : january + 12 * len(years)].reshape(len(years), 12, -1)
    return np.asarray(whole[:, -1] if stock else whole.mean(axis=1))


def trajectory_table(key: str, outcome: Outcome, start: str) -> pd.DataFrame:
    """Monthly rows for 120 months and annual rows for every calendar year that lies wholly in them.

    Annual values are formed within each draw: means of monthly rates for flows, means for indices, December for
    stocks.
    """
    first, draws = month_index(start) + 1, outcome.drawn.uniforms.draws
    dates = {"A": [f"{year:04d}-12-31" for year in years_of(start)[1]],
             "M": [month_end(first + i) for i in range(HORIZON)]}  # fmt: skip
    heads, numbers = [], []
    for item in series(outcome):
        monthly = np.broadcast_to(item.draws, (HORIZON + 1, draws))[1:]
        label = (item.region, item.variable, item.basis, item.unit, item.origin, item.capacity_basis)
        for freq, values in (("A", yearly(monthly, start, stock=item.stock)), ("M", monthly)):
            heads += [(date, freq, *label) for date in dates[freq]]
            numbers.append(np.vstack([values.mean(axis=1), quantiles(values, list(QUANTILES.values()))]).T)
    names = ["date", "freq", "region", "variable", "basis", "unit", "stat_or_struct", "capacity_basis"]
    table = pd.DataFrame(heads, columns=names)
    table[["mean", *QUANTILES]] = np.concatenate(numbers)
    return table.assign(scenario=key, conditioning=outcome.conditioning, n=draws)[list(TRAJECTORY_COLUMNS)]


def balance_table(key: str, outcome: Outcome, start: str) -> pd.DataFrame:
    """Items of the accounts by year; the means of a year close, quantiles do not add.

    Account: ``primary + swarf + end of life = use of every anchor + exports_raw + stock_change + losses +
    curtailed``, where the use of an anchor is the need that is met; ``unmet`` is given beside it. Second account:
    what is made, what is used, and the rest.
    """
    structure, account = outcome.structure, outcome.balance
    items: list[tuple[str, str, Array]] = [
        (structure.account, name, values)
        for name, values in (
            ("in|primary", account.supply), ("in|recycled_swarf", account.swarf), ("in|recycled_eol", account.eol),
            *((f"out|{anchor}", values) for anchor, values in account.use.items()),
            ("out|exports_raw", account.raw), ("out|stock_change", account.stock_change),
            ("out|losses", account.losses), ("out|curtailed", account.curtailed), ("beside|unmet", account.unmet),
        )
    ]  # fmt: skip
    if structure.second != structure.account:
        made, used = outcome.production[structure.second], outcome.use
        rest = made - sum_flows(used, structure.second, account.supply)
        items += [(structure.second, "in|production", made.kt)]
        items += [(structure.second, f"out|{anchor}", item.kt) for anchor, item in used.items()]
        items += [(structure.second, "out|rest", rest.kt)]
    _, years = years_of(start)
    rows = []
    for basis, name, values in items:
        whole = yearly(np.broadcast_to(values, account.supply.shape)[1:], start)
        numbers = np.vstack([whole.mean(axis=1), quantiles(whole, (0.05, 0.50, 0.95))]).T
        rows += [(year, key, basis, name, *of_year) for year, of_year in zip(years, numbers.tolist(), strict=True)]
    return pd.DataFrame(rows, columns=list(BALANCE_COLUMNS))


def absorption_table(key: str, outcome: Outcome, start: str) -> pd.DataFrame:
    """Absorption after 12, 24 … 120 months by anchor and in total."""
    rows = []
    for basis in outcome.bases():
        for measure in MEASURES:
            for anchor, item in counted(outcome, basis, measure).items():
                for kind in RATIO_KINDS:
                    value, added = ratios(item, outcome.production[basis], kind)
                    for month in range(12, HORIZON + 1, 12):
                        ratio = Ratio(value[month], added[month])
                        year = (month_index(start) + month) // 12
                        head = (year, key, outcome.conditioning, basis, measure, kind, anchor)
                        rows.append((*head, *_ratio_row(ratio)))
    return pd.DataFrame(rows, columns=list(ABSORPTION_COLUMNS))


def _ratio_row(ratio: Ratio) -> tuple[float, ...]:
    valid = ratio.value[np.isfinite(ratio.value)]
    if len(valid) == 0:
        numbers = (float("nan"),) * (len(QUANTILES) + 1)
    else:
        numbers = (float(valid.mean()), *map(float, quantiles(valid, list(QUANTILES.values()))))
    return (*numbers, ratio.n_valid, ratio.p_denominator_nonpos)


def month_end(month: int) -> str:
    """Last day of a month, ISO."""
    year, number = month // 12, month % 12 + 1
    return f"{year:04d}-{number:02d}-{calendar.monthrange(year, number)[1]:02d}"

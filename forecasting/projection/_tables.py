"""The published tables: quantiles of the draws in long form, in a stable order."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from forecasting.errors import AssumptionError
from forecasting.observations import month_index
from forecasting.projection._absorption import RATIO_KINDS, Ratio, absorption, needed_intensity
from forecasting.projection._assumptions import Assumptions, Scenario
from forecasting.projection._coupling import HORIZON
from forecasting.projection._flows import Flow
from forecasting.projection._growth import Array
from forecasting.projection._scenario import Outcome

__all__ = ["ABSORPTION_COLUMNS", "CLAIM_COLUMNS", "TRAJECTORY_COLUMNS",
           "absorption_table", "claim_table", "trajectory_table"]  # fmt: skip

QUANTILES = {"q05": 0.05, "q10": 0.10, "q25": 0.25, "q50": 0.50, "q75": 0.75, "q90": 0.90, "q95": 0.95}

TRAJECTORY_COLUMNS = ("date", "freq", "scenario", "conditioning", "region", "variable", "basis", "unit",
                      "stat_or_struct", "mean", *QUANTILES, "n", "capacity_basis")  # fmt: skip
ABSORPTION_COLUMNS = ("year", "scenario", "conditioning", "basis", "measure", "ratio_kind", "anchor", "mean",
                      *QUANTILES, "n_valid", "p_denominator_nonpos")  # fmt: skip
CLAIM_COLUMNS = ("claim_id", "metric", "claim_low", "claim_high", "p_below", "p_within", "p_above",
                 "needed_intensity", "unit", "code")  # fmt: skip

CLAIM = "C19"
CLAIM_ANCHOR = "hydrogen_storage"
PER_KW = "kg REO per kW"


@dataclass(frozen=True, eq=False)
class Series:
    """One variable by draw and month, month 0 first."""

    region: str
    variable: str
    basis: str
    unit: str
    origin: str
    capacity_basis: str | None
    draws: Array


def trajectory_table(assumptions: Assumptions, key: str, outcome: Outcome, start: str) -> pd.DataFrame:
    """Monthly rows for 120 months and annual rows for every calendar year that lies wholly in them.

    Annual values are means of the months within each draw, for flows (rates per year) as for indices.
    """
    scenario = assumptions.scenarios[key]
    first = month_index(start) + 1
    months = [first + i for i in range(HORIZON)]
    january = -first % 12
    years = [months[i] // 12 for i in range(january, HORIZON - 11, 12)]
    frames = []
    for item in _series(assumptions, scenario, outcome):
        monthly = item.draws[:, 1:]
        whole = monthly[:, january : january + 12 * len(years)].reshape(len(monthly), len(years), 12).mean(axis=2)
        for freq, values, dates in (("A", whole, [f"{year:04d}-12-31" for year in years]),
                                    ("M", monthly, [_month_end(month) for month in months])):  # fmt: skip
            frame = pd.DataFrame({"date": dates, "freq": freq, **_summary(values)})
            frame = frame.assign(
                scenario=key, conditioning=scenario.conditioning, region=item.region, variable=item.variable,
                basis=item.basis, unit=item.unit, stat_or_struct=item.origin, n=len(values),
                capacity_basis=item.capacity_basis,
            )  # fmt: skip
            frames.append(frame)
    return pd.concat(frames, ignore_index=True)[list(TRAJECTORY_COLUMNS)]


def _series(assumptions: Assumptions, scenario: Scenario, outcome: Outcome) -> list[Series]:
    city, nation = assumptions.region, assumptions.nation
    led = "mixed" if scenario.paths == "handover" else "stat"
    index, none, flow = "index, start = 100", "", "kt/yr"
    items = [
        Series(city, "va_index", none, index, led, None, outcome.activity[assumptions.producer]),
        Series(city, "capacity_index", none, index, led, "prior_only", outcome.capacity),
        Series(city, "output_index", none, index, led, "prior_only", outcome.output),
        Series(city, "utilisation", none, "share", "struct", "prior_only", outcome.utilisation),
        Series(nation, "mine_output", "TREO", flow, led, "quota_anchored", outcome.mine.kt),
        Series(nation, "imports", "TREO", flow, "struct", None, outcome.imports.kt),
        Series(nation, "recycled_swarf", "NdPr_oxide", flow, "struct", None, outcome.recycled.kt),
        *(Series(nation, "separated_output", basis, flow, led, "quota_anchored", item.kt)
          for basis, item in outcome.production.items()),
        *(Series(city, f"activity_index|{key}", none, index, led, None, values)
          for key, values in outcome.activity.items() if key != assumptions.producer),
    ]  # fmt: skip
    for basis, demand in (("NdPr_oxide", outcome.demand_ndpr), ("TREO", outcome.demand_treo)):
        for key, item in demand.items():
            if basis == "TREO" and key in outcome.demand_ndpr:
                continue  # the same tonnes as in NdPr_oxide
            origin = led if assumptions.anchors[key].indicator else "struct"
            items.append(Series(nation, f"demand|{key}", basis, flow, origin, None, item.kt))
        if outcome.complete:
            items.append(Series(nation, "demand|total", basis, flow, led, None, total(demand, basis).kt))
    exports = outcome.demand.get("exports_magnet")
    if exports is not None:
        items.append(Series(nation, "exports_magnet", exports.basis, flow, "struct", None, exports.kt))
    return items


def total(demand: Mapping[str, Flow], basis: str) -> Flow:
    """Sum of the anchors, draw by draw."""
    result = Flow(np.zeros((1, HORIZON + 1)), basis)
    for item in demand.values():
        result = result + item
    return result


def absorption_table(assumptions: Assumptions, key: str, outcome: Outcome, start: str) -> pd.DataFrame:
    """Absorption after 12, 24 … 120 months by anchor; the total only where all anchors take part."""
    rows = []
    conditioning = assumptions.scenarios[key].conditioning
    for basis, demand in (("NdPr_oxide", outcome.demand_ndpr), ("TREO", outcome.demand_treo)):
        for measure in ("first_use", "final_use"):
            counted = demand if measure == "first_use" else _kept(demand, outcome.exported)
            if outcome.complete:
                counted = {**counted, "total": total(counted, basis)}
            for anchor, item in counted.items():
                for kind in RATIO_KINDS:
                    for month in range(12, HORIZON + 1, 12):
                        ratio = absorption(item, outcome.production[basis], month, kind)
                        year = (month_index(start) + month) // 12
                        rows.append((year, key, conditioning, basis, measure, kind, anchor, *_ratio_row(ratio)))
    return pd.DataFrame(rows, columns=list(ABSORPTION_COLUMNS))


def _kept(demand: Mapping[str, Flow], exported: Mapping[str, Array]) -> dict[str, Flow]:
    return {key: item * (1.0 - exported[key])[:, None] for key, item in demand.items()}


def _ratio_row(ratio: Ratio) -> tuple[float, ...]:
    valid = ratio.value[np.isfinite(ratio.value)]
    if len(valid) == 0:
        numbers = (float("nan"),) * (len(QUANTILES) + 1)
    else:
        numbers = (float(valid.mean()), *map(float, np.quantile(valid, list(QUANTILES.values()))))
    return (*numbers, ratio.n_valid, ratio.p_denominator_nonpos)


def claim_table(key: str, outcome: Outcome, claims: pd.DataFrame) -> pd.DataFrame:
    """The claimed 15-25 % of added output for hydrogen and storage, held against the draws after ten years.

    The metric's name starts with the scenario. For the endpoint ratio there is a row per kind of equipment,
    with the rare-earth intensity at which the middle of the claimed range would hold (median over the draws
    in which output grows). Codes: below, within, above (the likeliest of the three), undefined (no valid
    draw).
    """
    if CLAIM_ANCHOR not in outcome.demand_treo:
        return pd.DataFrame(columns=list(CLAIM_COLUMNS))
    low, high = _claimed(claims)
    rows = []
    for kind in RATIO_KINDS:
        ratio = absorption(outcome.demand_treo[CLAIM_ANCHOR], outcome.production["TREO"], HORIZON, kind)
        odds = _odds(ratio, low, high)
        code = max(("below", "within", "above"), key=lambda name: odds[name]) if ratio.n_valid else "undefined"
        metric = f"{key}|{CLAIM_ANCHOR} share of added TREO|{kind}|{HORIZON} months"
        numbers = (low, high, odds["below"], odds["within"], odds["above"])
        if kind == "cumulative":
            rows.append((CLAIM, metric, *numbers, float("nan"), "", code))
            continue
        for equipment, gigawatts in sorted(outcome.claim.items()):
            grows = np.isfinite(ratio.value) & (ratio.added_output > 0)
            each = needed_intensity((low + high) / 2, ratio.added_output[grows], gigawatts[grows])
            needed = float(np.median(each)) if len(each) else float("nan")
            rows.append((CLAIM, f"{metric}|{equipment}", *numbers, needed, PER_KW, code))
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _claimed(claims: pd.DataFrame) -> tuple[float, float]:
    rows = claims[claims["id"] == CLAIM]
    if len(rows) != 1:
        raise AssumptionError(f"claims: {len(rows)} rows with id {CLAIM}; expected 1")
    unit = str(rows["unit"].iloc[0])
    if not unit.startswith("%"):
        raise AssumptionError(f"claims: {CLAIM} is in {unit!r}; expected a percentage")
    return float(rows["value_low"].iloc[0]) / 100.0, float(rows["value_high"].iloc[0]) / 100.0


def _odds(ratio: Ratio, low: float, high: float) -> dict[str, float]:
    valid = ratio.value[np.isfinite(ratio.value)]
    if len(valid) == 0:
        return dict.fromkeys(("below", "within", "above"), float("nan"))
    below, above = float((valid < low).mean()), float((valid > high).mean())
    return {"below": below, "within": float(((valid >= low) & (valid <= high)).mean()), "above": above}


def _summary(values: Array) -> dict[str, Array]:
    """Mean and quantiles over the draws, of ``(N, T)``."""
    levels = np.quantile(values, list(QUANTILES.values()), axis=0)
    return {"mean": values.mean(axis=0), **dict(zip(QUANTILES, levels, strict=True))}


def _month_end(month: int) -> str:
    year, number = month // 12, month % 12 + 1
    return f"{year:04d}-{number:02d}-{calendar.monthrange(year, number)[1]:02d}"


def in_order(frames: Sequence[pd.DataFrame], by: list[str]) -> pd.DataFrame:
    """Frames under one another, sorted."""
    return pd.concat(frames, ignore_index=True).sort_values(by, kind="stable", ignore_index=True)

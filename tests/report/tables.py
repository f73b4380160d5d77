"""Tables of a release as a night makes them, from formulas: any number of indicators, a projection, scores."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from forecasting.observations import month_index, month_label
from forecasting.publishing import TABLES

HOSTILE = '<img src=x onerror="window.owned=1">\'"</script><script>window.owned=1</script>'
SCENARIOS = ("baseline_mixture", "full_ban", "indicator_only")
LEVELS = {
    "q025": -1.96,
    "q05": -1.64,
    "q10": -1.28,
    "q25": -0.67,
    "q50": 0.0,
    "q75": 0.67,
    "q90": 1.28,
    "q95": 1.64,
    "q975": 1.96,
}
PROJECTED = ("q05", "q10", "q25", "q50", "q75", "q90", "q95")
LAST, AHEAD = month_index("2025-12"), 6


def empty_tables() -> dict[str, pd.DataFrame]:
    """Every table without a row, as typed as `read_release` gives them."""
    kinds = {
        "number": "float64",
        "integer": "Int64",
        "year": "int64",
        "boolean": "boolean",
        "date": "datetime64[ns]",
        "datetime": "datetime64[ns, UTC]",
    }
    return {
        name: pd.DataFrame({c.name: pd.Series(dtype=kinds.get(c.type, "object")) for c in table.columns})[
            list(table.own)
        ]
        for name, table in TABLES.items()
    }


def made_tables(count: int = 3, *, years: int = 4) -> dict[str, pd.DataFrame]:
    """`count` indicators, the first with a hostile title, the second with few figures, and all that a night adds."""
    names = [f"indicator_{number}" for number in range(count)]
    tables = empty_tables() | {"indicators": _indicators(names)} | _projection()
    parts: dict[str, list[pd.DataFrame]] = {}
    for at, name in enumerate(names):
        for table, rows in _of_one(name, at, years).items():
            parts.setdefault(table, []).append(rows)
    tables |= {table: pd.concat(rows, ignore_index=True) for table, rows in parts.items()}
    return {name: tables[name][list(table.own)] for name, table in TABLES.items()}


def _indicators(names: list[str]) -> pd.DataFrame:
    count = len(names)
    return pd.DataFrame(
        {
            "indicator": names,
            "title_en": [HOSTILE, *(f"Output of product {at}" for at in range(1, count))],
            "title_zh": [HOSTILE, *(f"产品{at}产量" for at in range(1, count))],
            "region": "CN",
            "sector": "industry",
            "unit": ["index", *["CNY 100 million"] * (count - 1)],
            "decimals": 1,
            "role": ["context", *["capacity"] * (count - 1)],
            "parent": "",
            "whole": None,
            "related": "",
            "family": "f",
            "density": "dense",
            "champion": "theta",
            "last_period": "2025-12",
            "next_period": "2026-02",
            "next_due": pd.Timestamp("2026-03-16"),
            "days_late": pd.array([3, *[0] * (count - 1)], dtype="Int64"),
            "publisher": "Bureau",
            "source": "reference",
        }
    )


def _quantiles(
    middle: np.ndarray, spread: np.ndarray | float, names: tuple[str, ...] = tuple(LEVELS)
) -> dict[str, np.ndarray]:
    return {name: middle + LEVELS[name] * spread for name in names}


def _of_one(name: str, at: int, years: int) -> dict[str, pd.DataFrame]:
    past = np.arange(LAST - 12 * years + 1, LAST + 1)
    months, growth = [month_label(int(m)) for m in past], 5 + at % 7 + 2 * np.sin(past / 5)
    january, february = past % 12 == 0, past % 12 == 1
    kept = ~january if at != 1 else february | (past == LAST)
    observations = pd.DataFrame(
        {
            "indicator": name,
            "period": np.array(months)[kept],
            "measure": "ytd_yoy",
            "value": growth[kept].round(1),
            "unit": "percent",
            "decimals": 1,
            "status": "A",
            "released_at": pd.Timestamp("2026-01-16", tz="UTC"),
            "source": "Bureau <monthly>",
            "note": "",
            "family": "f",
        }
    )
    monthly = pd.DataFrame(
        {
            "indicator": name,
            "month": months,
            "months": pd.array(np.where(february, 2, 1), dtype="Int64"),
            "level": 100 * (1 + past - past[0]) ** 0.2,
            "yoy": growth,
            "yoy_sd": 0.5,
            "yoy_q05": growth - 1,
            "yoy_q95": growth + 1,
            "set_low": growth - 3,
            "set_high": np.where(past % 12 == 11, 90.0, growth + 3),
            "status": np.where(january, "K", np.where(february, "W", "E")),
            "flag": np.where(past == LAST, "revision sparse", ""),
        }
    )
    monthly.loc[january, ["months", "level", "yoy", "yoy_sd", "yoy_q05", "yoy_q95", "set_low", "set_high"]] = np.nan
    coming = np.array([LAST + 2, *range(LAST + 3, LAST + 2 + AHEAD)])
    spread = 0.5 + 0.2 * np.arange(AHEAD)
    ahead = {"indicator": name, "origin": "2025-12", "month": [month_label(int(m)) for m in coming]}
    wide = pd.array(np.where(coming == LAST + 2, 2, 1), dtype="Int64")
    middle = np.full(AHEAD, 6.0 + at % 3)
    targets = {"level": 110 * np.where(coming == LAST + 2, 2.0, 1.0), "yoy": middle, "ytd_yoy": middle}
    forecasts = pd.concat(
        [
            pd.DataFrame(
                {**ahead, "months": wide, "target": target, "model": "theta", "mean": values, "status": "F"}
                | _quantiles(values, spread)
            )
            for target, values in targets.items()
        ]
    )
    headlines = pd.DataFrame(
        {
            "indicator": name,
            "origin": "2025-12",
            "period": ahead["month"],
            "mean": middle,
            "no_change": 6.0,
            "prob_above_no_change": 0.1 + 0.1 * (at % 8),
            **_quantiles(middle, spread),
        }
    )
    values = np.round(np.arange(middle[0] - 2, middle[0] + 2.05, 0.1), 1)
    weight = np.exp(-((values - middle[0]) ** 2))
    odds = pd.DataFrame(
        {
            "indicator": name,
            "origin": "2025-12",
            "period": ahead["month"][0],
            "value": values,
            "probability": weight / weight.sum(),
        }
    )
    leaderboard = pd.DataFrame(
        {
            "indicator": name,
            "model": ["theta", "seasonal_naive"],
            "rank": [1, 2],
            "mase": [0.5, 1.1],
            "rmsse": 0.6,
            "smape": 3.0,
            "coverage90": [0.9, 0.8],
            "n_origins": 24,
            "n_real_time": 3,
            "champion": [True, False],
        }
    )
    scored = pd.DataFrame(
        {
            "indicator": name,
            "target": "ytd_yoy",
            "period": "2025-12",
            "origin": ["2025-11", "2025-10"],
            "print": "first",
            "step": [1, 2],
            "forecast_run": "earlier",
            "forecast_as_of": pd.Timestamp("2025-12-01"),
            "model": "theta",
            "appeared": pd.Timestamp("2026-01-16", tz="UTC"),
            "actual": 6.0,
            "forecast": 5.8,
            "q025": 5.0,
            "q975": 6.6,
            "error": -0.2,
            "abs_error": 0.2,
            "scale": 1.0,
            "scaled_error": 0.2,
            "crps": 0.1,
            "expected_abs_error": 0.3,
            "no_change_abs_error": 0.4,
            "seasonal_naive_abs_error": 1.0,
            "inside80": [True, False],
            "inside90": True,
            "inside95": True,
        }
    )
    drift = pd.DataFrame(
        {
            "indicator": name,
            "target": "ytd_yoy",
            "n": 24,
            "mase": 0.3,
            "expected_mase": 0.2,
            "cusum": 5.0,
            "cusum_limit": 4.5,
            "coverage80": 0.7,
            "coverage90": 0.8,
            "coverage95": 0.9,
            "p80": 0.2,
            "p95": 0.1,
            "p_adjusted": 0.3,
            "dm_no_change": -1.0,
            "p_no_change": 0.2,
            "alarm": ["loss" if at == 0 else ""],
        }
    )
    revisions = pd.DataFrame(
        {
            "indicator": name,
            "period": "2025-12",
            "measure": "ytd_yoy",
            "kind": ["news"],
            "value_before": np.nan,
            "value": 6.0,
            "change": np.nan,
            "expected": 5.8,
            "surprise": 0.2,
            "outlook_period": "2026-02",
            "outlook_before": 5.5,
            "outlook": 5.9,
            "effect": 0.4,
        }
    )
    return {
        "observations": observations,
        "monthly": monthly,
        "forecasts": forecasts,
        "headlines": headlines,
        "headline_odds": odds,
        "leaderboard": leaderboard,
        "scorecard": scored,
        "drift": drift,
        "revisions": revisions,
    }


def _projection() -> dict[str, pd.DataFrame]:
    years = np.arange(2026, 2036)
    ends = pd.to_datetime([f"{year}-12-31" for year in years])
    rise = 100 * 1.05 ** np.arange(10)
    series = (("Baotou", "", "capacity_index", "index, start = 100"), ("China", "TREO", "mine_output", "kt/yr"))
    common = [
        {"scenario": name, "conditioning": "regime BAN imposed" if name == "full_ban" else "hazard mixture"}
        for name in SCENARIOS
    ]
    trajectories = pd.concat(
        [
            pd.DataFrame(
                {
                    "date": ends,
                    "freq": "A",
                    **scenario,
                    "region": region,
                    "variable": variable,
                    "basis": basis,
                    "unit": unit,
                    "stat_or_struct": "mixed",
                    "mean": rise,
                    "n": 2048,
                    "capacity_basis": "output_anchored",
                }
                | _quantiles(rise * (1 + 0.1 * k), rise / 8, PROJECTED)
            )
            for k, scenario in enumerate(common)
            for region, basis, variable, unit in series
        ]
    )
    absorption = pd.concat(
        [
            pd.DataFrame(
                {
                    "year": years,
                    **scenario,
                    "basis": "NdPr_oxide",
                    "measure": "first_use",
                    "ratio_kind": "endpoint",
                    "anchor": anchor,
                    "mean": 0.8,
                    "n_valid": 2000,
                    "p_denominator_nonpos": 0.01,
                }
                | _quantiles(np.linspace(1.4, 0.5, 10), 0.2, PROJECTED)
            )
            for scenario in common
            for anchor in ("total", "wind")
        ]
    )
    balance = pd.concat(
        [
            pd.DataFrame(
                {
                    "year": years,
                    "scenario": name,
                    "basis": "NdPr_oxide",
                    "item": item,
                    "mean": rise,
                    "q05": rise - 9,
                    "q50": rise,
                    "q95": rise + 9,
                }
            )
            for name in SCENARIOS
            for item in ("in|primary", "out|wind", "beside|unmet")
        ]
    )
    milestones = pd.concat(
        [
            pd.DataFrame(
                {
                    "milestone_id": which,
                    "scenario": name,
                    "threshold": level,
                    "op": ">=",
                    "date": ends,
                    "p_reached_by": np.linspace(0, 0.9, 10) / level,
                    "first_passage_q05": pd.Timestamp("2027-01-31"),
                    "first_passage_q50": pd.Timestamp("2031-01-31"),
                    "first_passage_q95": pd.NaT,
                    "p_not_by_horizon": 0.1,
                }
            )
            for name in SCENARIOS
            for which, level in itertools.product(("capacity", "stock_cover"), (1.0, 2.0))
        ]
    )
    claims = pd.DataFrame(
        {
            "claim_id": "C19",
            "metric": [f"{name}|absorption|TREO|{what}|120 months" for name in SCENARIOS for what in ("wind", "nev")],
            "claim_low": 0.15,
            "claim_high": 0.25,
            "p_below": 0.6,
            "p_within": 0.3,
            "p_above": 0.1,
            "needed_intensity": 1.5,
            "unit": "kg REO per kW",
            "code": "below",
        }
    )
    swing = np.linspace(40, -20, 8)
    sensitivity = pd.DataFrame(
        {
            "output": "mine_output",
            "horizon": 120,
            "scenario": "baseline_mixture",
            "parameter": [f"group.part_{k}" for k in range(8)],
            "group": "quota",
            "S1": 0.1,
            "S1_conf": 0.05,
            "ST": [0.2, np.nan] * 4,
            "ST_conf": 0.05,
            "tornado_low": 400.0 - swing,
            "tornado_high": 400.0 + swing,
            "swing": 2 * swing,
            "rank": range(1, 9),
        }
    )
    hindcast = pd.DataFrame(
        {
            "case": ["H1", "H2"],
            "origin": "2015",
            "target": "2024",
            "variable": ["quota, kt", "demand, kt"],
            "realised": [270.0, 240.0],
            "q05": [104.0, 150.0],
            "q50": [185.0, 150.0],
            "q95": [317.0, 150.0],
            "pit": [0.87, 1.0],
            "crps": 52.0,
            "crps_naive": 120.0,
            "covered90": [True, False],
        }
    )
    return {
        "trajectories": trajectories,
        "absorption": absorption,
        "balance": balance,
        "milestones": milestones,
        "claim_check": claims,
        "sensitivity": sensitivity,
        "hindcast": hindcast,
    }

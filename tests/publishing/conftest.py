"""A small release: every table, every kind of cell."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecasting.publishing import TABLES

QUANTILES = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
MERGED = ["2025-01", "2025-02", "2025-03"]


def small_tables(shift: float = 0.0) -> dict[str, pd.DataFrame]:
    """Two indicators; `shift` moves the numbers so that releases can be told apart."""
    observations = pd.DataFrame(
        {
            "indicator": ["baotou_va", "national_va", "national_va"],
            "period": ["2025-03", "2025-02", "2025-03"],
            "measure": ["ytd_yoy", "ytd_yoy", "month_yoy"],
            "value": [9.0 + shift, 5.9, 7.7],
            "unit": ["percent"] * 3,
            "decimals": [1, 1, 1],
            "status": ["", "A", "A"],
            "released_at": pd.to_datetime(
                ["2025-04-16T10:00:00+08:00", None, "2025-04-16"], utc=True, format="ISO8601"
            ),
            "source": ["包头市统计局", "NBS", "NBS"],
            "note": ["", 'said "about a third", then\nnothing', "=1+1"],
            "family": ["", "va", "va"],
        }
    )
    blank = [np.nan, 1.0, 2.0]
    monthly = pd.DataFrame(
        {
            "indicator": ["baotou_va"] * 3 + ["national_va"] * 3,
            "month": MERGED * 2,
            "months": [np.nan, 2, 1] * 2,
            "level": [np.nan, 101.234567891 + shift, 0.1 + 0.2] * 2,
            "yoy": blank * 2,
            "yoy_sd": blank * 2,
            "yoy_q05": blank * 2,
            "yoy_q95": blank * 2,
            "set_low": blank * 2,
            "set_high": blank * 2,
            "status": ["K", "W", "E", "K", "W", "A"],
            "flag": ["", "", "", "", "", "@ breaks"],
        }
    )
    quantiles = {name: [i / 10 + shift] for i, name in enumerate(QUANTILES, start=-1)}
    few = {name: quantiles[name] for name in ["q025", "q05", "q25", "q50", "q75", "q95", "q975"]}
    base = {"indicator": ["baotou_va"], "origin": ["2025-03"]}
    return {
        "indicators": pd.DataFrame(
            {
                "indicator": ["baotou_va", "national_va", "silent"],
                "title_en": ["Value added, Baotou", "Value added", '<b>Nothing</b> yet, "said"'],
                "title_zh": ["包头市工业增加值", "工业增加值", "尚无数据"],
                "region": ["CN-150200", "CN", "CN"],
                "sector": "industry",
                "unit": ["index", "CNY 100 million", "t"],
                "decimals": 1,
                "role": ["capacity", "context", "context"],
                "parent": ["national_va", "", ""],
                "whole": None,
                "related": ["national_va", "", ""],
                "family": "va",
                "density": ["sparse", "dense", None],
                "champion": ["related:national_va", "theta", None],
                "last_period": ["2025-03", "2025-03", None],
                "next_period": ["2025-04", "2025-04", None],
                "next_due": ["2025-05-28", "2025-04-16", None],
                "days_late": [0, 14, pd.NA],
                "publisher": "NBS",
                "source": "reference",
            }
        ),
        "observations": observations,
        "monthly": monthly,
        "forecasts": pd.DataFrame(
            base
            | {"month": ["2025-04"], "months": [1], "target": ["yoy"], "model": ["theta"], "mean": [1e-9]}
            | quantiles
            | {"status": ["F"]}
        ),
        "headlines": pd.DataFrame(
            base | {"period": ["2025-04"], "mean": [8.8]} | few | {"no_change": [9.0], "prob_above_no_change": [0.4]}
        ),
        "headline_odds": pd.DataFrame(
            {
                "indicator": "baotou_va",
                "origin": "2025-03",
                "period": "2025-04",
                "value": [8.8, 8.9],
                "probability": [0.5, 0.5],
            }
        ),
        "revisions": pd.DataFrame(
            {
                "indicator": ["national_va"],
                "period": ["2025-02"],
                "measure": ["ytd_yoy"],
                "kind": ["revision"],
                "value_before": [5.8],
                "value": [5.9],
                "change": [0.1],
                "expected": [np.nan],
                "surprise": [np.nan],
                "outlook_period": [""],
                "outlook_before": [np.nan],
                "outlook": [np.nan],
                "effect": [np.nan],
            }
        ),
        "leaderboard": pd.DataFrame(
            {
                "indicator": "baotou_va",
                "model": ["theta", "prophet"],
                "rank": [1, 2],
                "mase": [0.8, np.nan],
                "rmsse": [0.9, np.nan],
                "smape": [12.0, np.nan],
                "coverage90": [0.9, np.nan],
                "n_origins": [10, 0],
                "champion": [True, False],
                "n_real_time": [4, 4],
            }
        ),
        "scorecard": pd.DataFrame(
            {
                "indicator": ["baotou_va"],
                "target": ["ytd_yoy"],
                "period": ["2025-03"],
                "origin": ["2025-02"],
                "print": ["first"],
                "step": [1],
                "forecast_run": ["earlier"],
                "forecast_as_of": pd.to_datetime(["2025-03-20"]),
                "model": ["theta"],
                "appeared": pd.to_datetime(["2025-04-16T10:00:00+08:00"], utc=True),
            }
            | {name: [1.0 + shift] for name in ("actual", "forecast", "q025", "q975", "error", "abs_error")}
            | {"scale": [np.nan], "scaled_error": [np.nan], "crps": [0.5], "expected_abs_error": [0.4]}
            | {"no_change_abs_error": [0.7], "seasonal_naive_abs_error": [np.nan]}
            | {name: [True] for name in ("inside80", "inside90", "inside95")}
        ),
        "drift": pd.DataFrame(
            {"indicator": ["baotou_va"], "target": ["ytd_yoy"], "n": [1], "mase": [np.nan], "expected_mase": [np.nan]}
            | {"cusum": [np.nan], "cusum_limit": [4.5], "coverage80": [1.0], "coverage90": [1.0], "coverage95": [1.0]}
            | {name: [np.nan] for name in ("p80", "p95", "p_adjusted", "dm_no_change", "p_no_change")}
            | {"alarm": [""]}
        ),
        "trajectories": pd.DataFrame(
            {
                "date": pd.to_datetime(["2025-12-31"] * 2),
                "freq": "A",
                "scenario": "baseline_mixture",
                "conditioning": "mixture",
                "region": "CN",
                "variable": ["demand|wind", "va_index"],
                "basis": ["NdPr_oxide", ""],
                "unit": ["kt/yr", "index, start = 100"],
                "stat_or_struct": ["struct", "stat"],
                "mean": [123456789.123, 100.0],
            }
            | {name: value * 2 for name, value in quantiles.items() if name in QUANTILES[1:-1]}
            | {"n": 2048, "capacity_basis": [None, "prior_only"]}
        ),
        "absorption": pd.DataFrame(
            {
                "year": [2030],
                "scenario": ["baseline_mixture"],
                "conditioning": ["mixture"],
                "basis": ["treo"],
                "measure": ["first_use"],
                "ratio_kind": ["endpoint"],
                "anchor": ["total"],
                "mean": [-0.0],
            }
            | {name: value for name, value in quantiles.items() if name in QUANTILES[1:-1]}
            | {"n_valid": [2000], "p_denominator_nonpos": [0.01]}
        ),
        "claim_check": pd.DataFrame(
            {
                "claim_id": ["C19"],
                "metric": ["share_hydrogen_storage"],
                "claim_low": [0.15],
                "claim_high": [0.25],
                "p_below": [0.8],
                "p_within": [0.15],
                "p_above": [0.05],
                "needed_intensity": [np.nan],
                "unit": [""],
                "code": ["below"],
            }
        ),
        "balance": pd.DataFrame(
            {
                "year": [2026],
                "scenario": ["baseline_mixture"],
                "basis": ["NdPr_oxide"],
                "item": ["in|primary"],
                "mean": [70.0],
                "q05": [60.0],
                "q50": [70.0],
                "q95": [80.0],
            }
        ),
        "milestones": pd.DataFrame(
            {
                "milestone_id": ["stock_cover"],
                "scenario": ["baseline_mixture"],
                "threshold": [6.0],
                "op": [">="],
                "date": ["2026-12-31"],
                "p_reached_by": [0.1],
                "first_passage_q05": ["2026-05-31"],
                "first_passage_q50": [""],
                "first_passage_q95": [""],
                "p_not_by_horizon": [0.7],
            }
        ),
        "sensitivity": pd.DataFrame(
            {
                "output": ["mine_output"],
                "horizon": [120],
                "scenario": ["baseline_mixture"],
                "parameter": ["capacity.kappa"],
                "group": ["capacity"],
                "S1": [0.1],
                "S1_conf": [0.05],
                "ST": [0.2],
                "ST_conf": [np.nan],
                "tornado_low": [400.0],
                "tornado_high": [450.0],
                "swing": [50.0],
                "rank": [1],
            }
        ),
        "hindcast": pd.DataFrame(
            {
                "case": ["H1"],
                "origin": ["2015"],
                "target": ["2024"],
                "variable": ["mining quota, kt"],
                "realised": [270.0],
                "q05": [104.0],
                "q50": [185.0],
                "q95": [317.0],
                "pit": [0.87],
                "crps": [52.0],
                "crps_naive": [122.0],
                "covered90": [True],
            }
        ),
    }


@pytest.fixture
def release() -> Callable[..., dict[str, pd.DataFrame]]:
    """Makes the tables of a small release; its argument moves the numbers."""
    return small_tables


@pytest.fixture
def no_rows() -> dict[str, pd.DataFrame]:
    """Every table without a row."""
    return {name: pd.DataFrame(columns=list(table.own)) for name, table in TABLES.items()}

"""What the page shows of the projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from forecasting.report._chart import Json
from forecasting.report._numbers import Lists, columns, decimals, digits, shares, split, texts

__all__ = ["LEADING", "leading", "projection"]

QUANTILES = ["q05", "q25", "q50", "q75", "q95"]
LEADING = 15
"""Assumptions shown of each result; the table has all of them."""

Frames = Mapping[str, pd.DataFrame]


def projection(tables: Frames) -> Json:
    """Series by year and scenario, milestones, balance, claims, sensitivity and hindcasts; empty where a table is."""
    annual = tables["trajectories"].query("freq == 'A'")
    annual = annual.assign(year=pd.DatetimeIndex(annual["date"]).year)
    return {
        "trajectories": _series(
            annual, ["region", "basis", "variable"], ("unit", "conditioning", "capacity_basis", "stat_or_struct")
        ),
        "absorption": _series(tables["absorption"], ["basis", "measure", "ratio_kind", "anchor"], ("conditioning",)),
        "milestones": _milestones(tables["milestones"]),
        "balance": _balance(tables["balance"]),
        "claims": _claims(tables["claim_check"]),
        "sensitivity": _sensitivity(tables["sensitivity"]),
        "hindcasts": _hindcasts(tables["hindcast"]),
    }


def leading(of_projection: Json) -> dict[str, str]:
    """What is shown first: capacity if there is any, what all uses absorb, the scenario of the sensitivities."""
    capacity = [key for key in (one["key"] for one in of_projection["trajectories"]) if "capacity_index" in key]
    total = [key for key in (one["key"] for one in of_projection["absorption"]) if key.endswith("|total")]
    total.sort(key=lambda key: ("|first_use|" not in key, "|endpoint|" not in key))
    tried = [one["scenario"] for one in of_projection["sensitivity"]]
    first = {"trajectories": capacity, "absorption": total, "scenario": tried}
    return {view: next(iter(names), "") for view, names in first.items()}


def _series(rows: pd.DataFrame, keys: list[str], notes: tuple[str, ...]) -> list[Json]:
    """Quantiles by year: an entry a quantity, with a list of five columns and the notes for each scenario."""
    rows = rows.sort_values([*keys, "scenario", "year"], kind="stable")
    named = ["|".join(filter(None, parts)) for parts in zip(*(texts(rows[name]) for name in keys), strict=True)]
    ids = list(zip(named, texts(rows["scenario"]), strict=True))
    lists: Lists = {name: digits(rows[name], 4) for name in QUANTILES}
    lists |= {name: texts(rows[name]) for name in notes} | {"year": rows["year"].astype(int).tolist()}
    out: dict[str, Json] = {}
    for (key, scenario), part in split(ids, lists):
        entry = out.setdefault(key, {"key": key, "years": part["year"], "by": {}, "notes": {}})
        entry["by"][scenario] = [part[name] for name in QUANTILES]
        entry["notes"][scenario] = {name: part[name][0] for name in notes}
    return list(out.values())


def _milestones(rows: pd.DataFrame) -> list[Json]:
    out: dict[tuple[Any, ...], Json] = {}
    for key, part in rows.groupby(["milestone_id", "op", "threshold", "scenario"], sort=False):
        *which, scenario = key
        entry = out.setdefault(
            tuple(which),
            {
                **dict(zip(("id", "op", "threshold"), which, strict=True)),
                "years": pd.DatetimeIndex(part["date"]).year.astype(int).tolist(),
                "by": {},
                "passage": {},
            },
        )
        entry["by"][scenario] = shares(part["p_reached_by"])
        first = part.iloc[0]
        passage = texts(first[name] for name in ("first_passage_q05", "first_passage_q50", "first_passage_q95"))
        entry["passage"][scenario] = [*(day[:7] for day in passage), *shares([first["p_not_by_horizon"]])]
    return list(out.values())


def _balance(rows: pd.DataFrame) -> Json:
    out: Json = {}
    for (basis, scenario, item), part in rows.groupby(["basis", "scenario", "item"], sort=False):
        account = out.setdefault(str(basis), {"years": part["year"].astype(int).tolist(), "by": {}})
        values = [digits(part[name], 4) for name in ("mean", "q05", "q50", "q95")]
        account["by"].setdefault(str(scenario), {})[str(item)] = values
    return out


def _claims(rows: pd.DataFrame) -> dict[str, list[Any]]:
    parts = [metric.partition("|") for metric in rows["metric"]]  # scenario|metric
    return {
        "scenario": [scenario for scenario, _, _ in parts],
        "claim": texts(rows["claim_id"]),
        "metric": [metric for _, _, metric in parts],
        "low": digits(rows["claim_low"]),
        "high": digits(rows["claim_high"]),
        "below": shares(rows["p_below"]),
        "within": shares(rows["p_within"]),
        "above": shares(rows["p_above"]),
        "intensity": digits(rows["needed_intensity"], 3),
        "unit": texts(rows["unit"]),
        "code": texts(rows["code"]),
    }


def _sensitivity(rows: pd.DataFrame) -> list[Json]:
    out = []
    for (output, _, scenario), part in rows.groupby(["output", "horizon", "scenario"], sort=False):
        swing = part["swing"].abs()
        leading = part[(swing.rank(ascending=False, method="first") <= LEADING) | (part["rank"] <= LEADING)]
        leading = leading.iloc[leading["swing"].abs().fillna(0).argsort(kind="stable")[::-1]]
        out.append(
            {
                "output": str(output),
                "horizon": int(part["horizon"].iloc[0]),
                "scenario": str(scenario),
                "parameter": texts(leading["parameter"]),
                "group": texts(leading["group"]),
                **{name: decimals(leading[name], 3) for name in ("S1", "ST")},
                **{name: digits(leading[name], 4) for name in ("tornado_low", "tornado_high", "swing")},
            }
        )
    return out


def _hindcasts(rows: pd.DataFrame) -> dict[str, list[Any]]:
    return {
        **columns(rows, ("case", "origin", "target", "variable"), ("pit",)),
        **{name: digits(rows[name], 4) for name in ("realised", "q05", "q50", "q95", "crps", "crps_naive")},
        "covered90": [bool(value) for value in rows["covered90"]],
    }

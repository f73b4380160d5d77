"""Published claims held against the simulation, and what is done with each of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.errors import AssumptionError
from forecasting.projection._absorption import needed_intensity
from forecasting.projection._assumptions import Assumptions
from forecasting.projection._growth import Array
from forecasting.projection._metrics import metric
from forecasting.projection._questions import ClaimUse
from forecasting.projection._scenario import Outcome

__all__ = ["CLAIM_COLUMNS", "claim_list", "claim_table"]

CLAIM_COLUMNS = ("claim_id", "metric", "claim_low", "claim_high", "p_below", "p_within", "p_above",
                 "needed_intensity", "unit", "code")  # fmt: skip

CODES = ("below", "within", "above")


def claim_list(assumptions: Assumptions, claims: pd.DataFrame) -> pd.DataFrame:
    """What is done with every claim: claim_id, topic, value_low, value_high, unit, use, by, note.

    Args:
        assumptions: From `load_assumptions`.
        claims: Columns id, value_low, value_high, unit, topic, decimals; a file that states claims of its own asks
            nothing of them.

    Raises:
        AssumptionError: A claim with a value of which the assumption file says nothing, or the other way round.
    """
    claims = _of_file_or_table(assumptions, claims)
    known, named = list(claims["id"]), assumptions.questions.claims
    strange = [key for key in named if key not in known]
    silent = [key for key, low in zip(known, claims["value_low"], strict=True) if key not in named and low == low]
    if strange:
        raise AssumptionError(f"{assumptions.file}: claims.{strange[0]} is not in the table of claims")
    if named and silent:
        raise AssumptionError(
            f"{assumptions.file}: nothing is said of {', '.join(silent)}; expected used, checked or aside for each"
        )
    rows = claims[claims["id"].isin(named)]
    uses = [named[key] for key in rows["id"]]
    return pd.DataFrame({
        "claim_id": rows["id"].to_numpy(), "topic": rows["topic"].to_numpy(),
        "value_low": rows["value_low"].to_numpy(), "value_high": rows["value_high"].to_numpy(),
        "unit": rows["unit"].to_numpy(), "use": [item.use for item in uses],
        "by": ["; ".join(item.by) for item in uses], "note": [item.note for item in uses],
    })  # fmt: skip


def claim_table(key: str, outcome: Outcome, assumptions: Assumptions, claims: pd.DataFrame) -> pd.DataFrame:
    """Checked claims against the draws of one scenario.

    A claimed range is as wide as its rounding where it is a single figure: half a unit of its last digit on both
    sides. An end that is not stated ("more than 2") is NaN, and nothing lies beyond it. The metric's name starts with
    the scenario and ends with the months ahead. Where a claim turns on an intensity there is a row a kind of
    equipment, with the intensity at which the middle of the range, or its only end, would hold (median over the draws
    in which output grows). Codes: below, within, above (the likeliest of the three), undefined (no valid draw).

    Args:
        key: Name of the scenario.
        outcome: Its draws.
        assumptions: From `load_assumptions`.
        claims: Columns id, value_low, value_high, decimals.

    Raises:
        AssumptionError: A checked claim that the table lacks or gives no figure of, or an unknown metric.
    """
    rows, claims = [], _of_file_or_table(assumptions, claims)
    for claim, item in assumptions.questions.claims.items():
        if item.use != "checked":
            continue
        low, high = _range(claim, item, claims)
        for name in item.by:
            values = metric(outcome, name)[item.months]
            valid = values[np.isfinite(values)]
            below, above = valid < low, valid > high
            odds = (below.mean(), (~(below | above)).mean(), above.mean()) if len(valid) else (np.nan,) * 3
            code = CODES[int(np.argmax(odds))] if len(valid) else "undefined"
            head = f"{key}|{name}|{item.months} months"
            if item.intensity and name == item.by[0]:
                for kind, needed in _intensity(outcome, item, float(np.nanmean([low, high]))).items():
                    unit = outcome.structure.intensity_unit
                    rows.append((claim, f"{head}|{kind}", low, high, *odds, needed, unit, code))
            else:
                rows.append((claim, head, low, high, *odds, np.nan, "", code))
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def _of_file_or_table(assumptions: Assumptions, claims: pd.DataFrame) -> pd.DataFrame:
    """The claims that the assumption file states, in the columns of the table; where it states none, the table."""
    named = assumptions.questions.claims
    own = {key: item for key, item in named.items() if item.unit}
    if not own:
        return claims
    silent = [key for key in named if key not in own]
    if silent:
        raise AssumptionError(
            f"{assumptions.file}: claims.{silent[0]} states no figure; expected low, high and unit, as others have them"
        )
    return pd.DataFrame({
        "id": list(own), "topic": assumptions.structure.title, "unit": [item.unit for item in own.values()],
        "value_low": [float(item.low or "nan") for item in own.values()],
        "value_high": [float(item.high or "nan") for item in own.values()],
        "decimals": [len(item.low.partition(".")[2]) for item in own.values()],
    })  # fmt: skip


def _range(claim: str, item: ClaimUse, claims: pd.DataFrame) -> tuple[float, float]:
    rows = claims[claims["id"] == claim]
    if len(rows) != 1:
        raise AssumptionError(f"claims: {len(rows)} rows with id {claim}; expected 1")
    low, high = float(rows["value_low"].iloc[0]), float(rows["value_high"].iloc[0])
    if np.isnan([low, high]).all():
        raise AssumptionError(f"claims: {claim} has no figure to check; expected it to be aside")
    if low == high:
        half = 0.5 * 10.0 ** -int(rows["decimals"].iloc[0])
        low, high = low - half, high + half
    return low * item.scale, high * item.scale


def _intensity(outcome: Outcome, item: ClaimUse, share: float) -> dict[str, float]:
    """Median intensity needed by kind of equipment, in kt of the second account over the unit of equipment."""
    made = outcome.production[outcome.structure.second].kt
    added: Array = made[item.months] - made[0]
    grows = added > 0
    out = {}
    for kind in outcome.structure.equipment:
        each = needed_intensity(share, added[grows], outcome.drawn(f"claim.{kind}")[grows])
        out[kind] = float(np.median(each)) if grows.any() else float("nan")
    return out

"""The scorecard: published forecasts against the figures that appeared, and whether their quality drifts.

A forecast is judged by what a publisher states: the cumulative rate (``ytd_yoy``), the month's growth (``yoy``, where
it is published) and the month's level (``level``, as published or as the difference of two cumulative levels). The
point forecast is the median.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecasting.evaluation._comparison import diebold_mariano
from forecasting.evaluation._panel import Floats
from forecasting.metrics import crps_quantiles, level_weights
from forecasting.observations import month_index

QUANTILES = {"q025": 0.025, "q05": 0.05, "q10": 0.10, "q25": 0.25, "q50": 0.50,
             "q75": 0.75, "q90": 0.90, "q95": 0.95, "q975": 0.975}  # fmt: skip
LEVELS = list(QUANTILES.values())
BANDS = {80: ("q10", "q90"), 90: ("q05", "q95"), 95: ("q025", "q975")}
SCORECARD_COLUMNS = [
    "indicator", "target", "period", "origin", "print", "step", "forecast_run", "forecast_as_of", "model", "appeared",
    "actual", "forecast", "q025", "q975", "error", "abs_error", "scale", "scaled_error", "crps", "expected_abs_error",
    "no_change_abs_error", "seasonal_naive_abs_error", "inside80", "inside90", "inside95",
]  # fmt: skip
DRIFT_COLUMNS = [
    "indicator", "target", "n", "mase", "expected_mase", "cusum", "cusum_limit", "coverage80", "coverage90",
    "coverage95", "p80", "p95", "p_adjusted", "dm_no_change", "p_no_change", "alarm",
]  # fmt: skip
KEY = ["indicator", "target"]
WINDOW = 24
"""Figures, the latest ones, that the drift tests look at."""
FEWEST = 6
"""Figures below which no drift test is made."""
FEWEST_CHANGES = 4
LEVEL = 0.05
ALLOWANCE, LIMIT, CAP = 0.5, 4.5, 3.0


def years_ahead(forecasts: pd.DataFrame) -> int:
    """How many years back the last value of the same calendar month may lie, of the forecast that reaches furthest."""
    months = _month(forecasts["month"]) - _month(forecasts["origin"])
    return int(np.ceil(months.max() / 12)) if len(months) else 0


def add_references(forecasts: pd.DataFrame, history: pd.DataFrame, years: int | None = None) -> pd.DataFrame:
    """What forecasts have to beat, as it was known when they were made.

    Args:
        forecasts: indicator, target, origin, month, months and others; months is 2 where January and February are one
            period, whose level is their sum.
        history: indicator, target, month, value: the series up to the origin, levels per month.
        years: How far back to look for a value of the same calendar month; by default as far as these reach.

    Returns:
        The forecasts with no_change (the last value), seasonal_naive (the last one of the same calendar month) and
        scale (mean absolute change on a year earlier, the unit of the MASE; from at least 4 changes), NaN where
        unknown.
    """
    past = history.assign(m=_month(history["month"])).dropna(subset="value")
    past = past.sort_values([*KEY, "m"], kind="stable")
    last = past.groupby(KEY)["value"].last().rename("no_change")
    before = past[[*KEY, "m", "value"]].assign(m=past["m"] + 12)
    change = past.merge(before, on=[*KEY, "m"], how="left", suffixes=("", "_before"), validate="one_to_one")
    size = (change["value"] - change["value_before"]).abs().groupby([change[name] for name in KEY])
    scale = size.mean().where(size.count() >= FEWEST_CHANGES).rename("scale")

    out = forecasts.join(last, on=KEY).join(scale, on=KEY)
    month = _month(out["month"])
    values = past.set_index([*KEY, "m"])["value"]
    seasonal = np.full(len(out), np.nan)
    for year in range(1, 1 + (years_ahead(out) if years is None else years)):
        at = pd.MultiIndex.from_arrays([out["indicator"], out["target"], month - 12 * year])
        seasonal = np.where(np.isnan(seasonal), values.reindex(at).to_numpy(), seasonal)
    out["seasonal_naive"] = seasonal
    per_period = out["months"].where(out["target"] == "level", 1).astype(float)
    for name in ("no_change", "seasonal_naive", "scale"):
        out[name] *= per_period
    return out


def figures(observations: pd.DataFrame) -> pd.DataFrame:
    """What forecasts are judged by, out of published figures: each as it was first published.

    Args:
        observations: indicator, period, measure, value and appeared (a time), a row a print: a revised figure has
            several, those that appeared at one time in the order in which they were stored.

    Returns:
        indicator, target, period, months, actual, appeared. A level out of cumulative levels is the first print less
        the month before as it was known by then; it needs that month, and appears with the later of the two. The
        cumulative figures of February are also those of January and February as one period.
    """
    columns = ["indicator", "period", "measure", "value", "appeared"]
    rows = observations[columns].astype({"value": np.float64}).sort_values("appeared", kind="stable")
    first = rows.drop_duplicates(columns[:3], keep="first")
    direct = {"ytd_yoy": "ytd_yoy", "month_yoy": "yoy", "month_level": "level"}
    stated = first[first["measure"].isin(direct)].assign(target=lambda t: t["measure"].map(direct), months=1)
    cumulative = {"ytd_yoy": "ytd_yoy", "ytd_level": "level"}
    pair = first[first["measure"].isin(cumulative) & first["period"].str.endswith("-02")]
    pair = pair.assign(target=pair["measure"].map(cumulative), months=2)
    out = pd.concat([stated, pair, _steps(rows, first)], ignore_index=True).rename(columns={"value": "actual"})
    out = out[["indicator", "target", "period", "months", "actual", "appeared"]]
    return out.drop_duplicates(["indicator", "target", "period", "months"], keep="first", ignore_index=True)


def _steps(rows: pd.DataFrame, first: pd.DataFrame) -> pd.DataFrame:
    """Levels of single months out of cumulative ones: all prints in the order of appearance, and the first of each."""
    own = first[first["measure"] == "ytd_level"].assign(m=lambda t: _month(t["period"]), target="level", months=1)
    before = rows[rows["measure"] == "ytd_level"].assign(m=lambda t: _month(t["period"]) + 1)
    before = before[["indicator", "m", "value", "appeared"]]
    at = ["indicator", "m"]
    step = own[own["m"] % 12 > 0].merge(before, on=at, suffixes=("", "_before"), validate="one_to_many")
    both = step[["appeared"]].assign(before=step.groupby(at)["appeared_before"].transform("min")).max(axis=1)
    step = step.assign(appeared=both)[step["appeared_before"] <= both].drop_duplicates(at, keep="last")
    # differences of decimal figures, without the noise of binary ones
    step["value"] = (step["value"] - step["value_before"]).round(9)
    return pd.concat([own[own["m"] % 12 == 0], step])


def score_forecasts(forecasts: pd.DataFrame, first: pd.DataFrame, latest: pd.DataFrame) -> pd.DataFrame:
    """Score forecasts by the first print of their figure and by its latest one.

    ``error = actual - median``; ``scaled_error = |error| / scale``; ``crps`` is twice the pinball loss averaged over
    the quantiles, each weighted by the levels nearest to it (Gneiting and Ranjan (2011), J. Business and Economic
    Statistics 29(3), equation 17): 3 % below that of the whole distribution for a normal one.

    Args:
        forecasts: indicator, target, period, months, origin, forecast_run, forecast_as_of, vintage (a time), model,
            quantiles, no_change, seasonal_naive, scale.
        first: See `figures`, of all prints; a forecast is only judged by a figure that appeared after its vintage.
        latest: See `figures`, of the latest print of each figure alone; a figure without one has only its first.

    Returns:
        `SCORECARD_COLUMNS`, sorted, a row a forecast and print.
    """
    at = [*KEY, "period", "months"]
    opening = first.rename(columns={"actual": "first"})
    joined = forecasts.merge(opening, on=at, how="inner", validate="many_to_one")
    joined = joined.merge(latest.drop(columns="appeared").rename(columns={"actual": "latest"}), on=at, how="left",
                          validate="many_to_one")  # fmt: skip
    joined = joined[joined["vintage"] < joined["appeared"]]
    table = pd.concat([joined.assign(print=name, actual=joined[name]) for name in ("first", "latest")])
    table = table.dropna(subset="actual")
    table["forecast_as_of"] = pd.to_datetime(table["forecast_as_of"])
    table["step"] = _month(table["period"]) - _month(table["origin"])
    table["forecast"] = table["q50"]
    table["error"] = table["actual"] - table["q50"]
    table["abs_error"] = table["error"].abs()
    table["scaled_error"] = table["abs_error"] / table["scale"].where(table["scale"] > 0)
    table["crps"] = crps_quantiles(table["actual"], table[list(QUANTILES)], LEVELS)
    table["expected_abs_error"] = _promised(table)
    for name in ("no_change", "seasonal_naive"):
        table[f"{name}_abs_error"] = (table["actual"] - table[name]).abs()
    for width, (low, high) in BANDS.items():
        table[f"inside{width}"] = table["actual"].between(table[low], table[high])
    order = [*KEY, "period", "origin", "print"]
    return table.sort_values(order, kind="stable", ignore_index=True)[SCORECARD_COLUMNS]


def last_forecasts(scorecard: pd.DataFrame) -> pd.DataFrame:
    """First prints, each with the forecast that was made last before it: the rows that alarms and tests look at."""
    first = scorecard[scorecard["print"] == "first"].sort_values([*KEY, "period", "origin"], kind="stable")
    return first.drop_duplicates([*KEY, "period"], keep="last", ignore_index=True)


def drift_report(scorecard: pd.DataFrame) -> pd.DataFrame:
    """Whether the latest forecasts are worse, or their bands off, by more than chance.

    For each indicator and target the last 24 figures, each with the last forecast before it:

    - coverage: exact two-sided binomial tests of the 80 and 95 % bands. An alarm is a p-value, the smaller of the two
      doubled and adjusted over all indicators of a target (Holm (1979), Scand. J. Statistics 6(2)), below 5 %.
    - loss: mase is the mean scaled error, expected_mase what the forecasts' own distributions promised. Page's
      cumulative sum ``S = max(0, S + min(r, 3) - 1.5)`` of r = |error| / promised error raises an alarm at 4.5, which
      24 calibrated normal forecasts reach in .4 % of cases and t_4 ones in 1.1 % (Page (1954), Biometrika 41).
    - dm_no_change: `diebold_mariano` of no change against the forecast, positive where the forecast is better.

    Args:
        scorecard: See `score_forecasts`.

    Returns:
        `DRIFT_COLUMNS`, sorted; tests that need more figures than there are (6) are NaN.
    """
    rows = last_forecasts(scorecard)
    lines = [_drift(group.tail(WINDOW)) for _, group in rows.groupby(KEY, sort=True)]
    table = pd.DataFrame(lines, columns=DRIFT_COLUMNS)
    table["p_adjusted"] = table.groupby("target")["p_adjusted"].transform(_holm)
    off, worse = table["p_adjusted"] < LEVEL, table["cusum"] > LIMIT
    table["alarm"] = np.select([off & worse, off, worse], ["coverage_and_loss", "coverage", "loss"], "")
    return table


def _month(months: pd.Series[str]) -> pd.Series[int]:
    """Month indices of labels YYYY-MM, each distinct label read once."""
    labels = {label: month_index(label) for label in months.unique()}
    return months.map(labels).astype("int64")


def _drift(rows: pd.DataFrame) -> list[object]:
    from scipy.stats import binomtest

    n = len(rows)
    covered = {width: rows[f"inside{width}"] for width in BANDS}
    enough = n >= FEWEST
    p80, p95 = (binomtest(int(covered[width].sum()), n, width / 100).pvalue if enough else np.nan for width in (80, 95))
    scaled = rows["scaled_error"]
    expected = float((rows["expected_abs_error"] / rows["scale"].where(rows["scale"] > 0)).mean())
    losses = rows[["no_change_abs_error", "abs_error"]].dropna()
    against = diebold_mariano(losses.iloc[:, 0], losses.iloc[:, 1]) if len(losses) >= FEWEST else None
    return [
        *rows[KEY].iloc[0], n, float(scaled.mean()), expected, _cusum(rows) if enough else np.nan, LIMIT,
        *(float(covered[width].mean()) for width in BANDS), p80, p95, min(1.0, 2 * min(p80, p95)) if enough else np.nan,
        against.statistic if against else np.nan, against.p_value if against else np.nan, "",
    ]  # fmt: skip


def _cusum(rows: pd.DataFrame) -> float:
    """Page's cumulative sum at the last figure; exact forecasts of exact figures add nothing."""
    total = 0.0
    for error, promised in zip(rows["abs_error"], rows["expected_abs_error"], strict=True):
        ratio = error / promised if promised > 0 else CAP * (error > 0)
        total = max(0.0, total + min(float(ratio), CAP) - 1 - ALLOWANCE)
    return total


def _holm(p: pd.Series) -> pd.Series:
    """Holm's adjusted p-values; NaN stays and does not count."""
    known = p.dropna().sort_values(kind="stable")
    steps = np.arange(len(known), 0, -1)
    adjusted = np.minimum(1.0, np.maximum.accumulate(known.to_numpy() * steps))
    return pd.Series(adjusted, index=known.index).reindex(p.index)


def _promised(table: pd.DataFrame) -> Floats:
    """Mean absolute error that a forecast's own distribution promises, E |Y - median|."""
    quantiles = table[list(QUANTILES)].to_numpy(dtype=np.float64)
    return np.asarray(np.abs(quantiles - table[["q50"]].to_numpy(dtype=np.float64)) @ level_weights(LEVELS))

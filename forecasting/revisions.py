"""What has come since an earlier state of knowledge: news and revisions, and what they did to the forecast."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from forecasting.observations import KEY, RATES

__all__ = ["COLUMNS", "COMPARED", "revision_report"]

COMPARED = [*KEY, "value", "unit"]
"""Columns of which either state needs no more than these."""

COLUMNS = [
    *KEY, "kind", "value_before", "value", "change", "expected", "surprise",
    "outlook_period", "outlook_before", "outlook", "effect",
]  # fmt: skip


def revision_report(
    before: pd.DataFrame, now: pd.DataFrame, headlines: pd.DataFrame, tables_before: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Every figure that is new or differs from the earlier state.

    The effect is the change of the median forecast of an indicator's cumulative rate to the end of its year (the one of
    the next release), from the earlier forecast to this one. It is that of all figures together that the indicator
    leans on, not of the row alone.

    Args:
        before: Observation frame of the earlier state.
        now: Observation frame of this one.
        headlines: Headline forecasts made from it (`forecasting.outlook`).
        tables_before: ``headlines`` and ``forecasts`` made from the earlier state; empty where there are none.

    Returns:
        Columns `COLUMNS`: kind is news (later than all that was known of indicator and measure), backfill (an
        earlier period that was not known) or revision; ``expected`` is the earlier median forecast of the figure,
        ``surprise`` what it was off by, in points. NaN and "" where there is nothing to compare with, as with a level
        that was known in another unit. Sorted by indicator, period and measure.
    """
    rows = now[COMPARED].merge(before[COMPARED], on=KEY, how="left", suffixes=("", "_before"), validate="one_to_one")
    other_unit = rows["unit"].ne(rows["unit_before"])  # NaN of what was not known
    rows = rows[other_unit | rows["value_before"].ne(rows["value"])].copy()
    latest = before.groupby(["indicator", "measure"])["period"].max().rename("latest").reset_index()
    rows = rows.merge(latest, on=["indicator", "measure"], how="left", validate="many_to_one")
    rows["kind"] = "revision"
    unknown = rows["value_before"].isna()
    rows["value_before"] = rows["value_before"].where(rows["unit"].eq(rows["unit_before"]))
    rows.loc[unknown, "kind"] = "backfill"
    rows.loc[unknown & (rows["period"] > rows["latest"]), "kind"] = "news"
    rows["change"] = rows["value"] - rows["value_before"]
    rows = rows.merge(_expected(tables_before), on=KEY, how="left", validate="one_to_one")
    rows["surprise"] = rows["value"] - rows["expected"]
    rows = rows.merge(_outlooks(headlines, tables_before), on="indicator", how="left", validate="many_to_one")
    rows["outlook_period"] = rows["outlook_period"].fillna("")
    rows["effect"] = rows["outlook"] - rows["outlook_before"]
    return rows[COLUMNS].sort_values(KEY, ignore_index=True)


def _expected(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Median forecasts of rates by figure."""
    columns = [*KEY, "expected"]
    if "headlines" not in tables:
        return _empty(columns)
    headlines = tables["headlines"][["indicator", "period", "q50"]].assign(measure=RATES[0])
    months = tables["forecasts"].query("target == 'yoy' and months == 1")
    months = months.rename(columns={"month": "period"})[["indicator", "period", "q50"]].assign(measure=RATES[1])
    return pd.concat([headlines, months], ignore_index=True).rename(columns={"q50": "expected"})[columns]


def _outlooks(headlines: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The forecast of the year's end, before and now, by indicator."""
    year = headlines.groupby("indicator")["period"].min().str[:4]
    wanted = (year + "-12").rename("outlook_period").reset_index()
    now = headlines.rename(columns={"period": "outlook_period", "q50": "outlook"})
    keys = ["indicator", "outlook_period"]
    found = wanted.merge(now[[*keys, "outlook"]], on=keys, how="left", validate="one_to_one")
    if "headlines" not in tables:
        return found.assign(outlook_before=float("nan"))
    before = tables["headlines"].rename(columns={"period": "outlook_period", "q50": "outlook_before"})
    return found.merge(before[[*keys, "outlook_before"]], on=keys, how="left", validate="one_to_one")


def _empty(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="float64" if name == "expected" else "object") for name in columns})

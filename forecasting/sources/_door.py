"""The door: which rows of a reading may become figures, and why the others may not.

Rows that say what is known already pass by unexamined. The rest is checked one by one (`_schema`), then against each
other and against what is known: two values for one figure, a level that is many times what its rate says, a cumulative
level that falls, a cumulative rate outside of what it is an average of. Nothing is corrected here and nothing guessed.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecasting.catalog import ZONE, Catalog
from forecasting.decimals import decimals_of, places
from forecasting.observations import (
    COLUMNS,
    FIRST_YEAR,
    KEY,
    MEASURES,
    MORE_DECIMALS,
    MORE_DIGITS,
    MOST_DECIMALS,
    NO_NUMBER,
    RATES,
    kept_exactly,
    moments,
    off_grid,
)
from forecasting.payloads import BadRow
from forecasting.sources._consistency import falling_levels, impossible_rates, slipped_levels

if TYPE_CHECKING:
    from pandera.pandas import DataFrameSchema

HIGHEST_RATE = 10_000.0  # percent; a hundredfold in a year is a slip of the unit

_CONTENT = ["value", "decimals", "unit"]
_NUMBER = re.compile(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})", re.ASCII)
_WHOLE = re.compile(r"-?\d(\.0+)?", re.ASCII)  # 1.0 is how a workbook writes 1
_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_TEXT = ("unit", "status", "source", "note", "family")


@dataclass(frozen=True)
class Admission:
    """What came through the door.

    Attributes:
        frame: New figures in the canonical shape; empty where all is known.
        known: Number of rows that say what is known already.
        bad: Rows that were not let in, with their index.
    """

    frame: pd.DataFrame
    known: int
    bad: list[tuple[int, BadRow]]


def admit(
    rows: pd.DataFrame,
    catalog: Catalog,
    known: pd.DataFrame,
    moment: datetime,
    *,
    followed_only: bool,
    rounded: bool = False,
) -> Admission:
    """Let the good rows in.

    A figure without a release time that the store does not have is given the one of the release calendar or rule, if
    that has passed; a revision of one that it has is known from now on, whenever the first print came out. Levels that
    are known in another unit than the catalogue's are none to compare with: the right one takes the place of such a
    level, from the same time on.

    Args:
        rows: Of a `Reading`.
        catalog: What is followed.
        known: The latest vintages that the store has of these indicators (`Store.as_of`).
        moment: When the payload was fetched, with a time zone.
        followed_only: Refuse indicators that the catalogue has not.
        rounded: Take a figure that is known more exactly, and rounds to what is said here, for known.

    Returns:
        Frame with the columns of an observation frame; no row is lost: each is in it, known, repeated, or bad.
    """
    now = pd.Timestamp(moment)
    foreign = catalog.other_units(known)
    frame = _typed(rows, catalog)
    frame = _with_known(frame, known, foreign)
    known = known[~foreign]
    same = frame["known_decimals"].eq(frame["decimals"])
    same |= ~frame["stated"] & (frame["known_decimals"] > frame["decimals"])  # it has lost zeros
    same &= frame["known_value"].eq(frame["value"])
    same &= frame["known_unit"].eq(frame["unit"]) & (frame["status"].eq("") | frame["known_status"].eq(frame["status"]))
    if rounded:
        same |= _rounds_to(frame)
    fresh = frame[~same]
    if fresh.empty:
        return Admission(_canonical(fresh), int(same.sum()), [])
    reasons = _row_reasons(fresh, catalog, now, followed_only)
    good = fresh[~fresh.index.isin(reasons)]
    believed = frame.loc[good.index.union(frame.index[same])]
    reasons |= {index: what for index, what in _contradictions(believed).items() if index in good.index}
    good = good[~good.index.isin(reasons)]
    reasons |= _mixed_units(good, known, catalog)
    good = good[~good.index.isin(reasons)]
    good = good.drop_duplicates(KEY)
    # what is known of the same figures is replaced by what comes, so a history that was revised is judged as a whole
    for consistency in (slipped_levels, falling_levels, impossible_rates):
        reasons |= consistency(good, known)
        good = good[~good.index.isin(reasons)]
    return Admission(_canonical(_released(good, catalog, now)), int(same.sum()), _bad(rows, reasons))


def _typed(rows: pd.DataFrame, catalog: Catalog) -> pd.DataFrame:
    """Text becomes typed columns, NaN where it cannot; the work is done once for each different text."""
    out = pd.DataFrame(index=rows.index)
    for name in ("indicator", "period", "measure", *_TEXT):
        out[name] = _mapped(rows[name], str.strip)
    texts = _mapped(rows["value"], str.strip)
    out["value"] = _mapped(texts, _number).astype("float64") + 0.0  # -0.0 becomes 0.0
    out["cut_off"] = _mapped(texts, lambda text: bool(_NUMBER.fullmatch(text)) and not kept_exactly(text))
    given = _mapped(rows["decimals"], str.strip)
    out["stated"] = given != ""
    out["places"] = _mapped(texts, _places)
    out["decimals"] = _mapped(given, _whole).where(out["stated"], _decimals(out, catalog))
    released = _mapped(rows["released_at"], str.strip)
    out["released_at"] = moments(released).astype("datetime64[ns, UTC]")
    out["no_time"] = (released != "") & out["released_at"].isna()
    families = {item.id: item.family for item in catalog}
    out["family"] = out["family"].where(
        out["family"] != "", _mapped(out["indicator"], lambda name: families.get(name, ""))
    )
    return out


def _mapped(column: pd.Series[str], function: Callable[[str], Any]) -> pd.Series[Any]:
    return column.map({text: function(text) for text in column.unique()})


def _number(text: str) -> float:
    return float(text) if _NUMBER.fullmatch(text) else np.nan


def _whole(text: str) -> float:
    return float(text) if _WHOLE.fullmatch(text) else np.nan


def _places(text: str) -> int:
    return places(text) if _NUMBER.fullmatch(text) else 0


def _decimals(frame: pd.DataFrame, catalog: Catalog) -> pd.Series[int]:
    """Of rows that state none: the places that they show; a rate that shows fewer than the catalogue's lost zeros."""
    published = frame["indicator"].map({item.id: item.decimals for item in catalog}).where(frame["measure"].isin(RATES))
    rows = frame[["period", "value", "places"]].assign(
        series=frame.groupby(["indicator", "measure"]).ngroup(),
        lost=False,
        least=published.fillna(0).astype(int),
    )
    return pd.Series(decimals_of(rows), index=frame.index)


def _with_known(frame: pd.DataFrame, known: pd.DataFrame, foreign: pd.Series[bool]) -> pd.DataFrame:
    """Rows with what is known of them; where that is in a foreign unit, with nothing but its release time."""
    columns = {name: f"known_{name}" for name in (*_CONTENT, "status")}
    latest = known[KEY].assign(foreign=foreign, foreign_released_at=known["released_at"])
    for name, ours in columns.items():
        latest[ours] = known[name].where(~foreign)
    merged = frame.reset_index().merge(latest, on=KEY, how="left", validate="many_to_one")
    return merged.set_index("index")


def _rounds_to(frame: pd.DataFrame) -> pd.Series[bool]:
    """Where what is known is more exact than the row and rounds to it."""
    half = 0.5 * 10.0 ** -frame["decimals"]
    finer = (frame["decimals"] < frame["known_decimals"]) & frame["known_unit"].eq(frame["unit"])
    return finer & ((frame["value"] - frame["known_value"]).abs() <= half * (1 + 1e-9))


def _row_reasons(frame: pd.DataFrame, catalog: Catalog, now: pd.Timestamp, followed_only: bool) -> dict[int, str]:
    """Index -> reason, for every row that is bad by itself."""
    import pandera.errors

    schema = _schema(frame, catalog, now, followed_only)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # pandera concatenates empty failure cases
            schema.validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        found: dict[int, list[str]] = {}
        for index, reason in zip(error.failure_cases["index"], error.failure_cases["check"], strict=True):
            found.setdefault(int(index), []).append(str(reason))
        return {index: "; ".join(each) for index, each in found.items()}
    return {}


def _schema(frame: pd.DataFrame, catalog: Catalog, now: pd.Timestamp, followed_only: bool) -> DataFrameSchema:
    """What a row must be; some columns are judged by what others of the frame say."""
    import pandera.pandas as pa

    def rule(reason: str, test: Callable[[pd.Series[Any]], pd.Series[bool]]) -> pa.Check:
        return pa.Check(test, error=reason, ignore_na=False)

    followed = frozenset(catalog.ids)
    this_month = now.tz_convert(ZONE).strftime("%Y-%m")
    rate = frame["measure"].isin(RATES)
    level = frame["measure"].isin(MEASURES) & ~rate
    dated = frame["period"].str.fullmatch(_PERIOD)
    start = pd.to_datetime(frame["period"].where(dated), format="%Y-%m", errors="coerce").dt.tz_localize("UTC")
    expected = frame["indicator"].map({item.id: item.unit for item in catalog})
    finer = off_grid(frame["value"].to_numpy(dtype=float), frame["decimals"].to_numpy(dtype=float))
    return pa.DataFrameSchema({
        "indicator": pa.Column(object, [
            rule("indicator is empty", lambda name: name != ""),
            rule("the catalogue has no such indicator; add an entry to it, or correct the name",
                 lambda name: name.isin(followed) | (name == "") | (not followed_only)),
            rule("indicator is no name: letters, digits and _ . - only",
                 lambda name: name.str.fullmatch(_NAME) | (name == "")),
        ]),
        "period": pa.Column(object, [
            rule("period is not YYYY-MM with a month from 01 to 12, nor written as the mapping's period_format",
                 lambda period: dated),
            rule(f"period is before {FIRST_YEAR} or after the month in which it came",
                 lambda period: period.between(f"{FIRST_YEAR}-01", this_month) | ~dated),
            rule("this January has no figure of its own by the catalogue (no_january_since)",
                 lambda period: ~_without_figure(frame["indicator"], period, dated, catalog)),
        ]),
        "measure": pa.Column(object, rule(f"measure is none of {', '.join(MEASURES)}",
                                          lambda measure: measure.isin(MEASURES))),
        "value": pa.Column(float, [
            rule(f"value {NO_NUMBER}", lambda value: value.notna()),
            rule(MORE_DIGITS, lambda value: ~frame["cut_off"]),
            rule("a rate of -100 percent or less: a positive quantity cannot fall so far",
                 lambda value: ~(rate & (value <= -100))),
            rule(f"a rate above {HIGHEST_RATE:g} percent: a slip of the unit or the point",
                 lambda value: ~(rate & (value > HIGHEST_RATE))),
            rule("a level of zero or less; growth needs a positive quantity",
                 lambda value: ~(level & (value <= 0))),
        ], nullable=True),
        "unit": pa.Column(object, [
            rule("the unit of a rate is 'percent'", lambda unit: ~rate | (unit == "percent")),
            rule("the unit of the level is empty", lambda unit: ~level | (unit != "")),
            rule("the unit of the level is not the catalogue's; correct the file, its mapping or the catalogue",
                 lambda unit: ~level | (unit == expected) | expected.isna() | (unit == "")),
        ]),
        "decimals": pa.Column(float, [
            rule(f"decimals is not a whole number from -{MOST_DECIMALS} to {MOST_DECIMALS}",
                 lambda decimals: decimals.abs() <= MOST_DECIMALS),
            rule(MORE_DECIMALS, lambda decimals: decimals.isna() | ~finer),
        ], nullable=True),
        "released_at": pa.Column("datetime64[ns, UTC]", [
            rule("released_at is not an ISO date or time", lambda released: ~frame["no_time"]),
            rule("released_at is after the moment at which the figure came", lambda released: ~(released > now)),
            rule("released_at is before the month that the figure is of", lambda released: ~(released < start)),
        ], nullable=True),
        **{name: pa.Column(object, rule(f"{name} holds a control character or a line break",
                                        lambda text: ~text.str.contains(_CONTROL)))
           for name in ("status", "source", "note", "family")},
    })  # fmt: skip


def _without_figure(
    indicator: pd.Series[str], period: pd.Series[str], dated: pd.Series[bool], catalog: Catalog
) -> pd.Series[bool]:
    """Where a period has no figure of its own by the release rule of its indicator."""
    january = dated & period.str.endswith("-01") & indicator.isin(catalog.ids)
    absent = {
        index: not catalog[name].release.has_figure(month)
        for index, name, month in zip(period.index[january], indicator[january], period[january], strict=True)
    }
    return pd.Series(absent, dtype=bool).reindex(period.index, fill_value=False)


def _contradictions(frame: pd.DataFrame) -> dict[int, str]:
    """Several values for one figure in one reading: none of them is believed; the same one again is one."""
    twice = frame[frame.duplicated(KEY, keep=False)]
    differ = twice.groupby(KEY)[_CONTENT].transform("nunique").gt(1).any(axis=1)
    what = "the figure is given more than once, with different values; keep the right one"
    return {int(index): what for index in twice.index[differ]}


def _mixed_units(frame: pd.DataFrame, known: pd.DataFrame, catalog: Catalog) -> dict[int, str]:
    """Levels of an indicator outside the catalogue in another unit than its known levels, or else its first one."""
    levels = frame[~frame["measure"].isin(RATES) & ~frame["indicator"].isin(catalog.ids)]
    units = known[~known["measure"].isin(RATES)].groupby("indicator")["unit"].first()
    home = levels["indicator"].map(units).fillna(levels.groupby("indicator")["unit"].transform("first"))
    what = "the unit is not that of the indicator's other levels; an entry in the catalogue says which one is right"
    return {int(index): what for index in levels.index[levels["unit"] != home]}


def _released(frame: pd.DataFrame, catalog: Catalog, now: pd.Timestamp) -> pd.DataFrame:
    """First prints without a release time get the calendar's, and levels that were in a foreign unit that of these."""
    blank = frame["released_at"].isna() & frame["known_value"].isna() & frame["indicator"].isin(catalog.ids)
    corrected = blank & frame["foreign"].eq(True)
    blank &= ~corrected
    pairs = frame.loc[blank, ["indicator", "period"]].drop_duplicates()
    usual = {(name, period): catalog.released_at(name, period) for name, period in pairs.itertuples(index=False)}
    keys = zip(frame.loc[blank, "indicator"], frame.loc[blank, "period"], strict=True)
    times = pd.Series([usual[key] for key in keys], index=frame.index[blank], dtype="datetime64[ns, UTC]")
    out = frame.copy()
    out.loc[corrected, "released_at"] = frame.loc[corrected, "foreign_released_at"]
    out.loc[blank, "released_at"] = times.where(times <= now)
    return out


def _canonical(frame: pd.DataFrame) -> pd.DataFrame:
    out = frame[list(COLUMNS)].astype({"decimals": "int64"})
    return out.sort_values(KEY, kind="stable")


def _bad(rows: pd.DataFrame, reasons: dict[int, str]) -> list[tuple[int, BadRow]]:
    bad = rows.loc[sorted(reasons)]
    return [
        (index, BadRow(
            f"line {place}" if isinstance(place, int) else str(place),
            {name: text for name, text in zip(COLUMNS, cells, strict=True) if text},
            reasons[index],
        ))
        for index, place, *cells in bad[["where", *COLUMNS]].itertuples()
    ]  # fmt: skip

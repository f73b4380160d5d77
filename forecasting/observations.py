"""The observation frame: the one shape in which published figures travel.

A row is one published figure. The drop-folder CSV, the store and the reference table share the columns
in `COLUMNS`; `check_observations` turns text or typed frames into that shape or says, row by row, why not.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.decimals import decimals_of, lost_zeros, places
from forecasting.errors import InputError, Problem

__all__ = [
    "COLUMNS",
    "FIRST_YEAR",
    "KEY",
    "MEASURES",
    "MORE_DECIMALS",
    "MORE_DIGITS",
    "MOST_DECIMALS",
    "NO_NUMBER",
    "RATES",
    "REQUIRED",
    "canonical",
    "check_frame",
    "check_observations",
    "column_problems",
    "figure_text",
    "kept_exactly",
    "moments",
    "month_index",
    "month_label",
    "off_grid",
]

_logger = logging.getLogger(__name__)

RATES = ("ytd_yoy", "month_yoy")
MEASURES = ("ytd_yoy", "month_yoy", "ytd_level", "month_level")
REQUIRED = ("indicator", "period", "measure", "value", "unit")
OPTIONAL = ("decimals", "status", "released_at", "source", "note", "family")
COLUMNS = REQUIRED + OPTIONAL
MOST_DECIMALS = 9  # and at least as many below zero: -2 is a figure rounded to hundreds
NO_NUMBER = "is not a number; expected one like -1234.5"
MORE_DECIMALS = "value has more decimals than decimals says"
MORE_DIGITS = "value has more digits than can be kept exactly; give it in a larger unit"
FIRST_YEAR = 1900
HELD = {"float64": (12, 5e-14), "float32": (6, 5e-7), "float16": (3, 5e-4)}
"""Digits of a published figure that survive arithmetic in a kind of number, and the share of it that is noise there."""

KEY = ["indicator", "period", "measure"]

_PERIOD = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_DAY = re.compile(r"\d{4}([-/]\d{2}[-/]\d{2}|\d{4})", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TEXT = ("indicator", "period", "measure", "unit", "status", "source", "note", "family")


def month_index(period: str) -> int:
    """Months since year 0 of a ``YYYY-MM`` period.

    >>> month_index("2025-02") - month_index("2024-12")
    2
    """
    return int(period[:4]) * 12 + int(period[5:7]) - 1


@cache
def month_label(index: int) -> str:
    """The ``YYYY-MM`` period of `month_index`.

    >>> month_label(month_index("1999-12") + 1)
    '2000-01'
    """
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def off_grid(value: npt.NDArray[np.float64], decimals: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where values are no multiples of ten to the power of minus their decimals, rounding of floats apart.

    >>> off_grid(np.array([6.1, 6.13, 5800.0, 55.0]), np.array([1.0, 1.0, -2.0, -1.0]))
    array([False,  True, False,  True])
    """
    scaled = value * 10.0**decimals
    off: npt.NDArray[np.bool_] = np.abs(scaled - np.round(scaled)) > 1e-4 * np.maximum(1.0, np.abs(scaled) * 1e-9)
    return off


def kept_exactly(text: str) -> bool:
    """Whether the float nearest to a decimal number is written like it, as up to 15 digits always are.

    >>> [kept_exactly(text) for text in ("1234567890123.45", "007.10", "12345678901234567.89")]
    [True, True, False]
    """
    return Decimal(text) == Decimal(str(float(text)))


def check_observations(
    frame: pd.DataFrame,
    *,
    source: str = "observations",
    lines: Sequence[int] | None = None,
    until: str = "2199-12",
) -> pd.DataFrame:
    """Bring figures into the canonical observation frame, or refuse them with the reason of every bad row.

    Args:
        frame: At least the columns `REQUIRED`; a period may be a month or a day of pandas. Text is accepted
            everywhere; the decimals of a figure that gives none of its own are then counted from its text ("9.0" has
            one) and that of the others (see `forecasting.decimals`). Those of a number are counted after the noise of
            arithmetic is taken off (0.034 * 100 has one), up to `MOST_DECIMALS`.
        source: What to call the input in messages, usually the file's name.
        lines: Line number of each row in that file; without it messages count rows from 1.
        until: The last period that a figure can be of; a stray one would make a grid of all months up to it.

    Returns:
        Columns `COLUMNS`, sorted by indicator, period and measure: ``value`` float64 (rates in percent), the nearest
        one to the figure of its decimals; ``decimals`` int64 (-2 where rounded to hundreds); ``released_at`` UTC
        timestamps (NaT where unknown), the rest str ("" if absent).

    Raises:
        InputError: No frame, a missing or unknown column, one given twice, no rows, or bad rows: an empty name, a
            period that is not YYYY-MM, before 1900 or after `until`, an unknown measure, a value that is not a finite
            number, a rate at or below -100 percent, a level at or below zero, bad decimals or ones that the value has
            more of, a bad release time, two rows for one figure, levels in two units, control characters in a text.
    """
    check_frame(source, frame, REQUIRED)
    head = column_problems(frame.columns, REQUIRED, OPTIONAL)
    if frame.empty:
        head.append(Problem("", "no rows: at least one figure is needed"))
    if head:
        raise InputError(source, head)

    word = "row" if lines is None else "line"
    numbers = range(1, len(frame) + 1) if lines is None else lines
    where = [f"{word} {number}" for number in numbers]
    rows = frame.reset_index(drop=True)
    if pd.api.types.is_datetime64_any_dtype(rows["period"]):  # a day of the window's last month, by its own clock
        rows["period"] = rows["period"].dt.strftime("%Y-%m")
    text = {name: _text(rows, name) for name in _TEXT}
    problems: list[tuple[int, str]] = []
    for name in _TEXT:
        problems += [(i, f"{name} holds a control character or a line break; write it in one line")
                     for i in _where(_mapped(text[name], _CONTROL.search))]  # fmt: skip
    problems += [(i, "indicator is empty") for i in _where(text["indicator"] == "")]
    dated = _mapped(text["period"], _PERIOD.fullmatch)
    problems += [(i, f"period {text['period'][i]!r} is not YYYY-MM with a month from 01 to 12") for i in _where(~dated)]
    problems += [
        (i, f"period {text['period'][i]!r} is before {FIRST_YEAR} or after {until}")
        for i in _where(dated & ~text["period"].between(f"{FIRST_YEAR}-01", until))
    ]
    problems += [
        (i, f"measure {text['measure'][i]!r} is unknown; use one of {', '.join(MEASURES)}")
        for i in _where(~text["measure"].isin(MEASURES))
    ]
    value, decimals, written = _values(rows, problems)
    rate = text["measure"].isin(RATES).to_numpy()
    problems += [
        (i, f"{text['measure'][i]} of {value[i]:g} percent: a positive quantity cannot fall by 100 or more")
        for i in _where(rate & (value <= -100))
    ]
    problems += [
        (i, f"{text['measure'][i]} of {value[i]:g}: growth needs a positive quantity; leave the row out")
        for i in _where(~rate & (value <= 0))
    ]
    problems += [
        (i, f"unit {text['unit'][i]!r} of {text['measure'][i]}; rates are in 'percent'")
        for i in _where(rate & (text["unit"] != "percent"))
    ]
    problems += [(i, "unit is empty; name the unit of the level") for i in _where(~rate & (text["unit"] == ""))]
    released = _released(rows, problems)

    key = pd.DataFrame({name: text[name] for name in KEY})
    first = key.reset_index().groupby(KEY)["index"].transform("min").to_numpy()
    problems += [
        (i, f"{' '.join(text[name][i] for name in KEY)} is given twice, first on {where[first[i]]}")
        for i in _where(key.duplicated())
    ]
    problems += _mixed_units(text["indicator"][~rate], text["unit"][~rate])
    if problems:
        problems.sort(key=lambda problem: problem[0])
        raise InputError(source, [Problem(where[i], what) for i, what in problems])

    counted = written.index.to_numpy(dtype=np.int64)
    decimals[counted] = _counted(source, where, written.join(key), value[counted])
    out = pd.DataFrame({**text, "value": value, "decimals": decimals, "released_at": released})
    return out[list(COLUMNS)].sort_values(KEY, kind="stable", ignore_index=True)


def moments(texts: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """ISO dates and times in UTC, which is what they are in where they say no zone; NaT where a text is neither.

    >>> moments(pd.Series(["2024-04-16T10:00+08:00", "2024-04", ""])).tolist()
    [Timestamp('2024-04-16 02:00:00+0000', tz='UTC'), NaT, NaT]
    """
    dated = texts.where(_mapped(texts, _DAY.match))  # a month or a year alone would be its first moment
    return pd.to_datetime(dated, utc=True, errors="coerce", format="ISO8601")


def canonical(frame: pd.DataFrame) -> pd.DataFrame:
    """Figures as `check_observations` gives them; its own result, which is long to check again, as it is.

    Raises:
        InputError: As `check_observations`.
    """
    check_frame("observations", frame, REQUIRED)
    typed = set(COLUMNS) <= set(frame.columns) and isinstance(frame["released_at"].dtype, pd.DatetimeTZDtype)
    return frame if typed else check_observations(frame)


def check_frame(source: str, given: object, columns: Sequence[str]) -> None:
    """Refuse what is no table.

    Raises:
        InputError: It is no DataFrame.

    >>> check_frame("panel", "panel.csv", ("ds", "y"))
    Traceback (most recent call last):
    forecasting.errors.InputError: panel: str given; a DataFrame with the columns ds, y is needed, as pandas.read_csv \
reads one
    """
    if not isinstance(given, pd.DataFrame):
        what = f"a DataFrame with the columns {', '.join(columns)} is needed, as pandas.read_csv reads one"
        raise InputError(source, [Problem("", f"{type(given).__name__} given; {what}")])


def column_problems(given: Iterable[object], required: Sequence[str], optional: Sequence[str] = ()) -> list[Problem]:
    """What is wrong with the columns of a table: those that are missing, that nobody knows, that are given twice."""
    names = [str(name) for name in given]
    problems = []
    for word, found in (
        ("given twice", [name for name in dict.fromkeys(names) if names.count(name) > 1]),
        ("missing", [name for name in required if name not in names]),
        ("unknown", [name for name in dict.fromkeys(names) if name not in (*required, *optional)]),
    ):
        if found:
            more = f" and optionally {', '.join(optional)}" if optional else ""
            what = f"column{'s' * (len(found) > 1)} {', '.join(found)} {word}; expected {', '.join(required)}{more}"
            problems.append(Problem("", what))
    return problems


def _where(mask: pd.Series[bool] | npt.NDArray[np.bool_]) -> list[int]:
    return [int(i) for i in np.flatnonzero(mask)]


def _mixed_units(indicator: pd.Series[str], unit: pd.Series[str]) -> list[tuple[int, str]]:
    """Levels of one indicator in more than one unit."""
    home = unit.groupby(indicator).transform("first")
    return [
        (int(i), f"unit {str(unit[i])!r}, but earlier levels of {indicator[i]} are in {str(home[i])!r}")
        for i in unit.index[(unit != home) & (unit != "")]
    ]


def _mapped(texts: pd.Series[str], test: Callable[[str], object]) -> npt.NDArray[np.bool_]:
    """Where texts pass a test; most of them come many times, and each is tested once."""
    codes, distinct = pd.factorize(texts.to_numpy())
    return np.array([bool(test(text)) for text in distinct], dtype=bool)[codes]


def _text(rows: pd.DataFrame, name: str) -> pd.Series[str]:
    if name not in rows:
        return pd.Series("", index=rows.index, dtype=object)
    if pd.api.types.infer_dtype(rows[name], skipna=True) != "string":  # 1 and 1.0 are one value and two texts
        return rows[name].astype(object).where(rows[name].notna(), "").astype(str).str.strip()
    codes, distinct = pd.factorize(rows[name].to_numpy(dtype=object))  # -1 where there is none
    texts = np.array([*(text.strip() for text in distinct), ""], dtype=object)
    return pd.Series(texts[codes], index=rows.index, dtype=object)


def _values(
    rows: pd.DataFrame, problems: list[tuple[int, str]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64], pd.DataFrame]:
    """Values, the decimals that are given, and of rows without them what is written (index: the row)."""
    value = np.full(len(rows), np.nan)
    decimals = np.zeros(len(rows), dtype=np.int64)
    stated: list[int] = []
    written: dict[int, tuple[str, bool]] = {}
    given = _text(rows, "decimals").tolist()
    whole = {text: pd.to_numeric(text, errors="coerce") for text in set(given)}
    for i, raw in enumerate(_numbers(rows["value"])):
        text = raw.strip() if isinstance(raw, str) else "" if pd.isna(raw) else figure_text(raw)
        if not text:
            problems.append((i, "value is empty; leave the row out where there is no figure"))
            continue
        if isinstance(raw, str) and not _NUMBER.fullmatch(text):
            problems.append((i, f"value {text!r} {NO_NUMBER}"))
            continue
        value[i] = float(text)
        if not np.isfinite(value[i]):
            problems.append((i, f"value {text!r} is not a finite number"))
            continue
        if not kept_exactly(text):
            problems.append((i, f"{MORE_DIGITS}: {text}"))
            continue
        if given[i]:
            number = whole[given[i]]
            if not abs(number) <= MOST_DECIMALS or number != int(number):
                what = f"is not a whole number from -{MOST_DECIMALS} to {MOST_DECIMALS}"
                problems.append((i, f"decimals {given[i]!r} {what}"))
            else:
                decimals[i] = int(number)
                stated.append(i)
        else:
            written[i] = text, not isinstance(raw, str)
    finer = off_grid(value[stated], decimals[stated].astype(float))
    problems += [(stated[n], MORE_DECIMALS) for n in _where(finer)]
    value[stated] = list(map(round, value[stated].tolist(), decimals[stated].tolist()))
    unsaid = pd.DataFrame(list(written.values()), index=list(written), columns=["text", "number"])
    shown = {pair: places(*pair) for pair in set(written.values())}
    unsaid["places"] = np.array([shown[pair] for pair in written.values()], dtype=np.int64)
    problems += [
        (int(i), f"value {text!r} has {more} decimals; {MOST_DECIMALS} at most are taken: round it, or give it in a "
                 "smaller unit")
        for i, text, _, more in unsaid[unsaid["places"] > MOST_DECIMALS].itertuples()
    ]  # fmt: skip
    return value, decimals, unsaid


def _counted(
    source: str, where: Sequence[str], rows: pd.DataFrame, value: npt.NDArray[np.float64]
) -> npt.NDArray[np.int64]:
    """Decimals of figures that come without: columns of `KEY`, text, number, places; index as that of `where`."""
    shown = rows["places"]
    decimals = decimals_of(pd.DataFrame({
        "series": rows.groupby(["indicator", "measure"]).ngroup(),
        "period": rows["period"],
        "value": value,
        "places": shown,
        "lost": rows["number"] | lost_zeros(rows["text"][~rows["number"]]),
        "least": rows["number"].astype(int),  # statistics of this kind come with one decimal or more
    }))  # fmt: skip
    filled = _where(~rows["number"] & (decimals > shown))
    if filled:
        first, line = rows.iloc[filled[0]], where[int(rows.index[filled[0]])]
        _logger.warning(
            "%s: no figure ends in a zero after the point, as if a spreadsheet had dropped them; %d of %d are taken "
            "for as fine as the others of their series, the first on %s: %s for %s. A column decimals says otherwise",
            source, len(filled), len(rows), line, first["text"], f"{value[filled[0]]:.{decimals[filled[0]]}f}",
        )  # fmt: skip
    return decimals


def _numbers(column: pd.Series) -> Iterable[Any]:
    """Values of a column; those of a column of floats in its own precision, which iterating over it would lose."""
    kind = getattr(column.dtype, "numpy_dtype", column.dtype)
    if isinstance(kind, np.dtype) and kind.kind == "f":
        return column.to_numpy(dtype=kind, na_value=np.nan)
    return column


def figure_text(raw: Any) -> str:
    """The published figure that a number stands for: the fewest digits that say it but for the noise of arithmetic.

    >>> [figure_text(raw) for raw in (0.034 * 100, np.float32(6.1), 100 * (1.001 - 1), 12345678901.23)]
    ['3.4', '6.1', '0.1', '12345678901.23']
    """
    number = raw if isinstance(raw, np.floating) and raw.dtype.name in HELD else np.float64(raw)
    digits, noise = HELD[number.dtype.name]
    text, short, exact = str(number), f"{number:.{digits}g}", float(number)
    if not exact.is_integer() and abs(float(short) - exact) <= noise * abs(exact):
        text = short
    if np.isfinite(exact) and -int(Decimal(text).as_tuple().exponent) > MOST_DECIMALS:
        text = str(round(float(text), MOST_DECIMALS) + 0.0)
    return text


def _released(rows: pd.DataFrame, problems: list[tuple[int, str]]) -> pd.Series[pd.Timestamp]:
    if "released_at" not in rows:
        return pd.Series(pd.NaT, index=rows.index, dtype="datetime64[ns, UTC]")
    text = _text(rows, "released_at")
    parsed = moments(text)
    problems += [
        (i, f"released_at {text[i]!r} is not an ISO date or time") for i in _where((text != "") & parsed.isna())
    ]
    return parsed

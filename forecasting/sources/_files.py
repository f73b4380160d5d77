"""Readers of users' own files."""

from __future__ import annotations

import datetime
import itertools
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.errors import InputError, Problem
from forecasting.observations import check_observations, column_problems, month_index, month_label
from forecasting.sources._columns import MINUS, tidy
from forecasting.sources._table import read_table

YEARS_AHEAD = 20
"""Up to which figures may be made up; a stray period makes a grid of all months up to it."""

PANEL = ("unique_id", "ds", "y")
WEIGHTS = ("indicator", "month", "weight")

_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2})(?:[T ]00:00(?::00)?)?)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MONTHS = {str(month) for month in range(1, 13)}
_YEARS = range(1700, 2200)  # what a nanosecond timestamp holds, in round figures


def read_observations(path: Path) -> pd.DataFrame:
    """Read published figures from a CSV file in the observation schema.

    Args:
        path: UTF-8 or GB 18030, comma-separated, with a header; columns as in `forecasting.observations`, any order.

    Returns:
        The canonical observation frame.

    Raises:
        InputError: The file cannot be read as CSV, or some of its rows cannot be used; every one of them is
            named by its line. Figures may be made up for years to come, `YEARS_AHEAD` of them, but not for centuries.
    """
    table = read_table(path)
    until = f"{datetime.datetime.now(datetime.UTC).year + YEARS_AHEAD}-12"
    try:
        frame = check_observations(_tidied(table.frame), source=table.name, lines=table.lines, until=until)
    except InputError as error:
        table.refuse(error.problems)
        raise
    table.refuse()
    return frame


def read_panel(path: Path) -> pd.DataFrame:
    """Read monthly series from a CSV file with the columns unique_id, ds and y.

    A series has a value for every month from its first to its last; only January may be absent, and then in
    every year, as in statistics that publish January and February together.

    Args:
        path: UTF-8 or GB 18030, comma-separated, with a header. ``ds`` is YYYY-MM or an ISO date anywhere in the month.

    Returns:
        Columns unique_id (str), ds (datetime64[ns], first day of the month) and y (float64), sorted by
        unique_id and ds.

    Raises:
        InputError: The file cannot be read as CSV; a column is missing or unknown; a name, a date or a number
            is wrong; a month is given twice or missing inside a series. All are named by their lines.
    """
    table = read_table(path)
    head = column_problems(table.frame.columns, PANEL)
    if table.frame.empty:
        head.append(Problem("", "no rows: at least one value is needed"))
    if head:
        raise InputError(table.name, head)

    problems: list[tuple[int, str]] = []
    cells: dict[tuple[str, int], tuple[int, float]] = {}
    for line, name, date, number in zip(table.lines, *(table.frame[column] for column in PANEL), strict=True):
        key, month, value = name.strip(), _month(date.strip()), _value(number.strip())
        if not key:
            problems.append((line, "unique_id is empty"))
        if month is None:
            problems.append((line, f"ds {date!r} is not a date like 2024-03-01 or a month like 2024-03"))
        if value is None:
            what = f"y {number!r} is not {_wanted(number)}" if number.strip() else "y is empty"
            problems.append((line, f"{what}; every month needs a value"))
        if not key or month is None:
            continue
        first = cells.setdefault((key, month), (line, math.nan if value is None else value))[0]
        if first != line:
            what = f"a second value of {key} for {month_label(month)}, first on line {first}; give one a month"
            problems.append((line, what))
    if not problems and not table.malformed:
        problems = _gaps({key: line for key, (line, _) in cells.items()})
    table.refuse(Problem(f"line {line}", what) for line, what in sorted(problems))
    keys = sorted(cells)
    return pd.DataFrame({
        "unique_id": pd.Series([name for name, _ in keys], dtype=object),
        "ds": pd.to_datetime([f"{month_label(month)}-01" for _, month in keys], format="%Y-%m-%d"),
        "y": [cells[key][1] for key in keys],
    })  # fmt: skip


def read_weights(path: Path) -> dict[str, np.ndarray]:
    """Read base weights from a CSV file with the columns indicator, month (1-12) and weight.

    Args:
        path: UTF-8 or GB 18030, comma-separated, with a header. Twelve rows an indicator; positive weights, any scale.

    Returns:
        Indicator -> weights of the twelve months, (12,).

    Raises:
        InputError: The file cannot be read as CSV; a column is missing or unknown; a month or a weight is wrong,
            given twice, or missing.
    """
    table = read_table(path)
    head = column_problems(table.frame.columns, WEIGHTS)
    if table.frame.empty:
        head.append(Problem("", "no rows: twelve weights an indicator are needed"))
    if head:
        raise InputError(table.name, head)
    problems: list[Problem] = []
    weights: dict[str, np.ndarray] = {}
    for line, name, month, text in zip(table.lines, *(table.frame[column] for column in WEIGHTS), strict=True):
        where = f"line {line}"
        share = weights.setdefault(name.strip(), np.full(12, np.nan))
        value = _value(text.strip())
        if month.strip() not in _MONTHS:
            problems.append(Problem(where, f"month {month!r} is not a number from 1 to 12"))
        elif value is None or value <= 0:
            problems.append(Problem(where, f"weight {text!r} is not a positive number"))
        elif np.isfinite(share[int(month) - 1]):
            problems.append(Problem(where, f"a second weight of {name.strip()} for month {month.strip()}"))
        else:
            share[int(month) - 1] = value
    if not problems and not table.malformed:
        problems = [
            Problem("", f"{name}: {int(np.isnan(share).sum())} of the twelve months have no weight")
            for name, share in weights.items()
            if np.isnan(share).any()
        ]
    table.refuse(problems)
    return weights


def _tidied(frame: pd.DataFrame) -> pd.DataFrame:
    """Figures without what spreadsheets add, as they are imported; few rows have anything."""
    columns = ["period", "value", "unit"]
    if not set(columns) <= set(frame):
        return frame
    odd = frame["value"].str.contains(f"[,%{MINUS}]") | (frame["period"].str.len() > len("2024-03"))
    rows = [tidy({name: text.strip() for name, text in zip(columns, cells, strict=True)})
            for cells in frame.loc[odd, columns].itertuples(index=False)]  # fmt: skip
    out = frame.copy()
    for name in columns:
        out.loc[odd, name] = [row[name] for row in rows]
    return out


def _month(text: str) -> int | None:
    date = _DATE.fullmatch(text)
    if date is None or int(date[1]) not in _YEARS:
        return None
    try:
        datetime.date(int(date[1]), int(date[2]), int(date[3] or 1))
    except ValueError:
        return None
    return month_index(text[:7])


def _value(text: str) -> float | None:
    text = text.replace(MINUS, "-")
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    return value if math.isfinite(value) else None


def _wanted(text: str) -> str:
    """What a text should be instead: of a number written in another way, how it is written."""
    digits = re.search(r"\d", text) and not _NUMBER.fullmatch(text.strip())
    return "a number like -1234.5" if digits else "a finite number"


def _gaps(lines: dict[tuple[str, int], int]) -> list[tuple[int, str]]:
    months: dict[str, list[int]] = {}
    for name, month in sorted(lines):
        months.setdefault(name, []).append(month)
    problems = []
    for name, present in months.items():
        no_january = all(month % 12 for month in present)
        for before, after in itertools.pairwise(present):
            absent = [month for month in range(before + 1, after) if month % 12 or not no_january]
            if absent:
                span = " to ".join(month_label(month) for month in dict.fromkeys((absent[0], absent[-1])))
                what = f"{name} has no value for {span}; give every month, or start the series after the gap"
                problems.append((lines[name, after], what))
    return problems

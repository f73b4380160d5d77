"""Numbers as the page carries them: rounded to what can be drawn, or told once more rounded without an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from forecasting.catalog import ZONE

__all__ = ["Lists", "columns", "decimals", "digits", "shares", "split", "spoken", "texts"]

Lists = dict[str, list[Any]]
"""A data set by column."""


def decimals(values: Any, places: int) -> list[Any]:
    """Rounded to decimal places; None where there is no number.

    >>> decimals([1.26, float("nan"), 3.0], 1)
    [1.3, None, 3]
    """
    return _plain(np.round(np.asarray(values, dtype=np.float64), places))


def digits(values: Any, places: int = 8) -> list[Any]:
    """Rounded to significant digits, by default as the tables are: what the page rounds has not been rounded before.

    >>> digits([123456.0, 0.00123456, 0.0], 5)
    [123460, 0.0012346, 0]
    """
    array = np.asarray(values, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.floor(np.log10(np.abs(array)))
    cut = np.where(np.isfinite(power), power, 0) - (places - 1)
    # powers of ten above one are exact, those below are not
    fine, coarse = 10.0 ** np.maximum(-cut, 0), 10.0 ** np.maximum(cut, 0)
    return _plain(np.where(cut > 0, np.round(array / coarse) * coarse, np.round(array * fine) / fine))


def shares(values: Any) -> list[Any]:
    """Shares and probabilities."""
    return decimals(values, 6)


def percent(share: float) -> str:
    """Whole percent; what is nearly impossible or certain is not said to be so.

    >>> percent(0.001), percent(0.5), percent(0.997), percent(1.0)
    ('<1 %', '50 %', '>99 %', '100 %')
    """
    if 0 < share < 0.005:
        return "<1 %"
    return ">99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def spoken(value: float, places: int) -> str:
    """A number to significant digits as the page says it: with commas, without an exponent.

    >>> spoken(1234.5, 3), spoken(-0.0732, 2), spoken(150.0, 4)
    ('1,230', '−0.073', '150')
    """
    return f"{Decimal(f'{value:z.{places}g}'):,f}".replace("-", "\u2212")


def texts(values: Iterable[Any]) -> list[str]:
    """Texts, "" where there is none; days as YYYY-MM-DD, of a time that of its day in China."""
    return [
        "" if pd.isna(value) else _day(value) if isinstance(value, pd.Timestamp) else str(value) for value in values
    ]


def _day(value: pd.Timestamp) -> str:
    return (value if value.tzinfo is None else value.tz_convert(ZONE)).date().isoformat()


def columns(
    frame: pd.DataFrame, text: Iterable[str], number: Iterable[str], figures: Iterable[str] = (), places: int = 3
) -> Lists:
    """Columns of a frame: texts as they are, numbers rounded to decimal places, figures of any unit to eight digits."""
    return {
        **{name: texts(frame[name]) for name in text},
        **{name: decimals(frame[name].to_numpy(dtype=np.float64, na_value=np.nan), places) for name in number},
        **{name: digits(frame[name]) for name in figures},
    }


def split(keys: Sequence[Any], lists: Mapping[str, list[Any]]) -> Iterator[tuple[Any, Lists]]:
    """The rows of each key; equal keys lie together.

    >>> list(split(["a", "a", "b"], {"x": [1, 2, 3]}))
    [('a', {'x': [1, 2]}), ('b', {'x': [3]})]
    """
    start = 0
    for end in range(1, len(keys) + 1):
        if end == len(keys) or keys[end] != keys[start]:
            yield keys[start], {name: values[start:end] for name, values in lists.items()}
            start = end


def _plain(array: np.ndarray[Any, Any]) -> list[Any]:
    whole = array == np.trunc(array)
    return [
        None if value != value else int(value) if integral else value  # only NaN differs from itself
        for value, integral in zip(array.tolist(), whole.tolist(), strict=True)
    ]

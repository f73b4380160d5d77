"""The monthly series and the forecasts as SDMX-CSV 2.0, and the structure message by which they are read.

An observation is a rate or a level of an indicator in a month, of a forecast the median; its uncertainty, status and
unit are its attributes. A dot in the name of an indicator, which SDMX does not allow in an identifier, is @ here.

Source: the SDMX-CSV field guide, github.com/sdmx-twg/sdmx-csv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat

from forecasting.publishing._dictionary import SCHEMA_VERSION
from forecasting.publishing._render import csv_lines, guarded, unguarded
from forecasting.publishing._structure import AGENCY, FORECASTS, MONTHLY, structure_message
from forecasting.publishing._units import INDEX, level_units

__all__ = ["sdmx_files"]

_Text = Mapping[str, Mapping[str, Sequence[str]]]


def sdmx_files(text: _Text, *, run_id: str, as_of: str) -> dict[str, bytes]:
    """The files of the folder ``sdmx``, by their path in the release.

    Args:
        text: Cells of the tables indicators, observations, monthly and forecasts, as in their CSV files.
        run_id: Name of the release.
        as_of: Its day, YYYY-MM-DD.

    Returns:
        ``structure.xml``, ``monthly.csv`` and ``forecasts.csv``. Values are those of the CSV tables to the digit; a
        text keeps its guarding apostrophe.
    """
    known = text["indicators"]
    names = zip(_codes(known["indicator"]), known["title_en"], known["title_zh"], strict=True)
    indicators = {code: (unguarded(english), unguarded(chinese)) for code, english, chinese in names}
    return {
        "sdmx/structure.xml": structure_message(indicators, run_id=run_id, as_of=as_of),
        "sdmx/monthly.csv": _monthly(text),
        "sdmx/forecasts.csv": _forecasts(text),
    }


def _monthly(text: _Text) -> bytes:
    table = text["monthly"]
    rows, blank = len(table["indicator"]), [""] * len(table["indicator"])
    level = _units(text, table["indicator"])
    both = {"MONTHS", "FLAG"}
    return _data(
        "MONTHLY",
        {
            "INDICATOR": [*_codes(table["indicator"]), *_codes(table["indicator"])],
            "MEASURE": [*repeat("LEVEL", rows), *repeat("YOY", rows)],
            "TIME_PERIOD": [*table["month"], *table["month"]],
            "OBS_VALUE": [*table["level"], *table["yoy"]],
            "OBS_STATUS": [*table["status"], *table["status"]],
            "UNIT_MEASURE": [*level, *repeat("percent", rows)],
        }
        | {name: [*(table[of] if name in both else blank), *table[of]] for name, of in MONTHLY.items()},
    )


def _forecasts(text: _Text) -> bytes:
    table = text["forecasts"]
    units = zip(table["target"], _units(text, table["indicator"]), strict=True)
    return _data(
        "FORECASTS",
        {
            "INDICATOR": _codes(table["indicator"]),
            "MEASURE": [target.upper() for target in table["target"]],
            "ORIGIN": table["origin"],
            "MODEL": table["model"],
            "TIME_PERIOD": table["month"],
            "OBS_VALUE": table["q50"],
            "OBS_STATUS": table["status"],
            "UNIT_MEASURE": [unit if target == "level" else "percent" for target, unit in units],
        }
        | {name: table[of] for name, of in FORECASTS.items()},
    )


def _data(flow: str, columns: Mapping[str, Sequence[str]]) -> bytes:
    rows = len(columns["INDICATOR"])
    head = {"STRUCTURE": "dataflow", "STRUCTURE_ID": f"{AGENCY}:{flow}({SCHEMA_VERSION})", "ACTION": "I", "FREQ": "M"}
    return csv_lines({**{name: [value] * rows for name, value in head.items()}, **columns})


def _codes(names: Sequence[str]) -> list[str]:
    return [name.replace(".", "@") for name in names]


def _units(text: _Text, indicators: Sequence[str]) -> list[str]:
    units = level_units(text["observations"])
    return [guarded(units.get(name, INDEX)) for name in indicators]

"""The monthly series and the forecasts as SDMX-CSV 2.0, and the structure message by which they are read.

An observation is a rate or a level of an indicator in a month, of a forecast the median; its uncertainty, status and
unit are its attributes. A dot in the name of an indicator, which SDMX does not allow in an identifier, is @ here.

Source: the SDMX-CSV field guide, github.com/sdmx-twg/sdmx-csv.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import Self

from forecasting.publishing._dictionary import SCHEMA_VERSION
from forecasting.publishing._render import csv_lines, guarded, unguarded
from forecasting.publishing._staging import BLOCK, Sink, Staging
from forecasting.publishing._structure import AGENCY, FORECASTS, MONTHLY, structure_message
from forecasting.publishing._units import INDEX

__all__ = ["SdmxFiles"]

_Columns = Mapping[str, Sequence[str]]


class SdmxFiles:
    """The files of the folder ``sdmx``: ``structure.xml``, ``monthly.csv`` and ``forecasts.csv``.

    Values are those of the CSV tables to the digit; a text keeps its guarding apostrophe.

    Args:
        staging: Where they go.
        run_id: Name of the release.
        as_of: Its day, YYYY-MM-DD.
        units: Indicator -> unit of its published levels; known in whole before the first row of monthly comes.
    """

    def __init__(self, staging: Staging, *, run_id: str, as_of: str, units: Mapping[str, str]) -> None:
        self._staging, self._run_id, self._as_of, self._units = staging, run_id, as_of, units
        self._indicators: dict[str, tuple[str, str]] = {}
        self._open = ExitStack()
        self._monthly = self._open.enter_context(staging.open("sdmx/monthly.csv"))
        self._forecasts = self._open.enter_context(staging.open("sdmx/forecasts.csv"))
        self._rates = self._open.enter_context(TemporaryFile())  # noqa: SIM115 - of monthly; they stand below the levels
        self._begun: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def add(self, name: str, text: _Columns) -> None:
        """Take the next rows of a table, cells as in its CSV file."""
        if name == "indicators":
            names = zip(_codes(text["indicator"]), text["title_en"], text["title_zh"], strict=True)
            self._indicators |= {code: (unguarded(english), unguarded(chinese)) for code, english, chinese in names}
        elif name == "monthly":
            self._add_monthly(text)
        elif name == "forecasts":
            self._add_forecasts(text)

    def finish(self) -> None:
        """Write what could not be written before the last row."""
        self._rates.seek(0)
        while block := self._rates.read(BLOCK):
            self._monthly.write(block)
        self._open.close()
        structure = structure_message(self._indicators, run_id=self._run_id, as_of=self._as_of)
        self._staging.write("sdmx/structure.xml", structure)

    def _add_monthly(self, table: _Columns) -> None:
        size = len(table["indicator"])
        both = {"MONTHS", "FLAG"}
        for sink, measure, of, units in (
            (self._monthly, "LEVEL", "level", self._units_of(table["indicator"])),
            (self._rates, "YOY", "yoy", ["percent"] * size),
        ):
            columns = {
                "INDICATOR": _codes(table["indicator"]),
                "MEASURE": [measure] * size,
                "TIME_PERIOD": table["month"],
                "OBS_VALUE": table[of],
                "OBS_STATUS": table["status"],
                "UNIT_MEASURE": units,
            } | {
                name: table[source] if measure == "YOY" or name in both else [""] * size
                for name, source in MONTHLY.items()
            }
            self._write(sink, "MONTHLY", columns, header=measure == "LEVEL" and "MONTHLY" not in self._begun)
        self._begun.add("MONTHLY")

    def _add_forecasts(self, table: _Columns) -> None:
        units = zip(table["target"], self._units_of(table["indicator"]), strict=True)
        columns = {
            "INDICATOR": _codes(table["indicator"]),
            "MEASURE": [target.upper() for target in table["target"]],
            "ORIGIN": table["origin"],
            "MODEL": table["model"],
            "TIME_PERIOD": table["month"],
            "OBS_VALUE": table["q50"],
            "OBS_STATUS": table["status"],
            "UNIT_MEASURE": [unit if target == "level" else "percent" for target, unit in units],
        } | {name: table[of] for name, of in FORECASTS.items()}
        self._write(self._forecasts, "FORECASTS", columns, header="FORECASTS" not in self._begun)
        self._begun.add("FORECASTS")

    def _write(self, sink: Sink, flow: str, columns: _Columns, *, header: bool) -> None:
        size = len(columns["INDICATOR"])
        head = {
            "STRUCTURE": "dataflow",
            "STRUCTURE_ID": f"{AGENCY}:{flow}({SCHEMA_VERSION})",
            "ACTION": "I",
            "FREQ": "M",
        }
        sink.write(csv_lines({**{name: [value] * size for name, value in head.items()}, **columns}, header=header))

    def _units_of(self, indicators: Sequence[str]) -> list[str]:
        return [guarded(self._units.get(name, INDEX)) for name in indicators]


def _codes(names: Sequence[str]) -> list[str]:
    return [name.replace(".", "@") for name in names]

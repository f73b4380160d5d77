"""Where an indicator's figures come from, connector by connector, and how other people's tables are read."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from forecasting.observations import MEASURES, RATES

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Measure = Literal["ytd_yoy", "month_yoy", "ytd_level", "month_level"]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Factor = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=100)]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,6})?$")]

_TARGETS = ("period", "value", "indicator", "measure", "unit", "decimals", "status", "released_at", "source", "note")
_DIRECTIVES = {"%Y": r"(?P<year>\d{4})", "%y": r"(?P<short>\d{2})", "%m": r"(?P<month>\d{1,2})", "%d": r"\d{1,2}",
               "%%": "%"}  # fmt: skip


class Frozen(BaseModel):
    """Base of everything in a catalogue: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Series(Frozen):
    """What all connectors want to know of a series.

    Attributes:
        measure: What the series is in our terms.
        unit: The source's own wording of a level's unit; a reply with another one is refused.
        factor: What a level is multiplied by to be in the catalogue's unit.
        first: First month to ask for.
        last: Last month to ask for, of a history that goes on under another code.
    """

    measure: Measure
    unit: Text | None = None
    factor: Factor = 1.0
    first: Month | None = None
    last: Month | None = None

    @model_validator(mode="after")
    def _level_has_a_unit(self) -> Series:
        if self.measure in RATES and (self.unit is not None or self.factor != 1):
            raise ValueError("rates are in percent; unit and factor are for levels")
        if self.measure not in RATES and self.unit is None:
            raise ValueError("a level needs unit, the source's own wording, so that a change of it is noticed")
        if self.first is not None and self.last is not None and self.first > self.last:
            raise ValueError(f"first {self.first} is after last {self.last}; exchange them")
        return self


class NbsSeries(Series):
    """A series of the National Bureau of Statistics' data library; several of them are one history.

    Attributes:
        cid: Id of the catalogue leaf.
        path: Instead of ``cid``, which change: the leaf's titles from the root, joined by ``/``.
        indicator: Id of the indicator in the leaf.
        name: Instead of ``indicator``: its name there, without unit.
        region: Twelve-digit code; the nation by default.
    """

    cid: Text | None = None
    path: Text | None = None
    indicator: Text | None = None
    name: Text | None = None
    region: Annotated[str, StringConstraints(pattern=r"^\d{12}$")] = "000000000000"

    @model_validator(mode="after")
    def _one_of_each(self) -> NbsSeries:
        if (self.cid is None) == (self.path is None) or (self.indicator is None) == (self.name is None):
            raise ValueError("give cid or path, and indicator or name")
        return self


class NbsLegacySeries(Series):
    """A series of the bureau's former easyquery service.

    Attributes:
        code: Code of the series, or of its parent where only one of its leaves can be meant by the measure.
        dbcode: Database.
        region: Six-digit code, in the databases of provinces and cities.
    """

    code: Text
    dbcode: Literal["hgyd", "hgjd", "hgnd", "fsyd", "fsjd", "fsnd", "csyd", "csjd", "csnd"] = "hgyd"
    region: Annotated[str, StringConstraints(pattern=r"^\d{6}$")] | None = None


class SdmxSeries(Series):
    """A series of an SDMX web service.

    Attributes:
        agency: The service, by its name in sdmx1 (OECD, IMF, ECB, ESTAT...) or in the settings.
        unit: Of a level: its UNIT_MEASURE and UNIT_MULT where the service gives them (``USD 10^6``, ``10^6``).
        flow: Dataflow.
        key: Series key, one value a dimension, joined by dots.
    """

    agency: Text
    flow: Text
    key: Text


class BulletinSeries(Frozen):
    """What bulletins say of an indicator, whatever its measure and unit.

    Attributes:
        name: The indicator as the bulletin reader gives it (`cumulus read-bulletin` prints it), which may have signs
            of Chinese where no table knows it (baotou_蒙古刀_output).
        region: The region of the figures; the indicator's own by default.
    """

    name: Annotated[str, StringConstraints(pattern=r"^\w[\w.+/·-]*$", max_length=100)]
    region: Region | None = None


class SourceMapping(Frozen):
    """Where an indicator's figures come from.

    Attributes:
        connector: Its usual source: ``reference`` for the embedded tables, ``file`` for files a user brings,
            else another source, of which the series are given below.
        series: Name of the series in the embedded tables.
        nbs: In the data library of the National Bureau of Statistics.
        nbs_legacy: In its former service.
        sdmx: In SDMX web services.
        bulletin: In bulletins of the drop folder.
    """

    connector: Literal["reference", "file", "nbs", "nbs_legacy", "sdmx", "bulletin"]
    series: Text | None = None
    nbs: tuple[NbsSeries, ...] = ()
    nbs_legacy: tuple[NbsLegacySeries, ...] = ()
    sdmx: tuple[SdmxSeries, ...] = ()
    bulletin: tuple[BulletinSeries, ...] = ()

    @model_validator(mode="after")
    def _connector_has_its_series(self) -> SourceMapping:
        if self.connector == "reference" and self.series is None:
            raise ValueError("connector reference needs series")
        if self.connector not in ("reference", "file") and not getattr(self, self.connector):
            raise ValueError(f"connector {self.connector} needs at least one series: {self.connector} = [{{ … }}]")
        return self


class ValueColumn(Frozen):
    """A column of values in a wide table, and the figure its cells are."""

    column: Text
    indicator: Text
    measure: Measure
    unit: Text = "percent"

    @model_validator(mode="after")
    def _unit_fits(self) -> ValueColumn:
        if (self.measure in RATES) != (self.unit == "percent"):
            what = f"{self.measure} of column {self.column!r} in {self.unit!r}"
            raise ValueError(f"{what}; rates are in percent, a level names its unit")
        return self


class ColumnMapping(Frozen):
    """How another table becomes one of observations.

    Attributes:
        files: Names of the files it is for, with ``*`` and ``?``; empty where it is given by hand.
        sheet: Sheet of a workbook; the first by default.
        skip: Lines above the header.
        columns: Our column -> their column.
        constants: Our column -> what it says in every row.
        wide: Columns of values, for a table with a column an indicator.
        across: Column that names the rows of a table with a column a month; `wide` names its rows, not columns.
        translate: Our column -> their word -> our word.
        period_format: How they write a month, with ``%Y``, ``%m`` and text around: ``%Y年%m月``.
    """

    files: Text | None = None
    sheet: Text | None = None
    skip: int = Field(default=0, strict=True, ge=0, le=100)
    columns: dict[str, Text] = Field(default_factory=dict)
    constants: dict[str, Text] = Field(default_factory=dict)
    wide: tuple[ValueColumn, ...] = ()
    across: Text | None = None
    translate: dict[str, dict[str, str]] = Field(default_factory=dict)
    period_format: Text = "%Y-%m"

    @model_validator(mode="after")
    def _makes_observations(self) -> ColumnMapping:
        given = [*self.columns, *self.constants]
        strange = sorted({*given, *self.translate} - set(_TARGETS))
        if strange:
            raise ValueError(f"{', '.join(strange)} is no column of ours; use {', '.join(_TARGETS)}")
        twice = sorted({name for name in given if given.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is given both as a column and as a constant")
        if self.across and not self.wide:
            raise ValueError("across needs wide, which says what each row is")
        named = ["indicator", "measure", "value", "unit"]
        needed = [] if self.across else ["period"] if self.wide else [*named, "period"]
        missing = [name for name in needed if name not in given]
        if missing:
            raise ValueError(f"{', '.join(missing)} is missing; give a column or a constant for it")
        clash = [name for name in named if name in given]
        if self.wide and clash:
            raise ValueError(f"{', '.join(clash)} and wide exclude each other; wide names it column by column")
        if self.across and "period" in given:
            raise ValueError("period and across exclude each other; the columns of such a table are its months")
        measures = {*self.translate.get("measure", {}).values()}
        if "measure" in self.constants and "measure" not in self.translate:
            measures.add(self.constants["measure"])
        wrong = sorted(measures - set(MEASURES))
        if wrong:
            raise ValueError(f"measure {', '.join(wrong)} is unknown; use one of {', '.join(MEASURES)}")
        self.period_pattern()
        return self

    def header(self) -> list[str]:
        """Their columns that have to be there."""
        across = [self.across] if self.across else [value.column for value in self.wide]
        return [*dict.fromkeys([*self.columns.values(), *across])]

    def period_pattern(self) -> re.Pattern[str]:
        """The period format as a pattern with the groups year (or short) and month."""
        parts = re.split(r"(%.)", self.period_format)
        unknown = [part for part in parts if part.startswith("%") and part not in _DIRECTIVES]
        if unknown or "%m" not in parts or ("%Y" in parts) == ("%y" in parts) or parts.count("%m") > 1:
            raise ValueError(
                f"period_format {self.period_format!r} needs %Y (or %y) and %m once; %d may stand there too"
            )
        return re.compile("".join(_DIRECTIVES.get(part) or re.escape(part) for part in parts), re.ASCII)

"""What is followed: the indicators, their places in the whole, their sources and their release rules."""

from forecasting.catalog._calendar import ZONE, Calendar, load_calendar
from forecasting.catalog._catalog import Catalog
from forecasting.catalog._indicator import Indicator, Release
from forecasting.catalog._load import load_catalog, load_mapping
from forecasting.catalog._mapping import (
    BulletinSeries,
    ColumnMapping,
    NbsLegacySeries,
    NbsSeries,
    SdmxSeries,
    Series,
    SourceMapping,
    ValueColumn,
)

__all__ = [
    "ZONE",
    "BulletinSeries",
    "Calendar",
    "Catalog",
    "ColumnMapping",
    "Indicator",
    "NbsLegacySeries",
    "NbsSeries",
    "Release",
    "SdmxSeries",
    "Series",
    "SourceMapping",
    "ValueColumn",
    "load_calendar",
    "load_catalog",
    "load_mapping",
]

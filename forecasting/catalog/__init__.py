"""What is followed: the indicators, their places in the whole, their sources and their release rules."""

from forecasting.catalog._catalog import Catalog
from forecasting.catalog._indicator import Indicator, Release, SourceMapping
from forecasting.catalog._load import load_catalog

__all__ = ["Catalog", "Indicator", "Release", "SourceMapping", "load_catalog"]

"""The report that people read: a page in two languages, and pictures for slides and mail, out of a release's tables."""

from forecasting.report._numbers import percent
from forecasting.report._report import Report

__all__ = ["Report", "percent"]

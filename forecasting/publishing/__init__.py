"""Publishing: the release that people and dashboards read.

A release is a folder of CSV tables with a dictionary beside them, and the same tables in other forms. It is put in
place in one step and never changes afterwards; `latest` points to the newest one. A reader that takes several tables
resolves `latest` once and reads them from the folder it found, as `read_release` does.
"""

from forecasting.publishing._dictionary import SCHEMA_VERSION, TABLES, empty_tables
from forecasting.publishing._diff import diff_releases
from forecasting.publishing._diff_text import diff_lines
from forecasting.publishing._draft import draft_release
from forecasting.publishing._exports import EXPORTS
from forecasting.publishing._release import altered, publish, put_forward, read_release
from forecasting.publishing._render import csv_bytes, csv_pieces
from forecasting.publishing._retention import prune
from forecasting.publishing._shelf import find_release, previous_release, provenance, shelf

__all__ = [
    "EXPORTS",
    "SCHEMA_VERSION",
    "TABLES",
    "altered",
    "csv_bytes",
    "csv_pieces",
    "diff_lines",
    "diff_releases",
    "draft_release",
    "empty_tables",
    "find_release",
    "previous_release",
    "provenance",
    "prune",
    "publish",
    "put_forward",
    "read_release",
    "shelf",
]

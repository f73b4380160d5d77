"""The report of a release: pictures first, since the night's record holds them, then the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pandas as pd

from forecasting.publishing import TABLES, empty_tables
from forecasting.report._material import Material
from forecasting.report._page import page_files
from forecasting.report._pictures import picture_files

__all__ = ["Report"]


class Report:
    """Page and pictures out of the tables of a release; the same tables give the same bytes.

    Args:
        tables: Tables of the dictionary with the columns that their producers deliver. One that is empty, or is not
            there, gives a sentence in its view and no picture.
        run_id: Name of the release.
        as_of: Day (YYYY-MM-DD) up to which figures were known.
        titles: What names in the tables are called instead, in either language: the scenarios and uses of an
            assumption file of one's own (`forecasting.projection.own_titles`).
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        *,
        run_id: str,
        as_of: str,
        titles: Mapping[str, str] | None = None,
    ) -> None:
        self._tables = empty_tables(TABLES) | dict(tables)
        self._run_id, self._as_of, self._titles = run_id, as_of, titles

    @cached_property
    def _material(self) -> Material:
        return Material.of(self._tables, self._titles)

    def pictures(self) -> dict[str, bytes]:
        """PNG and SVG of the main charts by their path in the release, in English."""
        return picture_files(self._material, self._run_id, self._as_of)

    def page(self, provenance: Mapping[str, Any], beside: Sequence[str]) -> dict[str, bytes]:
        """``index.html`` and, where the indicators are many, ``pieces/…js`` with their details.

        Args:
            provenance: What the release was made from, as its provenance.json has it, without what differs from home
                to home.
            beside: Paths of the other files of the release, to which the page links.
        """
        return page_files(self._material, provenance, beside, run_id=self._run_id, as_of=self._as_of)

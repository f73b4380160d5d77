"""The embedded reference table as a source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO, TextIOWrapper

import pandas as pd

from forecasting.catalog import Catalog
from forecasting.errors import InputError, Problem, SourceError, suggestion
from forecasting.payloads import Payload
from forecasting.reference import observations_bytes
from forecasting.sources._columns import read_records
from forecasting.sources._source import Reading
from forecasting.sources._table import scan_csv

ADDRESS = "package:forecasting.reference/observations.csv"


class EmbeddedReference:
    """The figures that come with the package, for the indicators with connector ``reference``.

    Where the table gives no release date, a figure counts as released by the calendar and rule of the catalogue.
    What an ``as_of`` question then answers is a pseudo-real-time vintage: the figures as known today, cut off
    where they would usually have been out, without the revisions that came between.
    """

    name = "reference"

    def fetch(self, catalog: Catalog, moment: datetime) -> Iterator[list[Payload] | SourceError]:
        """The table, where an indicator of the catalogue wants it."""
        if any(item.source.connector == self.name for item in catalog):
            yield [Payload(self.name, ADDRESS, moment, observations_bytes())]

    def read(self, payload: Payload, catalog: Catalog) -> Reading:
        """The figures of the catalogue's indicators, under its ids and families.

        Raises:
            InputError: The table has no figures of a series.
        """
        with TextIOWrapper(BytesIO(payload.body), "utf-8", newline="") as text:
            table = read_records(scan_csv(text), payload.address, None, wide=False).rows
        groups = {str(series): rows for series, rows in table.groupby("indicator", sort=True)}
        wanted = [item for item in catalog if item.source.connector == self.name]
        problems = []
        for item in wanted:
            if item.source.series not in groups:
                series = str(item.source.series)
                what = (
                    f'no figures of series {series!r} (your own need connector = "file"); {suggestion(series, groups)}'
                )
                problems.append(Problem(f"indicator {item.id}", what))
        if problems:
            raise InputError("reference observations", problems)
        parts = [groups[str(item.source.series)].assign(indicator=item.id, family=item.family) for item in wanted]
        return Reading(pd.concat(parts, ignore_index=True), retold=True)

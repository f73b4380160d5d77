"""The embedded reference table as a source."""

from __future__ import annotations

import difflib

import pandas as pd

from forecasting.catalog import Catalog, Indicator
from forecasting.errors import InputError, Problem
from forecasting.observations import RATES, check_observations
from forecasting.reference import load_observations


class EmbeddedReference:
    """The figures that come with the package, for the indicators with connector ``reference``.

    Where the table gives no release date, ``released_at`` follows the usual release rule of the catalogue.
    What an ``as_of`` question then answers is a pseudo-real-time vintage: the figures as known today, cut off
    where they would usually have been out, without the revisions that came between.
    """

    name = "reference"

    def pull(self, catalog: Catalog) -> pd.DataFrame:
        """The reference observations of the catalogue's indicators, under the catalogue's ids and families.

        Returns:
            A canonical observation frame, empty where no indicator has connector ``reference``.

        Raises:
            InputError: The table has no figures of a series, levels in another unit than the catalogue says,
                or a January figure that by the release rule does not exist.
        """
        table = load_observations()
        wanted = [indicator for indicator in catalog if indicator.source.connector == self.name]
        groups = {str(series): rows for series, rows in table.groupby("indicator", sort=True)}
        problems: list[Problem] = []
        parts = []
        for indicator in wanted:
            series = indicator.source.series
            if series not in groups:
                near = ", ".join(difflib.get_close_matches(series, groups, n=3) or groups)
                what = f'no figures of series {series!r}, only of {near}; your own need connector = "file"'
                problems.append(Problem(f"indicator {indicator.id}", what))
                continue
            rows = groups[series]
            problems += _mismatches(indicator, rows)
            parts.append(rows.assign(indicator=indicator.id, family=indicator.family))
        if problems:
            raise InputError("reference observations", problems)
        if not parts:
            return table.iloc[:0]
        frame = pd.concat(parts, ignore_index=True)
        released_at = {
            (name, period): catalog[name].released_at(period)
            for name, period in set(zip(frame["indicator"], frame["period"], strict=True))
        }
        keys = zip(frame["indicator"], frame["period"], strict=True)
        usual = [released_at[key] for key in keys]
        released = frame["released_at"].fillna(pd.Series(usual, dtype=frame["released_at"].dtype))
        return check_observations(frame.assign(released_at=released), source="reference observations")


def _mismatches(indicator: Indicator, rows: pd.DataFrame) -> list[Problem]:
    where = f"indicator {indicator.id}"
    units = sorted(set(rows["unit"][~rows["measure"].isin(RATES)]) - {indicator.unit})
    problems = [Problem(where, f"levels are in {unit!r}, the catalogue says {indicator.unit!r}") for unit in units]
    strange = [period for period in rows["period"].unique() if not indicator.release.has_figure(period)]
    if strange:
        since = indicator.release.no_january_since
        what = f"{strange[-1]} has a figure, but no_january_since = {since} in the catalogue; correct that year"
        problems.append(Problem(where, what))
    return problems

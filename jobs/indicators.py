"""The table of indicators: what is followed, who forecasts it and when its next figure is due."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from forecasting.catalog import ZONE
from jobs.freshness import freshness

if TYPE_CHECKING:
    import pandas as pd

    from forecasting.catalog import Catalog
    from forecasting.decumulation import Outline
    from jobs.results import Derived, Fitted

__all__ = ["indicator_table"]


def indicator_table(
    catalog: Catalog, day: dt.date, observations: pd.DataFrame, decumulation: Derived, outlook: Fitted
) -> pd.DataFrame:
    """A row an indicator of the catalogue, in its order.

    Args:
        catalog: With its calendar.
        day: Of the night; lateness counts to its end, whatever the hour at which the night runs.
        observations: The figures known.
        decumulation: The months recovered from them.
        outlook: The forecasts made from those.
    """
    import pandas as pd

    moment = dt.datetime.combine(day, dt.time.max, ZONE)
    newest = {str(name): period for name, period in observations.groupby("indicator")["period"].max().items()}
    models = outlook.forecasts.groupby("indicator")["model"].first()
    wholes, outlines = catalog.parts, decumulation.outlines
    rows = []
    for item, one in zip(catalog, freshness(catalog, newest, moment), strict=True):
        rows.append(
            {
                "indicator": item.id,
                "title_en": item.title_en,
                "title_zh": item.title_zh,
                "region": item.region,
                "sector": item.sector,
                "unit": item.unit,
                "decimals": item.decimals,
                "role": item.role,
                "parent": item.parent,
                "whole": item.parent if item.parent in wholes else None,
                "related": item.related,
                "family": item.family,
                "density": _density(outlines.get(item.id)),
                "champion": models.get(item.id),
                "last_period": one.last_period,
                "next_period": one.due_period,
                "next_due": one.due_day,
                "days_late": None if one.due_at is None else one.days_late,
                "publisher": item.publisher,
                "source": item.source.connector,
            }
        )
    return pd.DataFrame(rows).astype({"days_late": "Int64"})


def _density(outline: Outline | None) -> str | None:
    return None if outline is None else "sparse" if outline.sparse else "dense"

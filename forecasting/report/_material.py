"""What the tables of a release give to be shown, computed once for page and pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from forecasting.report._board import board
from forecasting.report._chart import Json
from forecasting.report._details import Details
from forecasting.report._numbers import Lists
from forecasting.report._projection import leading, projection
from forecasting.report._quality import news, quality
from forecasting.report._texts import TEXTS

__all__ = ["Material"]


@dataclass(frozen=True, slots=True)
class Material:
    """Data sets by view.

    Attributes:
        board: A row an indicator.
        details: Everything on the page of each indicator, by its name.
        projection: The projection's views.
        leading: Which series of the projection is shown first, by view, and which scenario.
        quality: Scores, coverage, drift, backtest.
        news: What is new since the release before.
        texts: Text by "group.key", English and Chinese, with the names that are the user's own.
    """

    board: Lists
    details: Details
    projection: Json
    leading: dict[str, str]
    quality: Json
    news: Json
    texts: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame], titles: Mapping[str, str] | None = None) -> Material:
        """Gather it from the tables of a release, with the columns of the dictionary.

        Args:
            tables: The tables.
            titles: What names in them are called instead, in either language.
        """
        ahead, revised = projection(tables), news(tables["revisions"])
        texts = TEXTS | {f"name.{key}": (title, title) for key, title in (titles or {}).items()}
        return cls(board(tables), Details(tables), ahead, leading(ahead), quality(tables), revised, texts)

"""The protocol of a connector."""

from __future__ import annotations

from typing import Protocol

import pandas as pd

from forecasting.catalog import Catalog


class Source(Protocol):
    """A connector: it knows how to pull the figures of those indicators that the catalogue maps to it."""

    @property
    def name(self) -> str:
        """The connector's name in the catalogue's source mappings."""
        ...

    def pull(self, catalog: Catalog) -> pd.DataFrame:
        """The figures of the indicators whose connector is `name`, as a canonical observation frame.

        Raises:
            InputError: The source has no figures for one of them, or figures that cannot be used.
        """
        ...

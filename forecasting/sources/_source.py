"""The protocol of a connector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pandas as pd

from forecasting.catalog import Catalog
from forecasting.errors import SourceError
from forecasting.observations import COLUMNS
from forecasting.payloads import BadRow, Payload

RAW_COLUMNS = (*COLUMNS, "where")


@dataclass(frozen=True)
class Reading:
    """What a payload says, before anything of it is believed.

    Attributes:
        rows: Text columns `RAW_COLUMNS` (those of the observation frame, "" where not given) and ``where``: the
            row's place in the payload, a line number or a text.
        bad: Rows that have not even the form of one.
        notes: What is amiss with the payload as a whole.
        retold: The payload may repeat old figures: values that the store has had are not news.
        rounded: A figure that is known more exactly, and rounds to what is said here, is not news.
        unfollowed: Names of figures that were left out because nothing in the catalogue follows them.
        doubtful: Figures for a person to look at, rows of the review file.
    """

    rows: pd.DataFrame
    bad: list[BadRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    retold: bool = False
    rounded: bool = False
    unfollowed: list[str] = field(default_factory=list)
    doubtful: list[dict[str, str]] = field(default_factory=list)


class Source(Protocol):
    """A connector: it fetches payloads for those indicators that the catalogue maps to it, and reads them."""

    @property
    def name(self) -> str:
        """The connector's name in the settings and in the catalogue's source mappings."""
        ...

    def fetch(self, catalog: Catalog, moment: datetime) -> Iterator[list[Payload] | SourceError]:
        """Payloads that are to be read together, or why some could not be had; the rest goes on.

        A payload is kept in the raw archive before the iterator is asked for the next.

        Raises:
            InputError: The catalogue maps something to this source that it has not, or its folder cannot be read.
        """
        ...

    def read(self, payload: Payload, catalog: Catalog) -> Reading:
        """What a payload says. Depends on nothing but its arguments, so that the archive can be read again.

        Raises:
            SourceError: A reply without figures: an error, a page, something that is not understood.
            InputError: A file that cannot be read as what its name says.
        """
        ...


def raw_frame(rows: list[dict[str, str]]) -> pd.DataFrame:
    """Rows as a frame of text with the columns of a `Reading`."""
    frame = pd.DataFrame(rows, columns=list(RAW_COLUMNS), dtype=object)
    return frame.fillna("")

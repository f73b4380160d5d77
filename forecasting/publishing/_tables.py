"""The tables of a release as files: CSV some rows at a time, and from the same cells the other forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import pandas as pd

from forecasting.publishing._dictionary import SCHEMA_VERSION, TABLES, Table
from forecasting.publishing._exports import Exports
from forecasting.publishing._keys import Keys
from forecasting.publishing._render import cells, render_csv, slices
from forecasting.publishing._staging import Staging

__all__ = ["write_tables"]


def write_tables(staging: Staging, tables: Mapping[str, pd.DataFrame], *, run_id: str, as_of: str) -> None:
    """Write every table of the dictionary and the files of `Exports`.

    Args:
        staging: Where they go.
        tables: With the columns ``TABLES[name].own``.
        run_id: Name of the release.
        as_of: Its day, YYYY-MM-DD.

    Raises:
        PublishError: A table that differs from the dictionary in columns, type, code, key or foreign key.
    """
    common = {"run_id": run_id, "as_of": as_of, "schema_version": SCHEMA_VERSION}
    keys = Keys()
    with Exports(staging, run_id=run_id, as_of=as_of) as exports:
        for name, table in TABLES.items():
            with staging.open(f"{name}.csv") as file:
                for number, text in enumerate(slices(tables[name], table)):
                    keys.add(table, text)
                    exports.add(name, text)
                    rows = len(text[table.own[0]])
                    same = {key: [value] * rows for key, value in common.items()}
                    file.write(render_csv(text | same, table, header=number == 0))
        keys.check({name: partial(_rows, tables[name], table) for name, table in TABLES.items()})
        exports.finish()


def _rows(frame: pd.DataFrame, table: Table, rows: Sequence[int]) -> Mapping[str, list[str]]:
    """The cells of some rows of a table."""
    return cells(frame.iloc[list(rows)], table, keyed=False)

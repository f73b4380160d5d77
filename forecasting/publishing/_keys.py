"""Keys and foreign keys of tables that come in slices: a number a row stands for what its cells say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import numpy as np
import numpy.typing as npt
import pandas as pd

from forecasting.errors import PublishError
from forecasting.publishing._dictionary import TABLES, ForeignKey, Table

__all__ = ["Keys"]

Hashes = npt.NDArray[np.uint64]
Cells = Mapping[str, Sequence[str]]
Rows = Callable[[Sequence[int]], Cells]
"""Gives the cells of some rows of a table, by their place."""


class Keys:
    """The keys of the tables of a release, and what they refer to, as hashes of 64 bits."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, tuple[str, ...]], list[Hashes]] = {}
        self._wanted: dict[tuple[str, int], list[Hashes]] = {}
        self._filled: dict[tuple[str, int], list[npt.NDArray[np.bool_]]] = {}
        self._referred: dict[str, set[tuple[str, ...]]] = {}
        for one in TABLES.values():
            self._referred.setdefault(one.name, set()).add(tuple(one.key))
            for tie in one.foreign_keys:
                self._referred.setdefault(tie.table, set()).add(tuple(tie.reference))

    def add(self, table: Table, text: Cells) -> None:
        """Take note of the next rows of a table."""
        for columns in self._referred[table.name]:
            self._known.setdefault((table.name, columns), []).append(_hashes(text, columns))
        for number, tie in enumerate(table.foreign_keys):
            at = table.name, number
            self._wanted.setdefault(at, []).append(_hashes(text, tie.columns))
            filled = [np.array([cell != "" for cell in text[name]], dtype=bool) for name in tie.columns]
            self._filled.setdefault(at, []).append(np.any(filled, axis=0))

    def check(self, rows: Mapping[str, Rows]) -> None:
        """Refuse a key that is given twice, and a row that refers to none.

        Args:
            rows: Table -> its rows, for what is said of them.

        Raises:
            PublishError: There is one.
        """
        for table in TABLES.values():
            _check_key(table, np.concatenate(self._known[table.name, tuple(table.key)]), rows[table.name])
        for table in TABLES.values():
            for number, tie in enumerate(table.foreign_keys):
                known = np.concatenate(self._known[tie.table, tuple(tie.reference)])
                wanted = np.concatenate(self._wanted[table.name, number])
                filled = np.concatenate(self._filled[table.name, number])
                lost = np.flatnonzero(filled & ~np.isin(wanted, known))
                if len(lost):
                    raise _astray(table, tie, int(lost[0]), rows[table.name])


def _check_key(table: Table, hashes: Hashes, rows: Rows) -> None:
    order = np.argsort(hashes, kind="stable")
    again = hashes[order][1:] == hashes[order][:-1]
    suspects = np.unique(np.concatenate([order[1:][again], order[:-1][again]])).tolist()
    text = rows(suspects)
    seen: dict[tuple[str, ...], int] = {}
    for row, key in zip(suspects, zip(*(text[name] for name in table.key), strict=True), strict=True):
        if (first := seen.setdefault(key, row)) != row:
            raise PublishError(
                f"table {table.name}: key {', '.join(table.key)} is given twice: "
                f"{', '.join(key)} in rows {first + 1} and {row + 1}"
            )


def _astray(table: Table, tie: ForeignKey, row: int, rows: Rows) -> PublishError:
    value = chain.from_iterable(rows([row])[name] for name in tie.columns)
    return PublishError(
        f"table {table.name}, row {row + 1}: {', '.join(tie.columns)} {', '.join(value)} is not in table {tie.table}"
    )


def _hashes(text: Cells, columns: Sequence[str]) -> Hashes:
    frame = pd.DataFrame({name: pd.Series(text[name], dtype=object) for name in columns})
    return np.asarray(pd.util.hash_pandas_object(frame, index=False), dtype=np.uint64)

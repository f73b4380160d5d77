"""The tables of a release, written in all their forms by another process while this one does something else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from forecasting.parallel import aside
from forecasting.publishing._staging import Content, Staging
from forecasting.publishing._tables import write_tables

__all__ = ["DRAFT", "Draft", "draft_release"]

DRAFT = ".draft-"
"""How the folder begins, beside the releases, in which they are written."""

_logger = logging.getLogger(__name__)


class Draft:
    """Tables that are being written for `publish`, which takes them over.

    Whatever goes wrong with it, `publish` does the work again by itself, where it is told. The folder is cleared away
    by the next publication at the latest.

    Attributes:
        folder: Where they are written.
    """

    def __init__(self, folder: Path, result: Callable[[], dict[str, Content]] | None) -> None:
        self.folder, self._result = folder, result

    def take(self) -> dict[str, Content] | None:
        """What lies in the folder, once and for all; None where there is nothing to be had."""
        result, self._result = self._result, None
        if result is None:
            return None
        try:
            return result()
        except Exception as error:
            _logger.debug("the tables are written again: %s: %s", type(error).__name__, error)
            return None


def draft_release(tables: Mapping[str, pd.DataFrame], *, root: Path, run_id: str, as_of: str, workers: int) -> Draft:
    """Begin to write the tables of a release.

    Args:
        tables: See `publish`.
        root: Folder of the releases.
        run_id: Name of the release.
        as_of: Its day, YYYY-MM-DD.
        workers: Processes of this machine; with one alone nothing is begun.
    """
    folder = root / "releases" / f"{DRAFT}{run_id}"
    begun = aside(_write, (folder, dict(tables), run_id, as_of), workers) if workers > 1 else None
    return Draft(folder, begun)


def _write(folder: Path, tables: Mapping[str, pd.DataFrame], run_id: str, as_of: str) -> dict[str, Content]:
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Staging(folder)
    write_tables(staging, tables, run_id=run_id, as_of=as_of)
    return staging.contents

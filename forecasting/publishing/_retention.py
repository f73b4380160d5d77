"""Old releases go, by a rule; what people rely on stays."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from pathlib import Path

from forecasting.errors import PublishError
from forecasting.places import sync
from forecasting.publishing._release import REMOVED, alone
from forecasting.publishing._shelf import Shelved, shelf

__all__ = ["prune"]


def prune(root: Path, *, keep: int, keep_months: int, protect: Collection[str] = ()) -> list[str]:
    """Remove old releases: all but the last ones, the last one of each of the last months, and those protected.

    What `latest` points to always stays. A release is renamed out of sight before its files go, so that a reader finds
    it whole or not at all; files that are open stay readable until they are closed.

    Args:
        root: Folder of the releases.
        keep: How many of the last releases stay.
        keep_months: Of how many months, the last ones that have a release, the last release stays.
        protect: Names of releases that stay in any case.

    Returns:
        Names of the releases that were removed.

    Raises:
        PublishError: A folder that cannot be removed.
    """
    try:
        with alone(root):
            releases = shelf(root)
            last_of_month = {one.as_of[:7]: one.name for one in releases}
            months = sorted(last_of_month)[len(last_of_month) - min(keep_months, len(last_of_month)) :]
            stay = {(root / "latest").resolve().name, *protect, *(one.name for one in releases[-keep:])}
            stay |= {last_of_month[month] for month in months}
            gone = [one for one in releases if one.name not in stay]
            _remove(gone)
    except OSError as error:
        raise PublishError(f"old releases under {root} cannot be removed: {error}; remove them by hand") from error
    return [one.name for one in gone]


def _remove(releases: Sequence[Shelved]) -> None:
    for one in releases:
        hidden = one.folder.with_name(f"{REMOVED}{one.name}")
        one.folder.rename(hidden)
        sync(hidden.parent)
        shutil.rmtree(hidden)

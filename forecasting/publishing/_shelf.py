"""The releases that lie under a root, by day and by name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forecasting.errors import InputError, Problem, PublishError, suggestion

__all__ = ["Shelved", "find_release", "previous_release", "provenance", "shelf"]


@dataclass(frozen=True, slots=True)
class Shelved:
    """A release that lies in its place.

    Attributes:
        name: Of its folder.
        as_of: Its day, YYYY-MM-DD.
        folder: Where it lies.
    """

    name: str
    as_of: str
    folder: Path


def shelf(root: Path) -> list[Shelved]:
    """The releases under a root, by their day and then by the time at which they were put in place.

    A folder without a readable provenance.json is none of them.
    """
    found = []
    for path in (root / "releases").glob("[!.]*/provenance.json"):
        try:
            as_of = str(json.loads(path.read_bytes())["as_of"])
            found.append((as_of, path.parent.stat().st_mtime_ns, path.parent))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return [Shelved(folder.name, as_of, folder) for as_of, _, folder in sorted(found)]


def provenance(folder: Path) -> dict[str, Any]:
    """What a release was made from.

    Raises:
        PublishError: No release there.
    """
    try:
        found: dict[str, Any] = json.loads((folder / "provenance.json").read_bytes())
    except (OSError, ValueError) as error:
        raise PublishError(f"{folder}: no release to read: {error}; publish one or name its folder") from error
    return found


def find_release(root: Path, name: str) -> Path:
    """The folder of a release.

    Args:
        root: Folder of the releases.
        name: Of a release under the root, ``latest``, or the path of a release's folder.

    Raises:
        InputError: There is none; the message suggests the nearest names.
    """
    for folder in (Path(name), root / "releases" / name, root / name):
        if (folder / "datapackage.json").is_file():
            return folder.resolve()
    known = [one.name for one in reversed(shelf(root))]
    what = suggestion(name, known) if known else f"nothing has been published under {root} yet"
    raise InputError("release", [Problem(name, f"is neither a release under {root} nor the folder of one; {what}")])


def previous_release(root: Path, folder: Path) -> Path:
    """The release that another is to be seen against: the one its night was compared with, or the one before it.

    Raises:
        InputError: There is none.
    """
    releases = {one.name: one.folder.resolve() for one in shelf(root)}
    compared = provenance(folder).get("inputs", {}).get("compared_with")
    if compared in releases:
        return releases[compared]
    names = list(releases)
    before = names[: names.index(folder.name)] if folder.name in releases else names
    if not before:
        what = f"no release lies before it under {root}; name the one to compare it with"
        raise InputError("release", [Problem(folder.name, what)])
    return releases[before[-1]]

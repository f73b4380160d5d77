"""Put a release in place in one step, and read one back.

A release is written into a hidden folder beside its final place, flushed to disk, renamed, and only then does
`latest` switch, by renaming a new symbolic link over the old one. Every state in between is one that a reader
may see: the release before, or this one whole.
"""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

import pandas as pd

from forecasting.errors import PublishError
from forecasting.places import sync
from forecasting.publishing._dictionary import SCHEMA_VERSION, TABLES
from forecasting.publishing._draft import DRAFT, Draft
from forecasting.publishing._exports import EXPORTS
from forecasting.publishing._package import describe, to_json
from forecasting.publishing._render import parse_csv, typed
from forecasting.publishing._staging import Content, Staging, content_of
from forecasting.publishing._tables import write_tables

__all__ = ["REMOVED", "alone", "altered", "place", "publish", "put_forward", "read_release"]

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_PARTIAL = ".partial-"
_LINK = ".latest-"
REMOVED = ".removed-"
"""How the folder of a release begins that is being removed."""

_PACKAGE = "datapackage.json"
_PROVENANCE = "provenance.json"


def publish(
    tables: Mapping[str, pd.DataFrame],
    *,
    root: Path,
    run_id: str,
    as_of: str,
    provenance: Mapping[str, Any],
    files: Mapping[str, bytes] = MappingProxyType({}),
    draft: Draft | None = None,
) -> Path:
    """Publish the tables, and the files that go with them, as a release and let `latest` point to it.

    The same release again, to the byte, is left as it is and becomes `latest`. What a crash left behind is
    cleared. Publishers of one root wait for each other.

    Args:
        tables: Every table of `TABLES`, with the columns ``TABLES[name].own``; run_id, as_of and
            schema_version are added here.
        root: Folder of the releases: ``root/releases/<run_id>/`` and the link ``root/latest``.
        run_id: Name of the release: letters, digits and ``. _ -``.
        as_of: Day (YYYY-MM-DD) up to which figures were known.
        provenance: What the release was made from, for provenance.json. It belongs to the release's bytes:
            a time of day in it makes every repetition a different release.
        files: Further files of the release, by their path in it: names of letters, digits and ``. _ -``,
            folders parted by ``/``. Names are unique whatever their case, so that a release can be copied to
            any file system.
        draft: Of these very tables, if another process has begun to write them.

    Returns:
        The folder of the release.

    Raises:
        PublishError: Tables that differ from the dictionary in name, column, type, code or key; a file that
            has no place in the release; a release of this name with other bytes; a folder that cannot be
            written.
    """
    common, origin = _checked(tables, run_id, as_of, provenance, files)
    keep = () if draft is None else (draft.folder,)
    return _placed(lambda staging: _fill(staging, tables, common, origin, files, draft), root, run_id, keep)


def place(files: Mapping[str, bytes], *, root: Path, run_id: str) -> Path:
    """Put the files of a release in place, by their path in it, and let `latest` point to it."""

    def fill(staging: Staging) -> None:
        for name, content in files.items():
            staging.write(name, content)

    return _placed(fill, root, run_id)


def put_forward(root: Path, run_id: str) -> None:
    """Let `latest` point to a release that is in place, where it points to another."""
    target = root / "releases" / run_id
    try:
        if (root / "latest").resolve() != target.resolve():
            with alone(root):
                _switch(root, target)
    except OSError as error:
        raise PublishError(f"latest cannot be made to point to {run_id} under {root}: {error}") from error


def _placed(fill: Callable[[Staging], None], root: Path, run_id: str, keep: Sequence[Path] = ()) -> Path:
    target = root / "releases" / run_id
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with alone(root):
            _clear(root, keep)
            hidden = target.with_name(f"{_PARTIAL}{run_id}")
            try:
                staging = Staging(hidden)
                fill(staging)
                if target.exists():
                    _same(target, staging.contents)
                else:
                    _settle(hidden, target)
            finally:
                shutil.rmtree(hidden, ignore_errors=True)
            _clear(root)
            _switch(root, target)
    except OSError as error:
        raise PublishError(
            f"release {run_id} cannot be put in place under {root}: {error}; the one before stays"
        ) from error
    return target


def read_release(path: Path, only: Sequence[str] = ()) -> dict[str, pd.DataFrame]:
    """Read the tables of a release, typed by the dictionary that lies beside them.

    Args:
        path: Folder of a release, or the link `latest`, which is resolved once so that all tables are of one
            release.
        only: Names of the tables wanted; all by default. One that the release does not have is left out.

    Returns:
        The tables by name. Numbers are float64, integers int64 (Int64 where cells may be empty), booleans
        bool, dates datetime64[ns], times datetime64[ns, UTC], months ``YYYY-MM`` and texts str, "" where
        empty.

    Raises:
        PublishError: No release there, or a file that is not the one the dictionary describes.
    """
    folder = path.resolve()
    try:
        package = json.loads((folder / _PACKAGE).read_bytes())
        out = {}
        for resource in package["resources"]:
            if only and resource["name"] not in only:
                continue
            data = (folder / resource["path"]).read_bytes()
            if not _is_published(Content.of(data), resource):
                raise PublishError(
                    f"{folder / resource['path']}: sha256 differs from datapackage.json; "
                    "the file was changed after publishing, publish the run again under a new name"
                )
            out[resource["name"]] = _frame(parse_csv(data), resource["schema"]["fields"])
    except (OSError, ValueError, KeyError) as error:
        raise PublishError(f"{path}: no release to read: {error}; publish one or name its folder") from error
    return out


def altered(path: Path) -> list[str]:
    """Paths of the files of a release, tables and others, that are missing or not the ones that were published.

    Raises:
        PublishError: No release there.
    """
    try:
        package = json.loads((path / _PACKAGE).read_bytes())
        listed = {entry["path"]: entry for entry in (*package["resources"], *package.get("files", ()))}
    except (OSError, ValueError, KeyError) as error:
        raise PublishError(f"{path}: no release to check: {error}") from error
    return [
        name
        for name, entry in listed.items()
        if not (path / name).is_file() or not _is_published(content_of(path / name), entry)
    ]


def _is_published(content: Content, entry: Mapping[str, Any]) -> bool:
    """Whether a content is the one that the package lists."""
    return bool(entry["hash"] == f"sha256:{content.sha256}")


def _frame(text: Mapping[str, list[str]], fields: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            field["name"]: typed(
                text[field["name"]],
                field["type"],
                required=field.get("constraints", {}).get("required", False),
            )
            for field in fields
        }
    )


def _checked(
    tables: Mapping[str, pd.DataFrame],
    run_id: str,
    as_of: str,
    provenance: Mapping[str, Any],
    files: Mapping[str, bytes],
) -> tuple[dict[str, str], bytes]:
    """What all tables have in common, and provenance.json."""
    if not _RUN_ID.fullmatch(run_id):
        raise PublishError(f"run_id {run_id!r} cannot name a folder; use letters, digits and . _ -")
    try:
        day = dt.date.fromisoformat(as_of).isoformat()
    except ValueError as error:
        raise PublishError(f"as_of {as_of!r} is not a day YYYY-MM-DD") from error
    missing = [name for name in TABLES if name not in tables]
    unknown = [name for name in tables if name not in TABLES]
    if missing or unknown:
        raise PublishError(
            f"tables differ from the dictionary: missing {', '.join(missing) or 'none'}, "
            f"unknown {', '.join(unknown) or 'none'}; expected {', '.join(TABLES)}"
        )
    common = {"run_id": run_id, "as_of": day, "schema_version": SCHEMA_VERSION}
    try:
        origin = to_json({**common, **provenance, **common})
    except (TypeError, ValueError) as error:
        raise PublishError(f"provenance cannot be written as JSON: {error}; give plain numbers and texts") from error
    _check_files(files, taken=[*(f"{name}.csv" for name in TABLES), *EXPORTS, _PACKAGE, _PROVENANCE])
    return common, origin


def _fill(
    staging: Staging,
    tables: Mapping[str, pd.DataFrame],
    common: Mapping[str, str],
    origin: bytes,
    files: Mapping[str, bytes],
    draft: Draft | None,
) -> None:
    """Write the files of a release, or take over what is written already."""
    drafted = draft.take() if draft is not None else None
    if draft is not None and drafted is not None:
        staging.take(draft.folder, drafted)
    else:
        write_tables(staging, tables, run_id=common["run_id"], as_of=common["as_of"])
    for name, content in files.items():
        staging.write(name, content)
    data = {name: staging.contents[f"{name}.csv"] for name in TABLES}
    others = {path: content for path, content in staging.contents.items() if path.removesuffix(".csv") not in TABLES}
    staging.write(_PACKAGE, describe(data, others, run_id=common["run_id"]))
    staging.write(_PROVENANCE, origin)


def _check_files(files: Mapping[str, bytes], taken: Sequence[str]) -> None:
    seen = {name.lower(): name for name in taken}
    for path in files:
        if not _FILE.fullmatch(path):
            raise PublishError(
                f"file {path!r} cannot be put into a release; use letters, digits and . _ -, with / between folders"
            )
        if path.lower() in seen:
            taker = seen[path.lower()]
            raise PublishError(f"file {path!r}: the name is taken by {taker!r}; choose another, whatever its case")
        seen[path.lower()] = path
    for path in files:
        for folder in PurePosixPath(path.lower()).parents:
            if str(folder) in seen:
                raise PublishError(f"file {path!r}: {seen[str(folder)]!r} is a file and cannot be its folder")


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Alone among those who change the releases of a root."""
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file closes, also by a crash
        yield


def _clear(root: Path, keep: Sequence[Path] = ()) -> None:
    for left in root.glob(f"{_LINK}*"):
        left.unlink()
    for kind in (_PARTIAL, DRAFT, REMOVED):
        for left in (root / "releases").glob(f"{kind}*"):
            if left not in keep:
                shutil.rmtree(left)


def _same(target: Path, contents: Mapping[str, Content]) -> None:
    there = {str(file.relative_to(target)): content_of(file) for file in target.rglob("*") if file.is_file()}
    differ = sorted(name for name in {*there, *contents} if there.get(name) != contents.get(name))
    if differ:
        raise PublishError(
            f"release {target.name} is published already and {', '.join(differ)} would change; "
            "a release never changes, publish under a new run_id"
        )


def _settle(hidden: Path, target: Path) -> None:
    for folder in (*(path for path in hidden.rglob("*") if path.is_dir()), hidden):
        sync(folder)
    hidden.rename(target)
    sync(target.parent)


def _switch(root: Path, target: Path) -> None:
    link = root / f"{_LINK}{target.name}"
    link.unlink(missing_ok=True)  # of a crash
    link.symlink_to(Path("releases") / target.name, target_is_directory=True)
    link.replace(root / "latest")
    sync(root)

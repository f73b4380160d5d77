"""Files of the drop folder, whoever reads them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from forecasting.errors import InputError, Problem, SourceError
from forecasting.payloads import Payload

SETTLED_S = 1.0
PATIENCE_S = 10.0


def shown(path: Path | str) -> str:
    """A path or name as text; of what is no UTF-8 in it, escapes, which still tell two names apart."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def files_of(folder: Path) -> Iterator[Path]:
    """The files of a folder by name, but for hidden ones and those that an open document leaves beside it.

    Raises:
        InputError: The folder is there and cannot be read.
    """
    try:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        what = f"cannot be read: {error.strerror}; let this user read the folder"
        raise InputError(shown(folder), [Problem("", what)]) from error
    for path in paths:
        if not path.name.startswith((".", "~$")) and path.is_file():
            yield path


def payloads(
    name: str, paths: Iterable[Path], load: Callable[[Path], Payload]
) -> Iterator[list[Payload] | SourceError]:
    """Files of a folder as payloads, each by itself, or what stands in the way of one.

    Args:
        name: Of the source.
        paths: The files.
        load: Gives the payload of a file; an `InputError` says why it does not.
    """
    for path in paths:
        if not _settled(path):
            yield SourceError(f"{name}: {shown(path.name)}: is still being written; it is read the next time")
            continue
        try:
            yield [load(path)]
        except InputError as error:
            yield SourceError(f"{name}: {error}")


def _settled(path: Path) -> bool:
    """Whether nobody has written to the file for a moment: half a file has half a number at its end."""
    patience = PATIENCE_S
    while patience > 0:
        try:
            age = time.time() - path.stat().st_mtime
        except OSError:
            return False
        if age >= SETTLED_S or age < 0:
            return True
        time.sleep(SETTLED_S - age)
        patience -= SETTLED_S
    return False


def body_of(path: Path, most_mb: int, setting: str) -> bytes:
    """The bytes of a file.

    Args:
        path: Of the file.
        most_mb: Largest size.
        setting: Where that is set.

    Raises:
        InputError: It cannot be opened, or is larger.
    """
    name = shown(path)
    try:
        size = path.stat().st_size
        if size > most_mb * 2**20:
            what = f"{size >> 20} MB, more than {setting} = {most_mb}; split it, or raise that"
            raise InputError(name, [Problem("", what)])
        return path.read_bytes()
    except OSError as error:
        raise InputError(name, [Problem("", f"cannot be read: {error.strerror}")]) from error

"""The files of a release while they are being written: one after the other, none of them whole in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["BLOCK", "Content", "Sink", "Staging", "content_of"]

BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class Content:
    """What tells the content of a file.

    Attributes:
        size: Bytes.
        sha256: Hexadecimal digits.
    """

    size: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Content:
        """Of bytes at hand."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


class Sink(Protocol):
    """What bytes can be written to."""

    def write(self, data: bytes, /) -> object:
        """Take some."""


class Staging:
    """A new folder that is filled.

    Args:
        folder: Does not exist yet.

    Attributes:
        folder: See above.
        contents: Path of a file in the folder -> what it holds.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.contents: dict[str, Content] = {}

    def write(self, path: str, data: bytes) -> None:
        """Write a file, to the disk."""
        with self.open(path) as file:
            file.write(data)

    def take(self, folder: Path, contents: Mapping[str, Content]) -> None:
        """Move the files of another folder of this file system here."""
        for path in contents:
            (folder / path).rename(self.place(path))
        self.contents |= contents

    @contextmanager
    def open(self, path: str) -> Iterator[Sink]:
        """A file to be written piece by piece; it is on the disk when it is closed."""
        with self.place(path).open("wb") as file:
            sink = _Hashing(file)
            yield sink
            file.flush()
            os.fsync(file.fileno())
        self.contents[path] = Content(sink.size, sink.digest.hexdigest())

    def place(self, path: str) -> Path:
        """Where a file belongs; its folder is made."""
        there = self.folder / path
        there.parent.mkdir(parents=True, exist_ok=True)
        return there

    def note(self, path: str) -> None:
        """Take note of a file that somebody else has written at its `place`, and flush it to the disk."""
        there = self.folder / path
        with there.open("rb") as file:
            os.fsync(file.fileno())
        self.contents[path] = content_of(there)


class _Hashing:
    def __init__(self, file: Sink) -> None:
        self._file, self.size, self.digest = file, 0, hashlib.sha256()

    def write(self, data: bytes, /) -> None:
        self._file.write(data)
        self.digest.update(data)
        self.size += len(data)


def content_of(path: Path) -> Content:
    """What a file holds."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
            size += len(block)
    return Content(size, digest.hexdigest())

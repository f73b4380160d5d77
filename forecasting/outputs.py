"""The files that a command is to write: refused before anything is read, put in place whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import typer

from forecasting.errors import InputError, Problem

__all__ = ["check_outputs", "write_outputs"]


def check_outputs(inputs: Sequence[Path], *outputs: Path | None) -> None:
    """Refuse, before anything long is computed, what cannot be written in the end, or would replace an input.

    Raises:
        InputError: A folder that is not there or cannot be written into, or no name of a file.
        typer.BadParameter: Two outputs go to one file, or one to an input.
    """
    places = [path for path in outputs if path is not None]
    if {path.resolve() for path in inputs} & {path.resolve() for path in places}:
        raise typer.BadParameter("an output would replace the input: give it a name of its own")
    if len({path.resolve() for path in places}) < len(places):
        raise typer.BadParameter("two outputs go to one file: give each a name of its own")
    for path in places:
        folder = path.resolve().parent
        if path.is_dir():
            raise InputError(str(path), [Problem("", "is a folder; name a file in it")])
        if str(path) == "-":
            raise InputError(str(path), [Problem("", "is no file's name; /dev/stdout is standard output")])
        if not folder.is_dir():
            raise InputError(str(path), [Problem("", f"cannot be written: no folder {folder}; make it first")])
        if _is_put_in_place(path):
            part = _part(path)
            try:
                part.touch()
                part.unlink()
            except OSError as error:
                raise _unwritable(path, error) from error


def write_outputs(outputs: Mapping[Path, bytes]) -> None:
    """Put every file in place whole, or none; links are followed, and what is no file, as a pipe, is written into.

    Raises:
        InputError: One cannot be written.
    """
    written: list[tuple[Path, Path]] = []
    try:
        for path, content in outputs.items():
            if _is_put_in_place(path):
                part = _part(path)
                written.append((part, path.resolve()))
                part.write_bytes(content)
        for path, content in outputs.items():
            if not _is_put_in_place(path):
                path.write_bytes(content)
        for part, place in written:
            part.replace(place)
    except OSError as error:
        for part, _ in written:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        raise _unwritable(path, error) from error


def _is_put_in_place(path: Path) -> bool:
    """Whether it becomes a file; a pipe or a device is written into."""
    return path.is_file() or not path.exists()


def _part(path: Path) -> Path:
    """What a file is called until it is whole."""
    place = path.resolve()
    return place.with_name(f".{place.name}.{os.getpid()}.part")


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(str(path), [Problem("", f"cannot be written: {error.strerror}")])

"""The stage cache: results of expensive pure functions in files, under the hash of what they were made from.

A name is a hash of the function, of its code with everything of this package that it imports, of the versions of the
libraries it may use, and of its arguments down to the last bit. A result that is found is therefore the one that would
be computed. Files that are damaged or foreign are said, removed and made again.
"""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import logging
import os
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from forecasting.decumulation import Path as IndicatorPath
from jobs.encoding import FORMAT, StageFileError, decode, encode

__all__ = ["KEPT", "Stages", "code_hash"]

HOME = Path(__file__).parent.parent
MADE = (".py", ".toml", ".csv", ".html", ".css", ".js")
"""Files that results depend on."""

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a statement has others inside."""

DISTRIBUTIONS = {"sklearn": "scikit-learn"}
"""Names under which modules are installed, where those differ."""

KEPT = "kept from before"
"""What is said of a stage of which nothing had to be computed."""

Result = TypeVar("Result")
_logger = logging.getLogger(__name__)


class Stages:
    """Results by name; a `forecasting.parallel.Keep`.

    Args:
        folder: Of the files.
        max_mb: What they may take; those not used for longest go first.
        fresh: Find nothing that was kept before; what is made is kept all the same.

    Attributes:
        made: Function -> how many results of it were computed.
        found: Function -> how many were there from before.
        faults: Files that could not be used.
    """

    def __init__(self, folder: Path, max_mb: int, *, fresh: bool = False) -> None:
        self._folder, self._limit, self._fresh = folder, max_mb * 2**20, fresh
        self._hashes: dict[int, tuple[weakref.ref[IndicatorPath], bytes]] = {}
        self._mine: set[str] = set()
        self._counted: set[str] = set()
        self._writable = True
        self.made: Counter[str] = Counter()
        self.found: Counter[str] = Counter()
        self.faults: list[str] = []

    def key(self, function: Callable[..., Any], task: tuple[Any, ...]) -> str:
        """Name of the result of a call."""
        digest = hashlib.blake2b(digest_size=24)
        digest.update(f"{FORMAT} {function.__module__}.{function.__qualname__} {_code(function.__module__)}".encode())
        self._feed(digest, task)
        return digest.hexdigest()

    def digest(self, value: Any) -> str:
        """Hash of a value down to the last bit."""
        found = hashlib.blake2b(digest_size=24)
        self._feed(found, value)
        return found.hexdigest()

    def load(self, key: str, function: Callable[..., Any]) -> Any:
        """The result of that name, None where there is none that can be used."""
        value = self._read(key)
        if value is not None and key not in self._counted:
            self._counted.add(key)
            self.found[function.__qualname__] += 1
        return value

    def save(self, key: str, function: Callable[..., Any], result: Any) -> None:
        """Keep a result, whole or not at all; a disk that refuses costs the result's place, not the night."""
        if key not in self._counted:
            self._counted.add(key)
            self.made[function.__qualname__] += 1
        self._write(key, result)

    def _read(self, key: str) -> Any:
        if self._fresh and key not in self._mine:
            return None
        path = self._path(key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._fault(path, f"it cannot be read: {error.strerror}")
            return None
        try:
            value = decode(key, content)
        except (StageFileError, ValueError, KeyError, TypeError) as error:
            self._fault(path, str(error))
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return value

    def _write(self, key: str, result: Any) -> None:
        self._mine.add(key)
        if not self._writable:
            return
        path = self._path(key)
        partial = path.with_suffix(f".{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(encode(key, result))
            partial.replace(path)
        except OSError as error:
            self._writable = False
            self._fault(path, f"it cannot be written: {error.strerror}; nothing more is kept tonight")

    def once(
        self, function: Callable[..., Any], task: tuple[Any, ...], make: Callable[[], Result]
    ) -> tuple[Result, str]:
        """The result of a whole stage: the one that is kept, or what `make` makes; and which of both, in words.

        Args:
            function: Whose code the result depends on.
            task: What else it depends on.
            make: Makes it.
        """
        key = self.key(function, task)
        kept: Result | None = self._read(key)
        if kept is not None:
            return kept, KEPT
        made, found = self.made.total(), self.found.total()
        result = make()
        made, found = self.made.total() - made, self.found.total() - found
        self._write(key, result)
        return result, f"{made} computed, {found} kept from before" if made + found else "computed"

    def trim(self) -> int:
        """Remove what was not used for longest, until the rest fits; returns the bytes that are left."""
        files = [(entry.stat(), entry) for entry in self._folder.glob("*/*") if entry.is_file()]
        total = sum(stat.st_size for stat, _ in files)
        for stat, path in sorted(files, key=lambda item: (item[0].st_mtime_ns, item[1].name)):
            if total <= self._limit:
                break
            with suppress(OSError):  # it stays, and goes another time
                path.unlink(missing_ok=True)
                total -= stat.st_size
        return total

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / key

    def _fault(self, path: Path, what: str) -> None:
        line = f"stage cache: {path.parent.name}/{path.name}: {what}"
        self.faults.append(line)
        _logger.warning("%s; it is made again", line)

    def _feed(self, digest: Any, value: Any) -> None:
        """Everything that a value consists of, each part with its kind, so that no two values read the same."""
        if isinstance(value, IndicatorPath):  # one leans on by many, and large
            name = id(value)
            known = self._hashes.get(name)
            if known is None:
                own = hashlib.blake2b(digest_size=24)
                self._feed_fields(own, value)
                gone = weakref.ref(value, lambda _: self._hashes.pop(name, None))
                known = self._hashes[name] = gone, own.digest()
            digest.update(known[1])
        elif value is None or isinstance(value, (bool, int, float, str, bytes, np.generic)):
            text = f"{type(value).__name__} {value!r}".encode()
            digest.update(b"%d " % len(text) + text)
        elif isinstance(value, np.ndarray):
            digest.update(f"array {value.dtype.str} {value.shape}".encode())
            digest.update(np.ascontiguousarray(value).data)
        elif isinstance(value, pd.DatetimeIndex):
            self._feed(digest, value.asi8)
        elif isinstance(value, pd.DataFrame):
            digest.update(f"frame {list(value.columns)} {len(value)}".encode())
            digest.update(pd.util.hash_pandas_object(value).to_numpy().tobytes())
        elif isinstance(value, Mapping):
            digest.update(b"mapping %d" % len(value))
            for key in sorted(value):
                self._feed(digest, key)
                self._feed(digest, value[key])
        elif isinstance(value, (list, tuple)):
            digest.update(b"sequence %d" % len(value))
            for each in value:
                self._feed(digest, each)
        elif isinstance(value, np.random.SeedSequence):
            self._feed(digest, (value.entropy, value.spawn_key))
        elif dataclasses.is_dataclass(value):
            self._feed_fields(digest, value)
        elif type(value).__module__.startswith("forecasting."):  # a model: its class and its settings
            digest.update(f"{type(value).__module__}.{type(value).__qualname__}".encode())
            self._feed(digest, dict(getattr(value, "__dict__", {})))
        else:
            raise TypeError(f"a {type(value).__name__} has no hash")

    def _feed_fields(self, digest: Any, value: Any) -> None:
        digest.update(f"{type(value).__module__}.{type(value).__qualname__}".encode())
        for field in dataclasses.fields(value):
            digest.update(field.name.encode())
            self._feed(digest, getattr(value, field.name))


def code_hash() -> str:
    """Hash of this package's own files, embedded tables included."""
    return _hash_of([path for name in ("forecasting", "jobs") for path in (HOME / name).rglob("*")])


@cache
def _code(module: str) -> str:
    """Hash of a module's package, of all that it imports of ours, of the form of results, and versions of the rest."""
    waiting, seen, foreign = [_unit(module)], set[Path](), set[str]()
    files: list[Path] = []
    while waiting:
        unit = waiting.pop()
        if unit in seen:
            continue
        seen.add(unit)
        own = [path for path in unit.rglob("*") if path.is_file()] if unit.is_dir() else [unit]
        files += own
        for path in own:
            for name in _imports(path) if path.suffix == ".py" else ():
                if name.startswith("forecasting."):
                    waiting.append(_unit(name))
                elif name.split(".")[0] not in sys.stdlib_module_names:
                    foreign.add(name.split(".")[0])
    files += [HOME / "jobs" / name for name in ("encoding.py", "results.py")]
    versions = [f"{name} {_version(name)}" for name in sorted(foreign)]
    return hashlib.sha256(f"{_hash_of(files)} {sys.version} {versions}".encode()).hexdigest()


def _unit(module: str) -> Path:
    """The folder or file right below `forecasting` to which a module belongs."""
    place = HOME / "forecasting" / module.split(".")[1]
    return place if place.is_dir() else place.with_suffix(".py")


@cache
def _imports(path: Path) -> list[str]:
    """Modules that a file imports when it runs, wherever the statement stands."""
    out = []
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            out += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            out.append(node.module)
        elif not (isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            for name in BLOCKS:  # expressions import nothing
                waiting += getattr(node, name, [])
    return out


def _version(name: str) -> str:
    try:
        return metadata.version(DISTRIBUTIONS.get(name, name))
    except metadata.PackageNotFoundError:
        return "absent"


def _hash_of(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in files if path.suffix in MADE):
        digest.update(path.relative_to(HOME).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()

"""Every error that Cumulus raises on purpose.

```text
CumulusError
├── InputError        figures from outside: a file, a frame, rows of them
├── SettingsError     cumulus.toml, CUMULUS_* variables
├── CatalogError      an indicator catalogue
├── SourceError       a source of figures: closed, out of reach, or answering something else
├── StoreError        the observation store
├── ExecutorError     the processes or the cluster that work is spread over, or a task among it
├── ModelError        a forecast model that could not do what was asked
├── TrackingError     the MLflow store
├── AssumptionError   a scenario assumption: name, unit or basis
├── PublishError      a release that cannot be put in place
├── BackupError       an archive of an installation that cannot be written or restored
├── BusyError         another process works in the same home folder or on the same store (jobs.locks)
├── LostError         the lock of the store went in the middle of a night (jobs.locks)
└── StageFileError    a file of the stage cache that cannot be used; it is made again (jobs.encoding)
```

A message says what was expected, what came, where, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral

__all__ = [
    "AssumptionError",
    "BackupError",
    "CatalogError",
    "CumulusError",
    "ExecutorError",
    "InputError",
    "ModelError",
    "Problem",
    "PublishError",
    "SettingsError",
    "SourceError",
    "StoreError",
    "TrackingError",
    "suggestion",
    "whole_number",
]

SHOWN = 20


class CumulusError(Exception):
    """Base of all errors that Cumulus raises on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with the input.

    Attributes:
        where: ``"line 7"`` of a file or ``"row 3"`` of a frame; empty for the whole input.
        what: What was expected and what came.
    """

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class InputError(CumulusError):
    """Figures that cannot be used. Carries every problem found, not only the first.

    >>> print(InputError("figures.csv", [Problem("line 2", "value 'x' is not a number")]))
    figures.csv: line 2: value 'x' is not a number
    """

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = [f"{source}: {problem}" for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"{source}: and {len(self.problems) - SHOWN} more of {len(self.problems)} problems")
        super().__init__("\n".join(lines))


class SettingsError(CumulusError):
    """cumulus.toml or a CUMULUS_* variable is wrong."""


class CatalogError(CumulusError):
    """An indicator catalogue is wrong; the message names file and line."""


class SourceError(CumulusError):
    """A source is closed, out of reach, or answers something that holds no figures; the store keeps what it has.

    Attributes:
        closed: Asking again soon is of no use: access is refused, or a long wait is asked for.
    """

    def __init__(self, message: str, *, closed: bool = False) -> None:
        super().__init__(message)
        self.closed = closed


class StoreError(CumulusError):
    """The observation store cannot be opened, read or written."""


class ExecutorError(CumulusError):
    """Work cannot be spread over processes or a cluster, or a task of it failed; the message names the series."""


class ModelError(CumulusError):
    """A forecast model could not do what was asked; it is left out under its own name."""


class TrackingError(CumulusError):
    """The MLflow store cannot be opened, read or written; nothing that is published depends on it."""


class AssumptionError(CumulusError):
    """A scenario assumption has an unknown name, a wrong unit or a mixed basis."""


class PublishError(CumulusError):
    """A release cannot be put in place; the one before stays."""


class BackupError(CumulusError):
    """An installation cannot be written into an archive or restored from one."""


def whole_number(source: str, name: str, value: object, least: int) -> int:
    """What counts something, from a caller.

    Raises:
        InputError: It is no whole number, or a smaller one than `least`.

    >>> whole_number("panel", "draws", 500.0, 100)
    Traceback (most recent call last):
    forecasting.errors.InputError: panel: draws 500.0; a whole number of at least 100 is needed
    """
    if not isinstance(value, Integral) or value < least:
        raise InputError(source, [Problem("", f"{name} {value!r}; a whole number of at least {least} is needed")])
    return int(value)


def suggestion(name: str, known: Iterable[str]) -> str:
    """What to say of an unknown name: the nearest known ones, or all of them where none is near.

    >>> suggestion("exprots", ["exports", "imports"])
    'did you mean exports?'
    >>> suggestion("x", ["exports", "imports", "exports"])
    'known are exports, imports'
    """
    names = list(dict.fromkeys(known))
    near = difflib.get_close_matches(name, names, n=3)
    if near:
        return f"did you mean {' or '.join(near)}?"
    shown = ", ".join(names[:20])
    return f"known are {shown}" + (f" and {len(names) - 20} more" if len(names) > 20 else "")

"""Is this installation well, and if not, what to do: one finding after another, none of which stops the others."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from forecasting.errors import CumulusError, SettingsError
from forecasting.settings import Settings, load_settings
from jobs import checks
from jobs.checks import Finding

__all__ = ["SCHEMA", "as_json", "as_lines", "examine", "verdict"]

SCHEMA = 1
LINES = 5
MARKS = {"ok": "ok  ", "warn": "warn", "fail": "FAIL"}

Check = Callable[[Settings, dt.datetime], Iterable[Finding]]

CHECKS: dict[str, Check] = {
    "secrets": checks.secrets,
    "libraries": checks.libraries,
    "memory": checks.memory,
    "threads": checks.threads,
    "clock": checks.clock,
    "folders": checks.folders,
    "disk": checks.disk,
    "catalogue": checks.catalogue,
    "executor": checks.executor,
    "lock": checks.lock,
    "store": checks.store,
    "tracking": checks.tracking,
    "release": checks.release,
    "nights": checks.nights,
    "receivers": checks.receivers,
}

_logger = logging.getLogger(__name__)


def examine(*, sources: bool = False, now: dt.datetime | None = None) -> Iterator[Finding]:
    """Findings, as they are made.

    Args:
        sources: Ask the live sources of the settings too, which needs the network.
        now: With a time zone; by default the clock's.
    """
    now = now or dt.datetime.now(dt.UTC)
    try:
        settings = load_settings()
    except SettingsError as error:
        yield Finding("settings", "fail", str(error), "correct the key or variable; README, Settings, names them all")
        return
    yield Finding("settings", "ok", f"home {settings.home}")
    chosen = {**CHECKS, "sources": checks.sources} if sources else CHECKS
    for name, check in chosen.items():
        try:
            yield from check(settings, now)
        except CumulusError as error:
            yield Finding(name, "fail", settings.redact(_short(str(error))))
        except Exception as error:  # one broken part must not hide what is wrong with the others
            _logger.debug("%s", name, exc_info=True)
            what = settings.redact(f"{type(error).__name__}: {error}")
            yield Finding(name, "fail", what, "this was not expected; look at it with logging.level = DEBUG")


def _short(message: str) -> str:
    """The first lines of a message that may name thousands of rows."""
    lines = message.splitlines()
    more = [f"and {len(lines) - LINES} more"] if len(lines) > LINES else []
    return "; ".join([*lines[:LINES], *more])


def verdict(findings: Iterable[Finding]) -> str:
    """The worst of the findings: ok, warn or fail."""
    found = {finding.status for finding in findings}
    return next(status for status in ("fail", "warn", "ok") if status in found)


def as_lines(finding: Finding) -> list[str]:
    """A finding for people: what was found and, below it, what to do."""
    lines = [f"{MARKS[finding.status]} {finding.check}: {finding.message}"]
    return [*lines, f"     -> {finding.remedy}"] if finding.remedy else lines


def as_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """Findings for machines."""
    found = list(findings)
    return {
        "schema": SCHEMA,
        "status": verdict(found),
        "findings": [
            {"check": one.check, "status": one.status, "message": one.message, "remedy": one.remedy} for one in found
        ],
    }

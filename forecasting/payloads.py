"""A payload: what came from outside, byte for byte as it came, with where and when."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

__all__ = ["BadRow", "Payload", "storable"]


@dataclass(frozen=True)
class Payload:
    """One reply of a source, or one file.

    Attributes:
        source: Name of the connector that brought it and can read it.
        address: URL or path, without secrets.
        fetched_at: When, with a time zone.
        body: The bytes, as they are without the transfer's compression.
        request: What was asked, in JSON's types: all that the reader needs to know besides the body.
    """

    source: str
    address: str
    fetched_at: datetime
    body: bytes = field(repr=False)
    request: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def sha256(self) -> str:
        """Hash of the body, 64 hexadecimal digits."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that was not let in.

    Attributes:
        where: Its place in the payload, such as ``line 7``.
        row: What it said, cell by cell.
        reason: What is wrong with it and what to do.
    """

    where: str
    row: Mapping[str, str]
    reason: str


def storable(text: str) -> str:
    """A text that quotes what came, without what databases do not take: lone surrogates and NUL."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\ufffd")

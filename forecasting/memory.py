"""Memory that a phase of work has done with."""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any

__all__ = ["give_back"]


def give_back() -> None:
    """Hand memory that is free back to the system, where the C library can (glibc's `malloc_trim`); Arrow's too.

    Thousands of arrays that went leave holes between those that stay, which the libraries would keep for themselves.
    """
    if "pyarrow" in sys.modules:
        sys.modules["pyarrow"].default_memory_pool().release_unused()
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)

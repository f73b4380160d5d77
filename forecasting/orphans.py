"""Worker processes that end with the process that started them, however it ends."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["end_with_parent"]

EVERY_S = 1.0


def end_with_parent(parent: int) -> None:
    """Watch, in a worker process, for the end of its parent (a pid), and end then.

    The workers of joblib's loky wait for work that a killed parent never sends: they would stay for ever.
    """
    threading.Thread(target=_watch, args=(parent,), name="end-with-parent", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(EVERY_S)
    os._exit(1)

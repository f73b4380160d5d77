"""How long `cumulus --help` takes: the median of nine runs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

LIMIT_S = 0.5


def main() -> None:
    """Time the command as a user would start it."""
    command = [str(Path(sys.executable).with_name("cumulus")), "--help"]
    times = []
    for _ in range(9):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    median = statistics.median(times)
    print(f"cumulus --help: {median:.2f} s (under {LIMIT_S})")
    if median >= LIMIT_S:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

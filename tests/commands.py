"""The command `cumulus` in a process of its own, forked from one that has imported everything: imports take seconds."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

__all__ = ["run_cumulus"]

PATIENCE = 240
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    ["jobs.cli", "jobs.nightly", "jobs.review", "jobs.summary", "forecasting.decumulation", "forecasting.pictures",
     "forecasting.projection", "forecasting.revisions", "forecasting.simulation", "forecasting.tracking",
     "mlflow.pyfunc", "mlflow.store.tracking.sqlalchemy_store", "statsforecast.models", "statsmodels.tsa.api"]
)  # fmt: skip


def run_cumulus(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command, with more in its environment, and wait for its end."""
    command = ["cumulus", *map(str, arguments)]
    with tempfile.TemporaryDirectory(prefix="cumulus-") as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = _CONTEXT.Process(target=_run, args=(command, {**os.environ, **environment}, Path.cwd(), out, err))
        process.start()
        process.join(PATIENCE)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        said, complained = (each.read_text(encoding="utf-8") for each in (out, err))
    if code is None:
        raise AssertionError(f"{' '.join(command)} has not ended after {PATIENCE} s: {said}{complained}")
    return subprocess.CompletedProcess(command, code, said, complained)


def _run(command: list[str], environment: Mapping[str, str], folder: Path, out: Path, err: Path) -> None:
    for stream, path in ((sys.stdout, out), (sys.stderr, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), stream.fileno())
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = command
    from jobs.cli import main

    try:
        main()
    finally:  # as an interpreter ends, which a forked process does not by itself
        threading._shutdown()
        atexit._run_exitfuncs()

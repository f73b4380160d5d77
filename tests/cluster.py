"""A Dask cluster on the loopback interface: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
START_S = 60


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster at work: its address for the setting `executor`, and its processes."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def cluster(workers: int, folder: Path) -> Iterator[Cluster]:
    """Start a scheduler and so many workers of one thread, and end them afterwards; their logs lie in the folder."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with ExitStack() as stack:
        here = ("--host", "127.0.0.1", "--no-dashboard")
        scheduler = stack.enter_context(_running(folder, "scheduler", *here, "--port", str(port)))
        _wait(lambda: _listens(port), folder / "scheduler.log")
        started = tuple(
            stack.enter_context(
                _running(
                    folder, "worker", f"127.0.0.1:{port}", *here, "--nthreads", "1", "--local-directory", str(folder),
                    log=f"worker{number}",
                )
            )
            for number in range(workers)
        )  # fmt: skip
        for number in range(workers):
            log = folder / f"worker{number}.log"
            _wait(lambda log=log: b"Registered to" in log.read_bytes(), log)  # type: ignore[misc]
        try:
            yield Cluster(f"dask://127.0.0.1:{port}", scheduler, started)
        finally:
            for process in (*started, scheduler):
                process.terminate()


@contextmanager
def _running(folder: Path, *arguments: str, log: str = "scheduler") -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    with (folder / f"{log}.log").open("wb") as file:
        command = [sys.executable, "-m", "dask", *arguments]
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=folder)
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(ready, log: Path) -> None:  # type: ignore[no-untyped-def]
    deadline = time.monotonic() + START_S
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"the cluster did not start within {START_S} s:\n{log.read_text()}")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

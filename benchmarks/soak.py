"""Nights one after the other at speed, with revisions and faults: what grows, and whether anything drifts apart.

    python benchmarks/soak.py 300

Days advance by one. Figures appear on their release day, one in twenty nights brings a revision of an old one, and one
in seven is killed at a random moment; then it is run again the same day, or the machine stays down until the next one.
On a night without news the release before stands.
A table of sizes is printed twenty times. Housekeeping keeps short here (thirty days, a handful of releases, a small
cache), so that everything but the figures themselves has to level off.
"""

from __future__ import annotations

import datetime as dt
import os
import random
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import pandas as pd

from benchmarks.small_nights import ZONE, end_of, figures, fork, import_all, kill_after, make_home
from benchmarks.soundness import Home

START = dt.datetime(2025, 3, 20, 2, 30, tzinfo=ZONE)
CACHE_MB = 8
KEPT = f"""[retention]
ledger_days = 30
raw_days = 30
tracking_days = 30
[publishing]
keep = 10
keep_months = 3
[stages]
max_mb = {CACHE_MB}
"""
MORE = 1.25
"""What levels off is no larger at the end than this many times its largest size in the second quarter."""
SIZES = {
    "store": "var/cumulus.db*", "mlflow.db": "mlruns/mlflow.db*", "artifacts": "mlruns/artifacts/**/*",
    "raw": "var/raw/**/*", "stages": "var/stages/**/*", "releases": "var/published/releases/**/*",
}  # fmt: skip


class Soak:
    """Nights of one home.

    Args:
        home: Its folder.
        seed: Of revisions and faults.
    """

    def __init__(self, home: Path, seed: int) -> None:
        self._home = home
        self._random = random.Random(seed)  # noqa: S311
        self._revised: list[tuple[str, str, float, str]] = []
        self._usual = 3.0
        self.counts = {"done": 0, "killed": 0, "made up": 0, "revisions": 0}
        self.faults: list[str] = []
        self.sizes: list[dict[str, float]] = []
        make_home(home, more=KEPT)

    def night(self, moment: dt.datetime) -> None:
        """One day: its figures, its faults, its night."""
        self._publish(moment)
        started = time.monotonic()
        pid = fork(self._home, lambda: _night(moment))
        if self._random.random() < 1 / 7:
            code = kill_after(pid, self._random.uniform(0, self._usual))
            self.counts["killed"] += code is None
            self._check(moment, whole=False)
            if self._random.random() < 0.5:
                return
            self.counts["made up"] += 1
            pid = fork(self._home, lambda: _night(moment + dt.timedelta(minutes=10)))
            started = time.monotonic()
        code = end_of(pid)
        self._usual = 0.8 * self._usual + 0.2 * (time.monotonic() - started)
        self.counts["done"] += 1
        if code != 0:
            log = (self._home / "night.log").read_text(encoding="utf-8").splitlines()
            self.faults.append(f"{moment.date()}: ended with {code}: {log[-3:]}")
        self._check(moment, whole=True)

    def tidy(self, moment: dt.datetime) -> None:
        """Housekeeping."""
        if end_of(fork(self._home, lambda: _tidy(moment))) != 0:
            self.faults.append(f"{moment.date()}: housekeeping failed: {(self._home / 'night.log').read_text()[-500:]}")

    def row(self, days: int) -> str:
        """Days, nights and sizes in MB."""
        self.sizes.append(
            {
                name: sum(path.stat().st_size for path in self._home.glob(pattern) if path.is_file()) / 1e6
                for name, pattern in SIZES.items()
            }
        )
        counts = " ".join(f"{n:>9}" for n in (days, *self.counts.values(), len(self.faults)))
        return counts + " " + " ".join(f"{size:>10.2f}" for size in self.sizes[-1].values())

    def growing(self) -> list[str]:
        """What has not levelled off: anything but the store, which has more figures every month."""
        quarter = len(self.sizes) // 4
        found = []
        for name in SIZES.keys() - {"store", "raw"}:
            first, last = max(each[name] for each in self.sizes[quarter : 2 * quarter + 1]), self.sizes[-1][name]
            if last > MORE * first:
                found.append(f"{name} grows: {first:.1f} MB in the second quarter, {last:.1f} MB at the end")
        return sorted(found)

    def _publish(self, moment: dt.datetime) -> None:
        """What has been released, and revisions of what had been, in the drop folder."""
        table = figures()
        day = moment.date().isoformat()
        known = table[table["released_at"].str[:10] < day]
        known.to_csv(self._home / "var" / "figures.part", index=False)
        (self._home / "var" / "figures.part").replace(self._home / "var" / "drop" / "figures.csv")
        if self._random.random() < 1 / 20:
            row = known.iloc[self._random.randrange(len(known) - 12, len(known))]
            self._revised.append((row["indicator"], row["period"], round(row["value"] + 0.1, 1), row["unit"]))
            self.counts["revisions"] += 1
            revision = pd.DataFrame(self._revised[-1:], columns=["indicator", "period", "value", "unit"])
            revision.assign(measure="ytd_yoy").to_csv(self._home / "var" / "drop" / "revision.csv", index=False)

    def _check(self, moment: dt.datetime, *, whole: bool) -> None:
        home = Home(self._home)
        self.faults += [f"{moment.date()}: {what}" for what in home.faults(whole=whole)]
        if whole:
            self.faults += [f"{moment.date()}: {what}" for what in _drift(home, moment)]


def _drift(home: Home, moment: dt.datetime) -> list[str]:
    """Where ledger, store, MLflow and releases do not tell the same."""
    found = []
    runs = home.rows(
        home.store, "SELECT night, run_id FROM ledger_runs WHERE status IN ('done', 'degraded') ORDER BY id"
    )
    ended = {row[1] for row in runs}
    releases = {path.name for path in (home.folder / "var" / "published" / "releases").iterdir()}
    tracked = {row[0] for row in home.rows(home.tracking, NIGHTS)}
    archived = {row[0] for row in home.rows(home.store, "SELECT run_id FROM forecast_nights")}
    latest = (home.folder / "var" / "published" / "latest").resolve().name
    if [latest] != [row[1] for row in runs if row[0] == moment.date().isoformat()][-1:]:
        found.append(f"latest is {latest}, which the ledger does not have as tonight's")
    recent = {name for name in ended if name[:10] >= (moment - dt.timedelta(days=5)).date().isoformat()}
    if recent - releases:
        found.append(f"ended by the ledger, without a release: {recent - releases}")
    if recent - tracked:
        found.append(f"ended by the ledger, not in MLflow: {recent - tracked}")
    figures = home.rows(home.store, "SELECT DISTINCT run_id FROM forecast_archive")
    if {row[0] for row in figures} != archived:
        found.append("nights of the archive without forecasts, or forecasts without a night")
    return found


NIGHTS = (
    "SELECT tags.value FROM runs JOIN tags ON tags.run_uuid = runs.run_uuid AND tags.key = 'cumulus.run_id'"
    " WHERE runs.status = 'FINISHED'"
)


def _night(moment: dt.datetime) -> int:
    from forecasting.settings import load_settings
    from jobs.logs import configure_logging
    from jobs.nightly import run_night

    configure_logging()
    return 0 if run_night(load_settings(), clock=lambda: moment).status == "done" else 3


def _tidy(moment: dt.datetime) -> int:
    from forecasting.settings import load_settings
    from jobs.retention import tidy

    print(*tidy(load_settings(), moment), sep="\n")
    return 0


def soak(nights: int, seed: int = 8) -> Soak:
    """So many days in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        run = Soak(Path(folder) / "home", seed)
        head = ["days", *run.counts, "faults"]
        print(" ".join(f"{name:>9}" for name in head), " ".join(f"{name + ' MB':>10}" for name in SIZES), sep=" ")
        for day in range(nights):
            moment = START + dt.timedelta(days=day)
            before = len(run.faults)
            run.night(moment)
            if day % 7 == 6:
                run.tidy(moment + dt.timedelta(hours=12))
            for what in run.faults[before:]:
                print(what, flush=True)
            if (day + 1) % max(1, nights // 20) == 0:
                print(run.row(day + 1), flush=True)
        run.faults += run.growing()
        return run


def main() -> int:
    """Print the tables."""
    os.environ["OMP_NUM_THREADS"] = "1"
    import_all()
    faults = soak(int(sys.argv[1]) if len(sys.argv) > 1 else 300).faults
    print(*faults[-10:], f"{len(faults)} faults", sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

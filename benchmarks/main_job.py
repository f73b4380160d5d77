"""The main job on the embedded figures: what it covers, how long it takes, and whether it repeats to the byte."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from forecasting.publishing import read_release
from forecasting.reference import load_observations

LIMIT_FIRST_S, LIMIT_AGAIN_S = 90, 10


def night(home: Path) -> float:
    """Seconds of one `cumulus run` in a home folder."""
    started = time.perf_counter()
    command = [str(Path(sys.executable).with_name("cumulus")), "run"]
    subprocess.run(command, check=True, env={**os.environ, "CUMULUS_HOME": str(home)}, capture_output=True)
    return time.perf_counter() - started


def same(one: Path, two: Path) -> bool:
    """Whether two releases hold the same tables, byte for byte."""
    names = sorted(path.name for path in one.glob("*.csv"))
    return (
        names == sorted(p.name for p in two.glob("*.csv"))
        and filecmp.cmpfiles(one, two, names, shallow=False)[0] == names
    )


def main() -> None:
    """Run, look, run again, run elsewhere."""
    with tempfile.TemporaryDirectory() as folder:
        home, other = Path(folder) / "home", Path(folder) / "other"
        home.mkdir()
        other.mkdir()
        first = night(home)
        latest = home / "var" / "published" / "latest"
        tables = read_release(latest)
        kept = Path(folder) / "kept"
        shutil.copytree(latest.resolve(), kept)
        again = night(home)
        repeated = same(kept, latest.resolve())
        night(other)
        elsewhere = same(kept, (other / "var" / "published" / "latest").resolve())

    reference = set(load_observations()["indicator"])
    monthly, forecast = set(tables["monthly"]["indicator"]), set(tables["forecasts"]["indicator"])
    dense = set(tables["leaderboard"]["indicator"])
    print(f"indicators of the reference table in monthly.csv: {len(reference & monthly)} of {len(reference)}")
    print(f"indicators in forecasts.csv: {len(forecast)}, the {len(dense)} dense ones among them: {dense <= forecast}")
    print(f"first run: {first:.1f} s (at most {LIMIT_FIRST_S})")
    print(f"the same night again: {again:.1f} s (at most {LIMIT_AGAIN_S}), tables byte-identical: {repeated}")
    print(f"the same night in another home: tables byte-identical: {elsewhere}")
    if not (reference <= monthly and dense <= forecast and repeated and elsewhere):
        sys.exit("FAILED: coverage or repetition")
    if first > LIMIT_FIRST_S or again > LIMIT_AGAIN_S:
        sys.exit("FAILED: time")


if __name__ == "__main__":
    main()

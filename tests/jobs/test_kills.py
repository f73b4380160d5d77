"""Nights killed at random moments, and nights with real faults, by the scripts that the benchmarks run at length."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FAULT = """
import dataclasses, json, os, sys, tempfile
from pathlib import Path
from benchmarks import fault_nights
from benchmarks.small_nights import import_all
import_all()
out = []
for name, arguments in json.loads(sys.argv[1]).items():
    with tempfile.TemporaryDirectory(prefix="fault-", dir="/tmp") as folder:
        out.append(dataclasses.asdict(getattr(fault_nights, name)(Path(folder), **arguments)))
print(json.dumps(out))
"""
MOUNTS = {
    "disk_full": "No space left on device; the one before stays",
    "disk_full_under_the_store": "database or disk is full",
    "read_only_folder": "Read-only file system",
}


def python(*arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ended(name: str, **arguments: object) -> dict[str, object]:
    out = json.loads(python("-c", FAULT, json.dumps({name: arguments})))[-1]
    assert out["faults"] == []
    return out


def mounting() -> bool:
    code = "from benchmarks.fault_nights import may_mount; raise SystemExit(not may_mount())"
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_night_that_is_killed_leaves_a_sound_home_and_is_done_by_the_next_run():
    assert "SQLite: " in (said := python("benchmarks/kill_nights.py", "2"))
    assert said.endswith("0 faults\n")


@pytest.mark.slow
def test_a_night_goes_on_when_its_database_comes_back():
    outcome = ended("database_gone", seconds=1)
    assert (outcome["code"], outcome["after"]) == (0, 0)


@pytest.mark.slow
def test_nights_killed_on_postgresql_leave_it_sound():
    assert python("benchmarks/kill_nights.py", "--postgresql", "4").endswith("0 faults\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", MOUNTS)
def test_a_disk_that_refuses_fails_the_night_with_a_reason_and_the_next_one_is_done(name):
    if not mounting():
        pytest.skip("needs the right to mount a file system")
    outcome = ended(name)
    assert (outcome["code"], outcome["after"]) == (1, 0)
    assert MOUNTS[name] in str(outcome["said"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["worker_killed", "corrupted_cache", "clock_set_back"])
def test_a_night_is_done_in_spite_of_a_fault(name):
    outcome = ended(name)
    assert (outcome["code"] in (0, 3), outcome["after"] in (0, 3)) == (True, True)


@pytest.mark.slow
def test_a_night_whose_mlflow_server_is_gone_is_degraded_and_says_so():
    outcome = ended("mlflow_server_gone")
    assert outcome["code"] == 3
    assert "tracking failed" in str(outcome["said"])

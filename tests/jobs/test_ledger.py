import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from forecasting.errors import StoreError
from forecasting.store import Store
from jobs.ledger import Ledger
from jobs.locks import BusyError, exclusive

START = datetime(2026, 1, 10, 18, 30, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now

    def forward(self, seconds):
        self.now += timedelta(seconds=seconds)
        return 0


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def ledger(store_url, clock):
    with Store.open(store_url) as store:
        yield Ledger(store.engine, clock)


def begin(ledger, run_id="2026-01-11-a", key="a"):
    return ledger.begin(run_id, night="2026-01-11", key=key)


def test_a_finished_run_is_found_by_its_night_and_key(ledger, clock):
    run = begin(ledger)
    assert run.status == "running"
    assert ledger.finished("2026-01-11", "a") is None
    clock.forward(90)
    closed = ledger.finish(run, "done")
    assert closed.ended_at - closed.started_at == timedelta(seconds=90)
    assert ledger.finished("2026-01-11", "a") == closed
    assert ledger.finished("2026-01-11", "b") is None
    assert ledger.finished("2026-01-12", "a") is None


@pytest.mark.parametrize(("status", "counts"), [("degraded", True), ("failed", False), ("interrupted", False)])
def test_a_degraded_run_counts_as_finished_and_a_failed_one_does_not(ledger, status, counts):
    run = ledger.finish(begin(ledger), status, "two sources were away")
    assert ledger.finished("2026-01-11", "a") == (run if counts else None)
    assert ledger.last(1)[0].message == "two sources were away"


def test_an_attempt_that_lost_its_process_is_marked_interrupted(ledger, clock):
    begin(ledger)
    clock.forward(3600)
    second = begin(ledger)
    assert second.attempt == 2
    newest, oldest = ledger.last(5)
    assert newest == second
    assert (oldest.attempt, oldest.status, oldest.ended_at) == (1, "interrupted", clock.now)
    ledger.finish(second, "done")
    begin(ledger, "2026-01-11-b", "b")
    assert [(run.run_id, run.status) for run in ledger.last(2)] == [
        ("2026-01-11-b", "running"),
        ("2026-01-11-a", "done"),
    ]


def test_steps_record_how_long_they_took_and_how_they_ended(ledger, clock):
    run = begin(ledger)
    with ledger.step(run, "pull", key="k1"):
        clock.forward(1.5)
    with ledger.step(run, "fit") as step:
        step.status, step.message = "cached", "nothing new"
    with pytest.raises(ZeroDivisionError), ledger.step(run, "project"):
        1 / clock.forward(2)
    with ledger.step(run, "publish") as step:
        step.status = "skipped"
    found = [(step.name, step.key, step.status, step.seconds, step.message) for step in ledger.steps(run.run_id)]
    assert found == [
        ("pull", "k1", "done", 1.5, ""),
        ("fit", "", "cached", 0.0, "nothing new"),
        ("project", "", "failed", 2.0, "ZeroDivisionError: division by zero"),
        ("publish", "", "skipped", 0.0, ""),
    ]
    assert ledger.steps("another") == []


def test_a_step_cut_short_by_an_interrupt_is_recorded_as_failed(ledger, clock):
    run = begin(ledger)
    with pytest.raises(KeyboardInterrupt), ledger.step(run, "fit"):
        raise KeyboardInterrupt
    clock.now -= timedelta(days=1)
    with ledger.step(run, "project"):
        clock.forward(-5)  # a clock set back gives no negative duration
    assert [(step.status, step.seconds) for step in ledger.steps(run.run_id)] == [
        ("failed", 0.0),
        ("done", 0.0),
    ]


def test_each_attempt_keeps_its_own_steps(ledger):
    for _ in range(2):
        run = begin(ledger)
        with ledger.step(run, "pull"):
            pass
    assert [(step.attempt, step.name) for step in ledger.steps(run.run_id)] == [(1, "pull"), (2, "pull")]
    with pytest.raises(StoreError, match="nothing was stored"), ledger.step(run, "pull"):
        pass


def test_a_ledger_is_found_as_it_was_left(store_url, clock):
    with Store.open(store_url) as store:
        run = begin(Ledger(store.engine, clock))
    with Store.open(store_url) as store:
        assert Ledger(store.engine).last(3) == [run]
        assert Ledger(store.engine).begin("r", night="2026-01-12", key="").started_at > START


def test_a_night_is_an_iso_date(ledger):
    with pytest.raises(ValueError, match="Invalid isoformat string"):
        ledger.begin("r", night="11.01.2026", key="a")
    assert ledger.last(1) == []


HOLD = """
import sys, time
from pathlib import Path
from jobs.locks import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_refused_until_the_holder_is_dead(tmp_path):
    lock = tmp_path / "var" / "lock"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(BusyError, match=f"held by process {holder.pid}; wait"), exclusive(lock):
            pass
    finally:
        holder.kill()
        holder.communicate(timeout=30)
    with exclusive(lock):
        second = subprocess.run([sys.executable, "-c", HOLD, str(lock)], capture_output=True, text=True, check=False)
        assert second.returncode == 1
        assert "BusyError" in second.stderr
    with exclusive(lock):
        pass


def test_a_process_does_not_take_its_own_lock_twice(tmp_path):
    lock = tmp_path / "lock"
    with exclusive(lock), pytest.raises(BusyError, match="already held by this process"), exclusive(lock):
        pass
    with exclusive(lock):
        pass

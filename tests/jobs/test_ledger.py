import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from forecasting.errors import StoreError
from forecasting.store import Store, writing
from jobs.ledger import Ledger

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


def test_an_error_that_ends_a_run_is_not_hidden_by_a_ledger_that_is_away(ledger, store_url, caplog):
    ledger.break_off(begin(ledger), KeyboardInterrupt("stopped by SIGTERM"))
    (run,) = ledger.last(1)
    assert (run.status, run.message) == ("interrupted", "KeyboardInterrupt: stopped by SIGTERM")
    run = begin(ledger, "2026-01-11-b")
    with Store.open(store_url) as store, writing(store.engine) as connection:
        connection.execute(text("DROP TABLE ledger_steps"))
        connection.execute(text("DROP TABLE ledger_runs"))
    ledger.break_off(run, ValueError("no figures"))
    assert "2026-01-11-b failed, which cannot be recorded: store " in caplog.text


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


def test_the_runs_of_a_stretch_of_time_are_found_in_their_order(ledger, clock):
    for day in ("2026-01-11", "2026-01-12", "2026-01-13"):
        ledger.finish(ledger.begin(day, night=day, key="k"), "done")
        clock.forward(86400)
    found = ledger.entered(START + timedelta(days=1), START + timedelta(days=3))
    assert [run.run_id for run in found] == ["2026-01-12", "2026-01-13"]


def test_old_runs_are_forgotten_with_their_steps_but_for_the_last_that_ended_well(ledger, clock):
    for day, status in (("2026-01-11", "done"), ("2026-01-12", "done"), ("2026-01-13", "failed")):
        run = ledger.begin(day, night=day, key="k")
        with ledger.step(run, "fit"):
            clock.forward(86400)
        ledger.finish(run, status)
    assert ledger.forget(clock.now) == 2
    assert [run.run_id for run in ledger.last(9)] == ["2026-01-12"]
    assert [len(ledger.steps(day)) for day in ("2026-01-11", "2026-01-12", "2026-01-13")] == [0, 1, 0]


def test_of_a_run_that_was_tried_again_the_old_attempts_alone_are_forgotten(ledger, clock):
    for _ in range(2):
        run = begin(ledger)
        with ledger.step(run, "fit"):
            clock.forward(86400)
        ledger.finish(run, "done")
    assert ledger.forget(START + timedelta(days=1)) == 1
    assert [(run.run_id, run.attempt) for run in ledger.last(9)] == [("2026-01-11-a", 2)]
    assert [step.attempt for step in ledger.steps("2026-01-11-a")] == [2]


def test_the_night_before_is_the_latest_that_ended_well_and_of_its_runs_the_last(ledger):
    for run_id, night, status in (("e", "2026-01-12", "done"), ("a", "2026-01-10", "done"),
                                  ("b", "2026-01-11", "done"), ("c", "2026-01-11", "degraded"),
                                  ("d", "2026-01-11", "failed")):  # fmt: skip
        ledger.finish(ledger.begin(run_id, night=night, key="k"), status)

    def before(night, among=None):
        run = ledger.before(night, among)
        return None if run is None else run.run_id

    assert before("2026-01-13") == "e"
    assert before("2026-01-12") == "c"
    assert before("2026-01-12", ["a", "b", "d", "e"]) == "b"
    assert before("2026-01-12", ["d", "e"]) is None
    assert before("2026-01-11") == "a"
    assert before("2026-01-10") is None
    assert ledger.finished("2026-01-11", "k").run_id == "c"
    assert (ledger.knows("d"), ledger.knows("f")) == (True, False)


def test_a_run_stands_until_another_begins(ledger):
    first = begin(ledger)
    assert ledger.stands(first)
    begin(ledger)
    assert not ledger.stands(first)


def test_a_step_says_what_it_was_tried_again_for(ledger):
    run = begin(ledger)
    with ledger.step(run, "archive") as step:
        step.failures.append("StoreError: away")
        step.message = "45 forecasts"
    assert ledger.steps(run.run_id)[0].message == "attempt 2, before: StoreError: away; 45 forecasts"


def test_whether_an_attempt_stands_is_asked_again_while_the_store_is_away(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:

        def rename(before, after):
            with store.engine.begin() as connection:
                connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

        patient = Ledger(store.engine, patience_s=30)
        run = patient.begin("2026-01-11-a", night="2026-01-11", key="a")
        rename("ledger_runs", "away")
        with pytest.raises(StoreError, match="no such table"):
            Ledger(store.engine).stands(run)
        timer = threading.Timer(0.5, rename, ["away", "ledger_runs"])
        timer.start()
        assert patient.stands(run)
        timer.join()

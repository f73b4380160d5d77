"""Steps of a night: safe points, second attempts, what a night survives."""

import errno
import sqlite3
import threading

import psycopg
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import OperationalError

from forecasting.errors import PublishError, StoreError
from forecasting.settings import ScheduleSettings, Settings
from jobs.ledger import Ledger
from jobs.locks import LostError, sole_worker
from jobs.patience import passes, patiently
from jobs.steps import Steps
from jobs.stopping import Interrupted, leaving


def full(times):
    """Work that finds the disk full so many times."""
    left = iter(range(times))

    def work(*_):
        if next(left, None) is not None:
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError as error:
                raise PublishError("cannot be put in place") from error
        return "done"

    return work


@pytest.fixture
def night(tmp_path):
    """Ledger, run, lock and what steps need besides, on SQLite."""
    settings = Settings(home=tmp_path, schedule=ScheduleSettings(patience_s=5))
    with sole_worker(settings) as (store, lock):
        ledger = Ledger(store.engine, patience_s=5)
        yield ledger, ledger.begin("r", night="2026-01-20", key="k"), lock


def steps(night, stop=None, messages=None):
    return Steps(*night, stop or threading.Event(), 5.0, [] if messages is None else messages)


def test_a_step_that_finds_the_disk_full_is_tried_again_and_the_ledger_says_so(night):
    assert steps(night).do("publish", "k", full(1)) == "done"
    (step,) = night[0].steps("r")
    assert (step.status, step.message) == ("done", "attempt 2, before: PublishError: cannot be put in place")


def test_what_will_fail_again_is_not_tried_again(night):
    times = []

    def work(_):
        times.append(1)
        raise ValueError("no figures")

    with pytest.raises(ValueError, match="no figures"):
        steps(night).do("derive", "k", work)
    assert len(times) == 1
    assert night[0].steps("r")[0].message == "ValueError: no figures"


def test_a_night_survives_a_step_that_it_can_do_without(night):
    messages = []
    assert steps(night, messages=messages).unless_it_fails("project", "k", lambda _: 1 // 0) is None
    assert messages == ["projection failed: ZeroDivisionError: integer division or modulo by zero"]


def test_a_night_that_is_asked_to_stop_does_at_its_next_safe_point(night):
    stop = threading.Event()
    doing = steps(night, stop)
    doing.do("derive", "k", lambda _: stop.set())
    with pytest.raises(Interrupted, match="the next run does this night again"):
        doing.unless_it_fails("project", "k", lambda _: None)
    assert [step.name for step in night[0].steps("r")] == ["derive"]


@pytest.fixture
def asked_to_end():
    leaving.set()
    yield
    leaving.clear()


def test_who_is_asked_to_end_waits_for_nothing_that_is_away(night, asked_to_end):
    with pytest.raises(Interrupted, match="asked to stop while it waited: cannot be put in place"):
        steps(night).unless_it_fails("pictures", "k", full(1))
    assert [(step.name, step.status) for step in night[0].steps("r")] == [("pictures", "failed")]


def test_an_attempt_that_ends_since_the_store_is_away_asks_it_no_more(night, asked_to_end):
    ledger, run, _ = night

    def away(_):
        raise StoreError("the store is away") from OperationalError("", {}, sqlite3.OperationalError("locked"))

    with pytest.raises(Interrupted) as interrupted:
        steps(night).do("archive", "k", away)
    ledger.break_off(run, interrupted.value)
    assert ledger.steps("r") == []
    ledger.begin("r", night="2026-01-20", key="k")
    assert [one.status for one in ledger.last(2)] == ["running", "interrupted"]


def test_a_night_whose_lock_another_one_had_meanwhile_goes_no_further(postgres_url, tmp_path):
    def opened(name):
        schedule = ScheduleSettings(patience_s=5)
        return sole_worker(Settings(home=tmp_path / name, store_url=SecretStr(postgres_url), schedule=schedule))

    with opened("one") as (store, lock):
        ledger = Ledger(store.engine)
        doing = steps((ledger, ledger.begin("r", night="2026-01-20", key="k"), lock))
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        with opened("other") as (theirs, _):
            Ledger(theirs.engine).begin("s", night="2026-01-20", key="l")
        with pytest.raises(LostError, match="another run has begun since"):
            doing.unless_it_fails("score", "k", lambda _: None)


def test_only_what_may_pass_is_worth_another_attempt():
    assert patiently(full(1), 5.0) == "done"
    with pytest.raises(PublishError):
        patiently(full(1), 0)
    assert not passes(PermissionError(errno.EACCES, "Permission denied"))
    assert not passes(OSError(errno.EROFS, "Read-only file system"))
    assert not passes(StoreError("the store URL cannot be read as one"))
    assert passes(ConnectionResetError())

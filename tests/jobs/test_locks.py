"""Who may work: real processes, real locks, a real PostgreSQL whose connection is cut."""

import subprocess
import sys
import threading

import psycopg
import pytest
from pydantic import SecretStr

from forecasting.errors import StoreError
from forecasting.settings import ScheduleSettings, Settings
from forecasting.store import Store
from jobs.ledger import Ledger
from jobs.locks import BusyError, LostError, StoreLock, exclusive, sole_worker

HOLD = """
import sys, time
from pathlib import Path
from pydantic import SecretStr
from forecasting.settings import Settings
from jobs.locks import exclusive, sole_worker
if len(sys.argv) == 2:
    lock = exclusive(Path(sys.argv[1]))
else:
    lock = sole_worker(Settings(home=Path(sys.argv[1]), store_url=SecretStr(sys.argv[2])))
with lock:
    print("held", flush=True)
    time.sleep(60)
"""


def holder(*args) -> subprocess.Popen:
    process = subprocess.Popen([sys.executable, "-c", HOLD, *map(str, args)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    return process


def settings(home, url, patience_s=5.0) -> Settings:
    return Settings(home=home, store_url=SecretStr(url), schedule=ScheduleSettings(patience_s=patience_s))


def test_a_second_process_is_refused_until_the_holder_is_dead(tmp_path):
    lock = tmp_path / "var" / "lock"
    process = holder(lock)
    try:
        with pytest.raises(BusyError, match=f"held by process {process.pid}; wait"), exclusive(lock):
            pass
    finally:
        process.kill()
        process.communicate(timeout=30)
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


def test_two_homes_with_one_store_exclude_each_other_until_the_holder_is_dead(store_url, tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    process = holder(one, store_url)
    try:
        with pytest.raises(BusyError, match=str(process.pid)), sole_worker(settings(other, store_url)):
            pass
    finally:
        process.kill()
        process.communicate(timeout=30)
    with sole_worker(settings(other, store_url)) as (store, lock):
        assert not lock.check()
        assert Ledger(store.engine).last(1) == []
    with sole_worker(settings(one, store_url)):
        pass


def test_the_lock_of_a_store_ends_with_the_work_and_not_with_the_store(store_url):
    with Store.open(store_url) as one, Store.open(store_url) as other:
        with StoreLock(one.engine, 0).held(), pytest.raises(BusyError), StoreLock(other.engine, 0).held():
            pass
        with StoreLock(other.engine, 0).held():
            pass


def cut(url: str) -> None:
    """Every connection to the database but this one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_lock_that_went_with_its_connection_is_taken_again(postgres_url, tmp_path):
    with sole_worker(settings(tmp_path / "one", postgres_url)) as (_, lock):
        cut(postgres_url)
        assert lock.check()
        assert not lock.check()
        with pytest.raises(BusyError), sole_worker(settings(tmp_path / "other", postgres_url)):
            pass


def test_a_lock_that_another_process_took_meanwhile_is_lost(postgres_url, tmp_path):
    with sole_worker(settings(tmp_path / "one", postgres_url)) as (_, lock):
        cut(postgres_url)
        with sole_worker(settings(tmp_path / "other", postgres_url)), pytest.raises(LostError, match="lost with its"):
            lock.check()
        assert lock.check() is True


def test_a_store_that_cannot_be_reached_says_so(tmp_path):
    url = "postgresql://nobody@127.0.0.1:9/none"
    with pytest.raises(StoreError, match="can be reached"), sole_worker(settings(tmp_path, url, patience_s=0)):
        pass


def test_a_store_that_is_away_when_work_begins_is_waited_for(postgres_server, tmp_path, caplog):
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as admin:
        admin.execute("CREATE DATABASE late ALLOW_CONNECTIONS false")
        back = threading.Timer(0.5, admin.execute, ["ALTER DATABASE late ALLOW_CONNECTIONS true"])
        back.start()
        try:
            with sole_worker(settings(tmp_path, postgres_server.get_uri(database="late"))) as (store, _):
                assert store.newest().empty
        finally:
            back.join()
            admin.execute("DROP DATABASE late WITH (FORCE)")
    assert "trying again: store postgresql" in caplog.text

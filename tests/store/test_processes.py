import subprocess
import sys
import time

from sqlalchemy import func, select, text

from forecasting.store import Store
from forecasting.store._schema import observations

ROWS = 6_000
APPEND = """
import sys
from datetime import UTC, datetime
import pandas as pd
from forecasting.observations import check_observations
from forecasting.store import Store
url, rows, value = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
frame = check_observations(pd.DataFrame({
    "indicator": [f"i{n // 120:04d}" for n in range(rows)],
    "period": [f"{2010 + n % 120 // 12}-{n % 12 + 1:02d}" for n in range(rows)],
    "measure": "ytd_level", "value": value, "unit": "kt", "decimals": 1}))
print("ready", flush=True)
sys.stdin.readline()
with Store.open(url) as store:
    print(store.append(frame, ingested_at=datetime.now(UTC), payload_sha256="0" * 64), flush=True)
"""


def appender(url, value):
    process = subprocess.Popen(
        [sys.executable, "-c", APPEND, url, str(ROWS), str(value)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def go(process):
    process.stdin.write("\n")
    process.stdin.flush()


def vintages(store):
    with store.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(observations))


def test_two_processes_that_append_the_same_figures_at_once_store_them_once(store_url):
    processes = [appender(store_url, 1.0) for _ in range(2)]
    for process in processes:  # the store does not exist yet: both create it
        go(process)
    added = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(added) == [0, ROWS]
    with Store.open(store_url) as store:
        assert vintages(store) == len(store.as_of()) == ROWS


def test_a_process_killed_in_an_append_leaves_all_of_the_payload_or_nothing(store_url):
    shares = (0.3, 0.6, 0.9)
    processes = [appender(store_url, 1.0 + number) for number in range(len(shares) + 2)]
    with Store.open(store_url) as store:
        started = time.monotonic()
        go(processes[0])
        processes[0].communicate(timeout=60)
        seconds = time.monotonic() - started

        for process, share in zip(processes[1:], shares, strict=False):
            before = vintages(store)
            go(process)
            time.sleep(seconds * share)
            process.kill()
            process.communicate(timeout=60)
            assert vintages(store) in (before, before + ROWS)

        before = vintages(store)
        go(processes[-1])
        processes[-1].communicate(timeout=60)
        assert vintages(store) == before + ROWS
        assert set(store.as_of()["value"]) == {len(shares) + 2.0}
        if store.engine.dialect.name == "sqlite":
            with store.engine.connect() as connection:
                assert connection.scalar(text("PRAGMA integrity_check")) == "ok"

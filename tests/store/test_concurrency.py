"""Several writers at once: every statement of each is there once, whatever the server's default isolation is."""

import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import psycopg
import pytest

from forecasting.observations import check_observations
from forecasting.payloads import BadRow, Payload
from forecasting.store import ChampionHistory, ForecastArchive, Intake, Reign, Store
from forecasting.store._forecasts import NUMBERS

WRITERS, ROUNDS, ROWS = 6, 4, 60
NOW = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)


@pytest.fixture
def contested_url(store_url):
    """A store on a server that would answer concurrent transactions with serialization failures by default."""
    if store_url.startswith("postgresql"):
        with psycopg.connect(store_url, autocommit=True) as connection:
            name = connection.info.dbname
            connection.execute(f"ALTER DATABASE {name} SET default_transaction_isolation = 'serializable'")
    Store.open(store_url).close()
    return store_url


def together(url, work):
    """What each of the writers returns, each with connections of its own."""

    def alone(number):
        with Store.open(url) as store:
            return [work(store, number, turn) for turn in range(ROUNDS)]

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(alone, range(WRITERS)))


def figures(value):
    periods = [f"{2020 + n // 12}-{n % 12 + 1:02d}" for n in range(ROWS)]
    return check_observations(
        pd.DataFrame(
            {"indicator": "a", "period": periods, "measure": "ytd_level", "value": value, "unit": "kt", "decimals": 1}
        )
    )


def test_writers_of_the_same_and_of_other_figures_lose_and_double_none(contested_url):
    def append(store, number, turn):
        own = figures(1.0 + turn).assign(indicator=f"own{number}")
        shared = figures(1.0 + turn).assign(indicator=f"shared{turn}")
        return [
            store.append(frame, ingested_at=NOW + dt.timedelta(days=turn), payload_sha256="0" * 64)
            for frame in (own, shared)
        ]

    added = together(contested_url, append)
    assert all(own == ROWS for writer in added for own, _ in writer)
    assert sum(shared for writer in added for _, shared in writer) == ROUNDS * ROWS
    with Store.open(contested_url) as store:
        vintages = store.vintages()
    sizes = vintages.groupby("indicator").size()
    assert sizes.to_dict() == {
        **{f"own{number}": ROUNDS * ROWS for number in range(WRITERS)},
        **{f"shared{turn}": ROWS for turn in range(ROUNDS)},
    }
    assert not vintages.duplicated(["indicator", "period", "vintage"]).any()


def test_a_night_that_several_archive_is_archived_once(contested_url):
    def archive(store, number, turn):
        frame = pd.DataFrame(
            {"indicator": "a", "target": "ytd_yoy", "period": [f"2026-{m:02d}" for m in range(1, 13)],
             "origin": "2025-12", "model": "median", "months": 1, "unit": "percent",
             **dict.fromkeys(NUMBERS, float(turn))}
        )  # fmt: skip
        kept = ForecastArchive(store.engine).add(
            frame, run_id=f"r{turn}", night=dt.date(2026, 1, 20 + turn), vintage=NOW + dt.timedelta(days=turn),
            made_at=NOW, content=hashlib.sha256(b"%d" % turn).hexdigest(),
        )  # fmt: skip
        reign = Reign("a", dt.date(2026, 1, 20 + turn), f"m{number}", f"r{turn}", "first choice")
        ChampionHistory(store.engine).settle(reign.day, {"a"}, [reign])
        return kept

    kept = together(contested_url, archive)
    assert [sum(writer[turn] for writer in kept) for turn in range(ROUNDS)] == [12] * ROUNDS
    with Store.open(contested_url) as store:
        reigns = ChampionHistory(store.engine).before(dt.date(2030, 1, 1))["a"]
    assert sorted(reign.run_id for reign in reigns) == [f"r{turn}" for turn in range(ROUNDS)]


def test_rows_that_several_put_aside_are_put_aside_once(contested_url):
    def put_aside(store, number, turn):
        intake = Intake(store.engine)
        payload = Payload("file", f"{turn}.csv", NOW, b"body")
        added = intake.quarantine(payload, [BadRow(f"line {n}", {"value": "x"}, f"reason {turn}") for n in range(20)])
        intake.note_reading(payload, f"key{number}")
        return added

    added = together(contested_url, put_aside)
    assert [sum(writer[turn] for writer in added) for turn in range(ROUNDS)] == [20] * ROUNDS
    with Store.open(contested_url) as store:
        assert Intake(store.engine).quarantine_sizes() == {"file": 20 * ROUNDS}

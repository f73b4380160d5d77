"""PostgreSQL servers that are not what one expects: of other encodings and styles, or silent."""

import datetime as dt
import socket
import time

import pandas as pd
import psycopg
import pytest

from forecasting.errors import StoreError
from forecasting.observations import check_observations
from forecasting.store import Store

NOW = dt.datetime(2026, 2, 1, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def database(postgres_server):
    """Makes databases by their options, and settings of theirs."""
    made = []
    with psycopg.connect(postgres_server.get_uri(), autocommit=True) as connection:

        def make(options: str = "", **settings: str) -> str:
            name = f"odd_{len(made)}"
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' {options}")
            made.append(name)
            for key, value in settings.items():
                connection.execute(f"ALTER DATABASE {name} SET {key} = '{value}'")
            return postgres_server.get_uri(database=name)

        yield make
        for name in made:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("style", ["SQL, DMY", "German", "Postgres, MDY"])
@pytest.mark.parametrize("encoding", ["UTF8", "SQL_ASCII"])
def test_figures_come_back_as_they_were_stored_whatever_the_database_has_for_texts_and_dates(database, encoding, style):
    figure = {"indicator": "cn_exports", "period": "2026-01", "measure": "ytd_yoy", "value": 3.1, "unit": "percent"}
    frame = check_observations(pd.DataFrame([{**figure, "decimals": 1, "source": "国家统计局", "note": "朱镕基 5 ㎡"}]))
    with Store.open(database(f"ENCODING '{encoding}'", datestyle=style, timezone="America/New_York")) as store:
        store.append(frame, ingested_at=NOW, payload_sha256="ab" * 32)
        seen = store.as_of().iloc[0]
    assert (seen["source"], seen["note"], seen["ingested_at"]) == ("国家统计局", "朱镕基 5 ㎡", pd.Timestamp(NOW))


@pytest.mark.parametrize("encoding", ["LATIN1", "EUC_CN"])
def test_a_database_that_cannot_hold_every_text_is_refused_when_it_is_opened(database, encoding):
    with pytest.raises(StoreError, match=rf"encoding is {encoding}, .*createdb -E UTF8"):
        Store.open(database(f"ENCODING '{encoding}'"))


def test_a_role_that_owns_nothing_is_told_what_it_needs(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE guest LOGIN")
        url = postgres_url.replace("postgres:@", "guest@")
        try:
            with pytest.raises(StoreError, match=r"denied for schema public.*; let the role own the database"):
                Store.open(url)
            Store.open(postgres_url).close()  # as an administrator who restores a dump does
            with pytest.raises(StoreError, match=r"denied for table .*; let the role own the database"):
                Store.open(url)
        finally:
            admin.execute("DROP ROLE guest")


@pytest.mark.parametrize(("asked", "seconds"), [("", 10), ("?connect_timeout=2", 2)])
def test_a_server_that_never_answers_is_given_up(asked, seconds):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        started = time.monotonic()
        with pytest.raises(StoreError, match=r"timeout.*check that the database is there"):
            Store.open(f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d{asked}")
    assert seconds - 1 < time.monotonic() - started < seconds + 5

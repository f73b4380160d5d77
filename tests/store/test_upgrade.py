"""Databases as earlier versions left them, upgraded by opening them."""

import datetime as dt
import hashlib
import logging
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alembic.command
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import MetaData, create_engine, inspect, text
from sqlalchemy.engine import make_url

import jobs.ledger  # noqa: F401  its tables belong to the same metadata
from forecasting.errors import StoreError
from forecasting.store import ChampionHistory, ForecastArchive, Store
from forecasting.store._upgrade import REVISIONS, VERSION_TABLE

SCHEMAS = Path(__file__).with_name("schemas")
ROOT = Path(__file__).parent.parent.parent
MIGRATIONS = ROOT / "forecasting" / "store" / "migrations"
RELEASED = dt.datetime(2025, 12, 15, 2, tzinfo=dt.UTC)
NUMBERS = (
    "mean",
    "q025",
    "q05",
    "q10",
    "q25",
    "q50",
    "q75",
    "q90",
    "q95",
    "q975",
    "no_change",
    "seasonal_naive",
    "scale",
)


def raw_engine(url: str):
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        return create_engine(parsed)
    return create_engine(parsed.set(drivername="postgresql+psycopg"))


def moment(engine, days: int) -> object:
    """A time as the first version wrote it: text without zone in SQLite."""
    when = RELEASED + dt.timedelta(days=days, microseconds=1)
    return when if engine.dialect.name == "postgresql" else when.strftime("%Y-%m-%d %H:%M:%S.%f")


def earlier(url: str, revision: str):
    """A database with the tables of a revision, by their original DDL, and rows in all of them; returns its rows."""
    engine = raw_engine(url)
    made = [one for one in REVISIONS if one <= revision]
    scripts = [(SCHEMAS / f"{one}-{engine.dialect.name}.sql").read_text(encoding="utf-8") for one in made]
    with engine.begin() as connection:
        for statement in "".join(scripts).split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        connection.execute(text("INSERT INTO schema_version VALUES (1)"))
        insert(connection, "observations", [
            {"row_key": hashlib.sha256(b"%d" % n).hexdigest(), "indicator": f"i{n % 7}",
             "period": f"2025-{n % 12 + 1:02d}", "measure": "ytd_yoy", "value": n / 7, "unit": "percent",
             "decimals": 1, "status": "A",
             "released_at": moment(engine, n) if n % 3 else None, "source": "包头市统计局", "note": "", "family": "",
             "revision": 1 + n // 84, "ingested_at": moment(engine, n + 1), "payload_sha256": "0" * 64}
            for n in range(168)
        ])  # fmt: skip
        insert(connection, "ledger_runs", [
            {"run_id": f"r{n}", "attempt": 1, "night": "2026-01-20", "key": "k", "status": "done",
             "started_at": moment(engine, n), "ended_at": moment(engine, n), "message": ""} for n in range(3)
        ])  # fmt: skip
        insert(connection, "ledger_steps", [
            {"run_id": f"r{n}", "attempt": 1, "name": "fit", "key": "k", "status": "done", "seconds": 1.5,
             "message": ""} for n in range(3)
        ])  # fmt: skip
        if revision > "0001":
            insert(connection, "forecast_nights", [
                {"run_id": "r1", "night": "2026-01-20", "vintage": moment(engine, -90), "made_at": moment(engine, 1),
                 "content": "1" * 64}
            ])  # fmt: skip
            insert(connection, "forecast_archive", [
                {"run_id": "r1", "indicator": f"i{n % 7}", "target": "ytd_yoy", "period": f"2025-{n // 7 + 1:02d}",
                 "model": "median", "origin": "2024-12", "months": 1,
                 **{name: None if name == "scale" else n / 3 for name in NUMBERS}} for n in range(84)
            ])  # fmt: skip
            insert(connection, "champions", [
                {"indicator": "i1", "day": "2026-01-20", "model": "theta", "run_id": "r1", "reason": "first choice"}
            ])  # fmt: skip
        if revision > "0002":
            connection.execute(text("INSERT INTO store_revision VALUES ('0003')"))
            insert(connection, "pulls", [
                {"source": "nbs", "at": moment(engine, 1), "status": "new", "figures": 3, "new": 3, "quarantined": 0,
                 "message": ""}
            ])  # fmt: skip
    found = rows(engine)
    engine.dispose()
    return found


def insert(connection, table: str, records: list[dict[str, object]]) -> None:
    names = ", ".join(records[0])
    values = ", ".join(f":{name}" for name in records[0])
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), records)  # noqa: S608


def rows(engine) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for name, table in tables.tables.items()
        }


def check(engine) -> None:
    """`alembic check`: the tables of the database are those of the code."""
    with engine.connect() as connection:
        alembic.command.check(config(connection))


def config(connection) -> Config:
    made = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    made.set_main_option("script_location", str(MIGRATIONS))
    made.set_main_option("path_separator", "os")
    return made


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_an_earlier_database_is_upgraded_by_opening_it_and_keeps_every_row(store_url, revision, caplog):
    before = earlier(store_url, revision)
    with caplog.at_level(logging.WARNING), Store.open(store_url) as store:
        noted = revision if revision > "0002" else "0001"  # where no table says so
        assert f"brought from revision {noted} to {REVISIONS[-1]}" in caplog.text
        after = rows(store.engine)
        kept = {name: found for name, found in before.items() if name not in ("schema_version", "store_revision")}
        if "forecast_archive" in kept:
            kept["forecast_archive"] = [(*row, None) for row in kept["forecast_archive"]]  # their unit
        assert {name: after[name] for name in kept} == kept
        assert after["store_revision"] == [(REVISIONS[-1],)]
        check(store.engine)
        vintages = store.vintages()
        assert len(vintages) == len(before["observations"]) == 168
        assert vintages["released_at"].isna().sum() == 56
        assert set(vintages["source"]) == {"包头市统计局"}
        if revision > "0001":
            standing = ForecastArchive(store.engine).standing(
                dt.datetime(2030, 1, 1, tzinfo=dt.UTC), before=dt.date(2030, 1, 1), since="2025-01"
            )
            assert len(standing) == len(before["forecast_archive"]) == 84
            assert ChampionHistory(store.engine).before(dt.date(2026, 2, 1))["i1"][0].model == "theta"


def test_an_sqlite_file_is_copied_before_it_is_upgraded(tmp_path):
    url = f"sqlite:///{tmp_path}/var/cumulus.db"
    before = earlier(url, "0001")
    Store.open(url).close()
    copy = create_engine(f"sqlite:///{tmp_path}/var/cumulus.db.before-{REVISIONS[-1]}")
    assert rows(copy) == before
    copy.dispose()
    Store.open(url).close()
    assert len(list((tmp_path / "var").glob("*.before-*"))) == 1


def test_a_new_database_has_the_tables_of_the_code(store_url, caplog):
    with caplog.at_level(logging.INFO), Store.open(store_url) as store:
        assert not caplog.text
        check(store.engine)


def test_a_table_that_no_revision_makes_is_noticed(store_url):
    with Store.open(store_url) as store, store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE pulls DROP COLUMN message"))
        connection.execute(text("DROP INDEX observations_figure"))
        with pytest.raises(CommandError, match=r"(?s)(message|observations_figure).*(observations_figure|message)"):
            alembic.command.check(config(connection))


def test_all_tables_of_the_service_are_in_one_metadata():
    made = [
        path.name
        for package in ("forecasting", "jobs")
        for path in (ROOT / package).rglob("*.py")
        if re.search(r"^\w+ = MetaData\(", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]
    assert made == ["_schema.py"]


def test_the_list_of_revisions_is_the_one_that_alembic_finds():
    script = ScriptDirectory(str(MIGRATIONS))
    assert [one.revision for one in script.walk_revisions()][::-1] == list(REVISIONS)
    # without which a wheel lacks them
    assert all((MIGRATIONS / folder / "__init__.py").is_file() for folder in (".", "versions"))


def test_an_older_cumulus_refuses_a_newer_database(store_url):
    with Store.open(store_url) as store, store.engine.begin() as connection:
        # what 0.1.0 looks at: it reads no other version than 1
        assert connection.scalar(text("SELECT version FROM schema_version")) == 2
        connection.execute(text("UPDATE store_revision SET version_num = '0099'"))
    with pytest.raises(StoreError, match=rf"revision 0099, this Cumulus knows those up to {REVISIONS[-1]}; install"):
        Store.open(store_url)


def test_of_several_that_open_an_earlier_database_at_once_one_upgrades_it(store_url):
    before = earlier(store_url, "0001")
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(Store.open, [store_url] * 4))
    assert rows(stores[0].engine)["observations"] == before["observations"]
    assert rows(stores[0].engine)["store_revision"] == [(REVISIONS[-1],)]
    for store in stores:
        store.close()


def test_an_upgrade_that_fails_leaves_the_database_as_it_was(store_url):
    earlier(store_url, "0001")
    engine = raw_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE champions (someone_else INTEGER)"))  # in the way of an index
    before = rows(engine)
    with pytest.raises(StoreError, match="indicator"):
        Store.open(store_url)
    assert rows(engine) == before
    assert "store_revision" not in inspect(engine).get_table_names()
    engine.dispose()


def test_a_file_that_cannot_be_copied_is_not_upgraded(tmp_path):
    url = f"sqlite:///{tmp_path}/var/cumulus.db"
    earlier(url, "0001")
    (tmp_path / "var" / f"cumulus.db.before-{REVISIONS[-1]}").mkdir()
    with pytest.raises(StoreError, match=r"cannot be copied to .* make room there"):
        Store.open(url)
    with sqlite3.connect(tmp_path / "var" / "cumulus.db") as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [(1,)]
    connection.close()

"""Pulling as a whole: the archive read again, vintages as of any day, files of a drop folder, the commands."""

import datetime as dt
import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from forecasting.catalog import load_catalog
from forecasting.errors import StoreError
from forecasting.payloads import Payload
from forecasting.publishing import csv_bytes
from forecasting.settings import Settings
from forecasting.sources import Connectors
from forecasting.store import Intake, RawArchive, Store
from jobs.computing import known_figures
from jobs.patience import patiently
from jobs.pulling import Pulling
from tests.commands import run_cumulus

NOW = dt.datetime(2026, 2, 1, 12, 0, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
HEADER = "indicator,period,measure,value,unit,released_at\n"


def pulling(home: Path, store: Store) -> Pulling:
    own = Settings(home=home)
    return Pulling(store, RawArchive(own.raw), load_catalog(), Connectors(own))


def rows(store: Store, table="observations") -> bytes:
    """Every column of every row, in the order in which they were stored."""
    with store.engine.connect() as connection:
        return repr(connection.execute(text(f"SELECT * FROM {table} ORDER BY id")).all()).encode()  # noqa: S608


def rows_of_a_replay(home) -> bytes:
    """`rows` of a new store into which the home's archive is replayed."""
    with Store.open(f"sqlite:///{home}/new.db") as new:
        pulling(home, new).replay()
        return rows(new)


@pytest.fixture
def store(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/var/cumulus.db") as opened:
        yield opened


def csv(*figures: str) -> bytes:
    return (HEADER + "".join(f"{figure}\n" for figure in figures)).encode()


def test_the_archive_read_into_an_empty_database_gives_the_same_observations_byte_for_byte(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    one = pulling(tmp_path, store)
    one.pull(["reference"], NOW)
    (drop / "steel.csv").write_bytes(csv("steel,2025-11,ytd_yoy,5.1,percent,", "steel,2025-12,ytd_yoy,x,percent,"))
    one.pull(["reference", "file"], NOW + DAY)
    (drop / "steel.csv").write_bytes(csv("steel,2025-11,ytd_yoy,5.0,percent,", "steel,2025-12,ytd_yoy,4.8,percent,"))
    one.take(Payload("import", "a.csv", NOW + DAY, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,")))
    one.pull(["reference", "file"], NOW + 2 * DAY)
    one.take(Payload("import", "b.csv", NOW + 3 * DAY, csv("cn_exports,2026-01,ytd_yoy,3.1,percent,")))
    one.take(Payload("import", "a.csv", NOW + 4 * DAY, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,")))
    one.take(Payload("import", "c.csv", NOW + 5 * DAY, b"\0"))
    vintages = store.vintages(["cn_exports"]).query("period == '2026-01'")["value"].tolist()
    assert vintages == [3.0, 3.1, 3.0]
    with Store.open(f"sqlite:///{tmp_path}/again.db") as empty:
        pulls = {pull.source: pull for pull in pulling(tmp_path, empty).replay()}
        assert rows(empty) == rows(store)
        assert rows(empty, "quarantine") == rows(store, "quarantine")
    assert {name: pull.status for name, pull in pulls.items()} == {
        "reference": "done", "file": "partial", "import": "done",
    }  # fmt: skip
    before = rows(store)
    one.replay()
    assert rows(store) == before  # and what the store has already adds nothing


def test_the_archive_gives_the_same_on_postgresql(tmp_path, store, postgres_url):
    one = pulling(tmp_path, store)
    one.pull(["reference"], NOW)
    one.take(Payload("import", "a.csv", NOW + DAY, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,", "x,2026,,,,")))
    with Store.open(postgres_url) as empty:
        pulling(tmp_path, empty).replay()
        pd.testing.assert_frame_equal(empty.vintages(), store.vintages())
        assert [row["reason"] for row in Intake(empty.engine).quarantined(9)] == [
            row["reason"] for row in Intake(store.engine).quarantined(9)
        ]


def test_a_damaged_payload_is_named_and_all_others_are_replayed(tmp_path, store):
    one = pulling(tmp_path, store)
    one.pull(["reference"], NOW)
    one.take(Payload("import", "a.csv", NOW + DAY, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,")))
    imported = Payload("import", "b.csv", NOW + 2 * DAY, csv("cn_exports,2026-01,ytd_yoy,3.1,percent,"))
    one.take(imported)
    one.pull(["reference"], NOW + 3 * DAY)
    file = damaged(tmp_path, imported)
    with Store.open(f"sqlite:///{tmp_path}/again.db") as empty:
        pulls = {pull.source: pull for pull in pulling(tmp_path, empty).replay()}
        assert (pulls["reference"].status, pulls["import"].status) == ("done", "partial")
        assert empty.as_of().query("indicator == 'cn_exports' and period == '2026-01'")["value"].tolist() == [3.0]
    said = pulls["import"].message.split("\n")
    assert said[0].startswith(f"raw archive {file}: cannot be read")
    assert said[0].endswith("; restore it from a copy; it came from b.csv at 2026-02-03 12:00 UTC")
    assert said[1].startswith("import: 1 damaged payloads were passed over; a new database lacks what they brought")
    max((tmp_path / "var" / "raw").glob("*/*.gz"), key=lambda path: path.stat().st_size).unlink()
    [said] = [pull.message for pull in one.replay() if pull.source == "reference"]
    assert said.count("cannot be read (No such file or directory)") == 1  # of two fetches


def damaged(home: Path, payload: Payload) -> Path:
    file = home / "var" / "raw" / payload.sha256[:2] / f"{payload.sha256}.gz"
    file.write_bytes(file.read_bytes()[:-9])
    return file


def test_a_damaged_payload_is_mended_where_the_same_bytes_come_again(tmp_path, store):
    payload = Payload("import", "a.csv", NOW, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,"))
    one = pulling(tmp_path, store)
    one.take(payload)
    damaged(tmp_path, payload)
    assert [pull.status for pull in one.replay()] == ["failed"]
    one.take(payload)
    assert [pull.status for pull in one.replay()] == ["done"]


TOLD = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 3), st.booleans()), min_size=2, max_size=7)


@settings(max_examples=10, deadline=None)
@given(TOLD, st.data())
def test_a_whole_replay_after_one_that_passed_over_damaged_payloads_completes_the_figures(told, data):
    """Of files and imports, with and without the catalogue's release times."""
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/var/cumulus.db") as store:
        home, drop = Path(folder), Path(folder) / "var" / "drop"
        drop.mkdir()
        one = pulling(home, store)
        for number, (name, value, by_hand) in enumerate(told):
            body = csv(*(f"{indicator},2025-11,ytd_yoy,{value}.0,percent," for indicator in ("x", "cn_exports")))
            if by_hand:
                one.take(Payload("import", f"{name}.csv", NOW + number * DAY, body))
            else:
                (drop / f"{name}.csv").write_bytes(body)
                os.utime(drop / f"{name}.csv", (0, 0))  # long settled
                one.pull(["file"], NOW + number * DAY)
        files = sorted((home / "var" / "raw").glob("??/*.gz"))
        bodies = {file: file.read_bytes() for file in data.draw(st.sets(st.sampled_from(files), min_size=1))}
        for file in bodies:
            file.write_bytes(b"")
        with Store.open(f"sqlite:///{folder}/again.db") as again:
            assert any("damaged payloads were passed over" in pull.message for pull in pulling(home, again).replay())
            for file, body in bodies.items():
                file.write_bytes(body)
            pulling(home, again).replay()
            figures = ["indicator", "period", "measure", "value"]
            pd.testing.assert_frame_equal(again.as_of()[figures], store.as_of()[figures])


def test_a_list_of_the_archive_that_ends_with_something_else_is_said_by_line_in_every_pull(tmp_path, store):
    one = pulling(tmp_path, store)
    one.pull(["reference"], NOW)
    with (tmp_path / "var" / "raw" / "fetches.jsonl").open("ab") as file:
        file.write(b'{"batch": 2\n\n')
    with pytest.raises(StoreError, match=r"fetches.jsonl: line 2 is not a fetch .*take the line out"):
        one.take(Payload("import", "a.csv", NOW + DAY, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,")))


def test_a_line_that_a_crash_cut_off_is_dropped(tmp_path, store):
    one = pulling(tmp_path, store)
    one.pull(["reference"], NOW)
    listed = tmp_path / "var" / "raw" / "fetches.jsonl"
    with listed.open("ab") as file:
        file.write(b'{"batch": 2, "sour')
    assert len(list(RawArchive(listed.parent).fetches())) == 1
    one.take(Payload("import", "a.csv", NOW + DAY, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,")))
    assert [fetch.batch for fetch in RawArchive(listed.parent).fetches()] == [1, 2]


PRINTS = st.lists(
    st.tuples(
        st.integers(0, 60),  # days after the start on which it is fetched
        st.sampled_from(["2025-10", "2025-11"]),
        st.integers(0, 3),  # value
        st.none() | st.integers(-30, 60),  # released so many days after the start, or not said
    ),
    max_size=12,
)  # fmt: skip
START = dt.datetime(2025, 12, 20, 12, 0, tzinfo=dt.UTC)


def expected(prints, catalog):
    """(known from, in this order, period, value) of every vintage that these prints make."""
    vintages = []
    for number, (at, period, value, told) in enumerate(prints):
        own = [one for one in vintages if one[2] == period]
        usual = catalog.released_at("cn_retail_sales", period).to_pydatetime()
        released = told or (usual if not own and usual <= at else None)
        repeated = [one[3] for one in own if one[4] == released][-1:]
        if (own and max(own)[3] == value) or repeated == [value]:
            continue
        vintages.append((released or at, number, period, value, released))
    return vintages


@settings(max_examples=25)
@given(PRINTS)
def test_as_of_any_day_knows_what_had_been_released_or_seen_by_then_and_nothing_later(prints):
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/var/cumulus.db") as store:
        one = pulling(Path(folder), store)
        taken = []
        for number, (day, period, value, released) in enumerate(sorted(prints, key=lambda each: each[0])):
            moment = START + day * DAY + number * dt.timedelta(minutes=1)
            told = None if released is None or released > day else START + released * DAY
            figure = f"cn_retail_sales,{period},ytd_yoy,{value}.0,percent,{told.isoformat() if told else ''}"
            one.take(Payload("import", f"{number}.csv", moment, csv(figure)))
            taken.append((moment, period, float(value), told))
        vintages = expected(taken, load_catalog())
        for day in range(-35, 66, 10):
            moment = START + day * DAY
            known = sorted(one for one in vintages if one[0] <= moment)
            seen = store.as_of(moment)
            assert dict(zip(seen["period"], seen["value"], strict=True)) == {one[2]: one[3] for one in known}


def test_a_revised_history_does_not_leak_into_the_past(tmp_path, store):
    one = pulling(tmp_path, store)
    one.pull(["reference"], NOW)
    known = store.as_of(dt.datetime(2025, 6, 1, tzinfo=dt.UTC))
    levels = store.as_of().query("indicator == 'cn_exports' and measure == 'ytd_yoy'")
    revised = [f"cn_exports,{row.period},ytd_yoy,{row.value + 0.1:.1f},percent," for row in levels.itertuples()]
    assert one.take(Payload("import", "r.csv", NOW + DAY, csv(*revised))).new == len(revised)
    pd.testing.assert_frame_equal(store.as_of(dt.datetime(2025, 6, 1, tzinfo=dt.UTC)), known)
    assert store.as_of(NOW + DAY).query("indicator == 'cn_exports' and measure == 'ytd_yoy'")["value"].tolist() == [
        round(value + 0.1, 1) for value in levels["value"]
    ]


def test_the_embedded_figures_do_not_undo_a_later_revision(tmp_path, store):
    one = pulling(tmp_path, store)
    one.pull(["reference"], NOW)
    one.take(Payload("import", "r.csv", NOW + DAY, csv("cn_exports,2025-11,ytd_yoy,5.5,percent,")))
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM readings"))  # as after a change of the catalogue
    [again] = one.pull(["reference"], NOW + 2 * DAY)
    assert (again.status, again.figures, again.new) == ("done", 3718, 0)
    figure = store.as_of().query("indicator == 'cn_exports' and period == '2025-11' and measure == 'ytd_yoy'")
    assert figure["value"].tolist() == [5.5]


SALES = "cn_retail_sales,2025-10,month_yoy"


def sales(store: Store) -> list[float]:
    """Every vintage of a figure, in the order in which it became known."""
    rows = store.vintages(["cn_retail_sales"]).query("period == '2025-10' and measure == 'month_yoy'")
    return rows["value"].tolist()


def test_a_catalogue_that_took_another_series_is_mended_with_its_figures(tmp_path, store):
    entry = Path(__file__).with_name("catalog.toml").read_text(encoding="utf-8").split("[[indicator]]")[1]
    right, own = f"[[indicator]]{entry}", Settings(home=tmp_path)
    wrong = right.replace('series = "cn_industrial_va"', 'series = "cn_fai_manufacturing"')
    seen = []
    for day, text_ in enumerate((right, wrong, right, right.replace("decimals = 1", "decimals = 2"))):
        (tmp_path / "catalog.toml").write_text(text_, encoding="utf-8")
        catalog = load_catalog(tmp_path / "catalog.toml")
        Pulling(store, RawArchive(own.raw), catalog, Connectors(own)).pull(["reference"], NOW + day * DAY)
        seen.append(store.as_of()[["period", "measure", "value"]])
    assert not seen[1].equals(seen[0])
    pd.testing.assert_frame_equal(seen[2], seen[0])
    pd.testing.assert_frame_equal(seen[3], seen[0])
    revised = csv("cn_industrial_va,2025-12,ytd_yoy,5.8,percent,")
    pulling(tmp_path, store).take(Payload("import", "a.csv", NOW + 9 * DAY, revised))
    pulling(tmp_path, store).pull(["reference"], NOW + 10 * DAY)  # by another catalogue, which reads no other series
    last = store.as_of(indicators=["cn_industrial_va"]).query("measure == 'ytd_yoy'").iloc[-1]
    assert (last["period"], last["value"]) == ("2025-12", 5.8)


def test_a_pull_after_a_replay_into_a_new_store_does_not_undo_revisions(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    one = pulling(tmp_path, store)
    for day, (name, value) in enumerate({"2025.csv": "12.9", "2025-revised.csv": "13.1"}.items()):
        (drop / name).write_bytes(csv(f"{SALES},{value},percent,"))
        one.pull(["file"], NOW + day * DAY)
    assert sales(store) == [12.9, 13.1]
    with Store.open(f"sqlite:///{tmp_path}/new.db") as new:
        again = pulling(tmp_path, new)
        again.replay()
        assert [(pull.status, pull.new) for pull in again.pull(["file"], NOW + 3 * DAY)] == [("unchanged", 0)]
        assert sales(new) == [12.9, 13.1]


def test_an_old_file_under_a_new_name_does_not_undo_what_came_after_it(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    one = pulling(tmp_path, store)
    (drop / "2025.csv").write_bytes(csv(f"{SALES},12.9,percent,"))
    one.pull(["file"], NOW)
    one.take(Payload("import", "fix.csv", NOW + DAY, csv(f"{SALES},13.1,percent,")))
    (drop / "2025.csv").rename(drop / "2025-old.csv")
    assert [(pull.status, pull.new) for pull in one.pull(["file"], NOW + 2 * DAY)] == [("done", 0)]
    assert sales(store) == [12.9, 13.1]
    assert rows_of_a_replay(tmp_path) == rows(store)


def test_a_file_that_goes_back_to_what_it_said_revises(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    one = pulling(tmp_path, store)
    for day, value in enumerate(("12.9", "13.1", "12.9")):
        (drop / "2025.csv").write_bytes(csv(f"{SALES},{value},percent,"))
        one.pull(["file"], NOW + day * DAY)
    assert sales(store) == [12.9, 13.1, 12.9]
    assert rows_of_a_replay(tmp_path) == rows(store)


def test_a_row_that_cannot_be_used_is_said_however_often_its_file_is_imported(tmp_path, store):
    one = pulling(tmp_path, store)
    told = csv("cn_exports,2026-01,ytd_yoy,3.0,percent,", "cn_exports,2026-02,ytd_yoy,x,percent,")
    again = [one.take(Payload("import", "a.csv", NOW + day * DAY, told)) for day in range(2)]
    assert [(pull.status, pull.new, pull.quarantined) for pull in again] == [("partial", 1, 1), ("partial", 0, 1)]
    one.take(Payload("import", "a.csv", NOW + 2 * DAY, told.replace(b"x", b"3.1")))
    assert [(pull.status, pull.quarantined) for pull in one.replay()] == [("done", 0)]  # corrected since


def test_a_file_that_was_imported_by_mistake_is_told_once_and_not_by_every_replay(tmp_path, store):
    one = pulling(tmp_path, store)
    one.take(Payload("import", "a.csv", NOW, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,")))
    refused = one.take(Payload("import", "b.csv", NOW + DAY, b"month,name,rate\n2025/10,Steel,5.1\n"))
    assert (refused.status, "need a mapping" in refused.message) == ("failed", True)
    assert [(pull.status, pull.message) for pull in one.replay()] == [("done", "")]


def test_a_refused_file_in_an_old_archive_is_said_until_it_is_imported_again(tmp_path, store):
    one = pulling(tmp_path, store)
    one.take(Payload("import", "/a.csv", NOW, csv("cn_exports,2026-01,ytd_yoy,3.0,percent,")))
    # as versions did that archived before they read
    RawArchive(tmp_path / "var" / "raw").keep(
        [Payload("import", "/b.csv", NOW, b"month,name,rate\n2025/10,Steel,5.1\n")]
    )
    (before,) = one.replay()
    assert before.status == "partial"
    assert "b.csv: columns indicator" in before.message
    assert before.message.endswith("/b.csv: correct the file and import it again under this name")
    one.take(Payload("import", "/b.csv", NOW + DAY, csv("cn_exports,2026-02,ytd_yoy,3.1,percent,")))
    after = "/b.csv: passed over as it was before it was imported again"
    assert [(pull.status, pull.figures, pull.message) for pull in one.replay()] == [("done", 2, after)]


KILLED = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from forecasting.settings import Settings
from forecasting.store import Store
from tests.jobs.test_pulling import DAY, NOW, pulling
home = Path(sys.argv[1])
with Store.open(Settings(home=home).store) as store:
    @event.listens_for(store.engine, "before_cursor_execute")
    def kill(connection, cursor, statement, *_):
        if statement.startswith("INSERT INTO observations"):
            os.kill(os.getpid(), signal.SIGKILL)
    pulling(home, store).pull(["file"], NOW + 2 * DAY)
"""


@pytest.mark.parametrize("ends", ["the store is away for a moment", "the process is killed"])
def test_a_new_file_that_takes_a_revision_back_does_so_although_its_pull_was_broken_off(tmp_path, store, ends):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    one = pulling(tmp_path, store)
    for day, (name, value) in enumerate({"a.csv": "12.9", "b.csv": "13.1"}.items()):
        (drop / name).write_bytes(csv(f"{SALES},{value},percent,"))
        one.pull(["file"], NOW + day * DAY)
        (drop / name).unlink()
    (drop / "c.csv").write_bytes(csv(f"{SALES},12.9,percent,", "cn_retail_sales,2025-12,month_yoy,1.0,percent,"))

    def rename(before, after):
        with store.engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))

    if ends == "the process is killed":
        root = Path(__file__).parents[2]
        killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, cwd=root)
        assert killed.returncode == -signal.SIGKILL
        [pull] = one.pull(["file"], NOW + 3 * DAY)
    else:
        rename("observations", "away")
        [pull] = patiently(
            lambda: one.pull(["file"], NOW + 3 * DAY), 30, failed=lambda _: rename("away", "observations")
        )
    assert (pull.status, pull.figures, pull.new) == ("done", 2, 2)
    assert sales(store) == [12.9, 13.1, 12.9]


def test_a_thinned_archive_replays_to_the_same_figures(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    one = pulling(tmp_path, store)
    exports = "cn_exports,2025-10,month_yoy,1.0,percent"
    one.take(Payload("import", "own.csv", NOW, csv(f"{exports},")))
    (drop / "idle.csv").write_bytes(csv(f"{exports} ,"))  # says what is known
    for day, told in enumerate([f"{SALES},12.9,percent,", f"{exports}  ,", *[f"{SALES},12.9,percent,"] * 3]):
        (drop / "2025.csv").write_bytes(csv(told))
        one.pull(["file"], NOW + day * DAY)
        if day == 1:
            fixed = csv(f"{SALES},13.1,percent,", f"{exports.replace('1.0', '2.0')},")
            one.take(Payload("import", "fix.csv", NOW + day * DAY, fixed))
    assert sales(store) == [12.9, 13.1, 12.9]
    archive = RawArchive(Settings(home=tmp_path).raw)
    assert archive.thin(NOW + 4 * DAY, Intake(store.engine).used_payloads()) == 4  # repetitions
    assert rows_of_a_replay(tmp_path) == rows(store)


def test_what_is_amiss_is_said_every_time_and_not_only_the_first(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    (drop / "empty.csv").write_bytes(b"")
    one = pulling(tmp_path, store)
    for day in range(3):
        [result] = one.pull(["file"], NOW + day * DAY)
        assert (result.status, "the file is empty" in result.message) == ("failed", True)


def test_files_of_the_drop_folder_are_read_once_and_others_named(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    (drop / "steel.csv").write_bytes(csv("steel,2025-11,ytd_yoy,5.1,percent,"))
    (drop / "old.xls").write_bytes(b"")
    (drop / "~$steel.xlsx").write_bytes(b"")
    one = pulling(tmp_path, store)
    [first] = one.pull(["file"], NOW)
    assert (first.status, first.new) == ("partial", 1)
    assert "old.xls: only .csv, .xlsx and bulletins (.txt, .md, .html, .htm) are read" in first.message
    (drop / "old.xls").unlink()
    [again] = one.pull(["file"], NOW + DAY)
    assert (again.status, again.new) == ("unchanged", 0)


def test_files_whose_names_are_no_utf_8_are_read_told_apart_and_named(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    told = {"钢铁.csv": csv("steel,2025-11,ytd_yoy,5.1,percent,"), "煤炭.csv": csv("coal,2025-11,ytd_yoy,6.1,percent,"),
            "公报.txt": "2025年1—11月，全国出口按美元计价增长5.9%。".encode(), "数据.pdf": b"%PDF"}  # fmt: skip
    for name, body in told.items():
        (drop / os.fsdecode(name.encode("gbk"))).write_bytes(body)
    one = pulling(tmp_path, store)
    tables, bulletins = one.pull(["file", "bulletin"], NOW)
    assert (tables.status, tables.new, bulletins.new) == ("partial", 2, 1)
    assert r"\xca\xfd\xbe\xdd.pdf: only .csv, .xlsx and bulletins" in tables.message
    [steel] = store.as_of(indicators=["steel"])["source"]
    assert steel == r"file \xb8\xd6\xcc\xfa.csv"
    assert [again.new for again in one.pull(["file", "bulletin"], NOW + DAY)] == [0, 0]
    table = drop / os.fsdecode("钢铁.csv".encode("gbk"))
    assert one.take(Connectors(Settings(home=tmp_path)).files().load(table, NOW)).status == "done"


@pytest.mark.parametrize("source", ["file", "bulletin"])
def test_a_drop_folder_that_cannot_be_read_fails_its_source_and_not_the_night(tmp_path, store, source, monkeypatch):
    (tmp_path / "var" / "drop").mkdir(parents=True)

    def refuse(folder):  # whom root is, no folder refuses
        raise PermissionError(errno.EACCES, "Permission denied", str(folder))

    monkeypatch.setattr(Path, "iterdir", refuse)
    (pull,) = pulling(tmp_path, store).pull([source], NOW)
    assert pull.status == "failed"
    assert "drop: cannot be read: Permission denied" in pull.message


def test_figures_that_are_published_and_imported_again_are_the_same_to_the_last_character(tmp_path, store):
    notes = ["=1+1", "-5.2% said", "'quoted", "''@", 'plain, "said"', "'"]
    given = pd.DataFrame({"indicator": "x", "period": [f"2025-{n + 1:02d}" for n in range(len(notes))],
                          "measure": "month_level", "value": 5800.0, "unit": "t", "decimals": -2,
                          "status": "A", "source": "-s", "note": notes})  # fmt: skip
    pulling(tmp_path, store).take(Payload("import", "in.csv", NOW, csv_bytes(given), {}))
    first = store.as_of(ingested_by=NOW)
    assert first["note"].tolist() == notes
    assert first["source"].unique().tolist() == ["-s"]
    with Store.open(f"sqlite:///{tmp_path}/new.db") as new:
        again = csv_bytes(first.drop(columns="ingested_at"))
        pulling(tmp_path / "other", new).take(Payload("import", "out.csv", NOW, again, {}))
        pd.testing.assert_frame_equal(new.as_of(ingested_by=NOW), first)


def test_other_peoples_columns_are_read_by_a_mapping_of_the_catalogue(tmp_path, store):
    catalog = (Path(__file__).parent / "catalog.toml").read_text(encoding="utf-8")
    (tmp_path / "catalog.toml").write_text(
        catalog + """
[[mapping]]
files = "tabelle-*.csv"
skip = 1
period_format = "%Y年%m月"
columns = { period = "时间" }
constants = { source = "a yearbook" }
wide = [
  { column = "工业", indicator = "cn_industrial_va", measure = "ytd_yoy" },
  { column = "包头", indicator = "baotou_industrial_va", measure = "ytd_yoy" },
]
""", encoding="utf-8",
    )  # fmt: skip
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    table = "规模以上工业增加值\n时间,工业,包头,注\n2025年3月,6.5,,x\n2025年4月,6.4%,12.0,\n4月,1,2,\n"
    (drop / "tabelle-1.csv").write_text(table, encoding="gb18030")
    own = Settings(home=tmp_path)
    one = Pulling(store, RawArchive(own.raw), load_catalog(tmp_path / "catalog.toml"), Connectors(own))
    [result] = one.pull(["file"], NOW)
    assert (result.new, result.quarantined) == (3, 2)
    seen = store.as_of()
    assert list(zip(seen["indicator"], seen["period"], seen["value"], seen["source"], strict=True)) == [
        ("baotou_industrial_va", "2025-04", 12.0, "a yearbook"),
        ("cn_industrial_va", "2025-03", 6.5, "a yearbook"),
        ("cn_industrial_va", "2025-04", 6.4, "a yearbook"),
    ]


STEEL = """
[[indicator]]
id = "steel"
title_en = "Steel"
title_zh = "钢"
region = "CN"
sector = "industry"
unit = "{unit}"
decimals = 1
role = "context"
family = "steel"
source = {{ connector = "file" }}
publisher = "a yearbook"
release = {{ lag = 1, day = 16, time = "10:00" }}

[[mapping]]
files = "steel-*.csv"
columns = {{ period = "month" }}
wide = [{{ column = "steel", indicator = "steel", measure = "month_level", unit = "{told}" }}]
"""


def steel(home: Path, store: Store, unit: str, told: str) -> Pulling:
    """A pulling whose catalogue has one unit, and its mapping another or the same."""
    path = home / "catalog.toml"
    path.write_text(STEEL.format(unit=unit, told=told), encoding="utf-8")
    own = Settings(home=home)
    return Pulling(store, RawArchive(own.raw), load_catalog(path), Connectors(own))


@pytest.mark.parametrize("replayed", [False, True])
def test_a_unit_that_was_wrong_is_corrected_by_a_pull_or_a_replay(tmp_path, store, replayed):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    table = "month,steel\n2025-10,101.5\n2025-11,102.5\n"
    (drop / "steel-own.csv").write_text(table)
    steel(tmp_path, store, "t", "t").pull(["file"], NOW)
    [aside] = steel(tmp_path, store, "10,000 t", "t").pull(["file"], NOW + DAY)
    assert (aside.status, aside.new, aside.quarantined) == ("partial", 0, 2)
    assert "not the catalogue's; correct" in Intake(store.engine).quarantined(1)[0]["reason"]
    right = steel(tmp_path, store, "10,000 t", "10,000 t")
    [pull] = right.replay() if replayed else right.pull(["file"], NOW + 2 * DAY)
    assert (pull.new, pull.quarantined) == (2, 0)
    (drop / "steel-own.csv").write_text(f"{table}2025-12,103.5\n")
    [pull] = right.pull(["file"], NOW + 3 * DAY)
    assert (pull.status, pull.new) == ("done", 1)
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)  # the unit was wrong, the figures were known by then
    figures, lines = known_figures(store, load_catalog(tmp_path / "catalog.toml"), day.date(), day)
    assert figures["value"].tolist() == [101.5, 102.5]
    assert lines == []
    assert store.as_of()["unit"].tolist() == ["10,000 t"] * 3


def test_a_revision_in_a_wrong_unit_is_corrected_from_its_own_time_on(tmp_path, store):
    drop = tmp_path / "var" / "drop"
    drop.mkdir(parents=True)
    for day, value in enumerate(("101.5", "102.5")):
        (drop / "steel-own.csv").write_text(f"month,steel\n2025-11,{value}\n")
        steel(tmp_path, store, "t", "t").pull(["file"], NOW + day * DAY)
    steel(tmp_path, store, "10,000 t", "10,000 t").pull(["file"], NOW + 2 * DAY)
    assert store.as_of()[["value", "unit"]].to_numpy().tolist() == [[102.5, "10,000 t"]]
    assert store.as_of(NOW)[["value", "unit"]].to_numpy().tolist() == [[101.5, "t"]]
    steel(tmp_path, store, "10,000 t", "10,000 t").replay()
    assert store.as_of()[["value", "unit"]].to_numpy().tolist() == [[102.5, "10,000 t"]]
    assert store.as_of(NOW)[["value", "unit"]].to_numpy().tolist() == [[101.5, "10,000 t"]]


def test_levels_that_no_catalogue_follows_are_in_the_unit_of_those_known_of_any_month(tmp_path, store):
    one = pulling(tmp_path, store)
    one.take(Payload("import", "a.csv", NOW, csv("coal,2025-10,month_level,101,t,")))
    other = one.take(Payload("import", "b.csv", NOW + DAY, csv("coal,2025-11,month_level,102,kt,")))
    assert (other.new, other.quarantined) == (0, 1)
    assert "not that of the indicator's other levels" in Intake(store.engine).quarantined(1)[0]["reason"]
    assert one.take(Payload("import", "c.csv", NOW + DAY, csv("coal,2025-11,month_level,102,t,"))).new == 1


def cumulus(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run_cumulus(*arguments, CUMULUS_HOME=str(home), **environment)


def test_the_import_command_says_what_came_in_and_what_did_not(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text("month,name,rate\n2025/10,Steel,5.1\n2025/11,Steel,oops\n", encoding="utf-8")
    mapping = tmp_path / "map.toml"
    mapping.write_text(
        'period_format = "%Y/%m"\n[columns]\nperiod = "month"\nindicator = "name"\nvalue = "rate"\n'
        '[constants]\nmeasure = "ytd_yoy"\nunit = "percent"\n[translate.indicator]\nSteel = "cn_industrial_v"\n',
        encoding="utf-8",
    )
    done = cumulus(tmp_path, "import", str(file), "--map", str(mapping))
    assert done.returncode == 3, done.stderr
    assert done.stdout == "import: partial, 1 figures, 1 new, 1 rows put aside\n"
    assert "kept, but not followed" in done.stderr
    assert "did you mean cn_industrial_va?" in done.stderr
    state = json.loads(cumulus(tmp_path, "status", "--json").stdout)
    assert state["quarantine"]["rows"] == {"import": 1}
    assert state["quarantine"]["last"][0]["content"]["value"] == "oops"
    assert "value is not a number" in cumulus(tmp_path, "status").stdout
    refused = cumulus(tmp_path, "import", str(file))
    assert refused.returncode == 1
    assert "columns indicator, period, measure, value, unit missing" in refused.stderr
    assert cumulus(tmp_path, "import", str(tmp_path / "none.csv")).returncode == 1


def test_the_pull_command_asks_the_named_sources_and_reads_the_archive_again(tmp_path):
    done = cumulus(tmp_path, "pull")
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "reference: done, 3718 figures, 3718 new, 0 rows put aside",
    )
    assert cumulus(tmp_path, "pull", "--source", "reference").stdout.startswith("reference: unchanged")
    (tmp_path / "var" / "cumulus.db").unlink()
    again = cumulus(tmp_path, "pull", "--replay")
    assert (again.returncode, again.stdout) == (0, "reference: done, 3718 figures, 3718 new, 0 rows put aside\n")
    assert cumulus(tmp_path, "pull", "--source", "nowhere").returncode == 2
    nothing = cumulus(tmp_path / "elsewhere", "pull", "--replay")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    assert f"{tmp_path}/elsewhere/var/raw: no payload is kept here; check CUMULUS_HOME" in nothing.stderr


def test_a_closed_source_is_said_and_ends_in_exit_3(tmp_path):
    closed = {"CUMULUS_SOURCES__NBS_URL": "http://127.0.0.1:9", "CUMULUS_SOURCES__HTTP__ATTEMPTS": "1"}
    done = cumulus(tmp_path, "pull", "--source", "nbs", "--source", "reference", **closed)
    assert done.returncode == 3
    assert "nbs: failed, 0 figures, 0 new, 0 rows put aside" in done.stdout
    assert "cannot be reached" in done.stderr
    state = json.loads(cumulus(tmp_path, "status", "--json").stdout)
    assert [(one["source"], one["status"]) for one in state["sources"]] == [("nbs", "failed"), ("reference", "done")]


def test_the_steps_after_a_pull_are_done_although_a_source_lacks_something(tmp_path):
    (tmp_path / "var" / "drop").mkdir(parents=True)
    (tmp_path / "var" / "drop" / "old.xls").touch()
    small = {"CUMULUS_CATALOG": str(Path(__file__).with_name("catalog.toml")), "CUMULUS_FIT__DRAWS": "100"}
    both = ["--only", "pull", "--only", "derive", "--source", "nbs"]
    done = cumulus(tmp_path, "run", *both, **small)
    assert done.returncode == 3, done.stderr
    assert [line.partition(":")[0] for line in done.stdout.splitlines()] == [
        "reference", "file", "bulletin", "nbs", "derive",
    ]  # fmt: skip

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import PublishError
from forecasting.publishing import TABLES, altered, draft_release, publish, put_forward, read_release
from forecasting.publishing._package import describe
from forecasting.publishing._release import alone, place
from forecasting.publishing._staging import Content

Release = Callable[..., dict[str, pd.DataFrame]]
HERE = Path(__file__).parent


def put(tables: dict[str, pd.DataFrame], root: Path, run_id: str = "n1", **provenance: object) -> Path:
    return publish(tables, root=root, run_id=run_id, as_of="2025-04-30", provenance=provenance)


def child_process(script: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(HERE / script), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}  # the package of this tree
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def hidden(root: Path) -> list[str]:
    left = [*root.glob(".*"), *(root / "releases").glob(".*")]
    return [path.name for path in left if path.name != ".lock"]


def test_a_release_is_a_file_a_table_with_dictionary_and_provenance_and_latest_points_to_it(
    release: Release, tmp_path: Path
) -> None:
    folder = put(release(), tmp_path, seed=7)
    assert folder == tmp_path / "releases" / "n1"
    names = {f"{name}.csv" for name in TABLES} | {f"parquet/{name}.parquet" for name in TABLES}
    names |= {"sdmx/structure.xml", "sdmx/monthly.csv", "sdmx/forecasts.csv", "cumulus.xlsx"}
    names |= {"datapackage.json", "provenance.json"}
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == names
    assert os.readlink(tmp_path / "latest") == "releases/n1"
    assert json.loads((folder / "provenance.json").read_text()) == {
        "run_id": "n1", "as_of": "2025-04-30", "schema_version": "1.2", "seed": 7,
    }  # fmt: skip
    assert hidden(tmp_path) == []


def test_cells_keep_what_consumers_were_promised(release: Release, tmp_path: Path) -> None:
    folder = put(release(), tmp_path)
    assert (folder / "leaderboard.csv").read_bytes().decode() == (
        "indicator,model,rank,mase,rmsse,smape,coverage90,n_origins,champion,n_real_time,run_id,as_of,schema_version\n"
        "baotou_va,theta,1,0.8,0.9,12,0.9,10,true,4,n1,2025-04-30,1.2\n"
        "baotou_va,prophet,2,,,,,0,false,4,n1,2025-04-30,1.2\n"
    )
    for path in folder.glob("*.csv"):
        data = path.read_bytes()
        assert not data.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in data
        assert data.endswith(b"\n")
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        text = [column.name for column in TABLES[path.stem].columns if column.type == "string"]
        assert not [row[name] for row in rows for name in text if row[name][:1] in set("=+-@\t\r")]
    observations = (folder / "observations.csv").read_text()
    assert "2025-04-16T02:00:00Z" in observations
    assert ",'=1+1," in observations
    monthly = (folder / "monthly.csv").read_text()
    assert "baotou_va,2025-02,2,101.23457,1" in monthly
    assert ",0.3," in monthly
    assert ",0.000000001,-0.1,0," in (folder / "forecasts.csv").read_text()
    assert "2025-12-31,A," in (folder / "trajectories.csv").read_text()
    assert ",123456789," in (folder / "trajectories.csv").read_text()
    assert ",total,0,0," in (folder / "absorption.csv").read_text()


def test_a_release_reads_back_typed_by_its_dictionary(release: Release, tmp_path: Path) -> None:
    tables = release()
    back = read_release(put(tables, tmp_path))
    assert list(back) == list(TABLES)
    assert back["observations"]["note"].to_list() == tables["observations"]["note"].to_list()
    assert back["observations"]["released_at"].to_list() == tables["observations"]["released_at"].to_list()
    assert back["monthly"]["months"].to_list() == [pd.NA, 2, 1, pd.NA, 2, 1]
    assert back["monthly"]["month"].to_list() == tables["monthly"]["month"].to_list()
    np.testing.assert_allclose(back["monthly"]["level"], tables["monthly"]["level"], rtol=1e-7)
    assert back["leaderboard"]["champion"].to_list() == [True, False]
    assert back["leaderboard"]["champion"].dtype == np.bool_
    assert back["trajectories"]["date"].to_list() == [pd.Timestamp("2025-12-31")] * 2
    assert back["absorption"]["year"].dtype == np.int64
    again = {name: frame[list(TABLES[name].own)] for name, frame in back.items()}
    assert put(again, tmp_path).name == "n1"  # the same bytes, so the release may stand


def test_frictionless_finds_no_error_and_the_dictionary_covers_every_column(release: Release, tmp_path: Path) -> None:
    import frictionless

    folder = put(release(), tmp_path)
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.flatten(["type", "message"]) == []
    assert report.valid
    package = json.loads((folder / "datapackage.json").read_text())
    assert report.stats["tasks"] == len(TABLES)
    for resource in package["resources"]:
        data = (folder / resource["path"]).read_bytes()
        header = data.decode().splitlines()[0].split(",")
        assert [field["name"] for field in resource["schema"]["fields"]] == header
        assert all(field["description"] and field["title_zh"] for field in resource["schema"]["fields"])
    listed = {item["path"]: item for item in (*package["resources"], *package["files"])}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {*listed, "datapackage.json", "provenance.json"} == there
    for path, item in listed.items():
        data = (folder / path).read_bytes()
        assert item["bytes"] == len(data)
        assert item["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"


def test_the_same_release_again_rewrites_nothing_and_becomes_latest(release: Release, tmp_path: Path) -> None:
    folder = put(release(), tmp_path)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*")}
    put(release(1.0), tmp_path, "n2")
    assert put(release(), tmp_path) == folder
    assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in folder.rglob("*")} == before
    assert (tmp_path / "latest").resolve() == folder.resolve()


def test_files_go_with_the_release_in_folders_of_their_own_and_stand_in_its_descriptor(
    release: Release, tmp_path: Path
) -> None:
    import frictionless

    files = {"index.html": b"<title>=1</title>", "page/data/a_1.json": b"{}", "page/LICENCE": b"free"}
    folder = publish(release(), root=tmp_path, run_id="n1", as_of="2025-04-30", provenance={}, files=files)
    assert {path: (folder / path).read_bytes() for path in files} == files
    package = json.loads((folder / "datapackage.json").read_bytes())
    listed = {item["path"]: item for item in package["files"]}
    for path, data in files.items():
        assert listed[path]["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        assert listed[path]["bytes"] == len(data)
    assert listed["page/data/a_1.json"]["mediatype"] == "application/json"
    assert frictionless.validate(str(folder / "datapackage.json")).valid
    assert set(read_release(folder)) == set(TABLES)
    with pytest.raises(PublishError, match=r"n1 is published already and .*page/data/a_1\.json would change"):
        publish(release(), root=tmp_path, run_id="n1", as_of="2025-04-30", provenance={},
                files=files | {"page/data/a_1.json": b"[]"})  # fmt: skip


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["../out.html"], "cannot be put into a release"),
        (["/etc/out"], "cannot be put into a release"),
        (["page/../../out"], "cannot be put into a release"),
        (["page//out"], "cannot be put into a release"),
        (["page/"], "cannot be put into a release"),
        (["page\\out"], "cannot be put into a release"),
        ([".hidden"], "cannot be put into a release"),
        ([""], "cannot be put into a release"),
        (["a\n"], "cannot be put into a release"),
        (["monthly.csv"], "taken by 'monthly.csv'"),
        (["Datapackage.json"], "taken by 'datapackage.json'"),
        (["page/a", "page/A"], "taken by 'page/a'"),
        (["page", "page/a"], "'page' is a file and cannot be its folder"),
        (["monthly.csv/a"], "'monthly.csv' is a file and cannot be its folder"),
    ],
)
def test_a_file_without_a_place_in_the_release_is_refused(
    release: Release, tmp_path: Path, paths: list[str], message: str
) -> None:
    with pytest.raises(PublishError, match=message):
        publish(release(), root=tmp_path, run_id="n1", as_of="2025-04-30", provenance={},
                files=dict.fromkeys(paths, b""))  # fmt: skip
    assert not list(tmp_path.glob("releases/*"))


def test_a_release_never_changes(release: Release, tmp_path: Path) -> None:
    put(release(), tmp_path)
    put(release(), tmp_path, "n2")
    with pytest.raises(PublishError, match=r"n1 is published already and .*observations\.csv.* would change"):
        put(release(1.0), tmp_path)
    assert (tmp_path / "latest").resolve().name == "n2"
    assert read_release(tmp_path / "releases" / "n1")["observations"]["value"].iloc[0] == 9.0


def test_some_tables_of_a_release_are_read_alone(release: Release, tmp_path: Path) -> None:
    folder = put(release(), tmp_path)
    assert list(read_release(folder, only=("headlines", "drift", "no_such_table"))) == ["headlines", "drift"]


def test_tables_without_rows_can_be_published_and_read(no_rows: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    back = read_release(put(no_rows, tmp_path))
    assert all(frame.empty for frame in back.values())
    assert str(back["observations"]["released_at"].dtype) == "datetime64[ns, UTC]"


def test_what_a_crash_left_is_cleared_by_the_next_publication(release: Release, tmp_path: Path) -> None:
    for run_id in ("n0", "n1"):
        left = tmp_path / "releases" / f".partial-{run_id}"
        left.mkdir(parents=True)
        (left / "monthly.csv").write_text("indicator,mon")
    (tmp_path / ".latest-n0").symlink_to("releases/n0")
    put(release(), tmp_path)
    assert hidden(tmp_path) == []


def test_a_release_is_put_forward_although_a_crash_has_left_the_link_that_was_to_be_latest(
    release: Release, tmp_path: Path
) -> None:
    for run_id in ("n1", "n2"):
        put(release(), tmp_path, run_id)
    (tmp_path / ".latest-n1").symlink_to("releases/n1")
    put_forward(tmp_path, "n1")
    assert os.readlink(tmp_path / "latest") == "releases/n1"
    assert hidden(tmp_path) == []


def test_a_release_is_on_the_disk_to_its_last_byte_before_it_is_in_place_and_in_place_before_latest_leads_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, flushed, releases = os.fsync, list[str](), tmp_path / "releases"

    def noting(handle: int) -> None:
        path, size = Path(os.readlink(f"/proc/self/fd/{handle}")), os.fstat(handle).st_size
        there = [
            name for name, place in (("placed", releases / "n1"), ("latest", tmp_path / "latest")) if place.exists()
        ]
        flushed.append(" ".join([path.name, *([str(size)] if path.is_file() else []), *there]))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    place({"a.txt": b"a" * 10, "pictures/b.txt": b"b"}, root=tmp_path, run_id="n1")
    assert flushed == [
        "a.txt 10", "b.txt 1", "pictures", ".partial-n1", "releases placed", f"{tmp_path.name} placed latest",
    ]  # fmt: skip


def test_publishers_of_one_root_wait_for_each_other(tmp_path: Path) -> None:
    with alone(tmp_path):
        other = threading.Thread(target=place, args=({"a.txt": b"a"},), kwargs={"root": tmp_path, "run_id": "n1"})
        other.start()
        other.join(0.5)
        assert other.is_alive()
        assert hidden(tmp_path) == []
    other.join()
    assert (tmp_path / "latest" / "a.txt").read_bytes() == b"a"


def test_a_killed_publisher_leaves_whole_releases_only(release: Release, tmp_path: Path) -> None:
    put(release(), tmp_path)
    for round_number in range(4):
        with child_process("endless_publisher.py", str(tmp_path), f"k{round_number}") as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.013 * round_number)
            child.send_signal(signal.SIGKILL)
        for folder in (tmp_path / "releases").glob("[!.]*"):
            assert set(read_release(folder)) == set(TABLES)
        assert set(read_release(tmp_path / "latest")) == set(TABLES)
    put(release(), tmp_path, "after")
    assert hidden(tmp_path) == []


def known(files: dict[str, bytes]) -> dict[str, Content]:
    return {name: Content.of(data) for name, data in files.items()}


def polled(root: Path, put_in_place: Callable[[str], object], releases: int) -> list[str]:
    """Names of the releases that a polling reader saw while so many were published."""
    put_in_place("r000")
    with child_process("polling_reader.py", str(root)) as reader:
        assert reader.stdout is not None
        assert reader.stdout.readline() == "ready\n"
        for number in range(1, releases + 1):
            put_in_place(f"r{number:03d}")
        (root / "stop").touch()
        result = json.loads(reader.stdout.read())
    assert reader.returncode == 0
    assert result["seen"] == sorted(result["seen"])
    assert result["seen"][-1] == f"r{releases:03d}"
    return list(result["seen"])


def test_a_reader_that_polls_while_200_releases_are_published_never_sees_a_missing_partial_or_mixed_one(
    release: Release, tmp_path: Path
) -> None:
    folder = put(release(), tmp_path / "once", "r000")
    tables = {name: (folder / f"{name}.csv").read_bytes() for name in ("indicators", "observations")}
    files = {path: (folder / path).read_bytes() for path in ("parquet/monthly.parquet", "sdmx/monthly.csv")}

    def put_in_place(name: str) -> None:
        renamed = {table: data.replace(b"r000", name.encode()) for table, data in tables.items()}
        page = {"index.html": name.encode() * 100_000}
        place(
            {f"{table}.csv": data for table, data in renamed.items()}
            | {**files, **page, "datapackage.json": describe(known(renamed), known({**files, **page}), run_id=name)}
            | {"provenance.json": json.dumps({"run_id": name}).encode()},
            root=tmp_path, run_id=name,
        )  # fmt: skip

    assert len(polled(tmp_path, put_in_place, 200)) > 20


def test_a_reader_of_whole_releases_never_sees_a_missing_partial_or_mixed_one(release: Release, tmp_path: Path) -> None:
    tables = release()
    assert len(polled(tmp_path, lambda name: put(tables, tmp_path, name), 8)) > 2


@pytest.mark.slow
def test_a_reader_of_200_whole_releases_never_sees_a_missing_partial_or_mixed_one(
    release: Release, tmp_path: Path
) -> None:
    tables = release()
    assert len(polled(tmp_path, lambda name: put(tables, tmp_path, name), 200)) > 20


def test_a_table_that_differs_from_its_dictionary_is_refused_with_the_difference(
    release: Release, tmp_path: Path
) -> None:
    tables = release()
    tables["headlines"] = tables["headlines"].rename(columns={"no_change": "nochange"})
    with pytest.raises(PublishError, match=r"headlines: .*missing no_change; not in the dictionary nochange"):
        put(tables, tmp_path)
    tables = release()
    tables["headlines"] = tables["headlines"].iloc[:, ::-1]
    with pytest.raises(PublishError, match=r"headlines: .*order prob_above_no_change"):
        put(tables, tmp_path)
    assert not (tmp_path / "latest").exists()


def test_a_missing_or_unknown_table_is_refused(release: Release, tmp_path: Path) -> None:
    tables = release()
    tables["surplus"] = tables.pop("absorption")
    with pytest.raises(PublishError, match="missing absorption, unknown surplus"):
        put(tables, tmp_path)


@pytest.mark.parametrize(
    ("table", "column", "value", "message"),
    [
        ("monthly", "level", np.inf, "monthly, row 2: level inf is not a number: it is infinite"),
        ("monthly", "level", "12,5", "monthly, row 2: level '12,5' is not a number"),
        ("monthly", "months", 1.5, "monthly, row 2: months 1.5 is not a integer"),
        ("monthly", "status", "Z", "monthly, row 2: status 'Z' is unknown; it is one of A, E, K, W, B, F"),
        ("monthly", "status", None, "monthly, row 2: status is empty"),
        ("monthly", "month", "2025-13", "monthly, row 2: month '2025-13' is not a yearmonth"),
        ("monthly", "month", "2025-01", "key indicator, month is given twice: baotou_va, 2025-01 in"),
        ("monthly", "indicator", "nowhere", "monthly, row 2: indicator nowhere is not in table observations"),
        ("leaderboard", "champion", 1, "leaderboard, row 2: champion 1 is not a boolean"),
        ("observations", "note", 5, "observations, row 2: note 5 is not a string"),
        ("observations", "released_at", "2025-04-16T10:00:00", "released_at .* a time with its zone"),
    ],
)  # fmt: skip
def test_a_bad_cell_is_refused_with_table_row_and_reason(
    release: Release, tmp_path: Path, table: str, column: str, value: object, message: str
) -> None:
    tables = release()
    frame = tables[table].astype({column: object})
    frame.loc[1, column] = value
    with pytest.raises(PublishError, match=message):
        put(tables | {table: frame}, tmp_path)
    assert not list(tmp_path.glob("releases/*"))


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "a b"])
def test_a_run_id_that_cannot_name_a_folder_is_refused(release: Release, tmp_path: Path, name: str) -> None:
    with pytest.raises(PublishError, match="cannot name a folder"):
        put(release(), tmp_path, name)


def test_a_bad_day_and_a_provenance_that_is_not_json_are_refused(release: Release, tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="as_of 'yesterday' is not a day"):
        publish(release(), root=tmp_path, run_id="n1", as_of="yesterday", provenance={})
    with pytest.raises(PublishError, match="provenance cannot be written as JSON"):
        put(release(), tmp_path, seed=float("nan"))


def test_every_file_that_was_changed_or_lost_after_publishing_is_named(release: Release, tmp_path: Path) -> None:
    files = {"index.html": b"<p>", "pictures/a.svg": b"<svg/>"}
    folder = publish(release(), root=tmp_path, run_id="n1", as_of="2025-04-30", provenance={}, files=files)
    assert altered(tmp_path / "latest") == []
    (folder / "monthly.csv").write_text("indicator\n")
    (folder / "index.html").write_bytes(b"<b>")
    (folder / "pictures" / "a.svg").unlink()
    assert altered(folder) == ["monthly.csv", "index.html", "pictures/a.svg"]
    with pytest.raises(PublishError, match="no release to check"):
        altered(tmp_path / "releases" / "n2")


def test_a_file_changed_after_publishing_is_noticed_on_reading(release: Release, tmp_path: Path) -> None:
    folder = put(release(), tmp_path)
    (folder / "monthly.csv").write_text("indicator\n")
    with pytest.raises(PublishError, match=r"monthly\.csv: sha256 differs"):
        read_release(tmp_path / "latest")
    with pytest.raises(PublishError, match="no release to read"):
        read_release(tmp_path / "releases" / "n2")


def test_a_folder_in_the_place_of_latest_is_reported_and_left_alone(release: Release, tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    with pytest.raises(PublishError, match="cannot be put in place"):
        put(release(), tmp_path)
    assert (tmp_path / "latest").is_dir()


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_tables_in_slices_give_the_same_files(release: Release, tmp_path: Path, monkeypatch) -> None:
    whole = content(put(release(), tmp_path / "whole"))
    monkeypatch.setattr("forecasting.publishing._render.ROWS", 1)
    assert content(put(release(), tmp_path / "slices")) == whole


def test_a_key_that_is_given_twice_and_a_reference_to_nothing_are_seen_across_slices(
    release: Release, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr("forecasting.publishing._render.ROWS", 1)
    tables = release()
    twice = pd.concat([tables["monthly"], tables["monthly"].iloc[:1]], ignore_index=True)
    rows = len(twice)
    with pytest.raises(
        PublishError, match=f"table monthly: key indicator, month is given twice: .* in rows 1 and {rows}"
    ):
        put(tables | {"monthly": twice}, tmp_path)
    lost = tables["monthly"].assign(indicator=["nowhere", *tables["monthly"]["indicator"].iloc[1:]])
    with pytest.raises(PublishError, match="table monthly, row 1: indicator nowhere is not in table observations"):
        put(tables | {"monthly": lost}, tmp_path)


def test_a_draft_of_another_process_is_taken_over_and_a_lost_one_is_written_again(
    release: Release, tmp_path: Path
) -> None:
    whole = content(put(release(), tmp_path / "whole"))
    for name, workers in (("one", 1), ("two", 2), ("lost", 2)):
        root = tmp_path / name
        common = {"root": root, "run_id": "n1", "as_of": "2025-04-30"}
        if name == "lost":
            (root / "releases" / ".draft-n1").mkdir(parents=True)  # in the way
        draft = draft_release(release(), workers=workers, **common)
        while name == "two" and not (draft.folder / "parquet" / f"{[*TABLES][-1]}.parquet").exists():
            time.sleep(0.02)
        written = (draft.folder / "monthly.csv").stat().st_mtime_ns if name == "two" else 0
        folder = publish(release(), provenance={}, draft=draft, **common)
        assert content(folder) == whole
        assert ((folder / "monthly.csv").stat().st_mtime_ns == written) == (name == "two")
        assert hidden(root) == []

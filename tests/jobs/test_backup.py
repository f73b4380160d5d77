import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from pydantic import SecretStr

from forecasting.errors import BackupError
from forecasting.observations import check_observations
from forecasting.settings import Settings
from forecasting.store import Store
from jobs.backup import back_up, restore
from jobs.locks import BusyError, exclusive


@pytest.fixture
def home(tmp_path):
    """A home with a store, a raw archive, a release, a stage to leave out and settings."""
    path = tmp_path / "home"
    settings = Settings(home=path)
    with Store.open(settings.store) as store:
        frame = check_observations(
            pd.DataFrame(
                {"indicator": ["a"], "period": "2025-11", "measure": "ytd_yoy", "value": 1.0, "unit": "percent"}
            )
        )
        store.append(frame, ingested_at=pd.Timestamp("2025-12-15T02:00Z").to_pydatetime(), payload_sha256="0" * 64)
    for name in ("raw/ab/payload.gz", "published/releases/r1/monthly.csv", "stages/big", "run.lock"):
        (path / "var" / name).parent.mkdir(parents=True, exist_ok=True)
        (path / "var" / name).write_text(name, encoding="utf-8")
    (path / "var" / "published" / "latest").symlink_to("releases/r1")
    (path / "cumulus.toml").write_text("seed = 5\n", encoding="utf-8")
    return path


def files(folder):
    return sorted(item.relative_to(folder).as_posix() for item in folder.rglob("*") if item.is_file())


def test_what_is_restored_is_what_was_backed_up_but_for_stages_and_locks(home, tmp_path):
    lines = back_up(Settings(home=home), tmp_path / "b.tar.gz")
    assert len(lines) == 1
    assert stat.S_IMODE(os.stat(tmp_path / "b.tar.gz").st_mode) == 0o600
    back = tmp_path / "back"
    said = restore(Settings(home=back), tmp_path / "b.tar.gz")
    assert said[1:] == ["not in it: MLflow's store; where there was one, restore it by itself"]
    assert files(back) == [
        "cumulus.toml", "var/cumulus.db", "var/published/releases/r1/monthly.csv",
        "var/raw/ab/payload.gz",
    ]  # fmt: skip
    assert os.readlink(back / "var" / "published" / "latest") == "releases/r1"
    with Store.open(Settings(home=home).store) as one, Store.open(Settings(home=back).store) as other:
        pd.testing.assert_frame_equal(one.vintages(), other.vintages())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_backup_that_is_stopped_half_way_leaves_nothing(home, tmp_path, number):
    (home / "var" / "raw" / "big").write_bytes(os.urandom(100 << 20))
    (tmp_path / "out").mkdir()
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # ignored in a shell's background
    process = subprocess.Popen(
        [sys.executable, "-c", f"{heard}; from jobs.cli import main; main()", "backup",
         str(tmp_path / "out" / "b.tar.gz")],
        env={**os.environ, "CUMULUS_HOME": str(home)}, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not (tmp_path / "out" / ".b.tar.gz.part").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode != 0
    assert list((tmp_path / "out").iterdir()) == []


def test_a_backup_is_on_the_disk_to_its_last_byte_before_it_has_its_name(home, tmp_path, monkeypatch):
    fsync, flushed = os.fsync, []

    def noting(handle):
        flushed.append((Path(os.readlink(f"/proc/self/fd/{handle}")).name, os.fstat(handle).st_size))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", noting)
    file = tmp_path / "to" / "b.tar.gz"
    file.parent.mkdir()
    back_up(Settings(home=home), file)
    assert flushed[0] == (".b.tar.gz.part", file.stat().st_size)
    assert [name for name, _ in flushed] == [".b.tar.gz.part", "to"]


def test_a_lock_that_cannot_be_made_is_what_is_said_and_not_the_archive(home, tmp_path):
    (home / "var" / "run.lock").unlink()
    (home / "var" / "run.lock").mkdir()  # whom root is, no folder refuses
    with pytest.raises(BackupError, match=r"run\.lock: cannot be locked against a night: Is a directory"):
        back_up(Settings(home=home), tmp_path / "b.tar.gz")
    assert not (tmp_path / "b.tar.gz").exists()


def test_a_store_that_is_written_meanwhile_is_whole_in_the_backup(home, tmp_path):
    with closing(sqlite3.connect(home / "var" / "cumulus.db")) as writer:
        writer.execute("DELETE FROM observations")  # not committed, so not to be in it
        back_up(Settings(home=home), tmp_path / "b.tar.gz")
        writer.rollback()
    restore(Settings(home=tmp_path / "back"), tmp_path / "b.tar.gz")
    with Store.open(Settings(home=tmp_path / "back").store) as store:
        assert len(store.vintages()) == 1


def test_paths_that_a_database_keeps_of_files_in_its_home_move_with_it(home, tmp_path):
    (home / "mlruns").mkdir()
    with closing(sqlite3.connect(home / "mlruns" / "mlflow.db")) as connection, connection:
        connection.execute("CREATE TABLE experiments (artifact_location VARCHAR(256), name VARCHAR(9))")
        connection.execute("INSERT INTO experiments VALUES (?, 'nights')", [f"{home.as_uri()}/mlruns/artifacts/nights"])
        connection.execute("INSERT INTO experiments VALUES (?, 'other')", [f"{home.as_uri()}2/mlruns"])
    back_up(Settings(home=home), tmp_path / "b.tar.gz")
    back = tmp_path / "back"
    restore(Settings(home=back), tmp_path / "b.tar.gz")
    with closing(sqlite3.connect(back / "mlruns" / "mlflow.db")) as connection:
        found = connection.execute("SELECT artifact_location FROM experiments ORDER BY name").fetchall()
    assert found == [(f"{back.as_uri()}/mlruns/artifacts/nights",), (f"{home.as_uri()}2/mlruns",)]


def test_what_is_not_in_the_backup_is_said(home, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text("", encoding="utf-8")
    settings = Settings(home=home, catalog=own, tracking_uri=SecretStr("postgresql://u:hidden@h/d"))
    lines = back_up(settings, tmp_path / "b.tar.gz")
    assert lines[1:] == [
        "not in it: MLflow's store, which lies on a server; dump it too (docs/storage.md)",
        f"not in it: {own}",
    ]


def test_what_lies_behind_links_is_backed_up_and_restored_as_plain_files(home, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    for name in ("raw", "published", "cumulus.db"):  # each on a disk of its own, behind a folder that is on one too
        (home / "var" / name).rename(disk / name)
        (home / "var" / name).symlink_to(disk / name)
    (home / "var").rename(tmp_path / "moved")
    (home / "var").symlink_to("../moved")
    (home / "cumulus.toml").rename(disk / "cumulus.toml")
    (home / "cumulus.toml").symlink_to(disk / "cumulus.toml")
    (home / "var" / "drop").mkdir()
    assert len(back_up(Settings(home=home), tmp_path / "b.tar.gz")) == 1
    back = tmp_path / "back"
    (tmp_path / "mounted").mkdir()
    back.mkdir()
    (back / "var").symlink_to(tmp_path / "mounted")
    assert len(restore(Settings(home=back), tmp_path / "b.tar.gz")) == 2  # MLflow has none yet
    assert files(tmp_path / "mounted") == [
        "cumulus.db", "published/releases/r1/monthly.csv", "raw/ab/payload.gz"
    ]  # fmt: skip
    assert (back / "cumulus.toml").read_text(encoding="utf-8") == "seed = 5\n"
    assert [path.name for path in (back / "var").rglob("*") if path.is_symlink()] == ["latest"]
    assert os.readlink(back / "var" / "published" / "latest") == "releases/r1"
    with Store.open(Settings(home=back).store) as store:
        assert len(store.vintages()) == 1


def test_what_a_disk_has_of_its_own_is_neither_backed_up_nor_in_the_way_of_a_restore(home, tmp_path):
    (home / "var" / "lost+found").mkdir()
    (home / "var" / "raw" / "lost+found").mkdir()
    back_up(Settings(home=home), tmp_path / "b.tar.gz")
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        assert not [name for name in archive.getnames() if "lost+found" in name]
    (tmp_path / "back" / "var" / "lost+found").mkdir(parents=True)
    restore(Settings(home=tmp_path / "back"), tmp_path / "b.tar.gz")
    assert (tmp_path / "back" / "var" / "cumulus.db").exists()


@pytest.mark.parametrize(
    ("place", "to", "expected"),
    [
        ("mlruns", "/none/mlruns", "home/mlruns: leads to /none/mlruns: No such file or directory; mount it"),
        ("var/drop", "/none/drop", "home/var/drop: leads to /none/drop: No such file or directory; mount it"),
        ("var/drop", "..", "var/drop/var: leads back to .*/home/var, in which it lies; remove the link"),
        ("var/drop", "/dev/null", "var/drop: neither a file nor a folder; remove it"),
    ],
)
def test_a_link_behind_which_nothing_can_be_taken_is_refused(home, tmp_path, place, to, expected):
    (home / place).symlink_to(to)
    with pytest.raises(BackupError, match=expected):
        back_up(Settings(home=home), tmp_path / "b.tar.gz")
    assert os.listdir(tmp_path) == ["home"]


def test_where_the_disk_of_a_home_is_not_mounted_nothing_is_made_in_its_place(home, tmp_path):
    (home / "mlruns").mkdir()
    (home / "var").rename(tmp_path / "unmounted")
    (home / "var").symlink_to(tmp_path / "disk")
    with pytest.raises(BackupError, match=f"home/var: leads to {tmp_path}/disk: No such file or directory; mount it"):
        back_up(Settings(home=home), tmp_path / "b.tar.gz")
    assert sorted(os.listdir(tmp_path)) == ["home", "unmounted"]


@pytest.mark.parametrize("name", ["no. #1", "what?", "A%41", "包头"])
def test_a_home_of_any_name_is_backed_up_and_restored(home, tmp_path, name):
    odd = home.rename(tmp_path / name)
    assert len(back_up(Settings(home=odd), tmp_path / "b.tar.gz")) == 1
    back = tmp_path / f"back {name}"
    restore(Settings(home=back), tmp_path / "b.tar.gz")
    assert (back / "var" / "cumulus.db").exists()
    with Store.open(Settings(home=back).store) as store:
        assert len(store.vintages()) == 1
    assert sorted(os.listdir(tmp_path)) == sorted(["b.tar.gz", back.name, name])


@pytest.mark.parametrize("form", ["sqlite:///{}?timeout=30", "sqlite+pysqlite:///{}"])
@pytest.mark.parametrize("place", ["var/own.db", "data/own.db"])
def test_a_store_in_the_home_is_taken_whatever_form_its_address_has(home, tmp_path, form, place):
    (home / place).parent.mkdir(exist_ok=True)
    (home / "var" / "cumulus.db").rename(home / place)
    settings = Settings(home=home, store_url=SecretStr(form.format(home / place)))
    with closing(sqlite3.connect(home / place)) as writer:
        writer.execute("DELETE FROM observations")  # not committed, so not to be in it
        assert len(back_up(settings, tmp_path / "b.tar.gz")) == 1
        writer.rollback()
    back = tmp_path / "back"
    own = Settings(home=back, store_url=SecretStr(form.format(back / place)))
    assert not any("the store" in line for line in restore(own, tmp_path / "b.tar.gz"))
    with Store.open(own.store) as store:
        assert len(store.vintages()) == 1
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        assert [name for name in archive.getnames() if "own" in name] == [place]


def test_a_store_that_lies_elsewhere_is_said(home, tmp_path):
    elsewhere = (home / "var" / "cumulus.db").rename(tmp_path / "elsewhere.db")
    settings = Settings(home=home, store_url=SecretStr(f"sqlite:///{elsewhere}"))
    assert back_up(settings, tmp_path / "b.tar.gz")[1:] == [f"not in it: the store, which lies at {elsewhere}"]


def test_a_store_that_should_be_there_and_is_not_is_said(home, tmp_path):
    settings = Settings(home=home, store_url=SecretStr("sqlite:////none/cumulus.db"))
    assert back_up(settings, tmp_path / "b.tar.gz")[1:] == [
        "not in it: the store, which lies at /none/cumulus.db, where there is none"
    ]


def test_a_restored_store_replaces_none(home, tmp_path):
    (home / "var" / "cumulus.db").rename(home / "own.db")
    back_up(Settings(home=home, store_url=SecretStr(f"sqlite:///{home}/own.db")), tmp_path / "b.tar.gz")
    (tmp_path / "back").mkdir()
    (tmp_path / "back" / "own.db").write_text("mine", encoding="utf-8")
    with pytest.raises(BackupError, match=r"back/own\.db: there already; move it away"):
        restore(Settings(home=tmp_path / "back"), tmp_path / "b.tar.gz")
    assert files(tmp_path / "back") == ["own.db"]


def test_no_backup_is_made_of_nothing_nor_over_another_nor_during_a_night(home, tmp_path):
    with pytest.raises(BackupError, match="nothing has run here yet"):
        back_up(Settings(home=tmp_path / "empty"), tmp_path / "b.tar.gz")
    with exclusive(home / "var" / "run.lock"), pytest.raises(BusyError):
        back_up(Settings(home=home), tmp_path / "b.tar.gz")
    back_up(Settings(home=home), tmp_path / "b.tar.gz")
    with pytest.raises(BackupError, match="exists; give the backup another name"):
        back_up(Settings(home=home), tmp_path / "b.tar.gz")
    with pytest.raises(BackupError, match="is a folder; name the file in it"):
        back_up(Settings(home=home), tmp_path)
    with pytest.raises(BackupError, match="would be a part of itself"):
        back_up(Settings(home=home), home / "var" / "c.tar.gz")
    (tmp_path / "disk").mkdir()
    (home / "var" / "drop").symlink_to(tmp_path / "disk")
    with pytest.raises(BackupError, match="would be a part of itself"):
        back_up(Settings(home=home), tmp_path / "disk" / "c.tar.gz")
    with pytest.raises(BackupError, match=f"there is no folder {tmp_path}/absent; make it"):
        back_up(Settings(home=home), tmp_path / "absent" / "b.tar.gz")
    with pytest.raises(BackupError, match=r"cannot be written: .*nothing is left"):
        back_up(Settings(home=home), Path("/proc/b.tar.gz"))


def test_a_damaged_store_is_not_backed_up(home, tmp_path):
    with closing(sqlite3.connect(home / "var" / "cumulus.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray((home / "var" / "cumulus.db").read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    (home / "var" / "cumulus.db").write_bytes(content)
    with pytest.raises(BackupError, match=r"b.tar.gz: the backup cannot be written: .*; nothing is left of it"):
        back_up(Settings(home=home), tmp_path / "b.tar.gz")
    assert sorted(os.listdir(tmp_path)) == ["home"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "text", "foreign", "store"])
def test_an_archive_that_is_damaged_or_none_of_ours_restores_nothing(home, tmp_path, damage):
    file = tmp_path / "b.tar.gz"
    back_up(Settings(home=home), file)
    content = file.read_bytes()
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        file.write_bytes(content[:-400] + bytes(byte ^ 0xFF for byte in content[-400:-390]) + content[-390:])
    elif damage == "text":
        file.write_text("no archive", encoding="utf-8")
    elif damage == "store":
        with tarfile.open(file) as archive:
            archive.extractall(tmp_path / "out", filter="data")
        store = tmp_path / "out" / "var" / "cumulus.db"
        store.write_bytes(store.read_bytes()[:4096].ljust(store.stat().st_size, b"\xff"))
        with tarfile.open(file, "w:gz") as archive:
            archive.add(tmp_path / "out", "")
    else:
        with tarfile.open(file, "w:gz") as archive:
            archive.add(home / "cumulus.toml", "cumulus.toml")
    with pytest.raises(BackupError, match=r"b.tar.gz: (cannot be restored: .*take another copy|holds no backup.json)"):
        restore(Settings(home=tmp_path / "back"), file)
    assert os.listdir(tmp_path / "back") == []


def test_a_home_in_use_is_not_restored_over_and_settings_that_are_there_stay(home, tmp_path):
    back_up(Settings(home=home), tmp_path / "b.tar.gz")
    with pytest.raises(BackupError, match="restored into an empty home, so move them away"):
        restore(Settings(home=home), tmp_path / "b.tar.gz")
    back = tmp_path / "back"
    (back / "var").mkdir(parents=True)  # a volume that is mounted there
    (back / "cumulus.toml").write_text("seed = 6\n", encoding="utf-8")
    lines = restore(Settings(home=back), tmp_path / "b.tar.gz")
    assert any("stays as it is" in line for line in lines)
    assert (back / "cumulus.toml").read_text(encoding="utf-8") == "seed = 6\n"
    assert (back / "var" / "cumulus.db").exists()

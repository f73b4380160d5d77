import json
import os
import sqlite3
import time
from contextlib import closing
from datetime import timedelta
from importlib.resources import files

import pytest
from pydantic import SecretStr
from threadpoolctl import threadpool_limits

from benchmarks.fault_nights import may_mount, small_disk
from forecasting.errors import AssumptionError
from forecasting.settings import (
    FitSettings,
    HttpSettings,
    MetricsSettings,
    NotifySettings,
    ProjectionSettings,
    SourceSettings,
)
from jobs import checks
from jobs.doctor import CHECKS, examine
from jobs.locks import exclusive, sole_worker
from tests.cluster import cluster
from tests.commands import run_cumulus
from tests.jobs.installation import CATALOG, DAY, MINUTE, NIGHT, Installation


def found(check, installation, now=NIGHT + 30 * MINUTE):
    return [(one.status, one.message, one.remedy) for one in check(installation.settings, now)]


def one(check, installation, now=NIGHT + 30 * MINUTE):
    ((status, message, remedy),) = found(check, installation, now)
    assert status == "ok" or remedy
    return status, message


@pytest.fixture
def home(tmp_path):
    """An installation after a good night."""
    installation = Installation(tmp_path)
    installation.figure("2025-12")
    installation.night()
    return installation


def test_a_good_installation_has_nothing_to_complain_of(home):
    for name in set(CHECKS) - {"disk", "threads", "memory"}:  # which are this machine's own affair
        assert [status for status, _, _ in found(CHECKS[name], home)] == ["ok"], name


def test_an_address_with_a_bracket_in_its_password_is_no_traceback_and_does_not_show(tmp_path):
    (tmp_path / "cumulus.toml").write_text(
        'store_url = "postgresql://u:hunt[2xyz@127.0.0.1:1/d"\nnotify.urls = ["json://u:hunt[3xyz@127.0.0.1:1"]\n',
        encoding="utf-8",
    )
    for arguments in (["doctor", "--json"], ["notify", "--test"]):
        done = run_cumulus(*arguments, CUMULUS_HOME=str(tmp_path))
        shown = done.stdout + done.stderr
        assert "Traceback" not in shown
        assert "Logging error" not in shown
        assert "xyz" not in shown
        if arguments[0] == "doctor":
            findings = {one["check"]: one["status"] for one in json.loads(done.stdout)["findings"]}
            assert (findings["store"], findings["secrets"]) == ("fail", "warn")


def test_a_question_that_assumptions_cannot_answer_is_found_before_the_night(tmp_path):
    packaged = files("forecasting.reference").joinpath("data/assumptions.toml").read_text(encoding="utf-8")
    file = tmp_path / "mine.toml"
    file.write_text(packaged.replace('start = "hold"', 'start = "hodl"', 1), encoding="utf-8")
    installation = Installation(tmp_path, projection=ProjectionSettings(assumptions=file))
    with pytest.raises(AssumptionError, match=r"hindcast H1: start is 'hodl'"):
        found(checks.catalogue, installation)


def test_scenarios_of_other_indicators_are_not_counted(tmp_path):
    assert one(checks.catalogue, Installation(tmp_path)) == ("ok", "4 indicators, 9 scenarios")
    catalog = tmp_path / "own.toml"
    catalog.write_text(CATALOG.read_text(encoding="utf-8").replace("baotou_", "ordos_"), encoding="utf-8")
    status, message = one(checks.catalogue, Installation(tmp_path, catalog=catalog))
    assert (status, message) == (
        "ok",
        "4 indicators, no projection, since the packaged assumptions follow none of them",
    )


def test_a_new_home_is_well_and_stays_empty(tmp_path):
    for check in CHECKS.values():
        assert {status for status, _, _ in found(check, Installation(tmp_path / "new"))} <= {"ok", "warn"}
    assert not (tmp_path / "new").exists()


def test_the_store_on_postgresql_is_checked_and_its_password_not_shown(tmp_path, postgres_url):
    url = postgres_url.replace("postgresql://postgres:@", "postgresql://postgres:hunter2xyz@")
    assert "hunter2xyz" in url
    installation = Installation(tmp_path, store_url=SecretStr(url))
    installation.figure("2025-12")
    status, message = one(checks.store, installation)
    assert status == "ok"
    assert "hunter2xyz" not in message


def test_mlflow_on_postgresql_is_checked(tmp_path, postgres_url):
    installation = Installation(tmp_path, tracking_uri=SecretStr(postgres_url))
    assert one(checks.tracking, installation) == ("ok", "it answers; nights on record: 0")


def test_a_damaged_database_is_a_fault_and_the_other_checks_go_on(home, monkeypatch):
    file = home.settings.var / "cumulus.db"
    data = bytearray(file.read_bytes())
    data[4096:20000] = b"\x5a" * (20000 - 4096)
    file.write_bytes(data)
    monkeypatch.setenv("CUMULUS_HOME", str(home.settings.home))
    monkeypatch.setenv("CUMULUS_CATALOG", str(CATALOG))
    findings = {finding.check: finding for finding in examine()}
    assert findings["store"].status == "fail"
    assert "malformed" in findings["store"].message or "damaged" in findings["store"].message
    assert findings["release"].status == "ok"
    assert set(findings) == {"settings", *CHECKS}


def test_a_damaged_database_of_mlflow_is_a_fault_at_once(tmp_path):
    installation = Installation(tmp_path)
    file = installation.settings.home / "mlruns" / "mlflow.db"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\x5a" * 20000)
    began = time.monotonic()
    status, message = one(checks.tracking, installation)
    assert time.monotonic() - began < 30
    assert status == "fail"
    assert "MLflow's database cannot be read" in message
    assert "file is not a database" in message


@pytest.fixture
def kept(tmp_path):
    """A database where MLflow's lies, of a dozen pages."""
    file = tmp_path / "mlruns" / "mlflow.db"

    def make():
        file.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("CREATE TABLE runs (n INTEGER)")
            connection.executemany("INSERT INTO runs VALUES (?)", [(n,) for n in range(5000)])
            connection.commit()
        return file

    return make


def test_a_page_of_mlflow_s_database_that_is_damaged_is_a_fault(tmp_path, kept):
    file = kept()
    data = bytearray(file.read_bytes())
    data[-4096:] = b"\x5a" * 4096
    file.write_bytes(data)
    status, message = one(checks.tracking, Installation(tmp_path))
    assert (status, "malformed" in message or "damaged" in message) == ("fail", True)


def test_a_database_of_mlflow_s_that_cannot_be_written_is_a_fault(tmp_path, kept):
    if not may_mount():
        pytest.skip("needs the right to mount a file system")
    with small_disk(tmp_path / "mlruns", "1m") as mount:
        kept()
        mount("ro")
        status, message = one(checks.tracking, Installation(tmp_path))
    assert (status, "readonly database" in message) == ("fail", True)


@pytest.mark.parametrize("name", ["raw", "published", "stages"])
def test_a_folder_on_a_disk_of_its_own_is_looked_at_there(home, name):
    folder = home.settings.var / name
    folder.symlink_to("/nowhere/at/all")
    assert one(checks.folders, home) == ("fail", f"{folder} cannot be written: No such file or directory")
    assert len(found(checks.disk, home)) == 1
    folder.unlink()
    if not may_mount():
        pytest.skip("needs the right to mount a file system")
    folder.mkdir()
    with small_disk(folder, "10m"):
        small = found(checks.disk, home)[-1]
        assert (small[0], str(folder) in small[1]) == ("fail", True)


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path):
    (tmp_path / "var").touch()
    status, message, _ = found(checks.folders, Installation(tmp_path))[0]
    assert (status, message) == ("fail", f"{tmp_path}/var cannot be written: Not a directory")
    elsewhere = Installation(tmp_path / "home", metrics=MetricsSettings(textfile="/sys/cumulus.prom"))
    assert "/sys cannot be written" in one(checks.folders, elsewhere)[1]


def test_a_release_that_lost_or_changed_a_file_is_a_fault(home):
    folder = home.settings.published / "releases" / "r"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("x\n", encoding="utf-8")
    sha = "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac"
    package = {"resources": [{"path": "a.csv", "hash": f"sha256:{sha}"}]}
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    (home.settings.published / "latest").symlink_to("releases/r")
    assert one(checks.release, home)[0] == "ok"
    (folder / "a.csv").write_text("y\n", encoding="utf-8")
    assert one(checks.release, home) == ("fail", "r: changed after publishing: a.csv")
    (folder / "a.csv").unlink()
    assert "a.csv" in one(checks.release, home)[1]


def test_a_ledger_ahead_of_the_clock_is_a_fault(home):
    status, message = one(checks.clock, home, NIGHT - DAY)
    assert status == "fail"
    assert "which this clock has yet to reach" in message


def test_nights_that_fail_or_stay_away_are_faults(home):
    assert one(checks.nights, home, NIGHT + DAY + timedelta(hours=4))[0] == "fail"
    home.night(NIGHT + DAY, "failed", "StoreError: gone")
    assert "StoreError: gone" in one(checks.nights, home, NIGHT + DAY)[1]


def test_a_library_out_of_its_range_is_a_fault(home, tmp_path, monkeypatch):
    about = tmp_path / "site" / "cumulus_forecasting-9.dist-info"
    about.mkdir(parents=True)
    needs = "Requires-Dist: numpy>=99\nRequires-Dist: no-such-thing\nRequires-Dist: absent; extra == 'x'\n"
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: cumulus-forecasting\nVersion: 9\n{needs}")
    monkeypatch.syspath_prepend(str(about.parent))
    status, message = one(checks.libraries, home)
    assert status == "fail"
    assert "numpy" in message
    assert "is not >=99; no-such-thing is not installed" in message


def test_threads_that_fight_are_warned_of(tmp_path):
    with threadpool_limits(64):
        status, message = one(checks.threads, Installation(tmp_path, fit=FitSettings(workers=2)))
    assert status == "warn"
    assert "2 worker processes" in message


def test_an_executor_that_does_no_work_is_a_fault_and_one_that_does_is_named(tmp_path, monkeypatch):
    assert one(checks.executor, Installation(tmp_path)) == ("ok", "2 processes of this machine: work is done")
    with cluster(1, tmp_path) as running:
        address = running.address
        assert one(checks.executor, Installation(tmp_path, executor=address)) == ("ok", f"{address}: work is done")
    monkeypatch.setenv("CUMULUS_HOME", str(tmp_path))
    monkeypatch.setenv("CUMULUS_EXECUTOR", address)
    findings = {finding.check: finding for finding in examine()}
    assert findings["executor"].status == "fail"
    assert "no Dask scheduler answers" in findings["executor"].message


def test_files_with_secrets_that_others_may_read_are_warned_of(tmp_path, monkeypatch):
    monkeypatch.setenv("CUMULUS_HOME", str(tmp_path))
    file = tmp_path / "cumulus.toml"
    file.write_text('[notify]\nurls = ["json://u:hunter2xyz@localhost"]\n', encoding="utf-8")
    file.chmod(0o644)
    installation = Installation(tmp_path, notify=NotifySettings(urls=("json://u:hunter2xyz@localhost",)))
    assert one(checks.secrets, installation) == ("warn", f"{file} holds secrets and others may read it")
    file.chmod(0o600)
    assert one(checks.secrets, installation)[0] == "ok"


def test_a_run_at_work_is_named(home):
    with exclusive(home.settings.var / "run.lock"):
        assert str(os.getpid()) in one(checks.lock, home)[1]
    assert one(checks.lock, home) == ("ok", "nobody is at work")


def test_a_night_may_begin_while_somebody_reads_that_nobody_is_at_work(home):
    findings = checks.lock(home.settings, NIGHT)
    assert next(findings).message == "nobody is at work"
    with exclusive(home.settings.var / "run.lock"):
        assert list(findings) == []


def test_a_run_at_work_on_the_same_store_from_another_home_is_named(tmp_path, postgres_url):
    elsewhere = Installation(tmp_path / "elsewhere", store_url=SecretStr(postgres_url))
    with sole_worker(elsewhere.settings):
        here = Installation(tmp_path / "here", store_url=SecretStr(postgres_url))
        assert f"the store is held by cumulus {os.getpid()} on" in one(checks.lock, here)[1]
    assert one(checks.lock, here) == ("ok", "nobody is at work")


def test_live_sources_are_asked_what_a_night_would_ask_them(tmp_path):
    text = CATALOG.read_text(encoding="utf-8").replace(
        'series = "cn_industrial_va" }',
        'series = "cn_industrial_va", nbs = [{ cid = "x", indicator = "y", measure = "ytd_yoy" }] }',
    )
    (tmp_path / "live.toml").write_text(text, encoding="utf-8")
    closed = SourceSettings(pull=("nbs",), nbs_url="http://127.0.0.1:9/x", http=HttpSettings(attempts=1))
    installation = Installation(tmp_path, sources=closed, catalog=tmp_path / "live.toml")
    assert one(checks.sources, installation)[1].startswith("nbs: POST http://127.0.0.1:9/x")


def test_the_command_names_an_unknown_key_and_exits_1(tmp_path):
    (tmp_path / "cumulus.toml").write_text("sed = 1\n", encoding="utf-8")
    done = run_cumulus("doctor", "--json", CUMULUS_HOME=str(tmp_path))
    assert done.returncode == 1
    report = json.loads(done.stdout)
    assert report["status"] == "fail"
    assert "sed: unknown key; did you mean seed?" in report["findings"][0]["message"]

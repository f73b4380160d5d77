import json
import os
import pty
import re
import subprocess
import sys

import pandas as pd
import pytest
from prometheus_client import generate_latest
from pydantic import SecretStr

from forecasting.observations import check_observations
from forecasting.payloads import BadRow, Payload
from forecasting.publishing import publish
from forecasting.store import Intake, Store
from jobs.metrics import registry_of
from jobs.state import read_state
from jobs.status import as_lines
from tests.jobs.installation import CATALOG, DAY, MINUTE, NIGHT, Installation
from tests.publishing.conftest import small_tables


@pytest.fixture
def installation(store_url, tmp_path):
    return Installation(tmp_path, store_url=SecretStr(store_url))


def state(installation, after=30 * MINUTE):
    return read_state(installation.settings, NIGHT + after)


def test_a_night_that_came_out_is_the_last_success_and_all_is_well(installation):
    installation.figure("2025-12")
    installation.night()
    found = state(installation)
    assert found["health"] == {"status": "ok", "message": ""}
    assert found["last_success"]["night"] == "2026-01-20"
    assert [step["seconds"] for step in found["runs"][0]["steps"]] == [300.0, 300.0, 300.0]
    assert found["sizes"]["store"] > 0


def test_a_failed_night_is_a_failure_even_after_a_good_one(installation):
    installation.night()
    installation.night(NIGHT + DAY, "failed", "StoreError: gone\nmore")
    found = state(installation, DAY + 30 * MINUTE)
    assert found["health"] == {"status": "failed", "message": "the night 2026-01-21 failed: StoreError: gone"}
    assert found["last_success"]["night"] == "2026-01-20"


def test_what_lies_on_a_disk_of_its_own_has_its_size_and_lost_and_found_is_none_of_it(tmp_path):
    installation = Installation(tmp_path / "home")
    installation.night()
    disk = tmp_path / "disk"
    (disk / "lost+found").mkdir(parents=True)
    (disk / "payload.gz").write_bytes(b"x" * 5000)
    installation.settings.raw.symlink_to(disk)
    (disk / "lost+found").chmod(0)
    code = (
        "import sys; from pathlib import Path; from tests.jobs.test_state import Installation, state; "
        "print(state(Installation(Path(sys.argv[1])))['sizes']['raw'])"
    )
    # root reads everything, but for the right to
    able = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    done = subprocess.run(
        [*able, sys.executable, "-c", code, tmp_path / "home"], capture_output=True, text=True, check=False
    )
    assert done.stdout == "5000\n", done.stderr


def test_a_night_is_overdue_three_hours_after_its_time_and_not_before(installation):
    installation.night()
    assert state(installation, DAY + 179 * MINUTE)["health"]["status"] == "ok"
    late = state(installation, DAY + 181 * MINUTE)["health"]
    assert late["status"] == "overdue"
    assert late["message"] == "the night 2026-01-21 should have come out by now; the last one that has is 2026-01-20"


def test_an_overdue_night_that_is_at_work_is_said_to_be(installation):
    installation.night()
    installation.night(NIGHT + DAY, "running")
    late = state(installation, DAY + 181 * MINUTE)["health"]
    assert late["status"] == "overdue"
    assert late["message"].endswith("is 2026-01-20; one was begun at 2026-01-20T18:30:00+00:00 and has not ended")


def test_a_degraded_night_says_what_was_missing_first(installation):
    installation.night(status="degraded", message="source nbs closed\nmore")
    assert state(installation)["health"] == {"status": "degraded", "message": "source nbs closed"}


def test_a_first_choice_is_no_change_of_champion_and_a_promotion_is(installation):
    installation.champion("theta", NIGHT - 60 * DAY)
    assert state(installation)["champions"] == {"changes": 0, "last": []}
    installation.champion("arima")
    found = state(installation)["champions"]
    assert found["changes"] == 1
    assert (found["last"][0]["before"], found["last"][0]["model"]) == ("theta", "arima")
    assert state(installation, 8 * DAY)["champions"]["last"] == []


def test_the_json_has_the_keys_that_are_promised(installation):
    installation.figure("2025-11")
    installation.night()
    installation.pull()
    found = json.loads(json.dumps(state(installation)))
    assert set(found) == {
        "schema", "health", "release", "release_message", "alarms", "last_success", "runs", "champions", "sources",
        "quarantine", "review", "sizes", "indicators",
    }  # fmt: skip
    run = {"run_id", "attempt", "night", "status", "started_at", "ended_at", "message"}
    assert set(found["last_success"]) == run
    assert set(found["runs"][0]) == {*run, "steps"}
    assert set(found["runs"][0]["steps"][0]) == {"name", "status", "seconds", "message"}
    assert set(found["sources"][0]) == {"source", "at", "status", "figures", "new", "quarantined", "message", "nightly"}
    assert set(found["indicators"][0]) == {
        "indicator", "last_period", "due_period", "next_due", "days_late", "note"
    }  # fmt: skip
    assert found["indicators"][0]["days_late"] == 3


@pytest.mark.parametrize("file", ["scorecard.csv", "datapackage.json"])
def test_a_release_that_was_changed_is_said_beside_all_else(tmp_path, file):
    installation = Installation(tmp_path)
    installation.night()
    root = installation.settings.published
    release = publish(small_tables(), root=root, run_id="r1", as_of="2026-01-20", provenance={})
    assert state(installation)["release_message"] == ""
    with (release / file).open("a", encoding="utf-8") as damaged:
        damaged.write("x")
    found = state(installation)
    assert found["alarms"] == []
    assert found["health"] == {"status": "ok", "message": ""}
    lines = as_lines(found)
    assert lines[2] == f"release: {release}"
    assert str(release.parent if file == "scorecard.csv" else root) in lines[3]
    metrics = generate_latest(registry_of(lambda: found)).decode()
    assert "cumulus_store_up 1.0" in metrics
    assert "cumulus_alarms{" not in metrics


def test_a_level_in_another_unit_than_the_catalogue_s_is_no_latest_figure(tmp_path):
    installation = Installation(tmp_path)
    installation.figure("2025-11")
    level = {
        "indicator": "cn_industrial_va",
        "period": "2025-12",
        "measure": "month_level",
        "unit": "CNY",
        "value": 9.0,
    }
    with Store.open(installation.settings.store) as store:
        store.append(check_observations(pd.DataFrame([level])), ingested_at=NIGHT, payload_sha256="ab" * 32)
    assert {one["last_period"] for one in state(installation)["indicators"]} == {"2025-11", None}


def test_lines_name_every_indicator(installation):
    installation.night()
    lines = "\n".join(as_lines(state(installation)))
    assert lines.startswith("ok\nlast night that came out: 2026-01-20, ")
    assert lines.count("no figure yet") == 4


def test_rows_put_aside_are_counted_by_source_above_the_last_of_all(tmp_path):
    installation = Installation(tmp_path)
    with Store.open(installation.settings.store) as store:
        for source, rows in (("file", 2), ("import", 1)):
            payload = Payload(source, "t.csv", NIGHT, source.encode())
            bad = [BadRow(f"line {n}", {"value": "x"}, "value is not a number") for n in range(2, 2 + rows)]
            Intake(store.engine).quarantine(payload, bad)
    lines = as_lines(state(installation))
    start = lines.index("put aside: 2 rows of file, 1 row of import; the last of all:")
    assert [line.startswith("    t.csv line ") for line in lines[start + 1 : start + 5]] == [True] * 3 + [False]


def test_status_exits_3_when_the_night_failed_and_shows_a_table_on_a_terminal(tmp_path):
    installation = Installation(tmp_path)
    installation.figure("2025-12")
    installation.night(status="failed", message="StoreError: gone")
    installation.pull(status="closed")
    environment = {**os.environ, "CUMULUS_HOME": str(tmp_path), "CUMULUS_CATALOG": str(CATALOG)}
    environment |= {"TERM": "xterm", "COLUMNS": "120"}
    ours, theirs = pty.openpty()
    command = [sys.executable, "-c", "from jobs.cli import main; main()", "status"]
    process = subprocess.Popen(command, stdout=theirs, env=environment)
    os.close(theirs)
    shown = b""
    while True:
        try:
            shown += os.read(ours, 4096)
        except OSError:  # how a pseudo-terminal says that its other end is closed
            break
    os.close(ours)
    assert process.wait(timeout=30) == 3
    text = shown.decode()
    assert "\x1b[1;31mfailed: the night 2026-01-20 failed: StoreError: gone" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    assert re.search(r"started +status +run +seconds by step", plain)
    assert re.search(r"file +2026-01-19T18:30:00\+00:00 +closed +7 +2 +0", plain)


@pytest.mark.parametrize("encoding", ["latin-1", "gbk", "utf-8"])
def test_status_is_shown_whatever_characters_the_locale_has(tmp_path, encoding):
    installation = Installation(tmp_path)
    message = "InputError: 稀土 m²"
    installation.night(status="failed", message=message)
    environment = {**os.environ, "CUMULUS_HOME": str(tmp_path), "CUMULUS_CATALOG": str(CATALOG)}
    environment |= {"PYTHONIOENCODING": encoding}
    command = [sys.executable, "-c", "from jobs.cli import main; main()", "status"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 3, done.stderr.decode()
    shown = done.stdout.decode(encoding)
    assert {"latin-1": r"\u7a00\u571f m²", "gbk": r"稀土 m\xb2", "utf-8": "稀土 m²"}[encoding] in shown
    machine = subprocess.run([*command, "--json"], capture_output=True, env=environment, check=False)
    assert "稀土 m²" in json.loads(machine.stdout)["health"]["message"]

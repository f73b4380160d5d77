import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from forecasting.errors import InputError, StoreError
from forecasting.settings import MetricsSettings, SourceSettings
from jobs.metrics import registry_of, served, write_textfile
from jobs.state import read_state
from tests.jobs.installation import DAY, MINUTE, NIGHT, Installation
from tests.tracking.test_server import free_port

ROOT = Path(__file__).parent.parent.parent
DOCUMENT = ROOT / "docs" / "operations.md"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yaml"


@pytest.fixture
def state(tmp_path):
    installation = Installation(tmp_path, sources=SourceSettings(pull=("reference", "nbs")))
    installation.figure("2025-12")
    installation.figure("2025-11", "baotou_industrial_va")
    installation.champion("theta", NIGHT - 60 * DAY)
    installation.champion("arima")
    installation.night()
    installation.night(NIGHT + DAY, "degraded", "tracking failed", broken="track")
    installation.pull("reference")
    installation.pull("nbs", "closed")
    installation.pull("import", "failed")
    return read_state(installation.settings, NIGHT + 12 * DAY)


def samples(text):
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def written(path, state):
    write_textfile(path, state)
    return path.read_text(encoding="utf-8")


def test_the_textfile_says_what_the_state_says(tmp_path, state):
    found = samples(written(tmp_path / "new" / "cumulus.prom", state))
    assert found["cumulus_last_success_timestamp_seconds", ()] == (NIGHT + DAY + 15 * MINUTE).timestamp()
    assert found["cumulus_store_up", ()] == 1
    assert found["cumulus_last_run_duration_seconds", ()] == 900
    assert found["cumulus_last_run_status", ("degraded",)] == 1
    assert found["cumulus_last_run_status", ("failed",)] == 0
    assert found["cumulus_last_run_step_duration_seconds", ("fit",)] == 300
    assert found["cumulus_last_run_step_failed", ("track",)] == 1
    assert found["cumulus_night_overdue", ()] == 1
    assert found["cumulus_indicator_lateness_seconds", ("cn_industrial_va",)] == 0
    assert found["cumulus_indicator_lateness_seconds", ("baotou_industrial_va",)] == 3 * 86400
    assert found["cumulus_late_indicators", ()] == 1
    assert found["cumulus_source_up", ("nbs",)] == 0
    assert found["cumulus_source_up", ("reference",)] == 1
    assert ("cumulus_source_up", ("import",)) not in found  # a file by hand, which no night asks again
    assert found["cumulus_champion_changes_total", ()] == 1
    assert found["cumulus_size_bytes", ("store",)] > 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["cumulus.prom"]


def test_names_follow_the_conventions_and_are_documented(tmp_path, state):
    text = written(tmp_path / "cumulus.prom", state)
    families = list(text_string_to_metric_families(text))
    document = DOCUMENT.read_text(encoding="utf-8")
    for family in families:
        assert re.fullmatch(r"cumulus_[a-z][a-z_]*[a-z]", family.name)
        assert family.documentation.endswith(".")
        assert not re.search(r"_(days?|hours?|minutes?|milliseconds|ms|kb|mb|percent)(_|$)", family.name)
        assert not re.search(r"_(gauge|counter|info_info|bucket)$", family.name)
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")
            assert not {"le", "quantile", family.name} & set(sample.labels)
        assert f"`{family.samples[0].name if family.samples else family.name}" in document
    assert len({family.name for family in families}) == len(families)


def test_every_alert_rests_on_metrics_that_there_are_and_is_documented(tmp_path, state):
    families = text_string_to_metric_families(written(tmp_path / "cumulus.prom", state))
    names = {sample.name for family in families for sample in family.samples} | {"cumulus_quarantined_rows"}
    (group,) = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    titles = re.findall(r"^##+ (.+)$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    for rule in group["rules"]:
        assert set(re.findall(r"cumulus_\w+", rule["expr"])) <= names, rule["alert"]
        assert rule["annotations"]["runbook"].removeprefix("docs/operations.md, ") in titles, rule["alert"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool")
def test_alerts_go_off_when_they_should():
    subprocess.run(["promtool", "test", "rules", ALERTS.with_name("alerts_test.yaml")], check=True)


def test_an_empty_home_has_metrics_too(tmp_path):
    found = samples(written(tmp_path / "cumulus.prom", read_state(Installation(tmp_path).settings, NIGHT)))
    assert found["cumulus_indicators", ()] == 4
    assert ("cumulus_last_success_timestamp_seconds", ()) not in found


def test_a_textfile_that_cannot_be_written_is_named(tmp_path, state):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/cumulus\.prom: metrics cannot be written"):
        write_textfile(tmp_path / "file" / "cumulus.prom", state)


def test_a_store_that_is_away_is_a_metric_and_a_line_in_the_log(caplog):
    def away():
        raise StoreError("store postgresql://u:***@h/d: connection refused")

    found = samples(generate_latest(registry_of(away)).decode())
    assert found["cumulus_store_up", ()] == 0
    assert {name for name, _ in found} == {"cumulus_store_up", "cumulus_build_info"}
    assert "connection refused" in caplog.text


def test_the_endpoint_answers_on_loopback_and_reads_at_most_once_a_minute(state):
    port, reads = free_port(), []
    with served(MetricsSettings(port=port), lambda: reads.append(1) or state):
        for _ in range(2):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                assert samples(answer.read().decode())["cumulus_indicators", ()] == 4
        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            served(MetricsSettings(port=port), dict).__enter__()
    assert len(reads) == 1

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from forecasting.errors import TrackingError
from forecasting.tracking import IndicatorRecord, NightRecord, Server, Tracker, ui_command

CARELESS = {"MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "true", "MLFLOW_SERVER_ALLOWED_HOSTS": "*"}
"""Variables of whoever starts the server, which must not switch its checks off."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(
    tmp_path: Path, make_indicator: Callable[..., IndicatorRecord], make_night: Callable[..., NightRecord]
) -> Iterator[tuple[Server, subprocess.Popen[bytes]]]:
    """A real MLflow server on a store with one night."""
    uri, artifacts = f"sqlite:///{tmp_path}/mlruns/mlflow.db", tmp_path / "mlruns" / "artifacts"
    Tracker(uri, artifacts).record_night(make_night(indicators=[make_indicator(1)]))
    command = ui_command(uri, artifacts, port=free_port())
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            command.argv, env={**os.environ, **CARELESS, **command.env}, stdout=log, stderr=log, cwd=tmp_path
        )
        try:
            yield command, process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=30)


def get(address: str, body: dict[str, Any] | None = None) -> bytes:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return bytes(answer.read())


def wait_until_it_answers(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        assert process.poll() is None, "the server ended by itself"
        try:
            get(address)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not answer within a minute")


def test_the_server_opens_the_store_shows_its_charts_and_ends_with_its_process(
    server: tuple[Server, subprocess.Popen[bytes]],
) -> None:
    command, process = server
    base = command.link.partition("/#")[0]
    wait_until_it_answers(f"{base}/health", process)
    found = json.loads(get(f"{base}/api/2.0/mlflow/experiments/search", {"max_results": 10}))["experiments"]
    names = {item["name"]: item["experiment_id"] for item in found}
    assert {"cumulus/nights", "cumulus/indicators"} <= set(names)
    search = {"experiment_ids": [names["cumulus/indicators"]]}
    (run,) = json.loads(get(f"{base}/api/2.0/mlflow/runs/search", search))["runs"]
    run_id = run["info"]["run_id"]
    assert get(f"{base}/get-artifact?path=fan_chart.svg&run_uuid={run_id}").startswith(b"<svg")
    models = json.loads(get(f"{base}/api/2.0/mlflow/registered-models/search"))["registered_models"]
    assert [model["name"] for model in models] == ["cumulus.indicator_01"]
    assert b'<div id="root"' in get(f"{base}/")
    for stranger in ("example.org", "10.example.org", base.removeprefix("http://").replace("127.0.0.1", "127.0.0.2")):
        request = urllib.request.Request(f"{base}/", headers={"Host": stranger})  # noqa: S310
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=10)  # noqa: S310
    process.send_signal(signal.SIGTERM)
    process.wait(timeout=30)
    with pytest.raises(urllib.error.URLError):
        get(f"{base}/health")


def test_a_night_recorded_by_a_server_prints_nothing_of_its_address(
    server: tuple[Server, subprocess.Popen[bytes]],
    tmp_path: Path,
    make_indicator: Callable[..., IndicatorRecord],
    make_night: Callable[..., NightRecord],
    capfd: pytest.CaptureFixture[str],
) -> None:
    command, process = server
    base = command.link.partition("/#")[0]
    wait_until_it_answers(f"{base}/health", process)
    tracker = Tracker(base.replace("://", "://me:secret@"), tmp_path / "mlruns" / "artifacts")
    tracker.record_night(make_night("run-2", "2025-01-21", indicators=[make_indicator(1)]))
    assert tracker.nights() == 2
    assert capfd.readouterr().out == ""


def test_the_command_listens_on_this_machine_alone_and_keeps_the_store_out_of_the_command_line(
    tmp_path: Path,
) -> None:
    command = ui_command("postgresql://me:secret@db/mlflow", tmp_path)
    assert command.env["MLFLOW_BACKEND_STORE_URI"] == (
        "postgresql+psycopg://me:secret@db/mlflow?connect_timeout=10&client_encoding=utf8"
    )
    assert "secret" not in " ".join(command.argv)
    assert command.argv[command.argv.index("--host") + 1] == "127.0.0.1"
    assert command.argv[command.argv.index("--workers") + 1] == "1"
    assert command.env["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert command.env["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert command.link == "http://127.0.0.1:5000/#/experiments?workflowType=machine_learning"


def test_a_server_is_not_served_once_more(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"an MLflow server, which has its own UI; open .* tracking_uri") as caught:
        ui_command("https://me:secret@mlflow.example.org", tmp_path)
    assert "secret" not in str(caught.value)


def test_without_psycopg_the_extra_is_named_and_the_password_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(TrackingError, match=r"pip install 'cumulus-forecasting\[postgresql\]'") as caught:
        ui_command("postgresql://me:secret@db/mlflow", tmp_path)
    assert "secret" not in str(caught.value)

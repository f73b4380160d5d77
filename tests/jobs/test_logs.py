import json
import os
import pty
import re
import subprocess
import sys

SHOW = """
import logging
from forecasting import progress as work
from jobs import logs
logs.configure_logging()
cmdstanpy = logging.getLogger("cmdstanpy")
cmdstanpy.setLevel(logging.DEBUG)
cmdstanpy.addHandler(logging.StreamHandler())
logging.getLogger("prophet.models").setLevel(logging.INFO)
logs.configure_logging()
logging.getLogger("jobs.nightly").info("pulled %d figures", 7)
for name in (*logs.QUIET, "prophet.models"):
    logging.getLogger(name).info("chatter")
cmdstanpy.warning("trouble")
work.EVERY_S = 0.0
with work.progress("fit", total=3) as advance:
    for _ in range(3):
        advance()
"""
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00"


def test_a_log_has_plain_lines_with_the_time_and_only_warnings_of_third_parties():
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": "Asia/Shanghai"},
    )
    assert done.stdout == ""
    expected = [
        "INFO jobs.nightly: pulled 7 figures",
        "WARNING cmdstanpy: trouble",
        r"INFO forecasting.progress: fit: 1 of 3 after \d+ s",
        r"INFO forecasting.progress: fit: 2 of 3 after \d+ s",
        r"INFO forecasting.progress: fit: 3 of 3 in \d+\.\d s",
    ]
    lines = done.stderr.splitlines()
    assert len(lines) == len(expected)
    for line, what in zip(lines, expected, strict=True):
        assert re.fullmatch(f"{TIME} {what}", line), line


def test_a_terminal_gets_a_bar():
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", SHOW], stderr=theirs, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # how a pseudo-terminal says that its other end is closed
            break
        if not part:
            break
        shown += part
    os.close(ours)
    assert process.wait(timeout=30) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert "pulled 7 figures" in text
    assert "3/3" in text
    assert "chatter" not in text
    assert text.count("trouble") == 1


OBJECTS = """
import logging
from pydantic import SecretStr
from forecasting.settings import LogSettings, Settings
from jobs import logs
url = SecretStr("postgresql://u:hunter2@h/d")
logs.configure_logging(Settings(store_url=url, logging=LogSettings(format="json", level="WARNING")))
log = logging.getLogger("jobs.nightly")
log.info("not shown")
with logs.bound():
    logs.bind(night="2026-01-20", run_id="2026-01-20-a")
    with logs.bound(step="fit"):
        log.warning("包头: %d", 7)
    try:
        raise ValueError("cannot reach postgresql://u:hunter2@h/d")
    except ValueError:
        log.exception("failed with hunter2")
logging.getLogger("mlflow.store").warning("theirs")
"""


def test_a_json_log_has_an_object_a_line_with_run_step_and_exception_and_no_secret():
    done = subprocess.run([sys.executable, "-c", OBJECTS], capture_output=True, text=True, check=True)
    assert "hunter2" not in done.stderr
    first, second, third = map(json.loads, done.stderr.splitlines())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", first.pop("time"))
    run = {"night": "2026-01-20", "run_id": "2026-01-20-a"}
    assert first == {"level": "WARNING", "logger": "jobs.nightly", "message": "包头: 7", **run, "step": "fit"}
    assert second["message"] == "failed with ***"
    assert second["exception"].startswith("Traceback")
    assert second["exception"].endswith("ValueError: cannot reach ***")
    assert set(second) == {"time", "level", "logger", "message", "exception", *run}
    assert set(third) == {"time", "level", "logger", "message"}


def test_importing_the_logs_costs_little():
    code = "import sys, jobs.logs; print({'rich', 'apscheduler', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

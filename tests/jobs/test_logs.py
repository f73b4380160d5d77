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


def test_importing_the_logs_and_the_scheduler_costs_little():
    code = "import sys, jobs.logs, jobs.scheduler; print({'rich', 'apscheduler', 'pandas'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"

import signal
import subprocess
import sys

import pytest

from forecasting.errors import SettingsError
from forecasting.settings import ScheduleSettings
from jobs.scheduler import serve

SERVE = """
import sys, time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from apscheduler.triggers.interval import IntervalTrigger
from jobs.logs import configure_logging
from jobs.scheduler import _serve

nights = 0

def night():
    global nights
    nights += 1
    print("night", nights, flush=True)
    if nights == 1:
        raise RuntimeError("the first night fails")
    time.sleep(2)
    print("whole", flush=True)

configure_logging()
zone = ZoneInfo("Asia/Shanghai")
start = datetime.now(zone) + timedelta(seconds=0.5)
_serve({"nightly": (night, IntervalTrigger(seconds=1, start_date=start, timezone=zone))}, zone)
print("returned", flush=True)
"""


def started(*args):
    return subprocess.Popen([sys.executable, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_running_night_is_finished_before_a_clean_stop(number):
    process = started("-c", SERVE)
    assert process.stdout.readline() == "night 1\n"
    assert process.stdout.readline() == "night 2\n"
    process.send_signal(number)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == "whole\nreturned\n"
    assert "RuntimeError: the first night fails" in err
    assert "the night failed; the next one starts as scheduled" in err
    assert f"{number.name}: stopping" in err
    assert err.count("Traceback") == 1


def test_the_next_night_is_announced_and_an_idle_scheduler_stops_at_once():
    code = (
        "from forecasting.settings import ScheduleSettings\nfrom jobs.logs import configure_logging\n"
        "from jobs.scheduler import serve\nconfigure_logging()\nserve(print, ScheduleSettings(), bool)\n"
    )
    process = started("-c", code)
    line = process.stderr.readline()
    assert "the next night starts at" in line
    assert "T02:30:00+08:00" in line
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


OFTEN = """
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from apscheduler.triggers.interval import IntervalTrigger
from jobs.scheduler import _if_due, _serve

zone = ZoneInfo("Asia/Shanghai")
start = datetime.now(zone) + timedelta(seconds=0.2)
answers = iter([False, True, False])
asked = []

def is_due():
    asked.append(1)
    if len(asked) > 3:
        print("asked four times", flush=True)
        return False
    return next(answers)

often = IntervalTrigger(seconds=0.3, start_date=start, timezone=zone)
_serve({"release": (lambda: _if_due(lambda: print("night", len(asked), flush=True), is_due), often)}, zone)
"""


def test_around_a_release_nights_come_as_often_as_a_figure_is_due():
    process = started("-c", OFTEN)
    assert process.stdout.readline() == "night 2\n"
    assert process.stdout.readline() == "asked four times\n"
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 0


def test_an_unknown_time_zone_is_refused():
    with pytest.raises(SettingsError, match="'Asia/Baotou' is unknown; use an IANA name"):
        serve(print, ScheduleSettings(timezone="Asia/Baotou"), bool)

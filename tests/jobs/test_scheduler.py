"""The scheduler in a real process, stopped by real signals."""

import re
import signal
import subprocess
import sys
import time

import pytest

HEAD = """
import sys, threading, time
from datetime import UTC, datetime, timedelta
from forecasting.settings import ScheduleSettings
from jobs import scheduler
from jobs.locks import BusyError
from jobs.logs import configure_logging
from jobs.stopping import Interrupted

def say(*what):
    print(*what, flush=True)

class Work:
    def night(self, occasion, stop): say("night")
    def release(self, stop): pass
    def tidy(self): say("tidy")
    def abandon(self): say("abandoned")

configure_logging()
"""
TAIL = """
code = scheduler.serve(Work(), ScheduleSettings(grace_s={grace}))
say("returned", code)
if code:
    import os
    os._exit(code)
"""


def started(body: str, grace: float = 30):
    code = HEAD + body + TAIL.format(grace=grace)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


SLOW = """
def night(self, occasion, stop):
    say("night")
    for _ in range(int({seconds} / 0.05)):
        if {heeds} and stop.is_set():
            raise Interrupted("stopped at a safe point")
        time.sleep(0.05)
    say("whole")
Work.night = night
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_running_night_may_end_within_the_grace(number):
    process = started(SLOW.format(seconds=1.5, heeds=True))
    assert process.stdout.readline() == "night\n"
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "whole\nreturned 0\n")
    assert f"{number.name}: stopping; the running night has 30 s to end" in err
    assert "Traceback" not in err


def test_a_job_that_begins_as_the_signal_comes_is_waited_for():
    slow_question = """
class Slow(threading.Event):
    def is_set(self):
        found = super().is_set()
        if threading.current_thread() is not threading.main_thread():
            say("asked")
            time.sleep(1)
        return found

scheduler.leaving = Slow()
"""
    process = started(slow_question)
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGTERM)
    out, _ = process.communicate(timeout=60)
    assert out.splitlines()[-1] == "returned 0"


def test_a_signal_while_the_night_s_job_is_being_removed_disturbs_nothing():
    slow_removal = """
from apscheduler.schedulers.base import BaseScheduler

remove = BaseScheduler.remove_job

def slowly(self, *arguments):
    time.sleep(1)
    remove(self, *arguments)

BaseScheduler.remove_job = slowly
"""
    process = started(SLOW.format(seconds=0.5, heeds=True) + slow_removal)
    process.stdout.readline()
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "whole\nreturned 0\n")
    assert "Traceback" not in err


def test_after_the_grace_a_night_ends_at_its_next_safe_point():
    process = started(SLOW.format(seconds=60, heeds=True), grace=0.3)
    process.stdout.readline()
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "returned 0\n")
    assert "stopped at a safe point" in err


def test_a_night_without_a_safe_point_is_abandoned_with_its_workers():
    body = SLOW.format(seconds=60, heeds=False).replace('say("night")', NAP) + "scheduler.SAFE_S = 0.5\n"
    process = started(body, grace=0.2)
    worker = int(process.stdout.readline().split()[1])
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "abandoned\nreturned 1\n")
    assert "no safe point" in err
    assert "semlock" not in err  # left behind
    assert gone(worker)


NAP = """
    from joblib import Parallel, delayed
    from forecasting.orphans import end_with_parent
    import os
    pids = Parallel(n_jobs=2, backend="loky")(delayed(os.getpid)() for _ in range(4))
    say("worker", pids[0])"""


def gone(pid: int) -> bool:
    for _ in range(50):
        if subprocess.run(["kill", "-0", str(pid)], capture_output=True, check=False).returncode:
            return True
        time.sleep(0.1)
    return False


AWAY = """
def night(self, occasion, stop):
    from pathlib import Path
    from pydantic import SecretStr
    from forecasting.settings import Settings
    from jobs.locks import sole_worker
    away = Settings(home=Path({home!r}), store_url=SecretStr("postgresql://u@127.0.0.1:9/d"))
    with sole_worker(away):
        pass
Work.night = night
"""


@pytest.mark.parametrize("wait", [0.0, 4.0])  # the moment at which it is asked, in an attempt or between two
def test_a_night_whose_database_is_away_ends_at_once(tmp_path, wait):
    process = started(AWAY.format(home=str(tmp_path)), grace=60)
    while "trying again" not in process.stderr.readline():
        pass
    time.sleep(wait)
    asked = time.monotonic()
    process.terminate()
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "returned 0\n")
    assert "asked to stop while it waited: store postgresql" in err
    assert time.monotonic() - asked < 10


def test_a_second_signal_ends_the_process_at_once():
    process = started(SLOW.format(seconds=60, heeds=False))
    process.stdout.readline()
    process.terminate()
    time.sleep(0.5)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM


FAILS = """
def night(self, occasion, stop):
    raise RuntimeError("the night fails")
Work.night = night
"""


def test_a_night_that_fails_is_logged_and_an_idle_scheduler_stops_at_once():
    with started(FAILS) as process:
        lines = [process.stderr.readline() for _ in range(2)]
        while "RuntimeError" not in lines[-1]:
            lines.append(process.stderr.readline())
        process.terminate()
        lines += process.stderr.read().splitlines()  # the night's thread may be the first to speak
    assert process.returncode == 0
    assert any(re.search(r"the next night starts at .*T02:30:00\+08:00", line) for line in lines)
    assert any("the night failed; the next one starts as scheduled" in line for line in lines)


TROUBLED = """
from forecasting.errors import StoreError
def night(self, occasion, stop):
    raise StoreError("store away: start the database")
Work.night = night
def tidy(self):
    raise OSError("no room")
Work.tidy = tidy
now = datetime.now(UTC)
scheduler.TIDY_AFTER = now - scheduler.Agenda(ScheduleSettings()).last(now).moment + timedelta(seconds=2)
"""


def test_what_failed_is_named_and_an_error_of_ours_is_a_line():
    process = started(TROUBLED)
    lines = [process.stderr.readline()]
    while "OSError: no room" not in lines[-1]:
        lines.append(process.stderr.readline())
    process.terminate()
    process.communicate(timeout=30)
    told = [line.split(" ", 1)[-1].strip() for line in lines if "failed" in line]
    assert [line.partition("failed")[2] for line in told] == [
        "; the next one starts as scheduled: store away: start the database", "; the next one starts as scheduled",
    ]  # fmt: skip
    assert "housekeeping failed" in told[1]
    assert sum("Traceback" in line for line in lines) == 1


BUSY = """
times = iter(range(9))
def night(self, occasion, stop):
    n = next(times)
    if n < 2:
        raise BusyError("held by process 1")
    say("night", n)
Work.night = night
scheduler.BUSY_S = 0.2
"""


def test_while_another_process_is_at_work_the_night_is_tried_again():
    process = started(BUSY)
    assert process.stdout.readline() == "night 2\n"
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert err.count("held by process 1; trying again") == 2


FULL = """
import errno
def night(self, occasion, stop):
    say("night")
    raise OSError(errno.ENOSPC, "No space left on device")
Work.night = night
scheduler.AWAY_S = 0.05
"""


def test_a_night_that_lacks_what_may_come_back_is_tried_again_three_times():
    process = started(FULL)
    while "the night failed; the next one starts as scheduled" not in process.stderr.readline():
        pass
    process.terminate()
    out, _ = process.communicate(timeout=30)
    assert out == 4 * "night\n" + "returned 0\n"


CLOCK = """
real, shift = time.time, [0.0]
time.time = lambda: real() + shift[0]
def night(self, occasion, stop):
    say("night")
    threading.Timer(0.5, lambda: shift.__setitem__(0, -7200.0)).start()
Work.night = night
"""


def test_when_the_clock_is_set_back_what_is_due_is_looked_up_anew():
    process = started(CLOCK)
    assert [process.stdout.readline() for _ in range(2)] == ["night\n", "night\n"]  # the ledger says that it is done
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert "the clock was set by -7200 s" in err

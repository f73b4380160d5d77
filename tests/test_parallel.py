"""Work on processes of this machine and on a real Dask cluster of a scheduler and two workers."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.decumulation import decumulate
from forecasting.errors import ExecutorError
from forecasting.evaluation import forecast_panel
from forecasting.observations import check_observations
from forecasting.parallel import LIBRARIES, _sizes, aside, in_parallel
from forecasting.settings import load_settings
from tests.cluster import cluster


@pytest.fixture(scope="module")
def dask(tmp_path_factory):
    """A cluster of two workers."""
    with cluster(2, tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture(scope="module", params=[1, 2, "dask"])
def workers(request):
    return request.getfixturevalue("dask").address if request.param == "dask" else request.param


def threads(number):
    from threadpoolctl import threadpool_info

    assert np.ones(2) @ np.ones(2) == 2
    return number, {library["num_threads"] for library in threadpool_info()}


def divide(number):
    return 10 // number


def dies_once(number, marker):
    """Kill the worker that does this, the first time and never again."""
    if number == 3 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def dies(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def worker_of(_number):
    """Which process does this; slowly, so that every one gets some of the work."""
    time.sleep(0.02)
    return os.getpid()


def ends(pid):
    """End a process and be slow to come back."""
    os.kill(pid, signal.SIGKILL)
    time.sleep(5)


def names(tasks):
    return [f"series {task[0]}" for task in tasks]


def test_results_come_in_order_with_progress_and_one_blas_thread_a_task(workers):
    tasks = [(number,) for number in range(120)]
    told = []
    found = in_parallel(
        threads, tasks, workers, names=names(tasks), progress=lambda done, total: told.append((done, total))
    )
    assert [number for number, _ in found] == list(range(120))
    assert set().union(*(counts for _, counts in found)) == {1}
    assert told[-1] == (120, 120)
    assert told == sorted(told)
    assert len(told) > 3


class Counted(list):
    """Tasks that say how many of them were asked for."""

    asked = 0

    def __getitem__(self, at):
        self.asked += 1
        return super().__getitem__(at)


@pytest.mark.parametrize("workers", [1, 2], indirect=True)
def test_tasks_are_made_when_they_are_sent_out(workers):
    tasks = Counted((number,) for number in range(400))
    ahead = []
    done = in_parallel(
        divide, Counted((number + 1,) for number in range(400)), workers, names=["x"] * 400,
    )  # fmt: skip
    assert done == [10 // (number + 1) for number in range(400)]
    in_parallel(threads, tasks, workers, names=["x"] * 400, progress=lambda n, _: ahead.append(tasks.asked - n))
    assert max(ahead) <= 100
    assert tasks.asked == 400


def test_chunks_of_work_shrink_towards_the_end():
    sizes = list(_sizes(1000, 2).values())
    assert sum(sizes) == 1000
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (25, 1)


def test_what_is_begun_aside_is_there_when_it_is_asked_for():
    begun = [aside(divide, (number,), workers) for number, workers in ((5, 1), (2, 2), (0, 2))]
    assert [begun[0](), begun[1]()] == [2, 5]
    with pytest.raises(ZeroDivisionError):
        begun[2]()


def test_no_tasks_are_no_work(workers):
    assert in_parallel(divide, [], workers, names=[]) == []


def test_a_task_that_fails_is_named_with_its_worker_and_its_place(workers):
    tasks = [(number,) for number in (5, 2, 0, 1)]
    with pytest.raises(ExecutorError, match=r"^series 0: ZeroDivisionError: .*\(at test_parallel.py:\d+, on process"):
        in_parallel(divide, tasks, workers, names=names(tasks))


@pytest.mark.parametrize("workers", [2, "dask"], indirect=True)
def test_what_a_killed_worker_was_doing_is_done_again(workers, tmp_path):
    tasks = [(number, tmp_path / "died") for number in range(60)]
    assert in_parallel(dies_once, tasks, workers, names=names(tasks)) == list(range(60))
    assert (tmp_path / "died").exists()


@pytest.mark.parametrize("workers", [2, pytest.param("dask", marks=pytest.mark.slow)], indirect=True)
def test_a_task_that_kills_every_worker_ends_with_its_name(workers):
    tasks = [(number,) for number in range(4)]
    with pytest.raises(ExecutorError, match=r"series 3.*look for lack of memory"):
        in_parallel(dies, tasks, workers, names=names(tasks))


def test_workers_wait_through_the_pauses_of_a_night():
    tasks = [(number,) for number in range(40)]
    before = set(in_parallel(worker_of, tasks, 2, names=names(tasks)))
    time.sleep(11)  # by themselves they would have left after ten seconds, and one that leaves as work comes is a fault
    assert set(in_parallel(worker_of, tasks, 2, names=names(tasks))) == before


def test_forecasts_are_the_same_bit_for_bit_here_and_on_a_cluster(dask):
    rng = np.random.default_rng(5)
    ds = pd.date_range("2015-01-01", periods=84, freq="MS")
    season = np.exp(0.2 * np.sin(np.arange(84) * np.pi / 6))
    panel = pd.concat(
        pd.DataFrame({"unique_id": f"s{i}", "ds": ds, "y": 100 * season * np.exp(rng.normal(0.005, 0.03, 84).cumsum())})
        for i in range(4)
    )
    here, there = (
        forecast_panel(panel, 6, preset="fast", origins=4, draws=200, seed=3, workers=workers)
        for workers in (1, dask.address)
    )
    pd.testing.assert_frame_equal(here.quantiles, there.quantiles, check_exact=True)
    pd.testing.assert_frame_equal(here.leaderboard, there.leaderboard, check_exact=True)
    assert all(here.draws[name].tobytes() == there.draws[name].tobytes() for name in here.draws)


def test_months_are_the_same_bit_for_bit_on_one_process_two_and_a_cluster(dask):
    months = [month for month in range(36) if month % 12]
    table = check_observations(
        pd.concat(
            pd.DataFrame({
                "indicator": f"i{n}", "period": [f"{2020 + m // 12}-{m % 12 + 1:02d}" for m in months],
                "measure": "ytd_yoy", "value": np.round(6 + n + np.sin(months), 1), "unit": "percent", "decimals": 1,
            })
            for n in range(3)
        )
    )  # fmt: skip
    here, *others = (decumulate(table, draws=60, seed=2, workers=workers) for workers in (1, 2, dask.address))
    for other in others:
        pd.testing.assert_frame_equal(here.monthly, other.monthly, check_exact=True)
        assert all(path.growth.tobytes() == other.paths[name].growth.tobytes() for name, path in here.paths.items())


OVER_TLS = """
import math, sys
from pathlib import Path
from forecasting.parallel import in_parallel
from tests.cluster import cluster
with cluster(1, Path(sys.argv[1])) as running:
    print(in_parallel(math.sqrt, [(4,), (9,)], running.address, names=["a", "b"]))
"""


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_cluster_that_speaks_tls_alone_is_used_as_dask_is_configured(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*request, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    comm = {"DEFAULT_SCHEME": "tls", "REQUIRE_ENCRYPTION": "true", "TLS__CA_FILE": str(certificate)}
    for part in ("SCHEDULER", "WORKER", "CLIENT"):
        comm |= {f"TLS__{part}__CERT": str(certificate), f"TLS__{part}__KEY": str(key)}
    environment = {**os.environ, **{f"DASK_DISTRIBUTED__COMM__{name}": value for name, value in comm.items()}}
    command = [sys.executable, "-c", OVER_TLS, tmp_path]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "[2.0, 3.0]\n", done.stderr


def test_a_scheduler_out_of_reach_is_said_in_seconds():
    started = time.monotonic()
    with pytest.raises(ExecutorError, match=r"dask://127.0.0.1:9: no Dask scheduler answers within 5 s; start one"):
        in_parallel(divide, [(1,)], "dask://127.0.0.1:9", names=["a"])
    assert time.monotonic() - started < 8


@pytest.mark.slow
def test_a_scheduler_that_dies_under_work_is_said_in_seconds(tmp_path):
    with cluster(1, tmp_path) as running:
        started = time.monotonic()
        with pytest.raises(ExecutorError, match="the Dask scheduler was lost with work under way"):
            in_parallel(ends, [(running.scheduler.pid,)], running.address, names=["the series"])
        assert time.monotonic() - started < 30


def test_a_cluster_without_workers_says_how_to_start_one(tmp_path, monkeypatch):
    monkeypatch.setattr("forecasting.parallel.WORKERS_S", 1)
    with cluster(0, tmp_path) as running, pytest.raises(ExecutorError, match=r"no worker for 1 s; .*dask worker 127"):
        in_parallel(divide, [(1,)], running.address, names=["a"])


def test_a_worker_with_other_versions_is_refused_by_name(dask, monkeypatch):
    wanted = dict.fromkeys(LIBRARIES, "0.0")
    monkeypatch.setattr("forecasting.parallel._versions", lambda: wanted)
    with pytest.raises(
        ExecutorError, match=r"process \d+ of .* has cumulus-forecasting .*; every worker needs cumulus"
    ):
        in_parallel(divide, [(1,)], dask.address, names=["a"])


@pytest.mark.parametrize("workers", [0, -1, "dask://", "dask://host", "tcp://host:1", "dask://u:p@host:1", "8"])
def test_what_is_no_executor_is_refused(workers):
    with pytest.raises(ExecutorError, match=r"at least 1 is needed|dask://HOST:PORT"):
        in_parallel(divide, [(1,)], workers, names=["a"])


def test_one_setting_says_where_the_work_is_done(tmp_path, monkeypatch):
    monkeypatch.setenv("CUMULUS_HOME", str(tmp_path))
    assert load_settings().workers == 2
    monkeypatch.setenv("CUMULUS_EXECUTOR", "dask://127.0.0.1:8786")
    assert load_settings().workers == "dask://127.0.0.1:8786"


def test_without_dask_the_error_names_the_extra():
    code = (
        "import sys; sys.modules['distributed'] = None\n"
        "from forecasting.parallel import in_parallel\n"
        "in_parallel(abs, [(1,)], 'dask://127.0.0.1:9', names=['a'])"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=root)
    assert "pip install 'cumulus-forecasting[dask]'" in done.stderr

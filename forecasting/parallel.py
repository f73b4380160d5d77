"""Work spread over processes of this machine or over a Dask cluster: in order, and the same wherever it was done.

Everything that runs in parallel goes through `in_parallel`. Each task is computed from its own arguments alone with one
thread for linear algebra, so that neither the number of processes nor the cluster changes a bit of a result.
"""

from __future__ import annotations

import itertools
import logging
import os
import re
import socket
import threading
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import cloudpickle

from forecasting.errors import ExecutorError

if TYPE_CHECKING:
    from concurrent.futures import Future as LocalFuture

    from distributed import Client, Future

__all__ = ["ADDRESS", "LIBRARIES", "Keep", "Workers", "aside", "check_workers", "in_parallel"]

Workers = int | str
"""Processes of this machine, or the scheduler of a Dask cluster as ``dask://HOST:PORT``."""

LIBRARIES = ("cumulus-forecasting", "numpy", "pandas", "scipy", "statsforecast", "statsmodels")
"""What a Dask worker must have in the very versions of the process that sends the work."""

ADDRESS = r"dask://(\[[0-9a-fA-F:]+\]|[^\s/:@]+):\d{1,5}"
"""Pattern of a cluster's address."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""What tells libraries how many threads to start; threads that are never started cost nothing."""

MOST = 25
"""Tasks a chunk at most on one machine, and at least on a cluster, where a chunk's way costs more."""
ROUNDS = 8
"""Chunks a process on a cluster; and on one machine as many of the size of the next one would do what is left."""
AHEAD = 2
"""Chunks a local process that are on their way to it at a time; of tasks not yet sent out nothing is in memory."""
IDLE_S = 300
"""Seconds that local workers wait for more, beyond any pause of a night: one that leaves as work comes is a fault."""
CONNECT_S = 5
WORKERS_S = 30
"""Seconds for which a cluster may be without any worker."""

_alone = threading.RLock()

Result = TypeVar("Result")
_logger = logging.getLogger(__name__)
Progress = Callable[[int, int], None]


class Keep(Protocol):
    """Where results of pure functions are kept under the hash of what they were made from."""

    def key(self, function: Callable[..., Any], task: tuple[Any, ...]) -> str:
        """Name of a result: a hash of the function's code and of its arguments."""

    def load(self, key: str, function: Callable[..., Any]) -> Any:
        """The result of that name, None where there is none."""

    def save(self, key: str, function: Callable[..., Any], result: Any) -> None:
        """Keep a result that has just been made."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Tasks that travel together: names and arguments of each."""

    function: Callable[..., Any]
    names: Sequence[str]
    tasks: Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why a chunk has no results; exceptions themselves do not always survive the way back."""

    what: str
    trace: str


def check_workers(workers: Workers) -> None:
    """Refuse what is neither a number of processes nor the address of a cluster.

    Raises:
        ExecutorError: It is not.
    """
    if isinstance(workers, str):
        if not re.fullmatch(ADDRESS, workers):
            raise ExecutorError(f"{workers!r} is not the address of a Dask scheduler; write dask://HOST:PORT")
    elif workers < 1:
        raise ExecutorError(f"workers {workers}; at least 1 is needed")


def in_parallel(
    function: Callable[..., Result],
    tasks: Sequence[tuple[Any, ...]],
    workers: Workers,
    *,
    names: Sequence[str],
    progress: Progress | None = None,
    keep: Keep | None = None,
) -> list[Result]:
    """Results of a function for each tuple of arguments, in their order.

    Args:
        function: At the top level of a module that every worker can import; a function of its arguments.
        tasks: Arguments of each call; a sequence that makes them when they are asked for needs little memory.
        workers: Processes, or a cluster. A chunk whose worker is lost is done again: by Dask, or once here.
        names: Of what each task works on, for errors.
        progress: Called with (tasks done, tasks in all).
        keep: Where results may be kept already, and are kept as they come.

    Raises:
        ExecutorError: A task failed (its name, worker and reason are given), workers keep dying, or the cluster cannot
            be used: out of reach, without workers, with other versions of what the results depend on.
    """
    check_workers(workers)
    out: list[Result] = [None] * len(tasks)  # type: ignore[list-item]
    keys = [] if keep is None else [keep.key(function, tasks[i]) for i in range(len(tasks))]
    if keep is not None:
        out = [keep.load(key, function) for key in keys]
    waiting = [i for i, result in enumerate(out) if result is None]
    done = len(tasks) - len(waiting)
    if progress is not None and done:
        progress(done, len(tasks))
    for start, results in _spread(function, tasks, workers, waiting, names):
        for i, result in zip(waiting[start : start + len(results)], results, strict=True):
            out[i] = result
            if keep is not None:
                keep.save(keys[i], function, result)
        done += len(results)
        if progress is not None:
            progress(done, len(tasks))
    return out


def aside(function: Callable[..., Result], task: tuple[Any, ...], workers: int) -> Callable[[], Result]:
    """Begin a call in a worker process of this machine, while this one does something else.

    Args:
        function: At the top level of a module, as for `in_parallel`.
        task: Its arguments.
        workers: Processes; with one alone the call is made when it is asked for.

    Returns:
        Waits for what the function returns; it raises whatever the function raised, or an error of the process.
    """
    check_workers(workers)
    if workers == 1:
        return lambda: function(*task)
    begun: LocalFuture[Result] = _local(workers).submit(function, *task)
    return begun.result


def _local(workers: int) -> Any:
    """The worker processes of this machine, which end with it."""
    from joblib.externals.loky import get_reusable_executor

    from forecasting.orphans import end_with_parent

    return get_reusable_executor(
        max_workers=workers,
        timeout=IDLE_S,
        env=dict.fromkeys(THREADS, "1"),
        initializer=end_with_parent,
        initargs=(os.getpid(),),
    )


def _spread(
    function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]], workers: Workers, waiting: Sequence[int],
    names: Sequence[str],
) -> Iterator[tuple[int, list[Any]]]:  # fmt: skip
    """(place of the first one among those that wait, results) of each chunk, as they are done."""

    def chunk(start: int, size: int) -> _Chunk:
        own = waiting[start : start + size]
        return _Chunk(function, [names[i] for i in own], [tasks[i] for i in own])

    if isinstance(workers, str):
        if waiting:
            yield from _on_dask(chunk, len(waiting), workers)
    elif workers == 1 or len(waiting) < 2:
        for start, size in _sizes(len(waiting), 1).items():
            yield start, _results(_work(chunk(start, size)))
    else:
        yield from _on_processes(chunk, _sizes(len(waiting), workers), workers)


def _sizes(total: int, workers: int) -> dict[int, int]:
    """Place of the first task -> size of each chunk: ever smaller ones, so that no process is left with a large one.

    Polychronopoulos and Kuck (1987), *Guided self-scheduling*, IEEE Transactions on Computers C-36(12).
    """
    sizes: dict[int, int] = {}
    start = 0
    while start < total:
        sizes[start] = max(1, min(MOST, (total - start) // (ROUNDS * workers)))
        start += sizes[start]
    return sizes


def _on_processes(
    chunk: Callable[[int, int], _Chunk], sizes: Mapping[int, int], workers: int
) -> Iterator[tuple[int, list[Any]]]:
    from concurrent.futures import FIRST_COMPLETED, wait

    from joblib.externals.loky.process_executor import TerminatedWorkerError

    waiting = dict(sizes)
    for again in (True, False):
        executor = _local(workers)
        sent: dict[LocalFuture[list[Any] | _Failure], int] = {}
        ahead = iter(list(waiting))
        try:
            while waiting:
                for start in itertools.islice(ahead, AHEAD * workers - len(sent)):
                    sent[executor.submit(_work, chunk(start, sizes[start]))] = start
                for future in wait(sent, return_when=FIRST_COMPLETED).done:
                    found = future.result()
                    start = sent.pop(future)
                    yield start, _results(found)
                    del waiting[start]
        except TerminatedWorkerError as error:
            if not again:
                names = [name for start in sorted(sent.values()) for name in chunk(start, sizes[start]).names]
                raise ExecutorError(
                    f"a worker process was killed twice while these or later ones were at work: {_few(names)}; "
                    "look for lack of memory, or set fewer workers"
                ) from error
            _logger.warning("a worker process was killed; %d chunks of work are done again", len(waiting))
        else:
            return
        finally:
            for future in sent:
                future.cancel()


def _on_dask(chunk: Callable[[int, int], _Chunk], total: int, workers: str) -> Iterator[tuple[int, list[Any]]]:
    with _connected(workers) as client, client.as_current():
        processes = _count(client, workers)
        # as many for each process, and even shares where there are few tasks
        number = processes * max(1, min(ROUNDS, total // (MOST * processes)))
        size = -(-total // number)
        waiting = {}
        for start in range(0, total, size):
            # bytes, so that Dask does not look for tasks of its own in the arguments
            future = client.submit(_work_there, cloudpickle.dumps(chunk(start, size)), _versions(), pure=False)
            waiting[future] = start
        while waiting:
            for future in _finished(client, workers, list(waiting)):
                start = waiting.pop(future)
                if future.status == "error":
                    raise _undone(workers, chunk(start, size), future.exception())
                yield start, _results(future.result())


def _finished(client: Client, workers: str, futures: list[Future]) -> Collection[Future]:
    """Those of the futures that are done, once there are any."""
    from distributed import wait
    from distributed.client import FuturesCancelledError
    from distributed.comm import CommClosedError

    while True:
        try:
            done: Collection[Future] = wait(futures, timeout=WORKERS_S, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            _count(client, workers)
        except (FuturesCancelledError, CommClosedError) as error:
            raise ExecutorError(f"{workers}: the Dask scheduler was lost with work under way") from error
        else:
            return done


def _undone(workers: str, chunk: _Chunk, error: BaseException) -> ExecutorError:
    """Why Dask could not do a chunk."""
    from distributed.scheduler import KilledWorker

    if isinstance(error, KilledWorker):
        what = (
            f"workers kept dying while these were at work: {_few(chunk.names)}; look for lack of memory in their logs"
        )
    else:
        version = metadata.version("cumulus-forecasting")
        what = (
            f"a worker could not take {_few(chunk.names)}: {type(error).__name__}: {error}; "
            f"install cumulus-forecasting {version} on every worker"
        )
    failure = ExecutorError(f"{workers}: {what}")
    failure.__cause__ = error
    return failure


def _connected(workers: str) -> Client:
    try:
        from distributed import Client
    except ImportError as error:
        raise ExecutorError(
            f"{workers}: Dask is not installed ({error}); install it with: pip install 'cumulus-forecasting[dask]'"
        ) from error
    try:  # without a scheme, which is the one of Dask's own configuration: TCP, or TLS
        return Client(workers.removeprefix("dask://"), timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ExecutorError(
            f"{workers}: no Dask scheduler answers within {CONNECT_S} s; start one with `dask scheduler`, or set "
            'executor = "local"'
        ) from error


def _count(client: Client, workers: str) -> int:
    """Worker processes of the cluster, at least one of which has to come soon."""
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError:
        raise ExecutorError(
            f"{workers}: the cluster has had no worker for {WORKERS_S} s; start some with "
            f"`dask worker {workers.removeprefix('dask://')} --nthreads 1`"
        ) from None
    return len(client.scheduler_info(n_workers=-1)["workers"])


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


@cache
def _versions() -> dict[str, str]:
    return {name: metadata.version(name) for name in LIBRARIES}


def _work_there(packed: bytes, wanted: dict[str, str]) -> list[Any] | _Failure:
    """`_work` on a Dask worker that has the same versions."""
    other = [f"{name} {_versions()[name]}" for name, version in wanted.items() if _versions()[name] != version]
    if other:
        here = ", ".join(f"{name} {version}" for name, version in wanted.items())
        return _Failure(f"{_worker()} has {', '.join(other)}; every worker needs {here}", "")
    return _work(cloudpickle.loads(packed))


def _work(chunk: _Chunk) -> list[Any] | _Failure:
    """Do a chunk's tasks one after the other, whatever number of threads a Dask worker has."""
    from threadpoolctl import threadpool_limits

    results = []
    with _alone, threadpool_limits(limits=1):
        for name, task in zip(chunk.names, chunk.tasks, strict=True):
            try:
                results.append(chunk.function(*task))
            except Exception as error:
                place = traceback.extract_tb(error.__traceback__)[-1]
                where = f"{os.path.basename(place.filename)}:{place.lineno}"
                what = f"{name}: {type(error).__name__}: {error} (at {where}, on {_worker()})"
                return _Failure(what, traceback.format_exc())
    return results


def _worker() -> str:
    return f"process {os.getpid()} of {socket.gethostname()}"


def _results(found: list[Any] | _Failure) -> list[Any]:
    if isinstance(found, _Failure):
        error = ExecutorError(found.what)
        if found.trace:
            error.add_note(found.trace)
        raise error
    return found

"""Work spread over processes, in order."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

__all__ = ["in_parallel"]

Result = TypeVar("Result")


def in_parallel(function: Callable[..., Result], tasks: Sequence[tuple[Any, ...]], workers: int) -> list[Result]:
    """Results of the function for each tuple of arguments, in their order, whatever the number of processes."""
    from threadpoolctl import threadpool_limits

    if workers == 1 or len(tasks) < 2:
        with threadpool_limits(limits=1):
            return [function(*task) for task in tasks]
    from joblib import Parallel, delayed, parallel_config

    from forecasting.orphans import end_with_parent

    watch = {"initializer": end_with_parent, "initargs": (os.getpid(),)}
    with parallel_config(backend="loky", n_jobs=workers, inner_max_num_threads=1, **watch):
        results: list[Result] = Parallel()(delayed(function)(*task) for task in tasks)
    return results

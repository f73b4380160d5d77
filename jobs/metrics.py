"""Metrics for Prometheus: a text file that node_exporter collects, or an endpoint of the scheduler.

Names follow Prometheus' conventions; what each means and which alert goes with it stands in docs/operations.md.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from forecasting.errors import CumulusError, InputError, Problem
from forecasting.settings import MetricsSettings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

__all__ = ["registry_of", "served", "write_textfile"]

DAY_S = 86_400.0
FRESH_S = 60.0
"""For how long an endpoint answers from what it read last; reading takes seconds where thousands are followed."""

State = Mapping[str, Any]

_logger = logging.getLogger(__name__)


def registry_of(read: Callable[[], State | None]) -> CollectorRegistry:
    """A registry whose metrics are those of a state (see `jobs.state.read_state`), read at each collection.

    Args:
        read: Reads the state; None or an error of ours say that it cannot be read.
    """
    from prometheus_client import CollectorRegistry

    class Collector:
        def collect(self) -> Iterator[Metric]:
            try:
                state = read()
            except CumulusError as error:
                _logger.warning("no metrics but that there are none: %s", error)
                state = None
            yield from _about(readable=state is not None)
            if state is not None:
                yield from _families(state)

        def describe(self) -> list[Metric]:
            return []  # so that registering reads nothing

    registry = CollectorRegistry()
    registry.register(Collector())
    return registry


def write_textfile(path: Path, state: State | None) -> None:
    """Write the metrics of a state, or that there is none to be read, to a file, whole or not at all.

    Raises:
        InputError: It cannot be written.
    """
    from prometheus_client import write_to_textfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(path), registry_of(lambda: state))
    except OSError as error:
        raise InputError(str(path), [Problem("", f"metrics cannot be written: {error.strerror}")]) from error


@contextmanager
def served(settings: MetricsSettings, read: Callable[[], State]) -> Iterator[None]:
    """Serve metrics over HTTP inside this, where a port is set.

    Args:
        settings: Where.
        read: Reads the state; at most once a minute.

    Raises:
        InputError: The port is taken or the host is none of this machine's.
    """
    if settings.port is None:
        yield
        return
    from prometheus_client import start_http_server

    try:
        registry = registry_of(_remembered(read))
        server, thread = start_http_server(settings.port, settings.host, registry)
    except OSError as error:
        what = f"cannot listen on {settings.host}:{settings.port}: {error.strerror}; choose another metrics.port"
        raise InputError("metrics", [Problem("", what)]) from error
    _logger.info("metrics at http://%s:%d/metrics", settings.host, server.server_port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _remembered(read: Callable[[], State]) -> Callable[[], State]:
    lock = threading.Lock()
    known: list[tuple[float, State]] = []

    def remembered() -> State:
        with lock:
            if not known or time.monotonic() - known[0][0] > FRESH_S:
                known[:] = [(time.monotonic(), read())]
            return known[0][1]

    return remembered


def _about(*, readable: bool) -> Iterator[Metric]:
    from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily

    version = {"version": metadata.version("cumulus-forecasting")}
    yield InfoMetricFamily("cumulus_build", "Version that wrote these metrics.", value=version)
    yield GaugeMetricFamily(
        "cumulus_store_up", "Whether the state could be read; without it nothing else is told.", readable
    )


def _families(state: State) -> Iterator[Metric]:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

    from jobs.ledger import RunStatus

    def gauge(name: str, about: str, value: float | None) -> Iterator[Metric]:
        if value is not None:
            yield GaugeMetricFamily(f"cumulus_{name}", about, value)

    def gauges(name: str, about: str, label: str, values: Mapping[str, float]) -> Iterator[Metric]:
        family = GaugeMetricFamily(f"cumulus_{name}", about, labels=[label])
        for key, value in values.items():
            family.add_metric([key], value)
        yield family

    last = state["runs"][0] if state["runs"] else None
    done = state["last_success"]
    ended = _seconds(done["ended_at"]) if done else None
    yield from gauge("last_success_timestamp_seconds", "When the latest night that came out ended.", ended)
    started = _seconds(last["started_at"]) if last else None
    yield from gauge("last_run_start_timestamp_seconds", "When the last run began.", started)
    yield from gauge("last_run_duration_seconds", "How long the last run took, once it has ended.", _duration(last))
    yield from gauges(
        "last_run_status", "1 for the state of the last run.", "status",
        {status: float(last["status"] == status) for status in get_args(RunStatus)} if last else {},
    )  # fmt: skip
    yield from gauges(
        "last_run_step_duration_seconds", "How long each step of the last run took.", "step",
        {step["name"]: step["seconds"] for step in last["steps"]} if last else {},
    )  # fmt: skip
    yield from gauges(
        "last_run_step_failed", "Whether a step of the last run failed.", "step",
        {step["name"]: float(step["status"] == "failed") for step in last["steps"]} if last else {},
    )  # fmt: skip
    yield from gauge(
        "night_overdue", "Whether a night should have come out by now.", float(state["health"]["status"] == "overdue")
    )
    indicators = state["indicators"]
    yield from gauges(
        "indicator_lateness_seconds", "How late an indicator's next figure is, in whole days.", "indicator",
        {item["indicator"]: DAY_S * item["days_late"] for item in indicators},
    )  # fmt: skip
    late = sum(item["days_late"] > 0 for item in indicators)
    yield from gauge("indicators", "Indicators that are followed.", len(indicators))
    yield from gauge("late_indicators", "Indicators whose next figure is late.", late)
    pulls = {pull["source"]: pull for pull in state["sources"]}
    yield from gauges(
        "source_last_pull_timestamp_seconds", "When a source was asked last.", "source",
        {name: _seconds(pull["at"]) for name, pull in pulls.items()},
    )  # fmt: skip
    yield from gauges(
        "source_up", "Whether a source that nights ask answered in full or in part when it was asked last.", "source",
        {name: float(pull["status"] not in ("closed", "failed")) for name, pull in pulls.items() if pull["nightly"]},
    )  # fmt: skip
    yield from gauges(
        "quarantined_rows", "Rows put aside since the store was made.", "source", state["quarantine"]["rows"]
    )
    yield from gauge(
        "doubtful_figures", "Doubtful figures of bulletins that wait for a person.", state["review"]["waiting"]
    )
    kinds = [line.partition(":")[0] for line in state["alarms"]]
    yield from gauges(
        "alarms", "Alarms of the release in place: figures outside the 95 % band, and drift of the forecasts.", "kind",
        {} if state["release_message"] else {kind: kinds.count(kind) for kind in ("surprise", "drift")},
    )  # fmt: skip
    changes = state["champions"]["changes"]
    yield CounterMetricFamily("cumulus_champion_changes", "Champions that another model replaced.", value=changes)
    yield from gauges("size_bytes", "What is kept, by what it is.", "part", state["sizes"])


def _seconds(moment: str) -> float:
    return dt.datetime.fromisoformat(moment).timestamp()


def _duration(run: Mapping[str, Any] | None) -> float | None:
    if run is None or run["ended_at"] is None:
        return None
    return _seconds(run["ended_at"]) - _seconds(run["started_at"])

"""The tracker: a run a night, and a lasting run an indicator whose metrics get a step a night.

There is one writer, and it writes to the database directly. The night's own run is opened first and closed
last, so that a night that broke off is known by a run that is not FINISHED; it is closed as KILLED when the night
is recorded again.

A lasting run must not get a second value at a step that has one. The points of a night carry the night's midnight
as their time, and all of an indicator go in with one call, which the database takes whole or not at all. Steps are
looked up only if another night run, broken off or of the same day, may have written them; a step that is there
stays as it is.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecasting.tracking._charts import fan_chart, heat_map
from forecasting.tracking._mlflow import open_client, quiet
from forecasting.tracking._records import SCORES, IndicatorRecord, NightRecord, check_night
from forecasting.tracking._registry import Registry

if TYPE_CHECKING:
    from mlflow.entities import Metric, Param, Run

__all__ = ["INDICATORS", "NIGHTS", "Tracker"]

NIGHTS = "cumulus/nights"
INDICATORS = "cumulus/indicators"
RUN_ID, NIGHT, INDICATOR = "cumulus.run_id", "cumulus.night", "cumulus.indicator"
ALWAYS = "observations"
"""A metric that every night gives to every indicator: where it has a step, the others have had it too."""

log = logging.getLogger(__name__)


class Tracker:
    """Writes nights into an MLflow store.

    Args:
        tracking_uri: MLflow store, such as ``sqlite:///mlruns/mlflow.db``; it is made if it is not there.
        artifact_root: Folder of the artifacts.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path) -> None:
        artifact_root.mkdir(parents=True, exist_ok=True)
        if tracking_uri.startswith("sqlite:///"):
            Path(tracking_uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        self._client = open_client(tracking_uri)
        self._root = artifact_root.resolve()

    def record_night(self, night: NightRecord) -> str:
        """Record a night, once: a night that is recorded already is found by its run_id and left as it is.

        The history of an indicator's metrics takes the first values of a day. Its tags, its chart and its
        registered champion follow the latest night; recording an earlier one leaves them alone.

        Returns:
            MLflow's id of the night's run.

        Raises:
            InputError: A record that lacks something; nothing is written.
        """
        check_night(night)
        with quiet():
            return self._record(night)

    def _record(self, night: NightRecord) -> str:
        nights, indicators = self._experiment(NIGHTS), self._experiment(INDICATORS)
        for run in self._runs(nights, f"tags.`{RUN_ID}` = '{night.run_id}'"):
            if run.info.status == "FINISHED":
                log.info("night %s is recorded already", night.run_id)
                return str(run.info.run_id)
            self._client.set_terminated(run.info.run_id, "KILLED")
        crowded = bool(self._runs(nights, f"tags.`{NIGHT}` = '{night.night}'", deleted=True))
        tags = {RUN_ID: night.run_id, NIGHT: night.night, "cumulus.version": night.version}
        run = self._client.create_run(nights, tags=tags, run_name=f"{night.night} {night.run_id}")
        run_id = str(run.info.run_id)
        try:
            self._record_indicators(night, indicators, crowded=crowded)
            self._record_panel(night, run_id)
        except Exception:
            self._client.set_terminated(run_id, "FAILED")
            raise
        self._client.set_terminated(run_id, "FINISHED")
        return run_id

    def _record_panel(self, night: NightRecord, run_id: str) -> None:
        from mlflow.entities import Param

        champions = night.leaderboard[night.leaderboard["champion"].astype(bool)]
        metrics = {
            "indicators": float(len(night.indicators)),
            "median_mase": float(champions["mase"].median()),
            "mean_coverage90": float(champions["coverage90"].mean()),
            **night.metrics,
        }
        self._client.log_batch(
            run_id,
            metrics=_points(metrics, night),
            params=[Param(key, str(value)) for key, value in night.params.items()],
        )
        self._client.log_table(run_id, night.leaderboard, "leaderboard.json")
        with tempfile.TemporaryDirectory() as folder:
            there = Path(folder)
            provenance = json.dumps(night.provenance, ensure_ascii=False, indent=2, allow_nan=False)
            (there / "provenance.json").write_text(provenance, encoding="utf-8")
            if night.leaderboard["mase"].notna().any():
                heat_map(night.leaderboard, night.night, there / "leaderboard.png")
            self._client.log_artifacts(run_id, folder)

    def _record_indicators(self, night: NightRecord, experiment: str, *, crowded: bool) -> None:
        lasting = {run.data.tags.get(INDICATOR): run for run in self._runs(experiment, "")}
        registry = Registry(self._client)
        scores = dict(iter(night.leaderboard.groupby("indicator", sort=False)))
        for item in night.indicators:
            run = lasting.get(item.id) or self._client.create_run(
                experiment, tags={INDICATOR: item.id}, run_name=item.id
            )
            latest = run.data.tags.get(NIGHT, "")
            if not (crowded and self._has_step(run, night.step)):
                metrics = {ALWAYS: float(len(item.history)), **_scores(scores.get(item.id))}
                self._client.log_batch(
                    run.info.run_id,
                    metrics=_points(metrics, night),
                    params=[] if run.data.params else _params(item),
                )
            if run.info.status != "FINISHED":  # it goes on getting steps all the same
                self._client.set_terminated(run.info.run_id, "FINISHED")
            if night.night >= latest:
                self._show(item, run, night)
                registry.update(item, run, night=night.night, version=night.version)

    def _show(self, item: IndicatorRecord, run: Run, night: NightRecord) -> None:
        from mlflow.entities import RunTag

        tags = {f"cumulus.{key}": value for key, value in item.tags.items()}
        tags |= {NIGHT: night.night, RUN_ID: night.run_id, "cumulus.champion": str(item.champion["model"])}
        changed = [RunTag(key, value) for key, value in tags.items() if run.data.tags.get(key) != value]
        self._client.log_batch(run.info.run_id, tags=changed)
        with tempfile.TemporaryDirectory() as folder:
            fan_chart(item, night.night, Path(folder) / "fan_chart.png")
            self._client.log_artifacts(run.info.run_id, folder)

    def _has_step(self, run: Run, step: int) -> bool:
        return any(point.step == step for point in self._client.get_metric_history(run.info.run_id, ALWAYS))

    def _experiment(self, name: str) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(name, artifact_location=(self._root / name).as_uri()))

    def _runs(self, experiment: str, condition: str, *, deleted: bool = False) -> list[Run]:
        from mlflow.entities import ViewType

        view = ViewType.ALL if deleted else ViewType.ACTIVE_ONLY
        runs: list[Run] = []
        token = None
        while token != "":
            page = self._client.search_runs(
                [experiment], condition, run_view_type=view, max_results=1000, page_token=token
            )
            runs += page
            token = page.token or ""
        return runs


def _params(item: IndicatorRecord) -> list[Param]:
    from mlflow.entities import Param

    first = str(item.history["month"].iloc[0])
    return [Param("indicator", item.id), Param("unit", item.unit), Param("first_month", first)]


def _scores(table: pd.DataFrame | None) -> dict[str, float]:
    if table is None:
        return {}
    return {
        f"{score}.{model}": float(value)
        for score in SCORES
        for model, value in zip(table["model"], table[score], strict=True)
    }


def _points(metrics: dict[str, Any], night: NightRecord) -> list[Metric]:
    from mlflow.entities import Metric

    finite: Iterable[tuple[str, float]] = ((key, value) for key, value in metrics.items() if np.isfinite(value))
    return [Metric(key, value, night.timestamp, night.step) for key, value in finite]

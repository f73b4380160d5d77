"""The tracker: a run a night, and a lasting run an indicator whose metrics get a step a night that changes any.

There is one writer, and it writes to the database directly. The night's own run is opened first and closed
last, so that a night that broke off is known by a run that is not FINISHED; it is closed as KILLED when the next
night is recorded. Runs of somebody's own beside them are left alone.

A lasting run must not get a second value at a step that has one. The points of a night carry the night's midnight
as their time, and all of an indicator go in with one call, which the database takes whole or not at all. Steps are
looked up only if another night run, broken off or of the same day, may have written them; a step that is there
stays as it is.

An indicator of which everything is as its lasting run has it gets no step, no chart and no tag: a night without news
costs one reading of the lasting runs. A metric that the night does not have any more, as of a model that has ceased to
compete, gets NaN: MLflow's pages leave it out, sort the run last and find it by no filter; its points stay. So do all
of an indicator that is followed no more, and its tags say so.
"""

from __future__ import annotations

import json
import logging
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.errors import TrackingError
from forecasting.tracking._fan_chart import fan_chart
from forecasting.tracking._heat_map import heat_map
from forecasting.tracking._mlflow import folder_of, open_client, quiet, translated
from forecasting.tracking._moved import follow
from forecasting.tracking._records import (
    ALWAYS,
    INDICATOR,
    INDICATORS,
    NAMES,
    NIGHT,
    NIGHTS,
    SCORES,
    TRACKED,
    IndicatorRecord,
    NightRecord,
    check_night,
)
from forecasting.tracking._registry import (
    CHAMPION,
    CHAMPION_MODEL,
    MODEL,
    NOBODY,
    PREVIOUS,
    SHA256,
    Registry,
    held,
    model_name,
)

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput, Metric, Run

__all__ = ["Tracker"]

RUN_ID = "cumulus.run_id"
DATA = "cumulus.data_sha256"
NOTES = {
    NIGHTS: "One run a night: panel metrics, leaderboard, drift, decisions, heat map, provenance, and as its data set "
    "the figures known.",
    INDICATORS: "One lasting run an indicator that models forecast; its metrics get a step (the day counted from "
    "0001-01-01) in each night in which anything of it has changed. One that goes along another, for want of figures, "
    "has its scores in drift.json of cumulus/nights alone. "
    "Filter by tag: `tags.\"cumulus.region\" = 'CN'`; also cumulus.sector, cumulus.family, cumulus.role, "
    "cumulus.champion, cumulus.challenger. Fan chart and registered models are among its artifacts.",
}
ENDED = {CHAMPION_MODEL: NOBODY, "cumulus.challenger": NOBODY, "cumulus.decision": "no model forecasts it any more"}
"""Tags of an indicator that has left the catalogue, or of which too few figures are left for a model."""
OURS = f"tags.`{NIGHT}` != ''"
"""A condition that a modeller's own runs in our experiment do not meet: they lack the tag."""

log = logging.getLogger(__name__)


class Tracker:
    """Writes nights into an MLflow store.

    Args:
        tracking_uri: MLflow store, such as ``sqlite:///mlruns/mlflow.db``; it is made if it is not there.
        artifact_root: Folder of the artifacts.

    Raises:
        TrackingError: Here and in every method, when the store refuses or cannot be reached, or an experiment of ours
            was deleted in it.
    """

    def __init__(self, tracking_uri: str, artifact_root: Path) -> None:
        self._uri = tracking_uri
        with translated(tracking_uri):
            artifact_root.mkdir(parents=True, exist_ok=True)
            self._client = open_client(tracking_uri, artifact_root)
        self._root = artifact_root.resolve()

    def record_night(self, night: NightRecord) -> str:
        """Record a night, once: a night that is recorded already is found by its run_id and left as it is.

        The history of an indicator's metrics takes the first values of a day, of days on which anything of it has
        changed. Its tags, its chart and its registered champion follow the latest night; recording an earlier one
        leaves them alone.

        Returns:
            MLflow's id of the night's run.

        Raises:
            InputError: A record that lacks something; nothing is written.
        """
        check_night(night)
        with translated(self._uri), quiet():
            return self._record(night)

    def _record(self, night: NightRecord) -> str:
        follow(self._client, self._uri, self._root)
        nights, indicators = self._experiment(NIGHTS), self._experiment(INDICATORS)
        for run in self._runs(nights, f"tags.`{RUN_ID}` = '{night.run_id}'"):
            if run.info.status == "FINISHED":
                log.info("night %s is recorded already", night.run_id)
                return str(run.info.run_id)
            self._client.set_terminated(run.info.run_id, "KILLED")
        for run in self._runs(nights, f"attributes.status = 'RUNNING' AND {OURS}"):  # there is one writer: it broke off
            self._client.set_terminated(run.info.run_id, "KILLED")
        crowded = bool(self._runs(nights, f"tags.`{NIGHT}` = '{night.night}'", deleted=True))
        tags = {RUN_ID: night.run_id, NIGHT: night.night, "cumulus.version": night.version}
        run = self._client.create_run(nights, tags=tags, run_name=f"{night.night} {night.run_id}")
        run_id = str(run.info.run_id)
        try:
            self._record_indicators(night, indicators, latest=self._latest(nights), crowded=crowded)
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
            metrics=_points(_finite(metrics), night),
            params=[Param(key, str(value)) for key, value in night.params.items()],
        )
        self._client.log_inputs(run_id, [_dataset("observations", night.observations_sha256, night)])
        for name, table in {"leaderboard": night.leaderboard, **night.tables}.items():
            self._client.log_table(run_id, table, f"{name}.json")
        with tempfile.TemporaryDirectory() as folder:
            there = Path(folder)
            provenance = json.dumps(night.provenance, ensure_ascii=False, indent=2, allow_nan=False)
            (there / "provenance.json").write_text(provenance, encoding="utf-8")
            if night.leaderboard["mase"].notna().any():
                heat_map(night.leaderboard, night.night, there / "leaderboard.png")
            for name, content in night.files.items():
                (there / name).parent.mkdir(parents=True, exist_ok=True)
                (there / name).write_bytes(content)
            self._client.log_artifacts(run_id, folder)

    def _latest(self, nights: str) -> str:
        """Day of the latest night on record."""
        found = self._client.search_runs(
            [nights], f"attributes.status = 'FINISHED' AND {OURS}", order_by=[f"tags.`{NIGHT}` DESC"], max_results=1
        )
        return str(found[0].data.tags[NIGHT]) if found else ""

    def _record_indicators(self, night: NightRecord, experiment: str, *, latest: str, crowded: bool) -> None:
        runs = [run for run in self._runs(experiment, "") if INDICATOR in run.data.tags]  # the latest first
        lasting = {run.data.tags[INDICATOR]: run for run in runs}
        for name, count in Counter(run.data.tags[INDICATOR] for run in runs).items():
            if count > 1:
                log.warning("%s: %d runs of %s are active; the first goes on, delete the rest", name, count, INDICATORS)
        scores = dict(iter(night.leaderboard.groupby("indicator", sort=False)))
        with tempfile.TemporaryDirectory() as folder:
            registry = Registry(self._client, Path(folder), night.version)
            for item in night.indicators:
                run = lasting.get(item.id) or self._client.create_run(
                    experiment, tags={INDICATOR: item.id, **_tags(item)}, run_name=item.id
                )
                current = night.night >= max(latest, run.data.tags.get(NIGHT, ""))
                metrics = {ALWAYS: float(len(item.history)), **_scores(scores.get(item.id)), **item.metrics}
                if not (current and _stands(run, metrics, _tags(item)) and registry.stands(item, run)):
                    self._record_indicator(item, run, night, registry, metrics, current=current, crowded=crowded)
                lasting.pop(item.id, None)
        for run in lasting.values():
            if night.night >= max(latest, run.data.tags.get(NIGHT, "")):
                self._end(run, night, crowded=crowded)

    def _end(self, run: Run, night: NightRecord, *, crowded: bool) -> None:
        """Let nothing of an indicator that no model forecasts any more be listed as current; its points stay."""
        from mlflow.entities import RunTag

        metrics = sorted(_current(run)) if not (crowded and self._has_step(run, night.step)) else []
        tags = {key: value for key, value in ENDED.items() if run.data.tags.get(key) != value}
        if metrics or tags:
            self._client.log_batch(
                run.info.run_id,
                metrics=_points(dict.fromkeys(metrics, np.nan), night),
                tags=[RunTag(key, value) for key, value in {**tags, NIGHT: night.night, RUN_ID: night.run_id}.items()],
            )

    def _record_indicator(
        self,
        item: IndicatorRecord,
        run: Run,
        night: NightRecord,
        registry: Registry,
        metrics: dict[str, float],
        *,
        current: bool,
        crowded: bool,
    ) -> None:
        from mlflow.entities import Param, RunTag

        tags: dict[str, str] = {}
        if crowded and self._has_step(run, night.step):
            metrics = {}
        if current:
            artifacts, data = folder_of(str(run.info.artifact_uri)), item.data_sha256
            artifacts.mkdir(parents=True, exist_ok=True)
            (artifacts / "fan_chart.svg").write_text(fan_chart(item, night.night), encoding="utf-8")
            tags = _tags(item) | {NIGHT: night.night, RUN_ID: night.run_id, DATA: data}
            tags |= registry.update(item, run, artifacts, night.night, crowded=crowded)
            if run.data.tags.get(DATA) != data:
                self._client.log_inputs(run.info.run_id, [_dataset(item.id, data, night)])
        ended = _current(run).keys() - _finite(metrics).keys() if current and metrics else ()
        self._client.log_batch(
            run.info.run_id,
            metrics=_points(_finite(metrics) | dict.fromkeys(sorted(ended), np.nan), night),
            params=[] if run.data.params else [Param("indicator", item.id)],  # for good: no place for what may change
            tags=[RunTag(key, value) for key, value in tags.items() if run.data.tags.get(key) != value],
        )
        if run.info.status != "FINISHED":  # it goes on getting steps all the same
            self._client.set_terminated(run.info.run_id, "FINISHED")

    def nights(self) -> int:
        """Number of nights on record, those that broke off left out; nothing is written."""
        with translated(self._uri), quiet():
            experiment = self._found(NIGHTS)
            return len(self._runs(experiment, f"attributes.status = 'FINISHED' AND {OURS}")) if experiment else 0

    def roll_back(self, indicator: str, model: str) -> bool:
        """Give the alias `champion` back to the previous version, if that is of this model.

        Returns:
            Whether it was; a store that does not know the indicator, or another model as its previous champion, is
            left as it is, and the next night registers the model.
        """
        name = model_name(indicator)
        with translated(self._uri), quiet():
            if not self._client.search_registered_models(f"name = '{name}'"):
                return False
            aliases = self._client.get_registered_model(name).aliases
            if not {CHAMPION, PREVIOUS} <= set(aliases):
                return False
            version = self._client.get_model_version(name, aliases[PREVIOUS])
            if version.tags.get(MODEL) != model:
                return False
            self._client.set_registered_model_alias(name, CHAMPION, aliases[PREVIOUS])
            self._client.set_registered_model_alias(name, PREVIOUS, aliases[CHAMPION])
            tags = {CHAMPION_MODEL: model, **held(CHAMPION, str(version.version), version.tags.get(SHA256, ""))}
            experiment = self._found(INDICATORS)
            for run in self._runs(experiment, f"tags.`{INDICATOR}` = '{indicator}'") if experiment else ():
                for key, value in tags.items():
                    self._client.set_tag(run.info.run_id, key, value)
        return True

    def _has_step(self, run: Run, step: int) -> bool:
        return any(point.step == step for point in self._client.get_metric_history(run.info.run_id, ALWAYS))

    def _experiment(self, name: str) -> str:
        if found := self._found(name):
            return found
        where, tags = (self._root / name).as_uri(), {"mlflow.note.content": NOTES[name]}
        return str(self._client.create_experiment(name, artifact_location=where, tags=tags))

    def _found(self, name: str) -> str:
        """MLflow's id of an experiment, "" where there is none yet."""
        found = self._client.get_experiment_by_name(name)
        if found is None:
            return ""
        if found.lifecycle_stage == "deleted":
            raise TrackingError(
                f"tracking store: experiment {name} was deleted; with MLFLOW_TRACKING_URI set to this store, "
                f"restore it: mlflow experiments restore --experiment-id {found.experiment_id}"
            )
        return str(found.experiment_id)

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


def _dataset(name: str, sha256: str, night: NightRecord) -> DatasetInput:
    """What was known on a day: MLflow's digest is the beginning of the hash, which its source has whole."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = json.dumps({"sha256": sha256, "known_on": night.night})
    tags = [InputTag("mlflow.data.context", "training"), InputTag("cumulus.vintage", night.night)]
    return DatasetInput(Dataset(name, sha256[:16], "cumulus", source), tags)


def _tags(item: IndicatorRecord) -> dict[str, str]:
    """What an indicator can be searched by, and what stands on its chart."""
    return {
        "cumulus.title": item.title,
        "cumulus.unit": item.unit,
        "cumulus.first_month": str(item.history["month"].iloc[0]),
        "cumulus.source": item.source,
        **{f"cumulus.{key}": value for key, value in item.tags.items()},
        CHAMPION_MODEL: str(item.champion["model"]),
        "cumulus.challenger": str(item.challenger["model"]) if item.challenger else NOBODY,
    }


def _stands(run: Run, metrics: dict[str, float], tags: dict[str, str]) -> bool:
    """Whether a lasting run has these metrics and tags already; MLflow hands out the latest step's."""
    return all(run.data.tags.get(key) == value for key, value in tags.items()) and _current(run) == _finite(metrics)


def _current(run: Run) -> dict[str, float]:
    """The metrics of a lasting run that have not ended."""
    return {key: value for key, value in _finite(run.data.metrics).items() if key.startswith(NAMES)}


def _finite(metrics: dict[str, float]) -> dict[str, float]:
    return {key: value for key, value in metrics.items() if np.isfinite(value)}


def _scores(table: pd.DataFrame | None) -> dict[str, float]:
    if table is None:
        return {}
    champion = table[table["champion"].astype(bool)]
    named = {f"champion.{score}": float(champion[score].iloc[0]) for score in SCORES if len(champion)}
    return named | {
        f"{score}.{model}": float(value)
        for score in TRACKED
        for model, value in zip(table["model"], table[score], strict=True)
    }


def _points(metrics: dict[str, float], night: NightRecord) -> list[Metric]:
    from mlflow.entities import Metric

    return [Metric(key, value, night.timestamp, night.step) for key, value in metrics.items()]

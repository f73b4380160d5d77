"""Forgetting old nights: their runs, the points that they gave to the indicators, and versions that nothing names."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from forecasting.places import sqlite_file
from forecasting.tracking._mlflow import folder_of, open_client, quiet, translated, with_driver
from forecasting.tracking._moved import follow
from forecasting.tracking._records import INDICATOR, INDICATORS, NAMES, NIGHT, NIGHTS

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["forget"]

PAGE = 500


def forget(tracking_uri: str, artifact_root: Path, before: dt.date) -> int:
    """Delete what nights before a day left in the tracking store.

    Args:
        tracking_uri: An MLflow store in a database; of a server's, runs and versions are marked as deleted, and their
            remains and the points are left to it (`mlflow gc`).
        artifact_root: Folder of the artifacts.
        before: Nights from this day on stay.

    Returns:
        Number of runs, points and model versions deleted.

    Raises:
        TrackingError: The store refuses or cannot be reached, or its artifacts lie elsewhere.
    """
    file = sqlite_file(tracking_uri)
    if file is not None and not file.exists():
        return 0
    with translated(tracking_uri), quiet():
        client, uri = open_client(tracking_uri, artifact_root), with_driver(tracking_uri)
        follow(client, tracking_uri, artifact_root.resolve())
        return _runs(client, uri, before) + _versions(client, before) + _points(client, uri, before)


def _runs(client: MlflowClient, tracking_uri: str, before: dt.date) -> int:
    experiment = client.get_experiment_by_name(NIGHTS)
    if experiment is None:
        return 0
    token: str | None = None
    old = []
    while token != "":
        page = client.search_runs([experiment.experiment_id], max_results=PAGE, page_token=token)
        old += [run for run in page if run.data.tags.get(NIGHT, before.isoformat()) < before.isoformat()]
        token = page.token or ""
    for run in old:
        client.delete_run(run.info.run_id)
    if not tracking_uri.startswith("http"):
        _for_good(tracking_uri, int(experiment.experiment_id), [run.info.run_id for run in old])
        for run in old:
            shutil.rmtree(folder_of(str(run.info.artifact_uri)).parent, ignore_errors=True)
    return len(old)


def _for_good(tracking_uri: str, experiment: int, runs: list[str]) -> None:
    """What `mlflow gc` does, which works on MLflow's global state; and the notes of data sets, which it leaves."""
    from mlflow.store.tracking.dbmodels.models import SqlDataset, SqlInput, SqlInputTag
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
    from sqlalchemy import Table, delete, select

    store: Any = SqlAlchemyStore(tracking_uri, "./mlruns")  # type: ignore[no-untyped-call]
    inputs: Table = SqlInput.__table__
    tags: Table = SqlInputTag.__table__
    datasets: Table = SqlDataset.__table__
    for run_id in runs:
        store._hard_delete_run(run_id)
        with store.engine.begin() as connection:
            own = inputs.c.destination_id == run_id
            connection.execute(delete(tags).where(tags.c.input_uuid.in_(select(inputs.c.input_uuid).where(own))))
            connection.execute(delete(inputs).where(own))
    with store.engine.begin() as connection:
        unused = datasets.c.dataset_uuid.not_in(select(inputs.c.source_id))
        connection.execute(delete(datasets).where(datasets.c.experiment_id == experiment, unused))
    store.engine.dispose()


def _versions(client: MlflowClient, before: dt.date) -> int:
    done = 0
    token: str | None = None
    named: dict[str, set[str]] = {}
    while token != "":
        page = client.search_registered_models("name LIKE 'cumulus.%'", max_results=PAGE, page_token=token)
        named |= {model.name: {str(version) for version in model.aliases.values()} for model in page}
        token = page.token or ""
    for name, versions in named.items():
        for version in client.search_model_versions(f"name = '{name}'"):
            if str(version.version) in versions or version.tags.get("cumulus.night", "9") >= before.isoformat():
                continue
            client.delete_model_version(name, version.version)
            if not client.search_model_versions(f"source_path = '{version.source}'", max_results=1):  # of any model
                shutil.rmtree(folder_of(str(version.source)), ignore_errors=True)
            done += 1
    return done


def _points(client: MlflowClient, tracking_uri: str, before: dt.date) -> int:
    from mlflow.store.tracking.dbmodels.models import SqlMetric, SqlRun, SqlTag
    from sqlalchemy import Table, create_engine, delete, or_, select

    experiment = client.get_experiment_by_name(INDICATORS)
    if experiment is None or tracking_uri.startswith("http"):
        return 0
    metrics: Table = SqlMetric.__table__
    runs: Table = SqlRun.__table__
    tags: Table = SqlTag.__table__
    lasting = (
        select(runs.c.run_uuid)
        .join(tags, runs.c.run_uuid == tags.c.run_uuid)
        .where(runs.c.experiment_id == int(experiment.experiment_id), tags.c.key == INDICATOR)
    )
    ours = or_(*(metrics.c.key.startswith(name) for name in NAMES))  # a modeller counts steps from 0
    engine = create_engine(tracking_uri)
    try:
        with engine.begin() as connection:
            old = delete(metrics).where(metrics.c.run_uuid.in_(lasting), ours, metrics.c.step < before.toordinal())
            return connection.execute(old).rowcount
    finally:
        engine.dispose()

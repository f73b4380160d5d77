"""A store whose artifacts were moved: what it keeps of their place follows them.

MLflow keeps whole addresses. In a home that was renamed or copied they lead to the former place: nights would make
that folder again, or write into the installation that it was copied from, and forgetting would delete there.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from forecasting.errors import TrackingError
from forecasting.places import move_addresses, sqlite_file
from forecasting.tracking._mlflow import folder_of, open_client, quiet, translated, with_driver
from forecasting.tracking._records import INDICATORS, NIGHTS

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["follow", "follow_artifacts"]

_logger = logging.getLogger(__name__)


def follow_artifacts(tracking_uri: str, artifact_root: Path) -> None:
    """Let the addresses that a store keeps of artifacts begin with the folder in which these lie, if they were moved.

    Args:
        tracking_uri: MLflow store; nothing is done where there is none yet.
        artifact_root: Folder of the artifacts.

    Raises:
        TrackingError: The artifacts lie elsewhere and were not moved to this folder, the store is a server's, which
            lets nobody change an address, or it refuses.
    """
    file = sqlite_file(tracking_uri)
    if file is not None and not file.exists():
        return
    with translated(tracking_uri), quiet():
        follow(open_client(tracking_uri, artifact_root), tracking_uri, artifact_root.resolve())


def follow(client: MlflowClient, tracking_uri: str, root: Path) -> None:
    """See `follow_artifacts`, with a client and the absolute path of the folder."""
    for name in (NIGHTS, INDICATORS):
        experiment = client.get_experiment_by_name(name)
        address, ours = str(experiment.artifact_location) if experiment else "", f"/{name}"
        if not (address.startswith("file:") and address.endswith(ours)):  # none yet, or somebody made it otherwise
            continue
        before = folder_of(address.removesuffix(ours))
        if before.resolve() == root:
            continue
        if tracking_uri.startswith("http"):
            what = "a server's addresses cannot be changed from here; make the first one a link to the second"
            raise TrackingError(f"tracking store: keeps its artifacts in {before}, this installation in {root}; {what}")
        if (before / name).exists() and not (root / name).exists():
            what = "copy that folder here, or set tracking_uri to a store of this installation's own"
            raise TrackingError(f"tracking store: its artifacts lie in {before}, and none in {root}; {what}")
        _move(tracking_uri, before.as_uri(), root.as_uri())
        _logger.warning("artifacts of MLflow were moved from %s to %s; its addresses follow", before, root)


def _move(tracking_uri: str, before: str, now: str) -> None:
    from mlflow.store.db.base_sql_model import Base
    from sqlalchemy import create_engine

    engine = create_engine(with_driver(tracking_uri))
    try:
        with engine.begin() as connection:
            move_addresses(connection, Base.metadata.tables.values(), before, now)
    finally:
        engine.dispose()

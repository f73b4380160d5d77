"""How the MLflow server is started to look at the store."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from forecasting.errors import TrackingError
from forecasting.tracking._mlflow import with_driver

__all__ = ["Server", "ui_command"]


@dataclass(frozen=True, slots=True)
class Server:
    """An MLflow server to start.

    Attributes:
        argv: The command. SIGTERM or SIGINT to its process ends the server.
        env: Variables to set beside those of the caller. The store is named here, since it may carry a
            password and command lines can be read by everybody on the machine.
        link: Address to open, in the part of the interface that shows runs, metrics and models.
    """

    argv: list[str]
    env: dict[str, str]
    link: str


def ui_command(
    tracking_uri: str,
    artifact_root: Path,
    host: str = "127.0.0.1",
    port: int = 5000,
    allowed_hosts: Sequence[str] = (),
) -> Server:
    """How to start MLflow's server on this store: one worker, no job processes, no telemetry.

    It answers requests alone whose Host is this machine by name or one of those allowed: a page elsewhere whose name is
    made to point here gets nothing. MLflow's own default lets any host pass that begins like a private address, such as
    ``10.example.org``, and variables of the caller could switch the check off; both are overruled.

    Args:
        tracking_uri: MLflow store.
        artifact_root: Folder of the artifacts.
        host: Interface to listen on; by default this machine alone.
        port: Port to listen on.
        allowed_hosts: Further names (and ports) under which browsers reach the server.

    Raises:
        TrackingError: The store is a server's.
    """
    if tracking_uri.startswith("http"):
        raise TrackingError(
            "tracking store: an MLflow server, which has its own UI; open the address of tracking_uri in a browser"
        )
    hosts = [f"localhost:{port}", f"127.0.0.1:{port}", *allowed_hosts]
    return Server(
        argv=[
            sys.executable,
            "-m",
            "mlflow",
            "server",
            "--host",
            host,
            "--port",
            str(port),
            "--workers",
            "1",
        ],
        env={
            "MLFLOW_BACKEND_STORE_URI": with_driver(tracking_uri),
            "MLFLOW_DEFAULT_ARTIFACT_ROOT": artifact_root.resolve().as_uri(),
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "MLFLOW_SERVER_ALLOWED_HOSTS": ",".join(hosts),
            "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "",
            "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "false",
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        },
        link=f"http://{host}:{port}/#/experiments?workflowType=machine_learning",
    )

"""The MLflow UI of a store and a browser to look at it, for the scripts beside this one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from forecasting.tracking import ui_command

QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


@contextmanager
def serve(home: Path) -> Iterator[str]:
    """The address of an MLflow server on the store of a home folder; it ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = ui_command(f"sqlite:///{home}/mlruns/mlflow.db", home / "mlruns" / "artifacts", port=port)
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command.argv, env={**os.environ, **command.env}, stdout=log, stderr=log, cwd=home)
        try:
            base = command.link.partition("/#")[0]
            _wait(f"{base}/health", process)
            yield base
        finally:
            process.terminate()
            process.wait(timeout=60)


@contextmanager
def browse(base: str, width: int = 1600, height: int = 900) -> Iterator[Page]:
    """A page in a fresh browser that reaches nothing but the server, with MLflow's assistant put away."""
    chromium = shutil.which("chromium")
    if chromium is None:
        raise RuntimeError("no chromium on the path; install it, on Debian with: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.route(lambda url: not url.startswith((base, "data:", "blob:")), lambda route: route.abort())
        page.set_default_timeout(120_000)
        page.goto(f"{base}/#/experiments?workflowType=machine_learning")
        page.get_by_role("button", name="Close").click()
        yield page
        browser.close()


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            raise RuntimeError("the MLflow server ended by itself; see server.log")
        try:
            urllib.request.urlopen(address, timeout=10).close()  # noqa: S310
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the MLflow server did not answer within two minutes")

"""The pictures of the README's page on the review: nights on the embedded figures, seen in a real browser."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
from pathlib import Path

from mlflow import MlflowClient
from mlflow_ui import browse, serve
from playwright.sync_api import Page

from forecasting.settings import Settings
from jobs.logs import configure_logging
from jobs.nightly import run_night

DOCS = Path(__file__).parent.parent / "docs"
DAYS = ("2025-10-20", "2025-11-20", "2025-12-20", "2026-01-20")
INDICATOR = "cn_industrial_va"
MODE = "workflowType=machine_learning"
COLUMNS = ("champion.mase", "live.mase.ytd_yoy", "cumulus.champion", "cumulus.challenger", "cumulus.region")


def picture(page: Page, address: str, ready: str, name: str) -> None:
    """Open an address, wait until a text is there and everything has been drawn, and keep the picture."""
    page.goto("about:blank")
    page.goto(address)
    page.get_by_text(ready, exact=True).first.wait_for()
    page.wait_for_timeout(5_000)
    page.screenshot(path=DOCS / name)
    print(f"docs/{name}")


def show_columns(page: Page, address: str) -> None:
    """Choose the columns of the run table, as one does once; the browser remembers them."""
    page.goto(address)
    page.get_by_role("link", name=INDICATOR, exact=True).wait_for()
    page.get_by_role("button", name="Columns", exact=True).click()
    for name in COLUMNS:
        page.get_by_placeholder("Search columns").fill(name)
        exactly = re.compile(f"^{re.escape(name)}$")
        page.locator(".du-bois-light-tree-node-content-wrapper", has_text=exactly).click()
    page.keyboard.press("Escape")


def main() -> None:
    """Do the nights and take the pictures."""
    configure_logging()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for day in DAYS:
            run_night(Settings(home=home), as_of=dt.date.fromisoformat(day))
        uri = f"sqlite:///{home}/mlruns/mlflow.db"
        client = MlflowClient(uri, uri)
        number, nights = (
            client.get_experiment_by_name(f"cumulus/{name}").experiment_id for name in ("indicators", "nights")
        )
        (run,) = client.search_runs([number], f"tags.`cumulus.indicator` = '{INDICATOR}'")
        night = client.search_runs([nights])[0]
        with serve(home) as base, browse(base, 1900, 800) as page:
            runs, one = f"{base}/#/experiments/{number}/runs", run.info.run_id
            order = "orderByKey=metrics.%60champion.mase%60&orderByAsc=true"
            show_columns(page, f"{runs}?{MODE}")
            picture(page, f"{runs}?{MODE}&{order}", INDICATOR, "review_indicators.png")
            picture(page, f"{runs}/{one}/model-metrics?{MODE}", "champion.mase", "review_metrics.png")
            picture(page, f"{runs}/{one}/artifacts/fan_chart.svg?{MODE}", "fan_chart.svg", "review_fan_chart.png")
            board = f"{base}/#/experiments/{nights}/runs/{night.info.run_id}/artifacts/leaderboard.png?{MODE}"
            picture(page, board, "leaderboard.png", "review_heat_map.png")
            picture(page, f"{base}/#/models/cumulus.{INDICATOR}?{MODE}", "@ champion", "review_registry.png")


if __name__ == "__main__":
    main()

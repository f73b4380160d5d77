"""The review as a modeller sees it: a real browser (chromium) on a real MLflow server."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Page, expect

from benchmarks.mlflow_ui import browse, serve
from forecasting.tracking import Tracker
from tests.tracking.conftest import indicator, night_record

MODE = "workflowType=machine_learning"
expect.set_options(timeout=120_000)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, MlflowClient, Page]]:
    """Two nights of three indicators, their server and a page in a browser."""
    home = tmp_path_factory.mktemp("review")
    uri = f"sqlite:///{home}/mlruns/mlflow.db"
    items = [indicator(number) for number in range(3)]
    items[2] = replace(items[2], tags={**items[2].tags, "region": "CN-15"})
    tracker = Tracker(uri, home / "mlruns" / "artifacts")
    tracker.record_night(night_record(indicators=items))
    tracker.record_night(night_record("run-2", "2025-01-21", indicators=items, error=0.5))
    with serve(home) as base, browse(base) as page:
        yield base, MlflowClient(uri, uri), page


def experiment(client: MlflowClient, name: str) -> str:
    return str(client.get_experiment_by_name(name).experiment_id)


def row(page: Page, name: str):
    return page.get_by_role("link", name=name, exact=True)


def test_the_indicators_are_listed_and_filtered_by_tag(review: tuple[str, MlflowClient, Page]) -> None:
    base, client, page = review
    runs = f"{base}/#/experiments/{experiment(client, 'cumulus/indicators')}/runs?{MODE}"
    page.goto(runs)
    for number in range(3):
        expect(row(page, f"indicator_{number:02d}")).to_be_visible()
    page.goto("about:blank")
    page.goto(f"{runs}&searchFilter=tags.%60cumulus.region%60%20%3D%20'CN-15'")
    expect(row(page, "indicator_02")).to_be_visible()
    expect(row(page, "indicator_00")).to_have_count(0)


def test_an_indicator_shows_its_tags_metric_charts_and_fan_chart(review: tuple[str, MlflowClient, Page]) -> None:
    base, client, page = review
    number = experiment(client, "cumulus/indicators")
    (run,) = client.search_runs([number], "tags.`cumulus.indicator` = 'indicator_01'")
    link = f"{base}/#/experiments/{number}/runs/{run.info.run_id}"
    page.goto(f"{link}?{MODE}")
    expect(page.get_by_text("cumulus.champion", exact=False).first).to_be_visible()
    page.goto(f"{link}/model-metrics?{MODE}")
    expect(page.get_by_text("champion.mase", exact=True)).to_be_visible()
    line = page.locator(".js-plotly-plot .scatterlayer path.js-line").first
    expect(line).to_have_attribute("d", re.compile(r"^M.*L"))  # two nights make a line
    page.goto(f"{link}/artifacts/fan_chart.svg?{MODE}")
    picture = page.get_by_role("main").locator("img[src^='blob:'], img[src*='fan_chart']").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 760


def test_a_night_shows_its_heat_map_and_the_registry_its_champion(review: tuple[str, MlflowClient, Page]) -> None:
    base, client, page = review
    number = experiment(client, "cumulus/nights")
    run = client.search_runs([number])[0]
    page.goto(f"{base}/#/experiments/{number}/runs/{run.info.run_id}/artifacts/leaderboard.png?{MODE}")
    picture = page.get_by_role("main").locator("img[src^='blob:'], img[src*='leaderboard']").first
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    page.goto(f"{base}/#/models/cumulus.indicator_01?{MODE}")
    expect(page.get_by_text("@ champion")).to_be_visible()

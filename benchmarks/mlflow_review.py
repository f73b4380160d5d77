"""What a night of 1,000 indicators costs in MLflow, and how fast the UI lists and filters them.

The indicators are copies of a few forecast series under names of their own, with the scores of nine models, live scores
and a challenger for every fifth: everything that a night records. Times of the UI are those of a real browser on a real
server. A page is what a modeller asks of the open UI, from the click or the key to the rows on the screen; beside it
stands the time from an address in a new tab, in which MLflow's own scripts start first.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow_ui import browse, serve
from playwright.sync_api import Locator, Page

from forecasting.evaluation import forecast_panel
from forecasting.models import MODELS
from forecasting.tracking import IndicatorRecord, NightRecord, Tracker

INDICATORS, MONTHS = 1000, 144
FIT_S = 240  # what fitting 1,000 series may take
SHARE, PAGE_S = 0.20, 2.0
PAGE = 100  # runs that MLflow asks for at a time
INDICATORS_NAME = "cumulus/indicators"
CONDITION = "tags.`cumulus.region` = 'CN-15' AND tags.`cumulus.family` = 'retail'"
QUANTILES = ["mean", "q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
REGIONS, FAMILIES = ("CN", "CN-15", "CN-44", "CN-32"), ("exports", "industrial_value_added", "retail", "investment")


def indicators() -> list[IndicatorRecord]:
    """Records of all indicators."""
    rng = np.random.default_rng(1)
    ds = pd.date_range("2013-01-01", periods=MONTHS, freq="MS")
    panel = pd.concat(
        pd.DataFrame({"unique_id": f"s{n}", "ds": ds, "y": 100 * np.exp(np.cumsum(rng.normal(0.004, 0.02, MONTHS)))})
        for n in range(10)
    )
    result = forecast_panel(panel, 24, models=["seasonal_naive"], origins=6, draws=200, seed=1)
    base = []
    for name, champion in result.champions.items():
        rows = result.quantiles[result.quantiles["unique_id"] == name]
        history = panel[panel["unique_id"] == name]
        base.append(
            (
                pd.DataFrame({"month": history["ds"].dt.strftime("%Y-%m"), "level": history["y"]}),
                rows.assign(month=rows["ds"].dt.strftime("%Y-%m"))[["month", *QUANTILES]],
                champion,
            )
        )
    out = []
    for n in range(INDICATORS):
        name, (history, forecast, champion) = f"indicator_{n:04d}", base[n % 10]
        own = replace(champion, unique_id=name).to_dict()
        tags = {"region": REGIONS[n % 4], "sector": "industry", "family": FAMILIES[n // 4 % 4], "role": "context",
                "decision": "no rival is better beyond chance"}  # fmt: skip
        live = {f"live.{score}.{target}": 0.5 for score in ("n", "mase", "expected_mase", "coverage80", "coverage95")
                for target in ("level", "ytd_yoy")}  # fmt: skip
        test = dict.fromkeys(("dm.statistic", "dm.p", "dm.p_adjusted", "dm.n", "dm.gain"), 0.3)
        challenger = own | {"model": "optimized_theta", "candidates": ["optimized_theta"]} if n % 5 == 0 else None
        title = f"Made-up indicator {n}"
        out.append(
            IndicatorRecord(name, title, "index", "Nobody", tags, history, forecast, own, challenger, live | test)
        )
    return out


def night(number: int, records: list[IndicatorRecord]) -> NightRecord:
    """The record of a night."""
    rng = np.random.default_rng(number)
    models = (*list(MODELS)[:8], "median")
    table = pd.DataFrame([(item.id, model) for item in records for model in models], columns=["indicator", "model"])
    scores = {name: rng.random(len(table)) + 0.3 for name in ("mase", "rmsse", "smape", "coverage90")}
    table = table.assign(rank=1, **scores, n_origins=24, champion=table["model"] == "median", n_real_time=0)
    return NightRecord(f"run-{number}", f"2026-01-{number:02d}", "0", {"seed": 1}, table, {}, records, "0" * 64)


def opened(page: Page, address: str, first: str) -> float:
    """Seconds until a new tab shows the first row of an address."""
    page.goto("about:blank")
    started = time.perf_counter()
    page.goto(address)
    row(page, first).wait_for()
    return time.perf_counter() - started


def row(page: Page, name: str) -> Locator:
    """A run in the table."""
    return page.get_by_role("link", name=name, exact=True)


def pages(page: Page, base: str, condition: str, first: dict[str, str]) -> dict[str, float]:
    """Seconds of each page that the open UI lists, filters, sorts and continues.

    Args:
        page: Of a browser that has loaded the UI's scripts before.
        base: Address of the server.
        condition: What is typed to filter.
        first: The run that each page shows first.
    """
    found = {}
    page.goto(f"{base}/#/experiments")
    page.get_by_text("Model training").click()
    experiment = page.get_by_test_id("experiment-list-item-link").get_by_text(INDICATORS_NAME)
    experiment.wait_for()
    started = time.perf_counter()
    experiment.click()
    row(page, first["list"]).wait_for()
    found["list"] = time.perf_counter() - started

    page.locator(".ag-body-viewport").first.evaluate("element => element.scrollTo(0, element.scrollHeight)")
    more = page.get_by_role("button", name="Load more")
    more.wait_for()
    started = time.perf_counter()
    more.click()
    page.get_by_text(f"{2 * PAGE} matching runs").wait_for()
    found["the next hundred"] = time.perf_counter() - started

    search = page.get_by_placeholder("metrics.rmse")
    search.fill(condition)
    started = time.perf_counter()
    search.press("Enter")
    page.get_by_text(f"{2 * PAGE} matching runs").wait_for(state="detached")
    row(page, first["filter"]).wait_for()
    found["filter"] = time.perf_counter() - started

    search.fill("")
    search.press("Enter")
    row(page, first["list"]).wait_for()
    page.get_by_role("button", name="Sort").click()
    started = time.perf_counter()
    page.get_by_text("champion.mase", exact=True).click()
    row(page, first["sort"]).wait_for()
    found["sort"] = time.perf_counter() - started
    return found


def main() -> None:
    """Record two nights, then look."""
    records = indicators()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "mlruns").mkdir()
        tracker = Tracker(f"sqlite:///{home}/mlruns/mlflow.db", home / "mlruns" / "artifacts")
        seconds = []
        for number in (1, 2):
            record = night(number, records)
            started, busy = time.perf_counter(), time.process_time()
            tracker.record_night(record)
            seconds.append((time.perf_counter() - started, time.process_time() - busy))
        size = sum(path.stat().st_size for path in home.rglob("*") if path.is_file()) / 1e6
        with serve(home) as base:
            experiment = _post(base, "experiments/search", {"max_results": 10, "filter": f"name = '{INDICATORS_NAME}'"})
            number = experiment["experiments"][0]["experiment_id"]
            asked: dict[str, Any] = {"experiment_ids": [number], "max_results": PAGE}
            searches: dict[str, dict[str, Any]] = {
                "list": asked,
                "the next hundred": asked | {"page_token": _post(base, "runs/search", asked)["next_page_token"]},
                "filter": asked | {"filter": CONDITION},
                "sort": asked | {"order_by": ["metrics.`champion.mase` DESC"]},
            }
            api, first = {}, {}
            for name, search in searches.items():
                started = time.perf_counter()
                runs = _post(base, "runs/search", search)["runs"]
                api[name] = (time.perf_counter() - started, len(runs))
                first[name] = runs[0]["info"]["run_name"]
            link = f"{base}/#/experiments/{number}/runs?workflowType=machine_learning"
            with browse(base) as page:
                opened(page, link, first["list"])  # a browser has the UI's scripts after the first page
                cold = opened(page, link, first["list"])
                seconds_of = pages(page, base, CONDITION, first)

    for text, (value, busy) in zip(("first night, every champion registered", "a later night"), seconds, strict=True):
        share = f"{100 * value / (value + FIT_S):.0f} % of a night with {FIT_S} s of fitting"
        print(f"{INDICATORS} indicators, {text}: {value:.1f} s ({busy:.1f} s of processor time), {share}")
    print(f"size of store and artifacts after two nights: {size:.0f} MB")
    for name, (took, count) in api.items():
        print(f"{name}: {count} runs, API {took:.2f} s, page in the browser {seconds_of[name]:.2f} s")
    print(f"list by its address in a new tab: {cold:.2f} s")
    longest = max(value for value, _ in seconds)
    if longest / (longest + FIT_S) > SHARE:
        sys.exit(f"FAILED: MLflow takes more than {100 * SHARE:.0f} % of the night")
    if max(*seconds_of.values(), *(took for took, _ in api.values())) > PAGE_S:
        sys.exit(f"FAILED: a page takes more than {PAGE_S:.0f} s")


def _post(base: str, method: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310
        f"{base}/api/2.0/mlflow/{method}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        found: dict[str, Any] = json.loads(answer.read())
    return found


if __name__ == "__main__":
    main()

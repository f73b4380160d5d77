"""What a night of 1,000 indicators costs in MLflow, and how fast the UI lists and filters them.

The indicators are copies of a few forecast series under names of their own, with the scores of nine models, live scores
and a challenger for every fifth: everything that a night records. Times of the UI are those of a real browser on a real
server, from the address to the rows on the screen.
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
from urllib.parse import quote

import numpy as np
import pandas as pd
from mlflow_ui import browse, serve
from playwright.sync_api import Page

from forecasting.evaluation import forecast_panel
from forecasting.models import MODELS
from forecasting.tracking import IndicatorRecord, NightRecord, Tracker

INDICATORS, MONTHS = 1000, 144
FIT_S = 240  # what fitting 1,000 series may take
SHARE, PAGE_S = 0.20, 2.0
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


def shown(page: Page, address: str, first: str) -> float:
    """Seconds until the run table of an address shows its first row."""
    page.goto("about:blank")
    started = time.perf_counter()
    page.goto(address)
    page.get_by_role("link", name=first, exact=True).wait_for()
    return time.perf_counter() - started


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
            experiment = _post(base, "experiments/search", {"max_results": 10, "filter": "name = 'cumulus/indicators'"})
            number = experiment["experiments"][0]["experiment_id"]
            searches: dict[str, dict[str, Any]] = {
                "list": {},
                "filter by region, family and champion": {
                    "filter": "tags.`cumulus.region` = 'CN-15' AND tags.`cumulus.family` = 'retail' "
                    "AND tags.`cumulus.champion` = 'seasonal_naive'"
                },
                "sort by the champion's MASE": {"order_by": ["metrics.`champion.mase` ASC"]},
            }
            api = {}
            for name, search in searches.items():
                started = time.perf_counter()
                found = _post(base, "runs/search", {"experiment_ids": [number], "max_results": 100, **search})
                api[name] = (time.perf_counter() - started, len(found["runs"]), found["runs"][0]["info"]["run_name"])
            link = f"{base}/#/experiments/{number}/runs?workflowType=machine_learning"
            filtered = "&searchFilter=" + quote(str(searches["filter by region, family and champion"]["filter"]))
            ordered = "&orderByKey=" + quote("metrics.`champion.mase`") + "&orderByAsc=true"
            with browse(base) as page:
                shown(
                    page, link, f"indicator_{INDICATORS - 1:04d}"
                )  # a browser has the UI's scripts after the first page
                pages = {
                    "list": shown(page, link, f"indicator_{INDICATORS - 1:04d}"),
                    "filter by region, family and champion": shown(
                        page, link + filtered, api["filter by region, family and champion"][2]
                    ),
                    "sort by the champion's MASE": shown(page, link + ordered, api["sort by the champion's MASE"][2]),
                }

    for text, (value, busy) in zip(("first night, every champion registered", "a later night"), seconds, strict=True):
        share = f"{100 * value / (value + FIT_S):.0f} % of a night with {FIT_S} s of fitting"
        print(f"{INDICATORS} indicators, {text}: {value:.1f} s ({busy:.1f} s of processor time), {share}")
    print(f"size of store and artifacts after two nights: {size:.0f} MB")
    for name, (took, count, _) in api.items():
        print(f"{name}: {count} runs a page, API {took:.2f} s, page in the browser {pages[name]:.2f} s")
    longest = max(value for value, _ in seconds)
    if longest / (longest + FIT_S) > SHARE:
        sys.exit(f"FAILED: MLflow takes more than {100 * SHARE:.0f} % of the night")
    if max(*pages.values(), *(took for took, *_ in api.values())) > PAGE_S:
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

"""The report page: bytes, seconds to make it, seconds until it can be used; and the pictures of the README.

    python benchmarks/report_page.py [RELEASE]

Without a release (its folder) a night is run in a temporary home. Many indicators are those of the release, repeated
under other names. The pictures docs/page_*.png are drawn by chromium; one is in Chinese and needs a font for it.
"""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from benchmarks.mlflow_ui import QUIET
from forecasting.publishing import read_release
from forecasting.report import Report

DOCS = Path(__file__).parent.parent / "docs"
VIEWS = {
    "board": ("", "light", "en", 1280, 1000),
    "indicator": ("indicator/cn_industrial_va", "light", "en", 1280, 1760),
    "absorption": ("absorption", "dark", "en", 1280, 1000),
    "phone": ("indicator/baotou_rare_earth_va", "dark", "zh", 390, 1150),
}
SEEN = """() => [...document.querySelectorAll(".chart")]
    .filter((one) => one.getBoundingClientRect().top < innerHeight).every((one) => one.querySelector("svg"))"""
OWN = ("indicator", "parent", "whole", "related")  # columns that name indicators


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser."""
    path = shutil.which("chromium")
    if path is None:
        raise RuntimeError("no chromium on the path; install it, on Debian with: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


def repeated(tables: Mapping[str, pd.DataFrame], count: int) -> dict[str, pd.DataFrame]:
    """The tables with their densely published indicators repeated until there are `count`."""
    dense = tables["indicators"].query("density == 'dense'")["indicator"].tolist()
    out = {}
    for name, table in tables.items():
        columns = [column for column in OWN if column in table.columns]
        if "indicator" not in columns:
            out[name] = table
            continue
        part = dict(iter(table.groupby("indicator", sort=False)))
        models = [dense[number % len(dense)] for number in range(count)]
        copies = [
            part[model].assign(**dict.fromkeys(columns, f"{model}_{number}"))
            for number, model in enumerate(models)
            if model in part
        ]
        out[name] = pd.concat(copies, ignore_index=True) if copies else table.iloc[:0]
    return out


def put(folder: Path, files: Mapping[str, bytes]) -> str:
    """Write the files of a report; the address of its page."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return (folder / "index.html").as_uri()


def until_used(browser: Browser, address: str, then: str = "") -> float:
    """Seconds until the board can be used and, with `then`, until the first picture of that view is drawn; of five."""
    taken = []
    for _ in range(5):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("html[data-ready]")
        milliseconds = page.evaluate("performance.now()")
        if then:
            milliseconds = page.evaluate(
                """async (hash) => {
                    const start = performance.now();
                    location.hash = hash;
                    while (!document.querySelector("h1 ~ .stack .chart svg")) await new Promise(requestAnimationFrame);
                    return performance.now() - start;
                }""",
                then,
            )
        taken.append(milliseconds / 1000)
        page.close()
    return statistics.median(taken)


def measure(
    browser: Browser, tables: Mapping[str, pd.DataFrame], about: dict[str, object], count: int, folder: Path
) -> None:
    """Print what a report of so many indicators takes."""
    some = repeated(tables, count)
    start, cpu = time.perf_counter(), time.process_time()
    report = Report(some, run_id=str(about["run_id"]), as_of=str(about["as_of"]))
    files = report.page(about, [])
    seconds, busy = time.perf_counter() - start, time.process_time() - cpu
    address = put(folder / str(count), files)
    pieces = [len(content) for name, content in files.items() if name != "index.html"]
    print(
        f"{count} indicators: page {len(files['index.html']) / 1e6:.2f} MB, {len(pieces)} pieces, "
        f"{sum(pieces) / 1e6:.1f} MB"
    )
    print(f"  made in {seconds:.1f} s ({busy:.1f} s of CPU); to be used after {until_used(browser, address):.2f} s")
    name = some["indicators"]["indicator"].iloc[-1]
    print(f"  an indicator's page after {until_used(browser, address, f'#/indicator/{name}'):.2f} s more")


def draw_readme(browser: Browser, address: str) -> None:
    """The pictures of the README, in 128 colours."""
    for name, (view, theme, lang, width, height) in VIEWS.items():
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
        page.goto(f"{address}?lang={lang}#/{view}")
        page.wait_for_function(SEEN)
        path = DOCS / f"page_{name}.png"
        page.screenshot(path=path)
        page.close()
        with Image.open(path) as picture:
            reduced = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
        reduced.save(path, optimize=True)
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} KB")


def main(release: Path) -> None:
    """Print the figures of a release's report, and draw the pictures of the README."""
    tables = read_release(release)
    about = json.loads((release / "provenance.json").read_bytes())
    with chromium() as browser, tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        start, cpu = time.perf_counter(), time.process_time()
        report = Report(tables, run_id=about["run_id"], as_of=about["as_of"])
        pictures = report.pictures()
        page = report.page(about, sorted(path.name for path in release.iterdir() if path.is_file()))
        print(
            f"{len(tables['indicators'])} indicators of the catalogue: page and {len(pictures)} pictures in "
            f"{time.perf_counter() - start:.1f} s ({time.process_time() - cpu:.1f} s of CPU), "
            f"{len(page['index.html']) / 1e6:.2f} MB and {sum(map(len, pictures.values())) / 1e6:.1f} MB"
        )
        for count in (30, 1000):
            measure(browser, tables, about, count, folder)
        draw_readme(browser, put(folder / "release", {**page, **pictures}))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).resolve())
    else:
        from forecasting.settings import Settings
        from jobs.nightly import run_night

        with tempfile.TemporaryDirectory() as temporary:
            main(run_night(Settings(home=Path(temporary))).release)

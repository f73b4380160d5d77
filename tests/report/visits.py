"""Pages put into a folder, and visits to them in a browser."""

from __future__ import annotations

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from forecasting.report import Report

__all__ = ["DRAWN", "RUN", "Visit", "overflow", "put"]

RUN = {"run_id": "2026-01-20-abc", "as_of": "2026-01-20"}
DRAWN = "() => [...document.querySelectorAll('.chart')].every(one => one.querySelector('svg'))"
# The page follows the event, and so does who listens after it.
FOLLOWED = """hash => new Promise(done => {
  if (new URL(hash, location).hash === location.hash) return done();
  addEventListener('hashchange', () => done(), {once: true});
  location.hash = hash;
})"""
# Charts are drawn where they come into sight, and those of an indicator in a file of its own come after the view.
SOUGHT = """() => {
  if (document.querySelector('.stack > [role=status]')) return false;
  const missing = [...document.querySelectorAll('.chart')].find(one => !one.querySelector('svg'));
  missing?.scrollIntoView({block: 'center'});
  return !missing;
}"""


def put(folder: Path, tables, **provenance) -> Path:
    report = Report(tables, **RUN)
    beside = ["monthly.csv", *(f"pictures/indicator_of_a_part_with_a_long_name_{n}_value_added.png" for n in range(9))]
    for name, content in report.page({**RUN, "missing": [], **provenance}, beside).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder / "index.html"


class Visit:
    """A page, with everything that it said and asked for."""

    def __init__(self, browser: Browser, address: str, **context) -> None:
        self.context = browser.new_context(**context)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(address)
        self.page.wait_for_selector("html[data-ready]")

    def __enter__(self) -> Visit:
        return self

    def __exit__(self, *_) -> None:
        self.context.close()

    def show(self, view: str) -> None:
        self.page.evaluate(FOLLOWED, f"#/{view}")
        self.page.wait_for_function(SOUGHT)

    def faults(self) -> list[str]:
        found = Axe().run(self.page).response["violations"]
        return [
            f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found if one["impact"] in ("serious", "critical")
        ]


def overflow(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

"""The report page as its readers see it, in a real browser (chromium), from a file and from a web server.

Screenshots of every view lie in the folder `screenshots` of pytest's base folder.
"""

import functools
import http.server
import json
import re
import shutil
import threading
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from forecasting.report._chart import draw
from forecasting.report._material import Material
from forecasting.report._page import CHARTS
from forecasting.report._picture import slots
from forecasting.report._pictures import described
from forecasting.report._texts import TEXTS, name_of
from forecasting.report._theme import config
from tests.report.tables import HOSTILE, empty_tables, made_tables
from tests.report.visits import DRAWN, RUN, Visit, overflow, put

VIEWS = (
    "",
    "indicator/indicator_0",
    "indicator/indicator_1",
    "news",
    "freshness",
    "capacity",
    "absorption",
    "milestones",
    "balance",
    "claims",
    "sensitivity",
    "scorecard",
    "hindcasts",
    "about",
)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return put(tmp_path_factory.mktemp("page"), made_tables(), missing=[f"closed: {HOSTILE}"]).as_uri()


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.getbasetemp() / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize(
    ("lang", "theme", "width"), [("en", "light", 1280), ("zh", "dark", 360), ("zh", "light", 1280), ("en", "dark", 360)]
)
def test_every_view_is_drawn_fits_and_is_without_serious_findings(
    browser: Browser, address: str, shots: Path, lang: str, theme: str, width: int
) -> None:
    views = VIEWS if (lang == "en") == (theme == "light") else ("", "indicator/indicator_1", "scorecard")
    with Visit(
        browser, f"{address}?lang={lang}", color_scheme=theme, viewport={"width": width, "height": 900}
    ) as visit:
        assert visit.page.locator("html").get_attribute("lang") == {"en": "en", "zh": "zh-CN"}[lang]
        for view in views:
            visit.show(view)
            expect(visit.page.locator("h1")).to_have_count(1)
            assert overflow(visit.page) <= 0, view
            assert visit.faults() == [], view
            name = view.replace("/", "_") or "board"
            visit.page.screenshot(path=shots / f"{name}_{lang}_{theme}_{width}.png", full_page=True)
        assert visit.said == []
        assert {url.split("?")[0].split("#")[0] for url in visit.asked if not url.startswith(("data:", "blob:"))} == {
            address
        }


def test_a_hostile_title_stays_text_wherever_it_stands(browser: Browser, address: str) -> None:
    with Visit(browser, address) as visit:
        page = visit.page
        expect(page.locator(".board a").first).to_have_text(HOSTILE)
        visit.show("indicator/indicator_0")
        expect(page.locator("h1")).to_have_text(HOSTILE)
        page.locator(".chart svg path").first.hover(force=True)
        for view in ("about", "news", "scorecard"):
            visit.show(view)
            assert HOSTILE in page.locator("main").text_content()
        visit.show("")
        page.locator(".chart").hover()
        assert page.evaluate("window.owned") is None
        assert page.locator("main img, main script").count() == 0
        assert visit.said == []


def test_language_and_theme_are_switched_and_remembered(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}#/milestones", locale="zh-CN") as visit:
        page = visit.page
        expect(page.locator("h1")).to_have_text("何时越过门槛")  # by the browser's language
        page.get_by_role("button", name="English").click()
        expect(page.locator("h1")).to_have_text("When thresholds are passed")
        assert page.evaluate("document.activeElement.id") == "language"
        page.get_by_label("Theme").select_option("dark")
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.reload()
        page.wait_for_selector("html[data-ready]")
        expect(page.locator("h1")).to_have_text("When thresholds are passed")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark == "rgb(16, 21, 28)"
        page.emulate_media(media="print")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        expect(page.locator("#views")).to_be_hidden()
        assert visit.said == []


def test_the_page_is_walked_by_keyboard(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}?lang=en") as visit:
        page = visit.page

        def focused() -> str:
            return page.evaluate("document.activeElement.textContent || document.activeElement.id")

        page.keyboard.press("Tab")
        assert focused() == "Skip to content"
        assert page.locator("#skip").bounding_box()["y"] >= 0, "it comes into sight"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        assert focused() == "filter", "after the link of the note of what is missing"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.type("product 2")
        expect(page.get_by_role("status")).to_have_text("1 of 3 indicators")
        for _ in range(3):
            page.keyboard.press("Tab")
        assert focused() == "Output of product 2"
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_be_focused()
        expect(page).to_have_url(re.compile("#/indicator/indicator_2$"))
        page.locator("summary").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("details[open] table").first).to_be_visible()


def test_the_choice_of_years_keeps_the_focus_and_the_place(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}?lang=en", viewport={"width": 1280, "height": 500}) as visit:
        page = visit.page
        visit.show("indicator/indicator_0")
        history = page.get_by_label("History")
        history.scroll_into_view_if_needed()
        history.select_option("5")
        expect(history).to_be_focused()
        expect(history).to_have_value("5")
        expect(history).to_be_in_viewport()
        assert visit.said == []


def test_an_indicator_shows_what_it_has_and_nothing_else(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    tables["observations"]["measure"] = "month_yoy"
    tables["headline_odds"] = tables["headline_odds"].iloc[:0]
    tables["monthly"]["level"] = float("nan")
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en") as visit:
        visit.show("indicator/indicator_1")
        expect(visit.page.locator("main figure")).to_have_count(1)
        said = visit.page.locator("main").evaluate("one => [...one.querySelectorAll('.stack')].pop().childNodes.length")
        assert said == visit.page.locator(".stack > *").count()
        assert "null" not in visit.page.locator("main").inner_text()


def test_the_menu_of_a_phone_opens_and_closes(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}?lang=en", viewport={"width": 360, "height": 740}) as visit:
        menu, views = visit.page.get_by_role("button", name="Menu"), visit.page.locator("#views")
        expect(views).to_be_hidden()
        menu.click()
        expect(menu).to_have_attribute("aria-expanded", "true")
        views.get_by_role("link", name="Balance").click()
        expect(views).to_be_hidden()
        expect(visit.page.locator("h1")).to_have_text("Where supply comes from and where it goes")


def test_the_figures_of_a_picture_can_be_read_and_the_picture_saved(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    with Visit(browser, f"{address}?lang=en#/capacity", accept_downloads=True) as visit:
        page = visit.page
        visit.show("capacity")
        page.get_by_label("Scenario", exact=True).select_option("full_ban")
        figure = page.locator("figure").first
        page.wait_for_function(DRAWN)
        figure.get_by_text("Show the figures").click()
        row = made_tables()["trajectories"].query("scenario == 'full_ban' and variable == 'capacity_index'").iloc[-1]
        cells = figure.locator("tbody tr").last.locator("th, td").all_text_contents()
        assert cells == ["2035", *(f"{row[name]:.4g}" for name in ("q05", "q25", "q50", "q75", "q95"))]
        expect(figure.get_by_role("link", name="trajectories.csv")).to_have_attribute("href", "trajectories.csv")
        saved = {}
        for kind in ("PNG", "SVG"):
            with page.expect_download() as download:
                figure.get_by_role("button", name=f"Save picture as {kind}").click()
            saved[kind] = tmp_path / download.value.suggested_filename
            download.value.save_as(saved[kind])
        svg = saved["SVG"].read_text()
        assert saved["SVG"].name == "capacity_fan.svg"
        for said in ("Unit: index, start = 100", "Known as of 2026-01-20", "Run 2026-01-20-abc", "Source: simulation"):
            assert said in svg
        assert "var(--" not in svg
        assert saved["PNG"].read_bytes().startswith(b"\x89PNG")
        assert visit.said == []


def test_the_browser_fills_in_specifications_as_the_pictures_have_them(browser: Browser) -> None:
    scripts = "".join(
        files("forecasting.report").joinpath("page", name).read_text("utf-8") for name in ("base.js", "chart.js")
    )
    kinds = {id(chart): kind for kind, chart in CHARTS.items()}
    page = browser.new_page()
    drawn = set()
    for _, picture in described(Material.of(made_tables())):
        values = slots(picture, **RUN) | {"narrow": False}
        for chart, data, _ in picture.panels:
            shared = {"texts": TEXTS, "charts": {kinds[id(chart)]: chart.to_dict()}, "shared": config(), "board": {}}
            page.set_content('<script type="application/json" id="data">{}</script>')
            page.evaluate("data => { document.getElementById('data').textContent = data; }", json.dumps(shared))
            made = page.evaluate(
                "([scripts, kind, data, values]) => new Function(`${scripts}; return draw`)()(kind, data, values)",
                [scripts, kinds[id(chart)], data, values],
            )
            assert made == json.loads(json.dumps(draw(chart, config(), data, values, name_of)))
            drawn.add(kinds[id(chart)])
    page.close()
    assert drawn == {"board", "months", "fan", "scenarios", "milestones", "claims", "tornado", "scores", "backtest"}


def test_who_forecasts_an_indicator_is_said_in_words_and_wide_bars_of_the_odds_say_what_they_hold(
    browser: Browser, tmp_path: Path
) -> None:
    tables = made_tables()
    tables["indicators"].loc[:2, "champion"] = ["by_horizon", "related:indicator_2", "related:none"]
    leaderboard = tables["leaderboard"].replace({"model": {"theta": "by_horizon"}})
    tables["leaderboard"] = leaderboard[~leaderboard["indicator"].isin(["indicator_1", "indicator_2"])]
    odds = tables["headline_odds"]
    middle = odds.groupby("indicator")["value"].transform("mean")
    tables["headline_odds"] = pd.concat(
        [odds.assign(value=(middle + 10 * (odds["value"] - middle) + at / 10).round(1)) for at in range(10)]
    ).assign(probability=odds["probability"] / 10)
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en") as visit:
        visit.show("indicator/indicator_0")
        assert visit.page.get_by_text("Each bar holds 7 such values;").count() == 1
        visit.page.get_by_text("What these models are").click()
        assert visit.page.get_by_text(TEXTS["model.by_horizon"][0]).is_visible()
        visit.show("indicator/indicator_1")
        assert visit.page.get_by_text("follows its related indicator (Output of product 2)").is_visible()
        visit.show("indicator/indicator_2")
        assert visit.page.get_by_text("has too few figures and goes on by itself.").is_visible()
        assert visit.said == []


def test_names_of_hindcasts_have_the_whole_width_of_a_phone(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    words = "quota of the second half, kt of oxides; the process in use, from hold"
    tables["hindcast"]["variable"] = [words, words]
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en", viewport={"width": 390, "height": 800}) as visit:
        visit.show("hindcasts")
        drawn = visit.page.locator(".chart").inner_text()
        assert "from hold" in drawn
        assert "\u2026" not in drawn
        assert overflow(visit.page) <= 0


def test_long_names_of_rows_take_several_lines_wherever_they_do_not_fit(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    words = "Investment in Fixed Assets (Excluding Rural Households), Manufacture of Computers and Other Equipment"
    tables["indicators"].loc[1, "title_en"] = words
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en", viewport={"width": 760, "height": 800}) as visit:
        visit.show("scorecard")
        drawn = " ".join(visit.page.locator(".chart").all_inner_texts())
        assert words.split()[-1] in drawn
        assert "\u2026" not in drawn


def test_what_has_not_come_into_sight_is_drawn_to_be_printed(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}?lang=en#/indicator/indicator_1", viewport={"width": 800, "height": 300}) as visit:
        visit.page.wait_for_selector(".chart svg")
        assert not visit.page.evaluate(DRAWN)
        visit.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        visit.page.wait_for_function(DRAWN)


def test_claims_are_told_to_their_last_digit_and_may_have_an_open_end(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    claims = tables["claim_check"]
    claims["claim_low"] = [137.35, None] * (len(claims) // 2)
    claims["claim_high"] = [137.45, 0.25] * (len(claims) // 2)
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en") as visit:
        visit.show("claims")
        drawn = visit.page.locator(".chart").inner_text()
        assert "137.35 to 137.45" in drawn
        assert "\u2264 0.25" in drawn
        assert visit.said == []
    [picture] = [one for name, one in described(Material.of(tables)) if name == "claims"]
    [(_, data, _)] = picture.panels
    assert data["claims"]["range"] == ["137.35 to 137.45", "\u2264 0.25"]


def test_what_rounds_to_zero_has_no_sign_and_a_title_without_a_blank_fits(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    tables["headlines"][["q05", "q25", "q50"]] = -0.04
    tables["indicators"]["title_en"] = "x" * 3000
    address = put(tmp_path, tables).as_uri() + "?lang=en"
    for width in (1280, 360):
        with Visit(browser, address, viewport={"width": width, "height": 900}) as visit:
            said = visit.page.locator(".board").inner_text()
            assert "0.0 to " in said
            assert "\u22120.0" not in said
            for view in ("", "freshness", "indicator/indicator_1"):
                visit.show(view)
                assert overflow(visit.page) <= 0, (width, view)


def test_addresses_that_lead_nowhere_say_so(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}?lang=en") as visit:
        for hash_ in ("nowhere", "indicator/unknown", "indicator/%", "constructor", "about/more"):
            visit.show(hash_)
            expect(visit.page.locator("h1")).to_have_text("This page does not exist")
        visit.show("")
        expect(visit.page.locator("h1")).to_have_text("What the next releases will say")
        assert visit.said == []


@pytest.mark.parametrize("inline", [1_000_000, 0], ids=["in the page", "in pieces"])
def test_an_indicator_may_have_the_name_of_something_that_objects_have_in_a_browser(
    browser: Browser, tmp_path: Path, monkeypatch, inline: int
) -> None:
    monkeypatch.setattr("forecasting.report._page.INLINE", inline)
    names = ("constructor", "toString", "hasOwnProperty", "__proto__")
    made = made_tables(len(names)).items()
    others = {f"indicator_{at}": name for at, name in enumerate(names)}
    tables = {table: frame.replace({"indicator": others}) if "indicator" in frame else frame for table, frame in made}
    with Visit(browser, f"{put(tmp_path, tables).as_uri()}?lang=en") as visit:
        for name in names:
            visit.show(f"indicator/{name}")
            expect(visit.page.locator("main figure")).to_have_count(4)
            visit.page.wait_for_selector(".chart svg")
            expect(visit.page.get_by_role("alert")).to_have_count(0)
        visit.show("indicator/valueOf")
        expect(visit.page.locator("h1")).to_have_text("This page does not exist")
        visit.show("")
        expect(visit.page.locator(".board a")).to_have_count(len(names))
        assert visit.said == []


def test_chinese_headings_of_tables_do_not_stand_letter_below_letter(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}?lang=zh") as visit:
        visit.show("scorecard")
        for heading in visit.page.locator("th", has_text="报警").all():
            box = heading.bounding_box()
            assert box is not None
            assert box["width"] >= 2 * 13
            assert heading.evaluate("one => getComputedStyle(one).wordBreak") == "keep-all"


def test_a_view_whose_table_is_empty_says_so(browser: Browser, tmp_path: Path) -> None:
    with Visit(browser, f"{put(tmp_path, empty_tables()).as_uri()}?lang=en") as visit:
        for view in (view for view in VIEWS if not view.startswith("indicator")):
            visit.show(view)
            assert visit.page.locator(".chart").count() == 0
            expect(visit.page.locator("main .sentence").first).not_to_be_empty()
        assert visit.said == []


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return put(tmp_path_factory.mktemp("many"), made_tables(130, years=12))


@pytest.fixture(scope="module")
def served(many: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=many.parent)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("by", ["file", "http"])
def test_many_indicators_are_paged_filtered_and_loaded_by_piece(
    browser: Browser, many: Path, served: str, by: str
) -> None:
    base = many.as_uri() if by == "file" else served
    with Visit(browser, f"{base}?lang=en") as visit:
        page = visit.page
        page.get_by_label("Sort by").select_option("catalogue")
        expect(page.locator(".board a")).to_have_count(25)
        page.get_by_role("button", name="Next page").click()
        expect(page.locator(".board a").first).to_have_text("Output of product 25")
        expect(page.locator(".board a").first).to_be_focused()
        page.get_by_label("Filter").fill("product 129")
        page.get_by_role("link", name="Output of product 129").click()
        page.wait_for_selector(".stack .chart svg")
        pieces = [url for url in visit.asked if "/pieces/" in url]
        assert len(pieces) == 1
        visit.show("indicator/indicator_128")
        assert [url for url in visit.asked if "/pieces/" in url] == pieces, "the piece is there already"
        assert all(url.startswith((base.rpartition("/")[0], "data:", "blob:")) for url in visit.asked)
        assert visit.said == []


def test_a_page_left_open_mixes_no_figures_of_a_later_release_in(browser: Browser, many: Path, tmp_path: Path) -> None:
    shutil.copytree(many.parent, tmp_path / "latest")
    with Visit(browser, f"{(tmp_path / 'latest' / 'index.html').as_uri()}?lang=en") as visit:
        for piece in (tmp_path / "latest" / "pieces").iterdir():
            piece.write_bytes(piece.read_bytes().replace(RUN["run_id"].encode(), b"2026-02-20-def"))
        visit.page.get_by_label("Filter").fill("product 3")
        visit.page.get_by_role("link", name="Output of product 3", exact=True).click()
        expect(visit.page.get_by_role("alert")).to_contain_text(f"release {RUN['run_id']}, and a later one has taken")
        assert visit.page.locator(".stack figure").count() == 0
        assert visit.said == []


def test_pictures_of_some_of_many_say_so(browser: Browser, many: Path) -> None:
    with Visit(browser, f"{many.as_uri()}?lang=en") as visit:
        visit.show("scorecard")
        expect(visit.page.get_by_text("The 40 smallest of 130 are drawn.")).to_have_count(2)
    drawn = dict(described(Material.of(made_tables(31))))
    for name in ("scorecard", "backtest"):
        assert drawn[name].caption.endswith("The 30 smallest of 31 are drawn.")


def test_a_page_without_its_pieces_says_what_is_missing(browser: Browser, many: Path, tmp_path: Path) -> None:
    alone = tmp_path / "index.html"
    alone.write_bytes(many.read_bytes())
    with Visit(browser, f"{alone.as_uri()}?lang=en#/indicator/indicator_3") as visit:
        expect(visit.page.get_by_role("alert")).to_contain_text("pieces/indicators-001.js")
        expect(visit.page.locator("h1")).to_have_text("Output of product 3")

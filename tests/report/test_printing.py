"""The page on paper: everything that the screen shows by scrolling or paging is there, or is said not to be."""

import pytest
from playwright.sync_api import Browser, expect

from tests.report.tables import made_tables
from tests.report.visits import DRAWN, Visit, overflow, put

A4 = {"width": 718, "height": 1047}  # pixels between margins of a centimetre
TITLE = "Investment in Fixed Assets (Excluding Rural Households), Manufacture of Computers and Other Equipment"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    tables = made_tables(41)
    tables["indicators"].loc[1, "title_en"] = TITLE
    tables["revisions"] = tables["revisions"].assign(value=1234567.8, value_before=1234560.1, outlook_before=-12.345)
    return put(tmp_path_factory.mktemp("printed"), tables).as_uri()


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("view", ["", "indicator/indicator_1", "news", "freshness", "milestones", "scorecard"])
def test_no_table_and_no_picture_leaves_the_sheet(browser: Browser, address: str, view: str, lang: str) -> None:
    with Visit(browser, f"{address}?lang={lang}", viewport={"width": 1280, "height": 900}) as visit:
        visit.show(view)
        page = visit.page
        page.emulate_media(media="print")
        page.set_viewport_size(A4)
        page.wait_for_function(DRAWN)
        assert overflow(page) <= 0
        # at one moment: a picture that is drawn anew for the sheet is not the one that was found before
        heights = page.locator(".chart svg").evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")
        assert all(height <= 0.71 * A4["height"] for height in heights)
        assert visit.said == []


def test_a_long_view_begins_on_the_first_sheet(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}?lang=en#/news") as visit:
        page = visit.page
        page.emulate_media(media="print")
        assert page.locator("section.card").evaluate("one => getComputedStyle(one).breakInside") == "auto"
        assert page.locator("tr").last.evaluate("one => getComputedStyle(one).breakInside") == "avoid"


def test_a_printed_board_says_which_of_its_pages_it_is(browser: Browser, address: str) -> None:
    with Visit(browser, f"{address}?lang=en") as visit:
        visit.page.emulate_media(media="print")
        expect(visit.page.get_by_text("Page 1 of 2")).to_be_visible()
        expect(visit.page.get_by_role("button", name="Next page")).to_be_hidden()

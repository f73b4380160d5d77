"""Numbers of the page: on axes, on pictures as tall as they should be, and as they were published."""

import re
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser, expect

from forecasting.report._material import Material
from forecasting.report._picture import svg_of
from forecasting.report._pictures import described
from tests.report.tables import made_tables
from tests.report.visits import RUN, Visit, put

RATES = ("yoy", "yoy_q05", "yoy_q95", "set_low", "set_high")
QUANTILES = ("q05", "q25", "q50", "q75", "q95")


def labels(visit: Visit) -> list[str]:
    return visit.page.locator(".chart").first.locator(".role-axis-label text").all_text_contents()


def test_a_picture_of_growth_far_from_zero_is_no_taller_for_it(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    tables["observations"]["value"] += 900
    tables["monthly"][list(RATES)] += 900
    for name in ("headlines", "forecasts"):
        tables[name][list(QUANTILES)] += 900
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en") as visit:
        visit.show("indicator/indicator_0")
        heights = [int(one.get_attribute("height") or 0) for one in visit.page.locator(".chart svg").all()]
        assert len(heights) == 4
        assert max(heights) < 420
    [months] = [one for name, one in described(Material.of(tables)) if name == "indicator_indicator_2"]
    [height] = re.findall(r'^<svg[^>]* height="([0-9.]+)"', svg_of(months, RUN["run_id"], RUN["as_of"]))
    assert float(height) < 650


def test_axes_have_numbers_as_the_tables_have_them(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    tables["trajectories"][list(QUANTILES)] *= 0.005
    tables["monthly"]["level"] *= 50
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en") as visit:
        visit.show("capacity")
        assert {"0.5", "0.6", "0.7"} <= set(labels(visit))
        visit.show("indicator/indicator_2")
        assert "8,000" in visit.page.locator(".chart").last.locator(".role-axis-label text").all_text_contents()


@pytest.mark.parametrize(("times", "said"), [(0.3, "+0.2"), (1, "+1"), (4, "+5"), (20, "+20"), (100, "+200")])
def test_the_axis_of_changes_can_be_read_however_far_they_reach(
    browser: Browser, tmp_path: Path, times: float, said: str
) -> None:
    tables = made_tables()
    headlines = tables["headlines"]
    for name in QUANTILES:
        headlines[name] = headlines["no_change"] + times * (headlines[name] - headlines["no_change"])
    address = put(tmp_path, tables).as_uri() + "?lang=en"
    for width in (1280, 360):
        with Visit(browser, address, viewport={"width": width, "height": 900}) as visit:
            visit.show("")
            assert {"0", said} <= set(labels(visit))
            assert len(labels(visit)) >= 3


def test_figures_are_said_as_they_were_published(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    tables["revisions"] = tables["revisions"].assign(
        measure="ytd_level", kind="revision", value_before=501202.6, value=501203.1, change=0.5
    )
    tables["scorecard"] = tables["scorecard"].assign(target="level", actual=501203.1, q025=0.00012)
    tables["scorecard"]["appeared"] = pd.Timestamp("2026-01-16T02:30:00", tz="Asia/Shanghai").tz_convert("UTC")
    tables["indicators"]["decimals"] = 2
    tables["headlines"]["no_change"] = 5.25
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en") as visit:
        page = visit.page
        visit.show("scorecard")
        expect(page.locator("section").last.locator("tbody tr").first.locator("td").first).to_have_text("2026-01-16")
        visit.show("news")
        cells = page.locator("tbody tr").first.locator("td").all_text_contents()
        assert cells[3:6] == ["501,203.1", "501,202.6", "+0.5"]
        visit.show("indicator/indicator_0")
        cells = page.locator("section").last.locator("tbody tr").last.locator("td").all_text_contents()
        assert cells[3:6] == ["501,203.1", "5.8", "0.00012"]
        visit.show("")
        page.get_by_text("Show the figures").click()
        cells = page.locator("figure tbody tr").first.locator("td")
        expect(cells).to_have_text(["2026-02", "5.25", "8.00", "7.18 to 8.82", "30 %"])


def test_nothing_is_rounded_twice(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    tables["headlines"][["q50", "q75"]] = [10.347584, -3.2452885]
    tables["headline_odds"] = tables["headline_odds"].assign(
        value=tables["headline_odds"].groupby("indicator").cumcount() / 10,
        probability=[0.034994608, *[0.02412513] * 40] * 3,
    )
    levels = tables["forecasts"]["target"] == "level"
    tables["forecasts"].loc[levels, "q50"] = 46834.549 * tables["forecasts"].loc[levels, "months"].astype(float)
    with Visit(browser, put(tmp_path, tables).as_uri() + "?lang=en") as visit:
        page = visit.page
        visit.show("")
        assert page.locator(".board .q50 .content").first.inner_text() == "10.3"
        assert page.locator(".board .bands .line").first.inner_text().endswith("to \u22123.2")
        visit.show("indicator/indicator_2")
        figures = page.locator("figure")
        for at in (1, 3):
            figures.nth(at).get_by_text("Show the figures").click()
        expect(figures.nth(1).locator("tbody td").first).to_have_text("3 %")
        expect(figures.nth(3).locator("tbody tr").first).to_contain_text("46,830")


def test_under_the_pointer_nothing_nearly_certain_is_certain(browser: Browser, tmp_path: Path) -> None:
    tables = made_tables()
    tables["headlines"]["prob_above_no_change"] = 0.997
    tables["claim_check"] = tables["claim_check"].assign(p_below=0.0025, p_within=0.9975, p_above=0.0)
    address = put(tmp_path, tables).as_uri() + "?lang=en"
    for view, colour, said in (("", "band50", "99.7%"), ("claims", "within", "99.75%")):
        with Visit(browser, address) as visit:
            visit.show(view)
            visit.page.locator(f".chart .mark-rect path[fill='var(--{colour})']").first.hover(force=True)
            expect(visit.page.locator("#vg-tooltip-element")).to_contain_text(said)
            assert visit.said == []


def test_static_pictures_say_large_numbers_without_exponents() -> None:
    tables = made_tables()
    tables["trajectories"][list(QUANTILES)] *= 10
    tables["milestones"]["threshold"] *= 12345
    tables["claim_check"]["claim_high"] = 2.5e9
    drawn = {name: svg_of(one, RUN["run_id"], RUN["as_of"]) for name, one in described(Material.of(tables))}
    assert ">1,550<" in drawn["capacity_scenarios"]
    assert "\u2265 24,690<" in drawn["milestones"]
    assert "to 2,500,000,000<" in drawn["claims"]
    assert not any(re.search(r">[^<]*[0-9]e[+-]?[0-9]", svg) for svg in drawn.values())

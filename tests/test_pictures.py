import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from benchmarks.report_page import chromium
from forecasting import decumulate
from forecasting.errors import InputError
from forecasting.observations import check_observations
from forecasting.pictures import PANELS, check_panels, draw_forecasts, draw_headlines, draw_months, picture_kind
from tests.decumulation.publication import levels, mixture, publish

RNG = np.random.default_rng(4)
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def made():
    growth = 0.06 + 0.01 * RNG.standard_normal((5, 12))
    level = levels(growth, np.linspace(80, 120, 12))
    table = check_observations(
        pd.concat(
            [
                publish(level, merged=True).assign(source="Bureau <b>of</b> Statistics"),
                publish(level, indicator="</script><script>alert(1)</script>", measures=("ytd_yoy", "month_yoy")),
            ]
        ).drop(columns="family")
    )
    return decumulate(table, draws=100).monthly, table


def specs(page: bytes) -> dict:
    """The drawings that a page carries."""
    return dict(json.loads(re.search(r"^const specs = new Map\((.*)\);$", page.decode(), re.MULTILINE).group(1)))


def layers(spec: dict) -> dict[str, list[dict]]:
    """Label -> data of the layers that the legend names."""
    return {layer["encoding"]["color"]["datum"]: layer["data"]["values"]
            for layer in spec["layer"] if "color" in layer.get("encoding", {})}  # fmt: skip


def drawn(monthly: pd.DataFrame, table: pd.DataFrame) -> dict:
    return next(iter(specs(draw_months(monthly, table, "html")).values()))


def axis(spec: dict) -> list[float]:
    return spec["layer"][0]["encoding"]["y"]["scale"]["domain"]


def one(made, **columns) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The first indicator, with columns of its monthly table replaced."""
    monthly, table = made
    return monthly[monthly["indicator"] == "x"].assign(**columns), table[table["indicator"] == "x"]


def test_a_png_and_a_page_have_the_same_bytes_each_time(made):
    for kind in PANELS:
        assert draw_months(*made, kind) == draw_months(*made, kind)
    assert draw_months(*made, "png").startswith(PNG)


def test_months_that_were_read_back_from_a_file_give_the_same_picture(made, tmp_path):
    monthly, table = one(made)
    monthly.to_csv(tmp_path / "months.csv", index=False)
    assert draw_months(pd.read_csv(tmp_path / "months.csv"), table, "html") == draw_months(monthly, table, "html")


@pytest.mark.parametrize("kind", ["svg", "PNG"])
def test_another_kind_of_picture_is_refused_with_those_there_are(made, kind):
    with pytest.raises(InputError, match=f"no kind '{kind}'; use 'png' or 'html'"):
        draw_months(*made, kind)


def test_months_of_an_indicator_without_figures_are_refused_by_its_name(made):
    monthly, table = one(made)
    with pytest.raises(InputError, match="no published figures of y; give the table that the months were recovered"):
        draw_months(monthly.assign(indicator="y"), table, "png")


def test_every_indicator_has_its_panel_with_what_was_published_and_recovered(made):
    monthly, table = made
    panels = specs(draw_months(monthly, table, "html"))
    assert list(panels) == list(monthly["indicator"].unique())
    data = layers(panels["x"])
    rows = monthly[(monthly["indicator"] == "x") & (monthly["status"] != "K")]
    published = table[(table["indicator"] == "x") & (table["measure"] == "ytd_yoy")]
    assert [point["y"] for point in data["January to month, published"]] == published["value"].tolist()
    np.testing.assert_allclose([point["y"] for point in data["month, recovered"]], rows["yoy"], atol=1e-4)
    np.testing.assert_allclose([edge["q95"] for edge in data["90 % band"]], rows["yoy_q95"].repeat(2), atol=1e-4)
    assert panels["x"]["title"]["subtitle"] == "Published figures: Bureau <b>of</b> Statistics"
    assert panels["x"]["layer"][0]["encoding"]["y"]["axis"]["title"] == "growth on a year earlier, %"


def test_january_and_february_are_drawn_as_one_period(made):
    data = layers(drawn(*one(made)))
    pairs = data["January and February together"]
    assert [(pair["x"], pair["x2"]) for pair in pairs[:2]] == [
        ("2010-01-01", "2010-03-01"),
        ("2011-01-01", "2011-03-01"),
    ]
    assert data["month, recovered"][0]["x"] == "2010-02-01"
    assert [edge["x"] for edge in data["90 % band"][:3]] == ["2010-01-01", "2010-03-01", "2010-03-01"]


def test_wide_or_open_set_bounds_do_not_stretch_the_axis_and_the_legend_says_that_they_are_cut(made):
    tight = drawn(*one(made, set_low=lambda t: t["yoy"] - 0.1, set_high=lambda t: t["yoy"] + 0.1))
    assert "all that the figures allow" in layers(tight)
    for low, high in ((-1e7, 1e7), (np.nan, 1e7), (np.nan, 10.0)):
        cut = drawn(*one(made, set_low=low, set_high=high))
        assert "all that the figures allow (beyond the axis: cut)" in layers(cut)
        assert np.ptp(axis(cut)) < 2 * np.ptp(axis(tight))
        edges = [edge["low"] for edge in layers(cut)["90 % band"]]
        assert min(edges) == pytest.approx(axis(cut)[0])
    unknown = drawn(*one(made, set_low=np.nan, set_high=np.nan))
    assert not [label for label in layers(unknown) if label.startswith("all that")]


def test_flags_have_a_row_and_a_mark_of_their_own_for_each_kind(made):
    flags = ["", "revision", "break revision", "", "revision"]
    monthly, table = one(made)
    spec = drawn(monthly.assign(flag=np.resize(flags, len(monthly))), table)
    rows = [layer for layer in spec["layer"] if "shape" in layer["encoding"]]
    assert [row["data"]["values"][0]["kind"] for row in rows] == ["break", "revision"]
    assert len(rows[1]["data"]["values"]) == 3 * len(monthly) // 5
    assert len({row["encoding"]["y"]["value"] for row in rows}) == 2
    assert rows[0]["encoding"]["shape"]["scale"]["domain"] == ["break", "revision"]
    lowest, highest = axis(spec)
    strip = spec["height"] - min(row["encoding"]["y"]["value"] for row in rows)
    drawn_low = min(point["q05"] for point in layers(spec)["90 % band"])
    assert (drawn_low - lowest) / (highest - lowest) > strip / spec["height"]


def test_a_name_cannot_end_the_script_of_the_page(made):
    page = draw_months(*made, "html").decode()
    assert "alert(1)" in page
    assert page.count("</script>") == 2
    assert 'http-equiv="Content-Security-Policy" content="default-src \'none\'' in page


@pytest.mark.parametrize("name", ["a.pdf", "a.svg", "a", "png"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(InputError, match=re.escape(f"{name}: a picture's name must end in .png or .html")):
        picture_kind(tmp_path / name)
    assert picture_kind(tmp_path / "A.PNG") == "png"


def test_more_indicators_than_a_picture_holds_are_refused_with_the_way_out():
    check_panels(24, "png")
    with pytest.raises(InputError, match=r"a \.png picture holds 24 panels, an \.html one 200, not 25"):
        check_panels(25, "png")
    with pytest.raises(InputError, match=r"a \.html picture holds 200 panels, not 201: leave some out"):
        check_panels(201, "html")


def test_any_mixture_of_figures_can_be_drawn():
    for seed in range(6):
        table = check_observations(mixture(seed))
        monthly = decumulate(table, draws=50).monthly
        if seed < 2:  # a PNG takes a second
            assert draw_months(monthly, table, "png").startswith(PNG)
        assert len(specs(draw_months(monthly, table, "html"))) == monthly["indicator"].nunique()


def test_a_browser_draws_the_indicator_that_is_chosen_and_has_the_figures_of_each_month(made, tmp_path):
    browser = shutil.which("chromium")
    if browser is None:
        pytest.skip("no chromium")
    page = tmp_path / "picture.html"
    choose = b"<script>list.value = 'x'; list.dispatchEvent(new Event('change'));</script>"
    page.write_bytes(draw_months(*made, "html") + choose)
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
               "--virtual-time-budget=5000", "--dump-dom", page.as_uri()]  # fmt: skip
    dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    picture = dom[dom.index('<div id="picture"') :].partition("<script")[0]
    assert picture.count('class="marks"') == 1
    assert "Published figures: Bureau &lt;b&gt;of&lt;/b&gt; Statistics" in picture
    assert "growth on a year earlier, %" in picture
    assert re.search(r'aria-label="[^"]*month: 2010-01 and 2010-02[^"]*90 % band: [\d.]+ to [\d.]+', picture)


def test_a_picture_of_a_few_months_has_months_on_its_axis(made):
    monthly, table = made
    few = monthly.groupby("indicator").head(6)
    for months, format_ in ((few, "%Y-%m"), (monthly, None)):
        (panel, *_) = specs(draw_months(months, table, "html")).values()
        axes = [layer["encoding"]["x"]["axis"] for layer in panel["layer"] if "x" in layer["encoding"]]
        assert {axis.get("format") for axis in axes} == {format_}


def test_the_page_is_no_wider_than_a_phone(made, tmp_path):
    (tmp_path / "picture.html").write_bytes(draw_months(*made, "html"))
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto((tmp_path / "picture.html").as_uri())
        page.wait_for_selector("#picture svg")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        picture = page.evaluate("document.querySelector('#picture svg').getBoundingClientRect().right")
        legend = page.evaluate("Math.max(...[...document.querySelectorAll('#picture .role-legend-label text')]"
                               ".map(text => text.getBoundingClientRect().right))")  # fmt: skip
    assert legend <= picture <= 390


def test_letters_that_no_font_draws_are_named_with_the_remedy(made, caplog):
    monthly, table = one(made)
    name = "Größe \U0003fff0"  # of a plane that has no letters
    draw_months(monthly.assign(indicator=name), table.assign(indicator=name), "html")
    assert caplog.text == ""
    draw_months(monthly.assign(indicator=name), table.assign(indicator=name), "png")
    assert "no font for \U0003fff0 and draws boxes: install one" in caplog.text
    caplog.clear()
    draw_months(monthly, table, "png")
    assert caplog.text == ""


QUANTILES = ("q025", "q10", "q25", "q50", "q75", "q90", "q975")


def panel_and_quantiles(names=("a",), ahead=6):
    months = pd.date_range("2012-01-01", periods=96 + ahead, freq="MS")
    panel = pd.concat([pd.DataFrame({"unique_id": n, "ds": months[:96], "y": np.arange(96) * 1e-7}) for n in names])
    frames = []
    for name in names:
        own = pd.DataFrame({"unique_id": name, "ds": months[96:], "model": "auto_ets", "mean": 1.0})
        frames.append(own.assign(**{q: (96 + np.arange(ahead)) * 1e-7 + k * 1e-6 for k, q in enumerate(QUANTILES, -3)}))
    return panel, pd.concat(frames, ignore_index=True)


def test_a_fan_opens_at_the_last_figure_that_is_known_and_keeps_small_figures():
    panel, quantiles = panel_and_quantiles()
    (spec,) = specs(draw_forecasts(panel, quantiles, "html")).values()
    data = layers(spec)
    assert list(data) == ["95 % band", "80 % band", "50 % band", "median forecast", "known"]
    assert data["known"][0] == {"x": "2015-01-15", "y": pytest.approx(36e-7)}
    assert len(data["known"]) == 60
    assert data["median forecast"][0] == data["known"][-1] == {"x": "2019-12-15", "y": pytest.approx(95e-7)}
    assert data["80 % band"][0] == {"x": "2019-12-15", "low": pytest.approx(95e-7), "high": pytest.approx(95e-7)}
    assert data["80 % band"][1] == {"x": "2020-01-15", "low": pytest.approx(76e-7), "high": pytest.approx(116e-7)}
    assert (spec["title"]["text"], spec["title"]["subtitle"]) == ("a", "Forecast: auto_ets")
    (pointer,) = (layer for layer in spec["layer"] if layer["mark"]["type"] == "rect")
    assert pointer["data"]["values"][-1]["80 % band"] == "8.1e-06 to 1.21e-05"
    assert spec["layer"][0]["params"][0]["name"] == "zoom"


def test_figures_that_are_years_apart_are_not_connected():
    headlines = pd.DataFrame({"indicator": "x", "origin": "2022-02", "period": ["2022-03", "2022-04"],
                              **{q: [5.0, 5.1] for q in ("q05", "q25", "q50", "q75", "q95")}})  # fmt: skip
    table = pd.DataFrame({"indicator": "x", "measure": "ytd_yoy", "value": [3.0, 4.0, 6.0, 7.0], "unit": "percent",
                          "period": ["2019-11", "2021-11", "2021-12", "2022-02"]})  # fmt: skip
    other = table.assign(measure="ytd_level", value=900.0, unit="t")
    (spec,) = specs(draw_headlines(pd.concat([other, table]), headlines, "html")).values()
    known = layers(spec)["known"]
    assert [point["y"] for point in known] == [3.0, None, 4.0, 6.0, 7.0]
    assert spec["title"]["subtitle"] == "January to month, forecast from 2022-02"
    assert [label for label in layers(spec) if "band" in label] == ["90 % band", "50 % band"]


def test_as_many_fans_are_drawn_as_a_picture_holds():
    names = [f"s{k}" for k in range(25)]
    with pytest.raises(InputError, match=r"a \.png picture holds 24 panels, an \.html one 200, not 25"):
        draw_forecasts(*panel_and_quantiles(names), "png")
    panel, quantiles = panel_and_quantiles(["</script>", "b", "c"])
    page = draw_forecasts(panel, quantiles, "html")
    assert list(specs(page)) == ["</script>", "b", "c"]
    assert page.count(b"</script>") == 2
    assert draw_forecasts(panel, quantiles, "png") == draw_forecasts(panel, quantiles, "png")


def headlines_of(name: str, periods: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"indicator": name, "origin": "2016-03", "period": periods,
                         **{q: 5.0 + k for k, q in enumerate(("q05", "q25", "q50", "q75", "q95"))}})  # fmt: skip


def test_known_rates_of_an_indicator_without_any_are_those_of_its_levels():
    rows = [("total", "2015-03", "ytd_level", "200"), ("total", "2016-02", "ytd_level", "150"),
            ("total", "2016-03", "ytd_level", "230")]  # fmt: skip
    for year, values in ((2015, ("10", "10", "20")), (2016, ("11", "12", "21"))):
        rows += [("months", f"{year}-{month:02d}", "month_level", value) for month, value in enumerate(values, 1)]
    rows += [("no January", f"{year}-03", "month_level", "7") for year in (2015, 2016)]
    table = pd.DataFrame(rows, columns=["indicator", "period", "measure", "value"]).assign(unit="t")
    headlines = pd.concat(headlines_of(name, ["2016-04"]) for name in ("total", "months", "no January"))
    panels = specs(draw_headlines(table, headlines, "html"))
    known = {name: [point["y"] for point in layers(spec)["known"]] for name, spec in panels.items()}
    assert known == {
        "total": [pytest.approx(15.0)],
        "months": [pytest.approx(10.0), pytest.approx(15.0), pytest.approx(10.0)],
        "no January": [],
    }
    assert panels["total"]["title"]["subtitle"].endswith("forecast from 2016-03; before it those of published levels")
    assert panels["no January"]["title"]["subtitle"].endswith("forecast from 2016-03")


def test_a_fan_does_not_open_at_a_figure_of_long_ago():
    table = pd.DataFrame({"indicator": "x", "period": ["2013-12", "2014-12"], "measure": "ytd_yoy", "value": 3.0,
                          "unit": "percent"})  # fmt: skip
    (spec,) = specs(draw_headlines(table, headlines_of("x", ["2016-04", "2016-05"]), "html")).values()
    assert [point["x"] for point in layers(spec)["90 % band"]] == ["2016-04-01", "2016-04-15", "2016-05-15"]
    (alone,) = specs(draw_headlines(table, headlines_of("x", ["2016-04"]), "html")).values()  # one day would be unseen
    assert [point["x"] for point in layers(alone)["90 % band"]] == ["2016-04-01", "2016-04-15"]


def test_under_the_pointer_every_month_has_all_its_figures_in_plain_numbers():
    panel, quantiles = panel_and_quantiles()
    scale = {q: quantiles[q] * 1e13 for q in QUANTILES}
    page = draw_forecasts(panel.assign(y=panel["y"] * 1e13), quantiles.assign(**scale), "html")
    (spec,) = specs(page).values()
    (pointer,) = (layer for layer in spec["layer"] if layer["mark"]["type"] == "rect")
    titles = [field["field"] for field in pointer["encoding"]["tooltip"]]
    rows = pointer["data"]["values"]
    assert all(isinstance(row[title], str) for row in rows for title in titles)
    assert rows[0]["known"] == "36,000,000"
    assert (rows[0]["median forecast"], rows[0]["80 % band"], rows[-1]["known"]) == ("–", "–", "–")
    assert rows[-1]["50 % band"] == "91,000,000 to 111,000,000"


def test_a_small_movement_far_from_zero_is_not_rounded_away():
    panel, quantiles = panel_and_quantiles()
    (spec,) = specs(draw_forecasts(panel.assign(y=1e8 + np.arange(96) % 2), quantiles, "html")).values()
    assert {point["y"] for point in layers(spec)["known"]} == {1e8, 1e8 + 1}


def test_numbers_too_long_for_an_axis_have_powers_of_ten():
    panel, quantiles = panel_and_quantiles()
    for factor, written in ((1.0, "~e"), (1e7, ",~r"), (1e22, "~e"), (0.0, ",~r")):
        scaled = quantiles.assign(**{q: quantiles[q] * factor for q in QUANTILES})
        (spec,) = specs(draw_forecasts(panel.assign(y=panel["y"] * factor), scaled, "html")).values()
        assert spec["layer"][0]["encoding"]["y"]["axis"]["format"] == written


def test_the_panel_is_drawn_in_every_form_in_which_it_is_forecast():
    panel, quantiles = panel_and_quantiles(["1", "2"])
    page = draw_forecasts(panel, quantiles, "html")
    months = panel["ds"].dt.to_period("M")
    for other in (
        panel.assign(ds=months),
        panel.assign(ds=months.astype(str), y=panel["y"].astype(str)),
        panel.assign(ds=panel["ds"].dt.tz_localize("Asia/Shanghai")),
        panel.astype({"unique_id": "category", "y": "Float64"}),
        panel.astype({"unique_id": int}).sample(frac=1, random_state=0),
    ):
        assert draw_forecasts(other, quantiles, "html") == page


def test_published_rates_in_text_are_drawn_as_numbers():
    table = pd.DataFrame({"indicator": "x", "period": ["2016-02", "2016-03"], "measure": "ytd_yoy",
                          "value": ["3.0", "4.0"], "unit": "percent"})  # fmt: skip
    (spec,) = specs(draw_headlines(table, headlines_of("x", ["2016-04"]), "html")).values()
    assert [point["y"] for point in layers(spec)["known"]] == [3.0, 4.0]


@pytest.mark.parametrize("kind", PANELS)
def test_a_picture_of_nothing_is_refused(made, kind):
    panel, quantiles = panel_and_quantiles()
    with pytest.raises(InputError, match="picture: nothing to draw: the table has no rows"):
        draw_forecasts(panel, quantiles[:0], kind)
    with pytest.raises(InputError, match="picture: nothing to draw: the table has no rows"):
        draw_months(made[0][:0], made[1], kind)


def test_any_name_can_be_chosen_on_the_page(tmp_path):
    names = ["__proto__", "10", "9", "&amp;", "规模以上工业"]
    panel, quantiles = panel_and_quantiles(names)
    models = {name: f"model {k}" for k, name in enumerate(names)}
    page = draw_forecasts(panel, quantiles.assign(model=quantiles["unique_id"].map(models)), "html")
    (tmp_path / "picture.html").write_bytes(page)
    with chromium() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "picture.html").as_uri())
        for name in names:
            page.select_option("#indicator", name)
            page.get_by_text(f"Forecast: {models[name]}").wait_for(timeout=5000)


def test_years_on_a_narrow_axis_do_not_stand_among_months():
    panel, quantiles = panel_and_quantiles()
    (spec,) = specs(draw_forecasts(panel, quantiles, "html")).values()
    assert {layer["encoding"]["x"]["axis"]["tickCount"] for layer in spec["layer"]} == {6}


def test_a_rate_of_almost_nothing_has_no_sign_under_the_pointer(made):
    spec = drawn(*one(made, yoy_q05=-0.001))
    (pointer,) = (layer for layer in spec["layer"] if layer["mark"].get("opacity") == 0)
    assert pointer["data"]["values"][0]["band"].startswith("0.00 to ")

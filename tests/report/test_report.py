"""The files of a report, without a browser."""

import base64
import hashlib
import io
import json
import re
import string
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from forecasting.evaluation._combination import COMBINATIONS
from forecasting.models import MODELS, PANEL_MODELS
from forecasting.projection import load_assumptions
from forecasting.publishing import publish
from forecasting.report import Report, percent
from tests.publishing.conftest import small_tables
from tests.report.tables import HOSTILE, SCENARIOS, empty_tables, made_tables

RUN = {"run_id": "2026-01-20-abc", "as_of": "2026-01-20"}
PROVENANCE = {
    **RUN,
    "seed": 7,
    "missing": [f"a source was closed {HOSTILE}"],
    "inputs": {"version": "0.1.0", "fit": {"draws": 5}},
}


def report(tables: dict[str, pd.DataFrame]) -> Report:
    return Report(tables, **RUN)


def page_of(tables: dict[str, pd.DataFrame]) -> str:
    return report(tables).page(PROVENANCE, ["monthly.csv"])["index.html"].decode()


def data_of(page: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)[1])


@pytest.fixture(scope="module")
def page() -> str:
    return page_of(made_tables())


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    return report(made_tables(2)).pictures()


def test_the_same_tables_give_the_same_bytes(page: str, pictures: dict[str, bytes]) -> None:
    assert page_of(made_tables()) == page
    again = report(made_tables(2)).pictures()
    assert {name: hashlib.sha256(data).digest() for name, data in again.items()} == {
        name: hashlib.sha256(data).digest() for name, data in pictures.items()
    }


def test_nothing_of_the_tables_can_end_the_data_or_begin_a_script(page: str) -> None:
    assert "<img src=x" not in page
    assert len(re.findall(r"^<script", page, re.M)) == page.count("</script>") == 3
    data = data_of(page)
    assert data["board"]["title_en"][0] == HOSTILE
    assert data["provenance"]["missing"] == PROVENANCE["missing"]


def test_scenarios_and_uses_go_by_the_titles_of_ones_own_file_before_the_names_we_have() -> None:
    titles = {"full_ban": "需求放缓", "nev": "车用塑料"}
    mine = Report(made_tables(2), **RUN, titles=titles)
    texts = data_of(mine.page(PROVENANCE, [])["index.html"].decode())["texts"]
    assert (texts["name.full_ban"], texts["name.nev"]) == (["需求放缓"] * 2, ["车用塑料"] * 2)
    assert texts["name.wind"] == ["wind power", "风电"]
    drawn = mine.pictures()["pictures/capacity_scenarios.svg"].decode()
    assert "需求放缓" in drawn
    assert "Full ban" not in drawn
    assert "Full ban" in report(made_tables(2)).pictures()["pictures/capacity_scenarios.svg"].decode()


def test_the_scenario_shown_first_is_the_one_that_assumptions_are_tried_on() -> None:
    tables = made_tables(2)
    assert "S1 Baseline mixture" in report(tables).pictures()["pictures/capacity.svg"].decode()
    tables["sensitivity"]["scenario"] = "indicator_only"
    assert data_of(page_of(tables))["leading"]["scenario"] == "indicator_only"
    drawn = report(tables).pictures()
    for name in ("capacity", "milestones", "claims"):
        assert "S0 Indicators only" in drawn[f"pictures/{name}.svg"].decode()


def test_of_many_sources_a_picture_names_the_publisher_and_the_latest() -> None:
    tables = made_tables(2)
    figures = tables["observations"]
    figures["source"] = np.where(figures["indicator"] == "indicator_0", "file " + figures["period"] + ".csv", "a file")
    details = data_of(page_of(tables))["details"]
    assert details["indicator_0"]["sources"] == ["Bureau", "file 2025-11.csv", "file 2025-12.csv", "…"]
    assert details["indicator_1"]["sources"] == ["a file"]


def test_the_policy_lets_run_the_scripts_of_the_page_by_their_hash_and_nothing_be_fetched(page: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'; ")
    texts = [re.search(r"<style>(.*?)</style>", page, re.S)[1], *re.findall(r"<script>(.*?)</script>", page, re.S)]
    assert len(texts) == 3
    for text in texts:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" in policy
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_a_page_of_thirty_indicators_holds_them_all_and_stays_under_three_megabytes() -> None:
    out = report(made_tables(30)).page(PROVENANCE, [])
    assert list(out) == ["index.html"]
    assert len(out["index.html"]) < 3_000_000


def test_many_indicators_are_dealt_into_pieces_each_once_and_the_pieces_can_be_published(tmp_path) -> None:
    tables = made_tables(160, years=10)
    out = report(tables).page(PROVENANCE, [])
    data = data_of(out["index.html"].decode())
    assert data["details"] == {}
    assert sorted(data["pieces"]) == sorted(name for name in out if name != "index.html")
    for number, path in enumerate(data["pieces"]):
        assert len(out[path]) < 400_000
        run_id, inside = json.loads("[" + out[path].decode().removeprefix("cumulusPiece(").removesuffix(");\n") + "]")
        assert run_id == RUN["run_id"]
        assert [name for name, _ in inside] == [
            name for name, at in zip(data["board"]["id"], data["board"]["piece"], strict=True) if at == number
        ]
    folder = publish(small_tables(), root=tmp_path, provenance={}, files=out, **RUN)
    assert (folder / data["pieces"][0]).read_bytes() == out[data["pieces"][0]]


def test_details_made_for_some_indicators_at_a_time_are_those_of_all_at_once(monkeypatch) -> None:
    tables = made_tables(7)
    whole = report(tables).page(PROVENANCE, [])
    monkeypatch.setattr("forecasting.report._details.CHUNK", 2)
    assert report(tables).page(PROVENANCE, []) == whole


def test_numbers_of_the_page_are_those_of_the_tables_rounded(page: str) -> None:
    tables = made_tables()
    data = data_of(page)
    one = data["details"]["indicator_2"]
    known = tables["monthly"].query("indicator == 'indicator_2' and status != 'K'")
    assert one["months"]["yoy"] == pytest.approx(known["yoy"].round(2).tolist())
    assert len(one["pairs"]["x"]) == 4
    row = tables["headlines"].query("indicator == 'indicator_2'").iloc[0]
    assert data["board"]["q95"][2] == pytest.approx(row["q95"], abs=0.005)
    first, step, p = data["board"]["odds"][2]
    assert sum(p) == pytest.approx(1, abs=0.02)
    assert (6.0 - first) / step == pytest.approx(round((6.0 - first) / step)), "the last rate is the middle of a bar"
    fan = next(entry for entry in data["projection"]["trajectories"] if entry["key"] == "Baotou|capacity_index")
    assert set(fan["by"]) == set(SCENARIOS)
    assert all(
        a <= b <= c
        for a, b, c in zip(fan["by"]["full_ban"][0], fan["by"]["full_ban"][2], fan["by"]["full_ban"][4], strict=True)
    )


@pytest.mark.parametrize(
    ("probabilities", "first", "shown"),
    [
        ([0.1, 0.8, 0.1], 5.8, [0.1, 0.8, 0.1]),
        ([1.0], 5.8, [1.0]),
        ([0.5, 0.499, 0.001], 5.8, [0.5, 0.499]),
        ([0.001, 0.998, 0.001], 5.9, [0.998]),
        ([0.002, 0.24, 0.5, 0.253, 0.005], 5.9, [0.24, 0.5, 0.253, 0.005]),
    ],
)
def test_the_odds_lose_no_bar_but_those_wholly_in_a_far_tail(probabilities, first, shown) -> None:
    tables = made_tables()
    row = tables["headlines"].query("indicator == 'indicator_1'").iloc[0]
    odds = tables["headline_odds"]
    mine = pd.DataFrame({
        "indicator": "indicator_1",
        "origin": row["origin"],
        "period": row["period"],
        "value": np.round(5.8 + 0.1 * np.arange(len(probabilities)), 1),
        "probability": probabilities,
    }).reindex(columns=odds.columns)  # fmt: skip
    tables["headline_odds"] = pd.concat([odds[odds["indicator"] != "indicator_1"], mine], ignore_index=True)
    shelf = data_of(page_of(tables))["board"]
    assert shelf["odds"][shelf["id"].index("indicator_1")] == [pytest.approx(first), pytest.approx(0.1), shown]


def test_set_bounds_stretch_the_axis_by_a_quarter_of_the_band_at_most(page: str) -> None:
    one = data_of(page)["details"]["indicator_0"]
    band = [value for name in ("yoy", "q05", "q95") for value in one["months"][name]]
    assert max(one["months"]["set_high"]) == 90
    assert max(one["months"]["high"]) == pytest.approx(max(band) + 0.25 * (max(band) - min(band)), abs=0.01)


def test_the_pictures_are_those_of_every_main_chart_and_say_unit_vintage_run_and_source(
    pictures: dict[str, bytes],
) -> None:
    names = [
        "headlines",
        "indicator_indicator_1",
        "indicator_indicator_0",
        "capacity",
        "capacity_scenarios",
        "absorption",
        "absorption_scenarios",
        "milestones",
        "claims",
        "sensitivity",
        "scorecard",
        "backtest",
    ]
    assert list(pictures) == [f"pictures/{name}.{kind}" for name in names for kind in ("svg", "png")]
    for name in names:
        svg = pictures[f"pictures/{name}.svg"].decode()
        for said in ("Unit: ", "Known as of 2026-01-20", "Run 2026-01-20-abc", "Source: "):
            assert said in svg, name
        with Image.open(io.BytesIO(pictures[f"pictures/{name}.png"])) as picture:
            assert picture.width >= 1350
            assert len(picture.getcolors(100_000)) > 5
    assert "<img" not in pictures["pictures/headlines.svg"].decode()


def test_empty_tables_give_a_page_and_no_pictures() -> None:
    one = report(empty_tables())
    assert one.pictures() == {}
    assert data_of(one.page(RUN, [])["index.html"].decode())["board"]["id"] == []


def test_the_small_release_with_gaps_in_every_table_can_be_shown() -> None:
    one = report(small_tables())
    assert "pictures/headlines.svg" in one.pictures()
    assert set(data_of(one.page(RUN, [])["index.html"].decode())["details"]) == {"baotou_va", "national_va", "silent"}


def test_every_text_that_page_and_charts_ask_for_exists_in_both_languages_with_the_same_places(page: str) -> None:
    data = data_of(page)
    home = files("forecasting.report").joinpath("page")
    script = "".join(path.read_text(encoding="utf-8") for path in home.iterdir() if path.name.endswith(".js"))
    asked = set(re.findall(r'\bt\("([\w.]+)"', script)) | set(
        re.findall(r'"\$": ?"text\.([\w.]+)"', json.dumps(data["charts"]))
    )
    asked |= {text for chart in data["charts"].values() for text, _, _ in chart["legend"]}
    assert len(asked) > 150
    assert asked <= set(data["texts"])
    for key, (english, chinese) in data["texts"].items():
        places = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in (english, chinese)]
        assert places[0] == places[1], key
        assert english, key
        assert chinese, key


def test_scenarios_and_flags_of_the_package_have_names_in_both_languages(page: str) -> None:
    texts = data_of(page)["texts"]
    assert {f"name.{scenario}" for scenario in load_assumptions(None).scenarios} <= set(texts)
    for flag in ("block", "sparse", "levels_only", "restated_base", "revision", "break", "apart"):
        assert {f"name.{flag}", f"flag.{flag}"} <= set(texts)


def test_models_have_names_in_both_languages_and_are_explained(page: str) -> None:
    texts = data_of(page)["texts"]
    for model in (*MODELS, *PANEL_MODELS, *COMBINATIONS):
        assert {f"name.{model}", f"model.{model}"} <= set(texts), model


def test_points_at_the_ends_of_the_axis_of_time_are_whole_and_near_certainty_is_no_certainty() -> None:
    tables = made_tables()
    one = data_of(page_of(tables))["details"]["indicator_1"]
    first, last = one["spans"]["months"]["0"]["x"]
    assert first < one["months"]["x"][0]
    assert last > one["ahead_months"]["x"][-1]
    assert [percent(p) for p in (0, 0.001, 0.5, 0.997, 1)] == ["0 %", "<1 %", "50 %", ">99 %", "100 %"]

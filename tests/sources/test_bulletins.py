"""Bulletins as a source: names and units of the catalogue, what is put aside, left out or asked of a person."""

import datetime as dt
from pathlib import Path

import pytest

from forecasting.catalog import Catalog, load_catalog
from forecasting.errors import InputError, SourceError
from forecasting.payloads import Payload
from forecasting.sources._bulletins import Bulletins
from forecasting.sources.bulletin import name_problem

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
TITLE = "2025年1—11月全国经济运行情况\n"


def reading(text: str | bytes, catalog: Catalog | None = None, name: str = "b.txt"):
    body = text.encode() if isinstance(text, str) else text
    return Bulletins(Path(), 1).read(Payload("bulletin", name, NOW, body), catalog or load_catalog())


def figures(text: str, catalog: Catalog | None = None) -> list[tuple[str, str, str, str, str]]:
    rows = reading(text, catalog).rows
    return list(zip(*(rows[name] for name in ("indicator", "measure", "value", "decimals", "unit")), strict=True))


def changed(name: str, **changes) -> Catalog:
    """The default catalogue with one indicator changed."""
    return Catalog(item.model_copy(update=changes) if item.id == name else item for item in load_catalog())


def test_figures_come_under_the_catalogues_names_with_their_sentence():
    found = reading("2025年1—11月份，包头市规模以上工业增加值同比增长11.30%。")
    row = found.rows.iloc[0]
    assert row[["indicator", "period", "measure", "value", "unit", "decimals"]].tolist() == [
        "baotou_industrial_va", "2025-11", "ytd_yoy", "11.30", "percent", "2"
    ]  # fmt: skip
    assert (row["source"], row["note"]) == (
        "bulletin b.txt",
        "2025年1—11月份，包头市规模以上工业增加值同比增长11.30%。",
    )
    assert (found.bad, found.doubtful, found.unfollowed) == ([], [], [])


@pytest.mark.parametrize(
    ("printed", "value", "decimals"),
    [
        ("4882.3亿美元", "488.23", "2"),
        ("4882亿美元", "488.2", "1"),
        ("0.49万亿美元", "490", "-1"),
        ("48823000万美元", "488.23000", "5"),
    ],
)
def test_a_level_is_brought_into_the_catalogues_unit_with_its_rounding(printed, value, decimals):
    assert figures(f"{TITLE}全国进口{printed}。") == [("cn_imports", "ytd_level", value, decimals, "USD billion")]


@pytest.mark.parametrize(("printed", "value", "decimals"), [("5800吨", "5800", "0"), ("0.58万吨", "5800", "-2")])
def test_a_weight_is_brought_into_tons(printed, value, decimals):
    assert figures(f"{TITLE}全国稀土永磁出口{printed}。") == [("cn_magnet_exports", "ytd_level", value, decimals, "t")]


def test_a_multiple_is_as_rough_as_it_was_printed():
    text = f"{TITLE}全国稀土出口量5.2万吨，增长1.6倍。"
    assert figures(text)[1] == ("cn_rare_earth_exports", "ytd_yoy", "160", "-1", "percent")


def test_a_unit_that_cannot_be_converted_puts_the_figure_aside_and_the_growth_beside_it_comes_in():
    catalog = changed("cn_magnet_exports", unit="units")
    found = reading(f"{TITLE}全国稀土永磁出口5800吨，增长3.0%。", catalog)
    assert found.rows["measure"].tolist() == ["ytd_yoy"]
    [bad] = found.bad
    assert bad.reason == "unit 't' cannot be converted into the catalogue's 'units': they measure other things"
    assert bad.row["value"] == "5800"
    assert bad.where in bad.row["note"]


def test_a_level_of_an_indicator_followed_by_growth_alone_is_put_aside():
    found = reading(f"{TITLE}全国制造业投资280000亿元，增长3.0%。")
    assert found.rows["value"].tolist() == ["3.0"]
    assert "the catalogue follows growth alone" in found.bad[0].reason


def test_figures_of_nothing_that_is_followed_are_named_and_no_rows():
    found = reading(f"{TITLE}全国粗钢产量8.9亿吨，下降4.0%。全国进口按美元计价增长0.5%。")
    assert found.unfollowed == ["cn_crude_steel_output"] * 2
    assert found.rows["indicator"].tolist() == ["cn_imports"]


def test_doubtful_figures_are_no_rows_but_questions():
    found = reading("2025年1—11月，包头市稀土产业增加值增长20%左右，部分蒙古刀产量增长5.0%。")
    assert found.rows.empty
    assert [(one["indicator"], one["value"], one["confirmed"], one["source"]) for one in found.doubtful] == [
        ("baotou_rare_earth_va", "20", "", "b.txt"), ("部分蒙古刀产量", "5.0", "", "b.txt")
    ]  # fmt: skip
    assert found.doubtful[0]["reason"] == "only an approximate figure: 左右"


def test_a_doubtful_figure_is_the_same_in_a_copy_unless_only_the_bulletin_tells_when_it_was():
    dated, undated = "2025年1—11月，包头市稀土产业增加值增长20%左右。", "包头市稀土产业增加值增长20%左右。"
    ids = {(name, text): reading(text, name=name).doubtful[0]["id"] for name in ("a.txt", "b.md")
           for text in (dated, undated)}  # fmt: skip
    assert ids["a.txt", dated] == ids["b.md", dated]
    assert ids["a.txt", undated] != ids["b.md", undated]


def test_another_catalogue_may_give_the_same_figures_other_names():
    own = load_catalog()["cn_retail_sales"]
    source = own.source.model_copy(update={"bulletin": own.source.bulletin[:1]})
    catalog = Catalog([own.model_copy(update={"id": "shops", "source": source})])
    assert figures(f"{TITLE}全国社会消费品零售总额增长4.0%。", catalog) == [("shops", "ytd_yoy", "4.0", "1", "percent")]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ('{ name = "cn_retail_sale" }', "no figure is read as 'cn_retail_sale'; did you mean cn_retail_sales?"),
        ('{ name = "baotou_retail_sales" }', "names of 全国 begin with 'cn_'"),
        ('{ name = "x_y", region = "DE" }', "no region 'DE' is known to the reader"),
    ],
)
def test_a_name_that_the_reader_never_gives_is_refused(tmp_path, line, what):
    catalog = tmp_path / "catalog.toml"
    catalog.write_text(
        'indicator = [{ id = "x", title_en = "x", title_zh = "x", region = "CN", sector = "x", unit = "index", '
        'role = "context", family = "x", publisher = "x", release = { lag = 1, day = 1, time = "10:00" }, '
        f'source = {{ connector = "bulletin", bulletin = [{line}] }} }}]',
        encoding="utf-8",
    )
    with pytest.raises(InputError, match=r"bulletin: indicator x: source\.bulletin: ") as caught:
        list(Bulletins(tmp_path, 1).fetch(load_catalog(catalog), NOW))
    assert what in str(caught.value)


@pytest.mark.parametrize(
    "name", ["cn_magnet_exports_us", "cn_magnet_exports_us_value_cny", "cn_trade_us", "cn_trade_asean_exports_cny"]
)
def test_trade_with_a_partner_has_names_of_its_own(name):
    assert name_problem("CN", name) == ""
    assert name_problem("CN", name.replace("_us", "_atlantis").replace("asean", "atlantis"))


def test_bulletins_of_the_folder_are_payloads_and_a_huge_one_is_refused(tmp_path):
    for name in ("b.txt", "a.HTML", "c.csv", ".d.txt"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    (tmp_path / "e.md").write_bytes(b"x" * (1 << 20) + b"x")
    first, second, third = Bulletins(tmp_path, 1).fetch(load_catalog(), NOW)
    assert [item[0].address for item in (first, second)] == ["a.HTML", "b.txt"]
    assert isinstance(third, SourceError)
    assert "e.md: 1 MB, more than sources.max_bulletin_mb = 1" in str(third)


def test_a_folder_that_does_not_exist_has_no_bulletins(tmp_path):
    assert list(Bulletins(tmp_path / "none", 1).fetch(load_catalog(), NOW)) == []


HEAD = "包头市2025年1—11月经济运行情况\n发布时间：{}\n"
GROWN = "1—11月，全市规模以上工业增加值增长11.3%，1—10月为增长11.6%。"


def released(day: str) -> dict[str, tuple[str, str]]:
    rows = reading(HEAD.format(day) + GROWN).rows
    return dict(zip(rows["period"], zip(rows["released_at"], rows["source"], strict=True), strict=True))


def test_the_day_of_a_bulletin_is_the_release_time_of_its_latest_figures_and_the_source_says_so():
    assert released("2025-12-22 10:30") == {
        "2025-11": ("2025-12-22T10:30:00+08:00", "bulletin b.txt, published 2025-12-22"),
        "2025-10": ("", "bulletin b.txt"),
    }


def test_without_a_time_of_day_it_is_the_catalogues():
    usual = load_catalog()["baotou_industrial_va"].release.time
    assert released("2025年12月22日")["2025-11"][0] == f"2025-12-22T{usual}:00+08:00"


@pytest.mark.parametrize("day", ["2025-11-29 10:00", "2026-03-02 10:00", "2025-12-22 发布时间：2025-12-23"])
def test_a_day_before_the_end_of_the_period_or_still_to_come_or_said_twice_leaves_the_rule(day):
    assert released(day)["2025-11"] == ("", "bulletin b.txt")

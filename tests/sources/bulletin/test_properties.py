"""Whatever the text: no uncaught error; figures that are rendered from templates are read back."""

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forecasting.catalog import load_catalog
from forecasting.sources.bulletin import SURE, read_bulletin
from forecasting.sources.bulletin._phrases import PHRASES, UNITS
from forecasting.sources.bulletin._vocabulary import words

PIECES = [
    *(word for _, _, names in PHRASES for word in names.split("|")),
    *list(words())[::7],
    *UNITS,
    *(
        "1—11月",
        "2025年",
        "11月份",
        "全市",
        "包头市",
        "12.3%",
        "0.4个百分点",
        "，",
        "。",
        "；",
        "、",
        "（",
        "）",
        "\n",
        " ",
        "|",
        "-",
        "亿元",
        "(%)",
    ),
    *("<p>", "</td>", "<table>", "<tr><td>", "&nbsp;", "倍", "1.5", "一点", "百分之", "翻"),
]
REGIONS = {
    "全国": "cn",
    "包头市": "baotou",
    "内蒙古自治区": "inner_mongolia",
    "四川省": "sichuan",
    "苏州市": "suzhou_jiangsu",
}
SUBJECTS = {
    "规模以上工业增加值": "industrial_va",
    "采矿业增加值": "mining_va",
    "稀土产业增加值": "rare_earth_va",
    "固定资产投资": "fixed_asset_investment",
    "制造业投资": "fai_manufacturing",
    "社会消费品零售总额": "retail_sales",
    "粗钢产量": "crude_steel_output",
    "全社会用电量": "power_use",
    "规模以上工业利润总额": "industrial_profit",
}
WINDOWS = [
    *(
        (f"{dash.join(('1', str(month)))}月份", f"{month:02d}", "ytd_yoy")
        for dash in ("—", "-", "至", "～")
        for month in (2, 5, 11)
    ),
    *((f"前{month}个月", f"{month:02d}", "ytd_yoy") for month in (2, 7, 10)),
    *((f"{month}月份", f"{month:02d}", "month_yoy") for month in (3, 12)),
    ("一季度", "03", "ytd_yoy"),
    ("上半年", "06", "ytd_yoy"),
    ("前三季度", "09", "ytd_yoy"),
    ("全年", "12", "ytd_yoy"),
]
VALUES = st.decimals(min_value=Decimal("-60"), max_value=Decimal("400"), places=1)


def growth(value: Decimal, form: int) -> str:
    size = abs(value)
    if value < 0:
        return (f"同比下降{size}%", f"下降{size}％", f"增速为{value}%")[form]
    return (f"同比增长{size}%", f"增长{size}％", f"增速为{size}%")[form]


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_no_text_of_the_languages_own_pieces_raises(text):
    sure, _ = read_bulletin(text, source="x")
    assert list(sure.columns) == list(SURE)


@settings(max_examples=200)
@given(st.text(max_size=300))
def test_no_text_at_all_raises(text):
    read_bulletin(text, source="x")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "run", ["一", "，", "(", "1-", "增长5%，", "采矿业、", "5%、", "<table>", "对", "百分之", "指标 5 "]
)
def test_a_long_run_of_anything_takes_no_long_time(run):
    read_bulletin(run * 3000, source="x")


@settings(max_examples=150)
@given(
    place=st.sampled_from(sorted(REGIONS)),
    year=st.integers(2000, 2030),
    window=st.sampled_from(WINDOWS),
    figures=st.lists(
        st.tuples(st.sampled_from(sorted(SUBJECTS)), VALUES, st.integers(0, 2)),
        min_size=1,
        max_size=6,
        unique_by=lambda one: one[0],
    ),
    mark=st.sampled_from("，；。"),
)
def test_rendered_figures_are_read_back(place, year, window, figures, mark):
    words, month, measure = window
    assume(measure != "month_yoy" or not any("投资" in name for name, _, _ in figures))  # of a month only where said
    text = f"{year}年{words}，{place}" + mark.join(name + growth(value, form) for name, value, form in figures) + "。"
    sure, doubtful = read_bulletin(text, source="x")
    expected = [
        [f"{REGIONS[place]}_{SUBJECTS[name]}", f"{year}-{month}", measure, str(value) if value else "0.0"]
        for name, value, _ in figures
    ]
    assert sure[["indicator", "period", "measure", "value"]].to_numpy().tolist() == expected
    assert doubtful.empty


def test_the_catalogues_titles_are_read_under_the_catalogues_ids():
    cities = {"CN": "", "CN-150200": ""}
    for indicator in load_catalog():
        if indicator.id.startswith(("cn_exports", "cn_imports")):
            continue  # their titles name the currency in brackets
        title = indicator.title_zh.replace("（不含农户）：", "").removeprefix("固定资产投资")
        title = f"{title}投资" if "：" in indicator.title_zh else indicator.title_zh
        where = cities[indicator.region] + ("全国" if indicator.region == "CN" and "全国" not in title else "")
        context = (
            "规模以上工业增加值增长6.0%，" if indicator.id.endswith("_va") and "industrial" not in indicator.id else ""
        )
        text = f"2025年1—11月，{'包头市' if indicator.region != 'CN' else where}{context}{title}增长5.5%。"
        sure, _ = read_bulletin(text, source="x")
        assert sure.iloc[-1][["region", "indicator"]].tolist() == [indicator.region, indicator.id], text

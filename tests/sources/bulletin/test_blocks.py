"""Pages, wrapped lines, noise and tables."""

import pytest

from forecasting.sources.bulletin import read_bulletin


def sure(text: str) -> dict[tuple[str, str, str], str]:
    frame, _ = read_bulletin(text, source="text")
    return {(row.indicator, row.period, row.measure): row.value for row in frame.itertuples()}


TITLE = "包头市2025年1-11月主要经济指标\n"
VALUE_ADDED = ("baotou_industrial_va", "2025-11", "ytd_yoy")


@pytest.mark.parametrize(
    "text",
    [
        "全市规模以上工业增加值同比增长11.3%。",
        "全市规模以上工业增加值\n同比增长\n11.3%。",
        "今年以来全市上下顶压前行，\n稳中求进提质增效，全市规模\n以上工业增加值同比增长11.\n3%。",
        "今年以来全市上下顶压前行工业生产稳中有进，全市规模以上工业增加值同比增长1\n1.3%。",
        "全 市 规模 以上 工业 增加值 同比 增长 11.3 %。",
        "全市规模以上工业增加值(zēng jiā zhí)同比增长11.3%。",
        "全市规模\u200b以上工业\ufeff增加值同比增长11.3%。",
        "①全市规模以上工业增加值同比增长11.3%。",
        "扫码关注公众号，领取限时优惠99%！\n全市规模以上工业增加值同比增长11.3%。\n- 3 -\n责任编辑：某某",
        "<p>全市规模以上工业增加值<b>同比增长</b>11.3&#37;&#12290;</p>",
        "<div>全市规模以上工业增加值&nbsp;同比增长<span>11.3</span>%。<script>增长99%</script></div>",
        "<table><tr><td><p>全市规模以上工业增加值同比增长11.3%。</p></td></tr></table>",
    ],
)
def test_scraped_text_reads_like_the_published_one(text):
    assert sure(TITLE + text) == {VALUE_ADDED: "11.3"}


TABLES = {
    "html": "<table><tr><th>指标</th><th>单位</th><th>绝对量</th><th>同比增长(%)</th></tr>"
    "<tr><td>规模以上工业增加值</td><td>亿元</td><td>-</td><td>11.3</td></tr>"
    "<tr><td>社会消费品零售总额</td><td>亿元</td><td>1,512.36</td><td>4.1</td></tr>"
    "<tr><td>其中：城镇</td><td>亿元</td><td>1,400.10</td><td>-0.5</td></tr></table>",
    "blanks": "指标      单位   绝对量   同比增长(%)\n规模以上工业增加值   亿元   -   11.3\n"
    "社会消费品零售总额   亿元   1,512.36   4.1\n其中：城镇   亿元   1,400.10   -0.5",
    "bars": "| 指标 | 单位 | 绝对量 | 同比增长(%) |\n| 规模以上工业增加值 | 亿元 | - | 11.3 |\n"
    "| 社会消费品零售总额 | 亿元 | 1,512.36 | 4.1 |\n| 其中：城镇 | 亿元 | 1,400.10 | -0.5 |",
    "one line": "指标 单位 绝对量 同比增长(%) 规模以上工业增加值 亿元 - 11.3 "
    "社会消费品零售总额 亿元 1,512.36 4.1 其中：城镇 亿元 1,400.10 -0.5",
    "a cell a line": "指标\n单位\n绝对量\n同比增长(%)\n规模以上工业增加值\n亿元\n-\n11.3\n"
    "社会消费品零售总额\n亿元\n1,512.36\n4.1\n其中：城镇\n亿元\n1,400.10\n-0.5",
}


@pytest.mark.parametrize("form", TABLES)
def test_a_table_reads_the_same_in_every_form(form):
    assert sure(TITLE + TABLES[form]) == {
        VALUE_ADDED: "11.3",
        ("baotou_retail_sales", "2025-11", "ytd_level"): "1512.36",
        ("baotou_retail_sales", "2025-11", "ytd_yoy"): "4.1",
        ("baotou_retail_urban", "2025-11", "ytd_level"): "1400.10",
        ("baotou_retail_urban", "2025-11", "ytd_yoy"): "-0.5",
    }


def test_a_row_whose_blank_cells_are_lost_is_doubtful_unless_its_unit_tells():
    text = (
        f"{TITLE}指标 单位 绝对量 同比增长(%)\n规模以上工业增加值 % 11.3\n固定资产投资 亿元 5.2\n"
        "社会消费品零售总额 亿元 512.3 4.1"
    )
    frame, doubtful = read_bulletin(text, source="text")
    assert frame["value"].to_list() == ["11.3", "512.3", "4.1"]
    assert "which are blank is not known" in doubtful["reason"].item()


def test_two_windows_over_one_header_are_told_apart():
    text = (
        f"{TITLE}<table><tr><td rowspan=2>指标</td><td rowspan=2>单位</td>"
        "<td colspan=2>11月</td><td colspan=2>1-11月</td></tr>"
        "<tr><td>绝对量</td><td>增速(%)</td><td>绝对量</td><td>增速(%)</td></tr>"
        "<tr><td>全社会用电量</td><td>亿千瓦时</td><td>81.2</td><td>6.0</td><td>868.4</td><td>7.2</td></tr>"
        "<tr><td>发电量</td><td>亿千瓦时</td><td></td><td></td><td>700.1</td><td>3.3</td></tr></table>"
    )
    assert sure(text) == {
        ("baotou_power_use", "2025-11", "month_level"): "81.2",
        ("baotou_power_use", "2025-11", "month_yoy"): "6.0",
        ("baotou_power_use", "2025-11", "ytd_level"): "868.4",
        ("baotou_power_use", "2025-11", "ytd_yoy"): "7.2",
        ("baotou_power_generation", "2025-11", "ytd_level"): "700.1",
        ("baotou_power_generation", "2025-11", "ytd_yoy"): "3.3",
    }


def test_a_table_of_regions_takes_its_subject_from_the_column():
    text = (
        "2025年1-11月各盟市主要指标\n<table><tr><td>地区</td><td>规模以上工业增加值增速(%)</td><td>位次</td></tr>"
        "<tr><td>包头市</td><td>11.3</td><td>3</td></tr><tr><td>鄂尔多斯市</td><td>5.3</td><td>9</td></tr></table>"
    )
    assert sure(text) == {VALUE_ADDED: "11.3", ("ordos_industrial_va", "2025-11", "ytd_yoy"): "5.3"}


def test_last_years_column_is_passed_over():
    text = (
        f"{TITLE}指标 单位 1-11月 上年同期 同比增长(%)\n"
        "社会消费品零售总额 亿元 512.3 492.1 4.1\n一般公共预算收入 亿元 220.5 210.4 4.8"
    )
    assert sorted(sure(text).values()) == ["220.5", "4.1", "4.8", "512.3"]


def test_columns_say_what_of_the_rows_is_measured():
    cells = "行  业\n营业收入\n（亿元）\n比去年同期增长（%）\n利润总额\n（亿元）\n比去年同期增长（%）\n"
    rows = "教育\n26.41\n-3.2\n0.15\n-\n金融业\n47.53\n15.7\n2.54\n25.5\n"
    head = "包头市2025年1-5月规模以上服务业企业主要指标\n\n"
    sure, _ = read_bulletin((head + cells + rows).replace("\n", "\n\n"), source="text")
    assert dict(zip(sure["indicator"] + " " + sure["measure"], sure["value"], strict=True)) == {
        "baotou_education_revenue ytd_level": "26.41",
        "baotou_education_revenue ytd_yoy": "-3.2",
        "baotou_education_profit ytd_level": "0.15",
        "baotou_finance_revenue ytd_level": "47.53",
        "baotou_finance_revenue ytd_yoy": "15.7",
        "baotou_finance_profit ytd_level": "2.54",
        "baotou_finance_profit ytd_yoy": "25.5",
    }


def test_rows_below_one_with_a_unit_are_measured_in_it_too():
    text = (
        "包头市2025年5月社会消费品零售总额\n指标 | 本月 | 比去年同月增长(%) | \n"
        "社会消费品零售总额(亿元) | 47.21 | 4.3 |\n# 批发零售业 | 40.67 | 3.6 |\n住宿餐饮业 | 6.54 | 12.3 |\n"
    )
    sure, _ = read_bulletin(text, source="text")
    assert list(sure["value"]) == ["47.21", "4.3", "40.67", "3.6", "6.54", "12.3"]
    assert set(sure["unit"]) == {"CNY 100 million", "percent"}

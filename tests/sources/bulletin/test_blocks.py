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


@pytest.mark.parametrize(
    "mark",
    ["<sup>2</sup>", "<sup>[2]</sup>", "<a href='#n'><span style='vertical-align:super'>2</span></a>", "<del>9</del>",
     "<span style='display:none'>9</span>", "<s>9</s>"],
)  # fmt: skip
def test_a_footnotes_mark_and_what_nobody_sees_are_no_digits(mark):
    text = f"<p>包头市2025年前三季度地区生产总值{mark}3500亿元，同比增长{mark}5.3%{mark}。</p>"
    table = (
        f"<table><tr><td>地区生产总值{mark}</td><td>5.3{mark}</td></tr><tr><td>进口</td><td>{mark}4.1</td></tr></table>"
    )
    assert sure(text) == {
        ("baotou_gdp", "2025-09", "ytd_level"): "3500",
        ("baotou_gdp", "2025-09", "ytd_yoy"): "5.3",
    }
    bare = table.replace(mark, "")
    head = "<p>包头市2025年前三季度同比增长（%）</p>"
    assert sure(head + table) == sure(head + bare)


def test_a_raised_number_is_kept_where_it_belongs_to_a_unit_or_a_power():
    text = "<p>包头市2025年前三季度商品房销售面积100万m<sup>2</sup>，发电量10<sup>8</sup>千瓦时。</p>"
    assert sure(text) == {("baotou_housing_sales_area", "2025-09", "ytd_level"): "100"}


@pytest.mark.parametrize("head", ["<html><head><title>x</title><body>", "<!DOCTYPE html><head><meta charset=utf-8>"])
def test_the_end_of_a_pages_head_may_be_left_out(head):
    text = "<p>包头市2025年1-11月全市规模以上工业增加值同比增长11.3%。</p>"
    assert sure(head + text) == {VALUE_ADDED: "11.3"}


@pytest.mark.parametrize(
    "text",
    [
        "## 一、工业\n\n- **规模以上工业增加值**[^1]同比增长 **11.3%**",
        "> 规模以上工业增加值同比增长__11.3__%。",
        '全市[规模以上工业增加值](http://example.org/a?b=9%25 "工业")同比增长`11.3%`。',
        "全市规模以上工业增加值同比增长~~9.9%~~11.3%。",
        "* 全市规模以上工业增加值同比增长*11\\.3%*。",
    ],
)
def test_the_marks_of_markdown_are_taken_off(text):
    assert sure(f"# {TITLE}\n{text}\n") == {VALUE_ADDED: "11.3"}


def test_a_title_with_blanks_beside_its_figures_is_no_table():
    text = "包头 2025年 1—11月社会消费品零售总额增长 6.3%\n1—11月，全市限额以上单位消费品零售额 401.7亿元，增长 7.5%。"
    assert sure(text) == sure(text.replace(" ", ""))
    assert sure(text)["baotou_retail_sales", "2025-11", "ytd_yoy"] == "6.3"


def test_a_day_with_a_blank_before_it_dates_a_text():
    text = "前11个月包头经济运行情况\n包头市统计局 2025年12月 22日\n全市规模以上工业增加值同比增长11.3%。"
    assert sure(text) == {VALUE_ADDED: "11.3"}


def test_a_wrapped_line_that_ends_like_a_title_goes_on():
    text = (
        "2025年前三季度，河北省规模以上工业增加值增长6.6%。邯郸作为钢铁大市表\n"
        "现突出。规上工业增加值增长8.4%，制造业增长9.0%。"
    )
    assert sure(text) == sure(text.replace("\n", ""))


def test_lines_that_say_how_much_are_no_table():
    text = "规模以上工业增加值同比增长 11.3%\n二、固定资产投资 下降 5.2%\n社会消费品零售总额 512.3亿元 增长 4.1%"
    assert sure(TITLE + text) == {
        VALUE_ADDED: "11.3",
        ("baotou_fixed_asset_investment", "2025-11", "ytd_yoy"): "-5.2",
        ("baotou_retail_sales", "2025-11", "ytd_level"): "512.3",
        ("baotou_retail_sales", "2025-11", "ytd_yoy"): "4.1",
    }


@pytest.mark.parametrize("mark", ["①", "*", "[1]", "[注]", "<sup>1</sup>"])
def test_a_footnotes_mark_in_a_cell_is_no_part_of_it(mark):
    marked = (
        TABLES["html"].replace("11.3<", f"11.3{mark}<").replace("规模以上工业增加值<", f"规模以上工业增加值{mark}<")
    )
    assert sure(TITLE + marked) == sure(TITLE + TABLES["html"])


@pytest.mark.parametrize(("cell", "value"), [("▲3.1", "3.1"), ("(3.1)", "3.1"), ("3.1↓", "3.1"), ("持平", "0")])
def test_a_cell_that_is_more_than_a_number_is_handed_over(cell, value):
    text = TITLE + TABLES["html"].replace("<td>4.1<", f"<td>{cell}<")
    assert ("baotou_retail_sales", "2025-11", "ytd_yoy") not in sure(text)
    _, doubtful = read_bulletin(text, source="text")
    assert doubtful[["indicator", "value", "reason"]].to_numpy().tolist() == [
        ["baotou_retail_sales", value, f"cell {cell} is no plain number"]
    ]


@pytest.mark.parametrize("mark", ["<s>9", "<span style='display:none'>9", "<sup>9", "<sup><a>[9]</sup></a>"])
def test_a_mark_whose_end_was_forgotten_hides_no_more_than_its_paragraph(mark):
    text = f"<p>包头市2025年1-11月{mark}</p><p>全市规模以上工业增加值同比增长11.3%。</p>"
    assert sure(text) == {VALUE_ADDED: "11.3"}


def test_a_cell_is_a_cell_however_it_is_aligned():
    aligned = TABLES["html"].replace("<td>", "<td style='vertical-align: super'>")
    assert sure(TITLE + aligned) == sure(TITLE + TABLES["html"])


@pytest.mark.parametrize("form", [name for name in TABLES if name != "html"])
def test_preformatted_text_keeps_its_lines(form):
    assert sure(f"<html><body><pre>{TITLE}{TABLES[form]}</pre></body></html>") == sure(TITLE + TABLES[form])


def test_a_caption_is_no_part_of_what_stands_below_it():
    text = f"<h1>{TITLE}</h1><figcaption>图1 工业增加值增速</figcaption><main>规模以上工业增加值增长11.3%</main>"
    assert sure(text) == {VALUE_ADDED: "11.3"}


def test_the_way_to_other_pages_says_nothing_of_this_one():
    text = f"<h1>{TITLE}</h1><nav><p>2024年1-10月</p></nav><p>规模以上工业增加值增长11.3%</p>"
    assert sure(text) == {VALUE_ADDED: "11.3"}


@pytest.mark.parametrize("end", ["\r", "\r\n", "\u2028", "\u2029", "\x85"])
def test_a_line_ends_by_whatever_ends_lines(end):
    text = f"{TITLE}1-11月，规模以上工业增加值增长11.3%\n11月，规模以上工业增加值增长9.0%\n{TABLES['a cell a line']}"
    assert sure(text.replace("\n", end)) == sure(text)

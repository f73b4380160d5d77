"""Flattened tables: several in one run of cells, headers without a title above the labels, rows of totals."""

from forecasting.sources.bulletin import read_bulletin

BARRED = """包头市2025年9月统计月报
| 1、地区生产总值 | |||
| 9月 | 1-9月累计 | 累计 | |
| 增长% | |||
| 地区生产总值(亿元) | —— | 3300.51 | 6.1 |
| 第二产业 | —— | 1640.20 | 7.3 |
| 注：绝对数按现行价计算，相对数按可比价计算。 | |||
| 2、地区生产总值构成 | |||
| 9月 | 1-9月累计 | 累计 | |
| 增减百分点 | |||
| 第二产业 | —— | 49.7 | 0.6 |
| 3、工业企业经济效益 | |||
| 8月 | 1-8月累计 | 累计 | |
| 增长% | |||
| 亏损企业(个) | —— | 190 | 12.5 |
| 亏损面(%) | —— | 21.5 | 1.4个百分点 |
| 利润总额(亿元) | —— | 150.88 | -6.4 |
"""


def sure(text: str) -> list[tuple[str, str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "period", "measure", "value"]].itertuples(index=False, name=None))


def test_each_table_of_a_run_has_its_own_header_and_windows():
    assert sure(BARRED) == [
        ("baotou_gdp", "2025-09", "ytd_level", "3300.51"),
        ("baotou_gdp", "2025-09", "ytd_yoy", "6.1"),
        ("baotou_secondary_va", "2025-09", "ytd_level", "1640.20"),
        ("baotou_secondary_va", "2025-09", "ytd_yoy", "7.3"),
        ("baotou_industrial_profit", "2025-08", "ytd_level", "150.88"),
        ("baotou_industrial_profit", "2025-08", "ytd_yoy", "-6.4"),
    ]


def test_a_number_of_firms_and_its_growth_are_no_value_added():
    assert not [name for name, *_ in sure(BARRED) if "亏损" in name]


def test_a_header_needs_no_title_above_the_labels():
    text = """包头市2025年9月主要数据
1-9月
同比增长%
固定资产投资(亿元)
900.5
9.9
社会消费品零售总额(亿元)
410.2
4.4
"""
    assert sure(text) == [
        ("baotou_fixed_asset_investment", "2025-09", "ytd_level", "900.5"),
        ("baotou_fixed_asset_investment", "2025-09", "ytd_yoy", "9.9"),
        ("baotou_retail_sales", "2025-09", "ytd_level", "410.2"),
        ("baotou_retail_sales", "2025-09", "ytd_yoy", "4.4"),
    ]


def test_a_total_is_what_the_title_is_on():
    text = """包头市2025年1-8月规模以上服务业企业主要指标

行业
营业收入(亿元)
比去年同期增长(%)

总 计
310.6
7.7
租赁和商务服务业
44.1
8.8
"""
    assert sure(text) == [
        ("baotou_services_revenue", "2025-08", "ytd_level", "310.6"),
        ("baotou_services_revenue", "2025-08", "ytd_yoy", "7.7"),
        ("baotou_leasing_business_revenue", "2025-08", "ytd_level", "44.1"),
        ("baotou_leasing_business_revenue", "2025-08", "ytd_yoy", "8.8"),
    ]


def test_what_only_says_how_the_next_rows_are_parted_is_no_label():
    text = """包头市2025年8月社会消费品零售总额
指标
8月
1-8月
绝对量(亿元)
同比增长(%)
绝对量(亿元)
同比增长(%)
社会消费品零售总额
50.1
4.1
390.2
3.9
按消费类型分
餐饮收入
6.2
5.1
48.3
6.6
"""
    assert ("baotou_retail_catering", "2025-08", "ytd_yoy", "6.6") in sure(text)
    assert len(sure(text)) == 8


def test_the_month_and_the_months_up_to_it_stand_beside_each_other_under_one_title():
    text = """2025年11月内蒙古自治区各盟市规模以上工业增加值
盟市 |
增长速度 |
|
比上年同月(%) |
比上年同期(%) |
|
包头市 |
11.1 |
12.3 |
赤峰市 |
7.7 |
6.0 |
"""
    assert sure(text) == [
        ("baotou_industrial_va", "2025-11", "month_yoy", "11.1"),
        ("baotou_industrial_va", "2025-11", "ytd_yoy", "12.3"),
        ("chifeng_industrial_va", "2025-11", "month_yoy", "7.7"),
        ("chifeng_industrial_va", "2025-11", "ytd_yoy", "6.0"),
    ]


def test_industry_in_a_table_of_the_gross_product_is_all_industry():
    text = "包头市2024年地区生产总值\n指标\n绝对量(亿元)\n比上年增长(%)\n地区生产总值\n4300\n6.3\n工业\n1900\n7.7\n"
    assert ("baotou_all_industry_va", "2024-12", "ytd_yoy", "7.7") in sure(text)


def test_up_to_this_month_is_written_with_this_month():
    text = """包头市2025年9月社会消费品零售总额
2025年9月
指标
本月
比去年同月增长(%)
1-本月
比去年同期增长(%)
社会消费品零售总额(亿元)
51.5
4.4
2288.5
3.3
# 批发零售业
44.1
3.9
2005.7
3.0
"""
    assert sure(text)[:4] == [
        ("baotou_retail_sales", "2025-09", "month_level", "51.5"),
        ("baotou_retail_sales", "2025-09", "month_yoy", "4.4"),
        ("baotou_retail_sales", "2025-09", "ytd_level", "2288.5"),
        ("baotou_retail_sales", "2025-09", "ytd_yoy", "3.3"),
    ]
    assert ("baotou_retail_wholesale_retail", "2025-09", "ytd_level", "2005.7") in sure(text)


def test_months_stand_in_a_header_without_their_word():
    text = (
        "包头市2025年9月工业\n指标名称\n9\n比去年同月增长(%)\n1-9\n比去年同期增长(%)\n"
        "工业出口交货值(亿元)\n7.5\n2.9\n68.4\n-0.4\n"
    )
    assert sure(text) == [
        ("baotou_industrial_export_delivery", "2025-09", "month_level", "7.5"),
        ("baotou_industrial_export_delivery", "2025-09", "month_yoy", "2.9"),
        ("baotou_industrial_export_delivery", "2025-09", "ytd_level", "68.4"),
        ("baotou_industrial_export_delivery", "2025-09", "ytd_yoy", "-0.4"),
    ]


def test_a_title_stands_over_several_cells():
    text = (
        "包头市生产总值\n2025年上半年\n总量\n(亿元)\n比上年同期\n增长(%)\n地区生产总值\n"
        "2100.5\n6.1\n第一产业\n40.2\n3.3\n"
    )
    assert sure(text) == [
        ("baotou_gdp", "2025-06", "ytd_level", "2100.5"),
        ("baotou_gdp", "2025-06", "ytd_yoy", "6.1"),
        ("baotou_primary_va", "2025-06", "ytd_level", "40.2"),
        ("baotou_primary_va", "2025-06", "ytd_yoy", "3.3"),
    ]


def test_units_stand_below_the_titles():
    text = (
        "包头市2025年1-7月份投资\n指标\n1-7月份\n绝对量\n同比增长\n(亿元)\n(%)\n"
        "固定资产投资\n812\n9.3\n制造业\n301\n7.1\n"
    )
    assert sure(text)[2:] == [
        ("baotou_fai_manufacturing", "2025-07", "ytd_level", "301"),
        ("baotou_fai_manufacturing", "2025-07", "ytd_yoy", "7.1"),
    ]


SPANNED = """包头市
2025年7月社会消费品零售总额
金额单位:万元 | ||||||
项目 | 本 年 | 上年同期 | 增长(%) | |||
本月 | 1-本月 | 上年本月 | 上年1-本月 | 本月 | 累计 | |
甲 | 1 | 2 | 3 | 4 | 5 | 6 |
社会消费品零售额 | 500120.5 | 3400300.1 | 480010.2 | 3200100.3 | 4.2 | 6.3 |
一、按销售所在地 | ||||||
1、城镇 | 400120.5 | 2800300.1 | 380010.2 | 2600100.3 | 5.3 | 7.7 |
"""


def test_titles_over_two_columns_each():
    assert sure(SPANNED) == [
        ("baotou_retail_sales", "2025-07", "month_level", "500120.5"),
        ("baotou_retail_sales", "2025-07", "ytd_level", "3400300.1"),
        ("baotou_retail_sales", "2025-07", "month_yoy", "4.2"),
        ("baotou_retail_sales", "2025-07", "ytd_yoy", "6.3"),
        ("baotou_retail_urban", "2025-07", "month_level", "400120.5"),
        ("baotou_retail_urban", "2025-07", "ytd_level", "2800300.1"),
        ("baotou_retail_urban", "2025-07", "month_yoy", "5.3"),
        ("baotou_retail_urban", "2025-07", "ytd_yoy", "7.7"),
    ]


BLANKS = """昆都仑区2025年3月统计月报
| 项 目 名 称 | 计算 单位 |
3月 | 1-3月 累计 |
累计比上年同期增长(%) | 结构(%) |
| 商业 | |||||
| 一、社会消费品零售总额 | 万元 | 38758 | 117385 | 2.2 | 100 |
| 二、限额以上企业商品购进总额 | 万元 | 27604 | 86156 | 7.7 | |
| 在总额中: | |||||
| 服装、鞋帽、针纺织品类 | 万元 | 571 | 2619 | 27.3 | |
| 三、工业用电量 | 万千瓦时 | - | 88231 | 5.5 | |
"""


def test_blank_cells_between_bars_are_seen():
    assert sure(BLANKS) == [
        ("baotou_kundulun_retail_sales", "2025-03", "month_level", "38758"),
        ("baotou_kundulun_retail_sales", "2025-03", "ytd_level", "117385"),
        ("baotou_kundulun_retail_sales", "2025-03", "ytd_yoy", "2.2"),
        ("baotou_kundulun_wholesale_retail_purchases", "2025-03", "month_level", "27604"),
        ("baotou_kundulun_wholesale_retail_purchases", "2025-03", "ytd_level", "86156"),
        ("baotou_kundulun_wholesale_retail_purchases", "2025-03", "ytd_yoy", "7.7"),
        ("baotou_kundulun_power_use_industry", "2025-03", "ytd_level", "88231"),
        ("baotou_kundulun_power_use_industry", "2025-03", "ytd_yoy", "5.5"),
    ]


def test_parts_of_a_row_on_all_that_was_traded_are_doubted():
    _, doubtful = read_bulletin(BLANKS, source="text")
    assert "not understood" in doubtful.set_index("value").loc["2619", "reason"]


def test_parts_of_private_investment_are_not_of_all():
    text = "包头市2025年1-7月民间投资\n指标\n绝对量(亿元)\n同比增长(%)\n民间投资\n412\n3.3\n第二产业\n201\n2.0\n"
    assert [name for name, *_ in sure(text)] == ["baotou_fai_private"] * 2


def test_what_is_marked_as_a_part_is_above_the_same_size():
    text = (
        "包头市国民经济主要指标（2025年7月）\n单位 本月 同比增长(%) 1-本月 同比增长(%)\n"
        "限额以上消费品零售额 亿元 13.6 1.1 52.7 8.7\n#网上零售额 亿元 3.7 8.8 13.6 1.6\n"
    )
    assert sure(text)[4:6] == [
        ("baotou_retail_above_size_online", "2025-07", "month_level", "3.7"),
        ("baotou_retail_above_size_online", "2025-07", "month_yoy", "8.8"),
    ]


def test_rates_of_the_size_of_levels_put_a_table_aside():
    text = (
        "包头市2025年7月零售\n指标\n本月\n同比增长(%)\n社会消费品零售总额(亿元)\n51.5\n"
        "2288.5\n餐饮收入(亿元)\n5.5\n1088.5\n"
    )
    assert sure(text) == []


def test_owners_in_a_table_of_output_value_produce_no_goods():
    text = "包头市2025年7月工业生产\n指标\n本月\n同比增长(%)\n工业总产值(亿元)\n515\n8.5\n职工控股\n55\n9.5\n"
    assert [name for name, *_ in sure(text)] == ["baotou_industrial_output_value"] * 2


def test_who_controls_a_firm_parts_output_value():
    text = "包头市2025年7月工业生产\n指标\n本月\n同比增长(%)\n工业总产值(亿元)\n515\n8.5\n外商控股\n55\n9.5\n"
    assert ("baotou_foreign_controlled_output_value", "2025-07", "month_yoy", "9.5") in sure(text)


def test_value_added_of_industry_by_the_month_is_of_that_above_a_size():
    text = (
        "内蒙古统计信息网\n工业增加值\n2017年1-3月工业增加值\n计量单位:亿元\n指标名称 |\n本月 |\n本月止 累计 |\n"
        "本月比 上年同月 增长(%) |\n累计比 上年同期 增长(%) |\n全区总计 |\n284.9 |\n722.2 |\n7.6 |\n7.1 |\n"
        "在总计中: 轻工业 |\n103.5 |\n258.9 |\n6.7 |\n5.1 |\n包头市 |\n39.3 |\n101.5 |\n5.6 |\n5.5 |\n"
    )
    assert {name for name, *_ in sure(text)} == {
        "inner_mongolia_industrial_va",
        "inner_mongolia_light_industry_va",
        "baotou_industrial_va",
    }
    assert ("baotou_industrial_va", "2017-03", "ytd_level", "101.5") in sure(text)


def test_what_a_hectare_yields_is_no_output():
    text = (
        "包头市\n表1 2025年粮食播种面积和产量\n指标\n播种面积(千公顷)\n单位面积产量(公斤/公顷)\n总产量(万吨)\n"
        "玉米\n120.5\n5972.7\n71.9\n"
    )
    assert sure(text) == [
        ("baotou_maize_sown_area", "2025-12", "ytd_level", "120.5"),
        ("baotou_maize_output", "2025-12", "ytd_level", "71.9"),
    ]


def test_prose_that_ends_with_a_bar_is_no_part_of_the_table_behind_it():
    text = (
        "包头市\n2025年1-8月，全市房地产开发投资743.2亿元，增长20.9%。 |\n|||\n| 产业 | 投资额(亿元) | 增长(%) |\n"
        "| 制造业 | 182.3 | 26.9 |\n| 采矿业 | 0.4 | 26.1 |\n"
    )
    assert ("baotou_real_estate_investment", "2025-08", "ytd_level", "743.2") in sure(text)


def test_industry_above_a_size_beside_all_of_it():
    text = (
        "包头市2025年7月工业\n指标\n本月\n同比增长(%)\n工业总产值(亿元)\n515\n8.5\n其中:规模以上\n455\n9.5\n"
        "工业用电量(亿千瓦时)\n4\n3.3\n"
    )
    assert sure(text)[:4] == [
        ("baotou_all_industry_output_value", "2025-07", "month_level", "515"),
        ("baotou_all_industry_output_value", "2025-07", "month_yoy", "8.5"),
        ("baotou_industrial_output_value", "2025-07", "month_level", "455"),
        ("baotou_industrial_output_value", "2025-07", "month_yoy", "9.5"),
    ]


def test_trades_among_retail_sales():
    text = (
        "包头市2025年7月零售\n指标\n本月\n同比增长(%)\n社会消费品零售总额(亿元)\n51.5\n8.5\n批发零售贸易业\n45.5\n9.5\n"
        "餐饮业\n6.0\n7.5\n"
    )
    assert [name for name, *_ in sure(text)[2:]] == ["baotou_retail_wholesale_retail"] * 2 + [
        "baotou_retail_catering"
    ] * 2


def test_blanks_between_thousands_are_no_cells():
    text = (
        "包头市国民经济主要指标（2025年7月）\n单位 本月 同比增长（%） 1-本月 同比增长（%）\n"
        "货运总量 万吨 1 731.9 17.8 5 582.9 26.5\n#铁路运输 万吨 30.5 -2.9 122.5 8.2\n"
    )
    assert [one[3] for one in sure(text)] == ["1731.9", "17.8", "5582.9", "26.5", "30.5", "-2.9", "122.5", "8.2"]


def test_months_beside_each_other_under_a_title_of_growth():
    text = (
        "指标:规模以上工业增加值_同比增长(%)\n地区 | 2025年11月 | 2025年10月 |\n"
        "包头市 | 8.7 | 10 |\n赤峰市 | 1.7 | 2.6 |\n"
    )
    assert ("baotou_industrial_va", "2025-10", "month_yoy", "10") in sure(text)


def test_a_measure_may_head_the_months_and_their_growth():
    title = "2025年5月包头市规模以上工业效益\n\n单位：亿元\n\n行业名称\n\n营业收入\n\n利润总额\n\n税金总额\n\n"
    months = "1-5月\n\n比去年同期增长（%）\n\n" * 3
    all_of_it = "规模以上工业合计\n\n131.5\n\n3.9\n\n12.4\n\n1.2倍\n\n8.1\n\n2.6\n\n"
    table = f"{title}{months}{all_of_it}食品制造业\n\n15.2\n\n4.4\n\n-1.3\n\n--\n\n0.7\n\n1.9\n"
    assert sure(table) == [
        ("baotou_industrial_revenue", "2025-05", "ytd_level", "131.5"),
        ("baotou_industrial_revenue", "2025-05", "ytd_yoy", "3.9"),
        ("baotou_industrial_profit", "2025-05", "ytd_level", "12.4"),
        ("baotou_food_revenue", "2025-05", "ytd_level", "15.2"),
        ("baotou_food_revenue", "2025-05", "ytd_yoy", "4.4"),
        ("baotou_food_profit", "2025-05", "ytd_level", "-1.3"),
    ]


def test_one_measure_may_head_the_months_and_their_growth():
    title = "2025年5月包头市工业效益\n\n单位：亿元\n\n行业名称\n\n利润总额\n\n1-5月\n\n比去年同期增长（%）\n\n"
    table = f"{title}工业企业\n\n12.4\n\n3.9\n\n食品制造业\n\n1.3\n\n4.4\n\n纺织业\n\n0.3\n\n1.4\n"
    assert sure(table)[:3] == [
        ("baotou_industrial_profit", "2025-05", "ytd_level", "12.4"),
        ("baotou_industrial_profit", "2025-05", "ytd_yoy", "3.9"),
        ("baotou_food_profit", "2025-05", "ytd_level", "1.3"),
    ]


def test_a_measure_after_the_owners_of_the_one_before_is_of_all_again():
    title = "2025年5月包头市规模以上工业企业效益\n\n| 指标名称 | 1-5月 | 增长（%） |\n"
    table = (
        f"{title}| 营业收入（亿元） | 131.5 | 3.9 |\n| #国有控股 | 52.1 | 2.2 |\n| 利润总额（亿元） | 12.4 | 6.5 |\n"
    )
    assert ("baotou_industrial_profit", "2025-05", "ytd_yoy", "6.5") in sure(table)


def test_a_title_may_say_what_the_level_and_the_growth_beside_it_are_of():
    head = "2025年1-5月投资比较\n\n单位：亿元\n\n地区\n\n固定资产投资额\n\n绝对值\n\n增长（%）\n\n"
    table = f"{head}包头市\n\n131.5\n\n3.9\n\n乌海市\n\n15.2\n\n4.4\n\n赤峰市\n\n52.1\n\n2.7\n"
    assert sure(table)[:2] == [
        ("baotou_fixed_asset_investment", "2025-05", "ytd_level", "131.5"),
        ("baotou_fixed_asset_investment", "2025-05", "ytd_yoy", "3.9"),
    ]
    assert len(sure(table)) == 6


def test_the_places_of_a_ranking_are_no_figures():
    head = "2024年内蒙古各盟市经济\n\nGDP排名 | 地级市 | 2024年GDP（亿元） | 增速（%） |\n"
    table = f"{head}1 | 鄂尔多斯市 | 613.5 | 3.9 |\n2 | 包头市 | 452.1 | 4.4 |\n3 | 赤峰市 | 252.1 | 2.7 |\n"
    assert sure(table)[2:4] == [
        ("baotou_gdp", "2024-12", "ytd_level", "452.1"),
        ("baotou_gdp", "2024-12", "ytd_yoy", "4.4"),
    ]
    assert len(sure(table)) == 6


def test_a_table_run_into_one_line_behind_prose_is_one():
    text = "2024年内蒙古经济\n\n各盟市都有增长，数据如下： 排名 | 地区 | 2024年GDP（亿元） | 2024年增速 | "
    rows = "1 | 鄂尔多斯市 | 613.5 | 3.9% | 2 | 包头市 | 452.1 | 4.4% | 3 | 赤峰市 | 252.1 | 2.7% |\n"
    assert sure(text + rows)[2:4] == [
        ("baotou_gdp", "2024-12", "ytd_level", "452.1"),
        ("baotou_gdp", "2024-12", "ytd_yoy", "4.4"),
    ]


def test_the_regions_of_a_table_on_private_investment_are_of_that():
    head = "2025年1-5月内蒙古民间固定资产投资主要数据\n\n| 指标 | 1-5月（亿元） | 同比增长（%） |\n"
    table = f"{head}| 民间固定资产投资 | 131.5 | 3.9 |\n| 包头市 | 52.1 | 2.2 |\n| 第二产业 | 12.4 | 6.5 |\n"
    assert ("baotou_fai_private", "2025-05", "ytd_yoy", "2.2") in sure(table)
    assert "6.5" not in {row[3] for row in sure(table)}


def test_output_of_agriculture_in_a_table_may_be_of_all_of_it():
    head = "包头市农业生产\n\n| 指标 | 2025年1-6月 | 增长（%） |\n"
    assert sure(f"{head}| 农业总产值（亿元） | 46.2 | 2.1 |\n| 粮食产量（万吨） | 3.1 | 1.2 |\n")[0][3] == "3.1"
    both = f"{head}| 农林牧渔业总产值（亿元） | 46.2 | 2.1 |\n| 农业总产值（亿元） | 23.1 | 1.4 |\n"
    assert [row[3] for row in sure(both)] == ["46.2", "2.1", "23.1", "1.4"]


def test_the_title_of_a_table_run_into_one_line_stands_behind_the_prose():
    text = "2025年2月，包头市出口增长3.1%。1-2月税收收入增长4.4%。情况如下：二月税收收入执行情况表 | 科目 | 计划 | "
    row = "累计 | 同比增减% | 备注 | 中央级 | 省级 | 市级 | 县级 | 合计 | 增值税 | 45 | 39 | 4.2 | 1 | 2 | 3 | 4 |\n"
    assert ("baotou_tax_revenue", "2025-02", "ytd_yoy", "4.4") in sure(text + row)

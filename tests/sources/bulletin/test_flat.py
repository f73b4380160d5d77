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

"""Rows of figures: which of them belongs to which size, which amount, which window."""

import pytest

from forecasting.sources.bulletin import read_bulletin


def sure(text: str) -> list[tuple[str, str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "period", "measure", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize("sizes", ["大中小微型企业", "大、中、小、微型企业", "大中小微企业", "大、中、小和微型企业"])
def test_firms_of_every_size_have_a_rate_each(sizes):
    assert sure(f"2025年1—11月份，包头市{sizes}增加值分别增长3.3%、4.1%、5.2%和下降0.7%。") == [
        ("baotou_large_va", "2025-11", "ytd_yoy", "3.3"),
        ("baotou_medium_va", "2025-11", "ytd_yoy", "4.1"),
        ("baotou_small_firms_va", "2025-11", "ytd_yoy", "5.2"),
        ("baotou_micro_va", "2025-11", "ytd_yoy", "-0.7"),
    ]


def test_one_rate_of_firms_of_every_size_is_doubtful():
    assert sure("2025年1—11月份，包头市大中小微型企业增加值增长3.3%。") == []


def test_two_rates_behind_a_quantity_and_a_value_are_of_these():
    text = "2025年前10个月，包头市出口钢材31.5万吨，货值2.2亿美元，创汇2.1亿美元，分别增长7%和9%。"
    assert ("baotou_steel_products_exports", "2025-10", "ytd_yoy", "7") not in sure(text)  # three levels
    text = "2025年前10个月，包头市出口钢材31.5万吨，创汇2.1亿美元，同比分别增长7.5%和1.2倍。"
    assert sure(text) == [
        ("baotou_steel_products_exports", "2025-10", "ytd_level", "31.5"),
        ("baotou_steel_products_exports_value", "2025-10", "ytd_level", "2.1"),
        ("baotou_steel_products_exports", "2025-10", "ytd_yoy", "7.5"),
        ("baotou_steel_products_exports_value", "2025-10", "ytd_yoy", "120"),
    ]


def test_a_quantity_joined_to_a_value_is_of_the_same_goods():
    assert sure("2025年前10个月，包头市铁矿石进口88万吨、5.1亿元，分别增长2.5%和下降3.5%。") == [
        ("baotou_iron_ore_imports", "2025-10", "ytd_level", "88"),
        ("baotou_iron_ore_imports_value_cny", "2025-10", "ytd_level", "5.1"),
        ("baotou_iron_ore_imports", "2025-10", "ytd_yoy", "2.5"),
        ("baotou_iron_ore_imports_value_cny", "2025-10", "ytd_yoy", "-3.5"),
    ]


def test_a_list_of_windows_has_a_rate_each():
    text = "2025年一季度、上半年和前三季度，包头市固定资产投资同比分别增长12.1%、10.4%、9.9%。"
    assert sure(text) == [
        ("baotou_fixed_asset_investment", "2025-03", "ytd_yoy", "12.1"),
        ("baotou_fixed_asset_investment", "2025-06", "ytd_yoy", "10.4"),
        ("baotou_fixed_asset_investment", "2025-09", "ytd_yoy", "9.9"),
    ]


def test_two_windows_apart_are_no_list():
    text = "2025年一季度投资低迷，上半年回暖，包头市固定资产投资分别增长2.1%、10.4%。"
    assert sure(text) == []


def test_a_part_goes_on_with_the_month_that_alone_was_spoken_of():
    text = "2025年前9个月包头市外贸有以下特点：9月当月进出口完成30亿元，同比增长12%。其中，出口20亿元，同比增长15%。"
    assert sure(text) == [
        ("baotou_trade_cny", "2025-09", "month_level", "30"),
        ("baotou_trade_cny", "2025-09", "month_yoy", "12"),
        ("baotou_exports_cny", "2025-09", "month_level", "20"),
        ("baotou_exports_cny", "2025-09", "month_yoy", "15"),
    ]


def test_trade_with_a_partner_that_no_table_knows_is_not_all_trade():
    assert sure("2025年前9个月，包头市与南太平洋各国经贸往来加强，实现进出口总额3.6亿元，增长3%。") == []


def test_trade_with_the_states_of_a_group_is_that_with_the_group():
    assert sure("2025年前9个月，包头市与东盟各国的贸易额达9.3亿元，同比增长8.4%。") == [
        ("baotou_trade_asean_cny", "2025-09", "ytd_level", "9.3"),
        ("baotou_trade_asean_cny", "2025-09", "ytd_yoy", "8.4"),
    ]


def test_a_rank_in_the_nation_does_not_make_a_text_one_on_the_nation():
    text = (
        "一季度全省外贸增速全国第九\n2025年一季度，我省进出口总值达300亿元，增长5.0%。\n4月20日，郑州海关发布上述数据。"
    )
    assert ("henan_trade_cny", "2025-03", "ytd_level", "300") in sure(text)


def test_a_kind_of_firm_does_the_trade_that_stands_apart_from_its_name():
    assert sure("2025年前9个月，包头市民企实现进出口12.5亿元，同比增长7.9%。") == [
        ("baotou_trade_private_cny", "2025-09", "ytd_level", "12.5"),
        ("baotou_trade_private_cny", "2025-09", "ytd_yoy", "7.9"),
    ]


def test_animals_of_which_the_stock_was_said_are_those_slaughtered():
    assert sure("2024年全年包头市生猪存栏40.5万头，下降2.7%，出栏61.7万头，增长3.9%。")[2:] == [
        ("baotou_hogs_slaughtered", "2024-12", "ytd_level", "61.7"),
        ("baotou_hogs_slaughtered", "2024-12", "ytd_yoy", "3.9"),
    ]


def test_investment_done_is_of_what_the_clause_before_praised():
    text = "2025年1—9月，包头市固定资产投资增长9.9%。其中房地产开发投资快速增长，完成投资44.8亿元，增长16.1%。"
    assert sure(text)[1:] == [
        ("baotou_real_estate_investment", "2025-09", "ytd_level", "44.8"),
        ("baotou_real_estate_investment", "2025-09", "ytd_yoy", "16.1"),
    ]


def test_what_was_said_against_the_month_before_is_no_growth_on_the_year():
    text = (
        "2025年10月份，包头市居民消费价格与上月相比上涨0.2%。其中，消费品价格上涨0.4%。10月份，食品价格同比上涨0.3%。"
    )
    assert sure(text) == [("baotou_cpi_food", "2025-10", "month_yoy", "0.3")]


def test_a_year_that_is_compared_with_is_no_window_of_what_follows():
    text = "2025年1—8月，包头市固定资产投资增长10.1%，较去年同期和全年分别回落3、2个百分点。其中，工业投资增长8.8%。"
    assert sure(text)[1:] == [("baotou_fai_industry", "2025-08", "ytd_yoy", "8.8")]


def test_what_another_place_is_exceeded_by_is_not_its_figure():
    text = "2025年上半年，包头市工业用电量达330亿千瓦时，分别超过呼和浩特市140.1亿千瓦时、赤峰市180.2亿千瓦时。"
    assert sure(text) == [("baotou_power_use_industry", "2025-06", "ytd_level", "330")]


def test_a_city_that_is_not_named_is_not_the_province_in_the_sentence_behind_it():
    text = "2025年前三季度，江苏省规上工业增加值增长6.4%。前三季度，全市规上工业增加值增长9.1%。其中，制造业增长8.1%。"
    assert sure(text) == [("jiangsu_industrial_va", "2025-09", "ytd_yoy", "6.4")]

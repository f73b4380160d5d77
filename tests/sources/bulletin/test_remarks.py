"""Remarks between a subject and its figures, and what figures share over several clauses."""

import pytest

from forecasting.sources.bulletin import read_bulletin


def rows(text: str) -> list[tuple[str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "measure", "value"]].itertuples(index=False, name=None))


def names(text: str) -> list[str]:
    return [name for name, *_ in rows(text)]


@pytest.mark.parametrize("record", ["再创新高", "创今年以来当月出口量新高", "刷新历史同期纪录", "创历史同期新高"])
def test_a_record_says_nothing_of_what_is_measured(record):
    text = f"2024年9月，我国磁材出口量{record}，同比增长7.7%。"
    assert rows(text)[-1][1:] == ("month_yoy", "7.7")
    text = f"2024年9月，包头市发电量21.3亿千瓦时，{record}，同比增长7.7%。"
    assert rows(text)[-1] == ("baotou_power_generation", "month_yoy", "7.7")


def test_what_grew_fastest_is_what_the_next_clause_is_of():
    text = "2024年1-9月，内蒙古风力发电量增长3.3%。分盟市看，乌海市发电量增长最快，同比增长31.1%。"
    assert rows(text)[-1] == ("wuhai_power_generation", "ytd_yoy", "31.1")


def test_growth_of_the_parts_may_stand_behind_the_levels_of_all():
    text = "2024年1-9月，赣州市对东盟进出口9.1亿美元，其中出口6.2亿美元，进口2.9亿美元，分别增长2.4%和3.5%。"
    assert rows(text)[-2:] == [
        ("ganzhou_trade_asean_exports", "ytd_yoy", "2.4"),
        ("ganzhou_trade_asean_imports", "ytd_yoy", "3.5"),
    ]
    text = "2024年1-9月，赣州市汽车产量9.1万辆，其中新能源汽车产量2.2万辆，分别增长2.4%和3.5%。"
    assert [name for name, measure, _ in rows(text) if measure == "ytd_yoy"] == [
        "ganzhou_vehicle_output",
        "ganzhou_nev_output",
    ]


def test_partners_of_the_clause_before_share_the_flow_behind_them():
    text = "2024年1-9月，赣州市对泰国、越南等传统出口市场保持增长，出口规模分别达3.1亿元和2.7亿元，增长4.8%、5.9%。"
    assert rows(text) == [
        ("ganzhou_trade_thailand_exports_cny", "ytd_level", "3.1"),
        ("ganzhou_trade_vietnam_exports_cny", "ytd_level", "2.7"),
        ("ganzhou_trade_thailand_exports_cny", "ytd_yoy", "4.8"),
        ("ganzhou_trade_vietnam_exports_cny", "ytd_yoy", "5.9"),
    ]


def test_of_a_product_sold_a_number_at_home_is_of_domestic_sales():
    text = "2024年9月，我国销售装载机8110台，同比增长2.2%；其中国内4410台，同比增长3.3%；出口3700台，同比增长1.1%。"
    assert rows(text)[2:4] == [
        ("cn_loaders_domestic_sales", "month_level", "4410"),
        ("cn_loaders_domestic_sales", "month_yoy", "3.3"),
    ]
    assert "cn_trade" not in names("2024年9月，我国货物进出口3万亿元，其中国内1万亿元。")[1:]


def test_the_quantity_exported_to_another_partner_is_of_the_same_product():
    text = "2024年9月，我国稀土磁铁对美国出口量为410吨，同比增长3.3%。其中对德国的出口量为620吨，同比增长4.4%。"
    assert names(text)[2:] == ["cn_magnet_exports_germany"] * 2
    text = "2024年9月，我国稀土磁铁对美国出口量为410吨。稀土磁铁总出口量为4210吨，同比增长4.4%。"
    assert names(text)[1:] == ["cn_magnet_exports"] * 2


@pytest.mark.parametrize(("printed", "unit"), [("63.8亿", "CNY 100 million"), ("1.2万亿", "CNY trillion")])
def test_a_sum_that_is_always_in_yuan_may_leave_that_out(printed, unit):
    frame, _ = read_bulletin(f"2024年1-9月，赣州市完成生产总值{printed}，增长5.2%。", source="text")
    assert frame["unit"].to_list() == [unit, "percent"]
    assert names("2024年1-9月，赣州市原煤产量3.8亿，增长5.2%。") == []


def test_storage_is_told_apart_by_where_it_stands():
    text = "截至2024年9月底，我国独立储能累计投运总装机21.1GW，新能源配储累计装机17.3GW，用户侧储能装机2.2GW。"
    assert names(text) == [
        "cn_storage_standalone_capacity",
        "cn_storage_renewables_capacity",
        "cn_storage_users_capacity",
    ]


def test_a_part_behind_a_sentence_of_doubtful_months_is_doubtful_too():
    text = (
        "2024年8月，全国居民消费价格上涨0.4%。1-8月平均，全国居民消费价格上涨0.2%。\n\n"
        "食品烟酒价格上涨1.1%。其中，鲜菜价格上涨7.1%，鲜果价格上涨3.1%。"
    )
    assert rows(text) == [("cn_cpi", "month_yoy", "0.4"), ("cn_cpi", "ytd_yoy", "0.2")]


def test_goods_behind_the_last_of_several_partners_are_traded_with_each():
    text = "2024年1-7月，赣州市对印度尼西亚、墨西哥分别出口“新三样”产品2.1亿元、1.1亿元。"
    assert names(text) == [
        "ganzhou_new_three_exports_indonesia_value_cny",
        "ganzhou_new_three_exports_mexico_value_cny",
    ]
    assert names(text.replace("“新三样”产品", "竹制家具")) == [
        "ganzhou_竹制家具_exports_indonesia_value_cny",
        "ganzhou_竹制家具_exports_mexico_value_cny",
    ]
    assert names(text.replace("“新三样”产品", "部分家具")) == []


def test_what_is_traded_in_all_behind_goods_is_of_these_goods():
    text = "2024年1-7月，赣州市{}出口势头强劲，合计出口3.1亿元，增长2.1%。"
    assert names(text.format("锂电池")) == ["ganzhou_lithium_battery_exports_value_cny"] * 2
    assert names(text.format("锂电池、太阳能电池")) == []
    assert names(text.format("外贸")) == ["ganzhou_exports_cny"] * 2


def test_what_a_sum_is_led_by_is_not_what_is_measured():
    text = "2024年1-7月，赣州市以锂电池、太阳能电池为主的新三样产品出口3.1亿元，增长2.1%。"
    assert names(text) == ["ganzhou_new_three_exports_value_cny"] * 2


def test_a_round_number_that_is_passed_is_no_figure():
    text = "截至2024年6月末，内蒙古羊存栏首次突破1亿只大关，达到10031.2万只，与上年同期相比增长3.1%。"
    assert rows(text) == [
        ("inner_mongolia_sheep_stock", "month_level", "10031.2"),
        ("inner_mongolia_sheep_stock", "month_yoy", "3.1"),
    ]


def test_how_many_units_there_are_is_no_level_of_what_they_sell():
    text = "2024年，赣州市社会消费品零售总额31亿元，增长2.1%。其中限额以上企业41户，消费品零售额4.1亿元，增长3.1%。"
    assert names(text) == ["ganzhou_retail_sales"] * 2 + ["ganzhou_retail_above_size"] * 2
    text = "赣州市2024年统计公报\n\n固定资产投资下降1.1%。全年房地产开发企业21户，完成投资5.1亿元，较上年增长3.1%。"
    assert names(text)[1:] == ["ganzhou_real_estate_investment"] * 2


def test_a_text_of_the_nations_bureau_on_a_city_is_on_the_city():
    text = "[国家统计局]2024年7月份北京居民消费价格\n\n7月份，北京居民消费价格同比上涨0.3%。其中，食品价格上涨1.1%。"
    assert names(text) == ["beijing_cpi", "beijing_cpi_food"]


def test_several_places_together_are_no_part_of_a_name():
    assert names("2024年1-7月，我国四地硅铁产量31万吨，增长2.1%。内蒙硅铁产量21万吨。") == [
        "inner_mongolia_ferrosilicon_output"
    ]


def test_those_behind_new_ones_are_new_too():
    text = "2024年1-6月，江西省新设各类经营主体31.1万户，增长2.1%。其中，个体工商户21.1万户，增长3.1%。"
    assert names(text) == ["jiangxi_market_entities_new"] * 2 + ["jiangxi_self_employed_businesses_new"] * 2
    text = "截至2024年6月底，江西省实有经营主体411万户，增长2.1%。其中，个体工商户211万户，增长3.1%。"
    assert names(text) == ["jiangxi_market_entities"] * 2 + ["jiangxi_self_employed_businesses"] * 2


def test_growth_of_parts_is_since_the_end_of_the_year_where_that_of_all_is():
    text = "截至2024年6月底，江西省登记在册经营主体411万户，较去年底增长2.1%。其中，个体工商户211万户，增长3.1%。"
    assert [row[2] for row in rows(text)] == ["411", "211"]
    assert [row[2] for row in rows(text.replace("户，增长", "户，同比增长"))] == ["411", "211", "3.1"]


def test_what_follows_a_number_of_watched_firms_is_of_these_alone():
    text = "2024年1-6月，江西省工业增长2.1%。省上重点监测的消费品工业41户企业，完成产值21亿元，实现销售产值20亿元。"
    assert [name for name in names(text) if name.endswith(("output_value", "sales_value"))] == []


def test_the_nation_may_be_told_by_its_bureau_and_a_share_alone():
    text = "统计局数据显示，2024年1-6月，化学工业产值5.1万亿元，占全国规模工业总产值的4.1%；增长3.1%。"
    assert names(text)[:1] == ["cn_chemical_industry_output_value"]


def test_a_share_of_the_region_around_is_no_word_on_whom_a_text_is_on():
    text = "兵团新闻办通报：2024年，兵团棉花总产量211万吨，占自治区的41.1%。规模以上工业增加值比上年增长3.1%。"
    assert names(text) == ["xpcc_cotton_output", "xpcc_industrial_va"]

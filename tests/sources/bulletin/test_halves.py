"""What is said by half: of whom, of which branch, of what is measured, or only what it is compared with."""

import pytest

from forecasting.sources.bulletin import read_bulletin

TITLE = "2025年1—8月全国工业运行\n"
CITY = "2025年1—8月包头市经济运行\n"


def sure(text: str) -> dict[str, str]:
    frame, _ = read_bulletin(text, source="text")
    return {f"{row.indicator} {row.period} {row.measure}": row.value for row in frame.itertuples(index=False)}


def grown(text: str) -> dict[str, str]:
    """What grew from January to August."""
    ending = " 2025-08 ytd_yoy"
    return {name.removesuffix(ending): value for name, value in sure(text).items() if name.endswith(ending)}


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (
            "CN-150000",
            "上半年，全区焦炭产量增长3.1%，产量居全国首位。乌海市增长2.2%；赤峰市增长1.3%。\n来源：内蒙古自治区统计局",
        ),
        ("CN-150000", "上半年，全区焦炭产量增长3.1%，居全国第3位，与山西并列。\n分盟市看，各旗县产量都在增加。"),
        ("CN-150000", "产量居全国第五\n来源：内蒙古日报 责任编辑：某某\n自治区统计局：上半年，全区焦炭产量增长3.1%。"),
        ("CN-610000", "上半年，全省焦炭产量增长3.1%，高于山西。\n西安市、咸阳市和渭南市增速靠前，宝鸡市靠后。"),
        ("CN-442000", "上半年，中山生产稳步复苏，全市焦炭产量增长3.1%。"),
        ("CN-430421", "衡阳县委、县政府落实各项部署。\n上半年，焦炭产量增长3.1%。"),
        ("CN", "上半年，焦炭产量增长3.1%。分产品看，620种产品中有399种产量增长。"),
        ("CN", "国统局公布，上半年内地焦炭产量按年增长3.1%。"),
        ("CN", "某通社北京2025年7月18日电 国家统计局数据，上半年，焦炭产量增长3.1%，原油产量增长1.2%。"),
    ],
)
def test_the_place_of_a_text_that_does_not_name_it_in_its_title(code, text):
    found = read_bulletin(f"{text}\n\n2025-07-20", source="text")[0]
    assert (code, "3.1") in set(zip(found["region"], found["value"], strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "上半年，全区焦炭产量增长3.1%，居全国第3位，与山西并列。",
        "上半年，全省焦炭产量增长3.1%，高于山西。\n西安市和咸阳市增速靠前，武汉市靠后。",
        "上半年，全市焦炭产量增长3.1%，纪念中山先生。\n咸阳市增长2%。",
        "上半年，焦炭产量增长3.1%。分产品看，120种产品中有99种产量增长。",
    ],
)
def test_a_place_that_is_not_said_is_not_guessed(text):
    assert all("焦炭产量增长3.1%" not in row for row in read_bulletin(text, source="text")[0]["sentence"])


def test_a_section_on_the_month_before_gives_no_growth_on_the_year_before():
    text = (
        "2025年6月全国工业生产者价格\n一、同比变动情况\n6月份，工业生产者出厂价格中，生产资料价格下降4.4%。\n"
        "二、6月份工业生产者价格环比变动情况\n工业生产者出厂价格中，生产资料价格下降0.6%，生活资料价格下降0.1%。\n"
        "三、其他\n6月份，工业生产者购进价格同比下降4.3%。"
    )
    assert sure(text) == {
        "cn_ppi_producer_goods 2025-06 month_yoy": "-4.4",
        "cn_ppi_purchase 2025-06 month_yoy": "-4.3",
    }


def test_the_highest_since_a_month_of_this_year_moves_no_window():
    text = "2025年8月，全国稀土磁铁出口量达4210吨，是今年2月以来最多的一个月。当月稀土磁铁出口量同比增长3.9%。"
    assert sure(text) == {
        "cn_magnet_exports 2025-08 month_level": "4210",
        "cn_magnet_exports 2025-08 month_yoy": "3.9",
    }  # fmt: skip


def test_this_year_behind_another_year_is_the_year_of_the_text():
    text = f"{TITLE}2023年，原煤产量增长3.4%。今年上半年，原煤产量增长5.4%。"
    assert sure(text) == {"cn_raw_coal_output 2023-12 ytd_yoy": "3.4", "cn_raw_coal_output 2025-06 ytd_yoy": "5.4"}


def test_a_multiple_of_another_time_moves_no_window():
    text = (
        "截至2024年末，全国新型储能装机规模6210万千瓦/1.31亿千瓦时，是“十三五”末的17倍。\n"
        "分地区看，江苏新型储能装机规模533万千瓦。"
    )
    assert sure(text) == {
        "cn_new_storage_capacity 2024-12 month_level": "6210",
        "jiangsu_new_storage_capacity 2024-12 month_level": "533",
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("装备制造业支撑有力，增加值增长8.2%。", {"cn_equipment_manufacturing_va": "8.2"}),
        ("石化行业运行平稳，全行业营业收入增长2.9%。", {"cn_petrochemical_revenue": "2.9"}),
        ("电子信息制造业营业收入增长7.7%，营业成本增长7.4%。",
         {"cn_electronics_industry_revenue": "7.7", "cn_electronics_industry_costs": "7.4"}),
        ("电子信息制造业出口交货值增长1.2%。", {"cn_electronics_industry_export_delivery": "1.2"}),
        ("工业企业营业收入增长2.5%；发生营业成本增长2.8%。",
         {"cn_industrial_revenue": "2.5", "cn_industrial_costs": "2.8"}),
        ("水泥工业营业收入增长3.2%，利润总额下降7.2%。", {"cn_cement_revenue": "3.2", "cn_cement_profit": "-7.2"}),
        ("软件产品收入稳定增长，收入增长8.3%。", {"cn_software_products_revenue": "8.3"}),
        ("建材工业增加值增长3.3%，与整个工业增速持平；1—8月，利润增长1%。",
         {"cn_building_materials_va": "3.3", "cn_building_materials_profit": "1"}),
        ("行业运行好于预期，石化行业营业收入增长2.9%。", {"cn_petrochemical_revenue": "2.9"}),
    ],
)  # fmt: skip
def test_half_of_what_is_meant_stands_in_the_clause_before(text, found):
    assert grown(f"{TITLE}1—8月，{text}") == found


@pytest.mark.parametrize(
    "text",
    [
        "重点钢企营业收入下降1.7%；营业成本下降0.6%，应收账款下降0.4%。",
        "石油、医药产业产值增长3.3%；增加值增长3.6%。",
        "轻工业增加值增长5.2%；实现出口交货值增长3.3%。",
    ],
)
def test_what_a_part_has_is_not_that_of_all(text):
    assert not {"cn_industrial_costs", "cn_industrial_receivables", "cn_industrial_va", "cn_pharmaceutical_industry_va",
                "cn_industrial_export_delivery"} & set(grown(f"{TITLE}1—8月，{text}"))  # fmt: skip


def test_a_delivery_for_export_behind_that_of_a_branch_may_be_of_it_alone():
    text = f"{TITLE}1—8月，电子信息制造业出口交货值增长3.8%。8月份，实现出口交货值增长1.2%。"
    assert set(sure(text)) == {"cn_electronics_industry_export_delivery 2025-08 ytd_yoy"}


def test_exports_behind_those_of_a_part_are_of_the_part():
    text = f"{TITLE}1—8月，软件业务出口增速有所回落，出口额达61.5亿美元，同比下降0.7%。"
    assert set(grown(text)) == {"cn_software_exports"}


def test_exports_of_which_are_of_the_trade_that_was_not_understood():
    text = f"{TITLE}1—8月，某某器材进出口总额增长9.1%。其中出口总额增长7.7%，进口总额增长6.6%，实现贸易顺差13亿美元。"
    assert sure(text) == {}


def test_goods_sold_behind_those_sold_to_a_partner_may_be_sold_to_it():
    text = f"{CITY}1—8月，包头市对东盟出口玩具6.4亿元，增长2.3%；同期出口钢材2.8亿元，增长1.7%。"
    assert set(sure(text).values()) == {"6.4", "2.3"}


def test_investment_behind_all_of_a_branch_may_be_of_it():
    assert sure(f"{TITLE}1—8月，全行业总产值增长9.5%；固定资产投资增长6.7%；出口总额增长3.5%。") == {}


def test_what_branches_use_by_unit_of_value_added_is_no_value_added():
    text = f"{TITLE}1—8月，钢铁、化工、建材等行业单位增加值综合能耗分别下降3.9%、3.1%和4.9%。"
    assert sure(text) == {}


def test_who_accounts_for_all_parts_of_a_province_is_not_whom_a_text_is_on():
    text = (
        "2024年10月30日，宁波发布前三季度数据：根据全省地区生产总值统一核算结果，"
        "宁波前三季度地区生产总值1234.5亿元。\n前三季度，固定资产投资增长9.7%。"
    )
    assert set(sure(text)) == {"ningbo_gdp 2024-09 ytd_level", "ningbo_fixed_asset_investment 2024-09 ytd_yoy"}


def test_a_month_that_is_a_season_does_not_date_a_text():
    text = "2024-08-22\n八月的草原处处丰收。自治区统计局：今年以来，内蒙古经济向好。\n上半年，全区焦炭产量增长3.1%。"
    assert sure(text) == {"inner_mongolia_coke_output 2024-06 ytd_yoy": "3.1"}


def test_what_some_firms_did_goes_on_until_another_place_is_named():
    text = (
        f"{TITLE}1—8月，12家重点监测造船企业造船完工576万载重吨。承接新船订单82万载重吨，增长6.8%。"
        "全国手持船舶订单950万载重吨，增长7.1%。"
    )
    assert set(sure(text).values()) == {"950", "7.1"}


def test_parts_of_what_was_not_measured_by_a_known_word_are_doubtful():
    text = f"{TITLE}1—8月，消费品工业营业收入2万亿元，增长9.6%。{{}}其中，纺织、医药行业分别增长1.1%和3.7%。"
    assert len(sure(text.format(""))) == 4
    assert len(sure(text.format("消费品工业亏损企业180户，增长2.6%。"))) == 2
    assert len(sure(text.format("消费品工业产成品存货180亿元，增长2.6%。"))) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("海上风电突飞猛进，新增装机169万千瓦。", {}),
        ("全国新增装机2000万千瓦，其中风电新增装机900万千瓦。",
         {"cn_power_capacity_additions 2025-08 ytd_level": "2000", "cn_wind_power_additions 2025-08 ytd_level": "900"}),
    ],
)  # fmt: skip
def test_the_capacity_added_behind_one_source_may_be_of_that(text, found):
    assert sure(f"{TITLE}1—8月，{text}") == found


def test_flat_and_a_little_more_is_not_flat():
    assert grown(f"{CITY}1—8月，牛奶产量同比持平；水产品产量同比持平略增。") == {"baotou_milk_output": "0"}


def test_the_turnover_behind_the_freight_of_one_carrier_may_be_of_that():
    text = f"{TITLE}1—8月，铁路货物发送量增长6.1%；货物周转量增长3.6%。"
    assert grown(text) == {"cn_freight_rail": "6.1"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("城镇市场限额以上消费品零售额增长4.5%；乡村市场限上零售额增长6.1%。",
         {"baotou_retail_above_size_urban": "4.5", "baotou_retail_above_size_rural": "6.1"}),
        ("社会消费品零售总额增长3.1%。其中，限上企业增长9.3%。",
         {"baotou_retail_sales": "3.1", "baotou_retail_above_size": "9.3"}),
        ("限额以上某某贸易业零售额增长4.4%。", {}),
        ("社会消费品零售总额增长3.1%。石油及制品类商品有所回落，零售额下降1.7%；汽车类消费增长8.8%。",
         {"baotou_retail_sales": "3.1", "baotou_retail_petroleum": "-1.7", "baotou_retail_automobiles": "8.8"}),
    ],
)  # fmt: skip
def test_units_above_a_size_are_not_all(text, found):
    assert grown(f"{CITY}1—8月，{text}") == found


@pytest.mark.parametrize(
    "text",
    [
        "电解铜均价3.7万元/吨；铝、锌同比上涨5.5%和2.7%。",
        "氧化镨钕上涨20.4%。",
        "水泥出厂价格350元/吨，下降3.3%。",
        "全球石墨产量增长2.2%；磁材企业订单产量增长4.4%；石墨库存增长5.5%。",
        "磁材产业产量30万吨，增长8.1%。",
        "规模以上采矿业实现利润12亿元，采矿业实现利润15亿元。",
        "重点统计钢铁企业生产粗钢5.5亿吨，下降1.1%，生铁4.9亿吨，下降2.2%。",
        "限上旧货业销售额1亿元，增长2.1%。",
    ],
)
def test_prices_stocks_and_some_firms_are_no_output(text):
    assert grown(f"{TITLE}1—8月，{text}") == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1—8月，盈亏相抵后工业实现利润12亿元，增长3.1%。", {"baotou_industrial_profit 2025-08 ytd_yoy": "3.1"}),
        ("1—8月，规上工业企业研发费用增长6.6%。", {"baotou_industrial_rd_spending 2025-08 ytd_yoy": "6.6"}),
        ("1—8月，限上批零业销售额增长4.1%。", {"baotou_wholesale_retail_sales 2025-08 ytd_yoy": "4.1"}),
        ("1—8月，新一代信息技术产业增加值增长9.4%。", {"baotou_next_generation_it_va 2025-08 ytd_yoy": "9.4"}),
        ("1—8月，全市农村劳动力转移就业3.5万人。", {"baotou_rural_labour_transfers 2025-08 ytd_level": "3.5"}),
        ("从8月份数据看，水泥产量增长1.5%。", {"baotou_cement_output 2025-08 month_yoy": "1.5"}),
        ("在石墨领域，1—8月全市总产量达到惊人的90万吨。", {"baotou_graphite_output 2025-08 ytd_level": "90"}),
    ],
)  # fmt: skip
def test_what_is_of_the_thing_itself(text, found):
    got = sure(f"{CITY}{text}")
    assert found.items() <= got.items()
    assert all(name in found or name.endswith("level") for name in got)


def test_exports_behind_an_output_are_those_of_the_product():
    exported = {"cn_lithium_carbonate_exports": "3.5"}
    assert grown(f"{TITLE}1—8月，碳酸锂产量增长20.1%；出口9万吨，增长3.5%。").items() >= exported.items()
    assert grown(f"{TITLE}1—8月，碳酸锂产量增长20.1%；出口增长3.5%。") == {"cn_lithium_carbonate_output": "20.1"}


def test_a_view_on_the_month_before_gives_no_growth_on_the_year_before():
    text = (
        "2025年8月全国价格\n8月份，工业生产者出厂价格下降2.9%。\n"
        "环比看，生产资料价格上涨0.1%。\n同比看，生产资料价格下降3.2%。"
    )
    assert sure(text) == {"cn_ppi 2025-08 month_yoy": "-2.9", "cn_ppi_producer_goods 2025-08 month_yoy": "-3.2"}


def test_prices_behind_a_year_and_its_last_month_may_be_of_either():
    text = (
        "2024年，全国工业生产者出厂价格下降2.1%。其中，12月份，工业生产者出厂价格同比下降2.3%。\n"
        "同比看，生产资料价格下降2.6%。"
    )
    assert sure(text) == {"cn_ppi 2024-12 ytd_yoy": "-2.1", "cn_ppi 2024-12 month_yoy": "-2.3"}

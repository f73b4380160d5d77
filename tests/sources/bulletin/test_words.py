"""Words of budgets, owners, trades and migrants, and parts that are of private firms or of a partner alone."""

import pytest

from forecasting.sources.bulletin import read_bulletin

HEAD = "2025年1—11月份，包头市"


def sure(text: str) -> list[tuple[str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "measure", "value"]].itertuples(index=False, name=None))


def grown(text: str) -> dict[str, str]:
    """What grew from January to November, without the city."""
    return {name.removeprefix("baotou_"): value for name, measure, value in sure(HEAD + text) if measure == "ytd_yoy"}


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("教育、卫生健康、节能环保支出分别增长3.3%、4.4%和5.5%。",
         {"fiscal_education_expenditure": "3.3", "fiscal_health_expenditure": "4.4",
          "fiscal_environment_expenditure": "5.5"}),
        ("一般公共预算支出增长2.2%，其中农林水增长6.6%，公共安全下降1.1%。",
         {"fiscal_expenditure": "2.2", "fiscal_agriculture_expenditure": "6.6",
          "fiscal_public_security_expenditure": "-1.1"}),
        ("社保基金支出增长7.1%。", {"社保基金支出": "7.1"}),
        ("国税收入增长3.1%，地税收入增长4.2%。", {"tax_state_bureau": "3.1", "tax_local_bureau": "4.2"}),
        ("一般公共预算收入中的税收收入增长8.3%。", {"tax_revenue": "8.3"}),
        ("公有制工业增加值下降1.3%，私人控股企业增加值增长2.4%。",
         {"public_va": "-1.3", "privately_controlled_va": "2.4"}),
        ("稀土产业营业收入、利税、利润分别增长1.1%、2.2%和3.3%。",
         {"rare_earth_revenue": "1.1", "rare_earth_profit_and_tax": "2.2", "rare_earth_profit": "3.3"}),
        ("规模以上工业增加值增长5.1%，尤其是医药制造业增加值增长31.4%。",
         {"industrial_va": "5.1", "pharmaceuticals_va": "31.4"}),
        ("商品销售总额增长4.7%，其中汽车类增长9.9%。", {"wholesale_retail_sales": "4.7"}),
        ("安装工程投资下降3.2%，建筑工程投资增长2.3%。", {"fai_installation": "-3.2", "fai_building_works": "2.3"}),
        ("电力供应业增加值增长6.2%，热力生产和供应业增加值增长1.7%。",
         {"electricity_supply_va": "6.2", "heat_supply_va": "1.7"}),
        ("接待游客人数增长12.3%，商品零售价格总指数上涨1.2%。", {"tourists": "12.3", "rpi": "1.2"}),
    ],
)  # fmt: skip
def test_words_that_say_what_grew(text, figures):
    assert grown(text) == figures


def test_people_who_work_away_from_home():
    text = "2024年末，包头市农民工总量21.3万人，比上年增长1.5%。其中，外出农民工13.1万人，本地农民工8.2万人。"
    assert [name for name, measure, _ in sure(text) if measure == "month_level"] == [
        "baotou_migrant_workers",
        "baotou_migrant_workers_away",
        "baotou_migrant_workers_local",
    ]


def test_sectors_behind_private_value_added_are_not_those_of_the_whole():
    text = (
        "包头市2024年统计公报\n全年包头市地区生产总值4500亿元，增长6.0%。其中，第一产业增加值160亿元，增长5.1%。\n"
        "全年民营经济增加值2100亿元，增长4.4%。其中，第一产业增加值90亿元，增长3.2%。\n"
    )
    found = [(name, value) for name, _, value in sure(text)]
    assert ("baotou_primary_va", "160") in found
    assert ("baotou_primary_va", "5.1") in found
    assert not {"90", "3.2"} & {value for _, value in found}


def test_the_surplus_with_a_partner_is_not_that_with_all():
    text = "2024年1—5月，我国对美国出口1.2万亿元，增长7.7%；自美国进口4800亿元；对美贸易顺差7200亿元，扩大13.1%。"
    assert ("cn_trade_us_surplus_cny", "ytd_level", "7200") in sure(text)
    unsaid = text.replace("对美贸易顺差", "贸易顺差")
    assert not [name for name, *_ in sure(unsaid) if "surplus" in name]


def test_a_district_called_by_its_name_alone_behind_its_city():
    text = (
        "2023年绍兴市柯桥区国民经济和社会发展统计公报 一年来，柯桥始终坚持稳中求进，柯桥的经济持续向好。\n"
        "一、综合 2023年柯桥实现地区生产总值900.5亿元，增长6.2%。\n二、农业 全区粮食产量1.2万吨，增长0.7%。\n"
    )
    assert ("shaoxing_keqiao_gdp", "ytd_level", "900.5") in sure(text)


def test_the_only_district_in_a_paper_of_its_city():
    text = (
        "昆都仑前三季度工业增势良好\n日期：2024-11-06 来源：包头日报\n"
        "包头日报讯 近日，昆都仑区统计局发布数据。2024年前三季度昆都仑区规模以上工业增加值增长8.1%。\n"
        "全区社会消费品零售总额增长4.2%。全区固定资产投资增长3.3%。\n"
    )
    assert ("baotou_kundulun_industrial_va", "ytd_yoy", "8.1") in sure(text)


def test_a_split_of_what_is_above_a_size_is_above_it_too():
    text = (
        "2023年1至8月，包头市限额以上单位实现消费品零售额280亿元，同比增长9.8%。"
        "按销售单位所在地分，城镇消费品零售额270亿元，增长10.1%；乡村消费品零售额10亿元，增长5.6%。"
        "按消费类型分，商品零售250亿元，增长9.2%；餐饮收入30亿元，增长32.6%。"
    )
    assert [name for name, measure, _ in sure(text) if measure == "ytd_yoy"] == [
        "baotou_retail_above_size",
        "baotou_retail_above_size_urban",
        "baotou_retail_above_size_rural",
        "baotou_retail_above_size_goods",
        "baotou_retail_above_size_catering",
    ]


def test_a_split_behind_all_retail_sales_is_theirs():
    text = (
        "2023年1至8月，包头市社会消费品零售总额480亿元，增长7.1%，其中限额以上消费品零售额280亿元，增长9.8%。"
        "按消费类型分，商品零售增长6.2%；餐饮收入增长12.6%。"
    )
    assert {name for name, *_ in sure(text)} >= {"baotou_retail_goods", "baotou_retail_catering"}


def test_units_above_a_size_are_named_before_what_parts_them():
    text = "2022年8月份，包头市限额以上按消费类型分，商品零售同比增长21.7%；餐饮收入同比增长13.1%。"
    assert [name for name, *_ in sure(text)] == ["baotou_retail_above_size_goods", "baotou_retail_above_size_catering"]


def test_under_a_heading_on_the_month_before_nothing_is_of_the_year_before():
    text = (
        "2019年11月包头市居民消费价格\n一、从同比看，八大类“五涨”\n食品烟酒类价格上涨7.9%、衣着类价格下降0.1%。\n"
        "二、从环比看，八大类“三涨”\n食品烟酒类价格上涨2.1%、居住类价格上涨0.3%。\n"
    )
    assert sure(text) == [
        ("baotou_cpi_food_tobacco_liquor", "month_yoy", "7.9"),
        ("baotou_cpi_clothing", "month_yoy", "-0.1"),
    ]


def test_what_rose_over_the_months_before_is_of_the_months_up_to_now():
    text = (
        "包头市2023年1-8月工业\n1-8月份，包头市规模以上工业增加值同比增长7.5%。8月当月规模以上工业增加值增长9.7%。"
        "三大门类中，采矿业增加值增长3.7%，较1-7月{}。"
    )
    assert ("baotou_mining_va", "ytd_yoy", "3.7") in sure(text.format("提高0.2个百分点"))
    assert not [name for name, *_ in sure(text.format("平均水平为高")) if "mining" in name]


def test_a_total_so_far_among_months_and_months_up_to_them():
    text = (
        "2024年3月包头市电力运行情况\n3月，全社会用电量47.9亿千瓦时。\n1-3月，第二产业用电量121.4亿千瓦时。\n"
        "在全社会累计用电中，建筑业用电3.8亿千瓦时，下降3.6%。\n"
    )
    assert ("baotou_power_use_construction", "ytd_yoy", "-3.6") in sure(text)


def test_trades_behind_the_retail_sales_of_another():
    text = "其中，批发业零售额增长3.4%；零售业增长17.2%；住宿业增长15.3%；餐饮业增长5.2%。"
    assert grown("社会消费品零售总额增长12.7%。" + text) == {
        "retail_sales": "12.7",
        "retail_wholesale": "3.4",
        "retail_retail_trade": "17.2",
        "retail_accommodation": "15.3",
        "retail_catering": "5.2",
    }


def test_a_window_late_in_a_paragraph_is_of_what_follows_it_there_alone():
    text = (
        "2022年包头市经济\n上半年，包头市地区生产总值1600亿元，增长6.1%。\n"
        "发电量增长4.9%。1-5月，规模以上工业企业实现利润总额67.5亿元，增长13.1%。\n"
        "第三产业增长3.5%，金融业增长2.2%。\n固定资产投资增长12.5%。\n"
    )
    frame, _ = read_bulletin(text, source="text")
    found = set(frame[["indicator", "period"]].itertuples(index=False, name=None))
    assert ("baotou_fixed_asset_investment", "2022-06") in found
    assert not [name for name, _ in found if name.endswith(("tertiary_profit", "finance_profit"))]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("一般公共预算支出增长5.1%，其中教育支出增长3.2%。支出进度加快，支出增长4.4%。",
         ["fiscal_expenditure", "fiscal_education_expenditure"]),
        ("教育、科学技术支出分别增长3.1%和4.2%；支出增长5.3%。",
         ["fiscal_education_expenditure", "fiscal_science_expenditure"]),
        ("居民人均消费支出增长5.1%，其中教育支出增长3.3%，卫生健康、教育支出分别增长4.4%和2.1%。",
         ["spending_per_capita"]),
        ("商品销售总额增长5.1%，其中批发业增长3.3%，汽车类增长4.4%。",
         ["wholesale_retail_sales", "wholesale_sales"]),
    ],
)  # fmt: skip
def test_what_goes_on_is_of_nothing_else(text, names):
    assert list(grown(text)) == names


@pytest.mark.parametrize(
    "text",
    [
        "昆明高新区三季度经济\n来源：昆明日报\n昆明高新区位于五华区。2024年前三季度，全区规模以上工业增加值增长5.1%。全区投资增长3.3%，五华区配合。",
        "宁波日报讯 2024年1-6月，全区规模以上工业增加值增长5.1%，高于江北区2个百分点。全区投资增长3.3%，高于江北区。",
    ],
)
def test_a_district_beside_a_zone_or_compared_with_is_not_whom_a_text_is_on(text):
    assert sure(text) == []


def test_towns_and_villages_share_what_households_spend():
    assert grown("城镇居民人均消费支出增长4.6%，农村居民人均消费支出增长6.9%。") == {
        "spending_per_capita_urban": "4.6",
        "spending_per_capita_rural": "6.9",
    }


def test_a_city_under_no_prefecture_is_read():
    text = "仙桃市2019年一季度经济\n一季度，全市规模以上工业增加值增长9.2%。全市固定资产投资增长11.1%。\n"
    assert [name for name, *_ in sure(text)] == ["xiantao_industrial_va", "xiantao_fixed_asset_investment"]

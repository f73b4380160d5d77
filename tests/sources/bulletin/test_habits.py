"""More habits of the language: lists, remarks, partners, prices, capacity, and what must not be taken for a figure."""

import pytest

from forecasting.sources.bulletin import read_bulletin

HEAD = "2025年1—11月份，包头市"


def sure(text: str) -> list[tuple[str, str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "period", "measure", "value"]].itertuples(index=False, name=None))


def grown(text: str) -> dict[str, str]:
    """What grew from January to November, without the city."""
    return {
        name.removeprefix("baotou_"): value
        for name, period, measure, value in sure(HEAD + text)
        if (period, measure) == ("2025-11", "ytd_yoy")
    }


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("铁路运输业，道路运输业，教育投资分别增长3.1%、4.2%和下降5.3%。",
         {"fai_rail_transport": "3.1", "fai_road_transport": "4.2", "fai_education": "-5.3"}),
        ("稀土、有色、装备制造等重点产业增加值分别增长24.6%、5.1%和27.3%。",
         {"rare_earth_va": "24.6", "nonferrous_industry_va": "5.1", "equipment_manufacturing_va": "27.3"}),
        ("原煤、焦炭、新能源汽车产量分别增长1.1%、2.2%和3.3%。",
         {"raw_coal_output": "1.1", "coke_output": "2.2", "nev_output": "3.3"}),
        ("城乡居民人均可支配收入分别增长4.5%和6.3%。",
         {"income_per_capita_urban": "4.5", "income_per_capita_rural": "6.3"}),
        ("商品房销售面积下降4.8%，其中，住宅下降5.2%，办公楼增长12.3%。",
         {"housing_sales_area": "-4.8", "residential_sales_area": "-5.2", "office_sales_area": "12.3"}),
        ("批发业、零售业、住宿业、餐饮业销售额（营业额）分别增长1.1%、2.2%、3.3%和4.4%。",
         {"wholesale_sales": "1.1", "retail_trade_sales": "2.2", "accommodation_revenue": "3.3",
          "catering_revenue": "4.4"}),
    ],
)  # fmt: skip
def test_a_list_shares_what_is_said_once(text, figures):
    assert grown(text) == figures


def test_a_list_that_goes_on_unnamed_has_no_figure_of_its_own():
    assert grown("稀土等重点产业增加值增长5.0%。") == {}


def test_a_remark_on_another_window_does_not_move_what_follows():
    text = "2025年11月份，全国火电增长7.3%，10月份为下降5.4%；水电增长28.2%。"
    assert sure(text) == [
        ("cn_thermal_power_generation", "2025-11", "month_yoy", "7.3"),
        ("cn_thermal_power_generation", "2025-10", "month_yoy", "-5.4"),
        ("cn_hydro_power_generation", "2025-11", "month_yoy", "28.2"),
    ]


def test_of_a_rate_that_moved_only_where_it_went_to_is_taken():
    assert sure("2025年前三季度，包头市规模以上工业增加值增速由上半年的13.0%回落至11.9%。") == [
        ("baotou_industrial_va", "2025-09", "ytd_yoy", "11.9")
    ]


def test_a_measure_alone_behind_a_clause_that_is_not_understood_is_doubtful():
    assert grown("规模以上工业增加值增长11.3%。钢铁行业的几家龙头景况艰难，增加值增速为0.4%。") == {
        "industrial_va": "11.3"
    }


def test_trade_with_a_partner_is_no_trade_with_all():
    assert grown("进出口总额200亿元，增长5%；对欧盟、东盟进出口分别增长8.2%和12.4%。") == {
        "trade_cny": "5", "trade_eu_cny": "8.2", "trade_asean_cny": "12.4"
    }  # fmt: skip


def test_prices_of_branches_and_of_baskets_lean_on_the_index_before():
    assert grown("工业生产者出厂价格下降2.9%。其中，黑色金属冶炼和压延加工业价格下降8.8%。") == {
        "ppi": "-2.9", "ppi_ferrous_smelting": "-8.8"
    }  # fmt: skip
    assert grown("居民消费价格上涨0.2%。其中，食品烟酒价格下降1.4%，食品价格下降2.9%，衣着类上涨1.1%。") == {
        "cpi": "0.2", "cpi_food_tobacco_liquor": "-1.4", "cpi_food": "-2.9", "cpi_clothing": "1.1"
    }  # fmt: skip


def test_capacity_and_what_is_generated_are_told_apart_by_their_unit():
    text = "截至2025年10月底，全国新能源装机15.7亿千瓦，其中风电9.8亿千瓦。1—10月，全国风电新增装机7001万千瓦。"
    assert [name for name, *_ in sure(text)] == [
        "cn_new_energy_power_capacity", "cn_wind_power_capacity", "cn_wind_power_additions"
    ]  # fmt: skip
    assert sure("2025年10月，全国风电9876万千瓦。") == []


def test_loans_in_all_currencies_are_not_those_in_yuan():
    text = "2025年10月末，全国人民币存款余额30万亿元。10月末，全国本外币贷款余额27万亿元。"
    assert [name for name, *_ in sure(text)] == ["cn_deposits_cny", "cn_loans"]


def test_a_flow_behind_a_balance_covers_the_months_of_the_title():
    text = "2025年上半年包头市经济运行情况\n6月末，全市生猪存栏20.1万头，增长0.6%。牛奶产量8.8万吨，增长2.2%。"
    assert sure(text) == [
        ("baotou_hogs_stock", "2025-06", "month_level", "20.1"),
        ("baotou_hogs_stock", "2025-06", "month_yoy", "0.6"),
        ("baotou_milk_output", "2025-06", "ytd_level", "8.8"),
        ("baotou_milk_output", "2025-06", "ytd_yoy", "2.2"),
    ]


@pytest.mark.parametrize(
    ("title", "period", "measure"),
    [
        ("2024年包头市国民经济和社会发展统计公报\n包头市统计局 2025年3月\n全年", "2024-12", "ytd_yoy"),
        ("2024年12月份及全年包头市工业\n2024年，", "2024-12", "ytd_yoy"),
        ("包头市2025年1—11月工业\n2025年，", "2025-11", "ytd_yoy"),
    ],
)
def test_the_year_is_the_titles_not_that_of_the_printing(title, period, measure):
    assert sure(f"{title}规模以上工业增加值增长11.3%。") == [("baotou_industrial_va", period, measure, "11.3")]


@pytest.mark.parametrize(
    "text",
    [
        "呼和浩特海关：2025年前10个月内蒙古外贸情况\n出口679.5亿元。",
        "新华社呼和浩特2025年10月28日电 2025年前三季度，内蒙古出口679.5亿元。",
        "2025年前三季度内蒙古外贸情况\n据满洲里海关统计，出口679.5亿元（全国为19.9万亿元）。",
    ],
)
def test_who_tells_it_is_not_of_whom(text):
    assert [name for name, *_ in sure(text)] == ["inner_mongolia_exports_cny"]


def test_the_target_of_a_year_is_no_window():
    text = f"{HEAD}规模以上工业增加值增长11.3%，高于年度目标1.3个百分点，稀土产业增加值增长24.6%。"
    assert [period for _, period, *_ in sure(text)] == ["2025-11"] * 2


def test_the_caption_of_a_table_says_its_unit_and_its_measure():
    table = "包头市2025年1—10月主要工业产品产量\n{}产品名称 1—10月 同比增长（%）\n粗钢 1512.8 -3.7\n钢材 1443.6 -2.2\n"
    assert [(name, value) for name, _, _, value in sure(table.format("单位：万吨\n"))] == [
        ("baotou_crude_steel_output", "1512.8"), ("baotou_crude_steel_output", "-3.7"),
        ("baotou_steel_products_output", "1443.6"), ("baotou_steel_products_output", "-2.2"),
    ]  # fmt: skip
    assert [value for *_, value in sure(table.format(""))] == ["-3.7", "-2.2"]


@pytest.mark.parametrize(
    ("text", "periods"),
    [
        ("钢材出口998万吨，增长7.5%；1—11月累计10772万吨。",
         {"998": "month_level", "7.5": "month_yoy", "10772": "ytd_level"}),
        ("钢材出口998万吨。", {}),
        ("其中，钢材出口998万吨。", {"998": "ytd_level"}),
    ],
)  # fmt: skip
def test_after_a_month_and_the_months_up_to_it_a_sentence_without_a_window_says_by_its_form_which_it_means(
    text, periods
):
    frame = sure(f"2025年11月份，全国稀土出口5493吨；1—11月累计出口稀土58193吨。{text}")
    assert {value: measure for name, _, measure, value in frame if name == "cn_steel_products_exports"} == periods


def test_an_industrial_project_is_no_investment_without_real_estate():
    assert grown("工业项目投资增长15.3%。") == {"fai_industry": "15.3"}


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("医药制造业、电气机械和器材制造业增势良好，增加值分别增长6.2%和10.4%。",
         {"pharmaceuticals_va": "6.2", "electrical_machinery_va": "10.4"}),
        ("汽车产量2.9万辆、新能源汽车产量1.1万辆，分别增长12.2%、22.5%。",
         {"vehicle_output": "12.2", "nev_output": "22.5"}),
        ("新能源汽车、锂基新材料产量分别增长79.5%和42.1%。", {"nev_output": "79.5", "锂基新材料_output": "42.1"}),
        ("钢铁行业逆势上行，增加值增速为0.4%。", {"steel_va": "0.4"}),
        ("医药制造业、钢铁行业支撑较强，增加值分别增长6.2%和10.4%。",
         {"pharmaceuticals_va": "6.2", "steel_va": "10.4"}),
        ("装备制造业增加值微增0.6%，钢铁产业增加值微降0.4%。",
         {"equipment_manufacturing_va": "0.6", "steel_va": "-0.4"}),
        ("工业总产值468亿元，增长2.8%；增加值增长4.1%。", {"industrial_output_value": "2.8", "industrial_va": "4.1"}),
        ("商品房销售面积下降6.8%，销售额下降9.6%。", {"housing_sales_area": "-6.8", "housing_sales_value": "-9.6"}),
    ],
)  # fmt: skip
def test_what_was_named_before_its_measure_or_its_level_is_what_grew(text, figures):
    assert grown(text) == figures


def test_a_measure_said_again_is_of_what_the_sentence_before_was_about():
    text = "2025年11月份，全国钕铁硼产量2.98万吨，同比增长14.6%。1—11月累计产量19.1万吨，同比增长11.8%。"
    assert sure(text)[2:] == [
        ("cn_ndfeb_output", "2025-11", "ytd_level", "19.1"), ("cn_ndfeb_output", "2025-11", "ytd_yoy", "11.8")
    ]  # fmt: skip


def test_details_of_a_change_on_the_month_before_are_passed_over():
    assert sure("2025年11月份，全国居民消费价格环比下降0.1%。其中，城市下降0.1%，农村下降0.2%。") == []


@pytest.mark.parametrize(
    "aside",
    ["，其中11月份增长7.8%；", "；11月当月增长7.8%。", "。其中，十一月份增长7.8%。", "，其中11月当月增长7.8%。"],
)
def test_a_month_said_in_passing_does_not_move_what_follows(aside):
    found = grown(f"规模以上工业增加值增长11.3%{aside}铝产业增加值增长3.9%。")
    assert found == {"industrial_va": "11.3", "aluminium_va": "3.9"}


def test_a_part_named_right_behind_a_month_in_passing_is_doubtful():
    assert grown("规模以上工业增加值增长11.3%，其中11月份增长7.8%，铝产业增加值增长3.9%。") == {"industrial_va": "11.3"}


def test_after_the_months_up_to_one_and_that_month_a_bulletin_on_a_month_leaves_open_which_is_meant():
    text = "2025年11月份包头市消费\n1—11月份，社零增长4.0%；11月份，社零增长1.3%。家具类零售额增长9.0%。"
    assert [(measure, value) for _, _, measure, value in sure(text)] == [("ytd_yoy", "4.0"), ("month_yoy", "1.3")]


def test_results_of_a_branch_are_followed_by_no_total_of_the_region():
    assert grown("石化行业实现利润总额56亿元，下降10.2%；进出口总额68亿美元，下降6.2%。") == {
        "petrochemical_profit": "-10.2"
    }


def test_a_quantity_in_a_strange_unit_ends_what_was_carried_on():
    assert grown("进出口总额200亿元，增长5%。蒙马存栏840垧，增长0.5%。开行班列478列，增长3.7%。") == {"trade_cny": "5"}


def test_the_scope_of_a_rank_is_not_the_region():
    assert sure(f"{HEAD}规模以上工业增加值增长11.3%，全区排名第4位，其中11月份增长7.8%。") == [
        ("baotou_industrial_va", "2025-11", "ytd_yoy", "11.3"),
        ("baotou_industrial_va", "2025-11", "month_yoy", "7.8"),
    ]


def test_a_region_that_is_not_clear_holds_for_the_rest_of_the_sentence():
    text = "2024年1—5月，宁波舟山港货物吞吐量5.8亿吨；集装箱吞吐量1597万标箱。"
    assert sure(text) == []


def test_when_it_was_told_is_not_the_window():
    assert sure("2024年5月，包头市统计局数据显示，1—4月全市稀土产业产值增长9.1%。稀土金属产量增长6.9%。") == [
        ("baotou_rare_earth_output_value", "2024-04", "ytd_yoy", "9.1"),
        ("baotou_rare_earth_metals_output", "2024-04", "ytd_yoy", "6.9"),
    ]


def test_a_month_behind_another_year_than_the_bulletins_is_doubtful():
    text = "2025年1月包头市能源简报\n2024年，全市发电量900亿千瓦时。12月，全市发电量80亿千瓦时。"
    assert [(period, value) for _, period, _, value in sure(text)] == [("2024-12", "900")]


def test_at_a_years_end_the_end_of_the_year_before_is_a_year_ago():
    assert sure("2024年末，包头市人民币存款余额31亿元，比上年末增长14.4%。")[1:] == [
        ("baotou_deposits_cny", "2024-12", "month_yoy", "14.4")
    ]
    assert len(sure("2024年9月末，包头市人民币存款余额31亿元，比上年末增长14.4%。")) == 1


def test_a_banner_is_known_by_its_name_but_names_that_cities_share_are_not():
    text = "2025年1—6月经济运行\n{}统计局\n1—6月，规模以上工业增加值增长14.7%。"
    assert [name for name, *_ in sure(text.format("土默特右旗"))] == ["baotou_tumd_right_industrial_va"]
    assert sure(text.format("青山区")) == []
    assert [name for name, *_ in sure(text.format("包头市青山区"))] == ["baotou_qingshan_industrial_va"]


def test_a_line_of_a_flattened_table_that_is_a_unit_belongs_to_the_title_above():
    head = "指标\n12月\n1—12月\n绝对量\n同比增长\n（%）\n绝对量\n同比增长\n（%）\n"
    lines = f"国家统计局\n{head}生铁（万吨）\n6670\n9.4\n85174\n-2.3\n"
    assert [(measure, value) for _, _, measure, value in sure(f"2024年12月份工业生产主要数据\n{lines}")] == [
        ("month_level", "6670"), ("month_yoy", "9.4"), ("ytd_level", "85174"), ("ytd_yoy", "-2.3")
    ]  # fmt: skip


def test_in_a_table_of_months_up_to_one_a_balance_is_of_its_end():
    head = "包头市2025年1—9月主要指标\n指标 单位 1—9月累计 同比增长（%）\n"
    rows = "人民币存款余额 亿元 5213.6 9.2\n社会消费品零售总额 亿元 462.7 5.0\n其中：限额以上 亿元 146.3 8.8\n"
    assert [(name, measure) for name, _, measure, _ in sure(head + rows)][::2] == [
        ("baotou_deposits_cny", "month_level"), ("baotou_retail_sales", "ytd_level"),
        ("baotou_retail_above_size", "ytd_level"),
    ]  # fmt: skip


def test_figures_of_a_firm_are_not_the_regions():
    text = "2025年前三季度，包头市稀土产业增加值增长23.7%。{}稀土金属产量同比增长18%，磁性材料产量5.2万吨。"
    assert len(sure(text.format("蒙马公司"))) == 1
    assert len(sure(text.format("据供电公司统计，"))) == 3


def test_a_press_that_carries_a_citys_name_does_not_speak_of_the_city():
    text = "稀土月报\n上海有色网 2025-10-24\n2025年9月，我国稀土金属产量3.1万吨。"
    assert [name for name, *_ in sure(text)] == ["cn_rare_earth_metals_output"]


def test_an_index_is_passed_over_and_its_growth_taken():
    assert grown("居民消费价格指数为100.3，同比上涨0.3%。") == {"cpi": "0.3"}


def test_sentences_on_single_months_alone_do_not_move_what_follows():
    begin = "规模以上工业增加值增长11.3%，较一季度、1—10月提高1.9个和0.8个百分点。"
    assert grown(f"{begin}其中11月份增长7.4%，10月份增长5.1%。铝产业增加值增长3.9%。") == {
        "industrial_va": "11.3", "aluminium_va": "3.9"
    }  # fmt: skip
    assert grown(f"{begin}从月度看，11月份增长7.4%。铝产业增加值增长3.9%。") == {
        "industrial_va": "11.3", "aluminium_va": "3.9"
    }  # fmt: skip
    assert grown(f"{begin}11月份增长7.4%。铝产业增加值增长3.9%。") == {"industrial_va": "11.3"}


def test_what_is_counted_together_is_one_subject():
    assert grown("城镇居民累计用电量增长4.4%，乡村居民累计用电量增长3.2%。") == {
        "power_use_urban_residential": "4.4", "power_use_rural_residential": "3.2"
    }  # fmt: skip


def test_value_added_of_all_industry_goes_before_that_above_a_size():
    assert grown("工业增加值增长6.1%，其中规模以上工业增加值增长7.3%。") == {
        "all_industry_va": "6.1", "industrial_va": "7.3"
    }  # fmt: skip


def test_a_list_of_goods_shares_whether_quantity_or_value_is_meant():
    assert grown("大豆进口量增长6.1%、原油增长3.3%、煤炭下降4.2%。") == {
        "soybeans_imports": "6.1", "crude_oil_imports": "3.3", "coal_imports": "-4.2"
    }  # fmt: skip
    assert grown("出口机电产品增长4.4%。其中，手机增长6.1%。") == {
        "mech_elec_exports_value_cny": "4.4", "mobile_phones_exports_value_cny": "6.1"
    }  # fmt: skip


def test_ports_are_told_apart_by_where_they_lie():
    assert grown("港口货物吞吐量增长3.1%，其中，沿海港口增长4.2%，内河港口下降1.3%。") == {
        "port_throughput": "3.1", "port_throughput_coastal": "4.2", "port_throughput_inland": "-1.3"
    }  # fmt: skip


def test_how_many_places_grew_is_no_subject_of_what_follows():
    text = "2025年1-5月，全国房地产开发投资下降4.1%。8个省份同比增长，增速较快的山西、江西分别增长9.1%和8.2%。"
    assert [row[0] for row in sure(text)] == [
        "cn_real_estate_investment", "shanxi_real_estate_investment", "jiangxi_real_estate_investment"
    ]  # fmt: skip


def test_a_measure_alone_behind_that_of_industry_is_of_industry():
    assert grown("规模工业增加值、产值分别增长7.3%和10.2%。") == {
        "industrial_va": "7.3", "industrial_output_value": "10.2"
    }  # fmt: skip


def test_the_last_of_a_list_leaves_out_how_many_there_are():
    assert grown("规上服务业营业收入增长5.1%。其中，教育、互联网娱乐两类行业增速分别为14.2%和8.4%。") == {
        "services_revenue": "5.1", "education_revenue": "14.2", "互联网娱乐行业_revenue": "8.4"
    }  # fmt: skip


def test_what_stands_in_brackets_with_its_own_subject_is_read_at_the_end_of_a_clause():
    assert grown("二产用电量91亿千瓦时，增长11.7%（工业用电量89亿千瓦时，增长12.4%）；三产用电量增长9.4%。") == {
        "power_use_secondary": "11.7", "power_use_industry": "12.4", "power_use_tertiary": "9.4"
    }  # fmt: skip


def test_the_trade_of_firms_with_a_partner_is_neither_theirs_nor_the_partners():
    text = "2025年1-5月，我国民营企业对东盟进出口2.8万亿元，增长13.3%。其中，出口增长13.7%。"
    assert sure(text) == [
        ("cn_trade_private_asean_cny", "2025-05", "ytd_level", "2.8"),
        ("cn_trade_private_asean_cny", "2025-05", "ytd_yoy", "13.3"),
        ("cn_trade_private_asean_exports_cny", "2025-05", "ytd_yoy", "13.7"),
    ]


def test_what_is_left_out_is_no_subject():
    assert grown("全社会用电量增长1.7%，其中，除餐饮信息服务业增长5.4%外均下降。") == {"power_use": "1.7"}


def test_figures_of_a_list_share_the_unit_of_the_last():
    text = "2025年1-5月，包头市对日本、欧盟分别进出口4.3亿、2.9亿元，分别增长4.3%、1·4%。"
    assert [row[3] for row in sure(text)] == ["4.3", "2.9", "4.3", "1.4"]


def test_value_added_of_industry_is_of_all_of_it_in_a_text_on_a_year():
    text = "包头市2024年国民经济和社会发展统计公报\n\n全年工业增加值比上年增长6.3%。其中，规模以上工业增加值增长7.2%。"
    assert [row[0] for row in sure(text)] == ["baotou_all_industry_va", "baotou_industrial_va"]
    assert sure(text.replace("全年工业", "规模以上工业企业480家，工业"))[0][0] != "baotou_all_industry_va"


def test_sales_in_the_sentence_of_those_above_a_size_are_of_these():
    text = "2025年1-5月，包头市限额以上单位实现消费品零售额20亿元，其中5月当月实现消费品零售额3亿元。"
    assert [row[0] for row in sure(text)] == ["baotou_retail_above_size", "baotou_retail_above_size"]


def test_the_eight_groups_of_consumer_prices_may_follow_another_index():
    text = "2025年1-5月，包头市商品零售价格涨2.8%。其中，八大类消费品价格总指数如下：食品烟酒类上涨2.1%，衣着类降0.6%。"
    assert [row[0] for row in sure(text)] == ["baotou_rpi", "baotou_cpi_food_tobacco_liquor", "baotou_cpi_clothing"]


def test_older_names_of_trades_and_short_ones_of_firms_are_known():
    text = "2025年1-5月，包头市社会消费品零售总额20亿元，增长5.1%。其中：批发零售贸易业完成3亿元，增长4.2%。"
    assert sure(text)[-1][0] == "baotou_retail_wholesale_retail"
    assert [row[0] for row in sure("2025年1-5月，包头市规上企业完成产值90.6亿元，增长2.6%。")] == [
        "baotou_industrial_output_value"
    ] * 2


@pytest.mark.parametrize("unit", ["万m2", "万m²", "万㎡", "万平米"])
def test_square_metres_are_written_in_many_ways(unit):
    rows = sure(f"2025年1-5月，包头市商品房销售面积21.3{unit}，增长4.3%。")
    assert [row[3] for row in rows] == ["21.3", "4.3"]


def test_up_to_the_end_of_a_month_a_sum_is_counted_from_january():
    text = "2025-11-20\n\n包头市经济\n\n至10月底，全市完成财政收入4.91亿元。由7月至10月底，发电量增长3.1%。"
    assert [row[1:3] for row in sure(text)] == [("2025-10", "ytd_level")]

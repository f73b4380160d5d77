"""What the reader hands to a person since the text leaves open when, where or of what a figure is."""

import pytest

from forecasting.sources.bulletin import read_bulletin


def rows(text: str) -> list[tuple[str, str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "period", "measure", "value"]].itertuples(index=False, name=None))


def reasons(text: str) -> dict[str, str]:
    _, frame = read_bulletin(text, source="text")
    return dict(zip(frame["value"], frame["reason"], strict=True))


def test_a_year_long_before_the_day_of_a_text_is_doubted_where_it_is_not_said():
    text = "发布时间：2023-07-20\n\n8月份包头市将举行展会。上半年，包头市工业用电量增长3.9%。"
    assert reasons(text)["3.9"] == "of which year it is, is not said; the text is of 2023-07-20"


def test_a_year_that_is_said_holds_however_late_a_text_appears():
    text = "发布时间：2016-07-19\n\n2014年1-6月，包头市工业用电量增长3.9%。"
    assert rows(text) == [("baotou_power_use_industry", "2014-06", "ytd_yoy", "3.9")]


def test_a_range_of_months_of_a_year_is_no_day():
    text = "2023年1-2月包头市用电情况\n\n1-2月，包头市工业用电量增长3.9%。"
    assert rows(text) == [("baotou_power_use_industry", "2023-02", "ytd_yoy", "3.9")]


def test_a_paragraph_after_the_months_up_to_it_is_not_said_to_be_of_the_month_alone():
    head = "2025年8月包头市工业运行\n\n8月份，包头市规模以上工业增加值增长6.1%。"
    text = f"{head}1-8月，增长5.2%。\n\n{{}}制造业增加值增长7.3%。"
    assert reasons(text.format(""))["7.3"] == "the window stands in another paragraph"
    assert rows(text.format("其中，"))[-1] == ("baotou_manufacturing_va", "2025-08", "ytd_yoy", "7.3")


def test_a_month_of_its_own_inside_says_nothing_of_the_next_sentence():
    text = "截至7月底，包头市工业总产值21亿元。其中，7月份实现工业总产值4亿元。原煤产量增长2.6%。"
    assert reasons(f"2025年8月19日\n\n{text}")["2.6"] == (
        "the sentence before speaks of a month, this one does not say of what"
    )


@pytest.mark.parametrize("window", ["元至7月", "元月至7月", "元-7月"])
def test_january_may_be_called_the_first_one(window):
    assert rows(f"2025年{window}，包头市工业用电量增长3.9%。") == [
        ("baotou_power_use_industry", "2025-07", "ytd_yoy", "3.9")
    ]


def test_a_window_among_words_that_are_not_understood_is_spoken_of_aside():
    text = "2025年一季度，包头市规模以上工业增加值承接2月份平稳走势，增长9.6%。其中制造业增加值增长7.1%。"
    assert ("baotou_manufacturing_va", "2025-03", "ytd_yoy", "7.1") in rows(text)


def test_a_year_that_is_exceeded_is_no_window():
    text = "2025年前三季度，包头市出口152亿元，增长51.1%，已超2024年全年的150亿元；进口43亿元，增长18.3%。"
    assert ("baotou_imports_cny", "2025-09", "ytd_yoy", "18.3") in rows(text)


def test_behind_another_place_a_clause_without_one_is_doubted():
    text = "2025年1-9月，内蒙古进出口增长5.0%。包头市进出口80亿元，增长4.4%；其中，出口50亿元，增长3.1%；进口30亿元。"
    assert reasons(text)["3.1"] == "a clause before speaks of another region"


def test_a_part_of_what_was_not_understood_is_doubted():
    text = "2025年1-9月，包头市某口径整车产量增长10.0%，其中新能源汽车产量增长12.4%；汽车产量增长3.3%。"
    assert reasons(text)["12.4"] == "what it is a part of was not understood"
    assert rows(text) == [("baotou_vehicle_output", "2025-09", "ytd_yoy", "3.3")]


def test_the_nation_at_the_head_of_a_firms_name_is_not_spoken_of():
    text = "2025年1-9月，吉林省汽车产量增长4.0%。中国某汽整车产量增长5.0%，轿车产量增长9.0%。"
    assert not any(one[0].startswith("cn_") for one in rows(text))


def test_the_city_of_a_text_is_not_its_province_where_others_are_named_once():
    text = (
        "据太原海关统计，2025年1-9月，太原市进出口增长4.4%。太原市进口增长3.1%。\n\n"
        "在全省三市中，太原进出口仅次于大同、长治。\n\n出口增长2.0%。"
    )
    assert {one[0] for one in rows(text)} == {"taiyuan_trade_cny", "taiyuan_imports_cny"}
    assert reasons(text)["2.0"] == "it names 太原市, but speaks of 全省"


def test_the_day_of_a_dateline_may_be_in_characters():
    text = "2005-05-18\n\n中新社北京五月十七日电中国国家统计局今天公布，四月份，用电量增长12.2%，工业用电量增长11.1%。"
    assert [one[0] for one in rows(text)] == ["cn_power_use_industry"]


def test_wrapped_lines_with_blank_lines_between_them_are_sentences():
    lines = (
        "2025-09-15 国家统计局公布，1-8月，全国房地产",
        "开发投资60309亿元，同比下降12.9%，其中，住宅投",
        "资46382亿元，下降11.9%，房屋新开工面积39801万",
        "平方米，下降19.5%，房屋竣工面积27694万平方米，下",
        "降17.0%，商品房销售面积57304万平方米，下降4.7%，",
        "商品房销售额55015亿元，下降7.3%。",
    )
    found = {one[0]: one[3] for one in rows("\n\n".join(lines)) if one[2] == "ytd_yoy"}
    assert (found["cn_real_estate_investment"], found["cn_housing_completions"]) == ("-12.9", "-17.0")


def test_an_office_that_tells_of_its_own_county_names_whom_a_text_is_on():
    text = "记者从义乌市统计局获悉，2025年前三季度，全市全社会用电量增长8.7%，增速位列金华第1，高于金华（6.7%）。"
    assert rows(text)[0] == ("jinhua_yiwu_power_use", "2025-09", "ytd_yoy", "8.7")


def test_a_place_that_is_only_compared_with_is_not_whom_a_text_is_on():
    text = "2025年前三季度，全社会用电量增长8.7%，分别高于全国(6.3%)、包头(6.7%)2.4个和2.0个百分点。"
    assert "8.7" not in [one[3] for one in rows(text)]


def test_a_rate_of_another_time_beside_the_own_one_moves_nothing():
    text = "2025年前三季度，包头市全社会用电量增长6.9%，增速与上半年的7.3%相近。其中，工业用电量增长7.7%。"
    assert rows(text) == [
        ("baotou_power_use", "2025-09", "ytd_yoy", "6.9"),
        ("baotou_power_use_industry", "2025-09", "ytd_yoy", "7.7"),
    ]


@pytest.mark.parametrize(
    "listed", ["装备制造、石化和冶金三大支柱行业规上工业增加值", "高技术、数字经济和高新技术等产业制造业增加值"]
)
def test_what_the_last_of_a_list_may_say_of_them_all_makes_them_doubtful(listed):
    text = f"2025年1-5月，包头市完成工业投资同比增长15.9%。{listed}分别增长6.6%、5.9%、3.1%。"
    assert [one[0] for one in rows(text)] == ["baotou_fai_industry"]


def test_a_metal_is_a_good_though_one_sign_names_it():
    text = "2025年1-5月，包头市钢和钢材产量分别增长26.1%和24.3%。"
    assert [one[0] for one in rows(text)] == ["baotou_钢_output", "baotou_steel_products_output"]
    parted = "2025年1-5月，包头市大、中型企业增加值分别增长6.6%和5.9%。"
    assert "6.6" not in [one[3] for one in rows(parted)]


def test_what_came_out_is_no_good():
    text = "2025年5月，包头市汽车生产再创新高，当月产出42.8万辆，增长36.8%。"
    assert rows(text) == []


def test_domestic_visitors_are_not_the_nations_in_a_text_on_an_unknown_place():
    text = "2025年上半年，全州旅游总收入增长39.9%，其中国内旅游收入增长41.2%。"
    assert rows(text) == []


def test_what_is_done_up_to_now_parts_no_subject():
    text = "2025年上半年，江苏省港口累计完成货物吞吐量15.6亿吨。"
    assert [one[0] for one in rows(text)] == ["jiangsu_port_throughput"]


def test_a_saying_at_the_head_of_a_text_sets_no_window():
    text = "全局看开局，全年看首季。2025年一季度，包头市用电量稳定，工业用电量增长4.2%。\n\n制造业用电量增长3.0%。"
    assert rows(text)[1] == ("baotou_power_use_manufacturing", "2025-03", "ytd_yoy", "3.0")


def test_a_text_that_speaks_of_its_region_is_not_on_the_nation_it_compares_with():
    text = (
        "2025-03-24 来源：内蒙古日报\n\n据自治区统计局消息，1—2月，全区规模以上工业增加值增长7.5%，高于全国。"
        "\n\n全国增速为5.4%。其中，全区采矿业增加值增长6.4%。\n\n制造业增加值增长8.8%。"
    )
    assert rows(text)[0][0] == "inner_mongolia_industrial_va"
    assert not any(one[0].startswith("cn_m") for one in rows(text))


def test_the_make_of_a_product_is_not_the_product():
    assert rows("2025年1-5月，包头市某力新能源汽车销量31.7万辆，增长65.0%。") == []


def test_what_is_worked_up_keeps_its_name_before_value_added_of_industry():
    text = "2025年1-2月，包头市医药加工业增加值增长46.2%。"
    assert [one[0] for one in rows(text)] == ["baotou_医药加工业_va"]


def test_what_is_of_the_counties_of_a_city_is_not_the_citys():
    text = "2025年1-9月，沈阳市县域地区第一产业增加值104亿元，增长4.6%；第二产业增加值108亿元，增长1.7%。"
    assert rows(text) == []


def test_a_figure_of_one_day_is_no_months():
    assert rows("2025年10月1日当天，全国铁路旅客发送量692.5万人次。") == []


def test_all_industry_may_be_parted_from_its_measure():
    text = "2025年1-3月，包头市第二产业增加值33亿元，全部工业实现增加值29亿元，增长7.1%。"
    assert rows(text)[-1] == ("baotou_all_industry_va", "2025-03", "ytd_yoy", "7.1")


@pytest.mark.parametrize("who", ["全行业业务收入", "昌九经济体规模以上工业增加值"])
def test_a_whole_trade_or_a_group_of_cities_has_no_name_of_its_own(who):
    assert rows(f"2025年1-3月，包头市{who}29亿元，增长7.1%。") == []


def test_a_text_on_a_citys_counties_is_not_on_the_city():
    text = "2025年前三季度沈阳市县域经济运行情况\n\n前三季度，猪肉产量12.5万吨，增长4.5%。康平县猪肉产量2.1万吨。"
    assert [one[0] for one in rows(text)] == ["shenyang_kangping_pork_output"]


MONTH_OR_MORE = "whether the month or the months up to it are meant is not said"
A_PART = "whether all or a part of it alone is meant is not said"


def test_the_month_of_a_title_alone_is_no_window_but_of_prices():
    text = "2023年6月包头市经济运行情况\n\n全市工业用电量增长5.1%。\n\n居民消费价格上涨1.2%。"
    assert rows(text) == [("baotou_cpi", "2023-06", "month_yoy", "1.2")]
    assert reasons(text)["5.1"] == MONTH_OR_MORE
    assert rows(text.replace("全市工业", "6月份，全市工业"))[0] == (
        "baotou_power_use_industry", "2023-06", "month_yoy", "5.1"
    )  # fmt: skip


def test_investment_is_of_a_month_only_where_that_is_said():
    text = "2023年6月份，包头市工业用电量增长5.1%。固定资产投资增长3.2%。6月份，制造业投资增长4.3%。"
    assert [one[0] for one in rows(text)] == ["baotou_power_use_industry", "baotou_fai_manufacturing"]
    assert reasons(text)["3.2"] == MONTH_OR_MORE


@pytest.mark.parametrize("place", ["全市", "全国、全省", "包头市"])
def test_as_fast_as_another_place_is_no_figure_of_it(place):
    text = f"2025年上半年，包头市固阳县社会消费品零售总额增长5.2%，与{place}基本持平，工业用电量增长3.1%。"
    assert [one[3] for one in rows(text)] == ["5.2", "3.1"]


def test_parts_of_what_is_only_counted_are_doubted():
    text = "2025年10月，36个重点城市完成客运量4.4亿人。分方式看，全国水路客运量增长6.8%。"
    assert reasons(text)["6.8"] == "what it is a part of was not understood"


def test_a_turnover_behind_the_freight_of_one_carrier_may_be_that_ones():
    text = "2025年上半年，包头市铁路货运量增长3.1%。{}货物周转量增长2.2%。"
    assert reasons(text.format(""))["2.2"] == A_PART
    assert rows(text.format("全市"))[-1] == ("baotou_freight_turnover", "2025-06", "ytd_yoy", "2.2")


def test_the_output_of_agriculture_may_be_that_of_farming_or_of_all():
    text = "2025年，包头市{}农业总产值66.9亿元，增长4.1%。"
    assert reasons(text.format(""))["4.1"] == A_PART
    assert rows(text.format("农林牧渔业总产值99亿元，其中"))[-1][0] == "baotou_farming_output_value"


def test_a_branch_behind_value_added_and_output_value_may_be_of_either():
    text = "2025年上半年，包头市规模以上工业增加值增长3.1%，工业总产值增长5.2%。{}钢铁产业增长4.3%。"
    assert len(rows(text.format(""))) == 2
    assert rows(text.format("其中，"))[-1] == ("baotou_steel_output_value", "2025-06", "ytd_yoy", "4.3")


def test_behind_two_currencies_neither_holds():
    text = "2025年上半年，中国进出口20.2万亿元，增长2.9%。按美元计价，进出口3万亿美元，增长1.8%。对东盟进出口增长9.6%。"
    assert reasons(text)["9.6"] == "the currency is not stated"


def test_the_trade_with_what_was_listed_before_is_not_all_trade():
    text = "2025年上半年，浙江省对欧盟、东盟分别进出口40亿元和30亿元。上述国家和地区进出口增长5.1%，出口增长6.2%。"
    assert reasons(text)["6.2"] == "whether all trade is meant is not said"


def test_traffic_on_roads_is_not_what_firms_carry():
    text = "2025年10月，全国公路人员流动量增长4.4%，高速公路货运量增长1.2%。"
    assert [one[0] for one in rows(text)] == ["cn_road_trips", "cn_freight_expressway"]


def test_the_place_among_whose_parts_a_text_ranks_its_own_is_not_its_place():
    text = "2025年，全市农业总产值98亿元，增长4.8%，在包头各县(市、区)中列第四位。全市工业用电量增长4.1%。"
    assert rows(text) == []


@pytest.mark.parametrize("aside", ["延续2023年以来的高速态势", "由2023年的34.4:16.8:48.8调整到33.2:18.6:48.2"])
def test_a_window_in_a_clause_without_figures_moves_nothing(aside):
    text = f"2025年1-2月，包头市工业用电量增长8.3%，三次产业结构{aside}。工业投资增长2.4%。"
    assert rows(text)[-1] == ("baotou_fai_industry", "2025-02", "ytd_yoy", "2.4")


def test_a_unit_is_shared_by_the_amounts_of_a_list():
    text = "2025年上半年，浙江省对欧盟、东盟分别进出口3.4万亿和1.9万亿元，分别增长6.8%和7.1%。"
    assert ("zhejiang_trade_eu_cny", "2025-06", "ytd_level", "3.4") in rows(text)


def test_the_taxes_behind_a_branch_are_that_ones():
    text = "2025年上半年，包头市稀土产业实现产值106.8亿元，完成税收6.7亿元，增长18.5%。"
    assert reasons(text)["6.7"] == A_PART


def test_the_results_behind_a_product_are_those_of_its_makers():
    text = "2025年上半年，包头市汽车产量5.9万辆，增长16%；实现规模以上工业产值76.7亿元，增长20%。"
    assert reasons(text)["76.7"] == A_PART


def test_the_months_of_a_title_are_not_of_the_year_of_its_day_where_the_text_says_another():
    text = "包头市上半年数据出炉\n2021-10-10\n\n2020年上半年，包头市出口增长5.5%。\n\n今年，财政收入增长2.2%。"
    assert reasons(text)["2.2"] == "the year is not stated"
    assert rows(text.replace("2020年", "")) == [
        ("baotou_exports_cny", "2021-06", "ytd_yoy", "5.5"), ("baotou_fiscal_revenue", "2021-06", "ytd_yoy", "2.2")
    ]  # fmt: skip


def test_a_table_on_those_above_a_size_is_on_them_alone():
    text = (
        "包头市社会消费品零售总额中限上企业(2025年8月)\n\n指标名称 | 本月 | 本月±% |\n消费品零售额(亿元) | 6.79 | 2.9 |"
    )
    assert [one[0] for one in rows(text)] == ["baotou_retail_above_size"] * 2


def test_a_day_written_without_its_second_stroke_gives_the_year():
    frame, _ = read_bulletin("2022/0520\n包头市统计局\n1-4月，全市出口增长5.1%。", source="text")
    assert frame["period"].tolist() == ["2022-04"]


def test_other_costs_behind_real_estate_may_be_of_that_alone():
    head = "2019年1-10月，包头市固定资产投资增长3%。"
    parted = "按构成分，建筑安装工程投资增长5.7%，其他费用增长21.5%。"
    plain, _ = read_bulletin(f"{head}{parted}", source="text")
    assert "baotou_fai_other_costs" in set(plain["indicator"])
    frame, doubtful = read_bulletin(f"{head}房地产开发投资128亿元，增长11.2%。{parted}", source="text")
    assert "baotou_fai_other_costs" not in set(frame["indicator"])
    assert "whether it is a part of all investment" in " ".join(doubtful["reason"])


def test_spring_and_autumn_crops_of_the_south_west_are_named_as_grain():
    frame, _ = read_bulletin("2022年，自贡市小春粮食产量8.6万吨，增长6.7%，大春粮食产量下降1%。", source="text")
    assert frame["indicator"].tolist() == ["zigong_xiaochun_grain_output"] * 2 + ["zigong_dachun_grain_output"]


def test_value_added_of_some_yuan_is_a_misprint():
    text = "2025年，包头市种植业增加值82.25元，增长7.4%。人均地区生产总值152010元。"
    assert [one[3] for one in rows(text)] == ["7.4", "152010"]


def test_parts_of_a_measure_that_was_said_of_something_unknown_are_doubted():
    text = (
        "2025年，包头市商务服务业利润倍增，利润总额高速增长，增长3.4倍。"
        "高端行业加快发展，软件业、互联网业分别增长6.9%、9.5%。"
    )
    assert rows(text) == []


def test_a_list_that_commas_and_enumeration_marks_part_is_doubted():
    text = "2025年上半年，包头市铝材，钢材，水泥、焦炭产量分别增长5.5%、2.7%和7.7%。"
    assert rows(text) == []


def test_industry_among_the_secondary_sector_is_all_industry():
    text = "2025年，包头市第二产业增加值835.9亿元，增长4.4%。其中：工业实现增加值735.3亿元，增长4.8%。"
    assert [one[0] for one in rows(text)] == ["baotou_secondary_va"] * 2 + ["baotou_all_industry_va"] * 2


def test_firms_that_are_not_public_are_not_those_run_privately():
    text = "2025年，包头市规模以上非公有制工业增加值增长4.4%，规模以上民营工业增加值增长5.5%，私营企业增加值增长6.6%。"
    assert [one[0] for one in rows(text)] == ["baotou_nonpublic_va", "baotou_privately_run_va", "baotou_private_va"]


def test_what_visitors_from_the_country_spend_is_not_all_income_of_tourism():
    text = "2025年，包头市旅游总收入92.2亿元，国内旅游收入91.1亿元。"
    assert [one[0] for one in rows(text)] == ["baotou_tourism_revenue", "baotou_tourism_revenue_domestic"]


def test_a_rate_before_that_of_all_months_so_far_may_be_the_months():
    text = "2025年前三季度，包头市规模以上工业增加值增长7.4%，累计增长7.9%。"
    assert rows(text) == []


def test_a_title_on_a_zone_is_not_on_its_city():
    text = "包头装备制造保税区完成全年目标\n2025年，外贸进出口增长39.3%。\n包头市首家平台落户，包头市进口增长3.0%。"
    assert [one[3] for one in rows(text)] == ["3.0"]


def test_output_before_that_above_a_size_is_of_all_industry():
    text = "2025年，包头市工业总产值515亿元，增长8.5%，其中规模以上工业总产值455亿元，增长9.5%。"
    assert rows(text) == []


@pytest.mark.parametrize(
    "said",
    [
        "增长11.3%（修订后为11.1%）",
        "增长11.3%更正为11.1%",
        "增长11.3%，经核实修订为11.1%",
        "增长11.3%（初步核算数为11.5%）",
        "增长11.3%，应为11.1%",
        "增速11.3%（原为11.1%）",
        "增长11.3%，此前公布的增速为11.1%",
    ],
)
def test_a_figure_that_is_corrected_in_the_same_sentence_is_doubted(said):
    text = f"2025年1—11月，包头市规模以上工业增加值{said}。固定资产投资增长5.2%。"
    assert rows(text) == [("baotou_fixed_asset_investment", "2025-11", "ytd_yoy", "5.2")]
    assert reasons(text)["11.3"] == "the text corrects a figure here; which one holds is not clear"


@pytest.mark.parametrize("said", ["据初步核实，10月份太原市", "2025年10月，经初步统计，平原2个县所在的太原市"])
def test_words_of_checking_alone_correct_nothing(said):
    assert "the text corrects a figure here" not in str(reasons(f"2025年10月，{said}工业用电量增长3.9%。"))


def test_a_rate_that_turned_negative_and_is_printed_without_a_sign_is_doubted():
    head = "2025年1—11月，包头市工业投资"
    assert reasons(f"{head}增速转负，为3.1%。") == {"3.1": "whether it fell by that is not said"}
    assert rows(f"{head}由正转负，下降3.1%。") == [("baotou_fai_industry", "2025-11", "ytd_yoy", "-3.1")]


@pytest.mark.parametrize("told", ["国家统计局发布数据。", "国家统计局发布的数据显示，"])
def test_the_month_in_which_december_was_told_is_not_of_its_year(told):
    text = f"2025年1月，{told}12月份，全国规模以上工业增加值同比增长6.2%。"
    assert reasons(text) == {"6.2": "of which year it is, is not said; the text is of 2025-01"}
    november = f"2025年12月，{told}11月份，全国规模以上工业增加值同比增长6.2%。"
    assert rows(november) == [("cn_industrial_va", "2025-11", "month_yoy", "6.2")]


def test_a_market_year_is_no_calendar_year():
    text = "2025年11月，全国2024/2025年度粗钢产量增长3%。"
    assert reasons(text) == {"3": "2024/2025年度 is no January-to-month or monthly window"}


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("剔除春节错月因素，出口增长4.2%", "4.2"),
        ("扣除汽车因素，社会消费品零售总额增长5.0%", "5.0"),
        ("剔除某企业影响后，规模以上工业增加值增长8.0%", "8.0"),
        ("除煤炭外，规模以上工业增加值增长9.0%", "9.0"),
        ("除房地产以外，固定资产投资增长9.5%", "9.5"),
        ("规模以上工业增加值（不含煤炭）增长9.1%", "9.1"),
    ],
)
def test_a_figure_that_something_is_left_out_of_is_doubted_whatever_that_is_called(said, rate):
    text = f"2025年1—11月，包头市{said}。"
    assert rows(text) == []
    assert reasons(text) == {rate: "something is left out of it"}


@pytest.mark.parametrize(
    "said",
    ["固定资产投资（不含农户）增长5.2%", "基础设施投资（不含电力、热力、燃气及水生产和供应业）增长5.2%",
     "除此之外，固定资产投资增长5.2%"],
)  # fmt: skip
def test_what_a_figure_never_includes_is_no_doubt(said):
    assert [row[3] for row in rows(f"2025年1—11月，包头市{said}。")] == ["5.2"]


def test_value_added_at_current_prices_is_doubted():
    text = "2025年1—11月，包头市规模以上工业增加值现价增长8.0%。社会消费品零售总额名义增长4.1%。"
    assert reasons(text) == {"8.0": "growth at current prices, where it is published at constant ones"}
    assert [row[3] for row in rows(text)] == ["4.1"]

"""What bulletins only compare with or speak of aside: no figure of theirs, and it does not move what follows."""

import pytest

from forecasting.errors import InputError
from forecasting.sources.bulletin import read_bulletin


def sure(text: str) -> list[tuple[str, str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "period", "measure", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    "aside",
    [
        "，与2020年同期相比，两年平均增长7.3%",
        "，增速与上半年持平",
        "，仅低于9月份",
        "，比去年12月份回升0.8个百分点",
        "，较9月的5774吨减少314吨",
    ],
)
def test_a_comparison_that_names_its_time_does_not_move_what_follows(aside):
    text = f"2021年1-10月，包头市规模以上工业增加值同比增长15.1%{aside}。制造业增加值增长19.5%。"
    assert sure(text) == [
        ("baotou_industrial_va", "2021-10", "ytd_yoy", "15.1"),
        ("baotou_manufacturing_va", "2021-10", "ytd_yoy", "19.5"),
    ]


def test_the_year_that_a_text_compares_with_is_not_its_own():
    head = "前8月包头市消费平稳\n\n2023-09-18 08:40\n\n"
    text = "1至8月，包头市社会消费品零售总额增长5.1%，与2019年同期相比，增长9.8%。"
    assert sure(head + text)[0] == ("baotou_retail_sales", "2023-08", "ytd_yoy", "5.1")


def test_quarters_looked_at_one_by_one_do_not_move_what_follows():
    text = (
        "2023年前三季度，全国国内生产总值增长5.3%。分季度看，一季度增长4.6%，二季度增长6.2%。第一产业增加值增长4.1%。"
    )
    assert ("cn_primary_va", "2023-09", "ytd_yoy", "4.1") in sure(text)


@pytest.mark.parametrize("body", ["口岸", "油田", "垦区", "森工"])
def test_a_body_named_after_a_region_is_not_the_region(body):
    assert sure(f"2024年1-6月，新疆{body}进出口总值182.6亿元，同比增长12.4%；工业用电量增长5.0%。") == []


def test_a_name_that_several_districts_share_needs_its_city():
    text = "2025年1-5月，全区规模以上工业增加值同比增长5.2%。"
    with pytest.raises(InputError, match="belongs to several"):
        read_bulletin(text, source="text", region="鼓楼区")
    frame, _ = read_bulletin(text, source="text", region="徐州市鼓楼区")
    assert list(frame["region"]) == ["CN-320302"]


@pytest.mark.parametrize("place", ["沿海城市", "某某和县", "河北区域", "禹城市场"])
def test_the_end_of_other_words_is_no_county(place):
    frame, _ = read_bulletin(f"2025年1-5月，{place}规模以上工业增加值同比增长5.2%。", source="text")
    assert frame.empty


def test_a_county_that_a_city_speaks_of_once_is_not_whom_its_bulletin_is_on():
    text = (
        "2025年1-5月，全市规模以上工业增加值同比增长5.2%。\n\n分行业看，制造业增势较好。\n\n全市采矿业增加值增长4.4%。\n\n"
        "分地区看，慈溪市规模以上工业增加值增长9.1%，慈溪市固定资产投资增长3.3%。\n\n全市制造业增加值增长4.4%。"
    )
    assert [row[0] for row in sure(text)] == ["ningbo_cixi_industrial_va", "ningbo_cixi_fixed_asset_investment"]


def test_a_county_that_is_not_known_is_not_its_city():
    text = "衡阳日报讯 2022年上半年，全县工业用电量增长8.4%，全县税收收入9.6亿元，居全市第二。园区税收收入增长3.1%。"
    assert sure(text) == []


def test_a_county_is_not_the_nation_that_it_outruns():
    assert sure("2018年1至4月，全县出口4.86亿美元，高于全国15个百分点。进口3512万美元。我县税收收入增长3.0%。") == []


def test_what_a_branch_did_is_not_what_industry_did():
    assert sure("2022年1-2月，包头市风电等新型产业发展平缓，累计实现工业产值38.72亿元，同比下降9.4%。") == []


def test_behind_a_semicolon_exports_are_the_partners_or_all():
    text = "2025年1-11月，包头市对蒙古国进出口52.3亿元，增长18.0%；出口31.2亿元。"
    assert sure(text) == [
        ("baotou_trade_mongolia_cny", "2025-11", "ytd_level", "52.3"),
        ("baotou_trade_mongolia_cny", "2025-11", "ytd_yoy", "18.0"),
    ]


def test_a_partners_exports_in_the_sentence_on_its_trade_are_its_own():
    text = "2025年1-11月，包头市对蒙古国进出口52.3亿元，增长18.0%，其中，出口31.2亿元，增长9.4%。"
    assert ("baotou_trade_mongolia_exports_cny", "2025-11", "ytd_level", "31.2") in sure(text)


def test_a_level_in_two_units_of_one_kind_is_one_level():
    text = "2025年11月，全国未锻轧铝及铝材出口14.4万吨。\n\n11月，全国未锻轧铝及铝材出口量为143972吨，同比下降6.3%。"
    _, doubtful = read_bulletin(text, source="text")
    assert not any("several values" in reason for reason in doubtful["reason"])


def test_marks_of_footnotes_and_captions_are_not_read():
    text = "2023年全年地区生产总值[2]4263.9亿元，比上年增长[3]10.2%。\n\n图1 2019-2023年地区生产总值及其增长速度"
    assert [row[3] for row in sure(f"包头市2023年统计公报\n\n{text}")] == ["4263.9", "10.2"]


def test_since_when_something_is_so_is_no_window():
    text = "2019年前三季度，包头市外贸总额81.2亿元。自2017年3月起，包头市出口持续增长，出口41.5亿元。"
    assert sure(text)[-1] == ("baotou_exports_cny", "2019-09", "ytd_level", "41.5")


def test_how_much_it_grew_on_the_month_before_is_not_taken_for_the_year():
    text = "2022年11月份，全国水泥产量19035万吨，环比减少1390万吨，降幅6.8%；同比下降4.7%。"
    assert [row[3] for row in sure(text)] == ["19035", "-4.7"]


def test_looked_at_by_the_year_prices_are_read_again():
    text = "2022年12月份，从环比看，全国食品价格上涨0.5%。从同比看，食品价格上涨4.8%，猪肉价格上涨22.2%。"
    assert [row[3] for row in sure(text)] == ["4.8", "22.2"]


def test_grown_on_the_year_before_is_of_the_year_that_a_bulletin_is_on():
    text = "2022年，包头市用电量增长9.3%。\n\n1-11月，工业用电量增长8.4%。\n\n包头市税收收入比上年增长4.2%。"
    assert sure(text)[-1] == ("baotou_tax_revenue", "2022-12", "ytd_yoy", "4.2")
    assert sure(text.replace("比上年", "同比")) == sure(text)[:-1]


@pytest.mark.parametrize("line", ["本报北京10月18日讯 ", "新华社北京10月18日电 ", "中广网北京10月18日消息 "])
def test_where_the_press_wrote_from_is_not_the_region(line):
    text = f"{line}国家统计局发布的数据显示，2011年前三季度，固定资产投资212300亿元，同比增长24.9%。"
    assert sure(text)[-1] == ("cn_fixed_asset_investment", "2011-09", "ytd_yoy", "24.9")


@pytest.mark.parametrize(
    "head",
    [
        "记者从扬州海关获悉",
        "在扬州综合保税区的车间里，订单不断",
        "货轮从扬州港驶出",
        "从扬州出发的班列驶向欧洲",
    ],
)
def test_a_place_named_in_passing_alone_is_not_for_sure_whom_a_text_is_on(head):
    text = f"2025年1-5月，{head}。一般贸易进出口31.2亿元，同比增长7.4%。"
    frame, doubtful = read_bulletin(text, source="text")
    assert frame.empty
    assert len(doubtful) == 2
    again, _ = read_bulletin(f"{text}全市固定资产投资增长3.3%。", source="text")
    assert set(again["region"]) == {"CN-321000"}


def test_a_place_named_for_itself_goes_before_one_in_passing():
    text = "浙江舟山港集装箱堆场繁忙。交通运输部数据显示，2025年1-5月，我国货物吞吐量增长3.1%。"
    assert sure(text) == [("cn_port_throughput", "2025-05", "ytd_yoy", "3.1")]


def test_a_year_in_the_title_alone_is_no_window():
    text = "包头市2024年工业经济\n\n包头市规模以上工业增加值增长9.2%。"
    assert sure(text) == []
    assert sure(f"{text}全年固定资产投资增长8.1%。")[0] == ("baotou_industrial_va", "2024-12", "ytd_yoy", "9.2")


def test_a_headline_with_a_figure_gives_the_window():
    text = (
        "前7月包头市规上工业增加值增长8.3%\n2025年8月18日\n\n7月，制造业增加值增长9.4%。\n\n稀土产业增加值增长20.1%。"
    )
    assert sure(text)[-1] == ("baotou_rare_earth_va", "2025-07", "ytd_yoy", "20.1")


def test_what_speaks_of_our_region_is_not_on_the_nation():
    text = "经国家统计局审定，2025年1-5月我区规模以上工业增加值增长5.2%。制造业增加值增长4.4%。"
    assert sure(text) == []


def test_what_speaks_of_the_city_is_not_on_the_district_that_passes_it_on():
    text = "2025年1-5月，我市固定资产投资增长3.1%。其中，制造业投资增长8.2%。\n\n主办单位：包头市青山区统计局"
    assert [row[0] for row in sure(text)] == ["baotou_fixed_asset_investment"]


def test_a_district_that_an_office_names_once_is_whom_a_text_is_on():
    text = "2025年1-5月，全区固定资产投资增长3.1%。\n\n工业投资增长8.2%。\n\n长沙市岳麓区统计局"
    assert [row[0] for row in sure(text)] == ["changsha_yuelu_fixed_asset_investment", "changsha_yuelu_fai_industry"]


def test_results_of_a_part_do_not_go_on_as_those_of_all():
    text = "2025年1-5月，包头市规上服务业企业实现营业收入91亿元。租赁业实现营业收入12亿元。营业利润2亿元。"
    assert [row[3] for row in sure(text)] == ["91", "12"]
    text = "2025年1-5月，包头市营业收入排名前10的租赁业企业，实现营业收入6亿元，增长9.1%。"
    assert sure(text) == []


def test_what_is_generated_behind_what_was_added_is_no_capacity():
    text = "2025年1-5月，全国光伏新增装机52GW。全国发电3.7万亿千瓦时，增长2.4%。其中，火电增长1.1%。"
    assert [row[0] for row in sure(text)] == [
        "cn_solar_power_additions", "cn_power_generation", "cn_power_generation", "cn_thermal_power_generation"
    ]  # fmt: skip


def test_a_part_goes_on_with_the_months_that_the_paragraph_before_names():
    parts = [
        "2025年5月，包头市原煤产量增长3.1%。",
        "1-5月，发电量增长4.2%。",
        "其中，风电增长5.3%。",
        "铝材产量增长6%。",
    ]
    assert [(row[1], row[2]) for row in sure("\n\n".join(parts))] == [
        ("2025-05", "month_yoy"), ("2025-05", "ytd_yoy"), ("2025-05", "ytd_yoy")
    ]  # fmt: skip


def test_cities_named_beside_each_other_leave_a_text_on_their_province():
    text = "2025年1-5月，采矿业增加值增长7.1%，全省工业投资增长3.2%。曲靖、玉溪、昭通等7个市增速超过全省。"
    assert [row[0] for row in sure(text)] == ["yunnan_mining_va", "yunnan_fai_industry"]
    alone = text.replace("曲靖、玉溪、昭通等7个市", "玉溪")
    assert [row[0] for row in sure(alone)] == ["yunnan_fai_industry"]


def test_a_text_of_its_day_is_dated_by_its_months_not_by_the_years_that_it_looks_back_to():
    text = (
        "2025-11-20 09:10\n\n贸易额从2004年的80亿元增长至2024年的90亿元。\n\n今年前8个月，我国对东盟进出口4.1万亿元。"
    )
    assert sure(text)[-1] == ("cn_trade_asean_cny", "2025-08", "ytd_level", "4.1")


def test_where_something_takes_place_is_not_whom_a_text_is_on():
    text = "2025年1-5月，会议在广西南宁举行。海关统计，一般贸易进出口31.2亿元。"
    assert sure(text) == []


def test_what_a_month_did_on_the_one_before_moves_no_window():
    text = "2025年1-5月，包头市固定资产投资增长2.7%。5月投资环比增长14.4%。1-5月工业投资增长1.1%。基建投资增长5%。"
    assert {row[2] for row in sure(text)} == {"ytd_yoy"}


def test_a_zone_named_after_a_city_is_not_the_city():
    text = "雅安经开区2025年1-5月运行情况\n\n1-5月，规上工业用电量6.4亿千瓦时，同比增长3.2%，增速居全市第一。"
    assert sure(text) == []


def test_a_dated_text_without_a_year_of_its_months_is_of_its_date():
    text = "上半年全国生猪出栏31959万头。夏粮产量略低于最高年份2024年。上半年猪肉产量2473万吨。\n\n2025-07-15"
    assert {row[1] for row in sure(text)} == {"2025-06"}


def test_a_paper_of_a_province_that_says_our_province_is_on_it():
    text = "黑龙江日报10月26日讯 前三季度，全省工业投资增长31.5%。我省稳步走高，而全国小幅回落。\n\n2025-10-26"
    assert sure(text) == [("heilongjiang_fai_industry", "2025-09", "ytd_yoy", "31.5")]


def test_a_branch_before_a_result_may_be_what_it_is_of():
    text = "2025年1-5月，包头市规上工业增加值增长9%。装备制造、光伏等四大产业，1-5月完成工业产值57.3亿元，增长15.5%。"
    assert {row[0] for row in sure(text)} == {"baotou_industrial_va"}


def test_figures_of_some_days_are_passed_over():
    text = "2025年1-5月，包头市接待游客31.2万人次，同比增长3.2%。春节长假全市接待游客5.1万人次，增长7.1%，收入增长9%。"
    assert [row[3] for row in sure(text)] == ["31.2", "3.2"]


def test_a_text_on_provinces_beside_each_other_is_not_on_the_first():
    text = "2025年5月，山西、陕西、宁夏3省全社会用电量31.2亿千瓦时。第二产业用电量增2.4%。山西省全社会用电量增3.3%。"
    assert sure(text) == [("shanxi_power_use", "2025-05", "month_yoy", "3.3")]


def test_the_lowest_since_a_year_moves_no_year():
    text = "2025年1-5月，包头市规上工业增加值增长9%，为2019年以来最低增速。1-5月，采矿业增加值增长3.1%。"
    assert {row[1] for row in sure(text)} == {"2025-05"}


def test_a_month_of_what_goes_along_with_the_figures_is_not_theirs():
    text = "2025年1-9月，包头市工业利润增长9%。随着纺织业利润在9月份转正，各行业都增长。采矿业利润增长3.1%。"
    assert {row[1] for row in sure(text)} == {"2025-09"}
    assert {row[2] for row in sure(text)} == {"ytd_yoy"}


def test_growth_counted_from_a_level_is_not_at_constant_prices_for_sure():
    text = "2025年包头市经济\n\n全年{}达到131亿元，较2024年的125亿元同比增长4.8%。"
    assert [row[2] for row in sure(text.format("地区生产总值"))] == ["ytd_level"]
    assert [row[2] for row in sure(text.format("社会消费品零售总额"))] == ["ytd_level", "ytd_yoy"]

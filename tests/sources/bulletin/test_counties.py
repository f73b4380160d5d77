"""Counties, towns and districts: by a short name, beside a namesake, in texts that name their city too."""

import pytest

from forecasting.sources.bulletin import read_bulletin


def sure(text: str) -> list[tuple[str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["region", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("CN-513402", "会理：上半年经济稳中有进\n2023年上半年，会理规模以上工业增加值增长6.2%。全市投资增长6.2%。"),
        ("CN-513425", "会理2016年1-11月主要经济指标\n1-11月，会理固定资产投资增长6.2%。全县工业用电量增长6.2%。"),
        ("CN-331122", "缙云2022年1-11月主要经济指标\n1-11月，全县投资增长6.2%。缙云出口增长6.2%。"),
    ],
)
def test_a_headline_names_a_town_by_its_short_name(code, text):
    assert sure(text) == [(code, "6.2")] * 2


def test_a_short_name_whose_rank_in_its_city_alone_is_said_is_no_town():
    assert sure("会理2022年1-11月主要经济指标\n1-11月，投资增长6.2%，居全市第二。") == []


def test_a_county_is_told_of_though_no_title_names_it():
    text = (
        "2022年是关键之年。固阳县认真落实各级工作部署，经济稳中提质。\n一、综合\n"
        "全年实现地区生产总值120.7亿元，增长5.2%。全县投资增长7.1%。"
    )
    assert sure(text) == [("CN-150222", "120.7"), ("CN-150222", "5.2"), ("CN-150222", "7.1")]


def test_a_district_that_opens_a_text_is_whom_the_rest_is_on():
    text = "2025-05-22\n今年1-4月，大安区投资增长19.7%。\n增势强劲。\n1-4月工业投资增长14.8%，高于全市8.2个百分点。"
    assert sure(text) == [("CN-510304", "19.7"), ("CN-510304", "14.8")]


def test_a_text_that_names_two_counties_is_on_neither():
    text = (
        "本报讯\n前三季度，全县投资增长12.9%。\n与保康县相比，全县工业投资增速较高。\n"
        "在丹江口市投资增长3.3%的同时，全县出口增长5.5%。"
    )
    assert [region for region, value in sure(text) if value != "3.3"] == []


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("CN-440115", "2024年，南沙区投资增长5.1%。"),
        ("CN-460303", "2024年，三沙市南沙区投资增长5.1%。"),
        ("CN-460302", "2024年，三沙市西沙区投资增长5.1%。"),
        ("CN-350404", "2024年，三元区投资增长5.1%。"),
    ],
)
def test_districts_founded_lately(code, text):
    assert sure(text) == [(code, "5.1")]


def test_the_districts_of_a_city_together_are_not_the_one_that_a_text_is_on():
    text = "2024年固阳县统计公报\n2024年，全县投资增长5.7%。市辖区全年居民消费价格上涨0.3%。"
    assert sure(text) == [("CN-150222", "5.7")]


def test_a_zone_whose_name_many_cities_use_is_that_of_a_city_named_beside_it():
    text = "2025年1-5月{}滨海新区经济\n\n1-5月，{}工业用电量增长3.9%，居全省新区首位。工业投资增长4.1%。"
    assert sure(text.format("天津市", "全区")) == [("CN-120116", "3.9"), ("CN-120116", "4.1")]
    assert sure(text.format("", "滨海新区")) == []


def test_what_lies_around_a_zone_that_is_not_named_is_not_the_nation():
    text = "2025年，面对国内外环境，高新区按照市委要求稳步发展。全年实现地区生产总值76.2亿元，增长1.2%。"
    assert sure(text) == []

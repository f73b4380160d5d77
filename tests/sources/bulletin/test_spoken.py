"""A text is on the place that its clauses speak of; where more of them speak of another, a person decides."""

import pytest

from forecasting.sources.bulletin import read_bulletin
from forecasting.sources.bulletin._lexer import Token, line_of
from forecasting.sources.bulletin._regions import regions
from forecasting.sources.bulletin._spoken import outspoken
from forecasting.sources.bulletin._text import normal


def regions_of(text: str) -> set[str]:
    frame, _ = read_bulletin(text, source="text")
    return set(frame["region"])


def reasons(text: str) -> str:
    _, frame = read_bulletin(text, source="text")
    return " ".join(frame["reason"])


def lines(text: str) -> list[tuple[Token, ...]]:
    return [line_of(normal(one)) for one in text.split("\n")]


@pytest.mark.parametrize(
    ("code", "other", "text"),
    [
        # a town in a city, of which both are 全市
        ("330700", "义乌市", "金华市工业发展\n上半年，义乌工业用电量增长9.1%，义乌出口增长8.0%。全市进口增长7.7%。"),
        # a city in a province
        ("350000", "泉州", "福建省经济新闻\n上半年，泉州工业用电量增长9.1%。泉州出口增长8.0%，进口增长7.7%。"),
        # a province in the nation
        ("000000", "内蒙古", "全国经济运行\n上半年，内蒙古工业用电量增长9.1%。内蒙古出口增长8.0%，进口增长7.7%。"),
        # a word for another level than that of the place
        ("610000", "全市", "陕西省经济运行\n全市出口增长9.1%，高于全省3个百分点。全市进口增长8.0%，全省第二。"),
        # such a word once, and none that fits
        ("430400", "全县", "衡阳市经济运行\n上半年，衡阳出口增长9.1%。全县进口增长8.0%。"),
        # a zone and a county that no table knows
        ("320300", "经开区", "徐州市工业运行\n上半年，经开区工业用电量增长9.1%。经开区出口增长8.0%。"),
        ("320300", "县", "徐州市工业运行\n上半年，甲云县出口增长8.0%，甲云县进口增长7.7%。"),
    ],
)
def test_a_text_that_speaks_more_of_another_place_is_not_on_the_one_it_names_first(code, other, text):
    assert outspoken(regions()[code], lines(text)) == other


@pytest.mark.parametrize("head", ["金华市工业发展", "全市外贸发展，金华海关统计"])
def test_the_figures_of_such_a_text_are_doubted(head):
    text = f"{head}\n2025年上半年，义乌工业用电量增长9.1%，义乌出口增长8.0%。\n\n粮食产量增长2.1%。全市进口增长7.7%。"
    assert regions_of(text) == set()
    assert "it speaks of 义乌市 more than of 金华市" in reasons(text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("包头市工业运行\n2025年上半年，全市工业用电量增长9.1%。昆都仑区工业用电量增长8.0%，青山区增长3.0%，全市出口增长7%。",
         "CN-150200"),
        ("2025年上半年，浙江省工业用电量增长9.1%，高于全国。宁波市增长8.0%，温州市增长3.0%；全省出口增长7%，高于全国。",
         "CN-330000"),
        ("2025年上半年，我国软件业务收入增长9.1%。东部地区进口增长3.0%，东部地区出口增长8%。出口增长7%。", "CN"),
        ("2025年上半年，全国工业用电量增长9.1%。广东增长3.0%。我国出口增长8.0%。", "CN"),
    ],
)  # fmt: skip
def test_parts_named_once_and_wholes_compared_with_do_not_move_a_text(text, code):
    assert code in regions_of(text)


def test_a_word_for_two_levels_tells_neither_from_the_other():
    jinhua = regions()["330700"]
    text = "金华市经济\n全市出口增长1%，全市进口增长1%\n义乌出口增长1%，义乌进口增长1%"
    assert outspoken(jinhua, lines(text)) == "义乌市"
    assert outspoken(jinhua, lines(f"{text}，金华进口增长1%")) == ""


def test_a_county_behind_a_full_stop_is_not_the_city_of_its_name():
    text = "2022年是重要的一年。衡阳县委、政府真抓实干，经济平稳发展。\n\n全年粮食产量59.2万吨，下降1.2%。"
    assert "CN-430400" not in regions_of(text)
    named = [token.text for token in line_of(normal("抓住机遇。衡阳县增长，走进衡阳县")) if token.kind == "region"]
    assert named == ["衡阳县"]


def test_a_chain_of_places_may_be_parted_by_a_year():
    text = "(内蒙古自治区)2022年包头市青山区国民经济和社会发展统计公报\n全区粮食产量5.1万吨，增长3.1%。"
    assert regions_of(text) == {"CN-150204"}


def test_the_year_behind_a_title_is_no_table():
    text = "2022年固阳县国民经济和社会发展统计公报 2022\n2022年，全县粮食产量5.1万吨，增长3.1%。全县蔬菜产量增长2%。"
    assert regions_of(f"{text}全县出口增长1%。") == {"CN-150222"}


@pytest.mark.parametrize(("title", "codes"), [("工业用电快速增长", {"CN-330782"}), ("金华工业用电快速增长", set())])
def test_a_town_is_taken_where_no_title_names_its_city_and_all_agrees(title, codes):
    lead = "2025年上半年，在金华市各县市区中，工业用电多数增长，企业开工情况良好。"
    body = "义乌工业用电量增长9.1%。义乌出口增长8.0%，义乌进口增长2%。"
    assert regions_of(f"{title}\n{lead}\n\n{body}") == codes


@pytest.mark.parametrize("byline", ["文/北京青年报记者 甲乙", "甲乙 北京青年报"])
def test_where_a_text_was_written_is_not_whom_it_is_on(byline):
    text = "2021年6月16日\n国家统计局新闻发言人介绍，1-5月份，货物进出口总额147595亿元，增长28.2%，贸易结构持续优化。"
    assert regions_of(f"{text}\n\n{byline}") == {"CN"}


def test_a_publisher_does_not_count_among_those_that_are_spoken_of():
    body = "2023年甲江新区GDP增长6.5%。甲江新区出口增长2%，主要指标在全市保持前列。"
    text = f"主办:重庆市商务局，承办:重庆市外商中心\n经济成绩单\n{body}"
    assert "it speaks of 新区 more than of 重庆市" in reasons(text)


def test_the_way_to_a_page_does_not_name_whom_it_is_on():
    text = "您当前的位置:首页 > 统计公报 > 四川\n达州市2020年国民经济和社会发展统计公报\n全市粮食产量增长3.1%。"
    assert regions_of(text) == {"CN-511700"}


def test_a_district_behind_its_city_needs_no_more_than_the_whole_district():
    body = "全区粮食产量5.1万吨，增长3.1%。\n全区蔬菜产量增长2%。\n全区出口增长1%。"
    assert regions_of(f"2023年江门市新会区国民经济和社会发展统计公报 一、综合 2023年{body}") == {"CN-440705"}

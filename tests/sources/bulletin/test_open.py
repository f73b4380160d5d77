"""Subjects that go by their own words, and which words do not make one."""

import pytest

from forecasting.sources.bulletin import name_problem, read_bulletin

HEAD = "2025年1—11月，包头市"


def ids(text: str) -> list[str]:
    frame, _ = read_bulletin(HEAD + text, source="text", region="包头市")
    return list(frame["indicator"])


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("蒙古刀产量增长5.0%。", "baotou_蒙古刀_output"),
        ("精密轴承产业增加值增长12.6%。", "baotou_精密轴承产业_va"),
        ("上划省级收入3120万元。", "baotou_上划省级收入"),
        ("规上工业增加值增长5.0%，其中精密轴承产业增长12.6%。", "baotou_精密轴承产业_va"),
        ("农户贷款余额41.2亿元。", "baotou_loans_农户"),
        ("进口家用电器配件12.2亿元。", "baotou_家用电器配件_imports_value_cny"),
        ("城市供水行业用电量增长5.6%。", "baotou_power_use_城市供水行业"),
    ],
)
def test_what_says_itself_what_is_measured_goes_by_its_own_words(text, name):
    assert ids(text)[-1] == name
    assert name_problem("CN-150200", name) == ""


@pytest.mark.parametrize(
    "text",
    [
        "部分新产品产量增长5.0%。",
        "某企业产量增长5.0%。",
        "新材料公司营业收入增长5.0%。",
        "食用菌种植园产值增长5.0%。",
        "沿黄地区规模以上工业增加值增长5.0%。",
        "其他未列明的产品产量增长5.0%。",
        "消费增长5.0%。",
    ],
)
def test_words_of_grammar_places_and_firms_name_nothing(text):
    assert ids(text) == []


def test_the_last_of_a_list_may_sum_it_up():
    assert ids("铝、锡、锑和碳酸钙四大优势产业增加值增长11.2%。") == ["baotou_四大优势产业_va"]


@pytest.mark.parametrize("name", ["baotou_蒙古刀", "baotou_", "蒙古刀_output"])
def test_not_every_word_is_a_name(name):
    assert name_problem("CN-150200", name)


def test_long_runs_of_unknown_words_are_read_in_linear_time():
    text = HEAD + "、".join(["甲乙丙"] * 800) + "分别增长" + "、".join(["5.0%"] * 800) + "。"
    frame, doubtful = read_bulletin(text, source="text")
    assert len(frame) + len(doubtful) <= 800

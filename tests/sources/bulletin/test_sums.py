"""Parts that do not add up to their whole are parts of another one, or of another place."""

import pytest

from forecasting.sources.bulletin import read_bulletin
from forecasting.sources.bulletin._reader import APART


def read(text: str) -> tuple[set[str], set[str]]:
    """The indicators that were taken, and those that were put aside as parts of something else."""
    sure, doubtful = read_bulletin(f"2025年包头市固阳县统计公报\n{text}", source="text")
    return set(sure["indicator"]), set(doubtful[doubtful["reason"] == APART]["indicator"])


@pytest.mark.parametrize(
    ("whole", "parts", "text"),
    [
        (
            "retail_sales",
            {"retail_catering", "retail_goods"},
            "全县社会消费品零售总额30亿元，下降3%。其中9家限上法人企业零售额增长6%。餐饮收入1.2亿元，增长2%；商品零售7.5亿元，增长6%。",
        ),
        (
            "gdp",
            {"primary_va", "secondary_va", "tertiary_va"},
            "全县地区生产总值100亿元，增长4%。第一产业增加值10亿元，增长2%；第二产业增加值20亿元，增长3%；第三产业增加值30亿元，增长5%。",
        ),
        ("trade_cny", {"exports_cny", "imports_cny"}, "全县进出口总额9亿元。出口2亿元，增长2%；进口3亿元，增长3%。"),
    ],
)  # fmt: skip
def test_parts_that_do_not_add_up_are_doubted_their_growth_too(whole, parts, text):
    sure, apart = read(text)
    assert f"baotou_guyang_{whole}" in sure
    assert apart == {f"baotou_guyang_{part}" for part in parts}
    assert sure.isdisjoint(apart)


@pytest.mark.parametrize(
    "text",
    [
        "全县地区生产总值100亿元，增长4%。第一产业增加值10.3亿元，增长2%；第二产业增加值40.2亿元，增长3%；第三产业增加值49.4亿元，增长5%。",
        "全县进出口总额1.2万亿元，增长4%。其中，出口7012.3亿元，增长2%；进口4533.8亿元，增长3%。",
        "全县进出口总额9亿元，增长4%。其中，出口2亿元，增长2%。",
    ],
)
def test_rounded_parts_and_one_of_two_are_taken(text):
    sure, apart = read(text)
    assert not apart
    assert {"baotou_guyang_primary_va", "baotou_guyang_exports_cny"} & sure

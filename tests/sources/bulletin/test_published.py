"""The day on which a bulletin came out, where it says it once."""

import datetime as dt

import pytest

from forecasting.sources.bulletin import published

DAY = dt.date(2025, 12, 22)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("1—11月经济运行情况\n发布时间：2025-12-22 10:00　来源：包头市统计局\n1—11月，增长5%。", dt.time(10)),
        ("1—11月经济运行情况\n来源：包头日报 发布日期：２０２５年１２月２２日\n1—11月，增长5%。", None),
        ("1—11月经济运行情况\n包头市统计局　2025年12月22日\n1—11月，增长5%。", None),
        ("2025年1-11月经济运行情况\n（2025年12月22日）\n1—11月，增长5%。", None),
        ("1—11月经济运行情况\n2025/12/22 09:30\n1—11月，增长5%。", dt.time(9, 30)),
        ("1—11月经济运行情况\n1—11月，增长5%。\n\n包头市统计局\n2025年12月22日", None),
        ("新华社北京2025年12月22日电 国家统计局22日发布，1—11月增长5%。", None),
        ("# 1—11月经济运行情况\n\n**发布时间**：2025-12-22 10:00\n\n1—11月，增长**5%**。", dt.time(10)),
        ("成文日期：2025-12-19 发布日期：2025-12-22\n1—11月，增长5%。", None),
        ('<html><head><meta name="PubDate" content="2025-12-22 10:00"></head><p>增长5%。</p></html>', dt.time(10)),
        ("<body><h1>情况</h1><p>发布时间：2025-12-22 10:00</p><p>1—11月，增长5%。</p></body>", dt.time(10)),
    ],
)  # fmt: skip
def test_the_day_is_read_from_head_signature_or_dateline(text, time):
    assert published(text) == (DAY, time)


@pytest.mark.parametrize(
    "text",
    [
        "2025年1—11月，全市规模以上工业增加值增长11.3%。",
        "包头市统计局2025年12月22日发布，1—11月全市规模以上工业增加值增长11.3%。",
        "2025年12月22日\n1—11月，增长5%。\n2025年12月25日",
        "发布时间：2025-12-22\n发布时间：2025-12-23\n1—11月，增长5%。",
        "发布时间：2025-13-45\n1—11月，增长5%。",
        "2025年1-11月份全市经济运行情况\n1—11月，增长5%。",
        "成文日期：2025-12-19\n1—11月，增长5%。",
        "2025年12月22日—2025年12月25日\n1—11月，增长5%。",
    ],
)
def test_a_day_that_is_told_in_a_sentence_or_twice_differently_is_not_taken(text):
    assert published(text) is None

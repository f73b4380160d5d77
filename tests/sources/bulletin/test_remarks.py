"""Remarks between a subject and its figures, and what figures share over several clauses."""

import pytest

from forecasting.sources.bulletin import read_bulletin


def rows(text: str) -> list[tuple[str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "measure", "value"]].itertuples(index=False, name=None))


def names(text: str) -> list[str]:
    return [name for name, *_ in rows(text)]


@pytest.mark.parametrize("record", ["再创新高", "创今年以来当月出口量新高", "刷新历史同期纪录", "创历史同期新高"])
def test_a_record_says_nothing_of_what_is_measured(record):
    text = f"2024年9月，我国磁材出口量{record}，同比增长7.7%。"
    assert rows(text)[-1][1:] == ("month_yoy", "7.7")
    text = f"2024年9月，包头市发电量21.3亿千瓦时，{record}，同比增长7.7%。"
    assert rows(text)[-1] == ("baotou_power_generation", "month_yoy", "7.7")


def test_what_grew_fastest_is_what_the_next_clause_is_of():
    text = "2024年1-9月，内蒙古风力发电量增长3.3%。分盟市看，乌海市发电量增长最快，同比增长31.1%。"
    assert rows(text)[-1] == ("wuhai_power_generation", "ytd_yoy", "31.1")


def test_growth_of_the_parts_may_stand_behind_the_levels_of_all():
    text = "2024年1-9月，赣州市对东盟进出口9.1亿美元，其中出口6.2亿美元，进口2.9亿美元，分别增长2.4%和3.5%。"
    assert rows(text)[-2:] == [
        ("ganzhou_trade_asean_exports", "ytd_yoy", "2.4"),
        ("ganzhou_trade_asean_imports", "ytd_yoy", "3.5"),
    ]
    text = "2024年1-9月，赣州市汽车产量9.1万辆，其中新能源汽车产量2.2万辆，分别增长2.4%和3.5%。"
    assert [name for name, measure, _ in rows(text) if measure == "ytd_yoy"] == [
        "ganzhou_vehicle_output",
        "ganzhou_nev_output",
    ]


def test_partners_of_the_clause_before_share_the_flow_behind_them():
    text = "2024年1-9月，赣州市对泰国、越南等传统出口市场保持增长，出口规模分别达3.1亿元和2.7亿元，增长4.8%、5.9%。"
    assert rows(text) == [
        ("ganzhou_trade_thailand_exports_cny", "ytd_level", "3.1"),
        ("ganzhou_trade_vietnam_exports_cny", "ytd_level", "2.7"),
        ("ganzhou_trade_thailand_exports_cny", "ytd_yoy", "4.8"),
        ("ganzhou_trade_vietnam_exports_cny", "ytd_yoy", "5.9"),
    ]


def test_of_a_product_sold_a_number_at_home_is_of_domestic_sales():
    text = "2024年9月，我国销售装载机8110台，同比增长2.2%；其中国内4410台，同比增长3.3%；出口3700台，同比增长1.1%。"
    assert rows(text)[2:4] == [
        ("cn_loaders_domestic_sales", "month_level", "4410"),
        ("cn_loaders_domestic_sales", "month_yoy", "3.3"),
    ]
    assert "cn_trade" not in names("2024年9月，我国货物进出口3万亿元，其中国内1万亿元。")[1:]


def test_the_quantity_exported_to_another_partner_is_of_the_same_product():
    text = "2024年9月，我国稀土磁铁对美国出口量为410吨，同比增长3.3%。其中对德国的出口量为620吨，同比增长4.4%。"
    assert names(text)[2:] == ["cn_magnet_exports_germany"] * 2
    text = "2024年9月，我国稀土磁铁对美国出口量为410吨。稀土磁铁总出口量为4210吨，同比增长4.4%。"
    assert names(text)[1:] == ["cn_magnet_exports"] * 2


@pytest.mark.parametrize(("printed", "unit"), [("63.8亿", "CNY 100 million"), ("1.2万亿", "CNY trillion")])
def test_a_sum_that_is_always_in_yuan_may_leave_that_out(printed, unit):
    frame, _ = read_bulletin(f"2024年1-9月，赣州市完成生产总值{printed}，增长5.2%。", source="text")
    assert frame["unit"].to_list() == [unit, "percent"]
    assert names("2024年1-9月，赣州市原煤产量3.8亿，增长5.2%。") == []


def test_storage_is_told_apart_by_where_it_stands():
    text = "截至2024年9月底，我国独立储能累计投运总装机21.1GW，新能源配储累计装机17.3GW，用户侧储能装机2.2GW。"
    assert names(text) == [
        "cn_storage_standalone_capacity",
        "cn_storage_renewables_capacity",
        "cn_storage_users_capacity",
    ]

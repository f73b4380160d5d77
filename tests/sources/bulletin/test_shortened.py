"""What a text says only half of: units, subjects and directions that stand before or behind a figure."""

import pytest

from forecasting.sources.bulletin import read_bulletin


def rows(text: str) -> list[tuple[str, str, str]]:
    frame, _ = read_bulletin(text, source="text")
    return list(frame[["indicator", "measure", "value"]].itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("phrase", "value"),
    [
        ("与去年同期相比，实现了7.1%的显著增长", "7.1"),
        ("实现7.1%的同比增长", "7.1"),
        ("同比实现7.1%的快速增长", "7.1"),
        ("较上年同期有7.1%的小幅下降", "-7.1"),
    ],
)
def test_a_rate_may_stand_before_its_verb(phrase, value):
    text = f"2024年1-7月，赣州市粗钢产量21.2万吨，{phrase}。"
    assert rows(text)[1:] == [("ganzhou_crude_steel_output", "ytd_yoy", value)]


@pytest.mark.parametrize("phrase", ["实现7.1%的增长目标", "占全省7.1%的比重", "实现了7.1%的增长", "同比7.1%的增长点"])
def test_what_stands_before_a_noun_is_no_rate(phrase):
    assert len(rows(f"2024年1-7月，赣州市粗钢产量21.2万吨，{phrase}。")) == 1


def test_growth_behind_a_full_stop_is_of_the_levels_before_it():
    text = "2024年7月，赣州市公路客运量和旅客周转量分别完成41万人和2210万人公里。比去年同月分别上升3.1%和下降4.1%。"
    assert rows(text)[2:] == [
        ("ganzhou_passengers_road", "month_yoy", "3.1"),
        ("ganzhou_passenger_turnover_road", "month_yoy", "-4.1"),
    ]
    assert len(rows(text.replace("分别上升3.1%和下降", "上升"))) == 2
    assert len(rows(text.replace("公里。", "公里，增长1.1%、2.1%。"))) == 4


def test_ports_behind_foreign_trade_are_of_all_that_they_handle():
    text = "2024年1-7月，赣州市港口货物吞吐量41万吨。其中，外贸货物吞吐量9万吨；内河港口完成21万吨。"
    assert [name for name, *_ in rows(text)] == [
        "ganzhou_port_throughput",
        "ganzhou_foreign_trade_throughput",
        "ganzhou_port_throughput_inland",
    ]
    assert [name for name, *_ in rows("2024年1-7月，赣州市外贸货物吞吐量9万吨，其中内河港口完成2万吨。")] == [
        "ganzhou_foreign_trade_throughput",
        "ganzhou_foreign_trade_throughput_inland",
    ]


def test_what_is_joined_by_its_last_word_is_two_things():
    text = (
        "2024年1-7月，赣州市公路货物运输及周转量完成31万吨、411万吨公里。"
        "集装箱吞吐量9万标箱，其中内、外贸集装箱吞吐量分别增长2.1%和3.1%。"
    )
    assert [name.removeprefix("ganzhou_") for name, *_ in rows(text)] == [
        "freight_road",
        "freight_turnover_road",
        "port_containers",
        "port_containers_domestic",
        "port_containers_foreign",
    ]


def test_value_added_of_farming_may_be_of_all_agriculture():
    text = "赣州市2023年统计公报\n\n全年农业增加值3.1亿元，增长2.1%。{}增加值1.1亿元，增长3.1%。"
    assert [name for name, *_ in rows(text.format("林业"))] == ["ganzhou_forestry_va"] * 2
    assert [name for name, *_ in rows(text.format("建筑业"))][:2] == ["ganzhou_agriculture_va"] * 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("水电、核电和风电等清洁能源发电41亿千瓦时，增长2.1%", ["clean_power_generation"] * 2),
        ("新材料、新能源等高新技术产业增加值增长2.1%", ["high_new_tech_va"]),
        ("新材料、纺织等高新技术产业增加值分别增长2.1%、3.1%、4.1%", []),
        ("煤炭、电力等行业增加值增长2.1%", []),
    ],
)
def test_a_list_of_examples_says_nothing_more_than_what_it_is_of(text, names):
    assert [name.removeprefix("ganzhou_") for name, *_ in rows(f"2024年1-7月，赣州市{text}。")] == names


def test_what_is_added_may_be_parted_from_its_capacity():
    text = "2024年1-7月，赣州市新增风电装机容量3.1万千瓦，新增光伏并网容量4.1万千瓦，7月底累计光伏并网容量21万千瓦。"
    assert [name.removeprefix("ganzhou_") for name, *_ in rows(text)] == [
        "wind_power_additions",
        "solar_power_additions",
        "solar_power_capacity",
    ]


def test_batteries_go_by_what_they_are_made_of_where_they_are_installed():
    text = "2024年7月，我国三元电池共计装车9.1GWh，同比上升2.1%；磷酸铁锂共计装车21.1GWh，同比上升3.1%。"
    assert [name for name, *_ in rows(text)] == ["cn_ternary_batteries_installed"] * 2 + [
        "cn_lfp_batteries_installed"
    ] * 2


def test_a_branch_of_industry_above_a_size_grows_by_its_value_added():
    text = "2024年1-7月，赣州市规模以上工业高新技术业同比增长2.1%。其中，医药制造业增长3.1%。"
    assert [name for name, *_ in rows(text)] == ["ganzhou_high_new_tech_va", "ganzhou_pharmaceuticals_va"]


def test_older_words_of_investment_from_abroad_and_of_taxes_are_known():
    text = "2016年1-7月，赣州市实际吸收利用外资2.1亿美元，下降3.1%。税收总额41亿元，增长4.1%。"
    assert [name for name, *_ in rows(text)] == ["ganzhou_fdi"] * 2 + ["ganzhou_tax_revenue"] * 2

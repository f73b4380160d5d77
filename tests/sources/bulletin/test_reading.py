"""What the language of bulletins does, one habit at a time."""

import pytest

from forecasting.errors import InputError
from forecasting.sources.bulletin import read_bulletin, read_figures

HEAD = "2025年1—11月份，包头市"


def sure(text: str, **options) -> list[tuple[str, ...]]:
    frame, _ = read_bulletin(text, source="text", **options)
    return list(frame[["indicator", "period", "measure", "value"]].itertuples(index=False, name=None))


def doubts(text: str) -> list[str]:
    _, frame = read_bulletin(text, source="text")
    return frame["reason"].to_list()


@pytest.mark.parametrize(
    ("window", "period", "measure"),
    [
        ("2025年1—11月份", "2025-11", "ytd_yoy"),
        ("2025年1-11月", "2025-11", "ytd_yoy"),
        ("２０２５年１－１１月", "2025-11", "ytd_yoy"),
        ("2025年1～11月", "2025-11", "ytd_yoy"),
        ("2025年1至11月", "2025-11", "ytd_yoy"),
        ("2025年1月至11月", "2025-11", "ytd_yoy"),
        ("2025年1月—11月份", "2025-11", "ytd_yoy"),
        ("2025年一至十一月", "2025-11", "ytd_yoy"),
        ("2025年前11个月", "2025-11", "ytd_yoy"),
        ("2025年前十一个月", "2025-11", "ytd_yoy"),
        ("2025年前两个月", "2025-02", "ytd_yoy"),
        ("2025年1—2月份", "2025-02", "ytd_yoy"),
        ("2025年一季度", "2025-03", "ytd_yoy"),
        ("2025年第一季度", "2025-03", "ytd_yoy"),
        ("2025年上半年", "2025-06", "ytd_yoy"),
        ("2025年前三季度", "2025-09", "ytd_yoy"),
        ("2025年1-3季度", "2025-09", "ytd_yoy"),
        ("2025年全年", "2025-12", "ytd_yoy"),
        ("2025年", "2025-12", "ytd_yoy"),
        ("二〇二五年前三季度", "2025-09", "ytd_yoy"),
        ("2025年11月份", "2025-11", "month_yoy"),
        ("2025年11月", "2025-11", "month_yoy"),
        ("2025年十一月份", "2025-11", "month_yoy"),
        ("2025年1—11月，11月当月", "2025-11", "month_yoy"),
        ("2025年11月，累计", "2025-11", "ytd_yoy"),
        ("2025年11月（累计）", "2025-11", "ytd_yoy"),
        ("2025年1—11月（当月）", "2025-11", "month_yoy"),
    ],
)
def test_a_window_is_read_in_every_form(window, period, measure):
    text = f"{window}包头市规模以上工业增加值同比增长11.3%。"
    assert sure(text) == [("baotou_industrial_va", period, measure, "11.3")]


@pytest.mark.parametrize(
    "window", ["2025年三季度", "2025年7—11月", "2025年下半年", "2025年11月上旬", "截至2025年11月15日，"]
)
def test_a_window_that_no_month_can_carry_is_doubtful(window):
    text = f"{window}包头市规模以上工业增加值同比增长11.3%。"
    assert sure(text) == []
    assert len(doubts(text)) == 1


@pytest.mark.parametrize(
    ("phrase", "value"),
    [
        ("同比增长24.6%", "24.6"),
        ("增长24.6％", "24.6"),
        ("比上年同期增长24.6%", "24.6"),
        ("与去年同期相比增长24.6%", "24.6"),
        ("增速为9.9%", "9.9"),
        ("同比增速达到9.9%", "9.9"),
        ("增幅为9.90%", "9.90"),
        ("增速回落至9.9%", "9.9"),
        ("同比下降5.5%", "-5.5"),
        ("降幅为5.5%", "-5.5"),
        ("降幅收窄至5.5%", "-5.5"),
        ("增速为-5.5%", "-5.5"),
        ("增长-5.5%", "-5.5"),
        ("同比-5.5%", "-5.5"),
        ("负增长5.5%", "-5.5"),
        ("与上年同期持平", "0"),
        ("同比持平", "0"),
        ("增长1.6倍", "160"),
        ("增长一倍", "100"),
        ("是上年同期的2.5倍", "150"),
        ("翻一番", "100"),
        ("同比翻了两番", "300"),
        ("由降转增，增长2.5%", "2.5"),
        ("同比增长百分之二十四点六", "24.6"),
        ("由上年同期下降3.1%转为增长2.5%", "2.5"),
        ("按可比价格计算，同比增长2.5%", "2.5"),
    ],
)
def test_growth_is_read_in_every_form(phrase, value):
    assert sure(f"{HEAD}稀土产业增加值{phrase}。") == [("baotou_rare_earth_va", "2025-11", "ytd_yoy", value)]


@pytest.mark.parametrize(
    "phrase",
    [
        "增速提高24.6个百分点",
        "高于全国9.2个百分点",
        "拉动全市规上工业增长3.2%",
        "贡献率达28.3%",
        "占规上工业比重为28.3%",
        "占比由25%提高到28.3%",
        "增速位列全区第3位",
        "连续47个月保持增长",
        "两年平均增长8.1%",
        "年均增长8.1%",
        "环比增长8.1%",
        "比10月份增长8.1%",
        "较上月增长8.1%",
        "上年同期为8.1%",
        "上年同期增长8.1%",
        "预计增长8.1%",
        "力争增长8.1%",
        "目标是增长8.1%",
        "由降转增",
        "降幅收窄1.2个百分点",
        "由负转正",
    ],
)
def test_a_decoy_is_neither_sure_nor_worth_a_persons_time(phrase):
    assert sure(f"{HEAD}稀土产业增加值{phrase}。") == []
    assert doubts(f"{HEAD}稀土产业增加值{phrase}。") == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{HEAD}稀土产业增加值增长20%左右。", "approximate"),
        (f"{HEAD}稀土产业增加值增长近30%。", "approximate"),
        (f"{HEAD}稀土产业增加值增长20%以上。", "approximate"),
        (f"{HEAD}稀土产业增加值增长5%-6%。", "range"),
        (f"{HEAD}部分蒙古刀产量增长5%。", "not in the table"),
        (f"{HEAD}某些制造业增加值增长5%。", "not"),
        (f"{HEAD}采矿业、制造业增加值增长5%。", "one figure for several subjects"),
        (f"{HEAD}采矿业、制造业增加值分别增长5%、6%和7%。", "2 subjects but 3 figures"),
        ("2025年1—11月，全国出口增长5%。", "currency"),
        ("2014年1—11月，包头市出口增长5%。", "currency"),
        (f"{HEAD}稀土出口增长5%。", "quantity or a value"),
        ("1—11月，包头市规模以上工业增加值增长5%。", "year"),
        ("2025年1—11月，规模以上工业增加值增长5%。", "region"),
        (f"{HEAD}规模以上工业增加值增长5%。\n包头市规模以上工业增加值增长6%。", "several values"),
        ("2025年11月末，包头市固定资产投资增长5%。", "end of a month"),
    ],
)
def test_what_is_not_trusted_is_handed_on_with_the_reason(text, reason):
    assert sure(text) == []
    assert all(reason in one for one in doubts(text))
    assert doubts(text)


def test_subjects_share_a_verb_a_measure_and_a_window():
    text = (
        f"{HEAD}采矿业、制造业增加值同比分别增长19.4%和下降1.0%；"
        "稀土产业、氟化工产业产值分别完成120.5亿元、30.2亿元，分别增长24.6、29.5%。"
    )
    assert sure(text) == [
        ("baotou_mining_va", "2025-11", "ytd_yoy", "19.4"),
        ("baotou_manufacturing_va", "2025-11", "ytd_yoy", "-1.0"),
        ("baotou_rare_earth_output_value", "2025-11", "ytd_level", "120.5"),
        ("baotou_fluorochemical_output_value", "2025-11", "ytd_level", "30.2"),
        ("baotou_rare_earth_output_value", "2025-11", "ytd_yoy", "24.6"),
        ("baotou_fluorochemical_output_value", "2025-11", "ytd_yoy", "29.5"),
    ]


def test_the_items_of_a_list_may_leave_the_verb_out():
    text = f"{HEAD}增加值增长较快的有：稀土产业24.6%、氟化工（29.5%）；降幅较大的有：采矿业-3.1%。"
    assert [(name, value) for name, _, _, value in sure(text)] == [
        ("baotou_rare_earth_va", "24.6"),
        ("baotou_fluorochemical_va", "29.5"),
        ("baotou_mining_va", "-3.1"),
    ]


def test_a_bare_branch_takes_the_measure_that_the_text_speaks_of():
    text = f"{HEAD}固定资产投资增长5.0%，其中制造业增长8.5%。规模以上工业增加值增长6.0%，其中制造业增长7.0%。"
    assert {(name, value) for name, _, _, value in sure(text)} == {
        ("baotou_fixed_asset_investment", "5.0"),
        ("baotou_fai_manufacturing", "8.5"),
        ("baotou_industrial_va", "6.0"),
        ("baotou_manufacturing_va", "7.0"),
    }
    assert "not in the table" in doubts(f"{HEAD}制造业增长8.5%。")[0]


def test_a_month_inside_a_cumulative_sentence_does_not_outlive_it():
    text = f"{HEAD}规模以上工业增加值增长11.3%，其中11月份增长9.7%。采矿业增加值增长19.4%。"
    assert sure(text) == [
        ("baotou_industrial_va", "2025-11", "ytd_yoy", "11.3"),
        ("baotou_industrial_va", "2025-11", "month_yoy", "9.7"),
        ("baotou_mining_va", "2025-11", "ytd_yoy", "19.4"),
    ]


def test_last_years_figure_in_brackets_is_passed_over():
    text = f"{HEAD}规模以上工业增加值同比增长11.3%（上年同期增长14.2%），高于全国（6.0%）5.3个百分点。"
    assert sure(text) == [("baotou_industrial_va", "2025-11", "ytd_yoy", "11.3")]


def test_an_amount_of_change_is_no_level_and_its_subject_is_kept():
    text = f"{HEAD}税收收入同比增加5.2亿元，增长3.0%。"
    assert sure(text) == [("baotou_tax_revenue", "2025-11", "ytd_yoy", "3.0")]


def test_doubt_about_a_subject_goes_on_with_it():
    text = f"{HEAD}进出口总额200亿元，增长5%；对邻国进出口15.2亿元，增长8.1%。"
    assert [value for _, _, _, value in sure(text)] == ["200", "5"]
    assert len(doubts(text)) == 2


def test_a_year_without_months_is_the_titles_window():
    text = "包头市2025年1—11月工业经济运行情况\n2025年，全市规模以上工业增加值同比增长11.3%。"
    assert sure(text) == [("baotou_industrial_va", "2025-11", "ytd_yoy", "11.3")]


def test_the_year_comes_from_the_date_of_a_bulletin_that_names_none():
    text = "全年包头市经济运行情况\n发布时间：2026-01-22 09:30\n全年，全市规模以上工业增加值增长11.0%。"
    assert sure(text) == [("baotou_industrial_va", "2025-12", "ytd_yoy", "11.0")]


def test_a_target_for_a_later_year_is_no_figure():
    text = "包头市2025年经济运行情况\n2025年全市规模以上工业增加值增长11.0%。2026年规模以上工业增加值增长12%。"
    assert sure(text) == [("baotou_industrial_va", "2025-12", "ytd_yoy", "11.0")]


@pytest.mark.parametrize(
    ("where", "code", "indicator"),
    [
        ("全国", "CN", "cn_industrial_va"),
        ("内蒙古自治区", "CN-150000", "inner_mongolia_industrial_va"),
        ("内蒙古包头市", "CN-150200", "baotou_industrial_va"),
        ("包头市昆都仑区", "CN-150203", "baotou_kundulun_industrial_va"),
        ("包头稀土高新区", "CN-150271", "baotou_rare_earth_zone_industrial_va"),
        ("锡林郭勒盟", "CN-152500", "xilingol_industrial_va"),
        ("陕西省榆林市", "CN-610800", "yulin_shaanxi_industrial_va"),
        ("广西玉林市", "CN-450900", "yulin_guangxi_industrial_va"),
        ("吉林省", "CN-220000", "jilin_industrial_va"),
        ("杭州市临平区", "CN-330113", "hangzhou_linping_industrial_va"),
        ("洛阳市孟津区", "CN-410308", "luoyang_mengjin_district_industrial_va"),
        ("洛阳市孟津县", "CN-410322", "luoyang_mengjin_industrial_va"),
        ("云南省禄丰市", "CN-532302", "chuxiong_lufeng_city_industrial_va"),
        ("吉林市", "CN-220200", "jilin_city_industrial_va"),
    ],
)
def test_regions_have_the_codes_of_the_catalogue(where, code, indicator):
    frame, _ = read_bulletin(f"2025年1—11月，{where}规模以上工业增加值增长5.0%。", source="text")
    assert frame[["region", "indicator"]].to_numpy().tolist() == [[code, indicator]]


def test_words_like_the_whole_region_follow_the_bulletins_own_region():
    text = (
        "包头市2025年1—11月情况\n全市规模以上工业增加值增长11.3%。"
        "全区规模以上工业增加值增长7.2%。全国规模以上工业增加值增长6.0%。"
    )
    assert [name for name, *_ in sure(text)] == [
        "baotou_industrial_va",
        "inner_mongolia_industrial_va",
        "cn_industrial_va",
    ]


def test_region_and_year_can_be_given():
    text = "1—11月，全市规模以上工业增加值增长11.3%。"
    assert sure(text, year=2025, region="包头市") == [("baotou_industrial_va", "2025-11", "ytd_yoy", "11.3")]
    with pytest.raises(InputError, match="not in the table"):
        sure(text, region="某某市")


def test_currencies_of_trade_are_different_indicators():
    text = (
        "2025年1—11月，按美元计价，全国出口增长5.4%；按人民币计价，全国出口增长6.2%。2025年1—11月全国出口3414.6亿美元。"
    )
    assert [name for name, *_ in sure(text)] == ["cn_exports", "cn_exports_cny", "cn_exports"]


def test_traditional_characters_read_like_simplified_ones():
    text = "２０２５年１－１１月，包頭市規模以上工業增加值同比增長１１．３％，稀土產業增加值增長２４．６％。"
    frame, _ = read_bulletin(text, source="text")
    assert frame["indicator"].to_list() == ["baotou_industrial_va", "baotou_rare_earth_va"]
    assert set(frame["sentence"]) == {text}


def test_the_empty_text_has_no_figures():
    frame, doubtful = read_bulletin("", source="text")
    assert frame.empty
    assert doubtful.empty


@pytest.mark.parametrize(
    ("printed", "decimals"),
    [("增长5.0%", 1), ("增长5%", 0), ("增长1.6倍", -1), ("增长1.65倍", 0), ("是上年同期的2.5倍", -1), ("翻一番", -2)],
)
def test_a_figure_knows_to_what_it_was_rounded(printed, decimals):
    [figure], _ = read_figures(f"2025年1—11月，包头市稀土产业增加值{printed}。", "text")
    assert figure.decimals == decimals


def test_a_multiple_and_the_same_growth_in_percent_agree():
    text = "2025年1—11月，包头市稀土产业增加值增长1.6倍。1—11月，包头市稀土产业增加值增长157.8%。"
    frame, doubtful = read_bulletin(text, source="text")
    assert (frame["value"].to_list(), len(doubtful)) == (["157.8"], 0)


def test_a_text_without_full_stops_is_not_read_but_given_to_a_person():
    text = "2025年1—11月，包头市稀土产业增加值增长24.6%。" + "采矿业增加值增长5.0%，" * 1000
    frame, doubtful = read_bulletin(text, source="text")
    assert frame["value"].to_list() == ["24.6"]
    assert doubtful["reason"].item() == "a sentence of 13000 characters, which is not read; part it by full stops"
    assert doubtful["sentence"].str.len().item() == 201


@pytest.mark.timeout(60)
@pytest.mark.parametrize("run", ["一", "(", "1-", "增长5%，", "采矿业、", "5%。", "指标 5 ", "<tr><td>5", "增长\n"])
def test_a_megabyte_of_anything_takes_seconds(run):
    read_bulletin(run * (300_000 // len(run)), source="text")


@pytest.mark.parametrize(
    ("said", "rate"),
    [
        ("由降3.0%转增4.2%", "4.2"),
        ("由增长3.0%转为下降4.2%", "-4.2"),
        ("增速从4.2%提升至5.1%", "5.1"),
        ("由增长4.2%回落至增长3.1%", "3.1"),
        ("由下降4.2%收窄至下降3.1%", "-3.1"),
        ("下降幅度由4.2%收窄到3.1%", "-3.1"),
        ("从下降4.2%到增长5.1%", "5.1"),
    ],
)
def test_a_rate_goes_from_one_that_is_not_said_to_be_of_another_time_too(said, rate):
    assert sure(f"{HEAD}工业投资{said}。") == [("baotou_fai_industry", "2025-11", "ytd_yoy", rate)]


def test_a_rate_that_is_left_by_points_is_not_this_windows():
    assert sure(f"{HEAD}工业投资增速由4.2%回落1.1个百分点至3.1%。") == []


def test_what_a_level_comes_from_does_not_move_the_window():
    assert sure(f"{HEAD}工业投资由2024年同期的210.3亿元增加到230.5亿元，增长9.6%。") == [
        ("baotou_fai_industry", "2025-11", "ytd_level", "230.5"),
        ("baotou_fai_industry", "2025-11", "ytd_yoy", "9.6"),
    ]


@pytest.mark.parametrize("window", ["2025年元月份", "2025年元月", "2025年元月份，"])
def test_january_alone_may_be_called_the_first_month(window):
    assert sure(f"{window}包头市规模以上工业增加值同比增长10.1%。") == [
        ("baotou_industrial_va", "2025-01", "month_yoy", "10.1")
    ]


@pytest.mark.parametrize(
    ("window", "period"),
    [
        ("2025年前三个季度", "2025-09"),
        ("2025年第1-3季度", "2025-09"),
        ("2025年Q1-Q3", "2025-09"),
        ("2025年Q1", "2025-03"),
        ("2025年H1", "2025-06"),
        ("2025年半年度", "2025-06"),
        ("2025年头11个月", "2025-11"),
        ("截至11月末，2025年", "2025-11"),
    ],
)
def test_a_window_is_not_the_whole_year_that_it_begins_with(window, period):
    assert sure(f"{window}包头市固定资产投资增长5.2%。") == [
        ("baotou_fixed_asset_investment", period, "ytd_yoy", "5.2")
    ]


@pytest.mark.parametrize(
    "window",
    [
        "2025年以来", "2025年至今", "2025年初至今", "2025年1-11", "2025年11个月", "2025年1+2月", "2025年1、2月",
        "2025年1月和2月", "2025年前半年", "2025年近3个月", "2025年Q3", "2025年H2", "2025年第46周", "2025年入冬以来",
        "2025年11月1-20日", "2025年11月上中旬", "2025年11月前20天", "2025年11月第二周", "2025年11月首周",
        "2025年11月前两周", "2025年11月份前三周", "2025年11月上半月", "2025年11月初",
    ],
)  # fmt: skip
def test_a_part_of_a_year_that_no_month_can_carry_is_not_the_whole_year_nor_its_month(window):
    assert sure(f"{window}，包头市固定资产投资增长5.2%。") == []
    assert len(doubts(f"{window}，包头市固定资产投资增长5.2%。")) == 1


def test_since_the_year_began_is_until_the_month_that_the_title_names():
    text = "包头市2025年1—11月经济运行情况\n2025年以来，全市经济稳中有进，固定资产投资增长5.2%。"
    assert sure(text) == [("baotou_fixed_asset_investment", "2025-11", "ytd_yoy", "5.2")]

"""A bulletin read sentence by sentence: who, what and when are carried on, figures are joined to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from forecasting.sources.bulletin._candidates import Candidate
from forecasting.sources.bulletin._carried import of_branch
from forecasting.sources.bulletin._clauses import (
    gathered,
    nations_name,
    paired,
    undated,
    until,
    within,
)
from forecasting.sources.bulletin._comparisons import both_comparisons, compared, counted_from, partial_years, passing
from forecasting.sources.bulletin._figures import FIGURES
from forecasting.sources.bulletin._lexer import PLACES, Token, tokens
from forecasting.sources.bulletin._lists import exemplified
from forecasting.sources.bulletin._open import opened
from forecasting.sources.bulletin._phrases import YEAR_END
from forecasting.sources.bulletin._regions import Region
from forecasting.sources.bulletin._shortened import growth_of, in_yuan
from forecasting.sources.bulletin._state import ASIDE, ELSEWHERE, MONTH_OR_MORE, Reading
from forecasting.sources.bulletin._subjects import Item, is_partner
from forecasting.sources.bulletin._walk import DEPENDENT, Walk
from forecasting.sources.bulletin._windows import Window

PARTED = "whether it is a part of all investment or of that in real estate, is not said"
CURRENT_PRICES = "growth counted from two levels may be at current prices"
NOMINAL = "growth at current prices, where it is published at constant ones"
_MADE_UP = re.compile("_fai_(?:other_costs|construction_works|equipment_purchase)$")
_REAL = re.compile("_(?:gdp|va)$")
_NOMINAL = re.compile("(?:现价|当年价格?|名义)(?:计算)?(?:同比|比上年|较上年)?(?:增长|下降|增速[为达]?)([0-9.]+)%")
_ROSE = re.compile("[较比]1(?:-|至)([0-9]{1,2})月份?(?:分别)?(?:提[高升]|加快|回[升落]|扩大|收窄|上升|放缓)")
_OF_GROWTH = frozenset(("compare", "respectively", "verb", "speed", "percent", "and", "filler"))
_OPENING = 5  # tokens
SINCE_END = "the sentence before speaks of growth since the end of a year"
ON_MONTH = "the sentence before speaks of changes on the month before"


def read_sentence(state: Reading, text: str, normal: str) -> list[Candidate]:
    """The figures of one sentence.

    Args:
        state: What was read before; it is moved on.
        text: The sentence as published.
        normal: The same in normal characters.
    """
    titled = state.frame.window
    whole = titled is not None and titled.cumulative and titled.last == 12
    line = within(
        passing(undated(paired(both_comparisons(opened(exemplified(gathered(until(tokens(normal)), whole)))))))
    )
    line = growth_of(in_yuan(line))
    line = partial_years(compared(line, state.frame.year, state.frame.window))
    line = nations_name(line, state.frame.region is not None and state.frame.region.level > 0)
    dependent = any(token.kind in DEPENDENT for token in line[:2])
    if state.month is not None:
        _choose_window(state, line, dependent)
    state.month = None
    if state.carried == ELSEWHERE and any(token.text in ("比上年", "较上年") for token in line):
        years = [window for window in state.leading if window.cumulative and window.last == 12]
        if len(years) == 1:
            state.window, state.carried = years[0], ""  # 1-11月, ... . 投资比上年增长15.7%: in a bulletin on a year
    opens = state.age > 8 and dependent  # the paragraph
    if state.carried == ELSEWHERE and opens and state.led and state.led.cumulative:
        state.window, state.carried = state.led, ""  # 前三季度, 发电量 .... \n 其中, 新能源发电量 ...
    if state.carried == ASIDE and line and line[0].kind == "child" and state.last is not None:
        state.window, state.carried = state.last, ""  # 8月当月, 进出口 .... 其中, 出口 ...
    if state.carried == ASIDE and state.window is not None and (rose := _ROSE.search(normal)) is not None:
        up = int(rose[1]) + 1 == state.window.last > state.window.first
        state.carried = "" if up else ASIDE  # 8月当月增长9.7%. 采矿业增长3.7%, 较1-7月提高0.2个百分点
    if state.carried == ELSEWHERE and any(token.kind == "cumulative" for token in line[:_OPENING]):
        sums = [window for window in state.leading if window.cumulative]
        if len(sums) == 1:
            state.window, state.carried = sums[0], ""  # 在全社会累计用电中, 工业用电 ...
    if not dependent and state.added and state.context.measure == "output_value":
        state.context = replace(state.context, measure="")  # 增加值增长3%, 产值增长5%. 装备制造业增长4%: of which
    if not dependent and len(state.currencies) > 1:
        state.currency = ""
    before = state.window, state.carried
    state.some = state.some and not any(token.kind in PLACES for token in line)
    walk = Walk(state, text, line)
    yearly = any(token.kind == "view" and "同比" in token.text for token in line)
    walk.vetoed = state.monthly and not any(token.kind == "compare" for token in line)
    still = state.on_month and not yearly and not any(token.kind in ("window", "compare") for token in line)
    if still:
        walk.vetoed = walk.vetoed or dependent
        weak = state.carried in ("", MONTH_OR_MORE)  # prices are of a title's month, but these may be of no year
        state.carried = ON_MONTH if weak else state.carried
    part = state.context.part if dependent else state.scope
    goes_on = (
        bool(line)
        and line[0].text.startswith(("实现", "完成"))
        and not any(token.kind == "window" for token in line[:3])
    )
    industry = dependent and any(token.text.startswith("工业") for token in line[1:4])  # 第二产业 .... 其中: 工业
    abroad = dependent and any(map(is_partner, line[1:2]))  # 磁铁对美国出口量 .... 其中对德国的出口量 ...
    # 高耗能行业实现营业收入 .... 实现利税总额 ...
    branch = state.context.branch if goes_on or industry or abroad else None
    state.context = replace(
        state.context,
        branch=branch,
        above=state.context.above and dependent,
        part=part,
        left=False,
        amount=state.context.amount if dependent else "",
    )
    if state.narrow and not dependent:
        state.context = replace(state.context, whole=None)  # 租赁业实现营业收入 .... 营业利润 ...
    if state.unrated and len(state.unrated) == _growth_alone(line):
        state.items, state.age = state.unrated, 0  # 公路客运量完成2703万人. 比去年同月上升5.3%
    found = walk.run()
    state.unrated = walk.who.levels
    state.some = walk.narrowed
    if dependent and state.counted:
        found = [replace(one, reason=one.reason or "what it is a part of was not understood") for one in found]
    if dependent and state.since_end and not any(token.kind == "compare" for token in line):
        found = [replace(one, reason=one.reason or SINCE_END) if _is_growth(one) else one for one in found]
    state.since_end = any(token.text in YEAR_END for token in line)
    if state.invested == "real_estate_investment":
        found = [replace(one, reason=one.reason or PARTED) if _MADE_UP.search(one.indicator) else one for one in found]
    for rates, why in ((counted_from(line), CURRENT_PRICES), (set(_NOMINAL.findall(normal)), NOMINAL)):
        real = [one for one in found if _REAL.search(one.indicator) and one.value.lstrip("-") in rates]
        found = [replace(one, reason=one.reason or why) if one in real else one for one in found]
    if walk.who.named and not dependent:
        state.counted = any(map(_is_strange, state.items))
    narrow = bool(walk.who.named) and all(map(of_branch, state.items))
    state.narrow = narrow and not dependent if walk.who.named else state.narrow
    state.on_month = still or ((walk.on_month or walk.aside) and not found)
    state.last = state.window
    state.said = state.window if walk.windows and not walk.passing else state.said
    _move_window(walk, *before)
    if found and not walk.windows and not before[1]:
        state.opening = False  # this is of the window before; what the paragraph says later is of that alone
    if walk.who.topics:
        state.several = len(walk.who.topics) > 1
    if not walk.aside or found:
        state.age += 1
    still_abroad = state.abroad and not any(token.kind in PLACES for token in line)
    # 全市 in a text on the province
    unclear = state.frame.region is not None and walk.who.unclear.startswith(("which region 全", "which region 我"))
    state.abroad = walk.who.abroad or still_abroad or unclear or _opens_abroad(line, state.frame.region)
    return found


def _growth_alone(line: Sequence[Token]) -> int:
    """How many rates a sentence gives that begins with a comparison and names nothing."""
    plain = all(token.kind in _OF_GROWTH or token.text == "。" for token in line)
    return sum(token.kind == "percent" for token in line) if plain and line and line[0].kind == "compare" else 0


def _is_growth(one: Candidate) -> bool:
    return one.measure == "month_yoy" and one.period[-2:] != "12"


def _is_strange(item: Item) -> bool:
    """36个城市客运量, 亏损企业亏损额, 消费品工业亏损企业: only counted, or not understood in what is measured of it."""
    if item.subject is None:
        return item.written[:1].isdigit() or item.written.endswith(("亏损额", "存货", "库存", "人数"))
    return item.branch is not None and item.unclear.startswith("words not understood")


def _opens_abroad(line: Sequence[Token], home: Region | None) -> bool:
    """石家庄表现出色: a sentence without figures of its own may still say of whom the next one speaks."""
    first = next((token for token in line if token.kind not in ("filler", "window", "comma", "ignored")), None)
    if first is None or first.kind != "region" or home is None or first.value == home:
        return False
    return not (home.within(first.value) or any(token.kind == "region" and token.value == home for token in line))


def _choose_window(state: Reading, line: Sequence[Token], dependent: bool) -> None:
    """After a sentence on a month and on the months up to it: which of them this one begins with."""
    first = next((n for n, token in enumerate(line) if token.kind in FIGURES), len(line))
    if any(token.kind in ("window", "cumulative", "current", "same") for token in line[:first]):
        return
    if any(token.kind == "window" and token.value.cumulative for token in line[first:]):
        state.window, state.carried = state.month, ""  # 钢材出口998万吨; 1-11月累计10772万吨
    elif not dependent:
        state.carried = "the sentence before speaks of a month and of the months up to it"


def _move_window(walk: Walk, window: Window | None, carried: str) -> None:
    """Which window the next sentence starts from."""
    state = walk.state
    first = walk.windows[0] if walk.windows else None
    aside = walk.aside and walk.led and window is None  # 12月份, 从环比看, ...
    if walk.on_month and not walk.who.candidates and window is not None and window.cumulative:
        state.window, state.carried = window, carried  # 前三季度, ... . 9月投资环比增长14.4%. 基础设施投资 ...
        return
    if (walk.aside and not aside and not walk.who.candidates) or first is None:
        state.window, state.carried = window, carried
        return
    if any(token.kind == "view" and "季度" in token.text for token in walk.line):
        state.window, state.carried = window, carried  # 分季度看, 一季度增长6.7%: of what was said before of them all
        return
    if walk.passing is not None:
        state.window, state.carried = walk.passing, "" if walk.led else carried
        return
    alone = bool(walk.who.candidates) and not walk.who.named and not any(one.cumulative for one in walk.windows)
    if alone and window is not None and window.cumulative:
        by_month = any(token.kind == "view" and "月" in token.text for token in walk.line)
        state.window = window  # 从月度看, 10月份增长9.3%: of what was said before of the months up to it
        state.carried = carried if by_month else ASIDE
        return
    dependent = bool(walk.line) and walk.line[0].kind == "child"
    months = dependent and not any(one.cumulative for one in walk.windows)
    if (walk.single or months) and window is not None and window.cumulative and not (walk.led and first.cumulative):
        state.window = window  # 11月当月, ...; 其中, 7月份 ...: said of this sentence alone
        state.carried = ASIDE
        return
    began = first if walk.led else window
    if began is not None and not began.cumulative and not began.end and state.window and state.window.cumulative:
        state.month = began
    base = first if walk.led else window
    if base is not None and base.cumulative and state.window is not None and not state.window.cumulative:
        state.window = base  # ..., 其中9月份增长8.4%
        if walk.turned and (state.frame.window is None or not state.frame.window.cumulative):
            state.carried = "the sentence before speaks of the months up to one and of that month"
    alike = {one.measure[:5] for one in walk.who.candidates} == {"month"}
    if (walk.turned or walk.single) and alike and state.window is base and base is not None and base.cumulative:
        state.carried = ASIDE  # 前8个月有以下特点: 8月当月, 进出口 ...: all that was said is of the month
    heads = bool(walk.who.candidates) or walk.line[0].kind == "window"  # not 全局看开局, 全年看首季
    if state.opening and walk.led and heads and not first.end and first.last:
        state.leading.add(first)
        state.opening = False

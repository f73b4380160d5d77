"""What a clause takes over from those before it: the measure, the subject, the window."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from forecasting.sources.bulletin._clauses import bare_measure, clauses, last_measure, residue
from forecasting.sources.bulletin._lexer import Token
from forecasting.sources.bulletin._regions import Region
from forecasting.sources.bulletin._state import Reading
from forecasting.sources.bulletin._subjects import RESULTS, Context, Item, items
from forecasting.sources.bulletin._vocabulary import (
    TRADE_TOTALS,
    Subject,
    above_size,
    compose,
    measure_inside,
    measures,
    subjects,
    traded_with,
    valued,
)
from forecasting.sources.bulletin._windows import Window

_HOME = ("国内", "国内市场")
_OF_FIRMS = frozenset(("revenue", "profit", "costs", "export_delivery"))
_PRICES = frozenset(("prices", "cpi", "ppi"))
_ALONE = frozenset(("word", "filler", "window", "cumulative", "compare", "verb", "speed"))


def said_again(words: Sequence[Token], state: Reading) -> bool:
    """钕铁硼产量2.98万吨. 1-7月累计产量19.1万吨: the measure alone, of what the sentence before was about."""
    last = state.items[0].subject if len(state.items) == 1 else None
    whole = last is not None and last.id in subjects()
    measure = (measure_inside(state.items[0].written) if whole else last.domain) if last is not None else ""
    return (
        last is not None
        and measure != "fiscal_expenditure"  # 教育支出 .... 支出进度
        and state.age <= 1
        and all(token.kind in _ALONE for token in words)
        and all(bare_measure(one) and one.value.roles["measure"] == measure for one in words if one.kind == "word")
    )


def units_above(head: Sequence[Token], state: Reading) -> list[Item]:
    """社会消费品零售总额75亿元. 其中, 限上企业完成19亿元: of the units above a size, what was said of all before."""
    last = state.items[0] if len(state.items) == 1 and state.age <= 1 else None
    scoped = any(token.kind == "filler" and token.text.startswith("限") for token in head)
    plain = all(token.kind in ("filler", "cumulative", "child", "compare", "verb", "speed") for token in head)
    if last is None or last.subject is None or not (scoped and plain):
        return []
    part = above_size(last.subject)
    return [replace(last, subject=part, unit="")] if part != last.subject else []


def sold_at_home(head: Sequence[Token], state: Reading) -> list[Item]:
    """销售装载机9085台; 其中国内5556台: of the nation's sales of a product, those at home."""
    last = state.items[0] if len(state.items) == 1 and state.age == 0 else None
    if last is None or last.subject is None or last.subject.domain != "sales" or last.branch is None:
        return []
    national = state.frame.region is None or state.frame.region.level == 0
    at_home = national and any(token.text in _HOME for token in head)
    plain = all(token.kind in ("filler", "child") or token.text in _HOME for token in head)
    subject = compose(measures()["domestic_sales"], last.branch)
    return [replace(last, subject=subject, unit="")] if at_home and plain and subject is not None else []


def not_of_branches(found: Sequence[Item], context: Context) -> list[Item]:
    """石化行业利润总额下降10.2%, 进出口总额下降6.2%: among the results of a branch no total is the region's."""
    branch = context.branch.roles.get("branch") if context.branch is not None else None
    if context.measure not in _OF_FIRMS or branch in (None, "industry") or branch.endswith("企业"):
        return list(found)
    return [replace(one, subject=None) if _is_total(one) else one for one in found]


def of_branch(item: Item) -> bool:
    """Whether something is of a part, not of all industry."""
    return item.branch is not None and item.branch.roles.get("branch") != "industry"


def _is_total(item: Item) -> bool:
    return (
        item.subject is not None
        and item.branch is None
        and item.subject.id in subjects()
        and item.subject.domain in ("trade", "fai", "balances", "industry")
        and "software" not in item.subject.id
    )


def context_after(last: Item, words: Sequence[Token], context: Context) -> Context:
    """What a clause leaves open for the next ones when ``last`` was named last in it."""
    if last.subject is not None:
        known = last.subject.id in subjects() or last.subject.id in RESULTS
        whole = last.subject if known else context.whole
        above = last.subject.id.startswith("retail_above_size")
        branch = last.branch if last.subject.id in subjects() else last.branch or context.branch
        among = context.measure == "output" and last.subject.id.endswith("power_generation")
        amount = "value" if last.subject.trade and valued(last.subject) else last.amount
        measure = "output" if among else last.subject.measure
        return Context(measure, branch, whole, above, _part(last, context), amount=amount)
    if last.partner:
        return replace(context, part=traded_with(subjects()["trade"], last.partner), left=False)
    if (measure := last_measure(words)) and (measure, context.measure) != ("cpi", "ppi"):
        return Context(measure, vague=True)
    return context


def _part(last: Item, context: Context) -> Subject | None:
    """The part of all trade that exports and imports alone are of for the rest of the sentence."""
    if last.subject is None or not last.subject.trade:
        return None
    if last.partner and last.subject.id.startswith(f"trade_{last.partner}"):
        return traded_with(subjects()["trade"], last.partner)
    if last.subject.id.startswith("trade_"):
        return replace(last.subject, id=re.sub("_(?:exports|imports)$", "", last.subject.id))
    return None if last.subject.id in TRADE_TOTALS else context.part


def introduced(buffer: Sequence[Token], context: Context, home: Region | None) -> Context:
    """固定资产投资中, 制造业增长8.5%: a clause before says what is measured."""
    before = [clause for clause in clauses(buffer) if any(one.kind == "word" for one in clause)]
    for clause in before[:-1]:
        found = items(clause, context, home)
        if len(found) == 1 and found[0].subject is not None and not residue(clause):
            whole = found[0].subject
            context = Context(whole.measure, found[0].branch, whole, part=_part(found[0], context))
        elif len(found) == 1 and found[0].branch is None:
            context = Context(last_measure(clause))
        elif len(found) == 1 and not residue(clause) and of_branch(found[0]):
            context = replace(context, branch=found[0].branch)  # 装备制造业增势良好, 增加值增长8.2%
    return context


def window_of(item: Item, state: Reading, *, said: bool) -> Window | None:
    """The window of a figure of this item, by whether the sentence ``said`` one and what kind of thing it is."""
    window = state.window
    if item.subject is None:
        return window
    if item.subject.stock and state.balance is not None:
        return state.balance
    ended = state.ended
    if item.subject.stock and window is not None and window.cumulative and ended is not None:
        return ended if (ended.year, ended.last) == (window.year, window.last) else window
    if item.subject.domain in _PRICES and not said:
        # 1-10月平均下降0.2%. 其中, 衣着类上涨1.1%: details are of the month
        titled = state.frame.window
        return titled if titled is not None and not titled.cumulative else window
    if window is not None and window.end and not window.cumulative:
        # 6月末, 生猪存栏 ...; 新能源汽车产量 ...: a flow covers the months that were spoken of before
        flow = state.flow
        return flow if flow is not None and (flow.year, flow.last) == (window.year, window.last) else window
    return window

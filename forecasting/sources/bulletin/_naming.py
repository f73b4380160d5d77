"""Who and what a sentence speaks of: things are named, and the figures that are given for them become candidates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from forecasting.sources.bulletin._candidates import Candidate, candidate
from forecasting.sources.bulletin._carried import context_after, not_of_branches, of_branch, said_again, window_of
from forecasting.sources.bulletin._clauses import residue_inside
from forecasting.sources.bulletin._figures import Figure
from forecasting.sources.bulletin._lexer import PLACES, Token
from forecasting.sources.bulletin._phrases import UNITS
from forecasting.sources.bulletin._regions import Region
from forecasting.sources.bulletin._shortened import carried_by
from forecasting.sources.bulletin._state import MONTH_OR_MORE, Reading
from forecasting.sources.bulletin._subjects import Item, items
from forecasting.sources.bulletin._sums import agree
from forecasting.sources.bulletin._vocabulary import TRADE_TOTALS
from forecasting.sources.bulletin._windows import Window

_BARE_TOTALS = ("出口交货值", "应收账款", "应收票据及应收账款", "资产总计", "负债合计", "产成品存货", "存货")
_SOURCES = re.compile("风电|光伏|太阳能|水电|火电|核电|煤电|气电|生物质|储能|抽水蓄能|可再生|新能源")
PART_OR_ALL = "whether all or a part of it alone is meant is not said"
ALL_TRADE = "whether all trade is meant is not said"
SECOND = "a second figure for the same thing in one sentence"
_NOTHING = frozenset(("filler", "cumulative", "compare", "vague", "window"))
_FOREIGN_PORTS = ("foreign_trade_throughput_coastal", "foreign_trade_throughput_inland")
_SECTORS = ("primary_va", "secondary_va", "tertiary_va")
_RESULTS = ("tax_revenue", "industrial_output_value", "industrial_revenue", "industrial_profit")


def _is_narrow(item: Item) -> bool:
    """Whether something is a product, a part of industry, or called by its own words."""
    if item.subject is None or not item.subject.id.isascii() or item.subject.domain == "output":
        return True
    return of_branch(item)


def _is_bare(token: Token) -> bool:
    """Whether a token says what is measured alone, or nothing of its own."""
    return token.kind in _NOTHING or (token.kind == "word" and "measure" in token.value.roles)


def _is_unknown_trade(item: Item, age: int) -> bool:
    """Whether something is the trade of what was not understood, or in its sentence doubted because of that."""
    unknown = item.subject is None and item.written.rstrip("总额值量").endswith(("出口", "进口"))
    return unknown or (item.unclear == ALL_TRADE and age == 0)


def _both_amounts(item: Item, figures: Sequence[Figure]) -> bool:
    """硫磺进口78万吨、1.4亿美元: the quantity and the value of the same goods."""
    kinds = [UNITS.get(figure.unit, ("", ""))[1] for figure in figures if not figure.rate]
    goods = item.subject is not None and item.subject.trade
    return goods and len(kinds) == len(figures) == 2 and len(set(kinds) & {"yuan", "dollar"}) == 1 != len(set(kinds))


class Naming:
    """What was named in a sentence so far, and the candidates made of it."""

    def __init__(self, state: Reading, text: str) -> None:
        self.state, self.text = state, text
        self.candidates: list[Candidate] = []
        self.named = False  # a subject
        self.stale = ""  # why the things named before may no longer be meant
        self.moved = False  # a window or region came since the items were named
        self.given: dict[tuple[str, ...], str] = {}
        self.levels: list[Item] = []  # that levels were given for since the last rate
        self.parts = 0  # how many of them came before the last 其中
        self.again = False  # the clause of the figure names what it is of
        self.priced = False  # a price was given: 350元/吨
        self.firm = False  # the sentence speaks of a firm
        self.unclear = ""  # why a region named in this sentence is not known
        self.region: Region | None = None
        self.abroad = False
        self.topics: set[str] = set()
        self.partnered = False  # trade with a partner was named

    def name(self, words: Sequence[Token], *, again: bool = True) -> None:
        """Take up what these words name; ``again`` where a measure alone may be of what was named before."""
        state = self.state
        if again and said_again(words, state):
            state.age, self.stale, self.moved = 0, "", False
            return
        found = not_of_branches(items(words, state.context, state.frame.region), state.context)
        if not found:
            return
        for item in found:
            self._of_all_trade(item, words)
            item.unclear = item.unclear or self._narrower(item, words)
        if residue_inside(words):
            # 对蒙古国进出口, 传统制造业: another subject than the words that are known
            written = "".join(token.text for token in words if token.kind in ("word", "residue"))
            found = [replace(found[0], written=written, subject=None)]
        state.items, state.age, self.stale, self.moved, self.named = found, 0, "", False, True
        for item in found:
            state.note(item)
            self.topics.add(item.written)
            self.partnered = self.partnered or bool(item.partner)
            self.region = item.region or self.region
            self.unclear = item.unclear or ("" if item.region is not None else self.unclear)
        state.context = context_after(found[-1], words, state.context)
        if len(found) > 1 and all(one.branch is not None for one in found):
            state.context = replace(state.context, branch=None, whole=None)  # 石油、化工行业产值 ..., 增加值: of which

    def levels_of(self, count: int) -> list[Item]:
        """The ``count`` things that levels were given for: all, or the parts behind 其中; empty where neither."""
        for found in (self.levels, self.levels[self.parts :]):
            if len(found) == count == len({(one.written, one.unit) for one in found}):
                return found
        return []

    def relocate(self, head: Sequence[Token]) -> None:
        """全国增长6.0%: the subject before, elsewhere."""
        state = self.state
        places = [
            place
            for place in items(head, state.context, state.frame.region)
            if place.region is not None or place.unclear
        ]
        if not places:
            return
        if len({item.subject and item.subject.id for item in state.items}) != 1:
            if state.items:
                self.stale = "a region alone after several subjects"
            return
        state.items = [replace(state.items[0], region=place.region, unclear=place.unclear, unit="") for place in places]
        self.region = places[0].region
        if len(places) > 1:
            self.unclear = (
                f"several regions before one figure: {''.join(one.text for one in head if one.kind == 'region')}"
            )

    def emit(
        self,
        named: Sequence[Item],
        figures: Sequence[Figure],
        unknown: str,
        *,
        said: bool,
        each: bool = False,
        windows: Sequence[Window] = (),
    ) -> None:
        """A candidate of each figure; ``windows`` has one for each where a list of them stands before one thing.

        Another figure of what was given one before is doubtful; so is that one where these words name it again.
        """
        doubt = (
            f"words not understood: {unknown}"
            if unknown and not any(item.unclear or item.subject is None for item in named)
            else self._carried_subject()
        )
        if not named:
            named = [Item("", None)]
        if len(named) == 1 and (len(windows) == len(figures) or _both_amounts(named[0], figures)):
            named = [replace(named[0]) for _ in figures]
        if len(figures) == 1 and len(named) > 1:
            if not each:
                doubt = doubt or "one figure for several subjects"
            figures = list(figures) * len(named)
        elif len(figures) != len(named):
            doubt = doubt or f"{len(named)} subjects but {len(figures)} figures"
            named = (
                list(named) * len(figures)
                if len(named) == 1
                else [Item("、".join(i.written for i in named), None)] * len(figures)
            )
        rows = windows if len(windows) == len(figures) else [None] * len(figures)
        for item, figure, listed in zip(named, figures, rows, strict=True):
            window = listed or window_of(item, self.state, said=said)
            made = candidate(item, figure, self._where(item), window, self.state.currency, self.text)
            if figure.rate:
                self.levels, self.parts = [], 0
            else:
                item.unit = figure.unit
                self.levels = [*self.levels, replace(item)]
            reasons = [
                reason
                for reason in (
                    figure.doubt,
                    doubt,
                    item.unclear,
                    self._region_doubt(item),
                    self._window_doubt(item, said),
                    self._price_doubt(item, figure),
                )
                if reason
            ]
            key = (made.region, made.indicator, made.period, made.measure)
            if key in self.given and not reasons:
                reasons.append(SECOND)
                if self.again and self.given[key] == item.written:
                    self.candidates = [self._unless(one, made) for one in self.candidates]
            if not figure.doubt and "does not measure" not in made.reason:
                self.given[key] = item.written  # 突破100GW, 达到101.3GW: only the second is a figure
            self.candidates.append(replace(made, reason="; ".join([*reasons, *filter(None, [made.reason])])))
            if item.written.startswith("规") and made.indicator.endswith("_industrial_output_value"):
                self.overtaken("whether all or those above a size are meant is not said")
        traded = named[0].subject is not None and named[0].subject.trade
        if traded and "元" in named[0].unit:
            self.state.use_currency("usd" if "美元" in named[0].unit else "cny")

    def _unless(self, one: Candidate, other: Candidate) -> Candidate:
        """The candidate, doubted where the other gives the same thing another value."""
        alike = (one.region, one.indicator, one.period, one.measure) == (
            other.region, other.indicator, other.period, other.measure
        )  # fmt: skip
        return replace(one, reason=one.reason or SECOND) if alike and not agree(one, other) else one

    def overtaken(self, why: str) -> None:
        """增长7.4%, 累计增长7.9%: the first of two figures for the same thing is of another window or scope."""
        last = self.candidates[-1] if self.candidates else None
        if last is None or not last.reason.startswith(SECOND):
            return
        for n, one in enumerate(self.candidates):
            if (one.indicator, one.period, one.measure) == (last.indicator, last.period, last.measure):
                self.candidates[n] = replace(one, reason=one.reason or why)

    def _narrower(self, item: Item, words: Sequence[Token]) -> str:
        """Why a name of all may be of a part alone: 铁路货运量 .... 货物周转量; 农业总产值; 某产业 ..., 完成税收."""
        subject, state = item.subject, self.state
        if subject is None:
            return ""
        goes_on = state.age == 1 and not any(token.kind in PLACES for token in words)
        led = goes_on or (state.age == 0 and not any(token.kind in PLACES for token in words))
        before = [one.subject for one in state.items if one.subject is not None] if led else []
        parted = any(carried_by(subject, one) != subject for one in before)
        farming = subject.id == "farming_output_value" and item.written == "农业总产值" and not state.agriculture
        done = any(token.text.endswith(("实现", "完成")) for token in words[:2])
        same = state.items if state.age == 0 and done and subject.id in _RESULTS else []
        # 电子信息制造业出口交货值 .... 6月份, 实现出口交货值 ...
        firms = goes_on and subject.domain in ("balances", "industry") and item.written in _BARE_TOTALS
        # 锂电池产业产量增长20%, 出口总额达1934亿元
        sold = state.age == 0 and subject.id in ("exports", "imports") and len(words) and all(map(_is_bare, words))
        same = state.items if sold and not same else same
        result = any(map(_is_narrow, same)) or (firms and any(map(of_branch, state.items)))
        # 机械工业进出口总额 .... 其中出口总额 ..., 进口总额 ...
        traded = (
            led
            and subject.id in (*TRADE_TOTALS, "trade_surplus")
            and any(_is_unknown_trade(one, state.age) for one in state.items)
        )
        # 海上风电发展迅猛, 全年新增装机1690万千瓦
        said = self.text.partition(item.written)[0]
        added = item.written.startswith("新增装机") and bool(_SOURCES.search(said))
        # 对东盟出口玩具6.4亿元; 同期出口钢材2.8亿元
        goods = subject.trade and not subject.id.startswith(("trade", "exports", "imports"))
        traded = traded or (goods and self.partnered and not item.partner)
        if traded:
            return ALL_TRADE
        whole = subject.id in ("fixed_asset_investment", *TRADE_TOTALS)
        added = added or (whole and "全行业" in said)
        private = state.private and subject.id in _SECTORS  # 民营经济增加值 .... 其中, 第一产业增加值
        return PART_OR_ALL if parted or farming or result or added or private else ""

    def _of_all_trade(self, item: Item, words: Sequence[Token]) -> None:
        """吞吐量3亿吨. 其中, 外贸吞吐量1亿吨; 沿海港口2亿吨: ports handle more than foreign trade."""
        subject = item.subject
        foreign = subject is not None and subject.id.startswith(_FOREIGN_PORTS) and "外贸" not in item.written
        if subject is not None and foreign and self.state.ported and not any(one.kind == "child" for one in words):
            item.subject = replace(subject, id=subject.id.replace("foreign_trade", "port"))

    def _carried_subject(self) -> str:
        if self.stale:
            return self.stale
        if self.state.age == 0:
            return ""
        alike = len({item.subject and item.subject.id for item in self.state.items}) == 1
        if self.state.age == 1 and self.moved and alike and not self.state.several:
            return ""
        return "no subject in the sentence"

    def _where(self, item: Item) -> Region | None:
        region = item.region or self.region or self.state.frame.region
        if region is not None and self.state.frame.region is not None and region != self.state.frame.region:
            self.abroad = True
        return region

    def _window_doubt(self, item: Item, said: bool) -> str:
        """Why its window may be another.

        Prices and the nation's figures are of a title's month, investment of a month only where that is said.
        """
        carried, window = self.state.carried, self.state.window
        domain = item.subject.domain if item.subject is not None else ""
        where = self._where(item)
        if carried == MONTH_OR_MORE and (
            domain in ("cpi", "ppi", "prices") or (where is not None and where.level == 0)
        ):
            carried = ""
        month = window is not None and window.first == window.last > 1 and not window.end
        return carried or (MONTH_OR_MORE if month and not said and domain == "fai" else "")

    def _price_doubt(self, item: Item, figure: Figure) -> str:
        """Why it may be the price of a good: 氧化镨钕上涨20%, 出厂价格350元/吨, 下降3%."""
        domain = item.subject.domain if item.subject is not None else ""
        bare = domain == "output" and not item.written.endswith("量")
        if (figure.dearer and bare) or (self.priced and domain in ("cpi", "ppi", "prices")):
            return "whether it is the price of a good is not said"
        return ""

    def _region_doubt(self, item: Item) -> str:
        if self.firm:
            return "the sentence speaks of a firm or a park"
        if self.unclear and not item.unclear and item.region is None:
            return self.unclear
        if item.region is None and self.region is None:
            if self.state.abroad:
                return "the sentence before speaks of another region"
            if self.abroad:
                return "a clause before speaks of another region"
        if self.state.frame.doubt and item.region is None and self.region is None:
            return self.state.frame.doubt
        return ""

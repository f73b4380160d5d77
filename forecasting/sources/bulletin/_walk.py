"""One pass over the tokens of a sentence: figures are joined to what was said before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from forecasting.sources.bulletin._candidates import Candidate
from forecasting.sources.bulletin._carried import introduced, sold_at_home, units_above
from forecasting.sources.bulletin._clauses import (
    BREAKS,
    PRAISE,
    bare_measure,
    both_kinds,
    branch_before,
    deals,
    elided,
    generated,
    goes_on,
    headed,
    in_passing,
    is_branch,
    is_index,
    is_predicate,
    is_remark,
    last_clause,
    last_measure,
    listed_places,
    of_firm,
    of_some,
    praised,
    residue,
    subject_clause,
    unknown_group,
    with_unit,
)
from forecasting.sources.bulletin._comparisons import is_base
from forecasting.sources.bulletin._figures import FIGURES, Figure, judge
from forecasting.sources.bulletin._lexer import PLACES, Token
from forecasting.sources.bulletin._lists import some_known, whole_list
from forecasting.sources.bulletin._naming import ALL_TRADE, Naming
from forecasting.sources.bulletin._phrases import YEAR_END
from forecasting.sources.bulletin._remarks import by_size, counts_places, on_goods, some_counted, units_counted
from forecasting.sources.bulletin._rows import (
    figure_row,
    is_row,
    is_turning_row,
    left_from,
    listed_windows,
    rated_behind,
)
from forecasting.sources.bulletin._state import MONTH_OR_MORE, Reading
from forecasting.sources.bulletin._subjects import RESULTS, Context, is_partner
from forecasting.sources.bulletin._vocabulary import TRADE_TOTALS, subjects
from forecasting.sources.bulletin._windows import Window, of_year

_OF_CLAUSE = frozenset(("vague", "move"))  # say nothing of a figure in the next clause
_STOPS = frozenset(("decoy", "noun", "against", "other", "past", "target"))
_OF_ALL = frozenset(
    (*(name for name, one in subjects().items() if one.domain in ("retail", "fiscal", "income", "population", "jobs")),)
)  # no branch has these
_PARTED = ("县域", "区域", "片区")
_EXCEEDED = frozenset(("超", "超过", "超出", "突破"))
_PLACED = frozenset(("window", "region", "relative"))
_REACH = 60  # tokens: a subject further back is not carried on
DEPENDENT = frozenset(("child", "view"))


class Walk:
    """One pass over the tokens of a sentence."""

    def __init__(self, state: Reading, text: str, line: Sequence[Token]) -> None:
        self.state, self.line = state, line
        self.who = Naming(state, text)
        self.buffer: list[Token] = []
        self.listed = 0
        self.verb_listed = 0
        # a forecast, a target, a comparison with the month before, some days: to the end of the sentence
        self.vetoed = False
        self.single = False
        self.aside = False  # only changes on the month before, which say nothing of who or what
        self.prior: Window | None = None  # the window before the last one
        self.left: tuple[Window | None, int] = state.window, 0  # the last window and their number at 由 or 从
        self.turned = False  # a month of its own came after the months up to it
        self.passing: Window | None = None  # what a month in passing interrupts
        self.led = False  # a window came before the first figure
        self.windows: list[Window] = []
        self.partial = False  # a part was named by a clause that was not understood
        self.narrow = False  # a branch was
        self.passed = False  # the figure before is one
        self.narrowed = state.some  # a figure before is of a part of a place: 县域地区第一产业
        self.unread = False  # what the figure before is of was not understood
        self.on_month = False  # a change on the month before was passed over
        self.dealing = False  # a partner was named by a clause that was not understood
        said = {token.kind for token in line if token.kind in ("usd", "cny")}
        if len(said) == 1:
            state.use_currency(said.pop())

    def run(self) -> list[Candidate]:
        at = 0
        while at < len(self.line):
            token = self.line[at]
            if token.kind in FIGURES or token.kind == "number":
                at = self._figure(at)
                continue
            if token.kind in ("points", "range"):
                self._vague(token)
            elif token.kind in BREAKS:
                self._break(token, at)
            else:
                self._word(token)
            at += 1
        return self.who.candidates

    # what is not a figure

    def _word(self, token: Token) -> None:
        state = self.state
        compared = token.kind in _PLACED and self._compared(token)
        if token.kind == "window" and not compared and not self.vetoed:
            self._window(token.value, own=token.text.startswith(("今年", "本年")))
        elif token.kind == "cumulative" and state.window is not None and state.window.first > 1:
            self._set(replace(state.window, first=1, end=False))
            self.who.moved = True
        elif token.kind == "end" and state.window is not None:
            self._set(replace(state.window, first=state.window.last, end=True))
        elif token.kind == "same":
            self._same(token.text)
        elif token.kind == "current" and state.window is not None:
            if state.window.first != state.window.last:
                self._set(replace(state.window, first=state.window.last))
            self.single, self.turned = True, False
        elif token.kind in ("forecast", "days"):
            self.vetoed = True
        elif token.kind == "list":
            self.listed = token.value
        elif token.kind in ("usd", "cny"):
            state.use_currency(token.kind)
        elif token.kind == "view":
            self.aside = self.aside or "环比" in token.text
            self.vetoed = self.vetoed or self.aside
            state.view(token.text)
        elif token.kind in PLACES and not compared:
            self.who.moved = True
        elif token.kind == "child":
            self.who.parts = len(self.who.levels)
        elif token.kind == "decoy" and "/" in token.text:
            self.who.priced = True
            state.context = Context()  # 铜均价36726元/吨; 铝、锌同比上涨5.5%和2.7%: prices
        elif token.text in ("由", "从"):
            self.left = state.window, len(self.windows)
        if token.kind != "ignored":
            self.buffer.append(token)

    def _compared(self, token: Token) -> bool:
        """Whether a window or a region here is only compared with."""
        last = next((one for one in reversed(self.buffer) if one.kind not in ("and", "window")), token)  # 比3月、4月
        against = last.kind in ("other", "past", "against") and not last.text.endswith(("均", "率", "速度"))
        against = against or (token.kind == "window" and last.text in _EXCEEDED)  # 已超2020年全年的1503亿元
        joined = bool(self.buffer) and self.buffer[-1].kind == "and"
        return against or last.text.endswith("年份") or (joined and last.kind == "compare")  # 较去年同期和全年回落

    def _window(self, window: Window, *, own: bool) -> None:
        state, known = self.state, self.state.frame.window
        if window.year is not None and state.frame.year is not None and window.year > state.frame.year:
            window = replace(window, why_not=f"{window.year} lies ahead of a bulletin on {state.frame.year}")
        if window.last and window.year is None:
            said = next((one.year for one in reversed(self.windows) if one.year), None) or state.year
            if said not in (None, state.frame.year) and not window.why_not and not own:
                window = replace(
                    window, why_not=f"whether a month of {said} or of {state.frame.year} is meant is not said"
                )
            window = replace(window, year=state.frame.year)
        elif window.last and not window.why_not:
            state.year = window.year
        if window.first == 0 and window.last:
            window = of_year(window, known, None if self.who.candidates or not self.windows else self.windows[-1])
        self._set(window)

    def _same(self, word: str) -> None:
        """同期 at the head of a paragraph goes on with the window before it, 同月 is that window's last month."""
        before = self.state.previous if self.state.age > 1 and not self.windows else self.state.window
        if before is not None:
            self._set(before if word == "同期" else replace(before, first=before.last))

    def _set(self, window: Window) -> None:
        beside = bool(self.windows) and self.windows[0].cumulative and not window.cumulative
        self.turned = beside and not any(one.kind == "child" for one in last_clause(self.buffer))
        self.prior, self.passing = self.state.window, None if window.cumulative else self.passing
        self.state.window, self.state.carried = window, ""
        self.state.flow = window if window.cumulative and not window.end else self.state.flow
        self.state.ended = window if window.end and not window.cumulative else self.state.ended
        self.state.balance = window if window.end or window.first == window.last else self.state.balance
        self.led = self.led or not (self.windows or self.who.candidates)
        self.windows.append(window)
        self.who.moved = True

    def _break(self, token: Token, at: int) -> None:
        clause = last_clause(self.buffer)
        self.who.firm = self.who.firm or of_firm(clause)
        self.dealing = token.kind != "semicolon" and (self.dealing or deals(clause))
        past = any(one.kind == "past" for one in clause)
        self.vetoed = self.vetoed or (past and all(one.kind in ("past", "filler") for one in clause))  # 去年全年, ...
        if on_goods(clause):
            self.state.context = Context("output")
        if by_size(clause):
            self.state.context = replace(self.state.context, above=True)
        if is_predicate(clause):  # 汽车制造业逆势发展
            head = self.buffer[: len(self.buffer) - len(clause)]
            self.buffer = head + [Token("filler", one.text, PRAISE) if one.kind == "residue" else one for one in clause]
        dirty = any(one.kind in ("residue", "forecast", "days") or one.kind in _STOPS for one in self.buffer)
        if dirty:
            self._adopt()
            self.buffer = [one for one in clause if one.kind == "except"]  # 剔除春节错月因素, 出口增长4.2%
        elif self.buffer:
            self.buffer = [*self.buffer[-_REACH:], token]
        if token.kind == "semicolon":
            self.passed = False
            self.who.region = None
            if not any(one.kind == "child" for one in self.line[: at + 2]):
                self.state.context = replace(self.state.context, left=True)
            if self.passing is not None:
                self.state.window, self.state.carried, self.passing = self.passing, "", None

    def _adopt(self) -> None:
        """Take over the subject of a clause that had no figure of its own, or a decoy."""
        stop = next((n for n, one in enumerate(self.buffer) if one.kind in _STOPS), len(self.buffer))
        head = headed(self.buffer[:stop])
        if any(token.kind == "noun" for token in self.buffer):
            self.who.stale = "the clause before speaks of another quantity"
        elif any(token.kind == "word" for token in head):
            strange = [token for token in head if token.kind == "residue"]
            behind = any(token.kind == "word" and token.value.part for token in last_clause(self.buffer[stop:]))
            if behind and self.buffer[stop].text == "排名":
                self.who.stale = "its subject stands in a clause that was not understood"  # 收入排名前20的租赁业企业
            elif strange and all(token.text[0].isdigit() for token in strange) and is_index(head):
                self.who.name([token for token in head if token.kind != "residue"])  # 居民消费价格指数为100.3, 上涨0.3%
            elif strange:
                self.who.stale = "its subject stands in a clause that was not understood"
                self.partial = any(one.kind == "child" or is_partner(one) for one in head)
                self.narrow = any(map(is_branch, head))
                if all(bare_measure(token) for token in head if token.kind == "word"):
                    self.state.context = Context(last_measure(head))  # 29个行业增加值保持增长. 其中, 纺织业...
            else:
                self.who.name(head)
        elif counts_places(last_clause(self.buffer)):
            pass
        elif any(token.kind == "residue" and token.text[0].isdigit() for token in last_clause(self.buffer)):
            self.who.stale = "the clause before speaks of another quantity"  # 播种面积840万垧, 增长0.5%
        elif any(token.kind in PLACES for token in head):
            ranked = stop < len(self.buffer) and self.buffer[stop].text.startswith(("排名", "排位", "第"))
            if not ranked:  # 全区排名第4位
                self.who.relocate(head)  # 包头市居全区第二, 增长11.3%
        self.buffer = []

    def _vague(self, token: Token) -> None:
        """Percentage points and ranges are no growth, but their clause may name the subject."""
        if token.kind == "range" and any(one.kind in ("verb", "speed") for one in self.buffer):
            figure = Figure(True, "", "%", f"a range, not a figure: {token.text}")
            head = last_clause(self.buffer)
            if any(one.kind == "word" for one in head):
                self.who.name(head)
            if not self.vetoed:
                self.who.emit(self.state.items[:1], [figure], "", said=bool(self.windows))
            self.buffer = []
        else:
            start = next((n for n in range(len(self.buffer) - 1, -1, -1) if self.buffer[n].text in ("由", "从")), None)
            if start is not None and any(one.kind == "window" for one in self.buffer[start:]) and self.left[1]:
                self._turn_back()  # 拉动力从上半年的1.7个百分点上升为2.5个百分点
            self._adopt()

    # figures

    def _figure(self, at: int) -> int:
        token = with_unit(self.line[at], self.buffer)
        if (start := left_from(self.line, at, self.buffer)) is not None:
            self._turn_back()
            self.buffer = self.buffer[:start]
            return at + 1
        if token.text.endswith("翻番") and rated_behind(self.line, at):
            return at + 1  # 增速实现翻番, 同比增长118.1%
        if token.kind == "quantity" and is_base(self.buffer):
            self.buffer = [*self.buffer[-_REACH:], Token("filler", token.text)]
            return at + 1
        self.who.firm = self.who.firm or of_firm(last_clause(self.buffer))
        said = {one.kind for one in last_clause(self.buffer)}
        if self.passed and said == {"speed"}:
            self.buffer = []
            return at + 1  # 环比增加230万吨, 增幅1%
        self.vetoed = self.vetoed or ("target" in said and bool(said & {"verb", "speed"}))
        after = self.line[at + 1] if at + 1 < len(self.line) else None
        if after is not None and after.kind == "and" and at + 2 < len(self.line) and self.line[at + 2].kind == "vague":
            after = self.line[at + 2]  # 500万元及以上
        if token.kind == "number" and not self._respectively():
            self.buffer = [*self.buffer[-_REACH:], Token("residue", token.text)]
            return at + 1
        end, group = at + 1, [token]
        turning = len(self.who.levels) > 1 and is_turning_row(self.line, at)
        if self._respectively() or turning or is_row(self.line, at):
            end, group = figure_row(self.line, at)
        if self.state.window is not None and self.state.window.end and self.state.window.last == 12:
            self.buffer = [one._replace(kind="compare") if one.text in YEAR_END else one for one in self.buffer]
        before = [one for one in self.buffer if one.kind not in _OF_CLAUSE or one in last_clause(self.buffer)]
        figures: list[Figure] = []
        points = any(one.kind == "points" for one in group)
        for one in group:
            if one.kind in ("verb", "speed"):
                before = [kept for kept in before if kept.kind not in ("verb", "speed")] + [one]
                continue
            judged = judge(
                before,
                one,
                after if len(group) == 1 else None,
                elided(last_clause(self.buffer)) * (self.listed or self.verb_listed),
            )
            if judged is None or points:
                self.on_month = self.on_month or any(
                    "环比" in kept.text or "上月" in kept.text for kept in before if kept.kind in ("other", "decoy")
                )
                self.passed = any(kept.kind == "other" for kept in before)
                self._skip(token)
                return end
            figures.append(judged)
        self.passed = False
        head = last_clause(self.buffer)
        self.dealing = self.dealing or deals(head)
        unknown = residue(head)
        named = subject_clause(self.buffer)
        if named and (len(figures) > 1 or praised(self.buffer)):
            named = both_kinds(named) if len(figures) == 2 else named
            named = whole_list(self.buffer, named, len(figures), self.state.context, self.state.frame.region)
        partial = self.partial and not any(map(is_partner, named))
        plain = [bare_measure(one) or one.text == "进出口" for one in named if one.kind == "word"]
        alone = all(plain) or (partial and not any(one.value.part for one in named if one.kind == "word"))
        wide = any(one.value.roles.get("subject") in _OF_ALL for one in named if one.kind == "word")
        results = any(one.value.roles.get("subject") in RESULTS for one in named if one.kind == "word")
        # 光伏、风电等产业, 前三季度完成工业产值17.3亿元; 新能源等产业发展平缓, 累计实现工业产值44.69亿元
        own = results and branch_before(self.buffer) and goes_on(head)
        alone = alone or own or (self.narrow and goes_on(head) and not wide)
        lost = self.who.stale or "whether only a branch is meant is not said" * own if named and alone else ""
        whose = self.narrowed and not any(one.kind in PLACES for one in self.buffer)
        if (self.unread and (goes_on(head) or any(one.kind == "child" for one in self.buffer))) or whose:
            lost = lost or "what it is a part of was not understood"
        if named:
            self.state.context = introduced(self.buffer, self.state.context, self.state.frame.region)
            named = generated(self.buffer, named)
            listed = some_known(named, len(figures), self.state.context, self.state.frame.region)
            others = sum(one.kind == "word" for one in self.buffer) > sum(one.kind == "word" for one in named)
            self.who.name(named, again=not others)
            self.who.stale = lost
            if listed:
                self.state.items, unknown = listed, ""
            else:
                unknown = unknown or residue(named)
            for item in self.state.items:
                if unknown and item.subject is not None:
                    item.unclear = item.unclear or f"words not understood: {unknown}"
                if self.dealing and item.subject is not None and item.subject.id in TRADE_TOTALS and not item.partner:
                    item.unclear = item.unclear or ALL_TRADE
        elif len(self.state.items) < len(figures) and (levels := self.who.levels_of(len(figures))):
            self.state.items = levels  # 汽车产量272.9万辆、新能源汽车产量139.1万辆, 分别增长12.2%、22.5%
        elif unknown := unknown or unknown_group(head):
            self.who.stale = self.who.stale or f"words not understood: {unknown}"
        elif part := units_above(head, self.state) or sold_at_home(head, self.state):
            self.state.items, self.state.age, self.who.stale = part, 0, ""
        elif any(one.kind == "child" for one in head) and not any(one.kind in ("window", "current") for one in head):
            unknown = unknown or "其中 without a subject"
        elif any(one.kind in PLACES for one in head):
            self.who.relocate(head)
        elif len(figures) > 1 and self._respectively() and (places := listed_places(self.buffer, len(figures))):
            self.who.relocate(places)  # 固原市、中卫市较快增长, 分别增长14.9%和10.6%
        if not self.vetoed:
            each = any(one.kind == "each" for one in head)
            abroad = self.who.abroad
            several = listed_windows(self.buffer)
            rows = self.windows[-len(figures) :] if several == len(figures) > 1 else ()
            if several > 1 == len(figures) and self.state.window is not None:
                self.state.window = replace(self.state.window, why_not=f"{several} windows but 1 figure")
            self.who.again = bool(named)
            self.who.emit(self.state.items, figures, unknown, said=bool(self.windows), each=each, windows=rows)
            if any(one.kind == "cumulative" for one in head):
                self.who.overtaken(MONTH_OR_MORE)
            against = any(one.kind == "against" for one in self.line[:at])
            self.who.abroad = abroad if against and not named else self.who.abroad  # 高于全省(6.3%)、金华市(6.7%)
        strange = residue(named)
        self.narrowed = self.narrowed or strange.startswith(_PARTED) or of_some(named)
        self.unread = bool(unknown or (strange and any(item.subject is None for item in self.state.items)))
        if not named and self.prior is not None and is_remark(head):
            self.state.window = self.prior  # 火电增长7.3%, 9月份为下降5.4%; 水电增长28.2%
            self.windows.pop()
        if named and self.passing is not None:
            self.state.carried = "whether the month or the months up to it are meant is not said"
        elif not named and in_passing(self.buffer, self.prior):
            self.passing = self.prior  # 增长6.9%, 其中6月份增长7.8%; 汽车制造业增长1.5%
        self.narrowed = self.narrowed or some_counted(head, figures)
        if units_counted(head, figures):
            self.state.context = replace(self.state.context, above=True)
        if figures[-1].rate and figures[-1].sign:
            self.verb_listed = figures[-1].sign
        self.buffer = []
        return end

    def _turn_back(self) -> None:
        """增速由上半年的13.4%回落至11.9%: only where it went to is this window's figure."""
        self.state.window = self.left[0]
        del self.windows[self.left[1] :]

    def _skip(self, token: Token) -> None:
        if token.kind == "quantity" and not any(one.kind in _STOPS for one in self.buffer):
            named = subject_clause(self.buffer)  # 税收收入增加5亿元, 增长3%
            if named and not residue(named):
                self.who.name(named)
            elif named:
                self.who.stale = "its subject stands in a clause that was not understood"
            self.buffer = []
        else:
            self._adopt()

    def _respectively(self) -> bool:
        return any(one.kind == "respectively" for one in last_clause(self.buffer))

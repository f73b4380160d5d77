"""What is carried on from sentence to sentence: who, what, when."""

from __future__ import annotations

from dataclasses import dataclass, field

from forecasting.sources.bulletin._regions import Region
from forecasting.sources.bulletin._subjects import Context, Item
from forecasting.sources.bulletin._vocabulary import TRADE_TOTALS, Subject, subjects, traded_with
from forecasting.sources.bulletin._windows import Window

VIEWS = {
    "投资": "fai",
    "消费": "retail",
    "零售": "retail",
    "产量": "output",
    "增加值": "va",
    "产品": "output",
    "用电": "power_use",
    "工业": "va",
}
_GROUPS = frozenset(
    f"trade_{name}"
    for name in (
        "belt_and_road", "rcep", "brics", "asean", "eu", "africa", "latin_america", "central_asia", "middle_east",
    )
)  # fmt: skip
ASIDE = "the sentence before speaks of a month, this one does not say of what"
ELSEWHERE = "the window stands in another paragraph"
MONTH_OR_MORE = "whether the month or the months up to it are meant is not said"


@dataclass(slots=True)
class Frame:
    """What holds for a whole bulletin: its region, its window, its year; None where it does not say; and its field."""

    region: Region | None
    window: Window | None
    year: int | None
    production: bool = False  # of what industry produces
    doubt: str = ""  # why the region may be another


@dataclass(slots=True)
class Reading:
    """The state of reading; `paragraph` and `read_sentence` move it on."""

    frame: Frame
    title: str = ""  # the first heading
    window: Window | None = None
    carried: str = ""  # why the window is not sure to hold here
    context: Context = field(default_factory=Context)
    items: list[Item] = field(default_factory=list)
    age: int = 9  # sentences since the items were named, in this paragraph
    previous: Window | None = None  # of the paragraph before, for 同期
    balance: Window | None = None  # the last month's end or month of this paragraph, for balances
    ended: Window | None = None  # the last month's end that the text spoke of
    year: int | None = None  # that was written last in this paragraph
    monthly: bool = False  # the heading above is on changes on the month before
    on_month: bool = False  # the last sentence spoke of changes on the month before alone
    month: Window | None = None  # with which the last sentence began before it went on to the months up to it
    flow: Window | None = None  # the last one from January on
    section: Window | None = None  # of the heading above
    consumer: bool = False  # consumer prices were spoken of
    scope: Subject | None = None  # the partner whose trade alone the text speaks of so far
    total: bool = False  # all trade was spoken of, or that with several partners
    last: Window | None = None  # with which the last sentence ended
    said: Window | None = None  # the last one that this paragraph said itself
    led: Window | None = None  # the last one that the paragraph before said itself, None where it said none
    narrow: bool = False  # the last sentence that named things was on parts alone
    several: bool = False  # the last sentence with figures named several things
    opening: bool = True  # no window yet in this paragraph
    abroad: bool = False  # the last sentence spoke of another region
    currency: str = ""
    currencies: set[str] = field(default_factory=set)
    leading: set[Window] = field(default_factory=set)  # with which the paragraphs so far began
    added: bool = False  # value added of industry was spoken of
    agriculture: bool = False  # output of all agriculture was
    invested: str = ""  # the investment that was spoken of last, all or in real estate
    since_end: bool = False  # the last sentence spoke of growth since the end of a year
    some: bool = False  # the sentence before spoke of some firms alone: 48家重点监测造船企业
    ported: bool = False  # what all ports handled was spoken of
    unrated: list[Item] = field(default_factory=list)  # levels of the last sentence that no growth came behind
    retailed: bool = False  # retail sales of all sizes were spoken of
    private: bool = False  # value added of private firms was spoken of in this paragraph
    counted: bool = False  # the last sentence that named things was on some that are only counted: 36个城市

    def paragraph(self, heading: str = "") -> None:
        """Start a paragraph: what is not said again holds less."""
        if heading:
            self.context = Context(next((key for word, key in VIEWS.items() if word in heading), ""))
        prices = self.context.measure in ("cpi", "ppi") and not heading
        self.age, self.abroad, self.on_month, self.opening = 9, False, self.on_month and prices, not heading
        services = self.context.whole is not None and self.context.whole.id.startswith("services_")
        if self.context.measure in ("profit", "revenue") and not services:
            self.context = Context()  # 工业利润总额 .... \n 第三产业增长3.5%
        if self.context.measure == "ppi" and self.consumer:
            self.context = Context()  # which prices a paragraph goes on with, is not said
        self.previous, self.balance, self.month = self.window or self.previous, None, None
        self.year, self.led, self.said, self.some, self.private = None, self.said, None, False, False
        self.unrated, self.since_end = [], False
        if len(self.currencies) > 1:
            self.currency = ""
        spoken = self.window
        title = self.section or self.frame.window
        if title is not None and (title.cumulative or not self.leading):
            alone = title.first == title.last > 1 and not title.end
            self.window, self.carried = title, MONTH_OR_MORE if alone else ""  # the title of a month's report
            self.flow = title if title.cumulative else self.flow
        elif len(self.leading) == 1:
            aside = prices and self.carried == ASIDE  # 2020年, .... 其中, 12月份, .... \n 同比来看, 生产资料价格 ...
            self.window, self.carried = next(iter(self.leading)), ELSEWHERE if aside else ""
        elif self.leading:
            self.carried = ELSEWHERE
        month = self.window is not None and not self.window.cumulative and not self.window.end
        if month and not heading and not self.carried and spoken is not None and spoken.cumulative:
            self.carried = ELSEWHERE  # 9月份增长6.3%. 前三季度增长3.9%. \n 高技术制造业增长8.5%

    def view(self, text: str) -> None:
        """Take up by what a sentence parts the thing that was spoken of: 按消费类型分."""
        key = next((key for word, key in VIEWS.items() if word in text), "")
        whole = self.context.whole if "地区" in text or "区域" in text else None
        above = self.context.above and key in ("", "retail") and not self.retailed
        self.context = Context(key or self.context.measure, whole=whole, above=above)

    def use_currency(self, currency: str) -> None:
        """Trade is in this currency until another is said."""
        self.currency = currency
        self.currencies.add(currency)

    def note(self, item: Item) -> None:
        """Keep in mind which prices, whose trade and which measures of output a text speaks of."""
        if item.subject is None:
            return
        self.added = self.added or item.subject.id == "industrial_va"
        self.ported = self.ported or item.subject.id == "port_throughput"
        self.retailed = self.retailed or item.subject.id == "retail_sales"
        self.private = self.private or item.subject.id in ("nonpublic_va", "privately_run_va")
        if item.subject.id in ("fixed_asset_investment", "real_estate_investment"):
            self.invested = item.subject.id
        self.agriculture = self.agriculture or item.subject.id == "agriculture_output_value"
        self.consumer = self.consumer or item.subject.id in ("cpi", "core_cpi")
        whole = item.subject.id in TRADE_TOTALS
        part = traded_with(subjects()["trade"], item.partner) if item.partner else None
        if part is not None and self.scope is not None and part.id != self.scope.id:
            member = self.scope.id in _GROUPS and part.id not in _GROUPS  # 沿线国家中, 对俄罗斯进出口 ...
            self.total, part = self.total or not member, None
        self.total = self.total or whole
        self.scope = None if self.total else part or self.scope

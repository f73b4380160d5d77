"""Tables of indicators: a row a subject or a region, a column a window and a kind of figure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from forecasting.decimals import places
from forecasting.sources.bulletin._blocks import Stream
from forecasting.sources.bulletin._candidates import Candidate, candidate
from forecasting.sources.bulletin._columns import Column, columns_of
from forecasting.sources.bulletin._figures import Figure
from forecasting.sources.bulletin._flat import (
    BRACKET,
    NUMBER,
    bare,
    flat,
    only_window,
    unit_of,
)
from forecasting.sources.bulletin._lexer import PLACES, Token, tokens
from forecasting.sources.bulletin._markup import Grid
from forecasting.sources.bulletin._naming import PART_OR_ALL
from forecasting.sources.bulletin._open import opened
from forecasting.sources.bulletin._regions import resolve
from forecasting.sources.bulletin._state import Reading
from forecasting.sources.bulletin._subjects import NARROWER, Item, is_measure, items
from forecasting.sources.bulletin._text import normal
from forecasting.sources.bulletin._vocabulary import Subject, above_size, subjects

_ODD = re.compile(rf"[▲△▼▽↑↓(]({NUMBER.pattern})%?[)↑↓]?|({NUMBER.pattern})%?[↑↓]")
_NUMBERING = re.compile(
    r"^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|[0-9]{1,2}[.、]|[#*·●◆-]+|其中:?|其中、|(?:其中:)?#|在?[总合]计中:)+"
)
_PARTED = re.compile("构成|结构|占比|比重")
_PRODUCTION = re.compile("产品|工业生产|能源生产")
_CHILD = re.compile("其中|#")
_TRADED = re.compile("wholesale_retail_(?:sales|purchases|inventories)")
_ABOVE_SIZE = frozenset(("限额以上", "限上", "限额以上单位", "限上单位"))
_LIMITED = re.compile("限额以上|限上")
_RESULTS = frozenset(("revenue", "profit", "output_value"))
_ALL = frozenset(("总计", "合计", "总额", "总数"))
_SCOPE = re.compile("(?:规模以上|规上)(?:工业|服务业)(?:企业)?|工业企业")
_ALL_BEHIND = re.compile("(?:总计|合计)$")
_TO_MONTH = re.compile("1-[本当]月(?:止)?(?:累计)?")
_WHOLE = re.compile("(?:额|量|收入|支出|税|产值|增加值|利润|投资)$")
_MONTHLY = "规模以上工业增加值"
_THOUSANDS = re.compile("[1-9][0-9]{0,2}")
_HUNDREDS = re.compile(r"[0-9]{3}(?:\.[0-9]+)?")
_TRADES = re.compile("(?:批发|零售|批发和?零售|批发零售贸易|住宿|餐饮|住宿和?餐饮)业")
_SIZED = re.compile("规模以上|规上")
_ALIKE = "which column is which is not clear"
_COUNTED = re.compile("[万亿千百]?[个家户座条项次所张宗处]")
_GROWN = Token("verb", "增长", 1)  # is said of every row


def table_candidates(table: Grid | Stream, caption: str, state: Reading) -> list[Candidate]:
    """The figures of a table; rows whose cells cannot be told apart come back with a reason.

    Args:
        table: The cells.
        caption: The text before it, for windows, regions and subjects that its rows leave out.
        state: The reading so far.
    """
    if isinstance(table, Grid):
        head, rows = _grid(table)
        return _read(head, rows, caption, state, exact=True)
    found = []
    for before, titles, rows in flat([_cell(cell) for cell in table.cells]):
        if not _PARTED.search(before):
            scope = f"{state.title}，{caption}，{before}"
            named = f"{caption}，{before}" if only_window(before) else before or caption
            found += _read([titles], rows, named, state, exact=False, scope=scope)
    return found


def _read(
    head: Sequence[Sequence[str]],
    rows: Sequence[Sequence[str]],
    caption: str,
    state: Reading,
    *,
    exact: bool,
    scope: str = "",
) -> list[Candidate]:
    if not any(head) or not rows:
        return []
    columns = columns_of(head, caption, state.frame)
    reading = _Rows(columns, caption, state, exact=exact, scope=scope)
    reading.sized = any(_SIZED.search(row[0]) for row in rows)
    found = [one for row in rows for one in reading.row(row)]
    return [_doubted(one, _ALIKE) for one in found] if _alike(columns) or _overgrown(found) else found


def _alike(columns: Sequence[str | Column]) -> bool:
    """Whether two columns would give the same: the header was not understood."""
    wanted = [replace(one, dated=False, said=False) for one in columns if isinstance(one, Column) and not one.other]
    return any(one in wanted[:n] for n, one in enumerate(wanted))


def _overgrown(found: Sequence[Candidate]) -> bool:
    """Whether what should be rates are levels: several are of 1,000 % and more."""
    rates = [abs(float(one.value)) for one in found if one.measure.endswith("yoy") and one.value]
    return sum(rate >= 1000 for rate in rates) > max(1, len(rates) // 10)


def _doubted(one: Candidate, why: str) -> Candidate:
    return replace(one, reason="; ".join(filter(None, (why, one.reason))))


def _with_thousands(values: list[str], count: int) -> list[str]:
    """As many values as there are columns where blanks part thousands and only so it fits: 5, 582.9, 26.5."""
    parted = [
        n for n in range(len(values) - 1) if _THOUSANDS.fullmatch(values[n]) and _HUNDREDS.fullmatch(values[n + 1])
    ]
    if not parted or len(values) - len(parted) != count or any(n + 1 in parted for n in parted):
        return values
    return [one + (values[n + 1] if n in parted else "") for n, one in enumerate(values) if n - 1 not in parted]


def _says_measure(token: Token) -> bool:
    return is_measure(token) or "subject" in token.value.roles


def _number(value: str) -> str:
    """The number of a cell, also where it has more than that (↓3.1, (3.1), 持平), else ""."""
    found = NUMBER.fullmatch(value.rstrip("%")) or _ODD.fullmatch(value)
    return "0" if value == "持平" else (found.group(found.lastindex or 0) if found else "").replace(",", "")


def _cell(text: str) -> str:
    return _TO_MONTH.sub("累计", normal(text))


def _grid(table: Grid) -> tuple[list[list[str]], list[list[str]]]:
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    first = next(
        (n for n, row in enumerate(rows) if any(NUMBER.fullmatch(cell.rstrip("%")) for cell in row[1:])), len(rows)
    )
    head = [row for row in rows[:first] if len(set(row)) > 1]
    return head, rows[first:]


class _Rows:
    """Row by row, with the subject that inner rows lean on."""

    def __init__(
        self, columns: list[str | Column], caption: str, state: Reading, *, exact: bool, scope: str = ""
    ) -> None:
        self.columns, self.state, self.exact, self.rated = columns, state, exact, False
        self.of: Subject | None = None  # the first row's
        self.lost = False  # the last row of a whole was not understood
        self.last: Subject | None = None
        self.sized = False  # a row is of industry above a size
        self.branched = False  # a row was of a part
        self.accounts = False  # a row was of the gross product
        self.measured = ("-", "-"), ""  # the last level's domain and measure, and its unit
        self.caption = [
            token for token in tokens(normal(caption)) if token.kind == "word" and "subject" in token.value.roles
        ]
        titled = [one for one in tokens(normal(state.title)) if one.kind == "word" and "subject" in one.value.roles]
        self.caption = list({token.text: token for token in self.caption}.values())
        self.caption = self.caption or (titled if len(titled) == 1 else [])
        scopes = set(_SCOPE.findall(normal(scope or caption)))
        self.scope = scopes.pop() if len(scopes) == 1 else ""
        self.limited = bool(_LIMITED.search(normal(scope or caption)))
        home = state.frame.region
        places = [one for one in tokens(normal(caption)) if one.kind == "relative"]
        strange = next((one.text for one in places if home is not None and resolve(one.text, home) is None), "")
        self.doubt = f"which region {strange} means is not clear" if strange else ""
        said = {one.value.roles["measure"]: one.text for one in tokens(normal(caption)) if is_measure(one)}
        measured = set(said)
        self.monthly = any(isinstance(one, Column) and one.window and one.window.first > 1 for one in columns)
        if not self.caption and measured == {"va"} and self.monthly and "工业增加值" in caption:
            self.caption = list(tokens(_MONTHLY))  # by the month it is of those above a size alone
        self.named = [*said.values()][-1] if said else ""
        usual = "output" if not measured and (state.frame.production or _PRODUCTION.search(caption)) else ""
        self.measure = measured.pop() if len(measured) == 1 else usual  # 主要工业产品产量
        if self.caption or self.measure:
            state.context = replace(state.context, measure=self.measure)

    def row(self, cells: Sequence[str]) -> Iterator[Candidate]:
        named = [cell for cell, column in zip(cells, self.columns, strict=False) if column == "label" and cell]
        first = named[-1] if self.exact and named else cells[0]
        label = _NUMBERING.sub("", bare(first).replace(" ", ""))
        inside = next(
            (text for text in BRACKET.findall(first) if unit_of(text) is not None or _COUNTED.fullmatch(text)), ""
        )
        unit = next((found for cell in cells[1:] if (found := unit_of(cell)) is not None), inside)
        values = [cell for cell in cells[1:] if unit_of(cell) is None]
        if not label or not any(map(_number, values)):
            self._lean(label)
            return
        text = " ".join(cell for cell in cells if cell)
        doubt = self.doubt
        if self.exact:
            pairs = [(c, cells[n]) for n, c in enumerate(self.columns) if isinstance(c, Column) and n < len(cells)]
        else:
            wanted = [column for column in self.columns if isinstance(column, Column)]
            rates = [column for column in wanted if column.rate]
            while len(values) > len(wanted) and not values[-1].strip("-"):
                values.pop()
            values = _with_thousands(values, len(wanted))
            if len(values) == len(wanted):
                pairs = list(zip(wanted, values, strict=True))
            elif unit == "%" and len(values) == len(rates):
                pairs = list(zip(rates, values, strict=True))
            else:
                pairs = [(column, values[0]) for column in wanted[:1]]
                doubt = f"{len(values)} cells for {len(wanted)} columns: which are blank is not known"
        self.rated = any(
            column.rate and not column.other and NUMBER.fullmatch(value.rstrip("%")) for column, value in pairs
        )
        for column, value in pairs:
            yield from self._cell(label, column, value, unit, text, doubt)

    def _lean(self, label: str) -> None:
        found = items(
            [token for token in tokens(label) if token.kind == "word"], self.state.context, self.state.frame.region
        )
        if len(found) == 1 and found[0].subject is not None:
            self.state.context = replace(self.state.context, measure=found[0].subject.measure)

    def _cell(self, label: str, column: Column, value: str, unit: str, text: str, doubt: str) -> Iterator[Candidate]:
        number = _number(value)
        if column.other or not number:
            return
        if not NUMBER.fullmatch(value.rstrip("%")):
            doubt = doubt or f"cell {value} is no plain number"
        line = [
            token
            for token in opened([*tokens(label), _GROWN])[:-1]
            if token.kind not in ("filler", "ignored", "speed", "verb", "child", "compare", "window")
        ]
        words = [token for token in line if token.kind == "word"]
        unknown = "".join(
            token.text
            for token in line
            if token.kind not in ("word", "region", "relative", "and", "cumulative", "current")
        )
        measured = words[0].value.roles.get("measure") if len(words) == 1 and not unknown else ""
        alone = self.scope and not self.branched and measured in _RESULTS
        whole_of = _SCOPE.fullmatch(_ALL_BEHIND.sub("", label)) if {column.measure, self.measure} & _RESULTS else None
        if label in _ALL or alone or whole_of:
            said = words[0].text if alone and not whole_of else column.named or self.named
            scope = whole_of[0] if whole_of else self.scope
            words = [token for token in tokens(scope + said) if token.kind == "word"]
            line, unknown = list(words), ""  # 规模以上服务业企业主要指标: 总计, under 营业收入
        if self.monthly and [word.text for word in words] == ["工业增加值"]:
            words = line = list(tokens(_MONTHLY))
        if self.of is not None and self.of.id == "retail_sales" and not self.lost and _TRADES.fullmatch(label):
            words = line = list(tokens(f"{label}零售额"))
            unknown = ""
        if not words:
            line = [*(token for token in line if token.kind in PLACES), *(column.words or self.caption)]
        context = replace(self.state.context, measure=column.measure) if column.measure else self.state.context
        found = items(line, context, self.state.frame.region)
        if self.measure and not self.measured[1].endswith("元") and not any(item.subject for item in found):
            found = items(line, replace(self.state.context, measure=self.measure), self.state.frame.region)
        item = found[0] if len(found) == 1 and not unknown else Item(label, None)
        if label in _ABOVE_SIZE and self.last is not None and above_size(self.last) is not self.last:
            item = Item(label, above_size(self.last))  # 社会消费品零售总额, 其中: 限额以上
        limited = self.last is not None and self.last.id.startswith("retail_above_size") and _CHILD.match(text)
        if item.subject is not None and (self.limited or limited):
            item.subject = above_size(item.subject)  # of what a table says it is on alone; 限额以上零售额, #网上零售额
        whole = any(map(_says_measure, words))
        if item.subject is None and _WHOLE.search(label):
            self.lost = True
        self.lost = self.lost and (item.subject is None or not whole)
        traded = item.subject is not None and _TRADED.fullmatch(item.subject.id) is not None
        self.lost = self.lost or traded  # 商品销售总额, 汽车类: no retail sales
        if self.sized and item.subject is not None and item.subject.id == "industrial_output_value":
            item.subject = subjects()[
                "industrial_output_value" if _SIZED.search(label) else "all_industry_output_value"
            ]
        if self.last is not None and self.last.id == "all_industry_output_value" and _SIZED.fullmatch(label):
            item = Item(label, subjects()["industrial_output_value"])  # 工业总产值, 其中: 规模以上
        if item.subject is not None and self.of is None:
            self.of = item.subject
        elif self.lost and not whole and not traded:
            item.unclear = "what it is a part of was not understood"  # 企业商品购进总额, 服装类
        elif self.of is not None and self.of.id in NARROWER and not whole and item.subject is not self.of:
            item.unclear = f"whether only {self.of.id} is meant is not said"  # 民间投资, 第一产业
        if item.subject is not None and item.subject.id == "agriculture_output_value":
            self.state.agriculture = True
        if label == "农业总产值" and not self.state.agriculture:
            item.unclear = item.unclear or PART_OR_ALL
        self.accounts = self.accounts or (item.subject is not None and item.subject.id == "gdp")
        if self.accounts and label == "工业" and item.subject is not None and item.subject.id == "industrial_va":
            item = replace(item, subject=subjects()["all_industry_va"])  # in a table of the gross product
        part = item.branch.roles.get("branch", "industry") if item.branch is not None else "industry"
        self.branched = self.branched or (whole and part != "industry" and part.isascii())  # a known one
        if item.subject is not None and words:
            self.last = item.subject
            self.state.context = replace(self.state.context, measure=item.subject.measure or self.state.context.measure)
        if unit == "%" and not column.rate and self.rated:
            return  # an index beside its growth
        rate = column.rate or value.endswith("%") or unit == "%"
        own = "" if unit == "%" else unit or column.unit
        if item.subject is not None and own and not rate:
            self.measured = (item.subject.domain, item.subject.measure or "-"), own
        elif item.subject is not None and not own and {item.subject.domain, item.subject.measure} & {*self.measured[0]}:
            own = self.measured[1]  # 社会消费品零售总额(亿元), 住宿餐饮业
        item.unit = own
        doubt = doubt or ("" if rate or own else "no unit")
        figure = Figure(rate, number.lstrip("+"), "%" if rate else own, doubt, decimals=places(number))
        region = item.region or self.state.frame.region
        window = column.window
        if item.subject is not None and item.subject.stock and window is not None and window.first == 1:
            window = replace(window, first=window.last, end=True)  # 1-9月 heads balances too
        currency = "usd" if "美元" in own else "cny" if "元" in own else self.state.currency
        made = candidate(item, figure, region, window, currency, text)
        passing = self.state.frame.doubt if item.region is None else ""
        yield replace(made, reason="; ".join(filter(None, (figure.doubt, item.unclear, passing, made.reason))))

"""Tables of indicators: a row a subject or a region, a column a window and a kind of figure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from forecasting.sources.bulletin._blocks import Grid, Stream
from forecasting.sources.bulletin._candidates import Candidate, candidate
from forecasting.sources.bulletin._figures import Figure, places
from forecasting.sources.bulletin._flat import (
    BRACKET,
    DATED,
    LABEL,
    NUMBER,
    OTHER,
    RATE,
    UNIT_HEAD,
    bare,
    flat,
    is_whole,
    only_window,
    unit_of,
)
from forecasting.sources.bulletin._lexer import PLACES, Token, tokens
from forecasting.sources.bulletin._open import opened
from forecasting.sources.bulletin._phrases import UNITS
from forecasting.sources.bulletin._regions import resolve
from forecasting.sources.bulletin._state import Frame, Reading
from forecasting.sources.bulletin._subjects import NARROWER, Item, is_measure, items
from forecasting.sources.bulletin._text import normal
from forecasting.sources.bulletin._vocabulary import Subject, above_size, subjects
from forecasting.sources.bulletin._windows import Window

_NUMBERING = re.compile(
    r"^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|[0-9]{1,2}[.、]|[#*·●◆-]+|其中:?|其中、|(?:其中:)?#|在?[总合]计中:)+"
)
_SHARES = re.compile("比重|占比|构成|利用率|利润率|产销率|失业率")
_PARTED = re.compile("构成|结构|占比|比重")
_PRODUCTION = re.compile("产品|工业生产|能源生产")
_UNITS_SAID = re.compile(r"单位:(?P<units>[^，。\s]+)")
_CHILD = re.compile("其中|#")
_ABOVE_SIZE = frozenset(("限额以上", "限上", "限额以上单位", "限上单位"))
_LIMITED = re.compile("限额以上|限上")
_RESULTS = frozenset(("revenue", "profit", "output_value"))
_ALL = frozenset(("总计", "合计", "总额", "总数"))
_SCOPE = re.compile("(?:规模以上|规上)(?:工业|服务业)(?:企业)?|工业企业")
_TO_MONTH = re.compile("1-[本当]月(?:止)?(?:累计)?")
_WHOLE = re.compile("(?:额|量|收入|支出|税|产值|增加值|利润|投资)$")
_MONTHLY = "规模以上工业增加值"
_ALIKE = "which column is which is not clear"
_COUNTED = re.compile("[万亿千百]?[个家户座条项次所张宗处]")
_GROWN = Token("verb", "增长", 1)  # is said of every row


@dataclass(frozen=True, slots=True)
class _Column:
    rate: bool
    other: bool
    window: Window | None
    unit: str
    words: tuple[Token, ...]
    dated: bool = False
    measure: str = ""  # of the parts that the rows name
    named: str = ""  # its word
    said: bool = False  # the title names the window


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
    columns = _columns(head, caption, state.frame)
    reading = _Rows(columns, caption, state, exact=exact, scope=scope)
    found = [one for row in rows for one in reading.row(row)]
    return [_doubted(one, _ALIKE) for one in found] if _alike(columns) or _overgrown(found) else found


def _alike(columns: Sequence[str | _Column]) -> bool:
    """Whether two columns would give the same: the header was not understood."""
    wanted = [replace(one, dated=False, said=False) for one in columns if isinstance(one, _Column) and not one.other]
    return any(one in wanted[:n] for n, one in enumerate(wanted))


def _overgrown(found: Sequence[Candidate]) -> bool:
    """Whether what should be rates are levels: several are of 1,000 % and more."""
    rates = [abs(float(one.value)) for one in found if one.measure.endswith("yoy") and one.value]
    return sum(rate >= 1000 for rate in rates) > max(1, len(rates) // 10)


def _doubted(one: Candidate, why: str) -> Candidate:
    return replace(one, reason="; ".join(filter(None, (why, one.reason))))


def _says_measure(token: Token) -> bool:
    return is_measure(token) or "subject" in token.value.roles


def _cell(text: str) -> str:
    return _TO_MONTH.sub("累计", normal(text))


def _grid(table: Grid) -> tuple[list[list[str]], list[list[str]]]:
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    first = next(
        (n for n, row in enumerate(rows) if any(NUMBER.fullmatch(cell.rstrip("%")) for cell in row[1:])), len(rows)
    )
    head = [row for row in rows[:first] if len(set(row)) > 1]
    return head, rows[first:]


def _columns(head: Sequence[Sequence[str]], caption: str, frame: Frame) -> list[str | _Column]:
    """For each column ``label``, ``unit`` or what its figures are."""
    if len(head) == 1:
        titles = _spans(list(head[0]))
    else:
        titles = [
            "".join(dict.fromkeys(row[n] for row in head if n < len(row) and row[n]))
            for n in range(max(map(len, head)))
        ]
    columns: list[str | _Column] = []
    for n, title in enumerate(titles):
        plain = bare(title)
        if n == 0 or LABEL.fullmatch(plain):
            columns.append("label")
        elif UNIT_HEAD.fullmatch(plain):
            columns.append("unit")
        else:
            column = _column(title, caption, frame)
            if column.rate and not column.dated:
                windows = _levels_before(columns)  # 累计, 同比增长: the growth of that
                column = replace(column, window=windows[0] if len(windows) == 1 else None) if windows else column
            if column.dated and not column.said and "累计" in plain:
                column = replace(column, window=_cumulative(columns) or column.window)
            before = columns[-1]
            if column.rate and not column.measure and isinstance(before, _Column) and not before.rate:
                column = replace(column, measure=before.measure, named=before.named)  # 营业收入(亿元), 增长(%)
            columns.append(column)
    return _paired_windows(columns, titles)


def _paired_windows(columns: list[str | _Column], titles: Sequence[str]) -> list[str | _Column]:
    """比上年同月, 比上年同期 beside each other: of the month, and of the months up to it."""
    if not any("同月" in title for title in titles):
        return columns
    found: list[str | _Column] = []
    for column, title in zip(columns, titles, strict=True):
        if isinstance(column, _Column) and column.window is not None and not column.dated:
            month = "同月" in title
            column = replace(column, window=replace(column.window, first=column.window.last if month else 1))
        found.append(column)
    return found


def _cumulative(columns: Sequence[str | _Column]) -> Window | None:
    """The last window from January on that the title of a column names: of 累计增长 behind 1-6月累计."""
    said = [one.window for one in columns if isinstance(one, _Column) and one.said and one.window is not None]
    return next((window for window in reversed(said) if window.cumulative), None)


def _levels_before(columns: Sequence[str | _Column]) -> list[Window | None]:
    """The windows of the columns between the last rate and here, as far as they have their own."""
    windows: list[Window | None] = []
    for column in reversed(columns):
        if not isinstance(column, _Column) or (column.rate and not column.other):
            break
        if column.dated and not column.other and column.window not in windows:
            windows.append(column.window)
    return windows


def _spans(cells: list[str]) -> list[str]:
    """A header of two lines in one: 指标, 11月, 1-11月, 绝对量, 增速, 绝对量, 增速."""
    units = [cell for cell in cells[1:] if UNIT_HEAD.fullmatch(bare(cell))]
    values = [cell for cell in cells[1:] if cell not in units]
    over = [cell for cell in values if only_window(cell)]
    under = [cell for cell in values if not only_window(cell)]
    nested = (
        len(over) > 1
        and bool(under)
        and values[: len(over)] == over
        and len(under) % len(over) == 0
        and len(under) > len(over)
    )
    if not nested:
        return cells
    each = len(under) // len(over)
    return [cells[0], *units, *(over[n // each] + cell for n, cell in enumerate(under))]


def _column(title: str, caption: str, frame: Frame) -> _Column:
    line = tokens(title)
    kinds = {token.kind for token in line}
    window = next((token.value for token in line if token.kind == "window"), None)
    if window is None:
        window = next((token.value for token in tokens(normal(caption)) if token.kind == "window"), frame.window)
    if window is not None:
        first = 1 if "cumulative" in kinds else window.last if "current" in kinds else window.first or 1
        window = replace(window, year=window.year or frame.year, first=first)
    inside = [unit for text in BRACKET.findall(title) if (unit := unit_of(text)) is not None]
    plain = bare(title)
    measured = next((token for token in line if is_measure(token)), None)
    rate = bool(RATE.search(plain)) or "%" in inside or _said_units(caption) == ["%"]
    compared = re.sub(r"比上年同期|比去年同期|比上年|比去年|较上年同期|较上年", "", plain)
    return _Column(
        rate=rate,
        other=bool(OTHER.search(compared)),
        window=window,
        unit=next((unit for unit in inside if unit != "%"), "" if rate else _said_unit(caption)),
        words=tuple(token for token in line if token.kind == "word" and is_whole(token)),
        said="window" in kinds,
        dated=bool(kinds & DATED),
        measure=measured.value.roles["measure"] if measured else "",
        named=measured.text if measured else "",
    )


def _said_units(caption: str) -> list[str]:
    """The units that a caption gives: 单位：亿元、%."""
    said = _UNITS_SAID.search(normal(caption))
    if said is None or _SHARES.search(caption):
        return []
    return [one for one in re.split("[、/;和]", said["units"]) if one in UNITS or one == "%"]


def _said_unit(caption: str) -> str:
    """The unit of levels among them, "" where it is none or several."""
    units = [unit for unit in _said_units(caption) if unit != "%"]
    return units[0] if len(units) == 1 else ""


class _Rows:
    """Row by row, with the subject that inner rows lean on."""

    def __init__(
        self, columns: list[str | _Column], caption: str, state: Reading, *, exact: bool, scope: str = ""
    ) -> None:
        self.columns, self.state, self.exact, self.rated = columns, state, exact, False
        self.of: Subject | None = None  # the first row's
        self.lost = False  # the last row of a whole was not understood
        self.last: Subject | None = None
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
        measured = {one.value.roles["measure"] for one in tokens(normal(caption)) if is_measure(one)}
        self.monthly = any(isinstance(one, _Column) and one.window and one.window.first > 1 for one in columns)
        if not self.caption and measured == {"va"} and self.monthly and "工业增加值" in caption:
            self.caption = list(tokens(_MONTHLY))  # by the month it is of those above a size alone
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
        if not label or not any(NUMBER.fullmatch(value.rstrip("%")) for value in values):
            self._lean(label)
            return
        text = " ".join(cell for cell in cells if cell)
        doubt = self.doubt
        if self.exact:
            pairs = [(c, cells[n]) for n, c in enumerate(self.columns) if isinstance(c, _Column) and n < len(cells)]
        else:
            wanted = [column for column in self.columns if isinstance(column, _Column)]
            rates = [column for column in wanted if column.rate]
            while len(values) > len(wanted) and not values[-1].strip("-"):
                values.pop()
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

    def _cell(self, label: str, column: _Column, value: str, unit: str, text: str, doubt: str) -> Iterator[Candidate]:
        number = value.rstrip("%").replace(",", "")
        if column.other or not NUMBER.fullmatch(value.rstrip("%")):
            return
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
        if label in _ALL or alone:
            said = column.named if label in _ALL else words[0].text
            words = [token for token in tokens(self.scope + said) if token.kind == "word"]
            line, unknown = list(words), ""  # 规模以上服务业企业主要指标: 总计, under 营业收入
        if self.monthly and [word.text for word in words] == ["工业增加值"]:
            words = line = list(tokens(_MONTHLY))
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
        if item.subject is not None and self.of is None:
            self.of = item.subject
        elif self.lost and not whole:
            item.unclear = "what it is a part of was not understood"  # 企业商品购进总额, 服装类
        elif self.of is not None and self.of.id in NARROWER and not whole:
            item.unclear = f"whether only {self.of.id} is meant is not said"  # 民间投资, 第一产业
        self.accounts = self.accounts or (item.subject is not None and item.subject.id == "gdp")
        if self.accounts and label == "工业" and item.subject is not None and item.subject.id == "industrial_va":
            item = replace(item, subject=subjects()["all_industry_va"])  # in a table of the gross product
        part = item.branch.roles.get("branch", "industry") if item.branch is not None else "industry"
        self.branched = self.branched or (part != "industry" and part.isascii())  # a known one
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

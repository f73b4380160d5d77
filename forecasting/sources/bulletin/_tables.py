"""Tables of indicators: a row a subject or a region, a column a window and a kind of figure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from forecasting.sources.bulletin._blocks import Grid, Stream
from forecasting.sources.bulletin._candidates import Candidate, candidate
from forecasting.sources.bulletin._figures import Figure, places
from forecasting.sources.bulletin._lexer import Token, tokens
from forecasting.sources.bulletin._open import opened
from forecasting.sources.bulletin._phrases import UNITS
from forecasting.sources.bulletin._regions import resolve
from forecasting.sources.bulletin._state import Frame, Reading
from forecasting.sources.bulletin._subjects import Item, is_measure, items
from forecasting.sources.bulletin._text import normal
from forecasting.sources.bulletin._vocabulary import Subject, above_size
from forecasting.sources.bulletin._windows import Window

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
_BLANK = re.compile(r"[-.…/—]*")
_LABEL = re.compile(r"(?:主要|经济|统计)*(?:指标|名称|项目|地区|盟市|旗县区?|城市|行业|产品|类别)(?:名称)?")
_UNIT_HEAD = re.compile(r"(?:计量|计算)?单位")
_RATE = re.compile(r"增速|增长|同比|增幅|±|比上年|比去年|增减|涨跌")
_LEVEL = re.compile(r"绝对量|绝对值|总量|绝对数|完成|数值|金额|产量|实绩|累计|本月|当月|总值|总额|本期|规模")
_OTHER = re.compile(
    r"环比|比重|占比|结构|构成|位次|排名|排序|名次|百分点|上年同期|去年同期|上年|去年|比上月|拉动|贡献|目标|进度|预算"
)
_NUMBERING = re.compile(
    r"^(?:[一二三四五六七八九十]+、|\([一二三四五六七八九十]+\)|[0-9]{1,2}[.、]|[#*·●◆-]+|其中:?|其中、|(?:其中:)?#)+"
)
_SHARES = re.compile("比重|占比|构成|利用率|利润率|产销率|失业率")
_PRODUCTION = re.compile("产品|工业生产|能源生产")
_UNITS_SAID = re.compile(r"单位:(?P<units>[^，。\s]+)")
_ABOVE_SIZE = frozenset(("限额以上", "限上", "限额以上单位", "限上单位"))
_GROWN = Token("verb", "增长", 1)  # is said of every row
_BRACKET = re.compile(r"\(([^()]*)\)")


@dataclass(frozen=True, slots=True)
class _Column:
    rate: bool
    other: bool
    window: Window | None
    unit: str
    words: tuple[Token, ...]
    dated: bool = False
    measure: str = ""  # of the parts that the rows name


def table_candidates(table: Grid | Stream, caption: str, state: Reading) -> list[Candidate]:
    """The figures of a table; rows whose cells cannot be told apart come back with a reason.

    Args:
        table: The cells.
        caption: The text before it, for windows, regions and subjects that its rows leave out.
        state: The reading so far.
    """
    if isinstance(table, Stream):
        before, head, rows = _stream(table)
        caption = before or caption
    else:
        head, rows = _grid(table)
    if not head or not rows:
        return []
    columns = _columns(head, caption, state.frame)
    reading = _Rows(columns, caption, state, isinstance(table, Grid))
    return [one for row in rows for one in reading.row(row)]


def _grid(table: Grid) -> tuple[list[list[str]], list[list[str]]]:
    rows = [[normal(cell) for cell in row] for row in table.rows]
    first = next(
        (n for n, row in enumerate(rows) if any(_NUMBER.fullmatch(cell.rstrip("%")) for cell in row[1:])), len(rows)
    )
    head = [row for row in rows[:first] if len(set(row)) > 1]
    return head, rows[first:]


def _stream(table: Stream) -> tuple[str, list[list[str]], list[list[str]]]:
    """What stands before the header, the header, the rows."""
    cells = [normal(cell) for cell in table.cells]
    label = next((n for n, cell in enumerate(cells) if _LABEL.fullmatch(_bare(cell))), None)
    start = label if label is not None else 0
    over = start
    while over and _only_window(cells[over - 1]):
        over -= 1
    rows: list[list[str]] = []
    numbered = "序号" in cells[:start]
    valued = next((n for n in range(start, len(cells)) if _is_value(cells[n])), len(cells))
    cells[start:valued] = _joined(cells[start:valued])
    first = next((n for n in range(start, len(cells)) if not _is_head(cells[n])), len(cells))
    for cell in cells[first:]:
        value = _is_value(cell) or _unit(cell) is not None
        if not value and (not rows or len(rows[-1]) > 1):
            if numbered and rows and rows[-1][-1].isdecimal():
                rows[-1].pop()  # the number of this row
            rows.append([cell])
        elif not value:
            rows[-1][0] += cell
        elif rows:
            rows[-1].append(cell)
    head = [cells[start], *cells[over:start], *cells[start + 1 : first]] if over < start else cells[start:first]
    return "，".join(cells[:over]), [head], rows


def _joined(head: Sequence[str]) -> list[str]:
    """A unit on a line of its own belongs to the title before it: 同比增长, (%)."""
    found: list[str] = []
    for cell in head:
        if found and cell.startswith("(") and not _bare(cell):
            found[-1] += cell
        else:
            found.append(cell)
    return found


def _is_value(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell.rstrip("%")) or _BLANK.fullmatch(cell))


def _is_head(cell: str) -> bool:
    bare = _bare(cell)
    if _LABEL.fullmatch(bare) or _UNIT_HEAD.fullmatch(bare) or (not bare and cell.startswith("(")):
        return True
    line = tokens(bare)
    if bare != cell and _unit(cell[len(bare) :]) and line and all(map(is_measure, line)):
        return True  # 营业收入(亿元)
    return (any(token.kind == "window" for token in line) and not any(token.kind == "word" for token in line)) or (
        bool(_RATE.search(bare) or _LEVEL.search(bare) or _OTHER.search(bare))
        and not any(_whole(token) for token in line)
    )


def _whole(token: Token) -> bool:
    return token.kind == "word" and bool({"subject", "branch", "product"} & set(token.value.roles))


def _bare(cell: str) -> str:
    return re.sub(r"\s+", "", _BRACKET.sub("", cell))


def _unit(cell: str) -> str | None:
    """亿元, (亿元), %; None of other text."""
    text = cell.strip("()")
    return text if text in UNITS or text == "%" else None


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
        bare = _bare(title)
        if n == 0 or _LABEL.fullmatch(bare):
            columns.append("label")
        elif _UNIT_HEAD.fullmatch(bare):
            columns.append("unit")
        else:
            column = _column(title, caption, frame)
            if column.rate and not column.dated:
                windows = _levels_before(columns)  # 累计, 同比增长: the growth of that
                column = replace(column, window=windows[0] if len(windows) == 1 else None) if windows else column
            before = columns[-1]
            if column.rate and not column.measure and isinstance(before, _Column) and not before.rate:
                column = replace(column, measure=before.measure)  # 营业收入(亿元), 比去年同期增长(%)
            columns.append(column)
    return columns


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
    units = [cell for cell in cells[1:] if _UNIT_HEAD.fullmatch(_bare(cell))]
    values = [cell for cell in cells[1:] if cell not in units]
    over = [cell for cell in values if _only_window(cell)]
    under = [cell for cell in values if not _only_window(cell)]
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


def _only_window(cell: str) -> bool:
    line = tokens(_bare(cell))
    return any(token.kind == "window" for token in line) and all(
        token.kind in ("window", "cumulative", "current") for token in line
    )


def _column(title: str, caption: str, frame: Frame) -> _Column:
    line = tokens(title)
    kinds = {token.kind for token in line}
    window = next((token.value for token in line if token.kind == "window"), None)
    if window is None:
        window = next((token.value for token in tokens(normal(caption)) if token.kind == "window"), frame.window)
    if window is not None:
        first = 1 if "cumulative" in kinds else window.last if "current" in kinds else window.first or 1
        window = replace(window, year=window.year or frame.year, first=first)
    inside = [unit for text in _BRACKET.findall(title) if (unit := _unit(text)) is not None]
    bare = _bare(title)
    rate = bool(_RATE.search(bare)) or "%" in inside or _said_units(caption) == ["%"]
    compared = re.sub(r"比上年同期|比去年同期|比上年|比去年|较上年同期|较上年", "", bare)
    return _Column(
        rate=rate,
        other=bool(_OTHER.search(compared)),
        window=window,
        unit=next((unit for unit in inside if unit != "%"), "" if rate else _said_unit(caption)),
        words=tuple(token for token in line if token.kind == "word" and _whole(token)),
        dated=bool(kinds & {"window", "cumulative", "current"}),
        measure=next((token.value.roles["measure"] for token in line if is_measure(token)), ""),
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

    def __init__(self, columns: list[str | _Column], caption: str, state: Reading, exact: bool) -> None:
        self.columns, self.state, self.exact, self.rated = columns, state, exact, False
        self.last: Subject | None = None
        self.measured = "", ""  # the last level's domain and unit
        self.caption = [
            token for token in tokens(normal(caption)) if token.kind == "word" and "subject" in token.value.roles
        ]
        home = state.frame.region
        places = [one for one in tokens(normal(caption)) if one.kind == "relative"]
        strange = next((one.text for one in places if home is not None and resolve(one.text, home) is None), "")
        self.doubt = f"which region {strange} means is not clear" if strange else ""
        measured = {one.value.roles["measure"] for one in tokens(normal(caption)) if is_measure(one)}
        usual = "output" if not measured and (state.frame.production or _PRODUCTION.search(caption)) else ""
        self.measure = measured.pop() if len(measured) == 1 else usual  # 主要工业产品产量
        if self.caption or self.measure:
            state.context = replace(state.context, measure=self.measure)

    def row(self, cells: Sequence[str]) -> Iterator[Candidate]:
        named = [cell for cell, column in zip(cells, self.columns, strict=False) if column == "label" and cell]
        first = named[-1] if self.exact and named else cells[0]
        label = _NUMBERING.sub("", _bare(first).replace(" ", ""))
        inside = next((unit for text in _BRACKET.findall(first) if (unit := _unit(text)) is not None), "")
        unit = next((found for cell in cells[1:] if (found := _unit(cell)) is not None), inside)
        values = [cell for cell in cells[1:] if _unit(cell) is None]
        if not label or not any(_NUMBER.fullmatch(value.rstrip("%")) for value in values):
            self._lean(label)
            return
        text = " ".join(cell for cell in cells if cell)
        doubt = self.doubt
        if self.exact:
            pairs = [(c, cells[n]) for n, c in enumerate(self.columns) if isinstance(c, _Column) and n < len(cells)]
        else:
            wanted = [column for column in self.columns if isinstance(column, _Column)]
            rates = [column for column in wanted if column.rate]
            if len(values) == len(wanted):
                pairs = list(zip(wanted, values, strict=True))
            elif unit == "%" and len(values) == len(rates):
                pairs = list(zip(rates, values, strict=True))
            else:
                pairs = [(column, values[0]) for column in wanted[:1]]
                doubt = f"{len(values)} cells for {len(wanted)} columns: which are blank is not known"
        self.rated = any(
            column.rate and not column.other and _NUMBER.fullmatch(value.rstrip("%")) for column, value in pairs
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
        if column.other or not _NUMBER.fullmatch(value.rstrip("%")):
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
        if not words:
            line = [*(token for token in line if token.kind in ("region", "relative")), *(column.words or self.caption)]
        context = replace(self.state.context, measure=column.measure) if column.measure else self.state.context
        found = items(line, context, self.state.frame.region)
        if self.measure and not any(item.subject for item in found):
            found = items(line, replace(self.state.context, measure=self.measure), self.state.frame.region)
        item = found[0] if len(found) == 1 and not unknown else Item(label, None)
        if label in _ABOVE_SIZE and self.last is not None and above_size(self.last) is not self.last:
            item = Item(label, above_size(self.last))  # 社会消费品零售总额, 其中: 限额以上
        if item.subject is not None and words:
            self.last = item.subject
            self.state.context = replace(self.state.context, measure=item.subject.measure or self.state.context.measure)
        if unit == "%" and not column.rate and self.rated:
            return  # an index beside its growth
        rate = column.rate or value.endswith("%") or unit == "%"
        own = "" if unit == "%" else unit or column.unit
        if item.subject is not None and own and not rate:
            self.measured = item.subject.domain, own
        elif item.subject is not None and not own and self.measured[0] == item.subject.domain:
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

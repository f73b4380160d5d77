"""Tables that were flattened to their cells in reading order: what heads them, and their rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from forecasting.sources.bulletin._lexer import Token, tokens
from forecasting.sources.bulletin._phrases import UNITS
from forecasting.sources.bulletin._subjects import is_measure

NUMBER = re.compile(r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?")
LABEL = re.compile(
    r"(?:主要|经济|统计)*(?:指标|名称|项目|地区|盟市|市州|州市|地市|地级市|省份|省市|县区|区县|市县|旗县区?|县市区|城市|行业|产品|类别)(?:名称)?"
)
_RANK = re.compile(r"序号|\w{0,6}(?:排名|排行|排序|位次|名次)")
UNIT_HEAD = re.compile(r"(?:计量|计算)?单位")
RATE = re.compile(r"增速|增长|同比|增幅|±|比上年|比去年|增减|涨跌")
OTHER = re.compile(
    r"环比|比重|占比|结构|构成|位次|排名|排序|名次|百分点|上年同期|去年同期|上年|去年|单位面积|单产|亩产|比上月|拉动|贡献|目标|进度|预算"
)
BRACKET = re.compile(r"\(([^()]*)\)")
_LEVEL = re.compile(
    r"绝对量|绝对值|总量|绝对数|\*对[量值数]|完成|数值|金额|产量|实绩|累计|本月|当月|总值|总额|本期|规模|^[本今]年$"
)
_TITLE = 20  # characters of one
_BLANK = re.compile(r"[-.…/—]*")
_VIEW = re.compile(r"[按分][^0-9%]{1,14}分?")
_AMONG = re.compile(r"[^0-9%]{0,12}中:")
_NUMBERED = re.compile(r"[一二三四五六七八九十]{1,3}、|[0-9]{1,2}、|\([一二三四五六七八九十]{1,3}\)")
_COMPARED = re.compile(r"[比较](?:上年|去年)(?:同期|同月)?")
_OTHER_VALUE = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:个?百分点|倍)")
DATED = frozenset(("window", "cumulative", "current"))


def flat(cells: Sequence[str]) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Each table of a run of cells: what stands before its header, the header, the rows.

    A header begins with a title like 指标, or is two titles of figures beside each other; then its first cell, above
    the labels, was blank and is given back so.
    """
    return map(_table, _sections(cells))


def _sections(cells: Sequence[str]) -> list[Sequence[str]]:
    """The cells cut where another header begins, with the texts before it: that table's own title."""
    heads = [len(cell) <= _TITLE and not is_value(cell) and is_head(cell) for cell in cells]
    cuts = [0]
    for n in range(2, len(cells) - 1):
        if not (heads[n] and heads[n + 1]) or heads[n - 1] or is_value(cells[n - 1]):
            continue
        start = n
        while start > cuts[-1] and not is_value(cells[start - 1]):
            start -= 1
        if any(NUMBER.fullmatch(cell.rstrip("%")) for cell in cells[cuts[-1] : start]):
            cuts.append(start)
    return [cells[start:end] for start, end in zip(cuts, [*cuts[1:], len(cells)], strict=True)]


def _table(given: Sequence[str]) -> tuple[str, list[str], list[list[str]]]:
    cells = _numbered_months(given)
    start = next((n for n, cell in enumerate(cells) if LABEL.fullmatch(bare(cell))), None)
    if start is None:
        beside = (n for n in range(len(cells) - 1) if _is_title(cells[n]) and _is_title(cells[n + 1]))
        start = next(beside, None)
        if start is not None:
            cells.insert(start, "")  # above the labels
    start = over = start or 0
    if cells[start] and not is_head(cells[start]):
        return "", [], []
    while over and only_window(cells[over - 1]):
        over -= 1
    inner = start + (not cells[start])
    valued = next((n for n in range(inner, len(cells)) if is_value(cells[n])), len(cells))
    leads = valued < len(cells) and (cells[valued] == "1" or bool(_BLANK.fullmatch(cells[valued])))
    numbered = "序号" in cells[:start] or (leads and any(map(_RANK.fullmatch, cells[:start])))
    joined = _joined(cells[start:valued])
    cells[start:valued] = joined
    first = start + len(joined) if numbered and leads else _end_of_head(cells, inner, start + len(joined))
    if inner + 1 < first < len(cells) and is_value(cells[first]) and _is_measured(cells[first - 1]):
        first -= 1  # what looked like the last title labels the first row: 营业收入(亿元)
    rows = _rows(cells[first:], numbered=numbered)
    widest = max(map(_width, rows), default=0)
    if over + 1 == start and len(_titles(cells[start:first])) == widest:
        over = start  # the period of the whole table
    head = [cells[start], *cells[over:start], *cells[start + 1 : first]]
    return "，".join(cells[:over]), _fitted(head, widest), rows


def _end_of_head(cells: Sequence[str], inner: int, valued: int) -> int:
    """Where the first row begins: behind titles, and measures that stand over them, though not before a figure."""
    at = next((n for n in range(inner, len(cells)) if not is_head(cells[n])), len(cells))
    while at < valued - 1 and _measures(cells[at]) and (is_head(cells[at + 1]) or _measures(cells[at + 1])):
        at = next((n for n in range(at + 1, len(cells)) if not is_head(cells[n])), len(cells))
    return at


def _numbered_months(cells: Sequence[str]) -> list[str]:
    """Months without their word: 11, 比去年同月增长, 1-11, 比去年同期增长."""
    found = list(cells)
    for n in range(len(cells) - 2):
        month = cells[n]
        if month.isdecimal() and 1 < int(month) <= 12 and is_head(cells[n + 1]) and cells[n + 2] == f"1-{month}":
            found[n], found[n + 2] = f"{month}月", f"1-{month}月"
    return found


def _is_title(cell: str) -> bool:
    return is_head(cell) and not is_value(cell)


def _rows(cells: Sequence[str], *, numbered: bool) -> list[list[str]]:
    """A label and its cells each; what only says by what the next rows are parted (按消费类型分) is none."""
    rows: list[list[str]] = []
    for cell in cells:
        value = is_value(cell) or unit_of(cell) is not None
        if not value and (not rows or len(rows[-1]) > 1):
            if numbered and rows and rows[-1][-1].isdecimal():
                rows[-1].pop()  # the number of this row
            rows.append([cell])
        elif not value:
            rows[-1][0] = cell if _is_over(rows[-1][0], cell) else rows[-1][0] + cell
        elif rows:
            rows[-1].append(cell)
    return [row for row in rows if not _counts(row)]


def _is_over(label: str, cell: str) -> bool:
    """Whether a label without figures only stands above the next rows: 按消费类型分, 在总额中:, 商业 before 一、."""
    over = _NUMBERED.sub("", label)
    return bool(_VIEW.fullmatch(over) or _AMONG.fullmatch(over) or _NUMBERED.match(cell))


def _counts(row: Sequence[str]) -> bool:
    """Whether a row only numbers the columns: 甲, 1, 2, 3."""
    return len(row) > 3 and list(row[1:]) == [str(n) for n in range(1, len(row))]


def _width(row: Sequence[str]) -> int:
    """How many figures a row has, without blank ones at its end."""
    values = [cell for cell in row[1:] if unit_of(cell) is None]
    while values and _BLANK.fullmatch(values[-1]):
        values.pop()
    return len(values)


def _titles(head: Sequence[str]) -> list[str]:
    return [cell for cell in head[1:] if not UNIT_HEAD.fullmatch(bare(cell))]


def _fitted(head: list[str], widest: int) -> list[str]:
    """The header with titles over several lines as one where the rows have fewer cells: 累计, 增长%."""
    titles = _titles(head)
    groups = len(titles) - widest
    if groups > 1 and widest > 0 == widest % groups and not all(map(only_window, titles[:groups])):
        each = widest // groups
        parts = [[_kinds(title) for title in titles[n : n + each]] for n in range(groups, len(titles), each)]
        if each > 1 and all(part == parts[0] for part in parts):  # 本年, 上年同期, 增长 over 本月, 累计 each
            return [head[0], *_units(head), *(titles[n // each] + title for n, title in enumerate(titles[groups:]))]
    if groups != 1:
        return head
    if len(titles) > 2 and RATE.fullmatch(head[1].removesuffix("速度")) and all(map(RATE.search, titles[1:])):
        return [head[0], *head[2:]]  # 增长速度 over 比上年同月 and 比上年同期
    dated = any(_kinds(title)[0] for title in titles[1:])
    if len(titles) > 2 and (_heads(titles) or (only_window(titles[0]) and not dated)):
        # 1-7月 over 绝对量 and 增长; 利润 over 1-7月 and 增长
        return [head[0], *_units(head), *(titles[0] + title for title in titles[1:])]
    for n in range(len(head) - 2, 0, -1):
        over, under = ({token.kind for token in tokens(bare(cell))} for cell in head[n : n + 2])
        if over and over <= DATED and not under & DATED and (RATE.search(head[n + 1]) or OTHER.search(head[n + 1])):
            return [*head[:n], head[n] + head[n + 1], *head[n + 2 :]]
    return head


def _heads(titles: Sequence[str]) -> bool:
    """Whether the first title says what the next ones, a level and its growth, are of: 投资额, 绝对值, 增长(%)."""
    named = [any(is_whole(token) or is_measure(token) for token in tokens(bare(title))) for title in titles]
    level = not RATE.search(titles[1]) and not OTHER.search(titles[1])
    return named[0] and titles[0] == bare(titles[0]) and not any(named[1:]) and level and is_head(titles[1])


def _kinds(title: str) -> tuple[frozenset[str], bool]:
    """Which months a title is on, and whether on a rate."""
    return frozenset(token.kind for token in tokens(bare(title))) & DATED, bool(RATE.search(title))


def _units(head: Sequence[str]) -> list[str]:
    return [cell for cell in head[1:] if UNIT_HEAD.fullmatch(bare(cell))]


def _joined(head: Sequence[str]) -> list[str]:
    """A title over several cells as one: 同比增长, (%); 绝对量, 同比增长, (亿元), (%); 比上年同期, 增长(%)."""
    found = list(head[:1])
    units: list[str] = []
    for cell in [*head[1:], ""]:
        if cell.startswith("(") and not bare(cell):
            units.append(cell)
            continue
        bared = found[-len(units) :] if units else []
        if len(units) > 1 and len(found) > len(units) and all(bare(one) == one for one in bared):
            found[-len(units) :] = [title + unit for title, unit in zip(bared, units, strict=True)]
        elif units and found:
            found[-1] += "".join(units)
        units = []
        if found and _COMPARED.fullmatch(found[-1]) and RATE.match(bare(cell)) and not _COMPARED.match(cell):
            found[-1] += cell
        elif cell:
            found.append(cell)
    return found


def is_value(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell.rstrip("%")) or _BLANK.fullmatch(cell) or _OTHER_VALUE.fullmatch(cell))


def is_head(cell: str) -> bool:
    plain = bare(cell)
    if LABEL.fullmatch(plain) or UNIT_HEAD.fullmatch(plain) or (not plain and cell.startswith("(")):
        return True
    line = tokens(plain)
    if _is_measured(cell):
        return True
    return (any(token.kind == "window" for token in line) and not any(token.kind == "word" for token in line)) or (
        bool(RATE.search(plain) or _LEVEL.search(plain) or OTHER.search(plain))
        and not any(is_whole(token) for token in line)
    )


def _is_measured(cell: str) -> bool:
    """营业收入(亿元): a measure with its unit."""
    plain = bare(cell)
    if plain == cell or unit_of(cell[len(plain) :]) is None:
        return False
    return _measures(plain)


def _measures(text: str) -> bool:
    line = tokens(text)
    return bool(line) and all(map(is_measure, line))


def is_whole(token: Token) -> bool:
    return token.kind == "word" and bool({"subject", "branch", "product"} & set(token.value.roles))


def bare(cell: str) -> str:
    return re.sub(r"\s+", "", BRACKET.sub("", cell))


def unit_of(cell: str) -> str | None:
    """亿元, (亿元), %; None of other text."""
    text = cell.strip("()")
    return text if text in UNITS or text == "%" else None


def only_window(cell: str) -> bool:
    line = tokens(bare(cell))
    return any(token.kind == "window" for token in line) and all(token.kind in DATED for token in line)

"""What a text is made of: paragraphs whose wrapped lines are joined, and tables, from HTML or plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser

from forecasting.sources.bulletin._pipes import barred, barred_cells
from forecasting.sources.bulletin._text import normal

_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad\ufffe\x00-\x08\x0b\x0e-\x1f\x7f]")
# not the arrows and triangles that stand for rising and falling
_BULLETS = re.compile(
    "[\u2460-\u24ff\u25a0\u25a1\u25b6\u25cb-\u25cf\u25c6\u25c7\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]+"
)
_BLANKS = re.compile("[ \u00a0\u2000-\u200a\u202f\u205f\u3000\r\f\x0b]")
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹɡ"
_PINYIN = re.compile(
    rf"[(（]\s*(?:[a-z{_TONED}’' ]*[{_TONED}][a-z{_TONED}’' ]*|[a-z]{{2,6}}(?: [a-z]{{1,6}})*)\s*[)）]"
)
_PAGE = re.compile(
    r"[-—\s]*(?:第\s*)?[0-9]{1,3}\s*(?:页)?(?:\s*[/共]\s*[0-9]+\s*页?)?[-—\s]*|(?!.*(?:发布时间|发布日期|来源)).*责任编辑.*|.*打印本页.*"
)
_MARKUP = re.compile(
    r"<(?:!doctype|/?(?:html|body|p|div|table|tr|td|th|span|br|font|li|h[0-9]|b|strong|section|article|a|img|script|style)\b)",
    re.I,
)
_SPACE_IN_PROSE = re.compile(r"\s+")
_SPACE_IN_DATE = re.compile(r"(?<=[年—–-])\s+(?=[0-9])|(?<=[0-9])\s+(?=[年月日—–-])")
_SPACE_BEFORE_YEAR = re.compile(r"(?<=[0-9]) (?=[年月日])")
_HEADING = re.compile(
    r"\s*(?:[一二三四五六七八九十]+、|[(（][一二三四五六七八九十]+[)）]|第[一二三四五六七八九十]+部分)"
)
_SECTION = re.compile(  # 一、综合 before its text in one line
    "(?:^|(?<=。))[一二三四五六七八九十]+、(?:[综綜]合|[农農][业業](?:和[农農]村)?|[国國][内內][贸貿]易)(?=20[0-9]{2}年|全[年省市区區县縣旗州盟]|年末|初步|根[据據])"
)
PICTURE = re.compile(r"附?[图圖]\s*[0-9一二三四五六七八九十]{1,3}(?![0-9年月%])")  # its caption
_GOES_ON = re.compile(
    r"[，、；。）)%％.．]|[0-9.]+ ?(?:[%％亿万吨倍]|个百分点)"
    r"|(?:同比|增长|下降|上升|上涨|增速|比上年|较上年|个百分点|亿元|万吨|万元|和|与|及|的|其中)"
)
_BROKEN = re.compile(r"[0-9]\.\n[0-9]")  # a number over two lines
# behind prose, a table of one line
_RUN_ON = re.compile(r"(?<=[。：:])(?=[^。|\n0-9]{1,30}(?:\|[^。|\n]{1,20}){12})")
_BARRED_NOTE = re.compile(r"\|\s*(?:注|备注|说明|资料来源|数据来源)\s*[:：]")
_TITLE = 20  # characters of a cell that heads something
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?%?")
_YEAR = re.compile("20[0-9]{2}年?")
_BLANK_CELL = re.compile(r"[-—–./…]+")
_ENDS = "。！？!?；;."
_LABEL = re.compile(
    r"指\s*标|项\s*目(?!投资)|地\s*区(?!生产)|行业|产品(?!产)|(?:地级市|省份|省市|区县|县区|县市区|城市)$"
)


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text, or a heading."""

    text: str
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table whose cells are known, merged ones repeated."""

    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Stream:
    """A table flattened to text: its cells in reading order, blank ones lost."""

    cells: list[str]


Block = Paragraph | Grid | Stream


def blocks(text: str) -> list[Block]:
    r"""Paragraphs and tables in their order.

    >>> blocks("全市工业增加值增长\n24.6%。")
    [Paragraph(text='全市工业增加值增长24.6%。', heading=False)]
    """
    text = _INVISIBLE.sub("", text)
    if _MARKUP.search(text):
        return _from_markup(text)
    if "&" in text:
        text = html.unescape(text)
    return _from_lines(text)


def _from_lines(text: str) -> list[Block]:
    lines = [
        _SPACE_BEFORE_YEAR.sub("", _PINYIN.sub("", _SPACE_IN_PROSE.sub(" ", _BLANKS.sub(" ", line)))).strip()
        for line in _BULLETS.sub("\n\n", _RUN_ON.sub("\n", text) if "|" in text else text).split("\n")
    ]
    found: list[Block] = []
    at = 0
    for start, end in barred(lines):
        found += [*_from_plain(lines[at:start]), Stream(barred_cells(lines[start:end]))]
        at = end
    return found + _from_plain(lines[at:])


def _from_plain(lines: list[str]) -> list[Block]:
    found: list[Block] = []
    prose: list[str] = []
    cells: list[str] = []
    columnar = _columnar(lines)
    for n, line in enumerate(lines):
        if _BARRED_NOTE.match(line):
            continue
        head = [] if n in columnar else _header(line)
        own = [line] if n in columnar else head or _cells(line) or _barred(line)
        if head and cells:
            found.append(Stream(cells))
            cells = []
        if own:
            if prose:
                found += _paragraphs(prose)
                prose = []
            cells += own
        elif line or not cells:
            if cells:
                found.append(Stream(cells))
                cells = []
            prose.append(line)
    if cells:
        found.append(Stream(cells))
    return _tables(found + _paragraphs(prose))


def _columnar(lines: list[str]) -> set[int]:
    """Lines that are a cell each: a run of short lines, many of them values."""
    found: set[int] = set()
    run: list[int] = []
    for n, line in enumerate([*lines, "。"]):
        if not line:
            continue
        if _short(line) and not _titled(line):
            run.append(n)
            continue
        values = sum(1 for m in run if _is_value(lines[m]))
        if values >= 3 and values >= 0.25 * len(run):
            start = next((k for k, m in enumerate(run) if _LABEL.match(lines[m])), 0)
            found.update(run[start:])
        run = []
    return found


def _header(line: str) -> list[str]:
    """The cells of a line that heads a table."""
    cells = _split(line)
    return cells if len(cells) > 2 and any(_LABEL.match(cell) for cell in cells[:2]) and len(line) < 80 else []


def _cells(line: str) -> list[str]:
    """The cells of a line of a table; empty where it is prose."""
    if (
        not line
        or (any(mark in line for mark in "。；，,") and not re.search(r"[0-9],[0-9]{3}", line))
        or (_HEADING.match(line) and " " not in line)
    ):
        return []
    cells = _split(line)
    numbers = sum(1 for cell in cells if _is_value(cell) or _BLANK_CELL.fullmatch(cell))
    if len(cells) == 1:
        return cells if numbers else []
    if len(cells) == 2 and _titled(cells[0]) and _YEAR.fullmatch(cells[1]):
        return []  # 统计公报 2022: a title, and the year under which it is filed
    if any(mark in line for mark in "。；，"):
        return []
    return cells if numbers and numbers >= 0.2 * len(cells) and max(map(len, cells)) <= 40 else []


def _barred(line: str) -> list[str]:
    """The cells of a line of titles between bars, which stands inside a table: | 6月 | 1-6月累计 |."""
    if not line.startswith("|") or not line.endswith("|") or any(mark in line for mark in "。；，,!！?？"):
        return []
    cells = _split(line)
    return cells if all(len(cell) <= _TITLE for cell in cells) else []


def _split(line: str) -> list[str]:
    if "|" in line:
        return [cell for part in line.split("|") if (cell := _SPACE_IN_PROSE.sub("", part))]
    return [cell for cell in re.split(r"\s+", line) if cell]


def _is_value(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(normal(cell)))


def _tables(found: Iterable[Block]) -> list[Block]:
    """Give each flattened table the short lines before and inside it; a lone number is no table."""
    done: list[Block] = []
    for block in found:
        if isinstance(block, Paragraph | Grid):
            done.append(block)
            continue
        head: list[str] = []
        while done and isinstance(done[-1], Paragraph) and _short(done[-1].text) and not _titled(done[-1].text):
            head = [*_split(done[-1].text), *head]
            done.pop()
        if done and isinstance(done[-1], Stream) and head:
            done[-1] = Stream([*done[-1].cells, *head, *block.cells])
        else:
            done.append(Stream([*head, *block.cells]))
    return [block for block in done if not isinstance(block, Stream) or len(block.cells) > 2]


def _short(text: str) -> bool:
    return len(text) <= 30 and not any(mark in text for mark in "。；，！") and not _HEADING.match(text)


def _paragraphs(lines: list[str]) -> list[Block]:
    joined: list[str] = []
    opened = False  # the line before goes on
    width = max((len(line) for line in lines if not _titled(line)), default=0)
    wrapped = width >= 12 and sum(len(line) >= 0.8 * width for line in lines) > 2
    spaced = _spaced(lines)
    for line in lines:
        if not line or _PAGE.fullmatch(line):
            opened = opened and (spaced or joined[-1][-1] in "，、,（(")
            continue
        if (
            joined
            and (
                opened
                or _BROKEN.fullmatch(f"{joined[-1][-2:]}\n{line[:1]}")
                or (_GOES_ON.match(line) and joined[-1][-1] not in _ENDS and not _titled(joined[-1]))
            )
            and not _HEADING.match(line)
        ):
            joined[-1] += (
                line
                if not (joined[-1][-1].isascii() and line[0].isascii() and joined[-1][-1].isalpha())
                else f" {line}"
            )
        else:
            joined.append(line)
        opened = (
            joined[-1][-1] not in _ENDS
            and (
                len(line) > 25
                or line[-1] in "，、,（("
                or len(joined[-1]) > len(line)
                or (wrapped and len(line) >= 0.8 * width)
            )
            and not _titled(joined[-1])
            and not (_HEADING.match(joined[-1]) and _is_heading(joined[-1]))
        )
    return [Paragraph(_prose(text), _is_heading(text)) for text in joined]


def _spaced(lines: list[str]) -> bool:
    """Whether blank lines stand between wrapped ones too: many of one length, most of which end inside a sentence."""
    usual = sorted(map(len, lines))[-3] if len(lines) > 2 else 0
    full = [line for line in lines if usual > 25 and 0.9 * usual <= len(line) <= 1.1 * usual]
    return len(full) > 4 and sum(line[-1] not in _ENDS for line in full) > 0.6 * len(full)


def _titled(text: str) -> bool:
    """A title or caption ends without a stop and is not gone on with."""
    return bool(
        PICTURE.match(text)
        or re.search(
            r"(?:情况|运行|分析|公报|快报|简析|简报|解读|.{4,}指标|数据|统计局|形势|综述|月报|表|发布|来源.{0,12}|[0-9]{4}[-/年][0-9]{1,2}[-/月][0-9]{1,2}日?.{0,9})$",
            text[-40:],
        )
    )


def _is_heading(text: str) -> bool:
    return len(text) <= 45 and text[-1] not in "。；;，" and not re.search(r"[0-9]\s*[%％]|百分之", text)


def _prose(text: str) -> str:
    """Without blanks, which Chinese prose does not have; a heading keeps one between its cells."""
    if _is_heading(text):
        return _SPACE_IN_PROSE.sub(" ", _SPACE_IN_DATE.sub("", text))
    return _SECTION.sub("", _SPACE_IN_PROSE.sub("", text))


class _Reader(HTMLParser):
    """Text and innermost tables of a page."""

    _SILENT = frozenset(("script", "style", "noscript", "head", "select", "button"))
    _BREAKS = frozenset(
        (
            "p",
            "div",
            "br",
            "li",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "section",
            "article",
            "tr",
            "ul",
            "title",
            "hr",
            "td",
            "th",
        )
    )

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Block] = []
        self.text: list[str] = []
        self.silent: list[str] = []
        self.tables: list[list[list[tuple[list[str], int, int]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._SILENT:
            self.silent.append(tag)
        elif tag == "table":
            self._layout()
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            if not self.tables[-1]:
                self.tables[-1].append([])
            given = dict(attrs)
            self.tables[-1][-1].append(([], _span(given.get("colspan")), _span(given.get("rowspan"))))
        elif tag in self._BREAKS:
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.silent and tag == self.silent[-1]:
            self.silent.pop()
        elif tag == "body" or tag == "html":
            self.silent = []
        elif tag == "table" and self.tables:
            self._close()
        elif tag in self._BREAKS:
            self._add("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self._add(re.sub(r"[\r\n]+", "" if data.strip() else " ", data))

    def _add(self, text: str) -> None:
        if self.tables and self.tables[-1] and self.tables[-1][-1]:
            self.tables[-1][-1][-1][0].append(text)
        else:
            self.text.append(text)

    def _flush(self) -> None:
        self.found += _from_lines("".join(self.text))
        self.text = []

    def _layout(self) -> None:
        """A table that holds another one only arranges the page: its cells are running text."""
        for table in self.tables:
            for row in table:
                for content, _, _ in row:
                    self.text += ["\n", *content, "\n"]
            table.clear()
        self._flush()

    def _close(self) -> None:
        rows = [row for row in self.tables.pop() if row]
        grid = _spread(rows)
        numbers = sum(1 for row in grid for cell in row if _is_value(cell))
        if len(grid) > 1 and numbers > 1 and max(map(len, grid)) > 1:
            self._flush()
            self.found.append(Grid(grid))
        else:
            for row in rows:
                for content, _, _ in row:
                    self.text += ["\n", *content, "\n"]

    def end(self) -> list[Block]:
        self.close()
        while self.tables:
            self._close()
        self._flush()
        return self.found


def _span(text: str | None) -> int:
    return min(int(text), 50) if text and re.fullmatch(r"[1-9][0-9]{0,3}", text) else 1


def _spread(rows: list[list[tuple[list[str], int, int]]]) -> list[list[str]]:
    """Cells in their columns, a merged one in each that it covers."""
    taken: dict[tuple[int, int], str] = {}
    for r, row in enumerate(rows):
        column = 0
        for content, across, down in row:
            while (r, column) in taken:
                column += 1
            text = _SPACE_IN_PROSE.sub("", _PINYIN.sub("", _BLANKS.sub(" ", "".join(content))))
            for below in range(min(down, len(rows) - r)):
                for right in range(across):
                    taken.setdefault((r + below, column + right), text)
            column += across
    width = max((column for _, column in taken), default=-1) + 1
    return [[taken.get((r, column), "") for column in range(width)] for r in range(len(rows))]


def _from_markup(text: str) -> list[Block]:
    reader = _Reader()
    reader.feed(text)
    return reader.end()

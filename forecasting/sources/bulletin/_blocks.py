"""What a text is made of: paragraphs whose wrapped lines are joined, and tables, from HTML, Markdown or plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass

from forecasting.sources.bulletin._markup import SPACES, Grid, is_value, pieces, plain_line, without_markdown
from forecasting.sources.bulletin._pipes import barred, barred_cells

_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029]")
_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\ufffe\x00-\x08\x0b\x0e-\x1f\x7f]")
# not the arrows and triangles that stand for rising and falling
_BULLETS = re.compile(
    "[\u2460-\u24ff\u25a0\u25a1\u25b6\u25cb-\u25cf\u25c6\u25c7\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]+"
)
_RATED = r"[增长上下升降涨跌]{1,2} ?-?[0-9.]+ ?[%％]"
_TOLD = re.compile(  # no cells: 2025年 1—9月社会消费品零售总额增长 6.3%; 固定资产投资 512.3亿元 增长 4.1%
    rf"(?:.{{0,12}}20[0-9]{{2}} ?年.*|[^ ]+(?: [0-9.,]+[^ 0-9%]{{1,6}})? ?(?:同比)? ?){_RATED}(?:$|[ ，；].*{_RATED}$)"
)
_PAGE = re.compile(
    r"[-—\s]*(?:第\s*)?[0-9]{1,3}\s*(?:页)?(?:\s*[/共]\s*[0-9]+\s*页?)?[-—\s]*|(?!.*(?:发布时间|发布日期|来源)).*责任编辑.*|.*打印本页.*"
)
_MARKUP = re.compile(
    r"<(?:!doctype|/?(?:html|body|p|div|table|tr|td|th|span|br|font|li|h[0-9]|b|strong|section|article|a|img|script|style|sup|del|ul|ol|dl|pre|main|nav)\b)",
    re.I,
)
_SPACE_IN_DATE = re.compile(r"(?<=[年—–-])\s+(?=[0-9])|(?<=月)\s+(?=[0-9]{1,2}\s*日)|(?<=[0-9])\s+(?=[年月日—–-])")
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
_OF_TITLES = re.compile("(?:情况|运行|分析|公报|快报|简析|简报|解读|.{4,}指标|数据|统计局|形势|综述|月报|表|发布)$")
_TITLE = 20  # characters of a cell that heads something
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
class Stream:
    """A table flattened to text: its cells in reading order, blank ones lost."""

    cells: list[str]


Block = Paragraph | Grid | Stream


def blocks(text: str) -> list[Block]:
    r"""Paragraphs and tables in their order.

    >>> blocks("全市工业增加值增长\n24.6%。")
    [Paragraph(text='全市工业增加值增长24.6%。', heading=False)]
    """
    text = _INVISIBLE.sub("", _LINE_ENDS.sub("\n", text))
    if _MARKUP.search(text):
        found: list[Block] = []
        for piece in pieces(text):
            found += [piece] if isinstance(piece, Grid) else _from_lines(piece)
        return found
    if "&" in text:
        text = html.unescape(text)
    return _from_lines(without_markdown(text))


def _from_lines(text: str) -> list[Block]:
    lines = [
        _SPACE_BEFORE_YEAR.sub("", plain_line(line)).strip()
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
        values = sum(1 for m in run if is_value(lines[m]))
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
        or _TOLD.match(line)
    ):
        return []
    cells = _split(line)
    numbers = sum(1 for cell in cells if is_value(cell) or _BLANK_CELL.fullmatch(cell))
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
        return [cell for part in line.split("|") if (cell := SPACES.sub("", part))]
    return [cell for cell in re.split(r"\s+", line) if cell]


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
        or re.search("(?:来源.{0,12}|[0-9]{4}[-/年][0-9]{1,2}[-/月][0-9]{1,2}日?.{0,9})$", text[-40:])
        or ("。" not in text and _OF_TITLES.search(text[-40:]))
    )


def _is_heading(text: str) -> bool:
    return (
        len(text) <= 45
        and "。" not in text
        and text[-1] not in "；;，"
        and not re.search(r"[0-9]\s*[%％]|百分之", text)
    )


def _prose(text: str) -> str:
    """Without blanks, which Chinese prose does not have; a heading keeps one between its cells."""
    if _is_heading(text):
        return SPACES.sub(" ", _SPACE_IN_DATE.sub("", text))
    return _SECTION.sub("", SPACES.sub("", text))

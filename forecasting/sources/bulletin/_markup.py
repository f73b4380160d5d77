"""A page in HTML as running text and tables, or the marks of Markdown taken off."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

from forecasting.sources.bulletin._text import normal

SPACES = re.compile(r"\s+")

_BLANKS = re.compile("[ \u00a0\u2000-\u200a\u202f\u205f\u3000\r\f\x0b]")
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹɡ"
_PINYIN = re.compile(
    rf"[(（]\s*(?:[a-z{_TONED}’' ]*[{_TONED}][a-z{_TONED}’' ]*|[a-z]{{2,6}}(?: [a-z]{{1,6}})*)\s*[)）]"
)
_NUMBER = re.compile(r"[+-]?[0-9][0-9,]*(?:\.[0-9]+)?%?")
_NOTED = re.compile(r"(?<=.)(?:[\u2460-\u24ff*]+|\[(?:注?[0-9]{1,2}|注)\])$")  # 11.3①
_UNIT_OF_POWER = ("m", "M", "米")
_TEN = re.compile(r"(?<![0-9.])10$")
_HIDDEN = re.compile(r"display\s*:\s*none|line-through", re.I)
_RAISED = re.compile(r"vertical-align\s*:\s*super", re.I)
_INLINE = frozenset(("a", "b", "em", "font", "i", "s", "small", "span", "strike", "strong", "u"))
_OF_HEAD = frozenset(("base", "link", "meta", "title", "style", "script", "noscript", "template"))

# a line's head, emphasis, a link's address, a footnote's mark, an escaped sign, what is struck out
_MARKDOWN = (
    (re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[*+-][ \t]+(?![ \t0-9-]))+", re.M), ""),
    (re.compile(r"\[\^[^\]\s]{1,20}\]"), ""),
    (re.compile(r"!?\[([^\[\]\n]*)\]\([^()\s]*(?: \"[^\"\n]*\")?\)"), r"\1"),
    (re.compile(r"(?<![0-9~])~~(?=[^\s~])[^~\n]+~~(?!~)"), ""),
    (re.compile(r"\*+|__+|`+"), ""),
    (re.compile(r"\\(?=[!-/:-@\[-`{-~])"), ""),
)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table whose cells are known, merged ones repeated."""

    rows: list[list[str]]


def is_value(cell: str) -> bool:
    """Whether a cell holds a number and nothing else."""
    return bool(_NUMBER.fullmatch(normal(cell)))


def plain_line(line: str) -> str:
    """A line with single blanks, without pinyin in brackets."""
    return _PINYIN.sub("", SPACES.sub(" ", _BLANKS.sub(" ", line)))


def without_markdown(text: str) -> str:
    r"""The text without the marks of Markdown.

    >>> without_markdown("## 概况\n- **工业**：增加值[^1]增长 **5.3%**")
    '概况\n工业：增加值增长 5.3%'
    """
    for pattern, instead in _MARKDOWN:
        text = pattern.sub(instead, text)
    return text


def pieces(page: str) -> list[str | Grid]:
    """The running text of a page and its innermost tables, in their order.

    Left out is what a reader does not see (scripts, struck out text) and what is no part of a figure (a footnote's
    mark, which as text alone would be its first digit).
    """
    reader = _Reader()
    reader.feed(page)
    return reader.end()


class _Reader(HTMLParser):
    """Text and innermost tables of a page."""

    _SILENT = frozenset(("script", "style", "noscript", "head", "select", "button", "del", "s", "strike", "nav"))
    _BREAKS = frozenset(
        ("p", "div", "br", "li", "h1", "h2", "h3", "h4", "h5", "h6", "section", "article", "tr", "ul", "title", "hr",
         "td", "th", "ol", "dl", "dt", "dd", "blockquote", "pre", "main", "header", "footer", "aside",
         "figcaption", "caption")
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str | Grid] = []
        self.text: list[str] = []
        self.silent: list[str] = []
        self.raised: list[str] = []
        self.lined = False  # inside of pre, where lines are lines
        self.tables: list[list[list[tuple[list[str], int, int]]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.silent == ["head"] and tag not in _OF_HEAD:
            self.silent = []  # its end may be left out
        elif self.silent and self.silent[-1] in _INLINE and tag in self._BREAKS:
            self.silent = []  # its end was forgotten
        given = dict(attrs)
        style = given.get("style") or ""
        if tag in self._SILENT or (tag == "span" and (self.silent[-1:] == [tag] or _HIDDEN.search(style))):
            self.silent.append(tag)
        elif tag == "sup" or (tag in _INLINE and (self.raised[-1:] == [tag] or _RAISED.search(style))):
            self.raised.append(tag)
        elif tag == "table":
            self._layout()
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables:
            if not self.tables[-1]:
                self.tables[-1].append([])
            self.tables[-1][-1].append(([], _span(given.get("colspan")), _span(given.get("rowspan"))))
        elif tag in self._BREAKS:
            self.lined = self.lined or tag == "pre"
            self._add("\n")

    def handle_endtag(self, tag: str) -> None:
        if self.silent and tag == self.silent[-1]:
            self.silent.pop()
        elif tag == "body" or tag == "html":
            self.silent = []
        elif self.raised and tag == self.raised[-1]:
            self.raised.pop()
        elif tag == "table" and self.tables:
            self._close()
        elif tag in self._BREAKS:
            self.raised, self.lined = [], self.lined and tag != "pre"
            self._add("\n")

    def handle_data(self, data: str) -> None:
        if self.silent:
            return
        if self.raised and not data.isspace():
            before = "".join(self._line())
            if _TEN.search(before):
                data = f"^{data}"  # 10^8, not 108
            elif not before.endswith(_UNIT_OF_POWER):
                return
        self._add(data if self.lined else re.sub(r"[\r\n]+", "" if data.strip() else " ", data))

    def _line(self) -> list[str]:
        return self.tables[-1][-1][-1][0] if self.tables and self.tables[-1] and self.tables[-1][-1] else self.text

    def _add(self, text: str) -> None:
        self._line().append(text)

    def _flush(self) -> None:
        self.found.append("".join(self.text))
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
        numbers = sum(1 for row in grid for cell in row if is_value(cell))
        if len(grid) > 1 and numbers > 1 and max(map(len, grid)) > 1:
            self._flush()
            self.found.append(Grid(grid))
        else:
            for row in rows:
                for content, _, _ in row:
                    self.text += ["\n", *content, "\n"]

    def end(self) -> list[str | Grid]:
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
            text = _NOTED.sub("", SPACES.sub("", plain_line("".join(content))))
            for below in range(min(down, len(rows) - r)):
                for right in range(across):
                    taken.setdefault((r + below, column + right), text)
            column += across
    width = max((column for _, column in taken), default=-1) + 1
    return [[taken.get((r, column), "") for column in range(width)] for r in range(len(rows))]

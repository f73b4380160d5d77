"""A sentence as tokens: windows, regions, subjects, verbs, figures, decoys, and what is left of it."""

from __future__ import annotations

import functools
import re
from typing import Any, NamedTuple

from forecasting.sources.bulletin._numbers import DIGITS, NUMERALS, plain
from forecasting.sources.bulletin._phrases import JOINED, PHRASES, UNITS
from forecasting.sources.bulletin._regions import RELATIVE, Region, region_names
from forecasting.sources.bulletin._vocabulary import words
from forecasting.sources.bulletin._windows import STARTS, match_date, match_window


class Token(NamedTuple):
    """A piece of a sentence.

    ``kind`` says what it is and ``value`` what it holds: a `Window`, a `Region`, a `Word`, a sign (+1, -1), or for
    figures (number as text, unit).
    """

    kind: str
    text: str
    value: Any = None


_CHINESE = rf"[{NUMERALS}]{{1,12}}(?:点[{NUMERALS}]{{1,6}})?"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_FIGURE = re.compile(
    rf"(?P<sign>(?<!-)[+-](?=[0-9]))?(?P<number>{DIGITS})(?:(?P<pp>个?百分点|个点)|(?P<pct>%)|(?P<times>倍)|"
    rf"(?P<price>(?:{_UNIT})/(?![0-9])|(?:元|美元)每)|(?P<unit>{_UNIT}))?"
    rf"|(?P<negative>负)?百分之(?P<hundredths>{_CHINESE}|{DIGITS})"
    rf"|(?P<points>{_CHINESE})个百分点|(?P<multiple>{_CHINESE})倍"
    r"|翻(?:了)?(?P<doubled>[一两二三123])?番|(?P<twice>翻(?:了)?倍)|(?P<tenths>[一二两三四五六七八九])成"
)
_FIGURE_STARTS = frozenset(f"0123456789+-百负翻{NUMERALS}")
_RANGE = re.compile(rf"(?:{DIGITS})(?:%?(?:-+|至|到)(?:{DIGITS})(?:%|倍)|(?:-+|至|到)(?:{DIGITS})(?:{_UNIT}))")
_VIEW = re.compile(
    r"(?:分|从|按)[^，。；:、0-9%]{1,14}?(?:来看|角度看|看|上看|划分|统计(?!局)|分(?=[，:])|"
    r"(?:方式|类型|类别|品种|业态|性质|行业|产业|地区|区域|城乡|门类|规模|用途|来源|商品|市场|领域)(?=[，:]))"
    r"|[同环]比来?看(?=，)"
)
_AMONG = re.compile(r"[^，。；:、0-9%]{0,12}?(?:产品|工业生产[^，。；:、0-9%]{0,6}行业)中(?=，)")
_PARTNERS = re.compile(
    r"(?:是|为|成为)[^，。；:、0-9%]{0,10}?(?:贸易伙伴|贸易国|出口市场|进口市场|来源地|目的地)(?=，)"
)
_AHEAD = re.compile(
    rf"(?:排名?|位居|居|列|位列)前(?:[0-9]|[{NUMERALS}])[位名]?"
    r"(?:(?:的)?(?:国家|市场|商品)(?:分别)?(?:是|为)|(?=，分别))"
)
_GOODS = re.compile(r"(?:主要)?(?:出口|进口)(?:的)?(?:主要)?(?:商品|产品)(?:以|为|是)|为主(?=，)")
_RECORD = re.compile("(?:再次?)?(?:创|刷新)[^，。；:0-9%]{0,14}?(?:新高|纪录|记录|最高水平|最高值)(?=，)")
_MOST = re.compile("(?:增长|增速|增幅|增势|涨幅|降幅)最(?:快|大|高|猛)(?=，)")
_MARK = re.compile("(?:首次)?突破[0-9.]+[百千万亿]*[^，。；:0-9%]{0,4}?(?:大关|关口)")
_LED_BY = re.compile("以[^，。；:0-9%]{2,30}?为(?:主|主体|代表|重点)的?")
_ORDINAL = re.compile(rf"第(?:[0-9]+|[{NUMERALS}]{{1,6}})(?:位|名)?(?!季度|产业)")
_ROLE = re.compile(r"作为[^，。；:0-9%]{1,20}(?=，)")
_BASIS = re.compile(r"按[^，。；:、%]{1,14}?(?:口径|价格|汇率|因素|人口)(?:计算|测算|核算|统计|计)?")
_CAUSE = re.compile(r"受[^，。；:0-9%]{1,30}?(?:影响|拖累|带动|拉动|推动|制约)")
_SINCE = re.compile(
    r"自(?:(?:20[0-9]{2}|去|今|前|上)年)?(?:[0-9]{1,2}月(?:份)?|第?[1-4一二三四]季度)?(?:[0-9]{1,2}日)?(?:以来|起|开始)"
)
_TIME_SINCE = re.compile(
    "(?:(?:19|20)[0-9]{2}年|[今去上]年)?[0-9]{1,2}月(?:份)?以来"
    "|(?:19|20)[0-9]{2}年以来(?:同期|当月|单月|月度|季度|[一二三四]季度)?(?=的?(?:最|次|新))"  # 为2014年以来最低
)
_DAYS = re.compile(
    "(?:元旦|春节|清明|端午|中秋|国庆|“?五一”?|双节|节)节?(?:小长假|长假|假期|假日|黄金周|期间)(?!错|因素|影响|效应|移动)"
)
_ETC = re.compile(
    rf"等(?:[0-9]{{1,2}}|[{NUMERALS}]{{1,3}})(?:个|大|种|类|项)(?:[支主重传优][^，。；:、0-9%]{{0,5}}?)?(?:行业|产业|产品|领域|门类)(?:大类)?"
    r"|等(?:新|高端|绿色|智能|热点|升级类|高技术|新能源|新兴|传统|优势|支柱|主导|特色|基础|现代|主要|重点|工业|消费|大宗|出口|农)*"
    r"(?:行业|产业|产品|商品|领域|门类|制造业|服务业|加工业)"
)
PAPER = re.compile(
    "(?:日报|晚报|晨报|商报|早报|青年报|工人报|时报|都市报|经济报|报业|新闻(?!办|发布|出版)|人大网|政府网|电视台|广播电视|网(?!络|上|商|红|格|点|购|架|线|状|电|源))"
)
PLACES = frozenset(("region", "relative"))
"""Kinds of tokens that say where."""

_SCOPES = frozenset(("规模以上", "规上", "限额以上", "限上"))
BODIES = ("农垦", "垦区", "森工", "油田", "口岸")  # bodies named after a region, not the region
_ACCOUNTS = re.compile("根据全[省市区](?:地区|国内)?生产总值统一核算(?:结果)?")  # which tell the figures of each part
_APART = re.compile("除(?!此)[^，。；:]{1,12}?(?:[以之]外|外)(?=，)")
_LEADING = frozenset(("", "comma", "semicolon", "window", "child"))
_PATTERNS = (
    ("按", _BASIS, "filler"),
    ("根", _ACCOUNTS, "filler"),
    ("受", _CAUSE, "filler"),
    ("自", _SINCE, "filler"),
    ("除", _APART, "except"),
    ("元春清端中国“五双节", _DAYS, "days"),
    ("等", _ETC, "etc"),
    ("是为成", _PARTNERS, "filler"),
    ("排位居列", _AHEAD, "filler"),
    ("出进主为", _GOODS, "filler"),
    ("再创刷", _RECORD, "filler"),
    ("首突", _MARK, "filler"),
    ("以", _LED_BY, "filler"),
    ("增涨降", _MOST, "filler"),
)
_BEGUN = {  # what may begin with a character
    char: [(pattern, kind) for chars, pattern, kind in _PATTERNS if char in chars]
    for char in "".join([chars for chars, _, _ in _PATTERNS])
}
_TOWARDS = re.compile(r"对[^，。；:、]{1,20}?(?:贡献率|贡献|拉动|支撑)")


@functools.cache
def _index() -> dict[str, list[tuple[str, tuple[Token, ...]]]]:
    """First two characters -> words from the longest on, each with its tokens."""
    entries: dict[str, tuple[Token, ...]] = {}
    places = region_names()
    for name, word in words().items():
        kind = "filler" if set(word.roles) == {"filler"} else "word"
        entries[name] = (Token(kind, name, word),)
    for name, region in places.items():
        entries.setdefault(name, (Token("region", name, region),))
        entries.setdefault(f"{name}地区", (Token("region", name, region),))
        for teller in ("海关", "分行", "中心支行"):  # who tells it, not of whom
            entries[f"{name}{teller}"] = (Token("filler", f"{name}{teller}"),)
        for body in BODIES:
            if f"{name}{body}" not in places:
                entries[f"{name}{body}"] = (Token("residue", f"{name}{body}"),)
    for name in RELATIVE:
        entries[name] = (Token("relative", name),)
    for kind, value, names in PHRASES:
        entries.update((name, (Token(kind, name, value),)) for name in names.split("|"))
    for name, parts in JOINED.items():
        listed = [entries[part][0] for part in parts]
        entries[name] = tuple(one for part in listed for one in (Token("and", "、"), part))[1:]
    index: dict[str, list[tuple[str, tuple[Token, ...]]]] = {}
    for name in sorted(entries, key=len, reverse=True):
        index.setdefault(name[:3], []).append((name, entries[name]))
    return index


def tokens(sentence: str) -> list[Token]:
    """The tokens of a sentence in normal characters; characters that nothing explains become ``residue``.

    >>> [(token.kind, token.text) for token in tokens("稀土产业增加值同比增长24.6%")]
    [('word', '稀土产业'), ('word', '增加值'), ('compare', '同比'), ('verb', '增长'), ('percent', '24.6%')]
    """
    index = _index()
    found: list[Token] = []
    start, length, unknown = 0, len(sentence), ""
    while start < length:
        char = sentence[start]
        if char in " \u3000\t":
            start += 1
            continue
        before = "residue" if unknown else found[-1].kind if found else ""
        step = _next(sentence, start, char, index, "" if unknown.endswith("。") else before)
        if step is None:
            unknown += char
            start += 1
            continue
        if unknown:
            found.append(Token("residue", unknown))
            unknown = ""
        for token in step[1]:
            found.append(_SETTLED[token.kind](token, found) if token.kind in _SETTLED else token)
        start = step[0]
    if unknown:
        found.append(Token("residue", unknown))
    return found


@functools.lru_cache(maxsize=64)
def line_of(text: str) -> tuple[Token, ...]:
    """The tokens of a text that is looked through several times."""
    return tuple(tokens(text))


def _suffixed(token: Token, before: list[Token]) -> Token:
    """稀土 + 企业 is the branch itself; 企业 without a branch before it is something else."""
    last = next((one for one in reversed(before) if one.kind != "ignored"), Token("", ""))  # “新三样”产品
    plain = (last.kind == "word" and last.value.part) or last.text in _SCOPES
    return token._replace(kind="filler" if plain else "residue")


def _listed(token: Token, before: list[Token]) -> Token:
    """有色、电子等重点产业: after a list it adds nothing, after one subject it means more than that."""
    since = next((n for n in range(len(before) - 1, -1, -1) if before[n].kind in ("comma", "semicolon")), -1)
    return token._replace(kind="filler" if any(one.kind == "and" for one in before[since + 1 :]) else "residue")


def _rate(token: Token, before: list[Token]) -> Token:
    """微增0.6% grows by that; without a figure behind it 微增 is only nearly flat."""
    if before and before[-1].kind == "nearly_flat" and before[-1].text[-1] in "增降长":
        fell = "降" in before[-1].text
        before[-1] = before[-1]._replace(kind="verb", value=-1 if fell else 1)
    return token


_SETTLED = {"suffix": _suffixed, "etc": _listed, "percent": _rate}


def _next(
    text: str, start: int, char: str, index: dict[str, list[tuple[str, tuple[Token, ...]]]], before: str
) -> tuple[int, tuple[Token, ...]] | None:
    best: tuple[int, tuple[Token, ...]] | None = None
    inside = False
    three, two = text[start : start + 3], text[start : start + 2]
    for name, made in (*index.get(three, ()), *index.get(two, ()), *index.get(char, ())):
        if text.startswith(name, start):
            if made[0].kind == "region" and (inside or not _named(text, start + len(name), made[0].value, before)):
                inside = inside or made[0].value.level == 3  # nor is 衡阳 where 衡阳县 is none
                continue
            best = start + len(name), made
            break
    if char in "0123456789今去上":
        since = _TIME_SINCE.match(text, start)
        if since is not None:
            return since.end(), (Token("filler", since[0]),)
    if char in STARTS:
        day = match_date(text, start)
        if day is not None:
            kind = "days" if text.startswith(("当天", "当日"), day) else "filler"  # 10月1日当天: of that day alone
            return day, (Token(kind, text[start:day]),)
        window = match_window(text, start)
        if window is not None and (best is None or window[0] >= best[0]):
            return window[0], (Token("window", text[start : window[0]], window[1]),)
    if before in _LEADING:
        among = _AMONG.match(text, start)
        if among is not None:
            return among.end(), (Token("view", among[0]),)
    if char in "分从按同环" and before in _LEADING:
        view = _VIEW.match(text, start)
        if view is not None and (best is None or view.end() >= best[0]):
            return view.end(), (Token("view", view[0]),)
    for pattern, kind in _BEGUN.get(char, ()):
        said = pattern.match(text, start)
        if said is not None and (best is None or said.end() >= best[0]):
            return said.end(), (Token(kind, said[0]),)
    if char == "作":
        role = _ROLE.match(text, start)
        if role is not None:
            return role.end(), (Token("filler", role[0]),)
    if char == "对":
        share = _TOWARDS.match(text, start)
        if share is not None:
            return share.end(), (Token("decoy", share[0]),)
    if char == "第":
        rank = _ORDINAL.match(text, start)
        if rank is not None and best is None:
            return rank.end(), (Token("decoy", rank[0]),)
    if char in _FIGURE_STARTS:
        span = _RANGE.match(text, start)
        if span is not None:
            return span.end(), (Token("range", span[0]),)
        figure = _FIGURE.match(text, start)
        if figure is not None and (best is None or figure.end() >= best[0]):
            return figure.end(), (_figure(figure),)
    return best


def _named(text: str, end: int, region: Region, before: str) -> bool:
    """Whether a region's name is one here: not 包头市场, 河北区域, nor the end of words not known (沿海城市)."""
    if PAPER.match(text, end) or (before == "residue" and text[end - 1 : end + 1] == "海关"):
        return False  # 昭通日报, 义|乌海|关
    if text[end - 1 : end] in "市区县" and text[end : end + 1] in tuple("场域块"):
        return False
    return region.level < 3 or before != "residue"


def _figure(found: re.Match[str]) -> Token:
    group, text = found.groupdict(), found[0]
    if group["number"]:
        number = plain(group["number"])
        number = f"-{number}" if group["sign"] == "-" else number
        if group["pp"]:
            return Token("points", text)
        if group["pct"]:
            return Token("percent", text, (number, "%", bool(group["sign"])))
        if group["times"]:
            return Token("times", text, (number, "倍", False))
        if group["price"]:
            return Token("decoy", text)
        if group["unit"]:
            return Token("quantity", text, (number, group["unit"], bool(group["sign"])))
        return Token("number", text, (number, "", bool(group["sign"])))
    if group["hundredths"]:
        sign = "-" if group["negative"] else ""
        return Token("percent", text, (sign + plain(group["hundredths"]), "%", bool(sign)))
    if group["points"]:
        return Token("points", text)
    if group["multiple"]:
        return Token("times", text, (plain(group["multiple"]), "倍", False))
    if group["tenths"]:
        return Token("range", text)
    doublings = {None: 1, "一": 1, "1": 1, "两": 2, "二": 2, "2": 2, "三": 3, "3": 3}[group["doubled"]]
    return Token("times", text, (str(2**doublings - 1), "番", False))

"""Subjects that no table knows but that say themselves what is measured: 钨产业营业收入, 液压元件产量, 上划省级收入.

They go by their own words: the id has these where a known part has its key (``yaan_精制茶_output``), or is these words
where they end with a quantity (``lukou_上划省级收入``). Only a noun between two boundaries is taken so: what holds a
word of grammar, a place, a firm or praise stays ``residue``, and its figure doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from forecasting.sources.bulletin._figures import FIGURES
from forecasting.sources.bulletin._lexer import Token
from forecasting.sources.bulletin._vocabulary import (
    PART_ROLES,
    QUANTITY,
    Subject,
    Word,
    compose,
    measures,
    subjects,
    whole,
)

_NOUN = re.compile(r"[\u4e00-\u9fffA-Za-z0-9+/·-]{1,18}")
_GRAMMAR = re.compile(
    "^除(?![草尘湿])|随着|伴随|部分|若干|[的了如在是为以对由受因从被把将使让向其该此这那我他们某各每多等与和并且但而仅即只也还再又仍已曾正均都]"
    "|[月季年日周]|[万亿%％]|元(?![件器素])|不(?!锈)|未|无(?!机|线|人|纺|缝)|首(?!饰)|总|累计|平均|历史|同比|同期|环比|同步|上述|之|[0-9]+[个家户项种]|[盈扭]亏|亏损|库存|.[后前时]$|[两三四五六七八九十]种$|^[两三四五六七八九十]地"
)
_PRAISE = re.compile(
    "一步|引领|领先|保持|继续|呈现|逆势|逐|略|显著|明显|稳定|稳步|急|猛|骤|势|趋|依旧|依然|整体|总体|双双|普遍|合计|全面|全行业|大幅|小幅|[较加]快|放缓|转|创|新高"
    "|回[升落暖]|持平|水平|规模|总量|质量|效益|结构|情况|进度|活跃|旺盛|需求|供应|影响|带动|拉动|推动|贡献|支撑|作用|因素|原因"
    "|价格|汇率|政策|消息|数据|记者|统计|(?<!液晶)显示|发布|表示|介绍|负责|增[长加幅速量]|[下上]降|减少|上涨|提[高升]|扩大|占|比重|排名|超过|归母|净|温$|期货|现货|合约"
)
_PLACE = re.compile(
    r"全球|世界|股份|样本|(?<!联网)直报|企业.|[省市区县旗盟州镇乡村园港湾带圈群域场城岛国]$|地区|公司|集团|[^制]厂$|园区|基地|开发区|高新区|街道|项目$|工程$|经济体$|^全行业"
)
_KIND = re.compile("(?:产业|行业|工业|业|制造|加工|产业链|链群|集群|服务)(?:企业)?$")
_OF_KIND = re.compile("(?<=服务|产业|行业|造业|务业)企业$")
_NUMBERED = re.compile("(?:[二两三四五六七八九十]|[0-9]{1,2})(?:大(?![类中])|类(?=行业|产业|产品|$))")
_ENDED = re.compile("(.{2,})(?:[二两三四五六七八九十]|[0-9]{1,2})[大类个]")
_SUMMED = re.compile(f"..({_NUMBERED.pattern})")
_BEFORE = frozenset(
    ("", "comma", "semicolon", "and", "window", "region", "relative", "child", "view", "cumulative", "current", "same")
)
_BEHIND = frozenset(
    ("filler", "compare", "verb", "speed", "respectively", "each", "cumulative", "real", "vague", "list", "nearly_flat",
     "number", "comma", "other")
) | FIGURES  # fmt: skip
_DIRECTLY = frozenset(("compare", "verb", "respectively", "speed", "real", "list", "nearly_flat")) | FIGURES
_TRADED = ("出口", "进口")
_SUFFIXES = frozenset(("企业", "产业", "产品", "行业", "单位"))
_UNUSED = frozenset(("生产", "新增", "播种", "批发", "零售", "价格"))  # measures that also begin with what is measured
_ANY = tuple(role for role in PART_ROLES if role != "function")  # 社保基金支出 may be none of the budget
_LONG = 8
_FIRM_NAMES = 4
_METAL = re.compile("[\u9486-\u9576]")  # 钢, 锑: a good by one sign
_OF_BRANCHES = frozenset(("va", "output_value"))
_GOODS = ("product", "category", "basket")
_BARE = frozenset(
    ("容量", "数量", "金额", "消费", "投资", "外贸", "内需", "农业", "服务", "贸易", "收入", "支出", "税收", "经济",
     "物价", "房价", "产出", "国内")
)  # fmt: skip


def opened(line: Sequence[Token]) -> list[Token]:
    """The tokens with each unknown subject that speaks for itself as one word.

    >>> from forecasting.sources.bulletin._lexer import tokens
    >>> [(token.kind, token.text) for token in opened(tokens("蒙古刀产量增长5.0%"))]
    [('word', '蒙古刀'), ('word', '产量'), ('verb', '增长'), ('percent', '5.0%')]
    """
    known = [token.kind for token in line]
    if "residue" not in known and not any(token.text == "及" for token in line):
        return list(line)
    found: list[Token] = []
    if "and" in known:
        line = _without_sums(_without_apposition(_joined(line)))
    at = 0
    while at < len(line):
        end = at
        if line[at].kind == "residue" or _is_part(line[at]):
            while end < len(line) and (line[end].kind == "residue" or _is_part(line[end]) or _is_suffix(line, at, end)):
                end += 1
            if at < end < len(line) and line[end].text == "支出" and line[end - 1].kind == "residue":
                end += 1  # whose own name it ends
        made = _subject(line, at, end, found[-1] if found else Token("", "")) if end > at else None
        if made is None:
            end = max(end, at + 1)
            found += line[at:end]
        else:
            if _sums_up(line, at, made) and found and found[-1].kind == "and":
                _unlist(found)
            found.append(made)
        at = end
    return found


def _joined(line: Sequence[Token]) -> list[Token]:
    """新能源电池及材料产业: what 及 joins is one thing where one figure is given for it."""
    made = list(line)
    at = 1
    while at < len(made) - 1:
        start, end = at, at + 1
        if made[at].text == "及" and made[at].kind == "and" and not _each(made, at):
            while start > 0 and _may_join(made[start - 1]):
                start -= 1
            while end < len(made) and _may_join(made[end]):
                end += 1
            bounded = start == 0 or made[start - 1].kind in _BEFORE - {"and"} or made[start - 1].kind == "filler"
            if start < at and end > at + 1 and bounded:
                made[start:end] = [Token("residue", "".join(one.text for one in made[start:end]))]
                at = start
        at += 1
    return made


def _may_join(token: Token) -> bool:
    return _is_part(token) or (token.kind == "residue" and not token.text.startswith("。"))


def _without_apposition(line: Sequence[Token]) -> list[Token]:
    """肉禽蛋类、蔬菜类等生活必需品零售额分别增长: what sums up a list of which each has its figure says nothing new."""
    made = list(line)
    for n in range(2, len(made) - 1):
        token = made[n]
        listed = _is_part(made[n - 1]) and made[n - 2].kind == "and" and _is_measure(made[n + 1])
        summing = token.kind == "residue" and token.text[0] == "等" and len(token.text) < _LONG
        if listed and summing and _each(made, n):
            made[n] = Token("filler", token.text)
    return made


def _without_sums(line: Sequence[Token]) -> list[Token]:
    """电子两大产业 behind a list whose items have a figure each: only what the last of them is."""
    made = list(line)
    for n in range(1, len(made) - 1):
        last = _ENDED.fullmatch(made[n].text) if made[n].kind == "residue" and made[n - 1].kind == "and" else None
        if last is not None and made[n + 1].text in _SUFFIXES and _each(made, n):
            made[n], made[n + 1] = Token("residue", last[1]), Token("filler", made[n + 1].text)  # 文化娱乐三类行业
    for n in range(2, len(made)):
        listed = _is_part(made[n - 1]) and made[n - 2].kind == "and"
        if made[n].kind == "residue" and _NUMBERED.fullmatch(made[n].text) and listed and _each(made, n):
            made[n] = Token("filler", made[n].text)
            if n + 1 < len(made) and made[n + 1].text in _SUFFIXES:
                made[n + 1] = Token("filler", made[n + 1].text)
    return made


def _is_part(token: Token) -> bool:
    return token.kind == "word" and bool(token.value.part)


def _is_suffix(line: Sequence[Token], start: int, at: int) -> bool:
    return at > start and line[at].kind == "filler" and line[at].text in _SUFFIXES


def _subject(line: Sequence[Token], at: int, end: int, before: Token) -> Token | None:
    """The word that the tokens from ``at`` to ``end`` are together, None where they are none that is unknown."""
    run = list(line[at:end])
    if before.kind == "and" and (n := next((n for n, one in enumerate(run) if _NUMBERED.match(one.text)), 0)):
        # 钢铁、铝业和电力五大支柱产业: of them together
        if _each(line, at):
            return None  # 汽摩、电子两大产业分别增长5%和6%
        run = run[n:]
    if all(token.kind != "residue" for token in run) or not _opens(before):
        return None
    if len(run) > 1 and run[0].kind == "word" and run[0].value.roles.get("branch") == "industry":
        run = run[1:]  # 规上工业机械装备业
    if before.kind == "and" and (summed := _SUMMED.search(run[0].text)) and not _each(line, at):
        run[0] = Token("residue", run[0].text[summed.start(1) :])  # 锑和碳酸钙四大优势产业
    name = "".join(token.text for token in run)
    strange = "".join(token.text for token in run if token.kind == "residue" and token.text not in _SUFFIXES)
    behind = line[end] if end < len(line) else Token("", "")
    after = line[end + 1].kind if end + 1 < len(line) else ""
    listed = (before.kind == "and" or behind.kind == "and") and _is_list(line, at, end)
    if (
        not strange
        or not _NOUN.fullmatch(name)
        or (len(name) == 1 and not (listed and _METAL.fullmatch(name)))
        or _PLACE.search(name)
        or name in _SUFFIXES
        or name in _BARE
        or name.endswith("消费")
    ):
        return None
    if _GRAMMAR.search(strange) or _PRAISE.search(strange):
        return None
    if behind.kind in ("cumulative", "current") and end + 2 < len(line):
        measured, then = line[end + 1], line[end + 2].kind  # 洗煤累计产量
    else:
        measured, then = behind, after
    if behind.text.endswith(("实现", "完成")) and after == "word" and len(name) >= _FIRM_NAMES:
        done = line[end + 1]
        if done.value.roles.get("measure") in _OF_BRANCHES and not name.startswith("中国"):
            return Token("word", name, Word({"branch": name}))  # 前驱体材料实现工业总产值; a firm's name is short
    if behind.text == "余额":
        return Token("word", name, Word({"subject": f"{name}余额"}))
    if name.endswith("加") and measured.text.startswith("工业"):
        name += "工业"  # 医药加|工业增加值
    if _is_sold(measured):
        return None  # 某某新能源汽车销量: whose make it is
    if (_is_measure(measured) or _is_quantity(measured)) and then in _BEHIND:
        roles = ("branch",) if _KIND.search(name) and not name.endswith("制造") else _ANY
        return Token("word", name, Word(dict.fromkeys(roles, _OF_KIND.sub("", name))))
    if behind.kind in _BEHIND and QUANTITY.search(name):
        return Token("word", name, Word({"subject": name}))
    if (behind.kind in _DIRECTLY or listed or behind.kind == "filler") and _KIND.search(name):
        return Token("word", name, Word({"branch": _OF_KIND.sub("", name)}))
    if listed and (behind.kind == "and" or behind.kind in _DIRECTLY or behind.kind == "etc"):
        return Token("word", name, Word(dict.fromkeys(_ANY, name)))
    traded = before.kind == "word" and before.text in _TRADED
    if (
        behind.kind in _DIRECTLY
        and (traded or before.kind in _BEFORE)
        and (traded or len(run) == 1 or _is_part(run[-1]))
    ):
        return Token("word", name, Word(dict.fromkeys(_GOODS, name)))
    return None


def by_its_words(said: Sequence[Token]) -> Subject | None:
    """The subject that known words name together where the table does not join them: 城市客运量; None where unclear."""
    if len(said) < 2 or not all(_is_part(token) for token in said[:-1]):
        return None
    name = "".join(token.text for token in said[:-1])
    if _is_measure(said[-1]):
        measure = measures()[said[-1].value.roles.get("measure", "fai")]
        made = measure.part == "product" and _KIND.search(name)  # 锂电池产业增势良好, 产量 ...: of what it makes
        return None if made else compose(measure, Word(dict.fromkeys(PART_ROLES, name)))
    name += said[-1].text
    return whole(name) if QUANTITY.search(name) else None


def by_kind(said: Sequence[Token]) -> Word | None:
    """The branch that known parts name together: 煤层气采掘业; None where they name none."""
    name = "".join(token.text for token in said)
    return Word({"branch": name}) if len(said) > 1 and all(map(_is_part, said)) and _KIND.search(name) else None


def _opens(before: Token) -> bool:
    """Whether a subject may begin behind this; a filler of one sign may be the head of an unknown word (有机硅)."""
    if before.kind == "word" and before.text in _TRADED:
        return True  # 进口消费品
    return before.kind in _BEFORE or (before.kind == "filler" and len(before.text) > 1)


def _is_list(line: Sequence[Token], at: int, end: int) -> bool:
    """Whether this is an item of a list that holds a known one and ends where something is said of it: not 温和复苏."""
    known = False
    while at > 0 and (line[at - 1].kind in ("and", "residue") or _is_part(line[at - 1])):
        at -= 1
        known = known or line[at].kind == "word"
    while end < len(line) and (
        line[end].kind in ("and", "residue", "etc") or line[end].kind == "word" or line[end].text in _SUFFIXES
    ):
        known = known or line[end].kind == "word"
        end += 1
    return known and end < len(line) and (line[end].kind in _DIRECTLY or line[end].kind == "filler")


def _is_measure(token: Token) -> bool:
    if token.kind != "word" or token.text in _UNUSED:
        return False
    return set(token.value.roles) == {"measure"} or token.text in ("固投", "固定资产投资", "工业增加值")


def _is_quantity(token: Token) -> bool:
    """农户贷款余额, 县级财政收入: a whole that an unknown word narrows."""
    return token.kind == "word" and "subject" in token.value.roles and bool(QUANTITY.search(token.text))


def _is_sold(token: Token) -> bool:
    """Whether a word is the output or the sales of a product, which an unknown word before it makes a firm's."""
    whole = token.value.roles.get("subject") if token.kind == "word" else None
    return whole in subjects() and subjects()[whole].domain in ("output", "sales")


def _sums_up(line: Sequence[Token], at: int, made: Token) -> bool:
    """Whether it is of all of the list before it: not X、五大主导产业分别增长8%、3%."""
    if not _NUMBERED.match(made.text):
        return False
    return not _each(line, at)


def _each(line: Sequence[Token], at: int) -> bool:
    """Whether the clause goes on with a figure for each: 分别增长."""
    end = next((n for n in range(at, len(line)) if line[n].kind in ("comma", "semicolon")), len(line))
    return any(token.kind == "respectively" for token in line[at:end])


def _unlist(found: list[Token]) -> None:
    """Make fillers of a list that its last words sum up."""
    at = len(found) - 1
    while at >= 0 and (found[at].kind == "and" or _is_part(found[at])):
        found[at] = Token("filler", found[at].text)
        at -= 1

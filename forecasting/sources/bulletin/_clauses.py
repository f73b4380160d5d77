"""The tokens since the last figure, clause by clause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from forecasting.sources.bulletin._figures import FIGURES
from forecasting.sources.bulletin._lexer import PLACES, Token
from forecasting.sources.bulletin._vocabulary import words
from forecasting.sources.bulletin._windows import Window

_FIRM = re.compile("公司|集团")
_PARK = re.compile("园区|集中区|集聚区|产业园|工业园")
_PRAISED = re.compile(
    "(?!.*(?:[几多数]家|龙头|企业|公司|集团|项目|园|基地|产品|产业|行业|领域|地区|等|价|率|量|额|值|数|货))[\u4e00-\u9fff]{2,8}"
)
_DEALS = re.compile(
    "(?:上述|以上|这些)[^，]{0,4}(?:国家|地区|市场)|[对与和同][\u4e00-\u9fff]{2,8}?(?:各国|国家|地区|沿线|等国|贸易|经贸)"
)
_TELLS = re.compile("^据|数据|统计|显示|发布|公布|获悉|披露|透露")
_SOME = re.compile("(?:重点|会员|(?<!联网)直报|样本|骨干|龙头|监测)[^，；。]{0,10}(?:企业|[钢煤车药电]企|厂家)")
_SHORT = ("全行业", "消费", "收入")  # what says only half of what is meant
_ABOVE_SIZE = ("规模以上工业增加值", "规上工业增加值")
PRAISE = "praise"
OWNERS = frozenset(
    ("state_controlled", "state_owned", "joint_stock", "foreign_funded", "private", "nonpublic", "privately_run",
     "domestic", "hmt", "foreign", "collective", "small", "large", "large_medium", "central", "medium", "small_firms",
     "micro")
)  # fmt: skip
_SOLD = ("出口", "进口")
_FLOWS = (["进出口"], ["出口"], ["进口"], ["进出口规模"], ["出口规模"], ["进口规模"])
BREAKS = frozenset(("comma", "semicolon"))


def last_clause(buffer: Sequence[Token]) -> Sequence[Token]:
    """The tokens since the last comma."""
    at = len(buffer)
    while at > 0 and buffer[at - 1].kind not in BREAKS:
        at -= 1
    return buffer[at:]


def headed(buffer: Sequence[Token]) -> Sequence[Token]:
    """The last clause, with the one before where it says only when: 居民消费价格方面, 10月份."""
    last = last_clause(buffer)
    if not last or len(last) == len(buffer) or any(token.kind not in ("window", "current", "filler") for token in last):
        return last
    return [*last_clause(buffer[: -len(last) - 1]), *last]


def clauses(buffer: Sequence[Token]) -> list[list[Token]]:
    """The tokens cut at commas and semicolons."""
    found: list[list[Token]] = [[]]
    for token in buffer:
        if token.kind in BREAKS:
            found.append([])
        else:
            found[-1].append(token)
    return found


def subject_clause(buffer: Sequence[Token]) -> list[Token]:
    """The last clause that names something, with the regions of the clauses before it."""
    parts = clauses(buffer)
    at = next((n for n in range(len(parts) - 1, -1, -1) if any(one.kind == "word" for one in parts[n])), -1)
    if at < 0:
        return []
    named = parts[at]
    if not any(token.kind in PLACES for token in named):
        places = [token for clause in parts[:at] for token in clause if token.kind in PLACES]
        if not any(token.kind == "word" for clause in parts[:at] for token in clause):
            named = places + named
    return named


def listed_places(buffer: Sequence[Token], count: int) -> list[Token]:
    """The list of ``count`` regions that the clause before the last speaks of alone, else empty."""
    parts = clauses(buffer)
    before = parts[-2] if len(parts) > 1 else []
    named = any(token.kind in ("word", "residue") for token in before)
    regions = sum(token.kind == "region" for token in before)
    return [] if named or regions != count else [token for token in before if token.kind in ("region", "and")]


def paired(line: Sequence[Token]) -> list[Token]:
    """包头市22.9%、乌海市18.4%规上工业增加值增速 ...: a list of regions with their rates, then what grew by these."""
    made = list(line)
    at = 0
    while at < len(made) - 1:
        end = at
        while end + 1 < len(made) and made[end].kind == "region" and made[end + 1].kind == "percent":
            end += 3 if end + 2 < len(made) and made[end + 2].kind == "and" else 2
        pairs = [token for token in made[at:end] if token.kind != "and"]
        if len(pairs) < 4:
            at = max(end, at + 1)
            continue
        stop = next((n for n in range(end, len(made)) if made[n].kind in BREAKS), len(made))
        rest = made[end:stop]
        named = [token for token in rest if token.kind == "word"]
        said = any(token.kind in ("speed", "verb") for token in rest) and not all(map(bare_measure, named))
        grown = Token("verb", "增长", 1)
        rows = [(Token("and", "、"), place, grown, rate) for place, rate in zip(pairs[::2], pairs[1::2], strict=True)]
        listed = [token for row in rows for token in row][1:]
        made[at:stop] = [*(named if said else []), *listed]
        at += len(listed) + len(named)
    return made


def both_kinds(clause: Sequence[Token]) -> list[Token]:
    """城乡居民人均可支配收入分别增长4.5%和6.3%: that of the towns, then that of the country."""
    found: list[Token] = []
    for token in clause:
        rest = token.text.removeprefix("城乡")
        town, country = words().get(f"城镇{rest}"), words().get(f"农村{rest}")
        if token.kind == "word" and rest != token.text and town and country:
            found += [Token("word", f"城镇{rest}", town), Token("and", "、"), Token("word", f"农村{rest}", country)]
        else:
            found.append(token)
    return found


def generated(buffer: Sequence[Token], named: Sequence[Token]) -> list[Token]:
    """其中, 风电拉动强劲, 发电量991.9亿千瓦时: what the clause before names generated that, or traded it."""
    said = [token for token in named if token.kind == "word"]
    before = [token for clause in clauses(buffer)[:-1] for token in clause if token.kind == "word"]
    partner = next((token for token in before if "partner" in token.value.roles), None)
    bare = [token.text for token in said] in _FLOWS or (len(said) == 1 and said[0].text.startswith("双边"))
    if partner is not None and bare:
        last = clauses(buffer)[-2]
        listed = [token for token in last if token.kind == "and" or token in before]
        several = sum("partner" in token.value.roles for token in listed if token.kind == "word") > 1
        return [*(listed if several else [partner]), *named]  # 对东盟进出口增势强劲, 实现进出口300亿元
    if bare and said[0].text in _SOLD and (sold := _sold_before(buffer, said[0].text)):
        return [*sold, *named]  # 光伏产品出口势头强劲, 合计出口113.2亿元
    flows = [one for one in before if one.value.roles.get("subject", "").endswith(("_exports", "_imports"))]
    if flows and len(said) == 1 and bare_measure(said[0]):
        key = said[0].value.roles["measure"]
        if flows[-1].value.roles["subject"].endswith(f"_{key}"):
            return [flows[-1] if one is said[0] else one for one in named]  # 软件业务出口增速回落, 出口额达80.3亿美元
    left_out = next((one for one in before if one.value.roles.get("subject") == "fai_excl_real_estate"), None)
    if left_out is not None and [one.value.roles.get("subject") for one in said] == ["fixed_asset_investment"]:
        return [one for one in named if one.kind != "word"] + [left_out]  # 扣除房地产开发投资, 全国固定资产投资增长0.8%
    if [token.text for token in said] != ["发电量"] or not before:
        return list(named)
    whole = next(
        (name for end in ("", "发电") if (name := f"{before[-1].text.removesuffix(end)}发电量") in words()), ""
    )
    return [Token("word", whole, words()[whole]) if token in said and whole else token for token in named]


def _sold_before(buffer: Sequence[Token], flow: str) -> list[Token]:
    """The goods whose trade the clause before the last speaks of alone."""
    parts = clauses(buffer)
    clause = parts[-2] if len(parts) > 1 else []
    goods = [token for token in clause if token.kind == "word" and "product" in token.value.roles]
    traded = [token.text for token in clause if token.kind == "word" and token not in goods] == [flow]
    return [token for token in clause if token.kind == "and" or token in goods] if goods and traded else []


def residue(clause: Sequence[Token]) -> str:
    """Words that were not understood and may change the meaning; those before a window or region cannot."""
    return "".join(token.text for token in clause[_start(clause) :] if token.kind == "residue")


def unknown_group(clause: Sequence[Token]) -> str:
    """三大主导产业1-8月增长6.6%: words before the window that may be what grew."""
    text = "".join(token.text for token in clause if token.kind == "residue")
    return text if len(text) > 2 else ""


def residue_inside(clause: Sequence[Token]) -> bool:
    """Whether some of them stand before the last word that was."""
    last = max((n for n, token in enumerate(clause) if token.kind == "word"), default=-1)
    return any(token.kind == "residue" for token in clause[_start(clause) : max(last, 0)])


def _start(clause: Sequence[Token]) -> int:
    start = 0
    for n, token in enumerate(clause):
        if token.kind == "word":
            break
        if token.kind in ("window", "region", "relative"):
            start = n + 1
    return start


def is_remark(clause: Sequence[Token]) -> bool:
    """9月份为下降5.4%: what it was then, said in passing."""
    kinds = {one.kind for one in clause}
    return "window" in kinds and "word" not in kinds and any(one.text in ("为", "是") for one in clause)


def with_unit(token: Token, buffer: Sequence[Token]) -> Token:
    """社会消费品零售总额(亿元):58.3."""
    unit = next((one.value for one in reversed(buffer) if one.kind == "unit"), None)
    if token.kind != "number" or unit is None:
        return token
    return Token("percent" if unit == "%" else "quantity", token.text, (token.value[0], unit, token.value[2]))


def elided(clause: Sequence[Token]) -> bool:
    """Whether an item leaves out the verb of those before it: 稀土产业增长24.6%, 氟化工29.5%."""
    plain = ("word", "filler", "region", "relative", "child", "and", "respectively")
    return all(one.kind in plain for one in clause) and any(
        one.kind in ("word", "region", "relative") for one in clause
    )


def in_passing(buffer: Sequence[Token], before: Window | None) -> bool:
    """其中6月份: the last of the months spoken of, of what was said of them all."""
    month = next((one.value for one in buffer if one.kind == "window"), None)
    return (
        month is not None
        and before is not None
        and before.cumulative
        and (month.first, month.last, month.end) == (before.last, before.last, False)
        and any(one.kind in ("child", "current") for one in buffer)
    )


def of_firm(clause: Sequence[Token]) -> bool:
    """北方稀土公司, 金川集团: a firm, or a park, where it does not only tell the figures of others (据供电公司统计)."""
    strange = "".join([token.text for token in clause if token.kind == "residue"])
    whole = "".join([token.text for token in clause])
    return bool(_FIRM.search(strange) or _PARK.search(whole)) and not _TELLS.search(whole)


def of_some(clause: Sequence[Token]) -> bool:
    """重点统计钢铁企业, 协会直报大型煤企: some firms, in words that no table knows."""
    strange = any(token.kind == "residue" for token in clause)
    return strange and bool(_SOME.search("".join([token.text for token in clause])))


def deals(clause: Sequence[Token]) -> bool:
    """与南太平洋各国经贸往来加强: whom trade is done with, in words that no table knows."""
    if not any(token.kind == "residue" for token in clause):
        return False
    said = any("partner" in token.value.roles for token in clause if token.kind == "word")
    return not said and bool(
        _DEALS.search("".join([token.text for token in clause if token.kind in ("and", "residue")]))
    )


def is_index(clause: Sequence[Token]) -> bool:
    """Whether its subject is an index, whose own number says nothing more than its growth."""
    return any(token.kind == "word" and token.text.endswith("价格指数") for token in clause)


def is_predicate(clause: Sequence[Token]) -> bool:
    """Whether the words not understood only praise what stands before them: 汽车制造业逆势发展."""
    strange = [token.text for token in clause if token.kind == "residue"]
    if not strange:
        return False
    last = max((n for n, token in enumerate(clause) if token.kind == "word"), default=-1)
    behind = sum(token.kind == "residue" for token in clause[last + 1 :]) == len(strange)
    roles = clause[last].value.roles if last >= 0 else {}
    branch = "branch" in roles and roles["branch"] not in OWNERS
    return behind and bool(branch) and bool(_PRAISED.fullmatch("".join(strange)))


def praised(buffer: Sequence[Token]) -> bool:
    """Whether the clause before the last only praises what it names."""
    if not any(one.kind == "filler" and one.value == PRAISE for one in buffer):
        return False
    parts = clauses(buffer)
    return len(parts) > 1 and any(one.value == PRAISE for one in parts[-2])


def bare_measure(token: Token) -> bool:
    """Whether a word says only what is measured, not of what."""
    return set(token.value.roles) == {"measure"}


def is_branch(token: Token) -> bool:
    """Whether a word or what was not understood speaks of a part of industry."""
    if token.kind == "word":
        return bool(token.value.roles.get("branch", "industry") != "industry")
    return token.kind == "residue" and ("产业" in token.text or "行业" in token.text)


def branch_before(buffer: Sequence[Token]) -> bool:
    """Whether the clause before the last one names a part of industry, which may be what the last one goes on with."""
    parts = clauses(buffer)
    return len(parts) > 1 and any(map(is_branch, parts[-2]))


def goes_on(clause: Sequence[Token]) -> bool:
    """累计实现工业产值: the clause begins with what was done, by whom was said before it."""
    first = next(
        (token for token in clause if token.kind in ("word", "region", "relative", "filler", "cumulative")), None
    )
    return first is not None and first.kind != "word" and first.text.endswith(("实现", "完成"))


def last_measure(words: Sequence[Token]) -> str:
    """The measure named last, "" where none is."""
    named = [token.value.roles["measure"] for token in words if token.kind == "word" and "measure" in token.value.roles]
    return named[-1] if named else ""


def undated(line: Sequence[Token]) -> list[Token]:
    """2024年5月, 统计局数据显示, 1-4月 ...: when it was told is no window."""
    first = next((n for n, token in enumerate(line) if token.kind in FIGURES), len(line))
    windows = [n for n in range(first) if line[n].kind == "window"]
    if len(windows) < 2:
        return list(line)
    for n in windows[1:]:
        end = next((m for m in range(n, first) if line[m].kind in BREAKS), first)
        behind = {one.kind for one in line[n + 1 : end]}
        if end < first and line[n - 1].kind == "residue" and "residue" in behind <= {"residue", "filler"}:
            return [*line[:n], Token("filler", line[n].text), *line[n + 1 :]]  # 一季度, ... 延续2月份平稳向好趋势
    between = line[windows[0] + 1 : windows[1]]
    told = any(word in token.text for token in between for word in ("显示", "发布", "公布", "获悉"))
    if not told or any(token.kind == "word" for token in between):
        return list(line)
    return [*line[: windows[0]], Token("filler", line[windows[0]].text), *line[windows[0] + 1 :]]


def until(line: Sequence[Token]) -> list[Token]:
    """至10月底, at the beginning of a clause: 截至10月底."""
    made = list(line)
    for n in range(len(made) - 2, -1, -1):
        if made[n].text != "至" or made[n + 1].kind != "window" or (n > 0 and made[n - 1].kind not in BREAKS):
            continue
        ended = made[n + 1].value
        if ended.end and made[n + 2 : n + 3] and made[n + 2].kind in BREAKS:
            made[n : n + 2] = [Token("window", f"截至{made[n + 1].text}", replace(ended, first=1))]
    return made


def gathered(line: Sequence[Token], yearly: bool) -> list[Token]:
    """城镇居民累计用电量: what 累计 parts is one subject; 工业增加值, 其中规上工业增加值: all industry first.

    So is a 工业增加值 in a text on a year (``yearly``), which gives both.
    """
    made = list(line)
    for n in [n for n, token in enumerate(made) if token.kind == "residue" and token.text in _SHORT]:
        before = next((one for one in reversed(made[:n]) if one.kind == "word"), None)
        if made[n].text == "收入" and before is not None and before.text.endswith("收入"):
            made[n] = before  # 软件产品收入稳健增长, 收入达4253亿元
        elif made[n].text == "全行业" and before is not None and is_branch(before):
            made[n] = before  # 石化行业平稳运行, 全行业营业收入 ...
        elif made[n].text == "消费" and before is made[n - 1] and before.text.endswith("类"):
            made[n] = Token("filler", "消费")  # 汽车类消费
    for n in range(len(made) - 1, 0, -1):
        if made[n].text in ("累计", "累计完成") and n + 1 < len(made) and made[n + 1].kind == "word":
            whole = made[n + 1].text
            for start in range(n - 1, max(n - 4, -1), -1):
                whole = made[start].text + whole
                if made[start].kind not in ("word", "residue"):
                    break
                if whole in words():
                    made[start : n + 2] = [made[n], Token("word", whole, words()[whole])]
                    break
    for n in [n for n, token in enumerate(made[:-2]) if token.text == "全部工业"]:
        if made[n + 1].kind == "filler" and made[n + 2].text == "增加值":
            made[n : n + 3] = [Token("word", "全部工业增加值", words()["全部工业增加值"])]  # 全部工业实现增加值
    for n in [n for n, token in enumerate(made) if token.text == "工业增加值"]:
        behind = [one.text for one in made[n + 1 : n + 8]]
        alone = not any(one.kind in ("word", "residue") for one in last_clause(made[:n]))
        both = "其中" in behind and any(one in behind for one in _ABOVE_SIZE)
        scoped = any(one.text.startswith(("规模以上", "规上")) for one in made[:n])
        if alone and (both or (yearly and not scoped)):
            made[n] = Token("word", "全部工业增加值", words()["全部工业增加值"])
    return made


def nations_name(line: Sequence[Token], local: bool) -> list[Token]:
    """国内游人数: what unknown words go on with is no region; 中国 neither in a ``local`` text, but a firm's name."""
    names = ("国内", "内地", "大陆", *(("中国",) if local else ()))
    if not any(token.text in names for token in line):
        return list(line)
    behind = (*line[1:], Token("", ""))
    return [
        Token("residue", token.text) if token.text in names and after.kind == "residue" else token
        for token, after in zip(line, behind, strict=True)
    ]


def _topical(line: Sequence[Token], at: int) -> bool:
    """民间投资上，: what the clause behind it is on."""
    return line[at - 1].kind == "word" and line[at + 1].kind == "comma"


def within(line: Sequence[Token]) -> list[Token]:
    """财政收入中税收收入增长2.3%: 中 between two subjects parts them as a comma would."""
    if not any(token.text in ("上", "中") for token in line):
        return list(line)
    line = [
        Token("filler", "上") if token.text == "上" and 0 < n < len(line) - 1 and _topical(line, n) else token
        for n, token in enumerate(line)
    ]
    return [
        Token("comma", "，")
        if token.text == "中"
        and 0 < n < len(line) - 1
        and line[n - 1].kind == "word"
        and line[n + 1].kind in ("word", "region", "relative")
        else token
        for n, token in enumerate(line)
    ]

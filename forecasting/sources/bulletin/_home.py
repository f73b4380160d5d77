"""Whom a bulletin is on: the region that holds where a sentence names none, and how sure that is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence

from forecasting.sources.bulletin._figures import FIGURES
from forecasting.sources.bulletin._lexer import BODIES, PAPER, PLACES, Token, line_of
from forecasting.sources.bulletin._regions import (
    RELATIVE,
    Region,
    called,
    city,
    namesakes_of,
    own_name,
    region_named,
    region_names,
    regions,
    resolve,
)
from forecasting.sources.bulletin._spoken import COMPARED, OFFICES, outspoken, spoken_again

DATELINE = re.compile(
    r"(?:新华社|新华网|新华财经|中新社|中新网|人民网|央视网|本报|经济日报)[^，。；:()]{1,8}?(?:20\d\d年)?"
    r"(?:\d{1,2}月\d{1,2}|[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3})日(?:(?:专)?电|讯)"
    r"|《?[^，。；:()《》%]{0,12}(?:社|网|报|讯|财经)(?:驻[^，。；:()]{1,4})?(?:记者[^，。；:()]{2,8}?)?(?:[^，。；:()0-9]{1,4}(?:20\d\d年)?\d{1,2}月)?\d{1,2}日"
    r"(?:[^，。；:()]{0,6}?电(?![力网价量])|消息|讯)》?"
)
_ELSEWHERE = re.compile(r"\(全国[^()]*\)")  # 全区增长7.5%(全国为6.3%)
_NATIONAL = re.compile(
    r"国家统计局(?!.{2,6}调查)|国统局|[5-9][0-9]{2}种(?:主要)?(?:工业)?产品|国家旅游局|文化和旅游部|农业农村部|农业部|自然资源部|住房城乡建设部|人力资源社会保障部|国家粮食和物资储备局|中国民航局|海关总署(?!.{2,6}分署)|国民经济(?!行业)|财政部|国家发展改革委|国家发改委|国家能源局|国家铁路集团|国铁集团|工业和信息化部|工信部|中国汽车工业协会|中汽协|国家外汇管理局|"
    r"人民银行(?!.{2,6}[分支]行)|交通运输部|商务部|国家邮政局|中国[^，。；:]{2,12}(?:协会|联合会|联盟)|乘联(?:分)?会|CNESA|中关村储能|中电联|中钢协"
)
_FIRM = re.compile("公司|集团|股份")
_ZONE = "[市省]?[\u4e00-\u9fff]{0,4}?(?:保税|高新|产业开发|经开|技术开发|经济开发|开发|示范|自贸)区"
_OF_ZONE = re.compile("(?:高新|经开|开发|保税|示范|自贸|园|新)区")
_BUREAU = re.compile("(?<![省市区县旗州盟])统计局(?:公布|发布|数据显示)")
_CAPTION = re.compile(r"图[为:][^。]*|[^。]*。?\([^()]*(?:图/|/图|摄|资料(?:图|照))[^()]*\)|▲[^。]*|^\[国家统计局]")
_BENEATH = re.compile("[省市县区]委|[省市县区]政府|高新区|经开区|开发区")
_TELLER = re.compile("海关|分行|中心支行")
_LOCAL = re.compile(f"(?<![占居列])(?:{'|'.join(word for word in RELATIVE if word[0] in '全我本自')})")
_HERE = re.compile("[我本](?:省|市|区|县|旗|州|盟)(?![级区])")
_TOWN = re.compile("([\u4e00-\u9fff]{2,3}(?<![城乡])镇|[\u4e00-\u9fff]{2,4}街道)(?!企业)")
_CUSTOMS = re.compile("(?:[\u4e00-\u9fff]{2,4}、)*[\u4e00-\u9fff]{2,4}海关")
_MUNICIPAL = ("11", "12", "31", "50")
_SOME = re.compile(r"[0-9]+个(?:省区市|省份|省市|省|地区)(?:规模以上|规上)")
_SEVERAL = re.compile(
    "(?:[^，。；:]{0,16}，)?[^，。；:、]{0,12}(?:、[\u4e00-\u9fff]{2,3}){2,}等?[0-9一二三四五六七八九十]+个?(?:省|市|地区)"
)
_COUNTIES = re.compile("县域(?:经济|地区)")  # a text on a city's counties together
_SHORT = re.compile("([\u4e00-\u9fff]{2,4}?)全([县市区旗])")
_RANKS = ("第", "首", "前列", "前茅", "领先")
_TOWARDS = ("从", "在", "到", "对", "赴", "往", "向", "来自", "位于", "走进", "抵达", "离开", "途经", "毗邻", "驻")
_OF_PARTS = ("全区", "全省", "全市", "全县", "全旗", "全州", "全盟", "自治区")
_OF_CITY = ("全市", "我市", "本市")
_OF_PROVINCE = ("全省", "我省")
_OF_AUTONOMOUS = ("全区", "我区", "自治区")
_LEAGUES = re.compile("盟市|旗县")  # which Inner Mongolia alone has
_ALSO_WORDS = re.compile("中山|三明|大同")  # cities whose short names are other things too
_PART = re.compile(  # of a place, or what is only called after it
    "(?:国际|综合|工业|产业|高新|经济|科技|自由|临港|水运|铁路|公路|高铁)*(?:港|口岸|经开区|高新区|示范区|新区|站|机场|园|保税|技术开发|开发|技术产业|大学|学院|企业|集团|公司|银行|路|街|最|首|第|[东西南北]部)"
)
_AMONG = re.compile("各个?(?:区县|[县市区旗州盟])")  # 在金华各县市区中列第一: of one of these
_RANKED = re.compile("(?:各?(?:区县|[县市区旗州盟]))?(?:首位|第|前列)|[十九八七六五四三两]区")  # 居全市各区首位
_AHEAD = ("领跑", "领先", "领衔", "位居", "位列", "名列")
_NONE = Token("", "")
_BETWEEN = frozenset(("ignored", "window"))  # the links of a chain: (江西省)2021年宜春市
_LISTED = frozenset(("and", "ignored", "percent", "region", "relative"))
_SOURCE = re.compile("^文/|[主承]办:|来源:|责任编辑|当前(?:的)?位置:|首页>")
TITLES = 4
HEADLINE = 45  # characters of a first line that is a headline though it has a figure


def whose(name: str, texts: Sequence[str], titles: Sequence[str]) -> tuple[Region | None, str]:
    """The region, and why it may be another; None where more of the text is on another place.

    The title counts before the text, the file's ``name`` before neither. What is named only where something came
    from, went to or stands (从包头, 宁波港), by its customs or by a paper needs a second cue: 全市, 我省.
    """
    first = [text for text in texts[:1] if len(text) < HEADLINE and not _SOURCE.search(text)]
    bylines = [text for text in titles if _SOURCE.search(text)]
    plain = {
        text: _CAPTION.sub("", _ELSEWHERE.sub("", DATELINE.sub("", text))).replace("|", "，") for text in (name, *texts)
    }
    headlines = [text for text in titles if text not in bylines]
    telling = [plain[text] for text in (*first, *headlines, name, *bylines, *texts)]
    paper = [PAPER.sub("，", text) for text in texts] if any(map(PAPER.search, texts)) else []
    ways: tuple[Callable[[], Region | None], ...] = (
        lambda: _seated(_region(telling), texts),
        lambda: _of_paper(_region(paper), texts),
        lambda: _of_dateline(texts),
        lambda: _of_parts(texts),
    )
    place = next((place for way in ways if (place := _own(_of_all(way(), texts), telling)) is not None), None)
    if place is None:
        cities = (one for way in ways if (one := way()) is not None and one.level == 2)
        within = (_district(one, telling) for one in cities)
        return next((one for one in within if one is not None), None), ""
    above = city(place) if place.level == 3 and not _OF_ZONE.search(place.name) else place
    names = {one.name.rstrip("省市") for one in (place, above)}
    short = f"(?:{'|'.join(names)})" if place.level else "-"
    zone = next((found[0] for text in (*first, *headlines) if (found := re.search(short + _ZONE, text))), "")
    if zone:
        return None, f"its title is on {zone}"
    other = _outspoken(place, telling)
    if not other:
        return place, _doubt(place, telling)
    titled = any(place.name.rstrip("省市") in text for text in (*first, *headlines))
    inside = None if titled else _inside(other, place, telling)
    return (inside, "") if inside is not None else (None, f"it speaks of {other} more than of {place.name}")


def _outspoken(place: Region, telling: Sequence[str]) -> str:
    told = [text for text in dict.fromkeys(telling) if not _SOURCE.search(text)]
    return outspoken(place, [line_of(own_name(text, place)) for text in told])


def _inside(name: str, place: Region, telling: Sequence[str]) -> Region | None:
    """The part of a place that a text speaks of more, where all that it says agrees with that."""
    inside = region_named(name)
    if inside is None or place.level == 0 or not inside.within(place) or _own(inside, telling) is None:
        return None
    return None if _outspoken(inside, telling) or _doubt(inside, telling) else inside


def _district(place: Region, telling: Sequence[str]) -> Region | None:
    """The only district of a city that a text names, where that speaks of 全区: 深圳特区报, 龙华区 .... 全区."""
    lines = [line_of(text) for text in dict.fromkeys(telling)]
    spoken = [token.text for line in lines for token in line if token.kind == "region" and token.value.level == 3]
    near = {one for name in set(spoken) for one in namesakes_of(name) if one.within(place) and one != place}
    inside = next(iter(near)) if len(near) == 1 and len(set(spoken)) == 1 < len(spoken) else None
    if inside is None or any(map(_OF_ZONE.search, telling)) or not _leads(spoken[0], inside, telling):
        return None
    sure = _own(inside, telling) is not None and not _outspoken(inside, telling)
    return inside if sure and not _doubt(inside, telling) else None


def _of_all(region: Region | None, texts: Sequence[str]) -> Region | None:
    """The region, or its province where that is spoken of and cities of it are only named beside each other."""
    if region is None or region.level != 2:
        return region
    lines = [line_of(text) for text in texts]
    spoken = [token.value for line in lines for token in line if token.kind == "region" and token.value.level == 2]
    cities = set(spoken)
    if (
        2 * spoken.count(region) > len(spoken)
        or len(cities) < 2
        or len({one.digits[:2] for one in cities}) > 1
        or _speaks(lines, _OF_CITY)
    ):
        return region
    return _province(region, lines) or region


def _province(region: Region, lines: Sequence[Sequence[Token]]) -> Region | None:
    """The province of a city, where the text speaks of 全省, or of 全区 in an autonomous one."""
    words = ((_OF_PROVINCE, "全省"), (_OF_AUTONOMOUS, "自治区"))
    return next((place for said, word in words if (place := resolve(word, region)) and _speaks(lines, said)), None)


def _of_parts(texts: Sequence[str]) -> Region | None:
    """Whose cities a text lists that names no place for itself but 全省 or 全区; or what its short name may be."""
    lines = [line_of(text) for text in texts]
    if _speaks(lines, _OF_CITY):
        short = next((found[0] for text in texts[:TITLES] if (found := _ALSO_WORDS.search(text))), "")
        named = any(token.kind == "region" for line in lines for token in line)
        return region_names()[f"{short}市"] if short and not named else None
    if any(map(_LEAGUES.search, texts)) and _speaks(lines, _OF_AUTONOMOUS):
        return regions()["150000"]
    cities = {token.value for line in lines for token in line if token.kind == "region" and token.value.level == 2}
    if len(cities) < 3 or len({one.digits[:2] for one in cities}) > 1:
        return None
    return _province(next(iter(cities)), lines)


def _speaks(lines: Sequence[Sequence[Token]], words: Collection[str]) -> str:
    """The first of these words that is not only compared with, "" where there is none: not 居全市第二."""
    for line in lines:
        for before, token, behind in zip((_NONE, *line), line, (*line[1:], _NONE), strict=False):
            if (
                token.text in words
                and before.kind not in ("decoy", "against", "other", "vague", "past")
                and not before.text.endswith(_AHEAD)
                and not _RANKED.match(behind.text)
            ):
                return token.text
    return ""


def _doubt(region: Region, telling: Sequence[str]) -> str:
    """Why a region is not whom a text is on for sure: it is named in passing alone, and nothing agrees with it."""
    lines = [line_of(own_name(text, region)) for text in telling]
    own = region.level > 0 and bool(_speaks(lines, {word for word in RELATIVE if resolve(word, region) == region}))
    wider = "" if own else _speaks(lines, {2: _OF_PROVINCE, 3: _OF_CITY}.get(region.level, ()))
    if wider:
        return f"it names {region.name}, but speaks of {wider}"
    if any(
        _means(line, n, region) and _firm(line, n) and not _aside(line, n) for line in lines for n in range(len(line))
    ):
        return ""
    if region.level == 0 and any(_NATIONAL.search(text) or _BUREAU.search(text) for text in telling):
        return ""
    return "" if own else f"that it is on {region.name} is said in passing alone"


def _means(line: Sequence[Token], at: int, region: Region) -> bool:
    token = line[at]
    if token.kind == "relative":
        return region.level == 0 and token.text in ("全国", "我国", "中国", "国内")
    return token.kind == "region" and (token.value == region or region in namesakes_of(token.text))


def _aside(line: Sequence[Token], at: int) -> bool:
    """Whether a name is only compared with or ranked in: 高于全省(6.3%)、金华(6.7%), 位列金华第1, 金华各县市区第1."""
    behind = line[at + 1 : at + 10]
    while at > 0 and line[at - 1].kind in _LISTED:
        at -= 1
    before = line[at - 1] if at > 0 else _NONE
    if behind and _AMONG.match(behind[0].text) and any(one.kind == "decoy" for one in behind):
        return True
    return before.kind in COMPARED and not before.text.startswith("第")


def _firm(line: Sequence[Token], at: int) -> bool:
    """Whether a name stands for the place itself: not 从包头出发, 宁波港, 中国最大的."""
    end = at + 1
    while end < len(line) and line[end].kind == "region":
        end += 1
    while at > 0 and line[at - 1].kind == "region":
        at -= 1
    before = line[at - 1] if at > 0 else _NONE
    behind = line[end] if end < len(line) else _NONE
    if "".join([token.text for token in line[end : end + 2]]).startswith(OFFICES):
        return True
    if before.kind in ("residue", "to", "filler") and before.text.endswith(_TOWARDS):
        return False
    return not (behind.kind in ("residue", "suffix") and _PART.match(behind.text))


def _region(texts: Sequence[str]) -> Region | None:
    """The region named first, if possible of those not only in passing."""
    for firm in (True, False):
        settled, region = _named(texts, firm)
        if settled:
            return region
    for text in texts:
        for found in _SHORT.finditer(text):
            for start in range(len(found[1]) - 1):  # 缙云全县
                place = region_names().get(found[1][start:] + found[2])
                if place is not None and place == called(found[1][start:] + found[2], None):
                    return place
    seats = [_TELLER.sub("，", text) for text in texts if _TELLER.search(text)]
    if seats:
        return _region(seats)
    spoken = {token.text for text in texts for token in line_of(text) if token.kind in PLACES}
    strange = any(_FIRM.search(text) or _BENEATH.search(text) for text in texts)
    told = (bureau := any(map(_BUREAU.search, texts))) or (spoken and not strange)
    return regions()["000000"] if told and spoken <= {"中国", "国内", "全国" if bureau else ""} else None


def _named(texts: Sequence[str], firm: bool) -> tuple[bool, Region | None]:
    """Whether the texts name whom they are on, of those that stand for themselves if ``firm``, and that region.

    Of a chain (内蒙古包头市) it is the last link.
    """
    local = any(_HERE.search(text) for text in texts)
    for text in texts:
        national = None if local else _NATIONAL.search(text)
        line = line_of(text)
        first = next((token for token in line if token.kind == "region" or token.text.endswith(BODIES)), None)
        if first is not None and first.kind == "residue":
            return True, None  # 黑龙江农垦
        named = _first_region(line, texts, firm)
        town = _TOWN.match(text[text.index(named[0]) + len(named[0]) :]) if named is not None else None
        if town is not None and not town[1].startswith(("全市", "全省", "景德镇")):
            return True, None  # 中山市小榄镇
        if named is not None and named[1].level == 3:
            named = (named[0] if named[1] in namesakes_of(named[0]) else named[1].name), named[1]
            placed = _placed(*named, texts)
            if placed is None:
                continue
            named = named[0], placed
        if named is not None and (national is None or text.index(named[0]) < national.start()):
            return True, named[1]
        if national is not None:
            return True, regions()["000000"]
    return False, None


def _of_paper(region: Region | None, texts: Sequence[str]) -> Region | None:
    """The region that a paper is of (昭通日报), or its province where the text speaks of 全省."""
    if region is None or region.level != 2:
        return region
    spoken = [word for text in texts for word in _LOCAL.findall(text)]
    wide = sum(word in _OF_PROVINCE for word in spoken) > 1
    return resolve("全省", region) if wide and set(spoken).isdisjoint(_OF_CITY) else region


def _of_dateline(texts: Sequence[str]) -> Region | None:
    """The province of a text sent from a city that speaks of 全省: 本报太原12月25日讯."""
    sent = [found[0] for text in texts[:3] if (found := DATELINE.search(text))]
    province = _of_paper(_region(sent), texts)
    return province if province is not None and province.level == 1 and province.digits[:2] not in _MUNICIPAL else None


def _seated(region: Region | None, texts: Sequence[str]) -> Region | None:
    """The region, or its province where only its customs are named and that is spoken of: 据太原海关统计, 我省."""
    if region is None or region.level != 2 or not any("海关" in text for text in texts):
        return region
    rest = "".join(_CUSTOMS.sub("", DATELINE.sub("", text)) for text in texts)
    if region.name.removesuffix("市") in rest:
        return region
    province = next(one for one in regions().values() if one.digits == f"{region.digits[:2]}0000")
    short = province.name.removesuffix("省").removesuffix("自治区")
    wide = rest.count(short) + sum(rest.count(word) for word in (*_OF_PROVINCE, "全区", "我区", "自治区"))
    return province if wide > 1 and not any(word in rest for word in _OF_CITY) else region


def _own(region: Region | None, texts: Sequence[str]) -> Region | None:
    """The region, unless the text is on several, on some of its parts, or says 全县 or 我市 of another than that.

    Mostly: 居全市七县第二 may stand aside.
    """
    heads = texts[:TITLES]
    if (
        region is None
        or any(map(_SOME.search, texts))
        or any(map(_SEVERAL.match, heads))
        or any(map(_COUNTIES.search, heads[:1]))
    ):
        return None
    nation = ("全国", "我国")
    if region.level == 0 and any(_HERE.search(text) for text in texts):
        return None
    if region.level == 0 and _speaks([line_of(text) for text in texts], _OF_PARTS):
        return None
    said = [word for text in texts for word in _LOCAL.findall(text) if region.level == 0 or word not in nation]
    fitting = sum(resolve(word, region) is not None for word in said)
    return region if 2 * fitting >= len(said) else None


def _placed(name: str, found: Region, texts: Sequence[str]) -> Region | None:
    """A county that a text is on; None where it is one of several that it speaks of, or shares its name with others."""
    office = any(f"{name}{body}" in text for text in texts for body in OFFICES)
    office = office or any(f"{name}委" in text for text in texts[:TITLES])  # 衡阳县委
    short = name[:-1] if len(name) > 2 and name[-1] in "市县旗" else name
    headed = any(short in text for text in texts[:TITLES])
    opening = any(name in text for text in texts[:TITLES])
    whole = sum(text.count(f"全{name[-1]}") for text in texts)
    alone = opening and whole > 2 and _only_county(texts) == name
    alone = alone or (whole > 1 and texts[0].startswith(name))
    chain = f"{city(found).name}{name}"
    chained = whole > 1 and any(chain in text for text in texts[:TITLES])  # 洛阳市孟津区, then 全区
    if (
        len(texts) > 2
        and not (office or alone or chained or _leads(name, found, texts))
        and not (headed and sum(text.count(short) for text in texts) > 1)
    ):
        return None
    if called(name, city(found)) == called(name, None):
        return found
    near = [one for one in namesakes_of(name) if any(city(one).name.removesuffix("市") in text for text in texts)]
    return near[0] if len(near) == 1 else None


def _leads(name: str, found: Region, texts: Sequence[str]) -> bool:
    """Whether a county is the first place that a text tells a figure of or says 全县 of, and no other one is named."""
    lines = [line_of(text) for text in dict.fromkeys(texts)]
    told = [line for line in lines if any(token.kind in FIGURES for token in line)]
    for line in told:
        for at, token in enumerate(line):
            other = token.kind == "region" and token.value.level > 1 and token.value not in (found, city(found))
            if other and found not in namesakes_of(token.text) and not _aside(line, at):
                return False
    heads: Sequence[Token] = next((line for line in told if any(token.kind in PLACES for token in line)), [])
    first = next((n for n, token in enumerate(heads) if token.kind in PLACES), 0)
    opens = bool(heads) and heads[first].text == name and _firm(heads, first) and not _aside(heads, first)
    own = {word for word in RELATIVE if resolve(word, found) == found}
    firm = any(
        token.text == name and _firm(line, n) and not _aside(line, n) for line in lines for n, token in enumerate(line)
    )
    ambiguous = resolve(f"全{name[-1]}", city(found)) is not None  # 全市, and 全区 of an autonomous region
    return opens or (firm and not ambiguous and bool(_speaks(lines, own)))


def _only_county(texts: Sequence[str]) -> str:
    """The county that a text speaks of, "" where there are several or a city is named too."""
    named = {
        token.text for text in texts for token in line_of(text) if token.kind == "region" and token.value.level > 1
    }
    return next(iter(named)) if len(named) == 1 else ""


def _ranked(line: Sequence[Token], at: int) -> bool:
    """增速全国第六, 居全国首位: where in the nation a place stands."""
    behind = line[at + 1] if at + 1 < len(line) else _NONE
    return behind.kind == "decoy" or behind.text.startswith(_RANKS)


def _first_region(line: Sequence[Token], texts: Sequence[str], firm: bool) -> tuple[str, Region] | None:
    chosen: tuple[str, Region] | None = None
    for at, token in enumerate(line):
        region = (
            token.value
            if token.kind == "region" and (token.value.level == 0 or token.value.code != "CN")
            else regions()["000000"]
            if token.text in ("全国", "我国") and token.kind == "relative" and not _ranked(line, at)
            else None
        )
        if region is None:
            if chosen is not None and token.kind not in _BETWEEN:
                break
        elif chosen is not None:
            near = region if region.level < 3 else called(token.text, chosen[1])
            inside = near is not None and near.within(chosen[1]) and spoken_again(token.text, texts)
            chosen = (chosen[0], near) if inside and near is not None else chosen
        elif not _aside(line, at) and (not firm or _firm(line, at)):
            chosen = (token.text, region)
    return chosen

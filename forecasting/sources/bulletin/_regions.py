"""Regions by name and code: the nation, provinces, prefectures and the districts of Baotou."""

from __future__ import annotations

import csv
import functools
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
)
_SHARED = frozenset(("青山区", "白云区"))
_MUNICIPALITIES = ("11", "12", "31", "50")


@dataclass(frozen=True, slots=True)
class Region:
    """A region of the official code table.

    Attributes:
        digits: Six digits: 150000 a province, 150200 a prefecture, 150203 a district; 000000 the nation.
        slug: What the ids of its indicators begin with.
        name: Its official name.
    """

    digits: str
    slug: str
    name: str

    @property
    def code(self) -> str:
        """As in the catalogue: CN, CN-150200."""
        return "CN" if self.digits == "000000" else f"CN-{self.digits}"

    @property
    def level(self) -> int:
        """0 nation, 1 province, 2 prefecture, 3 district."""
        if self.digits == "000000":
            return 0
        return 1 if self.digits.endswith("0000") else 2 if self.digits.endswith("00") or self.digits[2:4] == "90" else 3

    def within(self, other: Region) -> bool:
        """Whether it is a part of the other."""
        significant = ("", self.digits[:2], self.digits[:4], self.digits)[other.level]
        return self.level > other.level and other.digits.startswith(significant)


@functools.cache
def regions() -> dict[str, Region]:
    """Every region under its code."""
    with resources.files(__package__).joinpath("data/regions.csv").open(encoding="utf-8") as file:
        return {row["code"]: Region(row["code"], row["slug"], row["name"]) for row in csv.DictReader(file)}


@functools.cache
def region_names() -> dict[str, Region]:
    """Every region under each of its names."""
    known = regions()
    names: dict[str, Region] = {}
    with resources.files(__package__).joinpath("data/regions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name in (row["name"], *filter(None, row["also"].split("|"))):
                names.setdefault(name, known[row["code"]])
    return names


def unmistakable(name: str) -> bool:
    """Whether the name of a district says which city's it is; some are shared across the country."""
    return name not in _SHARED


def resolve(word: str, home: Region | None) -> Region | None:
    """Whom a bulletin of ``home`` means by 全市, 全区 and the like; None where that is not clear.

    >>> baotou = regions()["150200"]
    >>> resolve("全市", baotou).slug, resolve("全区", baotou).slug, resolve("全省", baotou)
    ('baotou', 'inner_mongolia', None)
    """
    if word in ("全国", "我国", "中国"):
        return regions()["000000"]
    if home is None or home.level == 0:
        return regions()["000000"] if word == "国内" else None
    if word == "市区":
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
            return regions().get(f"{home.digits[:4]}00")
        if home.level == 1:
            return home if home.digits[:2] in _MUNICIPALITIES else None
        return home if home.name.endswith("市") else None
    return home if home.name.endswith(unit) else None

"""What bulletins write about: the words of `data/subjects.toml` and the ids that they make together."""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from typing import Any

from forecasting.sources.bulletin._regions import Region, regions

# the measure that a branch takes from a whole subject before it
_CONTEXT = {"va": "va", "fai": "fai", "retail": "retail", "power": "power_use", "output": "output"}
_SECTIONS = {
    "branch": "branches",
    "product": "products",
    "category": "categories",
    "basket": "baskets",
    "building": "buildings",
    "commerce": "commerce",
    "source": "sources",
    "animal": "animals",
    "harbour": "harbours",
    "carrier": "carriers",
    "function": "functions",
}
PART_ROLES = tuple(_SECTIONS)
QUANTITY = re.compile(  # what words end with that say themselves what is measured
    "(?:收入|支出|[^纳]税|余额|存款|贷款|投资|产值|增加值|零售额|销售额|营业额|交易额|成交额|消费额|利润|产量|销量|用电量|发电量|用气量"
    "|供电量|售电量|周转量|吞吐量|货运量|客运量|业务量|保有量|拥有量|面积|人口|人数|人次|户数|存栏|出栏|里程|用户)$"
)
_NAMED_STOCK = re.compile("(?:余额|存款|贷款|(?<!出生|死亡)人口|户数|存栏|里程|用户|保有量|拥有量)$")
_NAMED_MONEY = re.compile("(?:收入|支出|税|额|存款|贷款|投资|产值|增加值|利润)$")
_STOCKS = ("finance", "balances", "entities", "population", "livestock", "stocks")
_KINDS = ("产业", "行业", "工业")
_WITH = ("", "对", "与", "自", "从", "同", "和", "我对", "我与")
_FLOWS = ("trade", "exports", "imports")
_BALANCES = ("trade_surplus", "trade_deficit")
TRADE_TOTALS = (
    "trade", "exports", "imports", "fdi", "odi", "services_trade", "services_exports", "services_imports",
    "software_exports", "software_outsourcing_exports", "embedded_software_exports",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """All that a word can be: roles such as ``branch`` or ``measure`` with the id under which it plays them."""

    roles: dict[str, str] = field(default_factory=dict)

    @property
    def part(self) -> bool:
        """A branch, product or category, which needs a measure."""
        return not self.roles.keys().isdisjoint(_SECTIONS)


@dataclass(frozen=True, slots=True)
class Measure:
    """How a measure makes an id of a part, or of one ``also``; ``instead`` is what its words mean of other parts."""

    key: str
    pattern: str
    part: str
    stock: bool = False
    trade: bool = False
    instead: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a figure is about.

    Attributes:
        id: Without the region.
        domain: The section of the table, or the measure's key.
        measure: Key of the measure that a bare branch after it takes; empty where it takes none.
        stock: A state at a month's end.
        trade: Its value needs a currency, or a product's trade a weight or a value.
    """

    id: str
    domain: str
    measure: str = ""
    stock: bool = False
    trade: bool = False


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("data/subjects.toml").read_text(encoding="utf-8"))


@functools.cache
def measures() -> dict[str, Measure]:
    """The measures by key."""
    return {
        key: Measure(
            key,
            entry["id"],
            entry["part"],
            entry.get("stock", False),
            entry.get("trade", False),
            entry.get("instead", ""),
            entry.get("also", ""),
        )
        for key, entry in _table()["measures"].items()
    }


@functools.cache
def measure_inside(name: str) -> str:
    """The measure with whose name a whole subject ends, "" where it has none.

    >>> measure_inside("新能源汽车产量"), measure_inside("居民消费价格总水平")
    ('output', '')
    """
    ends = [
        (len(end), key)
        for key, entry in _table()["measures"].items()
        for end in entry["names"].split("|")
        if name.endswith(end)
        and name != end
        and not entry.get("trade")
        and (entry["part"] != "function" or words().get(name, Word()).roles.get("subject", "")[:7] == "fiscal_")
    ]
    whole = next((key for key, entry in _table()["measures"].items() if name in entry["names"].split("|")), "")
    found = max(ends)[1] if ends else ""
    return found if whole in ("", found) else ""


@functools.cache
def subjects() -> dict[str, Subject]:
    """The whole subjects by id."""
    made = {}
    renamed, contexts = _table()["renamed"], _table()["contexts"]
    totals = {renamed.get(entry.pattern.format("industry")): key for key, entry in measures().items()}
    for domain, names in _table()["subjects"].items():
        for key in names:
            stock = domain in _STOCKS or key.endswith(("_capacity", "_stock_for_sale", "_order_book"))
            made[key] = Subject(
                key,
                domain,
                contexts.get(key)
                or totals.get(key)
                or ("ppi" if key[:4] == "ppi_" else "output" if key.endswith("_output") else "")
                or _CONTEXT.get(domain, ""),
                stock,
                key in TRADE_TOTALS or key[:6] == "trade_",
            )
    return made


def whole(key: str) -> Subject:
    """The whole subject of an id, or of the words of one that no table knows.

    >>> whole("gdp").domain, whole("上划省级收入").domain, whole("农户贷款余额").stock
    ('va', 'named_money', True)
    """
    known = subjects().get(key)
    money = "named_money" if _NAMED_MONEY.search(key) else "named"
    return known or Subject(key, money, stock=bool(_NAMED_STOCK.search(key)))


@functools.cache
def words() -> dict[str, Word]:
    """Every word with its roles, written without brackets and blanks."""
    found: dict[str, dict[str, str]] = {}
    for role, key, name in _entries():
        roles = found.setdefault(name, {})
        roles.setdefault(role, key)
    for name, roles in list(found.items()):
        if name[-1] == "税" and "subject" in roles:
            found.setdefault(f"{name}收入", {"subject": roles["subject"]})
        if "product" in roles and len(name) > 1 and name[-1] != "业":
            for kind in ("产业", "行业", "工业"):  # 不锈钢产业
                found.setdefault(name + kind, {"branch": roles["product"]})
        if "category" in roles and name[-1] == "类":
            found.setdefault(name[:-1], {}).setdefault("category", roles["category"])
            found.setdefault(f"{name}商品", {"category": roles["category"]})
        if "branch" in roles and "、" in name:
            found.setdefault(name.replace("、", ""), {"branch": roles["branch"]})
        if "branch" in roles and name[-2:] in _KINDS and len(name) > 3:
            for kind in _KINDS:  # 晶硅产业, 晶硅行业
                found.setdefault(name[:-2] + kind, {"branch": roles["branch"]})
    return {name: Word(roles) for name, roles in found.items()}


def _entries() -> Iterator[tuple[str, str, str]]:
    table = _table()
    for key, entry in table["measures"].items():
        yield from (("measure", key, name) for name in entry["names"].split("|"))
    for names in table["subjects"].values():
        for key, text in names.items():
            yield from (("subject", key, name) for name in text.split("|"))
    for role, section in _SECTIONS.items():
        for key, text in table[section].items():
            yield from ((role, key, name) for name in text.split("|"))
    for key, text in table["partners"].items():
        for name in text.split("|"):  # 对美, short for 对美国
            yield from (("partner", key, f"{before}{name}") for before in (_WITH if name[0] != "对" else ("",)))
    yield from (("filler", "", name) for name in table["fillers"]["words"].split("|"))


def compose(measure: Measure, word: Word) -> Subject | None:
    """The subject that a measure and a part make, None where they do not go together."""
    key = word.roles.get(measure.part, word.roles.get(measure.also))
    if key is None and measure.instead:
        return compose(measures()[measure.instead], word)
    if key is None:
        return None
    made = measure.pattern.format(key)
    made = _table()["renamed"].get(made, made)
    if made in subjects():
        known = subjects()[made]
        return replace(known, measure=known.measure or measure.key)
    return Subject(made, measure.key, measure.key, measure.stock, measure.trade)


def traded_with(subject: Subject | None, partner: str) -> Subject | None:
    """The part of a trade that is done with a partner, None where the subject is no trade.

    >>> traded_with(subjects()["exports"], "us").id, traded_with(subjects()["trade"], "eu").id
    ('trade_us_exports', 'trade_eu')
    """
    if subject is None or not (subject.id in (*_FLOWS, *_BALANCES) or subject.domain in ("exports", "imports")):
        return None
    if subject.id in _BALANCES:
        return replace(subject, id=f"trade_{partner}_{subject.id.removeprefix('trade_')}", measure="")
    if subject.id == "trade":
        return replace(subject, id=f"trade_{partner}", measure="")
    if subject.id in ("exports", "imports"):
        return replace(subject, id=f"trade_{partner}_{subject.id}", measure="")
    return replace(subject, id=f"{subject.id}_{partner}", measure="")


@functools.cache
def valued(subject: Subject) -> bool:
    """Whether customs give the trade of these goods in value alone: 机电产品, not 稀土."""
    return re.sub("_(?:exports|imports).*", "", subject.id) in _table()["valued"]["products"].split("|")


def owned(trade: Subject, branch: str) -> Subject | None:
    """The same trade by another kind of firm: 民营企业出口 ..., 国有企业 ..."""
    kind = re.fullmatch("(?:trade_(?:state|private|foreign_funded))(_exports|_imports)?", trade.id)
    owner = _table()["owners"].get(branch)
    return subjects()[f"{owner}{kind[1] or ''}"] if kind and owner else None


def owned_by(whole: str, branch: str, partner: str = "") -> Subject | None:
    """The trade of a kind of firm, all or with a partner: 民营企业实现进出口, 民营企业对东盟进出口; None of others.

    >>> owned_by("exports", "private").id, owned_by("exports", "textiles")
    ('trade_private_exports', None)
    >>> owned_by("exports", "private", "asean").id
    'trade_private_asean_exports'
    """
    owner = _table()["owners"].get(branch)
    if owner is None or whole not in _FLOWS:
        return None
    kind = "" if whole == "trade" else f"_{whole}"
    if not partner:
        return subjects()[f"{owner}{kind}"]
    return replace(subjects()[owner], id=f"{owner}_{partner}{kind}", measure="")


def with_partner(trade: Subject) -> bool:
    """Whether this is the trade with a partner, not that of a kind of firm or of all."""
    return trade.id.removeprefix("trade_") in _table()["partners"]


def above_size(subject: Subject) -> Subject:
    """The same for units above a size alone (限额以上); a goods category is of these anyway."""
    key = _table()["above_size"].get(subject.id)
    return subject if key is None else Subject(key, subject.domain, subject.measure)


@functools.cache
def subject_ids() -> frozenset[str]:
    """Every id, without the region, that a figure can be given under, but those of a product's trade with a partner."""
    parts = [word for word in words().values() if word.part]
    composed = (compose(measure, word) for measure in measures().values() for word in parts)
    found = [*subjects().values(), *(subject for subject in composed if subject is not None)]
    trades = (subjects()[key] for key in (*_FLOWS, *_BALANCES))
    made = (traded_with(one, partner) for one in trades for partner in _table()["partners"])
    found += [subject for subject in made if subject is not None]
    owners = {(kind, partner) for kind in _table()["owners"] for partner in _table()["partners"]}
    found += [one for pair in owners for whole in _FLOWS if (one := owned_by(whole, *pair))]
    names = {subject.id for subject in found}
    names |= {*_table()["subnational"].values(), *_table()["above_size"].values()}
    traded = [subject.id for subject in found if subject.trade]
    names |= {f"{name}{suffix}" for name in traded for suffix in ("_cny", "_value", "_value_cny")}
    return frozenset(names | {f"{name}_real" for name in names})


def name_problem(region: str, name: str) -> str:
    """Why no figure of a bulletin can come under this region and name; "" where one can.

    >>> name_problem("CN-150200", "baotou_rare_earth_va"), name_problem("CN-150200", "baotou_rare_earths_va")
    ('', "no figure is read as 'baotou_rare_earths_va'; did you mean baotou_rare_earth_va?")
    >>> name_problem("CN-150200", "baotou_蒙古刀_output")
    ''
    """
    places = [place for place in regions().values() if place.code == region]
    if not places:
        return f"no region {region!r} is known to the reader"
    known = max(places, key=lambda place: len(place.slug) * name.startswith(f"{place.slug}_"))
    start = f"{known.slug}_"
    if not name.startswith(start):
        return f"names of {known.name} begin with {start!r}, {name!r} does not"
    subject = name.removeprefix(start)
    if subject in subject_ids() or _with_partner().sub(r"\1\2", subject) in subject_ids() or _open().fullmatch(subject):
        return ""
    near = difflib.get_close_matches(subject, subject_ids(), n=1)
    meant = f"did you mean {start}{near[0]}?" if near else "a new subject is a line of data/subjects.toml"
    return f"no figure is read as {name!r}; {meant}"


@functools.cache
def _with_partner() -> re.Pattern[str]:
    """magnet_exports_us_value_cny: a product's trade, the partner, and what kind of figure it is."""
    return re.compile(rf"^(.+_(?:exports|imports))_(?:{'|'.join(_table()['partners'])})((?:_value)?(?:_cny)?)$")


@functools.cache
def _open() -> re.Pattern[str]:
    """蒙古刀_output, fai_水利, 上划省级收入: subjects in their own words, for which no table has a key."""
    own = "[A-Za-z0-9+/·-]*[\u4e00-\u9fff][\u4e00-\u9fffA-Za-z0-9+/·-]*"
    patterns = "|".join(re.escape(one.pattern).replace(r"\{\}", own) for one in measures().values())
    whole_named = f"{own}{QUANTITY.pattern.removesuffix('$')}"
    return re.compile(rf"(?:{patterns}|{whole_named})(?:_value)?(?:_cny)?(?:_real)?")


def local_id(subject: Subject, region: Region) -> str:
    """The id in the catalogue's scheme: the region's slug, then the subject.

    >>> from forecasting.sources.bulletin._regions import regions
    >>> local_id(subjects()["industrial_va"], regions()["150200"])
    'baotou_industrial_va'
    """
    own = subject.id if region.level == 0 else _table()["subnational"].get(subject.id, subject.id)
    return f"{region.slug}_{own}"

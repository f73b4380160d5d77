"""From the words before a figure to what the figure is about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from forecasting.sources.bulletin._clauses import OWNERS
from forecasting.sources.bulletin._lexer import PLACES, Token
from forecasting.sources.bulletin._open import by_its_words, by_kind
from forecasting.sources.bulletin._places import place_of
from forecasting.sources.bulletin._regions import Region
from forecasting.sources.bulletin._shortened import carried_by, meant, produced
from forecasting.sources.bulletin._vocabulary import (
    Measure,
    Subject,
    Word,
    above_size,
    compose,
    measure_inside,
    measures,
    owned,
    owned_by,
    subjects,
    traded_with,
    with_partner,
    words,
)
from forecasting.sources.bulletin._vocabulary import whole as whole_subject

_ALONE = {"exports": "exports", "imports": "imports"}
_TRADES = ("trade", "exports", "imports")
_POWER = frozenset(("capacity", "additions"))
RESULTS = frozenset(("industrial_revenue", "industrial_profit", "industrial_output_value", "industrial_profit_and_tax"))
_HERDS = frozenset(("slaughtered", "livestock"))
_SERVICES = frozenset(("revenue", "profit", "operating_profit"))
_PRODUCED_GOODS = ("food", "clothing", "daily_goods", "durables")
NARROWER = frozenset(
    ("fai_private", "fai_technical_renovation", "fai_infrastructure", "fai_high_tech", "fai_state", "sown_area",
     "grain_area")
)  # fmt: skip
_BUILT = {"housing_floor_space": "construction_floor_space", "housing_completions": "construction_completions"}
_SCOPES = frozenset(("规模以上", "规上"))
_SCOPED = frozenset(("规模以上工业", "规上工业"))
_TOTALS = {"va": "industrial_va", "fai": "fixed_asset_investment", "power_use": "power_use", "retail": "retail_sales"}


@dataclass(slots=True)
class Item:
    """One thing that figures are given for.

    Attributes:
        written: Its words as the sentence has them.
        subject: What they mean; None where that is not known.
        branch: The part of it that a measure alone may take over ("..., 利润总额增长5%").
        region: The region named with it, None for the bulletin's own.
        unclear: A region was named that cannot be resolved.
        unit: What the last level was measured in, for the currency and weight of trade.
        partner: With whom the trade is done, "" where not said.
        amount: Whether a product's trade is a ``quantity`` or a ``value``, "" where not said.
    """

    written: str
    subject: Subject | None
    branch: Word | None = None
    region: Region | None = None
    unclear: str = ""
    unit: str = ""
    partner: str = ""
    amount: str = ""


@dataclass(slots=True)
class Context:
    """What earlier words leave open for later ones: a measure, a branch."""

    measure: str = ""
    branch: Word | None = None
    whole: Subject | None = None
    above: bool = False  # of units above a size
    part: Subject | None = None  # the trade of a kind of firm or with a partner that this sentence speaks of
    left: bool = False  # a semicolon came since
    vague: bool = False  # what the measure was said of was not understood
    amount: str = ""  # whether the goods before were traded by quantity or by value


@dataclass(slots=True)
class _Group:
    words: list[Token] = field(default_factory=list)
    regions: list[Token] = field(default_factory=list)
    broken: bool = False  # other words came between

    @property
    def text(self) -> str:
        return "".join(token.text for token in self.words)


def items(tokens: Sequence[Token], context: Context, home: Region | None) -> list[Item]:
    """The things that the tokens before a figure name, in their order; empty where they name none.

    A list shares its last measure: 采矿业、制造业增加值.
    """
    groups = [_Group()]
    last = Token("", "")
    for token in tokens:
        if token.kind == "and":
            groups.append(_Group())
        elif token.kind == "word":
            if is_partner(token) and any(map(is_partner, groups[-1].words)):
                groups.append(_Group())  # 对美国、欧盟和日本: 和 belongs to the last name
            groups[-1].broken = groups[-1].broken or (bool(groups[-1].words) and _parts(last))
            groups[-1].words.append(token)
        elif token.kind in PLACES:
            groups[-1].regions.append(token)
        last = token
    groups = [group for group in groups if group.words or group.regions]
    _share_kind(groups)
    _share_goods(groups)
    if not groups:
        return []
    named = [group for group in groups if group.words]
    if named and len(named) < len(groups):
        # 包头、鄂尔多斯规模以上工业增加值: several regions, one subject
        if len(named) > 1 or not groups[-1].words:
            return [Item("、".join(group.text for group in groups), None)]
        groups = [_Group(named[0].words, group.regions) for group in groups]
    shared = next((key for group in reversed(groups) if (key := _measure(group))), "")
    parts = [token.value for group in groups for token in group.words if token.value.part]
    if shared == "cpi" and context.measure == "ppi" and all(map(_of_producers, parts)):
        shared = "ppi"  # 工业生产者出厂价格 ..., 煤炭开采和洗选业价格
    if (trade := _trade(groups)) is not None:
        context = replace(context, whole=trade, measure="")
    leading = groups[0].regions if len(named) > 1 else []
    traded = [form for group in groups for token in group.words if (form := _amount(token)) is not None]
    amount = traded[-1] if traded else ""
    context = replace(context, amount="") if traded else context
    found: list[Item] = []
    if any(token.text in _SCOPES or token.text in _SCOPED for token in tokens) and context.measure in (
        "",
        "fai",
        "retail",
    ):
        context = replace(context, measure="va")  # 规上氟化工产业增长29.5%: only value added is meant so
    limited = any(token.text[:1] == "限" and token.kind in ("filler", "word") for token in tokens)
    branch = context.branch
    partner = next((token for token in groups[0].words if is_partner(token)), None) if len(groups) > 1 else None
    scoped = any(token.text in _SCOPES for token in tokens)
    for group in groups:
        if scoped:
            group.words = produced(group.words)
        if partner is not None and not any(is_partner(token) or is_measure(token) for token in group.words):
            group.words.insert(0, partner)  # 对东盟出口的纺织机械、纺织原料
        item = _item(group, replace(context, measure=shared or context.measure, branch=branch))
        if item.subject is None and found and found[-1].subject is not None and found[-1].subject.id == "industrial_va":
            item.subject = _of_industry(group)
        industrial = item.subject is not None and item.subject.id == "industrial_va"
        if industrial and not scoped and group.text.startswith("工业") and _on_sector(branch):
            item.subject = subjects()["all_industry_va"]  # 第二产业增加值 ..., 其中: 工业
        branch = item.branch or branch
        plain = item.subject is not None and (item.subject.id != "retail_sales" or group.text == "消费品零售额")
        within = context.above and plain
        if item.subject is not None and (limited or within):
            item.subject = None if _of_own_category(item.subject) else above_size(item.subject)
        if item.subject is not None and found and found[-1].subject is not None:
            item.subject = carried_by(item.subject, found[-1].subject)
        item.amount = amount or context.amount
        item.region, unclear = place_of(group.regions or leading, home)
        item.unclear = unclear or item.unclear
        found.append(item)
    return found


def _of_own_category(subject: Subject) -> bool:
    """限额以上批零贸易业零售额: of units above a size, by words that no table knows."""
    return not subject.id.isascii()


def _of_industry(group: _Group) -> Subject | None:
    """规模以上工业增加值、产值: the measure alone behind one of all industry."""
    keys = [token.value.roles.get("measure") for token in group.words if is_measure(token)]
    alone = len(keys) == len(group.words) == 1 and keys[0] in ("output_value", "revenue", "profit")
    return compose(measures()[keys[0]], words()["工业企业"]) if alone and keys[0] else None


def _share_kind(groups: Sequence[_Group]) -> None:
    """摩托车和装备产业: products that share the kind of the last of the list are branches."""
    if not groups or not groups[-1].words:
        return
    kind = next((kind for kind in ("产业", "行业", "工业") if groups[-1].words[-1].text.endswith(kind)), "")
    for group in groups[:-1] if kind else ():
        if len(group.words) == 1 and "branch" not in group.words[0].value.roles:
            name = group.words[0].text + kind
            if name in words():
                group.words[0] = Token("word", group.words[0].text, words()[name])


def _share_goods(groups: Sequence[_Group]) -> None:
    """对印度、美国出口机电产品: what is said behind the last of several partners is traded with each of them."""
    if len(groups) < 2 or not all(any(map(is_partner, group.words)) for group in groups):
        return
    last = [token for token in groups[-1].words if not is_partner(token)]
    if any(token.value.part for token in last) and all(len(group.words) == 1 for group in groups[:-1]):
        for group in groups[:-1]:
            group.words += last


def _trade(groups: Sequence[_Group]) -> Subject | None:
    """The trade that a list of partners shares: 对欧盟、日本进出口."""
    words = [token for group in groups for token in group.words]
    if len(groups) == 1 or not any("partner" in token.value.roles for token in words):
        return None
    named = [token.value.roles["subject"] for token in words if token.value.roles.get("subject") in _TRADES]
    return subjects()[named[0]] if len(named) == 1 else None


def _amount(token: Token) -> str | None:
    """How a measure of trade counts goods: 出口量, 出口额, 出口 (not said); None of other words."""
    measure = token.value.roles.get("measure", "")
    if not measure or not measures()[measure].trade or token.value.part:
        return None
    return "quantity" if token.text.endswith("量") else "value" if re.search("[额值]", token.text) else ""


def _measure(group: _Group) -> str:
    said = next((token.value.roles["measure"] for token in group.words if is_measure(token)), "")
    return said or next((key for token in group.words if (key := measure_inside(token.text))), "")


def _parts(token: Token) -> bool:
    """Whether what stands behind this is said of something else; not 正极材料实现产值."""
    return token.kind not in ("word", "ignored") and not token.text.endswith(("实现", "完成"))


def is_partner(token: Token) -> bool:
    """Whether a token is a word that names with whom trade is done."""
    return token.kind == "word" and "partner" in token.value.roles


def is_measure(token: Token) -> bool:
    """Whether a token is a word that says what of a part is measured."""
    return token.kind == "word" and "measure" in token.value.roles and not token.value.part


def _item(group: _Group, context: Context) -> Item:
    scope = [token for token in group.words if token.value.roles.get("branch") == "industry"]
    words = group.words
    others = [token for token in words if token not in scope]
    units = all(token.text[0] == "规" for token in scope)
    if any(token.value.part or (units and "subject" in token.value.roles) for token in others):
        # 规模以上工业私营企业: the scope says nothing new
        words = others
    partners = list(dict.fromkeys(token.value.roles["partner"] for token in words if "partner" in token.value.roles))
    parts = list({tuple(one.value.roles.items()): one.value for one in words if one.value.part}.values())
    both = [token for token in words if is_measure(token) and "subject" in token.value.roles]  # 税收收入, 商品零售额
    wholes = [
        token.value.roles["subject"]
        for token in words
        if "subject" in token.value.roles and not (parts and token in both)
    ]
    keys = list(
        dict.fromkeys(
            token.value.roles["measure"] for token in words if is_measure(token) and (parts or token not in both)
        )
    )
    if set(keys) == _POWER:
        keys = ["additions"]  # 新增风电装机容量
    branch = parts[0] if len(parts) == 1 else None
    if len(keys) == 1 and keys[0] in _ALONE and not parts and not wholes and group.text.endswith("量"):
        parts = [context.branch] if context.branch is not None else []  # 挖掘机销量 ..., 出口量
    if any("本外币" in token.text for token in words):
        context = replace(context, whole=None)
    if group.regions and group.text == "投资" and context.measure == "fai":
        developed = context.whole is not None and context.whole.id == "real_estate_investment"
        return Item(group.text, subjects()["real_estate_investment" if developed else "fixed_asset_investment"])
    if not partners:
        flows = (wholes or [key for key in keys if key in _ALONE])[:1]
        own = owned_by(flows[0], parts[0].roles.get("branch", "")) if flows and len(parts) == 1 else None
        subject = own or _subject(wholes, parts, keys, context, group.text)
        owned_or_goods = bool(parts) or (subject is not None and subject.id.startswith("trade_"))
        goods = (
            subject is not None
            and subject.trade
            and owned_or_goods
            and not subject.id.startswith(context.part.id if context.part is not None else " ")
        )
        narrow = context.part is not None and with_partner(context.part)
        if subject is None and not group.broken and context.measure and (branch_of := by_kind(words)) is not None:
            subject = compose(measures()[context.measure], branch_of)
        if subject is None and not group.broken and (own := by_its_words(words)):
            subject = own
        narrow = narrow and not any(token.text.startswith("总") for token in words)  # 磁铁总出口量
        doubt = f"whether only {context.part.id} is meant is not said" if goods and narrow and context.part else ""
        if context.vague and context.measure in _SERVICES and subject is not None and not keys and not wholes:
            doubt = doubt or "what its measure was said of was not understood"
        return Item(group.text, subject, branch, unclear=doubt)
    if not wholes and not parts and not keys:
        keys = [context.measure] if context.measure in _ALONE else keys
        wholes = [context.whole.id] if context.whole is not None and not keys else wholes
    context = replace(context, part=None)
    if len(partners) == len(parts) == len(wholes) == 1:
        own = owned_by(wholes[0], parts[0].roles.get("branch", ""), partners[0])
        if own is not None:
            return Item(group.text, own, branch, partner=partners[0])
    traded = _subject(wholes, parts, keys, context, group.text) if len(partners) == 1 else None
    return Item(group.text, traded_with(traded, partners[0]), branch, partner=partners[0])


def _subject(wholes: list[str], parts: list[Word], keys: list[str], context: Context, written: str) -> Subject | None:
    if len(parts) > 1 or len(keys) > 1:
        return None
    part = parts[0] if parts else None
    of = context.whole.id if context.whole is not None else ""
    if context.measure == "fiscal_expenditure" and of[:8] == "spending":
        return None  # 居民人均消费支出 ..., 卫生健康、教育支出
    if keys:
        return _with_measure(measures()[keys[0]], wholes, part, context, written)
    if len(wholes) == 1 and not (wholes := meant(wholes[0], written, of)):
        return None
    branch = context.branch.roles.get("branch", "industry") if context.branch is not None else "industry"
    if written == "出口交货值" and branch != "industry":
        return None  # 电子信息制造业实现营业收入 ..., 出口交货值
    if len(wholes) == 1:
        if written == "工业品价格" and context.measure == "cpi":
            return compose(measures()["cpi"], Word({"basket": "industrial_goods"}))
        if wholes[0] in ("trade_surplus", "trade_deficit") and context.part is not None:
            return None  # 对美国出口 ..., 贸易顺差
        whole = whole_subject(_BUILT.get(wholes[0], wholes[0]) if _on_construction(context) else wholes[0])
        if context.whole is not None and context.whole.id.endswith("_cny") and f"{whole.id}_cny" in subjects():
            return subjects()[f"{whole.id}_cny"]  # 人民币存款余额 ..., 贷款余额
        if context.measure in _POWER and part is not None and written != "发电":
            power = compose(measures()[context.measure], part)
            if power is not None:
                return power  # 新能源装机 ..., 其中风电
        industrial = (
            part is not None and part.roles.get("branch") == "industry" and whole.domain not in ("fai", "services")
        )
        developers = whole.domain == "real_estate" and part is not None and part.roles.get("branch") == "real_estate"
        if part is None or wholes[0] in part.roles.values() or industrial or developers:
            return whole
        narrower = whole.id in NARROWER or whole.id.endswith("generation")  # 制造业民间投资, 某某电网发电量
        return compose(measures()[whole.measure], part) if whole.measure and not narrower else None
    if part and "commerce" in part.roles and not wholes and of[7:] in ("wholesale", "retail_trade", "accommodation"):
        return subjects()[f"retail_{part.roles['commerce']}"]  # 批发业零售额 ..., 零售业
    if part is not None and not wholes and context.whole is not None:
        other = owned(context.whole, part.roles.get("branch", ""))  # 民营企业进出口 ..., 国有企业
        if other is not None:
            return other
    if wholes or part is None or not context.measure:
        return None
    if context.vague and context.measure == "fai" and part.roles.get("branch") in OWNERS:
        return None  # 海洋攻势投资 ..., 民营经济 ...: may be no kind of owner
    prices = context.measure == "ppi" and not _of_producers(part)
    return compose(measures()["cpi" if prices else context.measure], part)


def _of_producers(part: Word) -> bool:
    """Whether producers' prices are broken down by this: 衣着, not 猪肉."""
    return "branch" in part.roles or part.roles.get("basket") in _PRODUCED_GOODS


def _on_sector(branch: Word | None) -> bool:
    return branch is not None and branch.roles.get("branch") == "secondary"


def _on_construction(context: Context) -> bool:
    """Whether construction firms are spoken of, not developers."""
    whole = context.whole is not None and (context.whole.id.startswith("construction_") or "建筑业" in context.whole.id)
    return whole or (context.branch is not None and context.branch.roles.get("branch") == "construction")


def _with_measure(
    measure: Measure, wholes: list[str], part: Word | None, context: Context, written: str
) -> Subject | None:
    if measure.key == "cpi" and context.measure == "ppi" and (part is None or _of_producers(part)):
        measure = measures()["ppi"]
    if part is not None:
        return None if wholes and wholes[0] not in part.roles.values() else compose(measure, part)
    if len(wholes) == 1:
        whole = whole_subject(wholes[0])
        return whole if whole.measure == measure.key else None
    if measure.key in _ALONE and context.part is not None and context.branch is None and context.left:
        return None  # 对美国进出口 ...; 出口 ...
    if measure.key in _ALONE and context.part is not None and context.branch is None:
        return replace(context.part, id=f"{context.part.id}_{measure.key}")  # 民营企业进出口 ..., 其中出口
    if measure.key in _ALONE and (context.branch is None or context.measure != measure.key):
        return subjects()[_ALONE[measure.key]]
    if context.whole is not None and context.whole.id == _TOTALS.get(measure.key):
        return context.whole  # 固定资产投资 ..., 累计完成投资
    grain = context.branch is None and context.whole is not None and context.whole.id == "grain_area"
    if measure.key == "output" and grain:
        return subjects()["grain_output"]  # 粮食播种面积132.4万亩, 产量34.3万吨
    animals = context.whole.id if context.whole is not None and context.branch is None else ""
    if measure.key in _HERDS and animals.endswith(("_stock", "_slaughtered")):
        return compose(measure, Word({"animal": re.sub("_(?:stock|slaughtered)$", "", animals)}))  # 生猪存栏 ..., 出栏
    if written == "完成投资" and context.whole is not None and context.whole.domain == "fai" and context.branch is None:
        return context.whole  # 房地产开发投资快速增长, 完成投资 ...
    if measure.key == "sales_value" and context.whole is not None and context.whole.id == "housing_sales_area":
        return subjects()["housing_sales_value"]  # 商品房销售面积下降6.8%, 销售额下降9.6%
    if measure.key == "va" and written == "工业增加值" and _on_sector(context.branch):
        return subjects()["all_industry_va"]  # 第二产业增加值 ..., 其中工业增加值
    if context.whole is not None and context.whole.id.startswith("services_") and measure.key in _SERVICES:
        return subjects()[f"services_{measure.key}"]  # 规模以上服务业企业实现营业收入 ..., 营业利润
    own = context.branch is None or context.branch.roles.get("branch") == "industry"
    if (
        own
        and measure.key in ("profit", "revenue", "costs", "va")
        and context.whole is not None
        and context.whole.id in RESULTS
    ):
        return compose(measure, words()["工业企业"])  # 工业企业利润总额 ... 。营业收入
    return compose(measure, context.branch) if context.branch is not None and measure.part != "function" else None

"""Subjects, units and rates of which a text says only half, or whose other half stands before or behind them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from forecasting.sources.bulletin._clauses import OWNERS
from forecasting.sources.bulletin._lexer import Token
from forecasting.sources.bulletin._vocabulary import Subject, subjects

_INCOMES = frozenset(f"{kind}_income_per_capita" for kind in ("wage", "business", "property", "transfer"))
_POST = {"postal_revenue": "express_revenue", "postal_volume": "express_volume"}
_THROUGHPUT = {
    "foreign_trade_throughput": "port_containers_foreign",
    "domestic_trade_throughput": "port_containers_domestic",
}
_ENTITIES = frozenset(("self_employed_businesses", "cooperatives", "market_entities"))
_CARRIED = ("freight_turnover", "freight", "passenger_turnover", "passengers")
_CARRIERS = ("road", "water", "rail", "air", "road_water")
_IN_YUAN = {"亿": "亿元", "万亿": "万亿元"}
_GROWTHS = frozenset(
    f"{how}{what}"
    for how in ("较快", "快速", "大幅", "稳定", "稳步", "平稳", "高速", "持续", "小幅")
    for what in ("增长", "下降")
)
_BESIDE = ("filler", "compare")
_CLOSED = ("comma", "semicolon")
_MONEY = ("va", "fai", "retail", "fiscal")


def in_yuan(line: Sequence[Token]) -> list[Token]:
    """生产总值56.7亿，增长7.5%: yuan, where what is measured is never counted in anything else."""
    made = list(line)
    if not any(token.text in _IN_YUAN for token in line):
        return made
    for n in range(len(made) - 2, 0, -1):
        unit = _IN_YUAN.get(made[n + 1].text) if made[n].kind == "number" else None
        if unit is None or made[n + 1].kind != "residue" or made[n + 2 : n + 3] == [] or not _is_money(made[:n]):
            continue
        if made[n + 2].kind in ("comma", "semicolon", "compare", "verb") and not made[n].value[2]:
            figure = (made[n].value[0], unit, False)
            made[n : n + 2] = [Token("quantity", made[n].text + unit, figure)]
    return made


def growth_of(line: Sequence[Token]) -> list[Token]:
    """与去年同期相比，实现了39.0%的显著增长: the rate before its verb, said as one on the year before."""
    made = list(line)
    if not any(after.text == "的" and one.kind == "percent" for one, after in itertools.pairwise(line)):
        return made
    for n in range(len(made) - 2, 0, -1):
        if made[n].kind != "percent" or made[n + 1].text != "的" or made[n - 1].kind == "vague":
            continue
        passed = (m for m in range(n + 2, len(made)) if made[m].kind not in _BESIDE or made[m].text in _GROWTHS)
        end = next(passed, len(made) - 1)
        grown = made[end].kind in ("verb", "speed") or made[end].text in _GROWTHS
        closed = end + 1 < len(made) and (made[end + 1].kind in _CLOSED or made[end + 1].text == "。")
        said = any(token.kind == "compare" for token in (*_two_clauses(made[:n]), *made[n:end]))
        if grown and closed and said:
            sign = -1 if "降" in made[end].text or "减" in made[end].text else 1
            made[n : end + 1] = [Token("compare", "同比"), Token("verb", "增长" if sign > 0 else "下降", sign), made[n]]
    return made


def _two_clauses(before: Sequence[Token]) -> Sequence[Token]:
    """The tokens since the last comma but one, or the last figure."""
    breaks = 0
    for n in range(len(before) - 1, -1, -1):
        breaks += before[n].kind in ("comma", "semicolon")
        if breaks == 2 or before[n].kind in ("percent", "quantity"):
            return before[n + 1 :]
    return before


def _is_money(before: Sequence[Token]) -> bool:
    """Whether what is named directly before is a sum of money."""
    last = next((token for token in reversed(before) if token.kind not in ("filler", "cumulative")), before[-1])
    whole = subjects().get(last.value.roles.get("subject", "")) if last.kind == "word" else None
    return whole is not None and whole.domain in _MONEY


def meant(whole: str, written: str, of: str) -> list[str]:
    """What 工资性收入 or 业务收入 alone mean after a subject ``of``; empty where that is not clear.

    >>> meant("postal_revenue", "业务收入", "express_volume"), meant("postal_revenue", "业务收入", "gdp")
    (['express_revenue'], [])
    """
    if whole in _INCOMES and "人均" not in written:
        return [whole] if of in _INCOMES or of == "income_per_capita" else []
    if whole.startswith("fiscal_") and whole.endswith("_expenditure") and of.startswith("spending_per_capita"):
        return []  # 居民人均消费支出 ..., 其中教育支出
    if whole in _THROUGHPUT and of == "port_containers" and "货物" not in written:
        return [_THROUGHPUT[whole]]
    if whole in _ENTITIES and of == "market_entities_new":
        return [f"{whole}_new"]  # 新设经营主体 ..., 其中个体工商户 ...
    if whole in _POST and "邮" not in written:
        return [_POST[whole]] if of in _POST.values() else [whole] if of in _POST else []
    return [whole]


def produced(words: list[Token]) -> list[Token]:
    """规模以上煤炭企业生产原煤: without the branch that produces, which says nothing new of all above a size."""
    at = max((n for n, token in enumerate(words) if "product" in token.value.roles), default=0)
    said = any(token.value.roles.get("measure") == "output" for token in words)
    makers = [token for token in words[:at] if token.value.part]
    owned = any(token.value.roles.get("branch") in (None, *OWNERS) for token in makers)
    return [token for token in words if token not in makers] if said and not owned else words


def carried_by(subject: Subject, before: Subject) -> Subject | None:
    """公路客运量和旅客周转量: the turnover too is that of the roads; None where that is not in the table."""
    if subject.id not in _CARRIED:
        return subject
    kind = next((before.id.removeprefix(f"{one}_") for one in _CARRIED if before.id.startswith(f"{one}_")), "")
    return subjects().get(f"{subject.id}_{kind}") if kind in _CARRIERS else subject

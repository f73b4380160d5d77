"""Subjects of which a text says only half, because the other half stands before them."""

from __future__ import annotations

from forecasting.sources.bulletin._vocabulary import Subject, subjects

_INCOMES = frozenset(f"{kind}_income_per_capita" for kind in ("wage", "business", "property", "transfer"))
_POST = {"postal_revenue": "express_revenue", "postal_volume": "express_volume"}
_THROUGHPUT = {
    "foreign_trade_throughput": "port_containers_foreign",
    "domestic_trade_throughput": "port_containers_domestic",
}
_CARRIED = ("freight_turnover", "freight", "passenger_turnover", "passengers")
_CARRIERS = ("road", "water", "rail", "air", "road_water")


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
    if whole in _POST and "邮" not in written:
        return [_POST[whole]] if of in _POST.values() else [whole] if of in _POST else []
    return [whole]


def carried_by(subject: Subject, before: Subject) -> Subject | None:
    """公路客运量和旅客周转量: the turnover too is that of the roads; None where that is not in the table."""
    if subject.id not in _CARRIED:
        return subject
    kind = next((before.id.removeprefix(f"{one}_") for one in _CARRIED if before.id.startswith(f"{one}_")), "")
    return subjects().get(f"{subject.id}_{kind}") if kind in _CARRIERS else subject

"""A figure joined to its subject, region and window: what a row of the output says, and why it may be doubted."""

from __future__ import annotations

from dataclasses import dataclass

from forecasting.sources.bulletin._figures import Figure
from forecasting.sources.bulletin._phrases import UNITS
from forecasting.sources.bulletin._regions import Region
from forecasting.sources.bulletin._subjects import Item
from forecasting.sources.bulletin._vocabulary import TRADE_TOTALS, Subject, local_id, valued
from forecasting.sources.bulletin._windows import Window

_MONEY = frozenset(("yuan", "dollar"))
_MONEY_DOMAINS = frozenset(
    (
        "va",
        "fai",
        "retail",
        "fiscal",
        "income",
        "finance",
        "output_value",
        "revenue",
        "profit",
        "tax",
        "taxes_due",
        "loans",
        "developer_funds",
        "fai_funds",
        "named_money",
    )
)
_NO_MONEY = frozenset(("output", "sales", "capacity", "additions", "installed", "use", "power_use", "power"))
# what levels of a domain are measured in, where that is one kind alone
_OWN_KIND = {
    "energy": "energy",
    "additions": "power",
    "capacity": "power",
    "entities": "entities",
    "registrations": "entities",
    "population": "people",
    "jobs": "people",
    "sown_area": "land",
}
_SUMS = ("_va", "gdp", "_output_value", "_investment")
_SMALLEST = 100_000  # yuan
_IN_YUAN = 2015
_CONSTANT_PRICES = frozenset(("va", "prices", "cpi", "ppi", "output", "power", "services"))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A figure that was read: sure where ``reason`` is empty.

    Attributes:
        region: As in the catalogue (CN, CN-150200), "" where not known.
        indicator: The region's slug and the subject; an unknown subject in its own words.
        period: YYYY-MM, last month of the window, "" where not known.
        measure: As in an observation; ``yoy`` or ``level`` where the window is not known.
        value: As printed, multiples in percent.
        unit: As the catalogue writes it.
        sentence: In which it stands.
        reason: Why it is doubtful.
        decimals: To which the value was rounded; negative where to tens or more.
    """

    region: str
    indicator: str
    period: str
    measure: str
    value: str
    unit: str
    sentence: str
    reason: str = ""
    decimals: int = 0


def candidate(
    item: Item, figure: Figure, region: Region | None, window: Window | None, currency: str, sentence: str
) -> Candidate:
    """The row that a figure makes; what is not known stays empty, and the reason says so."""
    reasons = []
    subject, indicator = item.subject, item.written
    if subject is None:
        reasons.append(f"subject {item.written!r} is not in the table" if item.written else "no subject")
    else:
        suffix, why = _variant(subject, item, figure, currency or _usual(subject, region, window))
        reasons += why
        indicator = (subject.id if region is None else local_id(subject, region)) + suffix
        reasons += _level_problem(subject, figure.unit) if not figure.rate else []
        reasons += _misprint(subject, figure) if not figure.rate else []
        reasons += _level_problem(subject, item.unit) if figure.rate and item.unit else []
    if region is None:
        reasons.append("the region is not stated")
    period, measure = "", "yoy" if figure.rate else "level"
    if window is None:
        reasons.append("the window is not stated")
    elif window.why_not:
        reasons.append(window.why_not)
    elif window.end and not window.cumulative and subject is not None and not subject.stock:
        reasons.append("a flow at the end of a month")
    elif window.year is None:
        reasons.append("the year is not stated")
    else:
        period = f"{window.year:04d}-{window.last:02d}"
        prefix = window.prefix()
        if subject is not None and subject.stock:
            prefix = "month"  # 上半年, 市场主体总数 ...: at its end
        measure = f"{prefix}_{measure}"
    if figure.rate and figure.value.startswith("-") and float(figure.value) <= -100:
        reasons.append("a fall by all or more")
    unit = "percent" if figure.rate else UNITS.get(figure.unit, (figure.unit, ""))[0]
    code = "" if region is None else region.code
    doubt = "; ".join(reasons)
    return Candidate(code, indicator, period, measure, figure.value, unit, sentence, doubt, figure.decimals)


def _usual(subject: Subject, region: Region | None, window: Window | None) -> str:
    """The currency of a region's trade where none is said: its customs publish in yuan alone since 2015.

    The nation's is published in both, foreign investment mostly in dollars.
    """
    local = region is not None and region.level > 0 and region.code != "CN"
    late = window is not None and window.year is not None and window.year >= _IN_YUAN
    return "cny" if local and late and not subject.id.startswith(("fdi", "odi", "services_", "software_")) else ""


def _variant(subject: Subject, item: Item, figure: Figure, currency: str) -> tuple[str, list[str]]:
    """What an id needs behind it: the currency or kind of trade, constant prices."""
    suffix = ""
    if subject.trade:
        printed = figure.unit if not figure.rate else item.unit
        kind = UNITS.get(printed, ("", ""))[1]
        total = subject.id in TRADE_TOTALS or subject.id.startswith(("trade_", "fdi_"))
        if not total and ((kind not in _MONEY and kind) or (not kind and item.amount == "quantity")):
            return "", []
        if not total and not kind and not valued(subject) and item.amount != "value":
            return "", ["whether a quantity or a value grew is not said"]
        if total and kind and kind not in _MONEY:
            return "", [f"{printed} does not measure it"]
        money = {"yuan": "cny", "dollar": "usd"}.get(kind, currency)
        if not money:
            return "", ["the currency is not stated"]
        suffix = ("" if total else "_value") + ("_cny" if money == "cny" else "")
    if figure.real and subject.domain not in _CONSTANT_PRICES:
        suffix += "_real"
    return suffix, []


def _level_problem(subject: Subject, unit: str) -> list[str]:
    """Why a level in this unit, or the growth given behind one, is no figure of the subject."""
    kind = UNITS.get(unit, ("", ""))[1]
    wrong = (
        (subject.domain in _MONEY_DOMAINS and kind not in _MONEY)
        or (subject.domain in _NO_MONEY and kind in _MONEY)
        or subject.domain in ("prices", "cpi", "ppi", "services_production")
        or _OWN_KIND.get("energy" if _is_energy(subject) else subject.domain, kind) != kind
        or (subject.id.startswith(("freight", "passenger")) and kind in _MONEY)  # 公路旅客运输企业实现6.0亿元
        or (kind == "entities" and subject.domain not in _OWN_KIND)
        or (kind == "land" and not subject.id.endswith(("_area", "面积")))
    )
    return [f"{unit} does not measure it"] if wrong else []


def _misprint(subject: Subject, figure: Figure) -> list[str]:
    """种植业增加值82.25元: no sum of a whole region."""
    small = figure.unit == "元" and subject.id.endswith(_SUMS) and float(figure.value) < _SMALLEST
    return ["in yuan: 万 or 亿 may be left out"] if small else []


def _is_energy(subject: Subject) -> bool:
    measured = ("power_use", "power_exports")
    return subject.domain in ("power", "power_use") and (
        subject.id.startswith(measured) or subject.id.endswith("_generation")
    )

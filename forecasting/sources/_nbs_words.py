"""The words that the bureau's services share: JSON, names that say what is measured, periods."""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import Decimal, InvalidOperation
from typing import Any

from forecasting.catalog import Catalog, Series
from forecasting.decimals import places
from forecasting.errors import SourceError
from forecasting.observations import RATES
from forecasting.payloads import Payload
from forecasting.sources._units import NUMBER, converted

# the first that fits decides; month on month is none of our measures
_MEASURES = (
    ("环比", "month on month"),
    ("累计同比", "ytd_yoy"), ("累计增", "ytd_yoy"),
    ("同比", "month_yoy"),
    ("累计值", "ytd_level"), ("本期累计", "ytd_level"),
    ("当期值", "month_level"), ("期末值", "month_level"),
)  # fmt: skip
_BRACKETS = re.compile(r"\([^()]*\)\s*$")


def read_json(payload: Payload) -> Any:
    """The content of a JSON reply; numbers stay the text they were written as.

    UTF-8 is what JSON is written in; a reply that is not is tried as GB 18030, whatever its header says.

    Raises:
        SourceError: A web page came, or something that is not JSON.
    """
    body = payload.body
    if is_page(body):
        what = "a web page came instead of figures, perhaps a firewall's check for browsers"
        raise SourceError(f"{payload.source}: {payload.address}: {what}; try again later", closed=True)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return json.loads(body.decode(encoding), parse_float=str, parse_int=str, parse_constant=str)
        except UnicodeDecodeError:
            continue
        except (ValueError, RecursionError) as error:
            what = "the reply is empty" if not body.strip() else f"the reply is not JSON ({error})"
            raise SourceError(f"{payload.source}: {payload.address}: {what}; nothing was read") from error
    what = "the reply is text in neither UTF-8 nor GB 18030; nothing was read"
    raise SourceError(f"{payload.source}: {payload.address}: {what}")


def is_page(body: bytes) -> bool:
    """Whether a reply is a web page."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def our_unit(catalog: Catalog, indicator: str, measure: str) -> str:
    """The unit in which the catalogue wants a figure."""
    if measure in RATES:
        return "percent"
    return catalog[indicator].unit if indicator in catalog else ""


def plain(text: Any) -> str:
    """A name without full-width forms and spaces."""
    return "".join(unicodedata.normalize("NFKC", text if isinstance(text, str) else "").split())


def without_unit(name: str) -> str:
    """A plain name without the unit in brackets at its end."""
    return _BRACKETS.sub("", plain(name))


def measure_of(name: str) -> str | None:
    """The measure that a name says, ``month on month`` for what is none of ours; None where it says nothing.

    >>> measure_of("规上工业增加值累计增长 （%）"), measure_of("规上工业增加值_同比增长"), measure_of("发电量_累计值")
    ('ytd_yoy', 'month_yoy', 'ytd_level')
    """
    text = without_unit(name)
    return next((measure for word, measure in _MEASURES if word in text), None)


def contradiction(series: Series, name: str, unit: str) -> str:
    """Why a series is not what the catalogue says, by the name and the unit that the source gives it; or ""."""
    said = measure_of(name)
    if said is not None and said != series.measure:
        return f"{plain(name)!r} is {said}, the catalogue says {series.measure}; correct the mapping"
    given = plain(unit)
    if series.measure in RATES:
        bracket = _BRACKETS.search(plain(name))
        if "%" not in (given or (bracket[0] if bracket else "")):
            return f"the unit of a rate is {given!r}, not %; correct the mapping"
    elif given != plain(series.unit):
        return f"the unit is {given!r}, the catalogue expects {series.unit!r}; correct unit and factor there"
    return ""


def scaled(text: str, factor: float, decimals: str = "") -> dict[str, str]:
    """The cells ``value`` and ``decimals`` of a number's text times a factor, exactly.

    A power of ten moves the place to which the number was rounded; by another factor it is counted from the text.

    >>> scaled("88665.04", 0.01), scaled("0.35", 10000.0), scaled("6.2", 1.0, "1")
    ({'value': '886.6504', 'decimals': '4'}, {'value': '3500', 'decimals': '-2'}, {'value': '6.2', 'decimals': '1'})
    """
    if factor == 1:
        return {"value": text, "decimals": decimals}
    try:
        number = Decimal(text)
    except InvalidOperation:
        return {"value": text, "decimals": ""}  # the door says what is wrong with it
    _, digits, power = Decimal(repr(factor)).normalize().as_tuple()
    if digits == (1,) and NUMBER.fullmatch(text):
        value, left = converted(text, places(text), int(power))
        return {"value": value, "decimals": str(left)}
    return {"value": format(number * Decimal(repr(factor)), "f"), "decimals": ""}


def period_of(code: str, measure: str) -> str | None:
    """The month that a period code ends in; None where it is none, or one that the measure cannot have.

    >>> period_of("202602MM", "month_yoy"), period_of("202501SS", "ytd_yoy"), period_of("202412", "ytd_yoy")
    ('2026-02', '2025-03', '2024-12')
    """
    text = code.strip()
    cumulative = measure.startswith("ytd")
    if month := re.fullmatch(r"(\d{4})(0[1-9]|1[0-2])(MM)?", text, re.ASCII):
        return f"{month[1]}-{month[2]}"
    if (quarter := re.fullmatch(r"(\d{4})(?:0([1-4])SS|([A-D]))", text, re.ASCII)) and cumulative:
        number = int(quarter[2]) if quarter[2] else "ABCD".index(quarter[3]) + 1
        return f"{quarter[1]}-{3 * number:02d}"
    if (year := re.fullmatch(r"(\d{4})(YY)?", text, re.ASCII)) and cumulative:
        return f"{year[1]}-12"
    return None

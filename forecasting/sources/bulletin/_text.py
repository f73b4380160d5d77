"""One form for all the ways in which a character is written."""

from __future__ import annotations

import csv
import functools
import re
from importlib import resources

_DASHES = "—–－―‒‐‑−﹣~～∼〜﹘"
_PLAIN = {
    **{chr(ord("０") + n): str(n) for n in range(10)},
    **{chr(0xFF21 + n): chr(ord("A") + n) for n in range(26)},
    **{chr(0xFF41 + n): chr(ord("a") + n) for n in range(26)},
    **dict.fromkeys(_DASHES, "-"),
    "﹒": ".",
    **dict(
        zip("％﹪．（）﹙﹚：;；！？＋／〇“”‘’「」『』〔〕［］【】", '%%.()():；；!?+/零""\'\'""""()()()', strict=True)
    ),
}
_DAY = re.compile(r"(?<![0-9])(20[0-9]{2}/(?:0[1-9]|1[0-2]))(?=[0-3][0-9](?![0-9/]))")
_POINT = re.compile(r"(?<=[0-9])·(?=[0-9])")
_WIDE_THOUSANDS = re.compile(r"(?<=[０-９])，(?=[０-９]{3}(?![０-９]))")
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")


@functools.cache
def _table() -> dict[int, str]:
    with resources.files(__package__).joinpath("data/traditional.csv").open(encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows)
        pairs = dict(rows)
    return str.maketrans({**pairs, **_PLAIN})


def normal(text: str) -> str:
    """The text in simplified characters, half-width digits, signs and brackets, dashes as ``-``.

    A half-width comma stays only inside a number (thousands); between clauses it is the full-width one. A day of the
    month takes a stroke before it (2022/0520).

    >>> normal("規模以上工業增加值同比增長２４．６％,产值1,234.5亿元")
    '规模以上工业增加值同比增长24.6%，产值1,234.5亿元'
    """
    if "，" in text:
        text = _WIDE_THOUSANDS.sub(",", text)
    text = text.translate(_table())
    if "/" in text:
        text = _DAY.sub(r"\1/", text)
    if "·" in text:
        text = _POINT.sub(".", text)
    if "," not in text:
        return text
    kept = _THOUSANDS.sub("\0", text)
    return kept.replace(",", "，").replace("\0", ",")

"""Numbers as they are printed: digits with thousands separators, and Chinese numerals."""

from __future__ import annotations

import re

DIGITS = r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?"
NUMERALS = "零一二两三四五六七八九十百千"
_VALUE = {char: n for n, char in enumerate("零一二三四五六七八九")} | {"两": 2}
_SCALE = {"十": 10, "百": 100, "千": 1000}
_WHOLE = re.compile(f"[{NUMERALS}]+")


def plain(text: str) -> str:
    """A number as the digits of a decimal, with the places that were printed.

    >>> plain("1,234.50"), plain("二十四点六"), plain("十二"), plain("一百零五"), plain("二零二五")
    ('1234.50', '24.6', '12', '105', '2025')

    Raises:
        ValueError: The text is no number.
    """
    if text[:1].isascii():
        return text.replace(",", "")
    whole, dot, places = text.partition("点")
    if not _WHOLE.fullmatch(whole) or (dot and not all(char in _VALUE for char in places)) or (dot and not places):
        raise ValueError(f"{text!r} is no number")
    digits = "".join(str(_VALUE[char]) for char in places)
    return f"{_whole(whole)}.{digits}" if dot else _whole(whole)


def _whole(text: str) -> str:
    if not any(char in _SCALE for char in text):
        return "".join(str(_VALUE[char]) for char in text)
    total, digit = 0, None
    for char in text:
        if char in _SCALE:
            total += (1 if digit is None else digit) * _SCALE[char]
            digit = None
        else:
            digit = _VALUE[char]
    return str(total + (digit or 0))

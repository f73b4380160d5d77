"""What a number beside its verbs says: a rate of growth, a level, or nothing that is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from forecasting.decimals import places
from forecasting.sources.bulletin._lexer import Token
from forecasting.sources.bulletin._phrases import UNITS

FIGURES = frozenset(("percent", "times", "quantity", "flat"))
_SKIP = frozenset(("decoy", "noun", "against", "other", "past", "target"))
_PLAIN_VERBS = ("增长", "下降", "负增长", "增", "降")
_OF_PRICES = ("上涨", "下跌", "涨", "跌", "升", "走高", "走低")
_ROUNDED = frozenset(("约", "大约"))
_AFTER = ("左右", "以上", "以下", "以内", "多", "余", "上下")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure without its subject.

    Attributes:
        rate: Growth on a year before in percent, else a level.
        value: As printed, with its sign.
        unit: As printed; ``%`` of rates.
        doubt: Why it is not to be trusted, else "".
        real: At constant prices, said expressly.
        sign: Direction of the verb, for items of a list that leave the verb out.
        dearer: Said as of a price: 上涨, 下跌.
        decimals: To which the value was rounded; -1 of 1.6 times, which is 160 percent or 5 more or less.
    """

    rate: bool
    value: str
    unit: str
    doubt: str = ""
    real: bool = False
    sign: int = 0
    decimals: int = 0
    dearer: bool = False


def judge(before: Sequence[Token], figure: Token, after: Token | None, listed: int) -> Figure | None:
    """What a figure means by the tokens before and behind it; None where it is a decoy.

    Args:
        before: The tokens since the last figure.
        figure: A token of one of the kinds `FIGURES`.
        after: The next token.
        listed: Direction of a list whose items leave the verb out (+1, -1), 0 outside of one.
    """
    kinds = {token.kind for token in before}
    if figure.kind == "times" and figure.value[1] == "倍" and _ratio(before):
        return _multiple(str(Decimal(figure.value[0]) - 1))
    if kinds & _SKIP:
        return None
    vague = [token.text for token in before if token.kind == "vague" and not _rounded(token, figure)]
    if after is not None and after.kind == "vague" and after.text in _AFTER:
        vague.append(after.text)
    doubt = f"only an approximate figure: {vague[-1]}" if vague else ""
    if after is not None and after.text == "的":
        doubt = doubt or "the figure stands before what it belongs to"
    if "except" in kinds:
        doubt = doubt or "something is left out of it"
    if figure.kind == "flat":
        if "compare" not in kinds and not figure.text.startswith("同比") and not listed:
            return Figure(True, "0", "%", "持平 with what?")
        return Figure(True, "0", "%", doubt)
    if figure.kind == "quantity":
        return _level(before, figure, kinds, doubt)
    return _rate(before, figure, kinds, doubt, listed)


def _rounded(vague: Token, figure: Token) -> bool:
    """约31.6亿千瓦: decimals say to what a level was rounded."""
    return vague.text in _ROUNDED and figure.kind == "quantity" and "." in figure.value[0]


def _ratio(before: Sequence[Token]) -> bool:
    """是上年同期的2.5倍."""
    words = [token.text for token in before if token.kind not in ("ignored", "word", "region", "relative", "window")]
    return (
        words[-3:-1] in (["是", "上年同期"], ["为", "上年同期"], ["是", "去年同期"], ["为", "去年同期"], ["是", "上年"])
        and words[-1] == "的"
    )


def _multiple(times: str, doubt: str = "", real: bool = False) -> Figure:
    number = Decimal(times) * 100
    return Figure(True, f"{number.normalize():f}" if number else "0", "%", doubt, real, decimals=places(times) - 2)


def _level(before: Sequence[Token], figure: Token, kinds: set[str], doubt: str) -> Figure | None:
    number, unit, signed = figure.value
    comma = max((n for n, token in enumerate(before) if token.kind in ("comma", "semicolon")), default=-1)
    if {token.kind for token in before[comma + 1 :]} & {"verb", "move", "turn", "list"} or signed:
        return None  # 增加5亿元: a difference
    if "to" in kinds and "speed" in kinds:
        return None
    doubt = doubt or ("" if unit in UNITS else f"unit {unit} is not known")
    return Figure(False, number, unit, doubt, decimals=places(number))


def _rate(before: Sequence[Token], figure: Token, kinds: set[str], doubt: str, listed: int) -> Figure | None:
    number, unit, signed = figure.value
    verbs = [token for token in before if token.kind == "verb"]
    speeds = [token for token in before if token.kind == "speed"]
    real = "real" in kinds
    if not verbs and number[0] != "-" and any(token.kind == "turn" and token.text[-1] in "负降跌" for token in before):
        doubt = doubt or "whether it fell by that is not said"
    if number.startswith("-") and any(token.value < 0 for token in verbs + speeds):
        doubt = doubt or "a fall of a negative rate"
    if unit == "番":
        return _multiple(number, doubt, real)
    if unit == "倍":
        if not verbs or "to" in kinds:
            return None
        if verbs[-1].value < 0:
            return _multiple(f"-{number}", "a fall by multiples", real)
        return _multiple(number, doubt, real)
    if "move" in kinds and not ("to" in kinds and speeds):
        return None
    if speeds:
        sign = speeds[-1].value
        if verbs and "to" not in kinds:
            if verbs[-1].text not in _PLAIN_VERBS:
                doubt = (
                    doubt
                    or f"whether the rate itself is {number} or it moved by that: {speeds[-1].text}{verbs[-1].text}"
                )
            sign = verbs[-1].value
        return _growth(_signed(number, sign), doubt, real, sign)
    if verbs:
        if "to" in kinds and not _towards_growth(before):
            return None  # 提高到45%: a share
        grown = _growth(_signed(number, verbs[-1].value), doubt, real, verbs[-1].value)
        return replace(grown, dearer=True) if verbs[-1].text in _OF_PRICES else grown
    if "compare" in kinds and (signed or before[-1].kind == "compare"):  # 同比4.8%
        return _growth(number, doubt, real, 1)
    if listed:
        if listed < 0 and not number.startswith("-"):
            doubt = doubt or "no verb: whether it fell is not said"
        return _growth(number, doubt, real, listed)
    return None


def _towards_growth(before: Sequence[Token]) -> bool:
    """回落至增长3.1%."""
    return [one.kind for one in before[-2:]] == ["to", "verb"]


def _growth(number: str, doubt: str, real: bool, sign: int) -> Figure:
    return Figure(True, number, "%", doubt, real, sign, places(number))


def _signed(number: str, sign: int) -> str:
    return number if sign > 0 or number.startswith("-") or not number.strip("0.") else f"-{number}"

"""Clauses without a figure that say of what those behind them speak."""

from __future__ import annotations

import re
from collections.abc import Sequence

from forecasting.sources.bulletin._figures import Figure
from forecasting.sources.bulletin._lexer import Token
from forecasting.sources.bulletin._phrases import UNITS

_GOODS = re.compile("[^，。；:]{0,12}产品[^，。；:业]{0,10}(?:增|强劲|较快|快速|旺|向好)[^，。；:]{0,6}")
_SIZED = re.compile("限(?:额以)?上(?:单位|企业)?按.{2,8}分$")
_WATCHED = re.compile("重点(?:监测|联系|跟踪|调查)|监测|样本|抽样")
_COUNT = re.compile(
    "(?:其中)?有?[0-9]+个(?:省区市|省份|省|地区|盟市|市州|地市|设区市|市|区县|县区|旗县区|旗县|州市|县)"
)


def on_goods(clause: Sequence[Token]) -> bool:
    """新兴产品增势强劲: the output of goods."""
    return bool(_GOODS.fullmatch(_text(clause)))


def by_size(clause: Sequence[Token]) -> bool:
    """限额以上单位按消费类型分: units above a size alone."""
    return bool(_SIZED.search(_text(clause)))


def counts_places(clause: Sequence[Token]) -> bool:
    """9个省份同比增长: how many places, not which."""
    return bool(_COUNT.match(_text(clause)))


def units_counted(clause: Sequence[Token], figures: Sequence[Figure]) -> bool:
    """限额以上企业35户, 零售额4.8亿元: how many units above a size there are, which what follows is of."""
    return _is_count(figures) and any(token.text.startswith(("限额以上", "限上")) for token in clause)


def some_counted(clause: Sequence[Token], figures: Sequence[Figure]) -> bool:
    """重点监测的50户企业, 完成产值417亿元: what follows is of these alone."""
    return _is_count(figures) and bool(_WATCHED.search(_text(clause)))


def _is_count(figures: Sequence[Figure]) -> bool:
    return all(UNITS.get(one.unit, ("", ""))[1] == "entities" for one in figures)


def _text(clause: Sequence[Token]) -> str:
    return "".join([token.text for token in clause])

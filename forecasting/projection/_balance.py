"""The balance of the account, month by month and draw by draw.

``S + R_swarf + R_eol = D_dom + X_goods + X_raw + dK + losses + curtailed - unmet``. Domestic use comes first, then
exports as far as they are permitted, then stock up to its ceiling, then curtailment; in a deficit the stock gives
first, then exports, then domestic use goes unmet. So curtailed and unmet never occur together. The loop runs over
months; every step is arrays over draws.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from forecasting.projection._controls import Controls
from forecasting.projection._coupling import HORIZON
from forecasting.projection._demand import Wanted
from forecasting.projection._draws import Values
from forecasting.projection._growth import Array, log_rate
from forecasting.projection._structure import Structure

__all__ = ["Balance", "balance"]

NOTHING = 1e-100
"""Quantities below it have no ratios."""


@dataclass(frozen=True, eq=False)
class Balance:
    """All items at annual rate in kt of the account, stocks in kt, ``(HORIZON + 1, N)`` each.

    Attributes:
        supply: Primary supply, before losses and curtailment.
        swarf: Won back from machining.
        eol: Won back from used goods.
        use: Anchor to the need that is met; exports as far as shipped.
        raw: Exported before any use.
        stock: At the end of the month.
        stock_change: Over the month, at annual rate.
        losses: In processing.
        curtailed: What could be supplied and is not.
        unmet: Domestic need without supply.
        need: Domestic need.
        price: Start = 100.
        outside_price: Start = 100; what buyers outside pay.
        outside_wanted: What the outside wants from here, after its own supply.
        outside_draw: Out of stocks outside.
        outside_replaced: By others or by doing without, as time passes since the event.
        outside_unmet: What remains.
    """

    supply: Array
    swarf: Array
    eol: Array
    use: Mapping[str, Array]
    raw: Array
    stock: Array
    stock_change: Array
    losses: Array
    curtailed: Array
    unmet: Array
    need: Array
    price: Array
    outside_price: Array
    outside_wanted: Array
    outside_draw: Array
    outside_replaced: Array
    outside_unmet: Array

    def throughput(self) -> Array:
        """What comes in, for judging how well the balance closes."""
        return np.asarray(self.supply + self.swarf + self.eol)

    def goods_exported(self, structure: Structure) -> Array:
        """Exports in goods of the anchors that leave as a whole."""
        gone = [self.use[key] for key in self.use if structure.anchors[key].export]
        return np.asarray(sum(gone, np.zeros_like(self.supply)))


ITEMS = ("swarf", "raw", "stock", "stock_change", "losses", "curtailed", "unmet", "need", "price", "outside_price",
         "outside_wanted", "outside_draw", "outside_replaced", "outside_unmet")  # fmt: skip


def balance(
    structure: Structure,
    values: Values,
    supply: Array,
    eol: Array,
    wanted: Mapping[str, Wanted],
    control: Controls,
    added_outside: Array,
) -> Balance:
    """Allocate what comes in to what is wanted.

    Swarf of a month is that of the goods made in the month before. Nothing is added to a stock above its ceiling, which
    use then runs down. The price follows the stock's cover:
    ``ln p(t) = persistence ln p(t-1) + response (1 - cover/normal)``, the last term between -response and response,
    where normal is today's cover or a lower ceiling; demand follows the price of the past months, smoothed over its
    lag, to the power of minus its elasticity.

    Args:
        structure: Which anchors take part and which are exported.
        values: Parameters.
        supply: Primary supply, account, ``(HORIZON + 1, N)``.
        eol: From used goods, likewise.
        wanted: Anchors of the account.
        control: Export regimes.
        added_outside: Supply outside above today's, likewise.
    """
    n = values.uniforms.draws
    out = {name: np.empty((HORIZON + 1, n)) for name in ITEMS}
    use = {key: np.empty((HORIZON + 1, n)) for key in wanted}
    made = {key: (1.0 - item.part) * values("supply.swarf.recovery") for key, item in wanted.items()}
    elastic = {key: values(f"demand.{key}.elasticity") for key in wanted}
    lost, cover0 = values("supply.losses"), values("stock.cover")
    ceiling = values("stock.ceiling")
    normal = np.minimum(cover0, ceiling)
    response, persistence, lag = (values(f"price.{name}") for name in ("response", "persistence", "lag"))
    raw_wanted = _raw(structure, values)
    home = [key for key in wanted if not structure.anchors[key].export]
    abroad = [key for key in wanted if structure.anchors[key].export]
    displaced = added_outside * values("entry.displacement") if structure.projects else added_outside * 0.0
    replaced = control.replaced
    scarce = np.log(values("control.scarcity_price")) if structure.regimes else np.zeros(n)

    price, felt = np.zeros(n), np.zeros(n)
    last = {key: item.need.kt[0] for key, item in wanted.items()}
    stock = cover0 * sum(last.values(), raw_wanted[0]) / 12.0
    outside_first = sum((last[key] for key in abroad), np.zeros(n)) + raw_wanted[0]
    outside_stock = values("outside.stock") * outside_first / 12.0
    for t in range(HORIZON + 1):
        need = {key: item.need.kt[t] * np.exp(-elastic[key] * felt) for key, item in wanted.items()}
        swarf = sum((made[key] * last[key] for key in wanted), np.zeros(n))
        flow = (supply[t] + swarf + eol[t]) / 12.0
        waste = lost * flow
        free = flow - waste + stock
        need_home = sum((need[key] for key in home), np.zeros(n)) / 12.0
        whole = (sum((need[key] for key in abroad), np.zeros(n)) + raw_wanted[t]) / 12.0
        asked = np.maximum(whole - displaced[t] / 12.0, 0.0)
        met = np.minimum(need_home, free)
        shipped = np.minimum(asked * control.shipped[t], free - met)
        rest = free - met - shipped
        kept = np.minimum(rest, np.maximum(ceiling * (need_home + asked), stock))
        change, stock = kept - stock, kept

        home_part = _over(met, need_home)
        abroad_part = _over(shipped, whole)
        for key in home:
            use[key][t] = last[key] = need[key] * home_part
        for key in abroad:
            use[key][t] = last[key] = need[key] * abroad_part
        short = asked - shipped
        by_others = short * replaced[t]
        drawn = np.minimum(outside_stock, short - by_others)
        outside_stock = outside_stock - drawn
        left = short - by_others - drawn
        lacking = left / np.maximum(asked, NOTHING)

        cover = _over(stock, need_home + asked)
        price = persistence * price + response * np.clip(1.0 - _over(cover, normal), -1.0, 1.0) * (t > 0)
        felt = felt + (price - felt) / lag
        month = (swarf / 12.0, raw_wanted[t] / 12.0 * abroad_part, stock / 12.0, change, waste, rest - kept,
                 need_home - met, need_home, 100.0 * np.exp(price) / 12.0,
                 100.0 * np.exp(price + scarce * lacking) * (1.0 + control.cost[t]) / 12.0,
                 asked, drawn, by_others, left)  # fmt: skip
        for name, item in zip(ITEMS, month, strict=True):
            out[name][t] = 12.0 * item
    return Balance(supply=supply, eol=eol, use=use, **out)


def _raw(structure: Structure, values: Values) -> Array:
    years = np.arange(HORIZON + 1, dtype=np.float64)[:, None] / 12.0
    if not structure.raw_exports:
        return np.zeros((HORIZON + 1, values.uniforms.draws))
    return np.asarray(values("exports_raw.base") * np.exp(log_rate(values("exports_raw.growth")) * years))


def _over(part: Array, whole: Array) -> Array:
    """A ratio, 1 where there is next to nothing to divide by."""
    return np.divide(part, whole, out=np.ones_like(whole), where=whole > NOTHING)

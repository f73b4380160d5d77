"""Which parameters the model knows, in which unit and range."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from forecasting.errors import AssumptionError
from forecasting.projection._growth import FAMILIES

__all__ = ["Spec", "check_names", "draw_blocks", "expected_parameters"]

INF = float("inf")


@dataclass(frozen=True, slots=True)
class Spec:
    """What is expected of one parameter: its unit, the closed range of its values, or its options."""

    unit: str
    low: float = -INF
    high: float = INF
    options: tuple[str, ...] = ()

    def check_range(self, low: float, high: float, place: str) -> None:
        """Refuse values outside of the range."""
        if low < self.low or high > self.high:
            raise AssumptionError(
                f"{place}: values from {low:g} to {high:g} {self.unit}; expected {self.low:g} to {self.high:g}"
            )


RATE = Spec("%/yr", -95.0, 1000.0)
SHARE = Spec("1", 0.0, 1.0)

COMMON = {
    "capacity.kappa": Spec("1", 0.0, 2.0),
    "capacity.growth_max": Spec("%/yr", 0.0, 1000.0),
    "capacity.city_share": SHARE,
    "capacity.utilisation_low": SHARE,
    "capacity.utilisation_mean": SHARE,
    "capacity.utilisation_high": SHARE,
    "capacity.utilisation_persistence": Spec("1", 0.0, 0.999),
    "capacity.utilisation_spread": Spec("1", 0.0, 5.0),
    "conversion.ndpr_share": SHARE,
    "conversion.rare_earth_in_magnet": SHARE,
    "conversion.magnet_yield": Spec("1", 0.05, 1.0),
    "growth.family": Spec("1", options=FAMILIES),
    "growth.half_life": Spec("yr", 0.05, 100.0),
    "handover.centre": Spec("months", -INF, INF),
    "handover.width": Spec("months", 0.01, 1000.0),
    "supply.imports": Spec("kt TREO/yr", 0.0),
    "supply.imports_growth": RATE,
    "supply.mine": Spec("kt TREO/yr", 1e-6),
    "supply.mine_long_run": RATE,
    "supply.mine_other_growth": RATE,
    "supply.recycled_treo_per_ndpr": Spec("1", 1.0, 20.0),
    "supply.swarf_recovery": SHARE,
    "claim.electrolysers": Spec("GW/yr", 1e-6),
    "claim.storage": Spec("GW/yr", 1e-6),
}


def expected_parameters(indicators: Iterable[str], anchors: Mapping[str, tuple[str, str]]) -> dict[str, Spec]:
    """All parameters that a file with these indicators and anchors has to give, with unit and range.

    Args:
        indicators: Keys of the indicators.
        anchors: Key to (basis, key of its indicator or "").
    """
    schema = dict(COMMON)
    for key in indicators:
        schema |= {f"indicators.{key}.prior": RATE, f"indicators.{key}.long_run": RATE}
    for key, (basis, indicator) in anchors.items():
        name = f"demand.{key}"
        schema |= {
            f"{name}.base": Spec(f"kt {basis}/yr", 0.0),
            f"{name}.long_run": RATE,
            f"{name}.cap": Spec("x", 1.001, 1e6),
            f"{name}.thrift": Spec("%/yr", 0.0, 50.0),
            f"{name}.exported": SHARE,
        }
        if not indicator:
            schema[f"{name}.growth"] = RATE
    return schema


def draw_blocks(indicators: Iterable[str], anchors: Mapping[str, tuple[str, str]]) -> list[str]:
    """Names of the uniform blocks: one per parameter, and for the shared growth assumptions one per user."""
    users = [f"indicators.{key}" for key in indicators] + [f"demand.{key}" for key in anchors] + ["supply.mine"]
    blocks = set(expected_parameters(indicators, anchors)) - {"growth.family", "growth.half_life"}
    blocks |= {f"growth.half_life@{user}" for user in users}
    blocks |= {f"growth.family@demand.{key}" for key in anchors}
    return sorted(blocks)


def check_names(names: Iterable[str], schema: Mapping[str, Spec], where: str, *, complete: bool = True) -> None:
    """Refuse unknown parameter names, and with ``complete`` missing ones."""
    given = list(names)
    for name in given:
        if name not in schema:
            close = difflib.get_close_matches(name, schema, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else f"known are {', '.join(sorted(schema))}"
            raise AssumptionError(f"{where}: parameter {name!r} is unknown; {hint}")
    missing = sorted(set(schema) - set(given))
    if complete and missing:
        units = ", ".join(f"{name} [{schema[name].unit}]" for name in missing)
        raise AssumptionError(f"{where}: parameter missing: {units}")

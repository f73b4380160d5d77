"""Which parameters the model knows for a structure, in which unit and range, and which may be left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from forecasting.errors import AssumptionError, suggestion
from forecasting.projection._growth import FAMILIES
from forecasting.projection._structure import Anchor, Structure

__all__ = ["Spec", "check_names", "draw_blocks", "expected_parameters", "users"]

INF = float("inf")

KINDS = ("chance", "quota", "capacity", "growth", "routes", "demand")
"""Kinds of parameters that move results most, which get the first dimensions of the Sobol sequence."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is expected of one parameter.

    Attributes:
        unit: Its unit.
        low: Smallest value allowed.
        high: Largest value allowed.
        options: What can be chosen between, where the parameter is a choice and no number.
        default: Value of a parameter that a file leaves out, which switches its mechanism off; None where the
            parameter has to be given.
        fixed: Whether it is one number for all draws, so that only a point will do.
    """

    unit: str
    low: float = -INF
    high: float = INF
    options: tuple[str, ...] = ()
    default: float | None = None
    fixed: bool = False

    def check_range(self, low: float, high: float, place: str) -> None:
        """Refuse values outside of the range."""
        if low < self.low or high > self.high:
            raise AssumptionError(
                f"{place}: values from {low:g} to {high:g} {self.unit}; expected {self.low:g} to {self.high:g}"
            )


RATE = Spec("%/yr", -95.0, 1000.0)


def share(default: float | None = None) -> Spec:
    """A number between 0 and 1."""
    return Spec("1", 0.0, 1.0, default=default)


def number(
    unit: str, low: float = -INF, high: float = INF, default: float | None = None, *, fixed: bool = False
) -> Spec:
    """A number with a unit and a range."""
    return Spec(unit, low, high, default=default, fixed=fixed)


COMMON = {
    "growth.family": Spec("1", options=FAMILIES),
    "growth.half_life": number("yr", 0.05, 100.0),
    "growth.limit": number("%/yr", 0.0, 1000.0, default=25.0),
    "growth.innovation": number("1/yr", 1e-6, 1.0, default=0.02),
    "growth.renewal": number("yr", 1.0, 100.0, default=10.0),
    "handover.centre": number("months"),
    "handover.width": number("months", 0.01, 1000.0),
    "handover.stale_after": number("months", 0.0, 1000.0, default=3.0, fixed=True),
    "capacity.kappa": number("1", 0.0, 2.0),
    "capacity.between_episodes": number("1", 0.0, 10.0, default=0.25, fixed=True),
    "capacity.growth_max": number("%/yr", 0.0, 1000.0),
    "capacity.gestation": number("months", 0.0, 120.0, default=0.0),
    "capacity.scrapping": number("%/yr", 0.0, 100.0, default=100.0),
    "capacity.region_share": share(default=1.0),
    "capacity.other_growth": Spec("%/yr", -95.0, 1000.0, default=0.0),
    "capacity.utilisation_low": share(),
    "capacity.utilisation_mean": share(),
    "capacity.utilisation_high": share(),
    "capacity.utilisation_persistence": number("1", 0.0, 0.999),
    "capacity.utilisation_spread": number("1", 0.0, 5.0),
    "supply.separation.recovery": share(default=1.0),
    "supply.separation.headroom": number("x", 1.0, 100.0, default=100.0),
    "supply.swarf.recovery": share(default=0.0),
    "supply.swarf.second_per_account": number("1", 1.0, 100.0, default=1.0),
    "supply.end_of_life.yield": share(default=0.0),
    "supply.end_of_life.bound": share(default=1.0),
    "supply.end_of_life.shape": number("1", 0.5, 20.0, default=3.0, fixed=True),
    "supply.losses": share(default=0.0),
    "stock.cover": number("months", 0.0, 120.0),
    "stock.ceiling": number("months", 0.0, 120.0),
    "price.response": number("1", 0.0, 1.0, default=0.0),
    "price.persistence": number("1", 0.0, 0.999, default=0.9),
    "price.lag": number("months", 1.0, 120.0, default=12.0),
    "substitution.research": number("yr", 0.0, 50.0, default=5.0),
    "substitution.commercial": number("yr", 0.0, 50.0, default=3.5),
    "substitution.adoption": number("yr", 0.0, 50.0, default=2.0),
    "substitution.width": number("yr", 0.05, 20.0, default=1.5),
}

ENTRY = {
    "entry.assessment": number("months", 0.0, 600.0),
    "entry.consultation": number("months", 0.0, 600.0),
    "entry.overlap": share(),
    "entry.approvals": number("months", 0.0, 600.0),
    "entry.appeal_probability": share(),
    "entry.appeal": number("months", 0.0, 600.0),
    "entry.build": number("months", 0.0, 600.0),
    "entry.slip": number("x", 0.1, 20.0),
    "entry.processing": number("months", 0.0, 600.0),
    "entry.ramp": number("months", 1.0, 240.0),
    "entry.ramp_start": share(),
    "entry.success": share(),
    "entry.pace": number("x", 0.1, 2.0, default=1.0),
    "entry.pace_after_event": number("x", 0.1, 2.0, default=1.0),
    "entry.displacement": share(),
}


def expected_parameters(structure: Structure) -> dict[str, Spec]:
    """All parameters that a file of this structure gives or may give, with unit and range."""
    account = structure.account
    schema = dict(COMMON)
    for key in structure.indicators:
        schema |= {f"indicators.{key}.prior": RATE, f"indicators.{key}.long_run": RATE}
    for basis, unit in structure.units.items():
        if basis == account:
            continue
        schema[f"basis.{basis}.content"] = number("1" if unit == "kt" else f"kt/{unit}", 1e-9, 1e3)
        if basis != structure.second:
            schema |= {
                f"basis.{basis}.stoichiometry": number("1", 1e-3, 1e3, default=1.0),
                f"basis.{basis}.yield": number("1", 0.05, 1.0, default=1.0),
            }
    for key, route in structure.routes.items():
        schema[f"routes.{key}.base"] = number(structure.flow_unit(route.basis), 1e-9)
        if route.kind == "import":
            schema[f"routes.{key}.growth"] = RATE
            continue
        schema |= {
            f"routes.{key}.headroom": number("x", 1.0, 100.0),
            f"routes.{key}.grade_change": Spec("%/yr", -50.0, 50.0, default=0.0),
            f"routes.{key}.beneficiation": number("1", 0.01, 0.99, default=0.5),
            f"routes.{key}.beneficiation_drift": number("1/yr", -5.0, 5.0, default=0.0),
        }
        if route.quota:
            schema[f"routes.{key}.undocumented"] = number("1", 0.0, 5.0, default=0.0)
    if structure.quota_states:
        schema |= {
            "quota.start": Spec("1", options=structure.quota_states),
            "quota.stay": share(),
            "quota.tilt": number("1", -20.0, 20.0, default=0.0),
            "supply.separation.quota_room": number("x", 1.0, 100.0, default=100.0),
        }
        for state in structure.quota_states:
            schema |= {f"quota.growth.{state}": RATE, f"quota.weight.{state}": number("1", 0.0, 1e3)}
    for key, anchor in structure.anchors.items():
        schema |= _anchor(key, anchor, structure)
    if structure.raw_exports:
        schema |= {"exports_raw.base": number(f"kt {account}/yr", 0.0), "exports_raw.growth": RATE}
    for key in structure.inputs:
        schema[f"inputs.{key}.room"] = number("x", 1.0, 1e3)
    for state in structure.regimes:
        schema |= {
            f"control.{state}.cut": share(default=0.0),
            f"control.{state}.leakage": share(default=0.0),
            f"control.{state}.delay": number("weeks", 0.0, 520.0, default=0.0),
            f"control.{state}.cost": number("%", 0.0, 1000.0, default=0.0),
            f"control.{state}.weight": number("1", 0.0, 1e3, default=0.0),
        }
    if structure.regimes:
        schema |= {
            "control.hazard": number("%/yr", 0.0, 99.0),
            "control.duration": number("months", 0.0, 600.0),
            "control.recovery": number("months", 0.01, 120.0, default=1.0),
            "control.scarcity_price": number("x", 1.0, 1e3, default=1.0),
        }
        schema |= {f"control.replaced.{month}": share() for month in structure.response_months}
    schema |= {
        "outside.supply": number(f"kt {account}/yr", 0.0, default=0.0),
        "outside.supply_growth": Spec("%/yr", -95.0, 1000.0, default=0.0),
        "outside.stock": number("months", 0.0, 120.0, default=0.0),
    }
    if structure.projects:
        schema |= ENTRY
    for key in structure.projects:
        schema |= {
            f"project.{key}.capacity": number(f"kt {account}/yr", 0.0),
            f"project.{key}.elapsed": number("months", 0.0, 600.0),
        }
    if structure.imposed:
        schema["imposed.share"] = share(default=0.0)
    schema |= {f"claim.{name}": number(structure.equipment_unit, 1e-9) for name in structure.equipment}
    return schema


def _anchor(key: str, anchor: Anchor, structure: Structure) -> dict[str, Spec]:
    name, unit, activity = f"demand.{key}", structure.flow_unit(anchor.basis), anchor.activity_unit
    specs = {
        f"{name}.long_run": RATE,
        f"{name}.cap": number("x", 1.001, 1e6),
        f"{name}.thrift": number("%/yr", 0.0, 50.0, default=0.0),
        f"{name}.substitution_max": share(default=0.0),
    }
    if activity:
        specs |= {
            f"{name}.activity": number(f"{activity}/yr", 0.0),
            f"{name}.intensity": number(f"{unit.removesuffix('/yr')}/{activity}", 0.0),
            f"{name}.share": share(default=1.0),
        }
    else:
        specs[f"{name}.base"] = number(unit, 0.0)
    if not anchor.indicator:
        specs[f"{name}.growth"] = RATE
    if not anchor.export:
        specs[f"{name}.exported"] = share(default=0.0)
    if structure.accounted(key):
        specs[f"{name}.elasticity"] = number("1", 0.0, 5.0, default=0.0)
    if structure.accounted(key) and not anchor.export:
        specs |= {
            f"{name}.lifetime": number("yr", 0.5, 100.0, default=10.0),
            f"{name}.past_growth": Spec("%/yr", -50.0, 1000.0, default=0.0),
            f"{name}.collection": share(default=0.0),
        }
    return specs


def users(structure: Structure) -> dict[str, list[str]]:
    """Shared parameters that every user draws for itself: parameter to its users.

    Every event draws a duration anew, out of the chance of the controls, so that it has no numbers of its own.
    """
    indicators = [f"indicators.{key}" for key in structure.indicators]
    anchors = [f"demand.{key}" for key in structure.anchors]
    shared = {
        "growth.half_life": indicators + anchors,
        "growth.family": anchors,
        "growth.innovation": anchors,
        "growth.renewal": anchors,
        "control.duration": [],
    }
    entry = [name for name in ENTRY if not name.startswith(("entry.pace", "entry.displacement"))]
    return shared | {name: list(structure.projects) for name in entry if structure.projects}


def chances(structure: Structure) -> list[str]:
    """Blocks of chance that no parameter describes: rows of a pool of innovations, or a toss."""
    tosses = [f"chance.{what}@{key}" for key in structure.projects for what in ("appeal", "success")]
    pools = ["chance.utilisation"]
    pools += ["chance.quota"] if structure.quota_states else []
    pools += ["chance.control"] if structure.regimes else []
    return pools + tosses


def draw_blocks(structure: Structure) -> list[str]:
    """Names of the uniform blocks: one per parameter (and per user of a shared one) and per piece of chance.

    Sorted by how much their kind tends to move results, then by name.
    """
    shared = users(structure)
    blocks = [name for name in expected_parameters(structure) if name not in shared]
    blocks += [f"{name}@{user}" for name, names in shared.items() for user in names]
    return sorted(blocks + chances(structure), key=lambda name: (_kind(name), name))


def _kind(name: str) -> int:
    head = name.partition(".")[0]
    return KINDS.index(head) if head in KINDS else len(KINDS)


def check_names(names: Iterable[str], schema: Mapping[str, Spec], where: str, *, complete: bool = True) -> None:
    """Refuse unknown parameter names, and with ``complete`` missing ones that have no default."""
    given = list(names)
    for name in given:
        if name not in schema:
            raise AssumptionError(f"{where}: parameter {name!r} is unknown; {suggestion(name, schema)}")
    missing = sorted(name for name, spec in schema.items() if spec.default is None and name not in given)
    if complete and missing:
        units = ", ".join(f"{name} [{schema[name].unit}]" for name in missing)
        raise AssumptionError(f"{where}: parameter missing: {units}")

"""Every assumption moved over its own range, with the same random numbers on both sides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from forecasting.projection import Assumptions
from forecasting.projection._metrics import metric
from forecasting.projection._scenario import Outcome
from tests.projection.conftest import Simulated, fixed

UP, DOWN = 1, -1
SHARE = "absorption|TREO|first_use|endpoint|hydrogen_storage"
MAGNETS = ("nev", "inverter_ac", "motors_robots", "wind", "other_magnets", "exports_magnet")

Response = Callable[[Outcome], np.ndarray]


def named(name: str) -> Response:
    return lambda outcome: metric(outcome, name)


def own(anchor: str) -> Response:
    return lambda outcome: outcome.wanted[anchor].own.kt


def separated(outcome: Outcome) -> np.ndarray:
    return outcome.primary.separated.kt


def growing_share(outcome: Outcome) -> np.ndarray:
    """Absorption where output grows; more output then means a smaller share."""
    made = outcome.production["TREO"].kt
    return np.where(made > made[0] * 1.02, metric(outcome, SHARE), np.nan)


def shipped(outcome: Outcome) -> np.ndarray:
    return outcome.controls.shipped


def outside(outcome: Outcome) -> np.ndarray:
    return outcome.entry.supply


RESPONSES: dict[str, tuple[int, Response]] = {
    "capacity.kappa": (UP, named("capacity_index@@China")),
    "quota.tilt": (UP, separated),
    "quota.growth.hold": (UP, separated),
    "quota.growth.normal": (UP, separated),
    "quota.growth.surge": (UP, separated),
    "supply.separation.recovery": (UP, separated),
    "supply.separation.headroom": (UP, separated),
    "supply.separation.quota_room": (UP, separated),
    "inputs.fluorochemical.room": (UP, separated),
    "supply.end_of_life.yield": (UP, lambda outcome: outcome.balance.eol),
    "supply.end_of_life.bound": (UP, lambda outcome: outcome.balance.eol),
    "routes.imports.growth": (UP, separated),
    "routes.hard_rock.headroom": (UP, separated),
    "routes.hard_rock.undocumented": (UP, separated),
    "routes.hard_rock.grade_change": (UP, separated),
    "routes.hard_rock.beneficiation_drift": (UP, separated),
    "control.hazard": (UP, lambda outcome: outcome.controls.event.cumsum(axis=0).astype(float)),
    "control.SECTORAL.cut": (DOWN, shipped),
    "control.BAN.cut": (DOWN, shipped),
    "control.BAN.leakage": (UP, shipped),
    "control.LICENSING.delay": (DOWN, shipped),
    "control.recovery": (DOWN, shipped),
    "control.replaced.24": (UP, lambda outcome: outcome.controls.replaced),
    "outside.supply": (UP, outside),
    "entry.assessment": (DOWN, outside),
    "entry.consultation": (DOWN, outside),
    "entry.overlap": (UP, outside),
    "entry.approvals": (DOWN, outside),
    "entry.appeal": (DOWN, outside),
    "entry.build": (DOWN, outside),
    "entry.slip": (DOWN, outside),
    "entry.processing": (DOWN, outside),
    "entry.success": (UP, outside),
    "entry.ramp_start": (UP, outside),
    "project.mine_later.capacity": (UP, outside),
    "project.mine_early.elapsed": (UP, outside),
    "demand.hydrogen_storage.base": (UP, named(SHARE)),
    "demand.hydrogen_storage.cap": (UP, own("hydrogen_storage")),
    "demand.hydrogen_storage.thrift": (DOWN, own("hydrogen_storage")),
    "demand.la_ce_sinks.base": (UP, own("la_ce_sinks")),
    "demand.wind.intensity": (UP, own("wind")),
    "demand.wind.share": (UP, own("wind")),
    **{f"demand.{key}.cap": (UP, own(key)) for key in MAGNETS},
    **{f"demand.{key}.long_run": (UP, own(key)) for key in MAGNETS},
    **{f"demand.{key}.thrift": (DOWN, own(key)) for key in MAGNETS},
    **{f"demand.{key}.substitution_max": (DOWN, own(key)) for key in MAGNETS},
    **{f"demand.{key}.collection": (UP, lambda outcome: outcome.balance.eol) for key in MAGNETS[:-1]},
}


SELDOM = {"supply.separation.headroom", "inputs.fluorochemical.room"}
"""Bounds that other bounds keep from binding over their own range; test_supply.py tightens them until they do."""


def moved(assumptions: Assumptions, outcome: Simulated, name: str) -> tuple[Outcome, Outcome]:
    """The baseline with one assumption at the 5 % and at the 95 % quantile of its own distribution."""
    draws = 256 if name == "entry.processing" else 16  # the plant seldom takes longer than the mine
    drawn = outcome(assumptions, draws=16).drawn
    low, high = (float(drawn.at(name, np.array([level]))[0]) for level in (0.05, 0.95))
    assert low < high, name
    below, above = (outcome(fixed(assumptions, **{name: value}), draws=draws) for value in (low, high))
    return below, above


@pytest.mark.parametrize("name", list(RESPONSES))
def test_an_assumption_moves_what_it_should_in_its_direction_and_in_every_draw(assumptions, outcome, name) -> None:
    direction, response = RESPONSES[name]
    below, above = (response(item) for item in moved(assumptions, outcome, name))
    step = direction * (above - below)
    known = np.isfinite(step)
    tolerance = 1e-9 * np.nanmax(np.abs(below))
    if name == "demand.hydrogen_storage.base":
        known &= np.isfinite(growing_share(outcome(assumptions, draws=16)))
    assert (step[known] >= -tolerance).all()
    assert name in SELDOM or (step[known] > tolerance).any()


def test_a_larger_quota_lowers_absorption_and_a_larger_ceiling_raises_it(assumptions, outcome: Simulated) -> None:
    # without prices: cheap material raises demand, and so the swarf in production, some months later
    rigid = fixed(assumptions, price__response=0.0)
    slow, fast = (outcome(fixed(rigid, quota__tilt=tilt), draws=256) for tilt in (0.0, 1.0))
    less, more = growing_share(slow)[12:], growing_share(fast)[12:]
    both = np.isfinite(less) & np.isfinite(more)
    assert both.mean() > 0.5
    assert (more[both] <= less[both] + 1e-9).all()
    tight, wide = (outcome(fixed(assumptions, demand__hydrogen_storage__cap=cap), draws=256) for cap in (3.0, 9.0))
    below, above = growing_share(tight), growing_share(wide)
    both = np.isfinite(below) & np.isfinite(above)
    assert (above[both] >= below[both] - 1e-9).all()
    assert np.nanmedian(above[120]) > 1.3 * np.nanmedian(below[120])


@pytest.mark.slow
def test_every_assumption_can_go_to_both_ends_of_its_range(assumptions, outcome: Simulated) -> None:
    for name, parameter in assumptions.scenarios["baseline_mixture"].parameters.items():
        if parameter.dist in ("point", "published", "choice"):
            continue
        for end in moved(assumptions, outcome, name):
            account = end.balance
            out = sum(account.use.values()) + account.raw + account.stock_change + account.losses + account.curtailed
            assert (np.abs(account.throughput() - out) <= 1e-9 * account.throughput()).all(), name
            assert np.isfinite(account.price).all(), name

"""Stages, success and ramps of supply outside."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.projection import Assumptions
from forecasting.projection._draws import Uniforms, Values, sobol_points
from forecasting.projection._entry import ramp, stage_months
from forecasting.projection._schema import draw_blocks
from tests.projection.conftest import Simulated, fixed


@pytest.fixture(scope="module")
def values(assumptions: Assumptions, calibration) -> Values:
    blocks = draw_blocks(assumptions.structure)
    uniforms = Uniforms(blocks, sobol_points(len(blocks) + 1, 16384, 3), 3)
    return Values(assumptions.scenarios["baseline_mixture"].parameters, uniforms, calibration, "test")


def test_three_permit_stages_one_after_the_other(values: Values) -> None:
    total = sum(values(f"entry.{stage}", "mine_later") for stage in ("assessment", "consultation", "appeal"))
    assert total.mean() == pytest.approx(63, abs=0.05)
    assert total.std() == pytest.approx(np.sqrt((18**2 + 12**2 + 12**2) / 12), abs=0.05)
    assert f"{np.sqrt((18**2 + 12**2 + 12**2) / 12):.4f}" == "7.1414"
    assert total.min() >= 42
    assert total.max() <= 84


def test_entry_takes_as_long_as_the_stages_say(values: Values) -> None:
    years = stage_months(values, "mine_later") / 12
    assert np.median(years) == pytest.approx(6.8, abs=0.1)
    assert np.quantile(years, [0.05, 0.95]) == pytest.approx([4.9, 8.9], abs=0.15)
    assert ((years >= 5) & (years <= 7)).mean() == pytest.approx(0.50, abs=0.03)
    assert ((years >= 5) & (years <= 10)).mean() == pytest.approx(0.92, abs=0.02)
    assert (years < 5).mean() == pytest.approx(0.07, abs=0.02)
    assert (years > 10).mean() == pytest.approx(0.01, abs=0.01)


def test_a_ramp_starts_at_its_share_and_fills_the_plant() -> None:
    months = np.array([-1.0, 0.0, 36.0, 120.0])
    share = ramp(months, np.array(36.0), np.array(0.2))
    assert share[0] == 0
    assert share[1] == pytest.approx(0.2 + 0.8 * 0.05)
    assert share[2] == pytest.approx(0.2 + 0.8 * 0.95)
    assert share[3] == pytest.approx(1.0, abs=1e-4)


def test_faster_stages_never_bring_less_supply_and_success_brings_more(assumptions, outcome: Simulated) -> None:
    slow, fast = outcome(assumptions).entry, outcome(fixed(assumptions, entry__pace=0.7)).entry
    assert (fast.supply >= slow.supply - 1e-12).all()
    sure = outcome(fixed(assumptions, entry__success=1.0)).entry
    assert (sure.supply >= slow.supply - 1e-12).all()
    assert sure.supply[-1].mean() > slow.supply[-1].mean()


def test_after_an_event_what_is_left_of_the_stages_goes_faster(assumptions, outcome: Simulated) -> None:
    banned = outcome(assumptions, "full_ban").entry
    calm = outcome(assumptions, "licensing").entry
    assert (banned.supply >= calm.supply - 1e-12).all()
    assert banned.supply[60].mean() > calm.supply[60].mean()

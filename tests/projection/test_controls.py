"""Export regimes, their events and what they cost."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from forecasting.errors import AssumptionError
from forecasting.projection import Assumptions, any_event
from forecasting.projection._controls import controls, delay_kernel, hazard
from tests.projection.conftest import Simulated, changed, fixed


def test_the_probability_of_an_event_in_ten_years_is_the_known_one() -> None:
    assert f"{any_event(0.10, 0.20, 10):.4f}" == "0.7928"
    assert any_event(0.10, 0.20, 121 / 12) > 0.795  # what a loop of one month too many would give


def test_simulated_events_are_as_probable_as_they_should_be(assumptions, outcome: Simulated) -> None:
    happened = outcome(assumptions, draws=4096).controls.event.any(axis=0)
    assert abs(happened.mean() - 0.7928) < 3 * np.sqrt(0.7928 * 0.2072 / 4096)


def test_a_hazard_per_month_compounds_to_the_yearly_probability() -> None:
    p = np.array([1.0, 10.0, 20.0])
    np.testing.assert_allclose(1 - np.exp(-12 * hazard(p)), p / 100)


def test_without_a_hazard_the_mixture_is_the_forced_regime_of_today_bit_for_bit(assumptions, outcome) -> None:
    calm = fixed(assumptions, control__hazard=0.0)
    mixture, forced = outcome(calm, "baseline_mixture"), outcome(calm, "licensing")
    assert mixture.conditioning == "hazard mixture"
    assert forced.conditioning == "regime LICENSING imposed"
    for name in ("supply", "stock", "price", "outside_unmet", "outside_price"):
        np.testing.assert_array_equal(getattr(mixture.balance, name), getattr(forced.balance, name))
    np.testing.assert_array_equal(mixture.controls.state, forced.controls.state)
    np.testing.assert_array_equal(mixture.entry.supply, forced.entry.supply)


def test_a_larger_hazard_never_gives_fewer_events(assumptions, outcome: Simulated) -> None:
    counts = [outcome(fixed(assumptions, control__hazard=p)).controls.event.sum(axis=0) for p in (5.0, 15.0, 40.0)]
    assert (counts[0] <= counts[1]).all()
    assert (counts[1] <= counts[2]).all()
    assert counts[2].sum() > counts[0].sum()


def test_an_event_ends_and_gives_way_to_the_regime_of_today(assumptions, outcome: Simulated) -> None:
    state = outcome(fixed(assumptions, control__duration=3.0), draws=512).controls.state
    start = assumptions.structure.regimes.index("LICENSING")
    assert (state >= start).all()
    assert (state > start).any()
    share_above = (state > start).mean()
    longer = outcome(fixed(assumptions, control__duration=12.0), draws=512).controls.state
    assert (longer > start).mean() > 2 * share_above


def lasting_between(low: float, high: float, assumptions: Assumptions) -> Assumptions:
    spread = {"low": low, "high": high}
    return changed(assumptions, lambda name, old: dataclasses.replace(old, dist="uniform", args=spread)
                   if name == "control.duration" else old)  # fmt: skip


def test_a_regime_lasts_as_long_as_was_drawn_on_average(assumptions, outcome: Simulated) -> None:
    spread = lasting_between(3, 9, assumptions)
    rare = fixed(spread, control__hazard=2.0, control__LICENSING__weight=0.0)
    controls = outcome(rare, draws=8192).controls
    alone = controls.event.sum(axis=0) == 1
    first = controls.event.argmax(axis=0)
    whole = alone & (first <= 110)
    months = (controls.state != controls.state[0]).sum(axis=0)[whole]
    assert len(months) > 1000
    assert months.mean() == pytest.approx(6.0, abs=0.2)


def test_a_regime_lasts_no_longer_for_a_milder_event_before_it(assumptions, outcome: Simulated) -> None:
    # bans alone, or among five times as many new licences that change no regime: the same share of the months
    spread = lasting_between(1, 24, assumptions)
    alone = fixed(spread, control__hazard=5.0, control__LICENSING__weight=0.0, control__SECTORAL__weight=0.0)
    p = 100 * (1 - 0.95**6)
    among = fixed(spread, control__hazard=p, control__LICENSING__weight=5.0, control__SECTORAL__weight=0.0,
                  control__BAN__weight=1.0)  # fmt: skip
    banned = [(outcome(item, draws=8192).controls.state[25:] == 3).mean() for item in (alone, among)]
    assert banned[0] == pytest.approx(1 - np.exp(-0.0513 / 12 * 12.5), rel=0.06)
    assert banned[1] == pytest.approx(banned[0], rel=0.06)


def test_licensing_costs_exports_its_one_off_loss_and_nothing_else(assumptions, outcome: Simulated) -> None:
    # today's regime is NONE, prices do not move, nothing is ever short: what differs is the backlog alone
    free = dataclasses.replace(assumptions, structure=dataclasses.replace(assumptions.structure, start_regime="NONE"))
    free = fixed(free, control__hazard=0.0, price__response=0.0, stock__cover=60.0, stock__ceiling=100.0,
                 entry__pace_after_event=1.0)  # fmt: skip
    calm, licensed = outcome(free, "baseline_mixture"), outcome(free, "licensing")
    lost = delay_kernel(licensed.drawn("control.LICENSING.delay"), licensed.drawn("control.recovery"), 120)
    before, after = (item.balance.goods_exported(free.structure)[1:] / 12 for item in (calm, licensed))
    np.testing.assert_allclose((before - after).sum(axis=0), (before * lost).sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(after[60:], before[60:], rtol=1e-9)  # the flow itself is what it was
    months = lost.sum(axis=0)
    assert months.min() > 0.8
    assert months.max() < 2.7


def test_a_ban_leaves_what_leaks(assumptions, outcome: Simulated) -> None:
    result = outcome(assumptions, "full_ban")
    leaked = result.drawn("control.BAN.leakage")
    np.testing.assert_allclose(result.controls.shipped[1:], np.broadcast_to(leaked, (120, 128)), rtol=1e-12)
    assert result.controls.shipped[0].tolist() == [1.0] * 128


def test_a_regime_ships_what_it_neither_refuses_nor_holds_back_at_its_cost(assumptions, outcome: Simulated) -> None:
    result = outcome(fixed(assumptions, control__SECTORAL__leakage=0.25), "sectoral")
    held = delay_kernel(result.drawn("control.SECTORAL.delay"), result.drawn("control.recovery"), 120)
    refused = 0.75 * result.drawn("control.SECTORAL.cut")
    np.testing.assert_allclose(result.controls.shipped[1:], (1 - refused) * (1 - held), rtol=1e-12)
    for months, name in ((slice(0, 1), "LICENSING"), (slice(1, None), "SECTORAL")):
        cost = result.controls.cost[months]
        np.testing.assert_array_equal(cost, np.broadcast_to(result.drawn(f"control.{name}.cost") / 100, cost.shape))


def test_what_is_lost_is_replaced_along_the_stated_months(assumptions, outcome: Simulated) -> None:
    result = outcome(assumptions, "full_ban", draws=2048)
    replaced = result.controls.replaced
    assert (result.drawn("control.replaced.60") < result.drawn("control.replaced.24")).any()
    assert (replaced[:8] == 0).all()  # stocks alone for half a year after month 1
    np.testing.assert_allclose(replaced[25], result.drawn("control.replaced.24"))
    np.testing.assert_allclose(
        replaced[61], np.maximum(result.drawn("control.replaced.24"), result.drawn("control.replaced.60"))
    )
    assert (np.diff(replaced, axis=0) >= -1e-12).all()


def test_outside_what_is_wanted_is_shipped_drawn_replaced_or_unmet(assumptions, outcome: Simulated) -> None:
    for key in ("baseline_mixture", "sectoral", "full_ban"):
        account = outcome(assumptions, key).balance
        shipped = account.goods_exported(assumptions.structure) + account.raw
        total = shipped + account.outside_draw + account.outside_replaced + account.outside_unmet
        np.testing.assert_allclose(total, account.outside_wanted, rtol=1e-9, atol=1e-9)


def test_an_event_that_leads_nowhere_is_refused(assumptions, outcome: Simulated) -> None:
    none = {f"control__{name}__weight": 0.0 for name in assumptions.structure.regimes}
    with pytest.raises(AssumptionError, match="no regime from LICENSING on has a weight"):
        outcome(fixed(assumptions, **none))


def test_without_regimes_nothing_is_controlled(assumptions, outcome: Simulated) -> None:
    import dataclasses

    drawn = outcome(assumptions).drawn
    free = dataclasses.replace(assumptions.structure, regimes=())
    result = controls(free, drawn, "")
    assert (result.shipped == 1).all()
    assert not result.event.any()

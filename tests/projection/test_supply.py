"""Routes, quotas, separation, and what comes back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from forecasting.errors import AssumptionError
from forecasting.projection._quota import quota_states
from forecasting.projection._supply import weibull_kernel
from tests.projection.conftest import Simulated, fixed


def test_mines_dig_the_smaller_of_what_they_can_and_what_they_may(assumptions, outcome: Simulated) -> None:
    result = outcome(fixed(assumptions, routes__hard_rock__undocumented=0.0))
    mined = result.primary.routes["hard_rock"].kt
    np.testing.assert_allclose(mined[0], 250.9)
    tight = outcome(fixed(assumptions, routes__hard_rock__headroom=1.0, routes__hard_rock__undocumented=0.0))
    assert (tight.primary.routes["hard_rock"].kt <= mined + 1e-9).all()
    assert (tight.primary.routes["hard_rock"].kt < mined - 1e-9).any()


def test_a_mine_without_a_quota_sets_out_at_its_base_and_goes_with_capacity(assumptions, outcome: Simulated) -> None:
    structure = assumptions.structure
    free = dataclasses.replace(structure.routes["hard_rock"], quota=False)
    structure = dataclasses.replace(structure, routes={**structure.routes, "hard_rock": free})
    still = {f"routes__hard_rock__{name}": 0.0 for name in ("grade_change", "beneficiation_drift")}
    result = outcome(fixed(dataclasses.replace(assumptions, structure=structure), **still))
    mined = result.primary.routes["hard_rock"].kt
    np.testing.assert_allclose(mined[0], 250.9)
    run = result.nation_capacity * result.utilisation
    np.testing.assert_allclose(mined / mined[0], run / run[0])


def test_a_faster_quota_never_gives_less(assumptions, outcome: Simulated) -> None:
    drawn = [outcome(fixed(assumptions, quota__tilt=tilt), draws=256) for tilt in (-1.0, 0.0, 1.0)]
    mined = [item.primary.separated.kt for item in drawn]
    assert (mined[0] <= mined[1] + 1e-9).all()
    assert (mined[1] <= mined[2] + 1e-9).all()
    assert mined[2][-1].mean() > 1.2 * mined[0][-1].mean()


def test_quota_states_keep_to_their_long_run_weights(assumptions, outcome: Simulated) -> None:
    values = outcome(fixed(assumptions, quota__tilt=0.0, quota__stay=0.0), draws=4096).drawn
    states = quota_states(values, assumptions.structure.quota_states, values("quota.start"))
    assert states.shape == (10, 4096)
    shares = [(states == k).mean() for k in range(3)]
    assert shares == pytest.approx([0.60, 0.32, 0.08], abs=0.01)
    still = quota_states(outcome(fixed(assumptions, quota__stay=1.0)).drawn, ("hold", "normal", "surge"), np.zeros(128))
    assert (still == 0).all()


def test_a_quota_that_turns_to_nothing_is_refused(assumptions, outcome: Simulated) -> None:
    none = {f"quota__weight__{name}": 0.0 for name in assumptions.structure.quota_states}
    with pytest.raises(AssumptionError, match="none of hold, normal, surge has a weight; expected one"):
        outcome(fixed(assumptions, **none))


def test_separation_is_bound_by_plants_quotas_and_reagents(assumptions, outcome: Simulated) -> None:
    free = outcome(assumptions).primary.separated.kt
    for tight in ({"supply__separation__headroom": 1.0}, {"supply__separation__quota_room": 1.0},
                  {"inputs__fluorochemical__room": 1.0}):  # fmt: skip
        bound = outcome(fixed(assumptions, **tight)).primary.separated.kt
        assert (bound <= free + 1e-9).all(), tight
    still = fixed(assumptions, inputs__fluorochemical__room=1.0, indicators__fluorochemical__prior=0.0,
                  indicators__fluorochemical__long_run=0.0)  # fmt: skip
    paths_without = outcome(still, given=_without(still, "fluorochemical"))
    assert (paths_without.primary.separated.kt <= free[0].max() * (1 + 1e-9)).all()


def _without(assumptions, key):
    from tests.projection.conftest import growth_paths

    return growth_paths(without=(assumptions.structure.indicators[key],))


def test_recycled_swarf_meets_the_published_figure_of_the_base_year(assumptions, outcome: Simulated) -> None:
    result = outcome(fixed(assumptions, supply__swarf__recovery=0.85, demand__wind__share=0.106,
                           demand__wind__intensity=0.575))  # fmt: skip
    assert result.balance.swarf[0] == pytest.approx(26.5, rel=0.01)
    total = result.balance.swarf[0] + result.balance.eol[0]
    assert np.median(total) == pytest.approx(26.504, rel=0.10)


@pytest.mark.parametrize("lifetime", [1.0, 13.0, 60.0])
def test_of_steady_sales_as_much_comes_back_however_long_goods_live(assumptions, outcome: Simulated, lifetime) -> None:
    steady = {f"demand__nev__{name}": value for name, value in
              {"lifetime": lifetime, "past_growth": 0.0, "collection": 1.0, "exported": 0.0}.items()}  # fmt: skip
    others = {f"demand__{key}__collection": 0.0 for key in ("inverter_ac", "motors_robots", "wind", "other_magnets")}
    result = outcome(fixed(assumptions, **steady, **others, supply__end_of_life__yield=1.0,
                           supply__end_of_life__bound=1.0))  # fmt: skip
    sold = result.wanted["nev"].need.kt[0] * result.wanted["nev"].part
    np.testing.assert_allclose(result.balance.eol[0], sold, rtol=1e-8)


def test_used_goods_come_back_without_the_swarf_of_their_making(assumptions, outcome: Simulated) -> None:
    # everything is collected and recovered: over a long life no more than what went into finished goods
    all_back = {f"demand__{key}__collection": 1.0 for key in ("nev", "inverter_ac", "motors_robots", "wind",
                                                              "other_magnets")}  # fmt: skip
    short = {f"demand__{key}__lifetime": 0.5 for key in ("nev", "inverter_ac", "motors_robots", "wind",
                                                         "other_magnets")}  # fmt: skip
    still = {f"demand__{key}__past_growth": 0.0 for key in ("nev", "inverter_ac", "motors_robots", "wind",
                                                            "other_magnets")}  # fmt: skip
    result = outcome(fixed(assumptions, **all_back, **short, **still, supply__end_of_life__yield=1.0,
                           supply__end_of_life__bound=1.0))  # fmt: skip
    home = [key for key in result.balance.use if key != "exports_magnet"]
    kept = sum(result.wanted[key].need.kt * result.wanted[key].part * (1 - result.exported[key]) for key in home)
    np.testing.assert_allclose(result.balance.eol[0], kept[0], rtol=1e-6)
    assert (result.balance.eol <= kept.max(axis=0) * (1 + 1e-9)).all()
    bought = sum(result.wanted[key].need.kt for key in home)
    assert (result.balance.eol < 0.7 * bought.max(axis=0)).all()  # the rest was machined off and is swarf


def test_used_goods_are_bounded_by_a_share_of_consumption(assumptions, outcome: Simulated) -> None:
    bound = fixed(assumptions, supply__end_of_life__bound=0.01)
    result = outcome(bound)
    content = sum(item.need.kt * item.part for key, item in result.wanted.items() if key in result.balance.use)
    assert (result.balance.eol <= 0.01 * content * result.drawn("supply.end_of_life.yield") + 1e-12).all()


def test_more_collection_yield_and_recovery_never_win_back_less(assumptions, outcome: Simulated) -> None:
    less, more = (outcome(fixed(assumptions, demand__nev__collection=c)).balance.eol for c in (0.2, 0.6))
    assert (less <= more + 1e-12).all()
    less, more = (outcome(fixed(assumptions, supply__end_of_life__yield=y)).balance.eol for y in (0.4, 0.7))
    assert (less < more).all()
    less, more = (outcome(fixed(assumptions, supply__swarf__recovery=r)).balance.swarf for r in (0.8, 0.9))
    assert (less[0] < more[0]).all()


def test_cohorts_come_back_as_a_plain_sum_says(assumptions, outcome: Simulated) -> None:
    result = outcome(fixed(assumptions, demand__nev__lifetime=6.0, supply__end_of_life__bound=1.0), draws=64)
    drawn = result.drawn
    content = result.wanted["nev"].need.kt * result.wanted["nev"].part
    kernel = weibull_kernel(6.0, 3.0)
    t, growth = 50, np.log1p(drawn("demand.nev.past_growth") / 100)
    back = sum(content[t - c] * kernel[c - 1] for c in range(1, t + 1))
    back += sum(content[0] * np.exp(-growth * a / 12) * kernel[t + a - 1] for a in range(1, len(kernel) - t + 1))
    others = fixed(assumptions, demand__nev__collection=0.0, supply__end_of_life__bound=1.0)
    alone = result.balance.eol[t] - outcome(others, draws=64).balance.eol[t]
    collected = drawn("demand.nev.collection") * (1 - drawn("demand.nev.exported"))
    np.testing.assert_allclose(alone, back * collected * drawn("supply.end_of_life.yield"), rtol=1e-9)


def test_recovery_of_beneficiation_enters_once_and_stays_below_one(assumptions, outcome: Simulated) -> None:
    plain = outcome(fixed(assumptions, routes__hard_rock__beneficiation=0.6))
    other = outcome(fixed(assumptions, routes__hard_rock__beneficiation=0.7))
    np.testing.assert_allclose(plain.primary.routes["hard_rock"].kt[0], other.primary.routes["hard_rock"].kt[0])
    rich = fixed(assumptions, routes__hard_rock__beneficiation=0.9, routes__hard_rock__beneficiation_drift=5.0,
                 routes__hard_rock__headroom=1.0, quota__tilt=20.0)  # fmt: skip
    poor = fixed(rich, routes__hard_rock__beneficiation_drift=0.0)
    gain = outcome(rich).primary.routes["hard_rock"].kt / outcome(poor).primary.routes["hard_rock"].kt
    assert gain.max() <= 1 / 0.9 + 1e-9

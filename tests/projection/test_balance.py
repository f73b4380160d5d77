"""The balance of the account and what the demand side puts into it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.projection.conftest import Simulated, fixed


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**63 - 1),
    key=st.sampled_from(["indicator_only", "baseline_mixture", "full_ban", "slowdown", "substitution_recycling"]),
    squeeze=st.floats(0.2, 3.0),
    cover=st.floats(0.0, 6.0),
)
@example(seed=0, key="indicator_only", squeeze=1.0, cover=2.2e-313)
def test_the_balance_closes_in_every_draw_and_month(assumptions, outcome: Simulated, seed, key, squeeze, cover) -> None:
    mine = fixed(assumptions, routes__hard_rock__base=250.9 * squeeze, stock__cover=cover)
    account = outcome(mine, key, draws=32, seed=seed).balance
    out = sum(account.use.values()) + account.raw + account.stock_change + account.losses + account.curtailed
    assert (np.abs(account.throughput() - out) <= 1e-9 * account.throughput()).all()
    assert (account.curtailed * account.unmet == 0).all()
    assert (account.price[0] == 100).all()
    for item in (account.supply, account.swarf, account.eol, account.raw, account.stock, account.losses,
                 account.curtailed, account.unmet, *account.use.values()):  # fmt: skip
        assert (item >= -1e-9).all()
        assert np.isfinite(item).all()
    np.testing.assert_allclose(np.diff(account.stock, axis=0) * 12, account.stock_change[1:], atol=1e-6)


@pytest.mark.parametrize("key", ["full_ban", "licensing"])
def test_what_the_outside_wants_is_shipped_replaced_drawn_from_its_stocks_or_unmet(
    assumptions, outcome: Simulated, key: str
) -> None:
    result = outcome(fixed(assumptions, outside__stock=4.0, stock__cover=0.0), key)
    account = result.balance
    shipped = account.goods_exported(assumptions.structure) + account.raw
    short = account.outside_wanted - shipped
    scale = 1e-9 * float(account.outside_wanted.max())
    assert (short > scale).any()
    items = (account.outside_replaced, account.outside_draw, account.outside_unmet)
    np.testing.assert_allclose(sum(items), short, atol=scale)
    assert all((item >= -scale).all() for item in items)
    np.testing.assert_allclose(account.outside_replaced, short * result.controls.replaced, atol=scale)
    taken = account.outside_draw.sum(axis=0) / 12
    stock = 4.0 * account.outside_wanted[0] / 12
    assert (taken <= stock * (1 + 1e-9)).all()
    np.testing.assert_allclose(taken[(account.outside_unmet > scale).any(axis=0)].min(), stock.min(), rtol=0.05)
    lacking = account.outside_unmet / np.maximum(account.outside_wanted, 1e-100)
    scarce = result.drawn("control.scarcity_price") ** lacking * (1 + result.controls.cost)
    np.testing.assert_allclose(account.outside_price, account.price * scarce)


def test_in_a_deficit_the_stock_goes_first_then_exports_then_domestic_use(assumptions, outcome: Simulated) -> None:
    starved = outcome(fixed(assumptions, routes__hard_rock__base=20.0, price__response=0.0))
    account, structure = starved.balance, assumptions.structure
    exports = account.goods_exported(structure)
    short = account.unmet > 1e-9
    assert short.any()
    assert (exports[short] < 1e-9).all()
    assert (account.stock[short] < 1e-9).all()
    cut = exports < 0.5 * account.outside_wanted
    assert (account.stock[cut & (starved.controls.shipped > 0.9)] < 1e-9).all()


def test_in_a_surplus_the_stock_fills_before_anything_is_curtailed(assumptions, outcome: Simulated) -> None:
    account = outcome(fixed(assumptions, routes__hard_rock__base=600.0, stock__ceiling=6.0)).balance
    curtailed = account.curtailed > 1e-9
    assert curtailed.any()
    full = 6.0 * (account.need + account.outside_wanted) / 12
    cover = np.maximum(full, account.stock)
    np.testing.assert_allclose(account.stock[curtailed], cover[curtailed], rtol=1e-9)


def test_a_stock_above_its_ceiling_is_run_down_and_presses_on_the_price(assumptions, outcome: Simulated) -> None:
    account = outcome(fixed(assumptions, stock__cover=4.0, stock__ceiling=2.0), "slowdown").balance
    full = 2.0 * (account.need + account.outside_wanted) / 12
    above = account.stock > full * (1 + 1e-9)
    assert above[0].all()
    assert (account.stock_change[above] <= 1e-9).all()
    assert np.median(account.stock[24] / full[24]) < 0.8 * np.median(account.stock[0] / full[0])
    assert (account.price[1:7] < 100).all()


def test_demand_that_breaks_away_curtails_no_more_than_comes_in(assumptions, outcome: Simulated) -> None:
    # supply outside takes over all exports in a month, when the stocks are full
    sudden = {f"project__{key}__capacity": 40.0 for key in assumptions.structure.projects}
    gone = fixed(assumptions, **sudden, stock__cover=12.0, stock__ceiling=12.0, entry__ramp_start=1.0,
                 entry__success=1.0, entry__displacement=1.0)  # fmt: skip
    account = outcome(gone, draws=512).balance
    assert (account.outside_wanted[120] == 0).any()
    assert (account.curtailed <= account.throughput() * (1 + 1e-9)).all()


def test_nothing_is_scarce_outside_where_nothing_is_wanted_from_here(assumptions, outcome: Simulated) -> None:
    replaced = {f"project__{key}__capacity": 40.0 for key in assumptions.structure.projects}
    result = outcome(fixed(assumptions, **replaced, entry__success=1.0, entry__displacement=1.0), "licensing")
    free = result.balance.outside_wanted == 0
    assert free[120].mean() > 0.9
    over = result.balance.outside_price / result.balance.price
    assert over[free].max() < 1.15 + 1e-9  # the cost of licences, not six times the price


def test_the_stock_of_today_covers_exports_before_any_use_too(assumptions, outcome: Simulated) -> None:
    raw = fixed(assumptions, exports_raw__base=100.0, routes__hard_rock__base=800.0, stock__cover=3.0)
    account = outcome(raw).balance
    cover = 12 * account.stock[0] / (account.need[0] + account.outside_wanted[0])
    np.testing.assert_allclose(cover, 3.0, atol=0.3)


def test_a_surplus_is_split_into_exports_stock_losses_and_curtailment(assumptions, outcome: Simulated) -> None:
    result = outcome(assumptions)
    account = result.balance
    surplus = result.production["NdPr_oxide"].kt - sum(account.use.values())
    split = account.raw + account.stock_change + account.losses + account.curtailed
    np.testing.assert_allclose(surplus, split, atol=1e-9 * float(account.throughput().max()))


def test_dear_material_is_saved_after_a_while(assumptions, outcome: Simulated) -> None:
    scarce = fixed(assumptions, routes__hard_rock__base=100.0, quota__tilt=-3.0)
    stiff, elastic = (outcome(fixed(scarce, demand__nev__elasticity=e)) for e in (0.0, 0.4))
    assert (elastic.balance.price[12:37] > 100).all()
    assert (elastic.balance.use["nev"][12:37] <= stiff.balance.use["nev"][12:37] + 1e-9).all()
    assert elastic.balance.use["nev"][36].mean() < 0.95 * stiff.balance.use["nev"][36].mean()


def test_demand_is_activity_times_intensity_times_share(assumptions, outcome: Simulated) -> None:
    result = outcome(assumptions)
    assert result.wanted["nev"].own.kt[0] == pytest.approx(43.02, abs=0.01)
    assert result.wanted["wind"].own.kt[0].min() > 79.8 * 0.5 * 0.09
    need = result.wanted["nev"].need.kt[0] / result.wanted["nev"].own.kt[0]
    np.testing.assert_allclose(need, 0.3 * 1.1664 / 0.67)


def test_no_anchor_passes_its_cap(assumptions, make_paths, outcome: Simulated) -> None:
    result = outcome(assumptions, given=make_paths(spread=0.6))
    for key, item in result.wanted.items():
        assert (item.own.kt <= item.own.kt[0] * result.drawn(f"demand.{key}.cap") * (1 + 1e-9)).all(), key


def test_anchors_add_up_to_the_total(assumptions, outcome: Simulated) -> None:
    from forecasting.projection._metrics import counted, metric

    result = outcome(assumptions)
    for basis in ("NdPr_oxide", "TREO"):
        for measure in ("first_use", "final_use"):
            for kind in ("endpoint", "cumulative"):
                parts = [metric(result, f"absorption|{basis}|{measure}|{kind}|{key}")
                         for key in counted(result, basis, measure) if key != "total"]  # fmt: skip
                total = metric(result, f"absorption|{basis}|{measure}|{kind}|total")
                np.testing.assert_allclose(sum(parts), total, rtol=1e-9, atol=1e-9)
                assert np.isnan(total[:12]).all()
                assert np.isfinite(total[12]).any()


def test_final_use_leaves_exported_goods_out(assumptions, outcome: Simulated) -> None:
    from forecasting.projection._metrics import counted

    result = outcome(assumptions)
    first, final = (counted(result, "NdPr_oxide", measure) for measure in ("first_use", "final_use"))
    assert (final["exports_magnet"].kt == 0).all()
    np.testing.assert_allclose(final["nev"].kt, first["nev"].kt * (1 - 0.154))


def test_an_imposed_share_is_what_is_absorbed(assumptions, outcome: Simulated) -> None:
    from forecasting.projection._metrics import metric

    result = outcome(assumptions, "anchors_strong")
    found = metric(result, "absorption|TREO|first_use|endpoint|hydrogen_storage")[120]
    made = result.production["TREO"].kt
    grows = made[120] > 1.01 * made[0]
    np.testing.assert_allclose(found[grows], result.drawn("imposed.share")[grows], rtol=1e-9)


def test_a_thousandfold_of_all_flows_leaves_absorption(assumptions, outcome: Simulated, calibration) -> None:
    import dataclasses

    from forecasting.projection._metrics import metric
    from tests.projection.conftest import changed

    def enlarge(name, old):
        if not old.spec.unit.startswith("kt ") or old.dist == "published":
            return old
        if old.spec.unit.startswith("kt magnet/"):
            return old if not old.spec.unit.endswith("/yr") else scaled(old)
        return scaled(old)

    def scaled(old):
        return dataclasses.replace(old, args={key: value * 1000 for key, value in old.args.items()})

    def activities(name, old):
        # activity x intensity: the intensity carries the factor; published flows become points a thousand times larger
        if name.endswith(".intensity"):
            return scaled(old)
        if old.dist == "published" and old.spec.unit == "kt magnet/yr":
            figure = calibration[(calibration["series"] == old.args["series"]) & (calibration["year"] == "2024")]
            return dataclasses.replace(old, dist="point", args={"value": float(figure["value"].iloc[0])})
        return old

    once = outcome(assumptions)
    grown = outcome(changed(changed(assumptions, enlarge), activities))
    np.testing.assert_allclose(grown.balance.supply, 1000 * once.balance.supply, rtol=1e-9)
    for name in ("absorption|NdPr_oxide|final_use|endpoint|total", "absorption|TREO|first_use|cumulative|total",
                 "west_share", "stock_cover_months"):  # fmt: skip
        np.testing.assert_allclose(metric(grown, name)[120], metric(once, name)[120], rtol=1e-6)

"""The simulation as a whole."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting.errors import AssumptionError
from forecasting.projection import (
    ABSORPTION_COLUMNS,
    CLAIM_COLUMNS,
    TRAJECTORY_COLUMNS,
    Assumptions,
    GrowthPaths,
    Parameter,
    Projection,
    damped_trend,
    handover_weight,
    log_rate,
    simulate,
)
from forecasting.projection._draws import Uniforms, Values
from forecasting.projection._scenario import Outcome, run_scenario
from forecasting.projection._schema import draw_blocks

START = "2025-11"
LEVELS = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]
MakePaths = Callable[..., GrowthPaths]


def run(
    assumptions: Assumptions, paths: GrowthPaths, calibration, claims, *, draws=256, seed=1, start=START
) -> Projection:
    return simulate(assumptions, paths, calibration, claims, start=start, draws=draws, seed=seed)


def outcome(assumptions: Assumptions, key: str, paths: GrowthPaths, calibration, *, draws=128, seed=1) -> Outcome:
    pairs = {name: (anchor.basis, anchor.indicator) for name, anchor in assumptions.anchors.items()}
    uniforms = Uniforms(draw_blocks(assumptions.indicators, pairs), draws, seed)
    values = Values(assumptions.scenarios[key].parameters, uniforms, calibration, "test")
    return run_scenario(assumptions, assumptions.scenarios[key], paths, values, uniforms)


def changed(assumptions: Assumptions, change: Callable[[str, Parameter], Parameter]) -> Assumptions:
    scenarios = {
        key: dataclasses.replace(item, parameters={name: change(name, old) for name, old in item.parameters.items()})
        for key, item in assumptions.scenarios.items()
    }
    return dataclasses.replace(assumptions, scenarios=scenarios)


def at(value: float, old: Parameter) -> Parameter:
    return dataclasses.replace(old, dist="point", args={"value": value})


def middle(name: str, old: Parameter) -> Parameter:
    """All probability in one point."""
    args = dict(old.args)
    if old.dist == "choice":
        return dataclasses.replace(old, args={"damped": 1.0, "logistic": 0.0, "gompertz": 0.0})
    if name == "capacity.utilisation_spread":
        return at(0.0, old)
    value = {"uniform": lambda: (args["low"] + args["high"]) / 2, "tri": lambda: args["mode"],
             "normal": lambda: args["mean"], "lognormal": lambda: args["median"]}.get(old.dist)  # fmt: skip
    return at(value(), old) if value else old


def only(table: pd.DataFrame, **where: str) -> pd.DataFrame:
    for column, value in where.items():
        table = table[table[column] == value]
    return table


@pytest.fixture(scope="module")
def projection(assumptions, paths, calibration, claims) -> Projection:
    return run(assumptions, paths, calibration, claims)


def test_the_tables_have_their_columns_unique_keys_and_no_holes(projection: Projection) -> None:
    trajectories, ratios, check = projection.trajectories, projection.absorption, projection.claim_check
    assert tuple(trajectories.columns) == TRAJECTORY_COLUMNS
    assert tuple(ratios.columns) == ABSORPTION_COLUMNS
    assert tuple(check.columns) == CLAIM_COLUMNS
    assert not trajectories.duplicated(["date", "freq", "scenario", "region", "variable", "basis"]).any()
    assert not ratios.duplicated(["year", "scenario", "basis", "measure", "ratio_kind", "anchor"]).any()
    assert not check.duplicated(["claim_id", "metric"]).any()
    assert trajectories.drop(columns="capacity_basis").notna().all(axis=None)
    assert projection.degraded == ()


def test_monthly_rows_cover_ten_years_and_annual_rows_the_whole_years_in_them(projection: Projection) -> None:
    mine = only(projection.trajectories, variable="mine_output", scenario="baseline_mixture")
    monthly, annual = only(mine, freq="M"), only(mine, freq="A")
    assert list(monthly["date"].iloc[[0, 2, -1]]) == ["2025-12-31", "2026-02-28", "2035-11-30"]
    assert len(monthly) == 120
    assert list(annual["date"]) == [f"{year}-12-31" for year in range(2026, 2035)]
    means = monthly.groupby(monthly["date"].str[:4])["mean"].mean().loc["2026":"2034"]
    np.testing.assert_allclose(annual["mean"], means, rtol=1e-12)


def test_a_start_in_december_gives_ten_whole_years(assumptions, paths, calibration, claims) -> None:
    months = tuple(f"{2026 + i // 12}-{i % 12 + 1:02d}" for i in range(24))
    later = dataclasses.replace(paths, months=months)
    table = run(assumptions, later, calibration, claims, draws=64, start="2025-12").trajectories
    assert sorted(only(table, freq="A")["date"].unique()) == [f"{year}-12-31" for year in range(2026, 2036)]


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(seed=st.integers(0, 2**63 - 1), draws=st.integers(2, 200))
def test_quantiles_never_decrease(assumptions, paths, calibration, claims, seed, draws) -> None:
    result = run(assumptions, paths, calibration, claims, draws=draws, seed=seed)
    for table in (result.trajectories, result.absorption):
        steps = np.diff(table[LEVELS].to_numpy(), axis=1)
        assert (steps[~np.isnan(steps).any(axis=1)] >= 0).all()


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(seed=st.integers(0, 2**63 - 1))
def test_output_is_capacity_times_utilisation_in_every_draw(assumptions, paths, calibration, seed) -> None:
    for key in assumptions.scenarios:
        result = outcome(assumptions, key, paths, calibration, seed=seed)
        base = result.utilisation[:, :1]
        np.testing.assert_allclose(result.output * base, result.capacity * result.utilisation, rtol=1e-12)
        assert (result.utilisation >= 0.5).all()
        assert (result.utilisation <= 1).all()


def test_the_anchors_add_up_to_the_total(projection: Projection, assumptions, paths, calibration) -> None:
    ratios = only(projection.absorption, scenario="baseline_mixture")
    assert (ratios["n_valid"] > 200).all()
    key = ["year", "basis", "measure", "ratio_kind"]
    total = ratios[ratios["anchor"] == "total"].set_index(key)["mean"]
    parts = ratios[ratios["anchor"] != "total"].groupby(key)["mean"].sum()
    pd.testing.assert_series_equal(total.sort_index(), parts.sort_index(), rtol=1e-9)
    means = only(projection.trajectories, scenario="baseline_mixture", freq="M", basis="NdPr_oxide")
    means = means[means["variable"].str.startswith("demand|")].pivot_table(
        index="date", columns="variable", values="mean"
    )
    np.testing.assert_allclose(means.pop("demand|total"), means.sum(axis=1), rtol=1e-12)


def test_no_anchor_passes_its_cap_and_capacity_never_outgrows_its_limit(
    assumptions, make_paths: MakePaths, calibration
) -> None:
    fast = make_paths(spread=0.6)
    result = outcome(assumptions, "baseline_mixture", fast, calibration)
    highest = {"nev": 2.48, "inverter_ac": 2.0, "hydrogen_storage": 10.0, "exports_magnet": 2.5}
    for key, cap in highest.items():
        flow = result.demand[key].kt
        assert (flow <= flow[:, :1] * cap * (1 + 1e-9)).all(), key
    assert (np.diff(np.log(result.capacity), axis=1) <= log_rate(25.0) / 12 + 1e-12).all()


def test_a_thousandfold_of_all_flows_leaves_absorption(assumptions, paths, calibration, claims, projection) -> None:
    def enlarge(name: str, old: Parameter) -> Parameter:
        if not old.spec.unit.startswith("kt ") or old.dist == "published":
            return old
        return dataclasses.replace(old, args={key: value * 1000 for key, value in old.args.items()})

    tonnes = calibration["unit"].str.startswith("t")
    larger = calibration.assign(value=calibration["value"].where(~tonnes, calibration["value"] * 1000))
    result = run(changed(assumptions, enlarge), paths, larger, claims)
    np.testing.assert_allclose(result.absorption["mean"], projection.absorption["mean"], rtol=1e-9)
    pd.testing.assert_series_equal(result.claim_check["p_within"], projection.claim_check["p_within"])


def test_with_point_masses_every_quantile_is_the_closed_form(assumptions, make_paths, calibration, claims) -> None:
    constant = make_paths(n=3, months=1, spread=0.0)
    result = run(changed(assumptions, middle), constant, calibration, claims, draws=64)
    for table in (result.trajectories, result.absorption):
        np.testing.assert_allclose(table[LEVELS], np.tile(table[["q50"]], 7), rtol=1e-12)
    end = only(result.trajectories, date="2035-11-30", freq="M", scenario="indicator_only").set_index("variable")["q50"]
    g0, ginf = float(log_rate(24.6)), float(log_rate(3.0))
    # the path holds its rate for its one month; the damped trend runs over the other 119
    growth = g0 / 12 + float(damped_trend(g0, ginf, 18, 119))
    assert end["va_index"] == pytest.approx(100 * math.exp(growth), rel=1e-12)
    assert end["capacity_index"] == pytest.approx(100 * math.exp(0.6 * growth), rel=1e-12)
    assert end["mine_output"] == pytest.approx(270 * math.exp(0.6 * growth), rel=1e-12)
    mixture = only(result.trajectories, date="2035-11-30", freq="M", scenario="baseline_mixture")
    nev = only(mixture, variable="demand|nev")["q50"].iloc[0]
    activity = min(math.exp(float(damped_trend(log_rate(33.1), log_rate(2.0), 18, 120))), 2.21)
    assert nev == pytest.approx(43.018 * 0.3 * 1.1664 / 0.67 * activity * 0.97**10, rel=1e-12)


def test_recycled_swarf_meets_the_published_figure_of_the_base_year(assumptions, paths, calibration) -> None:
    result = outcome(changed(assumptions, middle), "baseline_mixture", paths, calibration)
    assert result.recycled.kt[0, 0] == pytest.approx(26.5, rel=0.01)
    assert result.recycled_treo.kt[0, 0] == pytest.approx(34.1, rel=0.01)


def test_the_statistical_scenario_reproduces_its_paths(assumptions, paths, calibration) -> None:
    result = outcome(assumptions, "indicator_only", paths, calibration)
    given_paths = paths.growth["baotou_rare_earth_va"]
    rates = 12 * np.diff(np.log(result.activity["re_va"]), axis=1)[:, :24]
    nearest = np.abs(rates[:, None, :] - given_paths[None, :, :]).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-9


def test_a_handover_that_never_comes_reproduces_the_statistical_paths(assumptions, paths, calibration) -> None:
    def never(name: str, old: Parameter) -> Parameter:
        return at(1e6, old) if name == "handover.centre" else old

    patient = outcome(changed(assumptions, never), "baseline_mixture", paths, calibration)
    statistical = outcome(assumptions, "indicator_only", paths, calibration)
    for key, values in statistical.activity.items():
        np.testing.assert_allclose(patient.activity[key], values, rtol=1e-12)


def test_the_handover_weight_falls_from_one_to_nothing() -> None:
    weight = handover_weight(24.0, 4.0)
    assert weight.shape == (120,)
    assert weight[0] > 0.99
    assert weight[23] == 0.5
    assert weight[-1] < 1e-9
    assert (np.diff(weight) < 0).all()


def test_draws_keep_the_joint_rows_of_the_indicators_together(assumptions, make_paths, calibration) -> None:
    result = outcome(assumptions, "indicator_only", make_paths(n=50), calibration)
    first = np.stack([result.activity[key][:, 1] for key in ("re_va", "hydrogen_storage")], axis=1)
    assert len(np.unique(first.round(9), axis=0)) == 50


def test_parameters_are_drawn_independently(assumptions) -> None:
    pairs = {name: (anchor.basis, anchor.indicator) for name, anchor in assumptions.anchors.items()}
    blocks = draw_blocks(assumptions.indicators, pairs)
    uniforms = Uniforms(blocks, 1024, 1)
    correlation = np.corrcoef([uniforms.block(name) for name in blocks]) - np.eye(len(blocks))
    assert np.abs(correlation).max() < 0.2


def test_indicators_alone_say_nothing_about_anchors_that_have_none(projection: Projection) -> None:
    ratios = only(projection.absorption, scenario="indicator_only")
    assert set(ratios["anchor"]) == {"hydrogen_storage"}
    assert set(ratios["basis"]) == {"TREO"}


def test_capacity_says_what_it_rests_on(projection: Projection) -> None:
    basis = projection.trajectories.groupby("variable")["capacity_basis"].agg(lambda item: set(item.dropna()))
    assert basis["capacity_index"] == basis["output_index"] == {"prior_only"}
    assert basis["mine_output"] == basis["separated_output"] == {"quota_anchored"}
    assert basis["va_index"] == set()


def test_a_missing_indicator_widens_the_band_and_is_named(
    assumptions, make_paths, calibration, claims, projection
) -> None:
    name = "baotou_hydrogen_storage_va"
    result = run(assumptions, make_paths(without=(name,)), calibration, claims)
    assert len(result.degraded) == 1
    assert result.degraded[0].startswith(name)

    def width(table: pd.DataFrame) -> np.ndarray:
        rows = only(table, variable="activity_index|hydrogen_storage", freq="M", scenario="indicator_only")
        return (np.log(rows["q95"]) - np.log(rows["q05"])).to_numpy()[11::12]

    assert (width(result.trajectories) > width(projection.trajectories)).all()


def test_without_any_path_everything_is_degraded_and_nothing_fails(assumptions, paths, calibration, claims) -> None:
    result = run(assumptions, GrowthPaths(paths.months, {}), calibration, claims, draws=64)
    assert len(result.degraded) == len(assumptions.indicators)
    assert len(result.claim_check) == 6


def test_output_that_does_not_grow_gives_empty_ratios_and_a_count(assumptions, make_paths, calibration, claims) -> None:
    def stand_still(name: str, old: Parameter) -> Parameter:
        return at(0.0, old) if name == "capacity.kappa" else old

    result = run(changed(assumptions, stand_still), make_paths(), calibration, claims)
    ratios = only(result.absorption, scenario="indicator_only")
    assert (ratios["n_valid"] == 0).all()
    assert ratios[["mean", *LEVELS]].isna().all(axis=None)
    assert (ratios["p_denominator_nonpos"] == 1).all()
    assert set(only(result.claim_check, code="undefined")["metric"].str.split("|").str[0]) == {"indicator_only"}


def test_the_claim_check_gives_probabilities_and_the_intensity_needed(projection: Projection) -> None:
    check = projection.claim_check
    np.testing.assert_allclose(check[["p_below", "p_within", "p_above"]].sum(axis=1), 1)
    assert (check["claim_low"] == 0.15).all()
    assert (check["claim_high"] == 0.25).all()
    needed = check.dropna(subset="needed_intensity").set_index("metric")["needed_intensity"]
    electrolysers = needed[needed.index.str.endswith("electrolysers")].to_numpy()
    storage = needed[needed.index.str.endswith("storage")].to_numpy()
    np.testing.assert_allclose(electrolysers, 10 * storage)
    share = only(projection.absorption, anchor="hydrogen_storage", measure="first_use", scenario="baseline_mixture")
    assert 0.02 < only(share, ratio_kind="endpoint")["q50"].iloc[-1] < 0.15


def test_the_same_seed_gives_the_same_bytes_whatever_the_order(
    assumptions, paths, calibration, claims, projection
) -> None:
    backwards = dataclasses.replace(
        assumptions,
        scenarios=dict(reversed(list(assumptions.scenarios.items()))),
        indicators=dict(reversed(list(assumptions.indicators.items()))),
    )
    again = run(backwards, paths, calibration, claims)
    one = {"indicator_only": assumptions.scenarios["indicator_only"]}
    alone = run(dataclasses.replace(assumptions, scenarios=one), paths, calibration, claims)
    for table in ("trajectories", "absorption", "claim_check"):
        whole = getattr(projection, table)
        assert getattr(again, table).to_csv() == whole.to_csv()
        if table != "claim_check":
            assert getattr(alone, table).to_csv(index=False) == only(whole, scenario="indicator_only").to_csv(
                index=False
            )
    other = run(assumptions, paths, calibration, claims, seed=2)
    assert other.trajectories.to_csv() != projection.trajectories.to_csv()


@pytest.mark.parametrize(
    ("name", "larger", "sign"),
    [
        ("demand.nev.cap", 3.5, 1), ("demand.nev.thrift", 8.0, -1), ("supply.mine_long_run", 9.0, -1),
        ("supply.imports_growth", 6.0, -1), ("demand.motors_robots.growth", 40.0, 1),
    ],
)  # fmt: skip
def test_absorption_answers_each_assumption_in_the_expected_direction(
    assumptions, paths, calibration, name: str, larger: float, sign: int
) -> None:
    ratios = []
    for case in (assumptions, changed(assumptions, lambda key, old: at(larger, old) if key == name else old)):
        result = outcome(case, "baseline_mixture", paths, calibration)
        demand = sum(item.kt for item in result.demand_ndpr.values())
        output = result.production["NdPr_oxide"].kt
        ratios.append(np.median((demand[:, -1] - demand[:, 0]) / (output[:, -1] - output[:, 0])))
    assert sign * (ratios[1] - ratios[0]) > 0


def test_input_that_does_not_fit_is_refused(assumptions, paths, calibration, claims) -> None:
    with pytest.raises(AssumptionError, match="expected 2025-11, right after 2025-10"):
        run(assumptions, paths, calibration, claims, start="2025-10")
    with pytest.raises(AssumptionError, match="YYYY-MM"):
        run(assumptions, paths, calibration, claims, start="2025-13")
    with pytest.raises(AssumptionError, match="at least 2"):
        run(assumptions, paths, calibration, claims, draws=1)
    with pytest.raises(AssumptionError, match=r"supply\.mine: 0 figures for 'cn_quota_mining', '2024'"):
        run(assumptions, paths, calibration[calibration["series"] != "cn_quota_mining"], claims)
    mixed = calibration.assign(unit=calibration["unit"].str.replace("t REO", "t finished magnet"))
    with pytest.raises(AssumptionError, match="expected a figure that turns into 'kt TREO/yr'"):
        run(assumptions, paths, mixed, claims)
    with pytest.raises(AssumptionError, match="0 rows with id C19"):
        run(assumptions, paths, calibration, claims[:0])


def test_growth_paths_of_the_wrong_shape_are_refused(paths: GrowthPaths) -> None:
    good = paths.growth["baotou_rare_earth_va"]
    with pytest.raises(AssumptionError, match="without a gap"):
        GrowthPaths(("2025-12", "2026-02"), {})
    with pytest.raises(AssumptionError, match="no months"):
        GrowthPaths((), {})
    with pytest.raises(AssumptionError, match=r"b has shape \(100, 24\); expected \(200, 24\)"):
        GrowthPaths(paths.months, {"a": good, "b": good[:100]})
    with pytest.raises(AssumptionError, match="not finite"):
        GrowthPaths(paths.months, {"a": np.where(good > good.mean(), np.nan, good)})

"""The simulation as a whole."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.errors import AssumptionError
from forecasting.projection import (
    ABSORPTION_COLUMNS,
    BALANCE_COLUMNS,
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
from forecasting.projection._draws import Uniforms, correlated, sobol_points
from forecasting.projection._questions import Correlation
from forecasting.projection._schema import draw_blocks
from forecasting.projection._structure import RESERVED
from forecasting.publishing import TABLES, csv_bytes
from tests.projection.conftest import RATES, START, MakePaths, Simulated, at, changed, fixed, only

LEVELS = ["q05", "q10", "q25", "q50", "q75", "q90", "q95"]


def run(assumptions: Assumptions, paths: GrowthPaths, calibration, claims, *, draws=64, seed=1, start=START,
        scenarios: tuple[str, ...] = ()) -> Projection:  # fmt: skip
    """The simulation, of some scenarios only where they are named."""
    if scenarios:
        kept = {key: assumptions.scenarios[key] for key in scenarios}
        questions = dataclasses.replace(assumptions.questions, sensitivity=(), sensitivity_scenario="")
        assumptions = dataclasses.replace(assumptions, scenarios=kept, questions=questions)
    return simulate(assumptions, paths, calibration, claims, start=start, draws=draws, seed=seed)


def middle(name: str, old: Parameter) -> Parameter:
    """All probability in one point; chance that is left has nothing to decide."""
    args = dict(old.args)
    if old.dist == "choice":
        first = next(iter(args))
        return dataclasses.replace(old, args={key: float(key == first) for key in args})
    still = {"capacity.utilisation_spread": 0.0, "control.hazard": 0.0, "entry.success": 1.0, "quota.stay": 1.0,
             "entry.appeal_probability": 0.0, "capacity.gestation": 0.0}  # fmt: skip
    if name in still:
        return at(still[name], old)
    value = {"uniform": lambda: (args["low"] + args["high"]) / 2, "tri": lambda: args["mode"],
             "normal": lambda: args["mean"], "lognormal": lambda: args["median"]}.get(old.dist)  # fmt: skip
    return at(value(), old) if value else old


@pytest.fixture(scope="module")
def projection(assumptions, paths, calibration, claims) -> Projection:
    return run(assumptions, paths, calibration, claims, draws=256)


def test_every_table_has_its_columns_and_unique_keys(projection: Projection) -> None:
    tables = projection.tables()
    assert set(tables) == {"trajectories", "balance", "absorption", "milestones", "sensitivity", "claim_check",
                           "hindcast"}  # fmt: skip
    for name, table in tables.items():
        assert tuple(table.columns) == TABLES[name].own
        assert not table.duplicated(list(TABLES[name].key)).any(), name
        assert len(table), name
    assert tuple(projection.trajectories.columns) == TRAJECTORY_COLUMNS
    assert tuple(projection.absorption.columns) == ABSORPTION_COLUMNS
    assert tuple(projection.balance.columns) == BALANCE_COLUMNS
    assert tuple(projection.claim_check.columns) == CLAIM_COLUMNS
    assert projection.trajectories.drop(columns="capacity_basis").notna().all(axis=None)
    assert projection.degraded == ()


def test_the_trajectories_hold_what_was_promised(projection: Projection) -> None:
    variables = set(projection.trajectories["variable"])
    assert variables >= {
        "va_index", "output_index", "capacity_index", "utilisation", "nominal_value_index", "mine_output",
        "separated_output", "imports", "recycled_swarf", "recycled_eol", "demand|nev", "exports_magnet",
        "exports_raw", "stock", "stock_cover_months", "surplus", "unmet", "west_supply", "p_regime|BAN",
        "price_index",
    }  # fmt: skip
    assert set(projection.trajectories["scenario"]) == {
        "indicator_only", "baseline_mixture", "licensing", "sectoral", "full_ban", "west_fast", "anchors_strong",
        "slowdown", "substitution_recycling",
    }  # fmt: skip
    conditioning = projection.trajectories.groupby("scenario")["conditioning"].first()
    assert conditioning["full_ban"] == "regime BAN imposed"
    assert conditioning["baseline_mixture"] == "hazard mixture"


def test_monthly_rows_cover_ten_years_and_annual_rows_the_whole_years_in_them(projection: Projection) -> None:
    table = only(projection.trajectories, scenario="baseline_mixture")
    mine = only(table, variable="mine_output", basis="TREO")
    monthly, annual = only(mine, freq="M"), only(mine, freq="A")
    assert list(monthly["date"].iloc[[0, 2, -1]]) == ["2025-12-31", "2026-02-28", "2035-11-30"]
    assert len(monthly) == 120
    assert list(annual["date"]) == [f"{year}-12-31" for year in range(2026, 2035)]
    means = monthly.groupby(monthly["date"].str[:4])["mean"].mean().loc["2026":"2034"]
    np.testing.assert_allclose(annual["mean"], means, rtol=1e-12)
    stock = only(table, variable="stock")
    december = only(stock, freq="M").set_index("date").loc[[f"{year}-12-31" for year in range(2026, 2035)]]
    np.testing.assert_allclose(only(stock, freq="A")[["mean", *LEVELS]], december[["mean", *LEVELS]], rtol=1e-12)


def test_a_start_in_december_gives_ten_whole_years(assumptions, paths, calibration, claims) -> None:
    months = tuple(f"{2026 + i // 12}-{i % 12 + 1:02d}" for i in range(24))
    later = dataclasses.replace(paths, months=months)
    table = run(assumptions, later, calibration, claims, start="2025-12", scenarios=("licensing",)).trajectories
    assert sorted(only(table, freq="A")["date"].unique()) == [f"{year}-12-31" for year in range(2026, 2036)]


@settings(max_examples=4)
@given(seed=st.integers(0, 2**63 - 1), draws=st.integers(2, 200))
def test_quantiles_never_decrease(assumptions, paths, calibration, claims, seed, draws) -> None:
    result = run(assumptions, paths, calibration, claims, draws=draws, seed=seed,
                 scenarios=("baseline_mixture", "full_ban"))  # fmt: skip
    for table, levels in ((result.trajectories, LEVELS), (result.absorption, LEVELS),
                          (result.balance, ["q05", "q50", "q95"])):  # fmt: skip
        steps = np.diff(table[levels].to_numpy(), axis=1)
        assert (steps[~np.isnan(steps).any(axis=1)] >= -1e-12).all()


def test_means_of_the_balance_close_and_anchors_of_absorption_add_up(projection: Projection) -> None:
    account = only(projection.balance, basis="NdPr_oxide")
    side = account["item"].str.split("|").str[0]
    signed = account["mean"].where(side == "in", -account["mean"]).where(side != "beside", 0.0)
    rest = signed.groupby([account["scenario"], account["year"]]).sum()
    assert (rest.abs() < 1e-9 * account["mean"].max()).all()
    key = ["scenario", "year", "basis", "measure", "ratio_kind"]
    ratios = projection.absorption
    total = ratios[ratios["anchor"] == "total"].set_index(key)["mean"]
    parts = ratios[ratios["anchor"] != "total"].groupby(key)["mean"].sum(min_count=1)
    pd.testing.assert_series_equal(total.sort_index(), parts.sort_index(), rtol=1e-9)


def test_with_point_masses_every_quantile_is_the_closed_form(assumptions, make_paths, calibration, claims) -> None:
    constant = make_paths(n=3, months=1, spread=0.0)
    still = changed(assumptions, middle)
    result = run(still, constant, calibration, claims, scenarios=("indicator_only", "baseline_mixture"))
    for table in (result.trajectories, result.absorption):
        np.testing.assert_allclose(table[LEVELS], np.tile(table[["q50"]], 7), rtol=1e-9, atol=1e-9)
    end = only(result.trajectories, date="2035-11-30", freq="M", scenario="indicator_only", region="Baotou")
    end = end.set_index("variable")["q50"]
    g0, ginf = float(log_rate(24.6)), float(log_rate(3.0))
    # the path holds its rate for its one month; the damped trend runs over the other 119
    growth = g0 / 12 + float(damped_trend(g0, ginf, 18, 119))
    assert end["va_index"] == pytest.approx(100 * math.exp(growth), rel=1e-12)
    assert end["capacity_index"] == pytest.approx(100 * math.exp(0.6 * growth), rel=1e-12)
    stiff = fixed(still, price__response=0.0)
    mixture = run(stiff, constant, calibration, claims, scenarios=("licensing",)).trajectories
    nev = only(mixture, date="2035-11-30", freq="M", variable="demand|nev")["q50"].iloc[0]
    activity = min(math.exp(float(damped_trend(log_rate(33.1), log_rate(2.0), 18, 120))), 2.21)
    sub = [0.1 / (1 + math.exp(-(t - (5.0 + 3.5 + 2.0)) / 1.5)) for t in (0.0, 10.0)]
    saved = 0.97**10 * (1 - sub[1]) / (1 - sub[0])
    base = 12.89 * 3.337 * 0.3 * 1.1664 / 0.67
    assert nev == pytest.approx(base * activity * saved, rel=1e-9)


def test_the_statistical_scenario_reproduces_its_paths(assumptions, paths, outcome: Simulated) -> None:
    result = outcome(assumptions, "indicator_only")
    given_paths = paths.growth["baotou_rare_earth_va"]
    rates = 12 * np.diff(np.log(result.activity["re_va"]), axis=0)[:24].T
    nearest = np.abs(rates[:, None, :] - given_paths[None, :, :]).max(axis=2).min(axis=1)
    assert nearest.max() < 1e-9


def test_a_handover_that_never_comes_reproduces_the_statistical_paths(assumptions, outcome: Simulated) -> None:
    patient = outcome(fixed(assumptions, handover__centre=1e6))
    statistical = outcome(assumptions, "indicator_only")
    for key, values in statistical.activity.items():
        np.testing.assert_allclose(patient.activity[key], values, rtol=1e-12)


def test_the_handover_weight_falls_from_one_to_nothing() -> None:
    weight = handover_weight(24.0, 4.0)[:, 0]
    assert weight.shape == (120,)
    assert weight[0] > 0.99
    assert weight[23] == 0.5
    assert weight[-1] < 1e-9
    assert (np.diff(weight) < 0).all()


def test_draws_keep_the_joint_rows_of_the_indicators_together(assumptions, make_paths, outcome: Simulated) -> None:
    result = outcome(assumptions, "indicator_only", given=make_paths(n=50))
    first = np.stack([result.activity[key][1] for key in ("re_va", "hydrogen_storage")], axis=1)
    assert len(np.unique(first.round(9), axis=0)) == 50


def test_parameters_are_drawn_independently_unless_they_are_told_to_correlate(assumptions) -> None:
    blocks = draw_blocks(assumptions.structure)
    points = sobol_points(len(blocks) + 1, 1024, 1)
    uniforms = Uniforms(blocks, points, 1)
    correlation = np.corrcoef([uniforms.block(name) for name in blocks]) - np.eye(len(blocks))
    assert np.abs(correlation).max() < 0.2
    pair = Correlation("capacity.kappa", "quota.tilt", 0.6)
    tied = Uniforms(blocks, correlated(points, blocks, [pair]), 1)
    ranks = np.corrcoef(tied.block(pair.first), tied.block(pair.second))
    assert ranks[0, 1] == pytest.approx(0.6, abs=0.05)
    assert np.sort(tied.block(pair.second)) == pytest.approx((np.arange(1024) + 0.5) / 1024, abs=0.03)
    impossible = [
        pair,
        Correlation("quota.tilt", "stock.cover", 0.9),
        Correlation("capacity.kappa", "stock.cover", -0.9),
    ]
    with pytest.raises(AssumptionError, match="no joint distribution"):
        correlated(points, blocks, impossible)


def test_capacity_says_what_it_rests_on(projection: Projection) -> None:
    table = projection.trajectories
    basis = table.groupby(["scenario", "variable"])["capacity_basis"].agg(lambda item: set(item.dropna()))
    assert basis["indicator_only", "capacity_index"] == {"prior_only"}
    assert basis["baseline_mixture", "capacity_index"] == basis["baseline_mixture", "output_index"]
    assert basis["baseline_mixture", "capacity_index"] == {"output_anchored"}
    assert basis["baseline_mixture", "mine_output"] == {"quota_anchored"}
    assert basis["baseline_mixture", "va_index"] == set()


def width(table: pd.DataFrame, key: str) -> np.ndarray:
    rows = only(table, variable=f"activity_index|{key}", freq="M", scenario="baseline_mixture")
    return (np.log(rows["q95"]) - np.log(rows["q05"])).to_numpy()[11::12]


def test_a_missing_indicator_widens_the_band_and_is_named(
    assumptions, make_paths: MakePaths, calibration, claims, projection
) -> None:
    name = "baotou_hydrogen_storage_va"
    result = run(assumptions, make_paths(without=(name,)), calibration, claims, draws=256,
                 scenarios=("baseline_mixture",))  # fmt: skip
    assert len(result.degraded) == 1
    assert result.degraded[0].startswith(f"{name}: no forecast paths")
    assert (width(result.trajectories, "hydrogen_storage") > width(projection.trajectories, "hydrogen_storage")).all()


def test_a_stale_indicator_widens_the_band_with_its_age_and_is_named(
    assumptions, make_paths: MakePaths, calibration, claims, projection
) -> None:
    name, before = "baotou_hydrogen_storage_va", width(projection.trajectories, "hydrogen_storage")
    for age, told in ((3, False), (9, True), (30, True)):
        late = make_paths(age={name: age})
        result = run(assumptions, late, calibration, claims, draws=256, scenarios=("baseline_mixture",))
        assert bool(result.degraded) == told
        if told:
            assert result.degraded[0].startswith(f"{name}: last figure {age} months old")
        now = width(result.trajectories, "hydrogen_storage")
        assert (now > before).all() if told else np.array_equal(now, before)
        before = now


def test_an_indicator_is_named_where_any_scenario_takes_it_for_stale(
    assumptions, make_paths: MakePaths, calibration, claims
) -> None:
    patient = fixed(assumptions, handover__stale_after=100.0).scenarios["slowdown"]
    mixed = dataclasses.replace(assumptions, scenarios={**assumptions.scenarios, "slowdown": patient})
    late = make_paths(age={"baotou_hydrogen_storage_va": 9})
    result = run(mixed, late, calibration, claims, draws=4, scenarios=("baseline_mixture", "slowdown"))
    assert len(result.degraded) == 1


def test_without_any_path_everything_is_degraded_and_nothing_fails(assumptions, paths, calibration, claims) -> None:
    result = run(assumptions, GrowthPaths(paths.months, {}), calibration, claims)
    assert len(result.degraded) == len(RATES)
    assert set(result.trajectories["scenario"]) == set(assumptions.scenarios)


def test_output_that_does_not_grow_gives_empty_ratios_and_a_count(assumptions, paths, calibration, claims) -> None:
    def stand_still(name: str, old: Parameter) -> Parameter:
        nothing = name.endswith((".grade_change", ".beneficiation_drift", ".collection")) or name in (
            "capacity.kappa", "price.response", "supply.swarf.recovery")  # fmt: skip
        return at(0.0, old) if nothing else old

    lone = changed(assumptions, stand_still)
    result = run(lone, paths, calibration, claims, scenarios=("indicator_only",))
    ratios = result.absorption
    assert (ratios["n_valid"] == 0).all()
    assert ratios[["mean", *LEVELS]].isna().all(axis=None)
    assert (ratios["p_denominator_nonpos"] == 1).all()
    check = result.claim_check
    assert set(check[check["claim_id"] == "C19"]["code"]) == {"undefined"}
    csv_bytes(ratios)  # no infinities


def test_the_claim_check_gives_probabilities_and_the_intensity_needed(projection: Projection) -> None:
    check = projection.claim_check
    undefined = check[check["code"] == "undefined"]  # need that stands still has no added part
    assert undefined["metric"].tolist() == [
        "indicator_only|eol_share_of_added_demand|120 months",
        "indicator_only|recycled_share_of_added_demand|120 months",
    ]
    defined = check.drop(undefined.index)
    np.testing.assert_allclose(defined[["p_below", "p_within", "p_above"]].sum(axis=1), 1)
    absorbed = only(check, claim_id="C19")
    assert (absorbed["claim_low"] == 0.15).all()
    assert (absorbed["claim_high"] == 0.25).all()
    needed = absorbed.dropna(subset="needed_intensity").set_index("metric")["needed_intensity"]
    electrolysers = needed[needed.index.str.endswith("electrolysers")].to_numpy()
    storage = needed[needed.index.str.endswith("storage")].to_numpy()
    np.testing.assert_allclose(electrolysers, 10 * storage)
    likely = absorbed.set_index("metric")["p_below"]
    assert likely["baseline_mixture|absorption|TREO|first_use|endpoint|hydrogen_storage|120 months|storage"] > 0.5
    imposed = absorbed[absorbed["metric"].str.startswith("anchors_strong|") & absorbed["needed_intensity"].notna()]
    assert (imposed["p_within"] > 0.9).all()
    events = check[check["metric"].str.contains("baseline_mixture.p_event")]
    assert events["p_within"].tolist() == [1.0]


def test_names_of_other_things_stand_beside_no_anchor(projection: Projection, assumptions: Assumptions) -> None:
    structure = assumptions.structure
    out = projection.balance["item"][projection.balance["item"].str.startswith("out|")].str.removeprefix("out|")
    home = only(projection.trajectories, region=structure.nation)
    goods = home["variable"][~home["basis"].isin(["", structure.account])]
    totals = projection.absorption["anchor"]
    names = {name for name in (*out, *goods, *totals) if "|" not in name}
    assert names - set(structure.anchors) <= set(RESERVED)


def test_tables_that_could_not_be_published_are_the_simulations_own_failure(
    assumptions, paths, calibration, claims
) -> None:
    twice = tuple(item for item in assumptions.questions.hindcasts if item.case == "H8") * 2
    questions = dataclasses.replace(assumptions.questions, hindcasts=twice)
    with pytest.raises(AssumptionError, match=r"table hindcast has two rows H8, 2017, 2018, .*; expected names"):
        run(dataclasses.replace(assumptions, questions=questions), paths, calibration, claims, scenarios=("licensing",))
    endless = {**questions.claims, "C16": dataclasses.replace(questions.claims["C16"], scale=math.inf)}
    questions = dataclasses.replace(questions, hindcasts=(), claims=endless)
    with pytest.raises(AssumptionError, match=r"table claim_check: claim_low of C16, .* is inf; expected assumptions"):
        run(dataclasses.replace(assumptions, questions=questions), paths, calibration, claims, scenarios=("licensing",))


def test_the_same_seed_gives_the_same_bytes_whatever_the_order(assumptions, paths, calibration, claims) -> None:
    first = run(assumptions, paths, calibration, claims)
    turned = dataclasses.replace(assumptions, scenarios=dict(reversed(assumptions.scenarios.items())))
    mixed = dataclasses.replace(paths, growth=dict(reversed(paths.growth.items())))
    second = run(turned, mixed, calibration, claims)
    for name, table in first.tables().items():
        assert csv_bytes(table) == csv_bytes(second.tables()[name]), name
    other = run(assumptions, paths, calibration, claims, seed=2, scenarios=("licensing",))
    same = only(first.trajectories, scenario="licensing")["mean"].to_numpy()
    assert not np.allclose(same, other.trajectories["mean"])


def test_a_scenario_alone_is_the_same_as_among_others(assumptions, paths, calibration, claims) -> None:
    alone = run(assumptions, paths, calibration, claims, scenarios=("west_fast",)).trajectories
    among = run(assumptions, paths, calibration, claims, scenarios=("full_ban", "west_fast")).trajectories
    assert csv_bytes(alone) == csv_bytes(only(among, scenario="west_fast"))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"start": "2025-13"}, "expected the last observed month as YYYY-MM"),
        ({"start": "2025-10"}, "growth paths begin in 2025-12; expected 2025-11"),
        ({"draws": 1}, "draws 1; expected at least 2"),
    ],
)
def test_input_that_does_not_fit_is_refused(assumptions, paths, calibration, claims, change, expected) -> None:
    with pytest.raises(AssumptionError, match=expected):
        run(assumptions, paths, calibration, claims, **change)


def test_growth_paths_of_the_wrong_shape_are_refused(paths: GrowthPaths) -> None:
    months, one = paths.months, paths.growth["baotou_rare_earth_va"]
    with pytest.raises(AssumptionError, match="expected at least one"):
        GrowthPaths((), {})
    with pytest.raises(AssumptionError, match="without a gap"):
        GrowthPaths((months[0], months[2]), {"x": one[:, :2]})
    with pytest.raises(AssumptionError, match=r"expected \(200, 24\)"):
        GrowthPaths(months, {"x": one, "y": one[:100]})
    with pytest.raises(AssumptionError, match="not finite"):
        GrowthPaths(months, {"x": np.where(one > 0.3, np.nan, one)})
    with pytest.raises(AssumptionError, match=r"x has shape \(0, 24\)"):
        GrowthPaths(months, {"x": one[:0]})
    assert GrowthPaths(months, {"x": one[:1]}).draws == 1


def test_progress_counts_scenarios_sensitivity_and_hindcasts(assumptions, paths, calibration, claims) -> None:
    told: list[tuple[int, int]] = []
    simulate(assumptions, paths, calibration, claims, start=START, draws=64, seed=1,
             progress=lambda done, steps: told.append((done, steps)))  # fmt: skip
    assert told == [(i, 11) for i in range(1, 12)]

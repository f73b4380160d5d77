"""The assumption file and its distributions."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.errors import AssumptionError
from forecasting.projection import Assumptions, check_against, load_assumptions, with_values
from forecasting.projection._distributions import quantile
from forecasting.projection._structure import RESERVED

PACKAGED = (resources.files("forecasting") / "reference" / "data" / "assumptions.toml").read_text(encoding="utf-8")

HALF = '{ dist = "point", args = { value = 0.5 }, unit = "1", source = "prior", note = "Half of them." }'
TIED = '[[correlation]]\nparameters = ["quota.tilt", "stock.cover"]\nrho = 0.9\nnote = "Both go together."\n\n'

DISTS = [
    ("point", {"value": 2.0}),
    ("uniform", {"low": -1.0, "high": 3.0}),
    ("tri", {"low": 0.3, "mode": 0.6, "high": 0.9}),
    ("tri", {"low": 1.0, "mode": 1.0, "high": 2.0}),
    ("normal", {"mean": 1.0, "sd": 2.0}),
    ("lognormal", {"median": 1.5, "q05": 0.78, "q95": 2.9}),
    ("choice", {"damped": 0.4, "logistic": 0.0, "gompertz": 0.3}),
]


def refused(tmp_path: Path, old: str, new: str) -> str:
    assert old in PACKAGED
    file = tmp_path / "mine.toml"
    file.write_text(PACKAGED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(AssumptionError) as caught:
        load_assumptions(file)
    message = str(caught.value)
    assert message.startswith(str(file))
    return message


def test_every_parameter_names_its_source_and_says_why(assumptions: Assumptions) -> None:
    assert len(assumptions.scenarios) == 9
    for scenario in assumptions.scenarios.values():
        for name, parameter in scenario.parameters.items():
            assert parameter.source, name
            assert len(parameter.note) > 5, name


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_of_ones_own_reads_as_the_packaged_one(tmp_path: Path, assumptions: Assumptions, encoding: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(PACKAGED, encoding=encoding)
    assert load_assumptions(file).scenarios == assumptions.scenarios


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kappa = {", "kapa = {", "'capacity.kapa' is unknown; did you mean capacity.kappa"),
        ('dist = "tri"', 'dist = "triangle"', "dist 'triangle' is unknown; expected one of point, uniform, tri"),
        ('unit = "kt TREO/yr"', 'unit = "t TREO/yr"', "hard_rock.base: unit 't TREO/yr'; expected 'kt TREO/yr'"),
        ('unit = "kt magnet/yr"', 'unit = "kt TREO/yr"',
         "demand.inverter_ac.base: unit 'kt TREO/yr'; expected 'kt magnet/yr'"),
        ("{ low = 0.3, mode", "{ lo = 0.3, mode",
         "capacity.kappa: args lo, mode, high of dist 'tri'; expected low, mode, high"),
        ("{ low = 0.3, mode", "{ low = 0.7, mode", "capacity.kappa: a tri needs low <= mode <= high"),
        ("region_share = { dist = \"point\", args = { value = 0.7 }",
         "region_share = { dist = \"point\", args = { value = 1.7 }",
         "capacity.region_share: values from 1.7 to 1.7 1; expected 0 to 1"),
        ("q05 = 0.78", "q05 = 1.2", "growth.half_life: a lognormal is symmetric on the log scale"),
        ("{ damped = 0.4,", "{ dampened = 0.4,",
         "growth.family: option dampened is unknown; expected damped"),
        ('paths = "statistical"', 'paths = "stat"', "paths 'stat'; expected one of statistical, handover"),
        ('producer = "re_va"', 'producer = "re"', "producer 're' is unknown"),
        ('region = "Baotou"', 'regions = "Baotou"', "unknown regions and missing region"),
        ('basis = "magnet", export', 'basis = "blank", export',
         "exports_magnet.basis 'blank' is unknown; expected one of NdPr_oxide, TREO, magnet"),
        ("[base.growth]", "[base.growth", "not TOML"),
        ("centre = {", "# centre = {", "base: parameter missing: handover.centre [months]"),
        ('kind = "mine", basis = "TREO", quota', 'kind = "import", basis = "TREO", quota', "a quota limits mines only"),
        ('regime = "BAN"', 'regime = "WAR"', "regime 'WAR'; expected one of NONE, LICENSING, SECTORAL, BAN"),
        ('start_regime = "LICENSING"', 'start_regime = "LICENCE"', "start_regime 'LICENCE' is unknown"),
        ('imposed = "hydrogen_storage"', 'imposed = "nev"', "imposed 'nev'; expected an anchor counted in the second"),
        ("response_months = [6, 24", "response_months = [24, 6", "expected rising numbers of months"),
        ('kind = "quota", value_added', 'kind = "price", value_added', "kind 'price'; expected one of output, quota"),
        ('C03 = { use = "aside"', 'C03 = { use = "ignored"', "C03: use 'ignored'; expected one of used, checked"),
        ('C04 = { use = "used", by = ["indicators.mining.prior"]', 'C04 = { use = "used", by = ["mining"]',
         "claims.C04: parameter 'mining' is unknown"),
        ('scenario = "baseline_mixture"', 'scenario = "base"', "sensitivity.scenario 'base'; expected one of"),
        ('op = ">=", thresholds = [6.0]', 'op = ">", thresholds = [6.0]', "op '>'; expected one of >=, <="),
        ("thresholds = [6.0]", "thresholds = [6.0, 6]", "thresholds [6.0, 6]; expected each once"),
        ("thresholds = [6.0]", "thresholds = [inf]", "thresholds: inf; expected a finite number"),
        ('outside = "Rest of the world"', 'outside = "China"', "outside 'China' names the region or the nation"),
        ("response_months = [6, 24", "response_months = [0, 6, 24", "expected rising numbers of months, from 1 on"),
        ("raw_exports = true", 'raw_exports = "no"', "raw_exports: 'no'; expected true or false, without quotes"),
        ("quota = true", 'quota = "false"', "routes.hard_rock.quota: 'false'; expected true or false"),
        ("export = true", 'export = "no"', "anchors.exports_magnet.export: 'no'; expected true or false"),
        ("evidence = false", 'evidence = "false"', "indicator_only.evidence: 'false'; expected true or false"),
        ("intensity = true", "intensity = 1", "claims.C19.intensity: 1; expected true or false"),
        ('"recycled_share_of_added_demand", "eol_share', '"eol_share_of_added_demand", "eol_share',
         "'eol_share_of_added_demand']; expected a list of names, each once"),
        ('metrics = ["mine_output", ', 'metrics = ["west_share", ', "expected a list of names, each once"),
        ("[base.demand.exports_magnet]", f"[base.demand.exports_magnet]\ncollection = {HALF}",
         "'demand.exports_magnet.collection' is unknown"),
        ("[base.basis.TREO]", f"[base.basis.TREO]\nyield = {HALF}", "'basis.TREO.yield' is unknown"),
        ('shape = { dist = "point", args = { value = 3.0 }', 'shape = { dist = "uniform", args = { low = 2, high = 4 }',
         "supply.end_of_life.shape: dist 'uniform'; expected 'point', one number that holds for all draws"),
        ('after = { dist = "point", args = { value = 3.0 }', 'after = { dist = "uniform", args = { low = 2, high = 4 }',
         "handover.stale_after: dist 'uniform'; expected 'point'"),
        ("{ damped = 0.4,", "{ damped = true,", "expected weights of at least 0"),
        ('by = ["p_event"]', 'months = 60.5, by = ["p_event"]', "months 60.5; expected a whole number from 1 to 120"),
        ('inverter_ac = { title', '"inverter.ac" = { title', "name 'inverter.ac'; expected one without any of . @ |"),
        ('BAN"]', 'BAN@HOME"]', "name 'BAN@HOME'; expected one without any of . @ |"),
        ("[milestones]", f"{TIED}{TIED}[milestones]", "quota.tilt and stock.cover is stated more than once"),
        ("[milestones]", f"{TIED.replace('quota.tilt', 'stock.cover')}[milestones]",
         "correlation 1.parameters: ['stock.cover', 'stock.cover']; expected a list of names, each once"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_what_was_expected(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert expected in refused(tmp_path, old, new)


def test_a_claim_that_turns_on_an_intensity_needs_kinds_of_equipment(tmp_path: Path) -> None:
    table = PACKAGED[PACKAGED.index("[base.claim]") :].partition("\n\n")[0]
    without = PACKAGED.replace(table, "").replace('equipment = ["electrolysers", "storage"]', "")
    (tmp_path / "mine.toml").write_text(without, encoding="utf-8")
    with pytest.raises(AssumptionError, match=r"claims\.C19: intensity .* name the kinds in equipment"):
        load_assumptions(tmp_path / "mine.toml")


@pytest.mark.parametrize("name", RESERVED)
def test_an_anchor_of_a_name_that_tables_use_for_something_else_is_refused(tmp_path: Path, name: str) -> None:
    message = refused(tmp_path, "inverter_ac = {", f"{name} = {{")
    assert f"anchors.{name}: the tables call something else {name}; choose another key" in message


def test_a_missing_file_and_foreign_bytes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AssumptionError, match="cannot be read"):
        load_assumptions(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"region = '\xe4'")
    with pytest.raises(AssumptionError, match="not UTF-8"):
        load_assumptions(tmp_path / "latin.toml")


@given(dist=st.sampled_from(DISTS), u=st.lists(st.floats(0, 1), min_size=2, max_size=20))
def test_quantile_functions_never_decrease(dist, u) -> None:
    values = quantile(*dist, np.sort(np.array(u)))
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()


def test_quantile_functions_meet_their_arguments() -> None:
    half_life = quantile("lognormal", {"median": 1.5, "q05": 0.78, "q95": 2.9}, np.array([0.05, 0.5, 0.95]))
    np.testing.assert_allclose(half_life, [0.78, 1.5, 2.9], rtol=0.01)
    tri = quantile("tri", {"low": 0.0, "mode": 1.0, "high": 2.0}, np.array([0.125, 0.5, 0.875]))
    np.testing.assert_allclose(tri, [0.5, 1.0, 1.5])
    normal = quantile("normal", {"mean": 1.0, "sd": 2.0}, np.array([0.5, 0.975]))
    np.testing.assert_allclose(normal, [1.0, 1 + 2 * 1.959964], rtol=1e-6)
    family = quantile("choice", {"damped": 4, "logistic": 0, "gompertz": 4}, np.array([0.0, 0.49, 0.51, 1.0]))
    np.testing.assert_array_equal(family, [0, 0, 2, 2])


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('series = "magnet_demand_inverter_ac"', 'series = "cn_quota_mining"',
         "demand.inverter_ac.base: published in 't REO'; expected a figure that turns into 'kt magnet/yr'"),
        ('series = "cn_nev_production", year = "2024"', 'series = "above_scale_threshold", year = "2011-"',
         "published in 'million yuan annual main revenue'; expected a figure that turns into 'million vehicles/yr'"),
        ('series = "magnet_demand_inverter_ac"', 'series = "magnets"', "0 figures for 'magnets', '2024'"),
        ('"cn_wind_additions"', '"cn_green_hydrogen_capacity"', "expected a figure that turns into 'GW/yr'"),
        ('metric = "west_share"', 'metric = "west_chare"', "metric 'west_chare' is unknown; did you mean west_share"),
        ('metric = "capacity_index@@China"', 'metric = "capacity_index"',
         "ambiguous; expected one of capacity_index@@Baotou, capacity_index@@China"),
        ('metric = "capacity_index@@China"', 'metric = "capacity_index@@Chian"',
         "is of another basis or region; expected one of capacity_index@@Baotou, capacity_index@@China"),
        ('metric = "capacity_index@@China"', 'metric = "capacity_index@@China@2030"',
         "'capacity_index@@China@2030' is of another basis or region; expected one of capacity_index@@Baotou"),
        ('by = ["p_event"]', 'by = ["p_evnt"]', "metric 'p_evnt' is unknown; did you mean p_event"),
        ('metric = "west_share"', 'metric = "multiple|mining|twice"', "multiple|mining|twice; expected one of re_va"),
        ('metric = "west_share"', 'metric = "entry_years"', "'entry_years' is unknown; did you mean entry_years|…"),
        ("first_use|endpoint|hydrogen_storage\", op", "first_use|mean|hydrogen_storage\", op",
         "'mean'; expected one of endpoint, cumulative"),
        ('C05 = {', 'X05 = {', "claims.X05 is not in the table of claims"),
        ('D30 = {', '# D30 = {', "nothing is said of D30; expected used, checked or aside"),
    ],
)  # fmt: skip
def test_what_a_file_gets_wrong_about_figures_metrics_and_claims_is_found_before_the_simulation(
    tmp_path: Path, calibration, claims, old: str, new: str, expected: str
) -> None:
    assert old in PACKAGED
    file = tmp_path / "mine.toml"
    file.write_text(PACKAGED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(AssumptionError) as caught:
        check_against(load_assumptions(file), calibration, claims)
    assert expected in str(caught.value)


def test_a_value_set_by_the_user_holds_in_every_scenario(assumptions: Assumptions) -> None:
    mine = with_values(assumptions, {"capacity.kappa": "0.5", "stock.ceiling": "4 months", "growth.family": "bass"})
    for scenario in mine.scenarios.values():
        assert scenario.parameters["capacity.kappa"].args == {"value": 0.5}
        assert scenario.parameters["stock.ceiling"].args == {"value": 4.0}
        assert scenario.parameters["growth.family"].args["bass"] == 1.0


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("capacity.kapa", "1", "'capacity.kapa' is unknown; did you mean capacity.kappa"),
        ("capacity.kappa", "3", "values from 3 to 3 1; expected 0 to 2"),
        ("capacity.kappa", "half", "'half'; expected a number in 1"),
        ("capacity.kappa", "nan", "expected a finite number"),
        ("routes.hard_rock.base", "250 kt NdPr_oxide/yr", "unit 'kt NdPr_oxide/yr'; expected 'kt TREO/yr'"),
        ("routes.hard_rock.base", "250000 t TREO/yr", "unit 't TREO/yr'; expected 'kt TREO/yr'"),
        ("growth.family", "exponential", "'exponential'; expected one of damped, logistic, gompertz, bass"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_was_expected(assumptions: Assumptions, name, value, expected) -> None:
    with pytest.raises(AssumptionError) as caught:
        with_values(assumptions, {name: value})
    assert expected in str(caught.value)

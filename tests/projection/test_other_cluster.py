"""The same engine on another cluster, and no name of either in the engine."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import numpy as np
import pytest

import forecasting.projection
from forecasting.errors import AssumptionError
from forecasting.observations import month_label
from forecasting.projection import Assumptions, GrowthPaths, claim_list, load_assumptions, own_titles, simulate
from forecasting.projection._assumptions import parse_assumptions
from forecasting.projection._claims import claim_table

ROOT = Path(__file__).parents[2]
LITHIUM = ROOT / "docs" / "examples" / "lithium.toml"


@pytest.fixture(scope="module")
def lithium() -> Assumptions:
    return load_assumptions(LITHIUM)


def test_another_mineral_runs_through_with_all_tables(lithium: Assumptions, calibration, claims) -> None:
    rng = np.random.default_rng(1)
    months = tuple(month_label(2026 * 12 + i) for i in range(24))
    growth = {name: 0.06 + 0.05 * rng.standard_normal((100, 24)) for name in lithium.structure.indicators.values()}
    result = simulate(lithium, GrowthPaths(months, growth), calibration, claims, start="2025-12", draws=128, seed=1)
    assert result.degraded == ()
    assert set(result.trajectories["scenario"]) == {"statistical", "mixture", "sodium"}
    assert set(result.trajectories["basis"]) == {"", "LCE", "cell"}
    assert not result.trajectories["variable"].str.startswith("p_regime").any()
    assert set(result.absorption["basis"]) == {"LCE"}
    assert result.claim_check.empty
    assert result.hindcast.empty
    assert set(result.milestones["milestone_id"]) == {"absorption", "refining_outside"}
    capacity = result.trajectories[result.trajectories["variable"] == "capacity_index"]
    assert set(capacity["capacity_basis"]) == {"prior_only"}
    account = result.balance[~result.balance["item"].str.startswith("beside")]
    sign = np.where(account["item"].str.startswith("in|"), 1.0, -1.0)
    rest = (account["mean"] * sign).groupby([account["scenario"], account["year"]]).sum()
    assert (rest.abs() < 1e-9 * account["mean"].max()).all()


PLAN = """
[claims.plan]
low = "700"
high = "800"
unit = "kt/yr"
use = "checked"
by = ["production"]
months = 60
note = "The plan."
"""


def test_a_cluster_checks_claims_of_its_own_and_says_nothing_of_ours(lithium: Assumptions, outcome, claims) -> None:
    text = LITHIUM.read_text(encoding="utf-8") + PLAN + PLAN.replace("plan", "more").replace('high = "800"', "")
    mine = parse_assumptions(text, "mine.toml")
    listed = claim_list(mine, claims).set_index("claim_id")
    assert list(listed.index) == ["plan", "more"]
    assert listed.loc["plan", ["value_low", "value_high", "unit", "use"]].tolist() == [700.0, 800.0, "kt/yr", "checked"]
    checked = claim_table("mixture", outcome(lithium, "mixture"), mine, claims).set_index("claim_id")
    odds = checked[["p_below", "p_within", "p_above"]]
    assert odds.sum(axis=1).tolist() == pytest.approx([1, 1])
    assert odds.loc["more", "p_within"] == pytest.approx(odds.loc["plan", ["p_within", "p_above"]].sum())
    assert odds.loc["more", "p_above"] == 0


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('low = "700"', "low = 700", "claims.plan.low: 700; expected a number as it was printed, in quotes"),
        ('low = "700"', 'low = "7e2"', "claims.plan.low: '7e2'; expected a number as it was printed"),
        ('low = "700"', 'low = "900"', "claims.plan: low '900' is above high '800'"),
        ('unit = "kt/yr"', "", "claims.plan: low '700', high '800', unit ''; expected figures in a unit"),
        ("[claims.plan]", '[claims.C01]\nuse = "aside"\nnote = "Ours."\n[claims.plan]', "claims.C01 states no figure"),
    ],
)
def test_a_claim_of_ones_own_that_cannot_be_read_is_refused(claims, old: str, new: str, expected: str) -> None:
    text = LITHIUM.read_text(encoding="utf-8") + PLAN.replace(old, new)
    with pytest.raises(AssumptionError, match=re.escape(expected)):
        claim_list(parse_assumptions(text, "mine.toml"), claims)


def test_titles_are_ones_own_where_the_packaged_file_has_none_or_another_under_the_key(
    assumptions: Assumptions, lithium: Assumptions
) -> None:
    assert own_titles(assumptions) == {}
    titles = own_titles(lithium)
    assert titles["storage_cells"] == "Cells of storage"
    assert titles["lepidolite"] == "Lepidolite"
    assert titles["overseas_refining"] == "Refineries outside"
    assert titles["sodium"] == "Cells without lithium take half of the storage market"
    text = LITHIUM.read_text(encoding="utf-8").replace("scenarios.sodium", "scenarios.full_ban")
    mine = own_titles(parse_assumptions(text.replace("spodumene", "imports"), "mine.toml"))
    assert mine["full_ban"] == titles["sodium"]
    assert "imports" not in mine  # all imports, in the tables


def test_a_flow_of_energy_becomes_material_by_its_content(lithium: Assumptions, outcome) -> None:
    result = outcome(lithium, "mixture")
    wanted = result.wanted["storage_cells"]
    assert wanted.own.kt[0] == pytest.approx(101.0)
    factor = result.drawn("basis.cell.content") / 0.9
    np.testing.assert_allclose(wanted.need.kt, wanted.own.kt * factor)


def test_the_engine_knows_no_name_of_any_cluster(assumptions: Assumptions, lithium: Assumptions) -> None:
    names = set()
    for item in (assumptions, lithium):
        structure = item.structure
        for group in (structure.anchors, structure.indicators, structure.routes, structure.projects, structure.units,
                      structure.regimes, structure.quota_states, structure.inputs, structure.equipment,
                      item.scenarios, item.questions.claims):  # fmt: skip
            names |= set(group)
    names -= {"imports", "storage", "normal", "industry", "statistical", "handover"}  # words of everyday
    folder = Path(forecasting.projection.__file__).parent
    for path in sorted(folder.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert node.value not in names, f"{path.name}: {node.value!r}"

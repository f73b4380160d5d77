import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from forecasting.errors import InputError
from forecasting.publishing import TABLES, diff_lines, diff_releases, find_release, previous_release, publish
from forecasting.publishing._diff import _dictionary, _figures, _indicators
from tests.commands import run_cumulus
from tests.publishing.conftest import small_tables

INPUTS = {
    "observations": "0" * 64,
    "known_then": "0" * 48,
    "seed": 1,
    "fit": {"draws": 200, "preset": "fast"},
    "champions": {},
}


def put(root: Path, name: str, as_of: str, tables: dict[str, pd.DataFrame], **inputs: object) -> Path:
    return publish(
        tables, root=root, run_id=name, as_of=as_of,
        provenance={"inputs": INPUTS | inputs, "libraries": {"numpy": "2.4.6"}},
    )  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three releases; the second has a new figure, a revision, another model and numbers that moved."""
    folder = tmp_path_factory.mktemp("published")
    put(folder, "first", "2025-04-30", small_tables())
    tables = small_tables()
    figures = tables["observations"]
    figures.loc[1, "value"] = 6.1
    fresh = figures.iloc[[0]].assign(period="2025-04", value=9.4)
    tables["observations"] = pd.concat([figures, fresh], ignore_index=True)
    row = tables["revisions"].iloc[0].to_dict()
    tables["revisions"] = pd.DataFrame([
        row | {"value_before": 5.9, "value": 6.1, "change": 0.2},
        row | {"indicator": "baotou_va", "period": "2025-04", "kind": "news", "value_before": None, "value": 9.4,
               "change": None, "expected": 8.8, "surprise": 0.6},
    ])  # fmt: skip
    tables["monthly"].loc[[2, 5], "yoy"] = [2.5, 1.25]
    tables["forecasts"] = tables["forecasts"].assign(model="ets", q50=1.3)
    tables["headlines"]["q50"] = 0.1
    tables["milestones"]["p_reached_by"] = 0.4
    tables["claim_check"] = tables["claim_check"].assign(p_below=0.2, p_within=0.75)
    tables["indicators"].loc[1, "unit"] = "CNY million"
    tables["indicators"]["days_late"] = [1, 15, None]
    changed = {
        "observations": "1" * 64,
        "known_then": "1" * 48,
        "fit": {"draws": 1000, "preset": "fast"},
        "compared_with": "first",
    }
    put(folder, "second", "2025-05-20", tables, **changed, champions={"baotou_va": "ets"})
    put(folder, "third", "2025-05-21", tables, **changed, champions={"baotou_va": "ets"})
    return folder


@pytest.fixture(scope="module")
def difference(root: Path) -> dict[str, object]:
    return diff_releases(root / "releases" / "first", root / "releases" / "second")


def test_what_changed_is_said_with_its_causes(difference):
    assert difference["before"] == {"release": "first", "as_of": "2025-04-30", "schema_version": "1.2"}
    assert [one["input"] for one in difference["inputs"]] == [
        "champions.baotou_va", "compared_with", "fit.draws", "known_then", "observations"
    ]  # fmt: skip
    assert difference["libraries"] == []
    figures = difference["figures"]
    assert figures["new"] == [
        {"indicator": "baotou_va", "period": "2025-04", "measure": "ytd_yoy", "value": 9.4, "unit": "percent",
         "expected": 8.8},
    ]  # fmt: skip
    assert [(one["indicator"], one["before"], one["after"]) for one in figures["revised"]] == [
        ("national_va", 5.9, 6.1)
    ]
    assert figures["withdrawn"] == []
    assert difference["models"] == [{"indicator": "baotou_va", "before": "theta", "after": "ets"}]
    assert difference["indicators"]["changed"] == [
        {"indicator": "national_va", "column": "unit", "before": "CNY 100 million", "after": "CNY million"}
    ]


def test_what_moved_most_comes_first_with_its_size(difference):
    moved = difference["moved"]
    assert [(one["indicator"], one["month"], one["change"]) for one in moved["monthly"]] == [
        ("national_va", "2025-03", -0.75), ("baotou_va", "2025-03", 0.5)
    ]  # fmt: skip
    assert [(one["before"], one["after"], one["change"]) for one in moved["forecasts"]] == [(0.3, 1.3, 1.0)]
    assert [one["change"] for one in moved["headlines"]] == [-0.2]
    assert [one["p_reached_by_after"] for one in difference["milestones"]] == [0.4]
    assert [one["change"] for one in difference["claims"]] == [0.6]
    rows = difference["tables"]["monthly"]
    assert rows == {"before": 6, "after": 6, "added": 0, "removed": 0, "changed": 2}
    assert difference["tables"]["observations"] == {"before": 3, "after": 4, "added": 1, "removed": 0, "changed": 1}
    json.dumps(difference, allow_nan=False)


def test_people_get_lines_of_text(difference):
    lines = diff_lines(difference)
    assert lines[0] == "from first (as of 2025-04-30) to second (as of 2025-05-20)"
    for line in (
        "  the figures known",
        "  what was known at the origins of the backtests",
        "  setting fit draws: 200 -> 1000",
        "  the champions in place: 1 changed",
        "  baotou_va 2025-04 ytd_yoy (percent): 9.4, expected 8.80",
        "  national_va 2025-02 ytd_yoy (percent): 5.9 -> 6.1",
        "  baotou_va: theta -> ets",
        "  national_va 2025-03: 2.00 -> 1.25 (-0.75)",
        "  stock_cover 6 by 2026-12-31 in baseline_mixture: 0.1000 -> 0.4000",
        "claims, the probability that moved most",
        "  C19 share_hydrogen_storage: below 0.8000 -> 0.2000",
    ):
        assert line in lines
    assert "  and 1 more" in diff_lines(difference, top=1)


def test_of_a_claim_the_probability_is_told_that_moved(difference):
    [claim] = difference["claims"]
    beyond = {"p_below_before": 0.835, "p_below_after": 0.7993, "p_within_before": 0.0205, "p_within_after": 0.0195}
    lines = diff_lines({**difference, "claims": [claim | beyond | {"p_above_before": 0.1445, "p_above_after": 0.1812}]})
    assert "  C19 share_hydrogen_storage: above 0.1445 -> 0.1812" in lines


def test_a_claim_that_becomes_defined_is_told(tmp_path):
    tables = small_tables()
    tables["claim_check"] = tables["claim_check"].assign(p_below=None, p_within=None, p_above=None, code="undefined")
    put(tmp_path, "first", "2025-04-30", tables)
    put(tmp_path, "second", "2025-05-20", small_tables())
    difference = diff_releases(tmp_path / "releases" / "first", tmp_path / "releases" / "second")
    [claim] = difference["claims"]
    assert claim["change"] is None
    assert "  C19 share_hydrogen_storage: within undefined -> 0.1500" in diff_lines(difference)


@pytest.mark.parametrize("compared", [True, False])
def test_new_figures_come_with_the_largest_surprise_first_and_those_that_nobody_expected_last(compared):
    tables = small_tables()
    row = tables["observations"].iloc[0].to_dict()
    values = {"2025-04": (9.4, 9.0), "2025-05": (9.5, None), "2025-06": (8.0, 8.9), "2025-07": (9.1, 9.1)}
    fresh = pd.DataFrame(row | {"period": period, "value": value} for period, (value, _) in values.items())
    told = pd.DataFrame(row | {"period": period, "expected": expected} for period, (_, expected) in values.items())
    after = {"observations": pd.concat([tables["observations"], fresh], ignore_index=True), "revisions": told}
    news = _figures(tables, after, expected=compared)["new"]
    order = ["2025-06", "2025-04", "2025-07", "2025-05"] if compared else [*values]
    assert [one["period"] for one in news] == order
    assert all(("expected" in one) == compared for one in news)


def test_indicators_that_come_and_go_are_named_and_what_the_catalogue_says_anew_of_the_others():
    old, new = small_tables(), small_tables()
    old["indicators"] = old["indicators"].iloc[:2]
    new["indicators"] = new["indicators"].iloc[1:].assign(sector="services", days_late=3)
    change = {"column": "sector", "before": "industry", "after": "services"}
    assert _indicators(old, new) == {
        "added": ["silent"],
        "removed": ["baotou_va"],
        "changed": [{"indicator": "national_va", **change}],
    }


def test_columns_are_told_where_their_table_was_there_before():
    old = {"monthly": pd.DataFrame(columns=["month", "level"]), "gone": pd.DataFrame(columns=["x"])}
    new = {"monthly": pd.DataFrame(columns=["month", "yoy"]), "fresh": pd.DataFrame(columns=["y"])}
    assert _dictionary(old, new) == {
        "tables_added": ["fresh"],
        "tables_removed": ["gone"],
        "columns_added": ["monthly.yoy"],
        "columns_removed": ["monthly.level"],
    }


def test_a_figure_whose_unit_was_put_right_is_revised(tmp_path):
    put(tmp_path, "first", "2025-04-30", small_tables())
    tables = small_tables()
    figures = tables["observations"]
    figures.loc[0, "unit"] = "CNY million"
    put(tmp_path, "second", "2025-05-20", tables)
    difference = diff_releases(tmp_path / "releases" / "first", tmp_path / "releases" / "second")
    [revised] = difference["figures"]["revised"]
    assert (revised["unit_before"], revised["unit"]) == ("percent", "CNY million")
    value = f"{figures.loc[0, 'value']:.10g}"
    named = " ".join(figures.loc[0, ["indicator", "period", "measure"]])
    assert f"  {named}: {value} percent -> {value} CNY million" in diff_lines(difference)


def test_what_rounds_to_zero_has_no_sign(difference):
    moved = {
        **difference["moved"],
        "headlines": [{"indicator": "a", "before": -0.001, "after": -0.004, "change": -0.003}],
    }
    lines = diff_lines({**difference, "moved": moved})
    assert "  a: 0.00 -> 0.00 (+0.00)" in lines


def test_two_releases_of_the_same_tables_differ_in_nothing(root):
    difference = diff_releases(root / "releases" / "second", root / "releases" / "third")
    assert diff_lines(difference)[1:] == ["nothing changed"]


@pytest.mark.parametrize("lacks", [{"indicators"}, {*TABLES} - {"observations", "forecasts"}])
def test_a_release_of_an_older_dictionary_is_compared_as_far_as_it_goes(root, tmp_path, lacks):
    old = tmp_path / "old"
    for path in (root / "releases" / "first").rglob("*"):
        if path.is_file():
            (old / path.relative_to(root / "releases" / "first")).parent.mkdir(parents=True, exist_ok=True)
            (old / path.relative_to(root / "releases" / "first")).write_bytes(path.read_bytes())
    package = json.loads((old / "datapackage.json").read_bytes())
    package["resources"] = [one for one in package["resources"] if one["name"] not in lacks]
    (old / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    difference = diff_releases(old, root / "releases" / "second")
    assert difference["dictionary"]["tables_added"] == sorted(lacks)
    assert set(difference["tables"]) == {*TABLES} - lacks
    assert difference["models"]
    assert difference["moved"]["forecasts"]
    back = diff_lines(diff_releases(root / "releases" / "second", old), top=99)
    assert [line for line in back if line.endswith(" is gone")] == [f"  table {name} is gone" for name in sorted(lacks)]


def test_a_release_is_found_by_name_by_folder_and_as_latest(root):
    second = root / "releases" / "second"
    assert find_release(root, "second") == find_release(root, str(second)) == second
    assert find_release(root, "latest").name == "third"
    with pytest.raises(InputError, match=r"sekond: is neither a release under .*; did you mean second\?"):
        find_release(root, "sekond")
    with pytest.raises(InputError, match="nothing has been published under"):
        find_release(root / "nowhere", "latest")


def test_the_one_before_is_that_with_which_the_night_was_compared_or_else_the_last_of_an_earlier_day(root):
    assert previous_release(root, root / "releases" / "third").name == "first"
    with pytest.raises(InputError, match="no release lies before it"):
        previous_release(root, root / "releases" / "first")


def test_the_command_compares_latest_with_the_one_before(root, tmp_path):
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "published").symlink_to(root)

    def cumulus(*arguments: str) -> subprocess.CompletedProcess[str]:
        return run_cumulus("diff", *arguments, CUMULUS_HOME=str(tmp_path))

    done = cumulus()
    assert done.stdout.startswith(
        "from first (as of 2025-04-30) to third (as of 2025-05-21)\nwhy: inputs that changed\n"
    )
    assert json.loads(cumulus("second", "first", "--json").stdout)["figures"]["withdrawn"]

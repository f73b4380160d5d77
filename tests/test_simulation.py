"""The command `simulate`: files, refusals, exit codes."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from forecasting.publishing import SCHEMA_VERSION, TABLES
from forecasting.reference import load_observations
from tests.commands import run_cumulus

ROOT = Path(__file__).parents[1]
LITHIUM = ROOT / "docs" / "examples" / "lithium.toml"


def simulate(*arguments: object) -> subprocess.CompletedProcess[str]:
    return run_cumulus("simulate", *arguments)


@pytest.fixture(scope="module")
def figures(tmp_path_factory) -> Path:
    """The one national series that the smaller cluster needs most."""
    path = tmp_path_factory.mktemp("figures") / "in.csv"
    observations = load_observations()
    observations[observations["indicator"] == "cn_industrial_va"].to_csv(path, index=False)
    return path


def test_a_cluster_of_ones_own_is_simulated_into_files_that_say_where_they_come_from(figures, tmp_path):
    out = tmp_path / "new" / "folder"
    arguments = ("--assumptions", LITHIUM, "--figures", figures, "--draws", 64, "--set", "capacity.kappa=0.8")
    done = simulate(*arguments, "-o", out)
    assert done.returncode == 3, done.stderr  # one indicator has no figures in this file
    assert "cn_fai_automotive: no forecast paths" in done.stderr
    names = {"trajectories", "balance", "absorption", "milestones", "sensitivity", "claim_check", "hindcast"}
    files = {f"{name}.csv" for name in names | {"wide"}} | {"provenance.json", "pictures"}
    assert {path.name for path in out.iterdir()} == files
    assert {path.name for path in (out / "pictures").glob("*.svg")} >= {"capacity.svg", "absorption.svg"}
    assert (out / "pictures" / "capacity.png").read_bytes().startswith(b"\x89PNG")
    provenance = json.loads((out / "provenance.json").read_text(encoding="utf-8"))
    for name in names:
        table = pd.read_csv(out / f"{name}.csv", keep_default_na=False)
        assert tuple(table.columns) == (*TABLES[name].own, "run_id", "as_of", "schema_version")
        if len(table):
            assert set(table["run_id"]) == {provenance["run_id"]}
            assert set(table["as_of"]) == {"2025-12-31"}
            assert set(table["schema_version"].astype(str)) == {SCHEMA_VERSION}
    wide = pd.read_csv(out / "wide.csv")
    assert list(wide.columns[:5]) == ["model", "scenario", "region", "variable", "unit"]
    assert "2035" in wide.columns
    first = (out / "trajectories.csv").read_bytes()
    again = simulate(*arguments, "-o", tmp_path / "again")
    assert again.returncode == 3
    assert (tmp_path / "again" / "trajectories.csv").read_bytes() == first


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--set", "capacity.kapa=1"], 1, "'capacity.kapa' is unknown; did you mean capacity.kappa"),
        (["--set", "routes.hard_rock.base=250 kt NdPr_oxide/yr"], 1, "unit 'kt NdPr_oxide/yr'; expected 'kt TREO/yr'"),
        (["--set", "capacity.kappa"], 2, "expected NAME=VALUE"),
        (["--set", "capacity.kappa=0.8", "--set", "capacity.kappa=0.9"], 2, "capacity.kappa is given twice"),
        (["--assumptions", "nowhere.toml"], 1, "nowhere.toml: cannot be read"),
        (["--draws", "1"], 2, "--draws"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_was_expected_and_nothing_is_written(
    tmp_path, arguments, code, expected
):
    done = simulate(*arguments, "-o", tmp_path / "out")
    assert done.returncode == code
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["out", "out/new/folder"])
def test_an_output_where_a_file_is_in_the_way_is_refused_before_anything_is_read(tmp_path, place):
    (tmp_path / "out").write_text("mine")
    done = simulate("-o", tmp_path / place, "--figures", tmp_path / "none.csv")
    assert done.returncode == 1
    assert "out: is a file; name a folder, which is made if need be" in done.stderr
    assert (tmp_path / "out").read_text() == "mine"


def test_claims_are_listed_with_what_is_done_with_each():
    done = simulate("--list-claims")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert len(lines) == 76
    assert any(line.startswith("C19  checked  15 to 25 %") for line in lines)
    none = simulate("--list-claims", "--assumptions", LITHIUM)
    assert (none.returncode, none.stdout) == (0, "no claims: the assumption file states none\n")
    assert simulate().returncode == 2  # neither a folder nor a list

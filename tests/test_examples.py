import doctest
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import numpy as np
import pandas as pd
import pytest

from forecasting.catalog import load_catalog
from tests.decumulation.publication import levels, publish

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"


def example(file: str, after: str) -> str:
    """The first indented block of a text behind a sentence of it."""
    lines = (ROOT / file).read_text(encoding="utf-8").partition(after)[2].splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("    "))
    end = next(k for k, line in enumerate(lines) if k > start and line and not line.startswith("    "))
    return dedent("\n".join(lines[start:end]))


def test_the_example_goes_from_rates_to_a_picture(tmp_path):
    folder = tmp_path / "new"
    command = [sys.executable, EXAMPLES / "rates_to_picture.py", folder]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "cn_retail_sales" in said
    rates, months = pd.read_csv(folder / "rates.csv"), pd.read_csv(folder / "months.csv")
    assert set(rates["indicator"]) == set(months["indicator"]) == {"cn_industrial_va", "cn_retail_sales"}
    assert set(rates.loc[rates["indicator"] == "cn_industrial_va", "measure"]) == {"ytd_yoy"}
    assert (folder / "months.png").read_bytes().startswith(b"\x89PNG")


def test_the_readme_s_lines_of_python_give_the_months_and_their_draws(tmp_path):
    file = tmp_path / "t.csv"
    publish(levels(np.full((2, 12), 0.05), np.full(12, 100.0)), indicator="output").to_csv(file, index=False)
    *lines, draws = example("README.md", "\nIn Python:\n").splitlines()
    table = f"import pandas; table = pandas.read_csv({str(file)!r})"
    shown = f"draws = {draws}\nprint(draws.shape, len(result.monthly), draws.mean().round())"
    command = [sys.executable, "-c", "\n".join([table, *lines, shown])]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said == "(500, 24) 24 5.0\n"


class Nearly(doctest.OutputChecker):
    """Figures may differ a little from machine to machine, what is said of them may not."""

    def check_output(self, want, got, optionflags):
        number = r"-?\d+(?:\.\d+)?"
        texts = [re.sub(number, "0", text) for text in (want, got)]
        if not super().check_output(*texts, optionflags):
            return False
        pairs = zip(*(re.findall(number, text) for text in (want, got)), strict=True)
        return all(
            float(one) == pytest.approx(float(other), rel=0.05, abs=0.1 if "." in one else 1) for one, other in pairs
        )


@pytest.mark.parametrize(
    ("heading", "checker", "least"),
    [("In a notebook", Nearly(), 8), ("Reading bulletins", doctest.OutputChecker(), 4)],
)
def test_the_readme_s_lines_at_a_prompt_show_what_it_says(heading, checker, least):
    shown = example("README.md", f"\n## {heading}\n")
    prompt = doctest.DocTestParser().get_doctest(shown, {}, heading, "README.md", 0)
    runner = doctest.DocTestRunner(checker, optionflags=doctest.NORMALIZE_WHITESPACE)
    said = []
    runner.run(prompt, out=said.append)
    assert not said, "".join(said)
    assert runner.tries >= least


@pytest.mark.parametrize("source", ["reference", "nbs"])
def test_the_indicator_that_contributing_adds_to_a_catalogue_is_in_it(tmp_path, source):
    entry, file = example("CONTRIBUTING.md", "\n## Adding an indicator\n"), tmp_path / "catalog.toml"
    if source == "nbs":
        live = example("CONTRIBUTING.md", "is several series of one measure:\n")
        entry = "\n".join(live if line.startswith("source") else line for line in entry.splitlines())
    file.write_text(
        (ROOT / "forecasting" / "catalog" / "default.toml").read_text(encoding="utf-8") + entry, encoding="utf-8"
    )
    assert load_catalog(file)["cn_cement_output"].source.connector == source

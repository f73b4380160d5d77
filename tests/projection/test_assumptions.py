"""The assumption file and its distributions."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.errors import AssumptionError
from forecasting.projection import Assumptions, load_assumptions
from forecasting.projection._distributions import quantile

PACKAGED = (resources.files("forecasting") / "reference" / "data" / "assumptions.toml").read_text(encoding="utf-8")

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
    assert set(assumptions.scenarios) == {"indicator_only", "baseline_mixture"}
    for scenario in assumptions.scenarios.values():
        for name, parameter in scenario.parameters.items():
            assert parameter.source, name
            assert len(parameter.note) > 5, name


def test_a_file_of_ones_own_reads_as_the_packaged_one(tmp_path: Path, assumptions: Assumptions) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(PACKAGED, encoding="utf-8")
    assert load_assumptions(file).scenarios == assumptions.scenarios


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[base.capacity.kappa]", "[base.capacity.kapa]",
         "'capacity.kapa' is unknown; did you mean capacity.kappa"),
        ('dist = "tri"', 'dist = "triangle"', "dist 'triangle' is unknown; expected one of point, uniform, tri"),
        ('unit = "kt TREO/yr"', 'unit = "t TREO/yr"', "supply.mine: unit 't TREO/yr'; expected 'kt TREO/yr'"),
        ('unit = "kt magnet/yr"', 'unit = "kt TREO/yr"',
         "demand.nev.base: unit 'kt TREO/yr'; expected 'kt magnet/yr'"),
        ("{ low = 0.3, mode", "{ lo = 0.3, mode",
         "capacity.kappa: args lo, mode, high of dist 'tri'; expected low, mode, high"),
        ("{ low = 0.3, mode", "{ low = 0.7, mode", "capacity.kappa: a tri needs low <= mode <= high"),
        ("{ value = 0.7 }", "{ value = 1.7 }",
         "capacity.city_share: values from 1.7 to 1.7 1; expected 0 to 1"),
        ("q05 = 0.78", "q05 = 1.2", "growth.half_life: a lognormal is symmetric on the log scale"),
        ("{ damped = 0.4,", "{ dampened = 0.4,",
         "growth.family: option dampened is unknown; expected damped"),
        ('paths = "statistical"', 'paths = "stat"', "paths 'stat'; expected one of statistical, handover"),
        ('producer = "re_va"', 'producer = "re"', "producer 're' is unknown"),
        ('region = "Baotou"', 'regions = "Baotou"', "unknown regions and missing region"),
        ('basis = "TREO"', 'basis = "NdPr"', "basis 'NdPr'; expected one of magnet, TREO"),
        ("[base.capacity.kappa]", "[base.capacity.kappa", "not TOML"),
        ("[base.handover.centre]", "[scenarios.indicator_only.set.handover.centre]",
         "base: parameter missing: handover.centre [months]"),
    ],
)  # fmt: skip
def test_a_mistake_is_refused_with_what_was_expected(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert expected in refused(tmp_path, old, new)


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

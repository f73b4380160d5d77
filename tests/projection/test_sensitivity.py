"""Sobol indices and the tornado."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.projection import SENSITIVITY_COLUMNS, sobol_indices
from forecasting.projection._questions import Correlation
from forecasting.projection._sensitivity import sensitivity_table
from tests.projection.conftest import at, changed


def ishigami(points: np.ndarray) -> np.ndarray:
    x = np.pi * (2 * points - 1)
    return (np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0]))[:, None]


def test_the_ishigami_function_is_reproduced() -> None:
    index, width = sobol_indices(ishigami, ["a", "b", "c"], 4096, seed=1)
    assert index["S1_0"].to_list() == pytest.approx([0.3139, 0.4424, 0.0], abs=0.03)
    assert index["ST_0"].to_list() == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.03)
    assert (index["S1_0"] <= index["ST_0"] + width["ST_0"]).all()


def test_dimensions_of_a_group_share_an_index_under_their_name() -> None:
    index, _ = sobol_indices(ishigami, ["z", "m", "z"], 4096, seed=1)
    assert list(index.index) == ["z", "m"]
    assert index.loc["m", "ST_0"] == pytest.approx(0.4424, abs=0.03)
    assert index.loc["z", "S1_0"] == pytest.approx(0.5576, abs=0.03)


@pytest.fixture(scope="module")
def table(assumptions, paths, calibration) -> pd.DataFrame:
    return sensitivity_table(assumptions, paths, calibration, draws=2048, seed=1)


def test_the_table_has_a_row_a_parameter_that_can_move_anything(table: pd.DataFrame, assumptions) -> None:
    assert tuple(table.columns) == SENSITIVITY_COLUMNS
    one = table[(table["output"] == "mine_output") & (table["horizon"] == 120)]
    assert one["parameter"].is_unique
    assert {"capacity.kappa", "quota.tilt", "path index", "chance.control", "(all others)"} <= set(one["parameter"])
    assert not {"handover.centre", "control.duration"} & set(one["parameter"])  # a point; part of chance.control
    assert sorted(one["rank"]) == list(range(1, len(one) + 1))
    np.testing.assert_allclose(one["swing"], one["tornado_high"] - one["tornado_low"])


def test_first_order_indices_do_not_pass_total_ones(table: pd.DataFrame) -> None:
    smooth = table[~table["output"].str.startswith("absorption")].dropna(subset="ST")
    assert (smooth["S1"] <= smooth["ST"] + smooth["ST_conf"] + smooth["S1_conf"]).all()
    assert (smooth["ST"] >= -1e-9).all()


def test_what_cannot_touch_an_output_has_no_part_in_it(table: pd.DataFrame) -> None:
    capacity = table[table["output"] == "capacity_index@@China"].set_index(["parameter", "horizon"])
    assert (capacity.loc["quota.tilt", "ST"] == 0).all()
    assert (capacity.loc["entry.slip", "swing"] == 0).all()
    assert (capacity.loc["capacity.kappa", "ST"] > 0.2).all()
    assert (capacity.loc["capacity.kappa", "swing"] > 0).all()


def test_a_file_that_asks_for_nothing_gets_an_empty_table(assumptions, paths, calibration) -> None:
    import dataclasses

    silent = dataclasses.replace(assumptions, questions=dataclasses.replace(assumptions.questions, sensitivity=()))
    assert sensitivity_table(silent, paths, calibration, draws=64, seed=1).empty


@pytest.mark.parametrize("rho", [0.0, 0.9])
def test_the_tornado_swings_a_sum_by_nine_tenths_of_each_range(assumptions, paths, calibration, rho) -> None:
    # three uniforms of 18, 12 and 12 months; of two that correlate one is moved alone
    import dataclasses

    tied = (Correlation("entry.assessment@mine_later", "entry.consultation@mine_later", rho),)
    asked = dataclasses.replace(assumptions.questions, sensitivity=("permit_months|mine_later",), correlations=tied)
    table = sensitivity_table(dataclasses.replace(assumptions, questions=asked), paths, calibration, draws=64, seed=1)
    swing = table[table["horizon"] == 120].set_index("parameter")["swing"]
    found = [swing[f"entry.{stage}"] for stage in ("assessment", "consultation", "appeal")]
    assert found == pytest.approx([16.2, 10.8, 10.8])


def test_a_parameter_at_a_point_is_left_out(assumptions, paths, calibration) -> None:
    import dataclasses

    still = changed(assumptions, lambda name, old: at(0.3, old) if name == "capacity.kappa" else old)
    one = dataclasses.replace(still.questions, sensitivity=("capacity_index@@China",))
    table = sensitivity_table(dataclasses.replace(still, questions=one), paths, calibration, draws=64, seed=1)
    assert "capacity.kappa" not in set(table["parameter"])

"""The methods on the past."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import AssumptionError
from forecasting.projection import HINDCAST_COLUMNS, Assumptions, check_against
from forecasting.projection._hindcasts import hindcast_table
from forecasting.projection._questions import Hindcast


@pytest.fixture(scope="module")
def table(assumptions: Assumptions, calibration: pd.DataFrame) -> pd.DataFrame:
    return hindcast_table(assumptions, calibration, seed=7)


def case(table: pd.DataFrame, name: str) -> pd.DataFrame:
    return table[table["case"] == name]


def test_every_case_is_there_and_quantiles_do_not_decrease(table: pd.DataFrame) -> None:
    assert tuple(table.columns) == HINDCAST_COLUMNS
    assert sorted(set(table["case"])) == [f"H{i}" for i in range(1, 9)]
    assert not table.duplicated(["case", "origin", "target", "variable"]).any()
    assert (np.diff(table[["q05", "q50", "q95"]], axis=1) >= 0).all()
    assert table["pit"].between(0, 1).all()
    expected = (table["realised"] >= table["q05"]) & (table["realised"] <= table["q95"])
    assert (table["covered90"] == expected).all()


def test_the_quota_of_2024_is_inside_the_bands_of_2015_and_both_naive_growths_are_beaten(table: pd.DataFrame) -> None:
    rows = case(table, "H1")
    assert rows["covered90"].all()
    assert (rows["crps"] < rows["crps_naive"]).all()
    lasting = rows[rows["variable"].str.contains("lasting error")].iloc[0]
    assert (round(lasting["q05"]), round(lasting["q95"])) == (104, 317)
    assert lasting["pit"] == pytest.approx(0.87, abs=0.005)


def test_damped_growth_holds_the_vehicles_of_2024(table: pd.DataFrame) -> None:
    row = case(table, "H3").iloc[0]
    assert row["covered90"]
    assert row["crps"] < row["crps_naive"]


def test_the_licences_of_april_2025_cost_one_to_two_months(table: pd.DataFrame) -> None:
    rows = case(table, "H4")
    assert rows["covered90"].all()
    assert rows["q50"].between(1.0, 2.0).all()


def test_kappa_is_near_a_half_in_2022_and_near_one_in_2025(table: pd.DataFrame) -> None:
    rows = case(table, "H5").set_index("target")
    assert rows.loc["2022-08", "q50"] == pytest.approx(0.5, abs=0.1)
    assert rows.loc["2025-05", "q50"] == pytest.approx(1.0, abs=0.15)
    assert rows["covered90"].all()


def test_the_oxide_of_2023_and_the_recycling_of_2024_close_within_ten_percent(table: pd.DataFrame) -> None:
    rows = case(table, "H6")
    assert (abs(rows["q50"] / rows["realised"] - 1) < 0.10).all()


def test_ramp_and_slip_hold_what_came(table: pd.DataFrame) -> None:
    assert case(table, "H8")["covered90"].all()


def test_what_misses_is_published_too(table: pd.DataFrame) -> None:
    assert not case(table, "H2")["covered90"].any()
    assert not table["covered90"].all()


DRAWN = {"parameter": "capacity.kappa"}
SHIPPED = {"delay": "control.LICENSING.delay", "recovery": "control.recovery"}
QUOTA = {"base": 105.0, "start": "hold", "years": 9}
PRODUCT = {"figures": [1.0, 2.0], "factors": [1.0, 1.0], "error": [1.0, 0.1]}
WHOLE = {"origin": "2015", "target": "2024", "variable": "v", "realised": 1.0, "naive": [1.0]}


@pytest.mark.parametrize(
    ("kind", "args", "expected"),
    [
        ("prophecy", {}, "kind 'prophecy'; expected one of damped, drawn"),
        ("single_number", {}, "forecast is missing"),
        ("single_number", {"forecast": "nothing@2020"}, "has 0 figures; expected a number or series@year"),
        ("single_number", {"forecast": float("inf")}, "forecast inf has 0 figures"),
        ("drawn", {"parameter": "capacity.kapa"}, "a parameter that is a number; did you mean capacity.kappa"),
        ("drawn", {"parameter": "growth.family"}, "is 'growth.family'; expected a parameter that is a number"),
        ("drawn", {"parameter": 3.0}, r'is 3.0; expected a parameter, \[mean, sd\] or \[low, high, "uniform"\]'),
        ("drawn", {"parameter": [0.0, 1.0, "normal"]}, "parameter is .*expected a parameter"),
        ("drawn", {"parameter": ["low", 1.0]}, "parameter 'low' has 0 figures"),
        ("drawn", DRAWN | {"naive": 1.0}, "naive is 1.0; expected a list of numbers or of series@year"),
        ("drawn", DRAWN | {"naive": []}, "naive is .*; expected a list"),
        ("drawn", DRAWN | {"scal": 2.0}, "scal is unknown; expected naive, origin, parameter, realised, target"),
        ("quota_process", QUOTA | {"start": "slow"}, "'slow'; expected one of quota_states: hold, normal, surge"),
        ("quota_process", QUOTA | {"years": 12}, "years is 12; expected a whole number from 1 to 10"),
        ("quota_process", QUOTA | {"years": 2.5}, "years is 2.5; expected a whole number"),
        ("lost_shipments", SHIPPED | {"months": 0}, "months is 0; expected a whole number from 1 to 120"),
        ("product_sum", PRODUCT | {"factors": [1.0]}, "factors is .*; expected as many as there are figures, 2"),
        ("damped", {"base": 1.0, "growth": -120.0, "long_run": 5.0, "half_life": "growth.half_life", "years": 3},
         "its arguments give draws that are no finite numbers"),
    ],
)  # fmt: skip
def test_a_case_that_cannot_be_tried_is_refused_before_anything_is_simulated(
    assumptions, calibration, claims, kind, args, expected
) -> None:
    questions = dataclasses.replace(assumptions.questions, hindcasts=(Hindcast("X", kind, WHOLE | args),))
    with pytest.raises(AssumptionError, match=f"^hindcast X: .*{expected}"):
        check_against(dataclasses.replace(assumptions, questions=questions), calibration, claims)


def test_a_quota_is_no_case_where_there_is_none(assumptions, calibration, claims) -> None:
    questions = dataclasses.replace(assumptions.questions, hindcasts=(Hindcast("X", "quota_process", WHOLE | QUOTA),))
    structure = dataclasses.replace(assumptions.structure, quota_states=())
    free = dataclasses.replace(assumptions, questions=questions, structure=structure)
    with pytest.raises(AssumptionError, match=r"expected one of quota_states: \(none\)"):
        hindcast_table(free, calibration, seed=1)

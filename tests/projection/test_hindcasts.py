"""The methods on the past."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import AssumptionError
from forecasting.projection import HINDCAST_COLUMNS, Assumptions
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


@pytest.mark.parametrize(
    ("kind", "args", "expected"),
    [
        ("prophecy", {}, "kind 'prophecy'; expected one of damped, drawn"),
        ("single_number", {}, "forecast is missing"),
        ("single_number", {"forecast": "nothing@2020"}, "has 0 figures; expected a number or series@year"),
    ],
)
def test_a_case_that_cannot_be_tried_is_refused(assumptions, calibration, kind, args, expected) -> None:
    questions = dataclasses.replace(assumptions.questions, hindcasts=(Hindcast("X", kind, args),))
    with pytest.raises(AssumptionError, match=expected):
        hindcast_table(dataclasses.replace(assumptions, questions=questions), calibration, seed=1)

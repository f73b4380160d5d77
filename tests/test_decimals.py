"""To what figures were rounded that come without saying so."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.observations import check_observations, month_label
from forecasting.reference import load_observations


def decimals(values, measure="ytd_yoy", **columns) -> list[int]:
    """Of figures of one indicator, a month each."""
    periods = [month_label(12 * 2010 + n) for n in range(len(values))]
    unit = "percent" if measure.endswith("yoy") else "t"
    table = pd.DataFrame({"indicator": "a", "period": periods, "measure": measure, "value": values, "unit": unit})
    return check_observations(table.assign(**columns))["decimals"].tolist()


def national() -> pd.DataFrame:
    """Cumulative rates of value added, all to one decimal."""
    table = load_observations().query("indicator == 'cn_industrial_va' and measure == 'ytd_yoy'")
    return table[["indicator", "period", "measure", "value", "unit"]]


def test_a_table_that_a_spreadsheet_wrote_says_what_it_said_before(caplog):
    table = national()
    written = table.assign(value=[f"{value:.1f}" for value in table["value"]])
    dropped = table.assign(value=[f"{value:g}" for value in table["value"]])
    whole = sum("." not in text for text in dropped["value"])
    assert whole > 20
    with caplog.at_level(logging.WARNING):
        pd.testing.assert_frame_equal(check_observations(dropped, source="a.csv"), check_observations(written))
    [line] = caplog.messages
    row = dropped.reset_index(drop=True)["value"].str.contains(".", regex=False).idxmin() + 1
    assert line.startswith("a.csv: no figure ends in a zero after the point")
    assert f"{whole} of {len(table)} are taken" in line
    assert f"the first on row {row}:" in line


def test_where_one_figure_ends_in_a_zero_the_others_have_lost_none(caplog):
    table = national()
    texts = [f"{value:g}" for value in table["value"]]
    first = next(n for n, text in enumerate(texts) if "." not in text)
    kept = check_observations(table.assign(value=[*texts[:first], f"{texts[first]}.0", *texts[first + 1 :]]))
    assert kept["decimals"].eq(0).sum() == sum("." not in text for text in texts) - 1
    assert not caplog.messages


def test_few_figures_do_not_tell_that_zeros_were_lost():
    fine = [f"{1 + n % 9}.{1 + n % 8}" for n in range(30)]
    assert decimals([*fine, "6"])[-1] == 1
    assert decimals([*fine[:29], "6"])[-1] == 0


def test_years_of_whole_percents_in_a_table_without_zeros_stay_what_they_are():
    early = ["12", "13", "13", "11", "12", "14", "13"]
    late = [f"{1 + n % 9}.{1 + n % 8}" for n in range(40)]
    assert decimals([*early, *late, "7"]) == [0] * 7 + [1] * 41


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([6.0, 6.0, 6.0, 6.0, 6.0, 6.0], 1),  # that a figure repeats tells nothing
        ([6.0, 7.0, 6.0], 1),
        ([6.0, 7.0, 6.0, 5.0, 8.0], 1),
        ([6.0, 7.0, 6.0, 5.0, 8.0, 9.0], 0),
        ([6, 7, 6, 5, 8, 9], 0),
        ([6.25, 7.0, 6.5, 5.0], 2),
    ],
)
def test_numbers_that_are_all_whole_are_whole_percents(values, expected):
    assert set(decimals(values)) == {expected}


def test_a_number_among_computed_ones_has_one_decimal():
    assert decimals([5.1234567, 6.0, 4.7654321]) == [7, 1, 7]


def test_what_is_said_is_not_counted():
    assert decimals([5.25, 6.0, 7.0], decimals=["2", "", "0"]) == [2, 1, 0]
    assert decimals(["5800", "6100", "7000"], "month_level", decimals=["-2", "", "-2"]) == [-2, 0, -2]


@given(st.lists(st.integers(-990, 3000), min_size=40, max_size=120), st.sampled_from([1, 2]))
def test_the_truth_is_within_half_of_what_was_counted(tenths, places):
    exact = np.array(tenths) / 10.0 + 1e-3
    rounded = [round(float(value), places) for value in exact]
    texts = [f"{value:g}" for value in rounded]
    half = 0.5 * 10.0 ** -np.array([decimals(rounded), decimals(texts), decimals([f"{v:.{places}f}" for v in rounded])])
    assert (np.abs(np.array(rounded) - exact) <= half * (1 + 1e-9)).all()

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import InputError
from forecasting.observations import COLUMNS, canonical, check_observations, month_index, month_label

GOOD = {"indicator": "a", "period": "2025-03", "measure": "ytd_yoy", "value": "6.10", "unit": "percent"}


def frame(*changes):
    return pd.DataFrame([{**GOOD, **change} for change in changes])


def message(*changes, **kwargs):
    with pytest.raises(InputError) as caught:
        check_observations(frame(*changes), **kwargs)
    return str(caught.value)


def test_figures_come_back_typed_sorted_and_with_the_decimals_of_their_text():
    out = check_observations(frame({"period": "2025-04", "value": "5"}, {}, {"measure": "ytd_level", "unit": "t"}))
    assert list(out.columns) == list(COLUMNS)
    assert out["period"].tolist() == ["2025-03", "2025-03", "2025-04"]
    assert out["measure"].tolist() == ["ytd_level", "ytd_yoy", "ytd_yoy"]
    assert out["decimals"].tolist() == [2, 2, 0]
    assert out["value"].dtype == float
    assert out["released_at"].isna().all()


def test_a_number_without_its_text_has_at_least_one_decimal():
    assert check_observations(frame({"value": 6.0}))["decimals"].tolist() == [1]
    assert check_observations(frame({"value": 6.25}))["decimals"].tolist() == [2]
    assert check_observations(frame({"value": 1e-05}))["decimals"].tolist() == [5]


@pytest.mark.parametrize(
    ("value", "figure", "decimals"),
    [
        (0.034 * 100, 3.4, 1),
        (100 * (1.001 - 1), 0.1, 1),
        (1234567890.12 - 1200000000.03, 34567890.09, 2),
        (-2e-14, 0.0, 1),
        (1 / 3, 0.333333333, 9),
        (np.float32(6.1), 6.1, 1),
        (np.float32(0.034) * np.float32(100), 3.4, 1),
        (np.float32(1234.567), 1234.567, 3),
        (np.float32(16777213), 16777213.0, 1),
        (1234567890.123, 1234567890.123, 3),
        (123456789012.3, 123456789012.3, 1),
        (9007199254740991, 9007199254740991.0, 1),
    ],
)
def test_the_noise_of_arithmetic_is_no_decimals_and_long_figures_keep_their_digits(value, figure, decimals):
    out = check_observations(frame({"value": value}))
    assert out["value"].tolist() == [figure]
    assert not np.signbit(out["value"]).any()
    assert out["decimals"].tolist() == [decimals]


@pytest.mark.parametrize("kind", ["float64", "float32", "Float32", "float16"])
def test_a_column_of_any_floats_gives_what_its_text_gives(kind):
    texts = [{"value": f"{tenths / 10:.1f}", "period": f"{2000 + tenths}-03"} for tenths in range(-80, 130)]
    texts = [row for row in texts if row["value"] != "-0.0"]
    numbers = frame(*texts).assign(value=lambda rows: rows["value"].astype(float).astype(kind))
    pd.testing.assert_frame_equal(check_observations(numbers), check_observations(frame(*texts)), check_exact=True)


@pytest.mark.parametrize(
    ("value", "decimals", "figure"),
    [(0.034 * 100, 1, 3.4), (np.float32(123456.7), 1, 123456.7), (5800.0000001, -2, 5800.0), ("3.4000000004", 1, 3.4)],
)
def test_a_value_is_the_nearest_to_the_figure_of_the_decimals_that_are_given(value, decimals, figure):
    assert check_observations(frame({"value": value, "decimals": decimals}))["value"].tolist() == [figure]


def test_the_decimals_column_wins_over_the_text():
    assert check_observations(frame({"value": "1200.0", "decimals": "0"}))["decimals"].tolist() == [0]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"indicator": " "}, "indicator is empty"),
        ({"period": "2025-13"}, "period '2025-13' is not YYYY-MM"),
        ({"period": "2025-3"}, "period '2025-3' is not YYYY-MM"),
        ({"period": "0205-03"}, "period '0205-03' is before 1900 or after 2199-12"),
        ({"period": "2204-03"}, "period '2204-03' is before 1900 or after 2199-12"),
        ({"value": "6.13", "decimals": "1"}, "value has more decimals than decimals says"),
        ({"value": "12345678901234567.89"}, "value has more digits than can be kept exactly; give it in a larger unit"),
        ({"measure": "growth"}, "measure 'growth' is unknown"),
        ({"value": ""}, "value is empty"),
        ({"value": "6,1"}, "value '6,1' is not a number"),
        ({"value": "1e400"}, "is not a number"),
        ({"value": float("inf")}, "is not a finite number"),
        ({"value": "-100.0"}, "cannot fall by 100 or more"),
        ({"measure": "month_level", "unit": "t", "value": "-3"}, "month_level of -3: growth needs a positive quantity"),
        ({"measure": "ytd_level", "unit": "t", "value": "0.0"}, "ytd_level of 0: growth needs a positive quantity"),
        ({"unit": "%"}, "rates are in 'percent'"),
        ({"measure": "month_level", "unit": ""}, "unit is empty"),
        ({"decimals": "1.5"}, "decimals '1.5' is not a whole number"),
        ({"decimals": "-10"}, "decimals '-10' is not a whole number from -9 to 9"),
        ({"value": "5.0123456789"}, "value '5.0123456789' has 10 decimals; 9 at most are taken: round it"),
        ({"released_at": "yesterday"}, "released_at 'yesterday' is not an ISO date"),
        ({"released_at": "2024-05"}, "released_at '2024-05' is not an ISO date"),
        ({"note": "two\nlines"}, "note holds a control character"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_the_reason(change, expected):
    text = message({"period": "2025-02"}, change, source="figures.csv", lines=[2, 5])
    assert text.startswith("figures.csv: line 5: ")
    assert expected in text


def test_every_bad_row_is_reported_and_a_figure_given_twice_names_the_first():
    text = message({}, {"value": "x"}, {"period": "2025-00"}, {})
    assert [line.split(": ")[1] for line in text.splitlines()] == ["row 2", "row 2", "row 3", "row 4"]
    assert "given twice, first on row 1" in text


def test_levels_of_one_indicator_in_two_units_are_refused():
    rows = [{"measure": "month_level", "unit": "t"}, {"measure": "ytd_level", "unit": "kt"}]
    assert "unit 'kt', but earlier levels of a are in 't'" in message(*rows)


def test_columns_are_checked_before_rows():
    with pytest.raises(InputError, match="column value missing"):
        check_observations(frame({}).drop(columns="value"))
    with pytest.raises(InputError, match="column colour unknown"):
        check_observations(frame({}).assign(colour="red"))
    with pytest.raises(InputError, match="column value given twice"):
        check_observations(pd.concat([frame({}), frame({})[["value"]]], axis=1))
    with pytest.raises(InputError, match="no rows"):
        check_observations(frame({}).iloc[:0])


def test_figures_that_were_checked_are_taken_as_they_are_and_others_are_checked():
    checked = check_observations(frame({}))
    assert canonical(checked) is checked
    for other in (frame({}), checked.astype(str)):
        pd.testing.assert_frame_equal(canonical(other.replace({"released_at": {"NaT": ""}})), checked)


def test_months_survive_the_way_to_an_index_and_back():
    assert [month_label(month_index(period)) for period in ("1999-12", "2000-01")] == ["1999-12", "2000-01"]


def test_periods_may_be_days_or_months_of_pandas():
    days = pd.Series(pd.to_datetime(["2025-03-01", "2025-04-30"]))
    plain = check_observations(frame({}, {"period": "2025-04"}))
    for periods in (days, days.dt.tz_localize("Asia/Shanghai"), days.dt.to_period("M")):
        pd.testing.assert_frame_equal(check_observations(frame({}, {}).assign(period=periods)), plain)
    with pytest.raises(InputError, match="row 1: period '' is not YYYY-MM"):
        check_observations(frame({}).assign(period=pd.to_datetime([None])))


@pytest.mark.parametrize("given", [None, "figures.csv", {"indicator": ["a"]}, frame({})["value"]])
@pytest.mark.parametrize("take", [check_observations, canonical])
def test_what_is_no_table_is_refused_with_what_is_needed(take, given):
    with pytest.raises(InputError, match=f"observations: {type(given).__name__} given; a DataFrame with the columns i"):
        take(given)

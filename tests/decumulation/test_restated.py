"""Levels that were restated from month to month do not spoil the months that the rates tell."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from forecasting import decumulate
from forecasting.decumulation._figures import Figures, arrange
from forecasting.decumulation._restated import refined, reshaped, unlike_rates
from forecasting.observations import check_observations, month_label
from forecasting.reference import load_observations

YEARS = 6
SHARE = np.array([0.07, 0.07, 0.09, 0.08, 0.08, 0.09, 0.08, 0.08, 0.09, 0.09, 0.09, 0.09])
TAKEN_OFF = 1 - 0.012 * np.arange(12)
"""What is left of the cumulative levels of a year in which projects go off the books."""


def truth() -> np.ndarray:
    rng = np.random.default_rng(3)
    growth = 0.08 - 0.01 * np.arange(YEARS)[:, None] + 0.01 * rng.standard_normal((YEARS, 12))
    return 1e4 * SHARE * np.cumprod(1 + growth, axis=0)


def table(factor: np.ndarray, *, first_rate: int = 1) -> pd.DataFrame:
    """Cumulative rates as they are, levels times a factor (Y, 12)."""
    total = truth().cumsum(axis=1)
    rows = []
    for y, m in np.ndindex(total.shape):
        if m:
            period = month_label((2010 + y) * 12 + m)
            rows.append(["a", period, "ytd_level", f"{factor[y, m] * total[y, m]:.1f}", "t"])
            if y >= first_rate:
                rows.append(["a", period, "ytd_yoy", f"{100 * (total[y, m] / total[y - 1, m] - 1):.1f}", "percent"])
    return check_observations(pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"]))


def figures(factor: np.ndarray, *, first_rate: int = 1) -> Figures:
    return arrange(table(factor, first_rate=first_rate))[0]


def test_another_height_is_no_other_shape() -> None:
    factor = np.ones((YEARS, 12))
    factor[3:] = 0.8
    assert not reshaped(figures(factor)).any()


def test_years_on_either_side_of_a_year_that_was_restated_by_the_month_are_told_apart() -> None:
    factor = np.ones((YEARS, 12))
    factor[4] = TAKEN_OFF
    assert reshaped(figures(factor)).tolist() == [False, False, False, False, True, True]


def test_of_runs_of_years_that_are_equally_long_the_latest_is_believed() -> None:
    factor = np.ones((YEARS, 12))
    factor[3:] = TAKEN_OFF
    assert reshaped(figures(factor, first_rate=0)).tolist() == [True, True, True, False, False, False]


def test_levels_on_either_side_of_a_year_without_levels_are_believed_and_stated() -> None:
    rows = table(np.ones((YEARS, 12)))
    rows = rows[(rows["period"] > "2011") & ((rows["measure"] == "ytd_yoy") | ~rows["period"].str.startswith("2013"))]
    assert not reshaped(arrange(rows)[0]).any()
    first = decumulate(rows, draws=40).paths["a"].level[:, :12].sum(axis=1)
    np.testing.assert_allclose(first, truth()[1].sum(), atol=0.1)


def test_small_levels_whose_shares_rounding_alone_disturbs_are_believed() -> None:
    one = figures(np.full((YEARS, 12), 2e-3))
    assert not reshaped(one).any()
    assert unlike_rates(one, np.ones(YEARS, dtype=bool)) == []


def test_levels_that_alone_tell_the_growth_of_a_year_stay() -> None:
    for count in (2, 3):
        factor = np.ones((YEARS, 12))
        factor[:count] = TAKEN_OFF
        assert not reshaped(figures(factor, first_rate=count - 1)).any()


def test_levels_apart_are_named_where_their_growth_misses_the_rate() -> None:
    factor = np.ones((YEARS, 12))
    factor[4] = TAKEN_OFF
    one = figures(factor)
    named = unlike_rates(one, reshaped(one))
    assert {figure.year for figure in named} == {4, 5}
    december = next(figure for figure in named if (figure.year, figure.month) == (4, 11))
    assert december.slack == pytest.approx(100 * 0.132, abs=0.2)


def test_months_are_those_of_the_rates_and_no_rate_is_called_revised() -> None:
    factor = np.ones((YEARS, 12))
    factor[4] = TAKEN_OFF
    level = truth()
    found = decumulate(table(factor), draws=50)
    assert {flag.name for flag in found.paths["a"].flags} >= {"restated_base"}
    assert "revision" not in {flag.name for flag in found.paths["a"].flags}
    months = found.monthly[found.monthly["yoy"].notna()].set_index("month")["yoy"]
    for y in (4, 5):
        actual = 100 * (level[y, 2:] / level[y - 1, 2:] - 1)
        recovered = [months[month_label((2010 + y) * 12 + m)] for m in range(2, 12)]
        np.testing.assert_allclose(recovered, actual, atol=1.6)


def test_national_investment_follows_its_published_rates() -> None:
    observations = load_observations()
    investment = observations[observations["indicator"] == "cn_fixed_asset_investment"]
    found = decumulate(investment, draws=50)
    assert not {"revision", "break"} & {flag.name for flag in found.paths["cn_fixed_asset_investment"].flags}
    months = found.monthly.set_index("month")["yoy"]
    assert 5 < months["2019-12"] < 10  # the published levels fell by two thirds on December 2018
    assert -20 < months["2025-12"] < -10


def test_levels_on_another_base_are_named_in_the_year_of_the_break_alone() -> None:
    factor = np.ones((YEARS, 12))
    factor[3:] = 0.8
    flags = decumulate(table(factor), draws=60).flags
    named = flags[flags["flag"] == "restated_base"]
    assert set(named["month"].str[:4]) == {"2013"}
    assert len(named) == 11


def test_months_of_a_year_whose_coverage_changed_on_the_way_accuse_no_rate() -> None:
    months = truth()
    wider = months.copy()
    wider[3, 6:] *= 1.3
    wider[4:] *= 1.3
    rates = table(np.ones((YEARS, 12)))
    rates = rates[rates["measure"] == "ytd_yoy"]
    rows = [
        ["a", month_label((2010 + y) * 12 + m), "month_level", f"{wider[y, m]:.1f}", "t"]
        for y, m in np.ndindex(wider.shape)
        if m > 1
    ]
    levels = check_observations(pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"]))
    told = decumulate(pd.concat([rates, levels]), draws=60)
    assert set(told.flags["flag"]) == {"restated_base"}
    growth = 100 * (months[1:] / months[:-1] - 1)
    recovered = told.monthly.set_index("month")["yoy"]
    for y, m in np.ndindex(growth.shape):
        if m > 1:
            assert recovered[month_label((2011 + y) * 12 + m)] == pytest.approx(growth[y, m], abs=0.6)


@pytest.mark.parametrize("first", [2, 3])
def test_years_on_a_base_that_is_not_believed_are_known_as_finely_as_their_levels_have_them(first: int) -> None:
    factor = np.ones((YEARS, 12))
    factor[first : first + 3] = 1.1
    months = decumulate(table(factor), draws=60).monthly.set_index("month")
    growth = 100 * (truth()[1:] / truth()[:-1] - 1)
    for y, m in np.ndindex(growth.shape):
        if m > 1 and y + 1 not in (first, first + 3):
            assert months["yoy"][month_label((2011 + y) * 12 + m)] == pytest.approx(growth[y, m], abs=0.05)


def test_rates_are_refined_by_levels_that_round_to_all_of_them_if_all_figures_can_be_true_then() -> None:
    factor = np.ones((YEARS, 12))
    factor[3:] = 1.1
    given = figures(factor)
    exact = truth().cumsum(axis=1)[1:] / truth().cumsum(axis=1)[:-1] - 1
    finer = refined(given, lambda _: True)
    value, half = finer.value["ytd_yoy"][1:, 1:], finer.half["ytd_yoy"][1:, 1:]
    alike = np.array([True, True, False, True, True])
    assert (half[alike] < 1e-4).all()
    assert (np.abs(value - exact[:, 1:])[alike] <= half[alike]).all()
    np.testing.assert_array_equal(half[~alike], given.half["ytd_yoy"][1:, 1:][~alike])
    late = refined(given, lambda asked: bool(asked.half["ytd_yoy"][1, 1] == given.half["ytd_yoy"][1, 1]))
    np.testing.assert_array_equal(late.value["ytd_yoy"][:4], given.value["ytd_yoy"][:4])
    np.testing.assert_array_equal(late.value["ytd_yoy"][4:], finer.value["ytd_yoy"][4:])


def test_rates_beside_levels_of_the_same_months_are_as_published() -> None:
    given = figures(np.ones((YEARS, 12)))
    months = given.value | {"month_level": np.where(np.arange(12) > 1, truth(), np.nan)}
    own = replace(given, value=months)
    np.testing.assert_array_equal(refined(own, lambda _: True).half["ytd_yoy"][:, 2:], given.half["ytd_yoy"][:, 2:])

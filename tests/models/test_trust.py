"""Shares of an expected change of the cumulative rate, and the levels that they mean."""

import numpy as np
import pytest

from forecasting.models._trust import REACH, RETURNS, believed, between, cumulative_rates

JANUARY = 2010 * 12


Past = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
NOTHING: Past = (np.zeros((0, 1, 2)), np.zeros((0, 1)), np.zeros(0, dtype=int), np.zeros((0, 1), dtype=int))


def record(came: float, *, across: bool, years: int = 8, size: float = 1.0, returned: float | None = None) -> Past:
    """Changes that were expected from November of every year, next month or next January, and what came of a point.

    Growth that returns to its mean is expected to do the same, or another.
    """
    origins = JANUARY + 12 * np.arange(years) + 10
    expected = np.full((years, 1, 2), [size, size if returned is None else returned])
    return expected, np.full((years, 1), came * size), origins, origins[:, None] + (2 if across else 1)


def both(first: Past, second: Past) -> Past:
    expected, came, origins, ends = (np.concatenate(pair) for pair in zip(first, second, strict=True))
    return expected, came, origins, ends


def share(past: Past, origin: int, target: int) -> float:
    return float(believed(*past, origin, np.array([target]), alone=False)[0][0])


def returned(past: Past, origin: int, target: int) -> float:
    return float(believed(*past, origin, np.array([target]), alone=False)[1][0])


def test_without_a_past_the_prior_is_believed() -> None:
    targets = JANUARY + 101 + np.arange(20)
    np.testing.assert_allclose(believed(*NOTHING, JANUARY + 100, targets, alone=True)[0], 0.5)
    values, back = believed(*NOTHING, JANUARY + 100, targets, alone=False)
    np.testing.assert_allclose(back, RETURNS)
    np.testing.assert_allclose(values[:7], values[0])  # to December
    np.testing.assert_allclose(values[7:], values[7])
    assert 0.6 < values[7] < 0.7 < values[0] < 0.8


def test_what_came_again_and_again_is_believed_and_what_never_came_is_not() -> None:
    origin = JANUARY + 8 * 12 + 10
    assert share(record(1.0, across=False), origin, origin + 1) > 0.85
    assert share(record(0.0, across=False), origin, origin + 1) < 0.2


@pytest.mark.parametrize("across", [False, True])
def test_growth_is_believed_to_return_where_it_did_and_to_stay_where_it_stayed(across: bool) -> None:
    origin = JANUARY + 8 * 12 + 10
    target = origin + (2 if across else 1)
    assert returned(record(-1.0, across=across, returned=-1.0), origin, target) > 0.9
    assert returned(record(1.0, across=across, returned=-1.0), origin, target) < 0.05
    assert returned(record(0.7, across=across), origin, target) == pytest.approx(RETURNS)  # nothing tells them apart


def test_the_end_of_the_year_is_apart_from_the_months_before_it() -> None:
    past = both(record(1.0, across=False), record(0.0, across=True))
    origin = JANUARY + 8 * 12 + 10
    assert share(past, origin, origin + 1) > 0.85
    assert share(past, origin, origin + 2) < 0.25


def test_another_time_of_the_year_says_nothing() -> None:
    origin = JANUARY + 8 * 12 + 3
    assert share(record(0.0, across=False), origin, origin + 1) == share(NOTHING, origin, origin + 1)


def test_a_crisis_counts_as_one_miss() -> None:
    calm = record(0.0, across=False)
    expected, came, origins, ends = (each[-1:] for each in record(1.0, across=False, years=9, size=30.0))
    crisis = (expected, came, origins, ends)
    origin = JANUARY + 9 * 12 + 10
    assert share(both(calm, crisis), origin, origin + 1) < 0.4


def test_targets_farther_than_is_remembered_are_believed_as_the_last_ones() -> None:
    origin = JANUARY + 8 * 12 + 10
    expected, came, origins, _ = record(0.0, across=True)
    past = (expected, came, origins, origins[:, None] + REACH)
    assert share(past, origin, origin + 30) == pytest.approx(share(past, origin, origin + REACH))
    assert share(past, origin, origin + 30) < 0.3


def test_what_is_not_known_yet_says_nothing() -> None:
    expected, came, origins, ends = record(0.0, across=False)
    origin = JANUARY + 8 * 12 + 10
    assert share((expected, came + np.nan, origins, ends), origin, origin + 1) == share(NOTHING, origin, origin + 1)


@pytest.mark.parametrize("season_length", [12, 11])
def test_cumulative_rates_of_a_small_case_by_hand(season_length: int) -> None:
    months = JANUARY + np.arange(30)
    months = months if season_length == 12 else months[months % 12 != 0]
    level = np.where(months >= JANUARY + 12, 12.0, 10.0)
    level[months == JANUARY + 13] = 16.0
    rates = cumulative_rates(level, months, season_length)
    assert np.isnan(rates[:season_length]).all()
    first, then = (20.0, 40.0) if season_length == 12 else (60.0, 40.0)
    assert rates[season_length] == pytest.approx(first)
    assert rates[season_length + 1] == pytest.approx(then)
    assert rates[2 * season_length] == pytest.approx(100 * (12 / level[season_length] - 1))


def test_a_year_that_does_not_begin_in_january_has_no_rate() -> None:
    months = JANUARY + 3 + np.arange(30)
    rates = cumulative_rates(np.ones(30), months, 12)
    assert np.isnan(rates[:21]).all()  # April 2010 to December 2011
    np.testing.assert_allclose(rates[21:], 0.0)


@pytest.mark.parametrize("season_length", [12, 11])
def test_levels_between_have_the_rates_that_are_wanted(season_length: int) -> None:
    rng = np.random.default_rng(4)
    months = JANUARY + np.arange(60)
    months = months if season_length == 12 else months[months % 12 != 0]
    n = len(months) - 18
    y = 100 * np.exp(0.01 * rng.standard_normal(n))
    line = np.concatenate([y, np.zeros(18)])
    stay, moved = line.copy(), line.copy()
    for i in range(n, len(line)):
        stay[i], moved[i] = 1.02 * stay[i - season_length], 1.08 * moved[i - season_length]
    wanted = [cumulative_rates(path, months, season_length)[n:] for path in (stay, moved)]
    for k in (0.0, 0.3, 1.0):
        path = between(y, stay[n:], moved[n:], np.full(18, k), months, season_length)
        rates = cumulative_rates(np.concatenate([y, path]), months, season_length)[n:]
        np.testing.assert_allclose(rates, (1 - k) * wanted[0] + k * wanted[1], rtol=1e-9)


def test_growth_of_a_month_stays_between_that_of_both_paths_where_shares_jump() -> None:
    months = JANUARY + np.arange(36)
    y = np.full(26, 100.0)
    stay, moved = np.full(10, 100.0), np.full(10, 110.0)
    path = between(y, stay, moved, np.array([1.0, 0, 1, 0, 1, 0, 1, 0, 1, 0]), months, 12)
    assert path.min() >= 100 - 1e-9
    assert path.max() <= 110 + 1e-9

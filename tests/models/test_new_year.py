"""What Chinese New Year moves between January and February."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from forecasting.models import MODELS, following_months
from forecasting.models._new_year import moved_by_new_year, new_year_effect

YEARS = 13
MOVED = np.array([0.05, -0.1, -0.2])


def months(years: int = YEARS, first: str = "2008-12-01") -> pd.DatetimeIndex:
    return following_months(pd.Timestamp(first), 12 * years, 12)


def levels(ds: pd.DatetimeIndex, moved: np.ndarray, seed: int, noise: float = 0.01) -> np.ndarray:
    """Months that grow by about 6 % a year, with a season, noise and a New Year's effect."""
    rng = np.random.default_rng(seed)
    pace = 0.06 / 12 + 0.0003 * rng.standard_normal(len(ds)).cumsum()
    season = np.resize(0.1 * rng.standard_normal(12), len(ds))
    return np.exp(pace.cumsum() + season + noise * rng.standard_normal(len(ds))) * new_year_effect(ds, moved)


def test_what_moves_with_the_festival_is_found() -> None:
    ds = months()
    found = np.array([moved_by_new_year(levels(ds, MOVED, seed), ds) for seed in range(20)])
    np.testing.assert_allclose(found.mean(axis=0), MOVED, atol=0.02)
    # February 2019 had all of the festival, January 2020 nearly all of it
    effect = new_year_effect(pd.DatetimeIndex(["2019-01-01", "2019-02-01", "2020-01-01", "2020-02-01"]), MOVED)
    np.testing.assert_allclose(np.log(effect), [0.04, 0.01 - 0.1 - 0.2, 0.05 - 0.1, -0.2], atol=0.001)


def test_nothing_is_taken_out_without_evidence_that_anything_moves() -> None:
    ds = months()
    found = np.array([moved_by_new_year(levels(ds, np.zeros(3), seed), ds) for seed in range(40)])
    assert (found == 0).all(axis=1).mean() > 0.6
    assert np.abs(found).mean() < 0.005
    abroad = months(first="1970-12-01")  # no festival of these years is known
    assert not moved_by_new_year(levels(abroad, np.zeros(3), 1) * np.exp((abroad.month == 2) * 0.1), abroad).any()


def test_one_crisis_is_no_festival() -> None:
    ds = months()
    y = levels(ds, MOVED, 3)
    crisis = np.where((ds.year == 2014) & (ds.month < 4), np.resize([0.8, 0.6, 0.9], len(ds)), 1.0)
    np.testing.assert_allclose(moved_by_new_year(y * crisis, ds), moved_by_new_year(y, ds), atol=0.02)


@pytest.mark.parametrize("cut", [0, 1])
def test_a_february_is_forecast_by_where_its_new_year_falls(cut: int) -> None:
    ds, errors = months(), []
    for years in (7, 9, 10):  # 2016, 2018 and 2019: 8, 16 and 5 February after 19 February, 28 January, 16 February
        for seed in range(3):
            y = levels(ds, MOVED, seed)
            n = 12 * years + cut
            path = MODELS["headline_mean"].forecast(y[:n], 3, 12, ds[:n])
            errors.append(np.abs(np.log(y[12 * years + 1] / path[1 - cut])))
    assert np.mean(errors) < 0.02  # twice the noise; blind to the festival it would be .10

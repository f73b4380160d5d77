"""Smoothed growth on the year before."""

import numpy as np
import pytest
from statsmodels.tsa.statespace.structural import UnobservedComponents

from forecasting.models._growth_level import growth_levels


def level(growth: np.ndarray, season_length: int = 12) -> float:
    return float(growth_levels(growth, np.array([len(growth)]), season_length)[0])


def noisy(years: int, sd: np.ndarray, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.05 + np.tile(sd, years) * rng.standard_normal(12 * years)


def test_steady_growth_is_its_own_level() -> None:
    assert level(np.full(30, 0.07)) == pytest.approx(0.07, abs=1e-9)


def test_it_is_the_local_level_where_months_are_alike() -> None:
    rng = np.random.default_rng(2)
    growth = np.cumsum(0.01 * rng.standard_normal(150)) + 0.02 * rng.standard_normal(150)
    found = UnobservedComponents(growth, "llevel").fit(disp=False)
    assert level(growth) == pytest.approx(float(found.filtered_state[0, -1]), abs=0.004)


def test_a_month_that_is_always_noisy_moves_it_less_than_another() -> None:
    sd = np.full(12, 0.005)
    sd[11] = 0.1
    growth = noisy(10, sd) + np.cumsum(0.01 * np.random.default_rng(6).standard_normal(120))

    def moved(until: int) -> float:
        higher = growth[:until].copy()
        higher[-1] += 0.03
        return level(higher) - level(growth[:until])

    assert moved(120) < 0.3 * moved(114)


@pytest.mark.parametrize("season_length", [11, 12])
def test_what_comes_later_or_is_asked_together_does_not_matter(season_length: int) -> None:
    growth = noisy(8, np.linspace(0.01, 0.04, 12))
    cuts = np.array([8, 20, 57, 96])
    together = growth_levels(growth, cuts, season_length)
    alone = [level(growth[:cut], season_length) for cut in cuts]
    np.testing.assert_allclose(together, alone, rtol=1e-9)

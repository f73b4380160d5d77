import numpy as np
import pytest
from scipy.stats import gaussian_kde

from forecasting import decumulate
from forecasting.observations import check_observations
from forecasting.outlook_rows import _headlines, _latest, _no_change, _odds, _published_rates
from tests.decumulation.publication import levels, publish


@pytest.fixture(scope="module")
def rates():
    """Draws of a cumulative rate, those of a volume of trade: over a thousand values of the grid, a long tail above."""
    return 100 * (np.random.default_rng(3).lognormal(0.2, 0.3, size=(2000, 1)) - 1)


def test_odds_over_a_thousand_values_have_the_tails_of_the_draws(rates):
    """Each value of a tail is next to nothing, all of them together are not."""
    odds = _odds("2026-01", rates, 0.0005)
    below = np.cumsum(odds["probability"])
    for share in (0.025, 0.05, 0.5, 0.95, 0.975):
        value = odds["value"][np.searchsorted(below, share)]
        assert value == pytest.approx(np.quantile(rates, share), abs=2.5), share
    assert (odds["value"] * odds["probability"]).sum() == pytest.approx(rates.mean(), abs=0.1)
    assert odds["probability"].min() > 1e-9


@pytest.mark.parametrize("heavy", [False, True])
def test_odds_are_the_draws_under_a_normal_kernel_of_silvermans_width(heavy):
    """The narrower of the standard deviation and of what the quartiles say of it (Silverman 1986, equation 3.31)."""
    rng = np.random.default_rng(2)
    ytd = 6 + (rng.standard_t(2, 300) if heavy else rng.standard_normal(300))
    quartiles = np.subtract(*np.quantile(ytd, [0.75, 0.25])) / 1.349
    width = 0.9 * min(ytd.std(), quartiles) * len(ytd) ** -0.2
    assert (quartiles < 0.8 * ytd.std()) == heavy
    density = gaussian_kde(ytd, bw_method=width / ytd.std(ddof=1))
    odds = _odds("2026-01", ytd, 0.0005)
    exact = [density.integrate_box_1d(value - 0.05, value + 0.05) for value in odds["value"]]
    np.testing.assert_allclose(odds["probability"], exact, rtol=0.01)
    assert sum(exact) > 1 - 2e-4  # a ten-thousandth may be left out at each end


def test_a_rate_that_is_published_as_the_last_one_was_is_not_above_it():
    ytd = np.repeat([5.26, 5.31, 5.34, 5.36, 5.44], 40)[:, None]
    quantiles = {name: np.zeros(1) for name in ("mean", "q025", "q05", "q25", "q50", "q75", "q95", "q975")}
    headlines = _headlines(["2026-01"], quantiles, ytd, 5.3, 0.0005)
    odds = _odds("2026-01", ytd, 0.0005)
    above = odds["probability"][odds["value"] > 5.35].sum()
    assert headlines["prob_above_no_change"] == pytest.approx(0.4)
    assert above == pytest.approx(0.4, abs=0.1)


@pytest.fixture(scope="module")
def steady():
    """Months up to September that grow by six percent, and the cumulative rates that were published of them."""
    table = publish(levels(np.full((3, 12), 0.06), np.full(12, 100.0)), measures=("ytd_yoy", "month_yoy"))
    table = check_observations(table[table["period"] <= "2012-09"])
    rates = table.loc[table["measure"] == "ytd_yoy", ["period", "value", "decimals"]]
    return decumulate(table, draws=20, seed=1).paths["x"], _published_rates(rates)


def goes_on_from(path, rates):
    given, half = _latest(path, path.last, rates, 20, 1)
    assert half == 0.0005
    return {year: (month, float(np.median(rate))) for year, (month, rate) in given.items()}


def test_the_year_goes_on_from_its_latest_rate_but_not_from_one_that_everything_else_contradicts(steady):
    path, rates = steady
    value, half = rates[path.last]
    assert goes_on_from(path, rates)[2012] == (path.last, pytest.approx(value, abs=half))
    misprint = rates | {path.last: (0.6, half)}
    assert goes_on_from(path, misprint)[2012] == (path.last - 1, pytest.approx(value, abs=half))
    assert _no_change(path, path.last, misprint) == 60.0  # what is published stays what a naive forecast repeats
    assert goes_on_from(path, {path.last: (0.6, half)}) == {}


def test_the_year_goes_on_from_rates_that_drift_away_from_its_months(steady):
    path, rates = steady
    drift = {month: (value + 0.01 * (month % 12), half) for month, (value, half) in rates.items()}
    assert goes_on_from(path, drift)[2012] == (path.last, pytest.approx(0.06 + 0.08, abs=0.001))

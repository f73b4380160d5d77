import numpy as np
import pytest

from forecasting.outlook_rows import _headlines, _odds


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


def test_a_rate_that_is_published_as_the_last_one_was_is_not_above_it():
    ytd = np.repeat([5.26, 5.31, 5.34, 5.36, 5.44], 40)[:, None]
    quantiles = {name: np.zeros(1) for name in ("mean", "q025", "q05", "q25", "q50", "q75", "q95", "q975")}
    headlines = _headlines(["2026-01"], quantiles, ytd, 5.3, 0.0005)
    odds = _odds("2026-01", ytd, 0.0005)
    above = odds["probability"][odds["value"] > 5.35].sum()
    assert headlines["prob_above_no_change"] == pytest.approx(0.4)
    assert above == pytest.approx(0.4, abs=0.1)

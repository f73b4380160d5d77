"""Growth contributions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.errors import AssumptionError
from forecasting.projection import contribution, sector_weights


def test_the_published_rates_give_the_known_shares_and_pull() -> None:
    found = contribution(24.6, 11.3, pull=0.283 * 11.3)
    assert f"{100 * found.base_share:.2f}" == "13.00"
    assert f"{found.pull_points:.3f}" == "3.198"
    assert f"{100 * found.current_share:.2f}" == "14.55"
    assert f"{found.rest_growth:.2f}" == "9.31"


def test_a_shrinking_industry_that_drags_gives_its_share_too() -> None:
    assert f"{100 * contribution(-55.55, 7.5, pull=-2.74).base_share:.1f}" == "4.9"


def test_the_sector_weights_are_the_feasible_segment() -> None:
    found = sector_weights(11.3, 19.4, 10.0, 9.1)
    percent = [
        tuple(round(100 * end, 1) for end in pair) for pair in (found.mining, found.manufacturing, found.utilities)
    ]
    assert percent == [(13.8, 21.4), (0.0, 86.2), (0.0, 78.6)]


@given(share=st.floats(0.01, 0.9), part=st.floats(-60, 100), rest=st.floats(-20, 40))
def test_shares_and_growth_of_the_rest_are_recovered(share, part, rest) -> None:
    if abs(part) < 0.5:
        return
    total = share * part + (1 - share) * rest
    found = contribution(part, total, pull=share * part)
    assert found.base_share == pytest.approx(share)
    assert found.rest_growth == pytest.approx(rest, abs=1e-9)


def test_impossible_contributions_are_refused() -> None:
    with pytest.raises(AssumptionError, match="base share of"):
        contribution(5.0, 10.0, pull=8.0)
    with pytest.raises(AssumptionError, match="pulls nothing"):
        contribution(0.0, 10.0, pull=1.0)
    with pytest.raises(AssumptionError, match="slowest and the fastest"):
        sector_weights(30.0, 19.4, 10.0, 9.1)

"""The absorption ratio."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasting.errors import AssumptionError
from forecasting.projection import Flow, absorption, needed_intensity

MONTHS = 13


def paths(low: float, high: float) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, (MONTHS, 6), elements=st.floats(low, high))


@given(demand=paths(0, 50), output=paths(60, 500), kind=st.sampled_from(["endpoint", "cumulative"]))
def test_a_thousandfold_of_all_flows_leaves_the_ratios(demand, output, kind) -> None:
    once = absorption(Flow(demand, "TREO"), Flow(output, "TREO"), 12, kind)
    grown = absorption(Flow(demand * 1000, "TREO"), Flow(output * 1000, "TREO"), 12, kind)
    np.testing.assert_allclose(once.value, grown.value, rtol=1e-6, atol=1e-9)
    assert once.p_denominator_nonpos == grown.p_denominator_nonpos


@given(demand=paths(0, 50), output=paths(60, 500), kind=st.sampled_from(["endpoint", "cumulative"]))
def test_the_ratio_is_a_number_or_counted_as_missing_and_never_infinite(demand, output, kind) -> None:
    ratio = absorption(Flow(demand, "TREO"), Flow(output, "TREO"), 12, kind)
    assert not np.isinf(ratio.value).any()
    assert ratio.n_valid == 6 - np.isnan(ratio.value).sum()
    assert 0 <= ratio.p_denominator_nonpos <= 1


def test_output_that_hardly_changes_gives_no_ratio() -> None:
    output = np.full((MONTHS, 4), 100.0)
    output[1:] += np.array([0.0, 0.9, -0.9, 2.0])
    demand = np.full((MONTHS, 4), 10.0)
    demand[1:] += 1.0
    for kind in ("endpoint", "cumulative"):
        ratio = absorption(Flow(demand, "TREO"), Flow(output, "TREO"), 12, kind)
        assert ratio.n_valid == 1
        assert ratio.value[3] == pytest.approx(0.5)
        assert ratio.p_denominator_nonpos == 0.5


def test_the_cumulative_ratio_divides_sums() -> None:
    demand, output = np.array([[1.0], [2.0], [4.0]]), np.array([[10.0], [12.0], [18.0]])
    assert absorption(Flow(demand, "TREO"), Flow(output, "TREO"), 2, "endpoint").value[0] == pytest.approx(3 / 8)
    assert absorption(Flow(demand, "TREO"), Flow(output, "TREO"), 2, "cumulative").value[0] == pytest.approx(4 / 10)
    with pytest.raises(AssumptionError, match="endpoint, cumulative"):
        absorption(Flow(demand, "TREO"), Flow(output, "TREO"), 2, "mean")


def test_the_intensity_that_the_claim_needs_at_the_two_readings() -> None:
    electrolysers = [float(needed_intensity(share, 130.0, 20.0)) for share in (0.15, 0.25)]
    storage = [float(needed_intensity(share, 130.0, 200.0)) for share in (0.15, 0.25)]
    assert [round(item, 1) for item in electrolysers] == [1.0, 1.6]
    assert [round(item, 2) for item in storage] == [0.10, 0.16]

"""Flows and their basis."""

from __future__ import annotations

import pytest

from forecasting.errors import AssumptionError
from forecasting.projection import ND2O3_PER_ND, Flow, absorption, flow


def test_supply_and_need_of_2023_close_within_their_rounding() -> None:
    mined, imported = flow(255.0, unit="kt", basis="TREO"), flow(93.2, unit="kt", basis="TREO")
    recycled = flow(31.73, unit="kt", basis="NdPr_oxide")
    supply = (mined + imported).converted("NdPr_oxide", 0.18) + recycled
    need = flow(270.0, unit="kt", basis="magnet").converted("NdPr_oxide", 0.30 * ND2O3_PER_ND)
    assert f"{float(supply.kt):.1f}" == "94.4"
    assert f"{float(need.kt):.1f}" == "94.5"
    assert float((need - supply).kt) == pytest.approx(0.072, abs=0.001)


def test_flows_of_different_basis_do_not_add() -> None:
    treo, ndpr = flow([1.0], unit="kt", basis="TREO"), flow([1.0], unit="kt", basis="NdPr_oxide")
    with pytest.raises(AssumptionError, match="cannot add NdPr_oxide and TREO"):
        treo + ndpr
    with pytest.raises(AssumptionError, match="cannot subtract"):
        treo - ndpr
    with pytest.raises(AssumptionError, match="demand in NdPr_oxide, production in TREO"):
        absorption(ndpr, treo, 1, "endpoint")
    assert float((treo + ndpr.converted("TREO", 1.0)).kt[0]) == 2.0


def test_tonnes_are_refused() -> None:
    with pytest.raises(AssumptionError, match="expected 'kt'"):
        flow(270000.0, unit="t", basis="TREO")
    assert isinstance(flow(1.0, unit="kt", basis="LCE"), Flow)

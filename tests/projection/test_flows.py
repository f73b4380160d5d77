"""Flows and their basis."""

from __future__ import annotations

import pytest

from forecasting.errors import AssumptionError
from forecasting.projection import Flow, absorption, flow, ndpr_balance


def test_supply_and_need_of_2023_close_within_their_rounding() -> None:
    supply, need = ndpr_balance(
        flow(255.0, unit="kt", basis="TREO"),
        flow(93.2, unit="kt", basis="TREO"),
        flow(31.73, unit="kt", basis="NdPr_oxide"),
        flow(270.0, unit="kt", basis="magnet"),
        ndpr_share=0.18,
        rare_earth_in_magnet=0.30,
    )
    assert f"{float(supply.kt):.1f}" == "94.4"
    assert f"{float(need.kt):.1f}" == "94.5"


def test_flows_of_different_basis_do_not_add() -> None:
    treo, ndpr = flow([1.0], unit="kt", basis="TREO"), flow([1.0], unit="kt", basis="NdPr_oxide")
    with pytest.raises(AssumptionError, match="cannot add NdPr_oxide and TREO"):
        treo + ndpr
    with pytest.raises(AssumptionError, match="cannot subtract"):
        treo - ndpr
    with pytest.raises(AssumptionError, match="demand in NdPr_oxide, production in TREO"):
        absorption(ndpr, treo, 1, "endpoint")
    assert float((treo + ndpr.ndpr_to_treo()).kt[0]) == 2.0


def test_tonnes_and_unknown_bases_are_refused() -> None:
    with pytest.raises(AssumptionError, match="expected 'kt'"):
        flow(270000.0, unit="t", basis="TREO")
    with pytest.raises(AssumptionError, match="expected one of TREO, NdPr_oxide, magnet"):
        flow(1.0, unit="kt", basis="REO")


def test_a_conversion_starts_from_its_own_basis() -> None:
    magnets: Flow = flow(67.0, unit="kt", basis="magnet")
    assert float(magnets.magnet_to_ndpr(0.3, 0.67).kt) == pytest.approx(100 * 0.3 * 1.1664)
    with pytest.raises(AssumptionError, match="starts from TREO, not from magnet"):
        magnets.treo_to_ndpr(0.18)

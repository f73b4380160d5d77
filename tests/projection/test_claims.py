"""Every published claim is used, checked or set aside; derived ones follow from the others."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import AssumptionError
from forecasting.projection import Assumptions, claim_list, contribution, sector_weights
from forecasting.projection._claims import claim_table
from forecasting.projection._questions import ClaimUse
from tests.projection.conftest import Simulated


@pytest.fixture(scope="module")
def listed(assumptions: Assumptions, claims: pd.DataFrame) -> pd.DataFrame:
    return claim_list(assumptions, claims).set_index("claim_id")


def test_nothing_is_forgotten(listed: pd.DataFrame, claims: pd.DataFrame) -> None:
    assert list(listed.index) == list(claims["id"])
    assert set(listed["use"]) == {"used", "checked", "aside"}
    assert (listed["note"].str.len() > 4).all()
    assert (listed.loc[listed["use"] != "aside", "by"] != "").all()


def test_a_used_claim_is_in_the_parameters_that_it_names(listed: pd.DataFrame, assumptions: Assumptions) -> None:
    base = assumptions.scenarios["baseline_mixture"].parameters
    for claim, row in listed[listed["use"] == "used"].iterrows():
        if claim in ("C15", "C32", "C33", "C34", "C35", "C36"):  # phases and years: months of the name, or months
            continue
        for name in row["by"].split("; "):
            args = base[name].args
            ends = [row["value_low"], row["value_high"]]
            scale = 0.01 if row["unit"].startswith("%") and base[name].spec.unit == "1" else 1.0
            stated = [args[key] for key in ("low", "high", "mean", "q05", "q95") if key in args]
            assert any(np.isclose(end * scale, value) for end in ends for value in stated), (claim, name)


def test_what_follows_from_other_claims_is_recomputed(claims: pd.DataFrame) -> None:
    low, high = (claims.set_index("id")[column] for column in ("value_low", "value_high"))
    rates = low["C01"], low["C02"]
    share = contribution(*rates, pull=low["C03"] / 100 * low["C02"])
    assert low["D01"] <= 100 * share.base_share <= high["D01"]
    assert f"{share.pull_points:.3f}" == f"{low['D02']:.3f}" == "3.198"
    assert f"{100 * share.current_share:.2f}" == f"{low['D03']:.2f}"
    assert f"{share.rest_growth:.2f}" == f"{low['D04']:.2f}"
    weights = sector_weights(low["C02"], low["C04"], low["C05"], low["C06"])
    for claim, ends in (("D05", weights.mining), ("D06", weights.manufacturing), ("D07", weights.utilities)):
        assert [round(100 * end, 1) for end in ends] == [low[claim], high[claim]]
    mining = [low["C04"] * end / low["C02"] * 100 for end in weights.mining]
    assert [round(end, 1) for end in mining] == pytest.approx([low["D08"], high["D08"]], abs=0.11)
    naive = {"D11": "C01", "D12": "C02", "D13": "C04", "D14": "C05", "D15": "C06", "D16": "C07", "D17": "C08",
             "D18": "C09"}  # fmt: skip
    for claim, rate in naive.items():
        assert (1 + low[rate] / 100) ** 10 == pytest.approx(low[claim], rel=0.006), claim
    for claim, source in (("D19", "C17"), ("D20", "C18")):
        for end, given in ((low, low), (high, high)):
            assert 100 * (1 / (1 - given[source] / 100) - 1) == pytest.approx(end[claim], abs=0.06)
    for end in (low, high):
        assert 100 * (1 - 1 / (1 + end["C42"] / 100)) == pytest.approx(end["D21"], abs=0.06)
        assert end["C25"] + end["C26"] == end["D22"]
        assert end["D22"] + end["C27"] == end["D23"]
        assert end["C28"] + end["C29"] == end["D24"]
        assert 100 * (1 - (1 - end["C44"] / 100) ** 10) == pytest.approx(end["D25"], abs=0.06)
        assert end["C30"] * end["C39"] / 100 == pytest.approx(end["D27"])
        assert end["C22"] / 4.345 == pytest.approx(end["D29"], abs=0.006)
    assert low["C07"] / low["C01"] == pytest.approx(low["D30"], abs=0.006)


Check = Callable[..., pd.DataFrame]


@pytest.fixture
def check(assumptions: Assumptions, outcome: Simulated, claims: pd.DataFrame) -> Check:
    """The rows of one claim that is checked against a multiple of value added, its figures changed if wanted."""

    def run(claim: str, *, scale: float = 1.0, intensity: bool = False, **figures: float) -> pd.DataFrame:
        use = ClaimUse("checked", ("multiple|re_va",), 120, scale, intensity, "A test.")
        questions = dataclasses.replace(assumptions.questions, claims={claim: use})
        table = claims.copy()
        table.loc[table["id"] == claim, list(figures)] = list(figures.values())
        return claim_table("x", outcome(assumptions), dataclasses.replace(assumptions, questions=questions), table)

    return run


def test_a_claim_with_one_end_is_checked_against_it_alone(check: Check) -> None:
    more = check("C12").iloc[0]
    assert more["claim_low"] == 2.0
    assert np.isnan(more["claim_high"])
    assert more["p_above"] == 0.0
    assert more["p_below"] + more["p_within"] == pytest.approx(1)
    less = check("C12", value_low=np.nan, value_high=2.0).iloc[0]
    assert np.isnan(less["claim_low"])
    assert (less["p_below"], less["p_within"], less["p_above"]) == (0.0, more["p_below"], more["p_within"])
    assert 0 < less["p_within"] < 1


def test_the_intensity_that_a_claim_with_one_end_needs_is_that_of_its_end(check: Check) -> None:
    needed = [
        check("C12", intensity=True, value_low=0.2, value_high=high)["needed_intensity"].tolist()
        for high in (np.nan, 0.2)
    ]
    assert needed[0] == pytest.approx(needed[1])
    assert np.isfinite(needed).all()


def test_the_code_of_a_claim_is_the_likeliest_of_below_within_and_above(check: Check) -> None:
    for low, high, code in ((1e3, 2e3, "below"), (1e-3, 1e3, "within"), (1e-3, 2e-3, "above")):
        row = check("C12", value_low=low, value_high=high).iloc[0]
        assert (row["code"], row[f"p_{code}"]) == (code, 1.0)


def test_the_intensity_is_the_median_over_the_draws_in_which_output_grows(
    check: Check, assumptions: Assumptions, outcome: Simulated
) -> None:
    rows = check("C12", intensity=True, value_low=0.1, value_high=0.3)
    result = outcome(assumptions)
    made = result.production[result.structure.second].kt
    added = made[120] - made[0]
    assert 0 < (added > 0).mean() < 1
    expected = [np.median(0.2 * added[added > 0] / size) for size in (20.0, 200.0)]
    assert rows["needed_intensity"].tolist() == pytest.approx(expected)
    assert rows["claim_id"].tolist() == ["C12", "C12"]
    assert [name.rpartition("|")[2] for name in rows["metric"]] == ["electrolysers", "storage"]


def test_a_claim_that_is_not_in_the_table_once_is_refused(
    assumptions: Assumptions, outcome: Simulated, claims: pd.DataFrame
) -> None:
    twice = pd.concat([claims, claims[claims["id"] == "C12"]])
    use = ClaimUse("checked", ("multiple|re_va",), 120, 1.0, False, "A test.")
    asked = dataclasses.replace(assumptions, questions=dataclasses.replace(assumptions.questions, claims={"C12": use}))
    result = outcome(assumptions)
    for table, count in ((claims[claims["id"] != "C12"], 0), (twice, 2)):
        with pytest.raises(AssumptionError, match=f"claims: {count} rows with id C12; expected 1"):
            claim_table("x", result, asked, table)


def test_a_claim_without_a_figure_cannot_be_checked(check: Check) -> None:
    with pytest.raises(AssumptionError, match="C45 has no figure to check; expected it to be aside"):
        check("C45")


@pytest.mark.parametrize(
    ("printed", "half"),
    [("20.0", 0.05), ("236", 0.5), ("1500000", 0.5), ("0.00005", 0.000005), ("2345678.25", 0.005)],
)
def test_a_single_figure_is_as_wide_as_its_last_printed_digit(check: Check, printed: str, half: float) -> None:
    value = float(printed)
    row = check("C10", value_low=value, value_high=value, decimals=len(printed.partition(".")[2])).iloc[0]
    assert (row["claim_low"], row["claim_high"]) == pytest.approx((value - half, value + half), rel=1e-12)


def test_the_decimals_of_the_packaged_claims_are_those_printed(claims: pd.DataFrame) -> None:
    decimals = claims.set_index("id")["decimals"]
    assert decimals[["C01", "C10", "D11", "D16", "D26"]].tolist() == [1, 0, 1, 1, 5]

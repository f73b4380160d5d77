import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forecasting.decumulation._bounds import set_bounds
from forecasting.decumulation._certificate import certificate, consistent
from forecasting.decumulation._figures import arrange
from forecasting.observations import MEASURES, check_observations
from tests.decumulation.publication import FIRST_YEAR, levels, mixture, publish
from tests.decumulation.test_bounds import mixture as true_mixture

seeds = st.integers(0, 10**6)
BOTH_RATES = ("ytd_yoy", "month_yoy")


def figures_of(frame):
    return arrange(check_observations(frame))[0]


def varied(years=5, seed=3):
    rng = np.random.default_rng(seed)
    return levels(0.06 + 0.05 * rng.standard_normal((years, 12)), 100 * np.exp(0.1 * rng.standard_normal(12)))


def only(figures, names):
    mask = {measure: np.zeros((figures.years, 12), dtype=bool) for measure in MEASURES}
    for measure, year, month in names:
        mask[measure][year, month] = True
    return mask


@settings(max_examples=50)
@given(seeds)
def test_figures_of_one_truth_have_no_certificate_and_are_all_believed(seed):
    figures, _, base = true_mixture(seed)
    assert certificate(figures) is None
    assert certificate(figures, shares=base) is None
    believed, dropped = consistent(figures)
    assert dropped == []
    for measure in MEASURES:
        np.testing.assert_array_equal(believed[measure], np.isfinite(figures.value[measure]))


@settings(max_examples=25)
@given(seeds)
def test_a_contradiction_names_figures_of_which_none_can_be_spared_and_the_others_are_believed(seed):
    frame = mixture(seed)
    assume(len(frame) > 0)
    for figures in arrange(check_observations(frame)):
        proof = certificate(figures)
        believed, dropped = consistent(figures)
        assert certificate(figures, believed) is None
        assert (proof is None) == (not dropped)
        low, high = set_bounds(figures, believed)
        assert not (low > high).any()
        if proof is None:
            continue
        assert proof.slack > 0
        assert certificate(figures, only(figures, proof.figures)) is not None
        for name in proof.figures:
            assert certificate(figures, only(figures, [other for other in proof.figures if other != name])) is None


def test_rates_of_one_kind_never_contradict_each_other():
    rng = np.random.default_rng(1)
    rows = [
        ["x", f"{2010 + y}-{m + 1:02d}", "ytd_yoy", f"{rng.uniform(-50, 50):.1f}", "percent"]
        for y in range(6)
        for m in range(12)
    ]
    frame = pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])
    assert certificate(figures_of(frame)) is None


def test_a_rate_and_two_levels_that_disagree_are_named_as_published():
    rows = [
        ["x", "2019-12", "ytd_level", "46330", "t"],
        ["x", "2020-12", "ytd_level", "35448", "t"],
        ["x", "2020-12", "ytd_yoy", "-23.0", "percent"],
        ["x", "2020-11", "ytd_yoy", "-22.0", "percent"],
    ]
    figures = figures_of(pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"]))
    proof = certificate(figures)
    assert {(name.measure, name.year, name.month) for name in proof.figures} == {
        ("ytd_yoy", 1, 11),
        ("ytd_level", 0, 11),
        ("ytd_level", 1, 11),
    }
    assert proof.slack == pytest.approx(100 * (0.7705 - 35448.5 / 46329.5) - 0.1, abs=0.1)
    assert "cumulative rate of 2020-12 -23.0 percent" in proof.sentence
    assert "cumulative level of 2019-12 46330;" in proof.sentence


def test_cumulative_rates_on_a_revised_base_yield_to_those_of_single_months():
    level = varied()
    frame = publish(level, measures=BOTH_RATES, merged=True)
    total = level.cumsum(axis=1)
    for m in range(6, 12):
        row = (frame["measure"] == "ytd_yoy") & (frame["period"] == f"{FIRST_YEAR + 2}-{m + 1:02d}")
        frame.loc[row, "value"] = f"{100 * (total[3, m] / (0.985 * total[2, m]) - 1):.1f}"
    figures = figures_of(frame)
    believed, dropped = consistent(figures)
    assert [(name.measure, name.year, name.month) for name in dropped] == [("ytd_yoy", 2, m) for m in range(6, 12)]
    assert [name.slack for name in dropped] == pytest.approx([1.6] * 6, abs=0.4)
    assert not believed["ytd_yoy"][2, 6:].any()
    assert believed["month_yoy"][:, 2:].all()


def test_levels_on_a_restated_base_yield_to_rates_and_are_named_in_the_year_of_the_break():
    total = varied().cumsum(axis=1)
    frame = publish(varied(), measures=("ytd_yoy", "ytd_level"))
    restated = (frame["measure"] == "ytd_level") & (frame["period"] >= f"{FIRST_YEAR + 3}-01")
    frame.loc[restated, "value"] = [f"{0.95 * float(value):.1f}" for value in frame.loc[restated, "value"]]
    figures = figures_of(frame)
    believed, dropped = consistent(figures)
    assert believed["ytd_yoy"].all()
    assert {(name.measure, name.year) for name in dropped} == {("ytd_level", 3)}
    assert [name.month for name in dropped] == list(range(12))
    assert [name.slack for name in dropped] == pytest.approx(5 * total[4] / total[3], abs=0.15)
    assert believed["ytd_level"][:3].all()
    assert not believed["ytd_level"][3:].any()


@pytest.mark.parametrize("since", ["-01", "-06"])
def test_a_level_on_another_base_that_fits_by_chance_is_not_believed(since):
    frame = publish(varied(), measures=("ytd_yoy", "month_level"))
    frame = frame[(frame["measure"] == "month_level") | ~frame["period"].str.endswith("-01")]  # no rate of January
    restated = (frame["measure"] == "month_level") & (frame["period"] >= f"{FIRST_YEAR + 3}{since}")
    frame.loc[restated, "value"] = [f"{1.1 * float(value):.1f}" for value in frame.loc[restated, "value"]]
    believed, dropped = consistent(figures_of(frame))
    first = int(since[1:]) - 1
    assert not believed["month_level"][3, first:].any()
    assert not believed["month_level"][4:].any()
    assert believed["month_level"][3, :first].sum() >= first - 1  # what a single one misses the rates may not tell
    assert all(figure.slack > 0 for figure in dropped)


def test_a_misprinted_level_is_the_only_one_that_is_not_believed():
    frame = publish(varied(), measures=("ytd_yoy", "month_level"))
    row = (frame["measure"] == "month_level") & (frame["period"] == f"{FIRST_YEAR + 2}-06")
    frame.loc[row, "value"] = "1" + frame.loc[row, "value"]
    figures = figures_of(frame)
    believed, dropped = consistent(figures)
    assert [(name.measure, name.year, name.month) for name in dropped] == [("month_level", 2, 5)]
    assert believed["month_level"].sum() == 59


def test_figures_left_out_beforehand_play_no_part():
    frame = publish(varied(), measures=BOTH_RATES)
    row = (frame["measure"] == "ytd_yoy") & (frame["period"] == f"{FIRST_YEAR + 1}-09")
    frame.loc[row, "value"] = "55.0"
    figures = figures_of(frame)
    mask = {"ytd_yoy": np.ones((figures.years, 12), dtype=bool)}
    assert certificate(figures, mask) is not None
    mask["ytd_yoy"][1, 8] = False
    assert certificate(figures, mask) is None
    believed, dropped = consistent(figures, mask)
    assert dropped == []
    assert not believed["ytd_yoy"][1, 8]

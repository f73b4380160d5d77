import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from forecasting import decumulate
from forecasting.decumulation import decumulate_in_chunks
from forecasting.errors import InputError
from tests.decumulation.publication import levels, mixture, publish
from tests.decumulation.rounding import unstated

STEADY = levels(np.full((3, 12), 0.05), np.full(12, 100.0))
CHUNKED = pd.concat(
    [
        publish(STEADY, indicator="a", family="f"),
        publish(STEADY, indicator="b", merged=True),
        publish(STEADY, indicator="c", family="f", measures=("ytd_yoy", "month_level")),
    ]
)


@settings(max_examples=20)
@given(st.integers(0, 10**6))
def test_any_mixture_of_figures_gives_every_indicator_a_path(seed):
    frame = mixture(seed)
    assume(len(frame) > 0)
    result = decumulate(frame, draws=50)
    monthly = result.monthly
    assert set(monthly["indicator"]) == set(frame["indicator"])
    assert not monthly.duplicated(["indicator", "month"]).any()
    rows = monthly[monthly["yoy"].notna()]
    assert np.isfinite(rows[["yoy", "yoy_sd", "yoy_q05", "yoy_q95"]]).all(axis=None)
    assert (rows["yoy_q05"] <= rows["yoy_q95"]).all()
    assert (monthly["level"].dropna() > 0).all()
    bounded = rows.dropna(subset=["set_low", "set_high"])
    assert (bounded["set_low"] <= bounded["set_high"]).all()
    assert (result.weights.groupby("indicator")["weight"].sum() - 1).abs().max() < 1e-9


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.02]))
def test_every_draw_of_any_mixture_rounds_back_to_every_figure_that_is_believed(seed, misprints):
    frame = mixture(seed, misprints=misprints)
    assume(len(frame) > 0)
    for path in decumulate(frame, draws=50).paths.values():
        assert unstated(frame, path) == []


def test_chunks_give_what_the_whole_table_gives():
    whole = decumulate(CHUNKED, draws=50)
    chunks = list(decumulate_in_chunks(CHUNKED, size=1, draws=50))
    assert [sorted(chunk.paths) for chunk in chunks] == [["a", "c"], ["b"]]
    together = pd.concat([chunk.monthly for chunk in chunks]).sort_values(["indicator", "month"], ignore_index=True)
    pd.testing.assert_frame_equal(together, whole.monthly)


def test_months_that_no_figure_speaks_of_have_no_level():
    frame = publish(levels(np.full((3, 12), 0.05), np.full(12, 100.0)), measures=("month_level",))
    frame = frame[~frame["period"].isin(["2010-04", "2010-05"])]
    months = decumulate(frame, draws=50).monthly.set_index("month")
    assert months.loc[["2010-04", "2010-05"], "level"].isna().all()
    assert months.loc["2010-06", "level"] == pytest.approx(105, abs=0.1)


def test_the_draws_come_as_plain_arrays_of_the_months_shown():
    frame = publish(levels(np.full((2, 12), 0.05), np.full(12, 100.0)))
    arrays = decumulate(frame, draws=50).arrays()
    assert sorted(arrays) == ["x.level", "x.months", "x.yoy"]
    assert arrays["x.yoy"].shape == (50, 24)
    assert arrays["x.months"][[0, -1]].tolist() == ["2010-01", "2011-12"]


@pytest.mark.parametrize("measures", [("ytd_yoy",), ("ytd_yoy", "ytd_level")])
def test_the_draws_are_on_the_scale_of_the_monthly_table_and_tell_a_pair_in_its_february(measures):
    wild = np.random.default_rng(5).normal(0.05, 0.02, (3, 12))
    frame = publish(levels(wild, np.linspace(4000, 6000, 12)), measures=measures, merged=True)
    result = decumulate(frame, draws=50)
    arrays = result.arrays()
    for name in ("level", "yoy"):
        shown = result.monthly[name].to_numpy(dtype=float)
        assert np.isnan(shown[::12]).all()
        assert (np.isnan(arrays[f"x.{name}"]) == np.isnan(shown)).all()
    mean, level = arrays["x.level"].mean(axis=0), result.monthly["level"].to_numpy(dtype=float)
    np.testing.assert_allclose(mean, level, rtol=0.02)
    assert result.monthly["level"][1] > 1.5 * result.monthly["level"][2]


def test_rates_that_were_computed_as_floats_give_the_bytes_of_their_text():
    wild = np.random.default_rng(3).normal(0.05, 0.02, (3, 12))
    text = publish(levels(wild, np.full(12, 100.0)), measures=("ytd_yoy", "month_yoy"))
    rates = text["value"].astype(float)
    for numbers in ((rates / 100).round(4) * 100, rates.astype("float32")):
        made = decumulate(text.assign(value=numbers), draws=50)
        pd.testing.assert_frame_equal(made.monthly, decumulate(text, draws=50).monthly, check_exact=True)


def test_bad_figures_are_refused_before_anything_is_computed():
    frame = publish(levels(np.full((1, 12), 0.05), np.full(12, 100.0)))
    with pytest.raises(InputError, match=r"row 13: .* given twice, first on row 1"):
        decumulate(pd.concat([frame, frame.iloc[:1]], ignore_index=True))


@pytest.mark.parametrize("how", [decumulate, decumulate_in_chunks])
@pytest.mark.parametrize(
    "bad", [{"draws": 0}, {"draws": 1}, {"draws": 100.0}, {"draws": None}, {"seed": -1}, {"seed": None}]
)
def test_draws_that_are_too_few_for_a_band_and_a_seed_that_is_none_are_refused(bad, how):
    (name, value), least = *bad.items(), 0 if "seed" in bad else 20
    with pytest.raises(InputError, match=f"{name} {value}; a whole number of at least {least} is needed"):
        how(publish(levels(np.full((1, 12), 0.05), np.full(12, 100.0))), **bad)


def test_figures_that_cannot_all_be_true_come_with_a_proof_that_names_them_and_with_months_all_the_same():
    frame = publish(levels(np.full((2, 12), 0.0), np.full(12, 100.0)), measures=("month_level",), decimals=0)
    wrong = pd.DataFrame([["x", "2011-06", "month_yoy", "20.0", "percent", ""]], columns=list(frame.columns))
    result = decumulate(pd.concat([frame, wrong]), draws=50)
    proof = result.contradictions["x"]
    assert {(figure.measure, figure.year, figure.month) for figure in proof.figures} == {
        ("month_yoy", 1, 5),
        ("month_level", 0, 5),
        ("month_level", 1, 5),
    }
    assert proof.slack > 10
    assert proof.sentence in result.flag_summary()
    months = result.monthly.set_index("month")
    assert months.loc["2011-06", "yoy"] == pytest.approx(20, abs=0.06)
    assert "restated_base" in months.loc["2011-06", "flag"]
    assert decumulate(frame, draws=50).contradictions == {}


def test_two_years_of_levels_stand_on_their_own():
    frame = publish(levels(np.full((2, 12), 0.1), np.full(12, 100.0)), measures=("month_level",))
    path = decumulate(frame, draws=50).paths["x"]
    assert not path.sparse
    assert path.point_growth[12:] == pytest.approx(np.full(12, 0.1), abs=0.002)


@pytest.mark.parametrize("how", [decumulate, decumulate_in_chunks])
def test_ties_that_do_not_say_which_indicator_belongs_to_which_are_refused(how):
    with pytest.raises(InputError, match="related: str given; a dictionary by indicator is needed"):
        how(CHUNKED, related="a")
    with pytest.raises(InputError, match="parts: list given; a dictionary by indicator is needed"):
        how(CHUNKED, parts=["a", "b"])
    with pytest.raises(InputError, match=r"parts: a: 'bc' is a text; give a list of indicators, \['bc'\]"):
        how(CHUNKED, parts={"a": "bc"})

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from forecasting.decumulation._bounds import set_bounds
from forecasting.decumulation._figures import arrange
from forecasting.errors import InputError
from forecasting.observations import MEASURES, RATES, check_observations
from tests.decumulation.publication import FIRST_YEAR, levels, publish, usable

seeds = st.integers(0, 10**6)


def figures_of(frame):
    return arrange(check_observations(frame))[0]


def mixture(seed, measures=MEASURES, decimals=None):
    """Figures with gaps and without misprints, the growth that they are true of, and the shares of the first base."""
    rng = np.random.default_rng(seed)
    years = int(rng.integers(1, 6))
    profile = 100 * np.exp(rng.choice([0.05, 0.3, 1.0]) * rng.standard_normal(12))
    level = levels(np.expm1(rng.choice([0.02, 0.2, 0.6]) * rng.standard_normal((years, 12))), profile)
    chosen = tuple(map(str, rng.choice(measures, rng.integers(1, len(measures) + 1), replace=False)))
    places = int(rng.integers(0, 3)) if decimals is None else decimals
    frame = publish(level, measures=chosen, merged=bool(rng.random() < 0.5), decimals=places)
    frame = usable(frame[rng.random(len(frame)) < rng.choice([0.05, 0.3, 0.7, 1.0])])
    assume(len(frame) > 0)
    figures = figures_of(frame)
    level = level[figures.year - FIRST_YEAR :][: figures.years + 1]
    growth = level[1:] / level[:-1] - 1
    pair = level[1:, :2].sum(axis=1) / level[:-1, :2].sum(axis=1) - 1
    growth[figures.merged, 1] = pair[figures.merged]
    return figures, growth, level[0]


def by_linprog(figures, y, m):
    """Least and largest growth by a linear programme on monthly levels, written down independently."""
    size = 12 * (figures.years + 1)

    def row(year, month, measure):
        terms = np.zeros(size + 1)
        first = 0 if measure.startswith("ytd") else month
        terms[12 * (year + 1) + first : 12 * (year + 1) + month + 1] = 1
        return terms

    rows = []
    for measure in MEASURES:
        for year, month in np.argwhere(np.isfinite(figures.value[measure])):
            value, half = (grid[measure][year, month] for grid in (figures.value, figures.half))
            under = np.eye(size + 1)[size]
            if measure in RATES:
                value, under = 1 + value, row(year - 1, month, measure)
            over = row(year, month, measure)
            rows += [over - (value + half) * under, (value - half) * under - over]
    period = "ytd" if figures.merged[y] and m == 1 else "month"
    now, before = row(y, m, period), row(y - 1, m, period)
    ends = []
    for sign in (1, -1):
        found = linprog(sign * now, A_ub=np.array(rows), b_ub=np.zeros(len(rows)), A_eq=before[None], b_eq=[1])
        ends.append(sign * found.fun - 1 if found.status == 0 else np.nan)
    return ends


@settings(max_examples=80)
@given(seeds)
def test_the_truth_is_always_inside(seed):
    figures, growth, _ = mixture(seed)
    low, high = set_bounds(figures)
    assert not (low > growth).any()
    assert not (growth > high).any()
    assert np.isnan([low[figures.merged, 0], high[figures.merged, 0]]).all()


@settings(max_examples=30)
@given(seeds)
def test_known_shares_of_the_first_base_narrow_the_bounds_around_the_truth(seed):
    figures, growth, base = mixture(seed)
    low, high = set_bounds(figures, shares=base)
    assert not (low > growth).any()
    assert not (growth > high).any()
    wide_low, wide_high = set_bounds(figures)
    assert not (low < wide_low - 1e-7).any()
    assert not (high > wide_high + 1e-7).any()
    assert (np.isfinite(low) >= np.isfinite(wide_low)).all()


@pytest.mark.parametrize("measures", [("ytd_yoy", "ytd_level"), MEASURES])
@settings(max_examples=25)
@given(seeds)
def test_the_bounds_are_those_of_a_linear_programme_on_the_months(measures, seed):
    figures, _, _ = mixture(seed, measures, decimals=1)
    low, high = set_bounds(figures)
    summed = not np.isfinite(figures.value["month_level"]).any()
    rng = np.random.default_rng(seed)
    for y, m in rng.permutation(np.argwhere(np.isfinite(low) & np.isfinite(high)))[:3]:
        least, most = by_linprog(figures, y, m)
        assert low[y, m] <= least + 1e-7
        assert most - 1e-7 <= high[y, m]
        if summed:
            scale = 1 + most
            assert low[y, m] == pytest.approx(least, abs=1e-6 * scale)
            assert high[y, m] == pytest.approx(most, abs=1e-6 * scale)


@settings(max_examples=30)
@given(seeds)
def test_bounds_narrow_when_figures_are_added(seed):
    figures, _, _ = mixture(seed)
    rng = np.random.default_rng(seed)
    part = {measure: rng.random(grid.shape) < 0.6 for measure, grid in figures.value.items()}
    # a level that is taken with its sum only is bounded a little less tightly than the programme would
    assume(not np.isfinite(figures.value["month_level"]).any())
    few, all_ = set_bounds(figures, part), set_bounds(figures)
    assert not (all_[0] < few[0] - 1e-7).any()
    assert not (all_[1] > few[1] + 1e-7).any()


@settings(max_examples=20)
@given(seeds)
def test_more_decimals_narrow_the_bounds(seed):
    rng = np.random.default_rng(seed)
    level = levels(0.05 + 0.1 * rng.standard_normal((3, 12)), 100 * np.exp(0.2 * rng.standard_normal(12)))
    widths = []
    for decimals in (0, 1, 3):
        low, high = set_bounds(figures_of(publish(level, measures=("ytd_yoy", "ytd_level"), decimals=decimals)))
        widths.append(np.nanmean(high[1:] - low[1:]))
    assert widths[0] > 3 * widths[1] > 9 * widths[2]


def test_exact_figures_with_known_weights_leave_one_value():
    rng = np.random.default_rng(0)
    growth = 0.05 + 0.02 * rng.standard_normal((2, 12))
    profile = np.linspace(80, 120, 12)
    low, high = set_bounds(figures_of(publish(levels(growth, profile), decimals=9)), shares=profile)
    np.testing.assert_allclose(low, growth, atol=1e-8)
    np.testing.assert_allclose(high, growth, atol=1e-8)


def test_without_any_weights_a_single_rate_bounds_only_its_own_period():
    figures = figures_of(publish(levels(np.full((1, 12), 0.1), np.full(12, 100.0)), merged=True))
    low, high = set_bounds(figures)
    assert low[0, 1] == pytest.approx(0.0995)
    assert high[0, 1] == pytest.approx(0.1005)
    assert np.isnan(high[0, 2:]).all()


def test_a_rate_that_falls_bounds_the_month_from_above_without_any_weights():
    frame = publish(levels(np.full((1, 12), 0.1), np.full(12, 100.0)), merged=True)
    frame.loc[frame["period"] == f"{FIRST_YEAR}-03", "value"] = "8.0"
    _, high = set_bounds(figures_of(frame))
    assert high[0, 2] == pytest.approx(0.0805, abs=1e-6)


def test_figures_that_no_level_satisfies_are_refused():
    frame = publish(levels(np.full((2, 12), 0.1), np.full(12, 100.0)), measures=("ytd_yoy", "ytd_level"))
    frame.loc[(frame["measure"] == "ytd_yoy") & (frame["period"] == f"{FIRST_YEAR + 1}-05"), "value"] = "12.0"
    with pytest.raises(InputError, match="no levels satisfy the figures"):
        set_bounds(figures_of(frame))

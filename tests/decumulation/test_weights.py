import numpy as np
import pandas as pd
import pytest

from forecasting import decumulate
from forecasting.decumulation import decumulate_in_chunks
from forecasting.decumulation._weights import Profile, by_calendar, by_family, exactly
from forecasting.errors import InputError
from tests.decumulation.publication import FIRST_YEAR, levels, publish
from tests.decumulation.rounding import unstated

PROFILE = np.array([70, 60, 100, 102, 104, 110, 98, 99, 106, 104, 112, 135.0])
RNG = np.random.default_rng(8)
GROWTH = 0.08 + 0.03 * RNG.standard_normal((6, 12))


def rmse(months, truth):
    return float(np.sqrt(np.nanmean((months["yoy"].to_numpy() - 100 * truth.ravel()) ** 2)))


def test_weights_are_learned_from_an_indicators_own_levels():
    frame = publish(levels(GROWTH, PROFILE), measures=("ytd_yoy", "month_level"))
    weights = decumulate(frame, draws=60).weights
    assert set(weights["source"]) == {"levels"}
    np.testing.assert_allclose(weights["weight"], PROFILE / PROFILE.sum(), rtol=0.25)
    assert weights["weight"].sum() == pytest.approx(1)


def test_weights_are_learned_from_months_with_both_rates():
    frame = publish(levels(GROWTH, PROFILE), measures=("ytd_yoy", "month_yoy"))
    learned = decumulate(frame, draws=60).weights
    assert set(learned["source"]) == {"rates"}
    flat_miss = np.abs(np.log(PROFILE / PROFILE.mean()))
    miss = np.abs(np.log(learned["weight"].to_numpy() * 12) - np.log(PROFILE / PROFILE.mean()))
    assert miss.mean() < 0.5 * flat_miss.mean()
    for both, source in ((("-05", "-09"), "rates"), (("-02",), "calendar")):  # a few months tell, the second does not
        few = frame[(frame["measure"] == "ytd_yoy") | frame["period"].str.endswith(both)]
        assert set(decumulate(few, draws=20).weights["source"]) == {source}


def test_months_of_a_small_share_are_no_revisions_where_both_rates_tell_the_weights():
    rng = np.random.default_rng(3)
    profile = 100 * by_calendar().share * np.where(np.isin(np.arange(12), (0, 1, 11)), 0.15, 1)
    growth = 0.06 + 0.02 * rng.standard_normal((8, 12))
    frame = publish(levels(growth, profile), measures=("ytd_yoy", "month_yoy"), merged=True)
    result = decumulate(frame, draws=60)
    assert result.flags.empty
    miss = np.log(result.weights["weight"].to_numpy()) - np.log(profile / profile.sum())
    assert np.abs(miss[2:]).max() < 0.1


def test_rates_that_are_not_kept_in_step_do_not_bend_the_weights():
    rng = np.random.default_rng(3)
    profile = 100 * by_calendar().share
    frame = publish(levels(0.07 + 0.004 * rng.standard_normal((8, 12)), profile), measures=("ytd_yoy", "month_yoy"))
    lasting = pd.Series(rng.normal(0, 0.08, 8), [str(FIRST_YEAR + y) for y in range(8)])
    moved = frame["period"].str[:4].map(lasting) * ((frame["measure"] == "ytd_yoy") & (frame["period"].str[5:] > "02"))
    frame["value"] = (frame["value"].astype(float) + moved).round(1).map("{:.1f}".format)
    result = decumulate(frame, draws=60)
    miss = np.log(result.weights["weight"].to_numpy()) - np.log(profile / profile.sum())
    assert np.sqrt(np.mean(miss**2)) < 0.06
    assert (result.flags["gap"].abs() > 0.05).mean() > 0.9
    assert unstated(frame, result.paths["x"]) == []


def test_a_family_member_with_levels_halves_the_error_of_equal_weights():
    teacher = publish(levels(GROWTH[::-1], 3 * PROFILE), indicator="teacher", measures=("month_level",), family="f")
    pupil = publish(levels(GROWTH, PROFILE), indicator="pupil", family="f")
    both = decumulate(pd.concat([teacher, pupil]), draws=60)
    assert both.weights.set_index("indicator").loc["pupil", "source"].unique().tolist() == ["family"]
    learned = both.monthly[both.monthly["indicator"] == "pupil"]
    equal = decumulate(pupil, weights="equal", draws=60).monthly
    assert rmse(learned, GROWTH) < 0.5 * rmse(equal, GROWTH)


def test_without_any_hint_the_weights_follow_the_calendar_and_are_uncertain():
    frame = publish(levels(GROWTH, PROFILE))
    learned, equal = decumulate(frame, draws=200), decumulate(frame, draws=200, weights="equal")
    assert set(learned.weights["source"]) == {"calendar"}
    weight = learned.weights.set_index("month")["weight"]
    assert weight[[1, 2]].max() < weight[[3, 4, 5, 6]].min()
    band = learned.weights.set_index("month")
    assert (band["q95"] / band["q05"]).min() > 1.1
    assert learned.monthly["yoy_sd"].mean() > 1.5 * equal.monthly["yoy_sd"].mean()


def test_weights_of_the_user_win_over_learned_ones():
    frame = publish(levels(GROWTH, PROFILE), measures=("ytd_yoy", "month_yoy"))
    given = decumulate(frame, weights={"x": PROFILE}, draws=60).weights
    assert set(given["source"]) == {"given"}
    np.testing.assert_allclose(given["weight"], PROFILE / PROFILE.sum())


@pytest.mark.parametrize("kind", [list, tuple, lambda shares: pd.Series(shares, index=range(1, 13))])
def test_weights_of_the_user_are_twelve_numbers_of_any_kind_in_the_order_of_the_months(kind):
    given = decumulate(publish(levels(GROWTH, PROFILE)), weights={"x": kind(PROFILE)}, draws=60).weights
    np.testing.assert_allclose(given["weight"], PROFILE / PROFILE.sum())


@pytest.mark.parametrize("how", [decumulate, decumulate_in_chunks])
@pytest.mark.parametrize("bad", [np.ones(11), np.r_[np.ones(11), 0.0], np.r_[np.ones(11), np.nan], ["a"] * 12, None, 1])
def test_weights_that_are_not_twelve_positive_numbers_are_refused(bad, how):
    with pytest.raises(InputError, match="x: twelve positive shares"):
        how(publish(levels(GROWTH, PROFILE)), weights={"x": bad})


@pytest.mark.parametrize("bad", [[1] * 12, None, pd.DataFrame({"x": PROFILE})])
def test_weights_that_are_not_by_indicator_are_refused(bad):
    with pytest.raises(InputError, match="is neither 'learned' nor 'equal' nor twelve shares by indicator"):
        decumulate(publish(levels(GROWTH, PROFILE)), weights=bad)


@pytest.mark.parametrize("how", [decumulate, decumulate_in_chunks])
def test_weights_of_indicators_that_are_not_in_the_table_are_refused_with_the_nearest_names(how):
    frame = pd.concat([publish(levels(GROWTH, PROFILE), indicator=name) for name in ("exports", "steel")])
    with pytest.raises(InputError) as caught:
        how(frame, weights={"exprots": PROFILE, "steel": PROFILE, "x": PROFILE}, draws=60)
    assert str(caught.value).splitlines() == [
        "weights: no indicator 'exprots' in the table; did you mean exports?",
        "weights: no indicator 'x' in the table; known are exports, steel",
    ]


def test_every_chunk_takes_the_weights_of_its_own_indicators():
    frame = pd.concat([publish(levels(GROWTH, PROFILE), indicator=name) for name in ("exports", "steel")])
    given = {"exports": PROFILE, "steel": PROFILE}
    chunks = list(decumulate_in_chunks(frame, size=1, weights=given, draws=60))
    assert [set(chunk.weights["source"]) for chunk in chunks] == [{"given"}, {"given"}]


def test_an_unknown_way_of_weighing_is_refused():
    with pytest.raises(InputError, match="'equl' is neither"):
        decumulate(publish(levels(GROWTH, PROFILE)), weights="equl")


SHARES = np.arange(6.0, 18.0) / np.arange(6.0, 18.0).sum()


TOGETHER = 0.01 * np.minimum.outer(np.arange(1.0, 13), np.arange(1.0, 13)) / 12
PROFILES = [by_calendar(), by_calendar(told=True), by_family([SHARES, SHARES[::-1]]),
            Profile(SHARES, ((TOGETHER, 1.0),), "calendar")]  # fmt: skip


@pytest.mark.parametrize("profile", PROFILES)
def test_shares_are_drawn_as_is_expected_of_them(profile):
    drawn = profile.deviations(np.random.default_rng(1), 100_000)
    scale = profile.covariance.max()
    np.testing.assert_allclose(np.cov(drawn.T, ddof=0), profile.covariance, atol=0.05 * scale)
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=0.02 * np.sqrt(scale))
    np.testing.assert_allclose(profile.sd**2, np.diag(profile.covariance))
    share = profile.draw(np.random.default_rng(1), 1000)
    np.testing.assert_allclose(share.sum(axis=1), 1)
    apart = np.log(share / profile.share)
    assert np.abs(np.median(apart - apart.mean(axis=1, keepdims=True), axis=0)).max() < 0.02


def test_a_family_expects_the_mean_of_the_logs_of_its_members_and_given_shares_have_no_spread():
    family = by_family([SHARES, SHARES[::-1], np.full(12, 1 / 12)])
    logs = (np.log(SHARES) + np.log(SHARES[::-1]) + np.log(1 / 12)) / 3
    np.testing.assert_allclose(family.log_share, logs - logs.mean())
    assert family.share.sum() == pytest.approx(1)
    given = exactly(12 * SHARES, "given")
    np.testing.assert_allclose(given.draw(np.random.default_rng(1), 3), np.tile(SHARES, (3, 1)))
    assert (given.covariance == 0).all()


def test_the_calendar_expects_less_of_the_months_of_new_year_and_doubts_months_of_customs_more():
    calendar = by_calendar()
    assert calendar.share.sum() == pytest.approx(1)
    np.testing.assert_allclose(100 * calendar.share[[0, 1, 2, 9]], [7.91, 6.90, 8.60, 8.14], atol=0.01)
    np.testing.assert_allclose(calendar.sd[[0, 1, 2, 11]], [0.105, 0.129, 0.104, 0.159], atol=0.0006)
    plain = [month for month in range(2, 12) if month + 1 not in (7, 8, 12)]
    assert calendar.sd[[6, 7, 11]].min() > calendar.sd[plain].max()
    assert (by_calendar(told=True).sd > calendar.sd).all()

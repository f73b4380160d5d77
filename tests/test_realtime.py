"""Backtests from what was known: a store's vintages become the histories of the past."""

import datetime as dt
import hashlib

import numpy as np
import pandas as pd
import pytest

from forecasting import decumulate, make_outlook
from forecasting.decumulation import Recovered
from forecasting.errors import InputError
from forecasting.evaluation import forecast_panel
from forecasting.observations import check_observations, month_index
from forecasting.realtime import figures_then, histories_then
from forecasting.store import Store
from tests.decumulation.publication import levels, publish

RNG = np.random.default_rng(5)
GROWTH = 0.06 + np.cumsum(0.004 * RNG.standard_normal((7, 12)).ravel()).reshape(7, 12)
PROFILE = 100 + 10 * np.sin(np.arange(12))
FIRST_PRINT = 1.5  # points by which the first print of `REVISED` was higher
REVISED = "2016-06"


def came(period: str) -> dt.datetime:
    """The 16th of the month after."""
    return (pd.Period(period, "M") + 1).to_timestamp().tz_localize("UTC").to_pydatetime() + dt.timedelta(days=15)


def table_of(rows: pd.DataFrame) -> pd.DataFrame:
    return check_observations(rows.assign(released_at=[came(period) for period in rows["period"]]))


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    rows = publish(levels(GROWTH, PROFILE), indicator="nation", merged=True)
    return table_of(rows[rows["period"] <= "2016-11"])


@pytest.fixture
def store(tmp_path, figures):
    """Everything was imported late, but for the figures of 2016, which came in by themselves; one was revised."""
    with Store.open(f"sqlite:///{tmp_path / 'store.db'}") as store:
        sha = hashlib.sha256(b"").hexdigest()
        early = figures["period"] < "2016-01"
        store.append(figures[early], ingested_at=came("2015-12"), payload_sha256=sha)
        for period, rows in figures[~early].groupby("period"):
            first = rows.assign(value=rows["value"] + (FIRST_PRINT if period == REVISED else 0.0))
            store.append(first, ingested_at=came(period) + dt.timedelta(hours=1), payload_sha256=sha)
        late = came("2016-08") + dt.timedelta(days=3)
        revised = figures[figures["period"] == REVISED].assign(released_at=pd.Timestamp(late))
        store.append(revised, ingested_at=late, payload_sha256=sha)
        yield store


def then_of(store: Store, moment: dt.datetime, origins: int = 24):
    return figures_then(store.arrivals(moment, since="2014-01"), store.vintages(store.revised(moment)), origins)


def test_the_store_says_what_was_known_while_a_month_was_the_newest(store, figures):
    then = then_of(store, came("2016-11"))["nation"]
    # December 2015 was stored before February came; months before it were not stored in time
    assert list(then) == [month_index(month) for month in (
        "2015-12", "2016-02", "2016-03", "2016-04", "2016-05", "2016-06", "2016-07", "2016-08", "2016-09", "2016-10"
    )]  # fmt: skip
    other = [month for month, table in then.items() if table is not None]
    assert other == [month_index(month) for month in ("2016-06", "2016-07")]  # it was revised while August was newest
    known = then[month_index("2016-07")]
    assert known["period"].max() == "2016-07"
    at = known.set_index("period")["value"]
    assert at[REVISED] == pytest.approx(figures.set_index("period")["value"][REVISED] + FIRST_PRINT)


def test_as_of_a_day_before_the_revision_nobody_knows_of_it(store):
    moment = came("2016-08")
    assert store.revised(moment) == []
    assert all(table is None for table in then_of(store, moment)["nation"].values())


def test_without_vintages_of_the_time_there_is_no_history_of_the_time(figures, tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'late.db'}") as late:
        late.append(figures, ingested_at=came("2017-06"), payload_sha256=hashlib.sha256(b"").hexdigest())
        assert then_of(late, came("2017-06")) == {}


def test_figures_imported_before_a_catalogue_follows_them_are_no_history_of_a_past_that_nobody_knew(figures, tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'late.db'}") as late:
        sha = hashlib.sha256(b"").hexdigest()
        late.append(figures.assign(released_at=pd.NaT), ingested_at=came("2016-11"), payload_sha256=sha)
        wrong = figures[figures["period"] == REVISED]
        revised = wrong.assign(value=wrong["value"] + FIRST_PRINT, released_at=pd.NaT)
        late.append(revised, ingested_at=came("2016-12"), payload_sha256=sha)
        moment = came("2017-01")
        assert late.revised(moment) == ["nation"]
        assert then_of(late, moment) == {}


def test_the_backtest_forecasts_from_the_first_print_where_that_was_known(store, figures):
    then = then_of(store, came("2016-11"))
    months = decumulate(figures, draws=100, seed=1)
    usual = make_outlook(months, figures, horizon=3, preset="fast", origins=12).panel
    real = make_outlook(months, figures, horizon=3, preset="fast", origins=12, then=then).panel
    naive = usual.backtest.merge(real.backtest, on=["model", "cutoff", "step"]).query("model == 'no_change'")
    apart = naive[~np.isclose(naive["forecast_x"], naive["forecast_y"], rtol=1e-9)]
    assert set(apart["cutoff"].dt.strftime("%Y-%m")) == {"2016-06", "2016-07"}
    assert np.allclose(naive["y_x"], naive["y_y"])  # the errors are against today's figures
    assert (usual.leaderboard["n_real_time"] == 0).all()
    assert (real.leaderboard["n_real_time"] == 10).all()
    assert real.leaderboard["n_origins"].max() == 12


def test_the_months_of_the_time_state_the_first_print(store, figures):
    then = then_of(store, came("2016-11"))
    months = decumulate(figures, draws=100, seed=1)
    first = histories_then(then, Recovered.of(months))["nation"][pd.Timestamp(REVISED)]
    ends = months.paths["nation"].periods()[0]
    ends = ends[ends <= month_index(REVISED)][-len(first) :]
    half = [first[(ends // 12 == year) & (ends % 12 < 6)].sum() for year in (2015, 2016)]
    stated = figures.set_index("period")["value"][REVISED] + FIRST_PRINT
    assert 100 * (half[1] / half[0] - 1) == pytest.approx(stated, abs=0.06)


def test_a_history_of_another_base_is_brought_to_today_s(figures):
    months = decumulate(figures, draws=100, seed=1)
    same = figures[figures["period"] <= "2016-06"]
    then = {"nation": {month_index("2016-06"): same}}
    first = histories_then(then, Recovered.of(months))["nation"][pd.Timestamp("2016-06")]
    ends, today = months.paths["nation"].periods()
    cut = int(np.searchsorted(ends, month_index("2016-06"), side="right"))
    assert len(first) == cut
    assert np.allclose(np.median(np.log(first[-24:] / today[cut - 24 : cut])), 0.0)
    assert np.abs(first / today[:cut] - 1).mean() < 0.02


def test_from_a_month_at_which_too_little_was_known_nobody_forecasts():
    ds = pd.date_range("2012-01-01", periods=60, freq="MS")
    y = 100 + 10 * np.sin(np.arange(60) / 2) + RNG.standard_normal(60)
    panel = pd.DataFrame({"unique_id": "a", "ds": ds, "y": y})
    known = {"a": {ds[50]: y[46:51], ds[51]: None, ds[52]: y[20:53] + 1.0}}
    result = forecast_panel(panel, 2, models=["seasonal_naive"], origins=12, seed=0, known=known)
    rows = result.backtest.query("model == 'seasonal_naive' and step == 1").set_index("cutoff")["forecast"]
    assert ds[50] not in rows.index
    assert rows[ds[51]] == pytest.approx(y[40])
    assert rows[ds[52]] == pytest.approx(y[41] + 1.0)
    assert "5 observations were known then; 8 are needed" in " ".join(result.failures["reason"])
    assert (result.leaderboard["n_real_time"] == 3).all()


@pytest.mark.parametrize(
    ("month", "history", "reason"),
    [
        ("2016-01-15", np.ones(20), "not a history up to a month of the series"),
        ("2013-01-01", np.ones(20), "not a history up to a month of the series"),
        ("2016-01-01", np.full(20, np.nan), "not a history up to a month of the series"),
        ("2016-01-01", np.zeros(20), "leaves the range of today's figures"),
    ],
)
def test_a_history_that_does_not_fit_is_refused(month, history, reason):
    ds = pd.date_range("2012-01-01", periods=60, freq="MS")
    panel = pd.DataFrame({"unique_id": "a", "ds": ds, "y": np.linspace(50, 60, 60)})
    with pytest.raises(InputError, match=reason):
        forecast_panel(panel, 2, models=["seasonal_naive"], seed=0, known={"a": {pd.Timestamp(month): history}})

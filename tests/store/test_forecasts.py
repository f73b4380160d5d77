import datetime as dt
import hashlib

import pandas as pd
import pytest

from forecasting.observations import COLUMNS
from forecasting.store import ChampionHistory, ForecastArchive, Reign, Store

NUMBERS = [
    "mean",
    "q025",
    "q05",
    "q10",
    "q25",
    "q50",
    "q75",
    "q90",
    "q95",
    "q975",
    "no_change",
    "seasonal_naive",
    "scale",
]
MARCH = pd.Timestamp("2025-04-16T02:00:00Z")


def moment(day: str) -> dt.datetime:
    return dt.datetime.fromisoformat(f"{day}T12:00:00+00:00")


def forecasts(value: float, origin: str = "2025-02", periods: tuple[str, ...] = ("2025-03", "2025-04")) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "indicator": "a",
            "target": "ytd_yoy",
            "period": periods,
            "origin": origin,
            "model": "theta",
            "months": 1,
            "unit": "percent",
        }
    )
    return table.assign(**dict.fromkeys(NUMBERS, value)).assign(scale=float("nan"))


def put(archive: ForecastArchive, run_id: str, day: str, frame: pd.DataFrame) -> int:
    return archive.add(
        frame,
        run_id=run_id,
        night=dt.date.fromisoformat(day),
        vintage=moment(day),
        made_at=moment("2026-01-01"),
        content=hashlib.sha256(frame.to_csv().encode()).hexdigest(),
    )


def publish(store: Store, period: str, value: float, released: pd.Timestamp) -> None:
    row = dict.fromkeys(COLUMNS, "") | {
        "indicator": "a",
        "period": period,
        "measure": "ytd_yoy",
        "value": value,
        "unit": "percent",
        "decimals": 1,
        "status": "A",
        "released_at": released,
    }
    store.append(pd.DataFrame([row]), ingested_at=moment("2026-01-01"), payload_sha256="0" * 64)


@pytest.fixture
def store(store_url):
    with Store.open(store_url) as opened:
        yield opened


def test_what_stood_when_a_figure_appeared_is_the_last_forecast_of_each_origin_before_it(store):
    archive = ForecastArchive(store.engine)
    put(archive, "n1", "2025-02-20", forecasts(1.0, "2025-01"))
    put(archive, "n2", "2025-03-20", forecasts(2.0))
    put(archive, "n3", "2025-04-01", forecasts(3.0))
    put(archive, "n4", "2025-04-20", forecasts(4.0))  # after the figure
    publish(store, "2025-03", 5.0, MARCH)
    found = archive.standing(moment("2025-05-01"), before=dt.date(2025, 5, 1), since="2024-01")
    assert found["forecast_run"].tolist() == ["n1", "n3"]
    assert found["q50"].tolist() == [1.0, 3.0]
    assert found["vintage"].tolist() == [pd.Timestamp(moment("2025-02-20")), pd.Timestamp(moment("2025-04-01"))]
    assert found["scale"].isna().all()
    assert (found[NUMBERS].dtypes == "float64").all()


def test_from_the_moment_of_a_figure_on_nothing_forecasts_it_any_more_although_it_is_revised(store):
    archive = ForecastArchive(store.engine)
    for run_id, day, value in (("n1", "2025-04-01", 1.0), ("n2", "2025-04-16", 2.0), ("n3", "2025-04-20", 3.0)):
        put(archive, run_id, day, forecasts(value))
    publish(store, "2025-03", 5.0, pd.Timestamp(moment("2025-04-16")))
    publish(store, "2025-03", 5.4, pd.Timestamp(moment("2025-05-16")))
    found = archive.standing(moment("2025-06-01"), before=dt.date(2025, 6, 1), since="2024-01")
    assert found["forecast_run"].tolist() == ["n1"]


def test_a_figure_not_yet_released_and_nights_not_yet_done_are_not_seen(store):
    archive = ForecastArchive(store.engine)
    put(archive, "n1", "2025-03-20", forecasts(2.0))
    publish(store, "2025-03", 5.0, MARCH)
    for known, n in ((MARCH - pd.Timedelta("1us"), 0), (MARCH, 1)):
        assert len(archive.standing(known.to_pydatetime(), before=dt.date(2025, 5, 1), since="2024-01")) == n
    assert archive.standing(moment("2025-04-15"), before=dt.date(2025, 4, 15), since="2024-01").empty
    assert archive.standing(moment("2025-05-01"), before=dt.date(2025, 3, 20), since="2024-01").empty
    assert archive.standing(moment("2025-05-01"), before=dt.date(2025, 5, 1), since="2025-04").empty
    assert len(archive.standing(moment("2025-05-01"), before=dt.date(2025, 5, 1), since="2025-03")) == 1


def test_a_run_is_archived_once_and_repeated_forecasts_not_at_all(store):
    archive = ForecastArchive(store.engine)
    assert put(archive, "n1", "2025-03-20", forecasts(2.0)) == 2
    assert put(archive, "n1", "2025-03-20", forecasts(3.0)) == 0
    assert put(archive, "n2", "2025-03-21", forecasts(2.0)) == 0
    assert put(archive, "n3", "2025-03-22", forecasts(3.0)) == 2
    assert put(archive, "n0", "2025-03-19", forecasts(3.0)) == 2  # an earlier night, done later


def test_a_night_that_is_done_later_does_not_come_between_a_night_and_the_one_it_repeats(store):
    archive = ForecastArchive(store.engine)
    assert put(archive, "n1", "2025-03-20", forecasts(2.0)) == 2
    assert put(archive, "n2", "2025-04-01", forecasts(2.0)) == 0
    assert put(archive, "n3", "2025-04-05", forecasts(2.0)) == 0
    for run_id, day, value in (("n4", "2025-03-25", 9.0), ("n5", "2025-03-24", 8.0), ("n6", "2025-04-03", 7.0)):
        assert put(archive, run_id, day, forecasts(value)) == 2
    publish(store, "2025-03", 5.0, MARCH)
    for before, run_id, value in (
        ("2025-03-22", "n1", 2.0), ("2025-03-25", "n5", 8.0), ("2025-03-30", "n4", 9.0), ("2025-04-02", "n2", 2.0),
        ("2025-04-04", "n6", 7.0), ("2025-05-01", "n3", 2.0),
    ):  # fmt: skip
        row = archive.standing(moment("2025-05-01"), before=dt.date.fromisoformat(before), since="2024-01").iloc[0]
        assert (row["forecast_run"], row["q50"]) == (run_id, value)


def test_of_two_runs_of_one_past_day_the_later_one_is_what_another_repeats(store):
    archive = ForecastArchive(store.engine)
    for run_id, value in (("n1", 2.0), ("n2", 3.0), ("n3", 2.0)):
        assert put(archive, run_id, "2025-03-20", forecasts(value)) == 2, run_id
    assert put(archive, "n4", "2025-03-20", forecasts(2.0)) == 0
    publish(store, "2025-03", 5.0, MARCH)
    standing = archive.standing(moment("2025-05-01"), before=dt.date(2025, 5, 1), since="2024-01")
    assert standing["forecast_run"].tolist() == ["n3"]


def test_a_past_day_that_is_run_again_leaves_the_night_after_it_what_that_repeated(store):
    archive = ForecastArchive(store.engine)
    assert put(archive, "n1", "2025-03-20", forecasts(2.0)) == 2
    assert put(archive, "n2", "2025-04-01", forecasts(2.0)) == 0
    assert put(archive, "n3", "2025-03-20", forecasts(9.0)) == 2
    publish(store, "2025-03", 5.0, MARCH)
    standing = archive.standing(moment("2025-05-01"), before=dt.date(2025, 5, 1), since="2024-01")
    assert standing[["forecast_run", "q50"]].to_numpy().tolist() == [["n2", 2.0]]


def test_a_night_is_archived_whole_or_not_at_all(store):
    archive = ForecastArchive(store.engine)
    with pytest.raises(Exception, match="nothing was stored"):
        put(archive, "n1", "2025-03-20", forecasts(2.0, periods=("2025-03", "2025-03")))
    assert put(archive, "n1", "2025-03-20", forecasts(2.0)) == 2


def test_the_prints_of_a_figure_are_those_known_at_a_moment_in_the_order_in_which_they_became_known(store):
    publish(store, "2025-03", 5.4, MARCH + pd.Timedelta(days=30))
    publish(store, "2025-03", 5.0, MARCH)
    archive = ForecastArchive(store.engine)
    every = archive.prints(moment("2025-12-01"), since="2000-01")
    assert every["value"].tolist() == [5.0, 5.4]
    assert every["appeared"].tolist() == [MARCH, MARCH + pd.Timedelta(days=30)]
    assert archive.prints(moment("2025-05-01"), since="2000-01")["value"].tolist() == [5.0]
    assert archive.prints(MARCH.to_pydatetime(), since="2000-01")["value"].tolist() == [5.0]
    assert archive.prints(moment("2025-04-01"), since="2000-01").empty
    assert archive.prints(moment("2025-12-01"), since="2025-04").empty


def test_champions_are_those_decided_before_a_day_in_order(store):
    history = ChampionHistory(store.engine)
    one = Reign("a", dt.date(2025, 1, 1), "median", "n1", "first champion")
    two = Reign("a", dt.date(2025, 6, 1), "theta", "n9", "theta promoted")
    by_hand = Reign("a", dt.date(2025, 7, 1), "median", "", "rolled back")
    history.add([two])
    history.add([one, Reign("b", dt.date(2025, 1, 1), "ets", "n1", "first champion")])
    history.add([by_hand])
    assert history.before(dt.date(2025, 7, 2))["a"] == [one, two, by_hand]
    assert history.before(dt.date(2025, 6, 1))["a"] == [one]
    assert history.before(dt.date(2025, 1, 1)) == {}


def test_the_last_run_of_a_day_decides_for_it_and_a_person_above_it(store):
    history, day = ChampionHistory(store.engine), dt.date(2025, 6, 1)
    first = Reign("a", dt.date(2025, 1, 1), "median", "n1", "first champion")
    promoted = Reign("a", day, "theta", "n2", "theta promoted")
    other = Reign("b", day, "ets", "n2", "ets promoted")
    by_hand = Reign("a", day, "naive", "", "rolled back")
    history.settle(first.day, {"a"}, [first])
    history.settle(day, {"a", "b"}, [promoted, other])
    history.settle(day, {"a", "b"}, [promoted, other])  # an attempt that broke off and went on
    assert history.before(dt.date(2025, 6, 2)) == {"a": [first, promoted], "b": [other]}
    history.settle(day, {"a"}, [])
    assert history.before(dt.date(2025, 6, 2)) == {"a": [first], "b": [other]}  # b was not judged
    history.add([by_hand])
    history.settle(day, {"a"}, [promoted])
    assert history.before(dt.date(2025, 6, 2))["a"] == [first, promoted, by_hand]

from datetime import UTC, datetime, timedelta, timezone

import pandas as pd
import pytest
from sqlalchemy import func, select, text

from forecasting.errors import InputError, StoreError
from forecasting.observations import COLUMNS, check_observations
from forecasting.store import Store
from forecasting.store._schema import observations

SHA = "ab" * 32
DAY = timedelta(days=1)
NIGHT = datetime(2026, 1, 10, 18, 30, tzinfo=UTC)


def figures(*rows, **columns):
    """Observation frame of (indicator, period, value, released_at or None)."""
    frame = pd.DataFrame(rows, columns=["indicator", "period", "value", "released_at"])
    return check_observations(frame.assign(measure="ytd_yoy", unit="percent", decimals=1, **columns))


def put(store, frame, when=NIGHT):
    return store.append(frame, ingested_at=when, payload_sha256=SHA)


def values(store, moment=None):
    return store.as_of(moment)["value"].tolist()


def vintages(store):
    with store.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(observations))


@pytest.fixture
def store(store_url):
    with Store.open(store_url) as store:
        yield store


def test_what_is_appended_comes_back_as_the_same_frame(store):
    frame = pd.concat(
        [
            figures(("b_va", "2025-11", 17.1, "2025-12-15T10:00:00+08:00"), status="A", source="人民日报"),
            figures(("a_va", "2025-10", 0.3, None), ("a_va", "2025-09", -0.0, None), family="steel", note='"y",'),
        ]
    )
    assert put(store, frame) == 3
    back = store.as_of()
    expected = check_observations(frame).assign(ingested_at=pd.Timestamp(NIGHT).as_unit("ns"))
    pd.testing.assert_frame_equal(back, expected)
    assert list(back.columns) == [*COLUMNS, "ingested_at"]


def test_both_databases_answer_with_the_same_bytes(tmp_path, postgres_url):
    shanghai = timezone(timedelta(hours=8))
    frame = figures(
        ("b", "2025-11", 17.1, "2025-12-15T10:00:00.123456+08:00"),
        ("B", "2025-11", 0.1 + 0.2, None),
        ("é", "2024-02", -0.0, None),
    )
    answers = []
    for url in (f"sqlite:///{tmp_path / 'a.db'}", postgres_url):
        with Store.open(url) as store:
            put(store, frame, datetime(2026, 1, 11, 2, 30, 0, 7, tzinfo=shanghai))
            answers.append((store.as_of(), store.as_of(datetime(2020, 1, 1, tzinfo=UTC))))
    (full, empty), (other_full, other_empty) = answers
    pd.testing.assert_frame_equal(full, other_full)
    pd.testing.assert_frame_equal(empty, other_empty)
    assert full.to_csv() == other_full.to_csv()
    assert full["indicator"].tolist() == ["B", "b", "é"]
    assert full["released_at"].dtype == full["ingested_at"].dtype == "datetime64[ns, UTC]"


def test_an_empty_store_answers_with_an_empty_frame_of_the_same_dtypes(store):
    empty = store.as_of()
    put(store, figures(("a", "2025-11", 1.0, None)))
    assert empty.empty
    assert empty.dtypes.equals(store.as_of().dtypes)


def test_the_same_figures_again_add_nothing(store):
    frame = figures(("a", "2025-10", 1.0, None), ("a", "2025-11", 2.0, "2025-12-15"))
    assert put(store, frame) == 2
    assert put(store, frame, NIGHT + DAY) == 0
    assert put(store, frame.assign(source="elsewhere", note="n"), NIGHT + DAY) == 0
    assert put(store, frame.iloc[:0]) == 0
    assert vintages(store) == 2


@pytest.mark.parametrize(
    "change",
    [{"value": 1.1}, {"decimals": 2}, {"status": "E"}, {"released_at": pd.Timestamp("2026-01-02", tz="UTC")}],
)
def test_another_value_or_decimals_or_status_or_release_time_is_a_new_vintage(store, change):
    frame = figures(("a", "2025-11", 1.0, "2026-01-01"))
    put(store, frame)
    assert put(store, frame.assign(**change)) == 1
    assert vintages(store) == 2
    for name, value in change.items():
        assert store.as_of()[name].tolist() == [value]


def test_another_unit_is_a_new_vintage(store):
    frame = figures(("a", "2025-11", 1.0, None)).assign(measure="ytd_level", unit="kt")
    put(store, frame)
    assert put(store, frame.assign(unit="t")) == 1


def test_a_figure_revised_and_revised_back_has_three_vintages(store):
    for day, value in enumerate([1.0, 2.0, 1.0]):
        frame = figures(*(("a", period, value, None) for period in ("2025-09", "2025-10", "2025-11")))
        assert put(store, frame, NIGHT + day * DAY) == 3
    told = [values(store, NIGHT + day * DAY) for day in (-1, 0, 1, 2)]
    assert told == [[], [1.0] * 3, [2.0] * 3, [1.0] * 3]
    every = store.vintages()
    assert every.index.tolist() == list(range(9))
    assert every["vintage"].tolist() == [1, 2, 3] * 3
    assert (every["known_at"] == every["ingested_at"]).all()


def test_two_sources_that_disagree_every_night_add_nothing_after_the_first(store):
    dated, undated = figures(("a", "2025-11", 1.0, "2025-12-15")), figures(("a", "2025-11", 1.2, None))
    assert [put(store, frame, NIGHT + DAY * night) for night in range(3) for frame in (dated, undated)] == [
        1,
        1,
        0,
        0,
        0,
        0,
    ]


def test_a_release_is_known_from_its_time_on_though_stored_later(store):
    put(store, figures(("a", "2025-11", 1.0, "2025-12-15T02:00:00Z")), NIGHT)
    put(store, figures(("a", "2025-11", 1.5, "2026-01-05T02:00:00Z")), NIGHT)
    release = datetime(2025, 12, 15, 2, tzinfo=UTC)
    assert values(store, release - timedelta(microseconds=1)) == []
    assert values(store, release) == [1.0]
    assert values(store, datetime(2026, 1, 5, 2, tzinfo=UTC)) == [1.5]


def test_the_store_says_when_anything_of_a_period_came_first_what_was_revised_and_what_is_newest(store):
    november, december, january = (
        datetime(year, month, 15, 2, tzinfo=UTC) for year, month in ((2025, 11), (2025, 12), (2026, 1))
    )
    put(store, figures(("b", "2025-11", 3.0, None), ("a", "2025-10", 1.0, november), ("a", "2025-11", 2.0, december)))
    put(store, figures(("a", "2025-10", 1.5, january)), NIGHT + 9 * DAY)
    found = store.arrivals(january, since="2025-10").drop(columns=["measure", "unit"])
    assert found.to_numpy().tolist() == [
        ["a", "2025-10", november, NIGHT], ["a", "2025-11", december, NIGHT], ["b", "2025-11", NIGHT, NIGHT],
    ]  # fmt: skip
    assert store.arrivals(december, since="2025-11")["known_at"].tolist() == [december]
    assert (store.revised(january - timedelta(microseconds=1)), store.revised(january)) == ([], ["a"])
    assert store.newest().to_numpy().tolist() == [[name, "ytd_yoy", "percent", "2025-11"] for name in "ab"]


def test_an_old_release_that_arrives_late_does_not_replace_a_newer_one(store):
    put(store, figures(("a", "2025-11", 1.5, "2026-01-05")), NIGHT)
    assert put(store, figures(("a", "2025-11", 1.0, "2025-12-15")), NIGHT + DAY) == 1
    assert values(store) == [1.5]
    assert values(store, datetime(2025, 12, 31, tzinfo=UTC)) == [1.0]
    assert store.vintages()["value"].tolist() == [1.0, 1.5]


def test_a_clock_set_back_cannot_hide_a_revision(store):
    put(store, figures(("a", "2025-11", 1.0, None)), NIGHT)
    put(store, figures(("a", "2025-11", 2.0, None)), NIGHT - 30 * DAY)
    assert values(store) == [2.0]
    assert values(store, NIGHT - DAY) == []


def test_a_frame_that_is_no_observation_frame_is_refused_and_nothing_is_stored(store):
    good = figures(("a", "2025-10", 1.0, None), ("a", "2025-11", 2.0, None))
    with pytest.raises(InputError, match="given twice"):
        put(store, pd.concat([good, good]))
    with pytest.raises(InputError, match="unit missing"):
        put(store, good.drop(columns="unit"))
    assert vintages(store) == 0


def test_a_failure_in_the_middle_stores_nothing(store):
    frame = figures(*((f"i{number:04d}", "2025-11", 1.0, None) for number in range(3000)))
    bad = frame.assign(note=["" if number < 2900 else "\ud800" for number in range(3000)])
    with pytest.raises((StoreError, UnicodeEncodeError)):
        put(store, bad)
    assert vintages(store) == 0
    assert put(store, frame) == 3000


def test_times_without_a_zone_and_hashes_that_are_none_are_refused(store):
    frame = figures(("a", "2025-11", 1.0, None))
    naive = datetime(2026, 1, 1)
    with pytest.raises(StoreError, match="no time zone"):
        put(store, frame, naive)
    with pytest.raises(StoreError, match="no time zone"):
        store.as_of(naive)
    with pytest.raises(StoreError, match="64 hexadecimal digits"):
        store.append(frame, ingested_at=NIGHT, payload_sha256="abc")


def test_a_store_is_found_as_it_was_left(store_url):
    with Store.open(store_url) as store:
        put(store, figures(("a", "2025-11", 1.0, None)))
    with Store.open(store_url) as store:
        assert values(store) == [1.0]


def test_sqlite_runs_in_wal_mode_with_foreign_keys_and_patience(tmp_path):
    with (
        Store.open(f"sqlite:///{tmp_path}/deep/down/cumulus.db") as store,
        store.engine.connect() as connection,
    ):
        pragmas = [
            connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    assert pragmas == ["wal", 1, 30_000]


def test_the_public_names_are_complete_and_sorted():
    import forecasting.store as face

    assert list(face.__all__) == sorted(face.__all__)
    assert all(hasattr(face, name) for name in face.__all__)
    assert not {"update", "delete"} & set(dir(Store))

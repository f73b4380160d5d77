from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from forecasting.observations import check_observations
from forecasting.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
hours = st.integers(0, 12)
rows = st.tuples(
    st.sampled_from([("a", "2025-10"), ("a", "2025-11"), ("b", "2025-11")]),
    st.sampled_from([1.0, 2.0, 2.5]),
    st.sampled_from(["", "E"]),
    st.none() | hours,
)
payloads = st.lists(
    st.tuples(hours, st.lists(rows, min_size=1, max_size=3, unique_by=lambda row: row[0])),
    min_size=1,
    max_size=8,
)


def at(hour):
    return None if hour is None else START + timedelta(hours=hour)


def frame_of(payload):
    return check_observations(
        pd.DataFrame(
            [(*figure, value, status, at(released)) for figure, value, status, released in payload],
            columns=["indicator", "period", "value", "status", "released_at"],
        ).assign(measure="ytd_yoy", unit="percent", decimals=1)
    )


class Reference:
    """The rules of the store, in lists."""

    def __init__(self):
        self.stored = []  # (figure, released, ingested, content)

    def append(self, payload, ingested):
        added = 0
        for figure, value, status, released in sorted(payload):
            same = [row for row in self.stored if row[:2] == (figure, at(released))]
            if same and same[-1][3] == (value, status):
                continue
            moment = max(ingested, same[-1][2]) if same else ingested
            self.stored.append((figure, at(released), moment, (value, status)))
            added += 1
        return added

    def as_of(self, moment):
        latest = {}
        for position, (figure, released, ingested, content) in enumerate(self.stored):
            known = released or ingested
            rank = (known, ingested, position)
            if known <= moment and rank > latest.get(figure, ((START - timedelta(1),),))[0]:
                latest[figure] = (rank, released, ingested, content)
        return [
            (*figure, *content, released, ingested)
            for figure, (_, released, ingested, content) in sorted(latest.items())
        ]


@pytest.fixture
def store(store_url):
    with Store.open(store_url) as store:
        yield store


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payloads=payloads)
def test_as_of_never_looks_ahead_and_follows_the_rules_after_any_appends(store, payloads):
    with store.engine.begin() as connection:
        connection.execute(text("DELETE FROM observations"))
    reference = Reference()
    for ingested, payload in payloads:
        added = store.append(frame_of(payload), ingested_at=at(ingested), payload_sha256="0" * 64)
        assert added == reference.append(payload, at(ingested))
    for hour in range(-1, 13):
        known = store.as_of(at(hour))
        assert (known["released_at"].fillna(known["ingested_at"]) <= at(hour)).all()
        times = [
            [None if pd.isna(time) else time.to_pydatetime() for time in known[name]]
            for name in ("released_at", "ingested_at")
        ]
        found = zip(*(known[name] for name in ("indicator", "period", "value", "status")), *times, strict=True)
        assert list(found) == reference.as_of(at(hour))
    assert store.as_of().equals(store.as_of(at(12)))

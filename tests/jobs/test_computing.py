import datetime as dt

import pandas as pd
from sqlalchemy import text

from forecasting.catalog import load_catalog
from forecasting.observations import month_label
from forecasting.store import Store
from jobs.computing import figures_of_the_past, known_figures

NOW = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)


def test_levels_of_zero_that_earlier_versions_stored_are_left_out_of_a_night(tmp_path):
    rows = [["cn_exports", f"2025-0{month}", "month_level", 100.0, "USD billion"] for month in (3, 4)]
    frame = pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:
        store.append(frame.assign(released_at="2025-06-01T00:00Z"), ingested_at=NOW, payload_sha256="0" * 64)
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE observations SET value = 0 WHERE period = '2025-04'"))
        figures, _ = known_figures(store, load_catalog(), NOW.date(), NOW)
    assert figures["period"].tolist() == ["2025-03"]


def test_figures_are_of_the_family_that_the_catalogue_says_today_whatever_was_said_when_they_came(tmp_path):
    rows = [["cn_exports", "2025-03", "old"], ["cn_exports", "2025-04", ""], ["cn_imports", "2025-03", "another"]]
    frame = pd.DataFrame(rows, columns=["indicator", "period", "family"])
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:
        frame = frame.assign(measure="ytd_yoy", value=5.0, unit="percent", released_at="2025-06-01T00:00Z")
        store.append(frame, ingested_at=NOW, payload_sha256="0" * 64)
        figures, _ = known_figures(store, load_catalog(), NOW.date(), NOW)
    assert figures["family"].tolist() == ["trade"] * 3


def test_levels_in_another_unit_than_the_catalogues_are_left_out_and_named(tmp_path):
    rows = [
        ["cn_exports", f"2025-0{month}", "month_level", 100.0, unit] for month, unit in ((3, "t"), (4, "USD billion"))
    ]
    frame = pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:
        for n, row in enumerate((frame[:1], frame[1:], frame[:1].assign(value=101.0))):
            known = row.assign(released_at=f"2025-06-0{n + 1}T00:00Z")
            store.append(known, ingested_at=NOW, payload_sha256="0" * 64)
        figures, lines = known_figures(store, load_catalog(), NOW.date(), NOW)
        then = figures_of_the_past(store, load_catalog(), NOW, 24)
    assert figures["period"].tolist() == ["2025-04"]
    assert lines[0].startswith(
        "cn_exports: 1 levels in 't' are left out, the catalogue's unit is 'USD billion'; correct"
    )
    assert all(seen is None for seen in then.get("cn_exports", {}).values())


def test_a_month_is_not_known_by_a_level_in_another_unit_than_the_catalogues(tmp_path):
    rows = [["cn_exports", f"2025-0{month}", "month_level", 100.0, "USD billion"] for month in (2, 3, 4, 5)]
    frame = pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])
    frame["released_at"] = [f"2025-0{month}-10T00:00Z" for month in (3, 4, 5, 6)]
    stored = [dt.datetime(2025, month, 11, tzinfo=dt.UTC) for month in (3, 4, 5, 6)]
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:
        for n, moment in enumerate(stored):
            came = frame[n : n + 1]
            came = came.assign(unit="t") if n == 1 else came
            store.append(came, ingested_at=moment, payload_sha256="0" * 64)
        store.append(frame[1:2], ingested_at=NOW - dt.timedelta(days=9), payload_sha256="0" * 64)
        then = figures_of_the_past(store, load_catalog(), NOW, 24)
    assert [month_label(month) for month in then["cn_exports"]] == ["2025-02", "2025-04"]

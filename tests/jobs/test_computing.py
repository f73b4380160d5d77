import datetime as dt

import pandas as pd
from sqlalchemy import text

from forecasting.catalog import load_catalog
from forecasting.store import Store
from jobs.computing import known_figures

NOW = dt.datetime(2026, 1, 20, tzinfo=dt.UTC)


def test_levels_of_zero_that_earlier_versions_stored_are_left_out_of_a_night(tmp_path):
    rows = [["cn_exports", f"2025-0{month}", "month_level", 100.0, "USD 100 million"] for month in (3, 4)]
    frame = pd.DataFrame(rows, columns=["indicator", "period", "measure", "value", "unit"])
    with Store.open(f"sqlite:///{tmp_path}/cumulus.db") as store:
        store.append(frame.assign(released_at="2025-06-01T00:00Z"), ingested_at=NOW, payload_sha256="0" * 64)
        with store.engine.begin() as connection:
            connection.execute(text("UPDATE observations SET value = 0 WHERE period = '2025-04'"))
        figures, _ = known_figures(store, load_catalog(), NOW.date(), NOW)
    assert figures["period"].tolist() == ["2025-03"]

"""What housekeeping deletes of an installation, and what it leaves."""

from pathlib import Path

import pandas as pd

from forecasting.observations import check_observations
from forecasting.payloads import BadRow, Payload
from forecasting.settings import RetentionSettings
from forecasting.store import Intake, Pull, RawArchive, Store
from jobs.ledger import Ledger
from jobs.retention import tidy
from tests.jobs.installation import DAY, NIGHT, Installation


def test_each_kind_is_kept_for_its_own_days_and_what_brought_something_or_is_the_last_for_ever(tmp_path: Path) -> None:
    installation = Installation(tmp_path, retention=RetentionSettings(ledger_days=10, raw_days=20))
    for days in (15, 5):
        installation.night(NIGHT - days * DAY)
    payloads = {
        body: Payload("file", "a.csv", NIGHT - days * DAY, body.encode())
        for days, body in ((26, "figure"), (25, "first"), (24, "nothing"), (23, "put aside"), (22, "second"))
    }
    again = Payload("file", "a.csv", NIGHT - 15 * DAY, b"second")
    archive = RawArchive(installation.settings.raw)
    for payload in (*payloads.values(), again):
        archive.keep([payload])
    with Store.open(installation.settings.store) as store:
        intake = Intake(store.engine)
        for source, days in (("file", 15), ("file", 14), ("nbs", 12)):
            intake.note_pull(Pull(source, NIGHT - days * DAY, "done", days, 0, 0, ""))
        intake.quarantine(payloads["put aside"], [BadRow("row 1", {"value": "x"}, "no number")])
        for body in ("figure", "first"):
            frame = pd.DataFrame({"indicator": [body], "period": ["2025-12"], "measure": ["ytd_yoy"], "value": [5.9]})
            frame = check_observations(frame.assign(unit="percent", decimals=1))
            store.append(frame, ingested_at=NIGHT, payload_sha256=payloads[body].sha256)

        assert tidy(installation.settings, NIGHT) == [
            "deleted: 1 runs in the ledger",
            "deleted: 1 notes of pulls",
            "deleted: 1 payloads that brought nothing",
        ]
        assert [run.started_at for run in Ledger(store.engine).last(9)] == [NIGHT - 5 * DAY]
        assert [(pull.source, pull.figures) for pull in intake.last_pulls()] == [("file", 14), ("nbs", 12)]
    left = [archive.payload(fetch).body.decode() for fetch in archive.fetches()]
    assert left == ["figure", "first", "put aside", "second", "second"]
    assert tidy(installation.settings, NIGHT) == []

"""What the scheduler does in an installation."""

import datetime as dt
import logging
import threading

from forecasting.settings import NotifySettings, Settings
from forecasting.store import Store
from jobs.agenda import Agenda
from jobs.ledger import Ledger
from jobs.service import Service

NOW = dt.datetime(2026, 1, 20, 4, 0, tzinfo=dt.UTC)


def test_a_night_that_the_ledger_has_is_not_run_again_by_another_scheduler(tmp_path, caplog):
    settings = Settings(home=tmp_path)
    occasion = Agenda(settings.schedule).last(NOW)
    with Store.open(settings.store) as store:
        ledger = Ledger(store.engine, lambda: NOW)
        ledger.finish(ledger.begin("2026-01-20-a", night="2026-01-20", key="a"), "done")
    told = []
    with caplog.at_level(logging.INFO):
        Service(settings, told.append).night(occasion, threading.Event())
    assert told == []
    assert "the night due at 2026-01-20T02:30+08:00 has been run: 2026-01-20-a done" in caplog.text


def test_a_running_night_is_entered_as_interrupted_when_it_is_abandoned(tmp_path):
    settings = Settings(home=tmp_path)
    with Store.open(settings.store) as store:
        Ledger(store.engine).begin("2026-01-20-a", night="2026-01-20", key="a")
        Service(settings, print).abandon()
        (run,) = Ledger(store.engine).last(1)
        assert (run.status, run.message) == ("interrupted", "it was stopped before it ended")


def test_people_are_told_of_no_failure_where_it_cannot_be_found_out_what_is_due(tmp_path, caplog):
    settings = Settings(home=tmp_path, notify=NotifySettings(urls=("json://127.0.0.1:9/hook",)))
    settings.var.mkdir()
    (settings.var / "cumulus.db").write_text("no database" * 100)
    Service(settings, print).release(threading.Event())
    [line] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.getMessage().startswith("what is due cannot be found out; it is asked again as scheduled: store ")
    assert line.exc_info is None


def test_nothing_is_due_and_nothing_to_tidy_in_an_empty_home(tmp_path):
    service = Service(Settings(home=tmp_path), print)
    service.release(threading.Event())
    service.tidy()
    assert not (tmp_path / "mlruns").exists()

import http.server
import json
import logging
import threading
from pathlib import Path

import pytest
from pydantic import SecretStr

from forecasting.errors import CumulusError, SettingsError, StoreError
from forecasting.settings import MetricsSettings, NotifySettings, ScheduleSettings
from jobs.agenda import Agenda
from jobs.nightly import run_night
from jobs.notifications import Fact, facts_of, tell, tell_test, unknown_of
from jobs.reporting import reported
from jobs.service import Service
from jobs.state import read_state
from tests.jobs.installation import DAY, MINUTE, NIGHT, Installation
from tests.tracking.test_server import free_port

SECRET = "hunter2xyz"  # noqa: S105


class Receiver:
    """A web server that takes what apprise posts, unless it is down."""

    def __init__(self):
        self.got, self.port = [], free_port()
        self.url = f"json://user:{SECRET}@127.0.0.1:{self.port}/hook"

    def __enter__(self):
        got = self.got

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", self.port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def texts(self):
        return [message["message"] for message in self.got]


def installation(home, *receivers, **changes):
    notify = NotifySettings(urls=tuple(receiver.url for receiver in receivers), **changes)
    return Installation(home, notify=notify)


def settings(home, *receivers, **changes):
    return installation(home, *receivers, **changes).settings


LATE = Fact("late", "a", "2025-12", "a: 2025-12 is 1 day late")
LATER = Fact("late", "a", "2025-12", "a: 2025-12 is 2 days late")
NEXT = Fact("late", "a", "2026-01", "a: 2026-01 is 1 day late")


def test_a_fact_is_told_once_as_long_as_it_is_true_and_again_when_it_returns(tmp_path):
    with Receiver() as receiver:
        own = settings(tmp_path, receiver)
        assert [delivery.taken for delivery in tell([LATE], own)] == [True]
        assert tell([LATER], own) == []
        tell([NEXT], own)
        tell([], own)
        tell([NEXT], own)
    assert receiver.texts == ["Late:\n- a: 2025-12 is 1 day late", *["Late:\n- a: 2026-01 is 1 day late"] * 2]
    assert receiver.got[0]["title"] == "Cumulus: 1 thing to know"


def test_quarantine_is_told_of_when_it_grows_alone(tmp_path):
    def rows(n):
        return [Fact("quarantine", "file", str(n), f"file: {n} rows by now")]

    with Receiver() as receiver:
        own = settings(tmp_path, receiver)
        for n in (3, 3, 2, 3, 11):
            tell(rows(n), own)
    assert [text.split()[-4] for text in receiver.texts] == ["3", "3", "11"]


def test_what_the_settings_do_not_name_is_not_told(tmp_path):
    with Receiver() as receiver:
        assert tell([LATE], settings(tmp_path, receiver, on=("failure",))) == []
    assert receiver.got == []


def test_a_receiver_that_leads_elsewhere_has_not_been_told(tmp_path):
    asked = []

    class Moved(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append("POST")
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(302)
            self.send_header("Location", "/login")
            self.end_headers()

        def do_GET(self):
            asked.append("GET")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Moved)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        own = Installation(tmp_path, notify=NotifySettings(urls=(f"json://127.0.0.1:{server.server_port}/hook",)))
        for _ in range(2):
            assert [delivery.taken for delivery in tell([LATE], own.settings)] == [False]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == ["POST", "POST"]


def test_a_receiver_that_is_down_is_told_later_and_the_other_one_once(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    down = Receiver()
    with Receiver() as up:
        own = settings(tmp_path, up, down)
        assert [delivery.taken for delivery in tell([LATE], own)] == [True, False]
        assert f"json://user:****@127.0.0.1:{down.port}/hook could not be told" in caplog.text
        with down:
            assert [delivery.taken for delivery in tell([LATE], own)] == [True]
    assert len(up.got) == len(down.got) == 1
    assert SECRET not in caplog.text
    assert SECRET not in (tmp_path / "var" / "told.json").read_text(encoding="utf-8")


def test_a_command_without_the_receivers_forgets_nothing_that_they_were_told(tmp_path):
    with Receiver() as receiver:
        own = settings(tmp_path, receiver)
        tell([LATE], own)
        assert tell([LATE], settings(tmp_path)) == []
        assert tell([LATE], own) == []


def test_a_memory_that_cannot_be_read_is_said_and_everything_told_anew(tmp_path, caplog):
    with Receiver() as receiver:
        own = settings(tmp_path, receiver)
        tell([LATE], own)
        (tmp_path / "var" / "told.json").write_text("[1", encoding="utf-8")
        tell([LATE], own)
    assert len(receiver.got) == 2
    assert "told.json cannot be read as what was told" in caplog.text


def test_long_lists_are_cut(tmp_path):
    many = [Fact("late", f"i{n}", "2025-12", f"i{n}: late") for n in range(25)]
    with Receiver() as receiver:
        tell(many, settings(tmp_path, receiver))
    assert receiver.texts[0].endswith("- i9: late\n- and 15 more; cumulus status has them all")


def test_facts_come_from_the_state(tmp_path):
    home = installation(tmp_path)
    home.figure("2025-11")
    home.champion("theta", NIGHT - 60 * DAY)
    home.champion("arima")
    home.night(status="degraded", message="tracking failed: out of reach", broken="track")
    state = read_state(home.settings, NIGHT + 30 * MINUTE)
    state["alarms"] = ["surprise: x ytd_yoy of 2025-11 came in at 9, outside the 95 % band", "drift: x"]
    state["quarantine"]["rows"] = {"file": 2}
    texts = [fact.text for fact in facts_of(state)]
    assert texts == [
        "the night came out without the step track: TrackingError: out of reach",
        "cn_industrial_va: 2025-12 is 3 days late",
        "x ytd_yoy of 2025-11 came in at 9, outside the 95 % band",
        "cn_industrial_va: arima instead of theta (proven better)",
        "file: 2 rows by now; cumulus status shows the last ones",
    ]


def test_a_night_that_fails_is_told_once_and_fails_as_it_would_have(tmp_path):
    with Receiver() as receiver:
        own = settings(tmp_path, receiver)
        for _ in range(2):
            with pytest.raises(StoreError), reported(own):
                raise StoreError(f"gone with {SECRET}")
    assert receiver.texts == ["Failed:\n- the night failed: StoreError: gone with ***"]
    assert receiver.got[0]["type"] == "failure"


def test_a_report_that_fails_leaves_the_night_alone(tmp_path, caplog):
    (tmp_path / "var").write_text("not a folder", encoding="utf-8")
    with reported(settings(tmp_path, Receiver())):
        done = True
    assert done
    assert "the night is as it is, but its report failed" in caplog.text


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (
            {"store_url": SecretStr("postgresql://u@127.0.0.1:1/d")},
            "StoreError: store postgresql+psycopg://u@127.0.0.1:1/d: ",
        ),
        ({"catalog": Path("/dev/null/catalog.toml")}, "CatalogError: /dev/null/catalog.toml: cannot be read: "),
    ],
)
def test_a_night_that_fails_of_what_the_report_reads_too_is_told_and_measured(tmp_path, broken, error):
    with Receiver() as receiver:
        well = settings(tmp_path, receiver)
        tell([LATE], well)
        own = well.model_copy(
            update={
                "schedule": ScheduleSettings(patience_s=0),
                "metrics": MetricsSettings(textfile=tmp_path / "cumulus.prom"),
                **broken,
            }
        )
        for _ in range(2):
            with pytest.raises(CumulusError), reported(own):
                run_night(own)
        assert "cumulus_store_up 0.0\n" in (tmp_path / "cumulus.prom").read_text(encoding="utf-8")
        tell([LATER], well)  # that it is late was told before, and is not told anew
    late, failed = receiver.texts
    assert late == "Late:\n- a: 2025-12 is 1 day late"
    assert failed.startswith(f"Failed:\n- the night failed: {error}")


def test_a_night_that_the_scheduler_cannot_begin_is_told(tmp_path):
    with Receiver() as receiver:
        away = {"store_url": SecretStr("postgresql://u@127.0.0.1:1/d"), "schedule": ScheduleSettings(patience_s=0)}
        own = settings(tmp_path, receiver).model_copy(update=away)
        with pytest.raises(StoreError):
            Service(own, print).night(Agenda(own.schedule).last(NIGHT), threading.Event())
    assert receiver.texts[0].startswith("Failed:\n- the night failed: StoreError: store ")


def test_metrics_that_cannot_be_written_keep_nobody_from_being_told(tmp_path, caplog):
    with Receiver() as receiver:
        metrics = MetricsSettings(textfile=Path("/dev/null/cumulus.prom"))
        own = settings(tmp_path, receiver).model_copy(update={"metrics": metrics})
        with pytest.raises(StoreError), reported(own):
            raise StoreError("gone")
    assert len(receiver.texts) == 1
    assert "metrics cannot be written" in caplog.text


def test_surprises_of_a_release_that_cannot_be_read_are_not_told_anew_when_it_can(tmp_path):
    surprise = Fact("surprise", "x", "", "x came in at 9")
    with Receiver() as receiver:
        home = installation(tmp_path, receiver)
        tell([surprise], home.settings)
        state = read_state(home.settings, NIGHT) | {"release_message": "scorecard.csv: sha256 differs"}
        tell(facts_of(state), home.settings, unknown_of(state))
        tell([surprise], home.settings)
        tell([], home.settings)
        tell([surprise], home.settings)
    assert receiver.texts == ["Outside the 95 % band:\n- x came in at 9"] * 2


def test_the_operator_can_try_the_receivers(tmp_path):
    with Receiver() as receiver:
        deliveries = tell_test(settings(tmp_path, receiver).notify)
    assert [delivery.taken for delivery in deliveries] == [True]
    assert SECRET not in deliveries[0].receiver
    assert receiver.got[0]["title"] == "Cumulus: a test"
    with pytest.raises(SettingsError, match=r"no receiver; set notify\.urls"):
        tell_test(NotifySettings())
    with pytest.raises(SettingsError, match=r"notify\.urls\[1\] is no address that apprise knows") as caught:
        tell_test(NotifySettings(urls=("json://127.0.0.1", f"nothing://{SECRET}")))
    assert SECRET not in str(caught.value)

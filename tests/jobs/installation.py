"""An installation whose store and ledger say what a test needs, without a night."""

import datetime as dt
from pathlib import Path

import pandas as pd

from forecasting.observations import check_observations
from forecasting.settings import Settings
from forecasting.store import ChampionHistory, Intake, Pull, Reign, Store
from jobs.ledger import Ledger

CATALOG = Path(__file__).with_name("catalog.toml")
NIGHT = dt.datetime(2026, 1, 20, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


class Installation:
    """Settings, and what its nights left behind."""

    def __init__(self, home: Path, **changes) -> None:
        self.settings = Settings(**{"home": home, "catalog": CATALOG, **changes})

    def figure(self, period: str, indicator: str = "cn_industrial_va") -> None:
        frame = pd.DataFrame({"indicator": [indicator], "period": [period], "value": [5.9]})
        frame = check_observations(frame.assign(measure="ytd_yoy", unit="percent", decimals=1))
        with Store.open(self.settings.store) as store:
            store.append(frame, ingested_at=NIGHT, payload_sha256="ab" * 32)

    def night(self, when: dt.datetime = NIGHT, status: str = "done", message: str = "", broken: str = "") -> None:
        """A run of a quarter of an hour whose step ``broken`` failed."""
        moment = when
        with Store.open(self.settings.store) as store:
            ledger = Ledger(store.engine, lambda: moment)
            run = ledger.begin(f"{when.date()}-a", night=when.date().isoformat(), key="a")
            for name in ("derive", "fit", "track"):
                with ledger.step(run, name) as step:
                    moment += 5 * MINUTE
                    if name == broken:
                        step.status, step.message = "failed", "TrackingError: out of reach"
            if status != "running":
                ledger.finish(run, status, message)

    def pull(self, source: str = "file", status: str = "done") -> None:
        with Store.open(self.settings.store) as store:
            Intake(store.engine).note_pull(Pull(source, NIGHT, status, 7, 2, 0, ""))

    def champion(self, model: str, when: dt.datetime = NIGHT) -> None:
        with Store.open(self.settings.store) as store:
            reign = Reign("cn_industrial_va", when.date(), model, f"{when.date()}-{model}", "proven better")
            ChampionHistory(store.engine).add([reign])

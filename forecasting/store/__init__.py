"""Observations as they were known at any moment: append-only, on SQLite or PostgreSQL.

`Store` keeps the figures, `RawArchive` what they were read from, `Intake` what was not let in and how each pull went,
`ForecastArchive` what was forecast of them and `ChampionHistory` by whom. `metadata`, `reading`, `writing` and
`UTCTime` are what other tables of the same database (the run ledger) are built with. `migrations/` makes the tables,
those of the ledger too: whoever changes one adds a revision there.
"""

from forecasting.store._archive import Fetch, RawArchive
from forecasting.store._champions import ChampionHistory, Reign
from forecasting.store._database import UTCTime, reading, writing
from forecasting.store._forecasts import ForecastArchive
from forecasting.store._intake import Intake, Pull
from forecasting.store._schema import metadata
from forecasting.store._store import Store

__all__ = [
    "ChampionHistory",
    "Fetch",
    "ForecastArchive",
    "Intake",
    "Pull",
    "RawArchive",
    "Reign",
    "Store",
    "UTCTime",
    "metadata",
    "reading",
    "writing",
]

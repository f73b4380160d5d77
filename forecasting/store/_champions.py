"""Who has been champion of which indicator since when: first choices, promotions, rollbacks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Column, Engine, Integer, Row, String, Table, bindparam, delete, insert, select
from sqlalchemy.engine import Connection

from forecasting.store._database import reading, writing
from forecasting.store._schema import metadata

_champions = Table(
    "champions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("indicator", String, nullable=False, index=True),
    Column("day", String(10), nullable=False),
    Column("model", String, nullable=False),
    Column("run_id", String, nullable=False),
    Column("reason", String, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Reign:
    """A model became champion of an indicator.

    Attributes:
        indicator: The indicator.
        day: The night that decided it; it forecasts from the next one on.
        model: Name of the model.
        run_id: The run that decided it; "" where a person did.
        reason: In words, with the numbers.
    """

    indicator: str
    day: dt.date
    model: str
    run_id: str
    reason: str


class ChampionHistory:
    """Every change of champion that stands, in the store's database: of a day those of its last run, and a person's.

    Args:
        engine: Of the store (`Store.engine`).

    Raises:
        StoreError: Here and in every method, when the database refuses.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, reigns: Sequence[Reign]) -> None:
        """Enter changes beside those there are."""
        with writing(self._engine) as connection:
            _enter(connection, reigns)

    def settle(self, day: dt.date, judged: Collection[str], reigns: Sequence[Reign]) -> None:
        """Enter what a run decided, in place of what runs of its day, this one among them, decided before.

        Args:
            day: Of the run.
            judged: The indicators of which it decided something, be it that all stays as it is.
            reigns: Its changes.
        """
        entered = select(_champions).where(_champions.c.day == day.isoformat(), _champions.c.run_id != "")
        with writing(self._engine) as connection:
            replaced = [{"entry": row.id} for row in connection.execute(entered) if row.indicator in judged]
            if replaced:
                connection.execute(delete(_champions).where(_champions.c.id == bindparam("entry")), replaced)
            _enter(connection, reigns)

    def before(self, day: dt.date) -> dict[str, list[Reign]]:
        """Indicator -> its changes that were decided before a day, oldest first, of one day a person's last."""
        query = select(_champions).where(_champions.c.day < day.isoformat())
        out: dict[str, list[Reign]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(query.order_by(_champions.c.day, _champions.c.run_id == "", _champions.c.id)):
                out.setdefault(row.indicator, []).append(_reign(row))
        return out


def _reign(row: Row[Any]) -> Reign:
    return Reign(row.indicator, dt.date.fromisoformat(row.day), row.model, row.run_id, row.reason)


def _enter(connection: Connection, reigns: Sequence[Reign]) -> None:
    rows = [{**asdict(one), "day": one.day.isoformat()} for one in reigns]
    if rows:
        connection.execute(insert(_champions), rows)

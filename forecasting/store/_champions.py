"""Who has been champion of which indicator since when: first choices, promotions, rollbacks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column, Engine, Integer, String, Table, insert, select

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
    """Every change of champion, in the store's database; nothing is ever changed or deleted.

    Args:
        engine: Of the store (`Store.engine`).

    Raises:
        StoreError: Here and in every method, when the database refuses.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, reigns: Sequence[Reign]) -> None:
        """Enter changes; those that a run has entered before are left as they are."""
        with writing(self._engine) as connection:
            entered = connection.execute(select(_champions.c.run_id, _champions.c.indicator).distinct())
            known = {(row.run_id, row.indicator) for row in entered}
            fresh = [
                {"indicator": one.indicator, "day": one.day.isoformat(), "model": one.model, "run_id": one.run_id,
                 "reason": one.reason}
                for one in reigns
                if not one.run_id or (one.run_id, one.indicator) not in known
            ]  # fmt: skip
            if fresh:
                connection.execute(insert(_champions), fresh)

    def before(self, day: dt.date) -> dict[str, list[Reign]]:
        """Indicator -> its changes that were decided before a day, oldest first."""
        query = select(
            _champions.c.indicator, _champions.c.day, _champions.c.model, _champions.c.run_id, _champions.c.reason
        ).where(_champions.c.day < day.isoformat())
        out: dict[str, list[Reign]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(query.order_by(_champions.c.day, _champions.c.id)):
                out.setdefault(row.indicator, []).append(
                    Reign(row.indicator, dt.date.fromisoformat(row.day), row.model, row.run_id, row.reason)
                )
        return out

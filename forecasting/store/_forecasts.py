"""The forecast archive: every published forecast as it was published, and what stood when a figure appeared."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
from sqlalchemy import Column, Double, Engine, Index, Integer, String, Table, func, insert, literal, select
from sqlalchemy.engine import Connection

from forecasting.observations import COLUMNS, KEY
from forecasting.store._database import UTCTime, reading, writing
from forecasting.store._schema import KNOWN_AT, metadata, observations

QUANTILES = ("q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975")
TEXTS = ("indicator", "target", "period", "origin", "model")
NUMBERS = ("mean", *QUANTILES, "no_change", "seasonal_naive", "scale")
CONTENT = (*TEXTS, "months", "unit", *NUMBERS)
CHUNK = 20_000

_nights = Table(
    "forecast_nights",
    metadata,
    Column("run_id", String, primary_key=True),
    Column("night", String(10), nullable=False),
    Column("vintage", UTCTime, nullable=False),
    Column("made_at", UTCTime, nullable=False),
    Column("content", String(64), nullable=False),
)

_forecasts = Table(
    "forecast_archive",
    metadata,
    Column("run_id", String, primary_key=True),
    *(Column(name, String, primary_key=name != "model", nullable=False) for name in TEXTS if name != "origin"),
    Column("origin", String, nullable=False),
    Column("months", Integer, nullable=False),
    Column("unit", String),
    *(Column(name, Double) for name in NUMBERS),
    Index("forecast_archive_figure", "indicator", "period"),
)


LATEST = (_nights.c.vintage.desc(), _nights.c.made_at.desc(), _nights.c.run_id.desc())


class ForecastArchive:
    """Published forecasts in the store's database; nothing is ever changed or deleted.

    Args:
        engine: Of the store (`Store.engine`).

    Raises:
        StoreError: Here and in every method, when the database refuses.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self, frame: pd.DataFrame, *, run_id: str, night: dt.date, vintage: dt.datetime, made_at: dt.datetime,
        content: str,
    ) -> int:  # fmt: skip
        """Archive a night's forecasts, all of them or (on any failure) none.

        A run that is archived already adds nothing, nor do forecasts that repeat those of the night before. Where an
        earlier night is done later, between one and the night that repeats it, the repetition gets its own.

        Args:
            frame: indicator, target, period, origin, model, months, unit ("" of a level on a base of its own), mean,
                the quantiles of `QUANTILES`, no_change, seasonal_naive and scale; NaN where unknown.
            run_id: The run that published them.
            night: Its day.
            vintage: Moment up to which figures were known.
            made_at: When they were made, which is later than the vintage for a night as of a past day.
            content: Hash of the forecasts.

        Returns:
            Number of forecasts added.
        """
        with writing(self._engine) as connection:
            if connection.scalar(select(_nights.c.run_id).where(_nights.c.run_id == run_id)) is not None:
                return 0
            before = select(_nights.c.content).where(_nights.c.vintage <= vintage).order_by(*LATEST)
            repeated = connection.scalar(before.limit(1))
            connection.execute(
                insert(_nights).values(
                    run_id=run_id, night=night.isoformat(), vintage=vintage, made_at=made_at, content=content
                )
            )
            if repeated == content:
                return 0
            for start in range(0, len(frame), CHUNK):
                connection.execute(insert(_forecasts), _records(frame.iloc[start : start + CHUNK], run_id))
            _set_apart(connection, vintage)
        return len(frame)

    def standing(self, moment: dt.datetime, *, before: dt.date, since: str) -> pd.DataFrame:
        """The forecasts that stood when figures appeared: of each origin the last one made before.

        A figure has appeared when anything has been published of its indicator and period; a forecast made later than
        that is no forecast any more.

        Args:
            moment: Figures that became known later are left out.
            before: Only forecasts of nights before this day.
            since: First period (YYYY-MM).

        Returns:
            indicator, target, period, origin, model, months, unit (None of what was archived before units were), mean,
            quantiles, no_change, seasonal_naive, scale, forecast_run, forecast_as_of (day) and vintage (UTC), sorted.
        """
        seen, table, night = observations.c, _forecasts.c, _nights.c
        appeared = (
            select(seen.indicator, seen.period, func.min(KNOWN_AT).label("appeared"))
            .where(moment >= KNOWN_AT, seen.period >= since)
            .group_by(seen.indicator, seen.period)
            .subquery()
        )
        figure = (table.indicator == appeared.c.indicator) & (table.period == appeared.c.period)
        rank = func.row_number().over(
            partition_by=[table.indicator, table.target, table.period, table.origin],
            order_by=LATEST,
        )
        ranked = (
            select(*(table[name] for name in CONTENT), table.run_id, night.night, night.vintage, rank.label("rank"))
            .join(_nights, table.run_id == night.run_id)
            .join(appeared, figure)
            .where(night.night < before.isoformat(), night.vintage < appeared.c.appeared)
            .subquery()
        )
        query = select(*(ranked.c[name] for name in (*CONTENT, "run_id", "night", "vintage"))).where(ranked.c.rank == 1)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        frame = pd.DataFrame(rows, columns=[*CONTENT, "forecast_run", "forecast_as_of", "vintage"])
        frame = frame.astype({"months": "int64", **dict.fromkeys(NUMBERS, "float64")})
        frame["vintage"] = pd.to_datetime(frame["vintage"], utc=True)
        return frame.sort_values(["indicator", "target", "period", "origin"], kind="stable", ignore_index=True)

    def prints(self, moment: dt.datetime, *, since: str) -> pd.DataFrame:
        """Every vintage of every figure, in whatever unit, that was known at a moment.

        Args:
            moment: Vintages that became known later are left out.
            since: First period (YYYY-MM).

        Returns:
            The columns of an observation frame and appeared (UTC): when the vintage became known. Sorted by indicator,
            period and measure, vintages in the order in which they became known.
        """
        seen = observations.c
        order = [*(seen[name] for name in KEY), KNOWN_AT, seen.ingested_at, seen.id]
        every = select(*(seen[name] for name in COLUMNS), KNOWN_AT.label("appeared"))
        query = every.where(moment >= KNOWN_AT, seen.period >= since).order_by(*order)
        with reading(self._engine) as connection:
            rows = connection.execute(query).all()
        frame = pd.DataFrame(rows, columns=[*COLUMNS, "appeared"])
        frame["appeared"] = pd.to_datetime(frame["appeared"], utc=True)
        return frame.sort_values(KEY, kind="stable", ignore_index=True)


def _set_apart(connection: Connection, vintage: dt.datetime) -> None:
    """Give the night after one that was put in before it the forecasts that it has repeated so far, if it has."""
    night, table = _nights.c, _forecasts.c
    own = select(table.run_id).where(table.run_id == night.run_id).exists()
    after = select(night.run_id, night.content, own.label("own")).where(night.vintage > vintage)
    next_one = connection.execute(after.order_by(night.vintage, night.made_at, night.run_id).limit(1)).first()
    if next_one is None or next_one.own:
        return
    same = select(night.run_id).where(night.vintage <= vintage, night.content == next_one.content, own)
    source = same.order_by(*LATEST).limit(1).scalar_subquery()
    rows = select(literal(next_one.run_id), *(table[name] for name in CONTENT)).where(table.run_id == source)
    connection.execute(insert(_forecasts).from_select(["run_id", *CONTENT], rows))


def _records(frame: pd.DataFrame, run_id: str) -> list[dict[str, Any]]:
    rows = frame[list(CONTENT)].astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        {"run_id": run_id, **dict(zip(CONTENT, row, strict=True))} for row in rows.itertuples(index=False, name=None)
    ]

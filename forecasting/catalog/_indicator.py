"""One indicator: what it is called, what it belongs to, where its figures come from and when."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

import pandas as pd
from pydantic import Field, StringConstraints, model_validator

from forecasting.catalog._calendar import ZONE
from forecasting.catalog._mapping import Frozen, Name, Region, SourceMapping, Text
from forecasting.errors import CatalogError
from forecasting.observations import month_index, month_label

Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Year = Annotated[int, Field(strict=True, ge=1900, le=2200)]


class Release(Frozen):
    """The usual rule by which an indicator's figures appear; real dates move at short notice.

    Attributes:
        lag: Months from the month described to the month of publication.
        day: Day of that month.
        time: Time of that day in Asia/Shanghai, HH:MM.
        no_january_since: First year in which January has no figure of its own, because January and February
            are published as one; None where January is always published.
        january_with_february_since: First year from which January's figure exists but appears only on the
            day of February's.
        calendar: Name of the calendar whose dates go before this rule.

    >>> rule = Release(lag=1, day=16, time="10:00", no_january_since=2013)
    >>> rule.released_at("2025-02")
    Timestamp('2025-03-16 02:00:00+0000', tz='UTC')
    >>> rule.has_figure("2025-01"), rule.has_figure("2012-01")
    (False, True)
    """

    lag: int = Field(strict=True, ge=0, le=12)
    day: int = Field(strict=True, ge=1, le=28)
    time: Clock
    no_january_since: Year | None = None
    january_with_february_since: Year | None = None
    calendar: Text | None = None

    @model_validator(mode="after")
    def _one_rule_for_january(self) -> Release:
        if self.no_january_since is not None and self.january_with_february_since is not None:
            raise ValueError("give no_january_since or january_with_february_since, not both")
        return self

    def has_figure(self, period: str) -> bool:
        """Whether the month ``period`` (YYYY-MM) has a figure of its own."""
        return not (_is_january(period) and self._applies(self.no_january_since, period))

    def released_at(self, period: str) -> pd.Timestamp:
        """When the figure of ``period`` (YYYY-MM) usually appears, in UTC.

        Raises:
            CatalogError: A January that is published together with February and so has no figure.
        """
        if not self.has_figure(period):
            raise CatalogError(
                f"{period} has no figure: since {self.no_january_since} January is published with February; "
                f"ask for {period[:4]}-02, or correct no_january_since in the catalogue"
            )
        late = _is_january(period) and self._applies(self.january_with_february_since, period)
        month = month_label(month_index(period) + self.lag + late)
        return _moment(f"{month}-{self.day:02d}T{self.time}")

    @staticmethod
    def _applies(since: int | None, period: str) -> bool:
        return since is not None and int(period[:4]) >= since


@lru_cache(maxsize=4096)
def _moment(local: str) -> pd.Timestamp:
    """A time in Asia/Shanghai in UTC; most indicators share their release times with many others."""
    return pd.Timestamp(local, tz=ZONE).tz_convert("UTC")


class Indicator(Frozen):
    """One published statistic that is followed.

    Attributes:
        id: Its name in every table.
        title_en: English title in the terms of its publisher.
        title_zh: Chinese title in the terms of its publisher.
        region: ISO country code, with the six-digit administrative code where it is a part ("CN-150200").
        sector: Part of the economy that it measures.
        unit: Unit of the level; "index" where only growth rates are published.
        decimals: Decimals with which its rates are published; one that comes without saying its own has no fewer.
        role: What it stands for in the projection.
        parent: The indicator of which it is a part in the sense of adding up.
        adds_up: Whether its parts in the catalogue make it up wholly.
        related: A more densely published indicator from which it is modelled as a deviation.
        family: Indicators of one family share what is learned of the seasonal profile.
        source: Where the figures come from.
        publisher: The body that publishes them.
        release: The usual release rule.
    """

    id: Name
    title_en: Text
    title_zh: Text
    region: Region
    sector: Text
    unit: Text
    decimals: int = Field(default=1, strict=True, ge=0, le=9)
    role: Literal["capacity", "supply", "demand_anchor", "context"]
    parent: Name | None = None
    adds_up: bool = False
    related: Name | None = None
    family: Name
    source: SourceMapping
    publisher: Text
    release: Release

    def released_at(self, period: str) -> pd.Timestamp:
        """When the figure of ``period`` (YYYY-MM) usually appears, in UTC; see `Release.released_at`."""
        return self.release.released_at(period)


def _is_january(period: str) -> bool:
    return period.endswith("-01")

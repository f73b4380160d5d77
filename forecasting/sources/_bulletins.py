"""Bulletins of the drop folder as a source: prose and tables of statistics offices, in Chinese.

What it knows:

- Figures of indicators with ``source.bulletin`` are taken, whatever their measure; others are counted. Levels come in
  the unit that the bulletin happens to use and are brought into the catalogue's, by powers of ten alone.
- A bulletin rounds: 2.3万亿元 is no revision of a level that is known to the million.
- The day on which a bulletin says that it came out is the release time of its figures of the latest period: their
  ``source`` then says so. Older periods that it tells again, and figures of a bulletin without a day, are released by
  the catalogue's calendar and rule.
- What the reader does not trust is no figure: it goes to the review file, and in from there once a person has
  confirmed it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from forecasting.catalog import Catalog, Indicator
from forecasting.errors import InputError, Problem, SourceError
from forecasting.observations import RATES
from forecasting.payloads import BadRow, Payload
from forecasting.sources._folder import body_of, files_of, payloads, shown
from forecasting.sources._source import Reading, raw_frame
from forecasting.sources._units import NUMBER, converted, shift
from forecasting.sources.bulletin import (
    EXPECTED,
    Candidate,
    bulletin_text,
    name_problem,
    published,
    read_figures,
    released,
)

BULLETINS = (".txt", ".md", ".html", ".htm")
SHOWN = 80  # characters of a sentence that say where a figure stands

DECIMALS = re.compile(r"-?\d", re.ASCII)

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


class Bulletins:
    """Bulletins as a source, for the indicators with ``source.bulletin``.

    Args:
        folder: The drop folder; it need not exist.
        max_mb: Largest file.
    """

    name = "bulletin"

    def __init__(self, folder: Path, max_mb: int) -> None:
        self._folder = folder
        self._most = max_mb

    def fetch(self, catalog: Catalog, moment: datetime) -> Iterator[list[Payload] | SourceError]:
        """Every bulletin of the folder, each by itself."""
        _check_names(catalog)
        bulletins = (path for path in files_of(self._folder) if path.suffix.lower() in BULLETINS)
        yield from payloads(self.name, bulletins, lambda path: self._load(path, moment))

    def _load(self, path: Path, moment: datetime) -> Payload:
        return Payload(self.name, shown(path.name), moment, body_of(path, self._most, "sources.max_bulletin_mb"))

    def read(self, payload: Payload, catalog: Catalog) -> Reading:
        """The sure figures of a bulletin in the catalogue's names and units, and the doubtful ones.

        Raises:
            InputError: It is no text, or nothing in it looks like a figure of a bulletin.
        """
        name = Path(payload.address).name
        text = bulletin_text(payload.body, name)
        sure, doubtful = read_figures(text, name)
        if not sure and not doubtful:
            raise InputError(name, [Problem("", f"no figure found; expected {EXPECTED}")])
        rows, bad, unfollowed = [], [], []
        day = published(text)
        latest = max((figure.period for figure in sure), default="")
        for figure in sure:
            item = catalog.in_bulletins(figure.region, figure.indicator)
            if item is None:
                unfollowed.append(figure.indicator)
                continue
            row = {
                "indicator": item.id,
                "period": figure.period,
                "measure": figure.measure,
                "value": figure.value,
                "unit": figure.unit,
                "decimals": str(figure.decimals),
                "status": "A",
                "source": f"bulletin {name}",
                "note": _line(figure.sentence),
            }
            if day is not None and figure.period == latest and _ended(figure.period, day[0]):
                moment = released(day, item.release.time)
                if moment <= payload.fetched_at:
                    row["released_at"] = moment.isoformat()
                    row["source"] += f", published {day[0].isoformat()}"
            place = _line(figure.sentence)[:SHOWN]
            if reason := bring_into_unit(row, item):
                bad.append(BadRow(place, row, reason))
            else:
                rows.append({**row, "where": place})
        return Reading(raw_frame(rows), bad, rounded=True, unfollowed=unfollowed, doubtful=_review_rows(doubtful, name))


def bring_into_unit(row: dict[str, str], item: Indicator) -> str:
    """Convert a level into the catalogue's unit, in place; why it cannot be converted, or ""."""
    if row["measure"] in RATES or row["unit"] == item.unit:
        return ""
    if item.unit == "index":
        return f"a level in {row['unit']!r}, but the catalogue follows growth alone (unit index)"
    power = shift(row["unit"], item.unit)
    if power is None:
        return f"unit {row['unit']!r} cannot be converted into the catalogue's {item.unit!r}: they measure other things"
    if NUMBER.fullmatch(row["value"]) and DECIMALS.fullmatch(row["decimals"]):  # else the door says what is wrong
        row["value"], decimals = converted(row["value"], int(row["decimals"]), power)
        row["decimals"], row["unit"] = str(decimals), item.unit
    return ""


def _ended(period: str, day: date) -> bool:
    """Whether a period (YYYY-MM) was over by the end of a day."""
    return day >= pd.Period(period, "M").end_time.date()


def _check_names(catalog: Catalog) -> None:
    """Refuse names that the reader never gives: a typo must not leave an indicator without figures."""
    problems = [
        Problem(f"indicator {item.id}", f"source.bulletin: {what}")
        for item in catalog
        for series in item.source.bulletin
        if (what := name_problem(series.region or item.region, series.name))
    ]
    if problems:
        raise InputError("bulletin", problems)


def _review_rows(doubtful: Sequence[Candidate], name: str) -> list[dict[str, str]]:
    return [
        {
            "confirmed": "",
            "region": one.region,
            "indicator": one.indicator,
            "period": one.period,
            "measure": one.measure,
            "value": one.value,
            "unit": one.unit,
            "decimals": str(one.decimals),
            "reason": one.reason,
            "sentence": _line(one.sentence),
            "source": name,
            "id": _identity(one, name),
        }
        for one in doubtful
    ]


def _identity(one: Candidate, name: str) -> str:
    """The same for the same figure of the same sentence, under whatever name the bulletin comes.

    Where region or period are not known, the bulletin is what tells two equal sentences apart.
    """
    told = [one.region, one.indicator, one.period, one.measure, one.value, one.unit, _line(one.sentence)]
    if not one.region or not one.period:
        told.append(name)
    return f"d{hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]}"  # a letter, or a spreadsheet sees a number


def _line(sentence: str) -> str:
    return _CONTROL.sub(" ", sentence).strip()

"""SDMX 2.1 web services (OECD, IMF, ECB, Eurostat and others), their messages read by sdmx1.

- The address of a service comes from sdmx1's list or from the settings; the key names one series, and a reply with
  more than one is refused.
- Only monthly observations are read (TIME_PERIOD like 2025-10 or 2025-M10).
- Attributes UNIT_MEASURE (or UNIT) and UNIT_MULT of a level must be what the catalogue says: ``USD 10^6``, or ``10^6``
  where the reply has but its power of ten. OBS_STATUS tells forecasts and figures that are missing.
- SDMX-ML of the generic kind carries its own structure and is what is asked for.
"""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime

from forecasting.catalog import Catalog, SdmxSeries
from forecasting.errors import InputError, Problem, SourceError
from forecasting.observations import RATES
from forecasting.payloads import BadRow, Payload
from forecasting.sources._http import Client, Request
from forecasting.sources._nbs_words import our_unit, scaled
from forecasting.sources._source import Reading, raw_frame

_ACCEPT = {"Accept": "application/vnd.sdmx.genericdata+xml;version=2.1"}
_POWER = re.compile(r"10\^(\d+)$", re.ASCII)
_MISSING = frozenset("HKLMOQ")  # of the code list CL_OBS_STATUS
_MONTH = re.compile(r"(\d{4})-M?(0[1-9]|1[0-2])", re.ASCII)


class Sdmx:
    """SDMX services, for the indicators with ``source.sdmx``.

    Args:
        client: To ask them with.
        urls: Base URL of services by name, before those that sdmx1 knows.
    """

    name = "sdmx"

    def __init__(self, client: Client, urls: Mapping[str, str]) -> None:
        self._client = client
        self._urls = dict(urls)

    def fetch(self, catalog: Catalog, moment: datetime) -> Iterator[list[Payload] | SourceError]:
        """One request a series."""
        for item in catalog:
            for series in item.source.sdmx:
                url = f"{self._base(series.agency, item.id)}/data/{series.flow}/{series.key}"
                span = {"startPeriod": series.first, "endPeriod": series.last}
                params = {name: month for name, month in span.items() if month is not None}
                request = Request("GET", url, params=params or None, headers=_ACCEPT)
                asked = {"indicator": item.id, "series": series.model_dump(mode="json", exclude_defaults=True)}
                try:
                    yield [Payload(self.name, request.address, moment, self._client.ask(request), asked)]
                except SourceError as error:
                    yield error
                    if error.closed:
                        return

    def read(self, payload: Payload, catalog: Catalog) -> Reading:
        """The observations of a message."""
        import sdmx

        where = f"{self.name}: {payload.address}"
        indicator = payload.request["indicator"]
        series = SdmxSeries.model_validate(payload.request["series"])
        if re.search(rb"<!(DOCTYPE|ENTITY)", payload.body, re.IGNORECASE):
            raise SourceError(f"{where}: a document type came, which SDMX has not; perhaps a web page")
        try:
            # where sdmx1 fails, it prints what it had in hand
            with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                message = sdmx.read_sdmx(io.BytesIO(payload.body), format="XML")
                found = [(one, data) for data in getattr(message, "data", []) for one in data.obs]
        except Exception as error:  # sdmx1 raises what its parsers raise
            what = f"the reply is no SDMX-ML message ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
            raise SourceError(f"{where}: {what}; nothing was read") from error
        if not found:
            raise SourceError(f"{where}: the message holds no observations")
        rows: list[dict[str, str]] = []
        bad: list[BadRow] = []
        keys = set()
        for one, data in found:
            key = {name: str(value.value) for name, value in one.key.values.items()}
            time = key.pop("TIME_PERIOD", "")
            keys.add(tuple(sorted(key.items())))
            month = _MONTH.fullmatch(time)
            number = "" if one.value is None else str(one.value).strip()
            said = {**data.attrib, **one.attrib, **one.attached_attribute}
            attributes = {name: str(value.value).strip() for name, value in said.items()}
            cells = {"indicator": indicator, "period": time, "measure": series.measure, "value": number}
            if month is None:
                bad.append(BadRow(time or "observation", cells, f"TIME_PERIOD {time!r} is not a month"))
            elif number in ("", "NaN", "nan"):
                continue
            elif reason := _no_figure(attributes) or _other_unit(attributes, series):
                bad.append(BadRow(time, {**cells, "attributes": str(attributes)}, reason))
            else:
                rows.append({
                    **cells,
                    "period": f"{month[1]}-{month[2]}",
                    **scaled(number, series.factor),
                    "unit": our_unit(catalog, indicator, series.measure),
                    "status": "A",
                    "source": f"{series.agency} {series.flow} {series.key}",
                    "where": time,
                })  # fmt: skip
        if len(keys) != 1:
            raise SourceError(f"{where}: {len(keys)} series came for key {series.key}; give every dimension a value")
        return Reading(raw_frame(rows), bad)

    def _base(self, agency: str, indicator: str) -> str:
        import sdmx

        if agency in self._urls:
            return self._urls[agency].rstrip("/")
        if agency in sdmx.list_sources():  # get_source would take a name that is only like it
            return str(sdmx.get_source(agency).url).rstrip("/")
        known = ", ".join(sorted([*self._urls, *sdmx.list_sources()]))
        what = f"no SDMX service {agency!r}; name one in sources.sdmx_urls, or use one of {known}"
        raise InputError("catalogue", [Problem(f"indicator {indicator}", what)])


def _no_figure(attributes: Mapping[str, str]) -> str:
    """Why an observation is none that was published, or ""."""
    status = attributes.get("OBS_STATUS", "")
    if status == "F":
        return "OBS_STATUS F: a forecast of the source, no figure"
    return f"OBS_STATUS {status} says that there is no figure" if status in _MISSING else ""


def _other_unit(attributes: Mapping[str, str], series: SdmxSeries) -> str:
    """Why an observation is not in the unit that the catalogue says, or ""."""
    power = _POWER.search(series.unit or "")
    unit = attributes.get("UNIT_MEASURE") or attributes.get("UNIT") if series.measure not in RATES else None
    mult = attributes.get("UNIT_MULT") or "0"
    expected = (series.unit or "")[: power.start()].strip() if power else series.unit
    if mult == (power[1] if power else "0") and unit in (None, expected):
        return ""
    given = " ".join(filter(None, (unit, "" if mult == "0" else f"10^{mult}"))) or "one without a power of ten"
    return f"the unit is {given!r}, the catalogue expects {series.unit or 'percent'!r}; correct unit and factor there"

"""SDMX 2.1 web services (OECD, IMF, ECB, Eurostat and others), their messages read by sdmx1.

- The address of a service comes from sdmx1's list or from the settings; the key names one series, and a reply with
  more than one is refused.
- Only monthly observations are read (TIME_PERIOD like 2025-10 or 2025-M10).
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
from forecasting.payloads import BadRow, Payload
from forecasting.sources._http import Client, Request
from forecasting.sources._nbs_words import our_unit, scaled
from forecasting.sources._source import Reading, raw_frame

_ACCEPT = {"Accept": "application/vnd.sdmx.genericdata+xml;version=2.1"}
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
                found = [one for data in getattr(message, "data", []) for one in data.obs]
        except Exception as error:  # sdmx1 raises what its parsers raise
            what = f"the reply is no SDMX-ML message ({type(error).__name__}: {' '.join(str(error).split())[:100]})"
            raise SourceError(f"{where}: {what}; nothing was read") from error
        if not found:
            raise SourceError(f"{where}: the message holds no observations")
        rows: list[dict[str, str]] = []
        bad: list[BadRow] = []
        keys = set()
        for one in found:
            key = {name: str(value.value) for name, value in one.key.values.items()}
            time = key.pop("TIME_PERIOD", "")
            keys.add(tuple(sorted(key.items())))
            month = _MONTH.fullmatch(time)
            number = "" if one.value is None else str(one.value).strip()
            cells = {"indicator": indicator, "period": time, "measure": series.measure, "value": number}
            if month is None:
                bad.append(BadRow(time or "observation", cells, f"TIME_PERIOD {time!r} is not a month"))
            elif number not in ("", "NaN", "nan"):
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

"""The data library of the National Bureau of Statistics of China, in its form since March 2026.

Built from the shapes that public clients send and read; it was never run against the live service. What it knows:

- A leaf of the catalogue tree (cid) holds indicators; ids of both differ between leaves and have changed before, so the
  catalogue may name a leaf by its path and an indicator by its name. A history that is cut over several leaves is
  several series of one indicator, which the door joins.
- Values are texts; "" is no value, and ``values`` may be empty for months before a series starts or is published.
- ``dts`` is a list; ``daCatalogId`` is "" or ``das`` is ignored. One request returns the whole history.
- Refusals come as ``success: false``, 403, 429, 500 (an indicator outside its time), or as a page with status 200.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from forecasting.catalog import Catalog, NbsSeries
from forecasting.errors import InputError, Problem, SourceError
from forecasting.payloads import BadRow, Payload
from forecasting.sources._http import Client, Request
from forecasting.sources._nbs_words import (
    contradiction,
    is_page,
    our_unit,
    period_of,
    plain,
    read_json,
    scaled,
    without_unit,
)
from forecasting.sources._source import Reading, raw_frame

ROOTS = {"1": "fc982599aa684be7969d7b90b1bd0e84"}  # the monthly catalogue
NATION = "000000000000"
FIRST = "194901"

_HEADERS = {"Accept": "application/json", "Referer": "https://data.stats.gov.cn/dg/website/page.html"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    indicator: str
    series: NbsSeries


class NbsLibrary:
    """The data library, for the indicators with ``source.nbs``.

    Args:
        client: To ask it with.
        url: Base of its interface.
    """

    name = "nbs"

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url.rstrip("/")

    def fetch(self, catalog: Catalog, moment: datetime) -> Iterator[list[Payload] | SourceError]:
        """One request a leaf and region, after those that find leaves and indicators by their names."""
        wanted = [_Wanted(item.id, series) for item in catalog for series in item.source.nbs]
        leaves: dict[str, list[dict[str, Any]]] = {}
        names: dict[str, dict[str, str]] = {}
        groups: dict[tuple[str, str, str, str], dict[str, dict[str, Any]]] = {}
        for one in wanted:
            try:
                cid = one.series.cid or (yield from self._leaf(str(one.series.path), leaves, moment))
                if one.series.indicator is None and cid not in names:
                    names[cid] = yield from self._names(cid, moment)
                key = one.series.indicator or _named(names[cid], str(one.series.name), cid)
            except SourceError as error:
                yield SourceError(f"{one.indicator}: {error}", closed=error.closed)
                if error.closed:
                    return
                continue
            first = (one.series.first or FIRST).replace("-", "")
            last = (one.series.last or moment.strftime("%Y-%m")).replace("-", "")
            group = groups.setdefault((cid, one.series.region, first, last), {})
            if key in group:
                what = (
                    f"indicators {group[key]['indicator']} and {one.indicator} are the same series {key} of leaf {cid}"
                )
                raise InputError("catalogue", [Problem("", f"{what}; map it once")])
            group[key] = {"indicator": one.indicator, **one.series.model_dump(include={"measure", "unit", "factor"})}
        batch: list[Payload] = []
        for (cid, region, first, last), series in groups.items():
            try:
                batch.append(self._data(cid, region, (first, last), series, moment))
            except SourceError as error:
                yield error
                if error.closed:
                    break
                continue
            if is_page(batch[-1].body):  # the next request would meet it too; reading it says what it is
                self._client.refused(SourceError(f"{self.name}: a web page came instead of figures", closed=True))
                break
        if batch:
            yield batch

    def read(self, payload: Payload, catalog: Catalog) -> Reading:
        """The figures of a reply; the catalogue tree and the lists of indicators hold none."""
        content = read_json(payload)
        if payload.request.get("kind") != "data":
            return Reading(raw_frame([]))
        where = f"{self.name}: {payload.address} (leaf {payload.request.get('cid')})"
        if not isinstance(content, dict) or content.get("success") is not True:
            said = plain(content.get("message") or content.get("msg")) if isinstance(content, dict) else ""
            raise SourceError(f"{where}: the library answers without success{f' ({said})' if said else ''}")
        data = content.get("data")
        if not isinstance(data, list):
            raise SourceError(f"{where}: data is {type(data).__name__}, not a list of periods")
        series = payload.request["series"]
        rows: list[dict[str, str]] = []
        bad: list[BadRow] = []
        seen: set[str] = set()
        for period in data:
            values = period.get("values") if isinstance(period, dict) else None
            if not isinstance(values, list):
                bad.append(
                    BadRow("data", {"period": json.dumps(period, ensure_ascii=False)}, "a period without values")
                )
                continue
            for value in values:
                key = value.get("_id") if isinstance(value, dict) else None
                if not isinstance(key, str) or key not in series:
                    continue  # other indicators of the leaf
                seen.add(key)
                _take(rows, bad, period, value, series[key], payload, catalog)
        lost = [entry["indicator"] for key, entry in series.items() if key not in seen]
        notes = []
        if lost and any(isinstance(period, dict) and period.get("values") for period in data):
            ids = "ids of the library change, so give path and name in the catalogue"
            notes.append(f"{where}: no values of {', '.join(lost)}; {ids}")
        elif lost:
            notes.append(f"{where}: no values at all in the months asked for")
        return Reading(raw_frame(rows), bad, notes)

    def _leaf(
        self, path: str, leaves: dict[str, list[dict[str, Any]]], moment: datetime
    ) -> Generator[list[Payload] | SourceError, None, str]:
        """Walk the tree along the titles of a path."""
        code, parent = "1", ROOTS["1"]
        for title in path.split("/"):
            if parent not in leaves:
                payload = self._get("new/queryIndexTreeAsync", {"pid": parent, "code": code}, "tree", moment)
                yield [payload]
                leaves[parent] = _items(read_json(payload), payload)
            fitting = [item for item in leaves[parent] if plain(item.get("name")) == plain(title)]
            if len(fitting) != 1 or not isinstance(fitting[0].get("_id"), str):
                known = ", ".join(plain(item.get("name")) for item in leaves[parent][:20])
                raise SourceError(f"{self.name}: {len(fitting)} titles {title!r} of path {path!r}; there are {known}")
            parent = fitting[0]["_id"]
        return parent

    def _names(self, cid: str, moment: datetime) -> Generator[list[Payload] | SourceError, None, dict[str, str]]:
        payload = self._get("new/queryIndicatorsByCid", {"cid": cid, "dt": "", "name": ""}, "indicators", moment)
        yield [payload]
        found: dict[str, str] = {}
        for item in _items(read_json(payload), payload):
            if isinstance(item.get("_id"), str):
                found[item["_id"]] = without_unit(item.get("i_showname") or "")
        return found

    def _get(self, path: str, params: dict[str, str], kind: str, moment: datetime) -> Payload:
        request = Request("GET", f"{self._url}/{path}", params=params, headers=_HEADERS)
        return Payload(self.name, request.address, moment, self._client.ask(request), {"kind": kind})

    def _data(
        self, cid: str, region: str, span: tuple[str, str], series: dict[str, dict[str, Any]], moment: datetime
    ) -> Payload:
        asked = {
            "cid": cid,
            "indicatorIds": list(series),
            "daCatalogId": "",
            "das": [{"text": "全国" if region == NATION else region, "value": region}],
            "showType": "1",
            "dts": [f"{span[0]}MM-{span[1]}MM"],
            "rootId": ROOTS["1"],
        }
        request = Request("POST", f"{self._url}/stream/esData", json=asked, headers=_HEADERS)
        body = self._client.ask(request)
        return Payload(
            self.name, request.address, moment, body,
            {"kind": "data", "cid": cid, "region": region, "first": span[0], "series": series},
        )  # fmt: skip


def _take(
    rows: list[dict[str, str]], bad: list[BadRow], period: dict[str, Any], value: dict[str, Any],
    entry: dict[str, Any], payload: Payload, catalog: Catalog,
) -> None:  # fmt: skip
    """Sort one value in: a row, a bad row, or nothing where there is no value."""
    code, number = str(period.get("code", "")), value.get("value")
    if number is None or (isinstance(number, str) and not number.strip()):
        return
    series = NbsSeries(cid="-", indicator="-", **{k: entry[k] for k in ("measure", "unit", "factor")})
    name, unit, region = (str(value.get(key) or "") for key in ("i_showname", "du_name", "da"))
    month = period_of(code, series.measure)
    reason = contradiction(series, name, unit)
    if month is None:
        reason = f"period code {code!r} is no month that {series.measure} could be of"
    elif region and region != payload.request["region"]:
        reason = f"region {region} was not asked for"
    elif not isinstance(number, str):
        reason = f"value is {type(number).__name__}, not a number"
    cells = {"indicator": entry["indicator"], "period": month or code, "measure": series.measure, "value": str(number),
             "unit": unit}  # fmt: skip
    place = f"{code} {value.get('_id')}"
    if reason:
        bad.append(BadRow(place, {**cells, "name": name}, reason))
        return
    rows.append({
        **cells,
        **scaled(str(number).strip(), series.factor),
        "unit": our_unit(catalog, entry["indicator"], series.measure),
        "status": "A",
        "source": "National Bureau of Statistics of China, data library",
        "where": place,
    })  # fmt: skip


def _items(content: Any, payload: Payload) -> list[dict[str, Any]]:
    """The list of a tree or indicator reply, under ``data`` or ``data.list``."""
    data = content.get("data") if isinstance(content, dict) else None
    found = data.get("list") if isinstance(data, dict) else data
    if not isinstance(found, list):
        raise SourceError(f"{payload.source}: {payload.address}: no list in data; the library's form may have changed")
    return [item for item in found if isinstance(item, dict)]


def _named(names: dict[str, str], name: str, cid: str) -> str:
    fitting = [key for key, shown in names.items() if shown == without_unit(name)]
    if len(fitting) != 1:
        known = ", ".join(list(names.values())[:20])
        raise SourceError(f"nbs: {len(fitting)} indicators {name!r} in leaf {cid}; there are {known}")
    return fitting[0]

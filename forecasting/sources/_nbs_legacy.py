"""The former easyquery service of the National Bureau of Statistics of China.

It answered until March 2026 and refuses access since (403, ``reason:UrlACL``); believed to be open to some places
still. What it knows:

- A missing figure is ``hasdata: false`` with ``data: 0``: only ``hasdata`` tells a missing figure from a zero.
- The published precision is that of ``strdata``; ``data`` may have more digits.
- Newest first, by the codes in ``wds``; nothing depends on positions.
- Errors come with status 200: ``returncode`` 501 and a text in ``returndata``. An unknown code gives empty nodes, a
  closed vintage gives nodes without data.
- A region asked of a national database is ignored: such a reply has no region among its dimensions and is refused.
- A parent's code returns all its leaves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from forecasting.catalog import Catalog, NbsLegacySeries
from forecasting.errors import SourceError
from forecasting.payloads import BadRow, Payload
from forecasting.sources._http import Client, Request
from forecasting.sources._nbs_words import (
    contradiction,
    is_page,
    measure_of,
    our_unit,
    period_of,
    plain,
    read_json,
    scaled,
)
from forecasting.sources._source import Reading, raw_frame

FIRST = "1949"

_HEADERS = {
    "Referer": "https://data.stats.gov.cn/easyquery.htm?cn=A01",
    "X-Requested-With": "XMLHttpRequest",
}


class NbsLegacy:
    """The former service, for the indicators with ``source.nbs_legacy``.

    Args:
        client: To ask it with.
        url: Its address.
    """

    name = "nbs_legacy"

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url

    def fetch(self, catalog: Catalog, moment: datetime) -> Iterator[list[Payload] | SourceError]:
        """One request a series; all that came is read together."""
        batch: list[Payload] = []
        for item in catalog:
            for series in item.source.nbs_legacy:
                try:
                    batch.append(self._data(item.id, series, moment))
                except SourceError as error:
                    yield error
                    if error.closed:
                        if batch:
                            yield batch
                        return
                    continue
                if is_page(batch[-1].body):
                    self._client.refused(SourceError(f"{self.name}: a web page came instead of figures", closed=True))
                    yield batch
                    return
        if batch:
            yield batch

    def read(self, payload: Payload, catalog: Catalog) -> Reading:
        """The figures of a reply to QueryData."""
        content = read_json(payload)
        entry = payload.request
        series = NbsLegacySeries.model_validate(entry["series"])
        where = f"{self.name}: {payload.address} (code {series.code})"
        if not isinstance(content, dict) or content.get("returncode") != "200":
            code, said = (
                (content.get("returncode"), content.get("returndata")) if isinstance(content, dict) else ("", "")
            )
            raise SourceError(f"{where}: the service answers {code}: {plain(said)[:100] or 'without a reason'}")
        data = content.get("returndata")
        nodes = data.get("datanodes") if isinstance(data, dict) else None
        if not isinstance(data, dict) or not isinstance(nodes, list):
            raise SourceError(f"{where}: the reply has no list of datanodes")
        leaves = _leaves(data)
        leaf = _the_leaf(series, leaves, where)
        rows: list[dict[str, str]] = []
        bad: list[BadRow] = []
        for node in nodes:
            _take(rows, bad, node, leaf, leaves, (entry["indicator"], series), catalog)
        notes = [] if rows or bad else [f"{where}: no figure in any month; a vintage that is closed, or a wrong code"]
        return Reading(raw_frame(rows), bad, notes)

    def _data(self, indicator: str, series: NbsLegacySeries, moment: datetime) -> Payload:
        first = (series.first or FIRST).replace("-", "")
        last = (series.last or "").replace("-", "")
        region = [{"wdcode": "reg", "valuecode": series.region}] if series.region else []
        wanted = [{"wdcode": "zb", "valuecode": series.code}, {"wdcode": "sj", "valuecode": f"{first}-{last}"}]
        form = {
            "m": "QueryData",
            "dbcode": series.dbcode,
            "rowcode": "zb",
            "colcode": "sj",
            "wds": json.dumps(region),
            "dfwds": json.dumps(wanted),
            "k1": str(int(moment.timestamp() * 1000)),
            "h": "1",
        }
        request = Request("POST", self._url, form=form, headers=_HEADERS)
        body = self._client.ask(request)
        asked = {"indicator": indicator, "series": series.model_dump(mode="json", exclude_defaults=True)}
        return Payload(self.name, request.address, moment, body, asked)


def _leaves(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Code -> what the reply says of each series in it."""
    found: dict[str, dict[str, Any]] = {}
    dimensions = data.get("wdnodes")
    for dimension in dimensions if isinstance(dimensions, list) else []:
        if isinstance(dimension, dict) and dimension.get("wdcode") == "zb":
            nodes = dimension.get("nodes")
            for node in nodes if isinstance(nodes, list) else []:  # [null] where nothing was found
                if isinstance(node, dict) and isinstance(node.get("code"), str):
                    found[node["code"]] = node
    return found


def _the_leaf(series: NbsLegacySeries, leaves: dict[str, dict[str, Any]], where: str) -> str:
    """Code of the series that is meant."""
    if series.code in leaves or not leaves:
        return series.code
    fitting = [code for code, node in leaves.items() if measure_of(_name(node)) == series.measure]
    if len(fitting) != 1:
        shown = ", ".join(f"{code} {plain(_name(node))}" for code, node in list(leaves.items())[:10])
        raise SourceError(f"{where}: {len(fitting)} of its series are {series.measure}; name one of {shown}")
    return fitting[0]


def _take(
    rows: list[dict[str, str]], bad: list[BadRow], node: Any, leaf: str, leaves: dict[str, dict[str, Any]],
    wanted: tuple[str, NbsLegacySeries], catalog: Catalog,
) -> None:  # fmt: skip
    """Sort one node in: a row, a bad row, or nothing where there is no figure."""
    indicator, series = wanted
    place = str(node.get("code")) if isinstance(node, dict) else "datanodes"
    codes, cell = _codes(node), node.get("data") if isinstance(node, dict) else None
    if codes.get("zb") not in (leaf, None):
        return
    said = leaves.get(leaf, {})
    cells = {
        "indicator": indicator,
        "measure": series.measure,
        "name": _name(said),
        "unit": str(said.get("unit") or ""),
    }
    if not isinstance(cell, dict) or "zb" not in codes or "sj" not in codes:
        bad.append(
            BadRow(place, {**cells, "node": json.dumps(node, ensure_ascii=False)[:1000]}, "a node without its form")
        )
        return
    if cell.get("hasdata") is False:
        return
    text = cell.get("strdata")
    month = period_of(codes["sj"], series.measure)
    reason = contradiction(series, cells["name"], cells["unit"])
    if month is None:
        reason = f"period code {codes['sj']!r} is no month that {series.measure} could be of"
    elif codes.get("reg") != series.region:
        given = codes.get("reg") or "the nation"
        reason = f"the figure is of {given}, {series.region or 'the nation'} was asked for; check dbcode and region"
    elif cell.get("hasdata") is not True:
        reason = f"hasdata is {cell.get('hasdata')!r}: whether there is a figure is not known"
    elif not isinstance(text, str) or not text.strip():
        reason = "strdata is empty although hasdata is true; data is not believed without it"
    cells |= {"period": month or codes["sj"], "value": str(text)}
    if reason:
        bad.append(BadRow(place, cells, reason))
        return
    decimals = cell.get("dotcount")
    rows.append({
        "indicator": indicator,
        "period": str(month),
        "measure": series.measure,
        **scaled(str(text).strip(), series.factor, decimals if isinstance(decimals, str) else ""),
        "unit": our_unit(catalog, indicator, series.measure),
        "status": "A",
        "source": "National Bureau of Statistics of China, easyquery",
        "where": place,
    })  # fmt: skip


def _codes(node: Any) -> dict[str, str]:
    """Dimension -> code of a node."""
    wds = node.get("wds") if isinstance(node, dict) else None
    found = [one for one in wds if isinstance(one, dict)] if isinstance(wds, list) else []
    return {str(one.get("wdcode")): str(one.get("valuecode")) for one in found}


def _name(node: dict[str, Any]) -> str:
    return str(node.get("cname") or node.get("name") or "")

"""Read captured replies of the former easyquery service and compare the figures with what the replies publish.

    python benchmarks/captured_replies.py FOLDER

FOLDER holds JSON files with the keys request_body (form fields, lists of one) and response. Prints a line a file and
series; a figure that differs ends in exit code 1.
"""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from forecasting.catalog import load_catalog
from forecasting.errors import SourceError
from forecasting.observations import RATES
from forecasting.payloads import Payload
from forecasting.settings import Settings
from forecasting.sources import Connectors
from forecasting.sources._nbs_words import measure_of

NOW = dt.datetime(2026, 3, 3, tzinfo=dt.UTC)


def published(returndata: Any) -> dict[str, dict[str, str]]:
    """Code -> month -> the text of the figure, where there is one."""
    found: dict[str, dict[str, str]] = {}
    for node in returndata["datanodes"] if isinstance(returndata, dict) else []:
        code = {one["wdcode"]: one["valuecode"] for one in node["wds"]}
        if node["data"]["hasdata"]:
            month = f"{code['sj'][:4]}-{code['sj'][4:]}"
            found.setdefault(code["zb"], {})[month] = node["data"]["strdata"]
    return found


def series(code: str, returndata: Any) -> dict[str, str]:
    """What a catalogue would say of a series."""
    named = [node for one in returndata["wdnodes"] for node in one["nodes"] if node and node["code"] == code]
    measure = (measure_of(named[0]["cname"]) if named else None) or "month_yoy"
    return {"code": code, "measure": measure, **({} if measure in RATES else {"unit": named[0]["unit"]})}


def main(folder: Path) -> int:
    """Read every file; the number of series that differ."""
    source, catalog, wrong = Connectors(Settings())["nbs_legacy"], load_catalog(), 0
    for path in sorted(folder.glob("*.json")):
        capture = json.loads(path.read_text(encoding="utf-8"))
        if capture["request_body"]["m"] != ["QueryData"]:
            print(f"{path.name}: {len(capture['response'])} titles, no figures")
            continue
        returndata = capture["response"]["returndata"]
        expected = published(returndata)
        body = json.dumps(capture["response"], ensure_ascii=False).encode()
        for code in expected or ["A010101"]:
            wanted = series(code, returndata) if code in expected else {"code": code, "measure": "month_yoy"}
            payload = Payload(source.name, path.name, NOW, body, {"indicator": "x", "series": wanted})
            try:
                reading = source.read(payload, catalog)
            except SourceError as error:
                print(f"{path.name}: refused: {error}")
                continue
            read = dict(zip(reading.rows["period"], reading.rows["value"], strict=True))
            same = read == expected.get(code, {}) and not reading.bad
            wrong += not same
            print(f"{path.name}: {code}: {len(read)} figures, {'as published' if same else 'DIFFERENT'}")
            print(*(f"  {note}" for note in reading.notes), sep="\n", end="\n" if reading.notes else "")
    return wrong


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1])) > 0)

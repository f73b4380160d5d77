"""Feed the readers what no source should send, for a given time: no error but those we raise on purpose.

    python -m tests.sources.fuzz SECONDS

Replies of both services, SDMX messages, CSV files and workbooks are mutated byte by byte and value by value; what is
read then goes through the door.
"""

import copy
import datetime as dt
import gzip
import io
import json
import logging
import random
import sys
import time
import zipfile
from collections import Counter

from forecasting.catalog import load_catalog
from forecasting.errors import InputError, SourceError
from forecasting.observations import check_observations
from forecasting.payloads import Payload
from forecasting.reference import load_observations
from forecasting.settings import Settings
from forecasting.sources import Connectors, admit
from tests.sources.bureau import LEGACY, LIBRARY, Bureau
from tests.sources.test_fault_matrix import COLUMNS, HEADER, ROWS, workbook
from tests.sources.test_sdmx import message

NOW = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ODD = [
    None,
    True,
    False,
    0,
    -1,
    1e308,
    "",
    " ",
    "nan",
    "１２",
    "-",
    "\0",
    "\ud800",
    [],
    {},
    [None],
    {"data": None},
    "9" * 400,
]


def seeds() -> list[Payload]:
    """A good payload of every kind."""
    with Bureau() as bureau:
        data = bureau.answer("/external/stream/esData", {
            "cid": "leaf-new", "indicatorIds": list(LIBRARY["leaf-new"]), "dts": ["202501MM-202506MM"],
            "das": [{"value": "000000000000"}],
        })  # fmt: skip
        legacy = {code: bureau.answer("/easyquery.htm", {"dfwds": json.dumps([{"wdcode": "zb", "valuecode": code}])})
                  for code in LEGACY}  # fmt: skip
    entry = {"indicator": "cn_retail_sales", "measure": "ytd_yoy", "unit": None, "factor": 1.0}
    request = {"kind": "data", "cid": "leaf-new", "region": "000000000000", "series": {"new-ytd": entry}}
    found = [Payload("nbs", "esData", NOW, data, request)]
    for code, body in legacy.items():
        series = {"code": code, "measure": "ytd_yoy"}
        found.append(Payload("nbs_legacy", "easyquery", NOW, body, {"indicator": "cn_retail_sales", "series": series}))
    sdmx = {"agency": "X", "flow": "F", "key": "M.CN", "measure": "ytd_yoy"}
    found.append(Payload("sdmx", "sdmx", NOW, message(("2025-10", "4.9")), {"indicator": "cn_exports", "series": sdmx}))
    rows = [HEADER, "steel,2024-03,ytd_yoy,5.5,percent,1,2024-04-16,x", *(row for row, _ in ROWS.values())]
    found.append(Payload("file", "x.csv", NOW, "\n".join(rows).encode()))
    found.append(Payload("file", "x.xlsx", NOW, workbook(COLUMNS, ["steel", "2024-03", "ytd_yoy", 5.5, "percent"])))
    return found


def mutated(payload: Payload, chance: random.Random) -> Payload:
    """The payload with something wrong in it."""
    body = payload.body
    if payload.address.endswith(".xlsx") and chance.random() < 0.8:
        body = _in_workbook(body, chance)
    elif body.startswith(b"{") and chance.random() < 0.7:
        content = json.loads(body)
        for _ in range(chance.randint(1, 4)):
            _in_json(content, chance)
        body = json.dumps(content).encode()
    else:
        body = _in_bytes(body, chance)
    return Payload(payload.source, payload.address, NOW, body, payload.request)


def _in_bytes(body: bytes, chance: random.Random) -> bytes:
    out = bytearray(body)
    for _ in range(chance.choice((1, 1, 2, 8))):
        start = chance.randrange(len(out) + 1)
        match chance.randrange(5):
            case 0:
                out[start : start + chance.randint(1, 20)] = b""
            case 1:
                out[start:start] = chance.randbytes(chance.randint(1, 6))
            case 2:
                out[start:start] = chance.choice(
                    [b",", b"\n", b'"', b"%", b"\0", b"<!DOCTYPE x>", b"&a;", b"=", b"\xff"]
                )
            case 3:
                out[start:start] = out[: chance.randint(0, 200)]
            case 4:
                out = out[:start]
        if not out:
            break
    return bytes(out)


def _in_json(content: object, chance: random.Random) -> None:
    while True:
        places = list(content.keys() if isinstance(content, dict) else range(len(content)))
        if not places:
            return
        place = chance.choice(places)
        inner = content[place]
        if isinstance(inner, (dict, list)) and inner and chance.random() < 0.85:
            content = inner
            continue
        content[place] = copy.deepcopy(chance.choice(ODD))
        return


def _in_workbook(body: bytes, chance: random.Random) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(file, "w") as new:
        victim = chance.choice(old.namelist())
        for name in old.namelist():
            new.writestr(name, _in_bytes(old.read(name), chance) if name == victim else old.read(name))
    return file.getvalue()


def run(seconds: float, seed: int) -> Counter[str]:
    """Try for so long; what came of it, by kind of payload and outcome."""
    chance, connectors, catalog = random.Random(seed), Connectors(Settings()), load_catalog()
    known = check_observations(load_observations())
    good, outcomes = seeds(), Counter()
    logging.disable(logging.WARNING)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        payload = mutated(chance.choice(good), chance)
        try:
            reading = connectors[payload.source].read(payload, catalog)
            admission = admit(reading.rows, catalog, known, NOW, followed_only=payload.source != "file")
            check_observations(admission.frame) if len(admission.frame) else None
            outcomes[f"{payload.source} read"] += 1
        except (InputError, SourceError):
            outcomes[f"{payload.source} refused"] += 1
        except Exception:
            kept = gzip.compress(payload.body).hex()
            sys.stderr.write(f"{payload.source} {payload.address}, gzip in hex: {kept}\n")
            raise
    logging.disable(logging.NOTSET)
    return outcomes


if __name__ == "__main__":
    for outcome, times in sorted(run(float(sys.argv[1]), seed=int(time.time())).items()):
        sys.stdout.write(f"{outcome}: {times}\n")

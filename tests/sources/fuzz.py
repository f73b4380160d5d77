"""Feed the readers what no source should send, for a given time: no error but those we raise on purpose.

    python -m tests.sources.fuzz SECONDS

Replies of both services, SDMX messages, CSV files, workbooks, bulletins and a review are mutated byte by byte and value
by value; what is read then goes through the door, and doubtful figures into a review file.
"""

import copy
import datetime as dt
import gzip
import io
import json
import logging
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from forecasting.catalog import load_catalog
from forecasting.errors import InputError, SourceError
from forecasting.observations import check_observations
from forecasting.payloads import Payload
from forecasting.reference import load_observations
from forecasting.settings import Settings
from forecasting.sources import Connectors, admit
from forecasting.sources._bulletins import Bulletins
from forecasting.sources._review import ReviewFile
from tests.sources.bulletin.test_properties import PIECES
from tests.sources.bureau import LEGACY, LIBRARY, Bureau
from tests.sources.test_fault_matrix import COLUMNS, HEADER, ROWS, workbook
from tests.sources.test_sdmx import message

BULLETINS = {
    "a.txt": "包头市2025年1—11月经济运行情况\n"
    "2025年1—11月份，包头市规模以上工业增加值同比增长11.3%，高于全国5.3个百分点；"
    "其中采矿业、制造业分别增长19.4%和10.0%。稀土产业增加值增长24.6%，氟化工产业增加值增长20%左右，部分蒙古刀产量增长5.0%。",
    "b.txt": "2025年11月份全国外贸：出口3303.5亿美元，按美元计价增长５.９％。1-11月，全国稀土出口量5.8万吨，增长1.6倍；"
    "稀土永磁出口5800吨，翻一番。\n指标 单位 1-11月 同比增长(%)\n社会消费品零售总额 亿元 456067 4.0\n",
    "d.txt": "包头市2025年1—10月经济运行情况\n发布时间：2025-11-20 09:30\n一、工业。"
    "规模以上工业增加值增速由上半年的13.0%回落至11.6%，"
    "9月份为增长8.7%；稀土、有色、装备制造等重点产业增加值分别增长22.8%、5.9%和29.6%。对欧盟、东盟进出口分别增长8.2%和12.4%。"
    "10月末，新能源装机15.7亿千瓦，其中风电9.8亿千瓦。\n单位：万吨\n产品名称 1—10月 同比增长（%）\n粗钢 1512.8 -3.7\n",
    "c.html": "<html><body><h1>2025年1-11月国民经济</h1><p>全國社會消費品零售總額45.6萬億元，增長4.0%。</p><table><tr>"
    "<td>指标</td><td>单位</td><td>1-11月</td><td>同比增长(%)</td></tr><tr><td>固定资产投资</td><td>亿元</td><td>444035"
    "</td><td>-2.6</td></tr></table></body></html>",
}
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
    for name, text in BULLETINS.items():
        found.append(Payload("bulletin", name, NOW, text.encode("gb18030" if name == "b.txt" else "utf-8")))
    found.append(Payload("file", "review.csv", NOW, review()))
    found.append(Payload("file", "x.xlsx", NOW, workbook(COLUMNS, ["steel", "2024-03", "ytd_yoy", 5.5, "percent"])))
    return found


def review() -> bytes:
    """A review in which every row is confirmed."""
    with tempfile.TemporaryDirectory() as folder:
        connector, file = Bulletins(Path(folder), 1), ReviewFile(Path(folder) / "review.csv")
        for name, text in BULLETINS.items():
            file.add(connector.read(Payload("bulletin", name, NOW, text.encode()), load_catalog()).doubtful)
        return file.path.read_bytes().replace(b"\n,", b"\nyes,")


def mutated(payload: Payload, chance: random.Random) -> Payload:
    """The payload with something wrong in it."""
    body = payload.body
    if payload.address.endswith(".xlsx") and chance.random() < 0.8:
        body = _in_workbook(body, chance)
    elif payload.source == "bulletin" and chance.random() < 0.8:
        body = _in_text(BULLETINS[payload.address], chance).encode("utf-8", "replace")
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


def _in_text(text: str, chance: random.Random) -> str:
    for _ in range(chance.choice((1, 2, 8, 30))):
        start = chance.randrange(len(text) + 1)
        end = start + chance.choice((0, 0, 1, 5, 40))
        piece = chance.choice((chance.choice(PIECES), text[: chance.randint(0, 60)], ""))
        text = text[:start] + piece * chance.choice((1, 1, 1, 3, 500)) + text[end:]
    return text[:20_000]


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


def seconds(duration: float) -> Iterator[None]:
    """Something to go through for so long."""
    end = time.monotonic() + duration
    while time.monotonic() < end:
        yield


def run(rounds: Iterable[object], seed: int) -> Counter[str]:
    """Try a payload a round; what came of it, by kind of payload and outcome."""
    chance, connectors, catalog = random.Random(seed), Connectors(Settings()), load_catalog()
    known = check_observations(load_observations())
    good, outcomes = seeds(), Counter()
    folder = tempfile.TemporaryDirectory()
    doubts = ReviewFile(Path(folder.name) / "review.csv")
    logging.disable(logging.WARNING)
    for _ in rounds:
        payload = mutated(chance.choice(good), chance)
        try:
            reading = connectors[payload.source].read(payload, catalog)
            if reading.doubtful:
                doubts.add(reading.doubtful)
            admission = admit(
                reading.rows, catalog, known, NOW,
                followed_only=payload.source != "file", rounded=reading.rounded,
            )  # fmt: skip
            check_observations(admission.frame) if len(admission.frame) else None
            outcomes[f"{payload.source} read"] += 1
        except (InputError, SourceError):
            outcomes[f"{payload.source} refused"] += 1
        except Exception:
            kept = gzip.compress(payload.body).hex()
            sys.stderr.write(f"{payload.source} {payload.address}, gzip in hex: {kept}\n")
            raise
    logging.disable(logging.NOTSET)
    folder.cleanup()
    return outcomes


if __name__ == "__main__":
    for outcome, times in sorted(run(seconds(float(sys.argv[1])), seed=int(time.time())).items()):
        sys.stdout.write(f"{outcome}: {times}\n")

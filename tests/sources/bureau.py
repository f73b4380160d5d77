"""A server on the loopback interface that behaves like the two services of the statistics bureau, quirks included.

The figures are made up. `Bureau.next` is a list of ways in which the coming replies misbehave; when it is empty,
replies are as they should be.
"""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = "<!DOCTYPE html><html><body>请启用 JavaScript 以继续</body></html>".encode()
ROOT = "fc982599aa684be7969d7b90b1bd0e84"
NATION = "000000000000"

# leaf -> indicator id -> (name, unit, {period: value}); "" is what the library says where it has no value
LIBRARY: dict[str, dict[str, tuple[str, str, dict[str, str]]]] = {
    "leaf-old": {
        "old-ytd": ("规上工业增加值累计增长 （%） ", "%", {"201610": "6.0", "201611": "6.1", "201612": ""}),
    },
    "leaf-new": {
        "new-ytd": (
            "规上工业增加值累计增长 （%） ", "%",
            {"202501": "", "202502": "5.9", "202503": "6.5", "202504": "6.4", "202505": "6.0", "202506": ""},
        ),
        "new-month": (
            "规上工业增加值同比增长 （%） ", "%",
            {"202501": "", "202502": "", "202503": "7.7", "202504": "6.1", "202505": "4.4", "202506": ""},
        ),
    },
    "leaf-power": {
        "power-ytd": (
            "发电量累计值(亿千瓦时)", "亿千瓦时", {"202502": "14921.0", "202503": "22699", "202504": "29840.0"}
        ),
    },
}  # fmt: skip
TREE = {
    ROOT: [
        {"_id": "t-industry", "name": "工业", "isLeaf": False},
        {"_id": "t-price", "name": "价格指数", "isLeaf": False},
    ],
    "t-industry": [
        {"_id": "leaf-old", "name": "增加值增长速度(2012-2017)", "isLeaf": True},
        {"_id": "leaf-new", "name": "增加值增长速度（2018-） ", "isLeaf": True},
    ],
}  # fmt: skip

# code -> (name, unit, dotcount, {period: (data, strdata) or None})
LEGACY: dict[str, tuple[str, str, int, dict[str, tuple[float, str] | None]]] = {
    "A020102": ("规上工业增加值_累计增长", "%", 1, {
        "202501": None, "202502": (5.9, "5.9"), "202503": (6.5, "6.5"), "202504": (0, "0"), "202505": (6.0, "6.0"),
        "202506": None,
    }),
    "A020101": ("规上工业增加值_同比增长", "%", 1, {"202503": (7.7, "7.7"), "202504": (6.1, "6.1"), "202505": None}),
    "A040101": ("固定资产投资额_累计值", "亿元", 2, {
        "202502": (52619.0355, "52619.04"), "202503": (103174.0, "103174.00"),
    }),
    "A040102": ("固定资产投资额_累计增长", "%", 1, {"202502": (4.1, "4.1"), "202503": (4.2, "4.2")}),
    "A010101": ("居民消费价格指数(上年同月=100)", "", 1, {"202502": None, "202503": None}),
}  # fmt: skip

Misbehaviour = Callable[["_Handler", bytes], None]


class Bureau:
    """The server, as a context manager.

    Attributes:
        url: Its base.
        next: How the coming replies misbehave, in turn.
        asked: (path, what was asked) of every request.
        library: Leaves, to be changed by tests.
        legacy: Series, to be changed by tests.
    """

    def __init__(self) -> None:
        self.next: list[Misbehaviour] = []
        self.asked: list[tuple[str, Any]] = []
        self.library = {
            leaf: {key: (*one[:2], dict(one[2])) for key, one in of.items()} for leaf, of in LIBRARY.items()
        }
        self.legacy = {code: (*one[:3], dict(one[3])) for code, one in LEGACY.items()}
        self.tree = json.loads(json.dumps(TREE))
        self.other = lambda path, asked: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.bureau = self
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = self.url.replace("http:", "https:")

    def __enter__(self) -> Bureau:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, path: str, asked: Any) -> bytes:
        """The reply that the services would give."""
        if (found := self.other(path, asked)) is not None:
            return found
        if path == "/easyquery.htm":
            return _json(self._legacy(asked))
        if path == "/external/new/queryIndexTreeAsync":
            return _json({"data": self.tree.get(asked["pid"], [])})
        if path == "/external/new/queryIndicatorsByCid":
            items = self.library.get(asked["cid"], {}).items()
            listed = [
                {"_id": key, "i_showname": name, "du_name": unit, "dp_name": ""} for key, (name, unit, _) in items
            ]
            return _json({"data": {"list": listed, "total": len(listed)}})
        assert path == "/external/stream/esData", path
        return _json(self._library(asked))

    def _library(self, asked: dict[str, Any]) -> dict[str, Any]:
        first, last = (code.removesuffix("MM") for code in asked["dts"][0].split("-"))
        series = {key: one for key, one in self.library.get(asked["cid"], {}).items() if key in asked["indicatorIds"]}
        periods = sorted({period for one in series.values() for period in one[2]} | {last}, reverse=True)
        return {"success": True, "data": [
            {
                "code": f"{period}MM",
                "name": f"{period[:4]}年{int(period[4:])}月",
                "values": [
                    {"_id": key, "i_showname": name, "value": values[period], "da": asked["das"][0]["value"],
                     "da_name": "全国", "du_name": unit}
                    for key, (name, unit, values) in series.items() if period in values
                ],
            }
            for period in periods if first <= period <= last
        ]}  # fmt: skip

    def _legacy(self, asked: dict[str, str]) -> dict[str, Any]:
        wanted = {one["wdcode"]: one["valuecode"] for one in json.loads(asked["dfwds"])}
        found = {code: one for code, one in self.legacy.items() if code.startswith(wanted["zb"])}
        if not found:
            return {"returncode": 501, "returndata": "对不起，未能找到符合查询条件的信息。"}
        nodes = [
            {
                "code": f"zb.{code}_sj.{period}",
                "data": {
                    "data": cell[0] if cell else 0, "dotcount": dots, "hasdata": cell is not None,
                    "strdata": cell[1] if cell else "",
                },
                "wds": [{"valuecode": code, "wdcode": "zb"}, {"valuecode": period, "wdcode": "sj"}],
            }
            for code, (_, _, dots, cells) in found.items() for period, cell in sorted(cells.items(), reverse=True)
        ]  # fmt: skip
        names = [{"code": code, "cname": one[0], "name": one[0], "unit": one[1], "dotcount": one[2], "memo": ""}
                 for code, one in found.items()]  # fmt: skip
        return {"returncode": 200, "returndata": {
            "datanodes": nodes, "freshsort": 0, "hasdatacount": sum(node["data"]["hasdata"] for node in nodes),
            "wdnodes": [
                {"wdcode": "zb", "wdname": "指标", "nodes": names}, {"wdcode": "sj", "wdname": "时间", "nodes": [None]},
            ],
        }}  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self._serve(url.path, {name: values[0] for name, values in parse_qs(url.query, keep_blank_values=True).items()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "json" in self.headers["Content-Type"]:
            self._serve(urlsplit(self.path).path, json.loads(body))
        else:
            asked = parse_qs(body.decode(), keep_blank_values=True)
            self._serve(urlsplit(self.path).path, {name: values[0] for name, values in asked.items()})

    def _serve(self, path: str, asked: Any) -> None:
        bureau: Bureau = self.server.bureau
        bureau.asked.append((path, asked))
        misbehave = bureau.next.pop(0) if bureau.next else well
        try:
            misbehave(self, bureau.answer(path, asked))
        except OSError:
            self.close_connection = True  # the client had enough

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Send a whole reply; ``Content_Type="…"`` names a header."""
        self.send_response(status)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **given}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def well(handler: _Handler, body: bytes) -> None:
    """As it should be."""
    handler.send(body)


def sends(body: bytes, status: int = 200, **headers: str) -> Misbehaviour:
    """Something else instead."""
    return lambda handler, _: handler.send(body, status, **headers)


def changed(change: Callable[[Any], Any]) -> Misbehaviour:
    """The reply with its content changed."""
    return lambda handler, body: handler.send(_json(change(json.loads(body))))


def gzipped(handler: _Handler, body: bytes) -> None:
    """Compressed, which the client offers to take."""
    assert "gzip" in handler.headers["Accept-Encoding"]
    handler.send(gzip.compress(body), Content_Encoding="gzip")


def gzipped_in_parts(handler: _Handler, body: bytes) -> None:
    """Compressed as two members, with padding behind them."""
    half = len(body) // 2
    handler.send(gzip.compress(body[:half]) + gzip.compress(body[half:]) + bytes(8), Content_Encoding="gzip")


def deflated(handler: _Handler, body: bytes) -> None:
    """Compressed the other way."""
    handler.send(zlib.compress(body), Content_Encoding="deflate")


def half_gzipped(handler: _Handler, body: bytes) -> None:
    """Compressed and cut off."""
    packed = gzip.compress(body)
    handler.send(packed[: len(packed) // 2], Content_Encoding="gzip")


def falsely_gzipped(handler: _Handler, body: bytes) -> None:
    """Not compressed, but said to be."""
    handler.send(body, Content_Encoding="gzip")


def bomb(handler: _Handler, body: bytes) -> None:
    """A little that unpacks to a lot."""
    handler.send(gzip.compress(b" " * (16 << 20), 1), Content_Encoding="gzip")


def endless(handler: _Handler, body: bytes) -> None:
    """More than anybody wants."""
    handler.send_response(200)
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    for _ in range(64):
        handler.wfile.write(b" " * (1 << 20))


def drips(handler: _Handler, body: bytes) -> None:
    """A byte now and then, each in time."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    for place in range(len(body)):
        handler.wfile.write(body[place : place + 1])
        time.sleep(0.05)


def drips_headers(handler: _Handler, body: bytes) -> None:
    """A header's letter now and then."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(200):
        handler.wfile.write(b"x")
        time.sleep(0.05)


def silent(handler: _Handler, body: bytes) -> None:
    """Nothing at all."""
    time.sleep(3)


def resets(handler: _Handler, body: bytes) -> None:
    """Half the reply, then a reset."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


def cut_off(handler: _Handler, body: bytes) -> None:
    """Half the reply, then a polite end."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.close_connection = True


def in_gbk(handler: _Handler, body: bytes) -> None:
    """In another charset than the header says."""
    text = json.dumps(json.loads(body), ensure_ascii=False)
    handler.send(text.encode("gb18030"), Content_Type="application/json; charset=utf-8")


def named_gbk(handler: _Handler, body: bytes) -> None:
    """In UTF-8, with a header that says otherwise."""
    handler.send(b"\xef\xbb\xbf" + body, Content_Type="text/html; charset=gb2312")


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()

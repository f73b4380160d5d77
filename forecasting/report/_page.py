"""The page: one HTML file, and beside it the details of indicators where they are many."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from forecasting.publishing import SCHEMA_VERSION
from forecasting.report._chart import Chart, Json
from forecasting.report._charts_indicators import BOARD, CUMULATIVE, LEVEL, MONTHS, ODDS
from forecasting.report._charts_projection import BALANCE, CLAIMS, FAN, HINDCASTS, MILESTONES, SCENARIOS, TORNADO
from forecasting.report._charts_quality import BACKTEST, COVERAGE, SCORES
from forecasting.report._material import Material
from forecasting.report._texts import TEXTS
from forecasting.report._theme import COLOURS, config, css_variables

__all__ = ["INLINE", "PIECE", "page_files"]

INLINE = 1_100_000
"""As many bytes of indicators' details as the page holds itself; more go into pieces beside it."""
PIECE = 250_000
"""Bytes after which a piece is full."""

CHARTS: Mapping[str, Chart] = {
    "board": BOARD,
    "cumulative": CUMULATIVE,
    "months": MONTHS,
    "level": LEVEL,
    "odds": ODDS,
    "fan": FAN,
    "scenarios": SCENARIOS,
    "balance": BALANCE,
    "milestones": MILESTONES,
    "claims": CLAIMS,
    "tornado": TORNADO,
    "hindcasts": HINDCASTS,
    "scores": SCORES,
    "coverage": COVERAGE,
    "backtest": BACKTEST,
}
SCRIPTS = ("base.js", "chart.js", "board.js", "indicator.js", "projection.js", "checks.js", "quality.js", "main.js")


def page_files(
    material: Material, provenance: Mapping[str, Any], beside: Sequence[str], *, run_id: str, as_of: str
) -> dict[str, bytes]:
    """The files of the page by their path in the release.

    Args:
        material: What the tables of a release give to be shown.
        provenance: What the release was made from.
        beside: Paths of the other files of the release.
        run_id: Name of the release.
        as_of: Day up to which figures were known.
    """
    rows = dict(material.board)
    inline, pieces, where = _dealt_out(run_id, ((name, _json(detail)) for name, detail in material.details.items()))
    if pieces:
        rows["piece"] = [where[name] for name in rows["id"]]
    data: Json = {
        "meta": {"run_id": run_id, "as_of": as_of},
        "texts": material.texts,
        "colours": COLOURS,
        "shared": config(),
        "charts": {name: chart.to_dict() for name, chart in CHARTS.items()},
        "board": rows,
        "pieces": list(pieces),
        "projection": material.projection,
        "leading": material.leading,
        "quality": material.quality,
        "news": material.news,
        "provenance": _provenance(provenance),
        "files": sorted(beside),
    }
    body = f'{_json(data)[:-1]},"details":{{{",".join(f"{_json(name)}:{text}" for name, text in inline.items())}}}}}'
    return {"index.html": _html(body).encode(), **pieces}


def _json(content: Any) -> str:
    """JSON that may stand in a script element: no "<" in it, wherever it comes from."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _dealt_out(run_id: str, each: Iterable[tuple[str, str]]) -> tuple[dict[str, str], dict[str, bytes], dict[str, int]]:
    """The details that the page holds itself; else pieces by their path, and which one an indicator is in.

    A piece names its release: behind the address of `latest` it may be a later one than that of a page left open.
    """
    inline: dict[str, str] = {}
    pieces: dict[str, bytes] = {}
    where: dict[str, int] = {}
    piece: dict[str, str] = {}

    def close() -> None:
        text = ",".join(f"[{_json(name)},{text}]" for name, text in piece.items())
        path = f"pieces/indicators-{len(pieces) + 1:03d}.js"
        pieces[path] = f"cumulusPiece({_json(run_id)},[{text}]);\n".encode()
        piece.clear()

    size = whole = 0
    for name, text in each:
        if piece and size + len(text) > PIECE:
            close()
            size = 0
        piece[name] = text
        where[name] = len(pieces)
        size += len(text)
        whole += len(text)
        if whole <= INLINE:
            inline[name] = text
    if whole <= INLINE:
        return inline, {}, {}
    close()
    return {}, pieces, where


def _provenance(provenance: Mapping[str, Any]) -> Json:
    inputs = dict(provenance.get("inputs", {}))
    facts = {
        "about.version": inputs.pop("version", ""),
        "about.schema": SCHEMA_VERSION,
        "about.seed": provenance.get("seed", ""),
        "about.draws": _plain(provenance.get("draws", "")),
        "about.flags": provenance.get("flags", ""),
    }
    return {
        "missing": [str(line) for line in provenance.get("missing", ())],
        "facts": [[name, str(value)] for name, value in facts.items() if value != ""],
        "inputs": [[name, _plain(value)] for name, value in inputs.items()],
        "libraries": [[name, str(version)] for name, version in provenance.get("libraries", {}).items()],
    }


def _plain(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    return str(value)


def _html(data: str) -> str:
    """The page, with a policy that lets run its own scripts and pieces, and nothing be fetched."""
    parts = files(__package__).joinpath("page")
    read = {name: parts.joinpath(name).read_text(encoding="utf-8") for name in ("index.html", "style.css", *SCRIPTS)}
    bundle = _bundle()
    script = '"use strict";\n(() => {\n' + "".join(read[name] for name in SCRIPTS) + "})();\n"
    style = _themes() + read["style.css"]
    hashes = " ".join(f"'sha256-{_sha256(one)}'" for one in (bundle, script))
    policy = (
        f"default-src 'none'; script-src 'self' file: {hashes}; style-src 'sha256-{_sha256(style)}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    noscript = f'<p>{escape(TEXTS["page.noscript"][0])}</p><p lang="zh-CN">{escape(TEXTS["page.noscript"][1])}</p>'
    out = read["index.html"]
    for place, text in (
        ("@POLICY@", policy),
        ("@TITLE@", escape(TEXTS["page.title"][0])),
        ("@STYLE@", style),
        ("@NOSCRIPT@", noscript),
        ("@BUNDLE@", bundle),
        ("@SCRIPT@", script),
        ("@DATA@", data),
    ):  # the data come last, since they may hold anything
        out = out.replace(place, text, 1)
    return out


def _themes() -> str:
    light, dark = css_variables(0), css_variables(1)
    return (
        f":root{{color-scheme:light;{light}}}"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
        f"@media print{{:root,:root[data-theme=dark],:root:not([data-theme=light]){{color-scheme:light;{light}}}}}"
    )


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script."""
    import vl_convert

    script: str = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # the stub is wrong
    return script.replace("</script", "<\\/script")


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()

"""Static pictures of the main charts, for slides and mail: PNG and SVG of the specifications that the page uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from forecasting.report._chart import Columns, Json
from forecasting.report._charts_indicators import BOARD, MONTHS
from forecasting.report._charts_projection import CLAIMS, FAN, MILESTONES, SCENARIOS, TORNADO
from forecasting.report._charts_quality import BACKTEST, SCORES
from forecasting.report._material import Material
from forecasting.report._numbers import Lists, percent, spoken
from forecasting.report._picture import Picture, png_of, svg_of
from forecasting.report._texts import name_of, text

__all__ = ["MAIN", "described", "picture_files"]

MAIN = 8
"""Pictures of single indicators at most; a catalogue of more than `MANY` gets none."""
MANY = 100
ROWS = 30
FIVE = ("q05", "q25", "q50", "q75", "q95")
Called = Callable[[str], str]
"""Translates a name."""


def picture_files(material: Material, run_id: str, as_of: str) -> dict[str, bytes]:
    """PNG and SVG of every picture, by its path in the release.

    Args:
        material: What the tables of a release give to be shown.
        run_id: Name of the run, which each picture states.
        as_of: Day up to which figures were known, which each picture states.
    """
    out: dict[str, bytes] = {}
    for name, picture in described(material):
        svg = svg_of(picture, run_id, as_of)
        out[f"pictures/{name}.svg"] = svg.encode()
        out[f"pictures/{name}.png"] = png_of(svg)
    return out


def described(material: Material) -> Iterator[tuple[str, Picture]]:
    """Every picture by its name, in order."""
    yield from _of_headlines(material.board)
    yield from _of_indicators(material)
    called = partial(name_of, texts=material.texts)
    yield from ((file, replace(picture, name=called)) for file, picture in _of_projection(material, called))
    yield from _of_quality(material)


def _of_headlines(board: Lists) -> Iterator[tuple[str, Picture]]:
    known = [at for at, last in enumerate(board["last"]) if last is not None]
    first = sorted(known, key=lambda at: board["next_due"][at] or "9999")[:ROWS]
    shown = sorted(first, key=lambda at: -board["p_above"][at])
    if not shown:
        return
    data: Lists = {"row": [board["id"][at] for at in shown]}
    data |= {q: [round(board[q][at] - board["last"][at], 2) for at in shown] for q in FIVE}
    data |= {name: [board[name][at] for at in shown] for name in ("title_en", "title_zh", "period", "last", "p_above")}
    data["median"] = [board["q50"][at] for at in shown]
    ends = [[f"{board[q][at]:z.{board['decimals'][at]}f}" for q in ("q05", "q95")] for at in shown]
    data["band"] = [text("page.between", low=low, high=high) for low, high in ends]
    data["right"] = [text("board.right", p=percent(board["p_above"][at])) for at in shown]
    few = f" {text('board.caption_few', n=len(shown))}" if len(shown) < len(known) else ""
    caption = text("board.caption") + few
    yield (
        "headlines",
        Picture(
            text("board.chart"), caption, text("board.chart_unit"), text("page.own"), [(BOARD, {"board": data}, "")]
        ),
    )


def _of_indicators(material: Material) -> Iterator[tuple[str, Picture]]:
    board = material.board
    if len(board["id"]) > MANY:
        return
    main = sorted(
        (at for at, name in enumerate(board["id"]) if material.details[name]["months"]["x"]),
        key=lambda at: board["role"][at] == "context",
    )
    for at in main[:MAIN]:
        one = material.details[board["id"][at]]
        bounded = any(value is not None for value in one["months"]["low"])
        data: dict[str, Columns] = {
            "months": one["months"],
            "pairs": one["pairs"],
            "published": one["published_months"],
            "flags": one["flags"],
            "ahead": one["ahead_months"],
            "bounded": {"any": [1]} if bounded else {},
        }
        span = one["spans"]["months"]["10"]
        source = "; ".join(one["sources"]) or board["publisher"][at]
        yield (
            f"indicator_{board['id'][at]}",
            Picture(
                board["title_en"][at],
                text("indicator.months_caption"),
                text("indicator.growth_unit"),
                source,
                [(MONTHS, data, "")],
                {"span.x": span["x"], "span.y": span["y"]},
            ),
        )


def _of_projection(material: Material, called: Called) -> Iterator[tuple[str, Picture]]:
    projection = material.projection
    wanted = material.leading["scenario"]
    for view, reference, unit in (("trajectories", None, None), ("absorption", 1.0, text("absorption.unit"))):
        yield from _of_series(view, projection[view], material.leading[view], wanted, reference, unit, called)
    yield from _of_milestones(projection["milestones"], wanted, called)
    yield from _of_claims(projection["claims"], wanted, called)
    yield from _of_sensitivity(projection["sensitivity"], called)


def _scenario(known: Mapping[str, Any], wanted: str) -> str:
    return wanted if wanted in known else next(iter(known))


def _title(name: str) -> str:
    return name[:1].upper() + name[1:]


def _of_series(
    view: str,
    series: list[Json],
    leading: str,
    wanted: str,
    reference: float | None,
    unit: str | None,
    called: Called,
) -> Iterator[tuple[str, Picture]]:
    for one in series:
        if one["key"] != leading:
            continue
        scenario, years, by = _scenario(one["by"], wanted), one["years"], one["by"]
        others = [name for name in by if name != scenario]
        line: Lists = {"value": [reference]} if reference is not None else {}
        fan = {"year": years, **dict(zip(FIVE, by[scenario], strict=True))}
        medians = {
            "scenario": [name for name in others for _ in years],
            "year": years * len(others),
            "q50": [value for name in others for value in by[name][2]],
        }
        ends = {"row": sorted(by, key=called)}
        ends |= {q: [by[name][k][-1] for name in ends["row"]] for k, q in enumerate(FIVE)}
        ends["right"] = ["" if value is None else spoken(value, 3) for value in ends["q50"]]
        named = leading if view == "trajectories" else f"{view}|{leading}"
        title, measured = _title(called(named)), unit or called(one["notes"][scenario]["unit"])
        said = (
            text("capacity.caption", scenario=called(scenario)),
            text("capacity.by_scenario_caption", year=years[-1]),
        )
        file = "capacity" if view == "trajectories" else view
        fan_data: dict[str, Columns] = {"fan": fan, "others": medians, "reference": line}
        yield file, Picture(title, said[0], measured, text("page.model"), [(FAN, fan_data, "")])
        yield (
            f"{file}_scenarios",
            Picture(
                f"{title}: {text('capacity.by_scenario', year=years[-1])}",
                said[1],
                measured,
                text("page.model"),
                [(SCENARIOS, {"scenarios": ends, "reference": line}, "")],
            ),
        )


def _of_milestones(milestones: list[Json], wanted: str, called: Called) -> Iterator[tuple[str, Picture]]:
    panels: dict[str, Lists] = {}
    scenario = _scenario(milestones[0]["by"], wanted) if milestones else ""
    for one in milestones:
        data = panels.setdefault(one["id"], {"threshold": [], "year": [], "p": []})
        label = f"{'≥' if one['op'] == '>=' else '≤'} {spoken(one['threshold'], 4)}"
        data["threshold"] += [label] * len(one["years"])
        data["year"] += one["years"]
        data["p"] += one["by"][scenario]
    if panels:
        drawn = [(MILESTONES, {"milestone": data}, _title(called(name))) for name, data in panels.items()]
        caption = text("milestones.caption", scenario=called(scenario))
        yield (
            "milestones",
            Picture(text("milestones.title"), caption, text("milestones.unit"), text("page.model"), drawn),
        )


def _range(low: float | None, high: float | None) -> str:
    """What is claimed, every digit of it; one end may be open."""
    ends = ["" if end is None else spoken(end, 8) for end in (low, high)]
    if low is None or high is None:
        return f"≤ {ends[1]}" if low is None else f"≥ {ends[0]}"
    return ends[0] if low == high else text("page.between", low=ends[0], high=ends[1])


def _of_claims(claims: Lists, wanted: str, called: Called) -> Iterator[tuple[str, Picture]]:
    if not claims["scenario"]:
        return
    scenario = _scenario(dict.fromkeys(claims["scenario"]), wanted)
    own = [at for at, name in enumerate(claims["scenario"]) if name == scenario]
    below, within, above = ([claims[part][at] or 0 for at in own] for part in ("below", "within", "above"))
    data: Lists = {
        "row": own,
        "title": [f"{claims['claim'][at]}|{claims['metric'][at]}" for at in own],
        "range": [_range(claims["low"][at], claims["high"][at]) for at in own],
        "below": below,
        "within": within,
        "above": above,
        "start": [0 for _ in own],
        "upto_below": below,
        "upto_within": [a + b for a, b in zip(below, within, strict=True)],
        "end": [a + b + c for a, b, c in zip(below, within, above, strict=True)],
    }
    caption = text("claims.caption", scenario=called(scenario))
    yield (
        "claims",
        Picture(
            text("claims.title"), caption, text("milestones.unit"), text("page.model"), [(CLAIMS, {"claims": data}, "")]
        ),
    )


def _of_sensitivity(results: list[Json], called: Called) -> Iterator[tuple[str, Picture]]:
    longest = max((one["horizon"] for one in results), default=0)
    for one in results:
        if one["horizon"] != longest:
            continue
        own = [at for at, swing in enumerate(one["swing"]) if swing][:12]
        data = {"row": [one["parameter"][at] for at in own]}
        data |= {name: [one[name][at] for at in own] for name in ("tornado_low", "tornado_high", "ST")}
        data["right"] = ["" if value is None else f"{value:z.2f}" for value in data["ST"]]
        output, years = called(one["output"]), longest // 12
        caption = text("sensitivity.caption", output=output, years=years, scenario=called(one["scenario"]))
        yield (
            "sensitivity",
            Picture(
                f"{_title(output)} · {text('action.years', n=years)}",
                caption,
                text("sensitivity.unit"),
                text("page.model"),
                [(TORNADO, {"tornado": data}, "")],
            ),
        )
        return


def _of_quality(material: Material) -> Iterator[tuple[str, Picture]]:
    titles = dict(
        zip(material.board["id"], zip(material.board["title_en"], material.board["title_zh"], strict=True), strict=True)
    )
    for name, kind, chart in (("scorecard", "scores", SCORES), ("backtest", "backtest", BACKTEST)):
        table = {column: values[:ROWS] for column, values in material.quality[kind].items()}
        if not table["indicator"]:
            continue
        named = [titles[one] for one in table["indicator"]]
        table |= {"row": table["indicator"], "title_en": [en for en, _ in named], "title_zh": [zh for _, zh in named]}
        if kind == "scores":
            table["right"] = [f"{text('column.n')}: {n}" for n in table["n"]]
        part = "errors" if kind == "scores" else kind
        total = len(material.quality[kind]["indicator"])
        few = f" {text('scorecard.few', n=ROWS, total=total)}" if total > ROWS else ""
        yield (
            name,
            Picture(
                text(f"scorecard.{part}"),
                text(f"scorecard.{part}_caption") + few,
                text(f"scorecard.{part}_unit"),
                text("page.own"),
                [(chart, {kind: table}, "")],
            ),
        )

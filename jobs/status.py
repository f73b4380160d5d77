"""The state of an installation for people: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from forecasting.telling import counted

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

__all__ = ["as_lines", "as_tables"]

SHOWN = 40
"""Indicators in a table; the latest first, all are among the lines."""

COLOURS = {
    "ok": "green", "done": "green", "unchanged": "green", "cached": "green", "running": "cyan",
    "degraded": "yellow", "partial": "yellow", "closed": "yellow", "skipped": "yellow",
    "failed": "red", "interrupted": "red", "overdue": "red",
}  # fmt: skip


def as_lines(state: Mapping[str, Any]) -> list[str]:
    """Everything, in lines of text."""
    lines = [_health(state), *_place(state), *state["alarms"]]
    for entry in state["runs"]:
        lines.append(f"{entry['started_at']}  {entry['status']:<11} {entry['run_id']} (attempt {entry['attempt']})")
        lines += [f"    {line}" for line in entry["message"].split("\n") if line]
        lines += [
            f"    {step['name']:<8} {step['status']:<8} {step['seconds']:7.1f} s  {step['message']}".rstrip()
            for step in entry["steps"]
        ]
    for pull in state["sources"]:
        lines.append(
            f"source {pull['source']:<10} {pull['at']}  {pull['status']:<9} {pull['figures']} figures, "
            f"{pull['new']} new, {pull['quarantined']} rows put aside"
        )
        lines += [f"    {line}" for line in pull["message"].split("\n") if line]
    lines += _aside(state)
    lines += [
        f"{item['indicator']:<32} last period {item['last_period'] or '-':<8} {item['note']}"
        for item in state["indicators"]
    ]
    return lines


def as_tables(state: Mapping[str, Any]) -> list[RenderableType]:
    """What matters most, to be printed on a terminal by rich."""
    from rich.text import Text

    parts: list[RenderableType] = [
        Text(_health(state), style=f"bold {COLOURS[state['health']['status']]}"),
        *(Text(line, overflow="fold") for line in _place(state)),
        *(Text(line, style="yellow") for line in state["alarms"]),
    ]
    if state["runs"]:
        parts.append(_table("runs", ("started", "status", "run", "seconds by step"), map(_run_row, state["runs"])))
        parts += [Text(f"  {line}", style="dim") for line in state["runs"][0]["message"].split("\n") if line]
    if state["sources"]:
        columns = ("source", "asked", "status", "figures", "new", "put aside")
        parts.append(_table("sources", columns, map(_pull_row, state["sources"]), numbers=columns[3:]))
    parts += [Text(line) for line in _aside(state)]
    latest = sorted(state["indicators"], key=lambda item: -item["days_late"])
    rows = [
        (item["indicator"], item["last_period"] or "-", Text(item["note"], "red" if item["days_late"] else ""))
        for item in latest[:SHOWN]
    ]
    parts.append(_table("indicators", ("indicator", "last period", "next figure"), rows))
    if len(latest) > SHOWN:
        parts.append(Text(f"and {len(latest) - SHOWN} more; cumulus status | cat shows all", style="dim"))
    return parts


def _health(state: Mapping[str, Any]) -> str:
    health = state["health"]
    return f"{health['status']}: {health['message']}" if health["message"] else str(health["status"])


def _place(state: Mapping[str, Any]) -> list[str]:
    """The last night that came out, where its release is, and what is wrong with that."""
    done = state["last_success"]
    last = [f"last night that came out: {done['night']}, {done['ended_at']}"] if done else []
    place = f"release: {state['release'] or 'none yet; cumulus run makes one'}"
    return [*last, place, *filter(None, [state["release_message"]])]


def _aside(state: Mapping[str, Any]) -> list[str]:
    """Rows in quarantine and figures that wait for a person."""
    counts = [f"{counted(rows, 'row')} of {source}" for source, rows in state["quarantine"]["rows"].items()]
    lines = [f"put aside: {', '.join(counts)}; the last of all:"] if counts else []
    for row in state["quarantine"]["last"]:
        cells = ", ".join(f"{name}={text}" for name, text in row["content"].items())
        lines.append(f"    {row['address']} {row['place']}: {row['reason']} ({cells})")
    review = state["review"]
    if review["waiting"]:
        lines.append(f"review: {review['waiting']} doubtful figures of bulletins wait in {review['file']}")
    return [*lines, *filter(None, [review["message"]])]


def _table(
    title: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], numbers: tuple[str, ...] = ()
) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell), COLOURS.get(cell, "")) for cell in row))
    return table


def _run_row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    steps = "  ".join(f"{step['name']} {step['seconds']:.1f}" for step in entry["steps"])
    return entry["started_at"], entry["status"], entry["run_id"], steps


def _pull_row(pull: Mapping[str, Any]) -> tuple[Any, ...]:
    return pull["source"], pull["at"], pull["status"], pull["figures"], pull["new"], pull["quarantined"]

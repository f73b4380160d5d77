"""What changed between two releases, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from forecasting.publishing._dictionary import TABLES
from forecasting.publishing._release import read_release
from forecasting.publishing._shelf import provenance

__all__ = ["diff_releases"]

_COMMON = ("run_id", "as_of", "schema_version")
_NIGHTLY = ("last_period", "next_period", "next_due", "days_late", "champion", "density")
"""Columns of the indicators that follow from the figures; the others are what the catalogue says."""

_MOVES = {
    "monthly": ("yoy", ["indicator", "month"]),
    "forecasts": ("q50", ["indicator", "target", "month"]),
    "headlines": ("q50", ["indicator", "period"]),
}
"""Table -> the number whose moves are told, in percent, and what tells one such number from another."""


def diff_releases(before: Path, after: Path) -> dict[str, Any]:
    """What changed from one release to another, in JSON's types.

    Args:
        before: Folder of a release.
        after: Folder of another, of the same or a later dictionary; what one of them has not is not compared.

    Returns:
        ``before`` and ``after`` (name, as_of, schema_version); ``inputs``, the inputs of the night that changed, with
        their values (hashes of what is long); ``libraries``; ``dictionary`` (tables and columns added and removed);
        ``indicators`` (added, removed, changed: what the catalogue says); ``figures`` (new, revised, withdrawn; a new
        one with what was expected, the largest surprise first, where the second release was made in comparison with
        the first); ``models`` (behind the forecasts of an indicator); ``moved``, per table the largest move of each
        indicator or target in percentage points, largest first; ``milestones`` and ``claims`` whose probabilities
        moved, likewise; ``tables`` (rows, and how many of them were added, removed, changed).

    Raises:
        PublishError: No release there, or a file that is not the one its dictionary describes.
    """
    origins = provenance(before), provenance(after)
    tables = read_release(before), read_release(after)
    return {
        "before": _named(before, origins[0]),
        "after": _named(after, origins[1]),
        "inputs": _changes(_flat(origins[0].get("inputs", {})), _flat(origins[1].get("inputs", {})), "input"),
        "libraries": _changes(origins[0].get("libraries", {}), origins[1].get("libraries", {}), "library"),
        "dictionary": _dictionary(*tables),
        "indicators": _indicators(*tables),
        "figures": _figures(*tables, expected=origins[1].get("inputs", {}).get("compared_with") == before.name),
        "models": _changes(_models(tables[0]), _models(tables[1]), "indicator"),
        "moved": {name: _moves(name, *tables) for name in _MOVES},
        "milestones": _probabilities("milestones", ["p_reached_by"], *tables),
        "claims": _probabilities("claim_check", ["p_below", "p_within", "p_above"], *tables),
        "tables": {name: _rows(name, *tables) for name in TABLES if _both_have(name, TABLES[name].key, *tables)},
    }


_Tables = Mapping[str, pd.DataFrame]


def _named(folder: Path, origin: Mapping[str, Any]) -> dict[str, Any]:
    return {"release": folder.name, "as_of": origin["as_of"], "schema_version": origin["schema_version"]}


def _flat(inputs: Mapping[str, Any], head: str = "") -> dict[str, Any]:
    """Settings of a section under the section's name and theirs."""
    flat: dict[str, Any] = {}
    for name, value in inputs.items():
        flat |= _flat(value, f"{head}{name}.") if isinstance(value, Mapping) else {f"{head}{name}": value}
    return flat


def _changes(old: Mapping[str, Any], new: Mapping[str, Any], what: str) -> list[dict[str, Any]]:
    return [
        {what: name, "before": old.get(name), "after": new.get(name)}
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]


def _dictionary(old: _Tables, new: _Tables) -> dict[str, list[str]]:
    columns = [{f"{name}.{column}" for name, table in one.items() for column in table} for one in (old, new)]
    shared = {name for name in old if name in new}
    return {
        "tables_added": sorted(new.keys() - old.keys()),
        "tables_removed": sorted(old.keys() - new.keys()),
        "columns_added": sorted(name for name in columns[1] - columns[0] if name.split(".")[0] in shared),
        "columns_removed": sorted(name for name in columns[0] - columns[1] if name.split(".")[0] in shared),
    }


def _indicators(old: _Tables, new: _Tables) -> dict[str, Any]:
    if "indicators" not in old or "indicators" not in new:  # a release from before there was such a table
        return {"added": [], "removed": [], "changed": []}
    one, two = (tables["indicators"].set_index("indicator") for tables in (old, new))
    told = [name for name in two if name in one and name not in (*_COMMON, *_NIGHTLY)]
    sides = {name: ({str(column): _plain(one.at[name, column]) for column in told},
                    {str(column): _plain(two.at[name, column]) for column in told})
             for name in two.index if name in one.index}  # fmt: skip
    return {
        "added": [name for name in two.index if name not in one.index],
        "removed": [name for name in one.index if name not in two.index],
        "changed": [
            {"indicator": name, **change}
            for name, (before, after) in sides.items()
            for change in _changes(before, after, "column")
        ],
    }


def _figures(old: _Tables, new: _Tables, *, expected: bool) -> dict[str, Any]:
    """The figures that differ; the new ones with what was expected, where the night itself compared the two."""
    key = list(TABLES["observations"].key)
    columns = [*key, "value", "unit"]
    both = old["observations"][columns].merge(
        new["observations"][columns],
        on=key,
        how="outer",
        suffixes=("_before", ""),
        indicator=True,
        validate="one_to_one",
    )
    fresh, gone = both["_merge"] == "right_only", both["_merge"] == "left_only"
    differs = (both["value"] != both["value_before"]) | (both["unit"] != both["unit_before"])
    revised = (both["_merge"] == "both") & differs
    news = both[fresh][columns]
    if expected:
        news = news.merge(new["revisions"][[*key, "expected"]], on=key, how="left", validate="one_to_one")
        surprise = (news["value"] - news["expected"]).abs()
        news = news.loc[surprise.sort_values(ascending=False, kind="stable").index]  # those not expected come last
    return {
        "new": _records(news),
        "revised": _records(both[revised][[*key, "unit_before", "unit", "value_before", "value"]].rename(
            columns={"value_before": "before", "value": "after"})),
        "withdrawn": _records(both[gone][[*key, "unit_before", "value_before"]].rename(
            columns={"value_before": "value", "unit_before": "unit"})),
    }  # fmt: skip


def _models(tables: _Tables) -> dict[str, str]:
    return {str(name): str(rows.iloc[0]) for name, rows in tables["forecasts"].groupby("indicator")["model"]}


def _both_have(name: str, columns: Iterable[str], old: _Tables, new: _Tables) -> bool:
    """Whether both releases have these columns of a table; what is new or gone is said of the dictionary."""
    return all(name in tables and {*columns} <= {*tables[name]} for tables in (old, new))


def _moves(name: str, old: _Tables, new: _Tables) -> list[dict[str, Any]]:
    """The largest move of each indicator (and target), in percentage points, largest first."""
    column, key = _MOVES[name]
    if not _both_have(name, [*key, column], old, new):
        return []
    one, two = (tables[name][[*key, column]].dropna(subset=column) for tables in (old, new))
    if name == "forecasts":  # levels are in units of their own
        one, two = (frame[frame["target"] != "level"] for frame in (one, two))
    both = one.merge(two, on=key, suffixes=("_before", "_after"), validate="one_to_one")
    both = both.rename(columns={f"{column}_before": "before", f"{column}_after": "after"})
    both["change"] = both["after"] - both["before"]
    both["size"] = both["change"].abs()
    both = both[both["size"] > 0].sort_values("size", ascending=False, kind="stable")
    return _records(both.drop_duplicates(key[:-1])[[*key, "before", "after", "change"]])


def _probabilities(name: str, columns: list[str], old: _Tables, new: _Tables) -> list[dict[str, Any]]:
    """Rows whose probabilities moved, the largest move first; before them those that became defined or undefined."""
    key = list(TABLES[name].key)
    if not _both_have(name, [*key, *columns], old, new):
        return []
    both = old[name][[*key, *columns]].merge(
        new[name][[*key, *columns]], on=key, suffixes=("_before", "_after"), validate="one_to_one"
    )
    changes = [both[f"{column}_after"] - both[f"{column}_before"] for column in columns]
    both["change"] = np.max([change.abs() for change in changes], axis=0)
    defined = [both[f"{columns[0]}_{side}"].notna() for side in ("before", "after")]
    moved = (both["change"] > 0) | (defined[0] != defined[1])
    both = both[moved].sort_values("change", ascending=False, kind="stable", na_position="first")
    sides = [f"{column}_{side}" for column in columns for side in ("before", "after")]
    return _records(both[[*key, *sides, "change"]])


def _rows(name: str, old: _Tables, new: _Tables) -> dict[str, int]:
    key = list(TABLES[name].key)
    told = [column for column in old[name] if column in new[name] and column not in _COMMON]
    one, two = (tables[name][told].set_index(key) for tables in (old, new))
    shared = one.index.intersection(two.index)
    left, right = one.loc[shared], two.loc[shared]
    same = (left == right) | (left.isna() & right.isna())
    return {
        "before": len(one),
        "after": len(two),
        "added": len(two) - len(shared),
        "removed": len(one) - len(shared),
        "changed": int((~same.fillna(False).astype(bool)).any(axis=1).sum()),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    """A cell in JSON's types; numbers lose the noise of the subtraction."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(f"{value:.10g}")
    return value.item() if isinstance(value, np.generic) else value

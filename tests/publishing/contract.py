"""The dictionaries of released schema versions, as far as consumers rely on them.

python -m tests.publishing.contract    writes the present one, when a version is released
"""

import json
from pathlib import Path

from forecasting.publishing import SCHEMA_VERSION, TABLES

FOLDER = Path(__file__).with_name("schemas")


def contract() -> dict:
    """What the present dictionary promises, in JSON's types."""
    return {
        name: {
            "key": list(table.key),
            "foreign_keys": sorted([list(tie.columns), tie.table, list(tie.reference)] for tie in table.foreign_keys),
            "columns": {
                column.name: {
                    "type": column.type,
                    "unit": column.unit,
                    "required": column.required,
                    "codes": sorted(column.codes) if column.codes is not None else None,
                }
                for column in table.columns
            },
        }
        for name, table in TABLES.items()
    }


def released() -> dict[str, dict]:
    """Version -> its contract, oldest first."""
    paths = sorted(FOLDER.glob("*.json"), key=lambda path: version(path.stem))
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in paths}


def version(text: str) -> tuple[int, ...]:
    """1.10 as (1, 10)."""
    return tuple(int(part) for part in text.split("."))


def breaks(old: dict, new: dict) -> list[str]:
    """What a consumer of the old dictionary would stumble over in the new one."""
    found = []
    for name, before in old.items():
        if name not in new:
            found.append(f"table {name} is gone")
            continue
        now = new[name]
        if before["key"] != now["key"]:
            found.append(f"{name}: key {before['key']} became {now['key']}")
        found += [
            f"{name}: foreign key {tie} is gone" for tie in before["foreign_keys"] if tie not in now["foreign_keys"]
        ]
        names = list(now["columns"])
        kept = [column for column in names if column in before["columns"]]
        if kept != [column for column in before["columns"] if column in names]:
            found.append(f"{name}: the order of columns changed")
        for column, one in before["columns"].items():
            found += _changes(f"{name}.{column}", one, now["columns"].get(column))
    return found


def _changes(place: str, before: dict, now: dict | None) -> list[str]:
    if now is None:
        return [f"{place} is gone"]
    found = [
        f"{place}: {fact} {before[fact]} became {now[fact]}" for fact in ("type", "unit") if before[fact] != now[fact]
    ]
    if before["required"] != now["required"]:
        found.append(f"{place} {'may be empty' if before['required'] else 'is required'} now")
    if now["codes"] is not None and before["codes"] is None:
        found.append(f"{place} takes only codes now")
    if before["codes"] is not None and (now["codes"] is None or set(before["codes"]) - set(now["codes"])):
        found.append(f"{place}: codes {before['codes']} became {now['codes']}")
    return found


def main() -> None:
    text = json.dumps(contract(), ensure_ascii=False, indent=1)
    (FOLDER / f"{SCHEMA_VERSION}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""Read a table of a release with pandas, typed by the dictionary beside it, and lay growth and forecasts side by side.

python pandas_release.py [RELEASE]    by default var/published/latest
"""

import json
import sys
from pathlib import Path

import pandas as pd

TYPES = {
    "string": "string",
    "number": "float64",
    "integer": "Int64",
    "year": "Int64",
    "boolean": "boolean",
    "yearmonth": "string",
}


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table with the types that datapackage.json says; months stay texts ``YYYY-MM``."""
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    resource = next(one for one in package["resources"] if one["name"] == name)
    fields = {field["name"]: field["type"] for field in resource["schema"]["fields"]}
    return pd.read_csv(
        folder / resource["path"],
        dtype={field: TYPES[kind] for field, kind in fields.items() if kind in TYPES},
        parse_dates=[field for field, kind in fields.items() if kind in ("date", "datetime")],
        keep_default_na=False,
        na_values=[""],
    )


def main(release: Path) -> None:
    """Print the last year and the next one of every indicator's growth, in percent."""
    folder = release.resolve()  # once: every table from one release, whatever `latest` does meanwhile
    monthly, forecasts = read_table(folder, "monthly"), read_table(folder, "forecasts")
    past = monthly.pivot_table(index="month", columns="indicator", values="yoy")
    coming = forecasts[forecasts["target"] == "yoy"].pivot_table(index="month", columns="indicator", values="q50")
    both = past.tail(12).combine_first(coming.head(12))
    print(both.round(1).to_string())


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/published/latest"))

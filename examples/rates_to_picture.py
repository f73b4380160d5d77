"""From a CSV of published rates to the months behind them and a picture.

    python examples/rates_to_picture.py [FOLDER]

leaves in FOLDER (default: the current one; made if need be) `rates.csv`, official figures as a user might have them,
`months.csv` and `months.png`. From `rates.csv` on, `cumulus decumulate rates.csv -o months.csv --plot months.png` does
the same.
"""

from __future__ import annotations

import sys
from pathlib import Path

from forecasting import decumulate
from forecasting.pictures import draw_months
from forecasting.publishing import csv_bytes
from forecasting.reference import load_observations
from forecasting.sources import read_observations

COLUMNS = ["indicator", "period", "measure", "value", "unit", "decimals", "source"]
WANTED = {"cn_industrial_va": ["ytd_yoy"], "cn_retail_sales": ["ytd_yoy", "ytd_level"]}


def write_rates(path: Path) -> None:
    """Value added by cumulative rates alone, retail sales by rates and levels, since 2016."""
    table = load_observations()
    wanted = [(table["indicator"] == name) & table["measure"].isin(measures) for name, measures in WANTED.items()]
    rows = table[(wanted[0] | wanted[1]) & (table["period"] >= "2016")]
    path.write_bytes(csv_bytes(rows[COLUMNS]))


def main(folder: Path) -> None:
    """Write the figures, recover the months, draw them and say what does not go together."""
    folder.mkdir(parents=True, exist_ok=True)
    write_rates(folder / "rates.csv")
    published = read_observations(folder / "rates.csv")
    result = decumulate(published)
    (folder / "months.csv").write_bytes(csv_bytes(result.monthly))
    (folder / "months.png").write_bytes(draw_months(result.monthly, published, "png"))
    for line in result.flag_summary():
        print(line)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))

"""The pictures of the README: months recovered from cumulative rates, coming rates; what the example draws."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from forecasting import decumulate, make_outlook
from forecasting.catalog import load_catalog
from forecasting.pictures import draw_headlines
from forecasting.reference import load_observations

ROOT = Path(__file__).parent.parent
TARGET = ROOT / "docs" / "recovered_months.png"
COMING = ("cn_industrial_va", "cn_fixed_asset_investment", "cn_retail_sales", "cn_fiscal_revenue")
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#666666"  # Okabe and Ito: told apart by colour-blind readers


def months(table: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """Rows of the monthly table of one indicator, by date."""
    rows = table[(table["indicator"] == indicator) & table["yoy"].notna()]
    return rows.set_index(pd.to_datetime(rows["month"]))


def main() -> None:
    """Draw the national series from its cumulative rates alone, and the city's that lean on it."""
    from matplotlib.figure import Figure

    table = load_observations()
    nation = table[table["indicator"] == "cn_industrial_va"]
    alone = decumulate(nation[nation["measure"] == "ytd_yoy"], draws=1000).monthly
    related = {item.id: item.related for item in load_catalog() if item.related}
    city = decumulate(table, related=related, draws=1000).monthly

    figure = Figure(figsize=(10, 7), layout="constrained")
    upper, lower = figure.subplots(2, 1)
    rows = months(alone, "cn_industrial_va")["2013":"2019"]
    published = nation[nation["measure"] == "month_yoy"].set_index("period")["value"]["2013":"2019-12"]
    upper.fill_between(rows.index, rows["yoy_q05"], rows["yoy_q95"], color=BLUE, alpha=0.25, label="90 % band")
    upper.plot(rows.index, rows["yoy"], color=BLUE, label="recovered from cumulative rates alone")
    upper.plot(pd.to_datetime(published.index), published, ".", color=ORANGE, label="published single month")
    upper.set_title("Industrial value added, China: growth on a year earlier", loc="left")

    rows = months(city, "baotou_rare_earth_va")["2021":]
    points = table[(table["indicator"] == "baotou_rare_earth_va") & (table["period"] >= "2021")]
    lower.fill_between(rows.index, rows["yoy_q05"], rows["yoy_q95"], color=BLUE, alpha=0.25, label="90 % band")
    lower.plot(rows.index, rows["yoy"], color=BLUE, label="month, as a deviation from related indicators")
    for point in points.itertuples():
        end = pd.Timestamp(point.period)
        lower.plot([pd.Timestamp(end.year, 1, 1), end], np.repeat(point.value, 2), color=ORANGE, lw=2,
                   label="published: January to month" if point.Index == points.index[0] else None)  # fmt: skip
    lower.set_title("Rare-earth value added, Baotou: three published points since 2017", loc="left")
    for axes in (upper, lower):
        axes.set_ylabel("percent")
        axes.axhline(0, color=GREY, lw=0.6)
        axes.legend(frameon=False, loc="upper right", ncols=3, fontsize="small")
        axes.spines[["top", "right"]].set_visible(False)
    sources = (
        "Sources: National Bureau of Statistics of China; Baotou Municipal Bureau of Statistics; "
        "press report of 2025-12-30"
    )
    figure.supxlabel(sources, x=0.01, ha="left", fontsize="x-small", color=GREY)
    TARGET.parent.mkdir(exist_ok=True)
    figure.savefig(TARGET, dpi=110, metadata={"Software": None})
    print(f"wrote {TARGET.relative_to(ROOT)}")
    national = table[table["indicator"].isin(COMING)]
    outlook = make_outlook(decumulate(national, draws=1000, workers=2), national, horizon=13, workers=2)
    coming = TARGET.with_name("coming_rates.png")
    coming.write_bytes(draw_headlines(national, outlook.headlines, "png"))
    print(f"wrote {coming.relative_to(ROOT)}")
    with TemporaryDirectory() as folder:
        subprocess.run([sys.executable, ROOT / "examples" / "rates_to_picture.py", folder], check=True)
        drawn = TARGET.with_name("decumulation.png")
        drawn.write_bytes((Path(folder) / "months.png").read_bytes())
    print(f"wrote {drawn.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

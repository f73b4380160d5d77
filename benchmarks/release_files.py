"""Time and size of the files of a release: of the reference catalogue, and of 1,000 generated indicators.

python benchmarks/release_files.py [INDICATORS]

Runs a night on the packaged catalogue in a folder of its own, puts its tables into every form again, and does the same
with so many indicators of 15 years and a horizon of 24 months beside the night's projection.
"""

import datetime as dt
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from forecasting.publishing import TABLES, publish, read_release
from forecasting.publishing._parquet import write_parquet
from forecasting.publishing._render import render_csv, slices
from forecasting.publishing._sdmx import SdmxFiles
from forecasting.publishing._staging import Staging
from forecasting.publishing._units import level_units
from forecasting.publishing._workbook import Book
from forecasting.settings import FitSettings, Settings
from jobs.nightly import run_night

NIGHT = dt.datetime(2026, 1, 20, 2, 30, tzinfo=dt.timezone(dt.timedelta(hours=8)))
YEARS, HORIZON = 15, 24
QUANTILES = ["q025", "q05", "q10", "q25", "q50", "q75", "q90", "q95", "q975"]
FEW = ["q025", "q05", "q25", "q50", "q75", "q95", "q975"]


def generated(reference: dict[str, pd.DataFrame], count: int) -> dict[str, pd.DataFrame]:
    """Tables of so many indicators, with a projection that does not depend on their number."""
    rng = np.random.default_rng(0)
    names = [f"indicator_{n:04d}" for n in range(count)]
    months = [str(month) for month in pd.period_range("2011-01", periods=12 * YEARS, freq="M")]
    coming = [str(month) for month in pd.period_range("2026-01", periods=HORIZON, freq="M")]
    past = grid(indicator=names, month=months)
    size = len(past)
    level, yoy = 100 * np.exp(rng.normal(0, 0.3, size)), rng.normal(6, 5, size)
    january = past["month"].str.endswith("-01").to_numpy()
    monthly = past.assign(
        months=np.where(january, np.nan, 1 + past["month"].str.endswith("-02")),
        level=level,
        yoy=yoy,
        yoy_sd=1.5,
        yoy_q05=yoy - 2.5,
        yoy_q95=yoy + 2.5,
        set_low=yoy - 9,
        set_high=yoy + 9,
        status=np.where(january, "K", np.where(past["month"].str.endswith("-02"), "W", "E")),
        flag="",
    )
    numbers = ["level", "yoy", "yoy_sd", "yoy_q05", "yoy_q95", "set_low", "set_high"]
    monthly.loc[january, numbers] = np.nan
    ahead = grid(indicator=names, month=coming, target=["level", "yoy", "ytd_yoy"]).assign(
        origin="2025-12", months=1, model="median", status="F"
    )
    middle = rng.normal(6, 5, len(ahead))
    ahead = ahead.assign(mean=middle, **{name: middle + n - 4 for n, name in enumerate(QUANTILES)})
    rates = ahead[ahead["target"] == "ytd_yoy"].rename(columns={"month": "period"})
    headlines = rates.assign(no_change=5.0, prob_above_no_change=0.6)
    odds = grid(indicator=names, value=[round(n / 10, 1) for n in range(60)]).assign(
        origin="2025-12", period="2026-01", probability=1 / 60
    )
    figures = past[~january].rename(columns={"month": "period"})
    observations = figures.assign(
        measure="ytd_yoy",
        value=np.round(yoy[~january], 1),
        unit="percent",
        decimals=1,
        status="",
        released_at=pd.Timestamp("2026-01-16T02:00:00Z"),
        source="National Bureau of Statistics of China",
        note="",
        family="generated",
    )
    board = grid(indicator=names, model=["headline_mean", "median", "stack", "theta", "ets", "ces"])
    tables = {
        "indicators": pd.DataFrame({"indicator": names}).assign(
            title_en="Value added of a branch, " + pd.Series(names),
            title_zh="某行业增加值" + pd.Series(names),
            region="CN",
            sector="industry",
            unit="index",
            decimals=1,
            role="context",
            parent=None,
            whole=None,
            related=None,
            family="generated",
            density="dense",
            champion="median",
            last_period="2025-12",
            next_period="2026-02",
            next_due="2026-03-16",
            days_late=0,
            publisher="National Bureau of Statistics of China",
            source="file",
        ),
        "observations": observations,
        "monthly": monthly,
        "forecasts": ahead,
        "headlines": headlines,
        "headline_odds": odds,
        "leaderboard": board.assign(
            rank=1,
            mase=0.8,
            rmsse=0.8,
            smape=9.0,
            coverage90=0.9,
            n_origins=24,
            champion=board["model"] == "median",
            n_real_time=0,
        ),
        **{name: reference[name].iloc[:0] for name in ("revisions", "scorecard", "drift")},
    }
    rest = {name: frame for name, frame in reference.items() if name not in tables}
    return {name: frame[list(TABLES[name].own)] for name, frame in (tables | rest).items()}


def grid(**levels: list) -> pd.DataFrame:
    """Every combination of the values, the last one running fastest."""
    return pd.MultiIndex.from_product(levels.values(), names=list(levels)).to_frame(index=False)


def measured(what: str, work: Callable[[Path], None]) -> None:
    """Do it in an empty folder, and say how long it took and what it weighs."""
    with tempfile.TemporaryDirectory() as folder:
        begun, used = time.perf_counter(), time.process_time()
        work(Path(folder))
        wall, cpu = time.perf_counter() - begun, time.process_time() - used
        sizes = [path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()]
    print(f"  {what:<12}{wall:7.1f} s {cpu:7.1f} s of one core {sum(sizes) / 1e6:8.1f} MB in {len(sizes)} files")


def report(tables: dict[str, pd.DataFrame], head: str) -> None:
    """Print a line a form, and the whole publication."""
    print(f"{head}: {sum(map(len, tables.values())):,} rows in {len(tables)} tables")
    names = {"run_id": "measured", "as_of": "2026-01-20"}
    same = {**names, "schema_version": "0"}
    text: dict[str, list[dict[str, list[str]]]] = {name: [] for name in TABLES}

    def as_csv(folder: Path) -> None:
        for name, table in TABLES.items():
            with (folder / f"{name}.csv").open("wb") as file:
                for part in slices(tables[name], table):
                    rows = len(part[table.own[0]])
                    text[name].append(part | {key: [value] * rows for key, value in same.items()})
                    file.write(render_csv(text[name][-1], table, header=len(text[name]) == 1))

    def as_parquet(folder: Path) -> None:
        for name, table in TABLES.items():
            write_parquet(csv / f"{name}.csv", table, folder / f"{name}.parquet")

    def as_sdmx(folder: Path) -> None:
        with SdmxFiles(Staging(folder / "sdmx"), units=units, **names) as sdmx:
            for name, parts in text.items():
                for part in parts:
                    sdmx.add(name, part)
            sdmx.finish()

    def as_workbook(folder: Path) -> None:
        book = Book(units=units, **names)
        for name, parts in text.items():
            for part in parts:
                book.add(name, part)
        book.write(folder / "cumulus.xlsx")

    measured("CSV", as_csv)
    units = {name: unit for part in text["observations"] for name, unit in level_units(part).items()}
    with tempfile.TemporaryDirectory() as kept:
        csv = Path(kept)
        text = {name: [] for name in TABLES}
        as_csv(csv)
        measured("Parquet", as_parquet)
    measured("SDMX-CSV", as_sdmx)
    measured("workbook", as_workbook)

    def whole(folder: Path) -> None:
        publish(tables, root=folder, provenance={}, **names)

    measured("publish", whole)


def main(count: int) -> None:
    """Measure both."""
    with tempfile.TemporaryDirectory() as home:
        night = run_night(Settings(home=Path(home), fit=FitSettings(preset="fast")), clock=lambda: NIGHT)
        reference = read_release(night.release)
    own = {name: frame[list(TABLES[name].own)] for name, frame in reference.items()}
    report(own, f"reference catalogue, {len(own['indicators'])} indicators")
    report(generated(own, count), f"{count:,} generated indicators, {YEARS} years, {HORIZON} months ahead")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)

"""Hindcast of the reference indicators from 2016: what the nights of those years would have published.

Every month's end, from the figures released by then (pseudo-real-time: the latest vintage of each), months are
recovered and forecast, champions reign and change by the rule of the nights, and every forecast is scored by the figure
that appeared. By target and months ahead: mean absolute error over that of no change and of seasonal naive, CRPS, and
coverage of the 80 and 95 % bands. An argument takes every n-th month only.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from forecasting import decumulate
from forecasting.catalog import Catalog, load_catalog
from forecasting.evaluation import Incumbent, decide_champions, figures, score_forecasts
from forecasting.observations import COLUMNS
from forecasting.outlook import make_outlook
from forecasting.settings import ChampionSettings, load_settings
from forecasting.sources import Connectors
from forecasting.store import RawArchive, Store
from jobs.pulling import Pulling
from jobs.scoring import ZONE, with_references

FIRST, LAST = "2016-01", "2025-11"
HORIZON, DRAWS = 24, 500
STEPS = (1, 2, 3, 6, 9, 12, 18, 24)
PANDEMIC = ("2020-01", "2021-12")


def month_end(month: pd.Period) -> tuple[dt.date, dt.datetime]:
    """The last day of a month and its end in Asia/Shanghai."""
    day = month.end_time.date()
    return day, dt.datetime.combine(day, dt.time.max, ZONE)


def hindcast(store: Store, catalog: Catalog, every: int) -> pd.DataFrame:
    """The forecasts of all origins with their references, as the archive would have them."""
    related = {item.id: item.related for item in catalog if item.related is not None}
    rule = ChampionSettings()
    reigns: dict[str, Incumbent] = {}
    kept = []
    months = pd.period_range(FIRST, LAST, freq="M")[::every]
    started = time.perf_counter()
    for k, month in enumerate(months, start=1):
        day, moment = month_end(month)
        known = store.as_of(moment)[list(COLUMNS)]
        months_of = decumulate(known, related=related, parts=catalog.parts, draws=DRAWS, seed=k, workers=2)
        champions = {name: one.model for name, one in reigns.items() if name in months_of.paths}
        outlook = make_outlook(months_of, known, horizon=HORIZON, workers=2, champions=champions)
        panel = outlook.panel
        chosen = {name: champion.model for name, champion in panel.champions.items()}
        for one in decide_champions(panel.losses, chosen, reigns, day, level=rule.level, cool_down=rule.cool_down):
            if one.promoted or one.crowned:
                reigns[one.unique_id] = Incumbent(one.rival if one.promoted else one.champion, day)
        dense = [name for name, path in months_of.paths.items() if not path.sparse]
        rows = with_references(outlook, months_of, known)
        rows = rows[rows["indicator"].isin(dense)]
        kept.append(rows.assign(forecast_run=str(month), forecast_as_of=day.isoformat(), vintage=moment))
        if k % 12 == 0 or k == len(months):
            print(f"{k} of {len(months)} origins, {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return pd.concat(kept, ignore_index=True)


def table(rows: pd.DataFrame, by: list[str]) -> str:
    """A line per group: number of figures, ratios of errors, CRPS over the error of no change, coverage."""
    lines = [f"{'':<34}{'figures':>8}{'/no change':>12}{'/seasonal':>11}{'CRPS/nc':>9}{'in 80 %':>9}{'in 95 %':>9}"]
    for key, group in rows.groupby(by):
        pairs = {}
        for name in ("no_change", "seasonal_naive"):
            both = group.dropna(subset=[f"{name}_abs_error"])
            pairs[name] = both["abs_error"].mean() / both[f"{name}_abs_error"].mean()
        crps = group["crps"].mean() / group["no_change_abs_error"].mean()
        inside = [100 * group[name].mean() for name in ("inside80", "inside95")]
        label = " ".join(str(part) for part in (key if isinstance(key, tuple) else (key,)))
        lines.append(f"{label:<34}{len(group):>8}{pairs['no_change']:>12.2f}{pairs['seasonal_naive']:>11.2f}"
                     f"{crps:>9.2f}{inside[0]:>9.0f}{inside[1]:>9.0f}")  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    settings, catalog = load_settings(), load_catalog()
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/store.db") as store:
        pulling = Pulling(store, RawArchive(Path(folder) / "raw"), catalog, Connectors(settings))
        pulling.pull(("reference",), dt.datetime.now(dt.UTC))
        forecasts = hindcast(store, catalog, every)
        everything = store.as_of()
    actual = figures(everything.assign(appeared=everything["released_at"]))
    scores = score_forecasts(forecasts, actual, actual)
    scores = scores[(scores["print"] == "first") & scores["step"].isin(STEPS)]
    pandemic = scores["period"].between(*PANDEMIC)
    # levels of different units are pooled in the unit of each indicator's seasonal change
    scaled = scores.copy()
    for name in ("abs_error", "no_change_abs_error", "seasonal_naive_abs_error", "crps"):
        scaled[name] = scores[name] / scores["scale"].where(scores["scale"] > 0)
    for label, chosen in (("outside 2020-21", ~pandemic), ("2020-21", pandemic)):
        print(f"\n{label}, all indicators, by target and months ahead")
        print(table(scaled[chosen].dropna(subset="abs_error"), ["target", "step"]))
    print("\nthe headline by indicator and months ahead, outside 2020-21")
    print(table(scores[~pandemic & (scores["target"] == "ytd_yoy")], ["indicator", "step"]))


if __name__ == "__main__":
    main()
